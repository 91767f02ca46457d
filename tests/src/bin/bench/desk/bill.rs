//! What the requests of a stretch of time cost, in the parts that are compared.

use std::{collections::BTreeMap, ops::AddAssign};

use sandbox::{RequestKind, RequestLog};
use serde::{Deserialize, Serialize};

/// The cost of some requests.
///
/// A message that the customer sends, and the mark that it was seen, cost the same from whatever client, and so does the
/// subscription of a socket, which was never measured: both are counted beside, and left out of the widget's cost, too.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Bill {
    /// The desk's time for what the client asks by itself, in milliseconds.
    pub(super) ms: f64,
    /// How often each kind was asked for, everything included.
    pub(super) kinds: BTreeMap<String, u32>,
    /// The desk's time for what the customer does.
    pub(super) actions_ms: f64,
    /// Sockets that were opened.
    pub(super) sockets: u32,
    /// Bytes of requests and answers.
    pub(super) bytes: u64,
}

impl Bill {
    pub(super) fn of(requests: &[RequestLog]) -> Self {
        let mut bill = Self::default();
        for request in requests {
            let kind = RequestKind::of(&request.method, &request.path);
            *bill.kinds.entry(format!("{kind:?}")).or_default() += 1;
            bill.bytes += request.bytes_up + request.bytes_down;
            match kind {
                RequestKind::Send | RequestKind::Seen => bill.actions_ms += request.cost_ms,
                RequestKind::Socket => bill.sockets += 1,
                _ => bill.ms += request.cost_ms,
            }
        }
        bill
    }

    /// What was asked for, in words.
    pub(super) fn told(&self) -> String {
        let kinds: Vec<String> = self.kinds.iter().map(|(kind, count)| format!("{count} × {kind}")).collect();
        if kinds.is_empty() { "nothing".to_owned() } else { kinds.join(", ") }
    }
}

impl AddAssign<&Bill> for Bill {
    fn add_assign(&mut self, other: &Self) {
        self.ms += other.ms;
        self.actions_ms += other.actions_ms;
        self.sockets += other.sockets;
        self.bytes += other.bytes;
        for (kind, count) in &other.kinds {
            *self.kinds.entry(kind.clone()).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, path: &str, cost_ms: f64) -> RequestLog {
        RequestLog {
            method: method.to_owned(),
            path: format!("/public/api/v1/inboxes/shop/contacts/s{path}"),
            query: String::new(),
            status: 200,
            request_bytes: 0,
            response_bytes: 0,
            if_none_match: false,
            range: false,
            faulted: false,
            cost_ms,
            bytes_up: 200,
            bytes_down: 300,
        }
    }

    #[test]
    fn what_the_customer_does_is_counted_beside() {
        let requests = [
            request("GET", "/conversations", 56.0),
            request("GET", "/conversations/1/messages", 25.0),
            request("POST", "/conversations/1/messages", 48.0),
            request("POST", "/conversations/1/update_last_seen", 35.0),
            RequestLog { path: "/cable".to_owned(), ..request("GET", "", 15.0) },
        ];
        let mut twice = Bill::of(&requests);
        twice += &Bill::of(&requests);
        assert!((twice.ms - 162.0).abs() < 1e-9);
        assert!((twice.actions_ms - 166.0).abs() < 1e-9);
        assert_eq!((twice.sockets, twice.bytes), (2, 5_000));
        assert_eq!(twice.told(), "2 × List, 2 × Page, 2 × Seen, 2 × Send, 2 × Socket");
    }
}
