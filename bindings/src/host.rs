//! The thread and the runtime under a client.
//!
//! # Life
//! ```text
//!  Opening (jobs wait, in order) ──▶ Open (jobs run) ──▶ Closed
//!        └──▶ Failed (jobs are told why)
//! ```
//! The thread `shopbell` makes the runtime, opens the core, runs what has waited, and from then on calls the listeners,
//! until [`Host::shut_down`] is called or the last object of the client is dropped. Then it ends the core and the
//! runtime, and itself.
//!
//! A job is a closure that is given the open core: it must not block, for it may run on the caller's thread. What takes
//! time it spawns.

use std::{
    future::ready,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    task::{Context, Poll},
    thread::ThreadId,
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use shopbell::{SupportClient, Whose};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::{mpsc, oneshot, watch},
};

use crate::{
    ListenerError, SupportError,
    panics::{self, caught, caught_async},
    subscription::Line,
};

/// Two: one for what waits on the network, one for what the customer does meanwhile.
const WORKERS: usize = 2;
/// The core reads a few files at a time; what is above waits its turn.
const BLOCKING: usize = 8;
/// How long what is under way may take to end when everything is closed: far more than a write to the phone's storage
/// takes. Past it, it is left to itself.
const GRACE: Duration = Duration::from_secs(2);
/// How long a command waits until its effect is shown: far more than listeners take that do as they are told. One that
/// does not return holds commands up for no longer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a job is given.
#[derive(Clone)]
pub(crate) struct Open {
    pub(crate) client: SupportClient,
    pub(crate) runtime: Handle,
    pub(crate) deliveries: mpsc::UnboundedSender<Delivery>,
}

impl Open {
    /// Waits until the listeners have been told of all that has happened by now. False where one of them keeps the
    /// others from it.
    pub(crate) fn told(&self) -> Pin<Box<dyn Future<Output = bool> + Send>> {
        let client = self.client.clone();
        Box::pin(async move {
            let told = tokio::time::timeout(PATIENCE, client.given_out()).await.is_ok();
            if !told {
                tracing::warn!("a listener does not return: what a command did is not shown yet");
            }
            told
        })
    }

    /// What lies between the end of a work and its answer. Boxed, and the same for every kind of answer.
    fn before_the_answer(&self, kept: Option<Kept>, is_shown: bool) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let open = self.clone();
        Box::pin(async move {
            drop(kept);
            if is_shown {
                open.told().await;
            }
        })
    }
}

pub(crate) type Call = Box<dyn FnOnce() -> Result<(), ListenerError> + Send>;

/// A call to a listener.
pub(crate) struct Delivery {
    pub(crate) line: Arc<Line>,
    /// Whom it is of, where it is of a customer: nobody is told of one who has left.
    pub(crate) whose: Option<Whose>,
    pub(crate) call: Call,
    /// Told, or dropped, once the call has ended.
    pub(crate) done: oneshot::Sender<()>,
}

pub(crate) type Job = Box<dyn FnOnce(Result<Open, SupportError>) + Send>;

/// Boxed, as [`Asked`] is: what is generic over every future and closure is compiled for every one.
pub(crate) type Work<T> = Pin<Box<dyn Future<Output = Result<T, SupportError>> + Send>>;

/// What is asked of the core, or of something in it.
pub(crate) type Asked<C, T> = Box<dyn FnOnce(C) -> Work<T> + Send>;

/// What changes who is here.
type Change =
    Box<dyn FnOnce(SupportClient) -> Pin<Box<dyn Future<Output = Result<(), shopbell::SupportError>> + Send>> + Send>;

pub(crate) fn asked<C, T, W>(work: impl FnOnce(C) -> W + Send + 'static) -> Asked<C, T>
where
    W: Future<Output = Result<T, SupportError>> + Send + 'static,
{
    Box::new(move |core| Box::pin(work(core)))
}

/// Asked of something that is found in the core first.
pub(crate) fn within<C: 'static, T: Send + 'static>(
    find: impl FnOnce(&Open) -> Result<C, shopbell::SupportError> + Send + 'static,
    work: Asked<C, T>,
) -> Asked<Open, T> {
    Box::new(move |open| match find(&open) {
        Ok(core) => work(core),
        Err(error) => Box::pin(ready(Err(error.into()))),
    })
}

/// How a work ended, once it has. Dropping it stops the waiting only.
pub(crate) struct Answer<T>(oneshot::Receiver<Result<T, SupportError>>);

impl<T> Future for Answer<T> {
    type Output = Result<T, SupportError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Dropped without a word: the runtime has ended under it.
        self.0.poll_unpin(context).map(|told| told.unwrap_or_else(|_| Err(shopbell::SupportError::Closed.into())))
    }
}

enum Stage {
    Opening(Vec<Job>),
    Open(Open),
    Failed(SupportError),
    Closed,
}

struct Inner {
    stage: Mutex<Stage>,
    /// Set once: no listener is called any more, and the thread ends.
    closing: watch::Sender<bool>,
    /// How many works are under way that must not be cut short: the customer's own.
    keeping: watch::Sender<usize>,
    /// The thread that calls the listeners.
    thread: OnceLock<ThreadId>,
}

/// What is promised of a work.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Promise {
    /// An answer.
    Answer,
    /// That the listeners have been told what it did when the answer comes.
    Shown,
    /// That it is not cut short.
    Kept,
    /// Both.
    KeptAndShown,
}

/// A work under way that must not be cut short.
struct Kept(Arc<Inner>);

impl Kept {
    fn new(inner: &Arc<Inner>) -> Self {
        inner.keeping.send_modify(|count| *count += 1);
        Self(Arc::clone(inner))
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.0.keeping.send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// Held by every object that a client gave out; the last one that goes takes everything down.
pub(crate) struct Host {
    inner: Arc<Inner>,
}

impl Host {
    /// Starts the thread, and returns while it is opening.
    pub(crate) fn start(config: shopbell::ClientConfig) -> Result<Arc<Self>, SupportError> {
        panics::note_them();
        let inner = Arc::new(Inner {
            stage: Mutex::new(Stage::Opening(Vec::new())),
            closing: watch::channel(false).0,
            keeping: watch::channel(0).0,
            thread: OnceLock::new(),
        });
        let of_thread = Arc::clone(&inner);
        std::thread::Builder::new()
            .name("shopbell".to_owned())
            .spawn(move || {
                if let Err(error) = caught(|| of_thread.live(config)) {
                    of_thread.end(Stage::Failed(error));
                }
            })
            .map_err(|error| SupportError::internal(format!("the system gives no thread: {error}")))?;
        Ok(Arc::new(Self { inner }))
    }

    /// Runs a job: at once, or once the core is open. Jobs run in the order in which they came.
    pub(crate) fn when_open(&self, job: Job) {
        let open = {
            let mut stage = self.inner.stage();
            match &mut *stage {
                Stage::Opening(jobs) => {
                    jobs.push(job);
                    return;
                }
                Stage::Open(open) => Ok(open.clone()),
                Stage::Failed(error) => Err(error.clone()),
                Stage::Closed => Err(shopbell::SupportError::Closed.into()),
            }
        };
        job(open);
    }

    /// Does work on the runtime, to its end. The answer may be waited for, or dropped.
    pub(crate) fn run<T, W>(&self, work: impl FnOnce(Open) -> W + Send + 'static) -> Answer<T>
    where
        T: Send + 'static,
        W: Future<Output = Result<T, SupportError>> + Send + 'static,
    {
        self.run_boxed(asked(work))
    }

    pub(crate) fn run_boxed<T: Send + 'static>(&self, work: Asked<Open, T>) -> Answer<T> {
        self.begin(work, Promise::Answer)
    }

    /// The same for what changes what is shown: it is, when the answer comes.
    pub(crate) fn show<T, W>(&self, work: impl FnOnce(Open) -> W + Send + 'static) -> Answer<T>
    where
        T: Send + 'static,
        W: Future<Output = Result<T, SupportError>> + Send + 'static,
    {
        self.begin(asked(work), Promise::Shown)
    }

    /// The same for what the customer did, in the order of the calls: it is begun before this returns. Spawned alone,
    /// two calls would race for the two workers, and a second message might overtake the first. Everything is closed
    /// only after it, for [`GRACE`] at most.
    pub(crate) fn keep<T, W>(&self, work: impl FnOnce(Open) -> W + Send + 'static) -> Answer<T>
    where
        T: Send + 'static,
        W: Future<Output = Result<T, SupportError>> + Send + 'static,
    {
        self.keep_boxed(asked(work))
    }

    pub(crate) fn keep_boxed<T: Send + 'static>(&self, work: Asked<Open, T>) -> Answer<T> {
        self.begin(work, Promise::KeptAndShown)
    }

    /// The same for a change of who is here. The answer is whether the listeners have been told: the host has to forget
    /// by itself what it shows, where they have not.
    pub(crate) fn change<W>(&self, work: impl FnOnce(SupportClient) -> W + Send + 'static) -> Answer<bool>
    where
        W: Future<Output = Result<(), shopbell::SupportError>> + Send + 'static,
    {
        self.change_boxed(Box::new(move |client| Box::pin(work(client))))
    }

    fn change_boxed(&self, work: Change) -> Answer<bool> {
        let inside = self.is_listening();
        let work = asked(async move |open: Open| {
            work(open.client.clone()).await?;
            Ok(!inside && open.told().await)
        });
        self.begin(work, Promise::Kept)
    }

    /// Whether this is called by a listener, which can't be told of anything before the call returns.
    fn is_listening(&self) -> bool {
        self.inner.thread.get() == Some(&std::thread::current().id())
    }

    fn begin<T: Send + 'static>(&self, work: Asked<Open, T>, promise: Promise) -> Answer<T> {
        let (tell, told) = oneshot::channel();
        let is_kept = matches!(promise, Promise::Kept | Promise::KeptAndShown);
        let is_shown = matches!(promise, Promise::Shown | Promise::KeptAndShown) && !self.is_listening();
        let kept = is_kept.then(|| Kept::new(&self.inner));
        self.when_open(Box::new(move |open| match open {
            Ok(open) => {
                let (runtime, shown) = (open.runtime.clone(), open.before_the_answer(kept, is_shown));
                let done = Box::pin(async move {
                    let answer = caught_async(async move { work(open).await }).await;
                    shown.await;
                    // Nobody may be waiting any more.
                    let _ = tell.send(answer);
                });
                spawn(&runtime, done, is_kept);
            }
            Err(error) => {
                let _ = tell.send(Err(error));
            }
        }));
        Answer(told)
    }

    /// Ends everything, and returns when every file and socket is closed. No call to a listener begins from the moment
    /// that this begins. A second time is no error.
    pub(crate) async fn shut_down(&self) {
        let inner = Arc::clone(&self.inner);
        let ended = self
            .run(async move |open| {
                inner.closing.send_replace(true);
                inner.close(&open.client).await;
                Ok(())
            })
            .await;
        if let Err(error) = ended {
            tracing::debug!(%error, "nothing to shut down");
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.inner.closing.send_replace(true);
    }
}

impl Inner {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of the thread.
    fn live(&self, config: shopbell::ClientConfig) {
        let _ = self.thread.set(std::thread::current().id());
        let runtime = match runtime() {
            Ok(runtime) => runtime,
            Err(error) => return self.end(Stage::Failed(error)),
        };
        runtime.block_on(async {
            let core = caught_async(async { Ok(SupportClient::open(config).await?) });
            match core.await {
                Ok(client) => {
                    let (deliveries, inbox) = mpsc::unbounded_channel();
                    let open = Open { client: client.clone(), runtime: runtime.handle().clone(), deliveries };
                    self.open(open);
                    deliver(inbox, self.closing.subscribe()).await;
                    self.close(&client).await;
                }
                Err(error) => {
                    tracing::error!(%error, "Shopbell can't start");
                    self.end(Stage::Failed(error));
                }
            }
        });
        runtime.shutdown_timeout(GRACE);
    }

    /// Runs what has waited, in order. What comes meanwhile waits behind it.
    fn open(&self, open: Open) {
        loop {
            let jobs = {
                let mut stage = self.stage();
                match &mut *stage {
                    Stage::Opening(jobs) if !jobs.is_empty() => std::mem::take(jobs),
                    Stage::Opening(_) => {
                        *stage = Stage::Open(open);
                        return;
                    }
                    _ => return,
                }
            };
            jobs.into_iter().for_each(|job| job(Ok(open.clone())));
        }
    }

    /// Ends the core, after what the customer did has been kept. The last that is done on the runtime.
    async fn close(&self, client: &SupportClient) {
        let mut keeping = self.keeping.subscribe();
        let kept = tokio::time::timeout(GRACE, keeping.wait_for(|count| *count == 0)).await.is_ok();
        if !kept {
            tracing::warn!("closed before everything asked for was done");
        }
        client.shutdown().await;
        self.end(Stage::Closed);
    }

    /// Enters the last stage, and tells whoever still waits. The first reason stays.
    fn end(&self, last: Stage) {
        let error = match &last {
            Stage::Failed(error) => error.clone(),
            _ => shopbell::SupportError::Closed.into(),
        };
        let before = {
            let mut stage = self.stage();
            match &*stage {
                Stage::Failed(_) | Stage::Closed => return,
                Stage::Opening(_) | Stage::Open(_) => std::mem::replace(&mut *stage, last),
            }
        };
        if let Stage::Opening(jobs) = before {
            jobs.into_iter().for_each(|job| job(Err(error.clone())));
        }
    }
}

/// Does work on the runtime; what is to be kept is begun at once.
fn spawn(runtime: &Handle, mut work: Pin<Box<dyn Future<Output = ()> + Send>>, at_once: bool) {
    let _inside = runtime.enter();
    // A command of the core's is in its line once it has been polled, which takes no more than a look-up.
    if !at_once || work.as_mut().now_or_never().is_none() {
        runtime.spawn(work);
    }
}

fn runtime() -> Result<Runtime, SupportError> {
    Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING)
        .thread_name("shopbell-worker")
        .enable_all()
        .build()
        .map_err(|error| SupportError::internal(format!("the system gives no runtime: {error}")))
}

/// Calls the listeners, one at a time, until everything is closed.
async fn deliver(mut inbox: mpsc::UnboundedReceiver<Delivery>, mut closing: watch::Receiver<bool>) {
    loop {
        let delivery = tokio::select! {
            biased;
            _ = closing.wait_for(|closing| *closing) => return,
            delivery = inbox.recv() => delivery,
        };
        let Some(Delivery { line, whose, call, done }) = delivery else { return };
        if !line.is_cancelled() && whose.is_none_or(|whose| whose.is_here()) {
            let begun = Instant::now();
            match caught(call) {
                Ok(Ok(())) => {
                    let took_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
                    tracing::trace!(took_us, "a listener was told");
                }
                Ok(Err(error)) => tracing::error!(%error, "a listener failed; it is called again with what is next"),
                Err(error) => tracing::error!(%error, "a listener panicked"),
            }
        }
        let _ = done.send(());
    }
}
