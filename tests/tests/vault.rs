//! The desk's keys, kept from whoever reads the phone's files.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "tests may fail")]

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use sandbox::Sandbox;
use shopbell::{CustomerProfile, Delivery, SupportClient, Vault, VaultError, backend::Secret};
use shopbell_tests::{Screen, at_desk, config, desk, identity, until_at_desk};

/// A key store whose key is a letter, which may be locked.
struct Keystore {
    key: u8,
    locked: AtomicBool,
}

impl Keystore {
    fn new(key: u8) -> Arc<Self> {
        Arc::new(Self { key, locked: AtomicBool::new(false) })
    }

    fn available(&self) -> Result<(), VaultError> {
        if self.locked.load(Ordering::SeqCst) { Err(VaultError::Unavailable) } else { Ok(()) }
    }
}

impl Vault for Keystore {
    fn seal(&self, secret: &Secret) -> Result<String, VaultError> {
        self.available()?;
        let hidden: String = secret.expose().bytes().map(|byte| format!("{:02x}", byte ^ self.key)).collect();
        Ok(format!("{}{hidden}", char::from(self.key)))
    }

    fn unseal(&self, sealed: &str) -> Result<Secret, VaultError> {
        self.available()?;
        let hidden = sealed.strip_prefix(char::from(self.key)).ok_or(VaultError::Lost)?;
        let byte = |at: usize| u8::from_str_radix(&hidden[at..at + 2], 16).unwrap() ^ self.key;
        Ok(Secret::new((0..hidden.len()).step_by(2).map(|at| char::from(byte(at))).collect::<String>()))
    }
}

async fn phone(desk: &Sandbox, data: &Path, vault: Option<Arc<Keystore>>) -> SupportClient {
    let mut config = config(desk, data);
    config.vault = vault.map(|vault| vault as Arc<dyn Vault>);
    SupportClient::open(config).await.unwrap()
}

/// Sends, and waits until the desk has it.
async fn send(client: &SupportClient, text: &str) {
    let conversation = client.start_conversation().unwrap();
    let mut screen = Screen::open(&conversation).await;
    conversation.send(text).await.unwrap();
    screen.until_last(Delivery::Sent).await;
}

/// Whether a key by which the desk knows somebody is to be read anywhere in the folder.
fn keys_can_be_read(desk: &Sandbox, data: &Path) -> bool {
    let conversations = desk.desk().conversations();
    let mut folders = vec![data.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let holds = |key: &str| bytes.windows(key.len()).any(|part| part == key.as_bytes());
            if conversations.iter().any(|conversation| holds(&conversation.source_id)) {
                return true;
            }
        }
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_sealed_from_the_first_on_and_open_again() {
    let (desk, data, vault) = (desk().await, tempfile::tempdir().unwrap(), Keystore::new(b'k'));
    let client = phone(&desk, data.path(), Some(vault.clone())).await;
    send(&client, "one").await;
    client.identify(identity("an"), CustomerProfile::default()).await.unwrap();
    send(&client, "two").await;
    assert!(!keys_can_be_read(&desk, data.path()), "while it is open");
    client.shutdown().await;
    assert!(!keys_can_be_read(&desk, data.path()));

    let client = phone(&desk, data.path(), Some(vault)).await;
    send(&client, "three").await;
    assert_eq!(desk.desk().contacts().len(), 2, "the one of before the log-in, and the customer's own");
    client.shutdown().await;

    // What this test would see without a vault.
    let (open, client) = (tempfile::tempdir().unwrap(), phone(&desk, data.path(), None).await);
    client.shutdown().await;
    let client = phone(&desk, open.path(), None).await;
    send(&client, "open").await;
    client.shutdown().await;
    assert!(keys_can_be_read(&desk, open.path()));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_before_the_vault_are_sealed_with_their_next_use() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path(), None).await;
    send(&client, "one").await;
    client.shutdown().await;
    assert!(keys_can_be_read(&desk, data.path()));
    let client = phone(&desk, data.path(), Some(Keystore::new(b'k'))).await;
    send(&client, "two").await;
    client.shutdown().await;
    assert!(!keys_can_be_read(&desk, data.path()));
    assert_eq!(desk.desk().contacts().len(), 1, "still the same customer");
}

#[tokio::test(flavor = "multi_thread")]
async fn key_store_that_is_locked_delays_and_loses_nothing() {
    let (desk, data, vault) = (desk().await, tempfile::tempdir().unwrap(), Keystore::new(b'k'));
    let client = phone(&desk, data.path(), Some(vault.clone())).await;
    send(&client, "one").await;
    client.shutdown().await;
    vault.locked.store(true, Ordering::SeqCst);
    let client = phone(&desk, data.path(), Some(vault.clone())).await;
    let conversation = client.start_conversation().unwrap();
    conversation.send("two").await.unwrap();
    assert!(client.refresh().await.is_err_and(|error| error.is_retryable()));
    assert_eq!(at_desk(&desk.desk()), ["one"]);
    vault.locked.store(false, Ordering::SeqCst);
    client.network_changed(true);
    until_at_desk(&desk.desk(), &["one", "two"]).await;
    assert_eq!(desk.desk().contacts().len(), 1);
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_whose_keys_are_lost_is_made_known_anew_and_finds_everything() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path(), Some(Keystore::new(b'k'))).await;
    client.identify(identity("an"), CustomerProfile::default()).await.unwrap();
    send(&client, "one").await;
    desk.faults().offline(true);
    let conversation = client.start_conversation().unwrap();
    conversation.send("two").await.unwrap();
    client.shutdown().await;
    desk.faults().offline(false);

    let client = phone(&desk, data.path(), Some(Keystore::new(b'l'))).await;
    until_at_desk(&desk.desk(), &["one", "two"]).await;
    assert_eq!(desk.desk().contacts().len(), 1, "the same customer, by their identifier");
    desk.desk().reply(1, "Here I am");
    client.refresh().await.unwrap();
    assert_eq!(client.unread().await.unwrap(), 1, "and the conversation of before goes on");
    client.shutdown().await;
    assert!(!keys_can_be_read(&desk, data.path()));
}
