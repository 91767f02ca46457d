//! The decisions alone: what is to be sent, and which fields are to blame.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{attribute, email, name, phone};
use crate::{
    AttributeValue, CustomerProfile, ProfileField,
    backend::Capabilities,
    customer::profile::{Plan, Standing, halves, plan},
    store::{Refused, Told},
};

fn limits() -> Capabilities {
    Capabilities::default()
}

fn told(profile: CustomerProfile) -> Told {
    Told { profile, ..Told::default() }
}

/// What goes out, both requests together.
fn sent(wanted: &CustomerProfile, standing: Standing, told: &Told) -> CustomerProfile {
    let Plan { joining, rest, .. } = plan(wanted, standing, told, &limits());
    joining.merged(rest)
}

#[test]
fn only_what_was_not_told_goes_out() {
    let wanted = name("Mai").merged(attribute("plan", "free")).merged(attribute("cart", "3"));
    let before = told(name("Mai").merged(attribute("plan", "free")));
    assert_eq!(sent(&wanted, Standing::Anonymous, &before), attribute("cart", "3"));
    assert!(plan(&wanted, Standing::Identified, &told(wanted.clone()), &limits()).is_empty());
    assert_eq!(sent(&CustomerProfile::default(), Standing::Identified, &before), CustomerProfile::default());
}

#[test]
fn addresses_go_out_as_fields_only_where_they_are_verified() {
    let nothing = Told::default();
    let unverified = attribute("unverified_email", "a@shop.vn");
    let verified = CustomerProfile { email_verified_by_server: false, ..email("a@shop.vn", true) };
    for (wanted, standing, expected) in [
        (email("a@shop.vn", false), Standing::Identified, unverified.clone()),
        (email("a@shop.vn", true), Standing::Identified, verified.clone()),
        (email("a@shop.vn", false), Standing::Anonymous, verified.clone()),
        // The contact from before the log-in keeps what it had.
        (email("a@shop.vn", true), Standing::Inherited, CustomerProfile::default()),
        (email("a@shop.vn", false), Standing::Inherited, CustomerProfile::default()),
        (phone("+8490", false), Standing::Identified, attribute("unverified_phone", "+8490")),
        (phone("+8490", false), Standing::Inherited, CustomerProfile::default()),
    ] {
        assert_eq!(sent(&wanted, standing, &nothing), expected, "{standing:?} {wanted:?}");
    }
    // Verified later: the attribute goes.
    let later = verified.clone().clear(ProfileField::Attribute("unverified_email".into()));
    assert_eq!(sent(&email("a@shop.vn", true), Standing::Identified, &told(unverified)), later);
    // What an older version told as the desk's own field stands, and is not said again elsewhere.
    assert_eq!(
        sent(&email("a@shop.vn", false), Standing::Identified, &told(verified.clone())),
        CustomerProfile::default()
    );
    // Another one, not verified, leaves the desk's own field as it is.
    assert_eq!(
        sent(&email("b@shop.vn", false), Standing::Identified, &told(verified)),
        attribute("unverified_email", "b@shop.vn")
    );
}

#[test]
fn addresses_go_first_and_alone() {
    let wanted = email("a@shop.vn", true).merged(phone("+8490", true)).merged(name("Mai"));
    let Plan { joining, rest, .. } = plan(&wanted, Standing::Identified, &Told::default(), &limits());
    assert!(joining.email.is_some() && joining.phone.is_some() && joining.name.is_none());
    assert_eq!(rest, name("Mai"));
}

#[test]
fn cleared_field_is_sent_once_and_a_new_value_after_it() {
    let coupon = || ProfileField::Attribute("coupon".into());
    let mut before = told(attribute("coupon", "x"));
    let wanted = attribute("coupon", "x").merged(CustomerProfile::default().clear(coupon()));
    let cleared = CustomerProfile::default().clear(coupon());
    assert_eq!(sent(&wanted, Standing::Anonymous, &before), cleared);
    before.accept(cleared);
    assert!(plan(&wanted, Standing::Anonymous, &before, &limits()).is_empty());
    let again = wanted.merged(attribute("coupon", "y"));
    assert_eq!(sent(&again, Standing::Anonymous, &before), attribute("coupon", "y"));
    // On another phone nothing was told, and the clearing is meant all the same.
    let elsewhere = CustomerProfile::default().clear(coupon());
    assert_eq!(sent(&elsewhere, Standing::Anonymous, &Told::default()), elsewhere);
}

#[test]
fn field_that_this_desk_cant_clear_is_set_aside_and_others_go_out() {
    let wanted = attribute("cart", "3").clear(ProfileField::Name);
    let Plan { joining, rest, refused } = plan(&wanted, Standing::Anonymous, &told(name("Mai")), &limits());
    assert!(joining.is_empty());
    assert_eq!(rest, attribute("cart", "3"));
    assert_eq!(refused.into_iter().map(|(field, _)| field).collect::<Vec<_>>(), [ProfileField::Name]);
    let able = Capabilities { clears_profile_fields: true, ..limits() };
    let Plan { rest, refused, .. } = plan(&wanted, Standing::Anonymous, &told(name("Mai")), &able);
    assert!(refused.is_empty() && rest == wanted);
}

#[test]
fn cleared_address_that_was_never_verified_clears_the_attribute_alone() {
    let wanted = CustomerProfile::default().clear(ProfileField::Email);
    let before = told(attribute("unverified_email", "a@shop.vn"));
    let Plan { joining, rest, refused } = plan(&wanted, Standing::Identified, &before, &limits());
    assert!(joining.is_empty() && refused.is_empty());
    assert_eq!(rest, CustomerProfile::default().clear(ProfileField::Attribute("unverified_email".into())));
}

#[test]
fn value_that_breaks_a_rule_is_set_aside_before_anything_is_asked() {
    // As a version with fewer rules kept it.
    let wanted = phone("+1", false).merged(attribute("note", "a\0")).merged(name("Mai"));
    let Plan { joining, rest, refused } = plan(&wanted, Standing::Anonymous, &Told::default(), &limits());
    assert!(joining.is_empty());
    assert_eq!(rest, name("Mai"));
    let fields: Vec<_> = refused.iter().map(|(field, _)| field.clone()).collect();
    assert_eq!(fields, [ProfileField::Phone, ProfileField::Attribute("note".into())]);
    // And not again.
    let noted = Told { refused: refused.into_iter().collect(), profile: name("Mai") };
    assert!(plan(&wanted, Standing::Anonymous, &noted, &limits()).is_empty());
}

#[test]
fn refused_value_is_tried_again_only_as_another_one() {
    let refused = Refused { value: Some(AttributeValue::Text("free".into())), reason: "no".into() };
    let noted = Told { refused: [(ProfileField::Attribute("plan".into()), refused)].into(), ..Told::default() };
    assert!(plan(&attribute("plan", "free"), Standing::Anonymous, &noted, &limits()).is_empty());
    assert_eq!(sent(&attribute("plan", "gold"), Standing::Anonymous, &noted), attribute("plan", "gold"));
}

/// A profile of a few fields with small values, some of them cleared.
fn profiles() -> impl Strategy<Value = CustomerProfile> {
    let field = prop_oneof![
        Just(ProfileField::Name),
        Just(ProfileField::AvatarUrl),
        Just(ProfileField::Email),
        Just(ProfileField::Phone),
        "[a-e]".prop_map(ProfileField::Attribute),
    ];
    let fields = proptest::collection::vec((field, proptest::option::of(0..3_u8)), 0..8);
    (fields, any::<bool>(), any::<bool>()).prop_map(|(fields, email, phone)| {
        let mut profile = CustomerProfile::default();
        for (field, value) in fields {
            profile.take(&field);
            let Some(value) = value else {
                profile.cleared.insert(field);
                continue;
            };
            let text = match field {
                ProfileField::Email => format!("{value}@shop.vn"),
                ProfileField::Phone => format!("+84{value}"),
                ProfileField::AvatarUrl => format!("https://shop.vn/{value}"),
                _ => value.to_string(),
            };
            profile.set(field, AttributeValue::Text(text));
        }
        profile.email_verified_by_server = email && profile.email.is_some();
        profile.phone_verified_by_server = phone && profile.phone.is_some();
        profile
    })
}

fn fields(profile: &CustomerProfile) -> BTreeSet<ProfileField> {
    profile.set_fields().map(|(field, _)| field).chain(profile.cleared.iter().cloned()).collect()
}

proptest! {
    /// Whatever the app says and in whatever order, nothing is said twice, and no address goes out unasked.
    #[test]
    fn what_was_accepted_is_never_sent_again(
        said in proptest::collection::vec(profiles(), 1..6),
        standing in prop_oneof![Just(Standing::Anonymous), Just(Standing::Identified), Just(Standing::Inherited)],
    ) {
        let able = Capabilities { clears_profile_fields: true, ..limits() };
        let (mut wanted, mut noted) = (CustomerProfile::default(), Told::default());
        for profile in said {
            wanted = wanted.merged(profile.clone());
            let Plan { joining, rest, refused } = plan(&wanted, standing, &noted, &able);
            prop_assert!(refused.is_empty());
            let whole = joining.clone().merged(rest.clone());
            for field in fields(&whole) {
                prop_assert!(whole.says(&field) != noted.profile.says(&field), "{field} was told before");
            }
            if standing == Standing::Inherited {
                prop_assert!(!fields(&whole).contains(&ProfileField::Email) && joining.is_empty());
            }
            if standing == Standing::Identified && joining.email.is_some() {
                prop_assert!(wanted.email_verified_by_server);
            }
            noted.accept(joining);
            noted.accept(rest);
            prop_assert!(plan(&wanted, standing, &noted, &able).is_empty());
        }
    }

    /// Halving finds exactly the fields that are refused; all others arrive.
    #[test]
    fn halving_sets_aside_exactly_what_is_refused(profile in profiles(), bad in proptest::collection::btree_set("[a-e]", 0..4)) {
        let refuses = |field: &ProfileField| matches!(field, ProfileField::Attribute(name) if bad.contains(name));
        let (mut arrived, mut aside) = (BTreeSet::new(), BTreeSet::new());
        let mut parts = vec![profile.clone()];
        while let Some(part) = parts.pop() {
            if !fields(&part).iter().any(refuses) {
                arrived.extend(fields(&part));
                continue;
            }
            match halves(part) {
                Ok((first, second)) => parts.extend([second, first]),
                Err(field) => aside.extend(field),
            }
        }
        let all = fields(&profile);
        prop_assert_eq!(aside, all.iter().filter(|field| refuses(field)).cloned().collect());
        prop_assert_eq!(arrived, all.into_iter().filter(|field| !refuses(field)).collect());
    }

    /// What is said last stands, and a profile is read as it was written.
    #[test]
    fn newer_word_stands(older in profiles(), newer in profiles()) {
        let merged = older.clone().merged(newer.clone());
        for field in fields(&merged) {
            let expected = newer.says(&field).or_else(|| older.says(&field));
            prop_assert_eq!(merged.says(&field), expected);
        }
        let written = serde_json::to_string(&merged).unwrap();
        prop_assert_eq!(crate::json::from_str::<CustomerProfile>(&written).unwrap(), merged);
    }
}
