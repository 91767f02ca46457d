//! REST bodies. Less is here than on the cable: no `status`, `echo_id`, `updated_at` or `source_id` of a message.

use serde_json::{Value, json};

use super::{Place, seconds_or_zero};
use crate::{
    clock::seconds,
    state::{
        State,
        tables::{Conversation, Message, Session},
    },
};

impl State {
    /// The answer of contact POST and GET.
    pub(crate) fn session_body(&self, session: &Session) -> Value {
        let contact = self.contact(session.contact_id);
        json!({
            "source_id": session.source_id,
            "pubsub_token": session.pubsub_token,
            "id": session.contact_id,
            "name": contact.and_then(|contact| contact.name.as_deref()),
            "email": contact.and_then(|contact| contact.email.as_deref()),
            "phone_number": contact.and_then(|contact| contact.phone_number.as_deref()),
        })
    }

    /// A conversation with all its messages, however many: there is no page here.
    pub(crate) fn conversation_body(&self, row: &Conversation) -> Value {
        let messages = self.tables.thread(row.id).filter(|message| message.is_public());
        json!({
            "id": row.id,
            "uuid": row.uuid,
            "inbox_id": row.inbox_id,
            "contact_last_seen_at": seconds_or_zero(row.contact_last_seen_at),
            "agent_last_seen_at": seconds_or_zero(row.agent_last_seen_at),
            "status": row.status.as_str(),
            "messages": messages.map(|message| self.message_body(message)).collect::<Value>(),
            "contact": self.contact(row.contact_id).map(|contact| self.raw_contact(contact)),
        })
    }

    /// A message as a customer's request shows it.
    pub(crate) fn message_body(&self, message: &Message) -> Value {
        self.message_at(message, Place::Outside)
    }

    fn message_at(&self, message: &Message, place: Place) -> Value {
        let mut body = json!({
            "id": message.id,
            "content": message.content,
            "message_type": message.message_type,
            "content_type": message.content_type,
            "content_attributes": message.content_attributes,
            "created_at": seconds(message.created_at),
            "conversation_id": message.conversation_id,
        });
        if let Value::Object(body) = &mut body {
            body.extend(self.attachments(message).map(|files| ("attachments".to_owned(), files)));
            body.extend(self.sender(message, place).map(|sender| ("sender".to_owned(), sender)));
        }
        body
    }

    /// A message as an agent's REST answer shows it.
    pub(crate) fn agent_message_body(&self, message: &Message) -> Value {
        let mut body = self.message_at(message, Place::Desk);
        if let Value::Object(body) = &mut body {
            let conversation = self.conversation(message.conversation_id);
            body.insert("inbox_id".to_owned(), json!(conversation.map(|row| row.inbox_id)));
            body.insert("source_id".to_owned(), Value::Null);
            body.insert("status".to_owned(), json!(message.status));
            body.insert("private".to_owned(), json!(message.private));
        }
        body
    }
}
