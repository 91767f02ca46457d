//! The desk goes, and comes back: nobody waits longer than they must, and everybody is told.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

use std::time::Duration;

use sandbox::Sandbox;
use shopbell::{Connection, Delivery, SupportClient};
use shopbell_tests::{Screen, config, desk, until, until_at_desk};

/// A phone that looks for a lost desk often.
async fn phone(desk: &Sandbox, data: &std::path::Path) -> SupportClient {
    let mut config = config(desk, data);
    config.limits.offline_poll = Duration::from_millis(50);
    SupportClient::open(config).await.unwrap()
}

async fn until_connection(client: &SupportClient, wanted: Connection) {
    let mut status = client.status();
    while status.next().await.unwrap().unwrap().connection != wanted {}
}

/// How many requests came to the desk, whether or not it answered.
fn asked(desk: &Sandbox, method: &str, path_ends: &str) -> usize {
    let requests = desk.desk().requests();
    requests.iter().filter(|request| request.method == method && request.path.ends_with(path_ends)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn new_customers_words_go_out_when_the_desk_is_back_and_are_not_tried_before() {
    let desk = desk().await;
    let mut phones = Vec::new();
    desk.faults().offline(true);
    for number in 0..4 {
        let data = tempfile::tempdir().unwrap();
        let client = phone(&desk, data.path()).await;
        let conversation = client.start_conversation().unwrap();
        let screen = Screen::open(&conversation).await;
        conversation.send(&format!("hello from {number}")).await.unwrap();
        until_connection(&client, Connection::Offline).await;
        phones.push((client, screen, data));
    }
    for (_, screen, _) in &mut phones {
        screen.until_last(Delivery::Queued).await;
    }
    desk.faults().offline(false);
    for (client, screen, _) in &mut phones {
        screen.until_last(Delivery::Sent).await;
        until_connection(client, Connection::Live).await;
    }
    until("four conversations", || desk.desk().conversations().len(), |count| *count == 4).await;
    let tries = asked(&desk, "POST", "/contacts");
    assert!(tries <= 8, "{tries} tries of four phones: the first each, and one once the desk is back");
    for (client, ..) in &phones {
        client.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn status_says_what_the_outbox_finds_and_what_a_lost_connection_means() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    until_connection(&client, Connection::Unknown).await;
    let conversation = client.start_conversation().unwrap();
    conversation.send("one").await.unwrap();
    until_connection(&client, Connection::Online).await;
    let mut screen = Screen::open(&conversation).await;
    until_connection(&client, Connection::Live).await;
    // Nothing is asked of the desk by the app: the lost connection is what is noticed.
    desk.faults().offline(true);
    desk.faults().drop_sockets();
    until_connection(&client, Connection::Offline).await;
    conversation.send("two").await.unwrap();
    screen.until_last(Delivery::Queued).await;
    desk.faults().offline(false);
    until_at_desk(&desk.desk(), &["one", "two"]).await;
    until_connection(&client, Connection::Live).await;
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn host_that_is_wrong_about_the_network_is_overruled() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    let mut screen = Screen::open(&conversation).await;
    client.network_changed(true);
    client.network_changed(false);
    conversation.send("one").await.unwrap();
    screen.until_last(Delivery::Sent).await;
    until_connection(&client, Connection::Live).await;
    client.network_changed(false);
    desk.desk().reply(1, "are you there?");
    screen.until_texts(&["one", "are you there?"]).await;
    client.shutdown().await;
}
