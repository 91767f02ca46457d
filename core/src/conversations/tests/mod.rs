//! Conversations through the whole client, against a desk in memory: words and files are sent once, files fetched whole,
//! and nothing is left behind.

mod at_once;
mod fetching;
mod given_out;
mod receiving;
mod sending;

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
        let Self { timeline, shown, .. } = self;
        let waiting = async {
            while !shows(shown) {
                for step in timeline.next().await.unwrap().unwrap() {
                    step.apply(shown);
                }
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(60), waiting).await;
        assert!(waited.is_ok(), "waited in vain for {what}; there is {:#?}", self.shown);
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
        let active = self.conversation.active().unwrap();
        let Ok(entries) = fs::read_dir(active.attachments.folder.path("")) else { return Vec::new() };
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn texts(&self) -> Vec<String> {
        self.desk.texts_of_customers()
    }
}
