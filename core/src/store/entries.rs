//! The outbox's rows: what is still to be told to the desk.

use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, params};

use super::{StoreError, Tx, unsent::NewMessage};
use crate::{
    json::{self, from_json},
    model::{
        Answer, ArticleId, AttentionReason, Content, ConversationId, Delivery, DeskConversationId, MessageId, Timestamp,
    },
};

/// What is to be done at the desk. Kept as JSON: a variant is never renamed once released.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "task")]
pub(crate) enum Task {
    /// Open the conversation.
    Open,
    /// Send the message.
    Message,
    /// Answer the message.
    Answer {
        /// With this.
        answer: Answer,
        /// What the desk had before: it stands again where this one is discarded.
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<Box<Answer>>,
        /// An earlier one from here in its place, which may have arrived.
        #[serde(skip_serializing_if = "Option::is_none")]
        tried: Option<Box<Answer>>,
    },
    /// Say that everything was seen.
    Seen,
    /// End the conversation.
    Resolve,
    /// Make the customer known, with all that the app has said of them.
    Profile,
    /// Say whether a help article helped.
    Vote {
        /// The help centre.
        portal: String,
        /// The article.
        article: ArticleId,
        /// Whether it helped.
        helpful: bool,
        /// Why.
        reason: Option<String>,
    },
}

from_json!(Task by "task" {
    "open" => Open {},
    "message" => Message {},
    "answer" => Answer { answer, before, tried },
    "seen" => Seen {},
    "resolve" => Resolve {},
    "profile" => Profile {},
    "vote" => Vote { portal, article, helpful, reason },
});

/// Where an entry stands. Kept as JSON; `state` comes first in it, for the list counts by that.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub(crate) enum EntryState {
    /// To be done, not before that moment.
    Waiting { not_before: Timestamp },
    /// An attempt has begun. Found at a start, it means that a process died: the desk may have acted.
    InFlight,
    /// The desk may have acted: look there, not before `look_at`. `since` is when the attempt ended.
    Unclear { since: Timestamp, look_at: Timestamp },
    /// The customer must decide. With `unclear`, the desk may have acted all the same.
    Attention { reason: AttentionReason, unclear: bool },
}

from_json!(EntryState by "state" {
    "waiting" => Waiting { not_before },
    "in_flight" => InFlight {},
    "unclear" => Unclear { since, look_at },
    "attention" => Attention { reason, unclear },
});

impl EntryState {
    /// What the customer sees of it on the message that the entry sends.
    pub(crate) fn delivery(&self) -> Delivery {
        match self {
            Self::Waiting { .. } => Delivery::Queued,
            Self::InFlight | Self::Unclear { .. } => Delivery::Sending,
            Self::Attention { reason, .. } => Delivery::NeedsAttention { reason: reason.clone() },
        }
    }
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntryRow {
    pub(crate) seq: i64,
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) session: String,
    pub(crate) task: Task,
    pub(crate) message: Option<MessageId>,
    pub(crate) state: EntryState,
    pub(crate) attempts: u32,
    pub(crate) fence: i64,
    pub(crate) started_at: Timestamp,
    /// How many files the message takes along.
    pub(crate) files: u32,
}

/// An entry to be written that sends no message.
pub(crate) struct NewEntry<'a> {
    pub(crate) conversation: Option<&'a ConversationId>,
    pub(crate) session: &'a str,
    pub(crate) task: Task,
    pub(crate) message: Option<&'a MessageId>,
}

/// What is kept of an attempt before it begins: a look after a crash needs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fence {
    /// The highest desk number known.
    pub(crate) number: i64,
    /// When it begins.
    pub(crate) at: Timestamp,
}

/// Numbers of entries that are set aside for this writer: noted in the file as given out, and so given out nowhere else
/// and never again, whatever becomes of them. Each entry's own number would otherwise be noted in a page of its own, one
/// more to write and to sync with every message.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Numbers {
    /// The next to be used.
    next: i64,
    /// The first that is not set aside.
    end: i64,
}

impl Numbers {
    /// How many are set aside at once. What is left of them when the file is closed is lost, of 2^63.
    const BLOCK: i64 = 64;

    fn next(self) -> Option<i64> {
        (self.next < self.end).then_some(self.next)
    }
}

const COLUMNS: &str = "seq, conversation, session, task, message, state, attempts, fence, started_at, files";

fn read(row: &Row<'_>) -> Result<EntryRow, StoreError> {
    Ok(EntryRow {
        seq: row.get(0)?,
        conversation: row.get::<_, Option<String>>(1)?.map(ConversationId::new),
        session: row.get(2)?,
        task: json::from_str(&row.get::<_, String>(3)?)?,
        message: row.get::<_, Option<String>>(4)?.map(MessageId::new),
        state: json::from_str(&row.get::<_, String>(5)?)?,
        attempts: row.get(6)?,
        fence: row.get::<_, Option<i64>>(7)?.unwrap_or(0),
        started_at: Timestamp::from_millis(row.get::<_, Option<i64>>(8)?.unwrap_or(0)),
        files: row.get(9)?,
    })
}

impl EntryRow {
    /// Adds one, to be done at once; gives its number.
    pub(crate) fn insert(tx: &mut Tx<'_>, entry: NewEntry<'_>) -> Result<i64, StoreError> {
        tx.touch_outbox();
        Ok(Self::add(tx, entry, EntryState::Waiting { not_before: Timestamp::default() }, None, None)?.seq)
    }

    /// Adds a message, to be sent when its turn comes. Does not have the outbox's worker read it: who is told of it by
    /// other means.
    pub(crate) fn insert_message(tx: &mut Tx<'_>, message: NewMessage<'_>) -> Result<Self, StoreError> {
        Self::say(tx, message, EntryState::Waiting { not_before: Timestamp::default() }, None)
    }

    /// Adds a message whose first attempt begins with this transaction. Does not have the worker read it either.
    pub(crate) fn insert_begun(tx: &mut Tx<'_>, message: NewMessage<'_>, fence: Fence) -> Result<Self, StoreError> {
        Self::say(tx, message, EntryState::InFlight, Some(fence))
    }

    fn say(
        tx: &mut Tx<'_>,
        message: NewMessage<'_>,
        state: EntryState,
        begun: Option<Fence>,
    ) -> Result<Self, StoreError> {
        let row = message.row(&state);
        let entry = NewEntry {
            conversation: Some(message.conversation),
            session: message.session,
            task: Task::Message,
            message: Some(message.id),
        };
        let added = Self::add(tx, entry, state, begun, Some(message))?;
        tx.append(row);
        Ok(added)
    }

    fn add(
        tx: &mut Tx<'_>,
        entry: NewEntry<'_>,
        state: EntryState,
        begun: Option<Fence>,
        says: Option<NewMessage<'_>>,
    ) -> Result<Self, StoreError> {
        let next = tx.numbers.next();
        let attachments = says.map(|message| message.attachments).filter(|attachments| !attachments.is_empty());
        let files = attachments.map_or(0, |attachments| u32::try_from(attachments.len()).unwrap_or(u32::MAX));
        // Another process's number may be above ours: then the table gives one above all that were ever given out.
        tx.prepare_cached(
            "INSERT INTO outbox (seq, conversation, session, task, message, state, attempts, fence, started_at, files,
                content, attachments, created_at)
             VALUES (iif(?9 > ifnull((SELECT max(seq) FROM outbox), 0), ?9, NULL), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?10,
                ?11, ?12, ?13)",
        )?
        .execute(params![
            entry.conversation.map(ConversationId::as_str),
            entry.session,
            serde_json::to_string(&entry.task)?,
            entry.message.map(MessageId::as_str),
            serde_json::to_string(&state)?,
            u32::from(begun.is_some()),
            begun.map(|fence| fence.number),
            begun.map(|fence| fence.at.millis()),
            next,
            files,
            says.map(|message| serde_json::to_string(message.content)).transpose()?,
            attachments.map(serde_json::to_string).transpose()?,
            says.map(|message| message.at.millis()),
        ])?;
        let seq = tx.last_insert_rowid();
        if next == Some(seq) {
            tx.numbers.next += 1;
        } else {
            let end = seq.saturating_add(Numbers::BLOCK);
            tx.prepare_cached("UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'outbox'")?.execute([end - 1])?;
            tx.numbers = Numbers { next: seq.saturating_add(1), end };
        }
        Ok(Self {
            seq,
            conversation: entry.conversation.cloned(),
            session: entry.session.to_owned(),
            task: entry.task,
            message: entry.message.cloned(),
            state,
            attempts: u32::from(begun.is_some()),
            fence: begun.map_or(0, |fence| fence.number),
            started_at: begun.map_or(Timestamp::default(), |fence| fence.at),
            files,
        })
    }

    /// All of them, in the order in which they were added.
    pub(crate) fn all(connection: &Connection) -> Result<Vec<Self>, StoreError> {
        Self::select(connection, "1 ORDER BY seq", &[])
    }

    /// One conversation's, in order.
    pub(crate) fn of_conversation(
        connection: &Connection,
        conversation: &ConversationId,
    ) -> Result<Vec<Self>, StoreError> {
        Self::select(connection, "conversation = ?1 ORDER BY seq", &[&conversation.as_str()])
    }

    /// One conversation's that the desk may have seen, in order. A long queue behind them is not read.
    pub(crate) fn begun(connection: &Connection, conversation: &ConversationId) -> Result<Vec<Self>, StoreError> {
        let begun = r#"conversation = ?1 AND state NOT LIKE '{"state":"waiting"%' ORDER BY seq"#;
        Self::select(connection, begun, &[&conversation.as_str()])
    }

    fn select(connection: &Connection, filter: &str, values: &[&dyn ToSql]) -> Result<Vec<Self>, StoreError> {
        let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE {filter}"))?;
        let mut rows = statement.query(values)?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(read(row)?);
        }
        Ok(entries)
    }

    /// Whether nothing is before a new message of the conversation. What was seen may be told beside it.
    pub(crate) fn lane_is_free(connection: &Connection, conversation: &ConversationId) -> Result<bool, StoreError> {
        let mut statement =
            connection.prepare_cached("SELECT 1 FROM outbox WHERE conversation = ?1 AND task <> ?2 LIMIT 1")?;
        let seen = serde_json::to_string(&Task::Seen)?;
        Ok(statement.query_row(params![conversation.as_str(), seen], |_| Ok(())).optional()?.is_none())
    }

    /// Whether the conversation is still to be opened at the desk.
    pub(crate) fn opens(connection: &Connection, conversation: &ConversationId) -> Result<bool, StoreError> {
        let mut statement =
            connection.prepare_cached("SELECT 1 FROM outbox WHERE conversation = ?1 AND task = ?2 LIMIT 1")?;
        let open = serde_json::to_string(&Task::Open)?;
        Ok(statement.query_row(params![conversation.as_str(), open], |_| Ok(())).optional()?.is_some())
    }

    /// Whether the desk may just be opening a conversation with this number: an attempt at opening one has begun whose
    /// end is not known, and the number lies beyond its fence.
    pub(crate) fn opening_beyond(connection: &Connection, number: DeskConversationId) -> Result<bool, StoreError> {
        let mut statement = connection.prepare_cached(
            r#"SELECT 1 FROM outbox WHERE task = ?1 AND ifnull(fence, 0) < ?2
                AND (state LIKE '{"state":"in_flight"%' OR state LIKE '{"state":"unclear"%') LIMIT 1"#,
        )?;
        let open = serde_json::to_string(&Task::Open)?;
        Ok(statement.query_row(params![open, number.get()], |_| Ok(())).optional()?.is_some())
    }

    /// By its number.
    pub(crate) fn find(connection: &Connection, seq: i64) -> Result<Option<Self>, StoreError> {
        Ok(Self::select(connection, "seq = ?1", &[&seq])?.pop())
    }

    /// What sends or answers this message.
    pub(crate) fn of_message(connection: &Connection, message: &MessageId) -> Result<Option<Self>, StoreError> {
        Ok(Self::select(connection, "message = ?1 ORDER BY seq DESC LIMIT 1", &[&message.as_str()])?.pop())
    }

    /// Notes where it stands; the message that it sends is shown so.
    pub(crate) fn set_state(tx: &mut Tx<'_>, seq: i64, state: &EntryState, attempts: u32) -> Result<(), StoreError> {
        tx.prepare_cached("UPDATE outbox SET state = ?2, attempts = ?3, rev = rev + 1 WHERE seq = ?1")?
            .execute(params![seq, serde_json::to_string(state)?, attempts])?;
        Ok(())
    }

    /// Notes that an attempt begins, before it does: with the fence that a look after a crash will need.
    pub(crate) fn begin(tx: &Tx<'_>, seq: i64, attempts: u32, fence: Fence) -> Result<(), StoreError> {
        tx.prepare_cached(
            "UPDATE outbox SET state = ?2, attempts = ?3, fence = ?4, started_at = ?5, rev = rev + 1 WHERE seq = ?1",
        )?
        .execute(params![
            seq,
            serde_json::to_string(&EntryState::InFlight)?,
            attempts,
            fence.number,
            fence.at.millis()
        ])?;
        Ok(())
    }

    /// Changes what the message says that it sends.
    pub(crate) fn set_content(tx: &Tx<'_>, seq: i64, content: &Content) -> Result<(), StoreError> {
        tx.prepare_cached("UPDATE outbox SET content = ?2, rev = rev + 1 WHERE seq = ?1 AND content IS NOT NULL")?
            .execute(params![seq, serde_json::to_string(content)?])?;
        Ok(())
    }

    /// Replaces what it tells the desk, which was never asked for that; for an answer given anew before the first was
    /// sent.
    pub(crate) fn set_task(tx: &mut Tx<'_>, seq: i64, task: &Task) -> Result<(), StoreError> {
        tx.prepare_cached("UPDATE outbox SET task = ?2, started_at = NULL WHERE seq = ?1")?
            .execute(params![seq, serde_json::to_string(task)?])?;
        tx.touch_outbox();
        Ok(())
    }

    /// It is done, or discarded by the customer, and with it the message that it sends. Does not wake the outbox's
    /// worker: where it is not the worker who removes it, [`Tx::touch_outbox`] does.
    pub(crate) fn remove(tx: &Tx<'_>, seq: i64) -> Result<(), StoreError> {
        tx.prepare_cached("DELETE FROM outbox WHERE seq = ?1")?.execute([seq])?;
        Ok(())
    }

    /// Whether a task of this kind already waits, so that another would say the same again.
    pub(crate) fn waits(
        connection: &Connection,
        conversation: Option<&ConversationId>,
        task: &Task,
    ) -> Result<bool, StoreError> {
        let mut statement = connection.prepare_cached(
            r#"SELECT 1 FROM outbox WHERE conversation IS ?1 AND task = ?2 AND state LIKE '{"state":"waiting"%' LIMIT 1"#,
        )?;
        let task = serde_json::to_string(task)?;
        let found =
            statement.query_row(params![conversation.map(ConversationId::as_str), task], |_| Ok(())).optional()?;
        Ok(found.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AnswerState;

    #[test]
    fn kept_forms_are_stable() {
        let states = [
            EntryState::Waiting { not_before: Timestamp::from_millis(5) },
            EntryState::InFlight,
            EntryState::Unclear { since: Timestamp::from_millis(1), look_at: Timestamp::from_millis(2) },
            EntryState::Attention { reason: AttentionReason::DeskFailing, unclear: true },
        ];
        let vote = Task::Vote { portal: "p".into(), article: ArticleId::new("7"), helpful: true, reason: None };
        let tasks = [Task::Open, Task::Message, Task::Seen, Task::Resolve, Task::Profile, vote];
        // And back. A word is changed in what writes and in what reads at once, or in neither.
        let written = (serde_json::to_string(&states).unwrap(), serde_json::to_string(&tasks).unwrap());
        assert_eq!(json::from_str::<Vec<EntryState>>(&written.0).unwrap(), states);
        assert_eq!(json::from_str::<Vec<Task>>(&written.1).unwrap(), tasks);
        let answer = Answer { values: Vec::new(), rating: None, state: AnswerState::Queued, given_at: None };
        let other = || Some(Box::new(answer.clone()));
        let answered = Task::Answer { answer: answer.clone(), before: other(), tried: other() };
        assert_eq!(json::from_str::<Task>(&serde_json::to_string(&answered).unwrap()).unwrap(), answered);
        let answer = Task::Answer { answer, before: None, tried: None };
        assert_eq!(json::from_str::<Task>(&serde_json::to_string(&answer).unwrap()).unwrap(), answer);
        insta::assert_snapshot!(written.0, @r#"[{"state":"waiting","not_before":5},{"state":"in_flight"},{"state":"unclear","since":1,"look_at":2},{"state":"attention","reason":{"type":"desk_failing"},"unclear":true}]"#);
        insta::assert_snapshot!(written.1, @r#"[{"task":"open"},{"task":"message"},{"task":"seen"},{"task":"resolve"},{"task":"profile"},{"task":"vote","portal":"p","article":"7","helpful":true,"reason":null}]"#);
    }
}
