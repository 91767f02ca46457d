//! What the desk does: the rules of contacts, conversations and messages, each a method of the state.

mod contacts;
mod conversations;
pub(crate) mod files;
mod messages;
mod surveys;

pub(crate) use self::{
    contacts::{ContactFields, hex},
    files::Upload,
    messages::{Draft, PAGE},
};

use serde_json::{Value, json};

/// Why a request is refused, in the words of Chatwoot.
#[derive(Debug, PartialEq)]
pub(crate) enum Refusal {
    /// 404: unknown inbox, contact, conversation or message.
    NotFound,
    /// 400: the body could not be read.
    BadRequest,
    /// 422 of a failed validation.
    Invalid { message: String, attribute: &'static str },
    /// 422 with a body of its own.
    Unprocessable(Value),
    /// 500: what Chatwoot raises and nobody rescues.
    Internal,
}

impl Refusal {
    /// A failed validation of one attribute.
    pub(crate) fn invalid(attribute: &'static str, message: &str) -> Self {
        Self::Invalid { message: message.to_owned(), attribute }
    }

    /// The status and body that say it.
    pub(crate) fn answer(&self) -> (u16, Value) {
        match self {
            Self::NotFound => (404, json!({ "status": 404, "error": "Not Found" })),
            Self::BadRequest => (400, json!({ "status": 400, "error": "Bad Request" })),
            Self::Invalid { message, attribute } => (422, json!({ "message": message, "attributes": [attribute] })),
            Self::Unprocessable(body) => (422, body.clone()),
            Self::Internal => (500, json!({ "status": 500, "error": "Internal Server Error" })),
        }
    }
}
