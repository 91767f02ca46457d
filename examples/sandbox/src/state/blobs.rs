//! The bytes of attachments, in memory and, with a data directory, in one file each.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use bytes::Bytes;

/// All uploaded files by key.
#[derive(Debug, Default)]
pub(crate) struct Blobs {
    directory: Option<PathBuf>,
    held: HashMap<String, Bytes>,
}

impl Blobs {
    /// Blobs kept below `directory`.
    pub(crate) fn open(directory: &Path) -> io::Result<Self> {
        let directory = directory.join("blobs");
        fs::create_dir_all(&directory)?;
        Ok(Self { directory: Some(directory), held: HashMap::new() })
    }

    /// Keeps `bytes`. The file takes its name last, so no reader after a crash meets half of one.
    pub(crate) fn put(&mut self, key: &str, bytes: Bytes) {
        if let Some(directory) = &self.directory {
            let draft = directory.join(format!("{key}.new"));
            let kept = fs::write(&draft, &bytes).and_then(|()| fs::rename(&draft, directory.join(key)));
            if let Err(error) = kept {
                tracing::error!(%error, "an attachment could not be kept on disk");
            }
        }
        self.held.insert(key.to_owned(), bytes);
    }

    /// The bytes under `key`. Keys come from the tables, never from a request, so they can't climb out of the folder.
    pub(crate) fn get(&mut self, key: &str) -> Option<Bytes> {
        if let Some(bytes) = self.held.get(key) {
            return Some(bytes.clone());
        }
        let bytes = Bytes::from(fs::read(self.directory.as_ref()?.join(key)).ok()?);
        self.held.insert(key.to_owned(), bytes.clone());
        Some(bytes)
    }
}
