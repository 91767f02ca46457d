//! Messages: reading windows of a timeline. Those that the desk has are here; the others are in the outbox, by
//! [`unsent`].

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{StoreError, SyncMark, Tx, schema::UNSENT, unsent};
use crate::{
    json, markdown,
    model::{Attachment, AttachmentId, Author, Content, ConversationId, DeskMessageId, Message, MessageId, Timestamp},
};

/// A place in a timeline's order: the desk's time and number. What is unsent comes behind all of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) at: i64,
    pub(crate) id: i64,
}

impl Position {
    /// Before everything.
    pub(crate) const FIRST: Self = Self { at: i64::MIN, id: i64::MIN };
}

/// A row of a window: enough to see whether the message has changed, without reading it.
#[derive(Clone, Debug)]
pub(crate) struct WindowRow {
    pub(crate) id: MessageId,
    pub(crate) rev: i64,
    /// The number of the outbox's entry that holds it; `None` once the desk has it.
    pub(super) entry: Option<i64>,
}

impl WindowRow {
    /// Whether the desk does not have it.
    pub(crate) fn is_unsent(&self) -> bool {
        self.entry.is_some()
    }
}

/// A message as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MessageRow {
    pub(crate) message: Message,
    pub(crate) desk_id: Option<DeskMessageId>,
    /// Raised by every change of the row.
    pub(crate) rev: i64,
}

const COLUMNS: &str = "id, conversation, desk_id, author, content, attachments, created_at, delivery, edited, deleted,
    (SELECT r.id FROM messages r WHERE r.conversation = m.conversation AND r.desk_id = m.in_reply_to), rev";

fn read(row: &Row<'_>) -> Result<MessageRow, StoreError> {
    let author: Author = json::from_str(row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?)?;
    let content: Content = json::from_str(row.get_ref(4)?.as_str().map_err(rusqlite::Error::from)?)?;
    let delivery: Option<String> = row.get(7)?;
    let deleted: bool = row.get(9)?;
    let blocks =
        if author.is_customer() { markdown::verbatim(content.as_text()) } else { markdown::parse(content.as_text()) };
    let id = MessageId::new(row.get::<_, String>(0)?);
    Ok(MessageRow {
        desk_id: row.get::<_, Option<i64>>(2)?.and_then(DeskMessageId::new),
        rev: row.get(11)?,
        message: Message {
            conversation: ConversationId::new(row.get::<_, String>(1)?),
            author,
            blocks,
            content,
            attachments: attachments(&id, row.get(5)?)?,
            id,
            created_at: Timestamp::from_millis(row.get(6)?),
            delivery: delivery.map(|json| json::from_str(&json)).transpose()?,
            edited: row.get(8)?,
            deleted,
            in_reply_to: row.get::<_, Option<String>>(10)?.map(MessageId::new),
        },
    })
}

/// What a column of attachments holds. Those of before attachments had ids get theirs by their places, which do not
/// change any more.
pub(super) fn attachments(message: &MessageId, kept: Option<String>) -> Result<Vec<Attachment>, StoreError> {
    let Some(json) = kept else { return Ok(Vec::new()) };
    let mut attachments: Vec<Attachment> = json::from_str(&json)?;
    for (number, attachment) in (1..).zip(&mut attachments) {
        if attachment.id.is_unnamed() {
            attachment.id = AttachmentId::of(message, number);
        }
    }
    Ok(attachments)
}

impl MessageRow {
    /// One message, wherever it is.
    pub(crate) fn find(connection: &Connection, id: &MessageId) -> Result<Option<Self>, StoreError> {
        let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM messages m WHERE id = ?1"))?;
        let mut rows = statement.query([id.as_str()])?;
        match rows.next()? {
            Some(row) => read(row).map(Some),
            None => unsent::find(connection, id),
        }
    }

    /// An attachment, with the conversation that it is in.
    pub(crate) fn attachment(
        connection: &Connection,
        id: &AttachmentId,
    ) -> Result<Option<(ConversationId, Attachment)>, StoreError> {
        let Some(message) = id.message() else { return Ok(None) };
        let Some(Message { conversation, attachments, .. }) = Self::find(connection, &message)?.map(|row| row.message)
        else {
            return Ok(None);
        };
        Ok(attachments.into_iter().find(|file| file.id == *id).map(|file| (conversation, file)))
    }

    /// One that was seen in a window.
    pub(crate) fn of_window(connection: &Connection, row: &WindowRow) -> Result<Option<Self>, StoreError> {
        match row.entry {
            Some(seq) => Self::of_entry(connection, seq),
            None => Self::find(connection, &row.id),
        }
    }

    /// What the outbox's entry of this number sends, if that is a message.
    pub(crate) fn of_entry(connection: &Connection, seq: i64) -> Result<Option<Self>, StoreError> {
        unsent::of_entry(connection, seq)
    }

    /// What stands from `from` on, in order, to the last of what is unsent.
    pub(crate) fn window(
        connection: &Connection,
        conversation: &ConversationId,
        from: Position,
    ) -> Result<Vec<WindowRow>, StoreError> {
        let mut statement = connection.prepare_cached(
            "SELECT id, rev FROM messages
             WHERE conversation = ?1 AND (sort_at, sort_id) >= (?2, ?3) ORDER BY sort_at, sort_id",
        )?;
        let rows = statement.query_map(params![conversation.as_str(), from.at, from.id], |row| {
            Ok(WindowRow { id: MessageId::new(row.get::<_, String>(0)?), rev: row.get(1)?, entry: None })
        })?;
        let mut window: Vec<_> = rows.collect::<Result<_, _>>()?;
        window.append(&mut unsent::window(connection, conversation)?);
        Ok(window)
    }

    /// The first place of the `count` messages that the desk has before `before`; `None` where there is none. What is
    /// unsent has no lasting place: it moves up once the desk has it, and must not be where a page begins. Messages
    /// before a gap in the history are not counted: the page that reaches over it comes from the desk.
    pub(crate) fn page_start(
        connection: &Connection,
        conversation: &ConversationId,
        before: Option<Position>,
        count: u32,
    ) -> Result<Option<Position>, StoreError> {
        let before = before.unwrap_or(Position { at: UNSENT, id: i64::MIN });
        let mut statement = connection.prepare_cached(
            "SELECT sort_at, sort_id FROM
                (SELECT sort_at, sort_id FROM messages WHERE conversation = ?1 AND (sort_at, sort_id) < (?2, ?3)
                    AND +desk_id >= (SELECT iif(history_complete, 0, history_from) FROM conversations WHERE id = ?1)
                 ORDER BY sort_at DESC, sort_id DESC LIMIT ?4)
             ORDER BY sort_at, sort_id LIMIT 1",
        )?;
        Ok(statement
            .query_row(params![conversation.as_str(), before.at, before.id, count], |row| {
                Ok(Position { at: row.get(0)?, id: row.get(1)? })
            })
            .optional()?)
    }

    /// The place of the first message of the history that is here without a gap; `None` where nothing lies before it.
    pub(crate) fn run_start(
        connection: &Connection,
        conversation: &ConversationId,
        mark: &SyncMark,
    ) -> Result<Option<Position>, StoreError> {
        let Some(from) = mark.history_from.filter(|_| !mark.complete) else { return Ok(None) };
        let mut statement = connection.prepare_cached(
            "SELECT sort_at, sort_id FROM messages WHERE conversation = ?1 AND +desk_id >= ?2
             ORDER BY sort_at, sort_id LIMIT 1",
        )?;
        Ok(statement
            .query_row(params![conversation.as_str(), from.get()], |row| {
                Ok(Position { at: row.get(0)?, id: row.get(1)? })
            })
            .optional()?)
    }

    /// Changes what a message of the desk's says, for the customer's answer to it stands in it.
    pub(crate) fn set_content(tx: &Tx<'_>, id: &MessageId, content: &Content) -> Result<(), StoreError> {
        tx.prepare_cached("UPDATE messages SET content = ?2, rev = rev + 1 WHERE id = ?1")?
            .execute(params![id.as_str(), serde_json::to_string(content)?])?;
        Ok(())
    }
}
