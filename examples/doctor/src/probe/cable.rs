//! The socket: its upgrade through whatever stands before the desk, its welcome, pings and confirmation, and frames.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use rustls::{ClientConfig, pki_types::ServerName};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
    task::JoinHandle,
    time::{timeout, timeout_at},
};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    client_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderValue},
};
use url::Url;

use super::{http::below, line::connect};

const PROTOCOL: &str = "actioncable-v1-json";

/// Pings that are waited for: two show their beat.
const PINGS: usize = 2;

/// Frames that may wait to be read; the desk sends one in three seconds, and few others here.
const BUFFER: usize = 64;

/// Why there is no socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoSocket {
    /// Nothing was there to talk to, or it did not answer.
    Unreachable,
    /// An answer that is no upgrade.
    Status(u16),
    /// An upgrade that breaks the protocol.
    Broken,
}

/// What the socket said until the probe had enough, or until the time was up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Whether the upgrade named the subprotocol.
    pub(crate) protocol: bool,
    pub(crate) welcome: bool,
    /// The times between the welcome, the first ping and so on.
    pub(crate) gaps: Vec<Duration>,
    /// Whether a subscription was asked for, and how long its confirmation took.
    pub(crate) subscribed: bool,
    pub(crate) confirmed: Option<Duration>,
    /// A `disconnect`, with its reason.
    pub(crate) dismissed: Option<String>,
    /// Whether the connection ended.
    pub(crate) ended: bool,
    /// How long was listened.
    pub(crate) listened: Duration,
}

impl Heard {
    fn has_enough(&self) -> bool {
        let greeted = self.welcome && self.gaps.len() >= PINGS && (!self.subscribed || self.confirmed.is_some());
        greeted || self.ended || self.dismissed.is_some()
    }
}

/// An open socket, read by a task so that a frame's arrival is noted while a request is under way.
#[derive(Debug)]
pub(crate) struct Cable {
    frames: mpsc::Receiver<(Instant, Value)>,
    outgoing: mpsc::Sender<String>,
    task: JoinHandle<()>,
    pub(crate) protocol: bool,
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Cable {
    /// Connects, as the SDK does.
    pub(crate) async fn open(desk: &Url, tls: ClientConfig, limit: Duration) -> Result<Self, NoSocket> {
        match timeout(limit, Self::dial(desk, tls, limit)).await {
            Ok(opened) => opened,
            Err(_) => Err(NoSocket::Unreachable),
        }
    }

    async fn dial(desk: &Url, tls: ClientConfig, limit: Duration) -> Result<Self, NoSocket> {
        let stream = connect(desk, limit).await.map_err(|_| NoSocket::Unreachable)?;
        if desk.scheme() == "http" {
            return Self::upgrade(desk, stream).await;
        }
        let host = desk.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(host).map_err(|_| NoSocket::Unreachable)?;
        let stream = TlsConnector::from(Arc::new(tls)).connect(name, stream).await;
        Self::upgrade(desk, stream.map_err(|_| NoSocket::Unreachable)?).await
    }

    async fn upgrade<S>(desk: &Url, stream: S) -> Result<Self, NoSocket>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let url = below(desk, &["cable"]);
        // `http` becomes `ws`, and `https` becomes `wss`.
        let address = url.as_str().replacen("http", "ws", 1);
        let mut request = address.into_client_request().map_err(|_| NoSocket::Broken)?;
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(PROTOCOL));
        let (socket, response) = client_async(request, stream).await.map_err(|error| match error {
            Error::Http(response) => NoSocket::Status(response.status().as_u16()),
            Error::Protocol(tokio_tungstenite::tungstenite::error::ProtocolError::SecWebSocketSubProtocolError(_)) => {
                NoSocket::Broken
            }
            Error::Protocol(_) | Error::HttpFormat(_) => NoSocket::Broken,
            _ => NoSocket::Unreachable,
        })?;
        let protocol = response.headers().get("sec-websocket-protocol").is_some_and(|name| name == PROTOCOL);
        let (tell, frames) = mpsc::channel(BUFFER);
        let (outgoing, mut to_send) = mpsc::channel::<String>(4);
        let (mut sink, mut source) = socket.split();
        let task = tokio::spawn(async move {
            loop {
                tokio::select! {
                    text = to_send.recv() => {
                        let Some(text) = text else { return };
                        if sink.send(Message::text(text)).await.is_err() {
                            return;
                        }
                    }
                    frame = source.next() => {
                        let Some(Ok(frame)) = frame else { return };
                        let at = Instant::now();
                        let value = frame.to_text().ok().and_then(|text| serde_json::from_str(text).ok());
                        if let Some(value) = value
                            && tell.send((at, value)).await.is_err()
                        {
                            return;
                        }
                    }
                }
            }
        });
        Ok(Self { frames, outgoing, task, protocol })
    }

    /// Listens for the welcome and two pings, and for the confirmation of a subscription with `token`, if there is one.
    pub(crate) async fn listen(&mut self, token: Option<&str>, limit: Duration) -> Heard {
        let began = Instant::now();
        let until = tokio::time::Instant::from_std(began + limit);
        let mut heard = Heard { protocol: self.protocol, subscribed: token.is_some(), ..Heard::default() };
        let (mut last, mut asked) = (began, began);
        while !heard.has_enough() {
            let Ok(frame) = timeout_at(until, self.frames.recv()).await else { break };
            let Some((at, frame)) = frame else {
                heard.ended = true;
                break;
            };
            match frame.get("type").and_then(Value::as_str) {
                Some("welcome") => {
                    (heard.welcome, last) = (true, at);
                    if let Some(token) = token {
                        let channel = json!({ "channel": "RoomChannel", "pubsub_token": token }).to_string();
                        let subscribe = json!({ "command": "subscribe", "identifier": channel });
                        asked = Instant::now();
                        // A socket that has ended says so itself.
                        let _ = self.outgoing.send(subscribe.to_string()).await;
                    }
                }
                Some("ping") => {
                    heard.gaps.push(at.duration_since(last));
                    last = at;
                }
                Some("confirm_subscription") => heard.confirmed = Some(at.duration_since(asked)),
                Some("disconnect") => {
                    let reason = frame.get("reason").and_then(Value::as_str).unwrap_or("no reason");
                    heard.dismissed = Some(reason.to_owned());
                }
                _ => {}
            }
        }
        heard.listened = began.elapsed();
        heard
    }

    /// Waits for the `message.created` of a message; gives when it came. Some proxies and forks lose the echo, so the
    /// number counts, too.
    pub(crate) async fn message(&mut self, echo: &str, number: u64, limit: Duration) -> Option<Instant> {
        let until = tokio::time::Instant::now() + limit;
        while let Ok(Some((at, frame))) = timeout_at(until, self.frames.recv()).await {
            let is_created = frame.pointer("/message/event").and_then(Value::as_str) == Some("message.created");
            let data = frame.pointer("/message/data").filter(|_| is_created);
            let of = |name: &str| data.and_then(|data| data.get(name));
            if of("echo_id").and_then(Value::as_str) == Some(echo) || of("id").and_then(Value::as_u64) == Some(number) {
                return Some(at);
            }
        }
        None
    }
}
