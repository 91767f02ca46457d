//! What each command does to the store: one transaction, all or nothing.

use crate::{
    SupportError,
    backend::Capabilities,
    model::{
        Answer, AnswerState, Attachment, Content, ConversationId, ConversationStatus, FieldValue, FormField, MessageId,
        Timestamp,
    },
    outbox::{self, Begun, Handover, Words},
    rules,
    store::{
        Channel, ConversationRow, EntryRow, EntryState, Fence, FileRow, MessageRow, NewEntry, NewMessage, StoreError,
        Task, Tx, incoming,
    },
};

/// The conversation that a command is about.
pub(crate) struct This {
    pub(crate) id: ConversationId,
    pub(crate) own_session: String,
    pub(crate) fresh: bool,
    pub(crate) handover: Handover,
    /// The desk takes what was seen.
    pub(crate) tells_seen: bool,
    /// Now, by the outbox's clock.
    pub(crate) outbox_now: Timestamp,
}

/// The values of a form in the order of its fields, or why they can't be taken.
pub(crate) fn checked_form(
    fields: &[FormField],
    values: Vec<FieldValue>,
    limits: &Capabilities,
) -> Result<Vec<FieldValue>, SupportError> {
    if values.iter().any(|value| !fields.iter().any(|field| field.name == value.name)) {
        return Err(SupportError::NotFound { what: "field" });
    }
    let mut checked = Vec::new();
    for field in fields {
        let value = values.iter().find(|value| value.name == field.name).map(|value| value.value.trim());
        let value = value.unwrap_or_default();
        if rules::is_blank(value) {
            if field.required {
                return Err(SupportError::input("form", format!("{:?} must be filled in", field.label)));
            }
            continue;
        }
        if rules::short_text("form", value, limits.max_message_chars).is_err() {
            let problem = format!("{:?} is too long for the desk, or holds a NUL character", field.label);
            return Err(SupportError::input("form", problem));
        }
        if !field.choices.is_empty() && !field.choices.iter().any(|choice| choice.value == value) {
            return Err(SupportError::input("form", format!("{:?} has no such choice", field.label)));
        }
        if let Some(problem) = rules::typed(&field.input, value) {
            return Err(SupportError::input("form", format!("{:?} {problem}", field.label)));
        }
        checked.push(FieldValue { name: field.name.clone(), value: value.to_owned() });
    }
    Ok(checked)
}

fn found(tx: &Tx<'_>, this: &This) -> Result<ConversationRow, StoreError> {
    Ok(ConversationRow::find(tx, &this.id)?.ok_or(SupportError::NotFound { what: "conversation" })?)
}

/// The conversation, written down now if it was only begun.
fn found_or_begun(tx: &mut Tx<'_>, this: &This, now: Timestamp) -> Result<ConversationRow, StoreError> {
    if this.fresh && ConversationRow::find(tx, &this.id)?.is_none() {
        ConversationRow::insert(tx, &this.id, &this.own_session, None, now)?;
    }
    found(tx, this)
}

/// The conversation, where the customer can write in it: what is not certainly in this app's channel of the desk is not
/// written to, for words that go there through another channel are seen by no agent.
fn writable(row: ConversationRow) -> Result<ConversationRow, StoreError> {
    if row.channel != Channel::Ours {
        let problem = "the conversation may be in another of the desk's channels; begin another conversation";
        return Err(SupportError::Conflict { problem }.into());
    }
    Ok(row)
}

/// Words alone. Where the outbox would begin with them at once, they begin with this transaction.
pub(crate) fn send(
    tx: &mut Tx<'_>,
    this: &This,
    message: &MessageId,
    text: String,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = writable(found_or_begun(tx, this, now)?)?;
    no_draft(tx, &row)?;
    answers(tx, this, &row)?;
    let content = Content::text(text.clone());
    let new = new(&row, message, &content, &[], now);
    let desk_id = match row.desk_id {
        Some(desk_id) if this.handover.is_ready() && EntryRow::lane_is_free(tx, &row.id)? => desk_id,
        _ => {
            let entry = queue(tx, &row, new)?;
            this.handover.wait(tx, entry);
            return Ok(());
        }
    };
    let fence = Fence { number: incoming::highest_message(tx, &row.id)?, at: this.outbox_now };
    let seq = EntryRow::insert_begun(tx, new, fence)?.seq;
    let words = Words { conversation: row.id, desk_id, message: message.clone(), text };
    this.handover.begin(tx, Begun { seq, session: row.session, words });
    Ok(())
}

/// A message for the outbox to begin with, whose worker is to be told of the entry that this gives.
fn queue(tx: &mut Tx<'_>, row: &ConversationRow, new: NewMessage<'_>) -> Result<EntryRow, StoreError> {
    if row.desk_id.is_none() && !EntryRow::opens(tx, &row.id)? {
        let open = NewEntry { conversation: Some(&row.id), session: &row.session, task: Task::Open, message: None };
        EntryRow::insert(tx, open)?;
    }
    EntryRow::insert_message(tx, new)
}

fn new<'a>(
    row: &'a ConversationRow,
    id: &'a MessageId,
    content: &'a Content,
    attachments: &'a [Attachment],
    at: Timestamp,
) -> NewMessage<'a> {
    NewMessage { conversation: &row.id, session: &row.session, id, content, attachments, at }
}

/// What is said is no draft any more.
fn no_draft(tx: &mut Tx<'_>, row: &ConversationRow) -> Result<(), StoreError> {
    if row.draft.is_some() {
        ConversationRow::set_draft(tx, &row.id, "")?;
    }
    Ok(())
}

/// As [`send`], with files that were brought in before: they begin when the outbox does.
pub(crate) fn send_files(
    tx: &mut Tx<'_>,
    this: &This,
    message: &MessageId,
    text: String,
    files: &[(Attachment, FileRow)],
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = writable(found_or_begun(tx, this, now)?)?;
    no_draft(tx, &row)?;
    answers(tx, this, &row)?;
    let attachments: Vec<Attachment> = files.iter().map(|(attachment, _)| attachment.clone()).collect();
    queue(tx, &row, new(&row, message, &Content::text(text), &attachments, now))?;
    tx.touch_outbox();
    for (_, row) in files {
        row.save(tx)?;
    }
    Ok(())
}

/// The entry of a message of this conversation that the desk does not have.
fn waiting(tx: &Tx<'_>, this: &This, message: &MessageId) -> Result<EntryRow, StoreError> {
    let row = MessageRow::find(tx, message)?.filter(|row| row.message.conversation == this.id);
    if row.is_none() {
        return Err(SupportError::NotFound { what: "message" }.into());
    }
    let entry = EntryRow::of_message(tx, message)?;
    Ok(entry.ok_or(SupportError::Conflict { problem: "the desk has it already" })?)
}

pub(crate) fn retry(tx: &mut Tx<'_>, this: &This, message: &MessageId) -> Result<(), StoreError> {
    let entry = waiting(tx, this, message)?;
    let EntryState::Attention { unclear, .. } = entry.state else { return Ok(()) };
    requeue(tx, &entry, unclear)
}

/// Puts an entry that needs attention back to work, and with it the opening of its conversation.
pub(crate) fn requeue(tx: &mut Tx<'_>, entry: &EntryRow, unclear: bool) -> Result<(), StoreError> {
    let begin = Timestamp::default();
    // One attempt stays counted where one may have arrived, so that a second copy is known for what it is.
    let (state, attempts) = if unclear {
        (EntryState::Unclear { since: begin, look_at: begin }, 1)
    } else {
        (EntryState::Waiting { not_before: begin }, 0)
    };
    EntryRow::set_state(tx, entry.seq, &state, attempts)?;
    if let Some(conversation) = &entry.conversation {
        for other in EntryRow::begun(tx, conversation)? {
            if let (Task::Open, EntryState::Attention { unclear, .. }) = (&other.task, &other.state)
                && other.seq != entry.seq
            {
                requeue(tx, &other, *unclear)?;
            }
        }
        tx.touch(conversation);
    }
    if let (Task::Answer { .. }, Some(message)) = (&entry.task, &entry.message) {
        outbox::set_answer_state(tx, message, crate::model::AnswerState::Queued)?;
    }
    tx.touch_outbox();
    Ok(())
}

pub(crate) fn edit(tx: &mut Tx<'_>, this: &This, message: &MessageId, text: String) -> Result<(), StoreError> {
    let entry = waiting(tx, this, message)?;
    match (&entry.task, &entry.state) {
        (Task::Message, EntryState::Waiting { .. }) => {}
        (Task::Message, EntryState::Attention { unclear: false, .. }) => requeue(tx, &entry, false)?,
        (Task::Message, _) => {
            return Err(SupportError::Conflict {
                problem: "it is on its way or may have arrived; retry it, or discard it and write anew",
            }
            .into());
        }
        _ => return Err(SupportError::NotFound { what: "message" }.into()),
    }
    EntryRow::set_content(tx, entry.seq, &Content::text(text))?;
    // One with files may be going out already, with the words that it had.
    tx.touch_outbox();
    tx.touch(&this.id);
    Ok(())
}

pub(crate) fn discard(tx: &mut Tx<'_>, this: &This, message: &MessageId) -> Result<(), StoreError> {
    let entry = waiting(tx, this, message)?;
    match (&entry.task, &entry.state) {
        (Task::Answer { .. }, _) => return discard_answer(tx, this, message),
        (Task::Message, EntryState::Waiting { .. } | EntryState::Attention { .. }) => {}
        (Task::Message, _) => return Err(SupportError::Conflict { problem: "it is on its way" }.into()),
        _ => return Err(SupportError::NotFound { what: "message" }.into()),
    }
    let attachments = MessageRow::of_entry(tx, entry.seq)?.map(|row| row.message.attachments).unwrap_or_default();
    FileRow::forget(tx, &attachments)?;
    EntryRow::remove(tx, entry.seq)?;
    let rest = EntryRow::of_conversation(tx, &this.id)?;
    if !rest.iter().any(|entry| entry.task == Task::Message) {
        // Nothing is left to say: the desk shall not see an empty conversation.
        for open in rest.iter().filter(|entry| entry.task == Task::Open && entry.attempts == 0) {
            EntryRow::remove(tx, open.seq)?;
        }
    }
    tx.touch_outbox();
    // In a file of an older version the conversation's own line may still be what it said.
    ConversationRow::refresh(tx, &this.id)
}

/// Takes an answer back that the desk does not have: what it had before stands again.
fn discard_answer(tx: &mut Tx<'_>, this: &This, message: &MessageId) -> Result<(), StoreError> {
    let mut answers = EntryRow::of_conversation(tx, &this.id)?;
    answers.retain(|entry| entry.message.as_ref() == Some(message) && matches!(entry.task, Task::Answer { .. }));
    let on_its_way = |entry: &EntryRow| matches!(entry.state, EntryState::InFlight | EntryState::Unclear { .. });
    if answers.iter().any(on_its_way) {
        return Err(SupportError::Conflict { problem: "it is on its way" }.into());
    }
    let mut before = None;
    for entry in answers {
        EntryRow::remove(tx, entry.seq)?;
        if let Task::Answer { before: of_this, .. } = entry.task {
            before = before.or(of_this);
        }
    }
    if let Some(row) = MessageRow::find(tx, message)? {
        let mut content = row.message.content;
        if let Some(slot) = content.answer_slot() {
            *slot = before.map(|before| *before);
        }
        MessageRow::set_content(tx, message, &content)?;
    }
    tx.touch_outbox();
    tx.touch(&this.id);
    Ok(())
}

pub(crate) fn answer(
    tx: &mut Tx<'_>,
    this: &This,
    message: &MessageId,
    check: impl FnOnce(&Content) -> Result<Answer, SupportError>,
) -> Result<(), StoreError> {
    let conversation = writable(found(tx, this)?)?;
    let row = MessageRow::find(tx, message)?.filter(|row| row.message.conversation == this.id);
    let mut content = row.ok_or(SupportError::NotFound { what: "message" })?.message.content;
    let answer = check(&content)?;
    let mut before = None;
    if let Some(slot) = content.answer_slot() {
        before = slot.replace(answer.clone()).filter(|before| before.state == AnswerState::Sent).map(Box::new);
    }
    MessageRow::set_content(tx, message, &content)?;
    match EntryRow::of_message(tx, message)? {
        // Answered anew before the first answer went out: the last one stands.
        Some(entry) if !matches!(entry.state, EntryState::InFlight) => {
            let mut tried = None;
            if let Task::Answer { answer: the_first, before: of_the_first, tried: before_it } = &entry.task {
                before.clone_from(of_the_first);
                let was_tried = entry.started_at != Timestamp::default();
                tried = if was_tried { Some(Box::new(the_first.clone())) } else { before_it.clone() };
            }
            EntryRow::set_task(tx, entry.seq, &Task::Answer { answer, before, tried })?;
            requeue(tx, &entry, false)?;
        }
        _ => {
            let task = Task::Answer { answer, before, tried: None };
            let entry =
                NewEntry { conversation: Some(&this.id), session: &conversation.session, task, message: Some(message) };
            EntryRow::insert(tx, entry)?;
        }
    }
    tx.touch(&this.id);
    Ok(())
}

pub(crate) fn set_draft(tx: &mut Tx<'_>, this: &This, text: &str, now: Timestamp) -> Result<(), StoreError> {
    if this.fresh && rules::is_blank(text) && ConversationRow::find(tx, &this.id)?.is_none() {
        return Ok(());
    }
    found_or_begun(tx, this, now)?;
    ConversationRow::set_draft(tx, &this.id, text)
}

/// How long the telling of what was seen waits for more to be seen: a burst of messages is one request.
const SEEN_WAITS: std::time::Duration = std::time::Duration::from_secs(1);

pub(crate) fn mark_seen(tx: &mut Tx<'_>, this: &This) -> Result<(), StoreError> {
    // A conversation that was only begun has nothing to see.
    let Some(row) = ConversationRow::find(tx, &this.id)? else {
        return if this.fresh { Ok(()) } else { Err(SupportError::NotFound { what: "conversation" }.into()) };
    };
    mark(tx, this, &row)
}

/// Whoever writes has seen what stands above it.
fn answers(tx: &mut Tx<'_>, this: &This, row: &ConversationRow) -> Result<(), StoreError> {
    if row.unread > 0 { mark(tx, this, row) } else { Ok(()) }
}

fn mark(tx: &mut Tx<'_>, this: &This, row: &ConversationRow) -> Result<(), StoreError> {
    let news = ConversationRow::mark_seen(tx, &row.id)?;
    let may_tell = row.channel == Channel::Ours && row.status != ConversationStatus::Gone;
    let tell = news && this.tells_seen && may_tell && row.desk_id.is_some();
    if tell && !EntryRow::waits(tx, Some(&row.id), &Task::Seen)? {
        let entry = NewEntry { conversation: Some(&row.id), session: &row.session, task: Task::Seen, message: None };
        let seq = EntryRow::insert(tx, entry)?;
        EntryRow::set_state(tx, seq, &EntryState::Waiting { not_before: this.outbox_now.plus(SEEN_WAITS) }, 0)?;
    }
    Ok(())
}

pub(crate) fn resolve(tx: &mut Tx<'_>, this: &This) -> Result<(), StoreError> {
    let row = writable(found(tx, this)?)?;
    if !EntryRow::waits(tx, Some(&this.id), &Task::Resolve)? {
        let entry =
            NewEntry { conversation: Some(&this.id), session: &row.session, task: Task::Resolve, message: None };
        EntryRow::insert(tx, entry)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_that_does_not_fit_the_type_of_its_field_is_refused() {
        let filled = |input: &str, value: &str| {
            let field = FormField {
                name: "f".into(),
                label: "Field".into(),
                input: input.into(),
                placeholder: None,
                default: None,
                required: false,
                choices: Vec::new(),
                pattern: Some("^never$".into()),
                pattern_error: None,
            };
            checked_form(&[field], vec![FieldValue { name: "f".into(), value: value.into() }], &Capabilities::default())
        };
        for (input, value) in [
            ("email", "mai@shop.example"),
            ("email", " mai@shop.example "),
            ("email", ""),
            ("number", "-12,5"),
            ("tel", "+84 (901) 234-567"),
            ("url", "https://shop.example/a b"),
            ("url", "www.shop.example"),
            ("text", "not-an-email"),
            ("novel", "anything"),
        ] {
            assert!(filled(input, value).is_ok(), "{input}: {value}");
        }
        for (input, value) in [
            ("email", "not-an-email"),
            ("email", "@shop.example"),
            ("email", "a@b@c"),
            ("email", "a b@c"),
            ("number", "twelve"),
            ("number", "-"),
            ("tel", "call me"),
            ("tel", "+"),
            ("url", "shop"),
            ("url", "javascript:alert(1)"),
        ] {
            let error = filled(input, value).unwrap_err();
            assert!(matches!(error, SupportError::InvalidInput { field: "form", .. }), "{input}: {value}: {error}");
            assert!(!error.to_string().contains(value), "an error holds no words of the customer's");
        }
    }
}
