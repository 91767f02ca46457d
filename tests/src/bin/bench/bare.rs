//! SQLite as anybody would use it for this: the same file, the same promises, nothing around it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, params};
use serde::Deserialize;
use shopbell::{Author, Content, Delivery};

use super::fill::scattered;

/// The columns of a message as the timeline reads them.
const COLUMNS: &str = "id, conversation, desk_id, author, content, attachments, created_at, delivery, edited, deleted";

/// One connection on a copy of the client's file: its tables, its indexes, its page size.
pub(crate) struct BareStore {
    connection: Connection,
    written: i64,
}

/// A message of the desk's, with what a store keeps of it.
#[derive(Deserialize)]
pub(crate) struct BareMessage {
    pub(crate) id: i64,
    #[serde(default)]
    content: Option<String>,
    message_type: u8,
    created_at: i64,
    #[serde(default)]
    sender: Option<BareSender>,
}

#[derive(Deserialize)]
struct BareSender {
    #[serde(default)]
    id: i64,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    avatar_url: Option<String>,
}

impl BareStore {
    /// Opens it as the client's writer does. `synchronous` is `FULL` for what must survive a loss of power, `NORMAL`
    /// for what the desk can tell again: the client makes the same two promises.
    pub(crate) fn open(path: &Path, synchronous: &str) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).expect("a database");
        for (pragma, value) in
            [("journal_mode", "WAL"), ("foreign_keys", "ON"), ("synchronous", synchronous), ("cache_size", "-1024")]
        {
            connection.pragma_update(None, pragma, value).expect("a pragma");
        }
        connection.set_prepared_statement_cache_capacity(64);
        // Ids that a filled-in store does not have.
        Self { connection, written: 1 << 40 }
    }

    /// One INSERT in a transaction of its own: what the customer wrote. Durable when it returns.
    pub(crate) fn insert_unsent(&mut self, conversation: &str, text: &str) {
        self.written += 1;
        self.connection
            .prepare_cached(
                "INSERT INTO messages (id, conversation, sort_at, sort_id, own, author, content, created_at, delivery)
                 VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8)",
            )
            .and_then(|mut insert| {
                insert.execute(params![
                    scattered(self.written),
                    conversation,
                    i64::MAX,
                    self.written,
                    serde_json::to_string(&Author::Customer).expect("JSON"),
                    serde_json::to_string(&Content::text(text)).expect("JSON"),
                    1_800_000_000_000_i64,
                    serde_json::to_string(&Delivery::Queued).expect("JSON"),
                ])
            })
            .expect("an insert");
    }

    /// The same where the client keeps it: a row of the outbox, which has no index.
    pub(crate) fn insert_entry(&mut self, conversation: &str, text: &str) {
        self.written += 1;
        self.connection
            .prepare_cached(
                "INSERT INTO outbox (seq, conversation, session, task, message, state, content, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )
            .and_then(|mut insert| {
                insert.execute(params![
                    self.written,
                    conversation,
                    scattered(0),
                    r#"{"task":"message"}"#,
                    scattered(self.written),
                    r#"{"state":"waiting","not_before":0}"#,
                    serde_json::to_string(&Content::text(text)).expect("JSON"),
                    1_800_000_000_000_i64,
                ])
            })
            .expect("an insert");
    }

    /// Makes the log longer than what is in it, by more than [`insert_unsent`](Self::insert_unsent) writes in a round.
    pub(crate) fn make_room(&self) {
        self.connection
            .execute_batch(
                "PRAGMA cache_size = 10; BEGIN IMMEDIATE;
                 INSERT INTO facts (key, value) VALUES ('', hex(zeroblob(250000)));
                 ROLLBACK; PRAGMA cache_size = -1024;",
            )
            .expect("room");
    }

    /// The rows of one page, in one transaction.
    pub(crate) fn insert_page(&mut self, conversation: &str, page: &[BareMessage]) {
        let transaction = self.connection.transaction().expect("a transaction");
        let mut insert = transaction
            .prepare_cached(
                "INSERT INTO messages (id, conversation, desk_id, sort_at, sort_id, own, author, content,
                    created_at, delivery) VALUES (?1, ?2, ?3, ?4, ?3, ?5, ?6, ?7, ?4, ?8)",
            )
            .expect("a statement");
        for message in page {
            let own = message.message_type == 0;
            self.written += 1;
            insert
                .execute(params![
                    scattered(self.written),
                    conversation,
                    message.id,
                    message.created_at * 1_000,
                    own,
                    author(message),
                    serde_json::to_string(&Content::text(message.content.as_deref().unwrap_or_default()))
                        .expect("JSON"),
                    own.then(|| serde_json::to_string(&Delivery::Sent).expect("JSON")),
                ])
                .expect("an insert");
        }
        drop(insert);
        transaction.commit().expect("a commit");
    }

    /// The newest 50 rows of a conversation, every column of them, as text; gives how many there were.
    pub(crate) fn newest_50(&self, conversation: &str) -> usize {
        let sql = format!(
            "SELECT {COLUMNS} FROM messages WHERE conversation = ?1 ORDER BY sort_at DESC, sort_id DESC LIMIT 50"
        );
        let mut statement = self.connection.prepare_cached(&sql).expect("a statement");
        let rows = statement.query_map([conversation], |row| {
            let texts = [0, 1, 3, 4, 5, 7].map(|column| row.get::<_, Option<String>>(column));
            let numbers = [2, 6, 8, 9].map(|column| row.get::<_, Option<i64>>(column));
            Ok((texts, numbers))
        });
        rows.expect("a query").map(|row| row.expect("a row")).collect::<Vec<_>>().len()
    }

    pub(crate) fn messages(&self, conversation: &str) -> i64 {
        let sql = "SELECT count(*) FROM messages WHERE conversation = ?1";
        self.connection.query_row(sql, [conversation], |row| row.get(0)).expect("a count")
    }
}

fn author(message: &BareMessage) -> String {
    match &message.sender {
        Some(sender) if message.message_type != 0 => serde_json::json!({
            "type": "agent",
            "agent": { "id": sender.id.to_string(), "name": sender.name, "avatar_url": sender.avatar_url },
        })
        .to_string(),
        _ => serde_json::to_string(&Author::Customer).expect("JSON"),
    }
}
