//! One pool of connections for all that is asked, and how an answer's body is taken in.

use std::{
    error::Error,
    io::{self, Write},
    time::Duration,
};

use bytes::Bytes;
use flate2::write::GzDecoder;
use futures_util::TryStreamExt as _;
use http::{
    HeaderValue, Method,
    header::{CONTENT_ENCODING, HeaderName, USER_AGENT},
    request::Builder,
};
use http_body_util::{BodyExt as _, Empty, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use url::Url;

use super::dial::{Dialer, Untrusted};
use crate::backend::{BackendError, Fault, Happened};

/// How long an unused connection is kept. Short: one that slept through a phone's suspension is dead without knowing,
/// and a message sent over it would only fail after the whole time-out.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What a request carries. Boxed: a request is compiled once, not for each kind of body.
pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// An answer's head, and its body to come.
pub(super) type Response = http::Response<Incoming>;

/// Nothing.
pub(super) fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// All of it at once.
pub(super) fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// Piece by piece.
pub(super) fn pieces(stream: impl futures_core::Stream<Item = io::Result<Bytes>> + Send + 'static) -> Body {
    StreamBody::new(stream.map_ok(Frame::data)).boxed_unsync()
}

/// Sends requests as they are: no redirect is followed, no time-out stands over them but the one of connecting.
pub(super) struct Transport {
    client: Client<Dialer, Body>,
    user_agent: HeaderValue,
}

impl Transport {
    /// Makes it. No connection is opened.
    pub(super) fn new(dialer: Dialer, user_agent: &str) -> Result<Self, String> {
        let user_agent = HeaderValue::from_str(user_agent).map_err(|_| "the user agent can't be sent".to_owned())?;
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(KEEP_ALIVE)
            .build(dialer);
        Ok(Self { client, user_agent })
    }

    /// A request of that address. What is wrong with it is told when it is sent.
    pub(super) fn request(&self, method: Method, url: &Url) -> Builder {
        http::Request::builder().method(method).uri(url.as_str()).header(USER_AGENT, &self.user_agent)
    }

    /// Sends it, and returns with the head of the answer. Dropped before, the connection is closed.
    pub(super) async fn send(
        &self,
        label: &'static str,
        request: http::Result<http::Request<Body>>,
    ) -> Result<Response, BackendError> {
        let never_left = |error: &dyn Error| {
            BackendError::refused(Fault::Network, format!("{label}: no request: {}", innermost(error)))
        };
        let request = request.map_err(|error| never_left(&error))?;
        self.client.request(request).await.map_err(|error| {
            let (happened, what) =
                if error.is_connect() { (Happened::No, "no connection") } else { (Happened::Maybe, "no answer") };
            let detail = format!("{label}: {what}: {}", innermost(&error));
            BackendError { fault: fault(&error), happened, detail }
        })
    }
}

/// What kept a connection from being made.
pub(super) fn fault(error: &(dyn Error + 'static)) -> Fault {
    match Untrusted::below(error) {
        Some(Untrusted { problem }) => Fault::Untrusted { problem: problem.clone() },
        None => Fault::Network,
    }
}

/// A header of an answer, where it is a text.
pub(super) fn text<'a>(response: &'a Response, name: &HeaderName) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// The next piece of a body, as it came over the wire; `None` at its end.
pub(super) async fn next_piece(label: &'static str, response: &mut Response) -> Result<Option<Bytes>, BackendError> {
    loop {
        match response.frame().await {
            None => return Ok(None),
            Some(Err(error)) => return Err(cut_off(label, &error)),
            // What follows a body in chunks says nothing that is needed here.
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// The whole body, unpacked where it is packed; `None` if that is longer than `most` bytes. Each piece of it must come
/// within `patience`.
pub(super) async fn whole_body(
    label: &'static str,
    response: &mut Response,
    most: usize,
    patience: Duration,
) -> Result<Option<Vec<u8>>, BackendError> {
    let room = Room { bytes: Vec::new(), most };
    let packed = text(response, &CONTENT_ENCODING).is_some_and(|encoding| encoding.trim().eq_ignore_ascii_case("gzip"));
    let mut sink = if packed { Sink::Gzip(Box::new(GzDecoder::new(room))) } else { Sink::Plain(room) };
    let mut some = false;
    loop {
        let late = |_| BackendError::unclear(Fault::Network, format!("{label}: the answer is not whole in time"));
        let piece = tokio::time::timeout(patience, next_piece(label, response)).await.map_err(late)??;
        let taken = match &piece {
            Some(piece) => sink.take(piece),
            // An answer without a body may still name what it would have been packed with.
            None if some => sink.end(),
            None => Ok(()),
        };
        match (taken, piece) {
            (Err(error), _) if error.kind() == io::ErrorKind::FileTooLarge => return Ok(None),
            (Err(error), _) => return Err(cut_off(label, &error)),
            (Ok(()), None) => return Ok(Some(sink.bytes())),
            (Ok(()), Some(_)) => some = true,
        }
    }
}

enum Sink {
    Plain(Room),
    Gzip(Box<GzDecoder<Room>>),
}

impl Sink {
    fn take(&mut self, piece: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(room) => room.write_all(piece),
            Self::Gzip(decoder) => decoder.write_all(piece),
        }
    }

    fn end(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Gzip(decoder) => decoder.try_finish(),
        }
    }

    fn bytes(self) -> Vec<u8> {
        let mut room = match self {
            Self::Plain(room) => return room.bytes,
            Self::Gzip(decoder) => decoder,
        };
        std::mem::take(&mut room.get_mut().bytes)
    }
}

/// Holds no more than it may: a small gzip can hold gigabytes.
struct Room {
    bytes: Vec<u8>,
    most: usize,
}

impl Write for Room {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.bytes.len().saturating_add(piece.len()) > self.most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// No answer came while it was waited for.
pub(super) fn late(label: &str) -> BackendError {
    BackendError::unclear(Fault::Network, format!("{label}: no answer in time"))
}

/// The answer began and did not end.
fn cut_off(label: &'static str, error: &dyn Error) -> BackendError {
    BackendError::unclear(Fault::Network, format!("{label}: the answer is cut off: {}", innermost(error)))
}

/// The innermost cause: the outer ones only say that there is one. None of them holds an address.
fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
