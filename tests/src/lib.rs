//! The vocabulary of the end-to-end tests: a desk, a phone, and what a shopper sees on it.
//!
//! Nothing here waits for a fixed time: [`Screen::until`] waits for what is expected, and fails with what is there
//! instead after a minute.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this crate is tests"
)]

pub mod kill;

use std::{fmt::Debug, path::Path, time::Duration};

use sandbox::{Desk, Options, Sandbox};
use shopbell::{
    ClientConfig, Connection, Conversation, ConversationList, ConversationSummary, Delivery, Diff, Identity, Message,
    SupportClient, SupportError, Timeline,
};

/// The inbox's HMAC key, which only the merchant's server and the desk know.
pub const HMAC_KEY: &str = "hmac-key-of-the-tests";

/// How long something may take before a test gives up on it: far above any machine's worst, for a machine that is
/// slow is no failure.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A desk with an HMAC key and nothing that answers by itself.
pub async fn desk() -> Sandbox {
    desk_with(|_| {}).await
}

/// A desk with other options.
pub async fn desk_with(change: impl FnOnce(&mut Options)) -> Sandbox {
    let mut options = Options { hmac_key: Some(HMAC_KEY.to_owned()), ..Options::default() };
    change(&mut options);
    Sandbox::start(options).await.expect("the sandbox starts")
}

/// How a phone is set up for this desk: short waits, for nothing here is far away.
pub fn config(desk: &Sandbox, data: &Path) -> ClientConfig {
    let mut config = ClientConfig::new(desk.url(), desk.inbox_identifier(), data);
    config.limits.settle = Duration::from_millis(300);
    config.limits.request_timeout = Duration::from_secs(2);
    config.limits.active_poll = Duration::from_millis(200);
    config.limits.live_poll = Duration::from_secs(3);
    config
}

/// A phone with the app open.
pub async fn phone(desk: &Sandbox, data: &Path) -> SupportClient {
    SupportClient::open(config(desk, data)).await.expect("the client opens")
}

/// The identity that the merchant's server would hand to its app.
pub fn identity(identifier: &str) -> Identity {
    use std::fmt::Write as _;
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, HMAC_KEY.as_bytes());
    let tag = ring::hmac::sign(&key, identifier.as_bytes());
    let hash = tag.as_ref().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    Identity::new(identifier).with_hash(hash)
}

/// A conversation as it is on screen.
pub struct Screen {
    timeline: Timeline,
    /// The messages shown.
    pub messages: Vec<Message>,
    /// How many batches came.
    pub batches: usize,
}

impl Screen {
    /// Opens the conversation and shows its first page.
    pub async fn open(conversation: &Conversation) -> Self {
        let mut screen = Self { timeline: conversation.timeline(), messages: Vec::new(), batches: 0 };
        screen.step().await;
        screen
    }

    /// The timeline.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    async fn step(&mut self) {
        let batch = self.timeline.next().await.expect("the store reads").expect("the timeline goes on");
        self.batches += 1;
        for step in batch {
            step.apply(&mut self.messages);
        }
    }

    /// Waits until the screen shows it.
    pub async fn until(&mut self, what: &str, mut shows: impl FnMut(&[Message]) -> bool) {
        let waited = tokio::time::timeout(PATIENCE, async {
            while !shows(&self.messages) {
                self.step().await;
            }
        });
        if waited.await.is_err() {
            panic!("waited in vain for {what}; the screen shows {:#?}", self.lines());
        }
    }

    /// Waits until these are the words of the messages shown.
    pub async fn until_texts(&mut self, texts: &[&str]) {
        let wanted: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        self.until(&format!("{wanted:?}"), |messages| words(messages) == wanted).await;
    }

    /// Waits until the last message has come that far.
    pub async fn until_last(&mut self, delivery: Delivery) {
        let what = format!("the last message to be {delivery:?}");
        self.until(&what, |messages| messages.last().and_then(|last| last.delivery.as_ref()) == Some(&delivery)).await;
    }

    /// The words of the messages shown.
    pub fn texts(&self) -> Vec<String> {
        words(&self.messages)
    }

    fn lines(&self) -> Vec<String> {
        self.messages.iter().map(|m| format!("{:?} {:?} {}", m.author, m.delivery, m.content.as_text())).collect()
    }
}

fn words(messages: &[Message]) -> Vec<String> {
    messages.iter().map(|message| message.content.as_text().to_owned()).collect()
}

/// A conversation that has begun: a first message is at the desk and on screen, and events arrive at once.
pub struct Chat {
    /// The desk.
    pub desk: Sandbox,
    /// The phone.
    pub client: SupportClient,
    /// The conversation.
    pub conversation: Conversation,
    /// It, on screen.
    pub screen: Screen,
    /// Its number at the desk.
    pub number: u64,
    /// The phone's folder, there as long as this is.
    pub data: tempfile::TempDir,
}

impl Chat {
    /// Begun with these words.
    pub async fn begun(text: &str) -> Self {
        let (desk, data) = (desk().await, tempfile::tempdir().expect("a folder"));
        let client = phone(&desk, data.path()).await;
        let conversation = client.start_conversation().expect("open");
        let mut screen = Screen::open(&conversation).await;
        conversation.send(text).await.expect("kept");
        screen.until_last(Delivery::Sent).await;
        live(&client).await;
        let number = only_conversation(&desk.desk());
        Self { desk, client, conversation, screen, number, data }
    }
}

/// The conversation list as it is on screen.
pub struct List {
    updates: ConversationList,
    /// The lines shown.
    pub lines: Vec<ConversationSummary>,
}

impl List {
    /// Opens the list and shows what is on the phone.
    pub async fn open(client: &SupportClient) -> Self {
        let mut list = Self { updates: client.conversations(), lines: Vec::new() };
        list.step().await;
        list
    }

    async fn step(&mut self) {
        let batch = self.updates.next().await.expect("the store reads").expect("the list goes on");
        for step in batch {
            step.apply(&mut self.lines);
        }
    }

    /// Waits until the list shows it.
    pub async fn until(&mut self, what: &str, mut shows: impl FnMut(&[ConversationSummary]) -> bool) {
        let waited = tokio::time::timeout(PATIENCE, async {
            while !shows(&self.lines) {
                self.step().await;
            }
        });
        if waited.await.is_err() {
            panic!("waited in vain for {what}; the list shows {:#?}", self.lines);
        }
    }
}

/// Waits until the desk's side is so. Asked often, for the desk has no feed; bounded by [`PATIENCE`].
pub async fn until<T: Debug>(what: &str, mut state: impl FnMut() -> T, mut is: impl FnMut(&T) -> bool) -> T {
    let mut ticks = tokio::time::interval(Duration::from_millis(2));
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            let now = state();
            if is(&now) {
                return now;
            }
            ticks.tick().await;
        }
    });
    match waited.await {
        Ok(now) => now,
        Err(_) => panic!("waited in vain for {what}; there is {:#?}", state()),
    }
}

/// Waits until what happens at the desk arrives at once: a socket alone may not be subscribed yet.
pub async fn live(client: &SupportClient) {
    let mut status = client.status();
    let waited = tokio::time::timeout(PATIENCE, async {
        while status.next().await.expect("the store reads").expect("open").connection != Connection::Live {}
    });
    waited.await.expect("a realtime connection");
}

/// What the customer's messages say at the desk, in its order, of all conversations.
pub fn at_desk(desk: &Desk) -> Vec<String> {
    let incoming = |message: &sandbox::MessageView| message.message_type == 0;
    desk.conversations()
        .iter()
        .flat_map(|conversation| conversation.messages.iter().filter(|m| incoming(m)))
        .map(|message| message.content.clone().unwrap_or_default())
        .collect()
}

/// Waits until the desk has these messages of the customer's, each once, in this order.
pub async fn until_at_desk(desk: &Desk, texts: &[&str]) {
    let wanted: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    until(&format!("the desk to have {wanted:?}"), || at_desk(desk), |now| *now == wanted).await;
}

/// The number of the only conversation at the desk.
pub fn only_conversation(desk: &Desk) -> u64 {
    let conversations = desk.conversations();
    assert_eq!(conversations.len(), 1, "one conversation");
    conversations[0].id
}

/// The first batch of anything is everything.
pub fn reset<T: Clone + Debug>(batch: &[Diff<T>]) -> Vec<T> {
    match batch {
        [Diff::Reset { items }] => items.clone(),
        other => panic!("not a reset: {other:?}"),
    }
}

/// The error of something that must fail.
pub fn failure<T: Debug>(result: Result<T, SupportError>) -> SupportError {
    result.expect_err("it must fail")
}

/// Shows logs in a test that is being looked into: `RUST_LOG=shopbell=debug`.
pub fn logs() {
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
}
