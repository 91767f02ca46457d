//! The one error that an app sees.

use std::{path::PathBuf, time::Duration};

use crate::SetupProblem;

/// Why something could not be done.
///
/// A new variant is earned only by a new thing that an app can *do* about it; a new cause of an old one goes into that
/// one's text. No variant carries a token or anything that a customer or an agent wrote, except
/// [`Rejected`](Self::Rejected), which carries the desk's own words for the customer.
///
/// What a customer wrote is never lost by an error: [`send`](crate::Conversation::send) either kept the message, and
/// then it shows in the timeline whatever happens next, or failed before anything was kept.
///
/// ```
/// use shopbell::SupportError;
/// assert!(SupportError::Offline.is_retryable());
/// assert!(!SupportError::Closed.is_retryable());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SupportError {
    /// The configuration can't work: fix it in the app.
    #[error("configuration: {field}: {problem}")]
    InvalidConfig {
        /// The setting.
        field: &'static str,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// What was passed can't be taken: tell the customer, or fix the call. Nothing has changed.
    #[error("{field}: {problem}")]
    InvalidInput {
        /// The argument.
        field: &'static str,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// A file can't be sent. Nothing has changed. Tell the customer which one and why, in the app's own words: the number and
    /// the problem say all that there is to say.
    #[error("attachments: number {number} {problem}")]
    AttachmentRefused {
        /// The file's number in the message's list, from 1.
        number: usize,
        /// Why it can't be sent.
        problem: AttachmentProblem,
    },
    /// A file may hold the place where it was taken, and that can't be removed. Nothing has changed. Ask the customer,
    /// and send it with [`keep_location`](crate::NewAttachment::keep_location) if they agree; or let all such files be
    /// sent ([`allow_unremovable_location`](crate::Limits::allow_unremovable_location)).
    #[error("attachments: number {number} may hold the place where it was taken, which can't be removed: {problem}")]
    LocationNotRemovable {
        /// The file's number in the message's list, from 1.
        number: usize,
        /// Why it can't be removed.
        problem: &'static str,
    },
    /// There is no such conversation, message, attachment, choice or field.
    #[error("there is no such {what}")]
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// It is too late or too early for this: the message is on its way, or has arrived.
    #[error("not possible now: {problem}")]
    Conflict {
        /// Why.
        problem: &'static str,
    },
    /// The desk can't be reached. What was written is kept and goes out by itself.
    #[error("the support desk can't be reached: no network, or something on the way answers in its place")]
    Offline,
    /// The desk's address answers with a certificate that is not trusted: by a private authority, expired, or for another
    /// name. Nothing was sent there. What was written is kept and goes out by itself once that has changed.
    ///
    /// For developers: the desk needs a certificate of a public authority. For customers it is as
    /// [`Offline`](Self::Offline): a network that reads along shows it, too, and so does a phone whose clock is wrong.
    #[error("the support desk's certificate is not trusted: {problem}")]
    Untrusted {
        /// Whose certificate, what is wrong with it, and what to do.
        problem: String,
    },
    /// The desk was reached and failed. What was written is kept and goes out by itself.
    #[error("the support desk has trouble; try again later")]
    DeskUnavailable,
    /// The desk asks for patience.
    #[error("the support desk takes no more requests for now")]
    Busy {
        /// How long it asks to wait, where it says it.
        retry_after: Option<Duration>,
    },
    /// The desk refused, and will again.
    #[error("the support desk refused: {reason}")]
    Rejected {
        /// The desk's own words, for the customer. Not for logs: they may quote what was written.
        reason: String,
    },
    /// The desk does not accept who the customer is: get a fresh hash from the merchant's server and log in again.
    #[error("{}", SetupProblem::IdentityRejected)]
    IdentityRejected,
    /// The desk can't do this ([`Capabilities`](crate::backend::Capabilities) says so beforehand).
    #[error("this support desk can't {what}")]
    Unsupported {
        /// What it can't do.
        what: &'static str,
    },
    /// The phone's storage failed. What was kept before is still there.
    #[error("storage: {0}")]
    Storage(StorageProblem),
    /// The client is paused: call [`resume`](crate::SupportClient::resume) first.
    #[error("the support client is paused; call resume() first")]
    Paused,
    /// The client was shut down, or the customer that this handle belongs to has logged out: get a new handle.
    #[error("closed: the client was shut down, or another customer has logged in")]
    Closed,
}

/// Why a file can't be sent.
///
/// ```
/// use shopbell::{AttachmentProblem, SupportError};
/// let error = SupportError::AttachmentRefused { number: 2, problem: AttachmentProblem::Empty };
/// assert_eq!(error.to_string(), "attachments: number 2 is empty");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttachmentProblem {
    /// There is no such file, or not any more.
    #[error("can't be read: there is no such file")]
    Missing,
    /// It is a folder, a pipe or a device.
    #[error("is no file")]
    NotAFile,
    /// It can't be read: the app may not, or the disk fails.
    #[error("can't be read: {detail}")]
    Unreadable {
        /// What the system says.
        detail: String,
    },
    /// It has no bytes.
    #[error("is empty")]
    Empty,
    /// It is too large for the app's limits or the desk's.
    #[error("has {size} bytes; up to {most} can be sent")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The largest that can be sent, in bytes.
        most: u64,
    },
    /// It is of a type that the app's limits or the desk don't allow.
    #[error("is of the type {media_type}, which can't be sent")]
    TypeNotAllowed {
        /// Its type.
        media_type: String,
    },
    /// It was changed while it was copied: try again once nobody writes to it.
    #[error("was changed while it was copied")]
    Changed,
    /// It is one more than can be sent with a message.
    #[error("is one too many; {most} can be sent with a message")]
    TooMany {
        /// How many can be.
        most: usize,
    },
}

/// What is wrong with the phone's storage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StorageProblem {
    /// The data folder can't be used as one: it is a file, can't be made or can't be entered.
    #[error("{path:?} can't be used as the data folder: {detail}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        detail: String,
    },
    /// The folder or the file can't be written.
    #[error("the data folder can't be written: {detail}")]
    ReadOnly {
        /// What the system says.
        detail: String,
    },
    /// There is no room left.
    #[error("the phone's storage is full")]
    Full,
    /// The database was written by a newer version of the app: update, or keep using the newer one. It is untouched.
    #[error("the database has version {found}, and this app knows up to {known}: update the app")]
    Newer {
        /// The database's version.
        found: i64,
        /// The newest that this code knows.
        known: i64,
    },
    /// The database is damaged and could not be set aside.
    #[error("the database is damaged: {detail}")]
    Corrupt {
        /// What SQLite says.
        detail: String,
    },
    /// Anything else.
    #[error("{detail}")]
    Other {
        /// What the system says.
        detail: String,
    },
}

impl SupportError {
    /// Whether the same call may succeed later, with nothing changed.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Offline
            | Self::Untrusted { .. }
            | Self::DeskUnavailable
            | Self::Busy { .. }
            | Self::Paused
            | Self::Storage(StorageProblem::Full | StorageProblem::Other { .. }) => true,
            Self::InvalidConfig { .. }
            | Self::InvalidInput { .. }
            | Self::AttachmentRefused { .. }
            | Self::LocationNotRemovable { .. }
            | Self::NotFound { .. }
            | Self::Conflict { .. }
            | Self::Rejected { .. }
            | Self::IdentityRejected
            | Self::Unsupported { .. }
            | Self::Storage(_)
            | Self::Closed => false,
        }
    }

    pub(crate) fn input(field: &'static str, problem: impl Into<String>) -> Self {
        Self::InvalidInput { field, problem: problem.into() }
    }
}

impl From<crate::backend::BackendError> for SupportError {
    fn from(error: crate::backend::BackendError) -> Self {
        use crate::backend::Fault;
        match error.fault {
            Fault::Network | Fault::Interrupted => Self::Offline,
            Fault::Untrusted { problem } => Self::Untrusted { problem },
            Fault::Desk | Fault::SessionGone => Self::DeskUnavailable,
            Fault::Throttled { retry_after } => Self::Busy { retry_after },
            Fault::Flooded => Self::Busy { retry_after: None },
            Fault::Refused { reason } => Self::Rejected { reason },
            Fault::IdentityRejected => Self::IdentityRejected,
            Fault::ConversationGone => Self::NotFound { what: "conversation" },
            Fault::MessageGone => Self::NotFound { what: "message" },
            Fault::FileGone => Self::NotFound { what: "file" },
            Fault::Withdrawn => Self::Conflict { problem: "it was given up before it had left" },
            Fault::UnknownInbox => SetupProblem::UnknownInbox.into(),
            Fault::UnknownPortal => SetupProblem::UnknownHelpCenter.into(),
            Fault::Unsupported => Self::Unsupported { what: "do this" },
            Fault::Storage => Self::Storage(StorageProblem::Other { detail: error.detail }),
        }
    }
}
