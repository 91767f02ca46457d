//! The vocabulary of the checks: a phone, a line to the desk, and the ways in which a check ends.

use std::{mem, sync::Arc};

use super::DeskSide;
use crate::{
    backend::{
        Backend, BackendError, DeskConversation, DeskMessage, Establish, Fault, Fetched, Happened, OutgoingMessage,
        Page, Realtime, RealtimeEvent, Secret, Session,
    },
    clock::{SystemRandom, token},
    model::{Content, DeskConversationId, DeskMessageId, Identity},
};

/// Why a check ended before its end.
#[derive(Debug)]
pub(super) enum Stop {
    Skipped(&'static str),
    Failed(String),
}

pub(super) type Checked = Result<(), Stop>;

/// An error where none is due fails the check.
impl From<BackendError> for Stop {
    fn from(error: BackendError) -> Self {
        Self::Failed(format!("{error} ({:?})", error.happened))
    }
}

macro_rules! ensure {
    ($holds:expr, $($why:tt)+) => {
        if !$holds {
            return Err($crate::testing::conformance::bench::Stop::Failed(format!($($why)+)));
        }
    };
}
pub(super) use ensure;

/// What the desk's side gave, or a skip.
pub(super) fn given<T>(what: Option<T>, why_not: &'static str) -> Result<T, Stop> {
    what.ok_or(Stop::Skipped(why_not))
}

/// What the desk's side did, or a skip.
pub(super) fn done(done: bool, why_not: &'static str) -> Checked {
    if done { Ok(()) } else { Err(Stop::Skipped(why_not)) }
}

/// The call must have been refused: with this fault, and certainly without effect.
pub(super) fn refused<T>(call: &str, result: Result<T, BackendError>, fault: &Fault) -> Checked {
    let Err(error) = result else {
        return Err(Stop::Failed(format!("{call} succeeds instead of {fault:?}")));
    };
    let same = mem::discriminant(&error.fault) == mem::discriminant(fault);
    ensure!(same, "{call} gives {:?} instead of {fault:?}: {}", error.fault, error.detail);
    ensure!(error.happened == Happened::No, "{call} was refused for certain and says {:?}", error.happened);
    Ok(())
}

/// Chosen at random, so that a desk with a past does no harm.
pub(super) fn name(what: &str) -> String {
    format!("{what}-{}", token(&SystemRandom))
}

/// A customer on a phone.
pub(super) struct Phone {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) session: Session,
}

impl Phone {
    /// An anonymous customer of their own.
    pub(super) async fn new(desk: &impl DeskSide) -> Result<Self, Stop> {
        Self::of(desk, None).await
    }

    pub(super) async fn of(desk: &impl DeskSide, identity: Option<Identity>) -> Result<Self, Stop> {
        let backend = desk.backend();
        let session = backend.establish(&request(identity)).await?;
        Ok(Self { backend, session })
    }

    pub(super) async fn open(&self) -> Result<DeskConversationId, Stop> {
        Ok(self.backend.open_conversation(&self.session).await?.id)
    }

    pub(super) async fn say(&self, conversation: DeskConversationId, text: &str) -> Result<DeskMessage, Stop> {
        Ok(self.backend.send_message(&self.session, conversation, &outgoing(text)).await?)
    }

    /// A page, which the desk must not call unchanged.
    pub(super) async fn page(
        &self,
        conversation: DeskConversationId,
        before: Option<DeskMessageId>,
    ) -> Result<Page, Stop> {
        match self.backend.messages(&self.session, conversation, before, None).await? {
            Fetched::New { value, .. } => Ok(value),
            Fetched::Unchanged => Err(Stop::Failed("a page is unchanged without a validator".to_owned())),
        }
    }

    pub(super) async fn list(&self) -> Result<Vec<DeskConversation>, Stop> {
        match self.backend.conversations(&self.session, None).await? {
            Fetched::New { value, .. } => Ok(value),
            Fetched::Unchanged => Err(Stop::Failed("the list is unchanged without a validator".to_owned())),
        }
    }

    /// A conversation as the list has it.
    pub(super) async fn listed(&self, id: DeskConversationId) -> Result<DeskConversation, Stop> {
        let found = self.list().await?.into_iter().find(|conversation| conversation.id == id);
        found.ok_or_else(|| Stop::Failed(format!("the list lacks conversation {}", id.get())))
    }

    /// A message of the newest page.
    pub(super) async fn found(&self, there: DeskConversationId, id: DeskMessageId) -> Result<DeskMessage, Stop> {
        let found = self.page(there, None).await?.messages.into_iter().find(|message| message.id == id);
        found.ok_or_else(|| Stop::Failed(format!("the newest page lacks message {}", id.get())))
    }

    pub(super) async fn connect(&self) -> Result<Line, Stop> {
        done(self.backend.capabilities().realtime, "no realtime connection")?;
        Ok(Line { realtime: self.backend.connect(&self.session).await? })
    }
}

/// An open realtime connection.
pub(super) struct Line {
    pub(super) realtime: Box<dyn Realtime>,
}

impl Line {
    /// Waits for the first event that is so; others may come before it.
    pub(super) async fn until(&mut self, mut is_so: impl FnMut(&RealtimeEvent) -> bool) -> Result<RealtimeEvent, Stop> {
        loop {
            let event = self.realtime.next().await?;
            if is_so(&event) {
                return Ok(event);
            }
        }
    }

    /// Waits for a message as it must be told.
    pub(super) async fn until_message(&mut self, id: DeskMessageId, is_so: fn(&DeskMessage) -> bool) -> Checked {
        self.until(|event| matches!(event, RealtimeEvent::Message(message) if message.id == id && is_so(message)))
            .await
            .map(drop)
    }
}

pub(super) fn request(identity: Option<Identity>) -> Establish {
    Establish { key: Secret::new(name("key")), identity, existing: false }
}

pub(super) fn outgoing(text: &str) -> OutgoingMessage {
    OutgoingMessage { text: text.to_owned(), echo: name("echo") }
}

pub(super) async fn agent_says(
    desk: &impl DeskSide,
    conversation: DeskConversationId,
    text: &str,
) -> Result<DeskMessageId, Stop> {
    given(desk.agent_writes(conversation, &Content::text(text)).await, "no agent can write here")
}

pub(super) fn texts(messages: &[DeskMessage]) -> Vec<&str> {
    messages.iter().map(|message| message.content.as_text()).collect()
}

/// What must not be there: far above whatever a desk has given a number to.
pub(super) fn nowhere(near: DeskConversationId) -> Result<DeskConversationId, Stop> {
    DeskConversationId::new(near.get() + 1_000_000).ok_or(Stop::Skipped("the desk is out of numbers"))
}

pub(super) fn nothing(near: DeskMessageId) -> Result<DeskMessageId, Stop> {
    DeskMessageId::new(near.get() + 1_000_000).ok_or(Stop::Skipped("the desk is out of numbers"))
}
