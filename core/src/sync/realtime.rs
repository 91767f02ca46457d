//! The realtime connections of one customer: the one of the conversation on screen, and those beside it.
//!
//! A connection tells what happens to one session with the desk. A customer who wrote before they logged in has several,
//! and an answer under any of them belongs in the list and the badge. So once the connection of the conversation on
//! screen is up, the other sessions that have conversations are connected, too. Those are extras: one that can't be had
//! or is lost is left alone until the next connection, and never takes the first along.

use std::{pin::Pin, sync::Arc};

use futures_util::{
    future::select_all,
    stream::{FuturesUnordered, StreamExt as _},
};

use super::fetch::Fetcher;
use crate::{
    SupportError,
    backend::{BackendError, Fault, Realtime, RealtimeEvent},
    customer::standing::storage,
    model::ConversationId,
    store::{ConversationRow, SessionRow},
};

pub(super) type Connecting = Pin<Box<dyn Future<Output = Result<Box<dyn Realtime>, BackendError>> + Send>>;

/// The session that a conversation is under; the customer's own for one that is not written down yet, and with none on
/// screen.
pub(super) async fn session_of(
    fetcher: &Fetcher,
    conversation: Option<ConversationId>,
) -> Result<Option<SessionRow>, SupportError> {
    let read = move |connection: &rusqlite::Connection| {
        let conversation = match conversation {
            Some(id) => ConversationRow::find(connection, &id)?,
            None => None,
        };
        match conversation {
            Some(conversation) => SessionRow::find(connection, &conversation.session),
            None => SessionRow::own(connection),
        }
    };
    fetcher.store.read(read).await
}

/// Connects the session of the conversation on screen.
pub(super) fn connect(fetcher: Arc<Fetcher>, focus: Option<ConversationId>) -> Connecting {
    Box::pin(async move {
        let row = session_of(&fetcher, focus).await.map_err(|error| storage(&error))?;
        // Nothing was written yet: the desk does not know the customer, and need not before the first message. The
        // outbox establishes the session with it and wakes the link.
        let Some(row) = row.filter(|row| row.established) else {
            return Err(BackendError::refused(Fault::Network, "the desk does not know the customer yet"));
        };
        open(&fetcher, &row.id).await
    })
}

async fn open(fetcher: &Fetcher, session: &str) -> Result<Box<dyn Realtime>, BackendError> {
    let session = fetcher.standing.session(session).await?;
    fetcher.backend.connect(&session).await
}

/// Connections beside the first.
#[derive(Default)]
pub(super) struct Beside {
    connecting: FuturesUnordered<Connecting>,
    live: Vec<Box<dyn Realtime>>,
}

/// What one of them brings.
pub(super) enum News {
    /// It is up: what its session missed is to be read.
    Connected,
    Event(RealtimeEvent),
}

impl Beside {
    /// Connects every other session that has conversations at the desk.
    pub(super) async fn connect(&mut self, fetcher: &Arc<Fetcher>, first: &str) {
        self.close();
        let first = first.to_owned();
        let read = move |connection: &rusqlite::Connection| {
            let mut others = Vec::new();
            for row in SessionRow::all(connection)? {
                let talks = !ConversationRow::desk_ids(connection, Some(&row.id))?.is_empty();
                if row.id != first && row.established && talks {
                    others.push(row.id);
                }
            }
            Ok(others)
        };
        match fetcher.store.read(read).await {
            Ok(others) => {
                for session in others {
                    let fetcher = Arc::clone(fetcher);
                    self.connecting.push(Box::pin(async move { open(&fetcher, &session).await }));
                }
            }
            Err(error) => tracing::debug!(%error, "the customer's other sessions could not be read"),
        }
    }

    pub(super) fn close(&mut self) {
        *self = Self::default();
    }

    /// Tells the desk that the customer is there, under each session.
    pub(super) async fn announce_presence(&mut self) {
        let mut kept = Vec::new();
        for mut live in std::mem::take(&mut self.live) {
            if live.announce_presence().await.is_ok() {
                kept.push(live);
            }
        }
        self.live = kept;
    }

    /// What happens next; waits for ever where there is nothing to wait for. Cancel-safe.
    pub(super) async fn next(&mut self) -> News {
        loop {
            tokio::select! {
                Some(connected) = self.connecting.next() => match connected {
                    Ok(live) => {
                        self.live.push(live);
                        return News::Connected;
                    }
                    Err(error) => tracing::debug!(%error, "no realtime connection for another session"),
                },
                (event, lost) = next_of(&mut self.live) => match event {
                    Ok(event) => return News::Event(event),
                    Err(error) => {
                        tracing::debug!(%error, "another session's realtime connection is lost");
                        drop(self.live.swap_remove(lost));
                    }
                },
            }
        }
    }
}

async fn next_of(live: &mut [Box<dyn Realtime>]) -> (Result<RealtimeEvent, BackendError>, usize) {
    if live.is_empty() {
        return std::future::pending().await;
    }
    let (event, at, _) = select_all(live.iter_mut().map(|live| live.next())).await;
    (event, at)
}
