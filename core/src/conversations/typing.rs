//! Typing, both ways: signals of the moment, never queued and never kept.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{Conversation, Observer, Whose};
use crate::{
    SupportError,
    backend::Backend,
    customer::standing::Standing,
    model::{ConversationId, DeskConversationId, Typing},
    store::{Channel, ConversationRow, Store, Topic},
};

/// How long without a further word the customer still counts as typing: a pause for thought.
const IDLE: Duration = Duration::from_secs(6);

/// How often "is typing" is repeated while the customer goes on: the desk's clients clear it after 30 s.
const REPEAT: Duration = Duration::from_secs(15);

/// Observes who types at the desk.
pub struct TypingUpdates {
    conversation: Conversation,
    observer: Observer,
    last: Option<Option<Typing>>,
}

impl TypingUpdates {
    pub(crate) fn new(conversation: Conversation) -> Self {
        let topic = Topic::Typing(conversation.id().clone());
        let observer = Observer::new(&conversation.inner, topic, Some(conversation.key.clone()));
        Self { conversation, observer, last: None }
    }

    /// Who types now (`Some(None)`: nobody), whenever that changes; at once the first time. A signal that is not
    /// repeated ends by itself after 30 s. `None` once the client was shut down or the customer has left. Cancel-safe.
    pub async fn next(&mut self) -> Option<Option<Typing>> {
        loop {
            let (clock, moment) = (&self.conversation.inner.config.clock, &self.conversation.inner.moment);
            let until = moment.typing(self.conversation.id(), clock.now()).map(|(_, until)| until.since(clock.now()));
            let settled = self.last.is_some();
            tokio::select! {
                active = self.observer.changed() => { active?; }
                () = tokio::time::sleep(until.unwrap_or_default()), if settled && until.is_some() => {}
            }
            self.observer.settled();
            let now = moment.typing(self.conversation.id(), clock.now()).map(|(typing, _)| typing);
            if self.last.as_ref() != Some(&now) {
                self.last = Some(now.clone());
                return Some(now);
            }
        }
    }

    /// Whose conversation it is.
    pub fn whose(&self) -> Whose {
        self.observer.whose()
    }
}

/// Tells the desk that the customer types: once when it begins, again now and then, and when it ends.
pub(crate) struct TypingSignals {
    store: Arc<Store>,
    backend: Arc<dyn Backend>,
    standing: Arc<Standing>,
    state: Mutex<HashMap<ConversationId, Typed>>,
}

#[derive(Clone, Copy)]
struct Typed {
    last_key: Instant,
    last_told: Instant,
}

impl TypingSignals {
    pub(crate) fn new(store: Arc<Store>, backend: Arc<dyn Backend>, standing: Arc<Standing>) -> Self {
        Self { store, backend, standing, state: Mutex::default() }
    }

    /// The customer pressed a key (`true`), or sent or cleared the text (`false`). Returns at once.
    pub(crate) fn set(self: &Arc<Self>, conversation: &ConversationId, typing: bool) {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !typing {
            if state.remove(conversation).is_some() {
                self.tell(conversation.clone(), false);
            }
            return;
        }
        match state.get_mut(conversation) {
            Some(typed) => {
                typed.last_key = now;
                if now - typed.last_told >= REPEAT {
                    typed.last_told = now;
                    self.tell(conversation.clone(), true);
                }
            }
            None => {
                state.insert(conversation.clone(), Typed { last_key: now, last_told: now });
                self.tell(conversation.clone(), true);
                self.end_when_idle(conversation.clone());
            }
        }
    }

    fn end_when_idle(self: &Arc<Self>, conversation: ConversationId) {
        let signals = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                let Some(strong) = signals.upgrade() else { return };
                let idle_at = {
                    let mut state = strong.state.lock().unwrap_or_else(PoisonError::into_inner);
                    let Some(typed) = state.get(&conversation) else { return };
                    let idle_at = typed.last_key + IDLE;
                    if idle_at <= Instant::now() {
                        state.remove(&conversation);
                        drop(state);
                        strong.tell(conversation, false);
                        return;
                    }
                    idle_at
                };
                drop(strong);
                tokio::time::sleep_until(idle_at).await;
            }
        });
    }

    /// Nothing is retried: a signal that comes late is worse than none.
    fn tell(self: &Arc<Self>, conversation: ConversationId, typing: bool) {
        let signals = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(error) = signals.try_tell(conversation, typing).await {
                tracing::debug!(%error, "the desk was not told of typing");
            }
        });
    }

    async fn try_tell(&self, conversation: ConversationId, typing: bool) -> Result<(), SupportError> {
        let found: Option<(DeskConversationId, String)> = self
            .store
            .read(move |connection| {
                let row = ConversationRow::find(connection, &conversation)?.filter(|row| row.channel == Channel::Ours);
                Ok(row.and_then(|row| row.desk_id.map(|desk_id| (desk_id, row.session))))
            })
            .await?;
        // A conversation that the desk does not have yet has nobody to tell.
        let Some((desk_id, session)) = found else { return Ok(()) };
        let session = self.standing.session(&session).await?;
        Ok(self.backend.set_typing(&session, desk_id, typing).await?)
    }
}
