//! The door of the desk: every request passes here once. It is the proxy (body limit), Rack (rate limit, ETag, CORS,
//! request ids) and the bad network (faults) in one, and it keeps the log.

use std::{
    collections::{HashMap, VecDeque},
    io,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, BodyDataStream, to_bytes},
    http::{
        HeaderName, HeaderValue, Method, Request, Response, StatusCode,
        header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, ORIGIN, RANGE},
    },
    response::IntoResponse,
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use hyper::{body::Incoming, service::Service};
use hyper_util::service::TowerToHyperService;
use ring::digest;

use crate::{
    clock::{self, Millis},
    domain::{Refusal, hex},
    faults::Fault,
    random::Random,
    request_log::{RequestLog, RequestLogs},
    shared::{Shared, within},
    wire::Abort,
};

/// The request ends with its connection, not with an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection was cut on purpose")]
pub(crate) struct Cut;

/// How many messages an answer holds, in all its conversations: an extension of such a response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MessagesHeld(pub(crate) usize);

/// Marks the answer to a request that a fault ended when it had been handled.
#[derive(Debug, Clone, Copy)]
struct GivenUp;

/// A line of the log, written when the request ends in whatever way: a hanging one ends when its client gives up.
struct Entry<'a> {
    logs: &'a RequestLogs,
    log: RequestLog,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.logs.push(self.log.clone());
    }
}

/// The door.
#[derive(Debug)]
pub(crate) struct Gate {
    shared: Arc<Shared>,
    router: TowerToHyperService<Router>,
    recent: Mutex<HashMap<IpAddr, VecDeque<Millis>>>,
    passed: AtomicU64,
}

impl Gate {
    pub(crate) fn new(shared: Arc<Shared>, router: Router) -> Self {
        Self { shared, router: TowerToHyperService::new(router), recent: Mutex::default(), passed: AtomicU64::new(0) }
    }

    /// Answers a request, or cuts its connection.
    pub(crate) async fn pass(
        &self,
        mut request: Request<Incoming>,
        from: IpAddr,
        abort: Abort,
    ) -> Result<Response<Body>, Cut> {
        let backstage = is_backstage(request.uri().path());
        if self.shared.faults.is_offline() && !backstage {
            abort.set();
            return Err(Cut);
        }
        let method = request.method().as_str().to_owned();
        let path = request.uri().path().to_owned();
        if backstage {
            return self.answer(request, from).await;
        }
        let mut entry = Entry {
            logs: &self.shared.requests,
            log: RequestLog {
                query: request.uri().query().unwrap_or_default().to_owned(),
                status: 0,
                request_bytes: length_of(request.headers().get(CONTENT_LENGTH)),
                response_bytes: 0,
                if_none_match: request.headers().contains_key(IF_NONE_MATCH),
                range: request.headers().contains_key(RANGE),
                faulted: false,
                method,
                path,
            },
        };
        let (late, fault) = self.shared.faults.for_request(&entry.log.method, &entry.log.path);
        entry.log.faulted = fault.is_some() || !late.is_zero();
        if !late.is_zero() {
            tokio::time::sleep(late).await;
        }
        request.extensions_mut().insert(abort.clone());
        let outcome = self.play(request, from, fault, &abort).await;
        if let Ok(response) = &outcome {
            entry.log.status = response.status().as_u16();
            entry.log.response_bytes = length_of(response.headers().get(CONTENT_LENGTH));
            entry.log.faulted |= response.extensions().get::<GivenUp>().is_some();
        }
        outcome
    }

    async fn play(
        &self,
        request: Request<Incoming>,
        from: IpAddr,
        fault: Option<Fault>,
        abort: &Abort,
    ) -> Result<Response<Body>, Cut> {
        match fault {
            Some(Fault::DropBeforeWrite) => {
                abort.set();
                Err(Cut)
            }
            Some(Fault::ResetAfterWrite) => {
                self.answer(request, from).await?;
                abort.set();
                Err(Cut)
            }
            Some(Fault::Status(status)) => {
                drain(request).await;
                Ok(proxy_page(status))
            }
            Some(Fault::StatusAfterWrite(status)) => {
                self.answer(request, from).await?;
                Ok(proxy_page(status))
            }
            Some(Fault::TooManyRequests) => {
                drain(request).await;
                Ok(retry_later())
            }
            Some(Fault::TruncateBody(bytes)) => {
                let response = self.answer(request, from).await?;
                Ok(truncated(response, bytes, Some(abort.clone())).await)
            }
            Some(Fault::StallBody(bytes)) => {
                let response = self.answer(request, from).await?;
                Ok(truncated(response, bytes, None).await)
            }
            Some(Fault::ResetUpload(bytes)) => {
                drop(read_some(request, bytes).await);
                abort.set();
                Err(Cut)
            }
            Some(Fault::StallUpload(bytes)) => {
                let _open = read_some(request, bytes).await;
                std::future::pending::<()>().await;
                Err(Cut)
            }
            Some(Fault::Redirect(location)) => {
                drain(request).await;
                let mut response = plain(302, "");
                set(&mut response, LOCATION, &location);
                Ok(response)
            }
            Some(Fault::CaptivePortal) => {
                drain(request).await;
                Ok(page(200, "Welcome to the hotel's network. Accept the terms to go on."))
            }
            Some(Fault::CableRefuse) => Ok(plain(404, "Page not found")),
            Some(Fault::Hang) => {
                // Never an answer; the connection's end or the sandbox's drops this.
                std::future::pending::<()>().await;
                Err(Cut)
            }
            _ => self.answer(request, from).await,
        }
    }

    /// What an undisturbed desk answers.
    async fn answer(&self, request: Request<Incoming>, from: IpAddr) -> Result<Response<Body>, Cut> {
        if self.is_throttled(from) {
            return Ok(retry_later());
        }
        let request = request.map(Body::new);
        let request = match self.shared.options.max_body_bytes {
            None => request,
            Some(limit) => match within_limit(request, limit).await {
                Some(request) => request,
                None => return Ok(proxy_page(413)),
            },
        };
        let known = request.headers().get(IF_NONE_MATCH).cloned();
        let conditional = matches!(*request.method(), Method::GET | Method::HEAD);
        let storage = request.uri().path().starts_with("/rails/active_storage/disk/");
        let public_api = request.uri().path().starts_with("/public/api");
        let cross_origin = request.headers().contains_key(ORIGIN) && public_api;
        let mut response = if cross_origin && request.method() == Method::OPTIONS {
            Response::new(Body::empty())
        } else {
            let (method, path) = (request.method().as_str().to_owned(), request.uri().path().to_owned());
            let Ok(response) = self.router.call(request).await;
            let held = response.extensions().get::<MessagesHeld>().map_or(0, |held| held.0);
            match self.shared.faults.given_up(&method, &path, held) {
                None => response,
                Some(after) => {
                    tokio::time::sleep(after).await;
                    let mut response = Refusal::Internal.into_response();
                    response.extensions_mut().insert(GivenUp);
                    response
                }
            }
        };
        // From a count of its own, so that tokens do not depend on how many requests came before.
        let request_id = Random::new(self.passed.fetch_add(1, Ordering::Relaxed)).uuid();
        set(&mut response, HeaderName::from_static("x-request-id"), &request_id);
        if cross_origin {
            set(&mut response, HeaderName::from_static("access-control-allow-origin"), "*");
            let methods = "GET, POST, PUT, PATCH, DELETE, OPTIONS, HEAD";
            set(&mut response, HeaderName::from_static("access-control-allow-methods"), methods);
            set(&mut response, HeaderName::from_static("access-control-allow-headers"), "*");
        }
        if response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json") {
            set(&mut response, CONTENT_TYPE, "application/json; charset=utf-8");
        }
        let upgrade = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        // Storage, which knows a file by its time, is not Rails; and a page may bring an ETag of its own.
        let tagged_already = storage || response.headers().contains_key(ETAG);
        if upgrade || tagged_already || response.headers().contains_key(LOCATION) {
            return Ok(response);
        }
        Ok(tagged(response, known.filter(|_| conditional).as_ref()).await)
    }

    fn is_throttled(&self, from: IpAddr) -> bool {
        let Some(limit) = self.shared.options.ip_limit else { return false };
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = recent.entry(from).or_default();
        while recent.front().is_some_and(|at| !within(*at, 60_000)) {
            recent.pop_front();
        }
        recent.push_back(clock::now());
        recent.len() > usize::try_from(limit).unwrap_or(usize::MAX)
    }
}

/// Whether a path is the agent's or the sandbox's own. Faults are those of the customer's network, and the log is of the
/// customer's requests, so neither concerns these; else nobody could heal what was broken.
fn is_backstage(path: &str) -> bool {
    path == "/" || ["/sandbox/", "/api/v1/"].iter().any(|prefix| path.starts_with(prefix))
}

/// The request with its body read, or nothing if that is too large: with or without a `Content-Length`.
async fn within_limit(request: Request<Body>, limit: usize) -> Option<Request<Body>> {
    let (parts, body) = request.into_parts();
    let mut chunks = body.into_data_stream();
    let mut held = Vec::new();
    let mut length = 0;
    while let Some(Ok(chunk)) = chunks.next().await {
        length += chunk.len();
        // Past the limit it is still read, as below, but no longer kept.
        if length <= limit {
            held.extend_from_slice(&chunk);
        }
    }
    (length <= limit).then(|| Request::from_parts(parts, Body::from(held)))
}

/// Reads a body nobody wants. Answering before its end would close the connection under the client's writing, and it
/// would see a broken pipe in place of the answer (nginx lingers for the same reason).
async fn drain(request: Request<Incoming>) {
    let mut chunks = Body::new(request.into_body()).into_data_stream();
    while let Some(Ok(_)) = chunks.next().await {}
}

/// Reads so much of a body, and no more; the rest waits as long as what is given lives.
async fn read_some(request: Request<Incoming>, bytes: usize) -> BodyDataStream {
    let mut chunks = Body::new(request.into_body()).into_data_stream();
    let mut length = 0;
    while length < bytes
        && let Some(Ok(chunk)) = chunks.next().await
    {
        length += chunk.len();
    }
    chunks
}

/// Rack::ETag and Rack::ConditionalGet: a weak tag of the body on 200, 304 without a body if the client has it.
async fn tagged(response: Response<Body>, known: Option<&HeaderValue>) -> Response<Body> {
    let (parts, body) = response.into_parts();
    // The bodies are the desk's own, so they can be read whole.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let mut response = Response::from_parts(parts, Body::empty());
    let is_tagged = response.status() == StatusCode::OK && !bytes.is_empty();
    if !is_tagged {
        set(&mut response, CACHE_CONTROL, "no-cache");
        return with_body(response, bytes);
    }
    let digest = hex(digest::digest(&digest::SHA256, &bytes).as_ref());
    let tag = format!("W/\"{}\"", digest.get(..32).unwrap_or(&digest));
    set(&mut response, ETAG, &tag);
    set(&mut response, CACHE_CONTROL, "max-age=0, private, must-revalidate");
    let held = known.and_then(|known| known.to_str().ok()).unwrap_or_default();
    if held.split(',').any(|held| held.trim() == tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().remove(CONTENT_TYPE);
        response.headers_mut().remove(CONTENT_LENGTH);
        return response;
    }
    with_body(response, bytes)
}

/// An answer that promises more than it gives: it ends with a reset, or, with nothing to abort, never.
async fn truncated(response: Response<Body>, length: usize, abort: Option<Abort>) -> Response<Body> {
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let mut response = Response::from_parts(parts, Body::empty());
    set(&mut response, CONTENT_LENGTH, &bytes.len().to_string());
    let first = stream::iter([Ok(bytes.slice(..length.min(bytes.len())))]);
    let end = stream::once(async move {
        let Some(abort) = abort else { return std::future::pending().await };
        // Time for the first part to leave: what is still in the buffer when the stream fails is never sent.
        tokio::time::sleep(Duration::from_millis(20)).await;
        abort.set();
        Err::<Bytes, io::Error>(io::ErrorKind::ConnectionReset.into())
    });
    *response.body_mut() = Body::from_stream(first.chain(end));
    response
}

fn retry_later() -> Response<Body> {
    // rack-attack's default answer says neither how long nor in JSON.
    plain(429, "Retry later\n")
}

/// What nginx says when the desk behind it can't, or when a body is too large.
fn proxy_page(status: u16) -> Response<Body> {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    page(status, &format!("{status} {reason}"))
}

fn page(status: u16, text: &str) -> Response<Body> {
    let html = format!(
        "<html>\r\n<head><title>{text}</title></head>\r\n<body>\r\n<center><h1>{text}</h1></center>\r\n</body>\r\n</html>\r\n"
    );
    let mut response = plain(status, &html);
    set(&mut response, CONTENT_TYPE, "text/html");
    response
}

fn plain(status: u16, text: &str) -> Response<Body> {
    let mut response = with_body(Response::new(Body::empty()), Bytes::copy_from_slice(text.as_bytes()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    set(&mut response, CONTENT_TYPE, "text/plain");
    response
}

fn with_body(mut response: Response<Body>, bytes: Bytes) -> Response<Body> {
    set(&mut response, CONTENT_LENGTH, &bytes.len().to_string());
    *response.body_mut() = Body::from(bytes);
    response
}

fn set(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn length_of(header: Option<&HeaderValue>) -> u64 {
    header.and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok()).unwrap_or(0)
}
