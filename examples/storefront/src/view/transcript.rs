//! A conversation laid out as lines: days, bubbles, and where each message stands.

use std::ops::Range;

use ratatui::text::{Line, Span};
use shopbell::{Author, Message, MessageId, Timestamp};

use super::{
    bubble::{self, Look},
    theme,
    time::Local,
};
use crate::app::chat::{Chat, Past};

/// Messages within this time from one person stand together under one name.
const TOGETHER_SECONDS: u64 = 300;

/// The lines, and the range of them that each message takes.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    pub(crate) lines: Vec<Line<'static>>,
    pub(crate) messages: Vec<(MessageId, Range<usize>)>,
}

impl Transcript {
    pub(crate) fn range(&self, id: &MessageId) -> Option<Range<usize>> {
        self.messages.iter().find(|(other, _)| other == id).map(|(_, range)| range.clone())
    }
}

/// Lays a conversation out for so many columns.
pub(crate) fn lay_out(chat: &Chat, width: u16, local: &Local) -> Transcript {
    let width = usize::from(width);
    let mut transcript = Transcript::default();
    if !chat.loaded {
        return transcript;
    }
    transcript.lines.push(centred(past(chat), width));
    let selected = chat.selected().map(|message| message.id.clone());
    let newest_own = chat.messages.iter().rev().find(|message| message.author.is_customer());
    let mut before: Option<&Message> = None;
    for message in &chat.messages {
        let new_day = before.is_none_or(|before| local.date(before.created_at) != local.date(message.created_at));
        if new_day {
            transcript.lines.push(centred(&format!("──── {} ────", local.day(message.created_at)), width));
        }
        let new = chat.new_from.as_ref() == Some(&message.id);
        if new {
            transcript.lines.push(across(" New ", width));
        }
        let look = Look {
            width,
            local,
            selected: selected.as_ref() == Some(&message.id),
            continued: !new_day && !new && before.is_some_and(|before| together(before, message)),
            newest_own: newest_own.is_some_and(|newest| newest.id == message.id),
        };
        let start = transcript.lines.len();
        transcript.lines.extend(bubble::lines(message, look));
        transcript.messages.push((message.id.clone(), start..transcript.lines.len()));
        before = Some(message);
    }
    transcript
}

fn past(chat: &Chat) -> &'static str {
    match chat.past {
        _ if chat.messages.is_empty() => "Write to us: a person reads it",
        Past::MayExist => "PgUp: older messages",
        Past::Looking => "",
        Past::Loading => "… older messages are on their way",
        Past::Nothing => "The conversation begins here",
    }
}

fn together(before: &Message, message: &Message) -> bool {
    let same = match (&before.author, &message.author) {
        (Author::Agent { agent: a }, Author::Agent { agent: b }) => a == b,
        (Author::Bot { name: a }, Author::Bot { name: b }) => a == b,
        (Author::Desk, Author::Desk) => true,
        _ => false,
    };
    same && near(before.created_at, message.created_at)
}

fn near(before: Timestamp, after: Timestamp) -> bool {
    after.since(before).as_secs() < TOGETHER_SECONDS
}

/// A line from edge to edge, with a word in it: what stands below is new to the reader.
fn across(word: &str, width: usize) -> Line<'static> {
    let left = width.saturating_sub(word.len()) / 2;
    let right = width.saturating_sub(word.len() + left);
    Line::styled(format!("{}{word}{}", "─".repeat(left), "─".repeat(right)), theme::bad())
}

fn centred(text: &str, width: usize) -> Line<'static> {
    let line = Line::styled(text.to_owned(), theme::quiet());
    let indent = width.saturating_sub(line.width()) / 2;
    let mut spans = vec![Span::raw(" ".repeat(indent))];
    spans.extend([Span::styled(text.to_owned(), theme::quiet())]);
    Line::from(spans)
}
