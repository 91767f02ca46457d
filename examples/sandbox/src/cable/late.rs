//! Broadcasts that come late, as from a job queue that lags: each has a time to be sent at, and reaches whoever is
//! subscribed by then. A socket that connected in between hears of it; one that has gone does not.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use tokio::time::Instant;

use super::hub::Hub;
use crate::state::Broadcast;

#[derive(Debug, Default)]
struct Waiting {
    /// Counts up, so that broadcasts of the same moment keep their order.
    last: u64,
    broadcasts: BTreeMap<(Instant, u64), Broadcast>,
}

/// What waits to be broadcast.
#[derive(Debug, Default)]
pub(crate) struct Late(Mutex<Waiting>);

impl Late {
    /// Keeps a broadcast until `due`.
    pub(crate) fn keep(&self, due: Instant, broadcast: Broadcast) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.last += 1;
        let key = (due, waiting.last);
        waiting.broadcasts.insert(key, broadcast);
    }

    /// Sends what was due at `now`, in its order. The lock is held meanwhile: two callers can't overtake each other.
    pub(crate) fn release(&self, hub: &Hub, now: Instant) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(first) = waiting.broadcasts.first_entry().filter(|entry| entry.key().0 <= now) {
            hub.publish(&first.remove());
        }
    }
}
