//! Answers that no handler makes: what Rack adds to every one, what a proxy says in the desk's place, and bodies that
//! break off.

use std::{io, time::Duration};

use axum::{
    body::{Body, to_bytes},
    http::{
        HeaderName, HeaderValue, Response, StatusCode,
        header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG},
    },
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use ring::digest;

use crate::{domain::hex, wire::Abort};

/// Rack::ETag and Rack::ConditionalGet: a weak tag of the body on 200, 304 without a body if the client has it.
pub(crate) async fn tagged(response: Response<Body>, known: Option<&HeaderValue>) -> Response<Body> {
    let (parts, body) = response.into_parts();
    // The bodies are the desk's own, so they can be read whole.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let mut response = Response::from_parts(parts, Body::empty());
    let is_tagged = response.status() == StatusCode::OK && !bytes.is_empty();
    if !is_tagged {
        if !is_unrescued(response.status()) {
            set(&mut response, CACHE_CONTROL, "no-cache");
        }
        if response.status() == StatusCode::OK && !response.headers().contains_key(CONTENT_TYPE) {
            set(&mut response, CONTENT_TYPE, "application/json");
        }
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

/// Whether an answer of this status is no controller's but what Rails makes of an exception.
pub(crate) fn is_unrescued(status: StatusCode) -> bool {
    use StatusCode as Code;
    [Code::BAD_REQUEST, Code::NOT_FOUND, Code::NOT_ACCEPTABLE, Code::INTERNAL_SERVER_ERROR].contains(&status)
}

/// An answer that promises more than it gives: it ends with a reset, or, with nothing to abort, never.
pub(crate) async fn truncated(response: Response<Body>, length: usize, abort: Option<Abort>) -> Response<Body> {
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

pub(crate) fn retry_later() -> Response<Body> {
    // rack-attack's default answer says neither how long nor in JSON.
    plain(429, "Retry later\n")
}

/// What nginx says when the desk behind it can't, or when a body is too large.
pub(crate) fn proxy_page(status: u16) -> Response<Body> {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    page(status, &format!("{status} {reason}"))
}

pub(crate) fn page(status: u16, text: &str) -> Response<Body> {
    let html = format!(
        "<html>\r\n<head><title>{text}</title></head>\r\n<body>\r\n<center><h1>{text}</h1></center>\r\n</body>\r\n</html>\r\n"
    );
    let mut response = plain(status, &html);
    set(&mut response, CONTENT_TYPE, "text/html");
    response
}

pub(crate) fn plain(status: u16, text: &str) -> Response<Body> {
    let mut response = with_body(Response::new(Body::empty()), Bytes::copy_from_slice(text.as_bytes()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    set(&mut response, CONTENT_TYPE, "text/plain");
    response
}

pub(crate) fn with_body(mut response: Response<Body>, bytes: Bytes) -> Response<Body> {
    set(&mut response, CONTENT_LENGTH, &bytes.len().to_string());
    *response.body_mut() = Body::from(bytes);
    response
}

pub(crate) fn set(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

pub(crate) fn length_of(header: Option<&HeaderValue>) -> u64 {
    header.and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok()).unwrap_or(0)
}
