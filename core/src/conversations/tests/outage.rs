//! The desk, or the network, goes and comes back: what is known of it is known to all, and nobody waits longer than they
//! must.

use std::cell::RefCell;

use tokio::time::Instant;

use super::*;
use crate::{
    Clock, Connection, SystemClock, Timestamp,
    store::{Durability, EntryRow, EntryState},
    testing::memory::Call,
};

/// The host is doubted, and a lost desk looked for, within moments.
fn doubting(config: &mut ClientConfig) {
    config.limits.offline_poll = Duration::from_millis(20);
}

/// The host is not doubted while a test runs.
fn trusting(config: &mut ClientConfig) {
    config.limits.offline_poll = Duration::from_secs(3_600);
}

/// As an app has it, by a hand's clock.
fn on_virtual_time(config: &mut ClientConfig) {
    config.clock = Hand::clock();
    config.limits.offline_poll = crate::Limits::default().offline_poll;
}

impl Phone {
    async fn talking_with(change: impl FnOnce(&mut ClientConfig)) -> Self {
        let mut phone = Self::with(change).await;
        phone.conversation.send("hello").await.unwrap();
        phone.until_sent().await;
        until_status(&phone.client, |status| status.connection == Connection::Live).await;
        phone
    }

    /// What is shown of the last message, each time that it changes, until it is sent.
    async fn deliveries_until_sent(&mut self) -> Vec<Delivery> {
        let seen = RefCell::new(Vec::new());
        let note = |shown: &[Message]| {
            let Some(delivery) = shown.last().and_then(|last| last.delivery.clone()) else { return false };
            let is_sent = delivery == Delivery::Sent;
            let mut seen = seen.borrow_mut();
            if seen.last() != Some(&delivery) {
                seen.push(delivery);
            }
            is_sent
        };
        self.until("the last message sent", note).await;
        seen.into_inner()
    }
}

#[tokio::test]
async fn host_that_wrongly_denies_the_network_is_overruled_without_anybodys_doing() {
    let mut phone = Phone::with(doubting).await;
    // One network comes, another goes, and nothing is ever said again.
    phone.client.network_changed(true);
    phone.client.network_changed(false);
    phone.conversation.send("one").await.unwrap();
    phone.until_sent().await;
    let there = phone.desk.all_conversations()[0].id;
    phone.client.network_changed(false);
    phone.desk.agent_says(there, "are you there?");
    phone.until("the answer", |shown| words(shown) == ["one", "are you there?"]).await;
    until_status(&phone.client, |status| status.connection == Connection::Live).await;
}

#[tokio::test]
async fn host_that_wrongly_denies_the_network_is_overruled_by_a_refresh_a_retry_and_a_return() {
    for way in 0..3 {
        let mut phone = Phone::talking_with(trusting).await;
        // Nothing that is under way may overrule the host before that.
        phone.desk.offline(true);
        phone.client.network_changed(false);
        let two = phone.conversation.send("two").await.unwrap();
        phone.until("it waits", |shown| shown.last().unwrap().delivery == Some(Delivery::Queued)).await;
        phone.desk.offline(false);
        match way {
            0 => phone.client.refresh().await.unwrap(),
            1 => phone.conversation.retry(&two).await.unwrap(),
            _ => phone.client.resume().await.unwrap(),
        }
        phone.until_sent().await;
        assert_eq!(phone.texts(), ["hello", "two"]);
    }
}

#[tokio::test]
async fn customer_who_comes_while_there_is_no_network_begins_without_one() {
    let phone = Phone::talking_with(trusting).await;
    phone.desk.offline(true);
    phone.client.network_changed(false);
    let waits = async |client: &SupportClient, what: &str| {
        phone.desk.clear_calls();
        let conversation = client.start_conversation().unwrap();
        let _timeline = conversation.timeline();
        conversation.send(what).await.unwrap();
        let active = conversation.active().unwrap();
        for _ in 0..10 {
            active.store.write(Durability::Later, |_| Ok(())).await.unwrap();
        }
        let entries = active.store.read(EntryRow::all).await.unwrap();
        assert!(!entries.is_empty() && entries.iter().all(|entry| matches!(entry.state, EntryState::Waiting { .. })));
        until_status(client, |status| status.connection == Connection::Offline).await;
        // Whoever comes is a reason to look whether the host is right, and to do no more.
        let calls = phone.desk.calls();
        assert!(calls.iter().all(|call| *call == Call::DeskInfo), "{what}: {calls:?}");
    };
    phone.client.identify(MemoryDesk::identity("mai"), Default::default()).await.unwrap();
    waits(&phone.client, "as mai").await;
    phone.client.log_out().await.unwrap();
    waits(&phone.client, "as nobody").await;
    phone.client.pause().await;
    phone.client.network_changed(false);
    phone.client.resume().await.unwrap();
    until_status(&phone.client, |status| status.connection == Connection::Offline).await;
    phone.desk.offline(false);
    phone.client.network_changed(true);
    phone.desk.until(|desk| desk.texts_of_customers().contains(&"as nobody".to_owned())).await;
}

#[tokio::test]
async fn status_hears_what_the_outbox_finds_with_no_chat_on_screen() {
    let (desk, folder) = (MemoryDesk::new(), tempfile::tempdir().unwrap());
    let client = open(&desk, folder.path(), doubting).await;
    until_status(&client, |status| status.connection == Connection::Unknown).await;
    let conversation = client.start_conversation().unwrap();
    conversation.send("one").await.unwrap();
    until_status(&client, |status| status.connection == Connection::Online).await;
    desk.offline(true);
    conversation.send("two").await.unwrap();
    until_status(&client, |status| status.connection == Connection::Offline).await;
    desk.offline(false);
    until_status(&client, |status| status.connection == Connection::Online).await;
    desk.until(|desk| desk.texts_of_customers() == ["one", "two"]).await;
}

#[tokio::test]
async fn message_to_a_desk_that_is_gone_stays_queued_and_is_tried_once_the_desk_is_back() {
    let mut phone = Phone::with(doubting).await;
    phone.desk.offline(true);
    phone.conversation.send("hello").await.unwrap();
    phone.desk.until(|desk| desk.count(Call::DeskInfo) >= 5).await;
    assert_eq!(phone.desk.count(Call::Establish), 1, "the probes go ahead of the words");
    phone.desk.offline(false);
    let seen = phone.deliveries_until_sent().await;
    assert_eq!(phone.desk.count(Call::Establish), 2);
    assert!(seen.iter().filter(|delivery| **delivery == Delivery::Sending).count() <= 2, "{seen:?}");
    let probes = phone.desk.count(Call::DeskInfo);
    phone.conversation.send("again").await.unwrap();
    phone.until_sent().await;
    assert_eq!(phone.desk.count(Call::DeskInfo), probes, "a desk that is there is not probed");
}

#[tokio::test]
async fn first_that_finds_the_desk_back_tells_the_others() {
    let (mut phone, file) = Phone::with_file_of_the_agent(trusting, &[7; 2_000]).await;
    until_status(&phone.client, |status| status.connection == Connection::Live).await;
    phone.desk.offline(true);
    phone.conversation.send("two").await.unwrap();
    until_status(&phone.client, |status| status.connection == Connection::Offline).await;
    phone.until("it waits", |shown| shown.last().unwrap().delivery == Some(Delivery::Queued)).await;
    phone.desk.offline(false);
    phone.conversation.download(&file).await.unwrap().finished().await.unwrap();
    phone.until_sent().await;
    until_status(&phone.client, |status| status.connection == Connection::Live).await;
}

/// The client's clock goes with tokio's.
struct Hands(Instant, Timestamp);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        self.1.plus(self.0.elapsed())
    }
}

/// tokio's time, moved by hand: it does not pass while the store is at work.
struct Hand {
    _holds: std::sync::mpsc::Sender<()>,
}

impl Hand {
    fn take() -> Self {
        tokio::time::pause();
        let (holds, held) = std::sync::mpsc::channel::<()>();
        // As long as work off the runtime's thread is under way, tokio leaves its time alone.
        tokio::task::spawn_blocking(move || held.recv());
        Self { _holds: holds }
    }

    fn clock() -> Arc<dyn Clock> {
        Arc::new(Hands(Instant::now(), SystemClock.now()))
    }

    /// Lets everything that needs no time happen.
    async fn rest(&self, phones: &[Conversation]) {
        for _ in 0..25 {
            for phone in phones {
                let active = phone.active().unwrap();
                active.store.write(Durability::Later, |_| Ok(())).await.unwrap();
            }
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Lets time pass until something is so; gives how much did. Looks after each half second.
    async fn until(&self, phones: &[Conversation], most: Duration, is_so: impl Fn() -> bool) -> Option<Duration> {
        let began = Instant::now();
        loop {
            self.rest(phones).await;
            if is_so() || began.elapsed() >= most {
                return is_so().then(|| began.elapsed());
            }
            tokio::time::advance(Duration::from_millis(500)).await;
        }
    }

    /// Whether something comes to be so without any time passing.
    async fn at_once(&self, phones: &[Conversation], is_so: impl Fn() -> bool) -> bool {
        for _ in 0..1_000 {
            if is_so() {
                return true;
            }
            self.rest(phones).await;
        }
        false
    }

    async fn pass(&self, phones: &[Conversation], time: Duration) {
        assert_eq!(self.until(phones, time, || false).await, None);
    }
}

fn connection(phone: &Conversation) -> Connection {
    phone.inner.reach.view().borrow().connection
}

#[tokio::test]
async fn first_chat_of_an_anonymous_customer_is_live_with_their_first_words() {
    for looked in [0, 3, 16, 23, 30] {
        let hand = Hand::take();
        let (desk, folder) = (MemoryDesk::new(), tempfile::tempdir().unwrap());
        let client = open(&desk, folder.path(), on_virtual_time).await;
        let conversation = client.start_conversation().unwrap();
        let timeline = conversation.timeline();
        let all = [conversation.clone()];
        hand.pass(&all, Duration::from_secs(looked)).await;
        conversation.send("hello").await.unwrap();
        let is_live = || connection(&conversation) == Connection::Live && desk.connections() == 1;
        assert!(hand.at_once(&all, is_live).await, "after {looked} s of looking at the empty chat");
        drop(timeline);
        client.shutdown().await;
        tokio::time::resume();
    }
}

/// Connections are refused for 100 s, then the desk is up.
#[tokio::test]
async fn after_an_outage_words_wait_less_than_fifteen_seconds_whoever_wrote_them() {
    let hand = Hand::take();
    let (desk, folder) = (MemoryDesk::new(), tempfile::tempdir().unwrap());
    let mut clients = Vec::new();
    for phone in 0..8 {
        let folder = folder.path().join(phone.to_string());
        clients.push(open(&desk, &folder, on_virtual_time).await);
    }
    // The first two are known to the desk; all but the second look at their chat, and that at its list.
    let all: Vec<Conversation> = clients.iter().map(|client| client.start_conversation().unwrap()).collect();
    for conversation in &all[..2] {
        conversation.send("hello").await.unwrap();
    }
    assert!(hand.until(&all, Duration::from_secs(5), || desk.texts_of_customers().len() == 2).await.is_some());
    let on_screen = all.iter().enumerate().filter(|(phone, _)| *phone != 1);
    let timelines: Vec<Timeline> = on_screen.map(|(_, conversation)| conversation.timeline()).collect();
    clients[1].show_list(true);
    assert!(hand.until(&all, Duration::from_secs(5), || desk.connections() == 2).await.is_some());
    desk.offline(true);
    desk.clear_calls();
    for conversation in &all {
        conversation.send("is anybody there?").await.unwrap();
    }
    let gone = || all.iter().all(|phone| connection(phone) == Connection::Offline);
    assert!(hand.until(&all, Duration::from_secs(10), gone).await.is_some(), "each status says so");
    hand.pass(&all, Duration::from_secs(100)).await;
    // By the chat on screen and by the probe, each phone asks every few seconds in the end.
    let asked = desk.calls().len();
    assert!(asked < 8 * 60, "{asked} requests of eight phones in 100 s");
    desk.offline(false);
    let arrived = || desk.texts_of_customers().len() == 2 + 8;
    let waited = hand.until(&all, Duration::from_secs(400), arrived).await;
    assert!(waited.is_some_and(|waited| waited < Duration::from_secs(15)), "{waited:?}");
    hand.rest(&all).await;
    for phone in &all {
        assert!(matches!(connection(phone), Connection::Live | Connection::Online), "{:?}", connection(phone));
    }
    drop(timelines);
    for client in &clients {
        client.shutdown().await;
    }
}
