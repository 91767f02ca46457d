//! What the story is played with: a desk, a phone, a narrator, and waiting that ends.

use std::{
    fmt::{self, Debug},
    path::PathBuf,
    time::Duration,
};

use jiff::tz::TimeZone;
use sandbox::{ConversationView, Desk, Faults, MessageView, Options, Sandbox};
use shopbell::{
    ClientConfig, ClientStatus, Clock as _, Conversation, ConversationList, ConversationSummary, HelpCenterConfig,
    Message, SupportClient, SupportError, SystemClock, Timeline,
};
use tempfile::TempDir;

use super::photo;
use crate::{
    shop::{self, Person, server},
    view::time::Local,
};

/// How long a step may take: far above the worst of any machine, a large photo included, for a slow machine is no
/// failure.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often the desk is looked at while waiting for something there; its side has no observers.
const LOOK: Duration = Duration::from_millis(20);

/// `live_poll` in the scenes that wait for it: a fifth of the default of 15 s. The client judges the connection by
/// fractions of it, so a much shorter one would mistake a slow machine for a deaf desk.
pub(super) const QUICK_BEAT: Duration = Duration::from_secs(3);

/// `active_poll` in these scenes: a fifth of the default of 10 s.
const QUICKER_BEAT: Duration = Duration::from_secs(2);

/// Path of the desk's sockets.
const SOCKET: &str = "/cable";

/// What did not happen.
#[derive(Debug)]
pub(crate) struct Missed {
    expected: String,
    found: String,
}

impl Missed {
    pub(crate) fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { expected: expected.into(), found: found.into() }
    }
}

impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, but found {}", self.expected, self.found)
    }
}

impl From<SupportError> for Missed {
    fn from(error: SupportError) -> Self {
        Self::new("Shopbell to do as it was told", format!("an error: {error}"))
    }
}

pub(crate) type Told<T> = Result<T, Missed>;

/// The desk and the phone.
pub(crate) struct Stage {
    sandbox: Sandbox,
    phone: TempDir,
    /// The size of the photo.
    pub(crate) megabytes: u32,
}

impl Stage {
    /// A desk in this process, which asks for proofs, and a phone on which nothing is kept yet.
    pub(crate) async fn set(megabytes: u32) -> Told<Self> {
        let options = Options {
            inbox_name: shop::NAME.to_owned(),
            hmac_key: Some(server::SANDBOX_KEY.to_owned()),
            hmac_mandatory: true,
            ..Options::default()
        };
        let sandbox = Sandbox::start(options).await.map_err(|error| Missed::new("a desk", error.to_string()))?;
        let phone = tempfile::tempdir().map_err(|error| Missed::new("a folder for the phone", error.to_string()))?;
        Ok(Self { sandbox, phone, megabytes })
    }

    pub(crate) async fn strike(self) {
        self.sandbox.shutdown().await;
    }

    pub(crate) fn desk(&self) -> Desk {
        self.sandbox.desk()
    }

    pub(crate) fn network(&self) -> Faults {
        self.sandbox.faults()
    }

    pub(crate) fn url(&self) -> String {
        self.sandbox.url()
    }

    pub(crate) fn inbox(&self) -> String {
        self.sandbox.inbox_identifier().to_owned()
    }

    pub(crate) fn phone(&self) -> PathBuf {
        self.phone.path().to_owned()
    }

    /// The app, opened on this phone.
    pub(crate) async fn open_app(&self) -> Told<SupportClient> {
        Ok(SupportClient::open(self.config()).await?)
    }

    /// The app with [`QUICK_BEAT`].
    pub(crate) async fn open_app_with_a_quick_beat(&self) -> Told<SupportClient> {
        let mut config = self.config();
        config.limits.live_poll = QUICK_BEAT;
        config.limits.active_poll = QUICKER_BEAT;
        Ok(SupportClient::open(config).await?)
    }

    fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new(self.url(), self.inbox(), self.phone());
        config.help_center = Some(HelpCenterConfig::new(self.sandbox.help_slug()).in_languages(["vi-VN"]));
        photo::allow(config, self.megabytes)
    }

    /// How many sockets were opened so far.
    pub(crate) fn sockets(&self) -> usize {
        self.desk().requests().iter().filter(|request| request.path == SOCKET).count()
    }

    /// How many pages of messages the desk has answered since the last socket was opened.
    pub(crate) fn pages_beside_the_socket(&self) -> usize {
        let requests = self.desk().requests();
        let since = requests.iter().rev().take_while(|request| request.path != SOCKET);
        since.filter(|request| request.method == "GET" && request.path.ends_with("/messages")).count()
    }

    /// The desk's one conversation of this person.
    pub(crate) fn conversation_of(&self, person: &Person) -> Option<ConversationView> {
        let all = self.desk().conversations();
        all.into_iter().find(|view| view.contact_identifier.as_deref() == Some(person.identifier))
    }

    /// What this person's messages say at the desk.
    pub(crate) fn words_of(&self, person: &Person) -> Vec<String> {
        let incoming = |message: &MessageView| message.message_type == 0;
        let view = self.conversation_of(person);
        let messages = view.into_iter().flat_map(|view| view.messages);
        messages.filter(incoming).filter_map(|message| message.content).collect()
    }

    /// The photos that this person's messages brought along: the name and the check sum of each.
    pub(crate) fn photos_of(&self, person: &Person) -> Vec<(String, String)> {
        let messages = self.conversation_of(person).into_iter().flat_map(|view| view.messages);
        let own = messages.filter(|message| message.message_type == 0);
        let photos = |message: MessageView| {
            let files = self.desk().files(message.id);
            let names = message.attachments.into_iter().map(|(name, _)| name);
            names.zip(files).map(|(name, bytes)| (name, photo::sum(&bytes))).collect::<Vec<_>>()
        };
        own.flat_map(photos).collect()
    }

    /// Waits until the desk looks as it should.
    pub(crate) async fn until_at_desk<T: Debug>(
        &self,
        expected: &str,
        look: impl Fn() -> T,
        right: impl Fn(&T) -> bool,
    ) -> Told<T> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let seen = look();
            if right(&seen) {
                return Ok(seen);
            }
            if tokio::time::Instant::now() >= deadline {
                return Err(Missed::new(expected, format!("{seen:?}")));
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// A conversation as it is on the phone's screen.
pub(crate) struct Screen {
    timeline: Timeline,
    pub(crate) messages: Vec<Message>,
}

impl Screen {
    pub(crate) fn of(conversation: &Conversation) -> Self {
        Self { timeline: conversation.timeline(), messages: Vec::new() }
    }

    /// Waits until it shows what it should.
    pub(crate) async fn until<T>(&mut self, expected: &str, find: impl Fn(&[Message]) -> Option<T>) -> Told<T> {
        let watching = async {
            loop {
                if let Some(found) = find(&self.messages) {
                    return Ok(found);
                }
                match self.timeline.next().await? {
                    Some(steps) => steps.into_iter().for_each(|step| step.apply(&mut self.messages)),
                    None => return Err(Missed::new(expected, "the conversation closed")),
                }
            }
        };
        match tokio::time::timeout(PATIENCE, watching).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Missed::new(expected, self.described())),
        }
    }

    /// The words and how far they came.
    fn described(&self) -> String {
        let lines = self.messages.iter().map(|m| format!("{:?} {:?} {:?}", m.author, m.content.as_text(), m.delivery));
        format!("[{}]", lines.collect::<Vec<_>>().join(", "))
    }
}

/// Waits until the list of conversations is as it should be.
pub(crate) async fn until_listed(
    list: &mut ConversationList,
    expected: &str,
    right: impl Fn(&[ConversationSummary]) -> bool,
) -> Told<Vec<ConversationSummary>> {
    let mut lines = Vec::new();
    let watching = async {
        while let Some(steps) = list.next().await? {
            steps.into_iter().for_each(|step| step.apply(&mut lines));
            if right(&lines) {
                return Ok(());
            }
        }
        Err(Missed::new(expected, "the client closed"))
    };
    match tokio::time::timeout(PATIENCE, watching).await {
        Ok(outcome) => outcome.map(|()| lines),
        Err(_) => Err(Missed::new(expected, format!("{lines:?}"))),
    }
}

/// Waits until the status is as it should be, and returns it.
pub(crate) async fn until_status(
    client: &SupportClient,
    expected: &str,
    right: impl Fn(&ClientStatus) -> bool,
) -> Told<ClientStatus> {
    let mut status = client.status();
    let mut last = None;
    let watching = async {
        loop {
            match status.next().await? {
                Some(now) if right(&now) => return Ok(now),
                Some(now) => last = Some(now),
                None => return Err(Missed::new(expected, "the client closed")),
            }
        }
    };
    match within(expected, watching).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Missed::new(expected, format!("{last:?}"))),
    }
}

/// Waits for something else, no longer than [`PATIENCE`].
pub(crate) async fn within<T>(expected: &str, waiting: impl Future<Output = T>) -> Told<T> {
    tokio::time::timeout(PATIENCE, waiting).await.map_err(|_| Missed::new(expected, "nothing within two minutes"))
}

/// Someone does something: `09:41  shopper   writes: …`
#[allow(clippy::print_stdout, reason = "the tour's lines are what it is for")]
pub(crate) fn tell(who: &str, what: &str) {
    let local = Local { now: SystemClock.now(), zone: TimeZone::system() };
    println!("{}  {who:<9} {what}", local.clock(local.now));
}

/// Something was looked at and found to be so.
#[allow(clippy::print_stdout, reason = "the tour's lines are what it is for")]
pub(crate) fn seen(what: &str) {
    println!("       ✓ {what}");
}

/// The next chapter.
#[allow(clippy::print_stdout, reason = "the tour's lines are what it is for")]
pub(crate) fn chapter(title: &str) {
    println!("\n── {title} ──");
}
