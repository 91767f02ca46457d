//! What the merchant's server is told.

// A test fails by panicking, its helpers included.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use axum::{Json, Router, routing::post};
use common::{PATIENCE, good, http, shop_with};
use sandbox::Options;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc};

/// A server that hands over what it is told.
async fn server() -> (hyper::Uri, mpsc::UnboundedReceiver<Value>) {
    let (told, inbox) = mpsc::unbounded_channel();
    let take = move |Json(body): Json<Value>| async move { told.send(body).unwrap() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/desk?key=1", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async { axum::serve(listener, Router::new().route("/desk", post(take))).await.unwrap() });
    (url, inbox)
}

async fn next(inbox: &mut mpsc::UnboundedReceiver<Value>) -> Value {
    tokio::time::timeout(PATIENCE, inbox.recv()).await.unwrap().unwrap()
}

#[tokio::test]
async fn every_message_is_told_with_the_customer_and_their_attributes() {
    let (url, mut inbox) = server().await;
    let shop = shop_with(Options { webhook: Some(url), ..Options::default() }).await;
    let conversation = shop.conversation("me").await;
    shop.patch("/contacts/me", json!({ "custom_attributes": { "plan": "gold" } })).await;
    shop.send(&conversation, "Hello?").await;
    let told = next(&mut inbox).await;
    assert_eq!(
        json!([told["event"], told["message_type"], told["private"], told["content"], told["sender"]["type"]]),
        json!(["message_created", "incoming", false, "Hello?", "contact"])
    );
    let answer = shop.sandbox.desk().reply(1, "Yes");
    let told = next(&mut inbox).await;
    assert_eq!(
        json!([told["id"], told["message_type"], told["conversation"]["id"], told["sender"]["type"]]),
        json!([answer, "outgoing", 1, "user"])
    );
    assert_eq!(told["conversation"]["meta"]["sender"]["custom_attributes"], json!({ "plan": "gold" }));
    shop.sandbox.desk().note(1, "to the other agents");
    let told = next(&mut inbox).await;
    assert_eq!(json!([told["message_type"], told["private"]]), json!(["outgoing", true]));
}

#[tokio::test]
async fn server_that_is_gone_holds_nothing_up() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{nobody}/").parse().unwrap();
    let shop = shop_with(Options { webhook: Some(url), ..Options::default() }).await;
    let conversation = shop.conversation("me").await;
    for text in ["one", "two"] {
        shop.send(&conversation, text).await;
    }
    let page =
        good(http().get(shop.at(&format!("/public/api/v1/inboxes/shop{conversation}/messages"))).send().await.unwrap())
            .await;
    assert_eq!(page.as_array().unwrap().len(), 2);
}
