//! Telling the desk what the customer has answered, unless another phone has answered since.
//!
//! A desk keeps the last answer that it is given, and an answer may wait here for days. So the desk is looked at first:
//! an answer there that this phone has never known of was given elsewhere in the meantime, and stands. Of a choice or a
//! score nothing is lost by that, and the other is shown. Words that the customer typed stay here and need attention:
//! they can be sent all the same, or discarded.

use super::tasks::{Job, Tools, set_answer_state};
use crate::{
    backend::{BackendError, Fault, Fetched, Session},
    model::{Answer, AnswerState, Content, DeskConversationId, DeskMessageId, MessageId},
    store::{EntryRow, MessageRow, StoreError, Task, Tx},
};

impl Tools {
    pub(super) async fn answer(&self, job: &Job, session: &Session, answer: &Answer) -> Result<(), BackendError> {
        let (Some(conversation), Some(row)) = (&job.conversation, &job.message) else { return Ok(()) };
        let (Some(desk_id), Some(number)) = (conversation.desk_id, row.desk_id) else {
            return Err(BackendError::refused(Fault::MessageGone, "the question is not at the desk"));
        };
        let (seq, message) = (job.entry.seq, row.message.id.clone());
        let there = self.answer_there(session, desk_id, number).await?;
        if let Some(there) = &there {
            let (there, of, typed) = (there.clone(), message.clone(), is_typed(answer, &row.message.content));
            if self.write(move |tx| gives_way(tx, seq, &of, there, typed)).await? {
                let reason = "It was answered on another device meanwhile.".to_owned();
                let refused = BackendError::refused(Fault::Refused { reason }, "answered elsewhere");
                return if typed { Err(refused) } else { Ok(()) };
            }
        }
        if !there.is_some_and(|there| same(&there, answer)) {
            self.backend.answer(session, desk_id, number, answer).await?;
        }
        self.write(move |tx| arrived(tx, seq, &message)).await
    }

    /// What the desk has as the answer now.
    async fn answer_there(
        &self,
        session: &Session,
        conversation: DeskConversationId,
        question: DeskMessageId,
    ) -> Result<Option<Answer>, BackendError> {
        let after = DeskMessageId::new(question.get().saturating_add(1));
        let page = match self.backend.messages(session, conversation, after, None).await? {
            Fetched::New { value, .. } => value.messages,
            Fetched::Unchanged => Vec::new(),
        };
        let question = page.into_iter().find(|message| message.id == question);
        Ok(question.and_then(|mut question| question.content.answer_slot()?.take()))
    }
}

/// The desk has it.
fn arrived(tx: &mut Tx<'_>, seq: i64, message: &MessageId) -> Result<(), StoreError> {
    let entry = EntryRow::find(tx, seq)?;
    EntryRow::remove(tx, seq)?;
    let Some(newer) = EntryRow::of_message(tx, message)? else {
        return set_answer_state(tx, message, AnswerState::Sent);
    };
    // Answered anew while this one was under way: what is shown is the newer one, and that is still to go.
    if let (Some(Task::Answer { answer: arrived, .. }), Task::Answer { answer, tried, .. }) =
        (entry.map(|entry| entry.task), newer.task)
    {
        let before = Some(Box::new(Answer { state: AnswerState::Sent, ..arrived }));
        EntryRow::set_task(tx, newer.seq, &Task::Answer { answer, before, tried })?;
    }
    Ok(())
}

/// Gives way to an answer from elsewhere, and says whether it was one. One that was `typed` stays, and may replace the
/// other when the customer wants it.
fn gives_way(tx: &mut Tx<'_>, seq: i64, message: &MessageId, there: Answer, typed: bool) -> Result<bool, StoreError> {
    let (mut entry, mut others) = (None, false);
    let Some(mut row) = MessageRow::find(tx, message)? else { return Ok(false) };
    for other in EntryRow::of_conversation(tx, &row.message.conversation)? {
        let Task::Answer { answer, before, tried } = &other.task else { continue };
        if other.message.as_ref() != Some(message) {
            continue;
        }
        // Known before it was answered here, or this phone's own.
        if [Some(answer), before.as_deref(), tried.as_deref()].into_iter().flatten().any(|known| same(known, &there)) {
            return Ok(false);
        }
        if other.seq == seq {
            entry = Some(other);
        } else {
            others = true;
        }
    }
    let Some(EntryRow { task: Task::Answer { answer, tried, .. }, .. }) = entry else { return Ok(false) };
    let there = Answer { state: AnswerState::Sent, ..there };
    if typed {
        EntryRow::set_task(tx, seq, &Task::Answer { answer, before: Some(Box::new(there)), tried })?;
        return Ok(true);
    }
    EntryRow::remove(tx, seq)?;
    if let (false, Some(slot)) = (others, row.message.content.answer_slot()) {
        *slot = Some(there);
        MessageRow::set_content(tx, message, &row.message.content)?;
        tx.touch(&row.message.conversation);
    }
    Ok(true)
}

/// Whether they say the same; desks may give the values in another order.
fn same(one: &Answer, other: &Answer) -> bool {
    let says = |value: &str| other.values.iter().any(|other| other.value == value);
    one.rating == other.rating
        && one.values.len() == other.values.len()
        && one.values.iter().all(|value| says(&value.value))
}

/// Whether the customer has typed any of it.
fn is_typed(answer: &Answer, question: &Content) -> bool {
    match question {
        Content::Form { fields, .. } => answer
            .values
            .iter()
            .any(|value| fields.iter().any(|field| field.name == value.name && field.choices.is_empty())),
        _ => answer.rating.as_ref().is_some_and(|rating| !rating.feedback.is_empty()),
    }
}
