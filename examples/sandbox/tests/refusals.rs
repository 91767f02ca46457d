//! What the desk refuses, and with what.

// A test fails by panicking, its helpers included.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{Shop, good, shop, shop_with};
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use sandbox::{Automation, Options};
use serde_json::{Value, json};

const INTERNAL: &str = r#"{"error":"Internal Server Error","status":500}"#;

async fn refused(shop: &Shop, method: Method, path: &str, body: Value) -> (u16, String) {
    let response = shop.ask(method, path).json(&body).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn a_nul_in_any_text_is_500_and_writes_nothing() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    let desk = shop.sandbox.desk();
    let items = json!({ "items": [{ "title": "A", "value": "a" }] });
    let question = desk.reply_rich(1, "input_select", "?", items);
    let messages = format!("{conversation}/messages");
    let before = (desk.contacts(), desk.conversations());
    let bodies = [
        (Method::POST, messages.clone(), json!({ "content": "a\0b" })),
        (Method::POST, "/contacts/me/conversations".to_owned(), json!({ "custom_attributes": { "a\0": 1 } })),
        (Method::POST, "/contacts/me/conversations".to_owned(), json!({ "custom_attributes": { "a": ["\0"] } })),
        (Method::POST, "/contacts".to_owned(), json!({ "name": "Mai\0" })),
        (Method::POST, "/contacts".to_owned(), json!({ "source_id": "a\0" })),
        (Method::POST, "/contacts".to_owned(), json!({ "identifier": "u\0" })),
        (Method::PATCH, "/contacts/me".to_owned(), json!({ "name": "\0" })),
        (Method::PATCH, "/contacts/me".to_owned(), json!({ "email": "a\0@shop.vn" })),
        (Method::PATCH, "/contacts/me".to_owned(), json!({ "custom_attributes": { "a": { "b\0": 1 } } })),
        (Method::PATCH, format!("{messages}/{question}"), json!({ "submitted_values": [{ "value": "\0" }] })),
    ];
    for (method, path, body) in bodies {
        let answer = refused(&shop, method, &path, body.clone()).await;
        assert_eq!(answer, (500, INTERNAL.to_owned()), "{path} {body}");
    }
    let form = Form::new().text("content", "a\0b");
    let response = shop.ask(Method::POST, &messages).multipart(form).send().await.unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!((desk.contacts(), desk.conversations()), before);
    let ignored = json!({ "source_id": "me", "name": "\0" });
    assert_eq!(shop.status(Method::POST, "/contacts", ignored).await.0, 200, "a known source id ignores the rest");
}

#[tokio::test]
async fn bytes_that_are_not_utf_8_and_lone_surrogates_are_400() {
    let shop = shop().await;
    let path = format!("{}/messages", shop.conversation("me").await);
    for body in [&b"{\"content\":\"\\ud83d\"}"[..], b"{\"content\":\"\xff\"}", b"{\"content\":"] {
        let request = shop.ask(Method::POST, &path).header("content-type", "application/json").body(body.to_vec());
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 400);
        assert_eq!(good_json(&response.text().await.unwrap()), json!({ "status": 400, "error": "Bad Request" }));
    }
    let form = Form::new().part("content", Part::bytes(vec![0xff, 0xfe]));
    assert_eq!(shop.ask(Method::POST, &path).multipart(form).send().await.unwrap().status(), 400);
    assert_eq!(shop.get(&path).await, json!([]));
}

fn good_json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn a_context_at_its_limit_is_taken_and_past_it_is_422() {
    let shop = shop().await;
    shop.contact("me").await;
    let path = "/contacts/me/conversations";
    let at_limit = json!({ "custom_attributes": { "x": "đ".repeat(1500), "n": 9_999_999_999_u64 } });
    assert_eq!(shop.status(Method::POST, path, at_limit).await.0, 200);
    let cases = [
        (json!("đ".repeat(1501)), "Custom attributes x length should be < 1500"),
        (json!(10_000_000_000_u64), "Custom attributes x value should be < 9999999999"),
        (json!(u64::MAX), "Custom attributes x value should be < 9999999999"),
    ];
    for (value, message) in cases {
        let (status, body) = shop.status(Method::POST, path, json!({ "custom_attributes": { "x": value } })).await;
        assert_eq!((status, body), (422, json!({ "message": message, "attributes": ["custom_attributes"] })));
    }
}

#[tokio::test]
async fn a_deleted_conversation_is_gone_without_a_frame() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    let other = shop.post("/contacts/me/conversations", json!({})).await;
    shop.send(&conversation, "Hi").await;
    let token = shop.contact("me").await["pubsub_token"].as_str().unwrap().to_owned();
    let mut cable = shop.cable("me").await;
    good(shop.http.delete(shop.at("/sandbox/conversations/1")).send().await.unwrap()).await;
    let not_found = json!({ "status": 404, "error": "Not Found" });
    for (method, path) in [
        (Method::GET, conversation.clone()),
        (Method::GET, format!("{conversation}/messages")),
        (Method::POST, format!("{conversation}/messages")),
        (Method::POST, format!("{conversation}/update_last_seen")),
    ] {
        assert_eq!(shop.status(method, &path, json!({ "content": "Hi" })).await, (404, not_found.clone()), "{path}");
    }
    let list = shop.get("/contacts/me/conversations").await;
    assert_eq!((list.as_array().unwrap().len(), &list[0]["id"]), (1, &other["id"]));
    assert!(cable.events_so_far(&token).await.is_empty());
    assert!(!shop.sandbox.desk().delete_conversation(1));
    assert_eq!(shop.post("/contacts/me/conversations", json!({})).await["id"], 3, "a number is dealt out once");
}

#[tokio::test]
async fn an_online_contact_cannot_be_deleted() {
    let shop = shop().await;
    let contact = shop.post("/contacts", json!({ "source_id": "me", "name": "Mai Tran" })).await;
    shop.post("/contacts/me/conversations", json!({})).await;
    let cable = shop.cable("me").await;
    let url = shop.at(&format!("/api/v1/accounts/1/contacts/{}", contact["id"]));
    let refused = shop.http.delete(&url).send().await.unwrap();
    assert_eq!(refused.status(), 422);
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body, json!({ "message": "Mai tran is Online, please try again later" }));
    drop(cable);
    let desk = shop.sandbox.desk();
    assert!(!desk.delete_contact(1), "presence outlives the socket");
    desk.forget_presence(1);
    good(shop.http.delete(&url).send().await.unwrap()).await;
    assert_eq!(shop.status(Method::GET, "/contacts/me", json!(null)).await.0, 404);
    assert!(desk.contacts().is_empty() && desk.conversations().is_empty());
}

#[tokio::test]
async fn an_automation_speaks_first_without_a_sender() {
    let automation = Some(Automation::Speaks("Which department, please?".to_owned()));
    let shop = shop_with(Options { automation, ..Options::default() }).await;
    shop.contact("me").await;
    let mut cable = shop.cable("me").await;
    let conversation = shop.post("/contacts/me/conversations", json!({})).await;
    let said = cable.event("message.created").await;
    assert_eq!((&said["conversation_id"], &said["message_type"]), (&conversation["id"], &json!(1)));
    assert!(said.get("sender").is_none() && said.get("performer").is_none());
    let sent = shop.send("/contacts/me/conversations/1", "Shoes").await;
    assert!(sent["id"].as_u64() > said["id"].as_u64());
}

#[tokio::test]
async fn an_automation_opens_a_conversation_of_its_own_once() {
    let shop = shop().await;
    shop.contact("me").await;
    let desk = shop.sandbox.desk();
    desk.change_settings(|settings| settings.automation = Some(Automation::Opens("Welcome".to_owned())));
    let mut cable = shop.cable("me").await;
    let own = shop.post("/contacts/me/conversations", json!({})).await;
    let said = cable.event("message.created").await;
    assert_ne!(said["conversation_id"], own["id"]);
    assert_eq!(said["sender"]["type"], "user");
    assert_eq!(shop.get("/contacts/me/conversations").await.as_array().unwrap().len(), 2);
}
