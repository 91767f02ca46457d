//! How far messages with files have come on their way to the desk: for the moment only, never kept.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    model::{ConversationId, Delivery, Message, MessageId, Transfer},
    store::{Feed, Topic},
};

/// How often a timeline hears of bytes that left: four times a second moves a bar smoothly and reads the store little.
const THROTTLE: Duration = Duration::from_millis(250);

/// The messages that are going out now, shared by the outbox, which tells, and the timelines, which show.
#[derive(Clone)]
pub(crate) struct Transfers {
    going: Arc<Mutex<HashMap<MessageId, Going>>>,
    feed: Feed,
}

struct Going {
    conversation: ConversationId,
    phase: Phase,
    /// Of each file: how many bytes have left, and how many there are.
    files: Vec<(u64, u64)>,
    told_at: Instant,
}

/// Where a message with files stands while it is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Preparing,
    Uploading,
    Processing,
}

impl Transfers {
    pub(crate) fn new(feed: Feed) -> Self {
        Self { going: Arc::default(), feed }
    }

    /// The message begins to go out, with files of these sizes. It counts as going as long as the guard lives.
    pub(crate) fn begin(&self, message: &MessageId, conversation: &ConversationId, sizes: &[u64]) -> Guard {
        let files = sizes.iter().map(|size| (0, *size)).collect();
        let going =
            Going { conversation: conversation.clone(), phase: Phase::Preparing, files, told_at: Instant::now() };
        self.lock().insert(message.clone(), going);
        self.tell(conversation);
        Guard { transfers: self.clone(), message: message.clone() }
    }

    /// The message as it is shown while it goes out.
    pub(crate) fn show(&self, message: &mut Message) {
        let waits = match message.delivery {
            Some(Delivery::Queued | Delivery::Sending) => true,
            Some(Delivery::NeedsAttention { .. }) => {
                message.attachments.iter_mut().for_each(|file| file.transfer = Transfer::NeedsAttention);
                return;
            }
            _ => false,
        };
        if !waits || message.attachments.is_empty() {
            return;
        }
        let going = self.lock();
        let going = going.get(&message.id);
        for (number, file) in message.attachments.iter_mut().enumerate() {
            file.transfer = match (going, &message.delivery) {
                (Some(going), _) => going.transfer(number),
                // Whether the desk has it is being found out.
                (None, Some(Delivery::Sending)) => Transfer::Processing,
                (None, _) => Transfer::Queued,
            };
        }
        if going.is_some() {
            message.delivery = Some(Delivery::Sending);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MessageId, Going>> {
        self.going.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, conversation: &ConversationId) {
        self.feed.publish([Topic::Conversation(conversation.clone())]);
    }
}

impl Going {
    fn transfer(&self, file: usize) -> Transfer {
        match (self.phase, self.files.get(file)) {
            (Phase::Preparing, _) | (_, None) => Transfer::Preparing,
            (Phase::Uploading, Some((sent, total))) => Transfer::Uploading { sent: *sent, total: *total },
            (Phase::Processing, _) => Transfer::Processing,
        }
    }
}

/// A message that is going out. Dropped, it goes no longer.
pub(crate) struct Guard {
    transfers: Transfers,
    message: MessageId,
}

impl Guard {
    /// So many more bytes of a file have left.
    pub(crate) fn left(&self, file: usize, bytes: u64) {
        let now = Instant::now();
        self.change(|going| {
            if let Some((sent, total)) = going.files.get_mut(file) {
                *sent = sent.saturating_add(bytes).min(*total);
            }
            let began = std::mem::replace(&mut going.phase, Phase::Uploading) != Phase::Uploading;
            began || now.duration_since(going.told_at) >= THROTTLE
        });
    }

    /// It has come that far.
    pub(crate) fn enter(&self, phase: Phase) {
        self.change(|going| std::mem::replace(&mut going.phase, phase) != phase);
    }

    fn change(&self, change: impl FnOnce(&mut Going) -> bool) {
        let mut all = self.transfers.lock();
        let Some(going) = all.get_mut(&self.message) else { return };
        let told = change(going).then(|| {
            going.told_at = Instant::now();
            going.conversation.clone()
        });
        drop(all);
        if let Some(conversation) = told {
            self.transfers.tell(&conversation);
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let gone = self.transfers.lock().remove(&self.message);
        if let Some(going) = gone {
            self.transfers.tell(&going.conversation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Attachment, AttachmentKind, Author, Content, Timestamp};

    fn message(delivery: Delivery) -> Message {
        Message {
            id: MessageId::new("m"),
            conversation: ConversationId::new("c"),
            author: Author::Customer,
            content: Content::text("hi"),
            blocks: Vec::new(),
            attachments: vec![Attachment::new(AttachmentKind::File, "a")],
            created_at: Timestamp::default(),
            delivery: Some(delivery),
            edited: false,
            deleted: false,
            in_reply_to: None,
        }
    }

    fn shown(transfers: &Transfers, delivery: Delivery) -> (Transfer, Delivery) {
        let mut message = message(delivery);
        transfers.show(&mut message);
        (message.attachments[0].transfer, message.delivery.unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn each_phase_is_shown_and_bytes_are_told_a_few_times_a_second() {
        let feed = Feed::new();
        let transfers = Transfers::new(feed.clone());
        assert_eq!(shown(&transfers, Delivery::Queued), (Transfer::Queued, Delivery::Queued));
        let going = transfers.begin(&MessageId::new("m"), &ConversationId::new("c"), &[100]);
        assert_eq!(shown(&transfers, Delivery::Queued), (Transfer::Preparing, Delivery::Sending));
        going.left(0, 30);
        let mut watcher = feed.watch(Topic::Conversation(ConversationId::new("c")));
        let uploading = Transfer::Uploading { sent: 40, total: 100 };
        going.left(0, 10);
        assert_eq!(shown(&transfers, Delivery::Queued), (uploading, Delivery::Sending));
        let told = tokio::time::timeout(Duration::from_millis(1), watcher.changed()).await;
        assert!(told.is_err(), "not told of every byte");
        tokio::time::advance(THROTTLE).await;
        going.left(0, 1_000);
        watcher.changed().await;
        assert_eq!(shown(&transfers, Delivery::Queued).0, Transfer::Uploading { sent: 100, total: 100 });
        going.enter(Phase::Processing);
        watcher.changed().await;
        assert_eq!(shown(&transfers, Delivery::Sending).0, Transfer::Processing);
        drop(going);
        watcher.changed().await;
        assert_eq!(shown(&transfers, Delivery::Queued).0, Transfer::Queued);
        assert_eq!(shown(&transfers, Delivery::Sent).0, Transfer::Sent);
    }
}
