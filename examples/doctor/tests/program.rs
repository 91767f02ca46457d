//! The program: what it prints, and what it ends with.

#![allow(clippy::unwrap_used)]

mod common;

use std::{
    path::Path,
    process::{Command, Output},
};

use common::{KEY, desk_of};
use sandbox::DeskVersion;
use serde_json::Value;

async fn doctor(arguments: Vec<String>) -> Output {
    let run = move || Command::new(env!("CARGO_BIN_EXE_shopbell-doctor")).args(arguments).output().unwrap();
    tokio::task::spawn_blocking(run).await.unwrap()
}

fn words(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|word| (*word).to_owned()).collect()
}

fn written(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn program_prints_a_table_or_json_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk_of(DeskVersion::V4_15_1).await;
    let key = written(folder.path(), "key", &format!("{KEY}\n"));
    let url = desk.url();
    let base = ["--desk", &url, "--inbox", "shop", "--hmac-key-file", &key, "--write"];
    let table = doctor(words(&base)).await;
    let json = doctor(words(&[&base[..], &["--json"]].concat())).await;
    assert_eq!((table.status.code(), json.status.code()), (Some(0), Some(0)));
    assert!(String::from_utf8(table.stdout.clone()).unwrap().contains("ok    inbox.key"));
    let told: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&told["format"], &told["reached"]), (&Value::from(1), &Value::from(true)));
    let source_ids = desk.desk().contacts().into_iter().flat_map(|contact| contact.sessions).map(|session| session.0);
    for secret in source_ids.chain([KEY.to_owned()]) {
        for output in [&table.stdout, &table.stderr, &json.stdout, &json.stderr] {
            assert!(!String::from_utf8_lossy(output).contains(&secret));
        }
    }
    desk.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_usage_ends_with_two_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let empty = written(folder.path(), "empty", "\n");
    let desk = ["--desk", "https://desk.example", "--inbox", "shop"];
    for (arguments, why) in [
        (vec!["--desk", "https://desk.example"], "--inbox"),
        (vec!["--desk", "desk.example", "--inbox", "shop"], "https://desk.example.com"),
        (vec!["--desk", "https://desk.example", "--inbox", ""], "inbox"),
        ([&desk[..], &["--hmac-key-file", "/nowhere"]].concat(), "/nowhere"),
        ([&desk[..], &["--hmac-key-file", &empty]].concat(), "one line"),
        ([&desk[..], &["--hmac-key", "secret"]].concat(), "--hmac-key"),
        ([&desk[..], &["--timeout", "0"]].concat(), "--timeout"),
    ] {
        let output = doctor(words(&arguments)).await;
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && said.contains(why), "{arguments:?}: {said}");
    }
}
