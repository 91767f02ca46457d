//! One request, and everything of its answer that a phone's client would hide.

use std::{
    collections::BTreeMap,
    fmt,
    io::Read,
    time::{Duration, Instant, SystemTime},
};

use bytes::{Bytes, BytesMut};
use flate2::read::GzDecoder;
use reqwest::{Client, Method, redirect::Policy};
use serde_json::Value;
use url::Url;

use super::wall_clock;
use crate::options::Options;

/// The longest answer that is read: thirty times the list of 3,000 messages.
const MAX_BYTES: usize = 32 << 20;

/// How many redirects the SDK follows.
const MAX_REDIRECTS: usize = 3;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// No connection.
    NoConnection,
    /// Nothing came in time.
    Late(Duration),
    /// The connection ended before the answer did.
    Cut,
    /// The answer is too long to be read, or can't be unpacked.
    Unreadable,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoConnection => f.write_str("no connection"),
            Self::Late(limit) => write!(f, "no answer within {} s", limit.as_secs_f64()),
            Self::Cut => f.write_str("the connection was cut before the answer was whole"),
            Self::Unreadable => f.write_str("the answer could not be read"),
        }
    }
}

/// A redirect that was met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hop {
    pub(crate) status: u16,
    pub(crate) to: String,
    /// Whether the SDK would go on: see [`follows`].
    pub(crate) followed: bool,
}

/// An answer, unpacked.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// By lower-case name.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Bytes,
    /// Bytes of the body as they came, packed or not.
    pub(crate) wire_bytes: usize,
    pub(crate) hops: Vec<Hop>,
    /// From the request until the last byte of the last hop.
    pub(crate) took: Duration,
    /// This machine's clock in the middle of that.
    pub(crate) at: SystemTime,
}

/// What became of a request.
pub(crate) type Outcome = Result<Answer, Trouble>;

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The JSON of a success.
    pub(crate) fn good(&self) -> Option<Value> {
        (self.status == 200).then(|| self.json()).flatten()
    }

    pub(crate) fn is_html(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.contains("html"))
    }
}

/// The JSON of a success, whatever else may have happened.
pub(crate) fn good(outcome: &Outcome) -> Option<Value> {
    outcome.as_ref().ok().and_then(Answer::good)
}

/// A request to be made.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

impl Ask {
    pub(crate) fn get(url: Url) -> Self {
        Self { method: Method::GET, url, headers: vec![("accept", "application/json".to_owned())], body: Bytes::new() }
    }

    pub(crate) fn json(method: Method, url: Url, body: &Value) -> Self {
        let headers = [("accept", "application/json"), ("content-type", "application/json")];
        let headers = headers.map(|(name, value)| (name, value.to_owned())).to_vec();
        Self { method, url, headers, body: Bytes::from(body.to_string()) }
    }

    /// One file as `attachments[]`, as the SDK sends it.
    pub(crate) fn file(url: Url, fields: &[(&str, &str)], name: &str, bytes: usize) -> Self {
        let boundary = "shopbell-doctor-boundary";
        let mut body = BytesMut::with_capacity(bytes + 1_024);
        for (field, value) in fields {
            body.extend_from_slice(
                format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n")
                    .as_bytes(),
            );
        }
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"attachments[]\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.resize(body.len() + bytes, b'.');
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let headers = vec![
            ("accept", "application/json".to_owned()),
            ("content-type", format!("multipart/form-data; boundary={boundary}")),
        ];
        Self { method: Method::POST, url, headers, body: body.freeze() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }
}

/// The client: HTTP/1.1 over kept connections and Mozilla's roots, as the SDK; redirects and packing are seen.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: Client,
    desk: Url,
    inbox: String,
    timeout: Duration,
}

impl Http {
    pub(crate) fn new(options: &Options, tls: rustls::ClientConfig) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .no_gzip()
            // A phone has no proxy of this machine's.
            .no_proxy()
            .connect_timeout(options.timing.connect)
            .user_agent(concat!("shopbell-doctor/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let (desk, inbox) = (options.desk.clone(), options.inbox.clone());
        Ok(Self { client, desk, inbox, timeout: options.timing.request })
    }

    /// An address below the desk's; each segment is encoded.
    pub(crate) fn at(&self, path: &[&str]) -> Url {
        below(&self.desk, path)
    }

    /// An address below the inbox's.
    pub(crate) fn inbox(&self, path: &[&str]) -> Url {
        let head = ["public", "api", "v1", "inboxes", &self.inbox];
        self.at(&[&head, path].concat())
    }

    pub(crate) async fn get(&self, url: Url) -> Outcome {
        self.ask(Ask::get(url)).await
    }

    /// Asks, within the time of a request, and follows the redirects that the SDK would follow.
    pub(crate) async fn ask(&self, ask: Ask) -> Outcome {
        match tokio::time::timeout(self.timeout, self.follow(ask)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Trouble::Late(self.timeout)),
        }
    }

    async fn follow(&self, mut ask: Ask) -> Outcome {
        let (start, began, started) = (ask.url.clone(), Instant::now(), wall_clock());
        let mut hops = Vec::new();
        loop {
            let mut answer = self.once(&ask).await?;
            let target = target(&ask.url, &answer);
            let next = target.filter(|next| hops.len() < MAX_REDIRECTS && follows(&start, answer.status, next));
            if (300..400).contains(&answer.status) && answer.status != 304 {
                let to = answer.header("location").unwrap_or("nowhere").to_owned();
                hops.push(Hop { status: answer.status, to, followed: next.is_some() });
            }
            if let Some(next) = next {
                ask.url = next;
                continue;
            }
            answer.hops = hops;
            answer.took = began.elapsed();
            answer.at = started + answer.took / 2;
            return Ok(answer);
        }
    }

    async fn once(&self, ask: &Ask) -> Outcome {
        let mut request = self.client.request(ask.method.clone(), ask.url.clone());
        request = request.header("accept-encoding", "gzip");
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        if !ask.body.is_empty() || ask.method != Method::GET {
            request = request.body(ask.body.clone());
        }
        let mut response = request.send().await.map_err(|error| trouble(&error))?;
        let status = response.status().as_u16();
        let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers: BTreeMap<_, _> =
            response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| trouble(&error))? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(Trouble::Unreadable);
            }
            body.extend_from_slice(&chunk);
        }
        let wire_bytes = body.len();
        let packed = headers.get("content-encoding").is_some_and(|how| how.eq_ignore_ascii_case("gzip"));
        let body = if packed { unpack(&body)? } else { body.freeze() };
        Ok(Answer { status, headers, body, wire_bytes, hops: Vec::new(), took: Duration::ZERO, at: wall_clock() })
    }
}

/// Appends segments to an address; a path is kept as a prefix.
pub(crate) fn below(url: &Url, path: &[&str]) -> Url {
    let mut url = url.clone();
    // An http address always takes segments.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}

fn target(from: &Url, answer: &Answer) -> Option<Url> {
    from.join(answer.header("location")?).ok()
}

/// Whether the SDK follows: only what keeps verb and body, and only to the same server, or up to its https.
fn follows(start: &Url, status: u16, next: &Url) -> bool {
    let upgrade = start.scheme() == "http" && next.scheme() == "https" && next.port().is_none();
    matches!(status, 307 | 308) && start.host() == next.host() && (upgrade || start.origin() == next.origin())
}

fn unpack(body: &[u8]) -> Result<Bytes, Trouble> {
    let mut plain = Vec::new();
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    let read = GzDecoder::new(body).take(limit + 1).read_to_end(&mut plain).map_err(|_| Trouble::Unreadable)?;
    if read > MAX_BYTES { Err(Trouble::Unreadable) } else { Ok(Bytes::from(plain)) }
}

/// Without its text: that holds addresses, and an address holds a contact's secret.
fn trouble(error: &reqwest::Error) -> Trouble {
    if error.is_connect() { Trouble::NoConnection } else { Trouble::Cut }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_a_redirect_that_the_sdk_takes_is_followed() {
        let url = |text| Url::parse(text).unwrap();
        for (from, status, to, followed) in [
            ("http://d.example/a", 308, "https://d.example/a", true),
            ("https://d.example/a", 307, "https://d.example/b", true),
            ("https://d.example/a", 301, "https://d.example/b", false),
            ("https://d.example/a", 308, "https://www.d.example/a", false),
            ("https://d.example/a", 308, "http://d.example/a", false),
            ("http://d.example/a", 308, "https://d.example:444/a", false),
        ] {
            assert_eq!(follows(&url(from), status, &url(to)), followed, "{from} {status} {to}");
        }
    }

    #[test]
    fn prefix_of_the_address_is_kept() {
        let desk = Url::parse("https://d.example/support/").unwrap();
        assert_eq!(below(&desk, &["api"]).as_str(), "https://d.example/support/api");
        assert_eq!(below(&desk, &["a/b", "?"]).as_str(), "https://d.example/support/a%2Fb/%3F");
    }

    #[test]
    fn body_that_unpacks_to_too_much_is_unreadable() {
        use std::io::Write;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(&vec![0; MAX_BYTES + 1]).unwrap();
        assert_eq!(unpack(&packer.finish().unwrap()), Err(Trouble::Unreadable));
        assert_eq!(unpack(b"no gzip"), Err(Trouble::Unreadable));
    }
}
