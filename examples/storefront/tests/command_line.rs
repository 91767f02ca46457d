//! What a person reads who starts the shop in a way that can't work.

#![allow(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::{
    path::Path,
    process::{Command, Output},
};

use sandbox::{Options, Sandbox};

fn shop(data: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_storefront")).arg("--data").arg(data).args(arguments).output().unwrap()
}

/// The complaint of a start that must fail.
fn complaint(arguments: &[&str]) -> String {
    let data = tempfile::tempdir().unwrap();
    let output = shop(data.path(), arguments);
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(output.stdout.is_empty(), "nothing but the complaint is said");
    complaint
}

#[test]
fn without_a_terminal_the_shop_says_what_to_do() {
    let text = complaint(&[]);
    assert!(text.contains("needs a terminal") && text.contains("--tour"), "{text}");
}

#[test]
fn a_desk_that_is_not_there_is_told_with_a_remedy() {
    // Nothing listens on the port of "tcpmux".
    let text = complaint(&["--desk", "http://127.0.0.1:1", "--inbox", "shop"]);
    assert!(text.contains("can't reach http://127.0.0.1:1") && text.contains("--unchecked"), "{text}");
}

#[test]
fn an_address_that_cannot_work_is_told_with_a_remedy() {
    let text = complaint(&["--desk", "desk.example.com", "--inbox", "shop"]);
    assert!(text.contains("--desk desk.example.com") && text.contains("https://desk.example.com"), "{text}");
}

#[test]
fn plain_http_to_another_machine_needs_a_word() {
    let text = complaint(&["--desk", "http://192.0.2.1", "--inbox", "shop"]);
    assert!(text.contains("--plain-http"), "{text}");
}

#[test]
fn a_folder_that_is_a_file_is_told_with_a_remedy() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let output = shop(file.path(), &["--desk", "http://127.0.0.1:1", "--inbox", "shop"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("can't make the folder") && text.contains("--data"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_that_the_desk_does_not_know_is_told_with_a_remedy() {
    let desk = Sandbox::start(Options::default()).await.unwrap();
    let text = complaint(&["--desk", &desk.url(), "--inbox", "nowhere"]);
    assert!(text.contains("no such inbox") && text.contains("Settings"), "{text}");
    desk.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_asks_for_proofs_wants_its_key() {
    let desk = Sandbox::start(Options { hmac_mandatory: true, ..Options::default() }).await.unwrap();
    let text = complaint(&["--desk", &desk.url(), "--inbox", "shop"]);
    assert!(text.contains("proof of identity") && text.contains("--hmac-key"), "{text}");
    desk.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_help_centre_that_the_desk_does_not_know_is_told_with_a_remedy() {
    let desk = Sandbox::start(Options::default()).await.unwrap();
    let url = desk.url();
    let text = complaint(&["--desk", &url, "--inbox", "shop", "--help-center", "nosuch"]);
    assert!(text.contains("no such help centre") && text.contains("slug"), "{text}");
    // The right one goes on to where the missing terminal is told.
    let text = complaint(&["--desk", &url, "--inbox", "shop", "--help-center", desk.help_slug()]);
    assert!(text.contains("needs a terminal"), "{text}");
    desk.shutdown().await;
}
