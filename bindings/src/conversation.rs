//! A conversation in an app's hands.

use std::sync::{Arc, OnceLock};

use shopbell::{Conversation as Core, ConversationId, MessageId};
use tokio::sync::watch;

use crate::{
    FieldValue, MessagesListener, Subscription, SupportError, Timeline, TypingListener,
    host::{Answer, Host, Open, asked, within},
    model::list,
    subscription::{Asking, Line, Outlet, Pause},
};

/// A conversation: commands go through it, [`timeline`](Self::timeline) shows it.
///
/// Every command is safe on the phone when it returns, and the listeners have been told, with or without a network; it
/// reaches the desk by itself. Cancelling a call stops the waiting, never the work. While the client is paused commands
/// are kept, all but files. Errors of every command: [`SupportError::Closed`] (the client was shut down or another
/// customer is here now), [`SupportError::NotFound`] (the customer has no such conversation),
/// [`SupportError::Storage`], and what each names.
#[derive(uniffi::Object)]
pub struct Conversation {
    id: String,
    host: Arc<Host>,
    core: Arc<OnceLock<Core>>,
}

impl Conversation {
    pub(crate) fn begun(host: Arc<Host>, core: Core) -> Arc<Self> {
        let id = core.id().as_str().to_owned();
        Arc::new(Self { id, host, core: Arc::new(core.into()) })
    }

    /// The core's handle belongs to whoever is here when it is made: at once, or as soon as the client is open.
    pub(crate) fn known(host: Arc<Host>, id: String) -> Arc<Self> {
        let this = Arc::new(Self { id, host, core: Arc::default() });
        let (core, id) = (Arc::clone(&this.core), ConversationId::new(this.id.as_str()));
        this.host.when_open(Box::new(move |open| {
            // One that is made while the client is paused is tried again when it is used.
            if let Ok(open) = open
                && let Ok(made) = open.client.conversation(&id)
            {
                let _ = core.set(made);
            }
        }));
        this
    }

    pub(crate) fn run<T, W>(&self, work: impl FnOnce(Core) -> W + Send + 'static) -> Answer<T>
    where
        T: Send + 'static,
        W: Future<Output = Result<T, SupportError>> + Send + 'static,
    {
        let (core, id) = (Arc::clone(&self.core), self.id.clone());
        self.host.keep_boxed(within(move |open| made(open, &core, &id), asked(work)))
    }

    /// Has the core's handle observed, for a listener that gets what is found through the outlet.
    pub(crate) fn subscribe(&self, asking: impl FnOnce(Core, Outlet) -> Asking + Send + 'static) -> Arc<Subscription> {
        self.subscribe_boxed(Box::new(asking))
    }

    fn subscribe_boxed(&self, asking: Box<dyn FnOnce(Core, Outlet) -> Asking + Send>) -> Arc<Subscription> {
        let line = Line::new();
        let (of_job, core, id) = (Arc::clone(&line), Arc::clone(&self.core), self.id.clone());
        self.host.when_open(Box::new(move |open| {
            let Ok(open) = open else { return };
            let outlet = Outlet { line: Arc::clone(&of_job), deliveries: open.deliveries.clone() };
            // At once where it can be: what is called for next has the listener told of what it does.
            let asking = if let Ok(core) = made(&open, &core, &id) {
                asking(core, outlet)
            } else {
                let of_task = open.clone();
                Box::pin(async move {
                    let core = made_after_pauses(&of_task, &core, &id).await;
                    // A task that held the core for good would keep the client from ending.
                    drop(of_task);
                    if let Some(core) = core {
                        asking(core, outlet).await;
                    }
                })
            };
            of_job.spawn(&open, asking);
        }));
        Subscription::new(line, Arc::clone(&self.host))
    }
}

/// The core's handle, made now if it could not be made before.
fn made(open: &Open, core: &OnceLock<Core>, id: &str) -> Result<Core, shopbell::SupportError> {
    if let Some(made) = core.get() {
        return Ok(made.clone());
    }
    let made = open.client.conversation(&ConversationId::new(id))?;
    Ok(core.get_or_init(|| made).clone())
}

/// The same, through pauses; `None` once the client is closed.
async fn made_after_pauses(open: &Open, core: &OnceLock<Core>, id: &str) -> Option<Core> {
    let mut status = None;
    loop {
        match made(open, core, id) {
            Ok(made) => return Some(made),
            // Its first answer waits for the resume.
            Err(shopbell::SupportError::Paused) => {
                let status = status.get_or_insert_with(|| open.client.status());
                if !matches!(status.next().await, Ok(Some(_))) {
                    return None;
                }
            }
            Err(_) => return None,
        }
    }
}

#[uniffi::export]
impl Conversation {
    /// Its id on this phone: stable for ever, and no secret.
    pub fn id(&self) -> String {
        self.id.clone()
    }

    /// Sends a message, trimmed of white space around it: returns its id when it is safe on the phone and in the
    /// timeline. The draft is cleared with it. Writing to a resolved conversation opens it again.
    ///
    /// Errors: [`SupportError::InvalidInput`] where it is empty, too long for the desk or holds a NUL.
    pub async fn send(&self, text: String) -> Result<String, SupportError> {
        self.run(async move |core| Ok(core.send(&text).await?.as_str().to_owned())).await
    }

    /// Tries a message or an answer that needs attention again, or one that waits, at once.
    ///
    /// Errors: [`SupportError::NotFound`]; [`SupportError::Conflict`] where it has arrived.
    pub async fn retry(&self, message: String) -> Result<(), SupportError> {
        self.run(async move |core| Ok(core.retry(&MessageId::new(message)).await?)).await
    }

    /// Changes the words of a message that waits or needs attention, and sends it.
    ///
    /// Errors: [`SupportError::Conflict`] where it is on its way, may have arrived, or has.
    pub async fn edit(&self, message: String, text: String) -> Result<(), SupportError> {
        self.run(async move |core| Ok(core.edit(&MessageId::new(message), &text).await?)).await
    }

    /// Removes a message that waits or needs attention. One that may have reached the desk all the same comes back
    /// into the timeline if it has.
    ///
    /// Errors: [`SupportError::Conflict`] where it is on its way or has arrived.
    pub async fn discard(&self, message: String) -> Result<(), SupportError> {
        self.run(async move |core| Ok(core.discard(&MessageId::new(message)).await?)).await
    }

    /// Picks a choice of a question, by its value.
    ///
    /// Errors: [`SupportError::NotFound`] where the message or the choice does not exist.
    pub async fn choose(&self, message: String, value: String) -> Result<(), SupportError> {
        self.run(async move |core| Ok(core.choose(&MessageId::new(message), &value).await?)).await
    }

    /// Fills in a form: a value for each field by its name; fields left out are empty.
    ///
    /// Values are checked by the type of their field, but not against its `pattern`: that is up to the app.
    ///
    /// Errors: [`SupportError::InvalidInput`] where a required field is empty, a value is none of a field's choices, or
    /// does not fit the type of its field, such as `email`; [`SupportError::NotFound`] where the message is no form or
    /// has no such field.
    pub async fn fill_in(&self, message: String, values: Vec<FieldValue>) -> Result<(), SupportError> {
        self.run(async move |core| Ok(core.fill_in(&MessageId::new(message), list(values)).await?)).await
    }

    /// Answers a survey: 1 (worst) to 5, and what the customer adds, possibly empty. May be answered again.
    ///
    /// Errors: [`SupportError::InvalidInput`]; [`SupportError::NotFound`] where the message is no survey.
    pub async fn rate(&self, message: String, score: i32, feedback: String) -> Result<(), SupportError> {
        // What is no score at all is refused by the core as zero is.
        let score = u8::try_from(score).unwrap_or(0);
        self.run(async move |core| Ok(core.rate(&MessageId::new(message), score, &feedback).await?)).await
    }

    /// Keeps what the customer has begun to write; empty clears it.
    ///
    /// Errors: [`SupportError::InvalidInput`] where it is too long for the desk.
    pub async fn set_draft(&self, text: String) -> Result<(), SupportError> {
        self.run(async move |core| Ok(core.set_draft(&text).await?)).await
    }

    /// What the customer had begun to write.
    pub async fn draft(&self) -> Result<Option<String>, SupportError> {
        self.run(async move |core| Ok(core.draft().await?)).await
    }

    /// The customer pressed a key (`true`), or stopped (`false`). A signal of the moment: without a network, or where
    /// the client is not open, it is dropped. Returns at once.
    pub fn set_typing(&self, typing: bool) {
        let (core, id) = (Arc::clone(&self.core), self.id.clone());
        self.host.when_open(Box::new(move |open| {
            let Ok(open) = open else { return };
            // The core spawns what it tells the desk.
            let _runtime = open.runtime.enter();
            if let Err(error) = made(&open, &core, &id).and_then(|core| core.set_typing(typing)) {
                tracing::debug!(%error, "typing is not told");
            }
        }));
    }

    /// The customer has seen everything that is here. Call it when the newest message is visible.
    pub async fn mark_seen(&self) -> Result<(), SupportError> {
        self.run(async move |core| Ok(core.mark_seen().await?)).await
    }

    /// Ends the conversation at the desk; its status changes when the desk has done so.
    ///
    /// Errors: [`SupportError::Unsupported`]; [`SupportError::NotFound`] where nothing was ever said in it.
    pub async fn resolve(&self) -> Result<(), SupportError> {
        self.run(async move |core| Ok(core.resolve().await?)).await
    }

    /// Observes the messages, oldest first, from the newest page on. While it lives, the conversation counts as being
    /// on screen: the realtime connection is up.
    pub fn timeline(&self, listener: Box<dyn MessagesListener>) -> Arc<Timeline> {
        let listener: Arc<dyn MessagesListener> = listener.into();
        let (tell_pager, pager) = watch::channel(None);
        let shown = self.subscribe(move |core, outlet| {
            let mut updates = core.timeline();
            tell_pager.send_replace(Some(updates.pager()));
            Box::pin(async move {
                let mut pause = Pause::new();
                loop {
                    match updates.next().await {
                        Ok(Some(batch)) => {
                            pause.over();
                            let (listener, batch) = (Arc::clone(&listener), list(batch));
                            if !outlet.deliver_of(updates.whose(), move || listener.on_batch(batch)).await {
                                return;
                            }
                        }
                        Ok(None) => {
                            outlet.deliver(move || listener.on_end()).await;
                            return;
                        }
                        // There is no such conversation, and there won't be. A state shows nothing; its commands fail.
                        Err(shopbell::SupportError::NotFound { .. }) => {
                            tracing::error!("this customer has no conversation with this id; its messages stay empty");
                            outlet.deliver(move || listener.on_end()).await;
                            return;
                        }
                        Err(error) => pause.take(&error).await,
                    }
                }
            })
        });
        Timeline::new(shown, Arc::clone(&self.host), pager)
    }

    /// Observes who types at the desk.
    pub fn typing(&self, listener: Box<dyn TypingListener>) -> Arc<Subscription> {
        let listener: Arc<dyn TypingListener> = listener.into();
        self.subscribe(|core, outlet| {
            let mut updates = core.typing();
            Box::pin(async move {
                while let Some(typing) = updates.next().await {
                    let (listener, typing) = (Arc::clone(&listener), typing.map(Into::into));
                    if !outlet.deliver_of(updates.whose(), move || listener.on_typing(typing)).await {
                        return;
                    }
                }
                outlet.deliver(move || listener.on_end()).await;
            })
        })
    }
}
