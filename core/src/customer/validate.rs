//! What can be said of a customer, checked before anything is kept.

use std::collections::BTreeMap;

use crate::{
    SupportError,
    backend::Capabilities,
    model::{AttributeValue, CustomerProfile, Identity, ProfileField},
    rules,
};

/// How many attributes a customer may have, so that a mistake in a loop does not become a megabyte at the desk.
const MAX_ATTRIBUTES: usize = 200;

/// How many details an event may have: an agent reads them in one line.
const MAX_EVENT_ATTRIBUTES: usize = 20;

pub(crate) fn identity(identity: &Identity) -> Result<(), SupportError> {
    rules::line("identifier", identity.identifier())?;
    if rules::is_blank(identity.identifier()) {
        return Err(SupportError::input("identifier", "is empty; use the merchant's own id of the customer"));
    }
    if let Some(hash) = identity.hash()
        && (hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)))
    {
        return Err(SupportError::input("identity hash", "must be 64 lower-case hex digits (HMAC-SHA256)"));
    }
    Ok(())
}

/// What an app says of a customer in one call: each value by the rules, and no field set and cleared at once.
pub(crate) fn profile(profile: &CustomerProfile, limits: &Capabilities) -> Result<(), SupportError> {
    if profile.attributes.len() > MAX_ATTRIBUTES {
        return Err(SupportError::input("attributes", format!("at most {MAX_ATTRIBUTES}")));
    }
    for (field, value) in profile.set_fields() {
        if profile.cleared.contains(&field) {
            return Err(SupportError::input("cleared", format!("{field} is set and cleared at once")));
        }
        rules::profile_field(&field, &value, limits)?;
    }
    let attributes = profile.cleared.iter().filter_map(|field| match field {
        ProfileField::Attribute(name) => Some(name),
        _ => None,
    });
    for name in profile.attributes.keys().chain(attributes) {
        rules::attribute_name(name)?;
        if rules::RESERVED.contains(&name.as_str()) {
            return Err(SupportError::input("attributes", format!("{name:?} is kept for what the SDK says itself")));
        }
    }
    Ok(())
}

/// The name and the details of something that the customer did.
pub(crate) fn event(
    name: &str,
    attributes: &BTreeMap<String, AttributeValue>,
    limits: &Capabilities,
) -> Result<(), SupportError> {
    rules::line("event", name)?;
    if rules::is_blank(name) {
        return Err(SupportError::input("event", "needs a name, as checkout_failed"));
    }
    if attributes.len() > MAX_EVENT_ATTRIBUTES {
        return Err(SupportError::input("attributes", format!("at most {MAX_EVENT_ATTRIBUTES} of an event")));
    }
    attributes.iter().try_for_each(|(name, value)| rules::attribute(name, value, limits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(change: impl FnOnce(&mut CustomerProfile)) -> bool {
        let mut value = CustomerProfile::default();
        change(&mut value);
        profile(&value, &Capabilities::default()).is_ok()
    }

    #[test]
    fn each_field_of_a_profile_goes_by_the_rules() {
        assert!(!fits(|p| p.email = Some("a".into())));
        assert!(!fits(|p| p.phone = Some("+1".into())));
        assert!(!fits(|p| p.avatar_url = Some("file:///x".into())));
        assert!(!fits(|p| p.name = Some("a\0b".into())));
        assert!(!fits(|p| drop(p.attributes.insert("a\0".into(), AttributeValue::Bool(true)))));
        assert!(!fits(|p| drop(p.attributes.insert("a".into(), AttributeValue::Text("\0".into())))));
        assert!(!fits(|p| _ = p.cleared.insert(ProfileField::Attribute("a\0".into()))));
        assert!(!fits(|p| p.attributes = (0..201).map(|n| (n.to_string(), AttributeValue::Integer(n))).collect()));
    }

    #[test]
    fn field_is_not_set_and_cleared_at_once() {
        assert!(!fits(|p| {
            p.name = Some("Mai".into());
            p.cleared.insert(ProfileField::Name);
        }));
        assert!(fits(|p| {
            p.name = Some("Mai".into());
            p.cleared.insert(ProfileField::Attribute("name".into()));
        }));
    }

    #[test]
    fn names_of_unverified_addresses_are_not_the_apps() {
        for name in ["unverified_email", "unverified_phone"] {
            assert!(!fits(|p| drop(p.attributes.insert(name.into(), AttributeValue::Bool(true)))));
            assert!(!fits(|p| _ = p.cleared.insert(ProfileField::Attribute(name.into()))));
        }
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
        assert!(!of("a", 21, "") && !of("a", 1, "123456") && !of("a", 1, "\0"));
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
