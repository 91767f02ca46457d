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

/// What the agents see of the customer. A field left out stays as the desk has it; one that is named in `cleared` or
/// `cleared_attributes` is cleared.
///
/// Desks join contacts that share an e-mail address or a phone number, histories included. So, for a logged-in
/// customer, `email` and `phone` become the desk's own fields only where the app says that the merchant's server has
/// verified that they belong to this customer. Otherwise the agents see them as the attributes `unverified_email` and
/// `unverified_phone`, by which the desk joins nothing.
#[derive(Clone, Default, PartialEq, uniffi::Record)]
pub struct CustomerProfile {
    /// Full name, at most 255 characters.
    #[uniffi(default = None)]
    pub name: Option<String>,
    /// E-mail address. See above for whose it must be.
    #[uniffi(default = None)]
    pub email: Option<String>,
    /// Phone number in E.164 form: `+` and 2 to 15 digits. See above for whose it must be.
    #[uniffi(default = None)]
    pub phone: Option<String>,
    /// A picture's address.
    #[uniffi(default = None)]
    pub avatar_url: Option<String>,
    /// Anything else that helps an agent: plan, last order, app version. Merged by name.
    #[uniffi(default)]
    pub attributes: HashMap<String, AttributeValue>,
    /// The merchant's server has verified that `email` belongs to this customer, by a confirmation link for example.
    /// An address that the customer merely typed is not verified.
    #[uniffi(default = false)]
    pub email_verified_by_server: bool,
    /// The merchant's server has verified that `phone` belongs to this customer, by a code for example.
    #[uniffi(default = false)]
    pub phone_verified_by_server: bool,
    /// Fields that are to be cleared. Attributes are in `cleared_attributes`.
    #[uniffi(default)]
    pub cleared: Vec<ProfileField>,
    /// Names of attributes that are to be cleared.
    #[uniffi(default)]
    pub cleared_attributes: Vec<String>,
}

/// A field of a [`CustomerProfile`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ProfileField {
    /// The name.
    Name,
    /// The e-mail address.
    Email,
    /// The phone number.
    Phone,
    /// The picture's address.
    AvatarUrl,
}

/// A field or an attribute that was set aside: the desk does not take this value. Everything else was sent.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct RefusedField {
    /// Which field; none where it is an attribute.
    pub field: Option<ProfileField>,
    /// The attribute's name; none where it is a field.
    pub attribute: Option<String>,
    /// The desk's own words, or the rule that the value breaks. Not for logs: the words may quote the value.
    pub reason: String,
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
    /// The desk has put the customer together with somebody else: the agents see another identifier, or none. Messages
    /// still arrive, the profile is held back, and a person at the desk must take the two apart.
    Mismatched,
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
            email_verified_by_server: profile.email_verified_by_server,
            phone_verified_by_server: profile.phone_verified_by_server,
            cleared: profile
                .cleared
                .into_iter()
                .map(shopbell::ProfileField::from)
                .chain(profile.cleared_attributes.into_iter().map(shopbell::ProfileField::Attribute))
                .collect(),
        }
    }
}

impl From<ProfileField> for shopbell::ProfileField {
    fn from(field: ProfileField) -> Self {
        match field {
            ProfileField::Name => Self::Name,
            ProfileField::Email => Self::Email,
            ProfileField::Phone => Self::Phone,
            ProfileField::AvatarUrl => Self::AvatarUrl,
        }
    }
}

impl From<shopbell::RefusedField> for RefusedField {
    fn from(refused: shopbell::RefusedField) -> Self {
        use shopbell::ProfileField as Core;
        let (field, attribute) = match refused.field {
            Core::Name => (Some(ProfileField::Name), None),
            Core::Email => (Some(ProfileField::Email), None),
            Core::Phone => (Some(ProfileField::Phone), None),
            Core::AvatarUrl => (Some(ProfileField::AvatarUrl), None),
            Core::Attribute(name) => (None, Some(name)),
        };
        Self { field, attribute, reason: refused.reason }
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
            Core::Mismatched => Self::Mismatched,
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

impl fmt::Debug for RefusedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefusedField({:?}, {:?})", self.field, self.attribute)
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
