//! Small things kept by name, as JSON.

use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;

use super::{StoreError, Tx};
use crate::{
    backend::ConversationContext,
    json::{self, FromJson},
    model::ConversationId,
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

/// Forgets what is kept under a name.
pub(crate) fn remove(tx: &Tx<'_>, key: &str) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM facts WHERE key = ?1")?.execute([key])?;
    Ok(())
}

fn context_key(conversation: &ConversationId) -> String {
    format!("{PERSONAL}context:{conversation}")
}

/// What the agents shall know of how a conversation began, until it is opened at the desk.
pub(crate) fn context(connection: &Connection, of: &ConversationId) -> Result<ConversationContext, StoreError> {
    Ok(get(connection, &context_key(of))?.unwrap_or_default())
}

/// Keeps it; an empty one is forgotten.
#[cfg(feature = "help-center")]
pub(crate) fn set_context(tx: &Tx<'_>, of: &ConversationId, context: &ConversationContext) -> Result<(), StoreError> {
    if context.is_empty() { remove(tx, &context_key(of)) } else { set(tx, &context_key(of), context) }
}
