//! Whether the person is who they say they are, and what they see until the desk has said so.

use shopbell::{Connection, ConversationSummary, Verification};

use super::{Action, App, Notice, chat::Chat};
use crate::shop::Person;

/// Why somebody must not count as who they say they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// The desk is being asked.
    Asked,
    /// The desk did not accept the proof.
    Refused,
    /// The desk takes them for somebody else.
    Mismatched,
}

/// Whether the desk answers.
fn answers(connection: Connection) -> bool {
    matches!(connection, Connection::Live | Connection::Delayed | Connection::Online)
}

impl App {
    /// Messages not seen, in all conversations that may be shown.
    pub(crate) fn unread(&self) -> u32 {
        if self.doubt().is_some() {
            return self.shown().map(|line| line.unread).sum();
        }
        self.status.map_or(0, |status| status.unread)
    }

    /// Why the person must not count as who they say they are; `None` where they may.
    pub(crate) fn doubt(&self) -> Option<Doubt> {
        self.person?;
        let status = self.status?;
        match status.verification {
            Verification::Rejected => Some(Doubt::Refused),
            Verification::Mismatched => Some(Doubt::Mismatched),
            // Without the desk nobody can tell, and what is on the phone must be there.
            Verification::Pending if !self.offline && answers(status.connection) => Some(Doubt::Asked),
            _ => None,
        }
    }

    /// The person, where they may count as who they say they are.
    pub(crate) fn known(&self) -> Option<&'static Person> {
        self.person.filter(|_| self.doubt().is_none())
    }

    /// The conversations that may be shown: of somebody who is doubted those that they began themselves.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &ConversationSummary> {
        let doubted = self.doubt().is_some();
        self.conversations.iter().filter(move |line| !doubted || self.begun.contains(&line.id))
    }
}

/// What the person reads when the desk has looked at who they say they are. Who may be somebody else is not greeted
/// by name.
pub(super) fn greeting(person: &Person, verification: Verification) -> Notice {
    match verification {
        Verification::Rejected => {
            Notice::Bad("The desk does not accept who you say you are. Log in again: Ctrl+L".to_owned())
        }
        Verification::Mismatched => {
            Notice::Bad("The desk takes you for somebody else. Ask the shop to put that right".to_owned())
        }
        _ => Notice::Good(format!("Hello, {}!", person.name)),
    }
}

/// Somebody who may not be who they say they are must not go on reading.
pub(super) fn forget_if_doubted(app: &mut App) -> Vec<Action> {
    let doubted = matches!(app.doubt(), Some(Doubt::Refused | Doubt::Mismatched));
    let own = |chat: &Chat| app.begun.contains(&chat.id);
    if doubted && app.chat.as_ref().is_some_and(|chat| !own(chat)) {
        return app.close_chat();
    }
    Vec::new()
}
