//! What ends where the app goes to the background, or the customer leaves.

use std::time::Duration;

use super::{Phone, open};
use crate::{
    PushNews, PushOutcome, SupportClient, SupportError,
    model::DeskConversationId,
    testing::memory::{Call, MemoryDesk, Play},
};

/// A phone with a message at the desk.
async fn begun() -> (Phone, DeskConversationId) {
    let mut phone = Phone::new().await;
    phone.conversation.send("hello").await.unwrap();
    phone.until_sent().await;
    let there = phone.desk.all_conversations()[0].id;
    (phone, there)
}

async fn types(phone: &Phone) {
    let before = phone.desk.typing_seen().len();
    phone.client.conversation(phone.conversation.id()).unwrap().set_typing(true).unwrap();
    phone.desk.until(|desk| desk.typing_seen().len() > before).await;
}

#[tokio::test]
async fn customer_who_leaves_types_no_more() {
    let (phone, there) = begun().await;
    types(&phone).await;
    phone.client.pause().await;
    let seen = [(there, true), (there, false)];
    assert_eq!(phone.desk.typing_seen(), seen, "paused");
    phone.client.resume().await.unwrap();
    types(&phone).await;
    phone.client.log_out().await.unwrap();
    assert_eq!(phone.desk.typing_seen(), [seen, seen].concat(), "logged out");

    let (phone, there) = begun().await;
    types(&phone).await;
    phone.client.shutdown().await;
    assert_eq!(phone.desk.typing_seen(), [(there, true), (there, false)], "shut down");
}

#[tokio::test]
async fn words_on_typing_leave_in_order() {
    let (phone, there) = begun().await;
    phone.desk.once(Call::SetTyping, Play::Held);
    phone.conversation.set_typing(true).unwrap();
    phone.desk.until(|desk| desk.held() == 1).await;
    // While that is on its way.
    phone.conversation.set_typing(false).unwrap();
    phone.desk.release();
    phone.desk.until(|desk| desk.typing_seen().len() == 2).await;
    assert_eq!(phone.desk.typing_seen(), [(there, true), (there, false)]);
}

#[tokio::test]
async fn desk_that_hangs_does_not_keep_a_pause() {
    let (phone, _) = begun().await;
    phone.desk.always(Call::SetTyping, Play::Held);
    phone.conversation.set_typing(true).unwrap();
    phone.desk.until(|desk| desk.held() == 1).await;
    assert!(tokio::time::timeout(Duration::from_secs(60), phone.client.pause()).await.is_ok());
    assert_eq!(phone.desk.typing_seen(), []);
}

/// What a call comes to that waits for the desk while `end` is done.
async fn ended_by<T>(
    phone: &Phone,
    call: impl Future<Output = Result<T, SupportError>>,
    end: impl Future<Output = ()>,
) -> SupportError {
    let end = async {
        phone.desk.until(|desk| desk.held() > 0).await;
        end.await;
    };
    let both = async { tokio::join!(call, end).0.map(|_| ()).unwrap_err() };
    tokio::time::timeout(Duration::from_secs(60), both).await.unwrap()
}

#[tokio::test]
async fn call_that_waits_for_the_desk_ends_with_the_pause() {
    let (phone, _) = begun().await;
    phone.client.identify(MemoryDesk::identity("mai"), Default::default()).await.unwrap();
    phone.client.refresh().await.unwrap();
    let client = &phone.client;
    for call in [Call::Conversations, Call::Messages] {
        phone.desk.always(call, Play::Held);
    }
    assert_eq!(ended_by(&phone, client.refresh(), client.pause()).await, SupportError::Paused);
    phone.desk.release();
    client.resume().await.unwrap();
    phone.desk.always(Call::Establish, Play::Held);
    assert_eq!(ended_by(&phone, client.verify_identity(), client.pause()).await, SupportError::Paused);
    phone.desk.heal();
    phone.desk.release();
    client.resume().await.unwrap();
    assert_eq!(client.verify_identity().await, Ok(crate::Verification::Verified), "asked again");
}

#[tokio::test]
async fn refresh_that_waits_for_the_desk_ends_with_the_client() {
    let (phone, _) = begun().await;
    for call in [Call::Conversations, Call::Messages] {
        phone.desk.always(call, Play::Held);
    }
    let end = phone.client.shutdown();
    assert_eq!(ended_by(&phone, phone.client.refresh(), end).await, SupportError::Closed);
}

fn push(conversation: DeskConversationId, message: i64) -> std::collections::BTreeMap<String, String> {
    let fields = [("shopbell_conversation", conversation.get()), ("shopbell_message", message)];
    fields.into_iter().map(|(name, number)| (name.to_owned(), number.to_string())).collect()
}

async fn told(client: &SupportClient, conversation: DeskConversationId, message: i64) -> PushNews {
    let push = push(conversation, message);
    let handled = tokio::time::timeout(Duration::from_secs(60), client.handle_push(&push));
    match handled.await.unwrap().unwrap() {
        PushOutcome::News(news) => news,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn push_is_told_in_time_though_the_desk_hangs() {
    let (desk, folder) = (MemoryDesk::new(), tempfile::tempdir().unwrap());
    let client = open(&desk, folder.path(), |config| config.limits.push_timeout = Duration::from_millis(50)).await;
    client.start_conversation().unwrap().send("hello").await.unwrap();
    desk.until(|desk| desk.texts_of_customers().len() == 1).await;
    let there = desk.all_conversations()[0].id;
    client.pause().await;
    let said = desk.agent_says(there, "an answer");
    for call in [Call::Conversations, Call::Messages] {
        desk.always(call, Play::Held);
    }
    let news = told(&client, there, said.get()).await;
    assert_eq!((news.author, news.preview, news.unread), (None, None, 1));
    let unknown = DeskConversationId::new(99).unwrap();
    assert_eq!(client.handle_push(&push(unknown, 1)).await, Err(SupportError::Offline), "it may be anybody's");

    desk.heal();
    desk.release();
    let words = told(&client, there, said.get()).await;
    assert_eq!((words.preview.as_deref(), words.unread), (Some("an answer"), 1));
    // The same again is the same, and without the desk who wrote is still known.
    assert_eq!(told(&client, there, said.get()).await, words);
    desk.always(Call::Messages, Play::Held);
    let news = told(&client, there, said.get()).await;
    assert_eq!((&news.author, news.preview, news.unread), (&words.author, None, 1));
    assert!(news.author.is_some());
    client.shutdown().await;
}
