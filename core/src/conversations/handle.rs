//! A conversation in an app's hands.

use std::sync::Arc;

use super::{Timeline, TypingUpdates, commands, timeline::Window};
use crate::{
    SupportError,
    client::{Active, Inner, Writing},
    clock::token,
    model::{Answer, AnswerState, Content, ConversationId, FieldValue, MessageId, Rating},
    outbox::Handover,
    rules,
    signal::Signal,
    store::{ConversationRow, CustomerKey, Durability, SessionRow, StoreError, Tx},
};

/// A conversation: commands go through it, [`timeline`](Self::timeline) shows it. Cheap to clone.
///
/// Every command is safe on the phone when it returns, with or without a network, and reaches the desk by itself. A
/// client that is paused takes it, too, all but files, and tells the desk after the resume. Dropping a command's future
/// before that never leaves half of it.
///
/// It lives on when an anonymous customer logs in, for the conversation goes along. What is asked of a conversation that
/// this customer does not have is [`SupportError::NotFound`].
///
/// Errors of every command: [`SupportError::Closed`] (the client was shut down or another customer is here now),
/// [`SupportError::Storage`], and what each names.
///
/// ```no_run
/// # async fn example(client: shopbell::SupportClient) -> Result<(), shopbell::SupportError> {
/// let conversation = client.start_conversation()?;
/// conversation.send("Hello, is the blue bag waterproof?").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Conversation {
    pub(crate) inner: Arc<Inner>,
    pub(crate) key: CustomerKey,
    id: ConversationId,
    /// Begun by this client: the first thing said or drafted writes it down.
    pub(super) fresh: bool,
    /// How far back it is shown.
    pub(super) window: Arc<Window>,
}

impl Conversation {
    pub(crate) fn new(inner: Arc<Inner>, key: CustomerKey, id: ConversationId, fresh: bool) -> Self {
        let window = Arc::new(Window::new(inner.config.limits.page_size));
        Self { inner, key, id, fresh, window }
    }

    /// Its id on this phone.
    pub fn id(&self) -> &ConversationId {
        &self.id
    }

    /// Observes the messages. See [`Timeline`]: while it lives, the conversation counts as being on screen. Another one of
    /// the same handle, or of a clone, begins with all pages that were brought in before.
    pub fn timeline(&self) -> Timeline {
        Timeline::new(self.clone())
    }

    /// Observes who types at the desk.
    pub fn typing(&self) -> TypingUpdates {
        TypingUpdates::new(self.clone())
    }

    /// Sends a message, trimmed of white space around it: returns when it is safe on the phone and in the timeline.
    /// The conversation's draft is cleared with it. Writing to a resolved conversation opens it again.
    ///
    /// Errors: [`SupportError::InvalidInput`] where it is too long for the desk, holds a NUL, or is empty: holds nothing
    /// but white space, control characters and what is never seen, such as zero-width characters.
    pub async fn send(&self, text: &str) -> Result<MessageId, SupportError> {
        let text = rules::message(text, &self.inner.backend.capabilities())?;
        let id = MessageId::new(token(self.inner.config.random.as_ref()));
        let (message, now) = (id.clone(), self.inner.config.clock.now());
        self.command(Durability::Now, move |tx, this| commands::send(tx, this, &message, text, now)).await?;
        self.stopped_typing();
        Ok(id)
    }

    pub(super) fn stopped_typing(&self) {
        if let Ok(active) = self.active() {
            active.typing.set(&self.id, false);
        }
    }

    /// Tries a message or an answer that needs attention again, or one that waits, at once. Where it may have reached
    /// the desk, the desk is asked first.
    ///
    /// Errors: [`SupportError::NotFound`]; [`SupportError::Conflict`] where it has arrived.
    pub async fn retry(&self, message: &MessageId) -> Result<(), SupportError> {
        let message = message.clone();
        self.command(Durability::Now, move |tx, this| commands::retry(tx, this, &message)).await?;
        self.wake();
        Ok(())
    }

    /// Changes the words of a message that waits or needs attention, and sends it.
    ///
    /// Errors: [`SupportError::Conflict`] where it is on its way, may have arrived, or has.
    pub async fn edit(&self, message: &MessageId, text: &str) -> Result<(), SupportError> {
        let text = rules::message(text, &self.inner.backend.capabilities())?;
        let message = message.clone();
        self.command(Durability::Now, move |tx, this| commands::edit(tx, this, &message, text)).await?;
        self.wake();
        Ok(())
    }

    /// Removes a message or an answer that waits or needs attention. One that may have reached the desk all the same
    /// comes back into the timeline if it has; of an answer, what the desk had before stands again.
    ///
    /// Errors: [`SupportError::Conflict`] where it is on its way or has arrived.
    pub async fn discard(&self, message: &MessageId) -> Result<(), SupportError> {
        let message = message.clone();
        self.command(Durability::Now, move |tx, this| commands::discard(tx, this, &message)).await
    }

    /// Picks a choice of a [`Content::Select`], by its value. Where another phone has picked one by the time that the desk
    /// can be told, that one stands and is shown.
    ///
    /// Errors: [`SupportError::NotFound`] where the message or the choice does not exist.
    pub async fn choose(&self, message: &MessageId, value: &str) -> Result<(), SupportError> {
        let value = value.to_owned();
        self.answer(message, move |content| match content {
            Content::Select { choices, .. } => {
                let choice = choices
                    .iter()
                    .find(|choice| choice.value == value)
                    .ok_or(SupportError::NotFound { what: "choice" })?;
                Ok((vec![FieldValue { name: choice.title.clone(), value: choice.value.clone() }], None))
            }
            _ => Err(SupportError::NotFound { what: "choice" }),
        })
        .await
    }

    /// Fills in a [`Content::Form`]: a value for each field by its name; fields left out are empty. Where another phone has
    /// filled it in by the time that the desk can be told, that stands; what was typed here needs attention
    /// ([`AttentionReason::Refused`](crate::AttentionReason::Refused)), and [`retry`](Self::retry) sends it all the same.
    ///
    /// Values are checked by the type of their field, but not against its [`pattern`](crate::FormField::pattern): that
    /// is up to the app.
    ///
    /// Errors: [`SupportError::InvalidInput`] where a required field is empty, a value is none of a field's choices, or
    /// does not fit the type of its field, such as `email`; [`SupportError::NotFound`] where the message is no form or
    /// has no such field.
    pub async fn fill_in(&self, message: &MessageId, values: Vec<FieldValue>) -> Result<(), SupportError> {
        let limits = self.inner.backend.capabilities();
        self.answer(message, move |content| match content {
            Content::Form { fields, .. } => Ok((commands::checked_form(fields, values, &limits)?, None)),
            _ => Err(SupportError::NotFound { what: "form" }),
        })
        .await
    }

    /// Answers a [`Content::Survey`]: 1 (worst) to 5, and what the customer adds, possibly empty. May be answered
    /// again. Where another phone has answered meanwhile: as of [`fill_in`](Self::fill_in).
    ///
    /// Errors: [`SupportError::InvalidInput`]; [`SupportError::NotFound`] where the message is no survey.
    pub async fn rate(&self, message: &MessageId, score: u8, feedback: &str) -> Result<(), SupportError> {
        if !(1..=5).contains(&score) {
            return Err(SupportError::input("score", "must be 1 to 5"));
        }
        let limits = self.inner.backend.capabilities();
        let feedback = if rules::is_blank(feedback) { String::new() } else { rules::message(feedback, &limits)? };
        self.answer(message, move |content| match content {
            Content::Survey { .. } => Ok((Vec::new(), Some(Rating { score, feedback }))),
            _ => Err(SupportError::NotFound { what: "survey" }),
        })
        .await
    }

    async fn answer(
        &self,
        message: &MessageId,
        check: impl FnOnce(&Content) -> Result<(Vec<FieldValue>, Option<Rating>), SupportError> + Send + 'static,
    ) -> Result<(), SupportError> {
        let (message, now) = (message.clone(), self.inner.config.clock.now());
        self.command(Durability::Now, move |tx, this| {
            commands::answer(tx, this, &message, |content| {
                let (values, rating) = check(content)?;
                Ok(Answer { values, rating, state: AnswerState::Queued, given_at: Some(now) })
            })
        })
        .await
    }

    /// Keeps what the customer has begun to write; empty clears it.
    ///
    /// Errors: [`SupportError::InvalidInput`] where it is too long for the desk.
    pub async fn set_draft(&self, text: &str) -> Result<(), SupportError> {
        if text.chars().count() > self.inner.backend.capabilities().max_message_chars {
            return Err(SupportError::input("draft", "is longer than the desk takes"));
        }
        let (text, now) = (text.to_owned(), self.inner.config.clock.now());
        self.command(Durability::Later, move |tx, this| commands::set_draft(tx, this, &text, now)).await
    }

    /// What the customer had begun to write.
    pub async fn draft(&self) -> Result<Option<String>, SupportError> {
        let (id, fresh) = (self.id.clone(), self.fresh);
        let read = move |connection: &rusqlite::Connection| match ConversationRow::find(connection, &id)? {
            Some(row) => Ok(row.draft),
            None if fresh => Ok(None),
            None => Err(SupportError::NotFound { what: "conversation" }.into()),
        };
        match self.active() {
            Ok(active) => active.store.read(read).await,
            Err(SupportError::Paused) => self.command(Durability::Later, move |tx, _| read(tx)).await,
            Err(error) => Err(error),
        }
    }

    /// The customer pressed a key (`true`), or stopped (`false`; sending does it too, and six seconds without a key).
    /// A signal of the moment: without a network it is dropped. Returns at once. Needs a tokio runtime around it.
    pub fn set_typing(&self, typing: bool) -> Result<(), SupportError> {
        if self.inner.backend.capabilities().typing {
            self.active()?.typing.set(&self.id, typing);
        }
        Ok(())
    }

    /// The customer has seen everything that is on the phone now, and nothing that arrives later. Call it when the newest
    /// message is visible; [`send`](Self::send) does it too. The agents are told within seconds, unless something unseen
    /// has arrived by then: the desk can't be told of a part.
    pub async fn mark_seen(&self) -> Result<(), SupportError> {
        self.command(Durability::Later, commands::mark_seen).await
    }

    /// Ends the conversation at the desk; its status changes when the desk has done so.
    ///
    /// Errors: [`SupportError::Unsupported`]; [`SupportError::NotFound`] where nothing was ever said in it.
    pub async fn resolve(&self) -> Result<(), SupportError> {
        if !self.inner.backend.capabilities().resolve {
            return Err(SupportError::Unsupported { what: "end a conversation" });
        }
        self.command(Durability::Now, commands::resolve).await
    }

    /// The customer's open file, where they are here.
    pub(crate) fn active(&self) -> Result<Arc<Active>, SupportError> {
        self.inner.active_of(&self.key)
    }

    /// A reason to try now. While the client is paused the resume is one.
    fn wake(&self) {
        if let Ok(active) = self.active() {
            active.wake();
        }
    }

    pub(super) fn command<T: Send + 'static>(
        &self,
        durability: Durability,
        work: impl FnOnce(&mut Tx<'_>, &commands::This) -> Result<T, StoreError> + Send + 'static,
    ) -> impl Future<Output = Result<T, SupportError>> + Send {
        self.command_boxed(durability, Box::new(work))
    }

    async fn command_boxed<T: Send + 'static>(
        &self,
        durability: Durability,
        work: Command<T>,
    ) -> Result<T, SupportError> {
        let (id, fresh, outbox_now) = (self.id.clone(), self.fresh, self.inner.steady.now());
        let (tells_seen, reach) = (self.inner.backend.capabilities().read_receipts, self.inner.reach.view());
        let resolved: Writing<T> = Box::new(move |tx, active| {
            // One that was joined to another goes by that one's id. One that is only begun has no row yet.
            let id = ConversationRow::find(tx, &id)?.map_or(id, |row| row.id);
            let (own_session, handover) = match active {
                Some(active) => (active.own_session.clone(), active.handover.clone()),
                // Paused: nobody is there to begin with a message, and the resume reads what waits.
                None => (SessionRow::own(tx)?.map(|own| own.id).unwrap_or_default(), Handover::new(reach).0),
            };
            work(tx, &commands::This { id, own_session, fresh, handover, tells_seen, outbox_now })
        });
        self.inner.write(Some(&self.key), durability, resolved).await
    }
}

/// Boxed, for what is generic over every closure is compiled for every closure.
type Command<T> = Box<dyn FnOnce(&mut Tx<'_>, &commands::This) -> Result<T, StoreError> + Send>;

impl Active {
    /// A reason to try now.
    pub(crate) fn wake(&self) {
        self.signal(Signal::Wake);
    }
}

impl std::fmt::Debug for Conversation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Conversation({})", self.id)
    }
}
