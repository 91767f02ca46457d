//! The realtime connections of one customer: the one of the conversation on screen, and those beside it.
//!
//! A connection tells what happens to one session with the desk. A customer who wrote before they logged in has several,
//! and an answer under any of them belongs in the list and the badge. So once the connection of the conversation on
//! screen is up, the other sessions that the desk knows are connected, too. Those are extras: one that can't be had is
//! left alone until the first is made anew, one that is lost until the next resync, and neither takes the first along.

use std::{collections::HashSet, pin::Pin, sync::Arc};

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
        let Some(row) = row.filter(SessionRow::is_at_desk) else {
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
    connecting: FuturesUnordered<ConnectingBeside>,
    live: Vec<(String, Box<dyn Realtime>)>,
    /// The sessions of both.
    sessions: HashSet<String>,
}

type ConnectingBeside = Pin<Box<dyn Future<Output = (String, Result<Box<dyn Realtime>, BackendError>)> + Send>>;

/// What one of them brings.
pub(super) enum News {
    /// The one of this session is up: what that missed is to be read.
    Connected(String),
    /// As of the first connection.
    Event(RealtimeEvent),
}

impl Beside {
    /// Connects every other session that the desk knows and that is not connected yet.
    pub(super) async fn connect(&mut self, fetcher: &Arc<Fetcher>, first: &str) {
        let rows = match fetcher.store.read(SessionRow::all).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::debug!(%error, "the customer's other sessions could not be read");
                return;
            }
        };
        for row in rows {
            if row.id == first || !row.is_at_desk() || !self.sessions.insert(row.id.clone()) {
                continue;
            }
            let (fetcher, session) = (Arc::clone(fetcher), row.id);
            self.connecting.push(Box::pin(async move {
                let connected = open(&fetcher, &session).await;
                (session, connected)
            }));
        }
    }

    pub(super) fn close(&mut self) {
        *self = Self::default();
    }

    /// Tells the desk that the customer is there, under each session.
    pub(super) async fn announce_presence(&mut self) {
        for (session, mut live) in std::mem::take(&mut self.live) {
            if live.announce_presence().await.is_ok() {
                self.live.push((session, live));
            } else {
                self.sessions.remove(&session);
            }
        }
    }

    /// What happens next; waits for ever where there is nothing to wait for. Cancel-safe.
    pub(super) async fn next(&mut self) -> News {
        loop {
            tokio::select! {
                Some((session, connected)) = self.connecting.next() => match connected {
                    Ok(live) => {
                        self.live.push((session.clone(), live));
                        return News::Connected(session);
                    }
                    // Stays among the sessions, so that a desk which refuses it is not asked at each resync.
                    Err(error) => tracing::debug!(%error, "no realtime connection for another session"),
                },
                (event, at) = next_of(&mut self.live) => match event {
                    Ok(event) => return News::Event(event),
                    Err(error) => {
                        tracing::debug!(%error, "another session's realtime connection is lost");
                        let (session, _) = self.live.swap_remove(at);
                        self.sessions.remove(&session);
                    }
                },
            }
        }
    }
}

async fn next_of(live: &mut [(String, Box<dyn Realtime>)]) -> (Result<RealtimeEvent, BackendError>, usize) {
    if live.is_empty() {
        return std::future::pending().await;
    }
    let (event, at, _) = select_all(live.iter_mut().map(|(_, live)| live.next())).await;
    (event, at)
}
