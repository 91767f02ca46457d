//! A conversation in an app's hands, through a log-in, a pause and another look at it.

use std::time::Duration;

use super::{Phone, is_sent, until, until_status, words};
use crate::{
    Connection, Conversation, ConversationId, Older, SupportError,
    model::Typing,
    testing::memory::{Call, MemoryDesk, Play},
};

async fn log_in(phone: &Phone) {
    phone.client.identify(MemoryDesk::identity("mai"), Default::default()).await.unwrap();
}

#[tokio::test]
async fn open_conversation_goes_on_when_its_anonymous_customer_logs_in() {
    let mut phone = Phone::new().await;
    phone.conversation.send("before").await.unwrap();
    phone.until_sent().await;
    let mut typing = phone.conversation.typing();
    assert_eq!(typing.next().await, Some(None));
    until_status(&phone.client, |status| status.connection == Connection::Live).await;
    let connects = phone.desk.count(Call::Connect);
    log_in(&phone).await;
    phone.conversation.send("after").await.unwrap();
    phone.until("the words after the log-in", |shown| is_sent(shown, "after")).await;
    assert_eq!(words(&phone.shown), ["before", "after"]);
    assert!(phone.timeline.whose().is_here());
    let there = phone.desk.all_conversations()[0].id;
    // Told once: to a phone that hears it.
    phone.desk.until(|desk| desk.count(Call::Connect) > connects && desk.connections() == 1).await;
    phone.desk.agent_types(there, true);
    let types = async { while !matches!(typing.next().await.unwrap(), Some(Typing { .. })) {} };
    assert!(tokio::time::timeout(Duration::from_secs(60), types).await.is_ok(), "typing goes on");
    phone.desk.agent_says(there, "welcome back");
    phone.until("the answer", |shown| words(shown).contains(&"welcome back")).await;
    // Through a pause and a restart of the file, too; and not beyond the customer.
    phone.client.pause().await;
    phone.client.resume().await.unwrap();
    phone.conversation.set_draft("and another").await.unwrap();
    assert_eq!(phone.conversation.draft().await.unwrap().as_deref(), Some("and another"));
    phone.client.log_out().await.unwrap();
    assert_eq!(phone.conversation.send("whose?").await.unwrap_err(), SupportError::Closed);
    assert_eq!(phone.conversation.draft().await.unwrap_err(), SupportError::Closed);
    let end = async { while phone.timeline.next().await.unwrap().is_some() {} };
    assert!(tokio::time::timeout(Duration::from_secs(60), end).await.is_ok(), "the timeline ends with its customer");
}

#[tokio::test]
async fn conversation_that_was_only_begun_goes_on_after_log_in_and_pause() {
    let mut phone = Phone::new().await;
    let current = phone.client.current_conversation().await.unwrap();
    phone.client.pause().await;
    phone.client.resume().await.unwrap();
    assert_eq!(phone.client.current_conversation().await.unwrap().id(), current.id());
    log_in(&phone).await;
    assert_eq!(phone.client.current_conversation().await.unwrap().id(), current.id());
    phone.conversation.send("hello").await.unwrap();
    phone.until_sent().await;
    assert_eq!(phone.desk.people().len(), 1, "it was begun by the one who has logged in");
    phone.client.log_out().await.unwrap();
    assert_ne!(phone.client.current_conversation().await.unwrap().id(), current.id());
}

#[tokio::test]
async fn what_is_written_while_paused_is_kept_and_goes_out_after_the_resume() {
    let mut phone = Phone::new().await;
    phone.conversation.send("before").await.unwrap();
    phone.until_sent().await;
    phone.client.pause().await;
    phone.conversation.send("while paused").await.unwrap();
    phone.conversation.set_draft("and then").await.unwrap();
    assert_eq!(phone.conversation.draft().await.unwrap().as_deref(), Some("and then"));
    phone.conversation.mark_seen().await.unwrap();
    phone.client.log_event("left", Default::default()).await.unwrap();
    let profile = crate::CustomerProfile { name: Some("Mai".into()), ..Default::default() };
    phone.client.update_customer(profile).await.unwrap();
    assert_eq!(phone.client.unread().await.unwrap_err(), SupportError::Paused, "nothing is left open");
    phone.client.resume().await.unwrap();
    phone.until("the words", |shown| is_sent(shown, "while paused")).await;
    assert_eq!(phone.conversation.draft().await.unwrap().as_deref(), Some("and then"));
    phone.desk.until(|desk| desk.people().iter().any(|(_, profile)| profile.name.is_some())).await;
    phone.client.shutdown().await;
    assert_eq!(phone.conversation.set_draft("too late").await.unwrap_err(), SupportError::Closed);
}

#[tokio::test]
async fn draft_that_is_written_while_files_are_being_closed_does_not_wait_for_that() {
    let phone = Phone::new().await;
    phone.desk.once(Call::Establish, Play::Held);
    phone.conversation.send("on its way").await.unwrap();
    phone.desk.until(|desk| desk.held() == 1).await;
    let client = phone.client.clone();
    let pausing = tokio::spawn(async move { client.pause().await });
    while phone.client.unread().await != Err(SupportError::Paused) {
        tokio::task::yield_now().await;
    }
    phone.conversation.set_draft("on the way to the background").await.unwrap();
    phone.desk.release();
    pausing.await.unwrap();
    phone.client.resume().await.unwrap();
    assert_eq!(phone.conversation.draft().await.unwrap().as_deref(), Some("on the way to the background"));
}

#[tokio::test]
async fn pages_that_were_brought_in_stay_for_another_timeline_of_the_handle() {
    let mut phone = Phone::with(|config| config.limits.page_size = 10).await;
    phone.conversation.send("hello").await.unwrap();
    phone.until_sent().await;
    let there = phone.desk.all_conversations()[0].id;
    phone.desk.agent_says_many(there, 30);
    phone.client.refresh().await.unwrap();
    phone.until("the newest", |shown| words(shown).last() == Some(&"message 30")).await;
    // Another handle begins with the newest page.
    let handle = phone.client.conversation(phone.conversation.id()).unwrap();
    phone.timeline = handle.timeline();
    phone.shown.clear();
    phone.until("a page", |shown| shown.len() == 10).await;
    assert_eq!(phone.timeline.pager().load_older().await.unwrap(), Older::MayExist);
    phone.until("a page more", |shown| shown.len() == 20).await;
    let (mut again, mut shown) = (handle.clone().timeline(), Vec::new());
    until(&mut again, &mut shown, "as much as before", |shown| !shown.is_empty()).await;
    assert_eq!(words(&shown), words(&phone.shown));
}

#[tokio::test]
async fn conversation_that_is_not_there_is_an_error_and_no_empty_chat() {
    let phone = Phone::new().await;
    let missing = || SupportError::NotFound { what: "conversation" };
    let nobody = phone.client.conversation(&ConversationId::new("nobody")).unwrap();
    assert_eq!(nobody.timeline().next().await.unwrap_err(), missing());
    assert_eq!(nobody.draft().await.unwrap_err(), missing());
    assert_eq!(nobody.send("hello").await.unwrap_err(), missing());
    assert_eq!(nobody.set_draft("hello").await.unwrap_err(), missing());
    assert_eq!(nobody.mark_seen().await.unwrap_err(), missing());
    // One that was begun and not written down yet is there, by its id as well.
    let begun = phone.client.conversation(phone.conversation.id()).unwrap();
    assert!(begun.timeline().next().await.unwrap().is_some());
    begun.send("hello").await.unwrap();
    phone.desk.until(|desk| desk.texts_of_customers() == ["hello"]).await;
}

#[tokio::test]
async fn older_messages_are_refused_while_paused() {
    let mut phone = Phone::new().await;
    phone.conversation.send("hello").await.unwrap();
    phone.until_sent().await;
    let pager = phone.timeline.pager();
    phone.client.pause().await;
    assert_eq!(pager.load_older().await, Err(SupportError::Paused));
    phone.client.resume().await.unwrap();
    assert_eq!(pager.load_older().await, Ok(Older::None));
}

#[tokio::test]
async fn handles_of_one_customer_never_write_for_another() {
    let phone = Phone::new().await;
    let anonymous: Conversation = phone.client.start_conversation().unwrap();
    anonymous.set_draft("anonymous words").await.unwrap();
    log_in(&phone).await;
    phone.client.identify(MemoryDesk::identity("eve"), Default::default()).await.unwrap();
    assert_eq!(anonymous.send("as mai").await.unwrap_err(), SupportError::Closed);
    phone.client.pause().await;
    assert_eq!(anonymous.send("as mai").await.unwrap_err(), SupportError::Closed);
    phone.client.resume().await.unwrap();
    log_in(&phone).await;
    assert_eq!(anonymous.draft().await.unwrap().as_deref(), Some("anonymous words"));
}
