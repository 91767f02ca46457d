//! The vocabulary: a desk, a phone, and listeners that keep what they were told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    reason = "tests; each uses a part"
)]

use std::{
    path::Path,
    pin::pin,
    sync::{Arc, Condvar, Mutex},
    task::{Context, Poll, Wake, Waker},
    thread::Thread,
    time::Duration,
};

use sandbox::{Options, Sandbox};
use shopbell_ffi::{
    Client, ClientConfig, ConversationDiff, ConversationSummary, ConversationsListener, HelpCenterConfig, Limits,
    ListenerError, Message, MessageDiff, MessagesListener,
};

/// How long something may take before a test gives up on it: far above any machine's worst.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A desk, with the runtime that it runs on. The tests have none around them, as a phone has none.
pub(crate) struct Desk {
    pub(crate) sandbox: Sandbox,
    runtime: tokio::runtime::Runtime,
}

impl Desk {
    pub(crate) fn open() -> Self {
        Self::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let sandbox = runtime.block_on(Sandbox::start(options)).unwrap();
        Self { sandbox, runtime }
    }

    pub(crate) fn config(&self, data: &Path) -> ClientConfig {
        config(&self.sandbox.url(), data)
    }

    pub(crate) fn phone(&self, data: &Path) -> Arc<Client> {
        Client::new(self.config(data), None).unwrap()
    }

    /// What the customer's messages say at the desk.
    pub(crate) fn texts(&self) -> Vec<String> {
        let conversations = self.sandbox.desk().conversations();
        let messages = conversations.iter().flat_map(|conversation| conversation.messages.iter());
        messages
            .filter(|message| message.message_type == 0)
            .map(|message| message.content.clone().unwrap_or_default())
            .collect()
    }

    pub(crate) fn until_texts(&self, wanted: &[&str]) {
        let begun = std::time::Instant::now();
        while self.texts() != wanted {
            assert!(begun.elapsed() < PATIENCE, "the desk has {:?}, not {wanted:?}", self.texts());
            std::thread::yield_now();
        }
    }
}

pub(crate) fn config(desk: &str, data: &Path) -> ClientConfig {
    ClientConfig {
        desk_url: desk.to_owned(),
        inbox: "shop".to_owned(),
        data_dir: data.to_str().unwrap().to_owned(),
        allow_plain_http: false,
        user_agent: None,
        limits: Some(Limits {
            settle_millis: Some(300),
            request_timeout_millis: Some(2_000),
            active_poll_millis: Some(200),
            ..Limits::default()
        }),
        help_center: Some(HelpCenterConfig {
            portal: "shop".to_owned(),
            locales: Vec::new(),
            starter_pack: None,
            refresh_after_millis: None,
        }),
    }
}

/// Waits for a future on this thread, with no runtime around it: as Kotlin and Swift do.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park_timeout(PATIENCE),
        }
    }
}

/// Asks for it once and lets go: as a coroutine does that is cancelled right away.
pub(crate) fn cancel_at_once<T>(future: impl Future<Output = T>) {
    let mut future = pin!(future);
    let _ = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
}

/// Something that changes, and can be waited for.
pub(crate) struct Seen<T> {
    value: Mutex<T>,
    changed: Condvar,
}

impl<T> Seen<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Mutex::new(value), changed: Condvar::new() }
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut T)) {
        change(&mut self.value.lock().unwrap());
        self.changed.notify_all();
    }

    pub(crate) fn until<R>(&self, what: &str, mut is: impl FnMut(&T) -> Option<R>) -> R {
        let mut value = self.value.lock().unwrap();
        loop {
            if let Some(result) = is(&value) {
                return result;
            }
            let (next, timeout) = self.changed.wait_timeout(value, PATIENCE).unwrap();
            value = next;
            assert!(!timeout.timed_out(), "waited in vain for {what}");
        }
    }

    pub(crate) fn get<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.value.lock().unwrap())
    }
}

/// A listener that the test looks at while the library has it.
pub(crate) struct Shared<T> {
    of: Arc<T>,
}

pub(crate) fn shared<T>(listener: &Arc<T>) -> Box<Shared<T>> {
    Box::new(Shared { of: Arc::clone(listener) })
}

impl<T> std::ops::Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.of
    }
}

/// What a listener does besides keeping what it is told.
pub(crate) type Mischief = Box<dyn Fn() -> Result<(), ListenerError> + Send + Sync>;

/// A conversation on screen.
pub(crate) struct Screen {
    pub(crate) shown: Seen<Shown>,
    mischief: Mischief,
}

#[derive(Default)]
pub(crate) struct Shown {
    pub(crate) messages: Vec<Message>,
    pub(crate) batches: usize,
    pub(crate) ended: bool,
}

impl Screen {
    pub(crate) fn new() -> Arc<Self> {
        Self::with(Box::new(|| Ok(())))
    }

    pub(crate) fn with(mischief: Mischief) -> Arc<Self> {
        Arc::new(Self { shown: Seen::new(Shown::default()), mischief })
    }

    pub(crate) fn until_texts(&self, wanted: &[&str]) {
        self.shown.until(&format!("{wanted:?}"), |shown| {
            let texts: Vec<&str> = shown.messages.iter().map(text).collect();
            (texts == wanted).then_some(())
        });
    }

    pub(crate) fn until_batches(&self, count: usize) {
        self.shown.until(&format!("{count} batches"), |shown| (shown.batches >= count).then_some(()));
    }
}

pub(crate) fn text(message: &Message) -> &str {
    match &message.content {
        shopbell_ffi::Content::Text { text } => text,
        other => panic!("no text: {other:?}"),
    }
}

impl MessagesListener for Shared<Screen> {
    fn on_batch(&self, batch: Vec<MessageDiff>) -> Result<(), ListenerError> {
        self.shown.change(|shown| {
            shown.batches += 1;
            for step in batch {
                match step {
                    MessageDiff::Reset { items } => shown.messages = items,
                    MessageDiff::Insert { index, item } => shown.messages.insert(index as usize, item),
                    MessageDiff::Update { index, item } => shown.messages[index as usize] = item,
                    MessageDiff::Remove { index } => {
                        shown.messages.remove(index as usize);
                    }
                }
            }
        });
        (self.mischief)()
    }

    fn on_end(&self) -> Result<(), ListenerError> {
        self.shown.change(|shown| shown.ended = true);
        (self.mischief)()
    }
}

/// The list of conversations on screen.
pub(crate) struct List(pub(crate) Seen<Vec<ConversationSummary>>);

impl List {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Seen::new(Vec::new())))
    }
}

impl ConversationsListener for Shared<List> {
    fn on_batch(&self, batch: Vec<ConversationDiff>) -> Result<(), ListenerError> {
        self.0.change(|lines| {
            for step in batch {
                match step {
                    ConversationDiff::Reset { items } => *lines = items,
                    ConversationDiff::Insert { index, item } => lines.insert(index as usize, item),
                    ConversationDiff::Update { index, item } => lines[index as usize] = item,
                    ConversationDiff::Remove { index } => {
                        lines.remove(index as usize);
                    }
                }
            }
        });
        Ok(())
    }
}
