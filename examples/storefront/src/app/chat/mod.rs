//! An open conversation: writing, looking back, answering.

mod scroll;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use shopbell::{CardAction, Content, ConversationId, Delivery, Diff, Message, MessageId, Older, Typing};

use super::{
    Action, Notice,
    answering::{Answering, Outcome},
    attaching,
    editor::Editor,
};
use crate::view::{
    chat::Areas,
    time::Local,
    transcript::{self, Transcript},
};

/// What the chat screen shows.
#[derive(Clone, Debug)]
pub(crate) struct Chat {
    pub(crate) id: ConversationId,
    pub(crate) messages: Vec<Message>,
    pub(crate) typing: Option<Typing>,
    pub(crate) focus: Focus,
    pub(crate) editor: Editor,
    /// The message whose words are being changed, and the draft that was set aside for it.
    pub(crate) editing: Option<(MessageId, String)>,
    /// How many lines of the transcript are below the screen. May be more than there are: the view clamps it.
    pub(crate) scroll: usize,
    pub(crate) past: Past,
    /// The first batch has come.
    pub(crate) loaded: bool,
}

/// Where the keys go.
#[derive(Clone, Debug)]
pub(crate) enum Focus {
    Write,
    Browse(MessageId),
    Answer(Answering),
}

/// What lies before the oldest message shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Past {
    MayExist,
    /// Asked for because the screen is not full: the person waits for nothing.
    Looking,
    Loading,
    Nothing,
}

/// What the chat needs to know of the screen that it is on.
#[derive(Clone, Copy)]
pub(crate) struct Stage<'a> {
    pub(crate) size: (u16, u16),
    pub(crate) local: &'a Local,
}

/// What a key came to.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    pub(crate) actions: Vec<Action>,
    pub(crate) notice: Option<Notice>,
    /// Back to the list.
    pub(crate) leave: bool,
}

impl Reply {
    pub(super) fn of(actions: impl IntoIterator<Item = Action>) -> Self {
        Self { actions: actions.into_iter().collect(), ..Self::default() }
    }

    fn told(text: impl Into<String>) -> Self {
        Self { notice: Some(Notice::Bad(text.into())), ..Self::default() }
    }
}

impl Chat {
    /// One that is there already, or one that is just begun.
    pub(crate) fn new(id: ConversationId, draft: String, begun: bool) -> Self {
        Self {
            id,
            messages: Vec::new(),
            typing: None,
            focus: Focus::Write,
            editor: Editor::new(draft),
            editing: None,
            scroll: 0,
            past: if begun { Past::Nothing } else { Past::MayExist },
            loaded: false,
        }
    }

    /// The message whose words are selected or being answered.
    pub(crate) fn selected(&self) -> Option<&Message> {
        let id = match &self.focus {
            Focus::Write => return None,
            Focus::Browse(id) => id,
            Focus::Answer(answering) => &answering.message,
        };
        self.messages.iter().find(|message| message.id == *id)
    }

    /// The newest message that waits for the customer: one that could not be sent, or a question that nothing the
    /// customer said or answered since has left behind.
    pub(crate) fn waiting(&self) -> Option<&Message> {
        let mut left_behind = false;
        self.messages.iter().rev().find(|message| match &message.delivery {
            Some(Delivery::NeedsAttention { .. }) => true,
            Some(_) => {
                left_behind = true;
                false
            }
            None if !asks(message) || message.deleted => false,
            None => {
                let open = message.content.answer().is_none() && !left_behind;
                left_behind |= message.content.answer().is_some();
                open
            }
        })
    }

    /// New messages, and what they change. A person who reads further up stays where they are.
    pub(crate) fn take_messages(&mut self, steps: Vec<Diff<Message>>, stage: Stage<'_>) -> Vec<Action> {
        let anchor = (self.scroll > 0).then(|| self.anchor(stage)).flatten();
        for step in steps {
            step.apply(&mut self.messages);
        }
        let first = !std::mem::replace(&mut self.loaded, true);
        if let Some((id, offset)) = anchor {
            self.return_to(&id, offset, stage);
        }
        let gone = self.selected().is_none();
        match &self.focus {
            Focus::Browse(_) | Focus::Answer(_) if gone => self.focus = Focus::Write,
            _ => {}
        }
        let mut actions = if self.scroll == 0 { vec![Action::MarkSeen] } else { Vec::new() };
        let (transcript, height) = self.laid_out(stage);
        if first && self.past == Past::MayExist && transcript.lines.len() < height {
            self.past = Past::Looking;
            actions.push(Action::LoadOlder);
        }
        actions
    }

    /// What was to be sent could not be kept on the phone: nothing of it may be lost.
    pub(crate) fn not_kept(&mut self, text: &str) {
        if self.editor.is_blank() {
            self.editor = Editor::new(text);
        }
    }

    /// The oldest page has come, or can't.
    pub(crate) fn take_older(&mut self, outcome: Result<Older, String>) -> Option<Notice> {
        match outcome {
            Ok(Older::MayExist) => self.past = Past::MayExist,
            Ok(Older::None) => self.past = Past::Nothing,
            Err(_) if self.past == Past::Looking => self.past = Past::MayExist,
            Err(problem) => {
                self.past = Past::MayExist;
                return Some(Notice::Bad(format!("Older messages can't be had now: {problem}")));
            }
        }
        None
    }

    pub(crate) fn paste(&mut self, text: &str) -> Vec<Action> {
        match &mut self.focus {
            Focus::Answer(answering) => {
                answering.paste(text);
                Vec::new()
            }
            _ => {
                self.focus = Focus::Write;
                self.editor.insert(text);
                self.written()
            }
        }
    }

    pub(crate) fn key(&mut self, key: KeyEvent, stage: Stage<'_>) -> Reply {
        match key.code {
            KeyCode::PageUp => return Reply::of(self.scroll_by(1, stage)),
            KeyCode::PageDown => return Reply::of(self.scroll_by(-1, stage)),
            _ => {}
        }
        match &self.focus {
            Focus::Write => self.write_key(key, stage),
            Focus::Browse(_) => self.browse_key(key, stage),
            Focus::Answer(_) => self.answer_key(key),
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
            KeyCode::Tab => return self.go_to_waiting(stage),
            KeyCode::Char('r') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                return Reply::of([Action::Resolve]);
            }
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

    /// The words have changed: they are kept as a draft, and the agent sees that somebody types.
    fn written(&mut self) -> Vec<Action> {
        if self.editing.is_some() {
            // The draft is the one that was set aside; these words belong to a message.
            return Vec::new();
        }
        vec![Action::SaveDraft(self.editor.text().to_owned()), Action::Typing(!self.editor.is_blank())]
    }

    fn enter(&mut self) -> Reply {
        if self.editor.is_blank() {
            return Reply::default();
        }
        self.scroll = 0;
        match self.editing.take() {
            Some((message, draft)) => {
                let text = self.editor.take();
                self.editor = Editor::new(draft);
                Reply::of([Action::Edit(message, text)])
            }
            // Should the phone fail to keep them, they come back: see `not_kept`.
            None => Reply::of([Action::Send(self.editor.take())]),
        }
    }

    fn go_to_waiting(&mut self, stage: Stage<'_>) -> Reply {
        let Some(message) = self.waiting().cloned() else {
            return Reply::told("Nothing here waits for an answer");
        };
        self.focus = match Answering::of(&message) {
            Some(answering) => Focus::Answer(answering),
            None => Focus::Browse(message.id.clone()),
        };
        self.show_selected(stage);
        Reply::default()
    }

    fn browse_key(&mut self, key: KeyEvent, stage: Stage<'_>) -> Reply {
        let Some(message) = self.selected().cloned() else {
            self.focus = Focus::Write;
            return Reply::default();
        };
        let unsent = matches!(message.delivery, Some(Delivery::NeedsAttention { .. } | Delivery::Queued));
        match key.code {
            KeyCode::Esc => self.focus = Focus::Write,
            KeyCode::Up => return Reply::of(self.select_by(-1, stage)),
            KeyCode::Down => return Reply::of(self.select_by(1, stage)),
            KeyCode::Char('r') if unsent => {
                self.focus = Focus::Write;
                return Reply::of([Action::Retry(message.id)]);
            }
            KeyCode::Char('e') if unsent => {
                self.focus = Focus::Write;
                let draft = self.editor.take();
                self.editor = Editor::new(message.content.as_text());
                self.editing = Some((message.id, draft));
            }
            // While its files go, it can still be taken back.
            KeyCode::Char('d') if unsent || attaching::goes(&message) => {
                self.focus = Focus::Write;
                return Reply::of([Action::Discard(message.id)]);
            }
            KeyCode::Enter | KeyCode::Tab => match Answering::of(&message) {
                Some(answering) => self.focus = Focus::Answer(answering),
                None => self.focus = Focus::Write,
            },
            KeyCode::Char(c) => {
                if let Some(action) = c.to_digit(10).and_then(|number| card_action(&message, number as usize)) {
                    return self.press_card(action);
                }
                if Answering::of(&message).is_some() {
                    // A number key on a question answers it at once.
                    self.focus = Answering::of(&message).map_or(Focus::Write, Focus::Answer);
                    return self.answer_key(key);
                }
                // Whoever types means to write.
                self.focus = Focus::Write;
                return self.write_key(key, stage);
            }
            _ => {}
        }
        Reply::default()
    }

    fn press_card(&mut self, action: CardAction) -> Reply {
        match action {
            CardAction::Reply { payload, .. } => {
                self.focus = Focus::Write;
                self.scroll = 0;
                Reply::of([Action::Send(payload)])
            }
            CardAction::Link { url, .. } => {
                Reply { notice: Some(Notice::Good(format!("Open in a browser: {url}"))), ..Reply::default() }
            }
            _ => Reply::default(),
        }
    }

    fn answer_key(&mut self, key: KeyEvent) -> Reply {
        let Focus::Answer(answering) = &mut self.focus else { return Reply::default() };
        match answering.key(key) {
            Outcome::Going => Reply::default(),
            Outcome::Told(problem) => Reply::told(problem),
            Outcome::Left => {
                self.focus = Focus::Write;
                Reply::default()
            }
            Outcome::Done(action) => {
                self.focus = Focus::Write;
                self.scroll = 0;
                Reply::of([action])
            }
        }
    }

    fn select_by(&mut self, step: i32, stage: Stage<'_>) -> Vec<Action> {
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
                vec![Action::MarkSeen]
            }
        }
    }
}

/// Whether a message asks something.
fn asks(message: &Message) -> bool {
    matches!(&message.content, Content::Select { .. } | Content::Form { .. } | Content::Survey { .. })
}

/// The action of a message's cards by its number, counted from 1 through all cards.
fn card_action(message: &Message, number: usize) -> Option<CardAction> {
    let Content::Cards { cards, .. } = &message.content else { return None };
    cards.iter().flat_map(|card| &card.actions).nth(number.checked_sub(1)?).cloned()
}
