//! What the host is told, and how it listens.
//!
//! Each is called on the thread `shopbell`, one call at a time. What a listener throws is noted in the log, and its
//! subscription goes on. Whoever holds the subscription holds the listener.

use crate::{ClientStatus, ConversationDiff, DownloadProgress, ListenerError, MessageDiff, SupportError, Typing};

/// Listens to the list of conversations.
#[uniffi::export(callback_interface)]
pub trait ConversationsListener: Send + Sync {
    /// The next steps, to be applied in order. The first batch is the whole list.
    fn on_batch(&self, batch: Vec<ConversationDiff>) -> Result<(), ListenerError>;
}

/// Listens to the messages of a conversation.
#[uniffi::export(callback_interface)]
pub trait MessagesListener: Send + Sync {
    /// The next steps, to be applied in order. The first batch is the newest page.
    fn on_batch(&self, batch: Vec<MessageDiff>) -> Result<(), ListenerError>;

    /// The customer has left: nothing more comes, and what is shown is not for whoever is here now.
    fn on_end(&self) -> Result<(), ListenerError>;
}

/// Listens to how things stand.
#[uniffi::export(callback_interface)]
pub trait StatusListener: Send + Sync {
    /// How things stand now: at once, then whenever it changes.
    fn on_status(&self, status: ClientStatus) -> Result<(), ListenerError>;
}

/// Listens to who types at the desk.
#[uniffi::export(callback_interface)]
pub trait TypingListener: Send + Sync {
    /// Who types now, if anybody: at once, then whenever it changes.
    fn on_typing(&self, typing: Option<Typing>) -> Result<(), ListenerError>;

    /// The customer has left: nothing more comes.
    fn on_end(&self) -> Result<(), ListenerError>;
}

/// Listens to a file that is brought to this phone.
#[uniffi::export(callback_interface)]
pub trait DownloadListener: Send + Sync {
    /// How much of it is here: at once, then a few times a second at most.
    fn on_progress(&self, progress: DownloadProgress) -> Result<(), ListenerError>;

    /// All of it is here, under this path, for as long as the subscription lives.
    fn on_finished(&self, path: String) -> Result<(), ListenerError>;

    /// It can't be brought. What came stays; asking again goes on from there.
    fn on_failed(&self, error: SupportError) -> Result<(), ListenerError>;
}
