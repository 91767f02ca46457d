//! Conversations of other inboxes: listed for a verified customer, told by frames, and not to be written to.

// A test fails by panicking, its helpers included.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{Shop, good, hash, shop_with};
use reqwest::Method;
use sandbox::{Options, OtherInbox};
use serde_json::{Value, json};

/// A desk with a verified session `me`, which has conversation 1.
async fn verified_shop() -> Shop {
    let shop = shop_with(Options { hmac_key: Some("k".to_owned()), ..Options::default() }).await;
    shop.post("/contacts", json!({ "source_id": "me", "identifier": "u1" })).await;
    shop.get(&format!("/contacts/me?identifier=u1&identifier_hash={}", hash("k", "u1"))).await;
    shop.conversation("me").await;
    shop
}

#[tokio::test]
async fn a_listed_conversation_of_another_inbox_differs_by_its_inbox_number_alone() {
    let shop = verified_shop().await;
    let desk = shop.sandbox.desk();
    desk.start_conversation_in(&OtherInbox::whatsapp(), "me", "Hi");
    let list = shop.get("/contacts/me/conversations").await;
    assert_eq!((&list[0]["inbox_id"], &list[1]["inbox_id"]), (&json!(3), &json!(10)));
    let keys = |row: &Value| row.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&list[0]), keys(&list[1]));
    assert_eq!((desk.conversation(1).unwrap().inbox_id, desk.conversation(2).unwrap().inbox_id), (3, 10));
}

#[tokio::test]
async fn frames_name_the_channel_and_the_source_id_of_the_conversations_own_inbox() {
    let shop = verified_shop().await;
    let mut cable = shop.cable("me").await;
    let desk = shop.sandbox.desk();
    let unheard = desk.start_conversation_in(&OtherInbox::email(), "me", "By e-mail");
    let heard = desk.start_conversation_in(&OtherInbox::web_chat(), "me", "In the web chat");
    let created = cable.event("conversation.created").await;
    assert_eq!((&created["id"], &created["inbox_id"]), (&json!(heard), &json!(9)), "not {unheard}");
    assert_eq!(created["channel"], "Channel::WebWidget");
    let source_id = desk.conversation(heard).unwrap().source_id;
    assert_ne!(source_id, "me");
    assert_eq!(created["contact_inbox"]["source_id"], source_id.as_str());
    let message = cable.event("message.created").await;
    assert_eq!((&message["inbox_id"], &message["performer"]["type"]), (&json!(9), &json!("user")));
    assert_eq!(message["conversation"]["contact_inbox"]["source_id"], source_id.as_str());
    desk.reply(1, "Here");
    let own = loop {
        let updated = cable.event("conversation.updated").await;
        if updated["id"] == 1 {
            break updated;
        }
    };
    assert_eq!((&own["channel"], &own["contact_inbox"]["source_id"]), (&json!("Channel::Api"), &json!("me")));
    assert!(own["first_reply_created_at"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn a_contact_has_one_session_in_another_inbox() {
    let shop = verified_shop().await;
    let desk = shop.sandbox.desk();
    for text in ["One", "Two"] {
        desk.start_conversation_in(&OtherInbox::web_chat(), "me", text);
    }
    assert_eq!(desk.conversation(2).unwrap().source_id, desk.conversation(3).unwrap().source_id);
    assert_eq!(desk.contacts()[0].sessions.len(), 2);
    let id = desk.write_as_customer(2, "From the web");
    assert_eq!(shop.get("/contacts/me/conversations/2").await["messages"][1]["id"], id);
    assert!(desk.foreign_writes().is_empty(), "the web chat's own customer may write there");
}

#[tokio::test]
async fn a_message_into_another_inboxs_conversation_is_taken_and_counted() {
    let shop = verified_shop().await;
    let desk = shop.sandbox.desk();
    shop.send("/contacts/me/conversations/1", "Right").await;
    assert!(desk.foreign_writes().is_empty());
    let planted = json!({ "source_id": "me", "inbox_id": 8, "channel": "Channel::Email", "content": "By e-mail" });
    let id = good(shop.http.post(shop.at("/sandbox/conversations")).json(&planted).send().await.unwrap()).await["id"]
        .clone();
    let sent = shop.send(&format!("/contacts/me/conversations/{id}"), "Wrong").await;
    assert_eq!(desk.foreign_writes(), [sent["id"].as_u64().unwrap()]);
    let page = shop.get(&format!("/contacts/me/conversations/{id}/messages")).await;
    assert_eq!(page[1]["content"], "Wrong");
    let told = good(shop.http.get(shop.at("/sandbox/foreign-writes")).send().await.unwrap()).await;
    assert_eq!(told, json!([sent["id"]]));
    let nobody = json!({ "source_id": "nobody", "inbox_id": 8, "channel": "Channel::Email", "content": "?" });
    let refused =
        shop.http.request(Method::POST, shop.at("/sandbox/conversations")).json(&nobody).send().await.unwrap();
    assert_eq!(refused.status(), 404);
}
