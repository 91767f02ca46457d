//! Two conversations on this phone turn out to be one at the desk.
//!
//! That happens where an inbox keeps one conversation for each customer and answers the opening of a second one with
//! the first, and where a customer logs in whose account on this phone already holds the conversation that they began
//! anonymously. What one of them holds moves to the other; handles, timelines and pushes that name the old id go on
//! ([`ConversationRow::find`] and the [`feed`](super::feed) follow it).

use rusqlite::params;

use super::{ConversationRow, FileRow, StoreError, Tx, facts};
use crate::model::ConversationId;

/// Moves everything of `from` to `into` and removes `from`. Nothing that the customer wrote is lost: unsent messages
/// go on in `into`, and two drafts become one. Of a message that both hold, `into`'s copy stays.
///
/// The caller has made sure that the two are one conversation at the desk.
pub(crate) fn join(tx: &mut Tx<'_>, from: &ConversationId, into: &ConversationId) -> Result<(), StoreError> {
    let (Some(old), Some(kept)) = (ConversationRow::find(tx, from)?, ConversationRow::find(tx, into)?) else {
        return Ok(());
    };
    if old.id == kept.id {
        return Ok(());
    }
    let pair = params![old.id.as_str(), kept.id.as_str()];
    ConversationRow::join_seen(tx, &old.id, &kept.id)?;
    tx.execute("UPDATE OR IGNORE messages SET conversation = ?2, rev = rev + 1 WHERE conversation = ?1", pair)?;
    // What is left are messages that the other conversation holds as well.
    FileRow::forget_all(tx, &old.id)?;
    tx.execute("DELETE FROM messages WHERE conversation = ?1", [old.id.as_str()])?;
    tx.execute("UPDATE OR IGNORE twins SET conversation = ?2 WHERE conversation = ?1", pair)?;
    tx.execute("DELETE FROM twins WHERE conversation = ?1", [old.id.as_str()])?;
    // It is open already.
    tx.execute(
        "DELETE FROM outbox WHERE conversation = ?1 AND task = ?2",
        params![old.id.as_str(), serde_json::to_string(&super::Task::Open)?],
    )?;
    tx.execute(
        "UPDATE outbox SET conversation = ?2, session = ?3, rev = rev + 1 WHERE conversation = ?1",
        params![old.id.as_str(), kept.id.as_str(), kept.session],
    )?;
    let draft = match (old.draft, kept.draft) {
        (Some(old), Some(kept)) if old != kept => Some(format!("{kept}\n{old}")),
        (old, kept) => kept.or(old),
    };
    tx.execute(
        "UPDATE conversations SET draft = ?3, agent_seen_at = max(conversations.agent_seen_at, o.agent_seen_at),
            created_at = min(conversations.created_at, o.created_at)
         FROM (SELECT agent_seen_at, created_at FROM conversations WHERE id = ?1) o
         WHERE conversations.id = ?2",
        params![old.id.as_str(), kept.id.as_str(), draft],
    )?;
    facts::remove_context(tx, &old.id)?;
    tx.execute("DELETE FROM conversations WHERE id = ?1", [old.id.as_str()])?;
    tx.execute("UPDATE joined SET target = ?2 WHERE target = ?1", pair)?;
    tx.execute("INSERT OR REPLACE INTO joined (id, target) VALUES (?1, ?2)", pair)?;
    ConversationRow::recount_unread(tx, &kept.id)?;
    ConversationRow::refresh(tx, &kept.id)?;
    tx.touch(&old.id);
    tx.touch_outbox();
    tx.join(old.id, kept.id);
    Ok(())
}

/// Every id that was joined, with the conversation that it stands for now.
pub(super) fn all(connection: &rusqlite::Connection) -> Result<Vec<(ConversationId, ConversationId)>, StoreError> {
    let mut statement = connection.prepare("SELECT id, target FROM joined")?;
    let rows = statement.query_map([], |row| {
        Ok((ConversationId::new(row.get::<_, String>(0)?), ConversationId::new(row.get::<_, String>(1)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
