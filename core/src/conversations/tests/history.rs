//! How far the history on the phone reaches, and what a list that can't be read does not take along.

use super::{Phone, until_status, words};
use crate::{
    Connection, History, Message, Older, SupportError,
    backend::{BackendError, Fault},
    testing::memory::{Call, Play},
};

fn failing() -> Play {
    Play::Fails(BackendError::unclear(Fault::Desk, "500 after 15 s"))
}

/// A phone whose conversation is live, at a desk whose list holds everything and fails.
async fn phone_without_a_list() -> Phone {
    let mut phone = Phone::new().await;
    phone.conversation.send("hello").await.unwrap();
    phone.until_sent().await;
    until_status(&phone.client, |status| status.connection == Connection::Live).await;
    phone.desk.always(Call::Conversations, failing());
    phone
}

async fn scroll_to_the_beginning(phone: &mut Phone) -> Result<usize, SupportError> {
    let pager = phone.timeline.pager();
    for pages in 0..200 {
        if pager.load_older().await? == Older::None {
            return Ok(pages);
        }
    }
    panic!("no end");
}

#[tokio::test]
async fn list_that_fails_leaves_the_connection_and_is_told() {
    let mut phone = phone_without_a_list().await;
    let connects = phone.desk.count(Call::Connect);
    phone.desk.drop_connections();
    phone.desk.until(|desk| desk.count(Call::Connect) == connects + 1 && desk.connections() == 1).await;
    phone.client.refresh().await.unwrap();
    until_status(&phone.client, |status| {
        (status.connection, status.history) == (Connection::Live, History::Unavailable)
    })
    .await;
    let there = phone.desk.all_conversations()[0].id;
    phone.desk.agent_says(there, "here I am");
    phone.until("the answer", |shown| words(shown).contains(&"here I am")).await;
    assert_eq!(phone.desk.count(Call::Connect), connects + 1, "no flapping");
    phone.desk.heal();
    phone.client.refresh().await.unwrap();
    until_status(&phone.client, |status| status.history == History::Listed).await;
}

#[tokio::test]
async fn gap_of_many_pages_is_filled_without_the_list() {
    let mut phone = phone_without_a_list().await;
    phone.client.pause().await;
    let there = phone.desk.all_conversations()[0].id;
    phone.desk.agent_says_many(there, 150);
    phone.client.resume().await.unwrap();
    phone.until("the newest", |shown| words(shown).last() == Some(&"message 150")).await;
    phone.client.refresh().await.unwrap();
    until_status(&phone.client, |status| status.history == History::Unavailable).await;
    scroll_to_the_beginning(&mut phone).await.unwrap();
    phone.until("everything", |shown| shown.len() == 151).await;
    assert_eq!(words(&phone.shown)[..2], ["hello", "message 1"]);
}

#[tokio::test]
async fn messages_before_a_gap_are_shown_once_it_is_filled() {
    let phone = Phone::new().await;
    drop(phone.timeline);
    // Sent from another screen, so that nothing of the conversation was ever read.
    phone.conversation.send("hello").await.unwrap();
    phone.desk.until(|desk| desk.texts_of_customers().len() == 1).await;
    phone.client.pause().await;
    let there = phone.desk.all_conversations()[0].id;
    phone.desk.agent_says_many(there, 100);
    phone.client.resume().await.unwrap();
    let mut phone = Phone { timeline: phone.conversation.timeline(), ..phone };
    phone.until("the newest page", |shown| words(shown).last() == Some(&"message 100")).await;
    for pages in 0.. {
        // Pages of one catching up are shown as they come; none is missing once it is over.
        phone.until(&format!("no hole after {pages} pages"), is_without_holes).await;
        match phone.timeline.pager().load_older().await.unwrap() {
            Older::MayExist => {
                let before = phone.shown.len();
                phone.until("an older page", |shown| shown.len() > before).await;
            }
            Older::None => break,
        }
    }
    assert_eq!((phone.shown.len(), words(&phone.shown)[0]), (101, "hello"));
}

fn is_without_holes(shown: &[Message]) -> bool {
    let numbers: Vec<i64> = shown.iter().filter_map(|message| number(message.content.as_text())).collect();
    numbers.windows(2).all(|pair| pair[1] == pair[0] + 1)
}

fn number(text: &str) -> Option<i64> {
    if text == "hello" { Some(0) } else { text.strip_prefix("message ")?.parse().ok() }
}

#[tokio::test]
async fn older_page_that_fails_is_no_beginning() {
    let mut phone = Phone::new().await;
    phone.conversation.send("hello").await.unwrap();
    phone.until_sent().await;
    let there = phone.desk.all_conversations()[0].id;
    phone.client.pause().await;
    phone.desk.agent_says_many(there, 300);
    phone.client.resume().await.unwrap();
    phone.until("the newest", |shown| words(shown).last() == Some(&"message 300")).await;
    // Whatever is on the phone is shown first; then the desk is asked, and can't answer.
    phone.desk.always(Call::Messages, failing());
    let pager = phone.timeline.pager();
    let ended = loop {
        match pager.load_older().await {
            Ok(Older::MayExist) => {}
            ended => break ended,
        }
    };
    assert!(matches!(ended, Ok(Older::None) | Err(SupportError::DeskUnavailable)), "{ended:?}");
    if ended.is_ok() {
        phone.until("the beginning", |shown| words(shown)[0] == "hello").await;
    }
    phone.desk.heal();
    scroll_to_the_beginning(&mut phone).await.unwrap();
    phone.until("everything", |shown| shown.len() == 301).await;
}
