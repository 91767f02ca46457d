//! Typing, both ways: signals of the moment, never queued and never kept.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::mpsc, task::JoinHandle, time::Instant};

use super::{Conversation, Observer, Whose};
use crate::{
    SupportError,
    backend::Backend,
    customer::standing::Standing,
    model::{ConversationId, DeskConversationId, Typing},
    runtime::go_on,
    store::{Channel, ConversationRow, Store, Topic},
};

/// How long without a further word the customer still counts as typing: a pause for thought.
const IDLE: Duration = Duration::from_secs(6);

/// How often "is typing" is repeated while the customer goes on: the desk's clients clear it after 30 s.
const REPEAT: Duration = Duration::from_secs(15);

/// How often it is looked whether somebody still types: timers stand still while a phone is suspended.
const LOOKS_AGAIN: Duration = Duration::from_secs(2);

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
            let (clock, moment) = (&self.conversation.inner.steady, &self.conversation.inner.moment);
            let until = moment.typing(self.conversation.id(), clock.now());
            let until = until.map(|(_, until)| until.since(clock.now()).min(LOOKS_AGAIN));
            // What has ended before this was asked ends now.
            let is_shown = matches!(self.last, Some(Some(_)));
            tokio::select! {
                active = self.observer.changed() => { active?; }
                () = tokio::time::sleep(until.unwrap_or_default()), if is_shown => {}
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

/// How long the last words on the customer's typing may take where the client stops: where the desk hangs, nobody waits
/// longer, and its own clients clear it after 30 s.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Tells the desk that the customer types: once when it begins, again now and then, and when it ends. In that order: each
/// word leaves when the one before has been answered.
pub(crate) struct TypingSignals {
    typed: Mutex<HashMap<ConversationId, Typed>>,
    /// To the one task that tells; `None` once the client has stopped.
    teller: Mutex<Option<(mpsc::UnboundedSender<Word>, JoinHandle<()>)>>,
}

/// Whether the customer types in a conversation.
type Word = (ConversationId, bool);

#[derive(Clone, Copy)]
struct Typed {
    last_key: Instant,
    last_told: Instant,
}

impl TypingSignals {
    /// Needs a runtime around it.
    pub(crate) fn new(store: Arc<Store>, backend: Arc<dyn Backend>, standing: Arc<Standing>) -> Self {
        let (words, to_tell) = mpsc::unbounded_channel();
        let telling: Pin<Box<dyn Future<Output = ()> + Send>> =
            Box::pin(Teller { store, backend, standing }.tell_all(to_tell));
        Self { typed: Mutex::default(), teller: Mutex::new(Some((words, tokio::spawn(telling)))) }
    }

    /// The customer pressed a key (`true`), or sent or cleared the text (`false`). Returns at once.
    pub(crate) fn set(self: &Arc<Self>, conversation: &ConversationId, typing: bool) {
        let now = Instant::now();
        let mut all = self.typed();
        if !typing {
            if all.remove(conversation).is_some() {
                self.tell(conversation, false);
            }
            return;
        }
        match all.get_mut(conversation) {
            Some(typed) => {
                typed.last_key = now;
                if now - typed.last_told >= REPEAT {
                    typed.last_told = now;
                    self.tell(conversation, true);
                }
            }
            None => {
                all.insert(conversation.clone(), Typed { last_key: now, last_told: now });
                self.tell(conversation, true);
                self.end_when_idle(conversation.clone());
            }
        }
    }

    fn end_when_idle(self: &Arc<Self>, conversation: ConversationId) {
        let signals = Arc::downgrade(self);
        go_on(async move {
            loop {
                let Some(strong) = signals.upgrade() else { return };
                let idle_at = {
                    let mut all = strong.typed();
                    let Some(typed) = all.get(&conversation) else { return };
                    let idle_at = typed.last_key + IDLE;
                    if idle_at <= Instant::now() {
                        all.remove(&conversation);
                        strong.tell(&conversation, false);
                        return;
                    }
                    idle_at
                };
                drop(strong);
                tokio::time::sleep_until(idle_at).await;
            }
        });
    }

    /// The client stops: whoever types types no more, and nothing is told after that. Returns when the desk has heard all,
    /// or after [`LAST_WORDS`].
    pub(crate) async fn end(&self) {
        let ended: Vec<ConversationId> = self.typed().drain().map(|(conversation, _)| conversation).collect();
        ended.iter().for_each(|conversation| self.tell(conversation, false));
        let teller = self.teller().take();
        // Without a sender it ends once everything is told.
        let Some((_, mut telling)) = teller.map(|(words, telling)| (drop(words), telling)) else { return };
        if tokio::time::timeout(LAST_WORDS, &mut telling).await.is_err() {
            telling.abort();
        }
    }

    fn tell(&self, conversation: &ConversationId, typing: bool) {
        if let Some((words, _)) = &*self.teller() {
            // One that has panicked tells nothing, and nothing depends on it.
            let _ = words.send((conversation.clone(), typing));
        }
    }

    fn typed(&self) -> MutexGuard<'_, HashMap<ConversationId, Typed>> {
        self.typed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn teller(&self) -> MutexGuard<'_, Option<(mpsc::UnboundedSender<Word>, JoinHandle<()>)>> {
        self.teller.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What telling needs.
struct Teller {
    store: Arc<Store>,
    backend: Arc<dyn Backend>,
    standing: Arc<Standing>,
}

impl Teller {
    /// Nothing is retried: a word that comes late is worse than none. For the same reason what was overtaken while another
    /// was told is left out.
    async fn tell_all(self, mut to_tell: mpsc::UnboundedReceiver<Word>) {
        let mut words = Vec::new();
        while to_tell.recv_many(&mut words, usize::MAX).await > 0 {
            while let Some((conversation, typing)) = words.pop() {
                words.retain(|(other, _)| *other != conversation);
                if let Err(error) = self.tell(conversation, typing).await {
                    tracing::debug!(%error, "the desk was not told of typing");
                }
            }
        }
    }

    async fn tell(&self, conversation: ConversationId, typing: bool) -> Result<(), SupportError> {
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
