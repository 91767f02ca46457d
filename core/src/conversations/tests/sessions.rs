//! A customer who wrote before they logged in has two sessions with the desk, and hears of both.

use super::{Phone, until, until_lines, words};
use crate::{
    Connection, Conversation,
    backend::{BackendError, Fault},
    model::DeskConversationId,
    testing::memory::{Call, MemoryDesk, Play},
};

/// A phone whose customer has a conversation from before the log-in, on screen, and one of after it.
async fn logged_in() -> (Phone, DeskConversationId, Conversation, DeskConversationId) {
    let mut phone = Phone::new().await;
    phone.conversation.send("before").await.unwrap();
    phone.until_sent().await;
    phone.client.identify(MemoryDesk::identity("mai"), Default::default()).await.unwrap();
    let conversation = phone.client.conversation(phone.conversation.id()).unwrap();
    let timeline = conversation.timeline();
    let mut phone = Phone { timeline, conversation, shown: Vec::new(), ..phone };
    let after = phone.client.start_conversation().unwrap();
    after.send("after").await.unwrap();
    phone.desk.until(|desk| desk.texts_of_customers().len() == 2).await;
    phone.until("the first", |shown| words(shown) == ["before"]).await;
    phone.client.refresh().await.unwrap();
    phone.desk.until(|desk| desk.connections() == 2).await;
    let all = phone.desk.all_conversations();
    let number = |text: &str| all.iter().find(|c| c.messages[0].content.as_text() == text).unwrap().id;
    let (first, second) = (number("before"), number("after"));
    (phone, first, after, second)
}

#[tokio::test]
async fn answers_under_the_other_session_reach_list_and_badge_at_once() {
    let (phone, _, after, second) = logged_in().await;
    // Told, not asked for: no question is answered any more.
    for call in [Call::Conversations, Call::Messages] {
        phone.desk.always(call, Play::Fails(BackendError::unclear(Fault::Desk, "503")));
    }
    phone.desk.agent_says(second, "an answer after the log-in");
    let id = after.id().clone();
    until_lines(&phone.client, "the answer", |lines| lines.iter().any(|line| line.id == id && line.unread == 1)).await;
}

#[tokio::test]
async fn conversation_of_the_other_session_that_comes_on_screen_is_live() {
    let (mut phone, first, after, second) = logged_in().await;
    // The second is opened before the first is closed, as a tapped banner does.
    let (mut timeline, mut shown) = (after.timeline(), Vec::new());
    until(&mut timeline, &mut shown, "its words", |shown| words(shown) == ["after"]).await;
    let connects = phone.desk.count(Call::Connect);
    phone.desk.until(|desk| desk.count(Call::Connect) >= connects && desk.connections() == 2).await;
    phone.desk.agent_says(second, "to the second");
    until(&mut timeline, &mut shown, "its answer", |shown| words(shown).contains(&"to the second")).await;
    drop(timeline);
    phone.desk.agent_says(first, "to the first");
    phone.until("the first's answer", |shown| words(shown).contains(&"to the first")).await;
}

#[tokio::test]
async fn list_on_screen_hears_of_an_answer_and_of_a_conversation_that_an_agent_begins() {
    let mut phone = Phone::new().await;
    phone.conversation.send("hello").await.unwrap();
    phone.until_sent().await;
    let Phone { desk, client, timeline, folder: _folder, .. } = phone;
    drop(timeline);
    let is_down = |status: &crate::ClientStatus| status.connection == Connection::Online;
    super::until_status(&client, is_down).await;
    let list = client.conversations().off_screen();
    client.show_list(true);
    desk.until(|desk| desk.connections() == 1).await;
    let there = desk.all_conversations()[0].id;
    desk.agent_says(there, "an answer");
    until_lines(&client, "the answer", |lines| lines.iter().any(|line| line.preview == "an answer")).await;
    let begun = desk.open_for(&desk.sessions()[0]);
    desk.agent_says(begun, "may we help?");
    until_lines(&client, "what the agent began", |lines| lines.len() == 2 && lines.iter().all(|line| line.unread == 1))
        .await;
    assert_eq!(client.unread().await.unwrap(), 2);
    client.show_list(false);
    drop(list);
    super::until_status(&client, is_down).await;
}

#[tokio::test]
async fn session_that_the_desk_has_forgotten_leaves_the_connection_of_another_alone() {
    let (mut phone, first, ..) = logged_in().await;
    super::until_status(&phone.client, |status| status.connection == Connection::Live).await;
    let connects = phone.desk.count(Call::Connect);
    let own = phone.desk.sessions().into_iter().find(|session| session.verified).unwrap();
    phone.desk.purge(&own);
    let pages = phone.desk.count(Call::Messages);
    phone.client.resume().await.unwrap();
    // That of the conversation on screen, and that of the other, which is gone with its session.
    phone.desk.until(|desk| desk.count(Call::Messages) >= pages + 2).await;
    phone.desk.agent_says(first, "are you there?");
    phone.until("the answer", |shown| words(shown).contains(&"are you there?")).await;
    assert_eq!(phone.conversation.inner.reach.view().borrow().connection, Connection::Live);
    // The other session's may be tried anew, beside it.
    assert!(phone.desk.count(Call::Connect) <= connects + 1, "this one stays");
}
