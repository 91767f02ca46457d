//! Carries out what the link decides.

use std::{pin::Pin, sync::Arc};

use tokio::sync::{mpsc, watch};

use super::{
    fetch::{Asked, Fetcher},
    link::{Effect, Event, Link, Rules},
    moment::{Connection, Moment},
};
use crate::{
    backend::{BackendError, Fault, Realtime, RealtimeEvent},
    clock::{Clock, fraction},
    customer::standing::storage,
    model::{Availability, ConversationId, DeskConversationId, Typing},
    signal::{Signal, stopped},
    store::{ConversationRow, SessionRow, Topic},
};

/// How often the file is looked at for what another process wrote, while somebody looks at a conversation: a look is a
/// word of shared memory. With nothing on screen it happens with each poll, and at a resume.
const FOREIGN_WRITES: std::time::Duration = std::time::Duration::from_secs(2);

/// Sync of one customer, at work until it is told to stop.
pub(crate) struct Worker {
    pub(crate) fetcher: Arc<Fetcher>,
    pub(crate) rules: Rules,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) moment: Moment,
    pub(crate) signals: mpsc::UnboundedReceiver<Signal>,
    /// The conversation on screen.
    pub(crate) screen: watch::Receiver<Option<ConversationId>>,
    /// Woken when the desk is reached again.
    pub(crate) outbox: mpsc::UnboundedSender<Signal>,
    pub(crate) stop: watch::Receiver<bool>,
}

type Future<T> = Pin<Box<dyn std::future::Future<Output = T> + Send>>;

/// What is under way: at most one of each.
#[derive(Default)]
struct Work {
    connecting: Option<Future<Result<Box<dyn Realtime>, BackendError>>>,
    live: Option<Box<dyn Realtime>>,
    asking: Option<Future<Result<Asked, BackendError>>>,
    resyncing: Option<Future<Result<Asked, BackendError>>>,
    resync_again: bool,
    focus: Option<ConversationId>,
}

enum Happened {
    Link(Event),
    Connected(Result<Box<dyn Realtime>, BackendError>),
    Realtime(Result<RealtimeEvent, BackendError>),
    Asked(Result<Asked, BackendError>),
    Resynced(Result<Asked, BackendError>),
    Signal(Signal),
    OnScreen(Option<ConversationId>),
}

impl Worker {
    /// Runs until stopped. What is under way is dropped: nothing of it is lost by that.
    pub(crate) async fn run(mut self) {
        let mut link = Link::new(self.rules);
        let mut work = Work::default();
        let mut stop = self.stop.clone();
        let mut screen = self.screen.clone();
        let mut customer = self.fetcher.store.feed().watch(Topic::Customer);
        let mut happened = Happened::OnScreen(screen.borrow_and_update().clone());
        // Counted on whatever else happens: an agent who types must not keep this waiting.
        let mut foreign = tokio::time::Instant::now() + FOREIGN_WRITES;
        loop {
            let event = self.take_in(happened, &mut work).await;
            let jitter = fraction(self.fetcher.random.as_ref());
            if let Some(event) = event {
                for effect in link.handle(event, self.clock.now(), jitter) {
                    if let Some(event) = self.carry_out(effect, &mut work).await {
                        let _ = link.handle(event, self.clock.now(), jitter);
                    }
                }
            }
            if link.is_live() {
                self.moment.set_connection(Connection::Live);
            } else if *self.moment.connection().borrow() == Connection::Live {
                self.moment.set_connection(Connection::Online);
                self.moment.set_availability(Availability::Unknown);
            }
            let tick = link.next_wake().map(|at| at.since(self.clock.now()));
            happened = tokio::select! {
                () = stopped(&mut stop) => return,
                Some(signal) = self.signals.recv() => Happened::Signal(signal),
                Ok(()) = screen.changed() => Happened::OnScreen(screen.borrow_and_update().clone()),
                // The standing was made, or the identity changed: there is something to connect to.
                () = customer.changed() => Happened::Link(Event::Wake),
                // Another process of the app may write too: a share sheet, a notification's reply.
                () = tokio::time::sleep_until(foreign), if work.focus.is_some() => {
                    foreign = tokio::time::Instant::now() + FOREIGN_WRITES;
                    self.fetcher.store.check_foreign_writes();
                    Happened::Link(Event::Tick)
                }
                result = finish(&mut work.connecting) => Happened::Connected(result),
                result = next(&mut work.live) => Happened::Realtime(result),
                result = finish(&mut work.asking) => Happened::Asked(result),
                result = finish(&mut work.resyncing) => Happened::Resynced(result),
                () = tokio::time::sleep(tick.unwrap_or_default()), if tick.is_some() => Happened::Link(Event::Tick),
            };
        }
    }

    async fn take_in(&mut self, happened: Happened, work: &mut Work) -> Option<Event> {
        match happened {
            Happened::Link(event) => Some(event),
            Happened::Signal(Signal::Online(online)) => {
                if !online {
                    self.moment.set_connection(Connection::Offline);
                }
                Some(Event::Online(online))
            }
            Happened::Signal(Signal::Wake) => Some(Event::Wake),
            Happened::OnScreen(focus) => {
                let moved = focus.is_some() && work.focus.is_some() && focus != work.focus;
                work.focus = focus;
                if moved && work.live.is_some() {
                    self.resync(work);
                }
                Some(Event::OnScreen(work.focus.is_some()))
            }
            Happened::Connected(Ok(live)) => {
                tracing::debug!("realtime connection is up");
                self.reached(None);
                work.live = Some(live);
                Some(Event::Connected)
            }
            Happened::Connected(Err(error)) => {
                tracing::debug!(%error, "no realtime connection");
                Some(Event::Lost(error.fault))
            }
            Happened::Realtime(Ok(event)) => {
                if self.realtime(event).await {
                    // Named something that is not known here: the list tells.
                    self.resync(work);
                }
                None
            }
            Happened::Realtime(Err(error)) => {
                tracing::debug!(%error, "realtime connection lost");
                work.live = None;
                Some(Event::Lost(error.fault))
            }
            Happened::Asked(result) => {
                if result != Ok(Asked::Nothing) {
                    self.reached(result.as_ref().err());
                }
                if std::mem::take(&mut work.resync_again) && work.live.is_some() {
                    self.resync(work);
                }
                Some(match result {
                    Ok(_) => Event::Asked,
                    Err(error) => {
                        tracing::debug!(%error, "asking the desk failed");
                        Event::AskFailed(error.fault)
                    }
                })
            }
            Happened::Resynced(result) => {
                self.reached(result.as_ref().err());
                if std::mem::take(&mut work.resync_again) {
                    self.resync(work);
                }
                match result {
                    Ok(_) => None,
                    Err(error) => {
                        // The connection stands but what was missed could not be read: as good as lost.
                        tracing::debug!(%error, "resync failed");
                        work.live = None;
                        Some(Event::Lost(error.fault))
                    }
                }
            }
        }
    }

    /// Notes whether the desk could be reached, and tells the outbox where it could.
    fn reached(&self, error: Option<&BackendError>) {
        match error.map(|error| &error.fault) {
            Some(Fault::Network) => self.moment.set_connection(Connection::Offline),
            _ => {
                let connection = self.moment.connection();
                let was_reached = matches!(*connection.borrow(), Connection::Online | Connection::Live);
                if !was_reached {
                    self.moment.set_connection(Connection::Online);
                    // The other side may be gone with its client; then there is nobody to wake.
                    let _ = self.outbox.send(Signal::Wake);
                }
            }
        }
    }

    async fn carry_out(&mut self, effect: Effect, work: &mut Work) -> Option<Event> {
        match effect {
            Effect::Connect => work.connecting = Some(self.connect(work)),
            Effect::Disconnect => {
                work.connecting = None;
                work.live = None;
                work.resyncing = None;
                work.resync_again = false;
            }
            Effect::AnnouncePresence => {
                if let Some(live) = &mut work.live
                    && let Err(error) = live.announce_presence().await
                {
                    work.live = None;
                    return Some(Event::Lost(error.fault));
                }
            }
            Effect::Resync => self.resync(work),
            Effect::AskConversation => {
                let (fetcher, focus) = (Arc::clone(&self.fetcher), work.focus.clone());
                work.asking = Some(Box::pin(async move {
                    match focus {
                        Some(id) => fetcher.conversation(&id).await,
                        None => fetcher.list().await,
                    }
                }));
            }
            Effect::AskReadMarks => {
                let (fetcher, focus) = (Arc::clone(&self.fetcher), work.focus.clone());
                work.asking = Some(Box::pin(async move { fetcher.read_marks(focus).await }));
            }
            Effect::AskList => {
                self.fetcher.store.check_foreign_writes();
                let fetcher = Arc::clone(&self.fetcher);
                work.asking = Some(Box::pin(async move { fetcher.list().await }));
            }
            Effect::ForgetSession => {
                if let Some(session) = self.session_of(work.focus.clone()).await
                    && let Err(error) = self.fetcher.standing.forget(&session).await
                {
                    tracing::warn!(%error, "could not note that the desk forgot the session");
                }
            }
        }
        None
    }

    /// Reads what may have been missed; asked for while something is being read, it follows that, and finds most of
    /// it done.
    fn resync(&self, work: &mut Work) {
        if work.resyncing.is_some() || work.asking.is_some() {
            work.resync_again = true;
            return;
        }
        let (fetcher, focus) = (Arc::clone(&self.fetcher), work.focus.clone());
        work.resyncing = Some(Box::pin(async move {
            match focus {
                Some(id) if fetcher.conversation(&id).await? == Asked::List => Ok(Asked::List),
                _ => fetcher.list().await,
            }
        }));
    }

    fn connect(&self, work: &Work) -> Future<Result<Box<dyn Realtime>, BackendError>> {
        let (fetcher, focus) = (Arc::clone(&self.fetcher), work.focus.clone());
        Box::pin(async move {
            let row = fetcher
                .store
                .read(move |connection| {
                    let conversation = match &focus {
                        Some(id) => ConversationRow::find(connection, id)?,
                        None => None,
                    };
                    match conversation {
                        Some(conversation) => SessionRow::find(connection, &conversation.session),
                        None => SessionRow::own(connection),
                    }
                })
                .await
                .map_err(|error| storage(&error))?;
            // Nothing was written yet: the desk does not know the customer, and need not before the first message.
            // The outbox makes the standing with it and wakes the link.
            let Some(row) = row.filter(|row| row.established) else {
                return Err(BackendError::refused(Fault::Network, "the desk does not know the customer yet"));
            };
            let session = fetcher.standing.session(&row.id).await?;
            fetcher.backend.connect(&session).await
        })
    }

    async fn session_of(&self, focus: Option<ConversationId>) -> Option<String> {
        let focus = focus?;
        let row = self.fetcher.store.read(move |connection| ConversationRow::find(connection, &focus)).await;
        row.ok().flatten().map(|row| row.session)
    }

    /// Writes down an event. Whether it named something that is not known here.
    async fn realtime(&self, event: RealtimeEvent) -> bool {
        let written = match event {
            RealtimeEvent::Message(message) => {
                let (own, number) = (message.author.is_customer(), message.id);
                match self.fetcher.told(message).await {
                    Ok(Some(id)) => {
                        if !own {
                            // Who has spoken types no more, whatever became of the word that says so.
                            self.moment.spoken(&id, number);
                        }
                        Ok(false)
                    }
                    Ok(None) => Ok(true),
                    Err(error) => Err(error),
                }
            }
            RealtimeEvent::Conversation(change) => self.fetcher.told_change(change).await.map(|known| !known),
            RealtimeEvent::Typing { conversation, typing, name, after } => {
                if let Some(id) = self.local(conversation).await {
                    self.moment.set_typing(&id, typing, Typing { name }, after, self.clock.now());
                }
                Ok(false)
            }
            RealtimeEvent::Presence(availability) => {
                self.moment.set_availability(availability);
                Ok(false)
            }
        };
        written.unwrap_or_else(|error| {
            tracing::warn!(%error, "an event could not be written down; a resync follows");
            true
        })
    }

    async fn local(&self, id: DeskConversationId) -> Option<ConversationId> {
        let row = self.fetcher.store.read(move |connection| ConversationRow::by_desk_id(connection, id)).await;
        row.ok().flatten().map(|row| row.id)
    }
}

/// Waits for what is under way, for ever where nothing is, and clears it when it ends. Cancel-safe.
async fn finish<T>(work: &mut Option<Future<T>>) -> T {
    match work {
        Some(future) => {
            let result = future.as_mut().await;
            *work = None;
            result
        }
        None => std::future::pending().await,
    }
}

async fn next(live: &mut Option<Box<dyn Realtime>>) -> Result<RealtimeEvent, BackendError> {
    match live {
        Some(live) => live.next().await,
        None => std::future::pending().await,
    }
}
