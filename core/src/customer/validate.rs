//! What can be said of a customer, checked before anything is kept.

use std::collections::BTreeMap;

use crate::{
    SupportError, address,
    backend::Capabilities,
    model::{AttributeValue, CustomerProfile, Identity},
};

/// The longest identifier, name and e-mail address, in characters: what desks keep.
const MAX_CHARS: usize = 255;

/// How many attributes a customer may have, so that a mistake in a loop does not become a megabyte at the desk.
const MAX_ATTRIBUTES: usize = 200;

/// How many details an event may have: an agent reads them in one line.
const MAX_EVENT_ATTRIBUTES: usize = 20;

pub(crate) fn identity(identity: &Identity) -> Result<(), SupportError> {
    line("identifier", identity.identifier())?;
    if identity.identifier().trim().is_empty() {
        return Err(SupportError::input("identifier", "is empty; use the merchant's own id of the customer"));
    }
    if let Some(hash) = identity.hash()
        && (hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)))
    {
        return Err(SupportError::input("identity hash", "must be 64 lower-case hex digits (HMAC-SHA256)"));
    }
    Ok(())
}

pub(crate) fn profile(profile: &CustomerProfile, limits: &Capabilities) -> Result<(), SupportError> {
    if let Some(name) = &profile.name {
        line("name", name)?;
    }
    if let Some(email) = &profile.email {
        line("email", email)?;
        let whole = email.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty() && !host.is_empty() && !host.contains('@') && !email.contains(char::is_whitespace)
        });
        if !whole {
            return Err(SupportError::input("email", "is not an e-mail address"));
        }
    }
    if let Some(phone) = &profile.phone {
        let digits = phone.strip_prefix('+').unwrap_or_default();
        let whole =
            (1..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        if !whole {
            return Err(SupportError::input("phone", "must be in E.164 form: + and 1 to 15 digits, as +84901234567"));
        }
    }
    if let Some(url) = &profile.avatar_url
        && !address::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
    {
        return Err(SupportError::input("avatar_url", "must be an http or https address"));
    }
    if profile.attributes.len() > MAX_ATTRIBUTES {
        return Err(SupportError::input("attributes", format!("at most {MAX_ATTRIBUTES}")));
    }
    for (name, value) in &profile.attributes {
        attribute(name, value, limits)?;
    }
    Ok(())
}

/// The name and the details of something that the customer did.
pub(crate) fn event(
    name: &str,
    attributes: &BTreeMap<String, AttributeValue>,
    limits: &Capabilities,
) -> Result<(), SupportError> {
    line("event", name)?;
    if name.trim().is_empty() {
        return Err(SupportError::input("event", "needs a name, as checkout_failed"));
    }
    if attributes.len() > MAX_EVENT_ATTRIBUTES {
        return Err(SupportError::input("attributes", format!("at most {MAX_EVENT_ATTRIBUTES} of an event")));
    }
    attributes.iter().try_for_each(|(name, value)| attribute(name, value, limits))
}

fn attribute(name: &str, value: &AttributeValue, limits: &Capabilities) -> Result<(), SupportError> {
    let wrong = |problem: String| Err(SupportError::input("attributes", format!("{name:?}: {problem}")));
    if name.is_empty() || name.chars().count() > MAX_CHARS {
        return Err(SupportError::input("attributes", format!("a name must have 1 to {MAX_CHARS} characters")));
    }
    match value {
        AttributeValue::Text(text) if text.chars().count() > limits.max_attribute_chars => {
            wrong(format!("at most {} characters", limits.max_attribute_chars))
        }
        AttributeValue::Integer(number) if number.unsigned_abs() > limits.max_attribute_integer.unsigned_abs() => {
            wrong(format!("at most {}", limits.max_attribute_integer))
        }
        AttributeValue::Number(number) if !number.is_finite() => wrong("must be a finite number".to_owned()),
        _ => Ok(()),
    }
}

fn line(field: &'static str, text: &str) -> Result<(), SupportError> {
    if text.chars().count() > MAX_CHARS {
        return Err(SupportError::input(field, format!("at most {MAX_CHARS} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(SupportError::input(field, "must not hold control characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile_with(change: impl FnOnce(&mut CustomerProfile)) -> bool {
        let mut value = CustomerProfile::default();
        change(&mut value);
        let limits = Capabilities { max_attribute_chars: 5, max_attribute_integer: 10, ..Capabilities::default() };
        profile(&value, &limits).is_ok()
    }

    fn attribute_of(value: AttributeValue) -> bool {
        profile_with(|p| {
            p.attributes.insert("plan".into(), value);
        })
    }

    #[test]
    fn what_a_desk_would_refuse_is_refused_here() {
        for email in ["", "a", "a@", "@b", "a@b@c", "a b@c"] {
            assert!(!profile_with(|p| p.email = Some(email.into())), "{email}");
        }
        for phone in ["", "+", "0901", "+0123", "+84 90", "+1234567890123456"] {
            assert!(!profile_with(|p| p.phone = Some(phone.into())), "{phone}");
        }
        assert!(!profile_with(|p| p.avatar_url = Some("file:///x".into())));
        assert!(!profile_with(|p| p.name = Some("x".repeat(256))));
        assert!(!profile_with(|p| p.name = Some("a\0b".into())));
        assert!(!attribute_of(AttributeValue::Text("123456".into())));
        assert!(!attribute_of(AttributeValue::Integer(11)));
        assert!(!attribute_of(AttributeValue::Integer(i64::MIN)));
        assert!(!attribute_of(AttributeValue::Number(f64::NAN)));
    }

    #[test]
    fn event_needs_a_name_and_few_details() {
        let limits = Capabilities { max_attribute_chars: 5, ..Capabilities::default() };
        let of = |name: &str, details: usize, text: &str| {
            let details = (0..details).map(|n| (n.to_string(), AttributeValue::Text(text.to_owned()))).collect();
            event(name, &details, &limits).is_ok()
        };
        assert!(of("checkout_failed", 20, "12345") && of("Xem giỏ hàng", 0, ""));
        assert!(!of(" ", 0, "") && !of("a\0b", 0, "") && !of(&"x".repeat(256), 0, ""));
        assert!(!of("a", 21, "") && !of("a", 1, "123456"));
    }

    #[test]
    fn what_a_desk_would_take_is_taken() {
        assert!(profile_with(|p| {
            p.name = Some("Nguyễn Thị Đào".into());
            p.email = Some("dao@example.com".into());
            p.phone = Some("+84901234567".into());
            p.avatar_url = Some("https://example.com/a.png".into());
        }));
        assert!(attribute_of(AttributeValue::Integer(-10)));
        assert!(attribute_of(AttributeValue::Bool(true)));
    }

    #[test]
    fn identities_need_an_identifier_and_a_whole_hash() {
        assert!(identity(&Identity::new("7")).is_ok());
        assert!(identity(&Identity::new(" ")).is_err());
        assert!(identity(&Identity::new("x".repeat(256))).is_err());
        assert!(identity(&Identity::new("7").with_hash("ab")).is_err());
        assert!(identity(&Identity::new("7").with_hash("A".repeat(64))).is_err());
        assert!(identity(&Identity::new("7").with_hash("a".repeat(64))).is_ok());
    }
}
