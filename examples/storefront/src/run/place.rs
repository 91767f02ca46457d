//! The shop's folder: what the phone keeps, what the embedded desk keeps, and who was logged in.
//!
//! ```text
//! DIR/phone/      Shopbell's own folder
//! DIR/desk/       the embedded desk's
//! DIR/saved/      files that the person saved
//! DIR/shop.json   who is logged in (the merchant's own session), and the embedded desk's port
//! ```

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{
    problem::Problem,
    shop::{self, Person},
};

/// The folder, made and writable.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    folder: PathBuf,
}

/// What the shop itself remembers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Session {
    pub(crate) person: Option<&'static Person>,
    /// The embedded desk's port: Shopbell keeps what was said at one address apart from what was said at another, so
    /// the desk must come back at the same one.
    pub(crate) port: Option<u16>,
}

impl Place {
    /// The folder named, or the usual one.
    pub(crate) fn open(named: Option<PathBuf>) -> Result<Self, Problem> {
        let folder = named.unwrap_or_else(usual);
        fs::create_dir_all(&folder)
            .map_err(|error| Problem::io(&format!("can't make the folder {}", folder.display()), &error))?;
        Ok(Self { folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn phone(&self) -> PathBuf {
        self.folder.join("phone")
    }

    pub(crate) fn desk(&self) -> PathBuf {
        self.folder.join("desk")
    }

    pub(crate) fn saved(&self) -> PathBuf {
        self.folder.join("saved")
    }

    /// What was remembered; nothing where there is nothing that can be read.
    pub(crate) fn session(&self) -> Session {
        let Ok(text) = fs::read(self.folder.join("shop.json")) else { return Session::default() };
        let value: Value = serde_json::from_slice(&text).unwrap_or_default();
        Session {
            person: value.get("person").and_then(Value::as_str).and_then(shop::person),
            port: value.get("port").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok()),
        }
    }

    /// Remembers, whole or not at all.
    pub(crate) fn remember(&self, session: Session) -> io::Result<()> {
        let value = json!({ "person": session.person.map(|person| person.identifier), "port": session.port });
        let fresh = self.folder.join("shop.json.new");
        fs::write(&fresh, value.to_string())?;
        fs::rename(fresh, self.folder.join("shop.json"))
    }
}

/// Where a program of this system keeps what is neither a setting nor a cache; without a home, the temporary folder.
fn usual() -> PathBuf {
    let set = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    set("XDG_STATE_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".local/state")))
        .unwrap_or_else(env::temp_dir)
        .join("lantern-and-loom")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_remembered_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::open(Some(folder.path().join("a/b"))).unwrap();
        assert!(place.session().person.is_none());
        place.remember(Session { person: shop::person("kenji"), port: Some(4_000) }).unwrap();
        let session = Place::open(Some(folder.path().join("a/b"))).unwrap().session();
        assert_eq!((session.person, session.port), (shop::person("kenji"), Some(4_000)));
        fs::write(place.folder().join("shop.json"), "{torn").unwrap();
        assert!(place.session().person.is_none());
    }
}
