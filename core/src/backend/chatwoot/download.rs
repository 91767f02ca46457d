//! A file on its way in: redirects followed by hand, the rest asked for where a part is here, nothing unpacked.
//!
//! What a desk says of a file is an address of its own that leads, by redirects, to wherever its files are kept. Each
//! step is looked at before it is made: `http` and `https` only, no name and password in it, and no step in the clear
//! where the desk itself is reached by TLS (an address of the desk's own is made `https` then: some desks are set up
//! with the wrong one). No request carries anything that proves who the customer is.

use std::time::Duration;

use bytes::Bytes;
use http::{
    Method, StatusCode,
    header::{
        ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, LAST_MODIFIED,
        LOCATION, RANGE, TRANSFER_ENCODING,
    },
};
use hyper::body::Body as _;
use url::Url;

use super::{
    Chatwoot,
    http::wait_asked_for,
    transport::{Response, empty, late, next_piece, text},
};
use crate::{
    Clock,
    backend::{BackendError, BackendFuture, Fault, FileHead, IncomingFile, Resume},
};

const LABEL: &str = "GET file";

/// One redirect is usual and two are not rare; more than this is a loop.
const MAX_REDIRECTS: usize = 5;

impl Chatwoot {
    pub(super) async fn download(
        &self,
        address: &str,
        resume: Option<&Resume>,
    ) -> Result<Box<dyn IncomingFile>, BackendError> {
        let start = crate::address::parse(address).map_err(|_| refused("no address"))?;
        let mut response = self.follow_to(&start, resume).await?;
        let mut resume = resume;
        // It has become shorter than the part that is here; or the server gives a part of whatever it has now.
        let shorter = response.status() == StatusCode::RANGE_NOT_SATISFIABLE;
        let other = response.status() == StatusCode::PARTIAL_CONTENT
            && validator(&response).zip(resume).is_some_and(|(now, resume)| now != resume.validator);
        if (shorter || other) && resume.is_some() {
            resume = None;
            response = self.follow_to(&start, None).await?;
        }
        let head = head(&response, resume, self.clock.as_ref())?;
        Ok(Box::new(Incoming { response, head, stall_timeout: self.http.stall_timeout }))
    }

    async fn follow_to(&self, start: &Url, resume: Option<&Resume>) -> Result<Response, BackendError> {
        let mut url = start.clone();
        for _ in 0..=MAX_REDIRECTS {
            self.check_step(&mut url)?;
            let mut request = self
                .http
                .transport
                .request(Method::GET, &url)
                .header(ACCEPT, "*/*")
                // A packed answer has no ranges, and a small one may hold gigabytes.
                .header(ACCEPT_ENCODING, "identity");
            if let Some(resume) = resume {
                request = request.header(RANGE, format!("bytes={}-", resume.from)).header(IF_RANGE, &resume.validator);
            }
            let sending = self.http.transport.send(LABEL, request.body(empty()));
            let response = tokio::time::timeout(self.http.stall_timeout, sending).await.map_err(|_| late(LABEL))??;
            match response.status().as_u16() {
                301 | 302 | 303 | 307 | 308 => {
                    let location = text(&response, &LOCATION).ok_or_else(|| refused("a redirect to nowhere"))?;
                    url = url.join(location).map_err(|_| refused("a redirect to no address"))?;
                }
                _ => return Ok(response),
            }
        }
        Err(refused("a redirect without end"))
    }

    /// Whether the step may be made; made safe where it can be.
    fn check_step(&self, url: &mut Url) -> Result<(), BackendError> {
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(refused("leads where no file is"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("an address with a name and a password"));
        }
        if url.scheme() == "http" && !self.http.is_plain() {
            let secured = self.http.is_desk(url) && url.port().is_none() && url.set_scheme("https").is_ok();
            if !secured {
                return Err(refused("leads out of TLS"));
            }
        }
        Ok(())
    }
}

fn refused(what: &str) -> BackendError {
    BackendError::refused(Fault::Unsupported, format!("{LABEL}: {what}"))
}

/// Which version it is. A weak tag is a guess at the same bytes; a date at least is the server's word.
fn validator(response: &Response) -> Option<&str> {
    let tag = text(response, &ETAG).filter(|tag| !tag.starts_with("W/"));
    tag.or_else(|| text(response, &LAST_MODIFIED))
}

/// What the answer says of the file, or why it is none.
fn head(response: &Response, resume: Option<&Resume>, clock: &dyn Clock) -> Result<FileHead, BackendError> {
    let status = response.status();
    let said = |what: &str| format!("{LABEL}: {} {what}", status.as_u16());
    let fault = match status.as_u16() {
        200 | 206 => return good_head(response, resume),
        404 | 410 => Fault::FileGone,
        401 | 403 | 407 | 511 => Fault::Network,
        429 => Fault::Throttled { retry_after: wait_asked_for(response, clock) },
        _ => Fault::Desk,
    };
    Err(BackendError::refused(fault, said("is no file")))
}

fn good_head(response: &Response, resume: Option<&Resume>) -> Result<FileHead, BackendError> {
    let broken = |what: &str| BackendError::unclear(Fault::Desk, format!("{LABEL}: {what}"));
    if text(response, &CONTENT_ENCODING).is_some_and(|encoding| !encoding.trim().eq_ignore_ascii_case("identity")) {
        return Err(refused("packed, though it was not to be"));
    }
    let validator = validator(response).map(str::to_owned);
    let media_type = text(response, &CONTENT_TYPE).map(str::to_ascii_lowercase);
    let (from, total) = if response.status() == StatusCode::PARTIAL_CONTENT {
        let (from, total) =
            text(response, &CONTENT_RANGE).and_then(range).ok_or_else(|| broken("a part of nothing"))?;
        if resume.is_none_or(|resume| resume.from != from) {
            return Err(broken("another part than was asked for"));
        }
        (from, total)
    } else {
        let chunked = response.headers().contains_key(TRANSFER_ENCODING);
        let length = response.body().size_hint().exact();
        if length.is_none() && !chunked {
            // Its end could not be told from a break.
            return Err(broken("no end"));
        }
        (0, length)
    };
    Ok(FileHead { from, total, validator, media_type })
}

/// `bytes 5-9/10`: where it begins, and how much there is.
fn range(text: &str) -> Option<(u64, Option<u64>)> {
    let (part, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (from, to) = part.split_once('-')?;
    let (from, to): (u64, u64) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
    let total = total.trim().parse().ok();
    // A part that stops before the end would look like a file that is shorter.
    (from <= to && total.is_none_or(|total: u64| to.checked_add(1) == Some(total))).then_some((from, total))
}

struct Incoming {
    response: Response,
    head: FileHead,
    stall_timeout: Duration,
}

impl IncomingFile for Incoming {
    fn head(&self) -> &FileHead {
        &self.head
    }

    fn next(&mut self) -> BackendFuture<'_, Option<Bytes>> {
        Box::pin(async move {
            let stalled = |_| BackendError::unclear(Fault::Network, format!("{LABEL}: nothing moved"));
            tokio::time::timeout(self.stall_timeout, next_piece(LABEL, &mut self.response)).await.map_err(stalled)?
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_go_to_the_end_are_taken() {
        assert_eq!(range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(range("bytes 5-9/*"), Some((5, None)));
        for text in ["bytes 5-8/10", "bytes 9-5/10", "bytes */10", "lines 5-9/10", "bytes 5-9", "bytes -5/10", ""] {
            assert_eq!(range(text), None, "{text}");
        }
        assert_eq!(range(&format!("bytes 0-{}/{}", u64::MAX, u64::MAX)), None);
    }
}
