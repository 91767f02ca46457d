//! Carries out what the queue decides.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::{mpsc, watch};

use super::{
    handover::{Begun, Handed, Handover},
    queue::{Effect, Event, Queue, Rules},
    tasks::{Tools, set_answer_state},
};
use crate::{
    SupportError,
    backend::Fault,
    clock::fraction,
    model::{AnswerState, AttentionReason},
    reach::Reach,
    signal::{Signal, stopped},
    store::{Durability, EntryRow, EntryState, Task, Topic, Tx},
};

/// How often a process that does not send asks whether it may now, and whether the other one wrote something.
const LOCK_RETRY: Duration = Duration::from_secs(2);

/// The longest sleep before the clock is looked at again: timers stand still while a phone is suspended, and a wait that
/// ran out meanwhile is noticed this long after it woke.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// How long after a stop something may still begin: long enough for a message that was just written and for the last
/// word on who logs out, and short enough that what begins can end within the three seconds that a stop may take.
const LAST_BEGIN: Duration = Duration::from_secs(1);

/// The outbox of one customer, at work until it is told to stop.
pub(crate) struct Worker {
    tools: Arc<Tools>,
    rules: Rules,
    lock_path: PathBuf,
    handover: Handover,
    handed: mpsc::UnboundedReceiver<Handed>,
    reach: Reach,
    signals: mpsc::UnboundedReceiver<Signal>,
    stop: watch::Receiver<bool>,
}

/// What was handed over.
#[derive(Default)]
struct TakenOver {
    /// Their numbers; they are at work.
    begun: Vec<i64>,
    waiting: Vec<EntryRow>,
}

type Running = FuturesUnordered<std::pin::Pin<Box<dyn Future<Output = Event> + Send>>>;

impl Worker {
    pub(crate) fn new(
        tools: Arc<Tools>,
        rules: Rules,
        lock_path: PathBuf,
        (handover, handed): (Handover, mpsc::UnboundedReceiver<Handed>),
        reach: Reach,
        signals: mpsc::UnboundedReceiver<Signal>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self { tools, rules, lock_path, handover, handed, reach, signals, stop }
    }

    /// Runs until stopped; then waits for what is under way. Abort it to cut that short: what was under way is then
    /// unclear, and looked for at the next start.
    pub(crate) async fn run(mut self) {
        let Some(_lock) = self.lock().await else { return };
        let mut queue = Queue::new(self.rules);
        let mut running = Running::new();
        let mut entries = self.tools.store.feed().watch(Topic::Outbox);
        let mut stop = self.stop.clone();
        let mut view = self.reach.view();
        let open = view.borrow_and_update().open;
        self.take_in(Event::Online(open), &mut queue, &mut running).await;
        // Written while another process sent: what is left of it is read.
        while self.handed.try_recv().is_ok() {}
        let mut event = self.load(&mut queue, &mut running).await;
        loop {
            if matches!(event, Event::Failed(_, Fault::ConversationGone, _) | Event::Looked(_, false)) {
                // With that, opening it anew was queued: it has to be known before the message is tried again.
                let loaded = self.load(&mut queue, &mut running).await;
                self.take_in(loaded, &mut queue, &mut running).await;
            }
            self.take_in(event, &mut queue, &mut running).await;
            self.reach.waiting(queue.waiting());
            self.handover.set_ready(queue.begins_at_once(self.tools.clock.now()));
            let tick = queue.next_wake().map(|at| at.since(self.tools.clock.now()).min(LONGEST_SLEEP));
            event = tokio::select! {
                // What was asked for before the stop begins before it: a message sent on the way to the background, or
                // the last word on somebody who logs out.
                biased;
                // First, for a message that was handed over after a change may have to wait behind it.
                () = entries.changed() => self.load(&mut queue, &mut running).await,
                Some(handed) = self.handed.recv() => match handed {
                    Handed::Begun(begun) => self.take_over(begun, &mut running),
                    Handed::Waiting(row) => Event::Added(row),
                },
                () = stopped(&mut stop) => break,
                Ok(()) = view.changed() => Event::Online(view.borrow_and_update().open),
                Some(event) = running.next() => event,
                Some(_) = self.signals.recv() => Event::Wake,
                () = tokio::time::sleep(tick.unwrap_or_default()), if tick.is_some() => Event::Tick,
            };
        }
        self.handover.set_ready(false);
        self.reach.waiting(0);
        // A command that still found it ready is done once this is: the store has one writer.
        let _ = self.tools.store.write(Durability::Later, |_| Ok(())).await;
        for row in self.take_over_all(&mut queue, &mut running).await.waiting {
            self.take_in(Event::Added(row), &mut queue, &mut running).await;
        }
        self.finish(&mut queue, &mut running).await;
    }

    /// Takes over what was handed over by now, but for what waits.
    async fn take_over_all(&mut self, queue: &mut Queue, running: &mut Running) -> TakenOver {
        let mut taken = TakenOver::default();
        while let Ok(handed) = self.handed.try_recv() {
            match handed {
                Handed::Begun(begun) => {
                    taken.begun.push(begun.seq);
                    let event = self.take_over(begun, running);
                    self.take_in(event, queue, running).await;
                }
                Handed::Waiting(row) => taken.waiting.push(row),
            }
        }
        taken
    }

    /// Asks the desk at once: all that must be kept before that was kept by the command.
    fn take_over(&self, begun: Begun, running: &mut Running) -> Event {
        self.handover.taken(&begun);
        let event = Event::Begun(begun.seq, begun.words.conversation.clone());
        running.push(Box::pin(Arc::clone(&self.tools).attempt_begun(begun)));
        event
    }

    /// What is ready goes on for [`LAST_BEGIN`]. After that nothing new begins, and what has begun is let finish, so that
    /// going to the background makes nothing unclear.
    async fn finish(&self, queue: &mut Queue, running: &mut Running) {
        let mut last_begin = std::pin::pin!(tokio::time::sleep(LAST_BEGIN));
        let mut begins = true;
        loop {
            let event = tokio::select! {
                biased;
                () = &mut last_begin, if begins => {
                    begins = false;
                    Event::Online(false)
                }
                event = running.next() => match event {
                    Some(event) => event,
                    None => return,
                },
            };
            self.take_in(event, queue, running).await;
        }
    }

    async fn take_in(&self, event: Event, queue: &mut Queue, running: &mut Running) {
        let jitter = fraction(self.tools.random.as_ref());
        for effect in queue.handle(event, self.tools.clock.now(), jitter) {
            self.carry_out(effect, running).await;
        }
    }

    /// Waits until this process is the one that sends.
    async fn lock(&mut self) -> Option<fs::File> {
        let mut told = false;
        loop {
            match fs::OpenOptions::new().create(true).truncate(false).write(true).open(&self.lock_path) {
                Ok(file) => match file.try_lock() {
                    Ok(()) => return Some(file),
                    Err(fs::TryLockError::WouldBlock) if !told => {
                        tracing::info!("another process of this app sends; this one only writes");
                        told = true;
                    }
                    Err(fs::TryLockError::WouldBlock) => {}
                    Err(fs::TryLockError::Error(error)) => {
                        // A file system without locks: one process is all that can be supported there.
                        tracing::warn!(%error, "no locks here; sending without one");
                        return Some(file);
                    }
                },
                Err(error) => tracing::warn!(%error, "the lock file can't be opened"),
            }
            tokio::select! {
                () = stopped(&mut self.stop) => return None,
                () = tokio::time::sleep(LOCK_RETRY) => self.tools.store.check_foreign_writes(),
            }
        }
    }

    /// Reads what there is to do. What was begun before a message in the same lane was written was handed over before
    /// that, for the store has one writer: so it is taken over first, and the message behind it finds the lane taken. What
    /// waits and was written after the rows were read joins them, for it may have to wait behind any of them.
    async fn load(&mut self, queue: &mut Queue, running: &mut Running) -> Event {
        let rows = self.read().await;
        let taken = self.take_over_all(queue, running).await;
        let mut rows = self.handover.without_claimed(rows);
        for row in taken.waiting {
            // One that was discarded before the rows were read joins them too, and is found gone when its turn comes.
            if !rows.iter().any(|read| read.seq == row.seq) {
                rows.push(row);
            }
        }
        Event::Loaded { rows, newer: taken.begun }
    }

    async fn read(&self) -> Vec<EntryRow> {
        loop {
            match self.tools.store.read(EntryRow::all).await {
                Ok(rows) => return rows,
                // Closed under us: the stop follows.
                Err(SupportError::Paused | SupportError::Closed) => std::future::pending().await,
                Err(error) => {
                    tracing::error!(%error, "the outbox can't be read; trying again");
                    tokio::time::sleep(LOCK_RETRY).await;
                }
            }
        }
    }

    async fn carry_out(&self, effect: Effect, running: &mut Running) {
        let saved = match effect {
            Effect::Attempt(seq, attempts) => {
                running.push(Box::pin(Arc::clone(&self.tools).attempt(seq, attempts)));
                Ok(())
            }
            Effect::Look(seq) => {
                running.push(Box::pin(Arc::clone(&self.tools).look(seq)));
                Ok(())
            }
            Effect::Drop(seq) => self.tools.store.write(Durability::Later, move |tx| EntryRow::remove(tx, seq)).await,
            Effect::Save(seq, state, attempts) => {
                self.tools.store.write(Durability::Later, move |tx| save(tx, seq, &state, attempts)).await
            }
        };
        if let Err(error) = saved {
            // What the disk still says (in flight) is the careful reading of it: the next start looks.
            tracing::error!(%error, "the outbox can't be written");
        }
    }
}

/// Keeps where an entry stands, and shows it on its message.
fn save(tx: &mut Tx<'_>, seq: i64, state: &EntryState, attempts: u32) -> Result<(), crate::store::StoreError> {
    let Some(entry) = EntryRow::find(tx, seq)? else { return Ok(()) };
    EntryRow::set_state(tx, seq, state, attempts)?;
    if let Some(conversation) = &entry.conversation {
        tx.touch(conversation);
    }
    match (&entry.task, &entry.message) {
        (Task::Answer { .. }, Some(message)) => {
            let answer = match state {
                EntryState::Attention { reason, .. } => AnswerState::NeedsAttention { reason: reason.clone() },
                _ => AnswerState::Queued,
            };
            set_answer_state(tx, message, answer)
        }
        (Task::Open, _) => match (state, &entry.conversation) {
            (EntryState::Attention { reason, .. }, Some(_)) => cannot_open(tx, &entry, reason),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// A conversation that can't be opened: the customer sees it on the messages that wait behind it.
fn cannot_open(tx: &mut Tx<'_>, open: &EntryRow, reason: &AttentionReason) -> Result<(), crate::store::StoreError> {
    let Some(conversation) = &open.conversation else { return Ok(()) };
    for entry in EntryRow::of_conversation(tx, conversation)? {
        if let (Task::Message, EntryState::Waiting { .. }) = (&entry.task, &entry.state) {
            let state = EntryState::Attention { reason: reason.clone(), unclear: false };
            EntryRow::set_state(tx, entry.seq, &state, entry.attempts)?;
            tx.touch_outbox();
        }
    }
    Ok(())
}
