//! The person, as the merchant knows them.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

use crate::json::from_json;

/// Who the customer is, from the merchant's own log-in.
///
/// ```
/// use shopbell::Identity;
/// let identity = Identity::new("customer-7").with_hash("5f1e…");
/// assert_eq!(identity.identifier(), "customer-7");
/// ```
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
pub struct Identity {
    identifier: String,
    hash: Option<String>,
}

from_json!(Identity { identifier, hash });

impl Identity {
    /// A person by the merchant's own id of them (1 to 255 characters): stable, unique, never re-used.
    pub fn new(identifier: impl Into<String>) -> Self {
        Self { identifier: identifier.into(), hash: None }
    }

    /// The proof that the merchant's server vouches for the identifier: lower-case hex of
    /// `HMAC-SHA256(key, identifier)`. Compute it on the server; the key must never be in an app.
    #[must_use]
    pub fn with_hash(mut self, hash: impl Into<String>) -> Self {
        self.hash = Some(hash.into());
        self
    }

    /// The merchant's id of the person.
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// The server's proof, if one was given.
    pub fn hash(&self) -> Option<&str> {
        self.hash.as_deref()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity(hash: {})", self.hash.is_some())
    }
}

/// What the agents see of the customer. Every field is optional; a field left `None` stays as the desk has it.
#[derive(Clone, Default, PartialEq, serde::Serialize)]
pub struct CustomerProfile {
    /// Full name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number in E.164 form: `+` and up to 15 digits.
    pub phone: Option<String>,
    /// A picture.
    pub avatar_url: Option<String>,
    /// Anything else that helps an agent: plan, last order, app version.
    pub attributes: BTreeMap<String, AttributeValue>,
}

from_json!(CustomerProfile { name, email, phone, avatar_url, attributes or BTreeMap::new() });

impl CustomerProfile {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What stands in `newer` replaces what stands here; attributes are merged by name.
    #[must_use]
    pub fn merged(mut self, newer: Self) -> Self {
        self.name = newer.name.or(self.name);
        self.email = newer.email.or(self.email);
        self.phone = newer.phone.or(self.phone);
        self.avatar_url = newer.avatar_url.or(self.avatar_url);
        self.attributes.extend(newer.attributes);
        self
    }
}

impl fmt::Debug for CustomerProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CustomerProfile({} attributes)", self.attributes.len())
    }
}

/// The value of a customer's attribute.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum AttributeValue {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number; must be finite.
    Number(f64),
    /// Text.
    Text(String),
}

/// As an agent reads it.
impl fmt::Display for AttributeValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(flag) => flag.fmt(f),
            Self::Integer(number) => number.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

from_json!(AttributeValue, |value| {
    match value {
        Value::Bool(flag) => Some(Self::Bool(flag)),
        Value::Number(number) => number.as_i64().map(Self::Integer).or_else(|| number.as_f64().map(Self::Number)),
        Value::String(text) => Some(Self::Text(text)),
        _ => None,
    }
});

/// What the desk makes of the customer's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// Nobody is logged in: nothing to verify.
    Anonymous,
    /// The desk has not been asked yet.
    Pending,
    /// The desk knows the customer; no proof was given or asked for.
    Unverified,
    /// The desk accepted the server's proof.
    Verified,
    /// The desk refused it: nothing is sent until the app logs in with a right one. What is written meanwhile is kept.
    Rejected,
}

from_json!(Verification of {
    "anonymous" => Anonymous,
    "pending" => Pending,
    "unverified" => Unverified,
    "verified" => Verified,
    "rejected" => Rejected,
});
