//! A phone whose clock is set back, and one that was suspended.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use super::Phone;
use crate::{
    Clock, SystemClock, Timestamp,
    backend::{BackendError, Fault},
    testing::memory::{Call, MemoryDesk, Play},
};

/// How far the phone's clock is ahead, in seconds, and how long it has slept.
#[derive(Default)]
struct Hands {
    ahead: AtomicI64,
    slept: AtomicU64,
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(SystemClock.now().millis() + self.ahead.load(Ordering::SeqCst) * 1_000)
    }

    fn suspended(&self) -> Duration {
        Duration::from_secs(self.slept.load(Ordering::SeqCst))
    }
}

/// A phone that is four years ahead, with a message at the desk.
async fn ahead() -> (Phone, Arc<Hands>) {
    let hands = Arc::new(Hands { ahead: AtomicI64::new(4 * 365 * 86_400), ..Hands::default() });
    let clock = Arc::clone(&hands) as Arc<dyn Clock>;
    let mut phone = Phone::with(move |config| config.clock = clock).await;
    phone.conversation.send("hello").await.unwrap();
    phone.until_sent().await;
    (phone, hands)
}

/// The second message does.
async fn arrives(desk: &MemoryDesk) {
    let arrived = desk.until(|desk| desk.texts_of_customers() == ["hello", "still there?"]);
    assert!(tokio::time::timeout(Duration::from_secs(60), arrived).await.is_ok());
}

#[tokio::test]
async fn clock_that_is_set_back_while_a_message_waits_does_not_delay_it() {
    let (phone, hands) = ahead().await;
    let sends = phone.desk.count(Call::SendMessage);
    phone.desk.once(Call::SendMessage, Play::unreachable());
    phone.conversation.send("still there?").await.unwrap();
    phone.desk.until(|desk| desk.count(Call::SendMessage) > sends).await;
    hands.ahead.store(0, Ordering::SeqCst);
    arrives(&phone.desk).await;
}

#[tokio::test]
async fn clock_that_is_set_back_between_two_starts_does_not_delay_a_message() {
    let (phone, hands) = ahead().await;
    let sends = phone.desk.count(Call::SendMessage);
    phone.desk.always(Call::SendMessage, Play::unreachable());
    phone.conversation.send("still there?").await.unwrap();
    phone.desk.until(|desk| desk.count(Call::SendMessage) > sends).await;
    phone.client.shutdown().await;
    phone.desk.heal();
    hands.ahead.store(0, Ordering::SeqCst);
    let client = super::open(&phone.desk, phone.folder.path(), |_| {}).await;
    arrives(&phone.desk).await;
    client.shutdown().await;
}

#[tokio::test]
async fn wait_that_the_desk_asked_for_passes_while_the_phone_is_suspended() {
    let (phone, hands) = ahead().await;
    let sends = phone.desk.count(Call::SendMessage);
    let wait = Fault::Throttled { retry_after: Some(Duration::from_secs(600)) };
    phone.desk.once(Call::SendMessage, Play::Fails(BackendError::refused(wait, "429")));
    phone.conversation.send("still there?").await.unwrap();
    phone.desk.until(|desk| desk.count(Call::SendMessage) > sends).await;
    hands.slept.store(700, Ordering::SeqCst);
    // A timer would notice by itself, later.
    phone.client.resume().await.unwrap();
    arrives(&phone.desk).await;
}

#[tokio::test]
async fn typing_ends_though_the_clock_is_set_back_and_the_phone_was_suspended() {
    let (phone, hands) = ahead().await;
    let there = phone.desk.all_conversations()[0].id;
    phone.desk.until(|desk| desk.connections() == 1).await;
    let mut typing = phone.conversation.typing();
    assert_eq!(typing.next().await, Some(None));
    phone.desk.agent_types(there, true);
    assert!(matches!(typing.next().await, Some(Some(_))));
    // The word that ends it gets lost.
    hands.ahead.store(0, Ordering::SeqCst);
    hands.slept.store(31, Ordering::SeqCst);
    let ended = tokio::time::timeout(Duration::from_secs(60), typing.next()).await;
    assert_eq!(ended, Ok(Some(None)));
}
