use super::*;
use crate::{
    AttributeValue,
    backend::{BackendError, Fault},
    testing::memory::{Call, Play},
};

#[tokio::test]
async fn suggestion_is_shown_only_where_one_fits() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let help = phone(&desk, data.path()).await.help_center().unwrap();
    let fitting = help.suggest("Chào shop, khi nào tôi nhận được tiền hoàn?").await.unwrap();
    assert_eq!(fitting.first().map(|hit| hit.article.id.as_str()), Some("2"));
    assert!(fitting.len() <= 3);
    for nothing in ["", "  ", "Chào bạn", "xin chào, bạn có ở đó không", "🙂"] {
        assert_eq!(help.suggest(nothing).await.unwrap(), [], "{nothing}");
    }
}

#[tokio::test]
async fn agents_are_told_what_was_seen_before_the_question() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let help = client.help_center().unwrap();
    help.search("tien hoan", None).await.unwrap();
    help.article(&ArticleId::new("2")).await.unwrap();
    help.vote(&ArticleId::new("2"), false, Some("không nói về thẻ")).await.unwrap();
    help.article(&ArticleId::new("1")).await.unwrap();
    let conversation = client.start_conversation().unwrap();
    help.asked_anyway(&conversation).await.unwrap();
    conversation.send("Tiền của tôi đâu?").await.unwrap();
    desk.until(|desk| !desk.texts_of_customers().is_empty()).await;
    let context = desk.context(desk.all_conversations()[0].id);
    assert_eq!(
        context["help_articles_seen"],
        "Đổi trả hàng trong 30 ngày; Khi nào tôi nhận được tiền hoàn? (did not help: không nói về thẻ)"
    );
    assert_eq!(context["help_searched_for"], "tien hoan");
    assert_eq!(help.figures().await.unwrap().asked_anyway, 1);

    // In a conversation that is there already, what is known of the customer says it.
    help.article(&ArticleId::new("3")).await.unwrap();
    help.asked_anyway(&conversation).await.unwrap();
    conversation.retry(&conversation.send("Và phí?").await.unwrap()).await.ok();
    desk.until(|desk| desk.count(Call::UpdateCustomer) > 0).await;
    let seen = AttributeValue::Text("Thời gian và phí giao hàng".into());
    desk.until(|desk| {
        let sessions = desk.sessions();
        sessions.iter().any(|session| {
            desk.profile(session).is_some_and(|profile| profile.attributes.get("help_articles_seen") == Some(&seen))
        })
    })
    .await;
}

#[tokio::test]
async fn context_that_the_desk_refuses_keeps_nobody_from_writing() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let help = client.help_center().unwrap();
    help.article(&ArticleId::new("1")).await.unwrap();
    let conversation = client.start_conversation().unwrap();
    help.asked_anyway(&conversation).await.unwrap();
    let refused = BackendError::refused(Fault::Refused { reason: "too long".into() }, "scripted");
    desk.once(Call::OpenConversation, Play::Fails(refused));
    conversation.send("Hello").await.unwrap();
    desk.until(|desk| desk.texts_of_customers() == ["Hello"]).await;
    assert_eq!(desk.count(Call::OpenConversation), 2);
}

#[tokio::test]
async fn nothing_seen_tells_nothing() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    client.help_center().unwrap().asked_anyway(&conversation).await.unwrap();
    conversation.send("Hello").await.unwrap();
    desk.until(|desk| !desk.texts_of_customers().is_empty()).await;
    assert!(desk.context(desk.all_conversations()[0].id).is_empty());
}

#[tokio::test]
async fn vote_without_a_network_reaches_the_desk_later_and_the_last_one_stands() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let help = client.help_center().unwrap();
    desk.offline(true);
    let id = ArticleId::new("1");
    help.vote(&id, false, Some("why")).await.unwrap();
    help.vote(&id, true, None).await.unwrap();
    client.shutdown().await;
    assert!(desk.votes().is_empty());
    let client = phone_with(&desk, data.path(), |_| {}).await;
    desk.offline(false);
    client.network_changed(true);
    desk.until(|desk| desk.votes().len() == 1 && desk.votes()[0].helpful).await;
    assert_eq!(desk.votes()[0].article, id);
    client.shutdown().await;
}

#[tokio::test]
async fn vote_at_a_desk_that_takes_none_waits_for_the_next_question() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    desk.can(|can| can.article_votes = false);
    let client = phone(&desk, data.path()).await;
    let help = client.help_center().unwrap();
    help.article(&ArticleId::new("1")).await.unwrap();
    help.vote(&ArticleId::new("1"), false, None).await.unwrap();
    let conversation = client.start_conversation().unwrap();
    help.asked_anyway(&conversation).await.unwrap();
    conversation.send("Hello").await.unwrap();
    desk.until(|desk| !desk.texts_of_customers().is_empty()).await;
    let context = desk.context(desk.all_conversations()[0].id);
    assert_eq!(context["help_articles_seen"], "Đổi trả hàng trong 30 ngày (did not help)");
    assert_eq!(desk.count(Call::Vote), 0);
}
