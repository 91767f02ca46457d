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
    versions::{self, Quirk, Version},
    wire,
};
use crate::{
    Identity,
    backend::{BackendError, DeskNotices, Fault, Owner, Session},
};

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
            Err(error) if error.fault.is_of_the_way() || matches!(error.fault, Fault::Throttled { .. }) => {
                return Err(error);
            }
            Err(_) => return Ok(None),
        };
        Ok(Version::parse(&told.version).map(|version| DeskNotices {
            conversations_exposed: versions::has(version, Quirk::ConversationsExposed),
            history_unavailable: versions::has(version, Quirk::HistoryUnavailable),
        }))
    }
}
