//! Contacts: whom the desk takes the customers for. It joins them by address, as desks do.

use std::collections::BTreeMap;

use super::state::State;
use crate::{
    backend::{BackendError, DeskNotices, Establish, Fault, Owner, Secret, Session},
    clock::digest,
    model::{CustomerProfile, Identity, ProfileField},
};

/// A customer on one phone.
pub(super) struct Seat {
    pub(super) contact: u64,
    pub(super) verified: bool,
    pub(super) token: String,
}

/// A person, as the agents see them.
#[derive(Default)]
pub(super) struct Contact {
    pub(super) identifier: Option<String>,
    pub(super) profile: CustomerProfile,
}

/// All of them, and what the desk does not take of them.
#[derive(Default)]
pub(super) struct Contacts {
    pub(super) all: BTreeMap<u64, Contact>,
    pub(super) refused: BTreeMap<ProfileField, String>,
    pub(super) notices: Option<DeskNotices>,
    made: u64,
}

impl Contacts {
    fn make(&mut self, contact: Contact) -> u64 {
        self.made += 1;
        self.all.insert(self.made, contact);
        self.made
    }

    fn by(&self, is_it: impl Fn(&Contact) -> bool) -> Option<u64> {
        self.all.iter().find(|(_, contact)| is_it(contact)).map(|(id, _)| *id)
    }
}

fn same(first: Option<&String>, second: Option<&String>) -> bool {
    matches!((first, second), (Some(first), Some(second)) if first.eq_ignore_ascii_case(second))
}

impl State {
    pub(super) fn establish(&mut self, request: &Establish) -> Result<Session, BackendError> {
        let verified = self.check_identity(request.identity.as_ref())?;
        let key = request.key.expose();
        if !self.seats.contains_key(key) {
            if request.existing {
                return Err(BackendError::refused(Fault::SessionGone, "there is no such session"));
            }
            let identifier = request.identity.as_ref().map(|identity| identity.identifier().to_owned());
            let found = self.contacts.by(|contact| identifier.is_some() && contact.identifier == identifier);
            let contact = found
                .unwrap_or_else(|| self.contacts.make(Contact { identifier, profile: CustomerProfile::default() }));
            let token = digest(&["token", key, &self.seats.len().to_string()]);
            self.seats.insert(key.to_owned(), Seat { contact, verified: false, token });
        }
        let Some(seat) = self.seats.get_mut(key) else { return Err(super::state::nonsense()) };
        seat.verified |= verified;
        Ok(Session {
            key: request.key.clone(),
            realtime_token: Some(Secret::new(seat.token.clone())),
            verified: seat.verified,
        })
    }

    pub(super) fn update_customer(
        &mut self,
        session: &Session,
        identity: Option<&Identity>,
        profile: &CustomerProfile,
    ) -> Result<(), BackendError> {
        self.seat(session)?;
        let verified = identity.is_some() && self.check_identity(identity)?;
        let said = profile.set_fields().map(|(field, _)| field).chain(profile.cleared.iter().cloned());
        for field in said {
            if let Some(reason) = self.contacts.refused.get(&field) {
                let fault = Fault::Refused { reason: reason.clone() };
                return Err(BackendError::refused(fault, "a field is refused"));
            }
        }
        let key = session.key.expose();
        if let Some(seat) = self.seats.get_mut(key) {
            seat.verified |= verified;
        }
        self.join(key, profile.email.as_ref(), |contact| contact.profile.email.as_ref());
        self.join(key, profile.phone.as_ref(), |contact| contact.profile.phone.as_ref());
        let id = self.seats.get(key).map(|seat| seat.contact).unwrap_or_default();
        if let Some(contact) = self.contacts.all.get_mut(&id) {
            contact.profile = std::mem::take(&mut contact.profile).merged(profile.clone());
            let cleared = std::mem::take(&mut contact.profile.cleared);
            cleared.iter().for_each(|field| contact.profile.take(field));
        }
        Ok(())
    }

    /// Joins the session's contact with another that has this address: the other's values win, the session's contact
    /// fills what it lacks, and every session of either leads to it.
    fn join(&mut self, key: &str, address: Option<&String>, of: impl Fn(&Contact) -> Option<&String>) {
        let Some(ours) = self.seats.get(key).map(|seat| seat.contact) else { return };
        let Some(theirs) = self.contacts.by(|contact| same(of(contact), address)).filter(|id| *id != ours) else {
            return;
        };
        let Some(gone) = self.contacts.all.remove(&ours) else { return };
        if let Some(kept) = self.contacts.all.get_mut(&theirs) {
            kept.identifier = kept.identifier.take().or(gone.identifier);
            kept.profile = gone.profile.merged(std::mem::take(&mut kept.profile));
        }
        self.seats.values_mut().filter(|seat| seat.contact == ours).for_each(|seat| seat.contact = theirs);
    }

    pub(super) fn contact(&self, key: &str) -> Option<&Contact> {
        self.contacts.all.get(&self.seats.get(key)?.contact)
    }

    pub(super) fn owner(&self, session: &Session, identity: &Identity) -> Owner {
        match self.contact(session.key.expose()).map(|contact| contact.identifier.as_deref()) {
            None => Owner::Unknown,
            Some(Some(identifier)) if identifier == identity.identifier() => Owner::Customer,
            Some(_) => Owner::SomebodyElse,
        }
    }

    pub(super) fn profile(&self, key: &str) -> Option<CustomerProfile> {
        self.contact(key).map(|contact| contact.profile.clone())
    }

    pub(super) fn identifier(&self, key: &str) -> Option<String> {
        self.contact(key)?.identifier.clone()
    }

    /// An agent writes to the contact's fields.
    pub(super) fn change_profile(&mut self, key: &str, change: impl FnOnce(&mut CustomerProfile)) {
        let Some(id) = self.seats.get(key).map(|seat| seat.contact) else { return };
        if let Some(contact) = self.contacts.all.get_mut(&id) {
            change(&mut contact.profile);
        }
    }

    /// A contact from another channel.
    pub(super) fn add_contact(&mut self, profile: CustomerProfile) {
        self.contacts.make(Contact { identifier: None, profile });
    }

    /// Every contact: its identifier and what the agents see of it.
    pub(super) fn people(&self) -> Vec<(Option<String>, CustomerProfile)> {
        self.contacts.all.values().map(|contact| (contact.identifier.clone(), contact.profile.clone())).collect()
    }

    /// Whether one has proved who it is, and the other leads to the same contact.
    pub(super) fn same_person(&self, one: &str, other: &str) -> bool {
        let proved = |key: &str| self.seats.get(key).filter(|seat| seat.verified).map(|seat| seat.contact);
        proved(one).is_some_and(|contact| self.seats.get(other).is_some_and(|seat| seat.contact == contact))
    }
}
