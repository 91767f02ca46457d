//! A desk of canned answers on a port of this machine.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use url::Url;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// `GET /contacts/…`, without the inbox's own path.
    pub(super) line: String,
    /// Everything else above the body, lower case.
    pub(super) headers: String,
    pub(super) body: String,
}

/// What the desk does about it.
pub(super) enum Act {
    /// Says this, letter by letter, and closes.
    Say(Vec<u8>),
    /// Closes without a word.
    Cut,
    /// Says this and stays silent for ever.
    Hang(Vec<u8>),
}

pub(super) fn json(status: u16, body: &str) -> Act {
    say(status, "content-type: application/json; charset=utf-8\r\n", body.as_bytes())
}

pub(super) fn html(status: u16) -> Act {
    say(status, "content-type: text/html\r\n", b"<html>Welcome to the hotel! <form>")
}

pub(super) fn say(status: u16, headers: &str, body: &[u8]) -> Act {
    let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    Act::Say([head.as_bytes(), body].concat())
}

pub(super) struct Desk {
    pub(super) url: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Desk {
    /// Answers each request with what `answer` makes of it and of how many came before it.
    pub(super) async fn new(answer: impl Fn(&Seen, usize) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/prefix", listener.local_addr().unwrap())).unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&log), Arc::clone(&answer)));
            }
        });
        Self { url, seen }
    }

    /// Answers all with the same.
    pub(super) async fn always(act: impl Fn() -> Act + Send + Sync + 'static) -> Self {
        Self::new(move |_, _| act()).await
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }
}

async fn serve(
    mut stream: TcpStream,
    log: Arc<Mutex<Vec<Seen>>>,
    answer: Arc<impl Fn(&Seen, usize) -> Act + Send + Sync + 'static>,
) {
    let Some(seen) = read(&mut stream).await else { return };
    let before = {
        let mut log = log.lock().unwrap();
        log.push(seen.clone());
        log.len() - 1
    };
    match answer(&seen, before) {
        Act::Say(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
            // Until the other side has read all: an early close may throw away what is on its way.
            let _ = stream.read(&mut [0]).await;
        }
        Act::Cut => {}
        Act::Hang(bytes) => {
            let _ = stream.write_all(&bytes).await;
            std::future::pending::<()>().await;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_owned();
            let headers = head.to_ascii_lowercase();
            let length = headers.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |n| n.parse().unwrap()) {
                let line = head.lines().next().unwrap();
                let line = line.trim_end_matches(" HTTP/1.1").replace("/prefix/public/api/v1/inboxes/inbox", "");
                return Some(Seen { line, headers, body: body.to_owned() });
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(n) if n > 0 => bytes.extend_from_slice(&chunk[..n]),
            _ => return None,
        }
    }
}
