//! The store: the only truth that an app reads.
//!
//! # Protocol
//! One SQLite file holds one customer of one inbox of one desk ([`place`] says which file is whose); two people on one
//! phone can't see each other's words because their words are in different files.
//!
//! - **Writing.** One thread owns the one connection that writes ([`writer`]). A write is a closure in one transaction
//!   that either commits whole or leaves nothing. With [`Durability::Now`] it is on the disk when the call returns
//!   (`synchronous=FULL`): everything that a customer pressed a button for. With [`Durability::Later`] a loss of power
//!   may undo it, never tear it: everything that the desk can tell again.
//! - **Resting.** While nobody waits for it the writer makes the log ready for what comes next ([`log`]).
//! - **Reading.** Readers have connections of their own and never wait for the writer (WAL).
//! - **Changing.** After each commit the writer tells the [`feed`] which conversations were touched; observers ask the
//!   store again. A write by another process is noticed by `PRAGMA data_version`.
//! - **Sending.** A message that the desk does not have is one row of the outbox ([`unsent`]): what it says, how far it has
//!   come. What the desk has, and that alone, is among the messages.
//! - **Crash.** A commit is there or it is not. What was in flight is found again in the outbox's own column.
//! - **Growing.** [`schema`] migrates in one transaction and deletes no row. A file of a newer version is left
//!   untouched and refused. A damaged file is set aside under another name, never deleted.

mod adopt;
mod conversations;
mod customer;
mod entries;
pub(crate) mod facts;
mod feed;
pub(crate) mod files;
pub(crate) mod incoming;
mod join;
mod log;
mod messages;
mod open;
mod order;
mod place;
pub(crate) mod schema;
pub(crate) mod seen;
mod told;
mod unsent;
mod writer;

#[cfg(test)]
mod tests;

pub(crate) use adopt::{adopt, adopted};
pub(crate) use conversations::{Channel, ConversationRow, LastWord, SyncMark};
pub(crate) use customer::{AtDesk, CustomerRow, SessionRow};
pub(crate) use entries::{EntryRow, EntryState, Fence, NewEntry, Task};
pub(crate) use feed::{Change, Feed, StoreId, Topic, Watcher};
pub(crate) use files::{FileId, FileRow, FileState, Part};
use join::join;
pub(crate) use messages::{MessageRow, Position};
pub(crate) use place::{CustomerKey, Place, Recorded};
pub(crate) use seen::{Marks, UnreadIn};
pub(crate) use told::{Refused, Told};
pub(crate) use unsent::NewMessage;
pub(crate) use writer::{Durability, Store, Tx, Work};

use crate::error::{StorageProblem, SupportError};

/// What goes wrong inside the store.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("kept data: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{0}")]
    Support(#[from] SupportError),
}

impl From<StoreError> for SupportError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Support(error) => error,
            StoreError::Json(error) => Self::Storage(StorageProblem::Other {
                // Serde's own text quotes what it read; its class and place do not.
                detail: format!("kept data can't be read ({:?} at column {})", error.classify(), error.column()),
            }),
            StoreError::Sqlite(error) => Self::Storage(problem(&error)),
        }
    }
}

/// SQLite's word for it as something that an app can act on.
fn problem(error: &rusqlite::Error) -> StorageProblem {
    use rusqlite::ErrorCode;
    let detail = match error {
        // The text that SQLite adds may quote SQL, never a bound value.
        rusqlite::Error::SqliteFailure(code, _) => code.to_string(),
        rusqlite::Error::QueryReturnedNoRows => "a row is missing".to_owned(),
        _ => "an unexpected column".to_owned(),
    };
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StorageProblem::Full,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            StorageProblem::ReadOnly { detail }
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StorageProblem::Corrupt { detail },
        _ => StorageProblem::Other { detail },
    }
}
