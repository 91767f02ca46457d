//! What waits for the person in a conversation, and how Tab goes there.

use shopbell::{AnswerState, Message, MessageId};

use super::{Chat, Focus, Reply, Stage, asks, is_unsent};
use crate::app::answering::Answering;

impl Chat {
    /// The newest message that waits for the customer: one that could not be sent, or a question that nothing the
    /// customer said or answered since has left behind.
    pub(crate) fn waiting(&self) -> Option<&Message> {
        let mut left_behind = false;
        self.messages.iter().rev().find(|message| match &message.delivery {
            Some(_) if is_unsent(message) => true,
            Some(_) => {
                left_behind = true;
                false
            }
            None if !asks(message) || message.deleted => false,
            None => {
                let open = message.content.answer().is_none() && !left_behind;
                left_behind |= message.content.answer().is_some();
                open
            }
        })
    }

    /// Whether Tab leads anywhere.
    pub(crate) fn has_stops(&self) -> bool {
        self.messages.iter().any(is_stop)
    }

    /// To the newest stop; from one of them to the next older one; from the oldest back to the box.
    pub(super) fn next_stop(&mut self, stage: Stage<'_>) -> Reply {
        let stops: Vec<MessageId> =
            self.messages.iter().rev().filter(|message| is_stop(message)).map(|message| message.id.clone()).collect();
        if stops.is_empty() {
            self.write_on();
            return Reply::told("Nothing here waits for an answer");
        }
        let next = match self.selected().map(|message| message.id.clone()) {
            None => stops.first().cloned(),
            // A message between two stops, too.
            Some(here) => {
                let mut older = self.messages.iter().rev().skip_while(|message| message.id != here).skip(1);
                older.find(|message| is_stop(message)).map(|message| message.id.clone())
            }
        };
        self.write_on();
        let Some(message) = next.and_then(|next| self.messages.iter().find(|message| message.id == next)).cloned()
        else {
            self.scroll = 0;
            return Reply::default();
        };
        self.focus = match self.answering(&message) {
            Some(answering) => Focus::Answer(answering),
            None => Focus::Browse(message.id.clone()),
        };
        self.show_selected(stage);
        Reply::default()
    }
}

/// Whether Tab stops at a message: it could not be sent, it asks and was not answered, or it has buttons.
fn is_stop(message: &Message) -> bool {
    if is_unsent(message) {
        return true;
    }
    let answered = message.content.answer().is_some_and(|answer| {
        // An answer that was not taken waits for another.
        !matches!(answer.state, AnswerState::NeedsAttention { .. })
    });
    !message.deleted && !answered && Answering::of(message).is_some()
}
