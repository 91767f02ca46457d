//! Drives the session of [`super::cable`] over a websocket.

use std::{collections::VecDeque, io, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        ClientRequestBuilder, Error as SocketError, Message,
        http::{StatusCode, Uri},
        protocol::WebSocketConfig,
    },
};
use url::Url;

use super::{
    cable::{Cable, Effect, Input, Timing},
    dial::{Dialer, Line, Untrusted},
    events::Events,
    transport::fault,
};
use crate::{
    Limits,
    backend::{BackendError, BackendFuture, Fault, Realtime, RealtimeEvent, Secret},
};

/// What both sides must name, or the desk speaks something else.
const SUBPROTOCOL: &str = "actioncable-v1-json";

/// The largest frame: above an event of the longest message, of 150 000 characters in several forms. Past it the
/// connection ends, and what was in it comes by request.
const MAX_FRAME: usize = 4 << 20;

/// Frames are small, and a phone's memory too: the default is 128 KiB a socket, taken at once.
const BUFFER: usize = 8 << 10;

/// How to reach the desk's realtime connection.
pub(super) struct Door {
    desk: Url,
    user_agent: String,
    dialer: Dialer,
    connect_timeout: Duration,
    max_frame: usize,
    timing: Timing,
}

impl Door {
    pub(super) fn new(desk: &Url, user_agent: &str, limits: &Limits, dialer: Dialer, timing: Timing) -> Self {
        Self {
            desk: desk.clone(),
            user_agent: user_agent.to_owned(),
            dialer,
            connect_timeout: limits.connect_timeout,
            max_frame: limits.max_response_bytes.min(MAX_FRAME),
            timing,
        }
    }

    /// Opens the socket and returns once the desk has confirmed the subscription.
    pub(super) async fn open(&self, token: &Secret, events: Events) -> Result<Socket, BackendError> {
        let (secure, host) = (self.desk.scheme() == "https", self.desk.host_str().unwrap_or_default());
        let port = self.desk.port_or_known_default().unwrap_or(443);
        let no_line = |error| BackendError { fault: fault(&error), ..trouble(&no_line(&error)) };
        let line = self.dialer.open(secure, host, port).await.map_err(no_line)?;
        let uri: Uri = address(&self.desk).parse().map_err(|_| trouble("the desk's address can't be used"))?;
        let request = ClientRequestBuilder::new(uri)
            .with_header("User-Agent", self.user_agent.as_str())
            .with_sub_protocol(SUBPROTOCOL);
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .max_write_buffer_size(4 * BUFFER)
            .max_message_size(Some(self.max_frame))
            .max_frame_size(Some(self.max_frame));
        let handshake = client_async_with_config(request, line, Some(config));
        let (stream, _) = timeout(self.connect_timeout, handshake)
            .await
            .map_err(|_| trouble("no handshake in time"))?
            .map_err(|error| refused(&error))?;
        let mut socket = Socket {
            stream,
            cable: Cable::new(token, self.timing),
            opened: Instant::now(),
            events,
            outgoing: VecDeque::new(),
            arrived: VecDeque::new(),
            confirmed: false,
            over: None,
        };
        while !socket.confirmed {
            socket.advance().await?;
        }
        Ok(socket)
    }
}

/// `wss://desk/prefix/cable` of `https://desk/prefix`.
fn address(desk: &Url) -> String {
    let scheme = if desk.scheme() == "https" { "wss" } else { "ws" };
    let host = desk.host_str().unwrap_or_default();
    let port = desk.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{scheme}://{host}{port}{}/cable", desk.path().trim_end_matches('/'))
}

fn trouble(what: &str) -> BackendError {
    BackendError::refused(Fault::Network, format!("realtime: {what}"))
}

/// Why the handshake failed. Nothing was asked that could have happened.
fn refused(error: &SocketError) -> BackendError {
    match error {
        SocketError::Http(response) => {
            let status = response.status();
            let fault = match status {
                StatusCode::TOO_MANY_REQUESTS => Fault::Throttled { retry_after: None },
                StatusCode::PROXY_AUTHENTICATION_REQUIRED | StatusCode::NETWORK_AUTHENTICATION_REQUIRED => {
                    Fault::Network
                }
                // A desk behind a proxy that was never told of websockets: requests work, this does not.
                status if status.is_client_error() || status.is_server_error() => Fault::Desk,
                // A page, or a way to one.
                _ => Fault::Network,
            };
            BackendError::refused(fault, format!("realtime: {} to the handshake", status.as_u16()))
        }
        other => trouble(&lost(other)),
    }
}

/// Why there was no connection.
fn no_line(error: &io::Error) -> String {
    match (tls_error(error), Untrusted::below(error)) {
        (Some(tls), _) => format!("no TLS: {tls}"),
        (None, Some(untrusted)) => untrusted.to_string(),
        (None, None) => format!("no connection: {}", error.kind()),
    }
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// The kind of it: the text of some causes quotes what was received.
fn lost(error: &SocketError) -> String {
    match error {
        SocketError::Io(error) => match tls_error(error) {
            Some(tls) => format!("no TLS: {tls}"),
            None => format!("connection lost: {}", error.kind()),
        },
        SocketError::Capacity(_) => "a frame over the limit".to_owned(),
        SocketError::Utf8(_) => "a frame that is not UTF-8".to_owned(),
        SocketError::ConnectionClosed | SocketError::AlreadyClosed => "connection closed".to_owned(),
        SocketError::Tls(_) => "no TLS".to_owned(),
        _ => "not a websocket's behaviour".to_owned(),
    }
}

/// An open connection.
pub(super) struct Socket {
    stream: WebSocketStream<Box<dyn Line>>,
    cable: Cable,
    opened: Instant,
    events: Events,
    /// Frames to send. One leaves only in the poll that hands it to the socket: a dropped future loses none.
    outgoing: VecDeque<String>,
    /// Events not asked for yet.
    arrived: VecDeque<RealtimeEvent>,
    confirmed: bool,
    over: Option<BackendError>,
}

impl Socket {
    fn apply(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send(text) => self.outgoing.push_back(text),
                Effect::Confirmed => self.confirmed = true,
                Effect::Event { name, data } => self.arrived.extend(self.events.map(&name, data)),
                Effect::End(error) => self.over = Some(error),
            }
        }
    }

    /// One step: sends what is to be sent, then waits for a frame or for the session's deadline. Cancel-safe.
    async fn advance(&mut self) -> Result<(), BackendError> {
        if let Some(error) = &self.over {
            return Err(error.clone());
        }
        let deadline = self.cable.deadline().and_then(|at| self.opened.checked_add(at));
        let deadline = deadline.unwrap_or_else(Instant::now);
        let received = tokio::select! {
            received = exchange(&mut self.stream, &mut self.outgoing) => Some(received),
            () = sleep_until(deadline) => None,
        };
        let now = self.opened.elapsed();
        let effects = match received {
            None => self.cable.on(Input::Tick, now),
            Some(Some(Ok(Message::Text(text)))) => self.cable.on(Input::Frame(text.as_str()), now),
            // Pings of a proxy show that the proxy lives; frames of bytes are not the desk's.
            Some(Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_)))) => Vec::new(),
            Some(Some(Ok(Message::Close(_))) | None) => self.cable.on(Input::Closed, now),
            Some(Some(Err(error))) => {
                let why = trouble(&lost(&error));
                self.cable.on(Input::Closed, now);
                vec![Effect::End(why)]
            }
        };
        self.apply(effects);
        match &self.over {
            // What came before the end is still handed out.
            Some(error) if self.arrived.is_empty() => Err(error.clone()),
            _ => Ok(()),
        }
    }

    async fn next_event(&mut self) -> Result<RealtimeEvent, BackendError> {
        loop {
            if let Some(event) = self.arrived.pop_front() {
                return Ok(event);
            }
            self.advance().await?;
        }
    }
}

/// Sends all, then receives one frame. Safe to drop at any await: `feed` hands its frame over in the poll in which it
/// completes, and only then is it taken off the queue.
async fn exchange(
    stream: &mut WebSocketStream<Box<dyn Line>>,
    outgoing: &mut VecDeque<String>,
) -> Option<Result<Message, SocketError>> {
    while let Some(text) = outgoing.front() {
        if let Err(error) = stream.feed(Message::text(text.as_str())).await {
            return Some(Err(error));
        }
        outgoing.pop_front();
    }
    // Also what an earlier, dropped call has left unflushed.
    if let Err(error) = stream.flush().await {
        return Some(Err(error));
    }
    stream.next().await
}

impl Realtime for Socket {
    fn next(&mut self) -> BackendFuture<'_, RealtimeEvent> {
        Box::pin(self.next_event())
    }

    /// Queues the announcement; it leaves with the next [`next`](Realtime::next), which the caller is in anyway.
    fn announce_presence(&mut self) -> BackendFuture<'_, ()> {
        Box::pin(async move {
            if let Some(error) = &self.over {
                return Err(error.clone());
            }
            let effects = self.cable.on(Input::Present, self.opened.elapsed());
            self.apply(effects);
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cable_address_follows_scheme_port_and_prefix() {
        for (desk, expected) in [
            ("https://desk.example.com", "wss://desk.example.com/cable"),
            ("https://example.com/help/desk/", "wss://example.com/help/desk/cable"),
            ("http://127.0.0.1:3000", "ws://127.0.0.1:3000/cable"),
            ("http://[::1]:3000/a", "ws://[::1]:3000/a/cable"),
        ] {
            assert_eq!(address(&Url::parse(desk).unwrap()), expected);
        }
    }
}
