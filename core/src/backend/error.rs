//! What can go wrong at the port, in the outbox's and sync's own terms.

use std::{fmt, time::Duration};

/// Whether the desk may have done what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// Certainly not: there was no connection, or the desk refused.
    No,
    /// It can't be known: the answer was lost, or made no sense.
    Maybe,
}

/// A failure at the port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendError {
    /// What it was.
    pub fault: Fault,
    /// Whether the desk may have acted all the same.
    pub happened: Happened,
    /// For logs and developers: no token, no address of a customer, nothing that anybody wrote.
    pub detail: String,
}

/// What went wrong, by what is to be done about it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The desk can't be reached: no network, a proxy's or portal's page, a broken connection. Wait for the network.
    Network,
    /// What answers at the desk's address proves itself with a certificate that is not trusted. As [`Network`](Self::Network)
    /// for all that waits: it may be a network that reads along, and end with it.
    Untrusted {
        /// Whose certificate, and what is wrong with it.
        problem: String,
    },
    /// The desk was reached, and the connection broke or stood still while a long request went out. Wait and begin
    /// anew; unlike for want of a network, not for ever, for something on the way may always break it.
    Interrupted,
    /// The desk was reached and failed (5xx, nonsense). Try later.
    Desk,
    /// Too many requests from here. Wait; no message is to blame.
    Throttled {
        /// How long the desk asks to wait, where it says it.
        retry_after: Option<Duration>,
    },
    /// Too many messages in this conversation. Wait; no message is to blame.
    Flooded,
    /// The desk refuses this very request, and will again.
    Refused {
        /// The desk's own words: for the customer, not for logs.
        reason: String,
    },
    /// The desk does not accept who the customer is.
    IdentityRejected,
    /// The desk does not know the session any more: establish it again.
    SessionGone,
    /// The desk does not know the conversation any more.
    ConversationGone,
    /// The desk does not know the message any more.
    MessageGone,
    /// There is no such file, at the desk or on the phone.
    FileGone,
    /// The request was given up before it had left: [`Departure::commit`](super::Departure::commit) wanted it so.
    Withdrawn,
    /// The desk does not know the inbox: a mistake in the app's configuration.
    UnknownInbox,
    /// The desk does not know the help centre, or not at this address: a mistake in the app's configuration.
    UnknownPortal,
    /// The desk can't do this.
    Unsupported,
    /// The phone's own storage failed, before the desk was asked or while its answer was being written down. Says
    /// nothing about the network or the desk, and no adapter returns it.
    Storage,
}

impl Fault {
    /// Whether it says nothing of the desk: nothing that could be trusted to be it has answered.
    pub(crate) fn is_of_the_way(&self) -> bool {
        matches!(self, Self::Network | Self::Untrusted { .. })
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network => f.write_str("Network"),
            Self::Untrusted { .. } => f.write_str("Untrusted"),
            Self::Interrupted => f.write_str("Interrupted"),
            Self::Desk => f.write_str("Desk"),
            Self::Throttled { retry_after } => write!(f, "Throttled({retry_after:?})"),
            Self::Flooded => f.write_str("Flooded"),
            // The desk's words may quote the customer's.
            Self::Refused { .. } => f.write_str("Refused"),
            Self::IdentityRejected => f.write_str("IdentityRejected"),
            Self::SessionGone => f.write_str("SessionGone"),
            Self::ConversationGone => f.write_str("ConversationGone"),
            Self::MessageGone => f.write_str("MessageGone"),
            Self::FileGone => f.write_str("FileGone"),
            Self::Withdrawn => f.write_str("Withdrawn"),
            Self::UnknownInbox => f.write_str("UnknownInbox"),
            Self::UnknownPortal => f.write_str("UnknownPortal"),
            Self::Unsupported => f.write_str("Unsupported"),
            Self::Storage => f.write_str("Storage"),
        }
    }
}

impl BackendError {
    /// A failure after which it is certain that the desk did nothing.
    pub fn refused(fault: Fault, detail: impl Into<String>) -> Self {
        Self { fault, happened: Happened::No, detail: detail.into() }
    }

    /// A failure after which the desk may have acted.
    pub fn unclear(fault: Fault, detail: impl Into<String>) -> Self {
        Self { fault, happened: Happened::Maybe, detail: detail.into() }
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.fault, self.detail)
    }
}

impl std::error::Error for BackendError {}
