//! Small things kept by name, as JSON.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;

use super::{StoreError, Tx};
use crate::{
    backend::{Capabilities, ConversationContext},
    json::{self, FromJson},
    model::{ConversationId, Timestamp},
    rules,
};

/// What names of facts begin with that belong to the person: who logs in takes them along.
pub(crate) const PERSONAL: &str = "own:";

/// What is kept under a name; `None` too where it makes no sense any more.
pub(crate) fn get<T: FromJson>(connection: &Connection, key: &str) -> Result<Option<T>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT value FROM facts WHERE key = ?1")?;
    let value: Option<String> = statement.query_row([key], |row| row.get(0)).optional()?;
    Ok(value.and_then(|json| json::from_str(&json).ok()))
}

/// Keeps something under a name.
pub(crate) fn set<T: Serialize>(tx: &Tx<'_>, key: &str, value: &T) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT INTO facts (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2")?
        .execute(rusqlite::params![key, serde_json::to_string(value)?])?;
    Ok(())
}

/// The same for a list, of which only so many of the newest are kept, which stand last.
pub(crate) fn set_newest<T: Serialize>(
    tx: &Tx<'_>,
    key: &str,
    mut list: Vec<T>,
    most: usize,
) -> Result<(), StoreError> {
    let past = list.len().saturating_sub(most);
    list.drain(..past);
    set(tx, key, &list)
}

/// Forgets what is kept under a name.
pub(crate) fn remove(tx: &Tx<'_>, key: &str) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM facts WHERE key = ?1")?.execute([key])?;
    Ok(())
}

/// What the customer did within this time before they ask is told to the agents: a day.
const STILL_FRESH: Duration = Duration::from_secs(24 * 3600);

/// Whether what the customer did at that time is told to the agents. In the future it lies where the clock was set back
/// since: by less than a day it may well be of today, by more it is as good as unknown.
pub(crate) fn is_fresh(at: Timestamp, now: Timestamp) -> bool {
    now.since(at).max(at.since(now)) <= STILL_FRESH
}

/// Adds to what the agents shall know, as much of it as the desk keeps; nothing, if there is nothing to say.
pub(crate) fn tell(context: &mut ConversationContext, limits: &Capabilities, name: &str, text: &str) {
    if !text.is_empty() {
        context.insert(name.to_owned(), rules::clean(text, limits.max_attribute_chars));
    }
}

fn context_key(conversation: &ConversationId) -> String {
    format!("{PERSONAL}context:{conversation}")
}

/// What the agents shall know of how a conversation began, until it is opened at the desk.
pub(crate) fn context(connection: &Connection, of: &ConversationId) -> Result<ConversationContext, StoreError> {
    Ok(get(connection, &context_key(of))?.unwrap_or_default())
}

/// Forgets it: the conversation turned out to be one that is open already.
pub(super) fn remove_context(tx: &Tx<'_>, of: &ConversationId) -> Result<(), StoreError> {
    remove(tx, &context_key(of))
}

/// Keeps it; an empty one is forgotten.
#[cfg(feature = "help-center")]
pub(crate) fn set_context(tx: &Tx<'_>, of: &ConversationId, context: &ConversationContext) -> Result<(), StoreError> {
    if context.is_empty() { remove(tx, &context_key(of)) } else { set(tx, &context_key(of), context) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_dated_far_ahead_is_no_longer_fresh() {
        let at = |hours: u64| Timestamp::from_seconds(1_000_000).plus(Duration::from_secs(hours * 3_600));
        assert!(is_fresh(at(100), at(124)) && !is_fresh(at(100), at(125)));
        assert!(is_fresh(at(102), at(100)), "the clock was set back by two hours");
        assert!(!is_fresh(at(200), at(100)), "by days");
    }
}
