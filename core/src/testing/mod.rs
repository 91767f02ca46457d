//! For tests: a scripted desk and the suite that every adapter must pass.

pub mod conformance;
pub mod memory;

use crate::{
    backend::DeskMessage,
    model::{Author, Content, DeskConversationId, DeskMessageId, Timestamp},
};

/// An agent's message with this number, in conversation 1.
#[allow(clippy::expect_used, reason = "a test's helper")]
pub fn message(number: i64) -> DeskMessage {
    DeskMessage {
        id: DeskMessageId::new(number).expect("positive"),
        conversation: DeskConversationId::new(1).expect("positive"),
        author: Author::Agent { agent: None },
        content: Content::text(format!("message {number}")),
        attachments: Vec::new(),
        created_at: Timestamp::from_seconds(1_000_000 + number),
        echo: None,
        receipt: None,
        deleted: false,
        in_reply_to: None,
        updated_at: None,
        is_creation: false,
    }
}
