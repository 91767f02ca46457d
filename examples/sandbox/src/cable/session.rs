//! What one socket's client may say, and what the desk does about it.

use std::{collections::HashMap, sync::Arc};

use serde::Deserialize;
use serde_json::Value;

use crate::{
    clock,
    shared::Shared,
    state::{Broadcast, State},
};

#[derive(Debug, Deserialize)]
struct Command {
    command: String,
    identifier: String,
    #[serde(default)]
    data: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Identifier {
    channel: String,
    #[serde(default)]
    pubsub_token: String,
}

/// The subscriptions of one socket: identifier string to token, or to nothing where the token was bad.
#[derive(Debug)]
pub(crate) struct Session {
    socket: u64,
    subscribed: HashMap<String, Option<String>>,
}

impl Session {
    pub(crate) fn new(socket: u64) -> Self {
        Self { socket, subscribed: HashMap::new() }
    }

    /// Takes one frame of the client; answers go through the hub, in order with the events. Whatever Action Cable only
    /// logs gets silence: malformed frames, unknown commands, and a subscription whose token is bad.
    pub(crate) fn hear(&mut self, shared: &Arc<Shared>, text: &str) {
        let Ok(command) = serde_json::from_str::<Command>(text) else { return };
        match command.command.as_str() {
            "subscribe" => self.subscribe(shared, command.identifier),
            "unsubscribe" => {
                self.subscribed.remove(&command.identifier);
                shared.hub.unsubscribe(self.socket, &command.identifier);
            }
            "message" => self.message(shared, &command),
            _ => {}
        }
    }

    /// The identifier is remembered before it is looked at, so sending it again on this socket does nothing, whether
    /// it was good or bad the first time.
    fn subscribe(&mut self, shared: &Arc<Shared>, identifier: String) {
        if self.subscribed.contains_key(&identifier) {
            return;
        }
        let token = serde_json::from_str(&identifier)
            .ok()
            .filter(|parsed: &Identifier| parsed.channel == "RoomChannel")
            .map(|parsed| parsed.pubsub_token)
            .filter(|token| shared.read(|state| contact_of(state, token).is_some()));
        self.subscribed.insert(identifier.clone(), token.clone());
        let Some(token) = token else { return };
        shared.read(|state| {
            let presence = presence(state, &token);
            shared.hub.subscribe(self.socket, &identifier, &token, &presence);
        });
    }

    fn message(&self, shared: &Arc<Shared>, command: &Command) {
        let Some(Some(token)) = self.subscribed.get(&command.identifier) else { return };
        let data: Value = command.data.as_deref().and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
        if data.get("action").and_then(Value::as_str) == Some("update_presence") {
            shared.read(|state| shared.hub.publish(&presence(state, token)));
        }
    }
}

/// Marks the contact as present and answers with the account's agents; nothing else ever sends this event.
fn presence(state: &mut State, token: &str) -> Broadcast {
    if let Some(contact) = contact_of(state, token) {
        state.presence.insert(contact, clock::now());
    }
    Broadcast { tokens: vec![token.to_owned()], event: "presence.update", data: state.presence_frame() }
}

fn contact_of(state: &State, token: &str) -> Option<u64> {
    let mut sessions = state.tables.sessions.values();
    sessions.find(|session| session.pubsub_token == token).map(|session| session.contact_id)
}
