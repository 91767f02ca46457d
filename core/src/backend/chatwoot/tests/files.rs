//! Files: what goes out letter by letter, and what comes in that is no file.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::{
    super::{Chatwoot, cable::Timing},
    KEY, adapter, adapter_with,
    canned::{Act, Desk, html, json, say},
    session,
};
use crate::{
    DeskConversationId,
    backend::{Backend as _, BackendError, Departure, Fault, Happened, OutgoingFile, OutgoingMessage, Resume},
};

struct Asked {
    may: bool,
    /// How long the phone's disk takes.
    takes: Duration,
    was: AtomicBool,
}

impl Departure for Asked {
    fn left(&self, _file: usize, _bytes: u64) {}

    fn commit(&self) -> Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        self.was.store(true, Ordering::SeqCst);
        Box::pin(async {
            tokio::time::sleep(self.takes).await;
            self.may
        })
    }
}

const SECRET: &str = "what is in the letter";

/// Sends words and a letter; gives what came of it, and whether the last bytes were asked for.
async fn send_to(adapter: &Chatwoot, name: &str, may: bool) -> (Result<i64, BackendError>, bool) {
    send_from(Duration::ZERO, adapter, name, may).await
}

/// The same from a phone whose disk takes that long.
async fn send_from(takes: Duration, adapter: &Chatwoot, name: &str, may: bool) -> (Result<i64, BackendError>, bool) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter");
    std::fs::write(&path, SECRET).unwrap();
    let size = SECRET.len() as u64;
    let files = [OutgoingFile { name: name.to_owned(), media_type: "text/plain".to_owned(), size, path }];
    let message = OutgoingMessage { text: "my\nwords".to_owned(), echo: "echo-1".to_owned() };
    let asked = Arc::new(Asked { may, takes, was: AtomicBool::new(false) });
    let conversation = DeskConversationId::new(1).unwrap();
    let departure: Arc<Asked> = Arc::clone(&asked);
    let sent = adapter.send_files(&session(), conversation, &message, &files, departure).await;
    if let Err(error) = &sent {
        let told = format!("{error} {error:?} {files:?}");
        for secret in [KEY, "my\nwords", SECRET, "echo-1", name, "hotel"] {
            assert!(!told.contains(secret), "{told}");
        }
    }
    (sent.map(|sent| sent.id.get()), asked.was.load(Ordering::SeqCst))
}

const MESSAGE: &str = r#"{"id":5,"content":"hi","message_type":0,"created_at":1750000000,"conversation_id":1,
    "attachments":[{"id":1,"file_type":"file","data_url":"https://d/x/letter.txt","file_size":21}]}"#;

#[tokio::test]
async fn message_with_a_file_is_a_form_of_known_length() {
    let desk = Desk::always(|| json(200, MESSAGE)).await;
    let (sent, asked) = send_to(&adapter(&desk.url), "Ảnh \"1\"\r\nx: y.txt", true).await;
    assert_eq!((sent.unwrap(), asked), (5, true));
    let seen = desk.seen().remove(0);
    assert_eq!(seen.line, format!("POST /contacts/{KEY}/conversations/1/messages"));
    let header = |name: &str| seen.headers.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap();
    let boundary = header("content-type").strip_prefix("multipart/form-data; boundary=").unwrap();
    assert_eq!(header("content-length").parse(), Ok(seen.body.len()));
    assert!(!seen.headers.contains("transfer-encoding"));
    let part =
        |head: &str, body: &str| format!("--{boundary}\r\ncontent-disposition: form-data; {head}\r\n\r\n{body}\r\n");
    let file = "name=\"attachments[]\"; filename=\"Ảnh 1x: y.txt\"\r\ncontent-type: text/plain";
    let body = [
        part("name=\"content\"", "my\nwords"),
        part("name=\"echo_id\"", "echo-1"),
        part(file, SECRET),
        format!("--{boundary}--\r\n"),
    ];
    assert_eq!(seen.body, body.concat());
}

#[tokio::test]
async fn what_is_given_up_at_the_last_moment_is_never_whole() {
    let desk = Desk::always(|| json(200, MESSAGE)).await;
    let (sent, _) = send_to(&adapter(&desk.url), "mai.txt", false).await;
    let error = sent.unwrap_err();
    assert_eq!((error.fault, error.happened), (Fault::Withdrawn, Happened::No));
    assert!(desk.seen().is_empty(), "a request without its end is none");
}

#[tokio::test]
async fn slow_disk_of_the_phone_is_no_standstill_of_the_network() {
    let desk = Desk::always(|| json(200, MESSAGE)).await;
    // Longer than a busy machine takes to run the other end.
    let stall = Duration::from_secs(2);
    let adapter = adapter_with(&desk.url, |limits| limits.stall_timeout = stall, Timing::default());
    let (sent, _) = send_from(stall * 2, &adapter, "mai.txt", true).await;
    assert_eq!(sent.unwrap(), 5);
}

#[tokio::test]
async fn trouble_after_the_last_bytes_may_have_happened() {
    let meets = async |act: fn() -> Act| {
        let desk = Desk::always(act).await;
        let limits = |limits: &mut crate::Limits| limits.request_timeout = Duration::from_secs(1);
        let (sent, asked) = send_to(&adapter_with(&desk.url, limits, Timing::default()), "mai.txt", true).await;
        assert!(asked);
        let error = sent.unwrap_err();
        (error.fault, error.happened)
    };
    assert_eq!(meets(|| Act::Cut).await, (Fault::Network, Happened::Maybe));
    assert_eq!(meets(|| Act::Hang(Vec::new())).await, (Fault::Network, Happened::Maybe));
    assert_eq!(meets(|| html(200)).await, (Fault::Network, Happened::Maybe));
    assert_eq!(meets(|| say(500, "", b"")).await, (Fault::Desk, Happened::Maybe));
    let refusal = || json(422, r#"{"message":"No"}"#);
    assert_eq!(meets(refusal).await, (Fault::Refused { reason: "No".into() }, Happened::No));
    let reason = "This is too large for the support desk.".to_owned();
    assert_eq!(meets(|| html(413)).await, (Fault::Refused { reason }, Happened::No));
}

/// Fetches whatever the desk says is a file.
async fn fetch(desk: &Desk, resume: Option<&Resume>) -> Result<(u64, Vec<u8>), BackendError> {
    let limits = |limits: &mut crate::Limits| limits.stall_timeout = Duration::from_secs(1);
    let adapter = adapter_with(&desk.url, limits, Timing::default());
    let url = format!("{}/file", desk.url);
    let mut incoming = adapter.fetch_file(&session(), &url, resume).await?;
    let mut bytes = Vec::new();
    while let Some(part) = incoming.next().await? {
        bytes.extend_from_slice(&part);
    }
    Ok((incoming.head().from, bytes))
}

async fn fault(act: impl Fn() -> Act + Send + Sync + 'static) -> Fault {
    fetch(&Desk::always(act).await, None).await.unwrap_err().fault
}

#[tokio::test]
async fn nothing_of_the_customers_is_told_to_whoever_keeps_the_files() {
    let store = Desk::always(|| say(200, "etag: \"1\"\r\n", b"bytes")).await;
    let to = format!("location: {}/file\r\n", store.url);
    let desk = Desk::always(move || say(302, &to, b"")).await;
    assert_eq!(fetch(&desk, None).await.unwrap(), (0, b"bytes".to_vec()));
    for seen in [desk.seen().remove(0), store.seen().remove(0)] {
        let names: Vec<_> = seen.headers.lines().skip(1).filter_map(|line| line.split(": ").next()).collect();
        assert_eq!(names, ["user-agent", "accept", "accept-encoding", "host"]);
        assert!(!seen.headers.contains(KEY) && seen.headers.contains("accept-encoding: identity"));
    }
}

#[tokio::test]
async fn answer_that_lies_about_its_length_or_has_none_is_no_file() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort".as_bytes();
    assert_eq!(fault(move || Act::Say(head.to_vec())).await, Fault::Network);
    assert_eq!(fault(move || Act::Hang(head.to_vec())).await, Fault::Network);
    let endless = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nup to the end".as_bytes();
    assert_eq!(fault(move || Act::Say(endless.to_vec())).await, Fault::Desk);
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nbytes\r\n".as_bytes();
    assert_eq!(fault(move || Act::Say(chunked.to_vec())).await, Fault::Network);
    // More than was said is not read.
    let long = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nbytes and more".as_bytes();
    let desk = Desk::always(move || Act::Say(long.to_vec())).await;
    assert_eq!(fetch(&desk, None).await.unwrap().1, b"bytes");
}

#[tokio::test]
async fn packed_answer_is_not_unpacked() {
    assert_eq!(fault(|| say(200, "content-encoding: gzip\r\n", b"\x1f\x8b...")).await, Fault::Unsupported);
}

#[tokio::test]
async fn redirect_without_end_ends() {
    let desk = Desk::always(|| say(302, "location: file\r\n", b"")).await;
    assert_eq!(fetch(&desk, None).await.unwrap_err().fault, Fault::Unsupported);
    assert_eq!(desk.seen().len(), 6);
    assert_eq!(fault(|| say(302, "", b"")).await, Fault::Unsupported);
}

#[tokio::test]
async fn each_refusal_has_its_meaning() {
    for (status, expected) in [
        (404, Fault::FileGone),
        (410, Fault::FileGone),
        (403, Fault::Network),
        (429, Fault::Throttled { retry_after: None }),
        (500, Fault::Desk),
        (204, Fault::Desk),
        (416, Fault::Desk),
    ] {
        assert_eq!(fault(move || say(status, "", b"")).await, expected, "{status}");
    }
}

#[tokio::test]
async fn only_the_rest_of_the_very_same_file_is_taken_for_it() {
    let resume = Resume { from: 5, validator: "\"1\"".to_owned() };
    let cases = [
        // The rest.
        ("content-range: bytes 5-9/10\r\netag: \"1\"\r\n", Some(5)),
        // A server that does not say of which version: the condition was its own to keep.
        ("content-range: bytes 5-9/10\r\n", Some(5)),
        // Another version, another part, a part of a part, no part.
        ("content-range: bytes 5-9/10\r\netag: \"2\"\r\n", Some(0)),
        ("content-range: bytes 4-8/9\r\netag: \"1\"\r\n", None),
        ("content-range: bytes 5-9/20\r\netag: \"1\"\r\n", None),
        ("etag: \"1\"\r\n", None),
    ];
    for (headers, expected) in cases {
        let desk = Desk::new(move |seen, _| {
            if seen.headers.contains("range: bytes=5-") {
                assert!(seen.headers.contains("if-range: \"1\""));
                say(206, headers, b"56789")
            } else {
                say(200, "etag: \"2\"\r\n", b"0123456789")
            }
        });
        let fetched = fetch(&desk.await, Some(&resume)).await;
        assert_eq!(fetched.map(|(from, _)| from).ok(), expected, "{headers}");
    }
    let shorter = Desk::new(|seen, _| match seen.headers.contains("range:") {
        true => say(416, "content-range: bytes */3\r\n", b""),
        false => say(200, "", b"012"),
    });
    assert_eq!(fetch(&shorter.await, Some(&resume)).await.unwrap(), (0, b"012".to_vec()));
}

#[tokio::test]
async fn desk_behind_tls_is_never_left_for_the_clear() {
    let adapter = adapter(&url::Url::parse("https://desk.invalid/").unwrap());
    for url in ["http://store.invalid/x", "http://desk.invalid:81/x", "ftp://desk.invalid/x", "file:///x", "nonsense"] {
        let error = adapter.fetch_file(&session(), url, None).await.map(|_| ()).unwrap_err();
        assert_eq!((error.fault, error.happened), (Fault::Unsupported, Happened::No), "{url}");
        assert!(!error.detail.contains("invalid"));
    }
}
