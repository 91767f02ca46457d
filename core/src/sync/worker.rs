//! Carries out what the link decides.

use std::{pin::Pin, sync::Arc};

use tokio::sync::{mpsc, watch};

use super::{
    fetch::{Asked, Fetcher},
    link::{Effect, Event, Link, Rules},
    moment::{Connection, Moment},
    realtime::{self, Beside, News},
};
use crate::{
    backend::{BackendError, Fault, Realtime, RealtimeEvent},
    clock::{Clock, fraction},
    model::{Availability, ConversationId, DeskConversationId, Typing},
    runtime::go_on,
    signal::{Signal, stopped},
    store::{ConversationRow, Topic},
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
    beside: Beside,
    /// The session that `connecting` or `live` is of.
    session: Option<String>,
    asking: Option<Future<Result<Asked, BackendError>>>,
    resyncing: Option<Future<Resynced>>,
    resync_again: bool,
    focus: Option<ConversationId>,
}

/// What came of reading what may have been missed. One failing does not keep the other from being read.
struct Resynced {
    conversation: Result<Asked, BackendError>,
    list: Result<Asked, BackendError>,
}

enum Happened {
    Link(Event),
    Connected(Result<Box<dyn Realtime>, BackendError>),
    Realtime(Result<RealtimeEvent, BackendError>),
    Beside(News),
    Asked(Result<Asked, BackendError>),
    Resynced(Resynced),
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
                news = work.beside.next() => Happened::Beside(news),
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
            Happened::Signal(Signal::Opened(id)) => {
                let fetcher = Arc::clone(&self.fetcher);
                go_on(async move {
                    if let Err(error) = fetcher.conversation(&id).await {
                        tracing::debug!(%error, "a conversation that was just opened could not be read");
                    }
                });
                None
            }
            Happened::OnScreen(focus) => {
                let moved = focus.is_some() && work.focus.is_some() && focus != work.focus;
                work.focus = focus;
                if moved && self.is_of_another_session(work).await {
                    return Some(Event::Moved);
                }
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
            Happened::Beside(News::Connected) => {
                self.resync(work);
                None
            }
            Happened::Beside(News::Event(event)) => {
                if self.realtime(event).await {
                    self.resync(work);
                }
                None
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
                work.beside.close();
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
            Happened::Resynced(Resynced { conversation, list }) => {
                if let (Some(session), Some(_)) = (&work.session, &work.live) {
                    work.beside.connect(&self.fetcher, session).await;
                }
                let failed = conversation.err();
                self.reached(failed.as_ref().or(list.as_ref().err()));
                if std::mem::take(&mut work.resync_again) {
                    self.resync(work);
                }
                if let Err(error) = list {
                    // The conversation on screen does not need it.
                    tracing::debug!(%error, "the list could not be read");
                }
                failed.map(|error| {
                    tracing::debug!(%error, "the conversation on screen could not be read");
                    Event::ResyncFailed(error.fault)
                })
            }
        }
    }

    /// Whether the connection there is, or is being made, is another session's than the conversation on screen: it would
    /// never tell of that one.
    async fn is_of_another_session(&self, work: &mut Work) -> bool {
        if work.live.is_none() && work.connecting.is_none() {
            return false;
        }
        let row = realtime::session_of(&self.fetcher, work.focus.clone()).await.ok().flatten();
        row.is_some_and(|row| work.session.as_ref() != Some(&row.id))
    }

    /// Notes whether the desk could be reached, and tells the outbox where it could.
    fn reached(&self, error: Option<&BackendError>) {
        match error.map(|error| &error.fault) {
            Some(Fault::Network) => self.moment.set_connection(Connection::Offline),
            // Says nothing about the way to the desk.
            Some(Fault::Storage) => {}
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
            Effect::Connect => {
                let row = realtime::session_of(&self.fetcher, work.focus.clone()).await.ok().flatten();
                work.session = row.map(|row| row.id);
                work.connecting = Some(realtime::connect(Arc::clone(&self.fetcher), work.focus.clone()));
            }
            Effect::Disconnect => {
                work.connecting = None;
                work.live = None;
                work.beside.close();
                work.resyncing = None;
                work.resync_again = false;
            }
            Effect::AnnouncePresence => {
                if let Some(live) = &mut work.live
                    && let Err(error) = live.announce_presence().await
                {
                    work.live = None;
                    work.beside.close();
                    return Some(Event::Lost(error.fault));
                }
                work.beside.announce_presence().await;
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
                let row = realtime::session_of(&self.fetcher, work.focus.clone()).await.ok().flatten();
                if let Some(session) = row.map(|row| row.id)
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
            let conversation = match focus {
                Some(id) => fetcher.conversation(&id).await,
                None => Ok(Asked::Nothing),
            };
            let list = match &conversation {
                Ok(Asked::List) => Ok(Asked::List),
                _ => fetcher.list().await,
            };
            Resynced { conversation, list }
        }));
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
