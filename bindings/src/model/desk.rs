//! The desk, and how things stand with it.

use super::{Verification, long, number};
use crate::SupportError;

/// How things stand.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ClientStatus {
    /// How the desk is reached.
    pub connection: Connection,
    /// Whether agents are there; known only while a conversation is on screen.
    pub availability: Availability,
    /// What the desk makes of the customer's identity.
    pub verification: Verification,
    /// How many messages the customer has not seen, in all conversations.
    pub unread: i32,
    /// Whether the list of conversations on the phone is what the desk has.
    pub history: History,
    /// How many fields of the customer's profile the desk does not take.
    pub refused_fields: i32,
    /// What the desk's version leaves open. Learnt at most once a day, after something was sent.
    pub notices: DeskNotices,
    /// A mistake in the settings that keeps Shopbell from working, where one is known. Logged as an error, too.
    pub setup_problem: Option<SetupProblem>,
}

/// A mistake in the app's or the desk's settings that keeps Shopbell from working, or a phone that does. No retry mends
/// it. For developers: customers can do nothing about it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SetupProblem {
    /// The setting or argument that is wrong: `deskUrl`, `inbox`, `userHash`, `helpCenter.portal` and others. Empty
    /// where none is: the phone's storage failed.
    pub setting: String,
    /// What is wrong, and what to do.
    pub message: String,
}

/// Whether the desk's list of the customer's conversations could be read: it is the only way to learn of conversations
/// that were begun elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum History {
    /// It was not asked for yet, or there was no network.
    Unknown,
    /// The list on the phone is what the desk has.
    Listed,
    /// The desk can't give it. Conversations that are on the phone go on, and the customer can write; conversations from
    /// other phones may be missing. Chatwoot before 4.7.0 never gives it to a logged-in customer.
    Unavailable,
}

/// What the desk's version leaves open. The merchant should update the desk where any of it is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DeskNotices {
    /// Whoever knows a customer's e-mail address or phone number can read and write that customer's conversations,
    /// without any proof of who they are.
    pub conversations_exposed: bool,
    /// The desk can't list the conversations of a verified customer: those from another phone don't show.
    pub history_unavailable: bool,
}

/// How the client reaches the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Connection {
    /// Nothing was asked of the desk yet: before an anonymous customer writes, there is nothing to ask.
    Unknown,
    /// The desk can't be reached: the last requests found no network, or no desk that works, or the host says that there is
    /// no network and nothing has proved it wrong. Messages stay queued; the desk is looked for now and then.
    Offline,
    /// The desk's certificate is not trusted, as the error `Untrusted` says it. For the customer the same as `Offline`.
    Untrusted,
    /// Requests work, whoever makes them; what happens at the desk is asked for now and then.
    Online,
    /// What happens at the desk arrives at once.
    Live,
    /// The realtime connection is up, and tells late or nothing. Answers are shown all the same, within seconds, for pages
    /// are asked for; who types is not shown.
    Delayed,
}

/// Whether the people at the desk are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Availability {
    /// Not known: no socket has said so yet.
    Unknown,
    /// At least one is online.
    Online,
    /// None is online, one is busy.
    Busy,
    /// None is there.
    Offline,
}

/// What the desk can do.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Capabilities {
    /// There is a realtime connection.
    pub realtime: bool,
    /// Typing of the customer can be told.
    pub typing: bool,
    /// What the customer has seen can be told.
    pub read_receipts: bool,
    /// The customer can end a conversation.
    pub resolve: bool,
    /// The longest text of a message, in characters (Unicode scalar values).
    pub max_message_chars: i32,
    /// The longest text of a customer's attribute, in characters.
    pub max_attribute_chars: i32,
    /// The largest absolute value of a whole-number attribute.
    pub max_attribute_integer: i64,
    /// Votes on articles are taken.
    pub article_votes: bool,
    /// How many files a message may have; 0 where the desk takes none.
    pub max_attachments: i32,
    /// The largest file that the desk takes, in bytes.
    pub max_attachment_bytes: i64,
    /// The media types that the desk takes, as `image/png`, with a star in place of `png` for every kind of picture; empty where
    /// it takes all.
    pub attachment_types: Vec<String>,
}

/// What the desk says of itself.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DeskInfo {
    /// The inbox's name, as the merchant gave it.
    pub name: String,
    /// Identities need the server's proof.
    pub identity_proof_required: bool,
    /// A survey follows a resolved conversation.
    pub survey: bool,
}

impl From<shopbell::ClientStatus> for ClientStatus {
    fn from(status: shopbell::ClientStatus) -> Self {
        Self {
            connection: status.connection.into(),
            availability: status.availability.into(),
            verification: status.verification.into(),
            unread: number(status.unread),
            history: status.history.into(),
            refused_fields: number(status.refused_fields),
            notices: DeskNotices {
                conversations_exposed: status.notices.conversations_exposed,
                history_unavailable: status.notices.history_unavailable,
            },
            setup_problem: status.setup.map(Into::into),
        }
    }
}

impl From<shopbell::SetupProblem> for SetupProblem {
    fn from(problem: shopbell::SetupProblem) -> Self {
        let error = SupportError::from(shopbell::SupportError::from(problem));
        let message = error.to_string();
        let setting = match error {
            SupportError::InvalidConfig { field, .. } => field,
            SupportError::IdentityRejected { .. } => "userHash".to_owned(),
            _ => String::new(),
        };
        Self { setting, message }
    }
}

impl From<shopbell::Connection> for Connection {
    fn from(connection: shopbell::Connection) -> Self {
        use shopbell::Connection as Core;
        match connection {
            Core::Offline => Self::Offline,
            Core::Untrusted => Self::Untrusted,
            Core::Online => Self::Online,
            Core::Live => Self::Live,
            Core::Delayed => Self::Delayed,
            _ => Self::Unknown,
        }
    }
}

impl From<shopbell::History> for History {
    fn from(history: shopbell::History) -> Self {
        use shopbell::History as Core;
        match history {
            Core::Listed => Self::Listed,
            Core::Unavailable => Self::Unavailable,
            _ => Self::Unknown,
        }
    }
}

impl From<shopbell::Availability> for Availability {
    fn from(availability: shopbell::Availability) -> Self {
        use shopbell::Availability as Core;
        match availability {
            Core::Unknown => Self::Unknown,
            Core::Online => Self::Online,
            Core::Busy => Self::Busy,
            Core::Offline => Self::Offline,
        }
    }
}

impl From<shopbell::backend::Capabilities> for Capabilities {
    fn from(desk: shopbell::backend::Capabilities) -> Self {
        Self {
            realtime: desk.realtime,
            typing: desk.typing,
            read_receipts: desk.read_receipts,
            resolve: desk.resolve,
            max_message_chars: number(desk.max_message_chars),
            max_attribute_chars: number(desk.max_attribute_chars),
            max_attribute_integer: long(desk.max_attribute_integer),
            article_votes: desk.article_votes,
            max_attachments: number(desk.max_attachments),
            max_attachment_bytes: long(desk.max_attachment_bytes),
            attachment_types: desk.attachment_types.iter().map(|&kind| kind.to_owned()).collect(),
        }
    }
}

impl From<shopbell::backend::DeskInfo> for DeskInfo {
    fn from(desk: shopbell::backend::DeskInfo) -> Self {
        Self { name: desk.name, identity_proof_required: desk.identity_proof_required, survey: desk.survey }
    }
}
