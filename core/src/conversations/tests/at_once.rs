//! A message that the outbox would begin with at once begins with its own transaction, and only then.

use futures_util::FutureExt as _;

use super::Phone;
use crate::{
    ConversationStatus, Delivery, Message,
    backend::{BackendError, Fault},
    model::MessageId,
    store::{ConversationRow, Durability, EntryRow, EntryState, NewEntry, Task, Topic},
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
    other.send("elsewhere").await.unwrap();
    let mut wanted = vec!["hello".to_owned()];
    for round in 0..150 {
        let [first, second, third] = ["first", "second", "third"].map(|word| format!("{word} {round}"));
        // What is asked for elsewhere has the outbox read at any moment of these.
        let (read, b, c, d, e) = tokio::join!(
            other.resolve(),
            other.send("behind it"),
            phone.conversation.send(&first),
            phone.conversation.send(&second),
            phone.conversation.send(&third),
        );
        assert!(read.is_ok() && [b, c, d, e].iter().all(Result::is_ok));
        wanted.extend([first, second, third]);
        if round % 3 == 0 {
            let all = wanted.len();
            phone.desk.until(|desk| said(desk).len() == all).await;
        }
    }
    phone.desk.until(|desk| said(desk).len() == wanted.len()).await;
    assert_eq!(said(&phone.desk), wanted);
}

/// Waits on the thread of the runtime, so that none of its tasks gets a turn.
fn without_the_worker<T>(command: impl Future<Output = T>) -> T {
    let mut command = std::pin::pin!(tokio::task::unconstrained(command));
    loop {
        if let Some(done) = command.as_mut().now_or_never() {
            return done;
        }
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn words_that_reopen_a_conversation_stay_behind_what_ended_it() {
    let phone = Phone::talking().await;
    // Let the worker come to rest: behind "hello" everything would wait.
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    // The outbox's worker has to read of the end, and is told of the words. It comes to both at the same moment.
    without_the_worker(phone.conversation.resolve()).unwrap();
    without_the_worker(phone.conversation.send("One more thing")).unwrap();
    phone.desk.until(|desk| said(desk).len() == 2 && desk.count(Call::Resolve) == 1).await;
    phone.client.shutdown().await;
    assert_eq!(phone.desk.all_conversations()[0].status, ConversationStatus::Open);
}

#[tokio::test]
async fn message_at_the_end_of_a_queue_does_not_have_the_queue_read() {
    let phone = Phone::talking().await;
    phone.network(false);
    let mut entries = phone.conversation.active().unwrap().store.feed().watch(Topic::Outbox);
    phone.conversation.send("first").await.unwrap();
    phone.conversation.send("second").await.unwrap();
    assert!(entries.changed().now_or_never().is_none());
    assert_eq!(phone.entries().await.len(), 2);
    phone.network(true);
    phone.desk.until(|desk| said(desk).len() == 3).await;
    assert_eq!(said(&phone.desk), ["hello", "first", "second"]);
}

#[tokio::test]
async fn entry_of_an_older_version_whose_words_the_desk_has_is_done() {
    let mut phone = Phone::talking().await;
    let (id, store) = (phone.conversation.id().clone(), phone.conversation.active().unwrap());
    let write = store.store.write(Durability::Now, move |tx| {
        let session = ConversationRow::find(tx, &id)?.unwrap().session;
        let message = MessageId::new("at the desk");
        let entry =
            NewEntry { conversation: Some(&id), session: &session, task: Task::Message, message: Some(&message) };
        EntryRow::insert(tx, entry)
    });
    write.await.unwrap();
    phone.conversation.send("second").await.unwrap();
    let sent = |shown: &[Message]| shown.len() == 2 && shown[1].delivery == Some(Delivery::Sent);
    phone.until("the second", sent).await;
    assert_eq!(said(&phone.desk), ["hello", "second"]);
    assert!(phone.entries().await.is_empty());
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
    phone.network(false);
    phone.conversation.send("later").await.unwrap();
    assert_eq!(phone.first_shown("later").await, Delivery::Queued);
    assert_eq!(phone.entries().await[0].attempts, 0);
    assert_eq!(phone.desk.count(Call::SendMessage), before);
    phone.network(true);
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
