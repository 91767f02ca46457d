//! A conversation that the desk has deleted.

use super::{Phone, is_sent, lines, until_lines, words};
use crate::{
    Connection, Conversation, ConversationStatus, SupportError, Timestamp,
    backend::{BackendError, Fault},
    model::DeskConversationId,
    push::PushOutcome,
    store::ConversationRow,
    testing::memory::{Air, Call, Play},
};

/// A phone with a conversation on screen and another one, and their numbers at the desk.
async fn two() -> (Phone, DeskConversationId, Conversation, DeskConversationId) {
    let mut phone = Phone::new().await;
    phone.conversation.send("the one on screen").await.unwrap();
    phone.until_sent().await;
    let other = phone.client.start_conversation().unwrap();
    other.send("the other one").await.unwrap();
    // By the phone, which has to know their numbers.
    until_lines(&phone.client, "both sent", |lines| lines.len() == 2 && lines.iter().all(|line| line.waiting == 0))
        .await;
    super::until_status(&phone.client, |status| status.connection == Connection::Live).await;
    let all = phone.desk.all_conversations();
    (phone, all[0].id, other, all[1].id)
}

fn is_gone(lines: &[crate::ConversationSummary], id: &crate::ConversationId) -> bool {
    lines.iter().any(|line| line.id == *id && line.status == ConversationStatus::Gone)
}

#[tokio::test]
async fn deleted_conversation_on_screen_is_marked_and_takes_nothing_along() {
    let (phone, gone, other, stays) = two().await;
    phone.desk.purge_conversation(gone);
    phone.desk.drop_connections();
    let id = phone.conversation.id().clone();
    until_lines(&phone.client, "the mark", |lines| is_gone(lines, &id)).await;
    super::until_status(&phone.client, |status| status.connection == Connection::Live).await;
    phone.desk.until(|desk| desk.connections() == 1).await;
    let (connects, pages) = (phone.desk.count(Call::Connect), phone.desk.count(Call::Messages));
    phone.desk.agent_says(stays, "news for the other one");
    let other = other.id().clone();
    until_lines(&phone.client, "the other's news", |lines| {
        lines.iter().any(|line| line.id == other && line.preview.contains("news") && line.unread == 1)
    })
    .await;
    assert_eq!(phone.client.unread().await.unwrap(), 1);
    phone.client.refresh().await.unwrap();
    assert_eq!(phone.desk.count(Call::Connect), connects, "the connection stays");
    assert_eq!(phone.desk.count(Call::Messages), pages, "what is gone is not asked for again");
}

#[tokio::test]
async fn writing_to_a_deleted_conversation_begins_it_anew_with_what_was_there_above() {
    let (mut phone, gone, ..) = two().await;
    phone.desk.purge_conversation(gone);
    phone.conversation.send("are you there?").await.unwrap();
    phone.until("the words sent", |shown| is_sent(shown, "are you there?")).await;
    assert_eq!(words(&phone.shown), ["the one on screen", "are you there?"]);
    let id = phone.conversation.id().clone();
    until_lines(&phone.client, "an open one", |lines| {
        lines.iter().any(|line| line.id == id && line.status == ConversationStatus::Open)
    })
    .await;
}

#[tokio::test]
async fn deleted_conversation_off_screen_is_told_by_the_list_and_counts_nothing() {
    let (phone, _, other, stays) = two().await;
    phone.desk.agent_says(stays, "unread");
    phone.client.refresh().await.unwrap();
    assert_eq!(phone.client.unread().await.unwrap(), 1);
    phone.desk.purge_conversation(stays);
    phone.client.refresh().await.unwrap();
    assert!(is_gone(&lines(&phone.client).await, other.id()));
    assert_eq!(phone.client.unread().await.unwrap(), 0);
    assert!(lines(&phone.client).await.iter().all(|line| line.unread == 0));
    // A look at it asks the desk for nothing, and a push for it shows nothing.
    other.mark_seen().await.unwrap();
    let push = [("shopbell_conversation".to_owned(), stays.get().to_string())].into();
    assert_eq!(phone.client.handle_push(&push).await.unwrap(), PushOutcome::NothingNew);
}

#[tokio::test]
async fn push_for_a_conversation_that_was_deleted_marks_it_and_shows_nothing() {
    let (phone, _, other, stays) = two().await;
    phone.desk.purge_conversation(stays);
    let push = [("shopbell_conversation".to_owned(), stays.get().to_string())].into();
    assert_eq!(phone.client.handle_push(&push).await.unwrap(), PushOutcome::NothingNew);
    assert!(is_gone(&lines(&phone.client).await, other.id()));
}

#[tokio::test]
async fn older_messages_of_a_deleted_conversation_are_told_from_its_beginning() {
    let (mut phone, gone, ..) = two().await;
    phone.desk.agent_says_many(gone, 60);
    phone.client.pause().await;
    phone.client.resume().await.unwrap();
    phone.until("the newest", |shown| words(shown).last() == Some(&"message 60")).await;
    let pager = phone.timeline.pager();
    phone.desk.purge_conversation(gone);
    let ended = loop {
        match pager.load_older().await {
            Ok(crate::Older::MayExist) => {}
            ended => break ended,
        }
    };
    assert!(
        matches!(ended, Ok(crate::Older::None) | Err(SupportError::NotFound { what: "conversation" })),
        "{ended:?}"
    );
}

#[tokio::test]
async fn page_that_fails_on_screen_does_not_keep_the_others_from_being_read_at_a_return() {
    let (phone, _, other, stays) = two().await;
    phone.desk.air(Air::Lost);
    phone.desk.agent_says(stays, "news for the other one");
    phone.desk.once(Call::Messages, Play::Fails(BackendError::unclear(Fault::Desk, "scripted")));
    phone.client.resume().await.unwrap();
    let id = other.id().clone();
    until_lines(&phone.client, "the other's news", |lines| lines.iter().any(|line| line.id == id && line.unread == 1))
        .await;
}

#[tokio::test]
async fn conversation_that_shows_something_unread_is_read_at_an_opening_however_old_it_is() {
    let (phone, _, other, stays) = two().await;
    phone.desk.agent_says(stays, "unread");
    phone.conversation.send("the newest").await.unwrap();
    let id = other.id().clone();
    until_lines(&phone.client, "the unread one", |lines| lines.iter().any(|line| line.id == id && line.unread == 1))
        .await;
    let store = &phone.conversation.active().unwrap().store;
    let recent = async |unread: bool| {
        let late = Timestamp::from_seconds(1 << 40);
        store.read(move |connection| ConversationRow::recent(connection, None, late, unread, 3)).await.unwrap()
    };
    assert!(recent(true).await.contains(&id));
    assert_eq!(recent(false).await.len(), 1);
}
