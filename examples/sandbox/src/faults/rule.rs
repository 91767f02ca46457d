//! What can go wrong, and when it does.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::cable::hub::CONFIRMATION;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The answer comes late; then later rules are looked at, so that it can be late and wrong.
    Latency(#[serde(with = "millis")] Duration),
    /// The connection is reset before the request is handled: nothing happened.
    DropBeforeWrite,
    /// The request is handled, then the connection is reset without an answer.
    ResetAfterWrite,
    /// This status with an HTML body; nothing happened.
    Status(u16),
    /// The request is handled, then this status is answered with an HTML body.
    StatusAfterWrite(u16),
    /// `429 Retry later`; nothing happened.
    TooManyRequests,
    /// The answer promises its full length and ends after so many bytes, with a reset.
    TruncateBody(usize),
    /// The answer promises its full length, and after so many bytes nothing more comes; the connection stays open.
    StallBody(usize),
    /// The connection is reset once so many bytes of the request's body have come: nothing happened.
    ResetUpload(usize),
    /// Once so many bytes of the request's body have come nothing more is read, and the connection stays open: nothing
    /// happened.
    StallUpload(usize),
    /// 302 to this address; nothing happened.
    Redirect(String),
    /// 200 and a page of HTML to everything, as a hotel's network does; nothing happened.
    CaptivePortal,
    /// No answer ever comes, and the connection stays open; nothing happened.
    Hang,
    /// The frame is sent twice.
    CableDuplicate,
    /// The frame is held back until the next one, or the next ping, has gone.
    CableReorder,
    /// The frame is lost.
    CableDropFrames,
    /// The frame waits until the next one that this rule befalls has gone, however long that takes. Frames of other
    /// events pass.
    CableSwap,
    /// The frame comes without its `echo_id`.
    CableStripEcho,
    /// Frames and pings stop, and the socket stays.
    CableHalfOpen,
    /// The socket stands, is welcomed and pinged, and no other frame reaches it: no event, and no confirmation of a
    /// subscription. This is a desk whose Redis was restarted. Without a count it befalls open sockets and new ones
    /// until the rule is removed. A deaf socket stays deaf until it is closed, as on a real desk.
    Deaf,
    /// Events are broadcast that much later, to the sockets that are subscribed by then, while requests are answered
    /// at once: a desk whose job queue lags. The confirmation of a subscription and `presence.update` come in time,
    /// for no job sends them. Uses tokio's clock.
    LateFrames(#[serde(with = "millis")] Duration),
    /// An answer that holds conversations with more than `messages` messages in all is a 500 after `after`, as where
    /// rack-timeout ends the request. What the request changed stays changed. Uses tokio's clock.
    ListTooLong {
        /// The most messages that an answer may hold.
        messages: usize,
        /// How long the desk works before it gives up; [`Fault::RACK_TIMEOUT`] on a real one.
        #[serde(with = "millis", default = "rack_timeout")]
        after: Duration,
    },
    /// The upgrade is refused with 404.
    CableRefuse,
    /// The socket is dismissed with a `disconnect` frame and closed.
    CableDisconnect {
        /// `unauthorized`, `invalid_request`, `server_restart` or `remote`.
        reason: String,
        /// Whether the client is told to come back.
        reconnect: bool,
    },
}

impl Fault {
    /// When rack-timeout ends a request in production: 15 s.
    pub const RACK_TIMEOUT: Duration = Duration::from_secs(15);

    /// Lists of more than `messages` messages fail after [`Fault::RACK_TIMEOUT`].
    pub const fn list_too_long(messages: usize) -> Self {
        Self::ListTooLong { messages, after: Self::RACK_TIMEOUT }
    }

    /// Whether it befalls the cable's frames or sockets, not requests.
    pub(super) fn is_cable(&self) -> bool {
        matches!(
            self,
            Self::CableDuplicate
                | Self::CableReorder
                | Self::CableDropFrames
                | Self::CableSwap
                | Self::CableStripEcho
                | Self::CableHalfOpen
                | Self::Deaf
                | Self::LateFrames(_)
                | Self::CableDisconnect { .. }
        )
    }
}

fn rack_timeout() -> Duration {
    Fault::RACK_TIMEOUT
}

/// When a fault is played.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Only on this method.
    #[serde(default)]
    pub method: Option<String>,
    /// Only on paths that contain this. A cable fault is matched against `/cable` and, for a frame, the event's name:
    /// `/cable message.created`.
    #[serde(default)]
    pub path_contains: Option<String>,
    /// What goes wrong.
    pub fault: Fault,
    /// How often, from 0.0 to 1.0.
    #[serde(default = "always")]
    pub probability: f64,
    /// How many times more; without it, always.
    #[serde(default)]
    pub remaining: Option<u32>,
}

impl Rule {
    /// A rule that plays `fault` on everything, for ever.
    pub fn new(fault: Fault) -> Self {
        Self { method: None, path_contains: None, fault, probability: 1.0, remaining: None }
    }

    /// Whether it applies to a frame of this name. The confirmation of a subscription must be named, for without it no
    /// frame comes at all.
    pub(crate) fn befalls_frame(&self, name: &str) -> bool {
        if name == CONFIRMATION {
            return self.path_contains.as_deref().is_some_and(|part| CONFIRMATION.contains(part));
        }
        contains(self, &format!("/cable {name}"))
    }
}

fn always() -> f64 {
    1.0
}

pub(super) fn matches_request(rule: &Rule, method: &str, path: &str) -> bool {
    rule.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method)) && contains(rule, path)
}

pub(super) fn contains(rule: &Rule, path: &str) -> bool {
    rule.path_contains.as_deref().is_none_or(|part| path.contains(part))
}

/// A duration as whole milliseconds, in JSON.
mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
