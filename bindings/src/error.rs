//! What goes wrong, as the languages outside see it.

use shopbell::SupportError as Core;

use crate::names;

/// Why something could not be done: one variant for each thing that an app can do about it.
///
/// `text` is for developers and logs and holds nothing that anybody wrote, except in [`Rejected`](Self::Rejected).
// The facades have a `SupportException` and a `SupportError` of their own, made from this one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi(name = "NativeError")]
pub enum SupportError {
    /// The configuration can't work: fix it in the app.
    #[error("{text}")]
    InvalidConfig {
        /// The setting.
        field: String,
        /// What is wrong, and what would be right.
        text: String,
    },
    /// What was passed can't be taken: tell the customer, or fix the call. Nothing has changed.
    #[error("{text}")]
    InvalidInput {
        /// The argument.
        field: String,
        /// What is wrong, and what would be right.
        text: String,
    },
    /// A file can't be sent. Nothing has changed. Tell the customer which one and why, in the app's own words.
    #[error("{text}")]
    AttachmentRefused {
        /// The file's number in the message's list, from 1.
        number: i32,
        /// Why it can't be sent.
        problem: AttachmentProblem,
        /// The same in words.
        text: String,
    },
    /// A file may hold the place where it was taken, and that can't be removed. Nothing has changed. Ask the customer,
    /// and send it with `keepLocation` if they agree; or allow all such files (`allowUnremovableLocation` of the limits).
    #[error("{text}")]
    LocationNotRemovable {
        /// The file's number in the message's list, from 1.
        number: i32,
        /// Why it can't be removed.
        text: String,
    },
    /// There is no such conversation, message, choice or field.
    #[error("{text}")]
    NotFound {
        /// What there is none of.
        text: String,
    },
    /// It is too late or too early for this: the message is on its way, or has arrived.
    #[error("{text}")]
    Conflict {
        /// Why.
        text: String,
    },
    /// The desk can't be reached. What was written is kept and goes out by itself.
    #[error("{text}")]
    Offline {
        /// The same in words.
        text: String,
    },
    /// The desk's address answers with a certificate that is not trusted: by a private authority, expired, or for another
    /// name. Nothing was sent there. For developers: the desk needs a certificate of a public authority. For customers it
    /// is as offline: a network that reads along shows it, too, and so does a phone whose clock is wrong.
    #[error("{text}")]
    Untrusted {
        /// Whose certificate, what is wrong with it, and what to do.
        text: String,
    },
    /// The desk was reached and failed. What was written is kept and goes out by itself.
    #[error("{text}")]
    DeskUnavailable {
        /// The same in words.
        text: String,
    },
    /// The desk asks for patience.
    #[error("{text}")]
    Busy {
        /// How long it asks to wait, in milliseconds, where it says it.
        retry_after_millis: Option<i64>,
        /// The same in words.
        text: String,
    },
    /// The desk refused, and will again.
    #[error("{text}")]
    Rejected {
        /// The desk's own words, for the customer. Not for logs: they may quote what was written.
        reason: String,
        /// The same in words, without the desk's.
        text: String,
    },
    /// The desk does not accept who the customer is: get a fresh hash from the merchant's server and log in again.
    #[error("{text}")]
    IdentityRejected {
        /// What to check.
        text: String,
    },
    /// The desk can't do this; its capabilities say so beforehand.
    #[error("{text}")]
    Unsupported {
        /// What it can't do.
        text: String,
    },
    /// The phone's storage failed. What was kept before is still there.
    #[error("{text}")]
    Storage {
        /// What is wrong with it.
        problem: StorageProblem,
        /// The same in words.
        text: String,
    },
    /// The client is paused: resume it first.
    #[error("{text}")]
    Paused {
        /// The same in words.
        text: String,
    },
    /// The client was shut down, or the customer that this object belongs to has logged out: get a new one.
    #[error("{text}")]
    Closed {
        /// The same in words.
        text: String,
    },
    /// A mistake in Shopbell itself. The app goes on; please report it, with the log.
    #[error("{text}")]
    Internal {
        /// What is known of it.
        text: String,
    },
}

/// Why a file can't be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum AttachmentProblem {
    /// There is no such file, or not any more.
    Missing,
    /// It is a folder, or is somewhere else than on this phone.
    NotAFile,
    /// It can't be read: the app may not, or the disk fails.
    Unreadable,
    /// It has no bytes.
    Empty,
    /// It is too large for the app's limits or the desk's.
    TooLarge,
    /// It is of a type that the app's limits or the desk don't allow.
    TypeNotAllowed,
    /// It was changed while it was copied: try again once nobody writes to it.
    Changed,
    /// It is one more than can be sent with a message.
    TooMany,
}

/// What is wrong with the phone's storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum StorageProblem {
    /// The data folder can't be used as one.
    Folder,
    /// The folder or the file can't be written.
    ReadOnly,
    /// There is no room left.
    Full,
    /// The database was written by a newer version of the app.
    Newer,
    /// The database is damaged and could not be set aside.
    Corrupt,
    /// Anything else.
    Other,
}

#[uniffi::export(name = "NativeError")]
impl SupportError {
    /// Whether the same call may succeed later, with nothing changed.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Offline { .. }
            | Self::Untrusted { .. }
            | Self::DeskUnavailable { .. }
            | Self::Busy { .. }
            | Self::Paused { .. } => true,
            Self::Storage { problem, .. } => matches!(problem, StorageProblem::Full | StorageProblem::Other),
            Self::InvalidConfig { .. }
            | Self::InvalidInput { .. }
            | Self::AttachmentRefused { .. }
            | Self::LocationNotRemovable { .. }
            | Self::NotFound { .. }
            | Self::Conflict { .. }
            | Self::Rejected { .. }
            | Self::IdentityRejected { .. }
            | Self::Unsupported { .. }
            | Self::Closed { .. }
            | Self::Internal { .. } => false,
        }
    }
}

impl SupportError {
    pub(crate) fn internal(text: impl Into<String>) -> Self {
        Self::Internal { text: text.into() }
    }
}

impl From<Core> for SupportError {
    fn from(error: Core) -> Self {
        let text = error.to_string();
        match error {
            Core::InvalidConfig { field, .. } => {
                Self::InvalidConfig { field: names::of(field), text: names::within(text) }
            }
            Core::InvalidInput { field, problem } => {
                let field = names::of(field);
                // The problem may quote a name of the app's own.
                Self::InvalidInput { text: format!("{field}: {problem}"), field }
            }
            Core::AttachmentRefused { number, problem } => Self::AttachmentRefused {
                number: i32::try_from(number).unwrap_or(i32::MAX),
                problem: problem.into(),
                text,
            },
            Core::LocationNotRemovable { number, .. } => {
                Self::LocationNotRemovable { number: i32::try_from(number).unwrap_or(i32::MAX), text }
            }
            Core::NotFound { .. } => Self::NotFound { text },
            Core::Conflict { .. } => Self::Conflict { text },
            Core::Offline => Self::Offline { text },
            Core::Untrusted { .. } => Self::Untrusted { text },
            Core::DeskUnavailable => Self::DeskUnavailable { text },
            Core::Busy { retry_after } => {
                let millis = |wait: std::time::Duration| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
                Self::Busy { retry_after_millis: retry_after.map(millis), text }
            }
            Core::Rejected { reason } => Self::Rejected { reason, text: "the support desk refused".to_owned() },
            Core::IdentityRejected => Self::IdentityRejected { text },
            Core::Unsupported { .. } => Self::Unsupported { text },
            Core::Storage(problem) => Self::Storage { problem: problem.into(), text },
            Core::Paused => Self::Paused { text },
            Core::Closed => Self::Closed { text },
            // The core may learn of more things to act on; until they are mirrored here they can be read.
            _ => Self::Internal { text },
        }
    }
}

impl From<shopbell::AttachmentProblem> for AttachmentProblem {
    fn from(problem: shopbell::AttachmentProblem) -> Self {
        use shopbell::AttachmentProblem as Core;
        match problem {
            Core::Missing => Self::Missing,
            Core::NotAFile => Self::NotAFile,
            Core::Empty => Self::Empty,
            Core::TooLarge { .. } => Self::TooLarge,
            Core::TypeNotAllowed { .. } => Self::TypeNotAllowed,
            Core::Changed => Self::Changed,
            Core::TooMany { .. } => Self::TooMany,
            _ => Self::Unreadable,
        }
    }
}

impl From<shopbell::StorageProblem> for StorageProblem {
    fn from(problem: shopbell::StorageProblem) -> Self {
        use shopbell::StorageProblem as Core;
        match problem {
            Core::Folder { .. } => Self::Folder,
            Core::ReadOnly { .. } => Self::ReadOnly,
            Core::Full => Self::Full,
            Core::Newer { .. } => Self::Newer,
            Core::Corrupt { .. } => Self::Corrupt,
            _ => Self::Other,
        }
    }
}

/// A listener failed. It is noted in the log, and the subscription goes on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum ListenerError {
    /// It threw.
    #[error("a listener failed")]
    Failed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ListenerError {
    // What it threw may quote what somebody wrote: it is not kept.
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn every_core_error() -> Vec<Core> {
        use shopbell::StorageProblem as Storage;
        let (detail, problem) = ("detail".to_owned(), "problem".to_owned());
        vec![
            Core::InvalidConfig { field: "inbox", problem: problem.clone() },
            Core::InvalidInput { field: "text", problem },
            Core::AttachmentRefused { number: 2, problem: shopbell::AttachmentProblem::TooLarge { size: 9, most: 8 } },
            Core::LocationNotRemovable { number: 2, problem: "its structure is broken" },
            Core::NotFound { what: "message" },
            Core::Conflict { problem: "it has arrived" },
            Core::Offline,
            Core::Untrusted { problem: "desk.example.com: it has expired".to_owned() },
            Core::DeskUnavailable,
            Core::Busy { retry_after: Some(Duration::from_secs(2)) },
            Core::Rejected { reason: "the customer's words".to_owned() },
            Core::IdentityRejected,
            Core::Unsupported { what: "end a conversation" },
            Core::Storage(Storage::Folder { path: "data".into(), detail: detail.clone() }),
            Core::Storage(Storage::ReadOnly { detail: detail.clone() }),
            Core::Storage(Storage::Full),
            Core::Storage(Storage::Newer { found: 2, known: 1 }),
            Core::Storage(Storage::Corrupt { detail: detail.clone() }),
            Core::Storage(Storage::Other { detail }),
            Core::Paused,
            Core::Closed,
        ]
    }

    #[test]
    fn errors_keep_their_words_and_whether_trying_again_helps() {
        for core in every_core_error() {
            let mirrored = SupportError::from(core.clone());
            assert_eq!(mirrored.is_retryable(), core.is_retryable(), "{core}");
            assert!(!matches!(mirrored, SupportError::Internal { .. }), "{core} is not mirrored");
            if !matches!(core, Core::Rejected { .. }) {
                assert_eq!(mirrored.to_string(), core.to_string());
            }
        }
    }

    #[test]
    fn words_of_the_desk_stand_only_where_they_are_asked_for() {
        let refused = SupportError::from(Core::Rejected { reason: "the customer's words".to_owned() });
        assert!(!refused.to_string().contains("customer"));
        assert!(matches!(refused, SupportError::Rejected { reason, .. } if reason == "the customer's words"));
    }

    #[test]
    fn wait_that_the_desk_asks_for_is_kept() {
        let busy = SupportError::from(Core::Busy { retry_after: Some(Duration::from_secs(2)) });
        assert!(matches!(busy, SupportError::Busy { retry_after_millis: Some(2_000), .. }));
    }
}
