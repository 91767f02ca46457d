//! What a timeline shows: rows of the store go in, steps for a list view come out. Pure.
//!
//! A message that has not changed is neither read, copied nor compared again: it is shared with what was shown before,
//! so that one new message in a window of a thousand costs little more than in a window of ten.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{Diff, diff};
use crate::{
    model::{Delivery, Message, MessageId, Timestamp},
    store::MessageRow,
};

/// The revisions of the rows that are shown, for a question that leaves those out.
pub(super) type Known = Arc<HashMap<MessageId, i64>>;

/// What the store says of a window.
pub(super) enum Read {
    /// All of it.
    Whole {
        /// Every message, in order.
        order: Vec<MessageId>,
        /// The rows that were not known in this revision.
        changed: Vec<MessageRow>,
        /// Up to when agents have seen what the customer wrote.
        agent_seen_at: Timestamp,
    },
    /// What is new at its end, and nothing else has changed. What the customer has just written, which nobody has seen.
    Appended(Vec<MessageRow>),
}

impl Read {
    /// Of a conversation in which nothing was said yet.
    pub(super) fn nothing() -> Self {
        Self::Whole { order: Vec::new(), changed: Vec::new(), agent_seen_at: Timestamp::default() }
    }
}

/// The messages of a window.
#[derive(Default)]
pub(super) struct Shown {
    known: Known,
    kept: HashMap<MessageId, Kept>,
    /// What was given out last; `None` before the first time.
    last: Option<Vec<Arc<Message>>>,
}

struct Kept {
    /// As the row says it; the message may say more (that it was read, or how far its files are).
    delivery: Option<Delivery>,
    message: Arc<Message>,
}

impl Shown {
    /// What need not be read again.
    pub(super) fn known(&self) -> Known {
        Arc::clone(&self.known)
    }

    /// Takes in what was read; gives the steps from what was shown to what is. `transfers` puts into a message how far
    /// its files are.
    pub(super) fn update(&mut self, read: Read, transfers: impl Fn(&mut Message)) -> Vec<Diff<Message>> {
        let (order, changed, agent_seen_at) = match read {
            Read::Whole { order, changed, agent_seen_at } => (order, changed, agent_seen_at),
            Read::Appended(rows) => return self.append(rows, transfers),
        };
        if !changed.is_empty() || self.kept.len() > order.len() {
            // The question that had it is answered: nobody shares it, and nothing is copied.
            let known = Arc::make_mut(&mut self.known);
            for row in changed {
                known.insert(row.message.id.clone(), row.rev);
                self.kept.insert(row.message.id.clone(), Kept::new(row));
            }
            if self.kept.len() > order.len() {
                let there: HashSet<&MessageId> = order.iter().collect();
                self.kept.retain(|id, _| there.contains(id));
                known.retain(|id, _| there.contains(id));
            }
        }
        let shown = order.iter().filter_map(|id| {
            let kept = self.kept.get_mut(id)?;
            kept.show(agent_seen_at, &transfers);
            Some(Arc::clone(&kept.message))
        });
        let list = shown.collect();
        diff::advance(&mut self.last, list, |message| &message.id)
    }

    /// A word more in a window of a thousand is one message looked at.
    fn append(&mut self, rows: Vec<MessageRow>, transfers: impl Fn(&mut Message)) -> Vec<Diff<Message>> {
        let mut list = self.last.clone().unwrap_or_default();
        let known = Arc::make_mut(&mut self.known);
        for row in rows {
            let (id, rev) = (row.message.id.clone(), row.rev);
            let mut kept = Kept::new(row);
            kept.show(Timestamp::default(), &transfers);
            list.push(Arc::clone(&kept.message));
            known.insert(id.clone(), rev);
            self.kept.insert(id, kept);
        }
        diff::advance(&mut self.last, list, |message| &message.id)
    }
}

impl Kept {
    fn new(row: MessageRow) -> Self {
        Self { delivery: row.message.delivery.clone(), message: Arc::new(row.message) }
    }

    /// Brings the message up to what agents have seen and how far its files are.
    fn show(&mut self, agent_seen_at: Timestamp, transfers: impl Fn(&mut Message)) {
        // Of what others wrote neither is told.
        let Some(delivery) = &self.delivery else { return };
        let delivery = match delivery {
            // An own message that an agent has looked past is read.
            Delivery::Sent | Delivery::Delivered if self.message.created_at <= agent_seen_at => Delivery::Read,
            delivery => delivery.clone(),
        };
        if self.message.attachments.is_empty() {
            if self.message.delivery.as_ref() != Some(&delivery) {
                Arc::make_mut(&mut self.message).delivery = Some(delivery);
            }
            return;
        }
        let mut message = Message { delivery: Some(delivery), ..Message::clone(&self.message) };
        transfers(&mut message);
        if message != *self.message {
            self.message = Arc::new(message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Author, Content, ConversationId};

    fn row(id: &str, delivery: Option<Delivery>, text: &str) -> MessageRow {
        let message = Message {
            id: MessageId::new(id),
            conversation: ConversationId::new("c"),
            author: Author::Customer,
            content: Content::text(text),
            blocks: Vec::new(),
            attachments: Vec::new(),
            created_at: Timestamp::from_millis(5),
            delivery,
            edited: false,
            deleted: false,
            in_reply_to: None,
        };
        MessageRow { message, desk_id: None, rev: 1 }
    }

    fn read(order: &[&str], changed: Vec<MessageRow>, seen: i64) -> Read {
        let order = order.iter().map(|id| MessageId::new(*id)).collect();
        Read::Whole { order, changed, agent_seen_at: Timestamp::from_millis(seen) }
    }

    fn applied(list: &mut Vec<Message>, steps: Vec<Diff<Message>>) -> Vec<String> {
        steps.into_iter().for_each(|step| step.apply(list));
        list.iter().map(|message| format!("{} {:?}", message.id, message.delivery)).collect()
    }

    #[test]
    fn what_did_not_change_is_shared_and_asked_for_no_more() {
        let (mut shown, mut list) = (Shown::default(), Vec::new());
        let first = vec![row("a", Some(Delivery::Sent), "a"), row("b", None, "b")];
        applied(&mut list, shown.update(read(&["a", "b"], first, 0), |_| {}));
        let before = shown.last.clone().unwrap();
        let known = shown.known();
        assert_eq!((known.len(), known.get(&MessageId::new("a"))), (2, Some(&1)));
        drop(known);
        let steps = shown.update(read(&["a", "b", "c"], vec![row("c", None, "c")], 0), |_| {});
        assert!(matches!(steps.as_slice(), [Diff::Insert { index: 2, .. }]));
        let after = shown.last.clone().unwrap();
        assert!(before.iter().zip(&after).all(|(before, after)| Arc::ptr_eq(before, after)));
        assert!(shown.update(read(&["a", "b", "c"], Vec::new(), 0), |_| {}).is_empty());
        // What left the window is read again when it comes back.
        shown.update(read(&["b", "c"], Vec::new(), 0), |_| {});
        assert_eq!(shown.known().get(&MessageId::new("a")), None);
    }

    #[test]
    fn what_agents_have_seen_is_read_until_they_have_not() {
        let (mut shown, mut list) = (Shown::default(), Vec::new());
        let rows = vec![row("a", Some(Delivery::Sent), "a"), row("b", Some(Delivery::Queued), "b")];
        assert_eq!(
            applied(&mut list, shown.update(read(&["a", "b"], rows, 4), |_| {})),
            ["a Some(Sent)", "b Some(Queued)"]
        );
        let steps = shown.update(read(&["a", "b"], Vec::new(), 5), |_| {});
        assert_eq!(applied(&mut list, steps), ["a Some(Read)", "b Some(Queued)"]);
        let steps = shown.update(read(&["a", "b"], Vec::new(), 4), |_| {});
        assert_eq!(applied(&mut list, steps), ["a Some(Sent)", "b Some(Queued)"]);
    }

    #[test]
    fn message_at_the_end_is_shown_as_if_the_whole_had_been_read() {
        let (mut shown, mut list) = (Shown::default(), Vec::new());
        let first = vec![row("a", Some(Delivery::Sent), "a"), row("b", None, "b")];
        applied(&mut list, shown.update(read(&["a", "b"], first, 9), |_| {}));
        let steps = shown.update(Read::Appended(vec![row("c", Some(Delivery::Sending), "c")]), |_| {});
        assert!(matches!(steps.as_slice(), [Diff::Insert { index: 2, .. }]), "{steps:?}");
        assert_eq!(applied(&mut list, steps), ["a Some(Read)", "b None", "c Some(Sending)"]);
        assert_eq!(shown.known().get(&MessageId::new("c")), Some(&1));
        // Reading the whole after it finds nothing that is not shown.
        assert_eq!(shown.update(read(&["a", "b", "c"], Vec::new(), 9), |_| {}), []);
        let sent = MessageRow { rev: 2, ..row("c", Some(Delivery::Sent), "c") };
        let steps = shown.update(read(&["a", "b", "c"], vec![sent], 9), |_| {});
        assert_eq!(applied(&mut list, steps).last().unwrap(), "c Some(Read)");
    }
}
