//! The socket against desks of a few frames.

use std::time::Duration;

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
        http::HeaderValue,
    },
};
use url::Url;

use super::{
    super::{Chatwoot, cable::Timing},
    KEY, TOKEN, adapter, adapter_with,
    canned::{Desk, html, json, say},
    session,
};
use crate::{
    Limits,
    backend::{Backend as _, BackendError, Fault, Happened, RealtimeEvent},
};

pub(super) type Line = WebSocketStream<TcpStream>;

const WELCOME: &str = r#"{"type":"welcome"}"#;

/// A desk that takes one socket and does `script` with it.
pub(super) async fn desk<F: Future<Output = ()> + Send>(script: impl FnOnce(Line) -> F + Send + 'static) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/prefix", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        #[allow(clippy::result_large_err, reason = "the type is the library's")]
        let named = |request: &Request, mut response: Response| {
            assert_eq!(request.uri().path(), "/prefix/cable");
            assert_eq!(request.headers()["sec-websocket-protocol"], "actioncable-v1-json");
            assert_eq!(request.headers()["user-agent"], "test/1");
            let protocol = HeaderValue::from_static("actioncable-v1-json");
            response.headers_mut().insert("sec-websocket-protocol", protocol);
            Ok(response)
        };
        script(accept_hdr_async(stream, named).await.unwrap()).await;
    });
    url
}

async fn say_to(line: &mut Line, text: impl Into<String>) {
    line.send(Message::text(text.into())).await.unwrap();
}

/// Greets, takes the subscription and confirms it; gives the identifier as it stands in frames.
pub(super) async fn greet(line: &mut Line) -> String {
    say_to(line, WELCOME).await;
    let subscribe = line.next().await.unwrap().unwrap().into_text().unwrap();
    let frame: serde_json::Value = serde_json::from_str(&subscribe).unwrap();
    assert_eq!(frame["command"], "subscribe");
    let identifier = frame["identifier"].to_string();
    assert!(identifier.contains(TOKEN) && !identifier.contains("user_id"));
    say_to(line, format!(r#"{{"identifier":{identifier},"type":"confirm_subscription"}}"#)).await;
    identifier
}

fn message(identifier: &str, id: i64) -> String {
    format!(
        r#"{{"identifier":{identifier},"message":{{"event":"message.created","data":{{"id":{id},"conversation_id":1,
        "inbox_id":4,"message_type":0,"content":"hi","created_at":1750000000,"echo_id":"e{id}","status":"sent",
        "conversation":{{"contact_inbox":{{"source_id":"{KEY}"}}}}}}}}}}"#
    )
}

async fn connect_fails(adapter: &Chatwoot) -> BackendError {
    let error = adapter.connect(&session()).await.err().unwrap();
    assert_eq!(error.happened, Happened::No);
    let told = format!("{error} {error:?}");
    assert!(!told.contains(TOKEN) && !told.contains(KEY), "{told}");
    error
}

fn number(event: Result<RealtimeEvent, BackendError>) -> (i64, Option<String>) {
    match event {
        Ok(RealtimeEvent::Message(message)) => (message.id.get(), message.echo),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn confirmed_connection_brings_events_and_ends_with_the_desks_reason() {
    let url = desk(|mut line| async move {
        let identifier = greet(&mut line).await;
        for id in [5, 6] {
            say_to(&mut line, message(&identifier, id)).await;
        }
        let restart = r#"{"type":"disconnect","reason":"server_restart","reconnect":true}"#;
        say_to(&mut line, restart).await;
        line.next().await;
    })
    .await;
    let adapter = adapter(&url);
    let mut realtime = adapter.connect(&session()).await.unwrap();
    assert_eq!(number(realtime.next().await), (5, Some("e5".to_owned())));
    assert_eq!(number(realtime.next().await), (6, Some("e6".to_owned())));
    for _ in 0..2 {
        let error = realtime.next().await.unwrap_err();
        assert_eq!((error.fault, error.detail.as_str()), (Fault::Network, "the desk disconnected: it restarts"));
    }
    assert!(realtime.announce_presence().await.is_err());
}

#[tokio::test]
async fn presence_reaches_the_desk_and_its_answer_comes_back() {
    let url = desk(|mut line| async move {
        let identifier = greet(&mut line).await;
        let text = line.next().await.unwrap().unwrap().into_text().unwrap();
        let frame: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(frame["data"], r#"{"action":"update_presence"}"#);
        let online = r#"{"event":"presence.update","data":{"account_id":1,"users":{"1":"online"}}}"#;
        say_to(&mut line, format!(r#"{{"identifier":{identifier},"message":{online}}}"#)).await;
        line.next().await;
    })
    .await;
    let adapter = adapter(&url);
    let mut realtime = adapter.connect(&session()).await.unwrap();
    realtime.announce_presence().await.unwrap();
    assert_eq!(realtime.next().await.unwrap(), RealtimeEvent::Presence(crate::Availability::Online));
}

#[tokio::test]
async fn dropped_wait_loses_no_event() {
    let (go, wait) = tokio::sync::oneshot::channel::<()>();
    let url = desk(|mut line| async move {
        let identifier = greet(&mut line).await;
        wait.await.unwrap();
        for id in 1..=50 {
            say_to(&mut line, message(&identifier, id)).await;
        }
        line.next().await;
    })
    .await;
    let adapter = adapter(&url);
    let mut realtime = adapter.connect(&session()).await.unwrap();
    assert!(realtime.next().now_or_never().is_none());
    go.send(()).unwrap();
    let mut seen = Vec::new();
    while seen.len() < 50 {
        // Polled once and dropped, over and over.
        match realtime.next().now_or_never() {
            Some(event) => seen.push(number(event).0),
            None => tokio::task::yield_now().await,
        }
    }
    assert_eq!(seen, (1..=50).collect::<Vec<i64>>());
}

fn timing(answer: u64, stale: u64) -> Timing {
    Timing { answer: Duration::from_millis(answer), stale: Duration::from_millis(stale) }
}

#[tokio::test]
async fn silence_to_the_subscription_means_that_the_session_is_gone() {
    let url = desk(|mut line| async move {
        say_to(&mut line, WELCOME).await;
        while line.next().await.is_some() {}
    })
    .await;
    let error = connect_fails(&adapter_with(&url, |_| {}, timing(100, 60_000))).await;
    assert_eq!(error.fault, Fault::SessionGone);
}

#[tokio::test]
async fn silence_from_the_start_is_network_trouble() {
    let url = desk(|mut line| async move { while line.next().await.is_some() {} }).await;
    let error = connect_fails(&adapter_with(&url, |_| {}, timing(100, 60_000))).await;
    assert_eq!(error.fault, Fault::Network);
}

#[tokio::test]
async fn connection_without_pings_goes_stale() {
    let url = desk(|mut line| async move {
        greet(&mut line).await;
        while line.next().await.is_some() {}
    })
    .await;
    let adapter = adapter_with(&url, |_| {}, timing(60_000, 500));
    let mut realtime = adapter.connect(&session()).await.unwrap();
    let error = realtime.next().await.unwrap_err();
    assert_eq!(error.fault, Fault::Network);
    assert!(error.detail.contains("stale"), "{}", error.detail);
}

#[tokio::test]
async fn closed_socket_and_frame_over_the_cap_are_network_trouble() {
    let closing = desk(|mut line| async move {
        greet(&mut line).await;
        line.close(None).await.unwrap();
    })
    .await;
    let adapter_of_closing = adapter(&closing);
    let mut realtime = adapter_of_closing.connect(&session()).await.unwrap();
    assert_eq!(realtime.next().await.unwrap_err().fault, Fault::Network);

    let shouting = desk(|mut line| async move {
        greet(&mut line).await;
        let _ = line.send(Message::text("x".repeat(100_000))).await;
        line.next().await;
    })
    .await;
    let capped = |limits: &mut Limits| limits.max_response_bytes = 64 << 10;
    let adapter_of_shouting = adapter_with(&shouting, capped, Timing::default());
    let mut realtime = adapter_of_shouting.connect(&session()).await.unwrap();
    let error = realtime.next().await.unwrap_err();
    assert_eq!((error.fault, error.detail.as_str()), (Fault::Network, "realtime: a frame over the limit"));
}

#[tokio::test]
async fn refused_handshakes_are_told_apart() {
    for (desk, expected) in [
        (Desk::always(|| html(200)).await, Fault::Network),
        (Desk::always(|| say(302, "location: http://portal.example.com\r\n", b"")).await, Fault::Network),
        (Desk::always(|| json(404, "{}")).await, Fault::Desk),
        (Desk::always(|| html(502)).await, Fault::Desk),
        (Desk::always(|| json(429, "")).await, Fault::Throttled { retry_after: None }),
        (Desk::always(|| html(511)).await, Fault::Network),
        (Desk::always(|| super::canned::Act::Cut).await, Fault::Network),
    ] {
        assert_eq!(connect_fails(&adapter(&desk.url)).await.fault, expected);
    }
}

#[tokio::test]
async fn handshake_that_never_ends_times_out() {
    let desk = Desk::always(|| super::canned::Act::Hang(Vec::new())).await;
    let limits = |limits: &mut Limits| limits.connect_timeout = Duration::from_millis(100);
    let error = connect_fails(&adapter_with(&desk.url, limits, Timing::default())).await;
    assert_eq!((error.fault, error.detail.as_str()), (Fault::Network, "realtime: no handshake in time"));
}

#[tokio::test]
async fn session_without_a_token_has_no_realtime() {
    let url = Url::parse("http://127.0.0.1:1").unwrap();
    let session = crate::backend::Session { realtime_token: None, ..session() };
    let error = adapter(&url).connect(&session).await.err().unwrap();
    assert_eq!(error.fault, Fault::Unsupported);
}
