//! The words the tests are written in: a customer with REST, a cable, and waiting without sleeping.

// Each test file is a crate of its own and uses a part of this; and a test fails by panicking, helpers included.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use ring::hmac;
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

pub const PATIENCE: Duration = Duration::from_secs(5);

/// A desk and a customer of it.
pub struct Shop {
    pub sandbox: Sandbox,
    pub http: Client,
}

pub fn http() -> Client {
    // The workspace's reqwest brings no provider of its own; a second install is refused, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

pub async fn shop() -> Shop {
    shop_with(Options::default()).await
}

pub async fn shop_with(options: Options) -> Shop {
    Shop { sandbox: Sandbox::start(options).await.unwrap(), http: http() }
}

impl Shop {
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.url())
    }

    /// A request below the inbox.
    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let inbox = self.sandbox.inbox_identifier();
        self.http.request(method, self.at(&format!("/public/api/v1/inboxes/{inbox}{path}")))
    }

    pub async fn get(&self, path: &str) -> Value {
        good(self.ask(Method::GET, path).send().await.unwrap()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        good(self.ask(Method::POST, path).json(&body).send().await.unwrap()).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Value {
        good(self.ask(Method::PATCH, path).json(&body).send().await.unwrap()).await
    }

    /// Status and body of a request that may fail.
    pub async fn status(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let response = self.ask(method, path).json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or_default())
    }

    /// A contact with this source id.
    pub async fn contact(&self, source_id: &str) -> Value {
        self.post("/contacts", json!({ "source_id": source_id })).await
    }

    /// A contact with one conversation; gives the conversation's path.
    pub async fn conversation(&self, source_id: &str) -> String {
        self.contact(source_id).await;
        let conversation = self.post(&format!("/contacts/{source_id}/conversations"), json!({})).await;
        format!("/contacts/{source_id}/conversations/{}", conversation["id"])
    }

    pub async fn send(&self, conversation: &str, text: &str) -> Value {
        self.post(&format!("{conversation}/messages"), json!({ "content": text })).await
    }

    /// A cable on which `source_id` is subscribed and confirmed.
    pub async fn cable(&self, source_id: &str) -> Cable {
        let token = self.get(&format!("/contacts/{source_id}")).await["pubsub_token"].as_str().unwrap().to_owned();
        let mut cable = Cable::open(&self.sandbox.url()).await;
        cable.subscribe(&token).await;
        assert_eq!(cable.next().await["type"], "welcome");
        assert_eq!(cable.next().await["message"]["event"], "presence.update");
        assert_eq!(cable.next().await["type"], "confirm_subscription");
        cable
    }
}

pub async fn good(response: Response) -> Value {
    let status = response.status();
    let text = response.text().await.unwrap();
    assert_eq!(status, StatusCode::OK, "{text}");
    if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() }
}

pub fn hash(key: &str, identifier: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    hmac::sign(&key, identifier.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Asks again and again until the answer is yes.
pub async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A customer's socket.
pub struct Cable {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub protocol: Option<String>,
}

pub fn identifier(token: &str) -> String {
    json!({ "channel": "RoomChannel", "pubsub_token": token }).to_string()
}

impl Cable {
    pub async fn open(url: &str) -> Self {
        Self::try_open(url).await.unwrap()
    }

    pub async fn try_open(url: &str) -> Result<Self, tokio_tungstenite::tungstenite::Error> {
        let mut request = format!("{}/cable", url.replace("http://", "ws://")).into_client_request()?;
        request.headers_mut().insert("sec-websocket-protocol", "actioncable-v1-json".parse().unwrap());
        let (socket, response) = connect_async(request).await?;
        let protocol = response.headers().get("sec-websocket-protocol");
        let protocol = protocol.map(|value| value.to_str().unwrap().to_owned());
        Ok(Self { socket, protocol })
    }

    pub async fn say(&mut self, frame: Value) {
        self.socket.send(Message::text(frame.to_string())).await.unwrap();
    }

    pub async fn subscribe(&mut self, token: &str) {
        self.say(json!({ "command": "subscribe", "identifier": identifier(token) })).await;
    }

    /// The next frame, pings included, or null at the end.
    pub async fn any(&mut self) -> Value {
        let frame = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Text(text))) => return serde_json::from_str(text.as_str()).unwrap(),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return Value::Null,
                }
            }
        };
        tokio::time::timeout(PATIENCE, frame).await.expect("a frame in time")
    }

    /// The next frame that is no ping, or null at the end.
    pub async fn next(&mut self) -> Value {
        self.next_within(PATIENCE).await.expect("a frame in time")
    }

    /// The same, or nothing if it takes longer.
    pub async fn next_within(&mut self, time: Duration) -> Option<Value> {
        let frame = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Text(text))) => {
                        let frame: Value = serde_json::from_str(text.as_str()).unwrap();
                        if frame["type"] != "ping" {
                            return frame;
                        }
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return Value::Null,
                }
            }
        };
        tokio::time::timeout(time, frame).await.ok()
    }

    /// Frames up to the first one of `event`; gives its data.
    pub async fn event(&mut self, event: &str) -> Value {
        loop {
            let frame = self.next().await;
            assert!(!frame.is_null(), "the socket ended before {event}");
            if frame["message"]["event"] == event {
                return frame["message"]["data"].clone();
            }
        }
    }

    /// The names of all events until the answer to `update_presence`: what has been sent up to now.
    pub async fn events_so_far(&mut self, token: &str) -> Vec<(String, Value)> {
        let data = json!({ "action": "update_presence" }).to_string();
        self.say(json!({ "command": "message", "identifier": identifier(token), "data": data })).await;
        let mut events = Vec::new();
        loop {
            let frame = self.next().await;
            let name = frame["message"]["event"].as_str().unwrap_or_default().to_owned();
            if name == "presence.update" {
                return events;
            }
            events.push((name, frame["message"]["data"].clone()));
        }
    }
}
