//! The realtime session, without a socket: what comes in, and what is to be done about it.
//!
//! The desk speaks Action Cable. A session goes through these states, each with a time that it may take:
//!
//! ```text
//!            welcome                    confirm_subscription
//! Greeting ───────────▶ Subscribing ─────────────────────────▶ Live
//!    │   (subscribe is sent)  │                                  │
//!    └────────────────────────┴───────────── any end ────────────┴──▶ Over (for good)
//! ```
//!
//! - **Greeting**: the socket is open. No `welcome` in [`Timing::answer`]: something else holds the socket; network.
//! - **Subscribing**: `subscribe` names the channel and the customer's token in an *identifier*, a text that the desk
//!   repeats letter by letter in every frame about the subscription. A token that it does not know, it answers **with
//!   nothing at all**, not even a rejection, while its pings go on: pings but no confirmation in [`Timing::answer`] is
//!   how [`Fault::SessionGone`] looks.
//! - **Live**: events come, each with the identifier. The desk pings every 3 s, and any frame shows that it lives;
//!   none for [`Timing::stale`] and the connection is dead, whatever the system says of the socket.
//! - The desk may say **`disconnect`**: `unauthorized` and every other one after which it wants no reconnect mean that
//!   the session is gone; `invalid_request` that it does not take us at all; `server_restart` and the like that one
//!   shall come back. `reject_subscription` is what other versions answer to a bad token.
//!
//! Frames of unknown types, for other subscriptions, or that are no JSON are ignored: later versions add some. Events
//! before the confirmation are passed on: the desk confirms only after it has begun to listen.

use std::time::Duration;

use serde_json::{Value, json};

use super::body;
use crate::backend::{BackendError, Fault, Secret};

/// How long the desk may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    /// For an answer to being called. 10 s: three pings, so that silence to the subscription is told from silence.
    pub(super) answer: Duration,
    /// Without a frame. 7 s: two pings of 3 s, and one second for the way.
    pub(super) stale: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self { answer: Duration::from_secs(10), stale: Duration::from_secs(7) }
    }
}

/// What happens to a session. Times are since the socket opened.
#[derive(Debug)]
pub(super) enum Input<'a> {
    /// A text frame came.
    Frame(&'a str),
    /// Time has passed.
    Tick,
    /// The socket has closed, or failed.
    Closed,
    /// The customer is still there.
    Present,
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(super) enum Effect {
    /// Send this text frame.
    Send(String),
    /// Events will come from now on.
    Confirmed,
    /// One came.
    Event {
        /// Its name, such as `message.created`.
        name: String,
        /// What it tells.
        data: Value,
    },
    /// The session is over; close the socket.
    End(BackendError),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Greeting { since: Duration },
    Subscribing { since: Duration },
    Live,
    Over,
}

/// One session. No `Debug`: the identifier holds the token.
pub(super) struct Cable {
    identifier: String,
    timing: Timing,
    state: State,
    last_frame: Duration,
}

impl Cable {
    /// A session whose socket has just opened.
    pub(super) fn new(token: &Secret, timing: Timing) -> Self {
        let identifier = json!({ "channel": "RoomChannel", "pubsub_token": token.expose() }).to_string();
        let state = State::Greeting { since: Duration::ZERO };
        Self { identifier, timing, state, last_frame: Duration::ZERO }
    }

    /// When [`Input::Tick`] is due; `None` when it is over.
    pub(super) fn deadline(&self) -> Option<Duration> {
        let stale = self.last_frame.saturating_add(self.timing.stale);
        match self.state {
            State::Greeting { since } => Some(since.saturating_add(self.timing.answer)),
            State::Subscribing { since } => Some(since.saturating_add(self.timing.answer).min(stale)),
            State::Live => Some(stale),
            State::Over => None,
        }
    }

    /// Takes what happened at `now`.
    pub(super) fn on(&mut self, input: Input<'_>, now: Duration) -> Vec<Effect> {
        if self.state == State::Over {
            return Vec::new();
        }
        match input {
            Input::Frame(text) => {
                self.last_frame = now;
                self.frame(text, now)
            }
            Input::Tick if self.deadline().is_some_and(|deadline| deadline <= now) => self.too_late(now),
            Input::Tick => Vec::new(),
            Input::Closed => self.end(Fault::Network, "the desk closed the realtime connection"),
            Input::Present if self.state == State::Live => {
                let data = json!({ "action": "update_presence" }).to_string();
                vec![self.command("message", Some(&data))]
            }
            // The subscription itself tells that the customer is there.
            Input::Present => Vec::new(),
        }
    }

    fn too_late(&mut self, now: Duration) -> Vec<Effect> {
        let quiet = now.saturating_sub(self.last_frame);
        match self.state {
            State::Greeting { .. } => self.end(Fault::Network, "no welcome on the realtime connection"),
            State::Subscribing { .. } if quiet < self.timing.stale => {
                self.end(Fault::SessionGone, "the desk stays silent to the subscription: it does not know the token")
            }
            State::Subscribing { .. } | State::Live | State::Over => {
                let why = format!("the realtime connection is stale: no ping for {} ms", quiet.as_millis());
                self.end(Fault::Network, &why)
            }
        }
    }

    fn frame(&mut self, text: &str, now: Duration) -> Vec<Effect> {
        let read =
            serde_json::from_str(text).or_else(|_| serde_json::from_slice(&body::mend(text.as_bytes().to_vec())));
        let Ok(Value::Object(mut frame)) = read else {
            tracing::debug!(bytes = text.len(), "a realtime frame that is no JSON object; ignored");
            return Vec::new();
        };
        let ours = frame.get("identifier").and_then(Value::as_str) == Some(self.identifier.as_str());
        let kind = frame.get("type").and_then(Value::as_str);
        match (kind, self.state) {
            (Some("welcome"), State::Greeting { .. }) => {
                self.state = State::Subscribing { since: now };
                vec![self.command("subscribe", None)]
            }
            (Some("confirm_subscription"), State::Subscribing { .. }) if ours => {
                self.state = State::Live;
                vec![Effect::Confirmed]
            }
            (Some("reject_subscription"), _) if ours => {
                self.end(Fault::SessionGone, "the desk rejected the subscription")
            }
            (Some("disconnect"), _) => {
                let reason = frame.get("reason").and_then(Value::as_str).unwrap_or_default();
                let reconnect = frame.get("reconnect").and_then(Value::as_bool);
                self.disconnect(reason, reconnect)
            }
            (None, _) if ours => match frame.remove("message") {
                Some(Value::Object(mut message)) => match (message.remove("event"), message.remove("data")) {
                    (Some(Value::String(name)), Some(data)) => vec![Effect::Event { name, data }],
                    _ => Vec::new(),
                },
                _ => Vec::new(),
            },
            // Pings, and what we do not know.
            _ => Vec::new(),
        }
    }

    fn disconnect(&mut self, reason: &str, reconnect: Option<bool>) -> Vec<Effect> {
        match reason {
            "invalid_request" => self.end(Fault::Desk, "the desk does not take the realtime connection"),
            "unauthorized" => self.end(Fault::SessionGone, "the desk disconnected: unauthorized"),
            _ if reconnect == Some(false) => {
                self.end(Fault::SessionGone, "the desk disconnected and wants no reconnect")
            }
            "server_restart" => self.end(Fault::Network, "the desk disconnected: it restarts"),
            _ => self.end(Fault::Network, "the desk disconnected"),
        }
    }

    /// Nothing was asked of the desk here that could have happened: it is always certain.
    fn end(&mut self, fault: Fault, why: &str) -> Vec<Effect> {
        self.state = State::Over;
        vec![Effect::End(BackendError::refused(fault, why))]
    }

    fn command(&self, command: &str, data: Option<&str>) -> Effect {
        let mut frame = json!({ "command": command, "identifier": self.identifier });
        if let (Some(data), Some(frame)) = (data, frame.as_object_mut()) {
            frame.insert("data".to_owned(), data.into());
        }
        Effect::Send(frame.to_string())
    }
}

#[cfg(test)]
#[path = "cable_tests.rs"]
mod tests;
