//! What disappears: conversations and contacts that an agent deletes, and what the clean-up jobs remove. Customers are
//! told of none of it.

use serde_json::json;

use super::Refusal;
use crate::{
    shared::within,
    state::{State, tables::Record},
};

/// How long a contact counts as online after it was last heard (`CONTACT_PRESENCE_DURATION`).
const PRESENCE_MILLIS: u64 = 90_000;

impl State {
    /// Whether a contact counts as online.
    pub(crate) fn is_online(&self, contact: u64) -> bool {
        self.presence.get(&contact).is_some_and(|heard| within(*heard, PRESENCE_MILLIS))
    }

    /// Deletes a conversation with its messages. No event tells of it: the next request for it is 404.
    pub(crate) fn delete_conversation(&mut self, id: u64) -> Result<(), Refusal> {
        self.conversation(id).ok_or(Refusal::NotFound)?;
        self.record(Record::ConversationGone(id));
        Ok(())
    }

    /// Deletes a contact with its sessions and conversations, unless it counts as online.
    pub(crate) fn delete_contact(&mut self, id: u64) -> Result<(), Refusal> {
        let name = self.contact(id).ok_or(Refusal::NotFound)?.name.clone().unwrap_or_default();
        if self.is_online(id) {
            // Ruby's `capitalize`: "Mai Tran" is told as "Mai tran".
            let mut letters = name.chars();
            let first = letters.next().map(|letter| letter.to_uppercase().collect::<String>()).unwrap_or_default();
            let name = first + &letters.as_str().to_lowercase();
            let message = format!("{name} is Online, please try again later");
            return Err(Refusal::Unprocessable(json!({ "message": message })));
        }
        let sessions = self.tables.sessions.values().filter(|row| row.contact_id == id);
        for source_id in sessions.map(|row| row.source_id.clone()).collect::<Vec<_>>() {
            self.purge(&source_id);
        }
        self.record(Record::ContactGone(id));
        Ok(())
    }

    /// What the clean-up jobs do: the session goes with its conversations, and with it a contact that has no other.
    pub(crate) fn purge(&mut self, source_id: &str) {
        let Some(session) = self.session(source_id).cloned() else { return };
        let conversations = self.tables.conversations.values().filter(|row| row.source_id == source_id);
        for id in conversations.map(|row| row.id).collect::<Vec<_>>() {
            self.record(Record::ConversationGone(id));
        }
        self.record(Record::SessionGone(source_id.to_owned()));
        if !self.tables.sessions.values().any(|other| other.contact_id == session.contact_id) {
            self.record(Record::ContactGone(session.contact_id));
        }
    }
}
