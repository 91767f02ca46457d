//! Plain data, as the languages outside see it: the core's, field by field.
//!
//! The core may learn of kinds that are not mirrored here yet; each such kind is shown as the nearest thing that hides
//! nothing.

mod attachment;
mod content;
mod conversation;
mod customer;
mod desk;
#[cfg(feature = "help-center")]
mod help;
mod message;
mod push;
mod text;

pub use attachment::{Attachment, AttachmentKind, Coordinates, DownloadProgress, NewAttachment, SizeOnDisk, Transfer};
pub use content::{
    Answer, AnswerState, ArticleLink, Card, CardAction, Choice, Content, FieldValue, FormField, Rating, SurveyScale,
};
pub use conversation::{Agent, ConversationDiff, ConversationStatus, ConversationSummary, Typing};
pub use customer::{AttributeValue, CustomerProfile, Identity, ProfileField, RefusedField, Verification};
pub use desk::{Availability, Capabilities, ClientStatus, Connection, DeskInfo, DeskNotices, SetupProblem};
#[cfg(feature = "help-center")]
pub use help::{
    Article, ArticleHit, ArticleSummary, HelpCategory, HelpEvent, HelpFigures, InAppLink, MatchRange, SearchResults,
};
pub use message::{AttentionReason, Author, Delivery, Message, MessageDiff, Older};
pub use push::{PushNews, PushOutcome, PushService, is_push};
pub use text::{Block, CalloutKind, ListItem, Span, TableCell};

/// Each item, converted.
pub(crate) fn list<T: Into<U>, U>(items: Vec<T>) -> Vec<U> {
    items.into_iter().map(Into::into).collect()
}

/// A count or a place in a list. Saturates, where the core's is beyond any list that a phone holds.
pub(crate) fn number(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

/// The same for sizes.
pub(crate) fn long(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
