//! A message that the outbox would begin with at once begins with its own transaction, and only then.

use super::Phone;
use crate::{
    Delivery, Message,
    backend::{BackendError, Fault},
    store::{EntryRow, EntryState},
    testing::memory::{Call, MemoryDesk, Play},
};

impl Phone {
    /// A conversation that the desk has, with nothing waiting.
    async fn talking() -> Self {
        let mut phone = Self::new().await;
        phone.conversation.send("hello").await.unwrap();
        phone.until_sent().await;
        phone
    }

    /// The entries of the outbox, as they are on the disk.
    async fn entries(&self) -> Vec<EntryRow> {
        self.conversation.active().unwrap().store.read(EntryRow::all).await.unwrap()
    }

    /// How the timeline first shows a message.
    async fn first_shown(&mut self, text: &str) -> Delivery {
        let said = |message: &Message| message.content.as_text() == text;
        self.until("the message", |shown| shown.iter().any(said)).await;
        self.shown.iter().find(|message| said(message)).unwrap().delivery.clone().unwrap()
    }
}

#[tokio::test]
async fn message_with_nothing_before_it_is_kept_with_its_fence_in_one_write() {
    let mut phone = Phone::talking().await;
    let there = phone.desk.all_conversations()[0].clone();
    phone.desk.once(Call::SendMessage, Play::Held);
    phone.conversation.send("Is it waterproof?").await.unwrap();
    // What the command wrote: nothing has been at it since, for the desk has not answered.
    let entries = phone.entries().await;
    assert_eq!(entries.len(), 1);
    assert_eq!((&entries[0].state, entries[0].attempts), (&EntryState::InFlight, 1));
    assert_eq!(entries[0].fence, there.messages.last().unwrap().id.get());
    assert_eq!(phone.first_shown("Is it waterproof?").await, Delivery::Sending);
    phone.desk.until(|desk| desk.held() == 1).await;
    phone.desk.release();
    phone.until_sent().await;
    assert_eq!(phone.texts(), ["hello", "Is it waterproof?"]);
    assert!(phone.entries().await.is_empty());
}

#[tokio::test]
async fn message_behind_another_waits_its_turn() {
    let mut phone = Phone::talking().await;
    phone.desk.once(Call::SendMessage, Play::Held);
    phone.conversation.send("first").await.unwrap();
    phone.conversation.send("second").await.unwrap();
    assert_eq!(phone.first_shown("second").await, Delivery::Queued);
    phone.desk.until(|desk| desk.held() == 1).await;
    phone.desk.release();
    phone.until_sent().await;
    assert_eq!(phone.texts(), ["hello", "first", "second"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn messages_keep_their_order_while_the_outbox_is_being_read() {
    let phone = Phone::talking().await;
    let other = phone.client.start_conversation().unwrap();
    let mut wanted = vec!["hello".to_owned()];
    for round in 0..150 {
        let [first, second, third] = ["first", "second", "third"].map(|word| format!("{word} {round}"));
        // What waits elsewhere has the outbox read at any moment of these.
        let (a, b, c, d, e) = tokio::join!(
            other.send("elsewhere"),
            other.send("behind it"),
            phone.conversation.send(&first),
            phone.conversation.send(&second),
            phone.conversation.send(&third),
        );
        assert!([a, b, c, d, e].iter().all(Result::is_ok));
        wanted.extend([first, second, third]);
        if round % 3 == 0 {
            let all = wanted.len();
            phone.desk.until(|desk| said(desk).len() == all).await;
        }
    }
    phone.desk.until(|desk| said(desk).len() == wanted.len()).await;
    assert_eq!(said(&phone.desk), wanted);
}

/// What is at the desk of the conversation that was first.
fn said(desk: &MemoryDesk) -> Vec<String> {
    let conversations = desk.all_conversations();
    conversations[0].messages.iter().map(|message| message.content.as_text().to_owned()).collect()
}

#[tokio::test]
async fn message_right_after_the_word_that_there_is_no_network_is_not_tried() {
    let mut phone = Phone::talking().await;
    let before = phone.desk.count(Call::SendMessage);
    phone.client.network_changed(false);
    phone.conversation.send("later").await.unwrap();
    assert_eq!(phone.first_shown("later").await, Delivery::Queued);
    assert_eq!(phone.entries().await[0].attempts, 0);
    assert_eq!(phone.desk.count(Call::SendMessage), before);
    phone.client.network_changed(true);
    phone.until_sent().await;
}

#[tokio::test]
async fn message_that_was_begun_and_refused_needs_attention_and_lets_the_next_pass() {
    let mut phone = Phone::talking().await;
    phone.desk.once(
        Call::SendMessage,
        Play::Fails(BackendError::refused(Fault::Refused { reason: "rude".into() }, "scripted")),
    );
    phone.conversation.send("rude").await.unwrap();
    let refused = |message: &Message| matches!(message.delivery, Some(Delivery::NeedsAttention { .. }));
    phone.until("the refusal", |shown| shown.iter().any(refused)).await;
    phone.conversation.send("kind").await.unwrap();
    let sent = |message: &Message| message.content.as_text() == "kind" && message.delivery == Some(Delivery::Sent);
    phone.until("the next", |shown| shown.iter().any(sent)).await;
    assert_eq!(phone.texts(), ["hello", "kind"]);
}
