//! The box to answer in: choices, a form, a rating.

use ratatui::{
    Frame,
    layout::{Position, Rect},
    style::Style,
    text::{Line, Span},
    widgets::{Block, BorderType, Paragraph},
};
use unicode_width::UnicodeWidthStr as _;

use super::{bubble::scale_line, theme, wrap::cut};
use crate::app::answering::{Answering, Field, What, label};

/// Rows that the box wants, frame included.
pub(super) fn height(answering: &Answering, _width: u16) -> u16 {
    let rows = match &answering.what {
        What::Select { choices, .. } => choices.len(),
        What::Form { fields, .. } => fields.len(),
        What::Survey { .. } => 2,
        What::Buttons { actions, .. } => actions.len(),
    };
    u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(2)
}

/// The keys for the footer.
pub(super) fn keys(answering: &Answering) -> Vec<(&'static str, &'static str)> {
    match &answering.what {
        What::Select { .. } | What::Buttons { .. } => {
            vec![("1-9", "pick"), ("↑↓ Enter", "pick"), ("Tab", "the next"), ("Esc", "later")]
        }
        What::Form { .. } => vec![("Tab", "next field"), ("←→", "choices"), ("Enter", "next / send"), ("Esc", "later")],
        What::Survey { .. } => {
            vec![("1-5", "rate"), ("Tab", "add words"), ("Enter", "send"), ("Esc", "later")]
        }
    }
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, answering: &Answering) {
    let title = match &answering.what {
        What::Select { .. } => " Pick one ".to_owned(),
        What::Form { button, .. } => format!(" Fill in, then Enter: {button} "),
        What::Survey { .. } => " How was it? ".to_owned(),
        What::Buttons { .. } => " Press a button ".to_owned(),
    };
    let block = Block::bordered().border_type(BorderType::Rounded).border_style(theme::brand()).title(title);
    let inner = block.inner(area);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    frame.render_widget(block, area);
    match &answering.what {
        What::Select { choices, at } => {
            list(frame, inner, choices.iter().map(|choice| choice.title.clone()), *at);
        }
        What::Buttons { actions, at } => list(frame, inner, actions.iter().filter_map(label), *at),
        What::Form { fields, at, .. } => form(frame, inner, fields, *at),
        What::Survey { scale, score, comment, in_comment } => {
            let label = "And in words: ";
            let room = usize::from(inner.width).saturating_sub(label.len() + 1);
            let (shown, cursor) = tail(comment.text(), room);
            let lines = vec![
                Line::from(vec![
                    Span::raw(scale_line(*scale, *score)),
                    Span::styled(if *in_comment { "" } else { "  ← press 1 to 5" }, theme::quiet()),
                ]),
                Line::from(vec![Span::styled(label, theme::quiet()), Span::raw(shown)]),
            ];
            frame.render_widget(Paragraph::new(lines), inner);
            if *in_comment {
                let x = inner.x.saturating_add(offset(label.len() + cursor));
                frame.set_cursor_position(Position { x, y: inner.y + 1 });
            }
        }
    }
}

/// Numbered lines to pick from.
fn list(frame: &mut Frame<'_>, inner: Rect, words: impl Iterator<Item = String>, at: usize) {
    let width = usize::from(inner.width).saturating_sub(3);
    let lines = words.zip(1..).map(|(words, number)| {
        let style = if number == at + 1 { theme::cursor() } else { Style::new() };
        Line::from(vec![Span::styled(format!("{number} "), theme::brand()), Span::styled(cut(&words, width), style)])
    });
    frame.render_widget(super::scrolled(lines.collect(), inner, at..at + 1), inner);
}

fn form(frame: &mut Frame<'_>, inner: Rect, fields: &[Field], at: usize) {
    let widest = fields.iter().map(|field| field.field.label.width()).max().unwrap_or(0).min(24);
    let mut lines = Vec::new();
    let mut cursor_column = None;
    for (number, field) in fields.iter().enumerate() {
        let current = number == at;
        let label = super::wrap::pad(&field.field.label, widest);
        let star = if field.field.required { "* " } else { "  " };
        let label_style = if current { theme::brand() } else { theme::quiet() };
        let mut spans = vec![Span::styled(format!("{label}{star}"), label_style)];
        let room = usize::from(inner.width).saturating_sub(widest + 3);
        if field.field.choices.is_empty() {
            let (shown, column) = tail(field.value.text(), room);
            if shown.is_empty() && !current {
                spans.push(Span::styled(field.field.placeholder.clone().unwrap_or_default(), theme::quiet()));
            }
            if current {
                cursor_column = Some(widest + 2 + column);
            }
            spans.push(Span::raw(shown));
        } else {
            for choice in &field.field.choices {
                let picked = choice.value == field.value.text();
                let style = if picked { theme::cursor() } else { Style::new() };
                spans.push(Span::styled(format!(" {} ", choice.title), style));
            }
        }
        lines.push(Line::from(spans));
    }
    frame.render_widget(super::scrolled(lines, inner, at..at + 1), inner);
    let from = (at + 1).saturating_sub(usize::from(inner.height));
    if let Some(column) = cursor_column {
        let position = Position { x: inner.x.saturating_add(offset(column)), y: inner.y + offset(at - from.min(at)) };
        frame.set_cursor_position(position);
    }
}

/// The end of a one-line text, where the cursor is, and its width.
fn tail(text: &str, room: usize) -> (String, usize) {
    let line = text.replace('\n', "⏎");
    if line.width() <= room {
        let width = line.width();
        return (line, width);
    }
    let reversed: String = line.chars().rev().collect();
    let shown: String = cut(&reversed, room).chars().rev().collect();
    let width = shown.width();
    (shown, width)
}

fn offset(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}
