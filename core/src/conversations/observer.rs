//! What every observer does: wait for a change, through pauses, until its customer leaves.

use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::watch;

use crate::{
    SupportError,
    client::{Active, Inner, Phase},
    store::{Change, CustomerKey, StoreError, Topic, Watcher},
};

/// Waits for changes of one topic.
pub(crate) struct Observer {
    watcher: Watcher,
    phase: watch::Receiver<Phase>,
    /// Whose data it shows; `None` follows whoever is here.
    key: Option<CustomerKey>,
    /// Something has changed that was not given out yet. Survives a dropped future, so that no change is lost by it.
    dirty: bool,
    /// Whose data was asked for last, and whose was given out.
    asked: Option<CustomerKey>,
    given: Option<CustomerKey>,
}

/// Whose data an observer gave out last: for a host that hands on later what it took.
#[derive(Clone)]
pub struct Whose {
    phase: watch::Receiver<Phase>,
    key: Option<CustomerKey>,
}

impl Whose {
    /// Whether it is they who are here.
    pub fn is_here(&self) -> bool {
        match &*self.phase.borrow() {
            Phase::Open(active) => self.key.as_ref().is_some_and(|key| active.is(key)),
            Phase::Paused(here) => self.key.as_ref().is_some_and(|key| here.is(key)),
            Phase::Closed => false,
        }
    }
}

impl std::fmt::Debug for Whose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Whose")
    }
}

impl Observer {
    pub(crate) fn new(inner: &Arc<Inner>, topic: Topic, key: Option<CustomerKey>) -> Self {
        let (watcher, phase) = (inner.feed.observe(topic), inner.phase.subscribe());
        Self { watcher, phase, key, dirty: true, asked: None, given: None }
    }

    /// It is this customer's file that is asked now.
    pub(crate) fn asks(&mut self, active: &Active) {
        if self.asked.as_ref() != Some(&active.key) {
            self.asked = Some(active.key.clone());
        }
    }

    /// Whose the last answer is.
    pub(crate) fn whose(&self) -> Whose {
        Whose { phase: self.phase.clone(), key: self.asked.clone() }
    }

    /// Whether the answer that is given out now is another customer's than the one before.
    pub(crate) fn is_anothers(&mut self) -> bool {
        let is_anothers = self.given != self.asked;
        if is_anothers {
            self.given.clone_from(&self.asked);
        }
        is_anothers
    }

    /// Waits until there is something to ask the store for; `None` when that can't come any more. Call
    /// [`settled`](Self::settled) once the answer is given out.
    pub(crate) async fn changed(&mut self) -> Option<Arc<Active>> {
        loop {
            if !self.dirty {
                tokio::select! {
                    () = self.watcher.changed() => {}
                    changed = self.phase.changed() => if changed.is_err() { return None },
                }
            }
            self.dirty = true;
            // Before the phase is looked at: what a resume changes is not given out by who has not seen the resume.
            let version = self.watcher.version();
            let phase = self.phase.borrow_and_update().clone();
            match phase {
                Phase::Open(active) => match &self.key {
                    Some(key) if !active.is(key) => return None,
                    _ => {
                        self.asks(&active);
                        return Some(active);
                    }
                },
                Phase::Paused(here) => {
                    if self.key.as_ref().is_some_and(|key| !here.is(key)) {
                        return None;
                    }
                    self.watcher.owes_nothing(version);
                    tokio::select! {
                        // Written while paused: given out after the resume, and nobody waits for it before.
                        () = self.watcher.changed() => {}
                        changed = self.phase.changed() => if changed.is_err() { return None },
                    }
                }
                Phase::Closed => return None,
            }
        }
    }

    /// Waits until something has changed, and asks the store; `None` when that can't come any more. The caller gives
    /// the answer out without awaiting anything in between, so that a dropped future loses no change.
    pub(crate) async fn ask<T: Send + 'static, Q>(
        &mut self,
        mut question: impl FnMut() -> Q,
    ) -> Result<Option<T>, SupportError>
    where
        Q: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        loop {
            let Some(active) = self.changed().await else { return Ok(None) };
            match active.store.read(question()).await {
                // Paused under us: the next round waits for the resume.
                Err(SupportError::Paused) => tokio::task::yield_now().await,
                answer => {
                    self.has_read(answer.is_ok());
                    let answer = answer?;
                    self.settled();
                    return Ok(Some(answer));
                }
            }
        }
    }

    /// The same, for who waits often and asks little: the question is left with the writer, which answers it right after
    /// its commit, and told what that does. What it costs is paid by every command that touches the topic.
    pub(crate) async fn ask_at_commit<T: Send + 'static, Q>(
        &mut self,
        mut question: impl FnMut() -> Q,
    ) -> Result<Option<T>, SupportError>
    where
        Q: FnOnce(&Connection, &Change) -> Result<T, StoreError> + Send + 'static,
    {
        if !self.dirty
            && let Some(store) = self.own().map(|active| active.store.id())
            && let Some(answer) = self.watcher.leave(store, question())
        {
            tokio::select! {
                biased;
                // Without an answer: changed by something that has none at hand.
                answered = answer => if let Ok(answered) = answered {
                    return self.watcher.take(answered).map(Some);
                },
                _ = self.phase.changed() => self.dirty = true,
            }
        }
        let mut of_anything = || {
            let question = question();
            move |connection: &Connection| question(connection, &Change::Any)
        };
        self.ask(&mut of_anything).await
    }

    /// The open file, where it is the one that is observed.
    fn own(&self) -> Option<Arc<Active>> {
        self.active().filter(|active| self.key.as_ref().is_none_or(|key| active.is(key)))
    }

    /// The open file, where there is one; for an observer that was woken by something else.
    pub(crate) fn active(&self) -> Option<Arc<Active>> {
        match &*self.phase.borrow() {
            Phase::Open(active) => Some(Arc::clone(active)),
            _ => None,
        }
    }

    /// There is something to ask for, whatever the feed says.
    #[cfg(feature = "help-center")]
    pub(crate) fn stir(&mut self) {
        self.dirty = true;
    }

    /// What can't be read is not waited for by who waits for what is given out.
    pub(crate) fn has_read(&self, well: bool) {
        if !well {
            self.owes_nothing_yet();
        }
    }

    /// Nobody who waits for what is given out need wait for this one, before something changes.
    pub(crate) fn owes_nothing_yet(&self) {
        self.watcher.owes_nothing(self.watcher.version());
    }

    /// Everything up to now was given out.
    pub(crate) fn settled(&mut self) {
        self.dirty = false;
    }
}
