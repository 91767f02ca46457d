//! Opening a file: made, migrated, set aside where it is damaged, refused where it is newer.

use std::{fs, io, path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{
    StoreError,
    schema::{self, Schema},
};
use crate::{
    error::{StorageProblem, SupportError},
    model::Timestamp,
};

/// How long a write waits for another process's. Longer than any transaction of ours takes on a slow phone.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Makes the folder and all above it.
pub(super) fn folder(path: &Path) -> Result<(), SupportError> {
    fs::create_dir_all(path).map_err(|error| {
        SupportError::Storage(match error.kind() {
            io::ErrorKind::StorageFull => StorageProblem::Full,
            io::ErrorKind::ReadOnlyFilesystem => StorageProblem::ReadOnly { detail: error.to_string() },
            _ => StorageProblem::Folder { path: path.to_owned(), detail: error.to_string() },
        })
    })
}

/// The connection that writes. A damaged file is renamed to `….damaged-TIME` and a fresh one begun.
pub(super) fn for_writing(path: &Path, now: Timestamp, schema: &Schema) -> Result<Connection, SupportError> {
    match try_writing(path, schema) {
        Err(StoreError::Sqlite(error))
            if matches!(
                error.sqlite_error_code(),
                Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase)
            ) =>
        {
            set_aside(path, now)?;
            Ok(try_writing(path, schema)?)
        }
        other => Ok(other?),
    }
}

fn try_writing(path: &Path, schema: &Schema) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut connection = open(path, flags)?;
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables > 0 && application != schema.application_id {
        let path = path.to_owned();
        let detail = "a file of that name belongs to another program".to_owned();
        return Err(SupportError::Storage(StorageProblem::Folder { path, detail }).into());
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // What is deleted or replaced is zeroed where that costs no write of its own: a key that was sealed, words that were
    // discarded.
    connection.pragma_update(None, "secure_delete", "FAST")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // On Apple's systems a sync alone leaves the bytes in the drive's own memory: neither what was written nor the order
    // of the writes would survive a dead battery. Elsewhere it changes nothing.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    schema::migrate(&mut connection, schema)?;
    Ok(connection)
}

/// A connection that reads.
pub(super) fn for_reading(path: &Path) -> Result<Connection, StoreError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// What both kinds have in common.
fn open(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // A plan goes by the statement alone, never by what is bound. Else most statements from the cache are planned anew
    // each time: it clears what was bound, which counts as a change (20 µs for each, several times for every message).
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    set_limits(&connection)?;
    Ok(connection)
}

/// How long it waits for others, and how much it keeps in memory.
pub(super) fn set_limits(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // 1 MiB each way: enough for a page of a timeline and its indexes, little for a phone.
    connection.pragma_update(None, "cache_size", -1024)
}

/// Whether the file may be removed: everything that the customer wrote has been sent, and nobody else has it open. One that
/// makes no sense stays.
pub(super) fn may_go(path: &Path) -> bool {
    !path.exists() || is_all_sent_and_free(path).unwrap_or(false)
}

fn is_all_sent_and_free(path: &Path) -> Result<bool, StoreError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(Duration::ZERO)?;
    // What a newer version keeps there is not known here.
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let unsent: i64 = connection.query_row(
        r#"SELECT count(*) FROM outbox WHERE task LIKE '{"task":"message"%' OR task LIKE '{"task":"answer"%'
            OR task LIKE '{"task":"vote"%'"#,
        [],
        |row| row.get(0),
    )?;
    if unsent > 0 || usize::try_from(version).is_ok_and(|version| version > schema::CUSTOMER.steps.len()) {
        return Ok(false);
    }
    // Gives up the log beside the file, which SQLite does only for the one connection that there is.
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get(0))?;
    Ok(mode == "delete")
}

/// Renames the file and its two companions; nothing is ever deleted, so that a person can still look inside.
fn set_aside(path: &Path, now: Timestamp) -> Result<(), SupportError> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    tracing::error!(file = %name, "the database is damaged; setting it aside and starting afresh");
    for suffix in ["", "-wal", "-shm"] {
        let from = path.with_file_name(format!("{name}{suffix}"));
        let to = path.with_file_name(format!("{name}.damaged-{}{suffix}", now.millis()));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(SupportError::Storage(StorageProblem::Corrupt { detail: error.to_string() }));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn writer_asks_for_the_disk_itself() {
        let folder = tempfile::tempdir().unwrap();
        let writer = for_writing(&folder.path().join("a.db"), Timestamp::default(), &schema::CUSTOMER).unwrap();
        let value = |name: &str| writer.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!((value("synchronous"), value("fullfsync")), (2, 1));
    }

    #[test]
    fn statement_from_the_cache_is_planned_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let writer = for_writing(&path, Timestamp::default(), &schema::CUSTOMER).unwrap();
        let reader = for_reading(&path).unwrap();
        for connection in [&writer, &reader] {
            let newest = "SELECT id FROM messages WHERE conversation = ?1 ORDER BY sort_at DESC, sort_id DESC LIMIT 1";
            for conversation in ["a", "b", "b"] {
                assert!(!connection.prepare_cached(newest).unwrap().exists([conversation]).unwrap());
            }
            let statement = connection.prepare_cached(newest).unwrap();
            let count = |status| statement.get_status(status);
            assert_eq!((count(StatementStatus::Run), count(StatementStatus::RePrepare)), (3, 0));
        }
    }
}
