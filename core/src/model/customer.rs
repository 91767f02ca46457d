//! The person, as the merchant knows them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

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

/// What the agents see of the customer.
///
/// For each field and each attribute, a profile says one of three things: `None` (or an attribute that is absent)
/// **keeps** what the desk has, `Some` **sets** it, and an entry in [`cleared`](Self::cleared) **clears** it.
///
/// # Verified addresses
/// Desks join contacts that share an e-mail address or a phone number, histories included. A logged-in customer who
/// enters somebody else's address would therefore read that person's conversations. So, for a logged-in customer,
/// `email` and `phone` become the desk's own fields only where the app says that the merchant's server has verified
/// that they belong to this customer. Otherwise the agents see them as the attributes `unverified_email` and
/// `unverified_phone`, by which the desk joins nothing.
///
/// ```
/// use shopbell::{CustomerProfile, ProfileField};
/// let profile = CustomerProfile {
///     email: Some("mai@example.com".into()),
///     email_verified_by_server: true,
///     ..CustomerProfile::default()
/// };
/// let profile = profile.clear(ProfileField::Attribute("coupon".into()));
/// ```
#[derive(Clone, Default, PartialEq, serde::Serialize)]
pub struct CustomerProfile {
    /// Full name, at most 255 characters.
    pub name: Option<String>,
    /// E-mail address. See "Verified addresses" above.
    pub email: Option<String>,
    /// Phone number in E.164 form: `+` and 2 to 15 digits. See "Verified addresses" above.
    pub phone: Option<String>,
    /// Address of a picture, `http` or `https`.
    pub avatar_url: Option<String>,
    /// Anything else that helps an agent: plan, last order, app version. Merged by name.
    pub attributes: BTreeMap<String, AttributeValue>,
    /// The merchant's server has verified that `email` belongs to this customer, by a confirmation link for example. An
    /// address that the customer merely typed is not verified. Says nothing where `email` is `None`.
    #[serde(skip_serializing_if = "is_false")]
    pub email_verified_by_server: bool,
    /// The merchant's server has verified that `phone` belongs to this customer, by a code for example. Says nothing
    /// where `phone` is `None`.
    #[serde(skip_serializing_if = "is_false")]
    pub phone_verified_by_server: bool,
    /// What is to be cleared. A field that is set and cleared at once is [`InvalidInput`](crate::SupportError).
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub cleared: BTreeSet<ProfileField>,
}

from_json!(CustomerProfile {
    name,
    email,
    phone,
    avatar_url,
    attributes or BTreeMap::new(),
    email_verified_by_server or false,
    phone_verified_by_server or false,
    cleared or BTreeSet::new(),
});

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl CustomerProfile {
    /// Whether it neither sets nor clears anything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Clears a field or an attribute; a value that was set for it is dropped.
    #[must_use]
    pub fn clear(mut self, field: ProfileField) -> Self {
        self.take(&field);
        self.cleared.insert(field);
        self
    }

    /// Applies `newer` on top: what it sets or clears replaces what stands here, everything else stays.
    #[must_use]
    pub fn merged(mut self, newer: Self) -> Self {
        for field in &newer.cleared {
            self.take(field);
        }
        for (field, value) in newer.set_fields() {
            self.cleared.remove(&field);
            self.set(field, value);
        }
        if newer.email.is_some() {
            self.email_verified_by_server = newer.email_verified_by_server;
        }
        if newer.phone.is_some() {
            self.phone_verified_by_server = newer.phone_verified_by_server;
        }
        self.cleared.extend(newer.cleared);
        self
    }

    /// Every field that is set, with its value.
    pub(crate) fn set_fields(&self) -> impl Iterator<Item = (ProfileField, AttributeValue)> + '_ {
        let texts = [
            (ProfileField::Name, &self.name),
            (ProfileField::Email, &self.email),
            (ProfileField::Phone, &self.phone),
            (ProfileField::AvatarUrl, &self.avatar_url),
        ];
        let texts = texts.into_iter().filter_map(|(field, text)| Some((field, AttributeValue::Text(text.clone()?))));
        let attributes = self.attributes.iter();
        texts.chain(attributes.map(|(name, value)| (ProfileField::Attribute(name.clone()), value.clone())))
    }

    /// What is said of a field: `None` keeps it, `Some(None)` clears it.
    pub(crate) fn says(&self, field: &ProfileField) -> Option<Option<AttributeValue>> {
        if self.cleared.contains(field) {
            return Some(None);
        }
        let text = |text: &Option<String>| text.clone().map(AttributeValue::Text);
        let value = match field {
            ProfileField::Name => text(&self.name),
            ProfileField::Email => text(&self.email),
            ProfileField::Phone => text(&self.phone),
            ProfileField::AvatarUrl => text(&self.avatar_url),
            ProfileField::Attribute(name) => self.attributes.get(name).cloned(),
        };
        value.map(Some)
    }

    /// Sets a field. The fields that are texts take the text of any value.
    pub(crate) fn set(&mut self, field: ProfileField, value: AttributeValue) {
        match field {
            ProfileField::Name => self.name = Some(value.to_string()),
            ProfileField::Email => self.email = Some(value.to_string()),
            ProfileField::Phone => self.phone = Some(value.to_string()),
            ProfileField::AvatarUrl => self.avatar_url = Some(value.to_string()),
            ProfileField::Attribute(name) => drop(self.attributes.insert(name, value)),
        }
    }

    /// Says nothing of a field any more.
    pub(crate) fn take(&mut self, field: &ProfileField) {
        self.cleared.remove(field);
        match field {
            ProfileField::Name => self.name = None,
            ProfileField::Email => (self.email, self.email_verified_by_server) = (None, false),
            ProfileField::Phone => (self.phone, self.phone_verified_by_server) = (None, false),
            ProfileField::AvatarUrl => self.avatar_url = None,
            ProfileField::Attribute(name) => drop(self.attributes.remove(name)),
        }
    }
}

impl fmt::Debug for CustomerProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CustomerProfile({} attributes)", self.attributes.len())
    }
}

/// A part of a [`CustomerProfile`] that is set, cleared and refused on its own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProfileField {
    /// [`CustomerProfile::name`].
    Name,
    /// [`CustomerProfile::email`].
    Email,
    /// [`CustomerProfile::phone`].
    Phone,
    /// [`CustomerProfile::avatar_url`].
    AvatarUrl,
    /// One of [`CustomerProfile::attributes`], by its name.
    Attribute(String),
}

impl ProfileField {
    /// What marks an attribute among the names of fields.
    const ATTRIBUTE: &str = "attribute:";
}

/// As it is kept: `name`, `email`, `attribute:plan`.
impl fmt::Display for ProfileField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("name"),
            Self::Email => f.write_str("email"),
            Self::Phone => f.write_str("phone"),
            Self::AvatarUrl => f.write_str("avatar_url"),
            Self::Attribute(name) => write!(f, "{}{name}", Self::ATTRIBUTE),
        }
    }
}

impl fmt::Debug for ProfileField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for ProfileField {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

from_json!(ProfileField, |value| {
    Some(match value.as_str()? {
        "name" => Self::Name,
        "email" => Self::Email,
        "phone" => Self::Phone,
        "avatar_url" => Self::AvatarUrl,
        other => Self::Attribute(other.strip_prefix(Self::ATTRIBUTE)?.to_owned()),
    })
});

/// A field that was set aside: the desk does not take this value. Everything else of the profile was sent.
#[derive(Clone, PartialEq, Eq)]
pub struct RefusedField {
    /// Which one.
    pub field: ProfileField,
    /// The desk's own words, or the rule that the value breaks. Not for logs: the words may quote the value.
    pub reason: String,
}

impl fmt::Debug for RefusedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefusedField({})", self.field)
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
    /// The desk has put the customer together with somebody else: the agents see another identifier, or none. Two
    /// customers share a verified e-mail address or phone number, or the desk's data was mixed up before. Messages
    /// still arrive, the profile is held back, and a person at the desk must take the two apart.
    Mismatched,
}

from_json!(Verification of {
    "anonymous" => Anonymous,
    "pending" => Pending,
    "unverified" => Unverified,
    "verified" => Verified,
    "rejected" => Rejected,
    "mismatched" => Mismatched,
});
