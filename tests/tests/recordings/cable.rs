//! The script of `cable-*.json`, carried out: one customer with a socket, an agent by the agent's routes. Each step is
//! done, and all frames that it leads to are taken before the next; a step's frames are a set, for every one was a job
//! of its own.

use std::collections::BTreeMap;

use futures_util::{SinkExt, StreamExt};
use reqwest::{Client, Method, header::CONTENT_TYPE};
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use shopbell_tests::PATIENCE;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::shape::{Difference, Found, compare};

/// A recorded frame, or what a step itself answered.
#[derive(Debug, serde::Deserialize)]
struct Line {
    step: String,
    #[serde(default)]
    frame: Option<Value>,
    #[serde(default)]
    result: Option<Value>,
}

/// What a step led to.
#[derive(Debug, Default)]
struct Outcome {
    frames: Vec<Value>,
    results: Vec<Value>,
}

/// Plays a recording against a sandbox of its version; gives where frames and results differ.
pub(crate) async fn play(version: &'static str, recording: &str) -> Vec<Difference> {
    let lines: Vec<Line> = serde_json::from_str(recording).unwrap();
    let mut steps: Vec<(String, Outcome)> = Vec::new();
    for line in lines {
        if steps.last().is_none_or(|(step, _)| *step != line.step) {
            steps.push((line.step, Outcome::default()));
        }
        let (_, outcome) = steps.last_mut().unwrap();
        outcome.frames.extend(line.frame);
        outcome.results.extend(line.result);
    }
    let options = Options {
        desk_version: version.parse().unwrap(),
        inbox_identifier: "shop-inbox".to_owned(),
        job_delay: std::time::Duration::ZERO,
        ..Options::default()
    };
    let mut script = Script::begin(options).await;
    let mut differences = Vec::new();
    for (step, recorded) in steps {
        let played = script.play(&step, &recorded.frames).await;
        let mut found = Vec::new();
        compare_frames(recorded.frames, played.frames, &mut found);
        compare("result", &json!(recorded.results), &json!(played.results), &mut found);
        differences.extend(found.into_iter().map(|(place, recorded, played)| {
            let step = step.clone();
            Difference { version, step, place, recorded, played }
        }));
    }
    script.sandbox.shutdown().await;
    differences
}

/// What a frame is called: its event, or its type.
fn name(frame: &Value) -> String {
    let event = frame["message"]["event"].as_str();
    event.or(frame["type"].as_str()).unwrap_or("nameless").to_owned()
}

fn compare_frames(recorded: Vec<Value>, played: Vec<Value>, found: &mut Found) {
    let mut by_name: BTreeMap<String, (Vec<Value>, Vec<Value>)> = BTreeMap::new();
    for frame in recorded {
        by_name.entry(name(&frame)).or_default().0.push(frame);
    }
    for frame in played {
        by_name.entry(name(&frame)).or_default().1.push(frame);
    }
    for (name, (recorded, mut played)) in by_name {
        if recorded.len() != played.len() {
            found.push((format!("{name}.count"), recorded.len().to_string(), played.len().to_string()));
        }
        // Of several frames of one event the likest belong together.
        for frame in recorded {
            let differ = |other: &Value| {
                let mut found = Vec::new();
                compare(&name, &frame, other, &mut found);
                found
            };
            let likest = (0..played.len()).min_by_key(|place| differ(&played[*place]).len());
            if let Some(place) = likest {
                found.extend(differ(&played.remove(place)));
            }
        }
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

struct Script {
    sandbox: Sandbox,
    http: Client,
    /// The customer's socket once it is open, with its subscription.
    socket: Option<Socket>,
    identifier: String,
    contact: u64,
    conversation: u64,
    /// The agent's newest message.
    message: u64,
}

impl Script {
    async fn begin(options: Options) -> Self {
        let sandbox = Sandbox::start(options).await.unwrap();
        sandbox.desk().set_dashboard_open(false);
        let http = super::http();
        let (socket, identifier) = (None, String::new());
        Self { sandbox, http, socket, identifier, contact: 0, conversation: 0, message: 0 }
    }

    /// Does a step, and takes what it leads to: as many frames as were recorded, and any more that are on their way.
    async fn play(&mut self, step: &str, recorded: &[Value]) -> Outcome {
        if step == "bad token" {
            let mut socket = self.connect().await;
            say(&mut socket, &identifier("nobody's"), "subscribe", None).await;
            // The welcome, then nothing but pings.
            let frames = vec![next(&mut socket).await];
            return Outcome { frames, results: Vec::new() };
        }
        let mut frames = Vec::new();
        let results = if step == "open" {
            frames = self.open().await;
            Vec::new()
        } else {
            self.act(step).await
        };
        let socket = self.socket.as_mut().unwrap();
        // The presence that answers a subscription came late in a recording, or not at all.
        let wanted = recorded.iter().filter(|frame| step == "presence" || name(frame) != "presence.update").count();
        while frames.len() < wanted {
            frames.push(next(socket).await);
        }
        // Frames come in order, so the answer to this is after all that was sent before it.
        announce(socket, &self.identifier).await;
        loop {
            let frame = next(socket).await;
            if name(&frame) == "presence.update" {
                return Outcome { frames, results };
            }
            frames.push(frame);
        }
    }

    async fn connect(&self) -> Socket {
        let url = format!("{}/cable", self.sandbox.url().replace("http://", "ws://"));
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "actioncable-v1-json".parse().unwrap());
        connect_async(request).await.unwrap().0
    }

    /// The customer and their socket; gives all frames up to the confirmation.
    async fn open(&mut self) -> Vec<Value> {
        let contact = self.public(Method::POST, "/contacts", &json!({ "source_id": "cable", "name": "Mai" })).await;
        self.contact = contact["id"].as_u64().unwrap();
        self.identifier = identifier(contact["pubsub_token"].as_str().unwrap());
        let mut socket = self.connect().await;
        say(&mut socket, &self.identifier, "subscribe", None).await;
        let mut frames: Vec<Value> = Vec::new();
        while frames.last().is_none_or(|frame| name(frame) != "confirm_subscription") {
            frames.push(next(&mut socket).await);
        }
        self.socket = Some(socket);
        frames
    }

    /// Carries out a step, and what the script did unrecorded before it; gives what the step itself answered, where
    /// that was recorded.
    async fn act(&mut self, step: &str) -> Vec<Value> {
        let message = format!("/messages/{}", self.message);
        match step {
            "conversation" => {
                let conversation = self.public(Method::POST, "/contacts/cable/conversations", &json!({})).await;
                self.conversation = conversation["id"].as_u64().unwrap();
            }
            "customer message" => {
                self.say("Hello", "e1").await;
            }
            "customer reopens" => {
                self.say("again", "e2").await;
            }
            "customer last seen" => {
                self.talk(Method::POST, "/toggle_typing", &json!({ "typing_status": "on" })).await;
                self.talk(Method::POST, "/update_last_seen", &json!({})).await;
            }
            "customer selects" => {
                let values = json!({ "submitted_values": [{ "title": "M", "value": "m" }] });
                self.talk(Method::PATCH, &message, &values).await;
            }
            "agent reply" => self.answer(&json!({ "content": "Hi **there**" })).await,
            "agent select" => {
                let attributes = json!({ "items": [{ "title": "M", "value": "m" }] });
                let body =
                    json!({ "content": "Which?", "content_type": "input_select", "content_attributes": attributes });
                self.answer(&body).await;
            }
            "agent typing on" | "agent typing off" | "agent private typing" => {
                let word = if step.ends_with("off") { "off" } else { "on" };
                let body = json!({ "typing_status": word, "is_private": step.contains("private") });
                self.agent(Method::POST, "/toggle_typing_status", &body).await;
            }
            "agent deletes" => {
                self.agent(Method::POST, "/update_last_seen", &json!({})).await;
                self.agent(Method::DELETE, &message, &json!({})).await;
            }
            "agent edits" => return vec![self.agent(Method::PATCH, &message, &json!({ "content": "Changed" })).await],
            "agent assigns" => {
                self.agent(Method::POST, "/assignments", &json!({ "assignee_id": 1 })).await;
            }
            "agent labels" => {
                self.agent(Method::POST, "/labels", &json!({ "labels": ["vip"] })).await;
            }
            "agent attributes" => {
                let body = json!({ "custom_attributes": { "plan": "gold" } });
                self.agent(Method::POST, "/custom_attributes", &body).await;
            }
            "agent priority" => {
                self.agent(Method::POST, "/toggle_priority", &json!({ "priority": "high" })).await;
            }
            "agent snoozes" | "agent resolves" => {
                let status = if step.ends_with("snoozes") { "snoozed" } else { "resolved" };
                self.agent(Method::POST, "/toggle_status", &json!({ "status": status })).await;
            }
            "presence" => {
                self.public(Method::PATCH, "/contacts/cable", &json!({ "name": "Mai Tran" })).await;
                announce(self.socket.as_mut().unwrap(), &self.identifier).await;
            }
            "blocked writes" => {
                self.block(true).await;
                let message = self.say("am I blocked?", "e3").await;
                return vec![message, self.talk(Method::GET, "", &json!({})).await["status"].clone()];
            }
            "blocked starts" => {
                let conversation = self.public(Method::POST, "/contacts/cable/conversations", &json!({})).await;
                let started = json!({ "id": conversation["id"], "status": conversation["status"] });
                self.block(false).await;
                return vec![started];
            }
            "conversation deleted" => {
                let deleted = self.agent(Method::DELETE, "", &json!({})).await;
                let shown = self.talk(Method::GET, "", &json!({})).await;
                return vec![deleted, shown, self.say("after deletion", "e4").await];
            }
            "contact deleted" => {
                let path = format!("/api/v1/accounts/1/contacts/{}", self.contact);
                let deleted = self.ask(Method::DELETE, &path, &json!({})).await;
                let shown = self.public(Method::GET, "/contacts/cable", &json!({})).await;
                return vec![
                    deleted,
                    shown,
                    self.public(Method::POST, "/contacts/cable/conversations", &json!({})).await,
                ];
            }
            other => panic!("the script has a step that nobody plays: {other}"),
        }
        Vec::new()
    }

    async fn say(&self, content: &str, echo: &str) -> Value {
        self.talk(Method::POST, "/messages", &json!({ "content": content, "echo_id": echo })).await
    }

    async fn answer(&mut self, body: &Value) {
        self.message = self.agent(Method::POST, "/messages", body).await["id"].as_u64().unwrap();
    }

    async fn block(&self, blocked: bool) {
        let path = format!("/api/v1/accounts/1/contacts/{}", self.contact);
        self.ask(Method::PUT, &path, &json!({ "blocked": blocked })).await;
    }

    async fn talk(&self, method: Method, path: &str, body: &Value) -> Value {
        self.public(method, &format!("/contacts/cable/conversations/{}{path}", self.conversation), body).await
    }

    async fn agent(&self, method: Method, path: &str, body: &Value) -> Value {
        self.ask(method, &format!("/api/v1/accounts/1/conversations/{}{path}", self.conversation), body).await
    }

    async fn public(&self, method: Method, path: &str, body: &Value) -> Value {
        self.ask(method, &format!("/public/api/v1/inboxes/shop-inbox{path}"), body).await
    }

    /// The answer's JSON, or its text.
    async fn ask(&self, method: Method, path: &str, body: &Value) -> Value {
        let request = self.http.request(method, format!("{}{path}", self.sandbox.url()));
        let request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        let text = request.send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    }
}

fn identifier(token: &str) -> String {
    json!({ "channel": "RoomChannel", "pubsub_token": token }).to_string()
}

async fn announce(socket: &mut Socket, identifier: &str) {
    say(socket, identifier, "message", Some(&json!({ "action": "update_presence" }))).await;
}

async fn say(socket: &mut Socket, identifier: &str, command: &str, data: Option<&Value>) {
    let mut frame = json!({ "command": command, "identifier": identifier });
    if let Some(data) = data {
        frame["data"] = json!(data.to_string());
    }
    socket.send(Message::text(frame.to_string())).await.unwrap();
}

/// The next frame that is no ping.
async fn next(socket: &mut Socket) -> Value {
    let frame = async {
        loop {
            let Message::Text(text) = socket.next().await.unwrap().unwrap() else { continue };
            let frame: Value = serde_json::from_str(&text).unwrap();
            if frame["type"] != "ping" {
                return frame;
            }
        }
    };
    tokio::time::timeout(PATIENCE, frame).await.unwrap()
}
