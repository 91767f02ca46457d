//! Whose contact it is, what is cleared, and how old the desk is.

use super::{
    KEY, adapter,
    canned::{Desk, json},
    session,
};
use crate::{
    AttributeValue, CustomerProfile, DeskConversationId, Identity, ProfileField,
    backend::{Backend as _, Fault, OutgoingMessage, Owner},
};

fn ours() -> Identity {
    Identity::new("c7").with_hash("ab12")
}

fn with_email() -> CustomerProfile {
    CustomerProfile { email: Some("ann@example.com".to_owned()), ..CustomerProfile::default() }
}

#[tokio::test]
async fn changed_address_tells_whose_contact_it_is_by_the_answer_or_by_the_list() {
    // Up to 4.15 the answer names the identifier; after that a conversation's contact does.
    let listed = r#"[{"id":1,"status":"open","contact":{"id":3,"identifier":"c8"},"messages":[]}]"#;
    for (answer, list, expected, requests) in [
        (r#"{"id":3,"identifier":"c7"}"#, "[]", Owner::Customer, 1),
        (r#"{"id":3,"identifier":"c8"}"#, "[]", Owner::SomebodyElse, 1),
        (r#"{"id":3,"identifier":null}"#, "[]", Owner::SomebodyElse, 1),
        (r#"{"id":3,"source_id":"s","pubsub_token":"t"}"#, listed, Owner::SomebodyElse, 2),
        (r#"{"id":3,"source_id":"s","pubsub_token":"t"}"#, "[]", Owner::Unknown, 2),
    ] {
        let desk =
            Desk::new(move |seen, _| json(200, if seen.line.starts_with("PATCH") { answer } else { list })).await;
        let adapter = adapter(&desk.url);
        assert_eq!(adapter.owner(&session(), &ours()), Owner::Unknown);
        adapter.update_customer(&session(), Some(&ours()), &with_email()).await.unwrap();
        assert_eq!(adapter.owner(&session(), &ours()), expected, "{answer} {list}");
        assert_eq!(desk.lines().len(), requests, "{answer}");
    }
}

#[tokio::test]
async fn every_answer_that_names_the_contact_is_looked_at() {
    let conversation = r#"{"id":1,"status":"open","messages":[],"contact":{"id":3,"identifier":"c8"}}"#;
    let message = r#"{"id":5,"content":"hi","message_type":0,"created_at":1750000000,"conversation_id":1,
        "sender":{"id":3,"type":"contact","identifier":"c7"}}"#;
    let desk =
        Desk::new(move |seen, _| json(200, if seen.line.ends_with("messages") { message } else { conversation })).await;
    let adapter = adapter(&desk.url);
    adapter.open_conversation(&session()).await.unwrap();
    assert_eq!(adapter.owner(&session(), &ours()), Owner::SomebodyElse);
    let words = OutgoingMessage { text: "hi".to_owned(), echo: "e1".to_owned() };
    adapter.send_message(&session(), DeskConversationId::new(1).unwrap(), &words).await.unwrap();
    assert_eq!(adapter.owner(&session(), &ours()), Owner::Customer);
}

#[tokio::test]
async fn agents_and_bots_are_not_taken_for_the_contact() {
    let page = r#"[{"id":5,"content":"hi","message_type":1,"sender":{"id":1,"type":"user","identifier":"c8"}},
        {"id":4,"content":"hi","message_type":0,"sender":{"id":3,"type":"contact","identifier":"c7"}},
        {"id":6,"content":"hi","message_type":3}]"#;
    let desk = Desk::always(move || json(200, page)).await;
    let adapter = adapter(&desk.url);
    adapter.messages(&session(), DeskConversationId::new(1).unwrap(), None, None).await.unwrap();
    assert_eq!(adapter.owner(&session(), &ours()), Owner::Customer);
}

#[tokio::test]
async fn cleared_attribute_is_sent_as_null_beside_what_is_set() {
    let desk = Desk::always(|| json(200, "{}")).await;
    let mut profile = CustomerProfile::default().clear(ProfileField::Attribute("coupon".into()));
    profile.attributes.insert("plan".into(), AttributeValue::Text("gold".into()));
    adapter(&desk.url).update_customer(&session(), None, &profile).await.unwrap();
    let body: serde_json::Value = serde_json::from_str(&desk.seen()[0].body).unwrap();
    assert_eq!(body, serde_json::json!({"custom_attributes": {"coupon": null, "plan": "gold"}}));
    assert_eq!(desk.lines(), [format!("PATCH /contacts/{KEY}")]);
}

/// What a desk of this version, or with this answer, leaves open.
async fn notices(status: u16, body: &'static str) -> Option<(bool, bool)> {
    let desk = Desk::always(move || json(status, body)).await;
    let notices = adapter(&desk.url).notices().await.unwrap();
    notices.map(|notices| (notices.conversations_exposed, notices.history_unavailable))
}

#[tokio::test]
async fn old_desk_is_known_by_its_version() {
    assert_eq!(notices(200, r#"{"version":"3.16.0"}"#).await, Some((true, true)));
    assert_eq!(notices(200, r#"{"version":"4.6.9"}"#).await, Some((true, true)));
    assert_eq!(notices(200, r#"{"version":"4.7.0"}"#).await, Some((true, false)));
    assert_eq!(notices(200, r#"{"version":"4.13.0"}"#).await, Some((true, false)));
    assert_eq!(notices(200, r#"{"version":"4.14.0"}"#).await, Some((false, false)));
    assert_eq!(notices(200, r#"{"version":"4.15.1","timestamp":"x"}"#).await, Some((false, false)));
}

#[tokio::test]
async fn version_that_is_not_told_is_no_notice_and_no_failure() {
    for (status, body) in [(200, "{}"), (200, r#"{"version":"next"}"#), (404, "{}"), (500, "{}"), (403, "{}")] {
        assert_eq!(notices(status, body).await, None, "{status} {body}");
    }
    let gone = adapter(&url::Url::parse("http://127.0.0.1:1").unwrap());
    assert_eq!(gone.notices().await.unwrap_err().fault, Fault::Network);
}
