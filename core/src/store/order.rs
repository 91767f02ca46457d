//! Which of two things that the desk says of one message is the newer. Pure.
//!
//! # Protocol
//! Realtime events come twice, late and out of order; pages say nothing of how old they are. So:
//!
//! | kept here | the desk says | taken |
//! | --- | --- | --- |
//! | deleted | anything that is not deleted | what only grows |
//! | not deleted | deleted | all |
//! | anything | that the message was created | what only grows: nothing is older than a creation |
//! | as of an event | an older event | what only grows |
//! | as of an event | an event of the same time or a newer one | all |
//! | anything | a page | all |
//!
//! - **What only grows** is how far a message of the customer's has come, that it was edited, and that it was deleted.
//!   It is taken from whatever tells of it.
//! - **A deletion is final.** A desk does not take it back, and its own notice is all that an event of it holds: so a
//!   deletion that arrives before the creation is written down as the message it will stay, and needs no other note.
//! - **A page is taken as it is** because sync has left out of it what events told since it was asked for
//!   ([`sync::told`](crate::sync)); all that it has left is at least as new as what is here. It does not move the time
//!   of the newest event, for it tells none.
//! - An event of a desk that tells no times is taken as it comes.
//!
//! With these, any order and any repetition of the same events ends in the same message.

use crate::{
    backend::DeskMessage,
    model::{Delivery, Receipt, Timestamp},
};

/// What is known of a message here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    /// The time of the newest event that was taken in; `None` before the first.
    pub(super) updated_at: Option<Timestamp>,
    pub(super) deleted: bool,
}

/// How much of what the desk says is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Take {
    All,
    /// What only grows.
    Growth,
}

/// How much of it is taken.
pub(super) fn take(kept: Kept, told: &DeskMessage) -> Take {
    if kept.deleted != told.deleted {
        return if told.deleted { Take::All } else { Take::Growth };
    }
    let older = told.updated_at.is_some() && told.updated_at < kept.updated_at;
    if told.is_creation || older { Take::Growth } else { Take::All }
}

/// How far a message of the customer's has come. Never back: events of one step may come after those of the next.
pub(super) fn receipt(kept: Option<&Delivery>, told: Option<Receipt>) -> Option<Delivery> {
    let rank = |delivery: &Delivery| match delivery {
        Delivery::Read => 2,
        Delivery::Delivered => 1,
        _ => 0,
    };
    let told = told.map(|receipt| delivery(Some(receipt)));
    match (kept, told) {
        // The desk's own people's messages have none.
        (None, _) => None,
        (Some(kept), Some(told)) if rank(&told) >= rank(kept) => Some(told),
        (Some(kept), _) => Some(kept.clone()),
    }
}

/// What the desk has said of a message that has come that far.
pub(super) fn told(delivery: Option<&Delivery>) -> Option<Receipt> {
    match delivery? {
        Delivery::Read => Some(Receipt::Read),
        Delivery::Delivered => Some(Receipt::Delivered),
        _ => None,
    }
}

/// As it is shown.
pub(super) fn delivery(receipt: Option<Receipt>) -> Delivery {
    match receipt {
        None | Some(Receipt::Sent) => Delivery::Sent,
        Some(Receipt::Delivered) => Delivery::Delivered,
        Some(Receipt::Read) => Delivery::Read,
    }
}

#[cfg(test)]
mod tests;
