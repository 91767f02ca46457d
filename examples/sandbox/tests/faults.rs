//! Every fault, seen from the customer's side of the wire.

// A test fails by panicking, its helpers included.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::time::{Duration, Instant};

use common::{Cable, Shop, good, shop, shop_with, until};
use reqwest::Method;
use sandbox::{Fault, Options, Rule};
use serde_json::{Value, json};

/// Tries to send "Hi"; the conversation has as many messages afterwards as the second number says.
async fn try_send(shop: &Shop, conversation: &str) -> (Result<reqwest::Response, reqwest::Error>, usize) {
    let request = shop.ask(Method::POST, &format!("{conversation}/messages")).json(&json!({ "content": "Hi" }));
    let outcome = request.timeout(Duration::from_millis(300)).send().await;
    (outcome, shop.sandbox.desk().conversation(1).unwrap().messages.len())
}

#[tokio::test]
async fn dropped_before_the_write_nothing_happened() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    shop.sandbox.faults().once("messages", Fault::DropBeforeWrite);
    let (outcome, messages) = try_send(&shop, &conversation).await;
    assert!(!outcome.unwrap_err().is_timeout());
    assert_eq!(messages, 0);
    assert!(try_send(&shop, &conversation).await.0.is_ok(), "once is once");
    assert_eq!(shop.sandbox.faults().injected(), 1);
}

#[tokio::test]
async fn reset_after_the_write_the_message_is_there() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    shop.sandbox.faults().once("messages", Fault::ResetAfterWrite);
    let (outcome, messages) = try_send(&shop, &conversation).await;
    assert!(!outcome.unwrap_err().is_timeout());
    assert_eq!(messages, 1);
    let log = shop.sandbox.desk().requests();
    assert_eq!((log.last().unwrap().status, log.last().unwrap().faulted), (0, true));
}

#[tokio::test]
async fn a_status_comes_in_html_before_or_after_the_write() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    for (fault, status, written) in [(Fault::Status(503), 503, 0), (Fault::StatusAfterWrite(502), 502, 1)] {
        shop.sandbox.faults().once("messages", fault);
        let (outcome, messages) = try_send(&shop, &conversation).await;
        let response = outcome.unwrap();
        assert_eq!((response.status().as_u16(), messages), (status, written));
        assert!(response.text().await.unwrap().contains("<html>"));
    }
}

#[tokio::test]
async fn too_many_requests_and_a_captive_portal_write_nothing() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    shop.sandbox.faults().once("messages", Fault::TooManyRequests);
    let (outcome, _) = try_send(&shop, &conversation).await;
    let response = outcome.unwrap();
    assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (429, "Retry later\n"));
    shop.sandbox.faults().add(Rule::new(Fault::CaptivePortal));
    let (outcome, messages) = try_send(&shop, &conversation).await;
    let response = outcome.unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["content-type"]), (200, &"text/html".parse().unwrap()));
    assert_eq!(messages, 0);
    assert!(Cable::try_open(&shop.sandbox.url()).await.is_err());
    shop.sandbox.faults().clear();
    assert_eq!(shop.get(&conversation).await["id"], 1);
}

#[tokio::test]
async fn a_truncated_body_breaks_off() {
    let shop = shop().await;
    shop.sandbox.faults().once("inboxes", Fault::TruncateBody(10));
    let mut response = shop.ask(Method::GET, "").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.content_length().unwrap() > 100);
    assert_eq!(response.chunk().await.unwrap().unwrap().len(), 10);
    assert!(response.chunk().await.is_err());
}

#[tokio::test]
async fn a_hanging_request_gets_no_answer_and_writes_nothing() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    shop.sandbox.faults().once("messages", Fault::Hang);
    let (outcome, messages) = try_send(&shop, &conversation).await;
    assert!(outcome.unwrap_err().is_timeout());
    assert_eq!(messages, 0);
    let hung = || shop.sandbox.desk().requests().iter().any(|entry| entry.faulted && entry.status == 0);
    until("the request was logged", hung).await;
}

#[tokio::test]
async fn latency_delays_and_goes_together_with_another_fault() {
    let shop = shop().await;
    shop.sandbox.faults().add(Rule::new(Fault::Latency(Duration::from_millis(50))));
    shop.sandbox.faults().once("inboxes", Fault::Status(500));
    let start = Instant::now();
    assert_eq!(shop.ask(Method::GET, "").send().await.unwrap().status(), 500);
    assert!(start.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn a_rule_keeps_to_its_method_and_its_count() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    shop.sandbox.faults().add("POST messages status=503 2".parse().unwrap());
    let path = format!("{conversation}/messages");
    assert_eq!(shop.get(&path).await, json!([]));
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(shop.status(Method::POST, &path, json!({ "content": "Hi" })).await.0);
    }
    assert_eq!(statuses, [503, 503, 200]);
    assert!(shop.sandbox.faults().rules().is_empty());
}

#[tokio::test]
async fn off_the_network_everything_is_cut_and_comes_back() {
    let shop = shop().await;
    shop.contact("me").await;
    let mut cable = shop.cable("me").await;
    shop.sandbox.faults().offline(true);
    assert!(cable.next().await.is_null());
    assert!(shop.ask(Method::GET, "").send().await.is_err());
    assert!(Cable::try_open(&shop.sandbox.url()).await.is_err());
    shop.sandbox.faults().offline(false);
    shop.get("").await;
    shop.cable("me").await;
}

#[tokio::test]
async fn the_agents_side_works_while_the_customers_network_is_down() {
    let shop = shop().await;
    shop.conversation("me").await;
    shop.sandbox.faults().offline(true);
    // A client of its own: the customer's has a connection that is being cut.
    let agent = common::http();
    let list = good(agent.get(shop.at("/api/v1/accounts/1/conversations")).send().await.unwrap()).await;
    assert_eq!(list["data"]["meta"]["all_count"], 1);
    let console = agent.get(shop.at("/")).send().await.unwrap();
    assert!(console.text().await.unwrap().contains("Sandbox desk"));
    assert_eq!(shop.sandbox.faults().injected(), 0);
}

#[tokio::test]
async fn dropped_sockets_end_and_requests_go_on() {
    let shop = shop().await;
    shop.contact("me").await;
    let mut cable = shop.cable("me").await;
    shop.sandbox.faults().drop_sockets();
    assert!(cable.next().await.is_null());
    until("the socket was gone", || shop.sandbox.desk().cable_connections() == 0).await;
    shop.cable("me").await;
}

async fn ids(cable: &mut Cable, count: usize) -> Vec<Value> {
    let mut ids = Vec::new();
    while ids.len() < count {
        ids.push(cable.event("message.created").await["id"].clone());
    }
    ids
}

#[tokio::test]
async fn frames_are_duplicated_reordered_and_lost() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    let mut cable = shop.cable("me").await;
    let faults = shop.sandbox.faults();
    faults.once("message.created", Fault::CableDuplicate);
    shop.send(&conversation, "1").await;
    assert_eq!(ids(&mut cable, 2).await, [1, 1]);
    faults.once("message.created", Fault::CableReorder);
    shop.send(&conversation, "2").await;
    shop.send(&conversation, "3").await;
    assert_eq!(ids(&mut cable, 2).await, [3, 2]);
    faults.once("message.created", Fault::CableDropFrames);
    shop.send(&conversation, "4").await;
    shop.send(&conversation, "5").await;
    assert_eq!(ids(&mut cable, 1).await, [5]);
}

#[tokio::test]
async fn swapped_frames_come_in_reversed_order_whatever_passes_between_them() {
    let shop = shop().await;
    shop.conversation("me").await;
    let token = shop.contact("me").await["pubsub_token"].as_str().unwrap().to_owned();
    let mut cable = shop.cable("me").await;
    let (desk, faults) = (shop.sandbox.desk(), shop.sandbox.faults());
    let id = desk.reply(1, "1");
    cable.events_so_far(&token).await;

    faults.once("message.updated", Fault::CableSwap);
    desk.edit(id, "2");
    desk.assign(1, true);
    desk.edit(id, "3");
    desk.edit(id, "4");
    let events = cable.events_so_far(&token).await;
    let texts: Vec<_> = events.iter().filter(|(name, _)| name == "message.updated").collect();
    let texts: Vec<_> = texts.iter().map(|(_, data)| data["content"].as_str().unwrap()).collect();
    assert_eq!(texts, ["3", "2", "4"]);
    assert_eq!(events[0].0, "conversation.updated");

    // A part of the name takes in both events: the deletion comes before the creation.
    faults.add("message. cable-swap 1".parse().unwrap());
    let id = desk.reply(1, "Oops");
    desk.delete(id);
    let events = cable.events_so_far(&token).await;
    let told: Vec<_> = events.iter().filter(|(name, _)| name.starts_with("message.")).collect();
    assert_eq!((told[0].0.as_str(), &told[0].1["content_attributes"]["deleted"]), ("message.updated", &json!(true)));
    assert_eq!((told[1].0.as_str(), &told[1].1["content"]), ("message.created", &json!("Oops")));
    assert_eq!(told[0].1["id"], told[1].1["id"]);
    assert!(told[1].1["updated_at"].as_str() < told[0].1["updated_at"].as_str());
}

#[tokio::test]
async fn an_echo_can_come_without_its_id_and_an_opened_conversation_without_answer_or_frame() {
    let shop = shop().await;
    shop.contact("me").await;
    let token = shop.contact("me").await["pubsub_token"].as_str().unwrap().to_owned();
    let mut cable = shop.cable("me").await;
    let faults = shop.sandbox.faults();
    faults.add("POST me/conversations reset-after-write 1".parse().unwrap());
    faults.add("conversation.created cable-drop 1".parse().unwrap());
    let request = shop.ask(Method::POST, "/contacts/me/conversations").json(&json!({}));
    assert!(request.send().await.is_err());
    assert!(cable.events_so_far(&token).await.is_empty());
    assert_eq!(shop.get("/contacts/me/conversations").await[0]["id"], 1);

    faults.add("message.created cable-strip-echo 1".parse().unwrap());
    for echo in [json!(null), json!("e2")] {
        let body = json!({ "content": "Hi", "echo_id": "e2" });
        shop.post("/contacts/me/conversations/1/messages", body).await;
        assert_eq!(cable.event("message.created").await["echo_id"], echo);
    }
}

#[tokio::test]
async fn a_subscription_is_left_unconfirmed_only_by_a_rule_that_names_it() {
    let shop = shop().await;
    let token = shop.contact("me").await["pubsub_token"].as_str().unwrap().to_owned();
    shop.sandbox.faults().once("confirm_subscription", Fault::CableDropFrames);
    let mut cable = Cable::open(&shop.sandbox.url()).await;
    cable.subscribe(&token).await;
    assert_eq!(cable.next().await["type"], "welcome");
    assert_eq!(cable.next().await["message"]["event"], "presence.update");
    assert!(cable.events_so_far(&token).await.is_empty(), "and no confirmation");
    shop.sandbox.faults().add(Rule::new(Fault::CableDropFrames));
    let mut cable = Cable::open(&shop.sandbox.url()).await;
    cable.subscribe(&token).await;
    assert_eq!(cable.next().await["type"], "welcome");
    assert_eq!(cable.next().await["type"], "confirm_subscription");
}

#[tokio::test]
async fn the_files_of_a_message_come_in_another_order_each_time() {
    let shop = shop().await;
    let path = format!("{}/messages", shop.conversation("me").await);
    let file = |name: &'static str| reqwest::multipart::Part::bytes(vec![b'x']).file_name(name);
    let form = || {
        let form = reqwest::multipart::Form::new().part("attachments[]", file("a.txt"));
        form.part("attachments[]", file("b.txt")).part("attachments[]", file("c.txt"))
    };
    good(shop.ask(Method::POST, &path).multipart(form()).send().await.unwrap()).await;
    let order = |page: &Value| -> Vec<u64> {
        page[0]["attachments"].as_array().unwrap().iter().map(|row| row["id"].as_u64().unwrap()).collect()
    };
    assert_eq!(order(&shop.get(&path).await), [1, 2, 3]);
    shop.sandbox.desk().change_settings(|settings| settings.shuffle_attachments = true);
    let (one, two) = (order(&shop.get(&path).await), order(&shop.get(&path).await));
    assert_ne!(one, [1, 2, 3]);
    assert_ne!(one, two);
}

#[tokio::test]
async fn a_half_open_socket_stands_and_is_silent() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    let mut cable = shop.cable("me").await;
    shop.sandbox.faults().once("/cable", Fault::CableHalfOpen);
    until("the fault was played", || shop.sandbox.faults().injected() == 1).await;
    shop.send(&conversation, "Hi").await;
    assert!(cable.next_within(Duration::from_millis(50)).await.is_none(), "neither a frame nor an end");
    assert_eq!(shop.sandbox.desk().cable_connections(), 1);
}

#[tokio::test]
async fn a_dismissed_socket_is_told_why() {
    let shop = shop().await;
    shop.contact("me").await;
    let mut cable = shop.cable("me").await;
    let fault = Fault::CableDisconnect { reason: "unauthorized".to_owned(), reconnect: false };
    shop.sandbox.faults().once("/cable", fault);
    let frame = json!({ "type": "disconnect", "reason": "unauthorized", "reconnect": false });
    assert_eq!(cable.next().await, frame);
    assert!(cable.next().await.is_null());
}

#[tokio::test]
async fn a_refused_upgrade_is_404() {
    let shop = shop().await;
    shop.sandbox.faults().once("/cable", Fault::CableRefuse);
    let refused = Cable::try_open(&shop.sandbox.url()).await.err().unwrap().to_string();
    assert!(refused.contains("404"), "{refused}");
    Cable::open(&shop.sandbox.url()).await;
}

#[tokio::test]
async fn faults_are_set_over_http_as_lines_or_fields() {
    let shop = shop().await;
    let url = shop.at("/sandbox/faults");
    let rules =
        json!(["GET inboxes status=503 1", { "fault": { "latency": 1 } }, { "fault": "hang", "method": "PUT" }]);
    let listing = good(shop.http.put(&url).json(&rules).send().await.unwrap()).await;
    assert_eq!(listing["rules"].as_array().unwrap().len(), 3);
    assert_eq!(listing["rules"][1]["fault"], json!({ "latency": 1 }));
    assert_eq!(shop.ask(Method::GET, "").send().await.unwrap().status(), 503);
    let wrong = shop.http.post(&url).json(&json!("GET nothing")).send().await.unwrap();
    assert_eq!(wrong.status(), 422);
    good(shop.http.delete(&url).send().await.unwrap()).await;
    assert!(shop.sandbox.faults().rules().is_empty());
    let offline = shop.http.post(shop.at("/sandbox/offline")).json(&json!({ "offline": true }));
    offline.send().await.unwrap().error_for_status().unwrap();
    assert!(shop.ask(Method::GET, "").send().await.is_err());
    good(shop.http.delete(&url).send().await.unwrap()).await;
    shop.get("").await;
}

#[tokio::test]
async fn a_request_that_breaks_off_in_its_body_writes_nothing() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    for fault in [Fault::ResetUpload(100_000), Fault::StallUpload(100_000)] {
        shop.sandbox.faults().once("messages", fault);
        let body = vec![b'x'; 20 << 20];
        let request = shop.ask(Method::POST, &format!("{conversation}/messages")).body(body);
        assert!(request.timeout(Duration::from_secs(1)).send().await.is_err());
    }
    assert_eq!(shop.sandbox.desk().conversation(1).unwrap().messages.len(), 0);
}

#[tokio::test]
async fn a_redirect_leads_wherever_it_is_told() {
    let shop = shop().await;
    shop.sandbox.faults().once("inboxes", Fault::Redirect("file:///etc/passwd".to_owned()));
    let response = shop.ask(Method::GET, "").send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["location"]),
        (302, &"file:///etc/passwd".parse().unwrap())
    );
}

#[tokio::test]
async fn a_stalled_body_never_ends() {
    let shop = shop().await;
    shop.sandbox.faults().once("inboxes", Fault::StallBody(10));
    let mut response = shop.ask(Method::GET, "").send().await.unwrap();
    assert!(response.chunk().await.unwrap().is_some());
    let more = tokio::time::timeout(Duration::from_millis(100), response.chunk()).await;
    assert!(more.is_err(), "silence");
}

#[tokio::test]
async fn a_deaf_socket_is_pinged_and_told_nothing() {
    let shop = shop_with(Options { ping_interval: Duration::from_millis(20), ..Options::default() }).await;
    let conversation = shop.conversation("me").await;
    let token = shop.contact("me").await["pubsub_token"].as_str().unwrap().to_owned();
    let mut old = shop.cable("me").await;
    shop.sandbox.faults().add("deaf".parse().unwrap());
    shop.send(&conversation, "Hi").await;
    shop.sandbox.desk().reply(1, "Hello");
    for _ in 0..3 {
        assert_eq!(old.any().await["type"], "ping");
    }
    let mut new = Cable::open(&shop.sandbox.url()).await;
    assert_eq!(new.any().await["type"], "welcome");
    new.subscribe(&token).await;
    for _ in 0..3 {
        assert_eq!(new.any().await["type"], "ping", "and no confirmation");
    }

    shop.sandbox.faults().clear();
    shop.sandbox.desk().reply(1, "Still there?");
    for cable in [&mut old, &mut new] {
        assert_eq!(cable.any().await["type"], "ping", "what is deaf stays deaf");
    }
    let mut good = shop.cable("me").await;
    shop.sandbox.desk().reply(1, "Hello again");
    assert_eq!(good.event("message.created").await["content"], "Hello again");
}

#[tokio::test]
async fn a_rule_used_once_makes_one_socket_deaf_and_no_other() {
    let shop = shop().await;
    shop.conversation("me").await;
    shop.sandbox.faults().add("deaf 1".parse().unwrap());
    let mut deaf = Cable::open(&shop.sandbox.url()).await;
    assert_eq!(deaf.next().await["type"], "welcome");
    let mut hearing = shop.cable("me").await;
    shop.sandbox.desk().reply(1, "Hello");
    hearing.event("message.created").await;
    assert_eq!((shop.sandbox.faults().injected(), shop.sandbox.faults().rules().len()), (1, 0));
}

#[tokio::test]
async fn late_frames_come_in_their_order_to_whoever_is_subscribed_by_then() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    let token = shop.contact("me").await["pubsub_token"].as_str().unwrap().to_owned();
    let mut gone = shop.cable("me").await;
    shop.sandbox.faults().add("message.created late-frames=0.4".parse().unwrap());
    let start = Instant::now();
    shop.send(&conversation, "1").await;
    shop.send(&conversation, "2").await;
    let early = gone.events_so_far(&token).await;
    assert!(early.iter().all(|(name, _)| name != "message.created"), "{early:?}");
    drop(gone);
    let mut cable = shop.cable("me").await;
    assert_eq!(ids(&mut cable, 2).await, [1, 2]);
    assert!(start.elapsed() >= Duration::from_millis(400));
    assert!(shop.sandbox.desk().requests().iter().all(|entry| !entry.faulted), "requests are answered at once");
}

#[tokio::test]
async fn a_list_that_is_too_long_fails_late_and_its_pages_do_not() {
    let shop = shop().await;
    let one = shop.conversation("me").await;
    let two = shop.post("/contacts/me/conversations", json!({})).await;
    let two = format!("/contacts/me/conversations/{}", two["id"]);
    for conversation in [&one, &one, &two, &two] {
        shop.send(conversation, "Hi").await;
    }
    shop.sandbox.faults().add("list-too-long=3,0.05".parse().unwrap());
    let start = Instant::now();
    let refused = shop.status(Method::GET, "/contacts/me/conversations", json!({})).await;
    assert_eq!(refused, (500, json!({ "status": 500, "error": "Internal Server Error" })));
    assert!(start.elapsed() >= Duration::from_millis(50));
    assert!(shop.sandbox.desk().requests().last().unwrap().faulted);
    for fine in [&one, &format!("{one}/messages"), &two] {
        shop.get(fine).await;
    }
    shop.send(&one, "A third").await;
    shop.send(&one, "A fourth").await;
    assert_eq!(shop.status(Method::GET, &one, json!({})).await.0, 500, "a conversation holds all its messages, too");
    assert_eq!(shop.get(&format!("{one}/messages")).await.as_array().unwrap().len(), 4);
    assert_eq!(shop.sandbox.faults().injected(), 2);
}
