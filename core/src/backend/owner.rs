//! Whose a session is, and what the desk's version leaves open, as the desk's answers say it.

use crate::json::from_json;

/// Whom the agents see behind a session, for an identified customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// No answer has said it yet.
    Unknown,
    /// The customer.
    Customer,
    /// Somebody else: the contact has another identifier, or none.
    SomebodyElse,
}

/// What the desk's version leaves open. The merchant should update the desk where any of it is `true`.
///
/// ```
/// assert!(!shopbell::backend::DeskNotices::default().conversations_exposed);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct DeskNotices {
    /// Whoever knows a customer's e-mail address or phone number can read and write that customer's conversations,
    /// without any proof of who they are.
    pub conversations_exposed: bool,
    /// The desk can't list the conversations of a verified customer: those from another phone don't show.
    pub history_unavailable: bool,
}

from_json!(DeskNotices { conversations_exposed or false, history_unavailable or false });

impl DeskNotices {
    /// Whether there is something to tell.
    pub fn any(&self) -> bool {
        *self != Self::default()
    }
}
