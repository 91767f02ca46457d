//! Who the customer is, and their standings with the desk.

use rusqlite::{Connection, Row, ToSql, params};

use super::{ConversationRow, EntryRow, NewEntry, StoreError, Told, Tx, entries::Task};
use crate::{
    backend::Secret,
    json,
    model::{ConversationStatus, CustomerProfile, Identity, Verification},
    vault::Kept,
};

/// What the desk knows of a standing. Kept as a number; nothing else than [`Made`](Self::Made) is ever asked under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtDesk {
    /// Nothing: it was never asked for it.
    Nothing = 0,
    /// It has made it.
    Made = 1,
    /// It had made it. It is looked for, and not made anew, before anything else is asked: its token or its proof is no
    /// longer good.
    Doubtful = 2,
    /// It has deleted the customer: nothing is asked before they write, which makes them known anew.
    Erased = 3,
}

impl AtDesk {
    fn read(number: i64) -> Self {
        match number {
            0 => Self::Nothing,
            2 => Self::Doubtful,
            3 => Self::Erased,
            _ => Self::Made,
        }
    }
}

/// A standing with the desk.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SessionRow {
    pub(crate) id: String,
    /// The standing for new conversations; the others came with conversations begun before log-in.
    pub(crate) own: bool,
    /// The key by which the desk knows it.
    pub(crate) key: Kept,
    pub(crate) realtime_token: Option<Kept>,
    /// The desk accepted the identity's proof.
    pub(crate) verified: bool,
    pub(crate) at_desk: AtDesk,
    pub(crate) list_validator: Option<String>,
}

const COLUMNS: &str = "id, own, secret, realtime_token, verified, established, list_validator";

fn read(row: &Row<'_>) -> Result<SessionRow, rusqlite::Error> {
    Ok(SessionRow {
        id: row.get(0)?,
        own: row.get(1)?,
        key: Kept::new(row.get(2)?),
        realtime_token: row.get::<_, Option<String>>(3)?.map(Kept::new),
        verified: row.get(4)?,
        at_desk: AtDesk::read(row.get(5)?),
        list_validator: row.get(6)?,
    })
}

/// What is kept of the person.
#[derive(Clone, Debug)]
pub(crate) struct CustomerRow {
    pub(crate) identity: Option<Identity>,
    pub(crate) profile: CustomerProfile,
    pub(crate) verification: Verification,
}

impl CustomerRow {
    /// `None` in a file that was just made.
    pub(crate) fn find(connection: &Connection) -> Result<Option<Self>, StoreError> {
        let mut statement = connection.prepare_cached("SELECT identity, profile, verification FROM customer")?;
        let mut rows = statement.query([])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let identity: Option<String> = row.get(0)?;
        Ok(Some(Self {
            identity: identity.map(|json| json::from_str(&json)).transpose()?,
            profile: json::from_str(&row.get::<_, String>(1)?)?,
            verification: json::from_str(&row.get::<_, String>(2)?)?,
        }))
    }

    /// Replaces what is kept.
    pub(crate) fn save(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let identity = self.identity.as_ref().map(serde_json::to_string).transpose()?;
        tx.execute(
            "INSERT INTO customer (id, identity, profile, verification) VALUES (1, ?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE SET identity = ?1, profile = ?2, verification = ?3",
            params![identity, serde_json::to_string(&self.profile)?, serde_json::to_string(&self.verification)?],
        )?;
        tx.touch_customer();
        Ok(())
    }

    /// Notes what the desk makes of the identity.
    pub(crate) fn set_verification(tx: &mut Tx<'_>, verification: Verification) -> Result<(), StoreError> {
        let changed = tx.execute(
            "UPDATE customer SET verification = ?1 WHERE verification IS NOT ?1",
            [serde_json::to_string(&verification)?],
        )?;
        if changed > 0 {
            tx.touch_customer();
        }
        Ok(())
    }
}

impl SessionRow {
    /// By its id.
    pub(crate) fn find(connection: &Connection, id: &str) -> Result<Option<Self>, StoreError> {
        Ok(Self::select(connection, "WHERE id = ?1", &[&id])?.pop())
    }

    /// The standing for new conversations; `None` in a file that was just made.
    pub(crate) fn own(connection: &Connection) -> Result<Option<Self>, StoreError> {
        Ok(Self::select(connection, "WHERE own = 1", &[])?.pop())
    }

    /// All of them, the own one first.
    pub(crate) fn all(connection: &Connection) -> Result<Vec<Self>, StoreError> {
        Self::select(connection, "ORDER BY own DESC, id", &[])
    }

    fn select(connection: &Connection, which: &str, values: &[&dyn ToSql]) -> Result<Vec<Self>, StoreError> {
        let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM sessions {which}"))?;
        let rows = statement.query_map(values, read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether the desk knows it, as far as is known here.
    pub(crate) fn is_at_desk(&self) -> bool {
        matches!(self.at_desk, AtDesk::Made | AtDesk::Doubtful)
    }

    /// Whether there may be something to ask or tell under it: somebody who has logged in may have conversations from
    /// another phone, so their own standing is made for that.
    pub(crate) fn is_asked(&self, identified: bool) -> bool {
        self.is_at_desk() || self.own && identified && self.at_desk == AtDesk::Nothing
    }

    /// Chosen here, before the desk knows of it: until it does, the key opens nothing, and is kept as it is.
    pub(crate) fn insert_own(tx: &Tx<'_>, id: &str, secret: &Secret) -> Result<(), StoreError> {
        tx.execute("INSERT INTO sessions (id, own, secret) VALUES (?1, 1, ?2)", params![id, secret.expose()])?;
        Ok(())
    }

    /// Replaces what is kept of it but its validator.
    pub(crate) fn save(&self, tx: &Tx<'_>) -> Result<(), StoreError> {
        tx.execute(
            "UPDATE sessions SET secret = ?2, realtime_token = ?3, verified = ?4, established = ?5 WHERE id = ?1",
            params![
                self.id,
                self.key.as_str(),
                self.realtime_token.as_ref().map(Kept::as_str),
                self.verified,
                self.at_desk as i64
            ],
        )?;
        Ok(())
    }

    /// The desk has to look at it again before anything else is asked: its token may be no longer good, or the identity
    /// has changed.
    pub(crate) fn forget(tx: &Tx<'_>, id: &str) -> Result<(), StoreError> {
        tx.execute(
            "UPDATE sessions SET established = iif(established = 1, 2, established), list_validator = NULL WHERE id = ?1",
            [id],
        )?;
        Ok(())
    }

    /// The desk has deleted the contact behind it, with all conversations and all that it was told. What the customer
    /// wrote and the desk does not have stays.
    ///
    /// The own one is made anew when the customer writes, and not before. One from before the log-in has nothing left to
    /// be made anew for: what is still to be said under it goes on under the customer's own.
    pub(crate) fn erase(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
        let Some(row) = Self::find(tx, id)? else { return Ok(()) };
        for (conversation, _) in ConversationRow::desk_ids(tx, Some(id))? {
            ConversationRow::set_status(tx, &conversation, ConversationStatus::Gone)?;
        }
        for entry in EntryRow::all(tx)? {
            if entry.session == id && matches!(entry.task, Task::Profile | Task::Seen | Task::Resolve) {
                EntryRow::remove(tx, entry.seq)?;
            }
        }
        tx.touch_outbox();
        if !row.own {
            for entry in EntryRow::all(tx)? {
                if let (true, Task::Message, Some(conversation)) =
                    (entry.session == id, entry.task, &entry.conversation)
                {
                    ConversationRow::set_desk_id(tx, conversation, None)?;
                    if !EntryRow::opens(tx, conversation)? {
                        let open =
                            NewEntry { conversation: Some(conversation), session: id, task: Task::Open, message: None };
                        EntryRow::insert(tx, open)?;
                    }
                }
            }
            return Self::retire(tx, id);
        }
        tx.execute("UPDATE sessions SET established = 3, list_validator = NULL WHERE id = ?1", [id])?;
        Told::default().save(tx, id)?;
        if CustomerRow::find(tx)?.is_some_and(|customer| customer.identity.is_some()) {
            CustomerRow::set_verification(tx, Verification::Pending)?;
        }
        Ok(())
    }

    /// Removes one from before the log-in, under which nothing can be asked any more: its conversations are the customer's
    /// own from now on.
    pub(crate) fn retire(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
        let own = "(SELECT id FROM sessions WHERE own = 1)";
        tx.execute(
            "DELETE FROM outbox WHERE session = ?1 AND conversation IS NULL AND task = ?2",
            params![id, serde_json::to_string(&Task::Profile)?],
        )?;
        for table in ["conversations", "outbox"] {
            tx.execute(&format!("UPDATE {table} SET session = {own} WHERE session = ?1"), [id])?;
        }
        tx.execute("DELETE FROM sessions WHERE id = ?1 AND own = 0", [id])?;
        tx.touch_outbox();
        tx.touch_customer();
        Ok(())
    }

    /// The desk's list was read, with this validator for the next time.
    pub(crate) fn set_list_validator(tx: &Tx<'_>, id: &str, validator: Option<&str>) -> Result<(), StoreError> {
        tx.execute("UPDATE sessions SET list_validator = ?2 WHERE id = ?1", params![id, validator])?;
        Ok(())
    }
}
