//! Which conversation is on screen: the last one opened, where several are.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::Inner;
use crate::model::ConversationId;

/// The conversations on screen.
pub(crate) struct Screen {
    opened: Mutex<Opened>,
    top: watch::Sender<Option<ConversationId>>,
}

/// What the app shows, or would show if it were in front.
#[derive(Default)]
struct Opened {
    next: u64,
    stack: Vec<(u64, ConversationId)>,
    /// The app is in the background: nobody looks at it.
    hidden: bool,
}

impl Default for Screen {
    fn default() -> Self {
        Self { opened: Mutex::default(), top: watch::channel(None).0 }
    }
}

impl Screen {
    /// The one that the customer looks at, and the realtime connection is for.
    pub(crate) fn top(&self) -> watch::Receiver<Option<ConversationId>> {
        self.top.subscribe()
    }

    /// The app went to the background, or came back.
    pub(super) fn hide(&self, hidden: bool) {
        self.change(|opened| opened.hidden = hidden);
    }

    fn change<T>(&self, change: impl FnOnce(&mut Opened) -> T) -> T {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let value = change(&mut opened);
        let top = if opened.hidden { None } else { opened.stack.last().map(|(_, id)| id.clone()) };
        self.top.send_if_modified(|now| {
            let changed = *now != top;
            *now = top;
            changed
        });
        value
    }
}

/// Keeps a conversation on screen until it is dropped.
pub(crate) struct ScreenGuard {
    inner: Arc<Inner>,
    number: u64,
}

impl ScreenGuard {
    pub(crate) fn new(inner: &Arc<Inner>, id: ConversationId) -> Self {
        let number = inner.screen.change(|opened| {
            opened.next += 1;
            opened.stack.push((opened.next, id));
            opened.next
        });
        Self { inner: Arc::clone(inner), number }
    }
}

impl Drop for ScreenGuard {
    fn drop(&mut self) {
        let number = self.number;
        self.inner.screen.change(|opened| opened.stack.retain(|(other, _)| *other != number));
    }
}
