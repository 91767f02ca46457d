//! One customer's open file with its two workers.

use std::{
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool},
    time::Duration,
};

use rusqlite::Connection;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

use super::{Inner, push::note_token};
use crate::{
    SupportError,
    attachments::{Attachments, beside},
    backend::Secret,
    clock::token,
    conversations::TypingSignals,
    customer::{standing::Standing, telling},
    model::{CustomerProfile, Verification},
    outbox,
    reach::Reach,
    runtime::{blocking, go_on},
    signal::Signal,
    store::{CustomerKey, CustomerRow, Durability, Recorded, SessionRow, Store, StoreError, Tx, adopt, adopted},
    sync::{self, budget::Reason, moment::History},
};

/// How long what is being sent may take to finish on the way to the background: phones give an app about five seconds.
const GRACE: Duration = Duration::from_secs(3);

/// A customer who is here.
pub(crate) struct Active {
    pub(crate) key: CustomerKey,
    /// The anonymous customers who turned out to be this one: handles from before the log-in go on.
    pub(crate) adopted: Arc<[CustomerKey]>,
    pub(crate) store: Arc<Store>,
    /// The standing under which new conversations begin.
    pub(crate) own_session: String,
    pub(crate) fetcher: Arc<sync::fetch::Fetcher>,
    pub(crate) standing: Arc<Standing>,
    pub(crate) typing: Arc<TypingSignals>,
    pub(crate) attachments: Arc<Attachments>,
    pub(crate) handover: outbox::Handover,
    reach: Reach,
    outbox: mpsc::UnboundedSender<Signal>,
    sync: mpsc::UnboundedSender<Signal>,
    stop: watch::Sender<bool>,
    workers: Mutex<Option<(JoinHandle<()>, JoinHandle<()>)>>,
}

impl Active {
    /// Opens the file, finishes what a crash left half done, and starts the workers. News are asked for by themselves
    /// where there is a reason.
    pub(crate) async fn start(
        inner: &Arc<Inner>,
        recorded: Recorded,
        why: Option<Reason>,
    ) -> Result<Arc<Self>, SupportError> {
        let (place, feed, now) = (inner.place.clone(), inner.feed.clone(), inner.config.clock.now());
        let path = place.database(&recorded.current);
        let store = Arc::new(blocking(move || Store::open(&path, now, feed)).await?);
        let key = recorded.current.clone();
        let started = Self::start_on(inner, recorded, why, Arc::clone(&store)).await;
        if started.is_err() {
            let _ = blocking(move || {
                store.close();
                Ok(())
            })
            .await;
        }
        tracing::debug!(anonymous = key.is_anonymous(), opened = started.is_ok(), "customer's file");
        started
    }

    async fn start_on(
        inner: &Arc<Inner>,
        recorded: Recorded,
        why: Option<Reason>,
        store: Arc<Store>,
    ) -> Result<Arc<Self>, SupportError> {
        let (session, secret) = (token(inner.config.random.as_ref()), token(inner.config.random.as_ref()));
        let secret = Secret::new(secret);
        let own_session = store
            .write(Durability::Now, move |tx| {
                let own = own_session(tx, &session, &secret)?;
                // What an earlier attempt gave up on, or an older version never noted as told.
                telling::queue_all(tx, false)?;
                Ok(own)
            })
            .await?;
        if let Some(old) = &recorded.adopting {
            Self::adopt(inner, &store, old, &own_session).await?;
            let done = Recorded { current: recorded.current.clone(), adopting: None };
            let (place, old) = (inner.place.clone(), old.clone());
            blocking(move || {
                beside(&place.database(&done.current)).move_in(&beside(&place.database(&old)))?;
                // Before it is noted as done, so that a crash leaves no file behind with words in it.
                place.remove(&old);
                place.record(&done)
            })
            .await?;
        }
        let adopted = store.read(adopted).await?.into();
        let token = inner.push_token.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(token) = token {
            store.write(Durability::Now, move |tx| note_token(tx, token.as_ref())).await?;
        }
        // Of this customer nothing was asked yet.
        inner.moment.set_history(History::default());
        let config = &inner.config;
        let backend = Arc::clone(&inner.backend);
        let capabilities = backend.capabilities();
        let standing = Arc::new(Standing::new(
            Arc::clone(&store),
            Arc::clone(&backend),
            Arc::clone(&config.random),
            config.vault.clone(),
            inner.moment.setup().clone(),
        ));
        let (stop, stopped) = watch::channel(false);
        let (outbox_signals, outbox_inbox) = mpsc::unbounded_channel();
        let (sync_signals, sync_inbox) = mpsc::unbounded_channel();
        let fetcher = Arc::new(sync::fetch::Fetcher::new(
            Arc::clone(&store),
            Arc::clone(&backend),
            Arc::clone(&standing),
            Arc::clone(&config.random),
            Arc::clone(&config.clock),
            inner.moment.clone(),
        ));
        let attachments = Arc::new(Attachments::new(
            beside(&inner.place.database(&recorded.current)),
            Arc::clone(&store),
            Arc::clone(&backend),
            Arc::clone(&standing),
            Arc::clone(&config.clock),
            config.limits.clone(),
            stopped.clone(),
        ));
        go_on(Arc::clone(&attachments).sweep());
        let tools = Arc::new(outbox::Tools {
            store: Arc::clone(&store),
            backend: Arc::clone(&backend),
            standing: Arc::clone(&standing),
            clock: inner.steady.clone(),
            random: Arc::clone(&config.random),
            folder: attachments.folder.clone(),
            transfers: inner.transfers.clone(),
            sync: sync_signals.clone(),
            looked_at_desk: AtomicBool::new(false),
            spoiled: Mutex::default(),
        });
        let rules = outbox::queue::Rules {
            settle: config.limits.settle,
            longest_attempt: config.limits.request_timeout,
            longest_upload: config.limits.files_answer(),
            idempotent: capabilities.idempotent_send,
        };
        let lock = inner.place.lock(&recorded.current);
        let (handover, handed) = outbox::Handover::new(inner.reach.view());
        let way = (handover.clone(), handed);
        let reach = inner.reach.clone();
        let sender = outbox::worker::Worker::new(tools, rules, lock, way, reach, outbox_inbox, stopped.clone());
        let rules = sync::link::Rules {
            realtime: capabilities.realtime,
            presence: capabilities.presence_interval,
            pace: sync::pace::Rules {
                idle: config.limits.idle_poll,
                active: config.limits.active_poll,
                live: config.limits.live_poll,
            },
        };
        let reader = sync::worker::Worker {
            fetcher: Arc::clone(&fetcher),
            rules,
            why,
            clock: inner.steady.clone(),
            moment: inner.moment.clone(),
            signals: sync_inbox,
            screen: inner.screen.shown(),
            reach: inner.reach.clone(),
            stop: stopped,
        };
        let probes = inner.reach.clone().watch(Arc::clone(&backend));
        let reads = async move {
            tokio::select! {
                () = reader.run() => {}
                () = probes => {}
            }
        };
        let workers = (supervised("outbox", sender.run()), supervised("sync", reads));
        Ok(Arc::new(Self {
            key: recorded.current,
            adopted,
            typing: Arc::new(TypingSignals::new(Arc::clone(&store), backend, Arc::clone(&standing))),
            attachments,
            handover,
            reach: inner.reach.clone(),
            store,
            own_session,
            fetcher,
            standing,
            outbox: outbox_signals,
            sync: sync_signals,
            stop,
            workers: Mutex::new(Some(workers)),
        }))
    }

    async fn adopt(
        inner: &Arc<Inner>,
        store: &Arc<Store>,
        old: &CustomerKey,
        own_session: &str,
    ) -> Result<(), SupportError> {
        let path = inner.place.database(old);
        if !path.exists() {
            // Taken over and removed before the crash.
            return Ok(());
        }
        let (feed, now) = (crate::store::Feed::new(), inner.config.clock.now());
        let opened = path.clone();
        // Opened as a store first: an older version's file is migrated by that.
        blocking(move || {
            Store::open(&opened, now, feed)?.close();
            Ok(())
        })
        .await?;
        let (name, own_session) = (old.as_str().to_owned(), own_session.to_owned());
        store
            .write(Durability::Now, move |tx| {
                let old = Connection::open(&path)?;
                adopt(tx, &old, &name, &own_session)?;
                // The agents learn who the anonymous customer was.
                telling::queue_all(tx, false)
            })
            .await
    }

    /// A word to both workers. One that has stopped needs none.
    pub(crate) fn signal(&self, signal: Signal) {
        if signal == Signal::Wake {
            self.reach.wake();
        }
        let _ = self.outbox.send(signal.clone());
        let _ = self.sync.send(signal);
    }

    /// Says when the file is about to be closed.
    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Whether a worker has ended without being told to: it panicked.
    pub(crate) fn is_broken(&self) -> bool {
        let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.as_ref().is_some_and(|(sender, reader)| sender.is_finished() || reader.is_finished())
    }

    /// Stops the workers and closes every file. What is being sent may finish first, within [`GRACE`], and beside it the
    /// desk is told that the customer types no more.
    pub(crate) async fn stop(&self) {
        self.stop.send_replace(true);
        let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((mut sender, reader)) = workers {
            reader.abort();
            let (sent, ()) = tokio::join!(tokio::time::timeout(GRACE, &mut sender), self.typing.end());
            if sent.is_err() {
                sender.abort();
                let _ = sender.await;
            }
            let _ = reader.await;
        }
        let store = Arc::clone(&self.store);
        let _ = blocking(move || {
            store.close();
            Ok(())
        })
        .await;
    }
}

/// The customer's row and standing, made where the file is new.
fn own_session(tx: &mut Tx<'_>, session: &str, secret: &Secret) -> Result<String, StoreError> {
    if CustomerRow::find(tx)?.is_none() {
        let customer =
            CustomerRow { identity: None, profile: CustomerProfile::default(), verification: Verification::Anonymous };
        customer.save(tx)?;
    }
    if let Some(row) = SessionRow::own(tx)? {
        return Ok(row.id);
    }
    SessionRow::insert_own(tx, session, secret)?;
    Ok(session.to_owned())
}

/// Runs a worker; a panic in it is a log line and a fresh start at the next resume, never an abort.
fn supervised(name: &'static str, work: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(async move {
        let work = std::panic::AssertUnwindSafe(work);
        if futures_util::FutureExt::catch_unwind(work).await.is_err() {
            tracing::error!(worker = name, "a worker panicked; it starts again with the next resume");
        }
    })
}
