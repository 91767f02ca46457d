//! A realtime connection that is up and tells late, or nothing: what a desk's customers meet when its message broker was
//! restarted, or its jobs stand in a long queue. Answers are shown all the same, and the status says how it is.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "tests may fail")]

use std::time::Duration;

use sandbox::{Fault, Rule, Sandbox};
use shopbell::{Connection, Conversation, Delivery, SupportClient};
use shopbell_tests::{PATIENCE, Screen, config, desk};

/// The beat at which pages are asked for; the connection is judged by fractions of it.
const BEAT: Duration = Duration::from_millis(1_500);

/// A phone with a conversation on screen, live, whose customer awaits an answer.
async fn waiting() -> (Sandbox, SupportClient, Conversation, Screen, tempfile::TempDir) {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let mut config = config(&desk, data.path());
    config.limits.live_poll = BEAT;
    config.limits.active_poll = BEAT;
    let client = SupportClient::open(config).await.unwrap();
    let conversation = client.start_conversation().unwrap();
    let mut screen = Screen::open(&conversation).await;
    conversation.send("hello").await.unwrap();
    screen.until_last(Delivery::Sent).await;
    until_connection(&client, Connection::Live).await;
    (desk, client, conversation, screen, data)
}

async fn until_connection(client: &SupportClient, wanted: Connection) {
    let mut status = client.status();
    let waiting = async { while status.next().await.unwrap().unwrap().connection != wanted {} };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "waited in vain for {wanted:?}");
}

/// The agent writes until the connection is as wanted, and each answer is shown. What is there with the first page of a
/// connection says nothing of it; what comes after that does.
async fn replies_until(desk: &Sandbox, client: &SupportClient, screen: &mut Screen, wanted: Connection) {
    let number = desk.desk().conversations()[0].id;
    for n in 0..20 {
        let text = format!("answer {n}");
        desk.desk().reply(number, &text);
        screen.until(&text, |messages| messages.iter().any(|m| m.content.as_text() == text)).await;
        let mut status = client.status();
        let told = async { while status.next().await.unwrap().unwrap().connection != wanted {} };
        if tokio::time::timeout(BEAT * 4, told).await.is_ok() {
            return;
        }
    }
    panic!("waited in vain for {wanted:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn answer_comes_over_a_deaf_connection_which_is_then_dropped_and_not_made_anew_in_a_loop() {
    let (desk, client, _conversation, mut screen, _data) = waiting().await;
    let number = desk.desk().conversations()[0].id;
    desk.faults().add(Rule::new(Fault::Deaf));
    // The successor is welcomed and never confirmed.
    replies_until(&desk, &client, &mut screen, Connection::Online).await;
    for answer in ["one", "two", "three"] {
        desk.desk().reply(number, answer);
        screen.until(answer, |messages| messages.last().is_some_and(|m| m.content.as_text() == answer)).await;
    }
    let sockets = desk.desk().requests().iter().filter(|request| request.path == "/cable").count();
    assert!(sockets <= 3, "{sockets} sockets");
    let lists =
        desk.desk().requests().iter().filter(|r| r.method == "GET" && r.path.ends_with("/conversations")).count();
    assert!(lists <= 1, "{lists} lists");
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connection_that_tells_late_stays_and_is_told_as_delayed() {
    let (desk, client, _conversation, mut screen, _data) = waiting().await;
    let number = desk.desk().conversations()[0].id;
    desk.faults().add(Rule::new(Fault::LateFrames(BEAT * 4)));
    replies_until(&desk, &client, &mut screen, Connection::Delayed).await;
    // Who types is not shown while that is over by the time that it is told.
    desk.desk().set_typing(number, true);
    assert_eq!(desk.desk().cable_connections(), 1, "it stays");
    desk.faults().clear();
    // What is told before any page holds it shows that it tells in time again.
    for n in 0.. {
        let text = format!("in time {n}");
        desk.desk().reply(number, &text);
        screen.until(&text, |messages| messages.iter().any(|m| m.content.as_text() == text)).await;
        if client.status().next().await.unwrap().unwrap().connection == Connection::Live {
            break;
        }
        assert!(n < 20, "still delayed");
    }
    client.shutdown().await;
}
