//! What is still to be told of the customer, read from the store and queued for the outbox.

use rusqlite::Connection;

use super::profile::{self, Plan, Standing};
use crate::{
    backend::{Capabilities, Owner},
    model::{AttributeValue, CustomerProfile, Identity, ProfileField, RefusedField, Verification},
    rules,
    store::{CustomerRow, EntryRow, EntryState, NewEntry, SessionRow, StoreError, Task, Told, Tx},
};

/// Everything that telling one session needs, read at once.
pub(crate) struct Known {
    /// Of an identified customer's own session.
    pub(crate) identity: Option<Identity>,
    pub(crate) verification: Verification,
    pub(crate) plan: Plan,
}

impl Known {
    /// `None` where there is no such session.
    pub(crate) fn read(
        connection: &Connection,
        session: &str,
        limits: &Capabilities,
    ) -> Result<Option<Self>, StoreError> {
        let (Some(row), Some(customer)) = (SessionRow::find(connection, session)?, CustomerRow::find(connection)?)
        else {
            return Ok(None);
        };
        let standing = match (row.own, &customer.identity) {
            (false, _) => Standing::Inherited,
            (true, None) => Standing::Anonymous,
            (true, Some(_)) => Standing::Identified,
        };
        let mut wanted = customer.profile;
        if let (Standing::Inherited, Some(identity), Verification::Verified | Verification::Unverified) =
            (standing, &customer.identity, customer.verification)
        {
            // Of an identity that the desk has accepted: agents go by it.
            wanted.set(
                ProfileField::Attribute(rules::LOGGED_IN_AS.to_owned()),
                AttributeValue::Text(identity.identifier().to_owned()),
            );
        }
        let plan = profile::plan(&wanted, standing, &Told::of(connection, session)?, limits);
        // A session from before the log-in stays an anonymous one at the desk.
        let identity = customer.identity.filter(|_| row.own);
        Ok(Some(Self { identity, verification: customer.verification, plan }))
    }
}

/// Queues the telling of what no session's contact was told yet. With `verify`, the own session is asked for in any
/// case: the desk is to look at a new proof.
pub(crate) fn queue_all(tx: &mut Tx<'_>, verify: bool) -> Result<(), StoreError> {
    let identified = CustomerRow::find(tx)?.is_some_and(|customer| customer.identity.is_some());
    for session in SessionRow::all(tx)? {
        // Nothing is told of somebody who has neither written nor logged in, or whom the desk has deleted: it is queued
        // with the making of the session.
        if session.is_asked(identified) {
            queue(tx, &session.id, verify && session.own)?;
        }
    }
    Ok(())
}

/// Queues the telling of one session, where there is anything to tell or `verify` asks for it.
pub(crate) fn queue(tx: &mut Tx<'_>, session: &str, verify: bool) -> Result<(), StoreError> {
    // Whatever a desk's limits are: a value that is over them is noted by the attempt.
    let known = Known::read(tx, session, &Capabilities::default())?;
    let untold = known.is_some_and(|known| !known.plan.is_empty());
    let mut waits = false;
    for entry in EntryRow::all(tx)?.iter().filter(|entry| entry.session == session && entry.task == Task::Profile) {
        match entry.state {
            EntryState::Waiting { .. } => waits = true,
            // Given up: what it was to tell is told by a new one.
            EntryState::Attention { .. } => {
                EntryRow::remove(tx, entry.seq)?;
                tx.touch_outbox();
            }
            // Under way with what was known before.
            EntryState::InFlight | EntryState::Unclear { .. } => {}
        }
    }
    if (untold || verify) && !waits {
        EntryRow::insert(tx, NewEntry { conversation: None, session, task: Task::Profile, message: None })?;
    }
    Ok(())
}

/// Puts what the app says now on top of what it said before. A value that was refused is tried again only where it is
/// another one.
pub(crate) fn merge(tx: &mut Tx<'_>, customer: &mut CustomerRow, newer: CustomerProfile) -> Result<(), StoreError> {
    for session in SessionRow::all(tx)? {
        let mut told = Told::of(tx, &session.id)?;
        let before = told.refused.len();
        told.refused.retain(|field, refused| {
            let said = newer.says(&profile::as_said(field));
            said.is_none_or(|value| value == refused.value)
        });
        if told.refused.len() != before {
            told.save(tx, &session.id)?;
        }
    }
    customer.profile = std::mem::take(&mut customer.profile).merged(newer);
    Ok(())
}

/// The fields that were set aside, as the app knows them.
pub(crate) fn refused(connection: &Connection) -> Result<Vec<RefusedField>, StoreError> {
    let mut fields: Vec<RefusedField> = Vec::new();
    for (field, refused) in Told::all_refused(connection)? {
        let field = profile::as_said(&field);
        if !fields.iter().any(|known| known.field == field) {
            fields.push(RefusedField { field, reason: refused.reason });
        }
    }
    Ok(fields)
}

/// Gives the values up that were set aside, or one of them: the desk keeps what it has.
pub(crate) fn discard_refused(tx: &mut Tx<'_>, only: Option<&ProfileField>) -> Result<(), StoreError> {
    let Some(mut customer) = CustomerRow::find(tx)? else { return Ok(()) };
    for session in SessionRow::all(tx)? {
        let mut told = Told::of(tx, &session.id)?;
        let before = told.refused.len();
        told.refused.retain(|field, _| {
            let said = profile::as_said(field);
            let goes = only.is_none_or(|only| *only == said);
            if goes {
                customer.profile.take(&said);
            }
            !goes
        });
        if told.refused.len() != before {
            told.save(tx, &session.id)?;
        }
    }
    customer.save(tx)
}

/// What the desk makes of the customer, after an answer. `verified`: it has accepted the proof.
pub(crate) fn verification(before: Verification, verified: bool, owner: Owner) -> Verification {
    match (owner, before) {
        (Owner::SomebodyElse, _) | (Owner::Unknown, Verification::Mismatched) => Verification::Mismatched,
        _ if verified => Verification::Verified,
        _ => Verification::Unverified,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verification_follows_the_proof_and_whose_contact_it_is() {
        use Owner::{Customer, SomebodyElse, Unknown};
        use Verification::{Mismatched, Pending, Rejected, Unverified, Verified};
        for (before, verified, owner, expected) in [
            (Pending, true, Unknown, Verified),
            (Pending, false, Unknown, Unverified),
            (Rejected, true, Customer, Verified),
            (Verified, true, SomebodyElse, Mismatched),
            (Unverified, false, SomebodyElse, Mismatched),
            // Not taken back before the desk says that it is right again.
            (Mismatched, true, Unknown, Mismatched),
            (Mismatched, true, Customer, Verified),
            (Mismatched, false, Customer, Unverified),
        ] {
            assert_eq!(verification(before, verified, owner), expected, "{before:?} {verified} {owner:?}");
        }
    }
}
