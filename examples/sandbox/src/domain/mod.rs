//! What the desk does: the rules of contacts, conversations and messages, each a method of the state.

mod contacts;
mod conversations;
mod deletion;
pub(crate) mod files;
mod messages;
mod surveys;

pub(crate) use self::{
    contacts::{ContactFields, hex},
    files::Upload,
    messages::{Draft, PAGE},
};

use serde_json::{Value, json};

use crate::state::tables::Object;

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

    /// 500 if one of these texts holds a NUL, which PostgreSQL can't store.
    pub(crate) fn for_nul<'a>(texts: impl IntoIterator<Item = &'a Option<String>>) -> Result<(), Self> {
        let holds = texts.into_iter().flatten().any(|text| text.contains('\0'));
        if holds { Err(Self::Internal) } else { Ok(()) }
    }

    /// The same for every key and text of a JSON object.
    pub(crate) fn for_nul_within(fields: &Object) -> Result<(), Self> {
        let holds = fields.iter().any(|(key, value)| key.contains('\0') || holds_nul(value));
        if holds { Err(Self::Internal) } else { Ok(()) }
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

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(fields) => fields.iter().any(|(key, value)| key.contains('\0') || holds_nul(value)),
        _ => false,
    }
}
