//! Plain data: what an app shows and what a desk says, with no behaviour beyond reading it.
//!
//! Everything here can be cloned, compared and sent between threads. `Debug` of types that hold what people wrote
//! prints lengths, not words, so that a log line can never carry a conversation.

mod content;
mod conversation;
mod customer;
#[cfg(feature = "help-center")]
mod help;
mod ids;
mod message;
#[cfg(test)]
mod tests;
mod text;
mod transfer;

pub use content::{
    Answer, AnswerState, ArticleLink, Card, CardAction, Choice, Content, FieldValue, FormField, Rating, SurveyScale,
};
pub use conversation::{Agent, Availability, ConversationStatus, ConversationSummary, Typing};
pub use customer::{AttributeValue, CustomerProfile, Identity, ProfileField, RefusedField, Verification};
#[cfg(feature = "help-center")]
pub use help::{
    Article, ArticleHit, ArticleSummary, HelpCategory, HelpEvent, HelpFigures, InAppLink, MatchRange, SearchResults,
};
pub use ids::{ArticleId, AttachmentId, ConversationId, DeskConversationId, DeskMessageId, MessageId};
pub use message::{Attachment, AttachmentKind, AttentionReason, Author, Delivery, Message, Receipt};
pub use text::{Block, CalloutKind, ListItem, Span, SpanStyle, TableCell};
pub use transfer::{Coordinates, Transfer};

use crate::json::from_json;

/// A moment in milliseconds since 1970-01-01 UTC.
///
/// Desks that count in seconds are mapped to the first millisecond of theirs.
///
/// ```
/// # use shopbell::Timestamp;
/// assert_eq!(Timestamp::from_seconds(2).millis(), 2_000);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

from_json!(Timestamp(i64));

impl Timestamp {
    /// From milliseconds since 1970.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From seconds since 1970; saturates where the number is absurd.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment and `duration` later; saturates.
    pub fn plus(self, duration: std::time::Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This moment and `duration` earlier; saturates.
    pub(crate) fn minus(self, duration: std::time::Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero where it is not after it.
    pub fn since(self, earlier: Self) -> std::time::Duration {
        std::time::Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}
