//! What the customer did in the app, in the app's own words: kept on the phone, and told to the agents when the customer
//! turns to them.
//!
//! The last events stand in the customer's own file, as a fact that whoever logs in takes along. Nothing is sent for one
//! alone: the outbox hands those of the last day over with the opening of a conversation, where the desk can keep such a
//! context, and forgets them once it has.

use std::{collections::BTreeMap, fmt::Write as _};

use rusqlite::Connection;

use crate::{
    backend::{Capabilities, ConversationContext},
    json::from_json,
    model::{AttributeValue, Timestamp},
    store::{StoreError, Tx, facts},
};

const EVENTS: &str = "own:events";

/// Events that are kept: more than an agent would read.
const KEPT: usize = 20;

/// The attribute of the conversation that the agents see.
const TOLD_AS: &str = "recent_events";

#[derive(serde::Serialize)]
struct Event {
    name: String,
    attributes: BTreeMap<String, AttributeValue>,
    at: Timestamp,
}

from_json!(Event { name, attributes or BTreeMap::new(), at });

/// Keeps one that was checked; the oldest goes.
pub(crate) fn log(
    tx: &Tx<'_>,
    name: String,
    attributes: BTreeMap<String, AttributeValue>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut events: Vec<Event> = facts::get(tx, EVENTS)?.unwrap_or_default();
    events.push(Event { name, attributes, at });
    facts::set_newest(tx, EVENTS, events, KEPT)
}

/// Adds what an agent shall know of them to what is told of a conversation that begins: the newest first, each with how
/// long ago it was.
pub(crate) fn tell(
    connection: &Connection,
    context: &mut ConversationContext,
    limits: &Capabilities,
    now: Timestamp,
) -> Result<(), StoreError> {
    let events: Vec<Event> = facts::get(connection, EVENTS)?.unwrap_or_default();
    let mut text = String::new();
    for event in events.iter().rev().filter(|event| facts::is_fresh(event.at, now)) {
        let before = if text.is_empty() { "" } else { "; " };
        // Writing to a string can't fail, here and below.
        let _ = write!(text, "{before}{}", event.name);
        for (at, (name, value)) in event.attributes.iter().enumerate() {
            let _ = write!(text, "{}{name}: {value}", if at == 0 { " (" } else { ", " });
        }
        let close = if event.attributes.is_empty() { "" } else { ")" };
        let _ = write!(text, "{close}, {} min ago", now.since(event.at).as_secs() / 60);
    }
    facts::tell(context, limits, TOLD_AS, &text);
    Ok(())
}

/// The desk has been told of those until then. Of later ones only the fresh stay: what was dated by a clock that was far
/// ahead is not told again and again until that time comes.
pub(crate) fn told(tx: &Tx<'_>, until: Timestamp) -> Result<(), StoreError> {
    let Some(mut events) = facts::get::<Vec<Event>>(tx, EVENTS)? else { return Ok(()) };
    events.retain(|event| event.at > until && facts::is_fresh(event.at, until));
    if events.is_empty() { facts::remove(tx, EVENTS) } else { facts::set(tx, EVENTS, &events) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn kept_form_is_stable() {
        let attributes =
            [("total".to_owned(), AttributeValue::Number(1.5)), ("paid".into(), AttributeValue::Bool(false))];
        let event = Event { name: "checkout".into(), attributes: attributes.into(), at: Timestamp::from_millis(7) };
        let kept = serde_json::to_string(&[&event]).unwrap();
        insta::assert_snapshot!(kept, @r#"[{"name":"checkout","attributes":{"paid":false,"total":1.5},"at":7}]"#);
        let read: Vec<Event> = json::from_str(&kept).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), kept);
    }
}
