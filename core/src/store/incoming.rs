//! What the desk says, written down: upserts by the desk's number, in any order, any number of times.
//!
//! Here is also where a message of the customer's own is recognised when it comes back, so that it is never shown
//! twice:
//! 1. its echo names the message on this phone: that one, for certain;
//! 2. no echo, but an attempt at sending the same words is in flight or unclear, and the number lies beyond that
//!    attempt's fence: that one;
//! 3. otherwise it was written on another phone.
//!
//! A second copy that carries the echo of a message which already has a number is a twin: noted, not shown.

mod files;

use rusqlite::{OptionalExtension as _, params};

use super::{
    ConversationRow, EntryRow, EntryState, FileRow, MessageRow, StoreError, SyncMark, Tx, join,
    order::{self, Kept, Take, delivery},
    schema::UNSENT,
    seen::Seen,
    unsent::{self, Settled},
};
use crate::{
    backend::{ConversationChange, DeskConversation, DeskMessage},
    model::{AnswerState, Attachment, Author, Content, ConversationId, DeskMessageId, MessageId, Timestamp},
};

/// What writing down did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Applied {
    /// How many messages were new here.
    pub(crate) new: usize,
    /// Conversations that the desk names and that are not known here.
    pub(crate) unknown: bool,
    /// Left alone for now: it may be the one that the outbox is just opening.
    pub(crate) deferred: bool,
}

/// Writes down messages of one conversation.
pub(crate) fn messages(
    tx: &mut Tx<'_>,
    conversation: &ConversationId,
    incoming: &[DeskMessage],
    new_id: &dyn Fn() -> String,
) -> Result<Applied, StoreError> {
    let mut pending = Pending::load(tx, conversation, incoming)?;
    let seen = Seen::load(tx, conversation)?;
    let mut applied = Applied::default();
    let (mut changed, mut deleted, mut unread) = (false, false, 0);
    for message in incoming {
        match one(tx, conversation, message, &mut pending, seen, new_id)? {
            Outcome::New => {
                applied.new += 1;
                changed = true;
                unread += u32::from(seen.is_some_and(|seen| seen.is_unread(message)));
            }
            Outcome::Changed => changed = true,
            Outcome::Deleted => (changed, deleted) = (true, true),
            Outcome::Same => {}
        }
    }
    let spoke = |message: &&DeskMessage| matches!(message.author, Author::Agent { agent: Some(_) });
    if let Some(last) = incoming.iter().filter(spoke).max_by_key(|message| (message.created_at, message.id))
        && let Author::Agent { agent: Some(agent) } = &last.author
    {
        ConversationRow::set_agent(tx, conversation, agent, Some(last.created_at))?;
    }
    if deleted {
        ConversationRow::recount_unread(tx, conversation)?;
    } else {
        ConversationRow::count_unread(tx, conversation, unread)?;
    }
    if changed {
        ConversationRow::refresh(tx, conversation)?;
    }
    Ok(applied)
}

/// Writes down a conversation and the messages that came with it. One without any message is not ours to show: it is
/// either empty at the desk, or the outbox is just opening it. One in which the customer said nothing may be that, too,
/// for a desk's automation speaks at once: while an opening is under way it is left to the outbox. With `whole`,
/// everything from the first to the last of these numbers is now here. Without `fresh` its status may be older than what is
/// known.
pub(crate) fn conversation(
    tx: &mut Tx<'_>,
    session: &str,
    incoming: &DeskConversation,
    fresh: bool,
    whole: Option<(DeskMessageId, DeskMessageId)>,
    new_id: &dyn Fn() -> String,
) -> Result<Applied, StoreError> {
    let known = ConversationRow::by_desk_id(tx, incoming.id)?;
    let fresh = fresh || known.is_none();
    let (id, mut mark) = match known {
        Some(row) => (row.id, row.sync),
        None => {
            let Some(first) = incoming.messages.first() else { return Ok(Applied::default()) };
            if may_be_opening(incoming) && EntryRow::opening_beyond(tx, incoming.id)? {
                return Ok(Applied { deferred: true, ..Applied::default() });
            }
            let id = ConversationId::new(new_id());
            ConversationRow::insert(tx, &id, session, Some(incoming.id), first.created_at)?;
            (id, Default::default())
        }
    };
    let applied = messages(tx, &id, &incoming.messages, new_id)?;
    ConversationRow::set_channel(tx, Some(&id), incoming.channel)?;
    if fresh {
        ConversationRow::set_status(tx, &id, incoming.status)?;
    }
    ConversationRow::raise_seen(tx, &id, incoming.customer_seen_at, incoming.agent_seen_at)?;
    if let Some((first, last)) = whole {
        mark.synced_to = mark.synced_to.max(Some(last));
        mark.history_from = Some(first);
        mark.complete = true;
        ConversationRow::set_sync(tx, &id, &mark)?;
    }
    Ok(applied)
}

/// Whether it may be a conversation that was opened here and in which nothing could be said yet.
pub(crate) fn may_be_opening(found: &DeskConversation) -> bool {
    !found.messages.iter().any(|message| message.author.is_customer())
}

/// How many of the messages that came with the answer to an opening are written down in the transaction that takes it:
/// a few pages. Older ones are read like any others, when somebody scrolls there.
const WITH_OPENING: usize = 60;

/// The desk's answer to opening `id`. A desk that keeps one conversation for each customer answers with the one that
/// there is: if it is known here, `id` is joined to it, else its newest messages come along, so that the fence of what
/// is sent next lies above them. Whether it was joined.
pub(crate) fn opened(
    tx: &mut Tx<'_>,
    id: &ConversationId,
    answer: &DeskConversation,
    new_id: &dyn Fn() -> String,
) -> Result<bool, StoreError> {
    let known = ConversationRow::by_desk_id(tx, answer.id)?.filter(|row| row.id != *id);
    let joined = known.is_some();
    let id = match known {
        Some(row) => {
            join(tx, id, &row.id)?;
            row.id
        }
        None => {
            ConversationRow::set_desk_id(tx, id, Some(answer.id))?;
            id.clone()
        }
    };
    let from = answer.messages.len().saturating_sub(WITH_OPENING);
    messages(tx, &id, answer.messages.get(from..).unwrap_or_default(), new_id)?;
    if !joined && answer.complete && from == 0 {
        // Whatever is said from now on is new, and none of it is left out by the first page that is read.
        let numbers = || answer.messages.iter().map(|message| message.id);
        let mark =
            SyncMark { synced_to: numbers().max(), history_from: numbers().min(), complete: true, validator: None };
        ConversationRow::set_sync(tx, &id, &mark)?;
    }
    ConversationRow::set_channel(tx, Some(&id), answer.channel)?;
    ConversationRow::set_status(tx, &id, answer.status)?;
    Ok(joined)
}

/// Writes down what changed about a conversation. An event that is older than one before it tells only who has looked.
pub(crate) fn change(tx: &mut Tx<'_>, change: &ConversationChange) -> Result<Applied, StoreError> {
    let Some(row) = ConversationRow::by_desk_id(tx, change.id)? else {
        ConversationRow::set_channel(tx, None, change.channel)?;
        return Ok(Applied { unknown: true, ..Applied::default() });
    };
    ConversationRow::set_channel(tx, Some(&row.id), change.channel)?;
    if ConversationRow::is_news(tx, &row.id, change.updated_at)? {
        if let Some(status) = change.status {
            ConversationRow::set_status(tx, &row.id, status)?;
        }
        if let Some(agent) = &change.agent {
            ConversationRow::set_agent(tx, &row.id, agent, change.updated_at)?;
        }
    }
    ConversationRow::raise_seen(tx, &row.id, change.customer_seen_at, change.agent_seen_at)?;
    Ok(Applied::default())
}

/// The desk's answer to the `attempts`-th sending: for certain this message.
///
/// Sync may have taken another copy for it by its words alone. After the first attempt that copy can only be another
/// phone's, and is given back its own place; after several it is an earlier attempt's twin.
pub(crate) fn sent(
    tx: &mut Tx<'_>,
    message: &MessageId,
    answer: &DeskMessage,
    attempts: u32,
    new_id: &dyn Fn() -> String,
) -> Result<(), StoreError> {
    let Some(row) = MessageRow::find(tx, message)? else { return Ok(()) };
    let conversation = &row.message.conversation.clone();
    let holder = holder(tx, conversation, answer.id)?;
    rebind(tx, &row, answer, holder)?;
    match row.desk_id {
        Some(taken) if taken != answer.id && attempts > 1 => twin(tx, conversation, taken, message)?,
        Some(taken) if taken != answer.id => {
            let copy = DeskMessage {
                id: taken,
                content: row.message.content,
                attachments: row.message.attachments,
                created_at: row.message.created_at,
                ..answer.clone()
            };
            insert(tx, conversation, &copy, false, new_id)?;
        }
        _ => {}
    }
    ConversationRow::refresh(tx, conversation)
}

/// This message of the phone's is what the desk has under the answer's number. Sync may have written that down as
/// another phone's before; what it has learnt of it since (that an agent has read or deleted it) stays.
fn rebind(
    tx: &mut Tx<'_>,
    row: &MessageRow,
    answer: &DeskMessage,
    holder: Option<MessageId>,
) -> Result<(), StoreError> {
    let own = &row.message;
    let Some(holder) = holder else { return bind(tx, &own.conversation, &own.id, answer) };
    let learnt = if holder == own.id {
        None
    } else {
        let learnt = MessageRow::find(tx, &holder)?.map(|learnt| learnt.message);
        let updated_at = updated_at(tx, &holder)?;
        // The copies that were fetched for it are not this message's, which has its own.
        FileRow::forget(tx, learnt.as_ref().map(|learnt| learnt.attachments.as_slice()).unwrap_or_default())?;
        tx.prepare_cached("DELETE FROM messages WHERE id = ?1")?.execute([holder.as_str()])?;
        bind(tx, &own.conversation, &own.id, answer)?;
        learnt.map(|learnt| (learnt, updated_at))
    };
    // What the answer says itself is older than anything that is known.
    let mut known = DeskMessage { content: own.content.clone(), is_creation: true, ..answer.clone() };
    if let Some((learnt, updated_at)) = learnt {
        known.receipt = known.receipt.max(order::told(learnt.delivery.as_ref()));
        known.updated_at = updated_at;
        if learnt.deleted {
            (known.deleted, known.content, known.attachments) = (true, learnt.content, Vec::new());
        }
    }
    update(tx, &own.id, &known).map(|_| ())
}

enum Outcome {
    New,
    Changed,
    /// Changed, and not to be counted any more.
    Deleted,
    Same,
}

/// Own messages on their way, read once a batch.
struct Pending {
    entries: Vec<(EntryRow, Content, Vec<Attachment>)>,
}

impl Pending {
    fn load(tx: &Tx<'_>, conversation: &ConversationId, incoming: &[DeskMessage]) -> Result<Self, StoreError> {
        let mut entries = Vec::new();
        if incoming.iter().any(|message| message.author.is_customer()) {
            for entry in EntryRow::begun(tx, conversation)? {
                let unclear = match entry.state {
                    EntryState::InFlight | EntryState::Unclear { .. } => true,
                    EntryState::Attention { unclear, .. } => unclear,
                    EntryState::Waiting { .. } => false,
                };
                if unclear && let Some(row) = MessageRow::of_entry(tx, entry.seq)? {
                    entries.push((entry, row.message.content, row.message.attachments));
                }
            }
        }
        Ok(Self { entries })
    }

    /// The attempt that this message is the trace of.
    fn take(&mut self, message: &DeskMessage) -> Option<MessageId> {
        let mine =
            |(entry, content, files): &(EntryRow, Content, Vec<Attachment>)| same(entry.fence, content, files, message);
        let at = self.entries.iter().position(mine)?;
        self.entries.remove(at).0.message
    }
}

/// Whether `found` at the desk is what was sent with `fence`: the customer's, beyond the fence, the same words and
/// files.
pub(crate) fn same(fence: i64, content: &Content, attachments: &[Attachment], found: &DeskMessage) -> bool {
    found.author.is_customer()
        && found.id.get() > fence
        && found.content.as_text() == content.as_text()
        && files::same(&found.attachments, attachments)
}

fn one(
    tx: &mut Tx<'_>,
    conversation: &ConversationId,
    message: &DeskMessage,
    pending: &mut Pending,
    seen: Option<Seen>,
    new_id: &dyn Fn() -> String,
) -> Result<Outcome, StoreError> {
    if let Some(holder) = holder(tx, conversation, message.id)? {
        if let Some(row) = unsent_of(tx, conversation, message)? {
            // An event of a later change came before the one that tells whose it is.
            pending.entries.retain(|(entry, ..)| entry.message.as_ref() != Some(&row.message.id));
            rebind(tx, &row, message, Some(holder))?;
            tx.touch_outbox();
            return Ok(Outcome::Changed);
        }
        return update(tx, &holder, message);
    }
    if message.author.is_customer() {
        let twin_of: Option<String> = tx
            .prepare_cached("SELECT message FROM twins WHERE conversation = ?1 AND desk_id = ?2")?
            .query_row(params![conversation.as_str(), message.id.get()], |row| row.get(0))
            .optional()?;
        if twin_of.is_some() {
            return Ok(Outcome::Same);
        }
        if let Some(echo) = &message.echo
            && let Some(row) = MessageRow::find(tx, &MessageId::new(echo.clone()))?
            && row.message.conversation == *conversation
        {
            pending.entries.retain(|(entry, ..)| entry.message.as_ref() != Some(&row.message.id));
            if row.desk_id.is_some() {
                twin(tx, conversation, message.id, &row.message.id)?;
                return Ok(Outcome::Same);
            }
            bind(tx, conversation, &row.message.id, message)?;
            if message.deleted {
                update(tx, &row.message.id, message)?;
            }
            tx.touch_outbox();
            return Ok(Outcome::Changed);
        }
        if message.echo.is_none()
            && let Some(id) = pending.take(message)
        {
            bind(tx, conversation, &id, message)?;
            tx.touch_outbox();
            return Ok(Outcome::Changed);
        }
    }
    let late = seen.is_some_and(|seen| seen.is_late(message.id));
    insert(tx, conversation, message, late, new_id)?;
    Ok(Outcome::New)
}

/// The message of this phone that the echo names, while the outbox still holds it.
fn unsent_of(
    tx: &Tx<'_>,
    conversation: &ConversationId,
    message: &DeskMessage,
) -> Result<Option<MessageRow>, StoreError> {
    let Some(echo) = message.echo.as_ref().filter(|_| message.author.is_customer()) else { return Ok(None) };
    let row = MessageRow::find(tx, &MessageId::new(echo.clone()))?;
    Ok(row.filter(|row| row.desk_id.is_none() && row.message.conversation == *conversation))
}

/// The time of the newest event of a message.
fn updated_at(tx: &Tx<'_>, id: &MessageId) -> Result<Option<Timestamp>, StoreError> {
    let kept: Option<i64> = tx
        .prepare_cached("SELECT updated_at FROM messages WHERE id = ?1")?
        .query_row([id.as_str()], |row| row.get(0))
        .optional()?;
    Ok(kept.filter(|millis| *millis > 0).map(Timestamp::from_millis))
}

fn holder(tx: &Tx<'_>, conversation: &ConversationId, number: DeskMessageId) -> Result<Option<MessageId>, StoreError> {
    Ok(tx
        .prepare_cached("SELECT id FROM messages WHERE conversation = ?1 AND desk_id = ?2")?
        .query_row(params![conversation.as_str(), number.get()], |row| row.get::<_, String>(0))
        .optional()?
        .map(MessageId::new))
}

fn twin(
    tx: &Tx<'_>,
    conversation: &ConversationId,
    number: DeskMessageId,
    message: &MessageId,
) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR IGNORE INTO twins (conversation, desk_id, message) VALUES (?1, ?2, ?3)")?
        .execute(params![conversation.as_str(), number.get(), message.as_str()])?;
    Ok(())
}

/// The desk has this message of the customer's, under this number; the outbox need not send it any more.
fn bind(
    tx: &mut Tx<'_>,
    conversation: &ConversationId,
    id: &MessageId,
    message: &DeskMessage,
) -> Result<(), StoreError> {
    let known = MessageRow::find(tx, id)?.map(|row| row.message.attachments).unwrap_or_default();
    FileRow::sent(tx, &known)?;
    let settled = Settled {
        desk_id: message.id,
        sort_at: sort_at(message),
        delivery: delivery(message.receipt),
        attachments: json(&files::aligned(id, &known, files::told(message)))?,
    };
    if !unsent::settle(tx, id, &settled)? {
        // It had another number, or none and no entry.
        tx.prepare_cached(
            "UPDATE messages SET desk_id = ?2, sort_at = ?3, sort_id = ?2, created_at = ?3, delivery = ?4,
                attachments = coalesce(?5, attachments), rev = rev + 1
             WHERE id = ?1",
        )?
        .execute(params![
            id.as_str(),
            settled.desk_id.get(),
            settled.sort_at,
            serde_json::to_string(&settled.delivery)?,
            settled.attachments
        ])?;
    }
    tx.touch(conversation);
    Ok(())
}

fn insert(
    tx: &mut Tx<'_>,
    conversation: &ConversationId,
    message: &DeskMessage,
    late: bool,
    new_id: &dyn Fn() -> String,
) -> Result<(), StoreError> {
    let own = message.author.is_customer();
    let id = MessageId::new(new_id());
    tx.prepare_cached(
        "INSERT INTO messages (id, conversation, desk_id, sort_at, sort_id, own, author, content, attachments,
            created_at, delivery, deleted, in_reply_to, updated_at, late)
         VALUES (?1, ?2, ?3, ?4, ?3, ?5, ?6, ?7, ?8, ?4, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute(params![
        id.as_str(),
        conversation.as_str(),
        message.id.get(),
        sort_at(message),
        own,
        serde_json::to_string(&message.author)?,
        serde_json::to_string(&message.content)?,
        json(&files::aligned(&id, &[], files::told(message)))?,
        own.then(|| serde_json::to_string(&delivery(message.receipt))).transpose()?,
        message.deleted,
        message.in_reply_to.map(DeskMessageId::get),
        message.updated_at.map_or(0, Timestamp::millis),
        late && !own
    ])?;
    tx.touch(conversation);
    Ok(())
}

/// A message that is here already: takes what is newer ([`order`]), keeps an answer that is still on its way.
fn update(tx: &mut Tx<'_>, id: &MessageId, message: &DeskMessage) -> Result<Outcome, StoreError> {
    let Some(row) = MessageRow::find(tx, id)? else { return Ok(Outcome::Same) };
    let old = row.message;
    let updated_at = if message.updated_at.is_some() { updated_at(tx, id)? } else { None };
    let take = order::take(Kept { updated_at, deleted: old.deleted }, message);
    let receipt = order::receipt(old.delivery.as_ref(), message.receipt);
    let (deleted, attachments, content) = match take {
        Take::All => {
            let mut content = message.content.clone();
            if let Some(slot) = content.answer_slot()
                && let Some(kept) = old.content.answer()
                && (kept.state != AnswerState::Sent || slot.is_none())
            {
                *slot = Some(kept.clone());
            }
            (message.deleted, files::aligned(id, &old.attachments, files::told(message)), content)
        }
        Take::Growth => (old.deleted, old.attachments.clone(), old.content.clone()),
    };
    let other_words = message.content.as_text() != old.content.as_text();
    let edited = !deleted && (old.edited || other_words);
    let known = |author: &Author| !matches!(author, Author::Agent { agent: None });
    let keeps_author = !known(&message.author) || (take == Take::Growth && known(&old.author));
    let author = if keeps_author { old.author.clone() } else { message.author.clone() };
    if let Some(at) = message.updated_at.filter(|at| updated_at < Some(*at)) {
        tx.prepare_cached("UPDATE messages SET updated_at = ?2 WHERE id = ?1")?
            .execute(params![id.as_str(), at.millis()])?;
    }
    if content == old.content
        && receipt == old.delivery
        && author == old.author
        && deleted == old.deleted
        && edited == old.edited
        && attachments == old.attachments
    {
        return Ok(Outcome::Same);
    }
    let gone: Vec<Attachment> =
        old.attachments.iter().filter(|file| !attachments.iter().any(|kept| kept.id == file.id)).cloned().collect();
    FileRow::forget(tx, &gone)?;
    tx.prepare_cached(
        "UPDATE messages SET author = ?2, content = ?3, attachments = ?4, delivery = ?5, edited = ?6, deleted = ?7,
            rev = rev + 1 WHERE id = ?1",
    )?
    .execute(params![
        id.as_str(),
        serde_json::to_string(&author)?,
        serde_json::to_string(&content)?,
        json(&attachments)?,
        receipt.map(|receipt| serde_json::to_string(&receipt)).transpose()?,
        edited,
        deleted
    ])?;
    tx.touch(&old.conversation);
    Ok(if deleted && !old.deleted { Outcome::Deleted } else { Outcome::Changed })
}

/// Where the desk's time puts a message: before all that is unsent, however absurd that time is.
fn sort_at(message: &DeskMessage) -> i64 {
    message.created_at.millis().min(UNSENT - 1)
}

fn json(attachments: &[Attachment]) -> Result<Option<String>, StoreError> {
    Ok(if attachments.is_empty() { None } else { Some(serde_json::to_string(attachments)?) })
}

/// The highest desk number known in a conversation: the fence of sending a message there.
pub(crate) fn highest_message(tx: &Tx<'_>, conversation: &ConversationId) -> Result<i64, StoreError> {
    Ok(tx
        .prepare_cached(
            "SELECT max(coalesce((SELECT max(desk_id) FROM messages WHERE conversation = ?1), 0),
                        coalesce((SELECT max(desk_id) FROM twins WHERE conversation = ?1), 0))",
        )?
        .query_row([conversation.as_str()], |row| row.get(0))?)
}
