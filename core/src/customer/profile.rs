//! What of the customer's profile is to be sent: a pure comparison of what the app wants with what the desk was told.
//!
//! Only what the desk has not accepted yet goes out, per field and per attribute. So an agent's change, or another
//! phone's, is never undone by a value that this phone has said before.

use crate::{
    backend::Capabilities,
    model::{AttributeValue, CustomerProfile, ProfileField},
    rules,
    store::{Refused, Told},
};

/// What is to be sent for one session, in this order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plan {
    /// The addresses by which the desk may join contacts. Sent alone and first, so that nothing else is written to a
    /// contact that turns out to be somebody else's.
    pub(crate) joining: CustomerProfile,
    /// Everything else.
    pub(crate) rest: CustomerProfile,
    /// What breaks a rule and is not sent: persisted by a version with fewer rules, or more than this desk can do.
    pub(crate) refused: Vec<(ProfileField, Refused)>,
}

impl Plan {
    /// Whether there is nothing to send and nothing to note.
    pub(crate) fn is_empty(&self) -> bool {
        self.joining.is_empty() && self.rest.is_empty() && self.refused.is_empty()
    }
}

/// Whose session it is that is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// An anonymous customer's own.
    Anonymous,
    /// An identified customer's own.
    Identified,
    /// One from before the log-in. Its contact keeps the addresses that it has: with the identified customer's, the
    /// desk would join the two, and the identifier could be lost.
    Inherited,
}

/// Compares what the app wants with what the desk was told.
pub(crate) fn plan(wanted: &CustomerProfile, standing: Standing, told: &Told, limits: &Capabilities) -> Plan {
    let shaped = shape(wanted, standing, told);
    let mut plan = Plan::default();
    let cleared = shaped.cleared.iter().map(|field| (field.clone(), None));
    for (field, value) in shaped.set_fields().map(|(field, value)| (field, Some(value))).chain(cleared) {
        let known = told.profile.says(&field).as_ref() == Some(&value);
        let set_aside = told.refused.get(&field).is_some_and(|refused| refused.value == value);
        if known || set_aside {
            continue;
        }
        if let Some(reason) = broken_rule(&field, value.as_ref(), limits) {
            plan.refused.push((field, Refused { value, reason }));
            continue;
        }
        let joins = value.is_some() && matches!(field, ProfileField::Email | ProfileField::Phone);
        put(if joins { &mut plan.joining } else { &mut plan.rest }, field, value);
    }
    plan
}

/// Why a value can't be sent at all.
fn broken_rule(field: &ProfileField, value: Option<&AttributeValue>, limits: &Capabilities) -> Option<String> {
    match (value, field) {
        (Some(value), _) => rules::profile_field(field, value, limits).err().map(|error| error.to_string()),
        (None, ProfileField::Attribute(_)) => None,
        (None, _) if limits.clears_profile_fields => None,
        (None, _) => Some("this support desk can't clear this field, only replace it".to_owned()),
    }
}

fn put(profile: &mut CustomerProfile, field: ProfileField, value: Option<AttributeValue>) {
    match value {
        Some(value) => profile.set(field, value),
        None => drop(profile.cleared.insert(field)),
    }
}

/// The profile as the desk is to have it: addresses that are not verified become attributes.
fn shape(wanted: &CustomerProfile, standing: Standing, told: &Told) -> CustomerProfile {
    let mut shaped = wanted.clone();
    let addresses = [
        (ProfileField::Email, wanted.email_verified_by_server, rules::UNVERIFIED_EMAIL),
        (ProfileField::Phone, wanted.phone_verified_by_server, rules::UNVERIFIED_PHONE),
    ];
    for (field, verified, name) in addresses {
        let said = wanted.says(&field);
        match standing {
            Standing::Anonymous => {}
            Standing::Inherited => shaped.take(&field),
            Standing::Identified => {
                let attribute = ProfileField::Attribute(name.to_owned());
                // The desk has this very address as its own field already: nothing is gained by saying it elsewhere.
                let stands = said.is_some() && told.profile.says(&field) == said;
                match said {
                    Some(Some(address)) if !verified && !stands => {
                        shaped.take(&field);
                        shaped.set(attribute, address);
                    }
                    Some(None) => {
                        // The desk's own field may be the doing of an agent, or of another channel.
                        if told.profile.says(&field).is_none() {
                            shaped.take(&field);
                        }
                        shaped.cleared.insert(attribute);
                    }
                    Some(_) if matches!(told.profile.says(&attribute), Some(Some(_))) => {
                        shaped.cleared.insert(attribute);
                    }
                    _ => {}
                }
            }
        }
    }
    (shaped.email_verified_by_server, shaped.phone_verified_by_server) = (false, false);
    shaped
}

/// The field as the app knows it: unverified addresses are attributes only at the desk.
pub(crate) fn as_said(field: &ProfileField) -> ProfileField {
    match field {
        ProfileField::Attribute(name) if name == rules::UNVERIFIED_EMAIL => ProfileField::Email,
        ProfileField::Attribute(name) if name == rules::UNVERIFIED_PHONE => ProfileField::Phone,
        field => field.clone(),
    }
}

/// Splits what was refused in two, to find which field is to blame; a single field is given back as it is.
pub(crate) fn halves(refused: CustomerProfile) -> Result<(CustomerProfile, CustomerProfile), Option<ProfileField>> {
    let set = refused.set_fields().map(|(field, value)| (field, Some(value)));
    let mut fields: Vec<_> = set.chain(refused.cleared.iter().map(|field| (field.clone(), None))).collect();
    if fields.len() < 2 {
        return Err(fields.pop().map(|(field, _)| field));
    }
    let second = fields.split_off(fields.len() / 2);
    let of = |fields: Vec<(ProfileField, Option<AttributeValue>)>| {
        let mut profile = CustomerProfile::default();
        fields.into_iter().for_each(|(field, value)| put(&mut profile, field, value));
        profile
    };
    Ok((of(fields), of(second)))
}
