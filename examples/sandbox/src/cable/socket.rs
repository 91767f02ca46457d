//! One socket: the handshake, the beat of pings, and the frames in between, with the faults that befall them.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State as Held},
    http::{
        HeaderMap, StatusCode,
        header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, UPGRADE},
    },
    response::{IntoResponse, Response},
};
use futures_util::{SinkExt, StreamExt};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, handshake::derive_accept_key, protocol::Role},
};

use super::{hub::Event, session::Session};
use crate::{
    clock,
    faults::{CableFault, FrameFate, Pulse, Rule},
    shared::Shared,
    wire::Abort,
};

const PROTOCOL: &str = "actioncable-v1-json";
type Socket = WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>;

/// `GET /cable`. No origin is checked. A request that is no WebSocket handshake gets Rails' plain 404.
pub(crate) async fn upgrade(Held(shared): Held<Arc<Shared>>, request: Request) -> Response {
    let headers = request.headers();
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|_| says(headers, "upgrade", "websocket"));
    let Some(accept) = key.map(|key| derive_accept_key(key.as_bytes())) else {
        return (StatusCode::NOT_FOUND, "Page not found").into_response();
    };
    let speaks = says(headers, SEC_WEBSOCKET_PROTOCOL.as_str(), PROTOCOL);
    let abort = request.extensions().get::<Abort>().cloned().unwrap_or_default();
    let upgraded = hyper::upgrade::on(request);
    let held = Arc::clone(&shared);
    // Not `Shared::spawn`: a socket says farewell before it ends.
    tokio::spawn(async move {
        match upgraded.await {
            Ok(upgraded) => {
                let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
                serve(&held, socket, &abort).await;
            }
            Err(error) => tracing::debug!(%error, "a cable handshake was left"),
        }
    });
    let mut response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(UPGRADE, "websocket")
        .header(CONNECTION, "Upgrade")
        .header(SEC_WEBSOCKET_ACCEPT, accept);
    if speaks {
        response = response.header(SEC_WEBSOCKET_PROTOCOL, PROTOCOL);
    }
    response.body(Body::empty()).unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn says(headers: &HeaderMap, name: &str, word: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(word))
}

/// What became of a socket after a step.
enum Step {
    Open,
    /// Ended by either side in good order.
    Closed,
    /// To be cut with a reset.
    Cut,
}

async fn serve(shared: &Arc<Shared>, socket: Socket, abort: &Abort) {
    let (id, mut events) = shared.hub.join();
    let mut pulse = shared.faults.pulse();
    let at_start = *pulse.borrow_and_update();
    let mut line =
        Line { shared, socket, session: Session::new(id), frozen: false, deaf: false, held_back: None, swapping: None };
    let beat = shared.options.ping_interval;
    let mut pings = interval_at(Instant::now() + beat, beat);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut step = line.welcome().await;
    while matches!(step, Step::Open) {
        step = tokio::select! {
            heard = line.socket.next() => match heard {
                Some(Ok(message)) => line.hear(&message).await,
                _ => Step::Closed,
            },
            event = events.recv() => match event {
                // A fault that was set before the event happened must befall it, whichever of both is seen first here.
                Some(event) if pulse.has_changed().unwrap_or(false) => {
                    let now = *pulse.borrow_and_update();
                    match line.meet(at_start, now).await {
                        Step::Open => line.tell(event).await,
                        step => step,
                    }
                }
                Some(event) => line.tell(event).await,
                None => Step::Closed,
            },
            _ = pulse.changed() => {
                let now = *pulse.borrow_and_update();
                line.meet(at_start, now).await
            }
            _ = pings.tick() => line.beat().await,
            () = shared.stopped() => {
                line.farewell("server_restart", true).await;
                Step::Closed
            }
        };
    }
    shared.hub.leave(id);
    if matches!(step, Step::Cut) {
        abort.set();
    }
}

struct Line<'a> {
    shared: &'a Arc<Shared>,
    socket: Socket,
    session: Session,
    /// Half-open: the TCP connection stands and nothing moves on it any more.
    frozen: bool,
    /// Pinged, and told nothing any more.
    deaf: bool,
    /// A frame that waits to be overtaken.
    held_back: Option<String>,
    /// A frame that waits for the next one of its rule, to come after that.
    swapping: Option<(Rule, String)>,
}

impl Line<'_> {
    async fn welcome(&mut self) -> Step {
        match self.befall().await {
            Step::Open => self.send(json!({ "type": "welcome" }).to_string()).await,
            step => step,
        }
    }

    async fn hear(&mut self, message: &Message) -> Step {
        match message {
            Message::Close(_) => Step::Closed,
            Message::Text(text) if !self.frozen => {
                self.session.hear(self.shared, text.as_str());
                Step::Open
            }
            _ => Step::Open,
        }
    }

    async fn tell(&mut self, event: Event) -> Step {
        if self.deaf {
            return Step::Open;
        }
        if let Some((_, first)) = self.swapping.take_if(|(rule, _)| rule.befalls_frame(event.name)) {
            return match self.deliver(event.text).await {
                Step::Open => self.deliver(first).await,
                step => step,
            };
        }
        match self.shared.faults.frame_fate(event.name) {
            FrameFate::Delivered => self.deliver(event.text).await,
            FrameFate::Dropped => Step::Open,
            FrameFate::Duplicated => match self.deliver(event.text.clone()).await {
                Step::Open => self.deliver(event.text).await,
                step => step,
            },
            FrameFate::WithoutEcho => self.deliver(without_echo(&event.text)).await,
            FrameFate::Swapped(rule) => match self.swapping.replace((rule, event.text)) {
                Some((_, earlier)) => self.send(earlier).await,
                None => Step::Open,
            },
            FrameFate::HeldBack => match self.held_back.replace(event.text) {
                Some(earlier) => self.send(earlier).await,
                None => Step::Open,
            },
        }
    }

    /// Sends a frame, then the one it overtook.
    async fn deliver(&mut self, text: String) -> Step {
        match self.send(text).await {
            Step::Open => self.release().await,
            step => step,
        }
    }

    async fn release(&mut self) -> Step {
        match self.held_back.take() {
            Some(text) => self.send(text).await,
            None => Step::Open,
        }
    }

    /// A ping; a frame that nothing overtook since the last one goes with it, for reordered is not lost.
    async fn beat(&mut self) -> Step {
        let now = clock::seconds(clock::now());
        match self.send(json!({ "type": "ping", "message": now }).to_string()).await {
            Step::Open => self.release().await,
            step => step,
        }
    }

    /// Does what the faults' control wants of all sockets.
    async fn meet(&mut self, at_start: Pulse, now: Pulse) -> Step {
        if now.cut_sockets != at_start.cut_sockets || now.cut_all != at_start.cut_all {
            Step::Cut
        } else {
            self.befall().await
        }
    }

    /// Meets the faults that befall a socket as a whole.
    async fn befall(&mut self) -> Step {
        match self.shared.faults.socket_fault(self.deaf) {
            None => Step::Open,
            Some(CableFault::Deaf) => {
                self.deaf = true;
                // What was held back for a later frame is not to slip out with a ping.
                self.held_back = None;
                Step::Open
            }
            Some(CableFault::HalfOpen) => {
                self.frozen = true;
                Step::Open
            }
            Some(CableFault::Disconnect { reason, reconnect }) => {
                self.farewell(&reason, reconnect).await;
                Step::Closed
            }
        }
    }

    async fn farewell(&mut self, reason: &str, reconnect: bool) {
        let frame = json!({ "type": "disconnect", "reason": reason, "reconnect": reconnect });
        self.send(frame.to_string()).await;
        if !self.frozen {
            // The peer may be gone already, which is all a farewell wants.
            let _ = self.socket.close(None).await;
        }
    }

    async fn send(&mut self, text: String) -> Step {
        if self.frozen {
            return Step::Open;
        }
        match self.socket.send(Message::text(text)).await {
            Ok(()) => Step::Open,
            Err(_) => Step::Closed,
        }
    }
}

/// The frame as it comes to a device that did not send the message.
fn without_echo(text: &str) -> String {
    let Ok(mut frame) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    if let Some(Value::Object(data)) = frame.pointer_mut("/message/data") {
        data.remove("echo_id");
    }
    frame.to_string()
}
