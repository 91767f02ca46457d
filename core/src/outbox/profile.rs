//! Telling the desk what is known of the customer: addresses first, the rest after, what is refused set aside alone.

use super::tasks::{Job, Tools};
use crate::{
    backend::{BackendError, Fault, Owner, Session},
    customer::{
        profile::halves,
        standing::storage,
        telling::{self, Known},
    },
    model::{CustomerProfile, Identity, ProfileField, Verification},
    store::{EntryRow, Refused, Told},
};

impl Tools {
    /// Tells what the session's contact was not told yet. Each part that the desk accepts is noted at once, so that an
    /// attempt that breaks goes on where it was.
    pub(super) async fn tell_profile(&self, job: &Job, session: &Session) -> Result<(), BackendError> {
        let (seq, id, limits) = (job.entry.seq, job.entry.session.clone(), self.backend.capabilities());
        let known = self.store.read(move |connection| Known::read(connection, &id, &limits)).await;
        let Some(Known { identity, verification, plan }) = known.map_err(|error| storage(&error))? else {
            return self.write(move |tx| EntryRow::remove(tx, seq)).await;
        };
        self.set_aside(job, plan.refused).await?;
        let identity = identity.as_ref();
        if self.is_the_customers(session, identity, verification) {
            let joins = !plan.joining.is_empty();
            self.tell_part(job, session, identity, plan.joining).await?;
            // The desk may have joined the contact with another one: then that one's name and attributes stay.
            if !joins || self.is_the_customers(session, identity, verification) {
                self.tell_part(job, session, identity, plan.rest).await?;
            }
        }
        self.write(move |tx| EntryRow::remove(tx, seq)).await
    }

    fn is_the_customers(&self, session: &Session, identity: Option<&Identity>, before: Verification) -> bool {
        let Some(identity) = identity else { return true };
        let owner = self.backend.owner(session, identity);
        let ours = telling::verification(before, session.verified, owner) != Verification::Mismatched;
        if !ours && owner == Owner::SomebodyElse {
            tracing::warn!("the desk has put the customer together with somebody else; the profile is held back");
        }
        ours
    }

    /// Sends a part of the profile. What the desk refuses is halved until the fields are found that it does not take;
    /// all others arrive.
    async fn tell_part(
        &self,
        job: &Job,
        session: &Session,
        identity: Option<&Identity>,
        part: CustomerProfile,
    ) -> Result<(), BackendError> {
        let mut parts = vec![part];
        while let Some(part) = parts.pop().filter(|part| !part.is_empty()) {
            match self.backend.update_customer(session, identity, &part).await {
                Ok(()) => self.accepted(job, part).await?,
                Err(BackendError { fault: Fault::Refused { reason }, .. }) => match halves(part.clone()) {
                    Ok((first, second)) => parts.extend([second, first]),
                    Err(Some(field)) => {
                        let value = part.says(&field).flatten();
                        tracing::warn!("the desk does not take a field of the profile; it is set aside");
                        self.set_aside(job, vec![(field, Refused { value, reason })]).await?;
                    }
                    Err(None) => {}
                },
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn accepted(&self, job: &Job, part: CustomerProfile) -> Result<(), BackendError> {
        let id = job.entry.session.clone();
        self.write(move |tx| {
            let mut told = Told::of(tx, &id)?;
            told.accept(part);
            told.save(tx, &id)
        })
        .await
    }

    async fn set_aside(&self, job: &Job, refused: Vec<(ProfileField, Refused)>) -> Result<(), BackendError> {
        if refused.is_empty() {
            return Ok(());
        }
        let id = job.entry.session.clone();
        self.write(move |tx| {
            let mut told = Told::of(tx, &id)?;
            told.refused.extend(refused);
            told.save(tx, &id)
        })
        .await
    }
}
