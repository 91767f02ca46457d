//! The client: opened once, told who is here, paused and resumed with the app.
//!
//! # Life
//! ```text
//!            ┌────────── identify / log_out: another file, other workers ──────────┐
//!            ▼                                                                     │
//!   open ──▶ Open ──── pause ───▶ Paused (no file, no lock, no socket) ── resume ──┤
//!            └────────────────── shutdown ───▶ Closed ◀────────────────────────────┘
//! ```
//! One change at a time; each takes effect whole or not at all. There is no global state: two clients of one process
//! share nothing but what they keep in one folder, and that is guarded as between processes.

mod active;
mod files;
mod here;
mod identity;
mod push;
mod screen;
mod status;

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
};

use tokio::sync::watch;

pub(crate) use active::Active;
pub(crate) use here::{Here, Writing};
pub(crate) use screen::ScreenGuard;
pub use status::{ClientStatus, StatusUpdates};

use crate::{
    ClientConfig, SupportError,
    attachments::progress::Transfers,
    backend::{
        Backend, Capabilities, DeskInfo,
        chatwoot::{Chatwoot, ChatwootOptions},
    },
    clock::{SteadyClock, token},
    conversations::{Conversation, ConversationList},
    model::ConversationId,
    push::PushToken,
    reach::{Reach, Watched},
    runtime::{blocking, go_on},
    signal::{Signal, stopped},
    store::{ConversationRow, CustomerKey, Feed, Place, Recorded},
    sync::moment::Moment,
    sync::{
        budget::Reason,
        fetch::{Asked, Recent},
    },
};

/// In-app support: one per app, cheap to clone, every clone is the same client.
///
/// Needs a tokio runtime around [`open`](Self::open); its work runs there. Nothing but a look-up is done on the
/// caller's thread. Dropping the last clone (and the last handle it gave out) stops its work; nothing is lost by that.
///
/// ```no_run
/// use shopbell::{ClientConfig, Identity, CustomerProfile, SupportClient};
/// # async fn example() -> Result<(), shopbell::SupportError> {
/// let client = SupportClient::open(ClientConfig::new("https://desk.example.com", "inbox", "support-data")).await?;
/// client.identify(Identity::new("customer-7"), CustomerProfile::default()).await?;
/// let conversation = client.start_conversation()?;
/// conversation.send("Where is my parcel?").await?;
/// client.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SupportClient {
    inner: Arc<Inner>,
}

/// What every handle holds on to.
pub(crate) struct Inner {
    pub(crate) config: ClientConfig,
    pub(crate) backend: Arc<dyn Backend>,
    /// What waits are measured by, the same through pauses and for every customer.
    pub(crate) steady: SteadyClock,
    pub(crate) feed: Feed,
    pub(crate) moment: Moment,
    pub(crate) transfers: Transfers,
    /// Held while files of a message are copied and the message is written down: one at a time, first come, first served.
    pub(crate) intake: Arc<tokio::sync::Mutex<()>>,
    pub(crate) reach: Reach,
    pub(crate) phase: watch::Sender<Phase>,
    pub(crate) screen: screen::Screen,
    begun: here::Begun,
    #[cfg(feature = "help-center")]
    pub(crate) help: Option<Arc<crate::help::Room>>,
    place: Place,
    /// The phone's, as the host said it last; the outer `None` before it said anything.
    push_token: Mutex<Option<Option<PushToken>>>,
    /// One change of life at a time.
    changing: tokio::sync::Mutex<Life>,
}

/// What the client is open for.
#[derive(Default)]
struct Life {
    /// The host has paused it, and not resumed it since.
    paused: bool,
    /// How many pushes are being looked up, for which it is open even so.
    visits: u32,
}

/// Where the client stands.
#[derive(Clone)]
pub(crate) enum Phase {
    Open(Arc<Active>),
    Paused(Here),
    Closed,
}

impl SupportClient {
    /// Opens the client on a Chatwoot desk, as whoever was here last. Works without a network; nothing is sent to the
    /// desk before the customer writes or logs in.
    ///
    /// Errors: [`SupportError::InvalidConfig`]; [`SupportError::Storage`] where the folder can't be used, is full, or
    /// holds data of a newer version. Nothing is changed by a failure. A damaged database is set aside under another
    /// name and a new one begun.
    pub async fn open(config: ClientConfig) -> Result<Self, SupportError> {
        let options = ChatwootOptions::try_from(&config)?;
        // Reading the root certificates takes a few milliseconds: not on the caller's thread.
        let backend = blocking(move || Chatwoot::new(options)).await?;
        Self::open_with(config, Arc::new(backend)).await
    }

    /// Opens the client on any other desk: see [`Backend`].
    ///
    /// Errors: as [`open`](Self::open).
    pub async fn open_with(config: ClientConfig, backend: Arc<dyn Backend>) -> Result<Self, SupportError> {
        let desk = config.validate()?;
        let (data_dir, inbox) = (config.data_dir.clone(), config.inbox.clone());
        let anonymous = CustomerKey::anonymous(&token(config.random.as_ref()));
        let (place, recorded) = blocking(move || {
            let place = Place::open(&data_dir, desk.as_str(), &inbox)?;
            let recorded = place.recorded_or(Recorded { current: anonymous, adopting: None })?;
            Ok((place, recorded))
        })
        .await?;
        let feed = Feed::new();
        let steady = SteadyClock::new(Arc::clone(&config.clock));
        let moment = Moment::new(feed.clone());
        let reach = Reach::new(config.limits.offline_poll, Arc::clone(&config.random));
        let backend: Arc<dyn Backend> = Arc::new(Watched::new(backend, reach.clone()));
        #[cfg(feature = "help-center")]
        let help = config.help_center.clone().map(|help| {
            let path = place.help_center(&help.portal);
            let (backend, setup) = (Arc::clone(&backend), moment.setup().clone());
            Arc::new(crate::help::Room::new(help, backend, steady.clone(), setup, feed.clone(), path, reach.view()))
        });
        let inner = Arc::new(Inner {
            moment,
            transfers: Transfers::new(feed.clone()),
            intake: Arc::default(),
            reach,
            #[cfg(feature = "help-center")]
            help,
            feed,
            config,
            backend,
            steady,
            phase: watch::channel(Phase::Closed).0,
            screen: screen::Screen::default(),
            begun: here::Begun::default(),
            place,
            push_token: Mutex::new(None),
            changing: tokio::sync::Mutex::default(),
        });
        let active = Active::start(&inner, recorded, Some(Reason::Opening)).await?;
        inner.enter(Phase::Open(active));
        let sweeping = Arc::clone(&inner);
        go_on(async move {
            // Nobody logs in or out meanwhile.
            let _turn = sweeping.changing.lock().await;
            sweeping.sweep().await;
        });
        Ok(Self { inner })
    }

    /// Observes the list of conversations.
    pub fn conversations(&self) -> ConversationList {
        ConversationList::new(&self.inner)
    }

    /// Begins a conversation. The desk learns of it with its first message; without one it leaves no trace.
    ///
    /// Errors: [`SupportError::Closed`].
    pub fn start_conversation(&self) -> Result<Conversation, SupportError> {
        let (key, id) = (self.inner.key()?, self.new_id());
        self.inner.begun.begin(&id);
        Ok(Conversation::new(Arc::clone(&self.inner), key, id, true))
    }

    /// The customer's open conversation, or a new one: what a "Chat with us" button opens. It is the one with the latest
    /// activity that is neither resolved nor deleted at the desk and that the customer can write in; where there is none,
    /// a new one is begun, as by [`start_conversation`](Self::start_conversation). Until something is said or drafted
    /// there, each call gives that same one.
    ///
    /// Reads the phone only: where the customer has just logged in on a new phone, their conversations are known once the
    /// desk's list has been read ([`ClientStatus::history`]).
    ///
    /// Errors: [`SupportError::Paused`], [`SupportError::Closed`], [`SupportError::Storage`].
    ///
    /// ```no_run
    /// # async fn example(client: shopbell::SupportClient) -> Result<(), shopbell::SupportError> {
    /// let conversation = client.current_conversation().await?;
    /// conversation.send("Where is my parcel?").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn current_conversation(&self) -> Result<Conversation, SupportError> {
        let active = self.inner.active()?;
        let begun = self.inner.begun.current(None, self.new_id());
        let asked = begun.clone();
        let (current, taken) = active
            .store
            .read(move |connection| {
                let current = ConversationRow::current(connection)?;
                Ok((current, ConversationRow::find(connection, &asked)?.is_some()))
            })
            .await?;
        let (id, fresh) = match current {
            Some(id) => (id, false),
            None if taken => (self.inner.begun.current(Some(&begun), self.new_id()), true),
            None => (begun, true),
        };
        Ok(Conversation::new(Arc::clone(&self.inner), active.key.clone(), id, fresh))
    }

    fn new_id(&self) -> ConversationId {
        ConversationId::new(token(self.inner.config.random.as_ref()))
    }

    /// A conversation of the list, one that was begun by this client, or one whose id was kept. Makes no look-up: one that
    /// this customer does not have is told by whatever is done with it, its [`timeline`](Conversation::timeline) included
    /// ([`SupportError::NotFound`]).
    ///
    /// Errors: [`SupportError::Closed`].
    pub fn conversation(&self, id: &ConversationId) -> Result<Conversation, SupportError> {
        let (key, fresh) = (self.inner.key()?, self.inner.begun.has(id));
        Ok(Conversation::new(Arc::clone(&self.inner), key, id.clone(), fresh))
    }

    /// The help centre that the client was opened with.
    ///
    /// Errors: [`SupportError::InvalidConfig`] where [`ClientConfig::help_center`] names none.
    #[cfg(feature = "help-center")]
    pub fn help_center(&self) -> Result<crate::HelpCenter, SupportError> {
        match &self.inner.help {
            Some(room) => Ok(crate::HelpCenter::new(Arc::clone(&self.inner), Arc::clone(room))),
            None => Err(SupportError::InvalidConfig {
                field: "help_center",
                problem: "is not set; name the help centre's slug in ClientConfig::help_center".to_owned(),
            }),
        }
    }

    /// The list of conversations is on screen, or no longer is: for a host that observes it all the time
    /// ([`ConversationList::off_screen`]). While it is, a realtime connection is held. Returns at once; saying the same
    /// twice changes nothing.
    pub fn show_list(&self, shown: bool) {
        self.inner.screen.show_list(shown);
    }

    /// How many messages the customer has not seen, in all conversations.
    pub async fn unread(&self) -> Result<u32, SupportError> {
        self.inner.active()?.store.read(ConversationRow::unread).await
    }

    /// Observes how the desk is reached, whether agents are there, what the desk makes of the customer, and how much
    /// is unread.
    pub fn status(&self) -> StatusUpdates {
        StatusUpdates::new(&self.inner)
    }

    /// What this desk can do.
    pub fn capabilities(&self) -> Capabilities {
        self.inner.backend.capabilities()
    }

    /// Asks the desk about itself: also a check of the configuration, for a developer's first run.
    ///
    /// Errors: [`SupportError::InvalidConfig`] where the desk does not know the inbox; [`SupportError::Offline`],
    /// [`SupportError::DeskUnavailable`], [`SupportError::Busy`].
    pub async fn desk_info(&self) -> Result<DeskInfo, SupportError> {
        let info = self.inner.backend.desk_info().await;
        Ok(info.inspect_err(|error| self.inner.moment.setup().met(&error.fault))?)
    }

    /// Asks the desk for news now: for pull-to-refresh. What is new is in the list and the timelines when it returns.
    ///
    /// Where the desk can't give its list ([`History::Unavailable`](crate::History::Unavailable)), the conversations that
    /// moved last are read by themselves.
    ///
    /// Errors: [`SupportError::Offline`] and its kin; what is on the phone stays as it is. [`SupportError::Paused`] where
    /// the client is paused, or is paused meanwhile: the call ends with that at once.
    pub async fn refresh(&self) -> Result<(), SupportError> {
        let active = self.inner.active()?;
        self.inner.while_open(&active, Box::pin(self.ask_for_news(&active))).await
    }

    async fn ask_for_news(&self, active: &Active) -> Result<(), SupportError> {
        let list = active.fetcher.list(Reason::Wanted).await;
        if list != Ok(Asked::List) {
            let recent = Recent::at_opening(self.inner.config.clock.now(), None);
            match (active.fetcher.recent(recent).await, list) {
                (Err(error), _) | (Ok(Asked::Nothing), Err(error)) => return Err(error.into()),
                (Ok(_), _) => {}
            }
        }
        active.signal(Signal::Refreshed);
        Ok(())
    }

    /// Returns once every observer of this client has given out what has changed by now, and was asked for more: for a
    /// host that promises that what a command did is shown when the command returns. Each observer must be asked by a
    /// task of its own. One that can't read, or waits through a pause, holds nobody up.
    pub async fn given_out(&self) {
        self.inner.feed.given_out().await;
    }

    /// The host says that there is a network again (`true`: what waits is tried at once), or that there is none (`false`:
    /// nothing is tried until there is). Never needed, always helpful. Returns at once, paused or not, and holds for
    /// whoever logs in next.
    ///
    /// A hint, not an order: hosts are wrong at times, between two networks or under a VPN. A request that is answered all
    /// the same overrules it, and while something waits or is on screen the desk is asked now and then
    /// ([`Limits::offline_poll`](crate::Limits::offline_poll)).
    pub fn network_changed(&self, available: bool) {
        self.inner.reach.host_says(available);
    }

    /// Closes every file, lock and socket, for the app goes to the background and may be frozen there. What can be sent
    /// goes on being sent for a second first, and what has begun by then may finish, for three at most; the desk is told
    /// that the customer types no more. Observers wait for the resume. What the customer writes is kept all the same
    /// ([`Conversation`]'s commands, [`update_customer`](Self::update_customer), [`log_event`](Self::log_event)) and goes
    /// out after it; what needs the desk or an open file is refused with [`SupportError::Paused`], and so is what waits for
    /// the desk's answer. Pausing twice is one pause.
    pub async fn pause(&self) {
        let mut life = self.inner.changing.lock().await;
        life.paused = true;
        self.inner.reach.in_front(false);
        self.inner.screen.hide(true);
        self.close_files().await;
    }

    async fn close_files(&self) {
        if let Ok(active) = self.inner.active() {
            self.inner.enter(Phase::Paused(Here::leaving(&active)));
            self.inner.close_help().await;
            active.stop().await;
        }
    }

    /// Opens everything again and tries at once what waits. On a client that is not paused it only does the latter:
    /// call it whenever the app comes to the foreground.
    ///
    /// Errors: [`SupportError::Storage`], and the client stays paused; [`SupportError::Closed`].
    pub async fn resume(&self) -> Result<(), SupportError> {
        let mut life = self.inner.changing.lock().await;
        life.paused = false;
        self.inner.reach.in_front(true);
        self.inner.screen.hide(false);
        let phase = self.inner.phase.borrow().clone();
        match phase {
            Phase::Open(active) if !active.is_broken() => {
                active.store.check_foreign_writes();
                active.wake();
                Ok(())
            }
            Phase::Open(active) => {
                self.inner.enter(Phase::Paused(Here::leaving(&active)));
                active.stop().await;
                self.reopen(active.key.clone(), Some(Reason::Return)).await.map(|_| ())
            }
            Phase::Paused(here) => {
                self.reopen(here.key, Some(Reason::Return)).await?;
                self.inner.reach.wake();
                Ok(())
            }
            Phase::Closed => Err(SupportError::Closed),
        }
    }

    async fn reopen(&self, key: CustomerKey, why: Option<Reason>) -> Result<Arc<Active>, SupportError> {
        let active = Active::start(&self.inner, Recorded { current: key, adopting: None }, why).await?;
        #[cfg(feature = "help-center")]
        if let Some(help) = &self.inner.help {
            help.open_again().await;
        }
        self.inner.enter(Phase::Open(Arc::clone(&active)));
        Ok(active)
    }

    /// Ends the client for good, as [`pause`](Self::pause) does; observers end. Other clones are closed with it.
    pub async fn shutdown(&self) {
        let _turn = self.inner.changing.lock().await;
        let active = self.inner.active().ok();
        self.inner.enter(Phase::Closed);
        self.inner.close_help().await;
        if let Some(active) = active {
            active.stop().await;
        }
    }
}

impl Inner {
    /// The open file of whoever is here.
    pub(crate) fn active(&self) -> Result<Arc<Active>, SupportError> {
        match &*self.phase.borrow() {
            Phase::Open(active) => Ok(Arc::clone(active)),
            Phase::Paused(_) => Err(SupportError::Paused),
            Phase::Closed => Err(SupportError::Closed),
        }
    }

    /// Waits for an answer of the desk's only as long as the customer's file is open: a call that began before a pause
    /// ends with it.
    ///
    /// Boxed, for what is generic over every future is compiled for every future.
    pub(crate) async fn while_open<T>(
        &self,
        active: &Active,
        asking: Pin<Box<dyn Future<Output = Result<T, SupportError>> + Send + '_>>,
    ) -> Result<T, SupportError> {
        let mut stop = active.stopping();
        tokio::select! {
            biased;
            answer = asking => answer,
            () = stopped(&mut stop) => Err(self.active_of(&active.key).err().unwrap_or(SupportError::Paused)),
        }
    }

    /// The open file of this customer, if it is they who are here.
    pub(crate) fn active_of(&self, key: &CustomerKey) -> Result<Arc<Active>, SupportError> {
        match &*self.phase.borrow() {
            Phase::Open(active) if active.is(key) => Ok(Arc::clone(active)),
            Phase::Paused(here) if here.is(key) => Err(SupportError::Paused),
            _ => Err(SupportError::Closed),
        }
    }

    /// Removes what anonymous customers have left behind. One change of life at a time.
    async fn sweep(&self) {
        let place = self.place.clone();
        let swept = blocking(move || {
            place.sweep();
            Ok(())
        });
        if let Err(error) = swept.await {
            tracing::debug!(%error, "could not remove what customers have left behind");
        }
    }

    /// Closes the help centre's file, where there is one.
    async fn close_help(&self) {
        #[cfg(feature = "help-center")]
        if let Some(help) = &self.help {
            help.close().await;
        }
    }

    /// Lets observers know. `send_replace`: nobody may be observing.
    fn enter(&self, phase: Phase) {
        self.phase.send_replace(phase);
        self.feed.publish_all();
    }
}

impl std::fmt::Debug for SupportClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SupportClient").field("config", &self.inner.config).finish_non_exhaustive()
    }
}
