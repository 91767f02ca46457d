//! The list of conversations.

use ratatui::{
    Frame,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
};
use shopbell::{ConversationStatus, ConversationSummary};
use unicode_width::UnicodeWidthStr as _;

use super::{
    padded, scrolled, theme,
    wrap::{hang, pad},
};
use crate::{
    app::{App, Doubt},
    shop,
};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let area = padded(area);
    let width = usize::from(area.width);
    let mut lines = vec![Line::default(), Line::styled(" Your conversations", theme::brand()), Line::default()];
    for words in above(app) {
        lines.extend(hang((" ".to_owned(), Style::new()), &[((*words).to_owned(), theme::quiet())], width));
    }
    if lines.len() > 3 {
        lines.push(Line::default());
    }
    let at = app.cursor();
    let mut cursor = 0..1;
    for (number, line) in app.shown().enumerate() {
        let start = lines.len();
        lines.extend(two_lines(line, number == at, width, app));
        lines.push(Line::default());
        if number == at {
            cursor = start..lines.len();
        }
    }
    frame.render_widget(scrolled(lines, area, cursor), area);
}

/// What stands above the list: why nothing, or not everything, is in it.
fn above(app: &App) -> &'static [&'static str] {
    match app.doubt() {
        Some(Doubt::Asked) => &["The desk is being asked who you are …"],
        Some(Doubt::Refused) => &[
            "The desk does not accept who you say you are, so earlier conversations are not shown.",
            "What was written is kept. Log in again: l",
        ],
        Some(Doubt::Mismatched) => &[
            "The desk takes you for somebody else, so earlier conversations are not shown.",
            "What was written is kept. Ask the shop to put that right.",
        ],
        None if app.conversations.is_empty() => &[
            "None yet. Press Enter to write to us, or s on any product to ask about it.",
            "It works without a network: what you write is kept, and goes out by itself.",
        ],
        None => &[],
    }
}

/// Who, or where nobody has answered yet what it is about, and when; below it the last words.
fn two_lines(line: &ConversationSummary, at: bool, width: usize, app: &App) -> [Line<'static>; 2] {
    let (label, words) = match &line.draft {
        Some(draft) => ("draft: ", draft.as_str()),
        None if line.preview_is_own => ("you: ", line.preview.as_str()),
        None => ("", line.preview.as_str()),
    };
    let state = match line.status {
        ConversationStatus::Open => "",
        ConversationStatus::Pending => "our helper answers",
        ConversationStatus::Snoozed => "put off",
        ConversationStatus::Resolved => "resolved",
        ConversationStatus::Gone => "deleted by the desk",
    };
    // Several without an answer must be told apart: their own words do that.
    let (name, label, words) = match &line.agent {
        Some(agent) => (agent.name.clone(), label, words.to_owned()),
        None if words.is_empty() => ("New conversation".to_owned(), "", "nothing written yet".to_owned()),
        None if line.draft.is_some() => (format!("“{words}”"), "", "a draft".to_owned()),
        None if line.preview_is_own => (format!("“{words}”"), "", "nobody has answered yet".to_owned()),
        None => (format!("“{words}”"), "", shop::NAME.to_owned()),
    };
    let when = app.local.short(line.last_activity);
    let style = if at { theme::cursor() } else { theme::strong() };
    let right = if state.is_empty() { when } else { format!("{state} · {when}") };
    let name = pad(&name, width.saturating_sub(right.width() + 3));
    let first = Line::styled(format!(" {name} {right} "), style);

    let mut badges = Vec::new();
    if line.needs_attention > 0 {
        badges.push(Span::styled(format!(" ! {} not sent", line.needs_attention), theme::bad()));
    }
    if line.waiting > 0 {
        badges.push(Span::styled(format!(" ◷ {} waiting", line.waiting), theme::quiet()));
    }
    if line.unread > 0 {
        badges.push(Span::styled(format!(" ●{} new", line.unread), theme::bad()));
    }
    let room = width.saturating_sub(4 + badges.iter().map(Span::width).sum::<usize>());
    let words_style = if line.unread > 0 { Style::new().add_modifier(Modifier::BOLD) } else { Style::new() };
    let mut spans = vec![
        Span::raw("   "),
        Span::styled(label, theme::own()),
        Span::styled(pad(&words, room.saturating_sub(label.len())), words_style),
    ];
    spans.extend(badges);
    [first, Line::from(spans)]
}
