//! What the keys do in a conversation.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use shopbell::Delivery;

use super::{Chat, Deed, Focus, Notice, Reply, Stage, Sure};
use crate::app::{answering::Outcome, attaching, editor::Editor, shopping};

impl Chat {
    pub(crate) fn key(&mut self, key: KeyEvent, stage: Stage<'_>) -> Reply {
        match key.code {
            KeyCode::PageUp => return Reply::of(self.scroll_by(1, stage)),
            KeyCode::PageDown => return Reply::of(self.scroll_by(-1, stage)),
            _ => {}
        }
        match &self.focus {
            Focus::Write => self.write_key(key, stage),
            Focus::Browse(_) => self.browse_key(key, stage),
            Focus::Answer(_) => self.answer_key(key, stage),
        }
    }

    fn write_key(&mut self, key: KeyEvent, stage: Stage<'_>) -> Reply {
        match key.code {
            KeyCode::Enter if key.modifiers.is_empty() => return self.enter(),
            KeyCode::Esc if self.editing.is_some() => {
                if let Some((_, draft)) = self.editing.take() {
                    self.editor = Editor::new(draft);
                }
                return Reply::default();
            }
            KeyCode::Esc => return Reply { leave: true, ..Reply::default() },
            KeyCode::Tab => return self.next_stop(stage),
            KeyCode::Char('r') if key.modifiers.contains(KeyModifiers::CONTROL) => return Reply::ask(Sure::Resolve),
            KeyCode::Up if self.editor.on_first_line() => {
                if let Some(last) = self.messages.last() {
                    self.focus = Focus::Browse(last.id.clone());
                    self.show_selected(stage);
                }
                return Reply::default();
            }
            _ => {}
        }
        let before = self.editor.text().to_owned();
        self.editor.key(key);
        if self.editor.text() == before { Reply::default() } else { Reply::of(self.written()) }
    }

    fn enter(&mut self) -> Reply {
        if self.editor.is_blank() {
            return Reply::default();
        }
        if shopping::is_only_a_beginning(self.editor.text()) {
            return Reply::told("Write your question behind it, then press Enter");
        }
        self.scroll = 0;
        self.new_from = None;
        // Should the phone fail to keep them, they come back: see `not_kept`.
        let text = self.editor.take();
        let deed = match self.editing.take() {
            Some((message, draft)) => {
                self.editor = Editor::new(draft);
                Deed::Edit(message, text)
            }
            None => Deed::Send(text),
        };
        Reply::of([self.act(deed)])
    }

    fn browse_key(&mut self, key: KeyEvent, stage: Stage<'_>) -> Reply {
        let Some(message) = self.selected().cloned() else {
            self.focus = Focus::Write;
            return Reply::default();
        };
        let unsent = matches!(message.delivery, Some(Delivery::NeedsAttention { .. } | Delivery::Queued));
        match key.code {
            KeyCode::Esc => self.focus = Focus::Write,
            KeyCode::Tab => return self.next_stop(stage),
            KeyCode::Up => return Reply::of(self.select_by(-1, stage)),
            KeyCode::Down => return Reply::of(self.select_by(1, stage)),
            KeyCode::Char('r') if unsent && key.modifiers.is_empty() => {
                self.focus = Focus::Write;
                return Reply::of([self.act(Deed::Retry(message.id))]);
            }
            KeyCode::Char('e') if unsent && key.modifiers.is_empty() => {
                self.focus = Focus::Write;
                // Words of another message that are being changed have set the draft aside already.
                let draft = match self.editing.take() {
                    Some((_, draft)) => draft,
                    None => self.editor.take(),
                };
                self.editor = Editor::new(message.content.as_text());
                self.editing = Some((message.id, draft));
            }
            // While its files go, it can still be taken back.
            KeyCode::Char('d') if key.modifiers.is_empty() && (unsent || attaching::goes(&message)) => {
                return Reply::ask(Sure::Discard(message.id));
            }
            KeyCode::Enter => match self.answering(&message) {
                Some(answering) => self.focus = Focus::Answer(answering),
                None => self.focus = Focus::Write,
            },
            KeyCode::Char(_) => {
                // A number key on a question answers it at once. Whoever types anything else means to write.
                if let Some(answering) = self.answering(&message) {
                    self.focus = Focus::Answer(answering);
                    return self.answer_key(key, stage);
                }
                self.focus = Focus::Write;
                return self.write_key(key, stage);
            }
            _ => {}
        }
        Reply::default()
    }

    fn answer_key(&mut self, key: KeyEvent, stage: Stage<'_>) -> Reply {
        let Focus::Answer(answering) = &mut self.focus else { return Reply::default() };
        match answering.key(key) {
            Outcome::Going => Reply::default(),
            Outcome::Told(problem) => Reply::told(problem),
            Outcome::Left => {
                self.write_on();
                Reply::default()
            }
            Outcome::Next => self.next_stop(stage),
            Outcome::Words => {
                self.write_on();
                self.write_key(key, stage)
            }
            Outcome::Link(url) => {
                Reply { notice: Some(Notice::Good(format!("Open in a browser: {url}"))), ..Reply::default() }
            }
            Outcome::Done(deed) => {
                self.write_on();
                self.scroll = 0;
                self.new_from = None;
                Reply::of([self.act(deed)])
            }
        }
    }

    fn select_by(&mut self, step: i32, stage: Stage<'_>) -> Vec<super::Action> {
        let Focus::Browse(id) = &self.focus else { return Vec::new() };
        let now = self.messages.iter().position(|message| message.id == *id).unwrap_or_default();
        let next = if step < 0 { now.checked_sub(1) } else { Some(now + 1) };
        match next.and_then(|next| self.messages.get(next)) {
            Some(message) => {
                self.focus = Focus::Browse(message.id.clone());
                self.show_selected(stage);
                Vec::new()
            }
            None if step < 0 => self.ask_for_older(),
            None => {
                self.focus = Focus::Write;
                self.scroll = 0;
                vec![self.act(Deed::MarkSeen)]
            }
        }
    }
}
