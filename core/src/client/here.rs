//! Who is here, and what can be done for them while the client is paused.
//!
//! Commands are local, so a pause does not refuse them: what the customer writes on the way to the background is kept.
//! While files are still being closed it goes to the file that was open. After that the file is opened for the one
//! command and closed again, so that nothing is held while the app is frozen.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use super::{Active, Inner, Phase};
use crate::{
    SupportError,
    model::ConversationId,
    runtime::blocking,
    store::{CustomerKey, Durability, Store, StoreError, Tx},
};

/// A customer, whose file may be closed.
#[derive(Clone)]
pub(crate) struct Here {
    pub(crate) key: CustomerKey,
    /// The anonymous customers who turned out to be this one.
    adopted: Arc<[CustomerKey]>,
    /// Their file, while it is being closed.
    closing: Weak<Store>,
}

impl Here {
    /// The customer of an open file, which is about to be closed.
    pub(super) fn leaving(active: &Active) -> Self {
        Self { key: active.key.clone(), adopted: Arc::clone(&active.adopted), closing: Arc::downgrade(&active.store) }
    }

    /// Whether it is this customer, by the key that they have now or had before they logged in.
    pub(crate) fn is(&self, key: &CustomerKey) -> bool {
        is_theirs(key, &self.key, &self.adopted)
    }
}

impl Active {
    /// Whether it is this customer's file: see [`Here::is`].
    pub(crate) fn is(&self, key: &CustomerKey) -> bool {
        is_theirs(key, &self.key, &self.adopted)
    }
}

fn is_theirs(key: &CustomerKey, current: &CustomerKey, adopted: &[CustomerKey]) -> bool {
    key == current || adopted.contains(key)
}

/// Conversations that were begun by this client and are possibly not written down yet: an app may keep the id of one and
/// ask for it again.
#[derive(Default)]
pub(crate) struct Begun(Mutex<Ids>);

#[derive(Default)]
struct Ids {
    all: HashSet<ConversationId>,
    /// The one that everybody gets who asks for the current conversation where none is open.
    current: Option<ConversationId>,
}

impl Begun {
    fn with<T>(&self, look: impl FnOnce(&mut Ids) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Another one is begun.
    pub(super) fn begin(&self, id: &ConversationId) {
        self.with(|ids| ids.all.insert(id.clone()));
    }

    pub(super) fn has(&self, id: &ConversationId) -> bool {
        self.with(|ids| ids.all.contains(id))
    }

    /// The current one, unless it is `taken`: then `next`, unless somebody else has chosen another meanwhile.
    pub(super) fn current(&self, taken: Option<&ConversationId>, next: ConversationId) -> ConversationId {
        self.with(|ids| {
            if ids.current.as_ref() == taken {
                ids.current = Some(next.clone());
            }
            let current = ids.current.get_or_insert(next).clone();
            ids.all.insert(current.clone());
            current
        })
    }

    /// Another customer comes.
    pub(super) fn forget(&self) {
        self.with(|ids| *ids = Ids::default());
    }
}

/// What is written for a customer; with their open file where there is one.
pub(crate) type Writing<T> = Box<dyn FnOnce(&mut Tx<'_>, Option<&Active>) -> Result<T, StoreError> + Send>;

type Slot<T> = Arc<Mutex<Option<Writing<T>>>>;

async fn write<T: Send + 'static>(
    store: &Store,
    active: Option<&Arc<Active>>,
    durability: Durability,
    work: &Slot<T>,
) -> Result<T, SupportError> {
    let (work, active) = (Arc::clone(work), active.cloned());
    let work = move |tx: &mut Tx<'_>| {
        let work = work.lock().unwrap_or_else(PoisonError::into_inner).take();
        work.ok_or(SupportError::Closed)?(tx, active.as_deref())
    };
    store.write_boxed(durability, Box::new(work)).await
}

impl Inner {
    /// Writes to the file of the customer with this key, or of whoever is here; paused or not.
    ///
    /// Errors: [`SupportError::Closed`] where another customer is here, or the client was shut down.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        key: Option<&CustomerKey>,
        durability: Durability,
        work: Writing<T>,
    ) -> Result<T, SupportError> {
        // Taken out by the attempt that runs it: one that meets a closed file does not.
        let work: Slot<T> = Arc::new(Mutex::new(Some(work)));
        let written = match self.of(key)? {
            Phase::Open(active) => write(&active.store, Some(&active), durability, &work).await,
            Phase::Paused(here) => match here.closing.upgrade() {
                Some(store) => write(&store, None, durability, &work).await,
                None => Err(SupportError::Paused),
            },
            Phase::Closed => Err(SupportError::Closed),
        };
        if !matches!(written, Err(SupportError::Paused)) {
            return written;
        }
        // Nobody opens or closes it meanwhile.
        let _turn = self.changing.lock().await;
        match self.of(key)? {
            Phase::Open(active) => write(&active.store, Some(&active), durability, &work).await,
            Phase::Paused(here) => {
                let (path, now, feed) = (self.place.database(&here.key), self.config.clock.now(), self.feed.clone());
                let store = Arc::new(blocking(move || Store::open(&path, now, feed)).await?);
                let written = write(&store, None, durability, &work).await;
                blocking(move || {
                    store.close();
                    Ok(())
                })
                .await?;
                written
            }
            Phase::Closed => Err(SupportError::Closed),
        }
    }

    /// The key of whoever is here.
    pub(super) fn key(&self) -> Result<CustomerKey, SupportError> {
        match &*self.phase.borrow() {
            Phase::Open(active) => Ok(active.key.clone()),
            Phase::Paused(here) => Ok(here.key.clone()),
            Phase::Closed => Err(SupportError::Closed),
        }
    }

    /// Where the client stands, if it is this customer who is here.
    fn of(&self, key: Option<&CustomerKey>) -> Result<Phase, SupportError> {
        let phase = self.phase.borrow().clone();
        let is = match (&phase, key) {
            (_, None) => true,
            (Phase::Open(active), Some(key)) => active.is(key),
            (Phase::Paused(here), Some(key)) => here.is(key),
            (Phase::Closed, _) => false,
        };
        if is { Ok(phase) } else { Err(SupportError::Closed) }
    }
}
