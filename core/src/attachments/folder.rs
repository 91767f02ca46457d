//! The customer's folder of files: made when first needed, swept of what belongs to nobody.

use std::{
    collections::HashSet,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use tokio::sync::mpsc::UnboundedSender;

use crate::{
    error::{StorageProblem, SupportError},
    store::files,
};

/// Names that are handed on at once: enough that handing on costs nothing beside reading the folder.
const NAMES_A_PART: usize = 512;

/// A folder of files, named by [`FileId`](crate::store::FileId)s.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Makes it where it is not there yet.
    pub(crate) fn make(&self) -> Result<(), SupportError> {
        fs::create_dir_all(&self.0).map_err(|error| storage(&error))
    }

    /// Where a file of this name is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Makes names that were given or taken away outlive a loss of power. Not every system can open a folder.
    pub(crate) fn sync(&self) {
        if let Ok(folder) = fs::File::open(&self.0) {
            let _ = folder.sync_all();
        }
    }

    /// Removes a file. One that is not there needs no removing; one that can't be removed goes at the next sweep.
    pub(crate) fn remove(&self, name: &str) {
        files::remove_file(&self.path(name));
    }

    /// The names of all files that are here, a part at a time, until nobody wants more.
    pub(crate) fn names(&self, parts: &UnboundedSender<Vec<OsString>>) {
        let Ok(entries) = fs::read_dir(&self.0) else { return };
        let mut names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
        loop {
            let part: Vec<_> = names.by_ref().take(NAMES_A_PART).collect();
            if part.is_empty() || parts.send(part).is_err() {
                return;
            }
        }
    }

    /// Those of the files `there` that none of `known` names: what a killed process left half done, and what was taken
    /// back. Those that a living process is just bringing in are left alone: it holds a lock on each.
    pub(crate) fn strangers(&self, there: impl Iterator<Item = OsString>, known: &HashSet<String>) -> Vec<Stranger> {
        let strangers = there.filter(|name| !name.to_str().is_some_and(|name| known.contains(name)));
        strangers.filter_map(|name| Stranger::take(self.0.join(name))).collect()
    }

    /// Brings the files of another folder here, past those that are here already. May be done again after a crash.
    pub(crate) fn move_in(&self, other: &Self) -> Result<(), SupportError> {
        let Ok(entries) = fs::read_dir(&other.0) else { return Ok(()) };
        self.make()?;
        for entry in entries.filter_map(Result::ok) {
            let to = self.0.join(entry.file_name());
            if !to.exists() {
                fs::rename(entry.path(), to).map_err(|error| storage(&error))?;
            }
        }
        self.sync();
        Ok(())
    }
}

/// A file that no row names, held so that nobody else touches it.
pub(crate) struct Stranger {
    path: PathBuf,
    _held: fs::File,
}

impl Stranger {
    fn take(path: PathBuf) -> Option<Self> {
        let file = fs::File::open(&path).ok()?;
        match file.try_lock() {
            Err(fs::TryLockError::WouldBlock) => None,
            // A file system without locks has one process only.
            Ok(()) | Err(fs::TryLockError::Error(_)) => Some(Self { path, _held: file }),
        }
    }

    pub(crate) fn name(&self) -> &str {
        self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    pub(crate) fn remove(self) {
        // What can't be removed now can be at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

/// What the system says, as something that an app can act on.
pub(crate) fn storage(error: &io::Error) -> SupportError {
    SupportError::Storage(match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => StorageProblem::Full,
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            StorageProblem::ReadOnly { detail: error.kind().to_string() }
        }
        // The kind and not the text: that of some systems names the file.
        kind => StorageProblem::Other { detail: kind.to_string() },
    })
}

/// Where a customer's files are, beside their database.
pub(crate) fn beside(database: &Path) -> Folder {
    Folder(files::folder(database))
}
