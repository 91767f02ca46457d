//! What is to go wrong, and what was asked for.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use super::{
    MemoryDesk,
    state::{Signal, State},
};
use crate::backend::{BackendError, Fault, RealtimeEvent};

/// A method of the port.
///
/// ```
/// use shopbell::testing::memory::{Call, MemoryDesk};
/// assert_eq!(MemoryDesk::new().count(Call::SendMessage), 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is the method of that name")]
pub enum Call {
    DeskInfo,
    Establish,
    UpdateCustomer,
    Notices,
    Conversations,
    Messages,
    OpenConversation,
    SendMessage,
    Answer,
    SetTyping,
    MarkSeen,
    Resolve,
    Connect,
    AnnouncePresence,
    SendFiles,
    FetchFile,
    Portal,
    Articles,
    Article,
    ArticleList,
    CountView,
    Vote,
    Picture,
}

/// What becomes of one call.
///
/// ```
/// use shopbell::testing::memory::{Call, MemoryDesk, Play};
/// let desk = MemoryDesk::new();
/// desk.once(Call::SendMessage, Play::answer_lost());
/// desk.once(Call::SendMessage, Play::Held);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Play {
    /// Fails; nothing is written.
    Fails(BackendError),
    /// Is carried out, and fails all the same.
    AnswerLost(BackendError),
    /// Fails, and is carried out later: when [`MemoryDesk::settle`] is called.
    Late(BackendError),
    /// Waits for [`MemoryDesk::release`], then is carried out. Dropped before that, it never happened.
    Held,
    /// Is carried out, and the answer waits for [`MemoryDesk::release`].
    AnswerHeld,
}

impl Play {
    /// There is no network: nothing happened.
    pub fn unreachable() -> Self {
        Self::Fails(BackendError::refused(Fault::Network, "scripted: unreachable"))
    }

    /// The request got lost on its way, and nobody can know it.
    pub fn request_lost() -> Self {
        Self::Fails(lost())
    }

    /// The desk did it, and the answer got lost.
    pub fn answer_lost() -> Self {
        Self::AnswerLost(lost())
    }

    /// The answer got lost, and the desk does it only later.
    pub fn late() -> Self {
        Self::Late(lost())
    }
}

fn lost() -> BackendError {
    BackendError::unclear(Fault::Network, "scripted: no answer")
}

/// What becomes of realtime events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Air {
    /// They come once, in order.
    #[default]
    Clear,
    /// Each comes twice.
    Twice,
    /// They wait for [`MemoryDesk::settle`], then come newest first.
    Reversed,
    /// None comes, and the connection stays.
    Lost,
}

type Late = Box<dyn FnOnce(&mut State) + Send + Sync>;

#[derive(Default)]
pub(super) struct Script {
    pub(super) air: Air,
    pub(super) offline: bool,
    pub(super) calls: Vec<Call>,
    pub(super) plays: VecDeque<(Call, Play)>,
    /// What becomes of a kind of call for which no play is left.
    pub(super) rule: Vec<(Call, Play)>,
    pub(super) late: Vec<Late>,
    pub(super) held_events: Vec<(mpsc::UnboundedSender<Signal>, RealtimeEvent)>,
    /// How many calls were held so far, and up to which they are released.
    pub(super) held: u64,
    pub(super) released: u64,
}

impl MemoryDesk {
    /// Plays this at the next call of the kind that nothing is planned for yet. Plans of one kind are used in the
    /// order they were made in.
    pub fn once(&self, call: Call, play: Play) {
        self.change(|state| state.script.plays.push_back((call, play)));
    }

    /// Plays this at every call of the kind that [`once`](Self::once) plans nothing for, until [`heal`](Self::heal).
    pub fn always(&self, call: Call, play: Play) {
        self.change(|state| {
            state.script.rule.retain(|(ruled, _)| *ruled != call);
            state.script.rule.push((call, play));
        });
    }

    /// Forgets all plans, puts the desk back on the network and clears the air. What waits for
    /// [`settle`](Self::settle) or [`release`](Self::release) goes on waiting.
    pub fn heal(&self) {
        self.change(|state| {
            state.script.plays.clear();
            state.script.rule.clear();
            state.script.offline = false;
            state.script.air = Air::Clear;
        });
    }

    /// What is planned and has not been played.
    pub fn planned(&self) -> Vec<(Call, Play)> {
        self.look(|state| state.script.plays.iter().cloned().collect())
    }

    /// Takes the desk off the network, or puts it back. Every call fails with [`Fault::Network`] and did not happen;
    /// realtime connections end.
    pub fn offline(&self, offline: bool) {
        self.change(|state| {
            state.script.offline = offline;
            if offline {
                state.hang_up(&BackendError::refused(Fault::Network, "scripted: offline"));
            }
        });
    }

    /// What becomes of realtime events from now on.
    pub fn air(&self, air: Air) {
        self.change(|state| state.script.air = air);
    }

    /// Lets late writes land, and events that wait come, newest first.
    pub fn settle(&self) {
        self.change(|state| {
            for write in std::mem::take(&mut state.script.late) {
                write(state);
            }
            for (line, event) in std::mem::take(&mut state.script.held_events).into_iter().rev() {
                // A connection that was dropped meanwhile hears nothing.
                let _ = line.send(Ok(event));
            }
        });
    }

    /// Lets all calls go on that are held now.
    pub fn release(&self) {
        self.change(|state| state.script.released = state.script.held);
    }

    /// Ends all realtime connections: each [`next`](crate::backend::Realtime::next) fails with
    /// [`Fault::Network`], after the events that came before.
    pub fn drop_connections(&self) {
        self.change(|state| state.hang_up(&BackendError::refused(Fault::Network, "scripted: connection lost")));
    }

    /// All calls so far, in order; also those that failed.
    pub fn calls(&self) -> Vec<Call> {
        self.look(|state| state.script.calls.clone())
    }

    /// How often a method was called.
    pub fn count(&self, call: Call) -> usize {
        self.look(|state| state.script.calls.iter().filter(|made| **made == call).count())
    }

    /// Forgets the calls so far.
    pub fn clear_calls(&self) {
        self.change(|state| state.script.calls.clear());
    }

    /// Waits until it is so. Looked at whenever anything at the desk has changed, calls included.
    pub async fn until(&self, mut is_so: impl FnMut(&Self) -> bool) {
        let mut changes = self.0.subscribe();
        loop {
            changes.borrow_and_update();
            if is_so(self) || changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Does what was asked for, as the script wants it.
    pub(super) async fn perform<T>(
        &self,
        call: Call,
        act: impl FnOnce(&mut State) -> Result<T, BackendError> + Send + Sync + 'static,
    ) -> Result<T, BackendError> {
        let play = self.change(|state| {
            let script = &mut state.script;
            script.calls.push(call);
            if script.offline {
                return Some(Play::unreachable());
            }
            let planned = script.plays.iter().position(|(planned, _)| *planned == call);
            let ruled = || script.rule.iter().find(|(ruled, _)| *ruled == call).map(|(_, play)| play.clone());
            match planned {
                Some(place) => script.plays.remove(place).map(|(_, play)| play),
                None => ruled(),
            }
        });
        match play {
            None => self.change(act),
            Some(Play::Fails(error)) => Err(error),
            Some(Play::AnswerLost(error)) => {
                // Had it been refused, that answer would be lost, too.
                let _ = self.change(act);
                Err(error)
            }
            Some(Play::Late(error)) => {
                let late = |state: &mut State| drop(act(state));
                self.change(|state| state.script.late.push(Box::new(late)));
                Err(error)
            }
            Some(Play::Held) => {
                self.hold().await;
                self.change(act)
            }
            Some(Play::AnswerHeld) => {
                let answer = self.change(act);
                self.hold().await;
                answer
            }
        }
    }

    async fn hold(&self) {
        let turn = self.change(|state| {
            state.script.held += 1;
            state.script.held
        });
        self.until(|desk| desk.look(|state| state.script.released >= turn)).await;
    }

    /// How many calls are held now.
    pub fn held(&self) -> u64 {
        self.look(|state| state.script.held.saturating_sub(state.script.released))
    }
}
