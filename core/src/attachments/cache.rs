//! Room: what fetched files take, and which go first.

use std::{
    collections::HashSet,
    sync::{Arc, PoisonError},
};

use tokio::sync::mpsc;

use super::{Attachments, folder::Stranger};
use crate::{
    SupportError,
    model::Timestamp,
    runtime::blocking,
    store::{Durability, FileId, FileRow, FileState},
};

/// How much room a customer's files take on this phone, in bytes.
///
/// ```
/// # use shopbell::SizeOnDisk;
/// let size = SizeOnDisk { fetched: 3_000, unsent: 500 };
/// assert!(size.fetched + size.unsent > 3_000);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SizeOnDisk {
    /// What can be fetched again; [`clear_cache`](crate::SupportClient::clear_cache) removes it.
    pub fetched: u64,
    /// What is still to be sent: it stays until it is, or is discarded.
    pub unsent: u64,
}

/// How much of a file is here.
fn here(row: &FileRow) -> u64 {
    if row.state == FileState::Begun { row.here } else { row.size }
}

/// Which files go so that no more than `quota` bytes stay: those first that were not used for longest. What was used in
/// the future was dated before the clock was set back, and so longer ago than all that was used since.
fn too_much(mut rows: Vec<FileRow>, quota: u64, now: Timestamp, is_used: impl Fn(&FileId) -> bool) -> Vec<FileRow> {
    rows.sort_by_key(|row| (row.used_at <= now, row.used_at));
    let fetched = |row: &&FileRow| row.state != FileState::Unsent;
    let mut total = rows.iter().filter(fetched).map(here).fold(0, u64::saturating_add);
    let mut gone = Vec::new();
    for row in rows.iter().filter(fetched) {
        if total <= quota {
            break;
        }
        if !is_used(&row.id) {
            total = total.saturating_sub(here(row));
            gone.push(row.clone());
        }
    }
    gone
}

impl Attachments {
    /// How much room there is taken.
    pub(crate) async fn size_on_disk(&self) -> Result<SizeOnDisk, SupportError> {
        let (fetched, unsent) = self.store.read(FileRow::totals).await?;
        Ok(SizeOnDisk { fetched, unsent })
    }

    /// Lets fetched files go until no more than `quota` bytes of them are left. Those in use stay.
    pub(crate) async fn trim(&self, quota: u64) -> Result<(), SupportError> {
        if self.store.read(FileRow::totals).await?.0 <= quota {
            return Ok(());
        }
        let rows = self.store.read(FileRow::all).await?;
        let (used, now) = (self.used(), self.clock.now());
        self.let_go(too_much(rows, quota, now, |id| used.contains(id))).await
    }

    /// The rows first: a file without a row is nobody's, and a row without its file would promise what is not there.
    pub(crate) async fn let_go(&self, rows: Vec<FileRow>) -> Result<(), SupportError> {
        if rows.is_empty() {
            return Ok(());
        }
        let (names, ids): (Vec<_>, Vec<_>) = rows.into_iter().map(|row| (row.name, row.id)).unzip();
        self.store.write(Durability::Later, move |tx| ids.iter().try_for_each(|id| FileRow::remove(tx, id))).await?;
        self.remove(names).await
    }

    /// Removes files that no row names any more.
    pub(crate) async fn remove(&self, names: Vec<String>) -> Result<(), SupportError> {
        let folder = self.folder.clone();
        blocking(move || {
            names.iter().for_each(|name| folder.remove(name));
            Ok(())
        })
        .await
    }

    /// At the start: removes what belongs to nobody, and what is too much.
    pub(crate) async fn sweep(self: Arc<Self>) {
        if let Err(error) = self.try_sweep().await {
            tracing::debug!(%error, "the folder of files was not swept");
        }
    }

    async fn try_sweep(&self) -> Result<(), SupportError> {
        let (looked, folder) = (self.folder.clone(), self.folder.clone());
        let (parts, mut there) = mpsc::unbounded_channel();
        let look = blocking(move || {
            looked.names(&parts);
            Ok(())
        });
        // The folder is read while the rows are, and what is there compared as it comes: each takes a while where there
        // are many. What comes in meanwhile is asked for again below.
        let compare = async {
            let known = self.store.read(FileRow::names).await?;
            let there = std::iter::from_fn(move || there.blocking_recv()).flatten();
            blocking(move || Ok(folder.strangers(there, &known))).await
        };
        let (_, strangers) = tokio::join!(look, compare);
        let strangers = strangers?;
        if !strangers.is_empty() {
            // Asked again now that they are held: one may have been brought in by another process just before.
            let names: Vec<String> = strangers.iter().map(|stranger| stranger.name().to_owned()).collect();
            let known = self.store.read(move |connection| FileRow::known(connection, names)).await?;
            let gone = blocking(move || {
                let strangers = strangers.into_iter().filter(|stranger| !known.contains(stranger.name()));
                Ok(strangers.map(Stranger::remove).count())
            })
            .await?;
            tracing::debug!(gone, "files that belonged to no message were removed");
        }
        self.trim(self.limits.max_cache_bytes).await
    }

    /// Holds a file: it is in use as long as what is given lives.
    pub(super) fn hold(&self, id: &FileId) -> Arc<()> {
        let mut held = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, hold| hold.strong_count() > 0);
        if let Some(hold) = held.get(id).and_then(std::sync::Weak::upgrade) {
            return hold;
        }
        let hold = Arc::new(());
        held.insert(id.clone(), Arc::downgrade(&hold));
        hold
    }

    fn used(&self) -> HashSet<FileId> {
        let held = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter().filter(|(_, hold)| hold.strong_count() > 0).map(|(id, _)| id.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::AttachmentId, store::Part};

    fn row(name: &str, state: FileState, size: u64) -> FileRow {
        FileRow {
            id: FileId::of(&AttachmentId::new(name), Part::Whole),
            name: name.to_owned(),
            state,
            size,
            here: size / 2,
            used_at: Timestamp::default(),
            validator: None,
        }
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first_and_what_is_unsent_or_in_use_never() {
        let rows = [
            row("unsent", FileState::Unsent, 1_000),
            row("in use", FileState::Whole, 100),
            row("old", FileState::Whole, 100),
            row("begun", FileState::Begun, 100),
            row("new", FileState::Whole, 100),
        ];
        let used = rows[1].id.clone();
        let gone = |quota| -> Vec<String> {
            let gone = too_much(rows.to_vec(), quota, Timestamp::default(), |id| *id == used);
            gone.into_iter().map(|row| row.name).collect()
        };
        assert!(gone(350).is_empty());
        assert_eq!(gone(349), ["old"]);
        assert_eq!(gone(249), ["old", "begun"]);
        assert_eq!(gone(0), ["old", "begun", "new"]);
    }

    #[test]
    fn what_was_used_before_the_clock_was_set_back_goes_first() {
        let used = |name, at| FileRow { used_at: Timestamp::from_seconds(at), ..row(name, FileState::Whole, 100) };
        let rows = vec![used("first", 50), used("second", 60), used("in 2030", 900), used("in 2031", 950)];
        let gone = too_much(rows, 100, Timestamp::from_seconds(61), |_| false);
        let gone: Vec<&str> = gone.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(gone, ["in 2030", "in 2031", "first"]);
    }
}
