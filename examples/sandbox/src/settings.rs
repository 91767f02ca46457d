//! Settings that can be changed while the desk runs, as an administrator would change them.

use serde::{Deserialize, Serialize};

use crate::{automation::Automation, options::Options, version::DeskVersion};

/// Settings of a running desk. They begin as [`Options`] says, and
/// [`Desk::change_settings`](crate::Desk::change_settings) or `PATCH /sandbox/settings` changes them. They are not
/// written to the data directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The release of Chatwoot that the desk plays.
    pub desk_version: DeskVersion,
    /// Whether every contact request must carry a right hash.
    pub hmac_mandatory: bool,
    /// Whether the inbox keeps one conversation per session (`lock_to_single_conversation`).
    pub single_conversation: bool,
    /// What the desk does as soon as a customer has begun a conversation.
    pub automation: Option<Automation>,
    /// Whether the files of a message come in another order each time.
    pub shuffle_attachments: bool,
}

impl From<&Options> for Settings {
    fn from(options: &Options) -> Self {
        Self {
            desk_version: options.desk_version,
            hmac_mandatory: options.hmac_mandatory,
            single_conversation: options.single_conversation,
            automation: options.automation.clone(),
            shuffle_attachments: options.shuffle_attachments,
        }
    }
}
