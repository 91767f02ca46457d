//! What the desk does by itself and what its agents do: templates, bot, agent routes, memory.

// A test fails by panicking, its helpers included.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use common::{good, http, shop, shop_with};
use sandbox::Options;
use serde_json::{Value, json};

#[tokio::test]
async fn a_greeting_is_sent_once_as_a_template_without_a_sender() {
    let shop = shop_with(Options { greeting: Some("Xin chào!".to_owned()), ..Options::default() }).await;
    let conversation = shop.conversation("me").await;
    shop.send(&conversation, "Hi").await;
    shop.send(&conversation, "Anyone?").await;
    let page = shop.get(&format!("{conversation}/messages")).await;
    let types: Vec<_> = page.as_array().unwrap().iter().map(|row| row["message_type"].as_u64().unwrap()).collect();
    assert_eq!(types, [0, 3, 0]);
    assert_eq!(page[1]["content"], "Xin chào!");
    assert!(page[1].get("sender").is_none());
    assert_eq!(shop.get("").await["greeting_enabled"], true);
}

#[tokio::test]
async fn a_closed_desk_says_so_and_shows_its_hours() {
    let shop = shop_with(Options { out_of_office: Some("Back at nine".to_owned()), ..Options::default() }).await;
    let conversation = shop.conversation("me").await;
    shop.send(&conversation, "Hi").await;
    assert_eq!(shop.get(&format!("{conversation}/messages")).await[1]["content"], "Back at nine");
    let inbox = shop.get("").await;
    assert_eq!(inbox["working_hours_enabled"], true);
    assert!(inbox["working_hours"].as_array().unwrap().iter().all(|day| day["closed_all_day"] == true));
}

#[tokio::test]
async fn the_bot_types_answers_offers_choices_and_hands_over() {
    let shop = shop_with(Options { bot: true, ..Options::default() }).await;
    let conversation = shop.conversation("me").await;
    assert_eq!(shop.get(&conversation).await["status"], "pending");
    let mut cable = shop.cable("me").await;

    shop.send(&conversation, "Đơn hàng của tôi đâu rồi?").await;
    assert_eq!(cable.event("conversation.typing_on").await["user"]["type"], "agent_bot");
    cable.event("conversation.typing_off").await;
    let answer = cable.event("message.created").await;
    assert!(answer["content"].as_str().unwrap().contains("đơn hàng"), "{answer}");
    assert_eq!((&answer["message_type"], &answer["sender"]["type"]), (&json!(1), &json!("agent_bot")));

    shop.send(&conversation, "hmm").await;
    cable.event("message.created").await;
    let question = cable.event("message.created").await;
    assert_eq!(question["content_type"], "input_select");
    let choice = question["content_attributes"]["items"][3].clone();
    assert_eq!(choice["value"], "nhân viên", "in the language that the customer has written");

    let path = format!("{conversation}/messages/{}", question["id"]);
    shop.patch(&path, json!({ "submitted_values": [choice] })).await;
    assert!(cable.event("message.created").await["content"].as_str().unwrap().contains("chuyển bạn"));
    assert_eq!(cable.event("conversation.status_changed").await["status"], "open");
    shop.send(&conversation, "Where is my order?").await;
    assert_eq!(shop.get(&conversation).await["messages"].as_array().unwrap().len(), 6, "an open one is the agents'");
}

#[tokio::test]
async fn an_agent_works_over_chatwoots_own_routes() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    shop.send(&conversation, "Hi").await;
    let mut cable = shop.cable("me").await;
    let base = shop.at("/api/v1/accounts/1/conversations");
    let list = good(shop.http.get(&base).send().await.unwrap()).await;
    assert_eq!(list["data"]["payload"][0]["unread_count"], 1);

    let post = async |path: &str, body: Value| {
        good(shop.http.post(format!("{base}/1/{path}")).json(&body).send().await.unwrap()).await
    };
    post("toggle_typing_status", json!({ "typing_status": "on" })).await;
    cable.event("conversation.typing_on").await;
    let message = post("messages", json!({ "content": "Hello" })).await;
    assert_eq!(cable.event("message.created").await["sender"]["available_name"], "Linh Trần");
    let url = format!("{base}/1/messages/{}", message["id"]);
    let edited = shop.http.patch(&url).json(&json!({ "content": "Hello!" })).send().await.unwrap();
    assert_eq!(good(edited).await["content"], "Hello", "words stay as they are");
    let failed = json!({ "status": "failed", "external_error": "no such number" });
    good(shop.http.patch(&url).json(&failed).send().await.unwrap()).await;
    let told = cable.event("message.updated").await;
    assert_eq!((&told["content"], &told["status"]), (&json!("Hello"), &json!("failed")));
    assert_eq!(told["content_attributes"]["external_error"], "no such number");
    good(shop.http.delete(&url).send().await.unwrap()).await;
    assert_eq!(cable.event("message.updated").await["content"], "This message was deleted");
    post("update_last_seen", json!({})).await;
    assert!(shop.get(&conversation).await["agent_last_seen_at"].as_u64().unwrap() > 0);
    assert_eq!(post("toggle_status", json!({})).await["payload"]["current_status"], "resolved");
    assert_eq!(post("toggle_status", json!({ "status": "snoozed" })).await["payload"]["current_status"], "snoozed");

    let page = good(shop.http.get(format!("{base}/1/messages")).send().await.unwrap()).await;
    assert!(page["payload"].as_array().unwrap().iter().any(|row| row["message_type"] == 2));
    let contacts = good(shop.http.get(shop.at("/api/v1/accounts/1/contacts")).send().await.unwrap()).await;
    assert_eq!(contacts["payload"][0]["availability_status"], "online");
}

#[tokio::test]
async fn unknown_item_keys_are_refused_to_agents() {
    let shop = shop().await;
    shop.conversation("me").await;
    let url = shop.at("/api/v1/accounts/1/conversations/1/messages");
    let item = json!({ "title": "A", "value": "a", "colour": "red" });
    let body = json!({ "content": "?", "content_type": "input_select", "content_attributes": { "items": [item] } });
    assert_eq!(shop.http.post(&url).json(&body).send().await.unwrap().status(), 422);
}

#[tokio::test]
async fn a_desk_with_a_data_directory_remembers() {
    let data = tempfile::tempdir().unwrap();
    let options = || Options { data_dir: Some(data.path().to_owned()), ..Options::default() };
    let first = shop_with(options()).await;
    let conversation = first.conversation("me").await;
    let message = first.send(&conversation, "Nhớ tôi nhé").await;
    let contact = first.contact("me").await;
    first.sandbox.shutdown().await;

    let second = shop_with(options()).await;
    assert_eq!(second.contact("me").await, contact);
    assert_eq!(second.get(&format!("{conversation}/messages")).await[0], message);
    let other = second.post("/contacts", json!({})).await;
    assert_ne!(other["pubsub_token"], contact["pubsub_token"]);
    assert_eq!(second.send(&conversation, "Next").await["id"], 2);
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let data = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .args(["--port", "0", "--no-bot", "--data"])
        .arg(data.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.split(&[' ', ','][..]).find(|word| word.starts_with("http://")).unwrap();
    let base = format!("{url}/public/api/v1/inboxes/shop/contacts");
    let http = http();
    good(http.post(&base).json(&json!({ "source_id": "me" })).send().await.unwrap()).await;
    good(http.post(format!("{base}/me/conversations")).send().await.unwrap()).await;
    for number in 1..=20 {
        let body = json!({ "content": format!("{number}") });
        good(http.post(format!("{base}/me/conversations/1/messages")).json(&body).send().await.unwrap()).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();

    let shop = shop_with(Options { data_dir: Some(data.path().to_owned()), ..Options::default() }).await;
    let messages = shop.sandbox.desk().conversation(1).unwrap().messages;
    assert_eq!(messages.iter().filter(|message| message.message_type == 0).count(), 20);
}
