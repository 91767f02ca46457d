//! Carries out what the link decides.

use std::{collections::HashSet, pin::Pin, sync::Arc};

use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use super::{
    budget::Reason,
    fetch::{Asked, Fetcher, News as Told, Recent},
    hearing::{Hearing, Verdict},
    link::{Effect, Event, Link, Question, Rules},
    moment::Moment,
    pace::Shown,
    realtime::{self, Beside, News},
};
use crate::{
    backend::{BackendError, Fault, Realtime, RealtimeEvent},
    clock::{SteadyClock, fraction},
    model::{Availability, ConversationId, DeskConversationId, Timestamp, Typing},
    reach::{Line, Reach, View},
    runtime::go_on,
    signal::{OnScreen, Signal, stopped},
    store::{ConversationRow, LastWord, Topic},
};

/// How often the file is looked at for what another process wrote, while somebody looks at a conversation: a look is a
/// word of shared memory. With nothing on screen it happens with each poll, and at a resume.
const FOREIGN_WRITES: std::time::Duration = std::time::Duration::from_secs(2);

/// Sync of one customer, at work until it is told to stop.
pub(crate) struct Worker {
    pub(crate) fetcher: Arc<Fetcher>,
    pub(crate) rules: Rules,
    /// Why the customer's file is open: to ask for news, or for somebody else's errand.
    pub(crate) why: Option<Reason>,
    pub(crate) clock: SteadyClock,
    pub(crate) moment: Moment,
    pub(crate) signals: mpsc::UnboundedReceiver<Signal>,
    /// What is on screen.
    pub(crate) screen: watch::Receiver<OnScreen>,
    pub(crate) reach: Reach,
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
    /// What `live` is worth, where there is one.
    hearing: Option<Hearing>,
    late: bool,
    /// What the link was told of the way to the desk.
    view: Option<View>,
    /// How the connection was when that was told last.
    line: Line,
    /// How many there have been.
    connections: u64,
    asking: Option<Future<Answer>>,
    on_screen: OnScreen,
    /// The last word where the customer looks, and whether somebody types there.
    last_word: (LastWord, bool),
    /// Named by the desk while the outbox was opening a conversation, which it may have been.
    unknown: HashSet<DeskConversationId>,
    /// Named by the desk, and the list was asked for it: once is enough.
    looked_up: HashSet<DeskConversationId>,
}

impl Work {
    fn disconnect(&mut self) {
        self.live = None;
        self.hearing = None;
        self.late = false;
        self.beside.close();
    }
}

/// What came of a question. One failing does not keep the others from being asked.
struct Answer {
    pages: Result<Asked, BackendError>,
    list: Option<(Reason, Result<Asked, BackendError>)>,
    /// The connection there was when it was asked.
    connection: Option<u64>,
}

enum Happened {
    Link(Event),
    Connected(Result<Box<dyn Realtime>, BackendError>),
    Realtime(Result<RealtimeEvent, BackendError>),
    Beside(News),
    Answered(Answer),
    Signal(Signal),
    Reach(View),
    OnScreen(OnScreen),
    Moved,
}

impl Worker {
    /// Runs until stopped. What is under way is dropped: nothing of it is lost by that.
    pub(crate) async fn run(mut self) {
        let clock = self.clock.clone();
        let now = move || clock.now();
        let mut link = Link::new(self.rules, self.why, now());
        let mut work = Work::default();
        let mut stop = self.stop.clone();
        let mut screen = self.screen.clone();
        let mut view = self.reach.view();
        // Known before anything is asked: there may be no network since before this customer came.
        self.reach.line(Line::Down);
        let first = *view.borrow_and_update();
        work.view = Some(first);
        if !first.online {
            link.handle(Event::Online(false), now(), 0.0);
        }
        let mut customer = self.fetcher.store.feed().watch(Topic::Customer);
        let mut list = self.fetcher.store.feed().watch(Topic::List);
        let mut happened = Happened::OnScreen(screen.borrow_and_update().clone());
        // Counted on whatever else happens: an agent who types must not keep this waiting.
        let mut foreign = Instant::now() + FOREIGN_WRITES;
        loop {
            let mut events = self.take_in(happened, &mut work, now()).await;
            events.extend(listen(&mut work, now()));
            let jitter = fraction(self.fetcher.random.as_ref());
            let mut events = std::collections::VecDeque::from(events);
            while let Some(event) = events.pop_front() {
                for effect in link.handle(event, now(), jitter) {
                    events.extend(self.carry_out(effect, &mut work, now()).await);
                }
            }
            self.show_connection(&link, &mut work);
            let at = now();
            let tick = [link.next_wake(), work.hearing.as_ref().and_then(|hearing| hearing.next_wake(at))];
            let tick = tick.into_iter().flatten().min().map(|due| due.since(at));
            happened = tokio::select! {
                () = stopped(&mut stop) => return,
                Some(signal) = self.signals.recv() => Happened::Signal(signal),
                Ok(()) = view.changed() => Happened::Reach(*view.borrow_and_update()),
                Ok(()) = screen.changed() => Happened::OnScreen(screen.borrow_and_update().clone()),
                // The standing was made, or the identity changed: there is something to connect to.
                () = customer.changed() => Happened::Link(Event::Standing),
                () = list.changed(), if work.on_screen != OnScreen::default() => Happened::Moved,
                // Another process of the app may write too: a share sheet, a notification's reply.
                () = tokio::time::sleep_until(foreign), if work.on_screen != OnScreen::default() => {
                    foreign = Instant::now() + FOREIGN_WRITES;
                    self.fetcher.store.check_foreign_writes();
                    Happened::Link(Event::Tick)
                }
                result = finish(&mut work.connecting) => Happened::Connected(result),
                result = next(&mut work.live) => Happened::Realtime(result),
                news = work.beside.next() => Happened::Beside(news),
                answer = finish(&mut work.asking) => Happened::Answered(answer),
                () = tokio::time::sleep(tick.unwrap_or_default()), if tick.is_some() => Happened::Link(Event::Tick),
            };
        }
    }

    async fn take_in(&mut self, happened: Happened, work: &mut Work, now: Timestamp) -> Vec<Event> {
        match happened {
            Happened::Link(event) => {
                if event == Event::Standing {
                    self.show_what_the_desk_tells_of(work.on_screen.clone()).await;
                }
                vec![event]
            }
            Happened::Signal(signal) => self.signal(signal, work).await,
            Happened::Reach(view) => heard_of(view, work),
            Happened::OnScreen(on_screen) => self.on_screen(on_screen, work).await,
            Happened::Moved => self.stirred(work).await.into_iter().collect(),
            Happened::Connected(Ok(live)) => {
                tracing::debug!("realtime connection is up");
                work.live = Some(live);
                work.hearing = Some(Hearing::new(self.rules.pace.live));
                work.connections += 1;
                vec![Event::Connected]
            }
            Happened::Connected(Err(error)) => {
                tracing::debug!(%error, "no realtime connection");
                vec![Event::Lost(error.fault)]
            }
            Happened::Beside(News::Connected(session)) => {
                // What its conversations missed; the conversation on screen is not among them.
                let fetcher = Arc::clone(&self.fetcher);
                go_on(async move {
                    if let Err(error) = fetcher.recent(Recent::newest_of(session)).await {
                        tracing::debug!(%error, "what another session missed could not be read");
                    }
                });
                Vec::new()
            }
            Happened::Beside(News::Event(event)) => self.realtime(event, work, None).await,
            Happened::Realtime(Ok(event)) => self.realtime(event, work, Some(now)).await,
            Happened::Realtime(Err(error)) => {
                tracing::debug!(%error, "realtime connection lost");
                work.disconnect();
                vec![Event::Lost(error.fault)]
            }
            Happened::Answered(answer) => self.answered(answer, work, now).await,
        }
    }

    async fn signal(&mut self, signal: Signal, work: &mut Work) -> Vec<Event> {
        match signal {
            Signal::Wake => vec![Event::Wake],
            Signal::Refreshed => vec![Event::Standing],
            Signal::Opened(id) => {
                let mut events = self.look_up_unknown(work).await;
                if work.on_screen.conversation.as_ref() == Some(&id) {
                    events.push(Event::Missed);
                    return events;
                }
                let fetcher = Arc::clone(&self.fetcher);
                go_on(async move {
                    if let Err(error) = fetcher.conversation(&id).await {
                        tracing::debug!(%error, "a conversation that was just opened could not be read");
                    }
                });
                events
            }
        }
    }

    /// Now that one is opened: those that were another's are looked for.
    async fn look_up_unknown(&self, work: &mut Work) -> Vec<Event> {
        let mut events = Vec::new();
        for id in std::mem::take(&mut work.unknown) {
            if !self.fetcher.knows(id).await && work.looked_up.insert(id) {
                events.push(Event::Unknown);
            }
        }
        events
    }

    async fn on_screen(&self, on_screen: OnScreen, work: &mut Work) -> Vec<Event> {
        let before = std::mem::replace(&mut work.on_screen, on_screen);
        let mut events = Vec::new();
        if before.conversation != work.on_screen.conversation {
            let by_another = self.is_of_another_session(work).await;
            let in_its_place = before.conversation.is_some() && work.on_screen.conversation.is_some();
            if by_another || in_its_place {
                events.push(Event::Changed { by_another });
            }
        }
        events.push(Event::Shown(match &work.on_screen {
            OnScreen { conversation: Some(_), .. } => Shown::Conversation,
            OnScreen { list: true, .. } => Shown::List,
            OnScreen { .. } => Shown::Nothing,
        }));
        self.show_what_the_desk_tells_of(work.on_screen.clone()).await;
        work.last_word = (LastWord::default(), false);
        events.extend(self.stirred(work).await);
        events
    }

    /// Says whether something is on screen that the desk tells of. It is asked nothing for a customer that it does not
    /// know.
    async fn show_what_the_desk_tells_of(&self, on_screen: OnScreen) {
        let shown = on_screen != OnScreen::default();
        let row = realtime::session_of(&self.fetcher, on_screen.conversation).await.ok().flatten();
        self.reach.shown(shown && row.is_some_and(|row| row.is_at_desk()));
    }

    /// Whether something moved where the customer looks.
    async fn stirred(&self, work: &mut Work) -> Option<Event> {
        if work.on_screen == OnScreen::default() {
            return None;
        }
        let focus = work.on_screen.conversation.clone();
        let read = self.fetcher.store.read(move |connection| {
            let id = match focus {
                Some(id) => Some(id),
                None => ConversationRow::recent(connection, None, Timestamp::default(), false, 1)?.pop(),
            };
            let word = id.as_ref().map(|id| ConversationRow::last_word(connection, id)).transpose()?;
            Ok(id.zip(word))
        });
        let (id, word) = read.await.ok().flatten()?;
        let types = self.moment.typing(&id, self.clock.now()).is_some();
        let last_word = (word, types);
        (std::mem::replace(&mut work.last_word, last_word) != last_word)
            .then_some(Event::Stirred { awaited: word.awaits_answer || types })
    }

    async fn answered(&mut self, answer: Answer, work: &mut Work, now: Timestamp) -> Vec<Event> {
        let Answer { pages, list, connection } = answer;
        if let (Some(session), Some(_)) = (&work.session, &work.live) {
            work.beside.connect(&self.fetcher, session).await;
        }
        let mut events = Vec::new();
        let of_list = list.as_ref().map(|(_, list)| list);
        for error in [pages.as_ref().err(), of_list.and_then(|list| list.as_ref().err())].into_iter().flatten() {
            self.moment.setup().met(&error.fault);
        }
        if let Some((reason, Err(error))) = &list {
            // The conversation on screen does not need it.
            tracing::debug!(%error, "the list could not be read");
            if error.fault.is_of_the_way() {
                events.push(Event::ListMissed(*reason));
            }
        }
        match pages {
            Ok(asked) => {
                let hearing = work.hearing.as_mut().filter(|_| connection == Some(work.connections));
                if let (Asked::Pages(pages), Some(hearing)) = (&asked, hearing) {
                    for page in pages.iter().filter(|page| Some(&page.session) == work.session.as_ref()) {
                        hearing.page(page.conversation, &page.messages, now);
                    }
                }
                events.push(Event::Answered);
                if asked == Asked::Gone && list.is_none() {
                    events.push(Event::Unknown);
                }
            }
            Err(error) => {
                tracing::debug!(%error, "asking the desk failed");
                // Noted where it was found. Another session's is nothing to the connection.
                let is_anothers = error.fault == Fault::SessionGone
                    && !self.has_lost_its_session(work.on_screen.conversation.clone()).await;
                events.push(Event::Failed(if is_anothers { Fault::Desk } else { error.fault }));
            }
        }
        events.extend(self.stirred(work).await);
        events
    }

    /// Whether the desk has forgotten the session of what is on screen, as far as is noted.
    async fn has_lost_its_session(&self, focus: Option<ConversationId>) -> bool {
        let row = realtime::session_of(&self.fetcher, focus).await.ok().flatten();
        row.is_none_or(|row| !row.is_at_desk())
    }

    /// Whether the connection there is, or is being made, is another session's than the conversation on screen: it would
    /// never tell of that one.
    async fn is_of_another_session(&self, work: &mut Work) -> bool {
        if work.live.is_none() && work.connecting.is_none() {
            return false;
        }
        let row = realtime::session_of(&self.fetcher, work.on_screen.conversation.clone()).await.ok().flatten();
        row.is_some_and(|row| work.session.as_ref() != Some(&row.id))
    }

    fn show_connection(&self, link: &Link, work: &mut Work) {
        let line = match (link.is_live(), work.late) {
            (false, _) => Line::Down,
            (true, false) => Line::Live,
            (true, true) => Line::Delayed,
        };
        if std::mem::replace(&mut work.line, line) == line {
            return;
        }
        self.reach.line(line);
        if line == Line::Down {
            self.moment.set_availability(Availability::Unknown);
        }
    }

    async fn carry_out(&mut self, effect: Effect, work: &mut Work, now: Timestamp) -> Option<Event> {
        match effect {
            Effect::Connect => {
                let focus = work.on_screen.conversation.clone();
                let row = realtime::session_of(&self.fetcher, focus.clone()).await.ok().flatten();
                work.session = row.map(|row| row.id);
                work.connecting = Some(realtime::connect(Arc::clone(&self.fetcher), focus));
            }
            Effect::Disconnect => {
                work.connecting = None;
                work.disconnect();
            }
            Effect::AnnouncePresence => return self.announce_presence(work, now).await,
            Effect::Ask(question) => self.ask(question, work),
            Effect::ForgetSession => {
                let focus = work.on_screen.conversation.clone();
                let row = realtime::session_of(&self.fetcher, focus).await.ok().flatten();
                if let Some(session) = row.map(|row| row.id)
                    && let Err(error) = self.fetcher.standing.forget(&session).await
                {
                    tracing::warn!(%error, "could not note that the desk forgot the session");
                }
            }
        }
        None
    }

    async fn announce_presence(&self, work: &mut Work, now: Timestamp) -> Option<Event> {
        if let Some(live) = &mut work.live {
            if let Err(error) = live.announce_presence().await {
                work.disconnect();
                return Some(Event::Lost(error.fault));
            }
            if let Some(hearing) = &mut work.hearing {
                hearing.announced(now);
            }
        }
        work.beside.announce_presence().await;
        None
    }

    fn ask(&self, question: Question, work: &mut Work) {
        let (fetcher, on_screen) = (Arc::clone(&self.fetcher), work.on_screen.clone());
        let connection = work.live.is_some().then_some(work.connections);
        if on_screen.conversation.is_none() {
            fetcher.store.check_foreign_writes();
        }
        let now = self.fetcher.clock.now();
        work.asking = Some(Box::pin(async move {
            let opening = matches!(question.list, Some(Reason::Opening | Reason::Return));
            let mut pages = match on_screen.conversation.clone().filter(|_| question.pages) {
                Some(id) => fetcher.conversation(&id).await,
                None => Ok(Asked::Nothing),
            };
            let list = match (question.list, &pages) {
                // Nor would the list come.
                (Some(reason), Err(error)) if error.fault.is_of_the_way() => Some((reason, Err(error.clone()))),
                (Some(reason), _) => Some((reason, fetcher.list(reason).await)),
                (None, _) => None,
            };
            let recent = match &on_screen {
                // The list has told all of them.
                _ if !question.pages || matches!(list, Some((_, Ok(Asked::List)))) => None,
                _ if opening => Some(Recent::at_opening(now, on_screen.conversation.clone())),
                OnScreen { conversation: Some(_), .. } => None,
                OnScreen { list: true, .. } => Some(Recent::newest()),
                OnScreen { .. } => Some(Recent::in_front(now)),
            };
            let is_reached = pages.as_ref().err().is_none_or(|error| !error.fault.is_of_the_way());
            if let Some(recent) = recent.filter(|_| is_reached) {
                let more = fetcher.recent(recent).await;
                pages = match (pages, more) {
                    (Ok(asked), Ok(more)) => Ok(asked.and(more)),
                    // One of the others is no trouble of the conversation on screen.
                    (Ok(asked), Err(error)) if on_screen.conversation.is_some() => {
                        tracing::debug!(%error, "another conversation could not be read");
                        Ok(asked)
                    }
                    (Err(error), _) | (_, Err(error)) => Err(error),
                };
            }
            Answer { pages, list, connection }
        }));
    }

    /// Writes down an event; `at` where it comes from the first connection.
    async fn realtime(&self, event: RealtimeEvent, work: &mut Work, at: Option<Timestamp>) -> Vec<Event> {
        let written = match event {
            RealtimeEvent::Message(message) => {
                let (own, number) = (message.author.is_customer(), message.id);
                if let (Some(at), Some(hearing)) = (at, &mut work.hearing) {
                    hearing.told(message.conversation, number, at);
                }
                let told = self.fetcher.told(message).await;
                if let (false, Ok(Told::Of(Some(id)))) = (own, &told) {
                    // Who has spoken types no more, whatever became of the word that says so.
                    self.moment.spoken(id, number);
                }
                told
            }
            RealtimeEvent::Conversation(change) => self.fetcher.told_change(change).await,
            // What comes late is over by now, most likely.
            RealtimeEvent::Typing { .. } if work.late => Ok(Told::Of(None)),
            RealtimeEvent::Typing { conversation, typing, name, after } => {
                if let Some(id) = self.local(conversation).await {
                    self.moment.set_typing(&id, typing, Typing { name }, after, self.clock.now());
                }
                return self.stirred(work).await.into_iter().collect();
            }
            RealtimeEvent::Presence(availability) => {
                if let (Some(_), Some(hearing)) = (at, &mut work.hearing) {
                    hearing.answered();
                }
                self.moment.set_availability(availability);
                Ok(Told::Of(None))
            }
        };
        match written {
            Ok(Told::Of(_)) => Vec::new(),
            Ok(Told::Opening(id)) => {
                work.unknown.insert(id);
                Vec::new()
            }
            Ok(Told::Unknown(id)) if work.looked_up.insert(id) => vec![Event::Unknown],
            Ok(Told::Unknown(_)) => Vec::new(),
            Err(error) => {
                tracing::warn!(%error, "an event could not be written down; a page follows");
                vec![Event::Missed]
            }
        }
    }

    async fn local(&self, id: DeskConversationId) -> Option<ConversationId> {
        let row = self.fetcher.store.read(move |connection| ConversationRow::by_desk_id(connection, id)).await;
        row.ok().flatten().map(|row| row.id)
    }
}

/// What is new of the way to the desk.
fn heard_of(view: View, work: &mut Work) -> Vec<Event> {
    match work.view.replace(view) {
        Some(before) if before.online != view.online => vec![Event::Online(view.online)],
        Some(before) if before.returns != view.returns => vec![Event::Returned],
        _ => Vec::new(),
    }
}

/// What the connection is worth by now.
fn listen(work: &mut Work, now: Timestamp) -> Vec<Event> {
    let Some(hearing) = &mut work.hearing else { return Vec::new() };
    let mut events = Vec::new();
    let (verdict, wants_an_answer) = (hearing.verdict(now), hearing.wants_an_answer(now));
    let late = verdict != Verdict::Fine;
    if std::mem::replace(&mut work.late, late) != late {
        tracing::info!(late, "whether the realtime connection tells in time");
        events.push(Event::Late(late));
    }
    if verdict == Verdict::Deaf {
        tracing::warn!("the realtime connection is up and tells nothing; it is made anew");
        events.push(Event::Deaf);
    } else if wants_an_answer {
        events.push(Event::Probe);
    }
    events
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
