//! Messages that the desk does not have. Each is kept whole in its entry of the outbox, and moves to the messages that
//! the desk has once it has it.
//!
//! One row says what is to be sent, how far that has come and what the timeline shows of it: none of the three is ever
//! there without the others. And sending writes and syncs that row's one page, where the messages' table and its
//! indexes would be three more: what a customer waits for, and what wears a phone's disk.

use rusqlite::{Connection, Row, ToSql, params};

use super::{
    EntryState, MessageRow, StoreError, Tx,
    messages::{WindowRow, attachments},
};
use crate::{
    json, markdown,
    model::{
        Attachment, Author, Content, ConversationId, Delivery, DeskMessageId, Message, MessageId, Timestamp, Transfer,
    },
};

/// A message to be sent.
#[derive(Clone, Copy)]
pub(crate) struct NewMessage<'a> {
    pub(crate) conversation: &'a ConversationId,
    /// The standing that it is sent under.
    pub(crate) session: &'a str,
    pub(crate) id: &'a MessageId,
    pub(crate) content: &'a Content,
    pub(crate) attachments: &'a [Attachment],
    /// When it was written.
    pub(crate) at: Timestamp,
}

impl NewMessage<'_> {
    /// What a reader finds of it now.
    pub(super) fn row(&self, state: &EntryState) -> MessageRow {
        let (id, conversation) = (self.id.clone(), self.conversation.clone());
        let mut attachments = self.attachments.to_vec();
        // How far a file has come is not kept.
        attachments.iter_mut().for_each(|file| file.transfer = Transfer::default());
        row(id, conversation, self.content.clone(), attachments, self.at, state, 0)
    }
}

/// Where a message stands at the desk.
pub(super) struct Settled {
    pub(super) desk_id: DeskMessageId,
    pub(super) sort_at: i64,
    pub(super) delivery: Delivery,
    /// As the desk has them, as JSON; `None` where it says nothing of any.
    pub(super) attachments: Option<String>,
}

/// A row for each conversation that has anything in the outbox, with the newest of its messages: `content`,
/// `attachments` and `created_at` are of the row that has the highest number, as SQLite promises where there is one max().
pub(super) const LINES: &str = r#"SELECT conversation, content, attachments, created_at,
        max(iif(content IS NULL, NULL, seq)) AS newest,
        sum(state NOT LIKE '{"state":"attention"%') AS waiting, sum(state LIKE '{"state":"attention"%') AS attention
    FROM outbox WHERE message IS NOT NULL GROUP BY conversation"#;

const COLUMNS: &str = "message, conversation, content, attachments, created_at, state, rev";

fn read(found: &Row<'_>) -> Result<MessageRow, StoreError> {
    let id = MessageId::new(found.get::<_, String>(0)?);
    let content: Content = json::from_str(found.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?)?;
    let files = attachments(&id, found.get(3)?)?;
    let state: EntryState = json::from_str(found.get_ref(5)?.as_str().map_err(rusqlite::Error::from)?)?;
    let conversation = ConversationId::new(found.get::<_, String>(1)?);
    Ok(row(id, conversation, content, files, Timestamp::from_millis(found.get(4)?), &state, found.get(6)?))
}

fn row(
    id: MessageId,
    conversation: ConversationId,
    content: Content,
    attachments: Vec<Attachment>,
    created_at: Timestamp,
    state: &EntryState,
    rev: i64,
) -> MessageRow {
    MessageRow {
        desk_id: None,
        rev,
        message: Message {
            id,
            conversation,
            author: Author::Customer,
            blocks: markdown::verbatim(content.as_text()),
            content,
            attachments,
            created_at,
            delivery: Some(state.delivery()),
            edited: false,
            deleted: false,
            in_reply_to: None,
        },
    }
}

/// By its id. Reads the outbox, which is a handful of rows: [`of_entry`] where its number is at hand.
pub(super) fn find(connection: &Connection, id: &MessageId) -> Result<Option<MessageRow>, StoreError> {
    one(connection, "message", &id.as_str())
}

/// What the entry of this number sends, if that is a message.
pub(super) fn of_entry(connection: &Connection, seq: i64) -> Result<Option<MessageRow>, StoreError> {
    one(connection, "seq", &seq)
}

fn one(connection: &Connection, column: &str, value: &dyn ToSql) -> Result<Option<MessageRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM outbox WHERE {column} = ?1 AND content IS NOT NULL LIMIT 1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([value])?;
    rows.next()?.map(read).transpose()
}

/// One conversation's, in the order of pressing send: the end of its timeline.
pub(super) fn window(connection: &Connection, conversation: &ConversationId) -> Result<Vec<WindowRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT message, rev, seq FROM outbox WHERE conversation = ?1 AND content IS NOT NULL ORDER BY seq",
    )?;
    let rows = statement.query_map([conversation.as_str()], |row| {
        Ok(WindowRow { id: MessageId::new(row.get::<_, String>(0)?), rev: row.get(1)?, entry: Some(row.get(2)?) })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The desk has it: it is a message like any other, and the outbox need not send it any more. `false` where the outbox
/// does not hold it.
pub(super) fn settle(tx: &Tx<'_>, id: &MessageId, settled: &Settled) -> Result<bool, StoreError> {
    let moved = tx
        .prepare_cached(
            "INSERT INTO messages (id, conversation, desk_id, sort_at, sort_id, rev, own, author, content, attachments,
                created_at, delivery)
             SELECT message, conversation, ?2, ?3, ?2, rev + 1, 1, ?4, content, coalesce(?5, attachments), ?3, ?6
             FROM outbox WHERE message = ?1 AND content IS NOT NULL",
        )?
        .execute(params![
            id.as_str(),
            settled.desk_id.get(),
            settled.sort_at,
            serde_json::to_string(&Author::Customer)?,
            settled.attachments,
            serde_json::to_string(&settled.delivery)?
        ])?;
    tx.prepare_cached("DELETE FROM outbox WHERE message = ?1 AND content IS NOT NULL")?.execute([id.as_str()])?;
    Ok(moved > 0)
}
