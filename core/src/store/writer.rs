//! The one thread that writes, and the readers beside it.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, PoisonError},
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{
    Change, Feed, MessageRow, StoreError, StoreId, Topic,
    entries::Numbers,
    feed::News,
    files, join, log, open,
    schema::{CUSTOMER, Schema},
};
use crate::{
    error::{StorageProblem, SupportError},
    model::{ConversationId, Timestamp},
};

/// How many readers are kept open between questions. Two: a timeline and a list asked at once.
const IDLE_READERS: usize = 2;

/// When a write is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// When the call returns: it survives a loss of power.
    Now,
    /// Soon. A kill of the process does not undo it, a loss of power may.
    Later,
}

/// One customer's open file. Dropping it closes everything after the writes that were already asked for.
pub(crate) struct Store {
    path: PathBuf,
    jobs: mpsc::UnboundedSender<Job>,
    readers: Arc<Readers>,
    feed: Feed,
    id: StoreId,
}

/// Connections for reading, lent and taken back, so that closing can wait for the last.
#[derive(Default)]
struct Readers {
    pool: Mutex<Pool>,
    returned: Condvar,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Connection>,
    lent: usize,
    closed: bool,
}

impl Readers {
    fn lend(&self, path: &Path) -> Result<Connection, SupportError> {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.closed {
            return Err(SupportError::Paused);
        }
        let connection = match pool.idle.pop() {
            Some(connection) => connection,
            None => open::for_reading(path)?,
        };
        pool.lent += 1;
        Ok(connection)
    }

    fn take_back(&self, connection: Option<Connection>) {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        pool.lent = pool.lent.saturating_sub(1);
        if !pool.closed && pool.idle.len() < IDLE_READERS {
            pool.idle.extend(connection);
        }
        self.returned.notify_all();
    }

    fn close(&self) {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        pool.closed = true;
        pool.idle.clear();
        while pool.lent > 0 {
            pool = self.returned.wait(pool).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

type Job = Box<dyn FnOnce(&mut Writer) + Send>;

/// A write, boxed: what is generic over every closure is compiled for every closure, and a phone pays for that.
pub(crate) type Work<T> = Box<dyn FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send>;

/// A question, boxed for the same reason.
type Question<T> = Box<dyn FnOnce(&Connection) -> Result<T, StoreError> + Send>;

struct Writer {
    path: PathBuf,
    /// `None` once closed.
    connection: Option<Connection>,
    durability: Durability,
    feed: Feed,
    id: StoreId,
    data_version: i64,
    numbers: Numbers,
}

/// What is done once a transaction is committed.
pub(super) type Act = Box<dyn FnOnce() + Send>;

/// What a transaction has done.
struct Committed {
    changes: Vec<(Topic, Change)>,
    joined: Vec<(ConversationId, ConversationId)>,
    after: Vec<Act>,
    gone: Vec<String>,
    numbers: Numbers,
}

/// A transaction, and what it touches.
pub(crate) struct Tx<'a> {
    connection: &'a Connection,
    /// Neither committed nor taken back.
    open: bool,
    touched: BTreeMap<ConversationId, Change>,
    list: bool,
    outbox: bool,
    customer: bool,
    joined: Vec<(ConversationId, ConversationId)>,
    after: Vec<Act>,
    /// Names of files that no row names any more once this is committed.
    gone: Vec<String>,
    /// The outbox's that are set aside; the writer's own again once this is committed.
    pub(super) numbers: Numbers,
    /// The version of the file that was last looked at for what another process wrote.
    data_version: i64,
}

impl std::ops::Deref for Tx<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl<'a> Tx<'a> {
    /// Begins one. Its first and last word come from the cache of statements: with every message they are said, and
    /// they need not be parsed each time.
    fn begin(connection: &'a Connection, numbers: Numbers, data_version: i64) -> Result<Self, StoreError> {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(Self {
            connection,
            open: true,
            touched: BTreeMap::new(),
            list: false,
            outbox: false,
            customer: false,
            joined: Vec::new(),
            after: Vec::new(),
            gone: Vec::new(),
            numbers,
            data_version,
        })
    }

    fn commit(mut self) -> Result<Committed, StoreError> {
        let changes = self.changes();
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        self.open = false;
        let (joined, after) = (std::mem::take(&mut self.joined), std::mem::take(&mut self.after));
        let gone = std::mem::take(&mut self.gone);
        Ok(Committed { changes, joined, after, gone, numbers: self.numbers })
    }

    /// The conversation's messages or marks change.
    pub(crate) fn touch(&mut self, conversation: &ConversationId) {
        self.touched.insert(conversation.clone(), Change::Any);
        self.list = true;
    }

    /// A message is written at the end of its conversation: this is what its row says.
    pub(crate) fn append(&mut self, row: MessageRow) {
        let conversation = row.message.conversation.clone();
        let change = self.touched.entry(conversation).or_insert_with(|| Change::Appended(Vec::new()));
        if let Change::Appended(rows) = change {
            rows.push(row);
        }
        self.list = true;
    }

    /// A conversation's line in the list changes, and nothing that its own observers show.
    pub(crate) fn touch_list(&mut self) {
        self.list = true;
    }

    /// The outbox has work that its worker does not know of.
    pub(crate) fn touch_outbox(&mut self) {
        self.outbox = true;
    }

    /// Whether the outbox's worker is told to read.
    pub(crate) fn touches_outbox(&self) -> bool {
        self.outbox
    }

    /// Whether another process may have written something that nobody here was told of.
    pub(crate) fn has_foreign_writes(&self) -> bool {
        data_version(self) != Some(self.data_version)
    }

    /// What is known of the customer changes.
    pub(crate) fn touch_customer(&mut self) {
        self.customer = true;
    }

    /// The first conversation is the second one now: its observers go on with that one.
    pub(super) fn join(&mut self, from: ConversationId, into: ConversationId) {
        self.joined.push((from, into));
    }

    /// Removes a file of the customer's once the transaction is committed, before anybody hears of it; never where it comes
    /// to nothing. One that a crash leaves behind goes at the next sweep, since no row names it.
    pub(super) fn remove_file(&mut self, name: String) {
        self.gone.push(name);
    }

    /// Does that once the transaction is committed and who asked for it is answered, before anything else is written;
    /// never where it comes to nothing.
    pub(crate) fn after_commit(&mut self, act: impl FnOnce() + Send + 'static) {
        self.after.push(Box::new(act));
    }

    fn changes(&mut self) -> Vec<(Topic, Change)> {
        let touched = std::mem::take(&mut self.touched).into_iter();
        let mut changes: Vec<_> = touched.map(|(id, change)| (Topic::Conversation(id), change)).collect();
        changes.extend(
            [(self.list, Topic::List), (self.outbox, Topic::Outbox), (self.customer, Topic::Customer)]
                .into_iter()
                .filter_map(|(changed, topic)| changed.then_some((topic, Change::Any))),
        );
        changes
    }
}

impl Drop for Tx<'_> {
    /// A transaction that came to nothing, by an error or a panic, leaves nothing.
    fn drop(&mut self) {
        // SQLite may have taken it back itself, as on a full disk.
        if self.open && !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }
}

impl Store {
    /// Opens or makes a customer's file. Blocks: call it off the host's thread.
    pub(crate) fn open(path: &Path, now: Timestamp, feed: Feed) -> Result<Self, SupportError> {
        Self::open_as(path, now, feed, &CUSTOMER)
    }

    /// Opens or makes a file of another kind.
    pub(crate) fn open_as(
        path: &Path,
        now: Timestamp,
        feed: Feed,
        schema: &'static Schema,
    ) -> Result<Self, SupportError> {
        if let Some(folder) = path.parent() {
            open::folder(folder)?;
        }
        let connection = open::for_writing(path, now, schema)?;
        let data_version = data_version(&connection).unwrap_or(0);
        // A file of another kind has no such table.
        feed.join(join::all(&connection).unwrap_or_default());
        let (id, durability) = (feed.store_id(), Durability::Now);
        let numbers = Numbers::default();
        let mut writer = Writer {
            path: path.to_owned(),
            connection: Some(connection),
            durability,
            feed: feed.clone(),
            id,
            data_version,
            numbers,
        };
        let (jobs, mut queue) = mpsc::unbounded_channel::<Job>();
        std::thread::Builder::new()
            .name("shopbell-store".to_owned())
            // SQLite's deepest stack is a few hundred kB; the default of 2 MB is address space a phone can spare, but
            // 512 kB is enough and was measured with the largest migration.
            .stack_size(512 << 10)
            .spawn(move || {
                while let Some(job) = queue.blocking_recv() {
                    job(&mut writer);
                    if queue.is_empty() {
                        writer.rest();
                    }
                }
            })
            .map_err(|error| SupportError::Storage(StorageProblem::Other { detail: error.to_string() }))?;
        Ok(Self { path: path.to_owned(), jobs, readers: Arc::default(), feed, id })
    }

    /// The change feed.
    pub(crate) fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Which store of the feed's this is.
    pub(crate) fn id(&self) -> StoreId {
        self.id
    }

    /// Runs `work` in one transaction and then tells the feed. Dropping the future does not undo it.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        durability: Durability,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> impl Future<Output = Result<T, SupportError>> + Send {
        self.write_boxed(durability, Box::new(work))
    }

    /// The same for work that is boxed already.
    pub(crate) async fn write_boxed<T: Send + 'static>(
        &self,
        durability: Durability,
        work: Work<T>,
    ) -> Result<T, SupportError> {
        let value = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&value);
        let work = Box::new(move |tx: &mut Tx<'_>| {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(work(tx)?);
            Ok(())
        });
        self.submit(durability, work).await?;
        let value = value.lock().unwrap_or_else(PoisonError::into_inner).take();
        value.ok_or(SupportError::Closed)
    }

    async fn submit(&self, durability: Durability, work: Work<()>) -> Result<(), SupportError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |writer| {
            let (result, news) = writer.run(durability, work);
            // Nobody waits any more: the write stands all the same.
            let _ = reply.send(result);
            drop(news);
        });
        self.jobs.send(job).map_err(|_| SupportError::Closed)?;
        answer.await.map_err(|_| SupportError::Closed)?
    }

    /// Runs `question` on a reader, off the caller's thread.
    pub(crate) fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> impl Future<Output = Result<T, SupportError>> + Send {
        self.read_boxed(Box::new(question))
    }

    async fn read_boxed<T: Send + 'static>(&self, question: Question<T>) -> Result<T, SupportError> {
        let value = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&value);
        self.ask(Box::new(move |connection| {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(question(connection)?);
            Ok(())
        }))
        .await?;
        let value = value.lock().unwrap_or_else(PoisonError::into_inner).take();
        value.ok_or(SupportError::Closed)
    }

    async fn ask(&self, question: Question<()>) -> Result<(), SupportError> {
        let readers = Arc::clone(&self.readers);
        let path = self.path.clone();
        tokio::task::spawn_blocking(move || {
            let connection = readers.lend(&path)?;
            // A panic in a question must not leave closing waiting for its connection for ever.
            match catch_unwind(AssertUnwindSafe(|| question(&connection))) {
                Ok(result) => {
                    readers.take_back(Some(connection));
                    Ok(result?)
                }
                Err(_) => {
                    readers.take_back(None);
                    tracing::error!("a read panicked");
                    Err(SupportError::Storage(StorageProblem::Other { detail: "internal error".to_owned() }))
                }
            }
        })
        .await
        .map_err(|_| SupportError::Closed)?
    }

    /// Notices what another process wrote, and tells the feed.
    pub(crate) fn check_foreign_writes(&self) {
        // A closed store has nothing to notice.
        let _ = self.jobs.send(Box::new(|writer| writer.check_foreign_writes()));
    }

    /// Does what was already asked for, then closes every file; whatever comes later is refused. Blocks.
    pub(crate) fn close(&self) {
        let (done, closed) = oneshot::channel();
        let farewell: Job = Box::new(move |writer| {
            if let Some(connection) = writer.connection.take() {
                // Folds the log into the file, so that no second file is left for a backup to miss. Best effort.
                let _ = connection.pragma_update(None, "wal_checkpoint", "TRUNCATE");
            }
            let _ = done.send(());
        });
        if self.jobs.send(farewell).is_ok() {
            let _ = closed.blocking_recv();
        }
        self.readers.close();
    }
}

impl Writer {
    /// What became of the work, and whom it concerns.
    fn run(&mut self, durability: Durability, work: Work<()>) -> (Result<(), SupportError>, Option<News>) {
        match self.commit(durability, work) {
            Ok(Committed { changes, joined, after, gone, numbers }) => {
                self.numbers = numbers;
                gone.iter().for_each(|name| files::remove_file(&files::folder(&self.path).join(name)));
                self.feed.join(joined);
                let mut news = self.feed.committed(self.id, changes, after);
                // The commit stands, whatever becomes of the questions.
                let ask = || self.connection.iter().for_each(|connection| news.ask(connection));
                if catch_unwind(AssertUnwindSafe(ask)).is_err() {
                    tracing::error!("a question after a commit panicked");
                }
                (Ok(()), Some(news))
            }
            Err(error) => (Err(error), None),
        }
    }

    fn commit(&mut self, durability: Durability, work: Work<()>) -> Result<Committed, SupportError> {
        let Some(connection) = &mut self.connection else { return Err(SupportError::Paused) };
        if durability != self.durability {
            let level = if durability == Durability::Now { "FULL" } else { "NORMAL" };
            connection.pragma_update(None, "synchronous", level).map_err(StoreError::from)?;
            self.durability = durability;
        }
        // A panic in a closure of ours must not take the store, and with it the customer's words, down.
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let mut tx = Tx::begin(connection, self.numbers, self.data_version)?;
            work(&mut tx)?;
            tx.commit()
        }));
        match outcome {
            Ok(committed) => Ok(committed?),
            Err(_) => {
                tracing::error!("a write panicked and was rolled back");
                Err(SupportError::Storage(StorageProblem::Other { detail: "internal error".to_owned() }))
            }
        }
    }

    /// Nobody waits. A store in which nothing is written that anybody waits for needs nothing done.
    fn rest(&self) {
        if let (Some(connection), Durability::Now) = (&self.connection, self.durability) {
            log::keep_up(connection, &self.path);
        }
    }

    fn check_foreign_writes(&mut self) {
        if let Some(version) = self.connection.as_ref().and_then(data_version)
            && version != self.data_version
        {
            self.data_version = version;
            if let Some(Ok(joined)) = self.connection.as_ref().map(join::all) {
                self.feed.join(joined);
            }
            self.feed.publish_all();
        }
    }
}

/// Changes when another connection has written; our own writes do not change it.
fn data_version(connection: &Connection) -> Option<i64> {
    connection.prepare_cached("PRAGMA data_version").and_then(|mut ask| ask.query_row([], |row| row.get(0))).ok()
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}
