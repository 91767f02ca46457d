//! Who listens to what. Frames are handed to sockets in the order they are published; the network in between (a fault)
//! is what may duplicate or reorder them, as Chatwoot's job queue does.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::json;
use tokio::sync::mpsc;

use crate::state::Broadcast;

/// The frame that ends a subscription's wait. A fault befalls it only if its rule names it.
pub(crate) const CONFIRMATION: &str = "confirm_subscription";

/// An event on its way to one socket.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) name: &'static str,
    /// The whole frame.
    pub(crate) text: String,
}

#[derive(Debug)]
struct Subscription {
    socket: u64,
    identifier: String,
    token: String,
}

#[derive(Debug, Default)]
struct Held {
    last_socket: u64,
    sockets: HashMap<u64, mpsc::UnboundedSender<Event>>,
    subscriptions: Vec<Subscription>,
}

impl Held {
    fn publish(&self, broadcast: &Broadcast) {
        for subscription in self.subscriptions.iter().filter(|row| broadcast.tokens.contains(&row.token)) {
            let frame = json!({
                "identifier": subscription.identifier,
                "message": { "event": broadcast.event, "data": broadcast.data },
            });
            if let Some(socket) = self.sockets.get(&subscription.socket) {
                // A socket that just left takes nothing, as on a real network.
                let _ = socket.send(Event { name: broadcast.event, text: frame.to_string() });
            }
        }
    }
}

/// All open sockets and their subscriptions.
#[derive(Debug, Default)]
pub(crate) struct Hub(Mutex<Held>);

impl Hub {
    /// Adds a socket.
    pub(crate) fn join(&self) -> (u64, mpsc::UnboundedReceiver<Event>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut held = self.lock();
        held.last_socket += 1;
        let id = held.last_socket;
        held.sockets.insert(id, sender);
        (id, receiver)
    }

    /// Removes a socket with its subscriptions.
    pub(crate) fn leave(&self, socket: u64) {
        let mut held = self.lock();
        held.sockets.remove(&socket);
        held.subscriptions.retain(|subscription| subscription.socket != socket);
    }

    /// Lets a socket hear a token's events under its own identifier string. The socket is told who is there, then that
    /// it is subscribed, and only then of anything else.
    pub(crate) fn subscribe(&self, socket: u64, identifier: &str, token: &str, presence: &Broadcast) {
        let mut held = self.lock();
        held.subscriptions.push(Subscription { socket, identifier: identifier.to_owned(), token: token.to_owned() });
        held.publish(presence);
        if let Some(socket) = held.sockets.get(&socket) {
            let text = json!({ "identifier": identifier, "type": CONFIRMATION }).to_string();
            // A socket that just left takes nothing, as on a real network.
            let _ = socket.send(Event { name: CONFIRMATION, text });
        }
    }

    /// Ends that.
    pub(crate) fn unsubscribe(&self, socket: u64, identifier: &str) {
        let mut held = self.lock();
        held.subscriptions.retain(|other| other.socket != socket || other.identifier != identifier);
    }

    /// Sends an event to every subscription of its tokens.
    pub(crate) fn publish(&self, broadcast: &Broadcast) {
        self.lock().publish(broadcast);
    }

    /// How many sockets are open.
    pub(crate) fn sockets(&self) -> usize {
        self.lock().sockets.len()
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
