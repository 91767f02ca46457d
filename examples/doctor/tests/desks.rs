//! What is said of desks of each release, and of what is no desk.

// A test fails by panicking, its helpers included.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::time::Duration;

use common::{KEY, desk_of, key, masked, masked_json, of, quiet, reading, verdict, whole};
use sandbox::{DeskVersion, Options as Desk, Sandbox};
use shopbell_doctor::{
    Options,
    Verdict::{Ok as Fine, Skip, Stop, Warn},
    examine,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

#[tokio::test]
async fn desk_of_each_release_is_told_apart() {
    for (version, name, code) in [
        (DeskVersion::V3_16_0, "desk-3.16.0", 1),
        (DeskVersion::V4_15_1, "desk-4.15.1", 0),
        (DeskVersion::V4_16_2, "desk-4.16.2", 0),
    ] {
        let desk = desk_of(version).await;
        let report = examine(&whole(&desk)).await;
        insta::assert_snapshot!(name, masked(&report));
        assert_eq!(report.exit_code(), code, "{}", report.table());
        desk.shutdown().await;
    }
}

#[tokio::test]
async fn json_has_names_that_stay() {
    let desk = desk_of(DeskVersion::V4_15_1).await;
    insta::assert_snapshot!("json", masked_json(&examine(&whole(&desk)).await));
    desk.shutdown().await;
}

#[tokio::test]
async fn reading_leaves_nothing_at_the_desk() {
    let desk = desk_of(DeskVersion::V4_15_1).await;
    let report = examine(&Options { write: false, ..whole(&desk) }).await;
    insta::assert_snapshot!("reading", masked(&report));
    assert_eq!((desk.desk().contacts().len(), desk.desk().conversations().len()), (0, 0));
    assert_eq!(verdict(&report, "inbox.key"), Fine);
    let report = examine(&Options { write: false, hmac_key: key("another"), ..whole(&desk) }).await;
    assert_eq!((verdict(&report, "inbox.key"), report.exit_code()), (Stop, 1));
    assert_eq!(desk.desk().contacts().len(), 0);
    desk.shutdown().await;
}

#[tokio::test]
async fn writing_leaves_one_marked_conversation() {
    let desk = desk_of(DeskVersion::V4_15_1).await;
    let report = examine(&whole(&desk)).await;
    let (contacts, conversations) = (desk.desk().contacts(), desk.desk().conversations());
    assert_eq!((contacts.len(), conversations.len()), (1, 1));
    assert_eq!(contacts[0].name.as_deref(), Some("Shopbell doctor (test)"));
    assert_eq!(of(&report, "write.left").values["conversation"], conversations[0].id);
    desk.shutdown().await;
}

#[tokio::test]
async fn inbox_under_identity_validation_needs_its_key() {
    let desk = Sandbox::start(Desk { hmac_mandatory: true, ..quiet() }).await.unwrap();
    let report = examine(&whole(&desk)).await;
    for check in ["inbox.identity", "inbox.key", "write.identity", "write.message", "socket.frames", "cost.contact"] {
        assert!(matches!(verdict(&report, check), Fine | Warn), "{check}\n{}", report.table());
    }
    assert_eq!(report.exit_code(), 0, "{}", report.table());
    let report = examine(&Options { hmac_key: None, ..whole(&desk) }).await;
    assert_eq!((verdict(&report, "write.contact"), verdict(&report, "inbox.key")), (Skip, Skip));
    let report = examine(&Options { hmac_key: key("another"), ..whole(&desk) }).await;
    assert_eq!((verdict(&report, "inbox.key"), verdict(&report, "write.contact")), (Stop, Stop));
    desk.shutdown().await;
}

#[tokio::test]
async fn contact_that_exists_is_read_and_nothing_is_written() {
    let desk = desk_of(DeskVersion::V4_15_1).await;
    examine(&whole(&desk)).await;
    let contact = desk.desk().contacts().remove(0);
    desk.desk().bulk_messages(desk.desk().conversations()[0].id, 98);
    let source_id = contact.sessions.first().unwrap().0.clone();
    let report = examine(&Options { source_id: key(&source_id), ..reading(&desk) }).await;
    assert_eq!(of(&report, "cost.list").values["messages"], 100, "{}", report.table());
    assert_eq!(verdict(&report, "socket.confirmation"), Fine);
    assert_eq!(desk.desk().contacts().len(), 1);
    let stranger = examine(&Options { source_id: key("nobody"), ..reading(&desk) }).await;
    assert_eq!((verdict(&stranger, "cost.contact"), stranger.exit_code()), (Warn, 0));
    desk.shutdown().await;
}

#[tokio::test]
async fn wrong_inbox_stops_and_the_rest_is_looked_at() {
    let desk = desk_of(DeskVersion::V4_15_1).await;
    let options = whole(&desk);
    let report = examine(&Options { inbox: "elsewhere".to_owned(), ..options }).await;
    insta::assert_snapshot!("wrong-inbox", masked(&report));
    assert_eq!(report.exit_code(), 1);
    desk.shutdown().await;
}

#[tokio::test]
async fn wrong_help_center_stops() {
    let desk = desk_of(DeskVersion::V4_15_1).await;
    let report = examine(&Options { help_center: Some("elsewhere".to_owned()), ..reading(&desk) }).await;
    assert_eq!((verdict(&report, "help"), report.exit_code()), (Stop, 1));
    desk.shutdown().await;
}

#[tokio::test]
async fn proxy_of_1_mib_is_named() {
    let desk = Sandbox::start(Desk { max_body_bytes: Some(1 << 20), ..quiet() }).await.unwrap();
    let report = examine(&whole(&desk)).await;
    let limit = of(&report, "http.body_limit");
    assert!(limit.seen.contains("nginx's default is 1 MiB"), "{}", limit.seen);
    assert_eq!((limit.verdict, verdict(&report, "write.file"), report.exit_code()), (Warn, Warn, 0));
    desk.shutdown().await;
}

#[tokio::test]
async fn desk_that_is_not_there_is_not_reached() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let report = examine(&Options::new(&url, "shop").unwrap()).await;
    assert_eq!((verdict(&report, "desk"), report.exit_code(), report.findings.len()), (Stop, 2, 1));
}

/// A server that answers everything with this.
async fn server(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 << 10];
                // The head of the request; a body is not waited for.
                if stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                    let _ = stream.write_all(answer).await;
                    let _ = stream.shutdown().await;
                    while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn what_is_no_desk_is_said_to_be_none() {
    const PAGE: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\nConnection: close\r\n\r\n<p>Hi</p>";
    let options = |url: &str| {
        let options = Options::new(url, "shop").unwrap();
        Options { write: true, hmac_key: key(KEY), help_center: Some("shop".to_owned()), ..options }
    };
    let report = examine(&options(&server(PAGE).await)).await;
    insta::assert_snapshot!("html-page", masked(&report));
    assert_eq!(report.exit_code(), 1);
    for nonsense in [
        &b"SSH-2.0-OpenSSH_9.9\r\n"[..],
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{\"ver",
        b"",
    ] {
        let report = examine(&options(&server(nonsense).await)).await;
        assert_eq!((verdict(&report, "desk.answers"), report.exit_code()), (Stop, 2), "{}", report.table());
    }
    let odd = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 35\r\nConnection: close\r\n\r\n\
                {\"version\":\"\\u001b[2J\",\"identifier\":";
    let report = examine(&options(&server(odd).await)).await;
    assert_eq!(report.exit_code(), 1, "{}", report.table());
}

#[tokio::test]
async fn run_ends_though_the_desk_does_not() {
    let desk = desk_of(DeskVersion::V4_15_1).await;
    desk.faults().add("GET hc hang".parse().unwrap());
    let mut options = whole(&desk);
    options.timing.whole = Duration::from_secs(4);
    let report = examine(&options).await;
    assert_eq!(verdict(&report, "run"), Warn, "{}", report.table());
    assert!(report.findings.len() > 1);
    desk.shutdown().await;
}
