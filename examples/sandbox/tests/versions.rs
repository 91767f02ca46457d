//! What the releases of Chatwoot do differently.

// A test fails by panicking, its helpers included.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::time::Duration;

use common::{Shop, good, hash, shop_with, until};
use reqwest::Method;
use sandbox::{DeskVersion, Options};
use serde_json::json;

async fn shop_of(desk_version: DeskVersion) -> Shop {
    let job_delay = Duration::from_millis(1);
    shop_with(Options { hmac_key: Some("k".to_owned()), desk_version, job_delay, ..Options::default() }).await
}

#[tokio::test]
async fn the_desk_tells_its_version() {
    let shop = shop_of(DeskVersion::V4_16_2).await;
    let told = || async { good(shop.http.get(shop.at("/api")).send().await.unwrap()).await["version"].clone() };
    assert_eq!(told().await, "4.16.2");
    shop.sandbox.desk().change_settings(|settings| settings.desk_version = DeskVersion::new(4, 6, 0));
    assert_eq!(told().await, "4.6.0");
}

#[tokio::test]
async fn before_4_7_the_list_of_a_verified_session_fails_and_its_pages_work() {
    for (version, status) in
        [(DeskVersion::V3_16_0, 500), (DeskVersion::new(4, 6, 9), 500), (DeskVersion::new(4, 7, 0), 200)]
    {
        let shop = shop_of(version).await;
        shop.post("/contacts", json!({ "source_id": "me", "identifier": "u1" })).await;
        let conversation = shop.conversation("me").await;
        shop.send(&conversation, "Hi").await;
        let list = "/contacts/me/conversations";
        assert_eq!(shop.status(Method::GET, list, json!(null)).await.0, 200);
        shop.get(&format!("/contacts/me?identifier=u1&identifier_hash={}", hash("k", "u1"))).await;
        assert_eq!(shop.status(Method::GET, list, json!(null)).await.0, status, "{version}");
        assert_eq!(shop.get(&format!("{conversation}/messages")).await[0]["content"], "Hi");
        assert_eq!(shop.get(&conversation).await["id"], 1);
    }
}

#[tokio::test]
async fn before_4_14_a_number_opens_any_conversation_of_the_contact() {
    for (version, status) in [(DeskVersion::new(4, 13, 9), 200), (DeskVersion::new(4, 14, 0), 404)] {
        let shop = shop_of(version).await;
        let victim = json!({ "source_id": "victim", "identifier": "u1", "email": "mai@shop.vn" });
        shop.post("/contacts", victim).await;
        shop.post("/contacts/victim/conversations", json!({})).await;
        shop.send("/contacts/victim/conversations/1", "Secret").await;
        shop.post("/contacts", json!({ "source_id": "thief", "email": "mai@shop.vn" })).await;
        assert_eq!(shop.get("/contacts/thief/conversations").await, json!([]));
        for path in ["/contacts/thief/conversations/1", "/contacts/thief/conversations/1/messages"] {
            assert_eq!(shop.status(Method::GET, path, json!(null)).await.0, status, "{version} {path}");
        }
        let sent = json!({ "content": "Mine" });
        let path = "/contacts/thief/conversations/1/messages";
        assert_eq!(shop.status(Method::POST, path, sent).await.0, status, "{version}");
        shop.contact("stranger").await;
        let path = "/contacts/stranger/conversations/1";
        assert_eq!(shop.status(Method::GET, path, json!(null)).await.0, 404, "{version}");
    }
}

#[tokio::test]
async fn rows_of_3_16_lack_what_came_later() {
    let shop = shop_of(DeskVersion::V3_16_0).await;
    let conversation = shop.conversation("me").await;
    let desk = shop.sandbox.desk();
    let png = [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), &[0, 0, 0, 4, 0, 0, 0, 3]].concat();
    desk.reply_with_file(1, "Here", "a.png", "image/png", png);
    let sent = shop.send(&conversation, "Hi").await;
    assert!(sent["sender"].get("blocked").is_none());
    desk.run_jobs().await;
    let page = shop.get(&format!("{conversation}/messages")).await;
    let file = &page[0]["attachments"][0];
    assert_eq!((file.get("content_type"), &file["extension"]), (None, &json!(null)));
    assert_eq!((&file["width"], &file["height"]), (&json!(4), &json!(3)));
    assert!(shop.get(&conversation).await["contact"].get("company_id").is_none());
    desk.resolve(1);
    let survey = || desk.conversation(1).unwrap().messages.into_iter().find(|row| row.content_type == "input_csat");
    until("a survey came", || survey().is_some()).await;
    assert_eq!(survey().unwrap().content_attributes, json!({}));
}
