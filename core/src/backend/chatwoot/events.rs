//! What the realtime connection tells, in the port's terms.
//!
//! The desk sends a verified customer the events of **all** their conversations, also those of other inboxes (mail,
//! other apps), and lists them so, too. They are told apart by the inbox's number, which the desk never names outright:
//! a change of a conversation says whether this session began it ([`DeskChannel::ours`](crate::backend::DeskChannel)).

use std::sync::Arc;

use serde_json::Value;

use super::{lenient::Wire, mapping, wire};
use crate::{
    Availability, Clock, DeskConversationId,
    backend::{RealtimeEvent, Secret},
};

/// Turns events into the port's.
pub(super) struct Events {
    /// Whose session it is: what it began is of this inbox.
    pub(super) key: Secret,
    pub(super) clock: Arc<dyn Clock>,
}

impl Events {
    /// `None` for what does not concern the customer, and for what a later version invented.
    pub(super) fn map(&self, name: &str, data: Value) -> Option<RealtimeEvent> {
        match name {
            "message.created" | "message.updated" => {
                let message: wire::Message = read(data)?;
                let message = mapping::message(message, None, self.clock.now())?;
                Some(RealtimeEvent::Message(Box::new(message)))
            }
            "conversation.created" | "conversation.updated" | "conversation.status_changed" => {
                let conversation: wire::Conversation = read(data)?;
                mapping::change(conversation, &self.key).map(RealtimeEvent::Conversation)
            }
            "conversation.typing_on" | "conversation.typing_off" => {
                Self::typing(read(data)?, name == "conversation.typing_on")
            }
            "presence.update" => presence(&data).map(RealtimeEvent::Presence),
            _ => {
                tracing::debug!("a realtime event of an unknown name; ignored");
                None
            }
        }
    }

    fn typing(wire: wire::Typing, typing: bool) -> Option<RealtimeEvent> {
        // Notes among agents, and the customer on another phone.
        let own = wire.user.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("contact"));
        if wire.is_private || own {
            return None;
        }
        let conversation = DeskConversationId::new(wire.conversation.id?)?;
        let name = mapping::agent(wire.user).map(|agent| agent.name).filter(|name| !name.is_empty());
        Some(RealtimeEvent::Typing { conversation, typing, name })
    }
}

fn read<T: Wire>(data: Value) -> Option<T> {
    let read = T::of(data);
    if read.is_none() {
        tracing::debug!("a realtime event that makes no sense; ignored");
    }
    read
}

/// All agents of the account: one who is there is enough.
fn presence(data: &Value) -> Option<Availability> {
    let users = data.get("users")?.as_object()?;
    let any = |state: &str| users.values().any(|user| user.as_str() == Some(state));
    Some(match (any("online"), any("busy")) {
        (true, _) => Availability::Online,
        (false, true) => Availability::Busy,
        (false, false) => Availability::Offline,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        SystemClock,
        backend::{ConversationChange, DeskChannel},
    };

    fn events() -> Events {
        Events { key: Secret::new("our-key"), clock: Arc::new(SystemClock) }
    }

    #[test]
    fn conversation_of_this_session_is_certainly_of_its_inbox() {
        let channel = |key: &str| {
            let data = json!({"id": 2, "inbox_id": 9, "contact_inbox": {"source_id": key}});
            match events().map("conversation.updated", data) {
                Some(RealtimeEvent::Conversation(change)) => change.channel,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(channel("our-key"), Some(DeskChannel { number: 9, ours: true }));
        assert_eq!(channel("another"), Some(DeskChannel { number: 9, ours: false }));
    }

    #[test]
    fn conversation_changes_are_told_as_far_as_the_event_goes() {
        let data = json!({"id": 2, "inbox_id": 4, "status": "resolved", "contact_last_seen_at": 0,
            "agent_last_seen_at": 1_750_000_000, "messages": [{"id": 1}], "contact_inbox": {"source_id": "our-key"},
            "meta": {"assignee": {"id": 3, "name": "Ann", "available_name": "Annie", "avatar_url": "javascript:x",
                                  "thumbnail": "https://desk/a.png"}}});
        let events = events();
        let Some(RealtimeEvent::Conversation(change)) = events.map("conversation.status_changed", data) else {
            panic!("no change");
        };
        assert_eq!(change.channel, Some(DeskChannel { number: 4, ours: true }));
        assert_eq!(change.status, Some(crate::ConversationStatus::Resolved));
        assert_eq!((change.customer_seen_at, change.agent_seen_at.map(|t| t.seconds())), (None, Some(1_750_000_000)));
        let agent = change.agent.unwrap();
        assert_eq!((agent.id.as_str(), agent.name.as_str()), ("3", "Annie"));
        assert_eq!(agent.avatar_url.as_deref(), Some("https://desk/a.png"));
        let bare = events.map("conversation.updated", json!({"id": 2, "status": "novel"}));
        let id = DeskConversationId::new(2).unwrap();
        let nothing = ConversationChange {
            id,
            status: None,
            customer_seen_at: None,
            agent_seen_at: None,
            agent: None,
            channel: None,
        };
        assert_eq!(bare, Some(RealtimeEvent::Conversation(nothing)));
    }

    #[test]
    fn typing_of_agents_is_told_and_private_or_own_typing_is_not() {
        let typing = |user: Value, private: bool| {
            let data = json!({"conversation": {"id": 2}, "user": user, "is_private": private});
            events().map("conversation.typing_on", data)
        };
        let ann = json!({"id": 1, "name": "Ann", "type": "user"});
        let conversation = DeskConversationId::new(2).unwrap();
        let expected = RealtimeEvent::Typing { conversation, typing: true, name: Some("Ann".to_owned()) };
        assert_eq!(typing(ann.clone(), false), Some(expected));
        assert_eq!(typing(ann, true), None);
        assert_eq!(typing(json!({"name": "Me", "type": "contact"}), false), None);
        assert!(matches!(typing(json!("?"), false), Some(RealtimeEvent::Typing { name: None, .. })));
    }

    #[test]
    fn presence_is_that_of_the_best_agent() {
        let map = |users: Value| events().map("presence.update", json!({"account_id": 1, "users": users}));
        assert_eq!(map(json!({"1": "busy", "2": "online"})), Some(RealtimeEvent::Presence(Availability::Online)));
        assert_eq!(map(json!({"1": "busy", "2": 7})), Some(RealtimeEvent::Presence(Availability::Busy)));
        assert_eq!(map(json!({"1": "offline"})), Some(RealtimeEvent::Presence(Availability::Offline)));
        assert_eq!(map(json!({})), Some(RealtimeEvent::Presence(Availability::Offline)));
        assert_eq!(map(json!([])), None);
    }

    #[test]
    fn unknown_and_senseless_events_are_ignored() {
        for (name, data) in [
            ("contact.merged", json!({})),
            ("message.created", json!(null)),
            ("message.created", json!({"id": -1})),
            ("message.created", json!([1, 2, 3])),
            ("message.created", json!({"id": 1, "conversation_id": 1, "private": true})),
            ("message.created", json!({"id": 1, "conversation_id": 1, "message_type": 2})),
            ("conversation.updated", json!({"id": u64::MAX})),
            ("presence.update", json!(null)),
        ] {
            assert_eq!(events().map(name, data.clone()), None, "{name} {data}");
        }
    }
}
