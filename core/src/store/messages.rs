//! Messages: reading windows of a timeline, and the changes that the customer makes.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{StoreError, Tx, schema::UNSENT};
use crate::{
    json, markdown,
    model::{
        Attachment, AttachmentId, Author, Content, ConversationId, Delivery, DeskMessageId, Message, MessageId,
        Timestamp,
    },
};

/// A place in a timeline's order: the desk's time and number; what is unsent comes last, in the order it was written.
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
    let attachments: Option<String> = row.get(5)?;
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
            attachments: match attachments {
                Some(json) => named(&id, json::from_str(&json)?),
                None => Vec::new(),
            },
            id,
            created_at: Timestamp::from_millis(row.get(6)?),
            delivery: delivery.map(|json| json::from_str(&json)).transpose()?,
            edited: row.get(8)?,
            deleted,
            in_reply_to: row.get::<_, Option<String>>(10)?.map(MessageId::new),
        },
    })
}

/// Those of before attachments had ids get theirs by their places, which do not change any more.
fn named(message: &MessageId, mut attachments: Vec<Attachment>) -> Vec<Attachment> {
    for (number, attachment) in (1..).zip(&mut attachments) {
        if attachment.id.is_unnamed() {
            attachment.id = AttachmentId::of(message, number);
        }
    }
    attachments
}

impl MessageRow {
    /// One message, wherever it is.
    pub(crate) fn find(connection: &Connection, id: &MessageId) -> Result<Option<Self>, StoreError> {
        let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM messages m WHERE id = ?1"))?;
        let mut rows = statement.query([id.as_str()])?;
        rows.next()?.map(read).transpose()
    }

    /// What stands from `from` on, in order.
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
            Ok(WindowRow { id: MessageId::new(row.get::<_, String>(0)?), rev: row.get(1)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The first place of the `count` messages that the desk has before `before`; `None` where there is none. What is
    /// unsent has no lasting place: it moves up once the desk has it, and must not be where a page begins.
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
                 ORDER BY sort_at DESC, sort_id DESC LIMIT ?4)
             ORDER BY sort_at, sort_id LIMIT 1",
        )?;
        Ok(statement
            .query_row(params![conversation.as_str(), before.at, before.id, count], |row| {
                Ok(Position { at: row.get(0)?, id: row.get(1)? })
            })
            .optional()?)
    }

    /// Writes a message of the customer's that the desk does not have; `seq` is its outbox number.
    pub(crate) fn insert_unsent(
        tx: &mut Tx<'_>,
        conversation: &ConversationId,
        id: &MessageId,
        seq: i64,
        content: &Content,
        delivery: &Delivery,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        tx.prepare_cached(
            "INSERT INTO messages (id, conversation, sort_at, sort_id, own, author, content, created_at, delivery)
             VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            id.as_str(),
            conversation.as_str(),
            UNSENT,
            seq,
            serde_json::to_string(&Author::Customer)?,
            serde_json::to_string(content)?,
            now.millis(),
            serde_json::to_string(delivery)?,
        ])?;
        let message = Message {
            id: id.clone(),
            conversation: conversation.clone(),
            author: Author::Customer,
            blocks: markdown::verbatim(content.as_text()),
            content: content.clone(),
            attachments: Vec::new(),
            created_at: now,
            delivery: Some(delivery.clone()),
            edited: false,
            deleted: false,
            in_reply_to: None,
        };
        tx.append(Self { message, desk_id: None, rev: 0 });
        Ok(())
    }

    /// Notes the files that go with a message of the customer's that is just written.
    pub(crate) fn set_attachments(tx: &Tx<'_>, id: &MessageId, files: &[Attachment]) -> Result<(), StoreError> {
        tx.prepare_cached("UPDATE messages SET attachments = ?2, rev = rev + 1 WHERE id = ?1")?
            .execute(params![id.as_str(), serde_json::to_string(files)?])?;
        Ok(())
    }

    /// Changes what a message says; for the customer's unsent ones, and for answers.
    pub(crate) fn set_content(tx: &Tx<'_>, id: &MessageId, content: &Content) -> Result<(), StoreError> {
        tx.prepare_cached("UPDATE messages SET content = ?2, rev = rev + 1 WHERE id = ?1")?
            .execute(params![id.as_str(), serde_json::to_string(content)?])?;
        Ok(())
    }

    /// Changes how far an own message that the desk does not have yet has come.
    pub(crate) fn set_delivery(tx: &Tx<'_>, id: &MessageId, delivery: &Delivery) -> Result<(), StoreError> {
        let delivery = serde_json::to_string(delivery)?;
        tx.prepare_cached(
            "UPDATE messages SET delivery = ?2, rev = rev + 1
             WHERE id = ?1 AND desk_id IS NULL AND delivery IS NOT ?2",
        )?
        .execute(params![id.as_str(), delivery])?;
        Ok(())
    }

    /// Removes an own message that the desk never got.
    pub(crate) fn discard(tx: &Tx<'_>, id: &MessageId) -> Result<(), StoreError> {
        tx.prepare_cached("DELETE FROM messages WHERE id = ?1 AND desk_id IS NULL AND own = 1")?
            .execute([id.as_str()])?;
        Ok(())
    }
}
