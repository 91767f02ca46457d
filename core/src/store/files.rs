//! Files on this phone: which are here, whether they may go, and when they were last used.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{StoreError, Tx, messages::attachments};
use crate::{
    clock::digest,
    model::{Attachment, AttachmentId, ConversationId, MessageId, Timestamp},
};

/// Where a customer's files are: beside their database.
pub(crate) fn folder(database: &Path) -> PathBuf {
    database.with_extension("files")
}

/// Removes a file. One that is not there needs no removing; one that can't be removed goes at the next sweep.
pub(crate) fn remove_file(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, "a file could not be removed; trying again at the next start");
        }
        _ => {}
    }
}

/// What of an attachment a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// The desk's small picture of it.
    Thumbnail,
}

/// What a file's row is found by: no text of anybody's, so that it can be a file's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileId(String);

impl FileId {
    pub(crate) fn of(attachment: &AttachmentId, part: Part) -> Self {
        Self(match part {
            Part::Whole => digest(&[attachment.as_str()]),
            Part::Thumbnail => digest(&[attachment.as_str(), "thumbnail"]),
        })
    }

    /// What its file is called, with the extension that it shall have (with the dot, or empty).
    pub(crate) fn file_name(&self, extension: &str) -> String {
        format!("{}{extension}", self.0)
    }

    /// The id in such a name; what it is of another name, no row has.
    fn in_name(name: &str) -> &str {
        name.split('.').next().unwrap_or_default()
    }
}

/// Whether a file may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileState {
    /// It is still to be sent, and nowhere else.
    Unsent,
    /// It can be fetched again.
    Whole,
    /// A part of it was fetched.
    Begun,
}

impl FileState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Unsent => "unsent",
            Self::Whole => "whole",
            Self::Begun => "begun",
        }
    }

    /// What a later version may have written is kept as if it were unsent.
    fn read(text: &str) -> Self {
        match text {
            "whole" => Self::Whole,
            "begun" => Self::Begun,
            _ => Self::Unsent,
        }
    }
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileRow {
    pub(crate) id: FileId,
    pub(crate) name: String,
    pub(crate) state: FileState,
    pub(crate) size: u64,
    /// Of a begun one: how much of it is on the disk for certain.
    pub(crate) here: u64,
    pub(crate) used_at: Timestamp,
    pub(crate) validator: Option<String>,
}

const COLUMNS: &str = "id, name, state, size, here, used_at, validator";

fn read(row: &Row<'_>) -> rusqlite::Result<FileRow> {
    Ok(FileRow {
        id: FileId(row.get(0)?),
        name: row.get(1)?,
        state: FileState::read(row.get_ref(2)?.as_str()?),
        size: u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0),
        here: u64::try_from(row.get::<_, i64>(4)?).unwrap_or(0),
        used_at: Timestamp::from_millis(row.get(5)?),
        validator: row.get(6)?,
    })
}

impl FileRow {
    /// Writes it, in the place of what was known.
    pub(crate) fn save(&self, tx: &Tx<'_>) -> Result<(), StoreError> {
        tx.prepare_cached(&format!("INSERT OR REPLACE INTO files ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"))?
            .execute(params![
                self.id.0,
                self.name,
                self.state.as_str(),
                i64::try_from(self.size).unwrap_or(i64::MAX),
                i64::try_from(self.here).unwrap_or(i64::MAX),
                self.used_at.millis(),
                self.validator
            ])?;
        Ok(())
    }

    pub(crate) fn find(connection: &Connection, id: &FileId) -> Result<Option<Self>, StoreError> {
        let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM files WHERE id = ?1"))?;
        Ok(statement.query_row([&id.0], read).optional()?)
    }

    /// All of them, those first that were not used for longest.
    pub(crate) fn all(connection: &Connection) -> Result<Vec<Self>, StoreError> {
        let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM files ORDER BY used_at, id"))?;
        let rows = statement.query_map([], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The names of all of them.
    pub(crate) fn names(connection: &Connection) -> Result<HashSet<String>, StoreError> {
        let mut statement = connection.prepare_cached("SELECT name FROM files")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Those of `names` that there are.
    pub(crate) fn known(connection: &Connection, names: Vec<String>) -> Result<HashSet<String>, StoreError> {
        // By the key, of which the name is made: a few names need no look at all of them.
        let mut statement = connection.prepare_cached("SELECT 1 FROM files WHERE id = ?1 AND name = ?2")?;
        let mut known = HashSet::new();
        for name in names {
            if statement.exists([FileId::in_name(&name), &name])? {
                known.insert(name);
            }
        }
        Ok(known)
    }

    /// How many bytes are here of what was fetched, and of what is unsent.
    pub(crate) fn totals(connection: &Connection) -> Result<(u64, u64), StoreError> {
        let mut statement = connection.prepare_cached(
            "SELECT coalesce(sum(CASE state WHEN 'whole' THEN size WHEN 'begun' THEN here END), 0),
                    coalesce(sum(CASE WHEN state NOT IN ('whole', 'begun') THEN size END), 0) FROM files",
        )?;
        let bytes = |number: i64| u64::try_from(number).unwrap_or(0);
        Ok(statement.query_row([], |row| Ok((bytes(row.get(0)?), bytes(row.get(1)?))))?)
    }

    pub(crate) fn remove(tx: &Tx<'_>, id: &FileId) -> Result<(), StoreError> {
        tx.prepare_cached("DELETE FROM files WHERE id = ?1")?.execute([&id.0])?;
        Ok(())
    }

    /// It is looked at now.
    pub(crate) fn touch(tx: &Tx<'_>, id: &FileId, now: Timestamp) -> Result<(), StoreError> {
        tx.prepare_cached("UPDATE files SET used_at = ?2 WHERE id = ?1")?.execute(params![id.0, now.millis()])?;
        Ok(())
    }

    /// The desk has these: they can be fetched again, and may go.
    pub(crate) fn sent(tx: &Tx<'_>, attachments: &[Attachment]) -> Result<(), StoreError> {
        for attachment in attachments {
            tx.prepare_cached("UPDATE files SET state = 'whole' WHERE id = ?1 AND state = 'unsent'")?
                .execute([&FileId::of(&attachment.id, Part::Whole).0])?;
        }
        Ok(())
    }

    /// These belong to no message any more: their rows go now, and the files themselves with the commit.
    pub(crate) fn forget(tx: &mut Tx<'_>, attachments: &[Attachment]) -> Result<(), StoreError> {
        for attachment in attachments {
            for part in [Part::Whole, Part::Thumbnail] {
                let id = FileId::of(&attachment.id, part);
                if let Some(row) = Self::find(tx, &id)? {
                    Self::remove(tx, &id)?;
                    tx.remove_file(row.name);
                }
            }
        }
        Ok(())
    }

    /// The same for all that came with the messages of a conversation that the desk has, or had. What is still to be sent
    /// stays.
    pub(crate) fn forget_all(tx: &mut Tx<'_>, conversation: &ConversationId) -> Result<(), StoreError> {
        let mut gone = Vec::new();
        {
            let mut statement =
                tx.prepare("SELECT id, attachments FROM messages WHERE conversation = ?1 AND attachments IS NOT NULL")?;
            let mut rows = statement.query([conversation.as_str()])?;
            while let Some(row) = rows.next()? {
                gone.extend(attachments(&MessageId::new(row.get::<_, String>(0)?), row.get(1)?)?);
            }
        }
        Self::forget(tx, &gone)
    }
}
