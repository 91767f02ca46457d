//! What every handle of the help centre holds on to: where things are, the open file, and what is going on.

use std::{
    fs::File,
    io::BufReader,
    path::PathBuf,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{broadcast, watch};

use super::{
    HelpCenterConfig, library,
    pack::{PackEntry, PackError, PackReader},
    plan,
    shelf::{DEFAULT, Shelf},
    sync::{self, Synced},
    visit::{Outcome, Visit},
};
use crate::{
    SupportError,
    backend::{Backend, DeskCategory, Happened},
    client::Active,
    clock::{Clock, SteadyClock},
    model::{HelpEvent, Timestamp},
    reach::View,
    runtime::blocking,
    setup::Setup,
    store::{Durability, Feed, Store, Topic},
};

/// Events that wait for a slow listener; the oldest is lost past it. A minute's worth of a very busy customer.
const EVENTS: usize = 256;

/// After a sync that failed nothing is asked again automatically for this long: whatever is wrong, it is not the
/// customer's. Twice as long after each further one that the desk itself has failed.
pub(super) const REST: std::time::Duration = std::time::Duration::from_secs(30);

/// So often [`REST`] doubles: to 64 minutes, about what passes between two refreshes of a desk that is well.
const MOST_DOUBLINGS: u32 = 7;

/// Articles of a starter pack that are put aside in one transaction.
const PACK_BATCH: usize = 256;

/// The digest of the starter pack that was read.
const PACK: &str = "pack";

pub(crate) struct Room {
    pub(super) config: HelpCenterConfig,
    pub(super) backend: Arc<dyn Backend>,
    pub(super) clock: Arc<dyn Clock>,
    /// Measures the rest after a failure.
    steady: SteadyClock,
    setup: Setup,
    pub(super) feed: Feed,
    /// What the files' names begin with.
    path: PathBuf,
    slot: tokio::sync::Mutex<Slot>,
    syncing: tokio::sync::Mutex<()>,
    reach: watch::Receiver<View>,
    failed: Mutex<Option<Failure>>,
    telling: tokio::sync::Mutex<()>,
    visit: Mutex<Visit>,
    events: broadcast::Sender<HelpEvent>,
}

/// The last refresh, where it failed.
#[derive(Clone, Copy)]
struct Failure {
    at: Timestamp,
    /// How often in a row.
    times: u32,
    /// The desk could not be reached. How often it had returned by then: with the next return the rest is over.
    unreached: Option<u64>,
}

#[derive(Default)]
struct Slot {
    shelf: Option<Arc<Shelf>>,
    closed: bool,
}

impl Room {
    pub(crate) fn new(
        config: HelpCenterConfig,
        backend: Arc<dyn Backend>,
        steady: SteadyClock,
        setup: Setup,
        feed: Feed,
        path: PathBuf,
        reach: watch::Receiver<View>,
    ) -> Self {
        Self {
            config,
            backend,
            clock: Arc::clone(steady.time_of_day()),
            steady,
            setup,
            feed,
            path,
            slot: tokio::sync::Mutex::default(),
            syncing: tokio::sync::Mutex::default(),
            reach,
            failed: Mutex::default(),
            telling: tokio::sync::Mutex::default(),
            visit: Mutex::default(),
            events: broadcast::channel(EVENTS).0,
        }
    }

    /// A file of the help centre's own.
    pub(super) fn file(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        name.into()
    }

    /// The articles, opened with the first question that is asked of them.
    ///
    /// Boxed and never inlined, for the reason that `Standing::session` has.
    #[inline(never)]
    pub(super) fn shelf(&self) -> Pin<Box<dyn Future<Output = Result<Arc<Shelf>, SupportError>> + Send + '_>> {
        Box::pin(self.open_shelf())
    }

    async fn open_shelf(&self) -> Result<Arc<Shelf>, SupportError> {
        let mut slot = self.slot.lock().await;
        if slot.closed {
            return Err(SupportError::Paused);
        }
        if let Some(shelf) = &slot.shelf {
            return Ok(Arc::clone(shelf));
        }
        let (path, now) = (self.file(".db"), self.clock.now());
        // The articles' file tells the feed nothing: what changes in it is told by those who change it.
        let store = blocking(move || Store::open_as(&path, now, Feed::new(), &library::LIBRARY)).await?;
        let shelf = Arc::new(Shelf::new(store, self.file(".index"), self.config.locales.clone()));
        if let Err(error) = self.take_pack(&shelf).await {
            tracing::error!(%error, "the starter pack is not used");
            if shelf.store.read(|connection| Ok(library::locales(connection)?.is_empty())).await? {
                // With nothing else to show, the developer had better know.
                close(shelf).await;
                return Err(error);
            }
        }
        slot.shelf = Some(Arc::clone(&shelf));
        Ok(shelf)
    }

    /// Closes the file, as the client is paused; the index goes with it.
    pub(crate) async fn close(&self) {
        let mut slot = self.slot.lock().await;
        slot.closed = true;
        if let Some(shelf) = slot.shelf.take() {
            close(shelf).await;
        }
    }

    /// The file may be opened again.
    pub(crate) async fn open_again(&self) {
        self.slot.lock().await.closed = false;
    }

    /// Reads the starter pack, where it is not the one that was read last. Its articles are taken only as long as the
    /// desk was never asked: after that the desk knows better. Its phrasings are always taken, beside those
    /// that the desk has.
    async fn take_pack(&self, shelf: &Shelf) -> Result<(), SupportError> {
        let Some(path) = self.config.starter_pack.clone() else { return Ok(()) };
        let invalid = |problem| SupportError::InvalidConfig { field: "help_center.starter_pack", problem };
        let refused = move |error: PackError| invalid(error.to_string());
        let opened = blocking(move || {
            let file = File::open(path).map_err(|error| invalid(error.to_string()))?;
            PackReader::new(BufReader::new(file)).map_err(refused)
        });
        let mut reader = opened.await?;
        let (digest, portal) = (reader.head().digest.clone(), reader.head().portal.clone());
        let default = reader.head().default_locale.clone();
        if portal != self.config.portal {
            return Err(invalid(format!("it is of the help centre {portal:?}")));
        }
        let known = shelf.store.read(|connection| {
            Ok((library::text(connection, PACK)?, library::text(connection, sync::SYNCED_AT)?.is_some()))
        });
        let (known, synced) = known.await?;
        if known.as_deref() == Some(&digest) {
            return Ok(());
        }
        shelf.store.write(Durability::Later, |tx| library::clear_incoming(tx)).await?;
        let (mut categories, mut phrasings): (Vec<DeskCategory>, Vec<(String, String)>) = (Vec::new(), Vec::new());
        loop {
            let read = blocking(move || {
                let mut batch = Vec::new();
                while batch.len() < PACK_BATCH {
                    match reader.next_entry().map_err(refused)? {
                        Some(entry) => batch.push(entry),
                        None => return Ok((None, batch)),
                    }
                }
                Ok((Some(reader), batch))
            });
            let (rest, batch) = read.await?;
            let mut articles = Vec::new();
            for entry in batch {
                match entry {
                    PackEntry::Category(category) => categories.push(category),
                    PackEntry::Article(mut article) => {
                        let id = article.name.id.as_str();
                        // Kept apart from the article, which the desk's own will replace.
                        let asked = std::mem::take(&mut article.phrasings).into_iter();
                        phrasings.extend(asked.map(|phrasing| (id.to_owned(), phrasing)));
                        articles.push(article);
                    }
                }
            }
            if !synced {
                let take_in = move |tx: &mut crate::store::Tx<'_>| {
                    articles.iter().try_for_each(|article| library::take_in(tx, article, None))
                };
                shelf.store.write(Durability::Later, take_in).await?;
            }
            match rest {
                Some(rest) => reader = rest,
                None => break,
            }
        }
        let taken = shelf.store.write(Durability::Later, move |tx| {
            if !synced {
                library::replace(tx)?;
                library::set_categories(tx, &categories)?;
                library::set_text(tx, DEFAULT, Some(&default))?;
                sync::note_languages(tx)?;
            }
            library::set_phrasings(tx, phrasings.iter().map(|(article, phrasing)| (&**article, &**phrasing)))?;
            library::set_text(tx, PACK, Some(&digest))?;
            library::raise_revision(tx)
        });
        taken.await?;
        tracing::debug!(synced, "the starter pack was read");
        Ok(())
    }

    /// Asks the desk for the articles, because the app wants it now (`by_app`) or because they are old; whether anything
    /// changed. Where something that is published did not come, what came is kept, and the error says so. One at a time.
    pub(super) async fn sync(self: &Arc<Self>, by_app: bool) -> Result<bool, SupportError> {
        let shelf = self.shelf().await?;
        let _turn = self.syncing.lock().await;
        let outcome = sync::sync(self, &shelf, by_app).await;
        self.setup.help_center(&outcome);
        self.note_failure(match &outcome {
            Ok(synced) if synced.incomplete.is_none() => None,
            Ok(_) => Some(false),
            Err(error) => Some(matches!(error, SupportError::Offline | SupportError::Untrusted { .. })),
        });
        let Synced { changed, incomplete } = outcome?;
        self.tell_views(&shelf);
        if changed {
            shelf.renew().await?;
            // Told once more: a search that ran in between has answered from the old index.
            self.feed.publish([Topic::Help]);
        }
        // Never "nothing new", nor "all is here", while something that is published is not.
        incomplete.map_or(Ok(changed), |error| Err(error.into()))
    }

    /// Notes that a sync has failed, and whether for want of a network, or (`None`) that it has not.
    fn note_failure(self: &Arc<Self>, offline: Option<bool>) {
        let returns = self.reach.borrow().returns;
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let before = failed.take();
        *failed = offline.map(|offline| {
            let times = before.map_or(0, |before| before.times);
            let times = if offline { times.max(1) } else { times + 1 };
            Failure { at: self.steady.now(), times, unreached: offline.then_some(returns) }
        });
        if offline == Some(true) && before.and_then(|before| before.unreached) != Some(returns) {
            self.refresh_at_return(returns);
        }
    }

    /// What failed for want of a desk is asked for again once the desk is back, if the articles are open then.
    fn refresh_at_return(self: &Arc<Self>, returns: u64) {
        let (room, mut reach) = (Arc::downgrade(self), self.reach.clone());
        aside(Box::pin(async move {
            if reach.wait_for(|view| view.returns != returns).await.is_err() {
                return;
            }
            let Some(room) = room.upgrade() else { return };
            let shelf = room.slot.lock().await.shelf.clone();
            if let Some(shelf) = shelf {
                room.refresh(&shelf);
            }
        }));
    }

    /// Whether a sync has failed so lately that the next one waits.
    fn is_resting(&self) -> bool {
        let failed = *self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.is_some_and(|Failure { at, times, unreached }| {
            let rest = REST.saturating_mul(1 << (times.saturating_sub(1)).min(MOST_DOUBLINGS));
            let is_back = unreached.is_some_and(|returns| self.reach.borrow().returns != returns);
            !is_back && self.steady.now().since(at) < rest
        })
    }

    /// Asks the desk on the side, where the articles are old. Not more often than it makes sense.
    pub(super) fn refresh(self: &Arc<Self>, shelf: &Arc<Shelf>) {
        if self.is_resting() || self.backend.help_center().is_none() {
            return;
        }
        let (room, shelf) = (Arc::downgrade(self), Arc::clone(shelf));
        aside(Box::pin(async move {
            let synced_at = shelf.store.read(|connection| library::number(connection, sync::SYNCED_AT)).await;
            let (Some(room), Ok(synced_at)) = (room.upgrade(), synced_at) else { return };
            let old = plan::age(room.clock.now(), Timestamp::from_millis(synced_at)) >= room.config.refresh_after;
            // One that is under way will do.
            if !old || room.syncing.try_lock().is_err() {
                return;
            }
            if let Err(error) = room.sync(false).await {
                tracing::debug!(%error, "the help centre could not be asked");
            }
        }));
    }

    /// What the customer did becomes what is counted, learnt and told.
    pub(super) async fn apply(
        &self,
        active: &Active,
        step: impl FnOnce(&mut Visit) -> Outcome + Send,
    ) -> Result<Outcome, SupportError> {
        let mut outcome = step(&mut self.visit.lock().unwrap_or_else(PoisonError::into_inner));
        for event in outcome.events.drain(..) {
            // Nobody may be listening.
            let _ = self.events.send(event);
        }
        if let Some(search) = outcome.recent.take() {
            let keep = move |tx: &mut crate::store::Tx<'_>| super::personal::change_recent(tx, |all| all.push(&search));
            active.store.write(Durability::Later, keep).await?;
        }
        if outcome.figures.is_empty() && outcome.learnt.is_none() {
            return Ok(outcome);
        }
        let shelf = self.shelf().await?;
        let (figures, learnt) = (outcome.figures.clone(), outcome.learnt.clone());
        let news = shelf.store.write(Durability::Later, move |tx| {
            figures.into_iter().try_for_each(|figure| library::count(tx, figure))?;
            learnt.map_or(Ok(false), |(article, phrasing)| library::learn(tx, &article, &phrasing))
        });
        if news.await?
            && let Some((article, phrasing)) = &outcome.learnt
        {
            shelf.learn(article, phrasing);
        }
        Ok(outcome)
    }

    pub(super) fn last_query(&self) -> Option<String> {
        self.visit.lock().unwrap_or_else(PoisonError::into_inner).query()
    }

    pub(super) fn listen(&self) -> broadcast::Receiver<HelpEvent> {
        self.events.subscribe()
    }

    pub(super) fn tell(&self, event: HelpEvent) {
        // Nobody may be listening.
        if self.events.send(event).is_ok() {
            self.feed.publish([Topic::HelpEvents]);
        }
    }

    /// Has the desk count what was read, on the side. What it may not have heard is told the next time: a view that is
    /// counted twice does less harm than one that never is.
    pub(super) fn tell_views(self: &Arc<Self>, shelf: &Arc<Shelf>) {
        let (room, shelf) = (Arc::clone(self), Arc::clone(shelf));
        aside(Box::pin(async move {
            let _turn = room.telling.lock().await;
            let Some(help) = room.backend.help_center() else { return };
            while let Ok(Some(name)) = shelf.store.read(library::uncounted).await {
                if let Err(error) = help.count_view(&room.config.portal, &name).await
                    && (error.happened == Happened::No || error.fault.is_of_the_way())
                {
                    tracing::debug!(%error, "a view waits to be counted");
                    return;
                }
                let counted = shelf.store.write(Durability::Later, move |tx| library::view_counted(tx, &name.id));
                if counted.await.is_err() {
                    return;
                }
            }
        }));
    }
}

/// Runs something on the side. Boxed, as is what blocks: a task for every future costs a phone eight kilobytes each.
fn aside(work: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>) {
    tokio::spawn(work);
}

async fn close(shelf: Arc<Shelf>) {
    let _ = blocking(move || {
        shelf.store.close();
        Ok(())
    })
    .await;
}
