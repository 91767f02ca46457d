//! Bodies of cable events: whole rows and more, an agent's view shown to the customer.

use serde_json::{Value, json};

use super::{Place, seconds_or_zero};
use crate::{
    clock::{iso, seconds},
    state::{
        ACCOUNT_ID, AGENT_ID, BOT_ID, State,
        tables::{Conversation, Message, Sender},
    },
};

impl State {
    /// `message.created` and `message.updated`: all columns.
    pub(crate) fn message_frame(&self, message: &Message, conversation: &Conversation, place: Place) -> Value {
        let (sender_type, sender_id) = match message.sender {
            Sender::Contact(id) => (Some("Contact"), Some(id)),
            Sender::Agent => (Some("User"), Some(AGENT_ID)),
            Sender::Bot => (Some("AgentBot"), Some(BOT_ID)),
            Sender::Nobody => (None, None),
        };
        let mut frame = json!({
            "id": message.id,
            "content": message.content,
            "account_id": ACCOUNT_ID,
            "inbox_id": conversation.inbox_id,
            "conversation_id": message.conversation_id,
            "message_type": message.message_type,
            "created_at": seconds(message.created_at),
            "updated_at": iso(message.updated_at),
            "private": message.private,
            "status": message.status,
            "source_id": null,
            "content_type": message.content_type,
            "content_attributes": message.content_attributes,
            "sender_type": sender_type,
            "sender_id": sender_id,
            "external_source_ids": {},
            "additional_attributes": {},
            "processed_message_content": message.content,
            "sentiment": {},
            "conversation": {
                "assignee_id": conversation.assigned.then_some(AGENT_ID),
                "unread_count": self.agents_unread(conversation),
                "last_activity_at": seconds(conversation.last_activity_at),
                "contact_inbox": { "source_id": conversation.source_id },
            },
        });
        if let Value::Object(frame) = &mut frame {
            frame.extend(self.attachments(message).map(|files| ("attachments".to_owned(), files)));
            frame.extend(self.sender(message, place).map(|sender| ("sender".to_owned(), sender)));
        }
        frame
    }

    /// `conversation.*`: the agent's row. `unread_count` is the agent's, and `contact_inbox` holds the token.
    /// A job looks at the row anew for most of its events, so it is the row from outside.
    pub(crate) fn conversation_frame(&self, row: &Conversation) -> Value {
        self.conversation_at(row, Place::Outside)
    }

    fn conversation_at(&self, row: &Conversation, place: Place) -> Value {
        let contact = self.contact(row.contact_id);
        let session = self.session(&row.source_id);
        let last = self.tables.thread(row.id).rev().find(|message| message.is_public());
        // Rails gives this one as a float of seconds.
        #[allow(clippy::cast_precision_loss)]
        let updated_at = row.updated_at as f64 / 1000.0;
        let mut frame = json!({
            "id": row.id,
            "account_id": ACCOUNT_ID,
            "inbox_id": row.inbox_id,
            "status": row.status.as_str(),
            "channel": session.map(|session| session.channel.as_str()),
            "can_reply": true,
            "messages": last.map(|message| self.message_frame(message, row, place)).into_iter().collect::<Value>(),
            "labels": row.labels,
            "meta": {
                "sender": contact.map(|contact| self.contact_sender(contact)),
                "assignee": row.assigned.then(|| self.agent_at(place)),
                "assignee_type": row.assigned.then_some("User"),
                "team": null,
                "hmac_verified": session.is_some_and(|session| session.hmac_verified),
            },
            "contact_inbox": session.map(Self::raw_session),
            "custom_attributes": row.custom_attributes,
            "additional_attributes": {},
            "snoozed_until": null,
            "priority": row.priority,
            "waiting_since": seconds_or_zero(row.waiting_since),
            "first_reply_created_at": row.first_reply_created_at.map(iso),
            "unread_count": self.agents_unread(row),
            "agent_last_seen_at": seconds_or_zero(row.agent_last_seen_at),
            "contact_last_seen_at": seconds_or_zero(row.contact_last_seen_at),
            "last_activity_at": seconds(row.last_activity_at),
            "timestamp": seconds(row.last_activity_at),
            "created_at": seconds(row.created_at),
            "updated_at": updated_at,
        });
        if let (Value::Object(frame), true) = (&mut frame, self.settings.desk_version.has_short_rows()) {
            frame.remove("updated_at");
            if let Some(Value::Object(meta)) = frame.get_mut("meta") {
                meta.remove("assignee_type");
            }
        }
        frame
    }

    /// `conversation.typing_on` and `_off`. The typing of a private note is told to the customer as well.
    pub(crate) fn typing_frame(&self, row: &Conversation, user: &Value, private: bool) -> Value {
        let mut conversation = self.conversation_at(row, Place::Desk);
        if let Value::Object(conversation) = &mut conversation {
            conversation.remove("account_id");
        }
        json!({
            "conversation": conversation,
            "user": user,
            "is_private": private,
            "account_id": ACCOUNT_ID,
            "performer": user,
        })
    }

    /// `presence.update`: every agent of the account whose dashboard is open, not only this conversation's.
    pub(crate) fn presence_frame(&self) -> Value {
        let users = if self.dashboard_open { json!({ AGENT_ID.to_string(): self.availability }) } else { json!({}) };
        json!({ "account_id": ACCOUNT_ID, "users": users })
    }

    fn agents_unread(&self, row: &Conversation) -> usize {
        self.tables.arrived_after(row.id, row.agent_last_seen_at.unwrap_or(0))
    }
}
