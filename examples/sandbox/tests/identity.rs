//! Who a contact is: which one a creation finds, what a merge keeps, and what a hash opens.

// A test fails by panicking, its helpers included.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{Shop, hash, shop, shop_with};
use reqwest::Method;
use sandbox::{ContactView, DeskVersion, Options};
use serde_json::{Value, json};

async fn shop_with_key() -> Shop {
    shop_with(Options { hmac_key: Some("k".to_owned()), ..Options::default() }).await
}

fn only_contact(shop: &Shop) -> ContactView {
    let mut contacts = shop.sandbox.desk().contacts();
    assert_eq!(contacts.len(), 1);
    contacts.remove(0)
}

async fn verify(shop: &Shop, source_id: &str, identifier: &str) -> Value {
    shop.get(&format!("/contacts/{source_id}?identifier={identifier}&identifier_hash={}", hash("k", identifier))).await
}

async fn numbers(shop: &Shop, source_id: &str) -> Vec<u64> {
    let list = shop.get(&format!("/contacts/{source_id}/conversations")).await;
    list.as_array().unwrap().iter().map(|row| row["id"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn an_identifier_sent_with_a_known_email_or_phone_is_dropped() {
    for (key, held, sent) in [("email", "Mai@Shop.vn", "mAI@shop.vn"), ("phone_number", "+84901", "+84901")] {
        let shop = shop().await;
        let known = shop.post("/contacts", json!({ "source_id": "web", key: held, "name": "Mai" })).await;
        let body = json!({ "source_id": "app", "identifier": "u1", key: sent, "name": "Other" });
        let found = shop.post("/contacts", body).await;
        assert_eq!((&found["id"], &found["name"], &found["source_id"]), (&known["id"], &json!("Mai"), &json!("app")));
        let contact = only_contact(&shop);
        assert_eq!((contact.identifier, contact.sessions.len()), (None, 2));
    }
}

#[tokio::test]
async fn creation_looks_for_the_identifier_before_the_email_and_for_that_before_the_phone() {
    let shop = shop().await;
    let one = shop.post("/contacts", json!({ "source_id": "1", "identifier": "u1" })).await;
    let two = shop.post("/contacts", json!({ "source_id": "2", "email": "two@shop.vn" })).await;
    let three = shop.post("/contacts", json!({ "source_id": "3", "phone_number": "+843" })).await;
    let all = json!({ "identifier": "u1", "email": "two@shop.vn", "phone_number": "+843" });
    assert_eq!(shop.post("/contacts", all).await["id"], one["id"]);
    let rest = json!({ "identifier": "unknown", "email": "TWO@shop.vn", "phone_number": "+843" });
    assert_eq!(shop.post("/contacts", rest).await["id"], two["id"]);
    let phone = json!({ "identifier": "unknown", "email": "no@shop.vn", "phone_number": "+843" });
    assert_eq!(shop.post("/contacts", phone).await["id"], three["id"]);
}

#[tokio::test]
async fn a_patched_email_joins_the_contacts_and_the_identifier_survives() {
    let shop = shop_with_key().await;
    let web = json!({ "source_id": "web", "email": "mai@shop.vn", "name": "Mai", "custom_attributes": { "tier": 1 } });
    let older = shop.post("/contacts", web).await;
    let anonymous = shop.contact("anonymous").await;
    shop.conversation("anonymous").await;
    let body = json!({ "source_id": "app", "identifier": "u1", "custom_attributes": { "tier": 2, "cart": 3 } });
    let mine = shop.post("/contacts", body).await;
    shop.post("/contacts/app/conversations", json!({})).await;
    for source_id in ["app", "anonymous"] {
        shop.patch(&format!("/contacts/{source_id}"), json!({ "email": "MAI@shop.vn" })).await;
    }
    let contact = only_contact(&shop);
    assert_eq!((contact.id, contact.identifier.as_deref()), (older["id"].as_u64().unwrap(), Some("u1")));
    assert_eq!((contact.name.as_deref(), contact.email.as_deref()), (Some("Mai"), Some("mai@shop.vn")));
    assert_eq!(contact.custom_attributes, json!({ "tier": 1, "cart": 3 }));
    for (source_id, before) in [("app", &mine), ("anonymous", &anonymous)] {
        let now = verify(&shop, source_id, "u1").await;
        assert_eq!((&now["id"], &now["pubsub_token"]), (&older["id"], &before["pubsub_token"]));
        assert_eq!(numbers(&shop, source_id).await, [1, 2]);
    }
    let list = shop.get("/contacts/app/conversations").await;
    assert_eq!(list[0]["contact"]["identifier"], "u1");
    let sent = shop.send("/contacts/app/conversations/2", "Hi").await;
    assert_eq!(sent["sender"]["identifier"], "u1");
}

#[tokio::test]
async fn a_patched_phone_joins_two_identified_contacts_and_the_known_identifier_stays() {
    let shop = shop().await;
    let known = json!({ "source_id": "1", "identifier": "u1", "phone_number": "+841", "name": "Mai" });
    shop.post("/contacts", known).await;
    shop.post("/contacts", json!({ "source_id": "2", "identifier": "u2", "email": "two@shop.vn" })).await;
    let row = shop.patch("/contacts/2", json!({ "phone_number": "+841", "name": "Lan" })).await;
    assert_eq!((&row["identifier"], &row["email"], &row["name"]), (&json!("u1"), &json!("two@shop.vn"), &json!("Lan")));
    assert_eq!(only_contact(&shop).sessions.len(), 2);
}

#[tokio::test]
async fn an_empty_or_null_email_is_ignored_and_a_null_attribute_is_kept() {
    let shop = shop().await;
    let body = json!({ "source_id": "me", "email": "Mai@Shop.vn", "custom_attributes": { "a": 1, "b": 2 } });
    shop.post("/contacts", body).await;
    for nothing in [json!(""), json!(null)] {
        shop.patch("/contacts/me", json!({ "email": nothing, "custom_attributes": { "b": null } })).await;
    }
    let contact = only_contact(&shop);
    assert_eq!(contact.email.as_deref(), Some("mai@shop.vn"));
    assert_eq!(contact.custom_attributes, json!({ "a": 1, "b": null }));
}

#[tokio::test]
async fn a_patch_answers_the_raw_row_up_to_4_15_and_as_get_from_4_16() {
    let shop = shop().await;
    shop.post("/contacts", json!({ "source_id": "me", "identifier": "u1" })).await;
    let row = shop.patch("/contacts/me", json!({ "name": "Mai" })).await;
    assert_eq!(row["identifier"], "u1");
    assert_eq!(
        (row["label_list"].clone(), row.get("company_id"), row.get("source_id")),
        (json!([]), Some(&json!(null)), None)
    );
    shop.sandbox.desk().change_settings(|settings| settings.desk_version = DeskVersion::V4_16_2);
    let row = shop.patch("/contacts/me", json!({ "name": "Lan" })).await;
    assert_eq!((&row["name"], row.get("identifier")), (&json!("Lan"), None));
    assert_eq!(row, shop.get("/contacts/me").await);
}

#[tokio::test]
async fn a_session_is_verified_alone_and_lists_everything_only_then() {
    let shop = shop_with_key().await;
    for source_id in ["phone", "tablet"] {
        shop.post("/contacts", json!({ "source_id": source_id, "identifier": "u1" })).await;
        shop.post(&format!("/contacts/{source_id}/conversations"), json!({})).await;
    }
    shop.sandbox.desk().start_conversation_elsewhere("phone", "By e-mail");
    assert_eq!(numbers(&shop, "phone").await, [1]);
    verify(&shop, "phone", "u1").await;
    assert_eq!(numbers(&shop, "phone").await, [1, 2, 3]);
    assert_eq!(numbers(&shop, "tablet").await, [2]);
    assert_eq!(shop.status(Method::GET, "/contacts/tablet/conversations/1", json!(null)).await.0, 404);
}

#[tokio::test]
async fn a_mandatory_hash_can_be_switched_on_while_the_desk_runs() {
    let shop = shop_with_key().await;
    shop.contact("me").await;
    shop.sandbox.desk().change_settings(|settings| settings.hmac_mandatory = true);
    for (method, path) in [(Method::POST, "/contacts"), (Method::GET, "/contacts/me"), (Method::PATCH, "/contacts/me")]
    {
        assert_eq!(shop.status(method.clone(), path, json!({ "identifier": "u1" })).await.0, 500);
        let right = json!({ "identifier": "u1", "identifier_hash": hash("k", "u1") });
        assert_eq!(shop.status(method, path, right).await.0, 200);
    }
    assert_eq!(shop.get("").await["identity_validation_enabled"], true);
}

#[tokio::test]
async fn renaming_merging_and_blocking_are_told_to_nobody() {
    let shop = shop_with_key().await;
    shop.post("/contacts", json!({ "source_id": "web", "email": "mai@shop.vn" })).await;
    shop.conversation("me").await;
    let mut cable = shop.cable("me").await;
    shop.patch("/contacts/me", json!({ "name": "Mai" })).await;
    let row = shop.patch("/contacts/me", json!({ "email": "mai@shop.vn" })).await;
    shop.sandbox.desk().set_blocked(row["id"].as_u64().unwrap(), true);
    let token = shop.contact("me").await["pubsub_token"].as_str().unwrap().to_owned();
    assert!(cable.events_so_far(&token).await.is_empty());
}

#[tokio::test]
async fn a_source_id_may_be_long_and_hold_a_slash_and_leads_nowhere_in_another_inbox() {
    let shop = shop().await;
    let long = format!("a/{}", "x".repeat(298));
    shop.contact(&long).await;
    let path = format!("/contacts/{}", long.replace('/', "%2F"));
    assert_eq!(shop.get(&path).await["source_id"], long.as_str());
    let elsewhere = shop.sandbox.desk().start_conversation_elsewhere(&long, "By e-mail");
    let foreign = shop.sandbox.desk().conversation(elsewhere).unwrap().source_id;
    assert_eq!(shop.status(Method::GET, &format!("/contacts/{foreign}"), json!(null)).await.0, 404);
}
