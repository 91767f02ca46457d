//! Which conversation is on screen: the last one opened, where several are.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::Inner;
use crate::model::ConversationId;

/// The conversations on screen.
pub(crate) struct Screen {
    stack: Mutex<(u64, Vec<(u64, ConversationId)>)>,
    top: watch::Sender<Option<ConversationId>>,
}

impl Default for Screen {
    fn default() -> Self {
        Self { stack: Mutex::default(), top: watch::channel(None).0 }
    }
}

impl Screen {
    /// The one that the realtime connection is for.
    pub(crate) fn top(&self) -> watch::Receiver<Option<ConversationId>> {
        self.top.subscribe()
    }

    fn change(&self, change: impl FnOnce(&mut (u64, Vec<(u64, ConversationId)>)) -> u64) -> u64 {
        let mut stack = self.stack.lock().unwrap_or_else(PoisonError::into_inner);
        let number = change(&mut stack);
        let top = stack.1.last().map(|(_, id)| id.clone());
        self.top.send_if_modified(|now| {
            let changed = *now != top;
            *now = top;
            changed
        });
        number
    }
}

/// Keeps a conversation on screen until it is dropped.
pub(crate) struct ScreenGuard {
    inner: Arc<Inner>,
    number: u64,
}

impl ScreenGuard {
    pub(crate) fn new(inner: &Arc<Inner>, id: ConversationId) -> Self {
        let number = inner.screen.change(|(next, stack)| {
            *next += 1;
            stack.push((*next, id));
            *next
        });
        Self { inner: Arc::clone(inner), number }
    }
}

impl Drop for ScreenGuard {
    fn drop(&mut self) {
        let number = self.number;
        self.inner.screen.change(|(_, stack)| {
            stack.retain(|(other, _)| *other != number);
            number
        });
    }
}
