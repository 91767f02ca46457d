//! A message that begins with the transaction that writes it.
//!
//! The fence of an attempt must be on the disk before the desk is asked. Where the outbox would begin with a message at
//! once (there is a network, a place is free, and nothing is before it in its lane), the command that writes it writes
//! the fence along, and hands the message to the worker. That is one durable write where there would be two, and on a
//! phone's disk half of what a customer waits for.
//!
//! Between that commit and the worker's taking it the row says `InFlight` and nobody is at work on it. Found by a load in
//! that moment it must not be taken for a dead process's: until the worker has it, the entry is *claimed*.
//!
//! A message that has to wait is handed over too, so that the worker need not read a long queue again for each that is
//! added at its end; but not where another process has written since, of which the worker knows nothing. Both take the
//! same way, in the order of their commits: so who waits behind a message never comes to the worker before it.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::{mpsc, watch};

use super::tasks::Words;
use crate::{
    reach::View,
    store::{EntryRow, EntryState, Tx},
};

/// A message whose first attempt has begun: what is kept of it is on the disk, and the desk is to be asked.
pub(crate) struct Begun {
    pub(crate) seq: i64,
    /// The standing that it is sent under.
    pub(crate) session: String,
    pub(crate) words: Words,
}

/// What a command has written, for the worker who would otherwise have to read it.
pub(crate) enum Handed {
    /// It has begun.
    Begun(Begun),
    /// It waits for its turn.
    Waiting(EntryRow),
}

/// What the worker lets commands know, and the way that they hand it messages. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Handover {
    shared: Arc<Shared>,
    worker: mpsc::UnboundedSender<Handed>,
    /// Asked here too, for the worker hears of it later than the caller's next command.
    reach: watch::Receiver<View>,
}

#[derive(Default)]
struct Shared {
    /// The worker would begin at once.
    ready: AtomicBool,
    claimed: Mutex<HashSet<i64>>,
}

impl Shared {
    fn claimed(&self) -> MutexGuard<'_, HashSet<i64>> {
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An entry's number, claimed until the worker has it; given back where the transaction comes to nothing.
struct Claim {
    shared: Arc<Shared>,
    seq: i64,
    kept: bool,
}

impl Claim {
    fn new(shared: &Arc<Shared>, seq: i64) -> Self {
        shared.claimed().insert(seq);
        Self { shared: Arc::clone(shared), seq, kept: false }
    }

    /// From here on it is the worker's to give back.
    fn hand_over(mut self, worker: &mpsc::UnboundedSender<Handed>, begun: Begun) {
        self.kept = true;
        // A worker that is gone takes nothing: the next start finds the entry, and looks.
        let _ = worker.send(Handed::Begun(begun));
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.kept {
            self.shared.claimed().remove(&self.seq);
        }
    }
}

impl Handover {
    /// Not ready until the worker says so.
    pub(crate) fn new(reach: watch::Receiver<View>) -> (Self, mpsc::UnboundedReceiver<Handed>) {
        let (worker, inbox) = mpsc::unbounded_channel();
        (Self { shared: Arc::default(), worker, reach }, inbox)
    }

    /// The worker would begin with a message in a free lane at once, or would not.
    pub(super) fn set_ready(&self, ready: bool) {
        self.shared.ready.store(ready, Ordering::SeqCst);
    }

    /// Whether a message in a free lane may begin with its own transaction.
    pub(crate) fn is_ready(&self) -> bool {
        self.shared.ready.load(Ordering::SeqCst)
            && self.reach.borrow().open
            // A worker that has panicked takes nothing.
            && !self.worker.is_closed()
    }

    /// Hands a message over once the transaction that has begun it is on the disk.
    pub(crate) fn begin(&self, tx: &mut Tx<'_>, begun: Begun) {
        let claim = Claim::new(&self.shared, begun.seq);
        let worker = self.worker.clone();
        tx.after_commit(move || claim.hand_over(&worker, begun));
    }

    /// Hands over a message that waits, once it is on the disk. The worker reads it instead where it has to read the
    /// outbox anyway, for what that is about may have to go before the message; and so may what another process wrote.
    pub(crate) fn wait(&self, tx: &mut Tx<'_>, entry: EntryRow) {
        if tx.touches_outbox() || tx.has_foreign_writes() {
            tx.touch_outbox();
            return;
        }
        let worker = self.worker.clone();
        // A worker that is gone takes nothing: the next start finds the entry.
        tx.after_commit(move || drop(worker.send(Handed::Waiting(entry))));
    }

    /// The worker has it.
    pub(super) fn taken(&self, begun: &Begun) {
        self.shared.claimed().remove(&begun.seq);
    }

    /// Leaves out of what was read those that are on their way to the worker.
    pub(super) fn without_claimed(&self, mut rows: Vec<EntryRow>) -> Vec<EntryRow> {
        let claimed = self.shared.claimed();
        if !claimed.is_empty() {
            rows.retain(|row| row.state != EntryState::InFlight || !claimed.contains(&row.seq));
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;

    use super::*;
    use crate::{
        SupportError, SystemRandom,
        model::{Content, ConversationId, DeskConversationId, MessageId, Timestamp},
        reach::Reach,
        store::{Durability, Feed, Fence, NewEntry, NewMessage, Store, StoreError, Task, Topic},
    };

    fn reach() -> Reach {
        Reach::new(Duration::from_secs(10), Arc::new(SystemRandom))
    }

    fn new<'a>(conversation: &'a ConversationId, id: &'a MessageId, content: &'a Content) -> NewMessage<'a> {
        NewMessage { conversation, session: "s", id, content, attachments: &[], at: Timestamp::default() }
    }

    fn begin(tx: &mut Tx<'_>, handover: &Handover) -> Result<(), StoreError> {
        let (conversation, message) = (ConversationId::new("c"), MessageId::new("m"));
        let fence = Fence { number: 7, at: Timestamp::default() };
        let seq = EntryRow::insert_begun(tx, new(&conversation, &message, &Content::text("hello")), fence)?.seq;
        let desk_id = DeskConversationId::new(1).unwrap();
        let words = Words { conversation: conversation.clone(), desk_id, message, text: "hello".into() };
        handover.begin(tx, Begun { seq, session: "s".into(), words });
        Ok(())
    }

    /// What a commit hands over it does after its answer, and before the next.
    async fn handed_over(store: &Store) {
        store.write(Durability::Later, |_| Ok(())).await.unwrap();
    }

    #[tokio::test]
    async fn message_is_claimed_until_the_worker_has_it_and_handed_over_only_once_it_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db"), Timestamp::default(), Feed::new()).unwrap();
        let (handover, mut worker) = Handover::new(reach().view());
        let giver = handover.clone();
        let failed = store.write(Durability::Now, move |tx| {
            begin(tx, &giver)?;
            Err::<(), _>(SupportError::NotFound { what: "anything" }.into())
        });
        assert!(failed.await.is_err());
        assert!(worker.try_recv().is_err() && handover.shared.claimed().is_empty());

        let giver = handover.clone();
        store.write(Durability::Now, move |tx| begin(tx, &giver)).await.unwrap();
        handed_over(&store).await;
        let rows = store.read(EntryRow::all).await.unwrap();
        assert_eq!(rows[0].state, EntryState::InFlight);
        assert!(handover.without_claimed(rows.clone()).is_empty());
        let Handed::Begun(begun) = worker.try_recv().unwrap() else { panic!("it has begun") };
        assert_eq!((begun.seq, begun.words.text.as_str()), (rows[0].seq, "hello"));
        handover.taken(&begun);
        // From here on the worker knows it; a row that says so without is a dead process's.
        assert_eq!(handover.without_claimed(rows).len(), 1);
    }

    #[tokio::test]
    async fn message_that_waits_is_handed_over_unless_the_worker_has_more_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Store::open(&folder.path().join("a.db"), Timestamp::default(), Feed::new()).unwrap();
        let (store, other) = (open(), open());
        let (handover, mut worker) = Handover::new(reach().view());
        let conversation = ConversationId::new("c");
        // Whether the worker is handed the message, and whether it is told to read, of a write that `also` does more.
        let mut wait = async |also: Option<Task>| {
            let (giver, conversation) = (handover.clone(), conversation.clone());
            let mut changes = store.feed().watch(Topic::Outbox);
            let write = move |tx: &mut Tx<'_>| {
                if let Some(task) = also {
                    let entry = NewEntry { conversation: Some(&conversation), session: "s", task, message: None };
                    EntryRow::insert(tx, entry)?;
                }
                let (id, hello) = (MessageId::new("m"), Content::text("hello"));
                let entry = EntryRow::insert_message(tx, new(&conversation, &id, &hello))?;
                giver.wait(tx, entry.clone());
                Ok(entry)
            };
            let entry = store.write(Durability::Now, write).await.unwrap();
            handed_over(&store).await;
            let kept = entry.seq;
            assert_eq!(store.read(move |db| EntryRow::find(db, kept)).await.unwrap(), Some(entry.clone()));
            let handed = match worker.try_recv() {
                Ok(Handed::Waiting(handed)) => handed == entry,
                _ => false,
            };
            (handed, changes.changed().now_or_never().is_some())
        };
        assert_eq!(wait(None).await, (true, false));
        assert_eq!(wait(Some(Task::Open)).await, (false, true), "opening goes first");
        assert_eq!(wait(None).await, (true, false));
        handed_over(&other).await;
        assert_eq!(wait(None).await, (true, false), "the other has only looked");
        let theirs = |tx: &mut Tx<'_>| {
            let conversation = ConversationId::new("c");
            EntryRow::insert_message(tx, new(&conversation, &MessageId::new("n"), &Content::text("hello")))
        };
        other.write(Durability::Now, theirs).await.unwrap();
        assert_eq!(wait(None).await, (false, true), "what another process wrote goes first");
        store.check_foreign_writes();
        handed_over(&store).await;
        assert_eq!(wait(None).await, (true, false), "it was told of that");
    }

    #[test]
    fn handover_without_a_worker_or_a_network_is_not_ready() {
        let reach = reach();
        let (handover, worker) = Handover::new(reach.view());
        assert!(!handover.is_ready(), "nobody has said so");
        handover.set_ready(true);
        assert!(handover.is_ready());
        reach.host_says(false);
        assert!(!handover.is_ready());
        reach.host_says(true);
        assert!(handover.is_ready());
        drop(worker);
        assert!(!handover.is_ready());
    }
}
