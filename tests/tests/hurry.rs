//! An app in a hurry: many calls at once, and calls that nobody waits for.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "tests may fail")]

use std::{collections::BTreeSet, future::poll_fn, task::Poll};

use futures_util::future::join_all;
use shopbell_tests::{Screen, at_desk, desk, kill::Chance, only_conversation, phone, until};

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_nobody_waits_for_are_done_once_and_in_order() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    let mut screen = Screen::open(&conversation).await;
    let mut chance = Chance::from_environment();
    let mut promised = BTreeSet::new();
    for number in 0..100 {
        let text = format!("message {number}");
        let mut sending = Box::pin(conversation.send(&text));
        for _ in 0..chance.below(12) {
            let kept = poll_fn(|context| Poll::Ready(sending.as_mut().poll(context).is_ready())).await;
            if kept {
                promised.insert(text.clone());
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    conversation.send("the last").await.unwrap();
    let there = until(
        "the last at the desk",
        || at_desk(&desk.desk()),
        |texts: &Vec<String>| texts.last().is_some_and(|text| text == "the last"),
    )
    .await;
    let numbers: Vec<u32> = there.iter().filter_map(|text| text.strip_prefix("message ")?.parse().ok()).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    assert!(promised.iter().all(|text| there.contains(text)));
    screen
        .until("all of it", |messages| messages.last().is_some_and(|m| m.delivery == Some(shopbell::Delivery::Sent)))
        .await;
    only_conversation(&desk.desk());
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_made_at_once_are_done_in_the_order_of_the_calls() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    let wanted: Vec<String> = (0..50).map(|number| format!("press {number}")).collect();
    for sent in join_all(wanted.iter().map(|text| conversation.send(text))).await {
        sent.unwrap();
    }
    let mut screen = Screen::open(&conversation).await;
    let texts: Vec<&str> = wanted.iter().map(String::as_str).collect();
    screen.until_texts(&texts).await;
    screen.until_last(shopbell::Delivery::Sent).await;
    assert_eq!(at_desk(&desk.desk()), wanted);
    client.shutdown().await;
}
