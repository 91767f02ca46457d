//! Requests and answers: one connection pool, a cap on every body, and a first judgement of what came back.
//!
//! What a failure here says about [`Happened`]:
//!
//! | what was seen | fault | happened | why |
//! | --- | --- | --- | --- |
//! | no DNS answer, no TCP, no TLS | network | no | the request never left |
//! | a certificate that is not trusted | untrusted | no | the same |
//! | time-out, reset or end after that | network | maybe | the desk may have read all of it |
//! | a redirect to elsewhere, or one that would turn a write into a read | network | no | desks redirect before they act; portals never forward |
//! | 407, 511, 3xx of any other kind | network | no | something on the way speaks for itself |
//! | 2xx that is not the desk's kind of answer | network | maybe | a proxy may have forwarded the request and kept the answer |
//! | 2xx of the right kind but not readable | network (cut off) or desk (nonsense) | maybe | the desk has acted |
//! | body over the cap | desk | maybe | the desk has acted |
//! | 4xx in the desk's own form | see [`refusals`](super::refusals) | no | a refusal |
//! | 4xx in another form | network, over TLS desk | no | see [`Http::foreign`] |
//! | 429 | throttled | no | the throttle stands before the application |
//! | 408, 5xx | desk | maybe | the desk may have failed after it acted |
//! | any of these before the last bytes of a message with files have left | as above | no | what is not whole can't be acted on |
//!
//! No text made here holds a URL: the session's key is a part of it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{
    Method, StatusCode,
    header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, DATE, ETAG, HeaderValue, IF_NONE_MATCH, LOCATION, RETRY_AFTER},
};
use serde_json::Value;
use tokio::time::timeout;
use url::Url;

use super::{
    body::{self, Broken},
    dial::Dialer,
    lenient::{List, Wire, http_date, retry_after},
    transport::{Response, Transport, empty, late, text, whole, whole_body},
};
use crate::{
    Clock, Limits, Timestamp,
    backend::{BackendError, Fault},
};

/// A redirect within the desk is a proxy's tidying of addresses: one is common, more than three is a loop.
const MAX_REDIRECTS: usize = 3;

/// How many times [`Limits::request_timeout`] a list with whole histories may take, as long as bytes keep coming: on a
/// slow network it would otherwise never arrive.
const LONG_ANSWER: u32 = 10;

/// What a path stands below.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Root {
    /// The inbox.
    Inbox,
    /// The desk itself.
    Desk,
    /// The help centres' public pages.
    #[cfg(feature = "help-center")]
    HelpCenters,
}

/// One request.
pub(super) struct Request<'a> {
    /// The verb.
    pub(super) method: Method,
    /// Names the request in errors and logs; holds no id and no token.
    pub(super) label: &'static str,
    /// Where the path begins.
    pub(super) root: Root,
    /// What follows in the path, a segment each.
    pub(super) path: Vec<String>,
    /// `name=number`, each.
    pub(super) query: Vec<(&'static str, i64)>,
    /// JSON.
    pub(super) body: Option<Value>,
    /// Of an earlier answer.
    pub(super) validator: Option<&'a str>,
    /// The answer may be long.
    pub(super) long: bool,
    /// The kind of answer that is wanted.
    pub(super) accept: &'static str,
    /// The longest answer that is read, in bytes, where that is less than the configured limit.
    pub(super) max_bytes: usize,
}

/// What the desk speaks.
const JSON: &str = "application/json";

impl Request<'_> {
    pub(super) fn new(method: Method, label: &'static str, path: &[&str]) -> Self {
        let path = path.iter().map(|segment| (*segment).to_owned()).collect();
        let (root, query, body) = (Root::Inbox, Vec::new(), None);
        let (accept, max_bytes) = (JSON, usize::MAX);
        Self { method, label, root, path, query, body, validator: None, long: false, accept, max_bytes }
    }

    pub(super) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }
}

/// In whose form an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// JSON, as the desk speaks.
    Json,
    /// Nothing, as the desk answers where there is nothing to say.
    Empty,
    /// Anything else: a portal, a proxy, a firewall.
    Foreign,
}

/// An answer, read to its end.
pub(super) struct Reply {
    pub(super) label: &'static str,
    pub(super) status: StatusCode,
    pub(super) form: Form,
    pub(super) etag: Option<String>,
    pub(super) retry_after: Option<Duration>,
    /// When the desk's server wrote it, by its own clock, where it says so.
    pub(super) date: Option<Timestamp>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    /// The body, an object.
    pub(super) fn object<T: Wire>(&self) -> Result<T, BackendError> {
        T::of(self.json()?).ok_or_else(|| self.nonsense("of an unknown shape"))
    }

    /// The body, a list.
    pub(super) fn list<T: Wire>(&self) -> Result<List<T>, BackendError> {
        self.must_be(Form::Json)?;
        List::of(&self.body).map_err(|broken| match broken {
            Broken::CutOff => self.cut_off(self.body.len()),
            Broken::NoList => self.nonsense("no list"),
        })
    }

    /// The body, whatever it holds.
    pub(super) fn json(&self) -> Result<Value, BackendError> {
        self.must_be(Form::Json)?;
        serde_json::from_slice(&self.body).map_err(|error| self.unreadable(&error))
    }

    /// The position is told, never the text: it may be what somebody wrote.
    fn unreadable(&self, error: &serde_json::Error) -> BackendError {
        let byte = error.column();
        match error.classify() {
            serde_json::error::Category::Eof => self.cut_off(byte),
            serde_json::error::Category::Data => self.nonsense(&format!("of an unknown shape (byte {byte})")),
            _ => self.nonsense(&format!("not JSON (byte {byte})")),
        }
    }

    fn cut_off(&self, byte: usize) -> BackendError {
        BackendError::unclear(Fault::Network, format!("{}: the answer is cut off (byte {byte})", self.label))
    }

    fn nonsense(&self, what: &str) -> BackendError {
        BackendError::unclear(Fault::Desk, format!("{}: the answer is {what}", self.label))
    }

    /// That nothing but the desk can have answered.
    pub(super) fn must_be_ours(&self) -> Result<(), BackendError> {
        if self.form == Form::Empty { Ok(()) } else { self.must_be(Form::Json) }
    }

    fn must_be(&self, form: Form) -> Result<(), BackendError> {
        if self.form == form {
            return Ok(());
        }
        let detail = format!("{}: {} with a body that is not the desk's", self.label, self.status.as_u16());
        Err(BackendError::unclear(Fault::Network, detail))
    }
}

/// The way to one inbox of one desk.
pub(super) struct Http {
    pub(super) transport: Transport,
    desk: Url,
    inbox: Url,
    max_bytes: usize,
    pub(super) request_timeout: Duration,
    pub(super) stall_timeout: Duration,
    pub(super) files_answer: Duration,
    clock: Arc<dyn Clock>,
}

impl Http {
    /// Makes it. No connection is opened.
    pub(super) fn new(
        desk: &Url,
        inbox: &str,
        user_agent: &str,
        limits: &Limits,
        dialer: Dialer,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, String> {
        let mut inbox_url = desk.clone();
        inbox_url
            .path_segments_mut()
            .map_err(|()| "the desk's address can't have a path".to_owned())?
            .pop_if_empty()
            .extend(["public", "api", "v1", "inboxes", inbox]);
        Ok(Self {
            transport: Transport::new(dialer, user_agent)?,
            desk: desk.clone(),
            inbox: inbox_url,
            max_bytes: limits.max_response_bytes,
            request_timeout: limits.request_timeout,
            stall_timeout: limits.stall_timeout,
            files_answer: limits.files_answer(),
            clock,
        })
    }

    /// Whether the desk itself is reached in the clear: on this machine, or on a developer's own network.
    pub(super) fn is_plain(&self) -> bool {
        self.inbox.scheme() == "http"
    }

    /// Whether it is the desk's own host.
    pub(super) fn is_desk(&self, url: &Url) -> bool {
        self.inbox.host() == url.host()
    }

    /// The address below the inbox's. The segments are put in whole: nothing in one leads elsewhere.
    pub(super) fn below(&self, root: Root, label: &'static str, path: &[String]) -> Result<Url, BackendError> {
        let mut url = self.root(root);
        // An empty key would name another route, and a dotted one a folder above.
        if path.iter().any(|segment| matches!(segment.as_str(), "" | "." | "..")) {
            return Err(BackendError::refused(Fault::SessionGone, format!("{label}: not a key")));
        }
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path);
        }
        Ok(url)
    }

    /// Sends and reads to the end. `Ok` is any answer but a redirect; the status is not judged yet.
    pub(super) async fn send(&self, request: Request<'_>) -> Result<Reply, BackendError> {
        let label = request.label;
        let mut url = self.below(request.root, label, &request.path)?;
        for (name, number) in &request.query {
            url.query_pairs_mut().append_pair(name, &number.to_string());
        }
        let time = if request.long { self.request_timeout.saturating_mul(LONG_ANSWER) } else { self.request_timeout };
        let work = async {
            let response =
                timeout(self.request_timeout, self.follow(&request, url)).await.map_err(|_| late(label))??;
            self.read_up_to(label, response, request.max_bytes.min(self.max_bytes)).await
        };
        timeout(time, work).await.map_err(|_| late(label))?
    }

    /// Sends, and follows what stays with the desk.
    async fn follow(&self, request: &Request<'_>, start: Url) -> Result<Response, BackendError> {
        let body = request.body.as_ref().map(|body| Bytes::from(body.to_string()));
        // One that is no header (from a damaged store) is left out: the answer is then whole.
        let validator = request.validator.and_then(|validator| HeaderValue::from_str(validator).ok());
        let (mut url, mut left) = (start.clone(), MAX_REDIRECTS);
        loop {
            let mut call = self
                .transport
                .request(request.method.clone(), &url)
                .header(ACCEPT, request.accept)
                .header(ACCEPT_ENCODING, "gzip");
            if body.is_some() {
                call = call.header(CONTENT_TYPE, JSON);
            }
            if let Some(validator) = &validator {
                call = call.header(IF_NONE_MATCH, validator);
            }
            let call = call.body(body.clone().map_or_else(empty, whole));
            let response = self.transport.send(request.label, call).await?;
            match next_step(&start, &url, &response) {
                Some(next) if left > 0 => (url, left) = (next, left - 1),
                _ => return Ok(response),
            }
        }
    }

    /// The address that paths below `root` begin with.
    pub(super) fn root(&self, root: Root) -> Url {
        match root {
            Root::Inbox => self.inbox.clone(),
            Root::Desk => {
                let mut url = self.desk.clone();
                if let Ok(mut segments) = url.path_segments_mut() {
                    segments.pop_if_empty();
                }
                url
            }
            #[cfg(feature = "help-center")]
            Root::HelpCenters => {
                let mut url = self.desk.clone();
                if let Ok(mut segments) = url.path_segments_mut() {
                    segments.pop_if_empty().push("hc");
                }
                url
            }
        }
    }

    pub(super) async fn read(&self, label: &'static str, response: Response) -> Result<Reply, BackendError> {
        self.read_up_to(label, response, self.max_bytes).await
    }

    async fn read_up_to(
        &self,
        label: &'static str,
        mut response: Response,
        max_bytes: usize,
    ) -> Result<Reply, BackendError> {
        let status = response.status();
        let etag = text(&response, &ETAG).map(str::to_owned);
        let media = text(&response, &CONTENT_TYPE).map(str::to_ascii_lowercase);
        let date = text(&response, &DATE).and_then(http_date);
        let retry_after = wait_asked_for(&response, self.clock.as_ref());
        if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
            let detail = format!("{label}: {} leads away from the desk", status.as_u16());
            return Err(BackendError::refused(Fault::Network, detail));
        }
        let body = whole_body(label, &mut response, max_bytes, self.request_timeout).await?.ok_or_else(|| {
            let detail = format!("{label}: the answer is longer than {max_bytes} bytes");
            BackendError::unclear(Fault::Desk, detail)
        })?;
        let form = form(media.as_deref(), &body);
        let body = if form == Form::Json { body::mend(body) } else { body };
        Ok(Reply { label, status, form, etag, retry_after, date, body })
    }

    /// A 4xx in a form that is not the desk's. Over TLS it can only be what the desk itself hides behind (a firewall's
    /// 403): the desk fails, and attempts are counted. Without, it may be anybody's: wait for another network.
    pub(super) fn foreign(&self, reply: &Reply) -> BackendError {
        let fault = if self.inbox.scheme() == "https" { Fault::Desk } else { Fault::Network };
        let detail = format!("{}: {} from something before the desk", reply.label, reply.status.as_u16());
        BackendError::refused(fault, detail)
    }
}

/// How long a throttle asks to wait. A date is held against the clock of who answers, where that is told.
pub(super) fn wait_asked_for(response: &Response, clock: &dyn Clock) -> Option<Duration> {
    let date = text(response, &DATE).and_then(http_date);
    retry_after(text(response, &RETRY_AFTER)?, date.unwrap_or_else(|| clock.now()))
}

/// Where a redirect leads, if it stays with the desk: same scheme (or up to https), same host, same port, and only
/// those kinds that keep verb and body. A 302 would turn the sending of a message into the reading of messages, and that
/// into a wrong success.
fn next_step(start: &Url, url: &Url, response: &Response) -> Option<Url> {
    let keeps_verb = matches!(response.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
    let next = url.join(text(response, &LOCATION).filter(|_| keeps_verb)?).ok()?;
    let upgrade = start.scheme() == "http" && next.scheme() == "https" && next.port().is_none();
    (start.host() == next.host() && (upgrade || start.origin() == next.origin())).then_some(next)
}

fn form(media: Option<&str>, body: &[u8]) -> Form {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    match (media, first) {
        (Some(media), None) if media.contains("html") => Form::Foreign,
        (_, None) => Form::Empty,
        (Some(media), Some(_)) if media.contains("json") => Form::Json,
        // A proxy that strips headers.
        (None, Some(b'{' | b'[')) => Form::Json,
        _ => Form::Foreign,
    }
}
