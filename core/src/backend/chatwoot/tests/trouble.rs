//! What stands between a phone and its desk: portals, dead connections, oversized and broken answers.

use std::time::Duration;

use super::{
    super::cable::Timing,
    KEY, TOKEN, adapter, adapter_with,
    canned::{Act, Desk, html, json, say},
    session,
};
use crate::{
    DeskConversationId,
    backend::{Backend as _, BackendError, Fault, Happened, OutgoingMessage},
};

const WORDS: &str = "my secret words";

async fn send_to(adapter: &super::Chatwoot) -> BackendError {
    let message = OutgoingMessage { text: WORDS.to_owned(), echo: "echo-1".to_owned() };
    let conversation = DeskConversationId::new(1).unwrap();
    let error = adapter.send_message(&session(), conversation, &message).await.unwrap_err();
    let told = format!("{error} {error:?}");
    for secret in [KEY, TOKEN, WORDS, "echo-1", "hotel"] {
        assert!(!told.contains(secret), "{told}");
    }
    error
}

/// What sending a message to a desk that does this comes to.
async fn send_meets(act: impl Fn() -> Act + Send + Sync + 'static) -> (Fault, Happened) {
    let desk = Desk::always(act).await;
    let error = send_to(&adapter(&desk.url)).await;
    assert_eq!(desk.lines().first().unwrap(), &format!("POST /contacts/{KEY}/conversations/1/messages"));
    (error.fault, error.happened)
}

const MESSAGE: &str = r#"{"id":5,"content":"hi","message_type":0,"created_at":1750000000,"conversation_id":1}"#;

#[tokio::test]
async fn portal_page_as_success_is_network_trouble_and_may_have_happened() {
    assert_eq!(send_meets(|| html(200)).await, (Fault::Network, Happened::Maybe));
    // Also where the page calls itself JSON, or nothing at all.
    let named = || say(200, "content-type: application/json\r\n", b"<html>");
    assert_eq!(send_meets(named).await, (Fault::Desk, Happened::Maybe));
    assert_eq!(send_meets(|| say(200, "", b"<html>")).await, (Fault::Network, Happened::Maybe));
    assert_eq!(send_meets(|| say(200, "", b"")).await, (Fault::Network, Happened::Maybe));
}

#[tokio::test]
async fn portal_page_as_refusal_is_network_trouble_and_has_not_happened() {
    for status in [401, 403, 404, 511] {
        assert_eq!(send_meets(move || html(status)).await, (Fault::Network, Happened::No), "{status}");
    }
}

#[tokio::test]
async fn portal_page_where_nothing_is_due_is_network_trouble() {
    let desk = Desk::always(|| html(200)).await;
    let conversation = DeskConversationId::new(1).unwrap();
    let error = adapter(&desk.url).mark_seen(&session(), conversation).await.unwrap_err();
    assert_eq!((error.fault, error.happened), (Fault::Network, Happened::Maybe));
}

#[tokio::test]
async fn redirect_to_another_host_is_not_followed_and_has_not_happened() {
    let other = Desk::always(|| json(200, MESSAGE)).await;
    for status in [301, 302, 303, 307, 308] {
        let to = format!("location: {}\r\n", other.url);
        assert_eq!(send_meets(move || say(status, &to, b"")).await, (Fault::Network, Happened::No), "{status}");
    }
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn redirect_that_would_turn_a_write_into_a_read_is_not_followed() {
    for status in [301, 302, 303] {
        assert_eq!(send_meets(move || say(status, "location: /x\r\n", b"")).await, (Fault::Network, Happened::No));
    }
}

#[tokio::test]
async fn redirect_within_the_desk_is_followed_with_verb_and_body() {
    let desk = Desk::new(|_, before| match before {
        0 => say(307, "location: /moved\r\n", b""),
        _ => json(200, MESSAGE),
    })
    .await;
    let message = OutgoingMessage { text: "hi".to_owned(), echo: "e".to_owned() };
    let sent = adapter(&desk.url).send_message(&session(), DeskConversationId::new(1).unwrap(), &message).await;
    assert_eq!(sent.unwrap().id.get(), 5);
    let seen = desk.seen();
    assert_eq!(seen[1].line, "POST /moved");
    assert_eq!(seen[1].body, seen[0].body);
    assert!(!seen[1].headers.contains("referer"), "it would hold the key");
}

#[tokio::test]
async fn endless_redirect_ends() {
    assert_eq!(send_meets(|| say(307, "location: /x\r\n", b"")).await, (Fault::Network, Happened::No));
}

#[tokio::test]
async fn nobody_listening_has_not_happened() {
    // A port that was just free.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = url::Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let error = send_to(&adapter(&url)).await;
    assert_eq!((error.fault, error.happened), (Fault::Network, Happened::No), "{}", error.detail);
    let error = adapter(&url).connect(&session()).await.err().unwrap();
    assert_eq!((error.fault, error.happened), (Fault::Network, Happened::No));
}

#[tokio::test]
async fn unknown_host_has_not_happened() {
    let url = url::Url::parse("http://desk.invalid").unwrap();
    let error = send_to(&adapter(&url)).await;
    assert_eq!((error.fault, error.happened), (Fault::Network, Happened::No));
}

#[tokio::test]
async fn server_without_tls_has_not_happened() {
    let desk = Desk::always(|| json(200, MESSAGE)).await;
    let url = url::Url::parse(&desk.url.as_str().replace("http:", "https:")).unwrap();
    let limits = |limits: &mut crate::Limits| limits.connect_timeout = Duration::from_millis(200);
    let error = send_to(&adapter_with(&url, limits, Timing::default())).await;
    assert_eq!((error.fault, error.happened), (Fault::Network, Happened::No), "{}", error.detail);
}

#[tokio::test]
async fn connection_cut_before_the_answer_may_have_happened() {
    assert_eq!(send_meets(|| Act::Cut).await, (Fault::Network, Happened::Maybe));
}

#[tokio::test]
async fn answer_cut_off_may_have_happened() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    let counted = format!("{head}content-length: 500\r\n\r\n{{\"id\":5,");
    assert_eq!(send_meets(move || Act::Say(counted.clone().into())).await, (Fault::Network, Happened::Maybe));
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n8\r\n{{\"id\":5,\r\n");
    assert_eq!(send_meets(move || Act::Say(chunked.clone().into())).await, (Fault::Network, Happened::Maybe));
    // A proxy that makes a cut answer whole again.
    assert_eq!(send_meets(|| json(200, "{\"id\":5,")).await, (Fault::Network, Happened::Maybe));
    // Nothing of it is HTTP.
    assert_eq!(send_meets(|| Act::Say(b"220 mail.example.com ESMTP\r\n".to_vec())).await.0, Fault::Network);
}

#[tokio::test]
async fn broken_json_and_bad_utf8_may_have_happened() {
    for body in [&b"{]"[..], b"{\"id\":\"\xff\xfe\"}", b"[1]", b"{}", b"{\"id\":-4}", b"null", &[b'['; 100_000]] {
        let act = move || say(200, "content-type: application/json\r\n", body);
        assert_eq!(send_meets(act).await, (Fault::Desk, Happened::Maybe), "{:?}", &body[..2]);
    }
}

#[tokio::test]
async fn slow_desk_times_out_and_may_have_happened() {
    for begun in ["", "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"] {
        let desk = Desk::always(move || Act::Hang(begun.into())).await;
        let limits = |limits: &mut crate::Limits| limits.request_timeout = Duration::from_secs(1);
        let error = send_to(&adapter_with(&desk.url, limits, Timing::default())).await;
        assert_eq!((error.fault, error.happened), (Fault::Network, Happened::Maybe));
        assert!(error.detail.contains("in time"), "{}", error.detail);
    }
}

#[tokio::test]
async fn answer_over_the_cap_is_refused_before_it_is_held() {
    let desk = Desk::always(|| json(200, &"x".repeat(200_000))).await;
    let limits = |limits: &mut crate::Limits| limits.max_response_bytes = 64 << 10;
    let error = send_to(&adapter_with(&desk.url, limits, Timing::default())).await;
    assert_eq!((error.fault, error.happened), (Fault::Desk, Happened::Maybe));
    assert!(error.detail.contains("longer than 65536 bytes"), "{}", error.detail);
}

#[tokio::test]
async fn gzip_bomb_is_refused_by_what_it_unpacks_to() {
    // 1 MiB of blanks and an empty list, in 1 KiB.
    let bomb = || {
        let packed = include_bytes!("fixtures/spaces.json.gz");
        say(200, "content-type: application/json\r\ncontent-encoding: gzip\r\n", packed)
    };
    let desk = Desk::always(bomb).await;
    let limits = |limits: &mut crate::Limits| limits.max_response_bytes = 64 << 10;
    let error = send_to(&adapter_with(&desk.url, limits, Timing::default())).await;
    assert_eq!((error.fault, error.happened), (Fault::Desk, Happened::Maybe));
    let list = adapter(&desk.url).conversations(&session(), None).await.unwrap();
    assert!(matches!(list, crate::backend::Fetched::New { value, .. } if value.is_empty()));
}

#[tokio::test]
async fn throttle_tells_its_wait_where_it_is_sane() {
    let throttled = |header: &'static str| send_meets(move || say(429, header, b"Retry later\n"));
    let with =
        |seconds: Option<u64>| (Fault::Throttled { retry_after: seconds.map(Duration::from_secs) }, Happened::No);
    assert_eq!(throttled("").await, with(None));
    assert_eq!(throttled("retry-after: 7\r\n").await, with(Some(7)));
    assert_eq!(throttled("retry-after: 99999999999\r\n").await, with(Some(3600)));
    assert_eq!(throttled("retry-after: -1\r\n").await, with(None));
    assert_eq!(
        throttled("retry-after: 6.5\r\n").await.0,
        Fault::Throttled { retry_after: Some(Duration::from_millis(6_500)) }
    );
    // By the clock of who says it, and by the phone's where that does not tell its own.
    let until = "retry-after: Sun, 15 Jun 2025 15:07:20 GMT\r\n";
    assert_eq!(throttled(until).await, with(Some(40)), "the phone's clock stands at 15:06:40");
    let dated = "date: Sun, 15 Jun 2025 15:07:10 GMT\r\nretry-after: Sun, 15 Jun 2025 15:07:20 GMT\r\n";
    assert_eq!(throttled(dated).await, with(Some(10)));
    assert_eq!(throttled("retry-after: 0\r\n").await, with(Some(1)), "it can't mean at once");
}

#[tokio::test]
async fn broken_message_takes_no_other_along() {
    let page = r#"[{"id":1,"content":"cut in an emoji \ud83d","message_type":1,"created_at":1750000000},
        {"id":2,"content":"a number that nobody can read","message_type":1,"created_at":1e999},
        null, {"id":3,"content":"the last","message_type":1,"created_at":1750000002}]"#;
    let desk = Desk::always(move || json(200, page)).await;
    let conversation = DeskConversationId::new(1).unwrap();
    let fetched = adapter(&desk.url).messages(&session(), conversation, None, None).await.unwrap();
    let crate::backend::Fetched::New { value, .. } = fetched else { panic!("unchanged") };
    let words: Vec<&str> = value.messages.iter().map(|message| message.content.as_text()).collect();
    assert_eq!(words, ["cut in an emoji \u{fffd}", "the last"]);
}

#[tokio::test]
async fn flood_is_told_from_a_refused_message() {
    let flood = r#"{"message":"Too many messages","attributes":["base"]}"#;
    assert_eq!(send_meets(move || json(422, flood)).await, (Fault::Flooded, Happened::No));
    let long = r#"{"message":"Content is too long","attributes":["content"]}"#;
    let refused = Fault::Refused { reason: "Content is too long".to_owned() };
    assert_eq!(send_meets(move || json(422, long)).await, (refused, Happened::No));
}

#[tokio::test]
async fn empty_or_dotted_key_never_leaves_the_phone() {
    let desk = Desk::always(|| json(200, "[]")).await;
    for key in ["", ".", ".."] {
        let session = crate::backend::Session { key: crate::backend::Secret::new(key), ..session() };
        let error = adapter(&desk.url).conversations(&session, None).await.unwrap_err();
        assert_eq!((error.fault, error.happened), (Fault::SessionGone, Happened::No));
    }
    assert!(desk.seen().is_empty());
    let session = crate::backend::Session { key: crate::backend::Secret::new("a/../b?c"), ..session() };
    adapter(&desk.url).conversations(&session, None).await.unwrap();
    assert_eq!(desk.lines(), ["GET /contacts/a%2F..%2Fb%3Fc/conversations"]);
}
