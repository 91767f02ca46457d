//! The person, as the merchant knows them.

use std::{collections::HashMap, fmt};

/// Who the customer is, from the merchant's own log-in.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Identity {
    /// The merchant's own id of the person (1 to 255 characters): stable, unique, never re-used.
    pub identifier: String,
    /// The proof that the merchant's server vouches for the identifier: lower-case hex of
    /// `HMAC-SHA256(key, identifier)`. Compute it on the server; the key must never be in an app.
    #[uniffi(default = None)]
    pub hash: Option<String>,
}

/// What the agents see of the customer. A field left out stays as the desk has it.
#[derive(Clone, Default, PartialEq, uniffi::Record)]
pub struct CustomerProfile {
    /// Full name.
    #[uniffi(default = None)]
    pub name: Option<String>,
    /// E-mail address.
    #[uniffi(default = None)]
    pub email: Option<String>,
    /// Phone number in E.164 form: `+` and up to 15 digits.
    #[uniffi(default = None)]
    pub phone: Option<String>,
    /// A picture's address.
    #[uniffi(default = None)]
    pub avatar_url: Option<String>,
    /// Anything else that helps an agent: plan, last order, app version. Merged by name.
    #[uniffi(default)]
    pub attributes: HashMap<String, AttributeValue>,
}

/// The value of a customer's attribute.
#[derive(Clone, PartialEq, uniffi::Enum)]
pub enum AttributeValue {
    /// Yes or no.
    Bool {
        /// Which.
        value: bool,
    },
    /// A whole number.
    Integer {
        /// Which.
        value: i64,
    },
    /// Any other number; must be finite.
    Number {
        /// Which.
        value: f64,
    },
    /// Text.
    Text {
        /// What it says.
        value: String,
    },
}

/// What the desk makes of the customer's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
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

impl From<Identity> for shopbell::Identity {
    fn from(identity: Identity) -> Self {
        let core = Self::new(identity.identifier);
        match identity.hash {
            Some(hash) => core.with_hash(hash),
            None => core,
        }
    }
}

impl From<CustomerProfile> for shopbell::CustomerProfile {
    fn from(profile: CustomerProfile) -> Self {
        Self {
            name: profile.name,
            email: profile.email,
            phone: profile.phone,
            avatar_url: profile.avatar_url,
            attributes: profile.attributes.into_iter().map(|(name, value)| (name, value.into())).collect(),
        }
    }
}

impl From<AttributeValue> for shopbell::AttributeValue {
    fn from(value: AttributeValue) -> Self {
        match value {
            AttributeValue::Bool { value } => Self::Bool(value),
            AttributeValue::Integer { value } => Self::Integer(value),
            AttributeValue::Number { value } => Self::Number(value),
            AttributeValue::Text { value } => Self::Text(value),
        }
    }
}

impl From<shopbell::Verification> for Verification {
    fn from(verification: shopbell::Verification) -> Self {
        use shopbell::Verification as Core;
        match verification {
            Core::Anonymous => Self::Anonymous,
            Core::Pending => Self::Pending,
            Core::Unverified => Self::Unverified,
            Core::Verified => Self::Verified,
            Core::Rejected => Self::Rejected,
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity(hash: {})", self.hash.is_some())
    }
}

impl fmt::Debug for CustomerProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CustomerProfile({} attributes)", self.attributes.len())
    }
}

impl fmt::Debug for AttributeValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool { .. } => "Bool",
            Self::Integer { .. } => "Integer",
            Self::Number { .. } => "Number",
            Self::Text { .. } => "Text",
        })
    }
}
