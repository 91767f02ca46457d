//! Telling a desk in memory: only news, nothing of an agent's undone, what is refused set aside alone.

use super::{Phone, attribute, email, name, phone};
use crate::{
    AttributeValue, Content, CustomerProfile, ProfileField, SupportError, SurveyScale, Verification,
    backend::{BackendError, DeskNotices, Fault},
    testing::memory::{Call, MemoryDesk, Play},
};

fn text(text: &str) -> AttributeValue {
    AttributeValue::Text(text.to_owned())
}

#[tokio::test]
async fn changed_attribute_leaves_what_an_agent_changed_since() {
    let phone = Phone::new(&MemoryDesk::new()).await;
    phone.log_in("mai", name("Mai").merged(attribute("plan", "free"))).await;
    phone.until("the name", |desk| desk.people().iter().any(|(_, p)| p.name.as_deref() == Some("Mai"))).await;
    phone.settled().await;
    phone.desk.agent_changes_profile(&phone.only_session(), |profile| {
        profile.name = Some("Mai Tran".into());
        profile.attributes.insert("plan".into(), text("gold"));
    });
    phone.client.update_customer(attribute("cart", "3")).await.unwrap();
    // The whole profile again, as an app says it at every start; another proof, with nothing.
    phone.log_in("mai", name("Mai").merged(attribute("plan", "free"))).await;
    phone.log_in("mai", CustomerProfile::default()).await;
    let phone = phone.restart().await;
    phone.settled().await;
    let profile = phone.profile();
    assert_eq!(profile.name.as_deref(), Some("Mai Tran"));
    assert_eq!(profile.attributes["plan"], text("gold"));
    assert_eq!(profile.attributes["cart"], text("3"));
    // The app's own change still goes out.
    phone.client.update_customer(name("Mai Anh")).await.unwrap();
    phone.settled().await;
    assert_eq!(phone.profile().name.as_deref(), Some("Mai Anh"));
}

#[tokio::test]
async fn new_proof_with_an_empty_profile_sends_nothing_of_the_profile() {
    let phone = Phone::new(&MemoryDesk::new()).await;
    phone.log_in("mai", name("Mai")).await;
    phone.settled().await;
    let (told, asked) = (phone.desk.count(Call::UpdateCustomer), phone.desk.count(Call::Establish));
    // Without a proof, and with one again: each is another word of the merchant's server.
    phone.client.identify(crate::Identity::new("mai"), CustomerProfile::default()).await.unwrap();
    phone.until("the first", |desk| desk.count(Call::Establish) > asked).await;
    phone.log_in("mai", CustomerProfile::default()).await;
    assert_eq!(phone.client.verify_identity().await.unwrap(), Verification::Verified);
    assert_eq!(phone.desk.count(Call::UpdateCustomer), told);
}

#[tokio::test]
async fn cleared_attribute_is_cleared_at_the_desk_also_after_a_restart() {
    let desk = MemoryDesk::new();
    let phone = Phone::new(&desk).await;
    phone.log_in("mai", attribute("coupon", "x").merged(attribute("plan", "gold"))).await;
    phone.settled().await;
    desk.offline(true);
    let cleared = CustomerProfile::default().clear(ProfileField::Attribute("coupon".into()));
    phone.client.update_customer(cleared).await.unwrap();
    let phone = phone.restart().await;
    desk.offline(false);
    phone.client.network_changed(true);
    phone.settled().await;
    assert!(!phone.profile().attributes.contains_key("coupon"));
    assert_eq!(phone.profile().attributes["plan"], text("gold"));
    phone.client.update_customer(attribute("coupon", "y")).await.unwrap();
    phone.settled().await;
    assert_eq!(phone.profile().attributes["coupon"], text("y"));
}

#[tokio::test]
async fn refused_field_is_set_aside_alone_told_and_discarded() {
    let desk = MemoryDesk::new();
    let plan = ProfileField::Attribute("plan".into());
    desk.refuse_field(plan.clone(), Some("not in the list"));
    desk.refuse_field(ProfileField::Email, Some("Email is taken"));
    let phone = Phone::new(&desk).await;
    let said = name("Mai").merged(email("mai@shop.vn", true)).merged(attribute("plan", "gold"));
    phone.log_in("mai", said.merged(attribute("cart", "3"))).await;
    phone.settled().await;
    let profile = phone.profile();
    assert_eq!((profile.name.as_deref(), profile.email), (Some("Mai"), None));
    assert_eq!(profile.attributes["cart"], text("3"));
    let mut refused = phone.client.refused_fields().await.unwrap();
    refused.sort_by(|a, b| a.field.cmp(&b.field));
    let told: Vec<_> = refused.iter().map(|refused| (refused.field.clone(), refused.reason.as_str())).collect();
    assert_eq!(told, [(ProfileField::Email, "Email is taken"), (plan.clone(), "not in the list")]);
    let status = phone.client.status().next().await.unwrap().unwrap();
    assert_eq!(status.refused_fields, 2);

    // Kept over a restart, and not asked for again.
    let phone = phone.restart().await;
    let asked = desk.count(Call::UpdateCustomer);
    phone.settled().await;
    assert_eq!(desk.count(Call::UpdateCustomer), asked + 1);
    assert_eq!(phone.client.refused_fields().await.unwrap().len(), 2);
    // Another value is another question; the first is given up.
    phone.client.discard_refused_fields(Some(ProfileField::Email)).await.unwrap();
    assert_eq!(phone.client.refused_fields().await.unwrap().len(), 1);
    desk.refuse_field(plan, None);
    phone.client.update_customer(attribute("plan", "silver")).await.unwrap();
    phone.settled().await;
    assert_eq!(phone.profile().attributes["plan"], text("silver"));
    assert_eq!(phone.client.refused_fields().await.unwrap(), []);
    assert_eq!(phone.client.status().next().await.unwrap().unwrap().refused_fields, 0);
}

#[tokio::test]
async fn bad_input_changes_nothing_and_says_what_is_wrong() {
    let phone = Phone::new(&MemoryDesk::new()).await;
    phone.log_in("mai", name("Mai")).await;
    phone.settled().await;
    let nul = || [("reason".to_owned(), text("a\0b"))].into();
    let refused = |result: Result<(), SupportError>| matches!(result, Err(SupportError::InvalidInput { .. }));
    assert!(refused(phone.client.log_event("checkout", nul()).await));
    assert!(refused(phone.client.update_customer(super::phone("+1", true)).await));
    assert!(refused(phone.client.update_customer(attribute("a\0", "b").merged(name("Other"))).await));
    let bad = name("Other").merged(attribute("note", "\0"));
    assert!(refused(phone.client.identify(MemoryDesk::identity("mai"), bad).await));
    phone.settled().await;
    assert_eq!(phone.profile().name.as_deref(), Some("Mai"));
}

#[tokio::test]
async fn address_that_is_not_verified_joins_nobody() {
    let desk = MemoryDesk::new();
    let victim = Phone::new(&desk).await;
    victim.log_in("victim", email("victim@shop.vn", true).merged(phone("+84901", true))).await;
    victim.write("a secret").await;
    let eve = Phone::new(&desk).await;
    eve.log_in("eve", email("VICTIM@shop.vn", false)).await;
    eve.client.update_customer(phone("+84901", false)).await.unwrap();
    eve.settled().await;
    eve.client.refresh().await.unwrap();
    assert_eq!(eve.client.conversations().next().await.unwrap().unwrap().len(), 1, "a reset to an empty list");
    let of = |identifier: &str| desk.people().into_iter().find(|(id, _)| id.as_deref() == Some(identifier)).unwrap().1;
    assert_eq!((of("eve").email, of("eve").phone), (None, None));
    assert_eq!(of("eve").attributes["unverified_email"], text("VICTIM@shop.vn"));
    assert_eq!(of("eve").attributes["unverified_phone"], text("+84901"));
    assert_eq!(of("victim").email.as_deref(), Some("victim@shop.vn"));
    // Verified by the merchant's server later: then it is the desk's own field.
    eve.client.update_customer(phone("+84902", true)).await.unwrap();
    eve.settled().await;
    assert_eq!(of("eve").phone.as_deref(), Some("+84902"));
    assert!(!of("eve").attributes.contains_key("unverified_phone"));
}

#[tokio::test]
async fn desk_that_joins_two_customers_is_told_of_and_the_profile_held_back() {
    let desk = MemoryDesk::new();
    let first = Phone::new(&desk).await;
    first.log_in("an", name("An").merged(phone("+84901", true))).await;
    first.write("of the first").await;
    first.settled().await;
    let second = Phone::new(&desk).await;
    second.log_in("binh", name("Binh")).await;
    second.write("of the second").await;
    second.settled().await;
    second.client.update_customer(phone("+84901", true).merged(attribute("plan", "gold"))).await.unwrap();
    second.until("the join", |desk| desk.people().len() == 1).await;
    let mut status = second.client.status();
    while status.next().await.unwrap().unwrap().verification != Verification::Mismatched {}
    assert_eq!(second.client.verify_identity().await.unwrap(), Verification::Mismatched);
    let (identifier, profile) = desk.people().remove(0);
    assert_eq!(identifier.as_deref(), Some("an"));
    assert_eq!(profile.name.as_deref(), Some("An"));
    assert!(!profile.attributes.contains_key("plan"));
    // Nothing of the other's comes to this phone, now or after a restart.
    let second = second.restart().await;
    second.client.refresh().await.unwrap();
    second.client.refresh().await.unwrap();
    let list = second.client.conversations().next().await.unwrap().unwrap();
    assert!(format!("{list:?}").matches("ConversationSummary").count() <= 1, "{list:?}");
    // Nor by a list that is on its way while what is known of the sessions is thrown away.
    desk.once(Call::Conversations, Play::AnswerHeld);
    let refreshing = second.client.clone();
    let refreshing = tokio::spawn(async move { refreshing.refresh().await });
    desk.until(|desk| desk.held() == 1).await;
    second.client.start_conversation().unwrap().active().unwrap().standing.look_again();
    desk.release();
    refreshing.await.unwrap().unwrap();
    let list = second.client.conversations().next().await.unwrap().unwrap();
    assert!(format!("{list:?}").matches("ConversationSummary").count() <= 1, "{list:?}");
    second.client.start_conversation().unwrap().send("still here").await.unwrap();
    second.until("the words", |desk| desk.texts_of_customers().contains(&"still here".to_owned())).await;
}

#[tokio::test]
async fn context_that_the_desk_fails_at_does_not_cost_the_conversation() {
    let desk = MemoryDesk::new();
    let failing = BackendError::unclear(Fault::Desk, "scripted: 500");
    desk.once(Call::OpenConversation, Play::Fails(failing));
    let phone = Phone::new(&desk).await;
    phone.client.log_event("cart_opened", Default::default()).await.unwrap();
    phone.write("hello").await;
    assert_eq!(desk.all_conversations().len(), 1);
    assert!(desk.context(desk.all_conversations()[0].id).is_empty());
}

#[tokio::test]
async fn refused_answer_can_be_retried_and_discarded_and_counts_no_more() {
    let desk = MemoryDesk::new();
    let phone = Phone::new(&desk).await;
    let conversation = phone.client.start_conversation().unwrap();
    conversation.send("hello").await.unwrap();
    phone.until("the message", |desk| desk.texts_of_customers().len() == 1).await;
    let number = desk.all_conversations()[0].id;
    desk.agent_writes(number, Content::Survey { text: "How was it?".into(), scale: SurveyScale::Stars, answer: None });
    phone.client.refresh().await.unwrap();
    let mut timeline = conversation.timeline();
    let mut shown = Vec::new();
    while shown.len() < 2 {
        timeline.next().await.unwrap().unwrap().into_iter().for_each(|step| step.apply(&mut shown));
    }
    let survey = shown[1].id.clone();
    conversation.rate(&survey, 5, "").await.unwrap();
    phone.until("the first rating", |desk| desk.count(Call::Answer) == 1).await;
    let late = Fault::Refused { reason: "You cannot update the survey after 14 days".into() };
    desk.always(Call::Answer, Play::Fails(BackendError::refused(late, "scripted")));
    conversation.rate(&survey, 1, "changed my mind").await.unwrap();
    let attention = async |wanted: u32| {
        let (mut list, mut lines) = (phone.client.conversations(), Vec::new());
        loop {
            list.next().await.unwrap().unwrap().into_iter().for_each(|step| step.apply(&mut lines));
            if lines.first().is_some_and(|line| line.needs_attention == wanted) {
                return;
            }
        }
    };
    attention(1).await;
    conversation.retry(&survey).await.unwrap();
    phone.until("the retry", |desk| desk.count(Call::Answer) == 3).await;
    attention(1).await;
    conversation.discard(&survey).await.unwrap();
    attention(0).await;
    let rated = |message: &crate::Message| match &message.content {
        Content::Survey { answer, .. } => answer.as_ref().and_then(|answer| answer.rating.clone()).map(|r| r.score),
        _ => None,
    };
    // What the desk has stands again.
    while rated(&shown[1]) != Some(5) {
        timeline.next().await.unwrap().unwrap().into_iter().for_each(|step| step.apply(&mut shown));
    }
    let again = conversation.discard(&survey).await;
    assert!(matches!(again, Err(SupportError::Conflict { .. })), "{again:?}");
}

#[tokio::test]
async fn old_desk_is_told_of_in_the_status_and_asked_once() {
    let desk = MemoryDesk::new();
    desk.set_notices(Some(DeskNotices { conversations_exposed: true, ..DeskNotices::default() }));
    let phone = Phone::new(&desk).await;
    phone.write("hello").await;
    let mut status = phone.client.status();
    while !status.next().await.unwrap().unwrap().notices.conversations_exposed {}
    let phone = phone.restart().await;
    assert!(phone.client.status().next().await.unwrap().unwrap().notices.conversations_exposed);
    phone.write("again").await;
    phone.settled().await;
    assert_eq!(desk.count(Call::Notices), 1);
}
