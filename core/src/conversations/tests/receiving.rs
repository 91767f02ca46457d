//! What the desk says is shown as it said it last.

use std::sync::Arc;

use super::Phone;
use crate::{
    store::MessageRow,
    testing::memory::{Call, Play},
};

#[tokio::test]
async fn edit_that_overtakes_an_answer_of_the_desk_is_not_undone_by_it() {
    let mut phone = Phone::new().await;
    phone.conversation.send("hello").await.unwrap();
    phone.until_sent().await;
    phone.desk.until(|desk| desk.connections() == 1).await;
    let there = phone.desk.all_conversations()[0].id;
    let said = phone.desk.agent_says(there, "At first");
    phone.until("the agent", |shown| shown.len() == 2).await;
    for call in [Call::Conversations, Call::Messages] {
        // Else the desk says that nothing is new.
        let text = format!("Before {call:?}");
        assert!(phone.desk.edit(said, &text));
        phone.until("the edit", |shown| shown[1].content.as_text() == text).await;
        // The desk has written its answer, and that is on its way.
        phone.desk.once(call, Play::AnswerHeld);
        let (active, id) = (phone.conversation.active().unwrap(), phone.conversation.id().clone());
        let asking = Arc::clone(&active);
        let asking = tokio::spawn(async move {
            match call {
                Call::Messages => asking.fetcher.conversation(&id).await,
                _ => asking.fetcher.list(crate::sync::budget::Reason::Wanted).await,
            }
        });
        phone.desk.until(|desk| desk.held() == 1).await;
        let text = format!("During {call:?}");
        assert!(phone.desk.edit(said, &text));
        phone.until("the edit", |shown| shown[1].content.as_text() == text).await;
        phone.desk.release();
        asking.await.unwrap().unwrap();
        let id = phone.shown[1].id.clone();
        let kept = active.store.read(move |connection| MessageRow::find(connection, &id)).await.unwrap().unwrap();
        assert_eq!(kept.message.content.as_text(), text);
    }
}
