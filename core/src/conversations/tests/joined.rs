//! Two conversations on the phone that are one at the desk.

use super::{Phone, is_sent, lines, open, until, until_lines, words};
use crate::{
    Conversation, Timeline,
    model::{Content, Message},
    testing::memory::{Call, MemoryDesk, Play},
};

/// A desk that keeps one conversation for each customer, with words in it.
async fn phone_at_a_desk_that_keeps_one() -> Phone {
    let mut phone = Phone::new().await;
    phone.desk.keep_single_conversation();
    phone.conversation.send("first visit").await.unwrap();
    phone.until_sent().await;
    phone
}

fn screen(conversation: &Conversation) -> (Timeline, Vec<Message>) {
    (conversation.timeline(), Vec::new())
}

#[tokio::test]
async fn second_conversation_of_an_inbox_that_keeps_one_goes_on_in_the_first() {
    let mut phone = phone_at_a_desk_that_keeps_one().await;
    let second = phone.client.start_conversation().unwrap();
    let (mut timeline, mut shown) = screen(&second);
    second.send("second visit").await.unwrap();
    until(&mut timeline, &mut shown, "the words sent", |shown| is_sent(shown, "second visit")).await;
    assert_eq!(words(&shown), ["first visit", "second visit"], "the timeline of the new id shows the whole");
    // Both ids go on, for what is written and for what comes.
    second.send("by the new id").await.unwrap();
    phone.conversation.send("by the old id").await.unwrap();
    let there = phone.desk.all_conversations()[0].id;
    phone.desk.until(|desk| desk.texts_of_customers().len() == 4).await;
    phone.desk.agent_says(there, "Welcome back");
    let came = |shown: &[Message]| words(shown).contains(&"Welcome back") && is_sent(shown, "by the old id");
    until(&mut timeline, &mut shown, "the answer by the new id", came).await;
    phone.until("the answer by the old id", came).await;
    assert_eq!(phone.desk.all_conversations().len(), 1);
    assert_eq!(lines(&phone.client).await.len(), 1);
    assert_eq!(phone.desk.count(Call::OpenConversation), 2);
}

#[tokio::test]
async fn id_that_was_joined_is_known_after_a_restart() {
    let phone = phone_at_a_desk_that_keeps_one().await;
    let second = phone.client.start_conversation().unwrap();
    second.send("second visit").await.unwrap();
    phone.desk.until(|desk| desk.texts_of_customers().len() == 2).await;
    phone.client.shutdown().await;
    let client = open(&phone.desk, phone.folder.path(), |_| {}).await;
    let again = client.conversation(second.id()).unwrap();
    let (mut timeline, mut shown) = screen(&again);
    until(&mut timeline, &mut shown, "both visits", |shown| is_sent(shown, "second visit")).await;
    assert_eq!(words(&shown), ["first visit", "second visit"]);
    again.send("third").await.unwrap();
    until(&mut timeline, &mut shown, "the third", |shown| is_sent(shown, "third")).await;
}

#[tokio::test]
async fn draft_of_each_is_kept_when_they_become_one() {
    let phone = phone_at_a_desk_that_keeps_one().await;
    phone.conversation.set_draft("old draft").await.unwrap();
    let second = phone.client.start_conversation().unwrap();
    phone.desk.once(Call::OpenConversation, Play::Held);
    second.send("second visit").await.unwrap();
    phone.desk.until(|desk| desk.held() == 1).await;
    second.set_draft("new draft").await.unwrap();
    phone.desk.release();
    until_lines(&phone.client, "one line with both drafts", |lines| {
        lines.len() == 1 && lines[0].draft.as_deref() == Some("old draft\nnew draft")
    })
    .await;
    assert_eq!(second.draft().await.unwrap().as_deref(), Some("old draft\nnew draft"));
}

#[tokio::test]
async fn same_words_in_a_conversation_that_was_there_before_are_not_taken_for_what_is_sent() {
    let desk = MemoryDesk::new();
    desk.keep_single_conversation();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let first = open(&desk, folders[0].path(), |_| {}).await;
    first.identify(MemoryDesk::identity("mai"), Default::default()).await.unwrap();
    first.start_conversation().unwrap().send("hello").await.unwrap();
    desk.until(|desk| desk.texts_of_customers().len() == 1).await;
    let second = open(&desk, folders[1].path(), |_| {}).await;
    // Its list is never read before the words go out, and the answer to them is lost.
    desk.always(Call::Conversations, Play::unreachable());
    second.identify(MemoryDesk::identity("mai"), Default::default()).await.unwrap();
    let conversation = second.start_conversation().unwrap();
    let (mut timeline, mut shown) = screen(&conversation);
    desk.once(Call::SendMessage, Play::request_lost());
    conversation.send("hello").await.unwrap();
    until(&mut timeline, &mut shown, "both", |shown| {
        words(shown) == ["hello", "hello"] && is_sent(&shown[1..], "hello")
    })
    .await;
    assert_eq!(desk.texts_of_customers(), ["hello", "hello"]);
    assert_eq!(desk.all_conversations().len(), 1);
}

/// A desk whose automation greets in the conversation that is just being opened.
async fn greeted(play: Play, meanwhile: impl AsyncFnOnce(&Phone)) {
    let mut phone = Phone::with(|config| config.limits.settle = std::time::Duration::from_millis(1)).await;
    phone.desk.once(Call::OpenConversation, play);
    phone.conversation.send("first words").await.unwrap();
    phone.desk.until(|desk| !desk.all_conversations().is_empty()).await;
    let there = phone.desk.all_conversations()[0].id;
    phone.desk.agent_writes(there, Content::text("Welcome! How can we help?"));
    meanwhile(&phone).await;
    phone.desk.release();
    phone.until("the words sent", |shown| is_sent(shown, "first words") && shown.len() == 2).await;
    assert_eq!(phone.desk.all_conversations().len(), 1, "nothing was opened twice");
    assert_eq!(lines(&phone.client).await.len(), 1);
}

#[tokio::test]
async fn automation_that_speaks_first_does_not_hide_the_conversation_whose_opening_was_unclear() {
    greeted(Play::answer_lost(), async |_| {}).await;
}

#[tokio::test]
async fn list_that_is_read_while_a_conversation_is_opened_leaves_it_to_the_outbox() {
    greeted(Play::AnswerHeld, async |phone: &Phone| {
        phone.client.refresh().await.unwrap();
        assert_eq!(lines(&phone.client).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn greeting_that_is_read_after_the_first_words_were_sent_is_shown_before_them() {
    let mut phone = Phone::new().await;
    phone.desk.always(Call::Connect, Play::unreachable());
    phone.desk.once(Call::OpenConversation, Play::AnswerHeld);
    phone.conversation.send("first words").await.unwrap();
    phone.desk.until(|desk| !desk.all_conversations().is_empty()).await;
    let there = phone.desk.all_conversations()[0].id;
    phone.desk.agent_writes(there, Content::text("Welcome! How can we help?"));
    // Nothing but a page tells of it.
    phone.desk.always(Call::Conversations, Play::unreachable());
    phone.desk.always(Call::Messages, Play::Held);
    phone.desk.release();
    phone.until("the words sent", |shown| is_sent(shown, "first words")).await;
    assert_eq!(words(&phone.shown), ["first words"]);
    phone.desk.heal();
    phone.desk.release();
    phone.until("the greeting", |shown| words(shown) == ["Welcome! How can we help?", "first words"]).await;
}

#[tokio::test]
async fn current_conversation_is_the_open_one_or_the_same_new_one_until_it_is_written_to() {
    let phone = Phone::new().await;
    let current = async || phone.client.current_conversation().await.unwrap();
    let begun = current().await;
    assert_eq!(current().await.id(), begun.id(), "two buttons begin one conversation");
    begun.send("hello").await.unwrap();
    assert_eq!(current().await.id(), begun.id());
    phone.desk.until(|desk| desk.texts_of_customers().len() == 1).await;
    // A restart goes on in it.
    phone.client.shutdown().await;
    let client = open(&phone.desk, phone.folder.path(), |_| {}).await;
    let again = client.current_conversation().await.unwrap();
    assert_eq!(again.id(), begun.id());
    // One that is over is not gone on with, and neither is the id that it had.
    phone.desk.resolve_as_agent(phone.desk.all_conversations()[0].id);
    client.refresh().await.unwrap();
    let next = client.current_conversation().await.unwrap();
    assert_ne!(next.id(), begun.id());
    next.set_draft("and another thing").await.unwrap();
    assert_eq!(client.current_conversation().await.unwrap().id(), next.id(), "a draft counts");
}
