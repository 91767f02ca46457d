//! What networks and desks do to messages. Each fault, and then: the message is there once, in its place.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "tests may fail")]

use std::time::Duration;

use sandbox::{Fault, Rule};
use shopbell::{AttentionReason, Connection, Delivery, SupportError};
use shopbell_tests::{Chat, Screen, at_desk, config, desk, desk_with, failure, phone, until, until_at_desk};

/// Sends three messages while `fault` hits the first `times` sends, and expects each of them once and in order.
async fn survives(fault: Fault, times: u32) {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    let mut screen = Screen::open(&conversation).await;
    conversation.send("before").await.unwrap();
    until_at_desk(&desk.desk(), &["before"]).await;
    let rule = Rule {
        method: Some("POST".into()),
        path_contains: Some("/messages".into()),
        remaining: Some(times),
        ..Rule::new(fault)
    };
    desk.faults().add(rule);
    for text in ["one", "two", "two"] {
        conversation.send(text).await.unwrap();
    }
    screen.until_texts(&["before", "one", "two", "two"]).await;
    until_at_desk(&desk.desk(), &["before", "one", "two", "two"]).await;
    screen.until("all sent", |messages| messages.iter().all(|m| m.delivery == Some(Delivery::Sent))).await;
    assert_eq!(screen.texts(), ["before", "one", "two", "two"]);
    assert_eq!(desk.faults().injected(), u64::from(times));
    client.shutdown().await;
}

macro_rules! survives {
    ($($name:ident: $fault:expr, $times:expr;)*) => { $(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            survives($fault, $times).await;
        }
    )* };
}

survives! {
    reset_before_the_write_delivers_once: Fault::DropBeforeWrite, 2;
    reset_after_the_write_delivers_once: Fault::ResetAfterWrite, 2;
    failure_before_the_write_delivers_once: Fault::Status(500), 2;
    failure_after_the_write_delivers_once: Fault::StatusAfterWrite(502), 2;
    truncated_answer_delivers_once: Fault::TruncateBody(20), 2;
    silence_delivers_once: Fault::Hang, 1;
    captive_portal_delivers_once: Fault::CaptivePortal, 2;
    slow_desk_delivers_once: Fault::Latency(Duration::from_millis(500)), 2;
}

#[tokio::test(flavor = "multi_thread")]
async fn conversation_whose_opening_was_unclear_is_opened_once() {
    for fault in [Fault::ResetAfterWrite, Fault::StatusAfterWrite(500), Fault::DropBeforeWrite] {
        let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
        let rule = Rule {
            method: Some("POST".into()),
            path_contains: Some("/conversations".into()),
            remaining: Some(1),
            ..Rule::new(fault)
        };
        desk.faults().add(rule);
        let client = phone(&desk, data.path()).await;
        let conversation = client.start_conversation().unwrap();
        conversation.send("hello").await.unwrap();
        until_at_desk(&desk.desk(), &["hello"]).await;
        assert_eq!(desk.desk().conversations().len(), 1);
        client.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_message_asks_for_attention_and_lets_the_next_pass() {
    let (desk, data) = (desk_with(|options| options.max_body_bytes = Some(5_000)).await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    let mut screen = Screen::open(&conversation).await;
    conversation.send("before").await.unwrap();
    screen.until_last(Delivery::Sent).await;
    let refused = conversation.send(&"too much ".repeat(1_000)).await.unwrap();
    conversation.send("next").await.unwrap();
    until_at_desk(&desk.desk(), &["before", "next"]).await;
    screen
        .until("attention", |messages| {
            let reason = messages.iter().find(|m| m.id == refused).and_then(|m| m.delivery.clone());
            matches!(reason, Some(Delivery::NeedsAttention { reason: AttentionReason::Refused { .. } }))
        })
        .await;
    conversation.edit(&refused, "corrected").await.unwrap();
    until_at_desk(&desk.desk(), &["before", "next", "corrected"]).await;
    screen.until_texts(&["before", "next", "corrected"]).await;
    screen.until_last(Delivery::Sent).await;
    let error = failure(conversation.edit(&refused, "again").await);
    assert!(matches!(error, SupportError::Conflict { .. }), "{error}");
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn discarded_message_never_reaches_the_desk() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    desk.faults().offline(true);
    let client = phone(&desk, data.path()).await;
    client.network_changed(false);
    let conversation = client.start_conversation().unwrap();
    let first = conversation.send("first").await.unwrap();
    let mut screen = Screen::open(&conversation).await;
    conversation.discard(&first).await.unwrap();
    screen.until("nothing", <[_]>::is_empty).await;
    assert_eq!(failure(conversation.retry(&first).await), SupportError::NotFound { what: "message" });
    desk.faults().offline(false);
    client.network_changed(true);
    let other = client.start_conversation().unwrap();
    other.send("other").await.unwrap();
    until_at_desk(&desk.desk(), &["other"]).await;
    assert_eq!(desk.desk().conversations().len(), 1, "the discarded conversation was never opened");
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn throttled_phone_waits_without_blaming_the_message() {
    let Chat { desk, client, conversation, mut screen, number: _number, data: _data } = Chat::begun("before").await;
    // Whatever is asked: one that is throttled once may be a look of sync's.
    desk.faults().add(Rule { path_contains: Some("/messages".to_owned()), ..Rule::new(Fault::TooManyRequests) });
    conversation.send("later").await.unwrap();
    let refused = || {
        let requests = desk.desk().requests();
        requests.iter().filter(|request| request.method == "POST" && request.status == 429).count()
    };
    until("the throttle", refused, |n| *n == 1).await;
    screen.until_last(Delivery::Queued).await;
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flooded_conversation_waits_without_blaming_the_message() {
    let (desk, data) = (desk_with(|options| options.flood_limit = 2).await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    let mut screen = Screen::open(&conversation).await;
    for text in ["one", "two", "three"] {
        conversation.send(text).await.unwrap();
    }
    until_at_desk(&desk.desk(), &["one", "two"]).await;
    screen.until_last(Delivery::Queued).await;
    // Another conversation is not held up by it.
    client.start_conversation().unwrap().send("elsewhere").await.unwrap();
    until("the other", || at_desk(&desk.desk()), |texts| texts.contains(&"elsewhere".to_owned())).await;
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn captive_portal_is_no_network_and_no_data() {
    let Chat { desk, client, conversation, screen: _screen, number: _number, data: _data } =
        Chat::begun("before").await;
    desk.faults().add(Rule::new(Fault::CaptivePortal));
    desk.faults().drop_sockets();
    assert_eq!(failure(client.refresh().await), SupportError::Offline);
    assert_eq!(failure(client.desk_info().await), SupportError::Offline);
    let mut status = client.status();
    while status.next().await.unwrap().unwrap().connection != Connection::Offline {}
    conversation.send("in the hotel").await.unwrap();
    desk.faults().clear();
    client.network_changed(true);
    until_at_desk(&desk.desk(), &["before", "in the hotel"]).await;
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_and_reordered_events_show_each_message_once_in_order() {
    let Chat { desk, client, conversation: _conversation, mut screen, number, data: _data } =
        Chat::begun("hello").await;
    for fault in [Fault::CableDuplicate, Fault::CableReorder] {
        desk.faults().add(Rule { probability: 0.5, ..Rule::new(fault) });
    }
    let mut texts = vec!["hello".to_owned()];
    for n in 0..30 {
        let text = format!("answer {n}");
        desk.desk().reply(number, &text);
        texts.push(text);
    }
    screen.until("thirty answers", |messages| messages.len() == 31).await;
    desk.faults().clear();
    assert_eq!(screen.texts(), texts);
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn phone_without_a_socket_asks_and_still_sees_everything() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    desk.faults().add(Rule::new(Fault::CableRefuse));
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    let mut screen = Screen::open(&conversation).await;
    conversation.send("hello").await.unwrap();
    screen.until_last(Delivery::Sent).await;
    desk.desk().reply(desk.desk().conversations()[0].id, "answer");
    screen.until_texts(&["hello", "answer"]).await;
    let asked = || {
        let requests = desk.desk().requests();
        requests.iter().filter(|request| request.if_none_match && request.status == 304).count()
    };
    until("conditional questions", asked, |n| *n > 2).await;
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn socket_that_goes_silent_is_replaced() {
    let Chat { desk, client, conversation: _conversation, mut screen, number: _number, data: _data } =
        Chat::begun("hello").await;
    desk.faults().add(Rule { remaining: Some(1), ..Rule::new(Fault::CableHalfOpen) });
    desk.desk().reply(desk.desk().conversations()[0].id, "said into the void");
    screen.until_texts(&["hello", "said into the void"]).await;
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_poll_is_one_conditional_request() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let mut config = config(&desk, data.path());
    config.limits.idle_poll = Duration::from_millis(50);
    let client = shopbell::SupportClient::open(config).await.unwrap();
    let conversation = client.start_conversation().unwrap();
    conversation.send("hello").await.unwrap();
    until_at_desk(&desk.desk(), &["hello"]).await;
    let unchanged = || desk.desk().requests().iter().filter(|request| request.status == 304).count();
    until("the first unchanged answer", unchanged, |n| *n > 0).await;
    desk.desk().clear_requests();
    until("ten polls", unchanged, |n| *n >= 10).await;
    for request in desk.desk().requests() {
        assert_eq!((request.method.as_str(), request.if_none_match, request.response_bytes), ("GET", true, 0));
        assert!(request.path.ends_with("/messages"), "a page, never the list: {request:?}");
    }
    assert_eq!(desk.desk().cable_connections(), 0);
    client.shutdown().await;
}
