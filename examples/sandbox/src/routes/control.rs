//! The sandbox's own controls, which no real desk has: faults, settings, the log of requests, the network's switch.

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Held};
use crate::{
    channel::OtherInbox,
    desk::Desk,
    domain::Refusal,
    faults::{Faults, Rule},
};

/// A rule in either of its forms.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum AnyRule {
    /// `"POST messages hang 1"`.
    Line(String),
    /// `{"method":"POST","path_contains":"messages","fault":"hang","remaining":1}`.
    Fields(Rule),
}

impl AnyRule {
    fn read(self) -> Result<Rule, Refusal> {
        match self {
            Self::Fields(rule) => Ok(rule),
            Self::Line(line) => {
                line.parse().map_err(|error| Refusal::Unprocessable(json!({ "error": format!("{error}") })))
            }
        }
    }
}

/// `GET /sandbox/faults`: the rules that are left.
pub(super) async fn faults(State(shared): Held) -> Json<Value> {
    Json(listing(&shared.faults))
}

/// `PUT /sandbox/faults`: replaces all rules by a list.
pub(super) async fn set_faults(State(shared): Held, Json(rules): Json<Vec<AnyRule>>) -> Answer {
    let rules = rules.into_iter().map(AnyRule::read).collect::<Result<Vec<_>, _>>()?;
    shared.faults.clear();
    rules.into_iter().for_each(|rule| shared.faults.add(rule));
    Ok(Json(listing(&shared.faults)))
}

/// `POST /sandbox/faults`: adds one rule.
pub(super) async fn add_fault(State(shared): Held, Json(rule): Json<AnyRule>) -> Answer {
    shared.faults.add(rule.read()?);
    Ok(Json(listing(&shared.faults)))
}

/// `DELETE /sandbox/faults`: a good network again.
pub(super) async fn clear_faults(State(shared): Held) -> Json<Value> {
    shared.faults.clear();
    shared.faults.offline(false);
    Json(listing(&shared.faults))
}

/// `GET /sandbox/requests`.
pub(super) async fn requests(State(shared): Held) -> Json<Value> {
    Json(json!(shared.requests.list()))
}

/// `DELETE /sandbox/requests`.
pub(super) async fn clear_requests(State(shared): Held) {
    shared.requests.clear();
}

/// The body of `POST /sandbox/offline`.
#[derive(Debug, Deserialize)]
pub(super) struct Offline {
    offline: bool,
}

/// `POST /sandbox/offline`.
pub(super) async fn offline(State(shared): Held, Json(wanted): Json<Offline>) {
    shared.faults.offline(wanted.offline);
}

/// `DELETE /sandbox/sockets`: cuts the cable.
pub(super) async fn drop_sockets(State(shared): Held) {
    shared.faults.drop_sockets();
}

/// `DELETE /sandbox/contacts/:source_id`: what the clean-up jobs do to a customer nobody talked to.
pub(super) async fn purge(State(shared): Held, Path(source_id): Path<String>) {
    shared.write(|desk| desk.purge(&source_id));
}

/// `GET /sandbox/settings`.
pub(super) async fn settings(State(shared): Held) -> Json<Value> {
    Json(json!(shared.read(|desk| desk.settings.clone())))
}

/// `PATCH /sandbox/settings` with the fields to change. An unknown field or a value of the wrong kind is 422 and changes
/// nothing.
pub(super) async fn change_settings(State(shared): Held, Json(wanted): Json<Value>) -> Answer {
    let refused = |error: String| Refusal::Unprocessable(json!({ "error": error }));
    shared.read(|desk| {
        let mut merged = json!(desk.settings);
        for (key, value) in wanted.as_object().into_iter().flatten() {
            let slot = merged.get_mut(key).ok_or_else(|| refused(format!("`{key}` is no setting")))?;
            *slot = value.clone();
        }
        desk.settings = serde_json::from_value(merged).map_err(|error| refused(error.to_string()))?;
        Ok(Json(json!(desk.settings)))
    })
}

/// The body of `POST /sandbox/conversations`.
#[derive(Debug, Deserialize)]
pub(super) struct Planted {
    source_id: String,
    inbox_id: u64,
    channel: String,
    #[serde(default)]
    verified: bool,
    content: String,
}

/// `POST /sandbox/conversations`: an agent begins a conversation in another inbox with the contact of a session.
pub(super) async fn plant(State(shared): Held, Json(wanted): Json<Planted>) -> Answer {
    let inbox = OtherInbox { id: wanted.inbox_id, channel: wanted.channel, verified: wanted.verified };
    match Desk::new(shared).start_conversation_in(&inbox, &wanted.source_id, &wanted.content) {
        0 => Err(Refusal::NotFound),
        id => Ok(Json(json!({ "id": id }))),
    }
}

/// `DELETE /sandbox/conversations/:id`: an agent deletes a conversation, and nobody is told.
pub(super) async fn delete_conversation(State(shared): Held, Path(id): Path<u64>) -> Result<(), Refusal> {
    shared.write(|desk| desk.delete_conversation(id))
}

/// `GET /sandbox/foreign-writes`: messages written through the SDK's inbox into conversations of other inboxes.
pub(super) async fn foreign_writes(State(shared): Held) -> Json<Value> {
    Json(json!(shared.read(|desk| desk.foreign_writes.clone())))
}

fn listing(faults: &Faults) -> Value {
    json!({ "rules": faults.rules(), "offline": faults.is_offline(), "injected": faults.injected() })
}
