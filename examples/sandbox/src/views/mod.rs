//! The shapes of the wire: the same rows look different over REST and on the cable.

mod frames;
mod rest;

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::{
    clock::{iso, seconds},
    state::{
        ACCOUNT_ID, AGENT_ID, BOT_ID, State,
        tables::{Attachment, Contact, Message, Sender, Session},
    },
};

/// The agent's name; `available_name` is what customers are meant to see.
pub(crate) const AGENT_NAME: &str = "Linh Trần";
/// The bot's name.
pub(crate) const BOT_NAME: &str = "Shop helper";

/// Where a shape is made, for an agent looks different in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Within an agent's request.
    Desk,
    /// Within a customer's request, or in a job.
    Outside,
}

impl State {
    /// A contact as its row stands in the database: what PATCH answers up to 4.15, and what every conversation
    /// carries. It has neither `source_id` nor `pubsub_token`.
    pub(crate) fn raw_contact(&self, contact: &Contact) -> Value {
        let mut row = json!({
            "id": contact.id,
            "name": contact.name,
            "email": contact.email,
            "phone_number": contact.phone_number,
            "account_id": ACCOUNT_ID,
            "created_at": iso(contact.created_at),
            "updated_at": iso(contact.updated_at),
            "additional_attributes": contact.additional_attributes,
            "identifier": contact.identifier,
            "custom_attributes": contact.custom_attributes,
            "last_activity_at": contact.last_activity_at.map(iso),
            "contact_type": if contact.email.is_some() || contact.phone_number.is_some() { "lead" } else { "visitor" },
            "middle_name": "",
            "last_name": "",
            "location": null,
            "country_code": null,
            "blocked": contact.blocked,
            "label_list": [],
        });
        if let (Value::Object(row), false) = (&mut row, self.settings.desk_version.has_short_rows()) {
            row.insert("company_id".to_owned(), Value::Null);
        }
        row
    }

    /// A session as its row stands, token and all; only conversation frames carry it.
    pub(crate) fn raw_session(session: &Session) -> Value {
        json!({
            "id": session.id,
            "contact_id": session.contact_id,
            "inbox_id": session.inbox_id,
            "source_id": session.source_id,
            "created_at": iso(session.created_at),
            "updated_at": iso(session.updated_at),
            "hmac_verified": session.hmac_verified,
            "pubsub_token": session.pubsub_token,
        })
    }

    /// A contact as the sender of a message or the `meta.sender` of a conversation.
    pub(crate) fn contact_sender(&self, contact: &Contact) -> Value {
        let mut sender = json!({
            "id": contact.id,
            "name": contact.name,
            "email": contact.email,
            "phone_number": contact.phone_number,
            "identifier": contact.identifier,
            "thumbnail": contact.avatar_url.clone().unwrap_or_default(),
            "blocked": contact.blocked,
            "custom_attributes": contact.custom_attributes,
            "additional_attributes": contact.additional_attributes,
            "type": "contact",
        });
        if let (Value::Object(sender), true) = (&mut sender, self.settings.desk_version.has_short_rows()) {
            sender.remove("blocked");
        }
        sender
    }

    /// The agent as the desk's own answers show them, and what an agent's action sends at once.
    pub(crate) fn agent_sender(&self) -> Value {
        self.agent_at(Place::Desk)
    }

    /// The agent. Whether they are there needs an account to ask in, which only an agent's request has.
    fn agent_at(&self, place: Place) -> Value {
        let availability = if self.dashboard_open { self.availability.as_str() } else { "offline" };
        let availability = (place == Place::Desk).then_some(availability);
        json!({
            "id": AGENT_ID,
            "name": AGENT_NAME,
            "available_name": AGENT_NAME,
            "avatar_url": "",
            "type": "user",
            "availability_status": availability,
            "thumbnail": "",
        })
    }

    /// The bot as a sender.
    pub(crate) fn bot_sender() -> Value {
        json!({ "id": BOT_ID, "name": BOT_NAME, "avatar_url": "", "type": "agent_bot" })
    }

    /// The sender of a message, or nothing: the key is then absent.
    fn sender(&self, message: &Message, place: Place) -> Option<Value> {
        match message.sender {
            Sender::Contact(id) => self.contact(id).map(|contact| self.contact_sender(contact)),
            Sender::Agent => Some(self.agent_at(place)),
            Sender::Bot => Some(Self::bot_sender()),
            Sender::Nobody => None,
        }
    }

    /// The files of a message, or nothing: the key is then absent.
    fn attachments(&self, message: &Message) -> Option<Value> {
        if message.attachments.is_empty() {
            return None;
        }
        let mut views: Vec<Value> =
            message.attachments.iter().map(|attachment| self.attachment_view(message.id, attachment)).collect();
        if self.settings.shuffle_attachments {
            let turn = self.shuffles.fetch_add(1, Ordering::Relaxed) % views.len();
            views.rotate_left(turn);
        }
        Some(Value::Array(views))
    }

    fn attachment_view(&self, message: u64, attachment: &Attachment) -> Value {
        let (key, name) = (&attachment.key, percent_encode(&attachment.name));
        let storage = format!("{}/rails/active_storage", self.base_url);
        let thumb_url = if attachment.file_type == "image" {
            format!("{storage}/representations/redirect/{key}/thumb/{name}")
        } else {
            String::new()
        };
        let mut view = json!({
            "id": attachment.id,
            "message_id": message,
            "file_type": attachment.file_type,
            "account_id": ACCOUNT_ID,
            "extension": attachment.name.rsplit_once('.').map(|(_, extension)| extension),
            "content_type": attachment.content_type,
            "data_url": format!("{storage}/blobs/redirect/{key}/{name}"),
            "thumb_url": thumb_url,
            "file_size": attachment.size,
            "width": attachment.width,
            "height": attachment.height,
        });
        if let (Value::Object(view), "audio") = (&mut view, attachment.file_type.as_str()) {
            view.insert("transcribed_text".to_owned(), json!(""));
        }
        if let (Value::Object(view), true) = (&mut view, self.settings.desk_version.has_short_rows()) {
            view.remove("content_type");
            view.insert("extension".to_owned(), Value::Null);
        }
        view
    }
}

/// A file's name as one segment of a path.
pub(crate) fn percent_encode(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Unix seconds, and 0 for never, as read marks are given.
pub(crate) fn seconds_or_zero(at: Option<u64>) -> u64 {
    at.map_or(0, seconds)
}
