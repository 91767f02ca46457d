//! A list of the requests that were answered, for tests and for `GET /sandbox/requests`.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use serde::Serialize;

/// Past this the oldest entry goes: a desk left running for a week must not eat the machine.
const KEPT: usize = 10_000;

/// One request, as the wire saw it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RequestLog {
    /// `GET`, `POST` …
    pub method: String,
    /// The path without its query.
    pub path: String,
    /// The query, empty if there was none.
    pub query: String,
    /// The status that was answered; 0 if the connection was cut or left hanging instead.
    pub status: u16,
    /// Bytes of the request's body, by its `Content-Length`.
    pub request_bytes: u64,
    /// Bytes of the answer's body, before a fault cut it.
    pub response_bytes: u64,
    /// Whether the request carried `If-None-Match`.
    pub if_none_match: bool,
    /// Whether only a part of the body was asked for.
    pub range: bool,
    /// Whether a fault was played on it.
    pub faulted: bool,
    /// What it would cost a real desk, in milliseconds of its time: see [`RequestKind`](crate::RequestKind).
    pub cost_ms: f64,
    /// Bytes of the request, head and body.
    pub bytes_up: u64,
    /// Bytes of the answer, head and body, before a fault cut it; of a socket the head alone.
    pub bytes_down: u64,
}

/// The newest requests.
#[derive(Debug, Default)]
pub(crate) struct RequestLogs(Mutex<VecDeque<RequestLog>>);

impl RequestLogs {
    pub(crate) fn push(&self, entry: RequestLog) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= KEPT {
            held.pop_front();
        }
        held.push_back(entry);
    }

    pub(crate) fn list(&self) -> Vec<RequestLog> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
