//! Events that overtake each other: the newest word stands, and what was deleted stays deleted.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "tests may fail")]

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use sandbox::{Fault, Rule};
use serde_json::json;
use shopbell::{
    ClientConfig, ConversationStatus, Delivery, SupportClient,
    testing::memory::{Air, MemoryDesk},
};
use shopbell_tests::{Chat, List, Screen, live};

/// Lets the next frame of this name come after the one that follows it.
fn swap(chat: &Chat, name: &str) {
    let rule =
        Rule { path_contains: Some(format!("/cable {name}")), remaining: Some(1), ..Rule::new(Fault::CableSwap) };
    chat.desk.faults().add(rule);
}

/// A conversation that is live. A page comes every few seconds; what is told below is over by then.
async fn quiet() -> Chat {
    let chat = Chat::begun("hello").await;
    live(&chat.client).await;
    chat
}

/// Waits for something that is said last: a socket keeps its order.
async fn passed(chat: &mut Chat) {
    chat.desk.desk().reply(chat.number, "and that is all");
    let said = |m: &[shopbell::Message]| m.last().is_some_and(|m| m.content.as_text() == "and that is all");
    chat.screen.until("the last message", said).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_that_arrive_swapped_leave_the_newer_words() {
    let mut chat = quiet().await;
    let one = chat.desk.desk().reply(chat.number, "price: 10");
    chat.screen.until_texts(&["hello", "price: 10"]).await;
    swap(&chat, "message.updated");
    chat.desk.desk().edit(one, "price: 20");
    chat.desk.desk().edit(one, "price: 30");
    passed(&mut chat).await;
    assert_eq!(chat.screen.texts(), ["hello", "price: 30", "and that is all"]);
    assert!(chat.desk.faults().rules().is_empty());
    // And with a page in between.
    chat.client.refresh().await.unwrap();
    assert_eq!(List::open(&chat.client).await.lines[0].preview, "and that is all");
    assert_eq!(Screen::open(&chat.conversation).await.texts(), ["hello", "price: 30", "and that is all"]);
    chat.client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deletion_that_overtakes_the_creation_shows_nothing_of_what_was_deleted() {
    let mut chat = quiet().await;
    swap(&chat, "message.");
    let one = chat.desk.desk().reply(chat.number, "secret of another customer");
    chat.desk.desk().delete(one);
    passed(&mut chat).await;
    assert_eq!(chat.screen.texts()[1], "This message was deleted");
    assert!(chat.screen.messages[1].deleted && !chat.screen.messages[1].edited);
    let list = List::open(&chat.client).await;
    assert_eq!(list.lines[0].unread, 1, "only the last message");
    chat.client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn status_that_arrives_late_does_not_stand() {
    let mut chat = quiet().await;
    let lost = Rule { path_contains: Some("/cable conversation.updated".into()), ..Rule::new(Fault::CableDropFrames) };
    chat.desk.faults().add(lost);
    swap(&chat, "conversation.status_changed");
    chat.desk.desk().resolve(chat.number);
    chat.desk.desk().reopen(chat.number);
    passed(&mut chat).await;
    assert_eq!(List::open(&chat.client).await.lines[0].status, ConversationStatus::Open);
    chat.client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn question_that_is_told_after_its_answer_keeps_the_answer() {
    let mut chat = quiet().await;
    let items = json!({ "items": [{ "title": "Medium", "value": "m" }] });
    chat.desk.desk().reply_rich(chat.number, "input_select", "Which size?", items);
    chat.screen.until("the question", |messages| messages.len() == 2).await;
    let question = chat.screen.messages[1].id.clone();
    swap(&chat, "message.updated");
    chat.conversation.choose(&question, "m").await.unwrap();
    let sent = |m: &[shopbell::Message]| {
        m[1].content.answer().is_some_and(|answer| answer.state == shopbell::AnswerState::Sent)
    };
    chat.screen.until("the answer", sent).await;
    // The word of the answer comes after that of the deletion of something else.
    let other = chat.desk.desk().reply(chat.number, "never mind");
    chat.desk.desk().edit(other, "never mind that");
    passed(&mut chat).await;
    assert!(sent(&chat.screen.messages));
    chat.client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_arrives_backwards_ends_as_it_is_at_the_desk() {
    let (desk, data) = (MemoryDesk::new(), tempfile::tempdir().unwrap());
    let mut config = ClientConfig::new("https://desk.example.com", "inbox", data.path());
    config.limits.settle = Duration::from_millis(300);
    let client = SupportClient::open_with(config, Arc::new(desk.clone())).await.unwrap();
    let conversation = client.start_conversation().unwrap();
    let mut screen = Screen::open(&conversation).await;
    conversation.send("hello").await.unwrap();
    screen.until_last(Delivery::Sent).await;
    live(&client).await;
    let mut typing = conversation.typing();
    assert_eq!(typing.next().await, Some(None));
    let number = desk.all_conversations()[0].id;
    desk.air(Air::Reversed);
    desk.agent_types(number, true);
    let one = desk.agent_says(number, "price: 10");
    desk.edit(one, "price: 20");
    let two = desk.agent_says(number, "secret of another customer");
    desk.edit(one, "price: 30");
    desk.delete(two);
    desk.set_status(number, ConversationStatus::Resolved);
    desk.set_status(number, ConversationStatus::Snoozed);
    desk.settle();
    desk.air(Air::Clear);
    desk.agent_says(number, "and that is all");
    screen.until("the last message", |m| m.last().is_some_and(|m| m.content.as_text() == "and that is all")).await;
    assert_eq!(screen.texts(), ["hello", "price: 30", "This message was deleted", "and that is all"]);
    assert_eq!(List::open(&client).await.lines[0].status, ConversationStatus::Snoozed);
    assert_eq!(typing.next().now_or_never(), None, "nobody types: that was before the messages");
    client.shutdown().await;
}
