//! What comes in, and what goes out: the seam between the pure screens and the world.

use ratatui::crossterm::event::KeyEvent;
use shopbell::{
    AttachmentId, ClientStatus, ConversationId, ConversationSummary, Diff, FieldValue, Message, MessageId, Older,
    Typing,
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
    LoggedIn {
        person: Option<&'static Person>,
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
    OpenChat(ConversationId),
    StartChat {
        draft: String,
    },
    CloseChat,
    Send(String),
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
    Refresh,
    /// Copy a file of the conversation to where the person finds it.
    Save {
        attachment: AttachmentId,
        name: String,
    },
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
