//! What is on screen: the list, and of the conversations the last one opened.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::Inner;
use crate::{model::ConversationId, signal::OnScreen};

/// What the customer looks at.
pub(crate) struct Screen {
    opened: Mutex<Opened>,
    shown: watch::Sender<OnScreen>,
}

/// What the app shows, or would show if it were in front.
#[derive(Default)]
struct Opened {
    next: u64,
    /// Each by its number; `None` is the list.
    stack: Vec<(u64, Option<ConversationId>)>,
    /// The host says that it shows the list.
    list: bool,
    /// The app is in the background: nobody looks at it.
    hidden: bool,
}

impl Default for Screen {
    fn default() -> Self {
        Self { opened: Mutex::default(), shown: watch::channel(OnScreen::default()).0 }
    }
}

impl Screen {
    /// What the customer looks at, and the realtime connection is for.
    pub(crate) fn shown(&self) -> watch::Receiver<OnScreen> {
        self.shown.subscribe()
    }

    /// The app went to the background, or came back.
    pub(super) fn hide(&self, hidden: bool) {
        self.change(|opened| opened.hidden = hidden);
    }

    /// The host shows the list, or no longer does.
    pub(super) fn show_list(&self, shown: bool) {
        self.change(|opened| opened.list = shown);
    }

    fn change<T>(&self, change: impl FnOnce(&mut Opened) -> T) -> T {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let value = change(&mut opened);
        let shown = if opened.hidden {
            OnScreen::default()
        } else {
            OnScreen {
                conversation: opened.stack.iter().rev().find_map(|(_, id)| id.clone()),
                list: opened.list || opened.stack.iter().any(|(_, id)| id.is_none()),
            }
        };
        self.shown.send_if_modified(|now| {
            let changed = *now != shown;
            *now = shown;
            changed
        });
        value
    }
}

/// Keeps a conversation, or the list, on screen until it is dropped.
pub(crate) struct ScreenGuard {
    inner: Arc<Inner>,
    number: u64,
}

impl ScreenGuard {
    pub(crate) fn new(inner: &Arc<Inner>, id: ConversationId) -> Self {
        Self::of(inner, Some(id))
    }

    /// Keeps the list on screen.
    pub(crate) fn of_list(inner: &Arc<Inner>) -> Self {
        Self::of(inner, None)
    }

    fn of(inner: &Arc<Inner>, id: Option<ConversationId>) -> Self {
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
