//! The cable: what is said, to whom, and what is not.

// A test fails by panicking, its helpers included.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::time::Duration;

use common::{Cable, PATIENCE, Shop, hash, identifier, shop, shop_with, until};
use futures_util::StreamExt;
use sandbox::Options;
use serde_json::{Value, json};

async fn token(shop: &Shop, source_id: &str) -> String {
    shop.contact(source_id).await["pubsub_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_subscription_is_told_who_is_there_and_then_confirmed_under_its_own_string() {
    let shop = shop().await;
    shop.sandbox.desk().set_agent_availability("busy");
    let token = token(&shop, "me").await;
    let mut cable = Cable::open(&shop.sandbox.url()).await;
    assert_eq!(cable.protocol.as_deref(), Some("actioncable-v1-json"));
    assert_eq!(cable.next().await, json!({ "type": "welcome" }));
    // Spaces and order are the client's: the string comes back as it was.
    let odd = format!(r#"{{ "pubsub_token":"{token}",  "channel":"RoomChannel" }}"#);
    cable.say(json!({ "command": "subscribe", "identifier": odd })).await;
    let presence = cable.next().await;
    assert_eq!(presence["identifier"], odd.as_str());
    assert_eq!(presence["message"]["event"], "presence.update");
    assert_eq!(presence["message"]["data"], json!({ "account_id": 1, "users": { "5": "busy" } }));
    assert_eq!(cable.next().await, json!({ "identifier": odd, "type": "confirm_subscription" }));
}

#[tokio::test]
async fn an_agent_whose_dashboard_is_closed_is_not_in_presence() {
    let shop = shop().await;
    let token = token(&shop, "me").await;
    shop.sandbox.desk().set_dashboard_open(false);
    let mut cable = Cable::open(&shop.sandbox.url()).await;
    cable.subscribe(&token).await;
    assert_eq!(cable.event("presence.update").await["users"], json!({}));
}

#[tokio::test]
async fn a_failed_message_stays_the_agents() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    let id = shop.sandbox.desk().reply(1, "Hello");
    let mut cable = shop.cable("me").await;
    shop.sandbox.desk().fail(id, "the webhook did not answer");
    let told = cable.event("message.updated").await;
    assert_eq!((&told["status"], &told["previous_changes"]["status"]), (&json!("failed"), &json!(["sent", "failed"])));
    let message = &shop.get(&conversation).await["messages"][0];
    assert_eq!((&message["content"], &message["sender"]["type"]), (&json!("Hello"), &json!("user")));
    assert_eq!(message["content_attributes"]["external_error"], "the webhook did not answer");
}

#[tokio::test]
async fn pings_come_at_their_beat() {
    let shop = shop_with(Options { ping_interval: Duration::from_millis(20), ..Options::default() }).await;
    let mut cable = Cable::open(&shop.sandbox.url()).await;
    let mut pings = 0;
    while pings < 2 {
        let frame = tokio::time::timeout(PATIENCE, cable.socket.next()).await.unwrap().unwrap().unwrap();
        let frame: Value = serde_json::from_str(frame.to_text().unwrap()).unwrap();
        if frame["type"] == "ping" {
            assert!(frame["message"].as_u64().unwrap() > 1_700_000_000);
            pings += 1;
        }
    }
}

#[tokio::test]
async fn a_bad_token_gets_silence_and_so_does_the_same_identifier_again() {
    let shop = shop().await;
    let good = token(&shop, "me").await;
    let mut cable = Cable::open(&shop.sandbox.url()).await;
    cable.subscribe("wrong").await;
    cable.subscribe("wrong").await;
    cable.subscribe(&good).await;
    cable.subscribe(&good).await;
    assert_eq!(cable.next().await["type"], "welcome");
    let presence = cable.next().await;
    assert_eq!((&presence["identifier"], &presence["type"]), (&json!(identifier(&good)), &json!(null)));
    assert_eq!(cable.next().await["type"], "confirm_subscription");
    // The second identical subscription is neither told of presence nor confirmed.
    assert!(cable.events_so_far(&good).await.is_empty());
}

#[tokio::test]
async fn a_sent_message_comes_back_with_its_echo_id_and_all_columns() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    let mut cable = shop.cable("me").await;
    shop.post(&format!("{conversation}/messages"), json!({ "content": "Hi", "echo_id": "e1" })).await;
    let data = cable.event("message.created").await;
    assert_eq!((&data["echo_id"], &data["content"]), (&json!("e1"), &json!("Hi")));
    assert_eq!((&data["status"], &data["private"]), (&json!("sent"), &json!(false)));
    assert_eq!(data["conversation"]["contact_inbox"]["source_id"], "me");
    assert_eq!(data["conversation"]["unread_count"], 1);
    assert!(data["updated_at"].as_str().unwrap().ends_with('Z'));
    assert!(data["created_at"].is_u64());
}

#[tokio::test]
async fn an_agents_doings_are_told_and_its_notes_are_not() {
    let shop = shop_with(Options { csat: false, ..Options::default() }).await;
    shop.conversation("me").await;
    let token = token(&shop, "me").await;
    let mut cable = shop.cable("me").await;
    let desk = shop.sandbox.desk();
    desk.note(1, "Private");
    desk.set_typing(1, true);
    let id = desk.reply(1, "Hello");
    desk.set_typing(1, false);
    desk.edit(id, "Hello!");
    desk.delete(id);
    desk.mark_seen(1);
    desk.set_agent_availability("offline");
    desk.resolve(1);
    let events = cable.events_so_far(&token).await;
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    let told = [
        "conversation.typing_on",
        "message.created",
        "conversation.updated",
        "conversation.typing_off",
        "message.updated",
        "message.updated",
        "conversation.status_changed",
        "conversation.updated",
    ];
    assert_eq!(names, told);
    assert_eq!(events[0].1["user"]["type"], "user");
    assert_eq!(events[4].1["previous_changes"]["content"], json!(["Hello", "Hello!"]));
    assert_eq!(events[5].1["content_attributes"]["deleted"], true);
    let status = &events[6].1;
    assert_eq!((&status["status"], &status["messages"][0]["id"]), (&json!("resolved"), &json!(id)));
    assert_eq!(status["contact_inbox"]["pubsub_token"], token.as_str());
    assert!(status["updated_at"].is_f64() && status["created_at"].is_u64());
}

fn names(events: &[(String, Value)]) -> Vec<&str> {
    events.iter().map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn assignment_labels_attributes_and_priority_each_send_one_conversation_updated() {
    let shop = shop().await;
    shop.conversation("me").await;
    let token = token(&shop, "me").await;
    let mut cable = shop.cable("me").await;
    let desk = shop.sandbox.desk();
    desk.reply(1, "Hello");
    let events = cable.events_so_far(&token).await;
    assert_eq!(names(&events), ["message.created", "conversation.updated"]);
    assert_eq!(events[1].1["meta"]["assignee"], json!(null), "an answer assigns nobody");
    desk.assign(1, true);
    desk.set_labels(1, &["vip"]);
    desk.set_conversation_attributes(1, json!({ "plan": "gold" }));
    desk.set_priority(1, Some("high"));
    let events = cable.events_so_far(&token).await;
    assert_eq!(names(&events), ["conversation.updated"; 4]);
    let last = &events[3].1;
    assert_eq!((&last["meta"]["assignee"]["type"], &last["meta"]["assignee_type"]), (&json!("user"), &json!("User")));
    assert_eq!((&last["labels"], &last["priority"]), (&json!(["vip"]), &json!("high")));
    assert_eq!(last["custom_attributes"], json!({ "plan": "gold" }));
    let times: Vec<f64> = events.iter().map(|(_, data)| data["updated_at"].as_f64().unwrap()).collect();
    assert!(times.is_sorted_by(|one, next| one < next), "{times:?}");
    let url = shop.at("/api/v1/accounts/1/conversations/1");
    for (path, body) in [
        ("assignments", json!({ "assignee_id": null })),
        ("labels", json!({ "labels": ["new"] })),
        ("custom_attributes", json!({ "custom_attributes": {} })),
        ("toggle_priority", json!({ "priority": null })),
    ] {
        common::good(shop.http.post(format!("{url}/{path}")).json(&body).send().await.unwrap()).await;
    }
    let events = cable.events_so_far(&token).await;
    assert_eq!(names(&events), ["conversation.updated"; 4]);
    assert_eq!((&events[3].1["meta"]["assignee"], &events[3].1["labels"]), (&json!(null), &json!(["new"])));
}

#[tokio::test]
async fn a_message_that_reopens_sends_the_status_itself_and_two_updates() {
    let shop = shop_with(Options { csat: false, ..Options::default() }).await;
    let conversation = shop.conversation("me").await;
    let token = token(&shop, "me").await;
    let desk = shop.sandbox.desk();
    desk.reply(1, "Hello");
    desk.resolve(1);
    let mut cable = shop.cable("me").await;
    let sent = shop.send(&conversation, "Still there?").await;
    let events = cable.events_so_far(&token).await;
    let mut sorted = names(&events);
    sorted.sort_unstable();
    let told = ["conversation.status_changed", "conversation.updated", "conversation.updated", "message.created"];
    assert_eq!(sorted, told);
    let status = &events.iter().find(|(name, _)| name == "conversation.status_changed").unwrap().1;
    assert_eq!((&status["status"], &status["messages"][0]["id"]), (&json!("open"), &sent["id"]));
    desk.set_blocked(1, true);
    desk.reply(1, "No");
    desk.resolve(1);
    cable.events_so_far(&token).await;
    shop.send(&conversation, "Am I blocked?").await;
    let events = cable.events_so_far(&token).await;
    assert_eq!(names(&events), ["message.created", "conversation.updated"]);
    assert_eq!(events[1].1["status"], "resolved");
}

#[tokio::test]
async fn the_typing_of_a_private_note_is_told_as_private() {
    let shop = shop().await;
    shop.conversation("me").await;
    let mut cable = shop.cable("me").await;
    shop.sandbox.desk().set_typing_note(1, true);
    let typing = cable.event("conversation.typing_on").await;
    assert_eq!((&typing["is_private"], &typing["performer"]["type"]), (&json!(true), &json!("user")));
    shop.sandbox.desk().set_typing(1, true);
    assert_eq!(cable.event("conversation.typing_on").await["is_private"], false);
}

#[tokio::test]
async fn two_edits_within_a_millisecond_have_times_of_their_own() {
    let shop = shop().await;
    shop.conversation("me").await;
    let desk = shop.sandbox.desk();
    let id = desk.reply(1, "1");
    let mut cable = shop.cable("me").await;
    desk.edit(id, "2");
    desk.edit(id, "3");
    let (first, second) = (cable.event("message.updated").await, cable.event("message.updated").await);
    assert!(first["updated_at"].as_str() < second["updated_at"].as_str());
    assert_eq!(second["previous_changes"]["updated_at"], json!([first["updated_at"], second["updated_at"]]));
    assert_eq!(second["previous_changes"]["processed_message_content"], json!(["2", "3"]));
    assert!(second.get("echo_id").is_none());
}

#[tokio::test]
async fn a_new_conversation_is_told_and_so_is_one_the_agent_begins() {
    let shop = shop().await;
    shop.contact("me").await;
    let mut cable = shop.cable("me").await;
    shop.post("/contacts/me/conversations", json!({})).await;
    assert_eq!(cable.event("conversation.created").await["id"], 1);
    assert_eq!(shop.sandbox.desk().start_conversation("me", "A word about your order"), 2);
    assert_eq!(cable.event("conversation.created").await["id"], 2);
    assert_eq!(cable.event("message.created").await["conversation_id"], 2);
}

#[tokio::test]
async fn a_customers_own_typing_is_not_echoed() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    let token = token(&shop, "me").await;
    let mut cable = shop.cable("me").await;
    shop.post(&format!("{conversation}/toggle_typing"), json!({ "typing_status": "on" })).await;
    assert!(cable.events_so_far(&token).await.is_empty());
    assert_eq!(shop.sandbox.desk().typing_seen(), [(1, true)]);
}

#[tokio::test]
async fn what_the_customer_saw_becomes_read_by_a_job() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    shop.send(&conversation, "Hi").await;
    let id = shop.sandbox.desk().reply(1, "Hello");
    let mut cable = shop.cable("me").await;
    shop.post(&format!("{conversation}/update_last_seen"), json!({})).await;
    let data = cable.event("message.updated").await;
    assert_eq!((&data["id"], &data["status"]), (&json!(id), &json!("read")));
    assert_eq!(data["previous_changes"]["status"], json!(["sent", "read"]));
}

#[tokio::test]
async fn a_thousand_unread_messages_all_become_read() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    shop.sandbox.desk().bulk_messages(1, 1000);
    let mut cable = shop.cable("me").await;
    shop.post(&format!("{conversation}/update_last_seen"), json!({})).await;
    for id in 1..=1000 {
        assert_eq!(cable.event("message.updated").await["id"], id);
    }
}

#[tokio::test]
async fn another_customer_hears_nothing() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    let other = token(&shop, "you").await;
    let mut cable = shop.cable("you").await;
    shop.send(&conversation, "Secret").await;
    assert!(cable.events_so_far(&other).await.is_empty());
}

#[tokio::test]
async fn verified_sessions_of_one_contact_hear_each_others_conversations() {
    let shop = shop_with(Options { hmac_key: Some("k".to_owned()), ..Options::default() }).await;
    let proof = format!("identifier=u1&identifier_hash={}", hash("k", "u1"));
    for source_id in ["phone", "tablet", "unproved"] {
        shop.post("/contacts", json!({ "source_id": source_id, "identifier": "u1" })).await;
    }
    for source_id in ["phone", "tablet"] {
        shop.get(&format!("/contacts/{source_id}?{proof}")).await;
    }
    let mut tablet = shop.cable("tablet").await;
    let mut unproved = shop.cable("unproved").await;
    shop.post("/contacts/phone/conversations", json!({})).await;
    let sent = shop.send("/contacts/phone/conversations/1", "From the phone").await;
    assert_eq!(tablet.event("message.created").await["id"], sent["id"]);
    let token = token(&shop, "unproved").await;
    assert!(unproved.events_so_far(&token).await.is_empty());
}

#[tokio::test]
async fn nothing_is_played_again_after_a_reconnect() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    let token = token(&shop, "me").await;
    let cable = shop.cable("me").await;
    drop(cable);
    until("the socket was gone", || shop.sandbox.desk().cable_connections() == 0).await;
    shop.send(&conversation, "While away").await;
    let mut cable = shop.cable("me").await;
    assert!(cable.events_so_far(&token).await.is_empty());
}

#[tokio::test]
async fn an_unsubscribed_identifier_is_silent_and_can_be_subscribed_again() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    let token = token(&shop, "me").await;
    let mut cable = shop.cable("me").await;
    cable.say(json!({ "command": "unsubscribe", "identifier": identifier(&token) })).await;
    cable.say(json!("nonsense")).await;
    cable.subscribe(&token).await;
    assert_eq!(cable.next().await["message"]["event"], "presence.update");
    assert_eq!(cable.next().await["type"], "confirm_subscription");
    shop.send(&conversation, "Hi").await;
    cable.event("message.created").await;
}

#[tokio::test]
async fn a_stopping_desk_says_farewell_and_frees_its_port() {
    let shop = shop().await;
    let url = shop.sandbox.url();
    shop.contact("me").await;
    let mut cable = shop.cable("me").await;
    let addr = url.trim_start_matches("http://").parse().unwrap();
    shop.sandbox.shutdown().await;
    let farewell = cable.next().await;
    assert_eq!(farewell, json!({ "type": "disconnect", "reason": "server_restart", "reconnect": true }));
    assert!(cable.next().await.is_null());
    let again = shop_with(Options { addr, ..Options::default() }).await;
    assert_eq!(again.sandbox.url(), url);
}

#[tokio::test]
async fn a_plain_request_to_the_cable_is_not_found() {
    let shop = shop().await;
    let response = shop.http.get(shop.at("/cable")).send().await.unwrap();
    assert_eq!(response.status(), 404);
}
