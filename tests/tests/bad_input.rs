//! What an app, a phone or a file system does wrong: a typed error, and nothing changed.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "tests may fail")]

use std::fs;

use shopbell::{
    AttributeValue, ClientConfig, ConversationId, CustomerProfile, Identity, MessageId, SetupProblem, StorageProblem,
    SupportClient, SupportError,
};
use shopbell_tests::{List, Screen, config, desk, failure, phone, until_at_desk};

#[tokio::test(flavor = "multi_thread")]
async fn configuration_that_cannot_work_is_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    for (desk, inbox) in [("ftp://desk", "shop"), ("http://desk.example.com", "shop"), ("https://desk", "a/b")] {
        let error = failure(SupportClient::open(ClientConfig::new(desk, inbox, &data)).await);
        assert!(matches!(error, SupportError::InvalidConfig { .. }), "{error}");
        assert!(!data.exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_inbox_is_told_by_the_first_question() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = SupportClient::open(ClientConfig::new(desk.url(), "nobody", data.path())).await.unwrap();
    let error = failure(client.desk_info().await);
    assert!(matches!(error, SupportError::InvalidConfig { field: "inbox", .. }), "{error}");
    let status = client.status().next().await.unwrap().unwrap();
    assert_eq!(status.setup, Some(SetupProblem::UnknownInbox));
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_cannot_be_sent_leave_nothing_behind() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    for text in ["", " \n\t ", "a\0b", &"x".repeat(150_001)] {
        let error = failure(conversation.send(text).await);
        assert!(matches!(error, SupportError::InvalidInput { field: "text", .. }), "{error}");
    }
    assert!(List::open(&client).await.lines.is_empty());
    let longest = "đ".repeat(150_000);
    conversation.send(&longest).await.unwrap();
    until_at_desk(&desk.desk(), &[&longest]).await;
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_that_cannot_be_are_refused_and_nobody_leaves() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    conversation.send("hello").await.unwrap();
    for identity in [Identity::new(""), Identity::new("x".repeat(300)), Identity::new("x").with_hash("zz")] {
        let error = failure(client.identify(identity, CustomerProfile::default()).await);
        assert!(matches!(error, SupportError::InvalidInput { .. }), "{error}");
    }
    let mut profile = CustomerProfile::default();
    profile.attributes.insert("notes".into(), AttributeValue::Text("x".repeat(1_501)));
    let error = failure(client.update_customer(profile.clone()).await);
    assert!(matches!(error, SupportError::InvalidInput { field: "attributes", .. }), "{error}");
    let error = failure(client.identify(Identity::new("an"), profile).await);
    assert!(matches!(error, SupportError::InvalidInput { field: "attributes", .. }), "{error}");
    conversation.send("still me").await.unwrap();
    until_at_desk(&desk.desk(), &["hello", "still me"]).await;
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_nothing_are_not_found() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let nowhere = client.conversation(&ConversationId::new("nowhere")).unwrap();
    let nothing = MessageId::new("nothing");
    let missing = SupportError::NotFound { what: "conversation" };
    assert_eq!(failure(nowhere.send("x").await), missing);
    assert_eq!(failure(nowhere.set_draft("x").await), missing);
    assert_eq!(failure(nowhere.mark_seen().await), missing);
    assert_eq!(failure(nowhere.resolve().await), missing);
    assert_eq!(failure(nowhere.rate(&nothing, 3, "").await), missing);
    for result in [nowhere.retry(&nothing).await, nowhere.edit(&nothing, "x").await, nowhere.discard(&nothing).await] {
        assert_eq!(failure(result), SupportError::NotFound { what: "message" });
    }
    assert_eq!(failure(nowhere.timeline().next().await), missing);
    client.shutdown().await;
    assert_eq!(failure(client.resume().await), SupportError::Closed);
    assert_eq!(failure(client.start_conversation()), SupportError::Closed);
}

#[tokio::test(flavor = "multi_thread")]
async fn data_folder_that_is_a_file_is_named_and_untouched() {
    let (desk, folder) = (desk().await, tempfile::tempdir().unwrap());
    let file = folder.path().join("file");
    fs::write(&file, "precious").unwrap();
    let error = failure(SupportClient::open(config(&desk, &file)).await);
    assert!(matches!(error, SupportError::Storage(StorageProblem::Folder { .. })), "{error}");
    assert_eq!(fs::read(&file).unwrap(), b"precious");
}

/// The one database under a data folder.
fn database(data: &std::path::Path) -> std::path::PathBuf {
    let inbox = fs::read_dir(data).unwrap().next().unwrap().unwrap().path();
    let is_db = |path: &std::path::PathBuf| path.extension().is_some_and(|extension| extension == "db");
    fs::read_dir(inbox).unwrap().map(|entry| entry.unwrap().path()).find(is_db).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_database_is_kept_aside_and_a_new_one_begun() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    client.start_conversation().unwrap().send("hello").await.unwrap();
    client.shutdown().await;
    let path = database(data.path());
    fs::write(&path, "this is no database, but it was one").unwrap();
    let client = phone(&desk, data.path()).await;
    assert!(List::open(&client).await.lines.is_empty());
    client.start_conversation().unwrap().send("again").await.unwrap();
    client.shutdown().await;
    let aside: Vec<_> = fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains(".damaged-"))
        .collect();
    assert_eq!(aside.len(), 1);
    assert_eq!(fs::read_to_string(&aside[0]).unwrap(), "this is no database, but it was one");
}

#[tokio::test(flavor = "multi_thread")]
async fn database_of_a_newer_app_is_refused_and_untouched() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    client.start_conversation().unwrap().send("hello").await.unwrap();
    client.shutdown().await;
    let path = database(data.path());
    let mut bytes = fs::read(&path).unwrap();
    // The user version of SQLite's file format: four bytes at offset 60, big-endian.
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    fs::write(&path, &bytes).unwrap();
    let error = failure(SupportClient::open(config(&desk, data.path())).await);
    assert!(matches!(error, SupportError::Storage(StorageProblem::Newer { found: 99, .. })), "{error}");
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn full_disk_is_told_and_what_was_kept_stays() {
    let Some(full) = SmallDisk::new() else { return };
    let desk = desk().await;
    let client = phone(&desk, &full.path).await;
    let conversation = client.start_conversation().unwrap();
    conversation.send("kept").await.unwrap();
    let error = loop {
        let long: String = (0..100_000).map(|n| char::from(b'a' + (n % 26) as u8)).collect();
        if let Err(error) = conversation.send(&long).await {
            break error;
        }
    };
    assert_eq!(error, SupportError::Storage(StorageProblem::Full));
    assert!(error.is_retryable());
    let screen = Screen::open(&conversation).await;
    assert_eq!(screen.texts()[0], "kept");
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_folder_that_cannot_be_written_is_told() {
    let Some(disk) = SmallDisk::new() else { return };
    disk.remount("ro");
    let desk = desk().await;
    let error = failure(SupportClient::open(config(&desk, &disk.path.join("data"))).await);
    assert!(matches!(error, SupportError::Storage(StorageProblem::ReadOnly { .. })), "{error}");
    // And one that becomes so, with everything already in it.
    disk.remount("rw");
    let data = disk.path.join("data");
    let client = phone(&desk, &data).await;
    client.start_conversation().unwrap().send("hello").await.unwrap();
    client.shutdown().await;
    disk.remount("ro");
    let error = failure(SupportClient::open(config(&desk, &data)).await);
    assert!(matches!(error, SupportError::Storage(StorageProblem::ReadOnly { .. })), "{error}");
}

/// A file system of two megabytes.
struct SmallDisk {
    path: std::path::PathBuf,
    _folder: tempfile::TempDir,
}

impl SmallDisk {
    /// `None` where this machine does not let us make one; the test then says so.
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let mount =
            std::process::Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(&path).output();
        if !mount.is_ok_and(|output| output.status.success()) {
            println!("skipped: this machine lets nobody mount a small disk");
            return None;
        }
        Some(Self { path, _folder: folder })
    }
}

impl SmallDisk {
    fn remount(&self, how: &str) {
        let option = format!("remount,{how}");
        let remount = std::process::Command::new("mount").args(["-o", &option]).arg(&self.path).output().unwrap();
        assert!(remount.status.success(), "{}", String::from_utf8_lossy(&remount.stderr));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.path).output();
    }
}
