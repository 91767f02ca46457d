//! Log lines, handed to the host.
//!
//! Nobody who logs ever waits: lines go into a bounded queue, and a thread of its own hands them to the sink in
//! batches. A full queue drops lines and says how many. Only Shopbell's own lines are taken: those of what it is built
//! on may name addresses that hold secrets.

use std::{
    fmt::{self, Write as _},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use tokio::sync::mpsc;
use tracing::{Event, Level, Metadata, Subscriber, field::Field, level_filters::LevelFilter, span};

use crate::{ListenerError, names, panics::caught};

/// Lines that wait for the sink. A burst of a busy second; past it lines are dropped and counted.
const QUEUE: usize = 1_024;
/// Lines that one call hands over.
const BATCH: usize = 256;

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum LogLevel {
    /// Something is broken.
    Error,
    /// Something is odd.
    Warn,
    /// Something worth knowing.
    Info,
    /// What a developer of an app looks for.
    Debug,
    /// Everything.
    Trace,
}

/// A log line. Holds no secret and nothing that anybody wrote.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct LogRecord {
    /// How much it matters.
    pub level: LogLevel,
    /// Where in Shopbell it comes from, as `shopbell::outbox::worker`.
    pub target: String,
    /// What happened, and the facts as `name=value`.
    pub message: String,
}

/// Takes the log.
#[uniffi::export(callback_interface)]
pub trait LogSink: Send + Sync {
    /// The next lines. Called on a thread of the log's own, one call at a time. What is logged from inside is dropped.
    fn on_records(&self, records: Vec<LogRecord>) -> Result<(), ListenerError>;
}

/// Sends the log to a sink, from that level up, in place of the one before; `None` stops it. For the whole process.
///
/// Where the process has a `tracing` subscriber already (a Rust app's), that one keeps the log and this does nothing.
#[uniffi::export]
pub fn set_log_sink(sink: Option<Box<dyn LogSink>>, level: LogLevel) {
    let level = if sink.is_some() { rank(level.into()) } else { 0 };
    let log = LOG.get_or_init(Log::start);
    let before = std::mem::replace(&mut *log.sink(), sink.map(Into::into));
    log.most.store(level, Ordering::Relaxed);
    // Out of the lock: letting go of a foreign object is a call to the foreign side.
    drop(before);
}

static LOG: OnceLock<Log> = OnceLock::new();

/// The one log of the process.
struct Log {
    sink: Mutex<Option<Arc<dyn LogSink>>>,
    /// The rank of the least level that is taken; 0 takes none.
    most: AtomicUsize,
    dropped: AtomicU64,
    queue: mpsc::Sender<LogRecord>,
}

thread_local! {
    /// Set on the thread that calls the sink: a line from there would feed itself.
    static QUIET: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

impl Log {
    fn start() -> Self {
        let (queue, lines) = mpsc::channel(QUEUE);
        // Without the thread the queue fills up and lines are dropped, as they would be without a log.
        let _ = std::thread::Builder::new().name("shopbell-log".to_owned()).spawn(move || hand_over(lines));
        // Fails where the host has a subscriber of its own.
        let _ = tracing::subscriber::set_global_default(Collector);
        Self { sink: Mutex::default(), most: AtomicUsize::new(0), dropped: AtomicU64::new(0), queue }
    }

    fn sink(&self) -> std::sync::MutexGuard<'_, Option<Arc<dyn LogSink>>> {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hand_over(mut lines: mpsc::Receiver<LogRecord>) {
    QUIET.set(true);
    while let Some(first) = lines.blocking_recv() {
        let mut batch = vec![first];
        batch.extend(std::iter::from_fn(|| lines.try_recv().ok()).take(BATCH - 1));
        let Some(log) = LOG.get() else { continue };
        let dropped = log.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            let message = format!("{dropped} log lines were dropped: the sink is slower than the log");
            batch.push(LogRecord { level: LogLevel::Warn, target: module_path!().to_owned(), message });
        }
        let sink = log.sink().clone();
        if let Some(sink) = sink {
            // A sink that fails has nobody to tell.
            let _ = caught(|| sink.on_records(batch));
        }
    }
}

/// What `tracing` gives lines to.
struct Collector;

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let most = LOG.get().map_or(0, |log| log.most.load(Ordering::Relaxed));
        metadata.is_event() && rank(*metadata.level()) <= most && metadata.target().starts_with("shopbell")
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> tracing::subscriber::Interest {
        // The level changes with the sink, so that it is asked for each time.
        if metadata.is_event() && metadata.target().starts_with("shopbell") {
            tracing::subscriber::Interest::sometimes()
        } else {
            tracing::subscriber::Interest::never()
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        None
    }

    fn event(&self, event: &Event<'_>) {
        let Some(log) = LOG.get() else { return };
        if QUIET.get() {
            return;
        }
        let mut line = Line::default();
        event.record(&mut line);
        let message = line.message + &line.facts;
        let record = LogRecord {
            level: event.metadata().level().into(),
            target: event.metadata().target().to_owned(),
            // What a developer has to change is called as they know it. The rest is for those who know the core.
            message: if *event.metadata().level() == Level::ERROR { names::within(message) } else { message },
        };
        if log.queue.try_send(record).is_err() {
            log.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    // Spans are not used.
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// A line being put together.
#[derive(Default)]
struct Line {
    message: String,
    facts: String,
}

impl tracing::field::Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string can't fail.
        let _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.facts, " {}={value:?}", field.name())
        };
    }
}

/// 1 for errors to 5 for everything.
fn rank(level: Level) -> usize {
    match LogLevel::from(&level) {
        LogLevel::Error => 1,
        LogLevel::Warn => 2,
        LogLevel::Info => 3,
        LogLevel::Debug => 4,
        LogLevel::Trace => 5,
    }
}

impl From<LogLevel> for Level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

impl From<&Level> for LogLevel {
    fn from(level: &Level) -> Self {
        match *level {
            Level::ERROR => Self::Error,
            Level::WARN => Self::Warn,
            Level::INFO => Self::Info,
            Level::DEBUG => Self::Debug,
            Level::TRACE => Self::Trace,
        }
    }
}
