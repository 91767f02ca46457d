//! Which part of a conversation is on screen.

use shopbell::MessageId;

use super::{Action, Areas, Chat, Deed, Past, Stage, Transcript, transcript};

impl Chat {
    /// By a screenful, less one line for the eye to hold on to.
    pub(super) fn scroll_by(&mut self, pages: i32, stage: Stage<'_>) -> Vec<Action> {
        let (transcript, height) = self.laid_out(stage);
        let most = transcript.lines.len().saturating_sub(height);
        let now = self.scroll.min(most);
        let page = height.saturating_sub(1).max(1);
        if pages > 0 {
            self.scroll = (now + page).min(most);
            if self.scroll == most { self.ask_for_older() } else { Vec::new() }
        } else {
            self.scroll = now.saturating_sub(page);
            if self.scroll == 0 { vec![self.act(Deed::MarkSeen)] } else { Vec::new() }
        }
    }

    pub(super) fn ask_for_older(&mut self) -> Vec<Action> {
        if self.past != Past::MayExist {
            return Vec::new();
        }
        self.past = Past::Loading;
        vec![self.act(Deed::LoadOlder)]
    }

    pub(super) fn laid_out(&self, stage: Stage<'_>) -> (Transcript, usize) {
        let area = Areas::of(self, stage.size).transcript;
        (transcript::lay_out(self, area.width, stage.local), usize::from(area.height))
    }

    /// Scrolls as little as is needed to show the selected message.
    pub(super) fn show_selected(&mut self, stage: Stage<'_>) {
        let Some(id) = self.selected().map(|message| message.id.clone()) else { return };
        let (transcript, height) = self.laid_out(stage);
        let Some(range) = transcript.range(&id) else { return };
        let total = transcript.lines.len();
        let bottom = total.saturating_sub(self.scroll);
        if range.end > bottom {
            self.scroll = total.saturating_sub(range.end);
        }
        let top = total.saturating_sub(self.scroll).saturating_sub(height);
        if range.start < top {
            self.scroll = total.saturating_sub(range.start).saturating_sub(height);
        }
    }

    /// Scrolls back as far as is needed for the person to begin with the first message that is new.
    pub(super) fn show_news(&mut self, stage: Stage<'_>) {
        let Some(id) = &self.new_from else { return };
        let (transcript, height) = self.laid_out(stage);
        let Some(range) = transcript.range(id) else { return };
        // With the line above it.
        let top = range.start.saturating_sub(1);
        self.scroll = transcript.lines.len().saturating_sub(top).saturating_sub(height);
    }

    /// The message at the top of the screen, and how many of its lines are above.
    pub(super) fn anchor(&self, stage: Stage<'_>) -> Option<(MessageId, usize)> {
        let (transcript, height) = self.laid_out(stage);
        let top = transcript.lines.len().saturating_sub(self.scroll).saturating_sub(height);
        let (id, range) = transcript.messages.iter().find(|(_, range)| range.end > top)?;
        Some((id.clone(), top.saturating_sub(range.start)))
    }

    pub(super) fn return_to(&mut self, id: &MessageId, offset: usize, stage: Stage<'_>) {
        let (transcript, height) = self.laid_out(stage);
        if let Some(range) = transcript.range(id) {
            let top = range.start + offset;
            self.scroll = transcript.lines.len().saturating_sub(top).saturating_sub(height);
        }
    }
}
