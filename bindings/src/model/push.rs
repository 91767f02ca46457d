//! Pushes: what the phone is known by, and what comes of one.

use std::{collections::HashMap, fmt};

use super::{Author, number};

/// Whose push service it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum PushService {
    /// Firebase Cloud Messaging.
    Fcm,
    /// Apple's; its token in hex.
    Apns,
}

/// What came of a push.
#[derive(Clone, Debug, PartialEq, uniffi::Enum)]
pub enum PushOutcome {
    /// It is not Shopbell's.
    Foreign,
    /// There is nothing to show: it was seen already, is on screen, or is for somebody who is not here.
    NothingNew,
    /// There is something new: show a notification.
    News {
        /// What it says.
        news: PushNews,
    },
}

/// What a notification needs.
#[derive(Clone, PartialEq, uniffi::Record)]
pub struct PushNews {
    /// Where it leads. Also what to replace: one notification a conversation.
    pub conversation: String,
    /// Who wrote the newest unread message; none where the desk could not be reached in time and the
    /// message was not on the phone before.
    pub author: Option<Author>,
    /// What it says, on one line, without Markdown, 120 characters at most; where it has no words the name of its
    /// first file. None where the desk could not be reached in time.
    pub preview: Option<String>,
    /// How many messages the customer has not seen in this conversation; at least 1.
    pub unread: i32,
    /// The same in all conversations: the badge.
    pub total_unread: i32,
}

/// Whether a push is Shopbell's, so that an app with several senders knows whom to give it to. Needs no client.
#[uniffi::export]
pub fn is_push(data: HashMap<String, String>) -> bool {
    shopbell::is_push(&data.into_iter().collect())
}

impl PushService {
    pub(crate) fn token(self, token: String) -> shopbell::PushToken {
        match self {
            Self::Fcm => shopbell::PushToken::fcm(token),
            Self::Apns => shopbell::PushToken::apns(token),
        }
    }
}

impl From<shopbell::PushOutcome> for PushOutcome {
    fn from(outcome: shopbell::PushOutcome) -> Self {
        use shopbell::PushOutcome as Core;
        match outcome {
            Core::Foreign => Self::Foreign,
            Core::News(news) => Self::News { news: news.into() },
            // What is not known here can't be shown.
            _ => Self::NothingNew,
        }
    }
}

impl From<shopbell::PushNews> for PushNews {
    fn from(news: shopbell::PushNews) -> Self {
        Self {
            conversation: news.conversation.as_str().to_owned(),
            author: news.author.map(Into::into),
            preview: news.preview,
            unread: number(news.unread),
            total_unread: number(news.total_unread),
        }
    }
}

impl fmt::Debug for PushNews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PushNews({}, {} unread)", self.conversation, self.unread)
    }
}
