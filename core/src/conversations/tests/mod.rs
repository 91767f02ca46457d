//! Conversations through the whole client, against a desk in memory: words and files are sent once, files fetched whole,
//! and nothing is left behind.

mod answers;
mod at_once;
mod channels;
mod clock;
mod deleted;
mod fetching;
mod given_out;
mod gone;
mod history;
mod joined;
mod leaving;
mod life;
mod outage;
mod receiving;
mod sending;
mod sessions;
mod status;

use std::{fs, path::Path, sync::Arc, time::Duration};

use super::*;
use crate::{
    AttachmentId, ClientConfig, Delivery, Message, MessageId, NewAttachment, NewMessage, SupportClient, SupportError,
    testing::memory::MemoryDesk,
};

struct Phone {
    desk: MemoryDesk,
    client: SupportClient,
    conversation: Conversation,
    timeline: Timeline,
    shown: Vec<Message>,
    folder: tempfile::TempDir,
}

fn config(folder: &Path) -> ClientConfig {
    let mut config = ClientConfig::new("http://localhost", "inbox", folder.join("data"));
    config.limits.settle = Duration::from_millis(20);
    // A test that says "no network" to a desk that is there is not to be doubted on a slow machine.
    config.limits.offline_poll = Duration::from_secs(3_600);
    config
}

async fn open(desk: &MemoryDesk, folder: &Path, change: impl FnOnce(&mut ClientConfig)) -> SupportClient {
    let mut config = config(folder);
    change(&mut config);
    SupportClient::open_with(config, Arc::new(desk.clone())).await.unwrap()
}

impl Phone {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut ClientConfig)) -> Self {
        let (desk, folder) = (MemoryDesk::new(), tempfile::tempdir().unwrap());
        let client = open(&desk, folder.path(), change).await;
        let conversation = client.start_conversation().unwrap();
        let timeline = conversation.timeline();
        Self { desk, client, conversation, timeline, shown: Vec::new(), folder }
    }

    /// There is a network, or none, for the host and for the desk. The host's word alone is a hint: whatever a desk that is
    /// there answers overrules it.
    fn network(&self, there: bool) {
        self.desk.offline(!there);
        self.client.network_changed(there);
    }

    /// A file of the app's.
    fn file(&self, name: &str, bytes: &[u8]) -> NewAttachment {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        NewAttachment::path(path)
    }

    async fn send(&self, text: &str, files: Vec<NewAttachment>) -> Result<MessageId, SupportError> {
        let mut message = NewMessage::text(text);
        message.attachments = files;
        self.conversation.send_message(message).await
    }

    async fn until(&mut self, what: &str, shows: impl Fn(&[Message]) -> bool) {
        until(&mut self.timeline, &mut self.shown, what, shows).await;
    }

    async fn until_sent(&mut self) {
        let sent = |m: &Message| m.delivery.is_none() || m.delivery == Some(Delivery::Sent);
        self.until("everything sent", |shown| !shown.is_empty() && shown.iter().all(sent)).await;
    }

    /// A conversation with a message of the customer's and a file of the agent's.
    async fn with_file_of_the_agent(change: impl FnOnce(&mut ClientConfig), bytes: &[u8]) -> (Self, AttachmentId) {
        let mut phone = Self::with(change).await;
        phone.conversation.send("hello").await.unwrap();
        phone.until_sent().await;
        let there = phone.desk.all_conversations()[0].id;
        phone.desk.agent_attaches(there, "label.png", "image/png", bytes.to_vec());
        phone.client.refresh().await.unwrap();
        phone.until("the agent's file", |shown| shown.len() == 2).await;
        let id = phone.shown[1].attachments[0].id.clone();
        (phone, id)
    }

    /// The customer's folder of files.
    fn kept(&self) -> Vec<String> {
        kept(&self.conversation)
    }

    fn texts(&self) -> Vec<String> {
        self.desk.texts_of_customers()
    }
}

/// The folder of files of the customer whose conversation it is.
fn kept(conversation: &Conversation) -> Vec<String> {
    let active = conversation.active().unwrap();
    let Ok(entries) = fs::read_dir(active.attachments.folder.path("")) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Takes in what a timeline gives until it shows something.
async fn until(timeline: &mut Timeline, shown: &mut Vec<Message>, what: &str, shows: impl Fn(&[Message]) -> bool) {
    let waiting = async {
        while !shows(shown) {
            for step in timeline.next().await.unwrap().unwrap() {
                step.apply(shown);
            }
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), waiting).await;
    assert!(waited.is_ok(), "waited in vain for {what}; there is {shown:#?}");
}

/// The words of each message.
fn words(shown: &[Message]) -> Vec<&str> {
    shown.iter().map(|message| message.content.as_text()).collect()
}

/// Whether the customer's own message with these words is at the desk.
fn is_sent(shown: &[Message], text: &str) -> bool {
    let sent = |message: &&Message| matches!(message.delivery, Some(Delivery::Sent | Delivery::Read));
    shown.iter().filter(sent).any(|message| message.content.as_text() == text)
}

/// The lines of the list as they are on the phone now.
async fn lines(client: &SupportClient) -> Vec<crate::ConversationSummary> {
    let mut lines = Vec::new();
    for step in client.conversations().next().await.unwrap().unwrap() {
        step.apply(&mut lines);
    }
    lines
}

/// Waits until the status is as wanted.
async fn until_status(client: &SupportClient, wanted: impl Fn(&crate::ClientStatus) -> bool) {
    let mut status = client.status();
    let waiting = async {
        loop {
            if wanted(&status.next().await.unwrap().unwrap()) {
                return;
            }
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(60), waiting).await.is_ok(), "waited in vain for a status");
}

/// Waits until the list is as wanted.
async fn until_lines(client: &SupportClient, what: &str, wanted: impl Fn(&[crate::ConversationSummary]) -> bool) {
    let (mut list, mut lines) = (client.conversations(), Vec::new());
    let waiting = async {
        loop {
            for step in list.next().await.unwrap().unwrap() {
                step.apply(&mut lines);
            }
            if wanted(&lines) {
                return;
            }
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), waiting).await;
    assert!(waited.is_ok(), "waited in vain for {what}; there is {lines:#?}");
}
