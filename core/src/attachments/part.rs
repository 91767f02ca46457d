//! The part of a file that has come: on the disk, in its place, and no more than is known for certain.

use std::{
    fs,
    io::{self, Seek as _, SeekFrom, Write as _},
    path::Path,
    time::Duration,
};

use tokio::time::Instant;

use super::folder::{Folder, storage};
use crate::{SupportError, backend::FileHead, runtime::blocking, store::FileRow};

/// How much is gathered before it is written: a write costs a change of threads.
const BUFFER: usize = 512 << 10;

/// How often, and for how long, a part without a row is waited for: a sweep takes it for nobody's and looks again, which
/// takes a moment. Another process that fetches it has it for longer.
const SWEEP_WAITS: u32 = 25;
const SWEEP_WAIT: Duration = Duration::from_millis(20);

/// The part of a file that is here.
pub(super) struct PartFile {
    /// `None` while a write is under way; one that was dropped in the middle leaves it so.
    file: Option<fs::File>,
    /// How much there is, what waits to be written included.
    pub(super) length: u64,
    waiting: Vec<u8>,
    pub(super) total: Option<u64>,
    pub(super) validator: Option<String>,
    pub(super) noted_at: Instant,
}

impl PartFile {
    /// What is here of a file, cut to what is there for certain; nothing where it is not known of which version.
    pub(super) async fn open(folder: Folder, name: String, row: Option<FileRow>) -> Result<Self, SupportError> {
        let mut waits = if row.is_none() { SWEEP_WAITS } else { 0 };
        let path = folder.path(&name);
        let (file, there) = loop {
            let (folder, path) = (folder.clone(), path.clone());
            let take = move || {
                folder.make()?;
                take(&path).map_err(|error| storage(&error))
            };
            match blocking(take).await? {
                Some(taken) => break taken,
                None if waits == 0 => {
                    return Err(SupportError::Conflict { problem: "another process of this app fetches it" });
                }
                None => waits -= 1,
            }
            tokio::time::sleep(SWEEP_WAIT).await;
        };
        let row = row.filter(|row| row.validator.is_some());
        Ok(Self {
            file: Some(file),
            length: row.as_ref().map_or(0, |row| row.here.min(there)),
            waiting: Vec::new(),
            total: row.as_ref().map(|row| row.size).filter(|size| *size > 0),
            validator: row.and_then(|row| row.validator),
            noted_at: Instant::now(),
        })
    }

    /// Takes bytes in, to be written once there are enough.
    pub(super) async fn push(&mut self, bytes: &[u8]) -> Result<(), SupportError> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= BUFFER { self.write().await } else { Ok(()) }
    }

    /// The desk begins: with the rest, or anew.
    pub(super) fn start(&mut self, head: &FileHead) -> Result<(), SupportError> {
        if head.from != 0 && head.from != self.length {
            return Err(SupportError::DeskUnavailable);
        }
        self.length = head.from;
        self.waiting.clear();
        self.total = head.total;
        self.validator.clone_from(&head.validator);
        Ok(())
    }

    /// Writes what waits, in its place; what stood behind it is cut off.
    pub(super) async fn write(&mut self) -> Result<(), SupportError> {
        let mut bytes = std::mem::take(&mut self.waiting);
        let end = self.length;
        let written = self.with_file(move |file| {
            let start = end.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            let mut file = file;
            if file.metadata()?.len() != start {
                file.set_len(start)?;
            }
            file.seek(SeekFrom::Start(start))?;
            file.write_all(&bytes)?;
            bytes.clear();
            Ok(bytes)
        });
        // Its room is used again: fresh memory is dearer than what is written from it.
        self.waiting = written.await?;
        Ok(())
    }

    pub(super) async fn sync(&mut self) -> Result<(), SupportError> {
        self.with_file(|file| file.sync_data()).await
    }

    async fn with_file<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&fs::File) -> io::Result<T> + Send + 'static,
    ) -> Result<T, SupportError> {
        let file = self.file.take().ok_or(SupportError::Closed)?;
        let (file, done) = blocking(move || {
            let done = work(&file).map_err(|error| storage(&error));
            Ok((file, done))
        })
        .await?;
        self.file = Some(file);
        done
    }
}

/// A part and its length; `None` where somebody else has it, or has removed it before it was locked.
fn take(path: &Path) -> io::Result<Option<(fs::File, u64)>> {
    let file = fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    if let Err(fs::TryLockError::WouldBlock) = file.try_lock() {
        return Ok(None);
    }
    let there = file.metadata()?.len();
    Ok(path.exists().then_some((file, there)))
}
