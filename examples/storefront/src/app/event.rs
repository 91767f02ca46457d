//! What comes in, and what goes out: the seam between the pure screens and the world.

use ratatui::crossterm::event::KeyEvent;
use shopbell::{
    AttachmentId, ClientStatus, ConversationId, ConversationSummary, Diff, FieldValue, Message, MessageId, Older,
    Typing, Verification,
};

use super::help::{News, Order};
use crate::shop::Person;

/// Something happened.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Key(KeyEvent),
    Pasted(String),
    Resized {
        width: u16,
        height: u16,
    },
    Conversations(Vec<Diff<ConversationSummary>>),
    Status(ClientStatus),
    ChatOpened {
        conversation: ConversationId,
        draft: String,
        begun: bool,
    },
    /// What was to come on screen can't.
    NotOpened {
        problem: String,
    },
    Messages {
        conversation: ConversationId,
        steps: Vec<Diff<Message>>,
    },
    Typing {
        conversation: ConversationId,
        typing: Option<Typing>,
    },
    Older {
        conversation: ConversationId,
        outcome: Result<Older, String>,
    },
    /// Words that could not even be kept: they go back into the box.
    NotKept {
        conversation: ConversationId,
        text: String,
        problem: String,
    },
    /// An answer that was not taken: it can be mended.
    NotAnswered {
        conversation: ConversationId,
        message: MessageId,
        problem: String,
    },
    LoggedIn {
        person: Option<&'static Person>,
    },
    /// The desk has looked at who the person says they are.
    Judged {
        person: &'static Person,
        verification: Verification,
    },
    Help(News),
    Told(Notice),
}

/// Something is to be done. Carried out in this order, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    Quit,
    /// End the process on the spot, as a crash or an impatient system would.
    Kill,
    /// Paint the whole screen anew: a terminal may have left letters behind.
    Redraw,
    OpenChat(ConversationId),
    StartChat {
        draft: String,
    },
    CloseChat(ConversationId),
    /// In this conversation, whatever is on screen by then.
    In(ConversationId, Deed),
    Refresh,
    LogIn {
        person: &'static Person,
        right_proof: bool,
    },
    LogOut,
    Network {
        available: bool,
    },
    Help(Order),
}

impl Action {
    /// Whether another screen follows: what is typed until it is there belongs to it.
    pub(crate) fn opens(&self) -> bool {
        match self {
            Self::OpenChat(_) | Self::StartChat { .. } | Self::LogIn { .. } | Self::LogOut => true,
            Self::Help(order) => matches!(order, Order::Open(_) | Order::Ask { .. }),
            _ => false,
        }
    }
}

/// Something to be done in a conversation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Deed {
    /// Send what was written, with the files that it names.
    Send(String),
    /// Send words as they are: an agent's words name no files of the customer's.
    Say(String),
    Edit(MessageId, String),
    Retry(MessageId),
    Discard(MessageId),
    Choose(MessageId, String),
    FillIn(MessageId, Vec<FieldValue>),
    Rate(MessageId, u8, String),
    SaveDraft(String),
    Typing(bool),
    MarkSeen,
    LoadOlder,
    Resolve,
    /// Copy a file of the conversation to where the person finds it.
    Save {
        attachment: AttachmentId,
        name: String,
    },
}

/// A line for the person, shown until the next key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    Good(String),
    Bad(String),
}

impl Notice {
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Good(text) | Self::Bad(text) => text,
        }
    }
}
