//! A desk, a phone and what happens between them, on the virtual clock.
//!
//! The client is the real one: its adapter over a loopback socket, its store in a folder, its defaults. Between it and the
//! desk stands a relay that counts bytes. What the app does is what the documentation asks of one: it opens the client,
//! hands over the push token and the identity at every start, observes the status all day, marks as seen what the chat
//! shows, and pauses in the background.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use sandbox::{Fault, Options, Rule, Sandbox};
use shopbell::{ClientConfig, CustomerProfile, HelpCenterConfig, PushToken, SupportClient};
use shopbell_tests::{HMAC_KEY, identity, only_conversation};
use tokio::task::AbortHandle;

use super::{
    bill::Bill,
    time::{SameChance, Time},
};
use crate::proxy::{self, Passed};

/// What sending a message or opening a chat takes in the end, with everything that follows by itself.
pub(super) const SETTLED: Duration = Duration::from_secs(20);

pub(super) struct World {
    pub(super) time: Time,
    pub(super) desk: Sandbox,
    pub(super) passed: Arc<Passed>,
    config: ClientConfig,
    pushes: bool,
    app: Option<App>,
    chat: Option<AbortHandle>,
}

/// A process of the app's.
struct App {
    client: SupportClient,
    /// Shows how things stand, as a badge does.
    badge: AbortHandle,
}

impl World {
    /// A desk and a phone that was never used. `data` is the phone's folder.
    pub(super) async fn new(data: &Path, pushes: bool, change: impl FnOnce(&mut Options)) -> Self {
        let mut time = Time::pause();
        let mut options =
            Options { hmac_key: Some(HMAC_KEY.to_owned()), seed: false, takes_its_time: true, ..Options::default() };
        change(&mut options);
        let desk = Sandbox::start(options).await.expect("the sandbox starts");
        let of_desk = desk.desk();
        time.watch(move || of_desk.requests_under_way() > 0);
        let (url, passed) = proxy::before(&desk).await;
        let mut config = ClientConfig::new(url, desk.inbox_identifier(), data);
        config.clock = time.clock();
        config.random = Arc::new(SameChance::new(1));
        Self { time, desk, passed, config, pushes, app: None, chat: None }
    }

    /// The client shows the desk's help centre, too.
    pub(super) fn with_help(mut self) -> Self {
        // By the desk's own address: its help centre answers to no other.
        self.config.desk_url = self.desk.url();
        self.config.help_center = Some(HelpCenterConfig::new(self.desk.help_slug()));
        self
    }

    pub(super) fn client(&self) -> SupportClient {
        self.app.as_ref().expect("the app runs").client.clone()
    }

    /// The app is started. The desk's first answer comes later than what the app does at once, as over any network;
    /// here, whichever won the race would decide what else is asked for.
    pub(super) async fn start(&mut self) {
        let (config, pushes) = (self.config.clone(), self.pushes);
        self.desk.faults().add(Rule::new(Fault::Latency(Duration::from_millis(50))));
        let client = self.time.until(async move {
            let client = SupportClient::open(config).await.expect("the client opens");
            if pushes {
                client.set_push_token(Some(PushToken::fcm("a-phone"))).await.expect("kept");
            }
            client.identify(identity("customer-7"), CustomerProfile::default()).await.expect("kept");
            client
        });
        let client = client.await;
        self.desk.faults().clear();
        let mut status = client.status();
        let badge = tokio::spawn(async move { while let Ok(Some(_)) = status.next().await {} }).abort_handle();
        self.app = Some(App { client, badge });
    }

    /// The system ends the app, which is in the background.
    pub(super) async fn end(&mut self) {
        self.hide_chat();
        if let Some(app) = self.app.take() {
            app.badge.abort();
            self.time.until(async move { app.client.shutdown().await }).await;
        }
    }

    /// The chat comes on screen.
    pub(super) async fn show_chat(&mut self) {
        let client = self.client();
        let chat = async move {
            let conversation = client.current_conversation().await.expect("the store reads");
            let mut timeline = conversation.timeline();
            while let Ok(Some(_)) = timeline.next().await {
                // Fails while the client is paused: then nobody looks.
                let _ = conversation.mark_seen().await;
            }
        };
        self.chat = Some(tokio::spawn(chat).abort_handle());
        self.time.rest().await;
    }

    /// And leaves it.
    pub(super) fn hide_chat(&mut self) {
        if let Some(chat) = self.chat.take() {
            chat.abort();
        }
    }

    pub(super) async fn background(&self) {
        let client = self.client();
        self.time.until(async move { client.pause().await }).await;
    }

    pub(super) async fn foreground(&self) {
        let client = self.client();
        self.time.until(async move { client.resume().await.expect("the store opens") }).await;
    }

    /// The customer writes.
    pub(super) async fn send(&self, text: &'static str) {
        let client = self.client();
        let sent = async move {
            let conversation = client.current_conversation().await.expect("the store reads");
            conversation.send(text).await.expect("kept");
        };
        self.time.until(sent).await;
    }

    /// An agent looks at the conversation and answers, and the merchant's server pushes where the app takes pushes, which
    /// takes a second.
    pub(super) async fn answer(&self, text: &str) {
        let conversation = self.number();
        self.desk.desk().mark_seen(conversation);
        let message = self.desk.desk().reply(conversation, text);
        if self.pushes {
            self.time.pass(Duration::from_secs(1)).await;
            let fields = [("shopbell_conversation", conversation), ("shopbell_message", message)];
            let push: BTreeMap<String, String> =
                fields.map(|(name, number)| (name.to_owned(), number.to_string())).into();
            let client = self.client();
            self.time.until(async move { client.handle_push(&push).await.expect("the desk is there") }).await;
        }
    }

    /// The conversation's number at the desk.
    pub(super) fn number(&self) -> u64 {
        only_conversation(&self.desk.desk())
    }

    /// What was asked for since the last time.
    pub(super) fn take_bill(&self) -> Bill {
        let desk = self.desk.desk();
        let bill = Bill::of(&desk.requests());
        desk.clear_requests();
        bill
    }

    /// A customer whose conversation has so many messages, all of them known to the phone; a day later, with the app
    /// ended.
    pub(super) async fn with_history(&mut self, messages: usize) {
        self.start().await;
        self.show_chat().await;
        self.send("Hello?").await;
        self.time.pass(SETTLED).await;
        self.background().await;
        self.desk.desk().bulk_messages(self.number(), messages - 2);
        self.foreground().await;
        self.time.pass(SETTLED).await;
        self.answer("That should do.").await;
        self.time.pass(SETTLED * 3).await;
        self.background().await;
        self.end().await;
        self.time.leap(Duration::from_secs(86_400)).await;
        let held: usize = self.desk.desk().conversations().iter().map(|row| row.messages.len()).sum();
        assert_eq!(held, messages, "the history is as long as it says");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::{sync::oneshot, time::Instant};

    use super::*;

    /// One test: two of them would not come to rest beside each other.
    #[tokio::test]
    async fn time_moves_timers_client_and_desk_alike_and_only_at_rest() {
        let data = tempfile::tempdir().unwrap();
        let mut world = World::new(data.path(), false, |_| {}).await;
        let (begun, shown) = (Instant::now(), world.time.clock().now());

        // A thread at work holds time up, and so does what it wakes.
        let done = Arc::new(AtomicBool::new(false));
        let (tell, told) = oneshot::channel();
        let noted = Arc::clone(&done);
        tokio::spawn(async move {
            noted.store(told.await.unwrap(), Ordering::Release);
        });
        std::thread::spawn(move || {
            let mut bytes = [0; 1 << 20];
            let chance = SameChance::new(1);
            (0..20).for_each(|_| shopbell::Random::fill(&chance, &mut bytes));
            tell.send(bytes.iter().any(|byte| *byte != 0)).unwrap();
        });
        world.time.rest().await;
        assert!(done.load(Ordering::Acquire), "rest came before the work was done");
        assert_eq!(begun.elapsed(), Duration::ZERO, "nobody moved it");

        world.time.until(tokio::time::sleep(Duration::from_millis(2_500))).await;
        assert_eq!(begun.elapsed(), Duration::from_secs(3), "in whole steps, as far as it was waited for");
        assert_eq!(world.time.clock().now().since(shown), Duration::from_secs(3));

        world.with_history(20).await;
        world.desk.desk().reply(world.number(), "A day later");
        let written: Vec<i64> =
            world.desk.desk().conversations()[0].messages.iter().map(|message| message.created_at).collect();
        let passed = written[20] - written[19];
        assert!((86_400..86_500).contains(&passed), "the desk's clock went {passed} s");
    }
}
