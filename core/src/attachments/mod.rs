//! Attachments: photos and files that arrive, whole.
//!
//! # Protocol
//! **Out.** [`intake`] copies a file into the customer's folder, beside their database, and puts it on the disk; only
//! then are the message, its entry and the file's row written, in one transaction. What a kill leaves behind before
//! that belongs to no row and is swept at the next start. The outbox sends it (see there for what makes it arrive
//! once); [`progress`] knows how far it is, for the moment only. Once the desk has it, the copy is a fetched file like
//! any other.
//!
//! **In.** [`download`] fetches into `….part` beside its row (`begun`: which version, how much is surely on the disk),
//! goes on there after a break, a kill or a restart, checks the length, and gives the file its name last. Whoever asks
//! for a file that is on its way shares the one transfer; it ends when nobody asks any more, and what came stays.
//!
//! **Room.** [`cache`] lets fetched files go, those first that were not used for longest, once they take more than
//! [`Limits::max_cache_bytes`](crate::Limits::max_cache_bytes). A file that is still to be sent is never counted and
//! never goes, nor does one that an app holds a [`Download`] of.
//!
//! **Crash.** A row is what makes a file real, and a file's row is written after the file. So a file without a row is
//! nobody's and goes; a row without its file is as good as none, except where it was to be sent: then the customer is
//! asked. Each file that is being brought in is locked, so that a sweep, this process's or another's, leaves it alone; one
//! that was quicker is waited for, and what it removed is made anew.
//!
//! **Deletion.** What the desk deletes, a message or a conversation or one file of a message, loses its rows in the
//! transaction that writes the deletion down, and its files right after the commit, before anybody hears of it. A transfer
//! writes a row only while a message names the file, and gives the file its name in that same transaction: so it never
//! brings back what was deleted meanwhile.

mod cache;
mod download;
mod folder;
mod intake;
mod location;
mod new;
mod part;
mod picture;
pub(crate) mod progress;
mod sniff;
mod window;

#[cfg(feature = "testing")]
pub mod hostile;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use tokio::sync::{Semaphore, watch};

pub use cache::SizeOnDisk;
pub use download::{Download, DownloadProgress};
pub(crate) use folder::{Folder, beside};
pub(crate) use intake::{Rules, Taken, take_in};
pub use new::{NewAttachment, NewMessage};

#[cfg(test)]
pub(crate) use location::tests::photo_with_location;

use crate::{
    Limits,
    backend::Backend,
    clock::Clock,
    customer::standing::Standing,
    store::{FileId, Store},
};

/// How many files are fetched at once: as many as a screen of pictures keeps busy, few enough that each moves.
const DOWNLOADS: usize = 3;

/// One customer's files.
pub(crate) struct Attachments {
    pub(crate) folder: Folder,
    store: Arc<Store>,
    backend: Arc<dyn Backend>,
    standing: Arc<Standing>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    /// Set when the customer's file closes.
    stop: watch::Receiver<bool>,
    places: Semaphore,
    running: Mutex<HashMap<FileId, download::Line>>,
    in_use: Mutex<HashMap<FileId, std::sync::Weak<()>>>,
}

impl Attachments {
    pub(crate) fn new(
        folder: Folder,
        store: Arc<Store>,
        backend: Arc<dyn Backend>,
        standing: Arc<Standing>,
        clock: Arc<dyn Clock>,
        limits: Limits,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            folder,
            store,
            backend,
            standing,
            clock,
            limits,
            stop,
            places: Semaphore::new(DOWNLOADS),
            running: Mutex::default(),
            in_use: Mutex::default(),
        }
    }

    /// Whether any file is on its way here.
    #[cfg(test)]
    pub(crate) fn is_fetching(&self) -> bool {
        !self.running.lock().unwrap().is_empty()
    }
}
