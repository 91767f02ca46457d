//! An open conversation: writing, looking back, answering.

mod keys;
mod scroll;
mod stops;

use shopbell::{Content, ConversationId, Delivery, Diff, Message, MessageId, Older, Typing};

use super::{Action, Deed, Notice, Sure, answering::Answering, editor::Editor};
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
    /// The first message that the person had not seen when the conversation came on screen, or that came while they
    /// read further up. The line above it stays until they write.
    pub(crate) new_from: Option<MessageId>,
    /// How many messages were unread when the conversation came on screen.
    unread: usize,
    /// Answers that were begun and not given, or not taken.
    begun: Vec<Answering>,
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

/// What was typed in a conversation that was left, and is no draft: it is there when the person comes back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unfinished {
    /// The message whose words are being changed, the words so far, and the draft that was set aside for it.
    editing: Option<(MessageId, Editor, String)>,
    answers: Vec<Answering>,
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
    /// To be asked before it is done.
    pub(crate) sure: Option<Sure>,
}

impl Reply {
    pub(super) fn of(actions: impl IntoIterator<Item = Action>) -> Self {
        Self { actions: actions.into_iter().collect(), ..Self::default() }
    }

    fn told(text: impl Into<String>) -> Self {
        Self { notice: Some(Notice::Bad(text.into())), ..Self::default() }
    }

    fn ask(sure: Sure) -> Self {
        Self { sure: Some(sure), ..Self::default() }
    }
}

impl Chat {
    /// One that is there already, with so many messages unread, or one that is just begun.
    pub(crate) fn new(id: ConversationId, draft: String, begun: bool, unread: u32) -> Self {
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
            new_from: None,
            unread: usize::try_from(unread).unwrap_or(usize::MAX),
            begun: Vec::new(),
        }
    }

    /// What is typed here and kept nowhere else.
    pub(crate) fn unfinished(mut self) -> Unfinished {
        if let Focus::Answer(answering) = std::mem::replace(&mut self.focus, Focus::Write) {
            self.set_aside(answering);
        }
        let editing = self.editing.take().map(|(message, draft)| (message, self.editor, draft));
        Unfinished { editing, answers: self.begun }
    }

    /// Goes on where the person left.
    pub(crate) fn resume(&mut self, unfinished: Unfinished) {
        self.begun = unfinished.answers;
        if let Some((message, words, draft)) = unfinished.editing {
            self.editor = words;
            self.editing = Some((message, draft));
        }
    }

    fn act(&self, deed: Deed) -> Action {
        Action::In(self.id.clone(), deed)
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

    /// New messages, and what they change. A person who reads further up stays where they are.
    pub(crate) fn take_messages(&mut self, steps: Vec<Diff<Message>>, stage: Stage<'_>) -> Vec<Action> {
        let anchor = (self.scroll > 0).then(|| self.anchor(stage)).flatten();
        let newest = self.messages.last().map(|message| message.id.clone());
        for step in steps {
            step.apply(&mut self.messages);
        }
        let first = !std::mem::replace(&mut self.loaded, true);
        if first {
            self.new_from = self.first_unread();
        } else if self.scroll > 0 && self.new_from.is_none() {
            let behind = self.messages.iter().skip_while(|message| Some(&message.id) != newest.as_ref()).skip(1);
            self.new_from = behind.filter(|message| is_news(message)).map(|message| message.id.clone()).next();
        }
        if let Some((id, offset)) = anchor {
            self.return_to(&id, offset, stage);
        }
        let gone = self.selected().is_none();
        match &self.focus {
            Focus::Browse(_) | Focus::Answer(_) if gone => {
                if let Focus::Answer(answering) = std::mem::replace(&mut self.focus, Focus::Write) {
                    self.set_aside(answering);
                }
            }
            _ => {}
        }
        if first {
            self.show_news(stage);
        }
        let mut actions = if self.scroll == 0 { vec![self.act(Deed::MarkSeen)] } else { Vec::new() };
        let (transcript, height) = self.laid_out(stage);
        if first && self.past == Past::MayExist && transcript.lines.len() < height {
            self.past = Past::Looking;
            actions.push(self.act(Deed::LoadOlder));
        }
        actions
    }

    fn first_unread(&self) -> Option<MessageId> {
        let news = self.messages.iter().rev().filter(|message| is_news(message)).take(self.unread);
        news.last().map(|message| message.id.clone())
    }

    /// What was to be sent could not be kept on the phone: nothing of it may be lost, nor of what was typed since.
    pub(crate) fn not_kept(&mut self, text: &str) -> Vec<Action> {
        let before = |since: String| if since.trim().is_empty() { text.to_owned() } else { format!("{text}\n{since}") };
        if let Some((_, draft)) = &mut self.editing {
            *draft = before(std::mem::take(draft));
            return vec![Action::In(self.id.clone(), Deed::SaveDraft(draft.clone()))];
        }
        self.editor = Editor::new(before(self.editor.take()));
        self.written()
    }

    /// An answer was not taken: it is on screen again, as it was given.
    pub(crate) fn not_answered(&mut self, message: &MessageId) {
        let Some(begun) = self.begun.iter().find(|begun| begun.message == *message) else { return };
        // Whoever writes by now goes on writing; Tab leads back.
        if self.editor.is_blank() && matches!(self.focus, Focus::Write) {
            self.focus = Focus::Answer(begun.clone());
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
        if let Focus::Answer(answering) = &mut self.focus
            && answering.paste(text)
        {
            return Vec::new();
        }
        self.write_on();
        self.editor.insert(text);
        self.written()
    }

    /// The words have changed: they are kept as a draft, and the agent sees that somebody types.
    fn written(&mut self) -> Vec<Action> {
        if self.editing.is_some() {
            // The draft is the one that was set aside; these words belong to a message.
            return Vec::new();
        }
        let draft = Deed::SaveDraft(self.editor.text().to_owned());
        vec![self.act(draft), self.act(Deed::Typing(!self.editor.is_blank()))]
    }

    /// Back to the box. An answer that was begun is kept.
    fn write_on(&mut self) {
        if let Focus::Answer(answering) = std::mem::replace(&mut self.focus, Focus::Write) {
            self.set_aside(answering);
        }
    }

    fn set_aside(&mut self, answering: Answering) {
        self.begun.retain(|begun| begun.message != answering.message);
        self.begun.push(answering);
    }

    /// The answer to a message as far as it was begun; `None` where the message asks nothing.
    fn answering(&self, message: &Message) -> Option<Answering> {
        let begun = self.begun.iter().find(|begun| begun.message == message.id);
        // An answer that the desk has, perhaps from another phone, is newer than one that was only begun.
        let begun = begun.filter(|_| message.content.answer().is_none());
        begun.cloned().or_else(|| Answering::of(message))
    }
}

/// Whether a message is one that counts as unread.
fn is_news(message: &Message) -> bool {
    !message.author.is_customer() && !message.deleted
}

/// Whether a message asks something.
fn asks(message: &Message) -> bool {
    matches!(&message.content, Content::Select { .. } | Content::Form { .. } | Content::Survey { .. })
}

/// Whether a message of the customer's waits for them.
fn is_unsent(message: &Message) -> bool {
    matches!(message.delivery, Some(Delivery::NeedsAttention { .. }))
}
