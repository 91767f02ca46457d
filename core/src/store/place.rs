//! Which file is whose, and who is here now.
//!
//! `DATA/HASH(desk, inbox)/` holds one database a customer, named by a hash, and `current.json`, which names the one
//! who is here. That file is replaced whole (write aside, sync, rename), so that it is always the old or the new one.
//! While a customer who was anonymous logs in, it also names the file that is being taken over, so that a crash in the
//! middle is finished at the next start before anything else is done. Whoever logs out without ever having logged in
//! leaves no file behind, unless something unsent is in it.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::open;
use crate::{
    clock::digest,
    error::{StorageProblem, SupportError},
    json::{self, from_json},
};

/// Whose database it is. Holds no name: an identifier is kept only as its hash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub(crate) struct CustomerKey(String);

from_json!(CustomerKey(String));

impl CustomerKey {
    /// Somebody who has not logged in.
    pub(crate) fn anonymous(token: &str) -> Self {
        Self(format!("a{}", digest(&["anonymous", token])))
    }

    /// Somebody who has.
    pub(crate) fn identified(identifier: &str) -> Self {
        Self(format!("c{}", digest(&["identified", identifier])))
    }

    /// As a fact names it.
    pub(super) fn kept(hash: String) -> Self {
        Self(hash)
    }

    /// Whose file this is, by its name, where that is an anonymous customer's.
    fn of_anonymous(file: &str) -> Option<Self> {
        let (key, _) = file.split_once('.')?;
        let hash = key.strip_prefix('a')?;
        let whole = hash.len() == 32 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        whole.then(|| Self(key.to_owned()))
    }

    /// The hash, for a fact that names it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is somebody who has not logged in.
    pub(crate) fn is_anonymous(&self) -> bool {
        self.0.starts_with('a')
    }
}

/// What `current.json` says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Recorded {
    /// Who is here.
    pub(crate) current: CustomerKey,
    /// Whose conversations are being taken over by `current`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) adopting: Option<CustomerKey>,
}

from_json!(Recorded { current, adopting });

/// The folder of one inbox.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    folder: PathBuf,
}

impl Place {
    /// Makes the folder.
    pub(crate) fn open(data_dir: &Path, desk: &str, inbox: &str) -> Result<Self, SupportError> {
        open::folder(data_dir)?;
        let folder = data_dir.join(digest(&[desk, inbox]));
        open::folder(&folder)?;
        Ok(Self { folder })
    }

    /// The customer's database.
    pub(crate) fn database(&self, key: &CustomerKey) -> PathBuf {
        self.folder.join(format!("{}.db", key.0))
    }

    /// What the names of a help centre's files begin with.
    #[cfg(feature = "help-center")]
    pub(crate) fn help_center(&self, portal: &str) -> PathBuf {
        self.folder.join(format!("help-{}", digest(&[portal])))
    }

    /// The file whose lock says which process sends for the customer.
    pub(crate) fn lock(&self, key: &CustomerKey) -> PathBuf {
        self.folder.join(format!("{}.lock", key.0))
    }

    /// Removes what is there of a customer. Best effort: what is left is removed by a later [`sweep`](Self::sweep).
    pub(crate) fn remove(&self, key: &CustomerKey) {
        for suffix in ["db", "db-wal", "db-shm", "lock"] {
            let _ = fs::remove_file(self.folder.join(format!("{}.{suffix}", key.0)));
        }
        let _ = fs::remove_dir_all(self.folder.join(format!("{}.files", key.0)));
    }

    /// Removes what is there of anonymous customers who have left: nothing could bring them back. What holds something
    /// unsent stays, and what somebody else has open.
    pub(crate) fn sweep(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let keys = names.filter_map(|name| CustomerKey::of_anonymous(&name)).collect::<BTreeSet<_>>();
        for key in keys {
            // Asked each time: nobody comes to be here between the question and the removal.
            let Ok(_turn) = self.turn() else { return };
            let Ok(Some(here)) = self.recorded() else { return };
            if here.current != key && here.adopting.as_ref() != Some(&key) && open::may_go(&self.database(&key)) {
                self.remove(&key);
            }
        }
    }

    /// Who is here; `None` at the first start, and where the file makes no sense (it is then kept aside).
    pub(crate) fn recorded(&self) -> Result<Option<Recorded>, SupportError> {
        let path = self.folder.join("current.json");
        match fs::read(&path) {
            Ok(bytes) => match json::from_slice::<Recorded>(&bytes) {
                Ok(recorded) if safe(&recorded) => Ok(Some(recorded)),
                _ => {
                    tracing::error!("current.json makes no sense; starting as a new anonymous customer");
                    let _ = fs::rename(&path, self.folder.join("current.json.damaged"));
                    Ok(None)
                }
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(storage(&error)),
        }
    }

    /// Who is here; `first` where nobody was before. Of two clients that open an empty folder at once one is the first,
    /// and the other finds it.
    pub(crate) fn recorded_or(&self, first: Recorded) -> Result<Recorded, SupportError> {
        if let Some(recorded) = self.recorded()? {
            return Ok(recorded);
        }
        let _turn = self.turn()?;
        if let Some(recorded) = self.recorded()? {
            return Ok(recorded);
        }
        self.write(&first)?;
        Ok(first)
    }

    /// Says who is here, durably.
    pub(crate) fn record(&self, recorded: &Recorded) -> Result<(), SupportError> {
        let _turn = self.turn()?;
        self.write(recorded)
    }

    /// One process and one client of it at a time: they would write the new file into each other's hands. Where the
    /// system has no locks there is one process.
    fn turn(&self) -> Result<fs::File, SupportError> {
        let file = fs::File::create(self.folder.join("current.lock")).map_err(|error| storage(&error))?;
        let _ = file.lock();
        Ok(file)
    }

    fn write(&self, recorded: &Recorded) -> Result<(), SupportError> {
        let write = || {
            let aside = self.folder.join("current.json.new");
            let mut file = fs::File::create(&aside)?;
            file.write_all(&serde_json::to_vec(recorded).map_err(io::Error::other)?)?;
            file.sync_all()?;
            fs::rename(&aside, self.folder.join("current.json"))?;
            // Without it the rename itself may be lost with the power. Not every system can open a folder.
            if let Ok(folder) = fs::File::open(&self.folder) {
                let _ = folder.sync_all();
            }
            Ok(())
        };
        write().map_err(|error: io::Error| storage(&error))
    }
}

/// A name from the disk that would lead out of the folder is not one of ours.
fn safe(recorded: &Recorded) -> bool {
    let plain = |key: &CustomerKey| !key.0.is_empty() && key.0.bytes().all(|b| b.is_ascii_alphanumeric());
    plain(&recorded.current) && recorded.adopting.as_ref().is_none_or(plain)
}

fn storage(error: &io::Error) -> SupportError {
    SupportError::Storage(match error.kind() {
        io::ErrorKind::StorageFull => StorageProblem::Full,
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            StorageProblem::ReadOnly { detail: error.to_string() }
        }
        _ => StorageProblem::Other { detail: error.to_string() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_customers_never_share_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::open(folder.path(), "https://desk", "inbox").unwrap();
        let other = Place::open(folder.path(), "https://desk", "other").unwrap();
        let a = CustomerKey::identified("a");
        assert_ne!(place.database(&a), place.database(&CustomerKey::identified("b")));
        assert_ne!(place.database(&a), other.database(&a));
        assert_ne!(CustomerKey::anonymous("a"), a);
    }

    #[test]
    fn record_survives_and_nonsense_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::open(folder.path(), "https://desk", "inbox").unwrap();
        assert_eq!(place.recorded().unwrap(), None);
        let recorded = Recorded { current: CustomerKey::anonymous("x"), adopting: None };
        place.record(&recorded).unwrap();
        assert_eq!(place.recorded().unwrap(), Some(recorded));
        for nonsense in ["", "{", r#"{"current":"../../x"}"#, r#"{"current":7}"#] {
            fs::write(place.folder.join("current.json"), nonsense).unwrap();
            assert_eq!(place.recorded().unwrap(), None, "{nonsense}");
            assert!(place.folder.join("current.json.damaged").exists());
        }
    }

    #[test]
    fn two_who_come_to_an_empty_folder_at_once_agree_on_who_is_here() {
        let folder = tempfile::tempdir().unwrap();
        for round in 0..20 {
            let inbox = format!("inbox-{round}");
            let (folder, inbox) = (folder.path(), inbox.as_str());
            let come = move |name: &str| {
                let place = Place::open(folder, "https://desk", inbox).unwrap();
                place.recorded_or(Recorded { current: CustomerKey::anonymous(name), adopting: None }).unwrap()
            };
            std::thread::scope(|scope| {
                let others: Vec<_> = ["a", "b", "c"].map(|name| scope.spawn(move || come(name))).into();
                let found: Vec<_> = others.into_iter().map(|other| other.join().unwrap()).collect();
                assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "{found:?}");
            });
        }
    }

    #[test]
    fn folder_that_is_a_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f");
        fs::write(&file, "").unwrap();
        let error = Place::open(&file, "https://desk", "inbox").unwrap_err();
        assert!(matches!(error, SupportError::Storage(StorageProblem::Folder { .. })), "{error}");
        assert_eq!(fs::read(&file).unwrap(), b"");
    }
}
