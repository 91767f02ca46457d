//! Every fault of the network and of a tired desk, and what the adapter says of it: the outbox doubles a message where
//! a `No` is wrong, and makes the customer wait where a `Maybe` could have been a `No`.

use std::time::{Duration, Instant};

use sandbox::Fault as Trouble;
use shopbell::backend::{Fault, Happened};
use shopbell_tests::PATIENCE;

use super::chatwoot::{Rig, outgoing, request};

const HASTE: Duration = Duration::from_millis(300);

/// What sending a message comes to under this fault, and how many the desk has of it.
async fn sending_meets(trouble: Trouble) -> (Fault, Happened, usize) {
    let rig = Rig::start(|_| {}).await;
    let (session, conversation) = rig.customer().await;
    rig.sandbox.faults().once("messages", trouble);
    let error = rig.backend.send_message(&session, conversation, &outgoing("s3cret words")).await.unwrap_err();
    assert_eq!(rig.sandbox.faults().injected(), 1);
    let told = format!("{error} {error:?} {:?}", error.fault);
    assert!(!told.contains("s3cret"), "{told}");
    // One request and no other: the adapter itself repeats nothing.
    let sends = rig.desk().requests().into_iter().filter(|r| r.method == "POST" && r.path.ends_with("/messages"));
    assert_eq!(sends.count(), 1);
    let kept = rig.texts().len();
    // The same desk is well again, and so is the adapter, whatever became of its connections.
    rig.backend.send_message(&session, conversation, &outgoing("after")).await.unwrap();
    (error.fault, error.happened, kept)
}

#[tokio::test]
async fn reset_after_the_write_may_have_happened() {
    assert_eq!(sending_meets(Trouble::ResetAfterWrite).await, (Fault::Network, Happened::Maybe, 1));
}

#[tokio::test]
async fn proxys_error_after_the_write_may_have_happened() {
    assert_eq!(sending_meets(Trouble::StatusAfterWrite(502)).await, (Fault::Desk, Happened::Maybe, 1));
    assert_eq!(sending_meets(Trouble::StatusAfterWrite(504)).await, (Fault::Desk, Happened::Maybe, 1));
}

#[tokio::test]
async fn reset_before_the_write_may_have_happened_for_all_that_is_known() {
    // The connection stood and the request was on it: from here it looks like a reset after the write. Only a
    // connection that was never made is a certain `No`.
    assert_eq!(sending_meets(Trouble::DropBeforeWrite).await, (Fault::Network, Happened::Maybe, 0));
}

#[tokio::test]
async fn answer_cut_off_is_network_trouble_and_may_have_happened() {
    assert_eq!(sending_meets(Trouble::TruncateBody(0)).await, (Fault::Network, Happened::Maybe, 1));
    assert_eq!(sending_meets(Trouble::TruncateBody(10)).await, (Fault::Network, Happened::Maybe, 1));
}

#[tokio::test]
async fn captive_portal_is_network_trouble() {
    // A portal that answers 200 may be a proxy that kept the desk's answer.
    assert_eq!(sending_meets(Trouble::CaptivePortal).await, (Fault::Network, Happened::Maybe, 0));
}

#[tokio::test]
async fn refusals_by_status_have_not_happened() {
    let throttled = Fault::Throttled { retry_after: None };
    assert_eq!(sending_meets(Trouble::TooManyRequests).await, (throttled, Happened::No, 0));
    let (fault, happened, kept) = sending_meets(Trouble::Status(413)).await;
    assert!(matches!(fault, Fault::Refused { .. }));
    assert_eq!((happened, kept), (Happened::No, 0));
    // A page and not the desk's words: somebody on the way.
    assert_eq!(sending_meets(Trouble::Status(403)).await, (Fault::Network, Happened::No, 0));
    assert_eq!(sending_meets(Trouble::Status(404)).await, (Fault::Network, Happened::No, 0));
}

#[tokio::test]
async fn failing_desk_may_have_acted() {
    for status in [500, 502, 503] {
        assert_eq!(sending_meets(Trouble::Status(status)).await, (Fault::Desk, Happened::Maybe, 0), "{status}");
    }
}

#[tokio::test]
async fn captive_portal_is_network_trouble_for_every_call() {
    let rig = Rig::start(|_| {}).await;
    let (session, conversation) = rig.customer().await;
    rig.sandbox.faults().add("captive-portal".parse().unwrap());
    let backend = &rig.backend;
    let network = |error: shopbell::backend::BackendError| assert_eq!(error.fault, Fault::Network, "{error}");
    network(backend.desk_info().await.unwrap_err());
    network(backend.establish(&request("key", None)).await.unwrap_err());
    network(backend.update_customer(&session, None, &Default::default()).await.unwrap_err());
    network(backend.conversations(&session, None).await.unwrap_err());
    network(backend.messages(&session, conversation, None, None).await.unwrap_err());
    network(backend.open_conversation(&session).await.unwrap_err());
    network(backend.set_typing(&session, conversation, true).await.unwrap_err());
    network(backend.mark_seen(&session, conversation).await.unwrap_err());
    network(backend.resolve(&session, conversation).await.unwrap_err());
    network(backend.connect(&session).await.err().unwrap());
}

#[tokio::test]
async fn answers_cut_off_anywhere_are_network_trouble() {
    let rig = Rig::start(|_| {}).await;
    let (session, conversation) = rig.customer().await;
    rig.backend.send_message(&session, conversation, &outgoing("hello")).await.unwrap();
    for bytes in [0, 1, 2, 40, 200] {
        rig.sandbox.faults().once("messages", Trouble::TruncateBody(bytes));
        let error = rig.backend.messages(&session, conversation, None, None).await.unwrap_err();
        assert_eq!(error.fault, Fault::Network, "{bytes}: {error}");
        rig.sandbox.faults().once("conversations", Trouble::TruncateBody(bytes));
        let error = rig.backend.conversations(&session, None).await.unwrap_err();
        assert_eq!(error.fault, Fault::Network, "{bytes}: {error}");
    }
}

#[tokio::test]
async fn silent_desk_is_given_up_in_time_and_may_have_acted() {
    let rig = Rig::start(|_| {}).await;
    let (session, conversation) = rig.customer().await;
    let hasty = rig.hasty(HASTE);
    rig.sandbox.faults().once("messages", Trouble::Hang);
    let began = Instant::now();
    let error = hasty.send_message(&session, conversation, &outgoing("hello")).await.unwrap_err();
    assert_eq!((error.fault, error.happened), (Fault::Network, Happened::Maybe));
    assert!(began.elapsed() >= HASTE && began.elapsed() < PATIENCE);
    hasty.send_message(&session, conversation, &outgoing("hello")).await.unwrap();
    assert_eq!(rig.texts(), ["hello"]);
}

#[tokio::test]
async fn unreachable_desk_certainly_did_nothing() {
    let rig = Rig::start(|_| {}).await;
    let (session, conversation) = rig.customer().await;
    // An adapter that holds no connection: it is refused while it connects.
    let backend = rig.hasty(Duration::from_secs(10));
    rig.sandbox.shutdown().await;
    let error = backend.send_message(&session, conversation, &outgoing("hello")).await.unwrap_err();
    assert_eq!((error.fault, error.happened), (Fault::Network, Happened::No));
    let error = backend.connect(&session).await.err().unwrap();
    assert_eq!((error.fault, error.happened), (Fault::Network, Happened::No));
}

#[tokio::test]
async fn address_over_its_limit_is_throttled() {
    let rig = Rig::start(|options| options.ip_limit = Some(3)).await;
    let (session, conversation) = rig.customer().await;
    rig.backend.send_message(&session, conversation, &outgoing("1")).await.unwrap();
    let error = rig.backend.send_message(&session, conversation, &outgoing("2")).await.unwrap_err();
    assert_eq!((error.fault, error.happened), (Fault::Throttled { retry_after: None }, Happened::No));
    let error = rig.backend.connect(&session).await.err().unwrap();
    assert_eq!(error.fault, Fault::Throttled { retry_after: None });
}

#[tokio::test]
async fn conversation_over_its_limit_is_flooded_and_others_are_not() {
    let rig = Rig::start(|options| options.flood_limit = 2).await;
    let (session, conversation) = rig.customer().await;
    for text in ["1", "2"] {
        rig.backend.send_message(&session, conversation, &outgoing(text)).await.unwrap();
    }
    let error = rig.backend.send_message(&session, conversation, &outgoing("3")).await.unwrap_err();
    assert_eq!((error.fault, error.happened), (Fault::Flooded, Happened::No));
    assert_eq!(rig.texts(), ["1", "2"]);
    let other = rig.backend.open_conversation(&session).await.unwrap().id;
    rig.backend.send_message(&session, other, &outgoing("3")).await.unwrap();
}

#[tokio::test]
async fn body_over_the_proxys_limit_is_refused() {
    let rig = Rig::start(|options| options.max_body_bytes = Some(1_000)).await;
    let (session, conversation) = rig.customer().await;
    let error = rig.backend.send_message(&session, conversation, &outgoing(&"é".repeat(600))).await.unwrap_err();
    assert!(matches!(error.fault, Fault::Refused { .. }) && error.happened == Happened::No, "{error}");
}

#[tokio::test]
async fn refused_cable_is_told_at_once() {
    let rig = Rig::start(|_| {}).await;
    let (session, _) = rig.customer().await;
    rig.sandbox.faults().once("/cable", Trouble::CableRefuse);
    let error = rig.backend.connect(&session).await.err().unwrap();
    // Requests work and the socket does not: the desk's own trouble, not the network's.
    assert_eq!((error.fault, error.happened), (Fault::Desk, Happened::No));
    rig.backend.connect(&session).await.unwrap();
}

#[tokio::test]
async fn cable_that_freezes_before_it_greets_is_given_up_in_time() {
    let rig = Rig::start(|_| {}).await;
    let (session, _) = rig.customer().await;
    rig.sandbox.faults().once("/cable", Trouble::CableHalfOpen);
    let connecting = tokio::time::timeout(PATIENCE, rig.backend.connect(&session));
    let error = connecting.await.expect("in bounded time").err().unwrap();
    assert_eq!(error.fault, Fault::Network);
}

#[tokio::test]
async fn cable_that_freezes_while_open_is_given_up_in_time() {
    let rig = Rig::start(|_| {}).await;
    let (session, _) = rig.customer().await;
    let mut line = rig.backend.connect(&session).await.unwrap();
    rig.sandbox.faults().once("/cable", Trouble::CableHalfOpen);
    let ending = async {
        loop {
            if let Err(error) = line.next().await {
                return error;
            }
        }
    };
    let error = tokio::time::timeout(PATIENCE, ending).await.expect("in bounded time");
    assert_eq!(error.fault, Fault::Network);
    assert!(line.announce_presence().await.is_err());
}

#[tokio::test]
async fn dismissed_cable_says_whether_the_session_is_gone() {
    for (reason, reconnect, expected) in [
        ("unauthorized", false, Fault::SessionGone),
        ("server_restart", true, Fault::Network),
        ("remote", true, Fault::Network),
        ("invalid_request", false, Fault::Desk),
    ] {
        let rig = Rig::start(|_| {}).await;
        let (session, _) = rig.customer().await;
        let mut line = rig.backend.connect(&session).await.unwrap();
        rig.sandbox.faults().once("/cable", Trouble::CableDisconnect { reason: reason.to_owned(), reconnect });
        let error = loop {
            if let Err(error) = line.next().await {
                break error;
            }
        };
        assert_eq!(error.fault, expected, "{reason}");
    }
}

#[tokio::test]
async fn doubled_and_overtaken_events_all_come() {
    use shopbell::backend::RealtimeEvent;
    let rig = Rig::start(|_| {}).await;
    let (session, conversation) = rig.customer().await;
    let there = super::chatwoot::number(conversation);
    let mut line = rig.backend.connect(&session).await.unwrap();
    rig.sandbox.faults().once("message.created", Trouble::CableReorder);
    rig.sandbox.faults().once("message.created", Trouble::CableDuplicate);
    rig.desk().reply(there, "one");
    rig.desk().reply(there, "two");
    let mut told = Vec::new();
    while told.len() < 3 {
        if let RealtimeEvent::Message(message) = line.next().await.unwrap() {
            told.push(message.content.as_text().to_owned());
        }
    }
    told.sort();
    assert_eq!(told, ["one", "two", "two"]);
}

#[tokio::test]
async fn answer_given_up_by_the_caller_leaves_the_adapter_well() {
    use std::{future::poll_fn, task::Poll};
    let rig = Rig::start(|_| {}).await;
    let (session, conversation) = rig.customer().await;
    for turns in 0..50 {
        let text = format!("given up after {turns}");
        let message = outgoing(&text);
        let mut sending = rig.backend.send_message(&session, conversation, &message);
        for _ in 0..turns {
            let done = poll_fn(|context| Poll::Ready(sending.as_mut().poll(context).is_ready())).await;
            if done {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(sending);
    }
    rig.backend.send_message(&session, conversation, &outgoing("after all")).await.unwrap();
    let mut kept = rig.texts();
    assert_eq!(kept.last().map(String::as_str), Some("after all"));
    kept.dedup();
    assert_eq!(kept.len(), rig.texts().len(), "one of them is there twice");
}
