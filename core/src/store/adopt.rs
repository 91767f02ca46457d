//! A customer who was anonymous logs in: their conversations move into the file of the person they turn out to be.
//!
//! Runs before any worker touches either file, and may run twice (a crash before [`super::Place`] has noted the end):
//! a fact in the receiving file says that it is done, in the same transaction.

use rusqlite::{Connection, OptionalExtension as _, params, types::Value};

use super::{
    ConversationRow, CustomerKey, EntryRow, NewEntry, SessionRow, StoreError, Told, Tx,
    customer::{AtDesk, CustomerRow},
    entries::Task,
    facts, join,
};
use crate::{model::ConversationId, vault::Kept};

/// What the fact begins with that says whose conversations have moved here.
const ADOPTED: &str = "adopted:";

/// Whose conversations have moved here: whoever began them is the customer of this file.
pub(crate) fn adopted(connection: &Connection) -> Result<Vec<CustomerKey>, StoreError> {
    let mut statement = connection.prepare("SELECT substr(key, length(?1) + 1) FROM facts WHERE key LIKE ?1 || '%'")?;
    let keys = statement.query_map([ADOPTED], |row| row.get::<_, String>(0))?;
    Ok(keys.map(|key| key.map(CustomerKey::kept)).collect::<Result<_, _>>()?)
}

/// Copies everything from `old`, which stays as it is.
pub(crate) fn adopt(tx: &mut Tx<'_>, old: &Connection, key: &str, own: &str) -> Result<(), StoreError> {
    let fact = format!("{ADOPTED}{key}");
    let done: Option<String> =
        tx.query_row("SELECT value FROM facts WHERE key = ?1", [&fact], |row| row.get(0)).optional()?;
    if done.is_some() {
        return Ok(());
    }
    if let (Some(theirs), Some(mut ours)) = (CustomerRow::find(old)?, CustomerRow::find(tx)?) {
        ours.profile = theirs.profile.merged(ours.profile);
        ours.save(tx)?;
    }
    let both = known_in_both(tx, old)?;
    for session in SessionRow::all(old)? {
        let opened: i64 = old.query_row(
            "SELECT count(*) FROM conversations WHERE session = ?1 AND desk_id IS NOT NULL",
            [&session.id],
            |row| row.get(0),
        )?;
        // What the desk does not know yet goes on under the customer's own standing.
        let keeps = session.is_at_desk() || session.at_desk == AtDesk::Nothing && opened > 0;
        if keeps {
            tx.execute(
                "INSERT OR IGNORE INTO sessions (id, own, secret, realtime_token, verified, established)
                 VALUES (?1, 0, ?2, ?3, ?4, ?5)",
                params![
                    session.id,
                    session.key.as_str(),
                    session.realtime_token.as_ref().map(Kept::as_str),
                    session.verified,
                    session.at_desk as i64
                ],
            )?;
            Told::of(old, &session.id)?.save(tx, &session.id)?;
        }
        let target = if keeps { session.id.as_str() } else { own };
        copy(tx, old, "conversations", "session = ?1", &session.id, |column, value| match column {
            "session" => Value::Text(target.to_owned()),
            // The desk's number can be held by one of them only; the two are joined below.
            "desk_id" if both.iter().any(|(_, _, number)| value == Value::Integer(*number)) => Value::Null,
            _ => value,
        })?;
    }
    let same = |_: &str, value| value;
    copy(tx, old, "messages", "?1 = ?1", "", same)?;
    copy(tx, old, "twins", "?1 = ?1", "", same)?;
    copy(tx, old, "joined", "?1 = ?1", "", same)?;
    copy(tx, old, "files", "?1 = ?1", "", same)?;
    copy(tx, old, "facts", "key LIKE ?1 || '%'", facts::PERSONAL, same)?;
    entries(tx, old, own)?;
    for (theirs, ours, _) in &both {
        join(tx, theirs, ours)?;
    }
    tx.execute("INSERT INTO facts (key, value) VALUES (?1, '1')", [&fact])?;
    let mut statement = old.prepare("SELECT id FROM conversations")?;
    for id in statement.query_map([], |row| row.get::<_, String>(0))? {
        tx.touch(&crate::model::ConversationId::new(id?));
    }
    Ok(())
}

/// Conversations of the desk's that both files hold: the id in `old`, the id here, the desk's number.
fn known_in_both(tx: &Tx<'_>, old: &Connection) -> Result<Vec<(ConversationId, ConversationId, i64)>, StoreError> {
    let mut both = Vec::new();
    for (theirs, number) in ConversationRow::desk_ids(old, None)? {
        if let Some(ours) = ConversationRow::by_desk_id(tx, number)? {
            both.push((theirs, ours.id, number.get()));
        }
    }
    Ok(both)
}

/// The outbox, in its order, behind what already waits here; the messages that it holds keep theirs by it.
fn entries(tx: &mut Tx<'_>, old: &Connection, own: &str) -> Result<(), StoreError> {
    for entry in EntryRow::all(old)? {
        // What is known of the person is queued again at the start.
        if entry.conversation.is_none() && !matches!(entry.task, Task::Vote { .. }) {
            continue;
        }
        let known: bool =
            tx.query_row("SELECT EXISTS (SELECT 1 FROM sessions WHERE id = ?1)", [&entry.session], |row| row.get(0))?;
        let session = if known { entry.session.as_str() } else { own };
        let new = NewEntry {
            conversation: entry.conversation.as_ref(),
            session,
            task: entry.task.clone(),
            message: entry.message.as_ref(),
        };
        let seq = EntryRow::insert(tx, new)?;
        let kept = "state, attempts, fence, started_at, files, content, attachments, created_at, rev";
        let mut values = old.query_row(&format!("SELECT {kept} FROM outbox WHERE seq = ?1"), [entry.seq], |row| {
            (0..9).map(|column| row.get::<_, Value>(column)).collect::<Result<Vec<_>, _>>()
        })?;
        values.push(Value::Integer(seq));
        tx.execute(
            &format!("UPDATE outbox SET ({kept}) = (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) WHERE seq = ?10"),
            rusqlite::params_from_iter(values),
        )?;
    }
    Ok(())
}

/// Copies the rows of a table, column by column as `change` makes them, past those that are already there.
fn copy(
    tx: &Tx<'_>,
    old: &Connection,
    table: &str,
    filter: &str,
    argument: &str,
    change: impl Fn(&str, Value) -> Value,
) -> Result<(), StoreError> {
    let mut select = old.prepare(&format!("SELECT * FROM {table} WHERE {filter}"))?;
    let columns: Vec<String> = select.column_names().map(str::to_owned).collect();
    let marks = vec!["?"; columns.len()].join(", ");
    let mut insert = tx.prepare(&format!("INSERT OR IGNORE INTO {table} ({}) VALUES ({marks})", columns.join(", ")))?;
    let mut rows = select.query([argument])?;
    while let Some(row) = rows.next()? {
        let mut values = Vec::with_capacity(columns.len());
        for (at, column) in columns.iter().enumerate() {
            values.push(change(column, row.get(at)?));
        }
        insert.execute(rusqlite::params_from_iter(values))?;
    }
    Ok(())
}
