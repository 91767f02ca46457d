//! Conversations and messages over REST.

// A test fails by panicking, its helpers included.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::time::Duration;

use common::{hash, shop, shop_with, until};
use reqwest::Method;
use sandbox::Options;
use serde_json::{Value, json};

#[tokio::test]
async fn a_new_conversation_is_open_empty_and_answered_with_200() {
    let shop = shop().await;
    shop.contact("me").await;
    let conversation = shop.post("/contacts/me/conversations", json!({ "custom_attributes": { "order": "A1" } })).await;
    assert_eq!(conversation["status"], "open");
    assert_eq!(conversation["messages"], json!([]));
    assert_eq!((&conversation["contact_last_seen_at"], &conversation["agent_last_seen_at"]), (&json!(0), &json!(0)));
    let seen = shop.sandbox.desk().conversation(1).unwrap();
    assert_eq!(seen.conversation_attributes, json!({ "order": "A1" }));
}

#[tokio::test]
async fn the_list_has_every_conversation_with_every_message() {
    let shop = shop().await;
    let first = shop.conversation("me").await;
    shop.post("/contacts/me/conversations", json!({})).await;
    shop.sandbox.desk().bulk_messages(1, 45);
    let list = shop.get("/contacts/me/conversations").await;
    assert_eq!(list.as_array().unwrap().len(), 2);
    assert_eq!(list[0]["messages"].as_array().unwrap().len(), 45);
    assert_eq!(shop.get(&first).await, list[0]);
}

#[tokio::test]
async fn a_conversation_of_another_customer_is_not_found() {
    let shop = shop().await;
    shop.conversation("me").await;
    shop.contact("you").await;
    assert_eq!(shop.status(Method::GET, "/contacts/you/conversations/1", json!(null)).await.0, 404);
    assert_eq!(shop.status(Method::GET, "/contacts/me/conversations/x", json!(null)).await.0, 404);
}

#[tokio::test]
async fn too_long_or_too_large_attributes_are_422() {
    let shop = shop().await;
    shop.contact("me").await;
    for value in [json!("x".repeat(1501)), json!(10_000_000_000_i64)] {
        let body = json!({ "custom_attributes": { "a": value } });
        let (status, body) = shop.status(Method::POST, "/contacts/me/conversations", body).await;
        assert_eq!((status, &body["attributes"]), (422, &json!(["custom_attributes"])));
    }
}

#[tokio::test]
async fn a_verified_session_sees_the_contacts_conversations_of_every_inbox() {
    let shop = shop_with(Options { hmac_key: Some("k".to_owned()), ..Options::default() }).await;
    shop.post("/contacts", json!({ "source_id": "me", "identifier": "u1" })).await;
    shop.post("/contacts/me/conversations", json!({})).await;
    shop.sandbox.desk().start_conversation_elsewhere("me", "By e-mail");
    assert_eq!(shop.get("/contacts/me/conversations").await.as_array().unwrap().len(), 1);
    shop.get(&format!("/contacts/me?identifier=u1&identifier_hash={}", hash("k", "u1"))).await;
    let list = shop.get("/contacts/me/conversations").await;
    assert_eq!(list.as_array().unwrap().len(), 2);
    assert_ne!(list[0]["inbox_id"], list[1]["inbox_id"]);
}

#[tokio::test]
async fn a_locked_inbox_gives_the_sessions_last_conversation_with_all_its_messages() {
    let shop = shop_with(Options { single_conversation: true, ..Options::default() }).await;
    let path = shop.conversation("me").await;
    let desk = shop.sandbox.desk();
    desk.bulk_messages(1, 25);
    let attributes = json!({ "custom_attributes": { "ignored": "x".repeat(1501) } });
    let again = shop.post("/contacts/me/conversations", attributes).await;
    assert_eq!((&again["id"], again["messages"].as_array().unwrap().len()), (&json!(1), 25));
    desk.resolve(1);
    assert_eq!(shop.post("/contacts/me/conversations", json!({})).await["status"], "resolved");
    shop.send(&path, "Hello again").await;
    assert_eq!(shop.get(&path).await["status"], "open");
    assert_eq!(shop.conversation("you").await, "/contacts/you/conversations/2");
    desk.change_settings(|settings| settings.single_conversation = false);
    assert_eq!(shop.post("/contacts/me/conversations", json!({})).await["id"], 3);
}

#[tokio::test]
async fn the_status_toggle_only_resolves() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    for _ in 0..2 {
        let answer = shop.post(&format!("{conversation}/toggle_status"), json!({})).await;
        assert_eq!(answer["status"], "resolved");
    }
}

#[tokio::test]
async fn a_message_wakes_a_resolved_or_snoozed_conversation_unless_its_customer_is_blocked() {
    let shop = shop().await;
    let desk = shop.sandbox.desk();
    let conversation = shop.conversation("me").await;
    for close in [sandbox::Desk::resolve, sandbox::Desk::snooze] {
        close(&desk, 1);
        shop.send(&conversation, "One more thing").await;
        assert_eq!(shop.get(&conversation).await["status"], "open");
    }
    desk.resolve(1);
    desk.set_blocked(1, true);
    shop.send(&conversation, "Hello?").await;
    assert_eq!(shop.get(&conversation).await["status"], "resolved");
    assert_eq!(shop.post("/contacts/me/conversations", json!({})).await["status"], "resolved");
}

#[tokio::test]
async fn a_sent_message_carries_no_echo_id_status_or_source_id_over_rest() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    let body = json!({ "content": "Xin chào", "echo_id": "e1", "source_id": "s1" });
    let message = shop.post(&format!("{conversation}/messages"), body).await;
    assert_eq!((&message["content"], &message["message_type"]), (&json!("Xin chào"), &json!(0)));
    assert_eq!(message["sender"]["type"], "contact");
    for absent in ["echo_id", "status", "updated_at", "source_id", "attachments"] {
        assert!(message.get(absent).is_none(), "{absent}");
    }
    assert_eq!(shop.sandbox.desk().conversation(1).unwrap().messages[0].echo_id.as_deref(), Some("e1"));
}

#[tokio::test]
async fn the_same_message_sent_twice_is_two_messages() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    let body = json!({ "content": "Hi", "echo_id": "e1" });
    let first = shop.post(&format!("{conversation}/messages"), body.clone()).await;
    let second = shop.post(&format!("{conversation}/messages"), body).await;
    assert_ne!(first["id"], second["id"]);
}

#[tokio::test]
async fn blank_content_is_accepted_and_too_much_is_422() {
    let shop = shop().await;
    let path = format!("{}/messages", shop.conversation("me").await);
    assert_eq!(shop.status(Method::POST, &path, json!({ "content": "" })).await.0, 200);
    assert!(shop.post(&path, json!({})).await["content"].is_null());
    let (status, body) = shop.status(Method::POST, &path, json!({ "content": "x".repeat(150_001) })).await;
    assert_eq!((status, &body["attributes"]), (422, &json!(["content"])));
    assert_eq!(shop.status(Method::POST, &path, json!({ "content": "đ".repeat(150_000) })).await.0, 200);
}

#[tokio::test]
async fn sixteen_files_are_taken_and_their_folders_are_not() {
    let shop = shop().await;
    let path = format!("{}/messages", shop.conversation("me").await);
    let form = (0..16).fold(reqwest::multipart::Form::new(), |form, number| {
        let file = reqwest::multipart::Part::bytes(vec![b'x']).file_name(format!("folder/{number}.txt"));
        form.part("attachments[]", file)
    });
    let message = common::good(shop.ask(Method::POST, &path).multipart(form).send().await.unwrap()).await;
    let files = &shop.sandbox.desk().conversation(1).unwrap().messages[0].attachments;
    assert_eq!((message["attachments"].as_array().unwrap().len(), files[15].0.as_str()), (16, "15.txt"));
}

#[tokio::test]
async fn a_flood_is_422_and_agents_messages_count() {
    let shop = shop_with(Options { flood_limit: 3, ..Options::default() }).await;
    let path = format!("{}/messages", shop.conversation("me").await);
    shop.sandbox.desk().reply(1, "One");
    shop.post(&path, json!({ "content": "Two" })).await;
    shop.post(&path, json!({ "content": "Three" })).await;
    let (status, body) = shop.status(Method::POST, &path, json!({ "content": "Four" })).await;
    assert_eq!((status, body), (422, json!({ "message": "Too many messages", "attributes": ["base"] })));
}

#[tokio::test]
async fn messages_come_twenty_a_page_ascending_and_after_is_ignored() {
    let shop = shop().await;
    let path = format!("{}/messages", shop.conversation("me").await);
    shop.sandbox.desk().bulk_messages(1, 50);
    let ids = |page: &Value| -> Vec<u64> {
        page.as_array().unwrap().iter().map(|message| message["id"].as_u64().unwrap()).collect()
    };
    let newest = ids(&shop.get(&path).await);
    assert_eq!(newest, (31..=50).collect::<Vec<_>>());
    assert_eq!(ids(&shop.get(&format!("{path}?before=31")).await), (11..=30).collect::<Vec<_>>());
    assert_eq!(ids(&shop.get(&format!("{path}?before=11")).await), (1..=10).collect::<Vec<_>>());
    assert_eq!(ids(&shop.get(&format!("{path}?after=45")).await), newest);
    assert_eq!(ids(&shop.get(&format!("{path}?before=")).await), newest);
    for nothing in ["0", "abc", "-1"] {
        assert_eq!(shop.get(&format!("{path}?before={nothing}")).await, json!([]), "{nothing}");
    }
}

#[tokio::test]
async fn notes_and_activities_are_never_shown() {
    let shop = shop_with(Options { csat: false, ..Options::default() }).await;
    let conversation = shop.conversation("me").await;
    let desk = shop.sandbox.desk();
    desk.note(1, "A difficult one");
    desk.resolve(1);
    assert_eq!(desk.conversation(1).unwrap().messages.len(), 2);
    assert_eq!(shop.get(&format!("{conversation}/messages")).await, json!([]));
    assert_eq!(shop.get(&conversation).await["messages"], json!([]));
}

#[tokio::test]
async fn a_deleted_message_says_so() {
    let shop = shop().await;
    let path = format!("{}/messages", shop.conversation("me").await);
    let desk = shop.sandbox.desk();
    let id = desk.reply(1, "Oops");
    desk.delete(id);
    let page = shop.get(&path).await;
    assert_eq!(page[0]["content"], "This message was deleted");
    assert_eq!(page[0]["content_attributes"], json!({ "deleted": true }));
    assert!(desk.conversation(1).unwrap().messages[0].deleted);
}

#[tokio::test]
async fn resolving_twice_asks_for_one_rating_which_can_be_given_again() {
    let shop = shop_with(Options { job_delay: Duration::from_millis(1), ..Options::default() }).await;
    let conversation = shop.conversation("me").await;
    let desk = shop.sandbox.desk();
    let surveys = || {
        let messages = desk.conversation(1).unwrap().messages;
        messages.into_iter().filter(|message| message.content_type == "input_csat").collect::<Vec<_>>()
    };
    let uuid = shop.get(&conversation).await["uuid"].as_str().unwrap().to_owned();
    let survey_url = shop.at(&format!("/public/api/v1/csat_survey/{uuid}"));
    assert_eq!(shop.http.get(&survey_url).send().await.unwrap().status(), 404);
    desk.resolve(1);
    until("a survey came", || surveys().len() == 1).await;
    desk.reopen(1);
    desk.resolve(1);
    let survey = surveys().remove(0);
    assert_eq!((survey.message_type, &survey.content_attributes["display_type"]), (3, &json!("emoji")));

    let path = format!("{conversation}/messages/{}", survey.id);
    for rating in [2, 5] {
        let values = json!({ "csat_survey_response": { "rating": rating, "feedback_message": "ok" } });
        let message = shop.patch(&path, json!({ "submitted_values": values })).await;
        assert_eq!(message["content_attributes"]["submitted_values"]["csat_survey_response"]["rating"], rating);
    }
    let values = json!({ "csat_survey_response": { "rating": 6 } });
    assert_eq!(shop.status(Method::PATCH, &path, json!({ "submitted_values": values })).await.0, 500);

    let values = json!({ "message": { "submitted_values": { "csat_survey_response": { "rating": 4 } } } });
    let answer = common::good(shop.http.patch(&survey_url).json(&values).send().await.unwrap()).await;
    assert_eq!(answer["csat_survey_response"]["rating"], 4);
    assert_eq!(surveys().len(), 1);

    desk.age_message(survey.id, 15);
    let late = json!({ "submitted_values": { "csat_survey_response": { "rating": 1 } } });
    let (status, body) = shop.status(Method::PATCH, &path, late).await;
    assert_eq!((status, body), (422, json!({ "error": "You cannot update the CSAT survey after 14 days" })));
}

#[tokio::test]
async fn a_chosen_item_is_kept_and_unknown_keys_are_dropped() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    let items = json!({ "items": [{ "title": "Order", "value": "order" }] });
    let id = shop.sandbox.desk().reply_rich(1, "input_select", "What about?", items);
    let values = json!([{ "title": "Order", "value": "order", "extra": 1 }]);
    let message = shop.patch(&format!("{conversation}/messages/{id}"), json!({ "submitted_values": values })).await;
    let kept = &message["content_attributes"];
    assert_eq!(kept["submitted_values"], json!([{ "title": "Order", "value": "order" }]));
    assert_eq!(kept["items"][0]["value"], "order");
}

#[tokio::test]
async fn typing_and_seen_answer_200_without_a_body() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    let id = shop.sandbox.desk().reply(1, "Hello");
    for (path, body) in [("toggle_typing", json!({ "typing_status": "on" })), ("update_last_seen", json!({}))] {
        let response = shop.ask(Method::POST, &format!("{conversation}/{path}")).json(&body).send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (200, ""));
    }
    let desk = shop.sandbox.desk();
    assert_eq!(desk.typing_seen(), [(1, true)]);
    assert!(desk.conversation(1).unwrap().contact_last_seen_at > 0);
    assert_eq!(desk.conversation(1).unwrap().messages[0].id, id);
}

#[tokio::test]
async fn ten_thousand_messages_are_added_and_listed_in_time() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    shop.sandbox.desk().bulk_messages(1, 10_000);
    assert_eq!(shop.get(&conversation).await["messages"].as_array().unwrap().len(), 10_000);
    shop.send(&conversation, "Still possible").await;
}
