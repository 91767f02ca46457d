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
    wrap::{cut, pad},
};
use crate::app::App;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let area = padded(area);
    let width = usize::from(area.width);
    let mut lines = vec![Line::default(), Line::styled(" Your conversations", theme::brand()), Line::default()];
    if app.conversations.is_empty() {
        for words in [
            " None yet. Press Enter to write to us, or s on any product to ask about it.",
            " It works without a network: what you write is kept, and goes out by itself.",
        ] {
            lines.push(Line::styled(cut(words, width), theme::quiet()));
        }
    }
    let at = app.cursor();
    let mut cursor = 0..1;
    for (number, line) in app.conversations.iter().enumerate() {
        let start = lines.len();
        lines.extend(two_lines(line, number == at, width, app));
        lines.push(Line::default());
        if number == at {
            cursor = start..lines.len();
        }
    }
    frame.render_widget(scrolled(lines, area, cursor), area);
}

/// Who and when, and below it the last words.
fn two_lines(line: &ConversationSummary, at: bool, width: usize, app: &App) -> [Line<'static>; 2] {
    let name = line.agent.as_ref().map_or("Support", |agent| agent.name.as_str());
    let (sign, state) = match line.status {
        ConversationStatus::Open => ("●", theme::good()),
        ConversationStatus::Pending => ("●", theme::bot()),
        ConversationStatus::Snoozed => ("○", theme::quiet()),
        ConversationStatus::Resolved => ("✓", theme::quiet()),
        ConversationStatus::Gone => ("✕", theme::quiet()),
    };
    let when = app.local.short(line.last_activity);
    let style = if at { theme::cursor() } else { theme::strong() };
    let name = pad(name, width.saturating_sub(when.width() + 5));
    let first =
        Line::from(vec![Span::styled(format!(" {sign} "), state), Span::styled(format!("{name} {when} "), style)]);

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
    let (label, words) = match &line.draft {
        Some(draft) => ("draft: ", draft.as_str()),
        None if line.preview_is_own => ("you: ", line.preview.as_str()),
        None => ("", line.preview.as_str()),
    };
    let words_style = if line.unread > 0 { Style::new().add_modifier(Modifier::BOLD) } else { Style::new() };
    let mut spans = vec![
        Span::raw("   "),
        Span::styled(label, theme::own()),
        Span::styled(pad(words, room.saturating_sub(label.len())), words_style),
    ];
    spans.extend(badges);
    [first, Line::from(spans)]
}
