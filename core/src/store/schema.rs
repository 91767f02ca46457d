//! The tables, and how an older file becomes a newer one.
//!
//! A migration is a step in [`STEPS`]: never edited once released, only followed by another. Every step keeps every
//! row; `tests/fixtures` holds a file of each released version, and each must open for ever.

mod attachments;
mod conversations;
mod profile;
pub(super) mod seen;
mod unsent;

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;
use crate::error::{StorageProblem, SupportError};

/// Marks the file as ours ("Shop"), so that another program's database is not taken for one.
pub(super) const APPLICATION_ID: i64 = 0x5368_6f70;

/// After every place that a message of the desk's is sorted at, whatever its clock says.
pub(crate) const UNSENT: i64 = i64::MAX;

/// Version n is reached by the first n steps.
const STEPS: &[&str] = &[
    "
CREATE TABLE customer (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    identity TEXT,                    -- JSON; NULL while anonymous
    profile TEXT NOT NULL,            -- JSON; all that the app has said of the person
    verification TEXT NOT NULL        -- JSON
) STRICT;
-- A customer's standings with the desk: the first row is theirs; later rows came with conversations that they began
-- before they logged in, and go on under the standing they began with.
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    own INTEGER NOT NULL,             -- 1: the standing for new conversations; exactly one row
    secret TEXT NOT NULL,             -- chosen here, before the desk knows of it
    realtime_token TEXT,
    verified INTEGER NOT NULL DEFAULT 0,
    established INTEGER NOT NULL DEFAULT 0,
    list_validator TEXT
) STRICT;
CREATE UNIQUE INDEX sessions_own ON sessions (own) WHERE own = 1;
CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions (id),
    desk_id INTEGER UNIQUE,           -- NULL until the desk has it
    status TEXT NOT NULL,             -- JSON
    agent TEXT,                       -- JSON
    created_at INTEGER NOT NULL,
    last_activity INTEGER NOT NULL,
    preview TEXT NOT NULL DEFAULT '',
    preview_own INTEGER NOT NULL DEFAULT 0,
    unread INTEGER NOT NULL DEFAULT 0,
    seen_to INTEGER NOT NULL DEFAULT 0,         -- the highest desk message that was seen on this phone
    customer_seen_at INTEGER NOT NULL DEFAULT 0, -- what the desk says, of any phone
    agent_seen_at INTEGER NOT NULL DEFAULT 0,
    synced_to INTEGER NOT NULL DEFAULT 0,       -- no gap between history_from and here
    history_from INTEGER NOT NULL DEFAULT 0,    -- the lowest desk message of that run; 0: none yet
    history_complete INTEGER NOT NULL DEFAULT 0,
    page_validator TEXT,
    draft TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    conversation TEXT NOT NULL REFERENCES conversations (id),
    desk_id INTEGER,
    sort_at INTEGER NOT NULL,         -- the desk's time; UNSENT before that
    sort_id INTEGER NOT NULL,         -- the desk's number; the outbox's before that
    rev INTEGER NOT NULL DEFAULT 0,   -- raised by every change of the row
    own INTEGER NOT NULL,             -- 1: the customer's
    author TEXT NOT NULL,             -- JSON
    content TEXT NOT NULL,            -- JSON
    attachments TEXT,                 -- JSON; NULL for none
    created_at INTEGER NOT NULL,
    delivery TEXT,                    -- JSON; NULL unless own
    edited INTEGER NOT NULL DEFAULT 0,
    deleted INTEGER NOT NULL DEFAULT 0,
    in_reply_to INTEGER               -- a desk message of the same conversation
) STRICT;
CREATE UNIQUE INDEX messages_desk ON messages (conversation, desk_id) WHERE desk_id IS NOT NULL;
CREATE INDEX messages_order ON messages (conversation, sort_at, sort_id);
-- Second copies of a message at the desk, made by an attempt that was thought lost: known, and not shown.
CREATE TABLE twins (
    conversation TEXT NOT NULL,
    desk_id INTEGER NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (conversation, desk_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation TEXT,                -- NULL: the customer's own lane
    session TEXT NOT NULL,
    task TEXT NOT NULL,               -- JSON
    message TEXT,                     -- the message that it sends or answers
    state TEXT NOT NULL,              -- JSON
    attempts INTEGER NOT NULL DEFAULT 0,
    fence INTEGER,                    -- the highest desk number known before the last attempt
    started_at INTEGER                -- when that attempt began
) STRICT;
CREATE INDEX outbox_conversation ON outbox (conversation);
CREATE INDEX outbox_message ON outbox (message) WHERE message IS NOT NULL;
CREATE TABLE facts (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
",
    attachments::STEP,
    // An outbox is a handful of rows, read in no time; its indexes were two pages more to write, and to sync, for each
    // message.
    "
DROP INDEX outbox_conversation;
DROP INDEX outbox_message;
",
    unsent::STEP,
    conversations::STEP,
    seen::STEP,
    profile::STEP,
];

/// The version that this code writes.
#[cfg(test)]
const VERSION: i64 = STEPS.len() as i64;

/// What kind of file it is.
pub(crate) struct Schema {
    /// Marks the file as of this kind.
    pub(crate) application_id: i64,
    /// See [`STEPS`].
    pub(crate) steps: &'static [&'static str],
}

/// A customer's file.
pub(crate) static CUSTOMER: Schema = Schema { application_id: APPLICATION_ID, steps: STEPS };

/// Brings the file to the version that this code writes, in one transaction.
pub(super) fn migrate(connection: &mut Connection, schema: &Schema) -> Result<(), StoreError> {
    migrate_to(connection, schema.application_id, schema.steps)
}

fn migrate_to(connection: &mut Connection, application_id: i64, steps: &[&str]) -> Result<(), StoreError> {
    let known = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    let version = |connection: &Connection| connection.pragma_query_value(None, "user_version", |row| row.get(0));
    let found: i64 = version(connection)?;
    if found == known {
        return Ok(());
    }
    if found > known {
        return Err(SupportError::Storage(StorageProblem::Newer { found, known }).into());
    }
    // Immediate: of two processes that open an old file at once, the second waits and then finds it new.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: i64 = version(&transaction)?;
    for step in steps.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
    if found < known {
        transaction.pragma_update(None, "user_version", known)?;
        transaction.pragma_update(None, "application_id", application_id)?;
    }
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_file_gets_every_step_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &CUSTOMER).unwrap();
        migrate(&mut connection, &CUSTOMER).unwrap();
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version, VERSION);
    }

    #[test]
    fn newer_file_is_refused_and_untouched() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &CUSTOMER).unwrap();
        connection.pragma_update(None, "user_version", VERSION + 1).unwrap();
        let error = migrate(&mut connection, &CUSTOMER).unwrap_err();
        assert!(matches!(
            error,
            StoreError::Support(SupportError::Storage(StorageProblem::Newer { found, known }))
                if found == VERSION + 1 && known == VERSION
        ));
    }

    #[test]
    fn failing_step_leaves_the_version_before_it() {
        let mut connection = Connection::open_in_memory().unwrap();
        let steps = ["CREATE TABLE a (x)", "CREATE TABLE b (x); CREATE TABLE nonsense"];
        assert!(migrate_to(&mut connection, APPLICATION_ID, &steps).is_err());
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version, 0);
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
        assert_eq!(tables, 0);
    }
}
