//! Whose contact a session leads to, and how old the desk is.
//!
//! Making a contact looks one up by identifier, e-mail address and phone number; changing one may join it with another.
//! Neither answer says whose it is on every version: a change answers with the identifier up to 4.15, a conversation's
//! contact and a message's sender hold it on all. So each answer that passes by is looked at.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use http::Method;

use super::{
    Chatwoot,
    calls::Reach,
    http::{Request, Root},
    wire,
};
use crate::{
    Identity,
    backend::{BackendError, DeskNotices, Fault, Owner, Session},
};

/// From this version on, a contact that was found by its address alone reads nothing of the one it was joined with.
const GUARDS_CONVERSATIONS: (u64, u64) = (4, 14);

/// From this version on, a verified contact's list is answered.
const LISTS_VERIFIED: (u64, u64) = (4, 7);

/// The identifiers that the desk's answers named last, by session.
#[derive(Default)]
pub(super) struct Owners(Mutex<HashMap<String, Option<String>>>);

impl Owners {
    /// An answer said it, or did not.
    pub(super) fn saw(&self, session: &Session, identifier: Option<Option<String>>) {
        if let Some(identifier) = identifier {
            let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            seen.insert(session.key.expose().to_owned(), identifier);
        }
    }

    pub(super) fn saw_conversations(&self, session: &Session, list: &[wire::Conversation]) {
        self.saw(session, list.iter().find_map(|conversation| conversation.contact.identifier.clone()));
    }

    /// Of a page the newest, for a joining moves old messages, too, but not at once.
    pub(super) fn saw_messages(&self, session: &Session, list: &[wire::Message]) {
        let newest = list.iter().filter(|message| message.id.is_some()).max_by_key(|message| {
            let is_contact = sender(message).is_some();
            (is_contact, message.id)
        });
        self.saw(session, newest.and_then(sender));
    }

    fn of(&self, session: &Session, identity: &Identity) -> Owner {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).get(session.key.expose()) {
            None => Owner::Unknown,
            Some(Some(identifier)) if identifier == identity.identifier() => Owner::Customer,
            Some(_) => Owner::SomebodyElse,
        }
    }

    /// The answers so far are of before a change.
    fn forget(&self, session: &Session) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(session.key.expose());
    }
}

/// What a message says of the contact that wrote it.
fn sender(message: &wire::Message) -> Option<Option<String>> {
    let sender = message.sender.as_ref()?;
    let is_contact = sender.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("contact"));
    sender.identifier.clone().filter(|_| is_contact)
}

impl Chatwoot {
    pub(super) fn owner_of(&self, session: &Session, identity: &Identity) -> Owner {
        self.owners.of(session, identity)
    }

    /// After a change that may have joined the contact with another: `told` is what its answer said. Where it said
    /// nothing, the list is asked. A customer without a conversation stays unknown until the first.
    pub(super) async fn look_whose(&self, session: &Session, told: Option<Option<String>>) {
        self.owners.forget(session);
        if told.is_some() {
            self.owners.saw(session, told);
        } else if let Err(error) = self.list(session, None).await {
            tracing::debug!(%error, "could not ask whose contact it is");
        }
    }

    /// By the desk's version. A desk that does not tell it is none that is known to leave anything open.
    pub(super) async fn version_notices(&self) -> Result<Option<DeskNotices>, BackendError> {
        let mut request = Request::new(Method::GET, "GET version", &["api"]);
        request.root = Root::Desk;
        let told: wire::Version = match self.call(request, Reach::Inbox).await {
            Ok(reply) => match reply.object() {
                Ok(told) => told,
                Err(_) => return Ok(None),
            },
            Err(error) if matches!(error.fault, Fault::Network | Fault::Throttled { .. }) => return Err(error),
            Err(_) => return Ok(None),
        };
        Ok(parse(&told.version).map(|version| DeskNotices {
            conversations_exposed: version < GUARDS_CONVERSATIONS,
            history_unavailable: version < LISTS_VERIFIED,
        }))
    }
}

/// `4.15.1`, `v4.9.0-rc1`: the first two numbers.
fn parse(version: &str) -> Option<(u64, u64)> {
    let mut numbers = version.trim().trim_start_matches('v').split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_compared_by_its_numbers() {
        for (told, expected) in [
            ("4.15.1", Some((4, 15))),
            ("v4.9.0-rc1", Some((4, 9))),
            ("3.16.0", Some((3, 16))),
            ("4.14", Some((4, 14))),
            ("develop", None),
            ("", None),
            ("99999999999999999999.1", None),
        ] {
            assert_eq!(parse(told), expected, "{told}");
        }
        assert!((4, 9) < GUARDS_CONVERSATIONS && (4, 15) > GUARDS_CONVERSATIONS && (5, 0) > GUARDS_CONVERSATIONS);
    }
}
