//! Conversations: what an app holds in its hands.
//!
//! [`Conversation`] is a handle: commands go through it, and each is one local transaction that returns when it is
//! safe on the phone. [`Timeline`], [`ConversationList`] and [`TypingUpdates`] observe: each remembers what it gave
//! out last, asks the store again when the feed says that something changed, and gives out the difference. So nothing
//! can be missed between a snapshot and a subscription (there is no such gap), and a slow reader gets one larger
//! difference or a reset instead of a queue that grows.

mod commands;
mod diff;
mod files;
mod handle;
mod list;
mod observer;
mod shown;
#[cfg(test)]
mod tests;
mod timeline;
mod typing;

pub(crate) use commands::requeue;
pub use diff::Diff;
pub use handle::Conversation;
pub use list::ConversationList;
pub(crate) use observer::Observer;
pub use observer::Whose;
pub use timeline::{Older, Timeline, TimelinePager};
pub(crate) use typing::TypingSignals;
pub use typing::TypingUpdates;
