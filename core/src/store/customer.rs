//! Who the customer is, and their standings with the desk.

use rusqlite::{Connection, Row, ToSql, params};

use super::{StoreError, Tx};
use crate::{
    backend::Secret,
    json,
    model::{CustomerProfile, Identity, Verification},
    vault::Kept,
};

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
    /// The desk has made it.
    pub(crate) established: bool,
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
        established: row.get(5)?,
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
                self.established
            ],
        )?;
        Ok(())
    }

    /// It has to be made again before anything else is asked: the desk forgot it, or the identity changed.
    pub(crate) fn forget(tx: &Tx<'_>, id: &str) -> Result<(), StoreError> {
        tx.execute("UPDATE sessions SET established = 0, list_validator = NULL WHERE id = ?1", [id])?;
        Ok(())
    }

    /// The desk's list was read, with this validator for the next time.
    pub(crate) fn set_list_validator(tx: &Tx<'_>, id: &str, validator: Option<&str>) -> Result<(), StoreError> {
        tx.execute("UPDATE sessions SET list_validator = ?2 WHERE id = ?1", params![id, validator])?;
        Ok(())
    }
}
