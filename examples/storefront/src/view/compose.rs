//! The box to write in.

use ratatui::{
    Frame,
    layout::{Position, Rect},
    text::Line,
    widgets::{Block, BorderType, Paragraph},
};

use super::theme;
use crate::app::{chat::Chat, editor::Editor};

/// Rows that the text shows at most; longer text scrolls within.
const MOST_ROWS: u16 = 6;

/// Rows that the box takes, frame included.
pub(super) fn height(editor: &Editor, width: u16) -> u16 {
    let rows = editor.rows(inner_width(width)).rows.len();
    u16::try_from(rows).unwrap_or(MOST_ROWS).clamp(1, MOST_ROWS) + 2
}

fn inner_width(width: u16) -> usize {
    usize::from(width).saturating_sub(4)
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, chat: &Chat, focused: bool) {
    let (title, style) = match &chat.editing {
        Some(_) => (" Change the message ", theme::brand()),
        None if focused => (" Write ", theme::own()),
        None => (" Write ", theme::quiet()),
    };
    let block = Block::bordered().border_type(BorderType::Rounded).border_style(style).title(title);
    let inner = block.inner(area);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    frame.render_widget(block, area);
    let rows = chat.editor.rows(inner_width(area.width));
    let from = (rows.cursor_row + 1).saturating_sub(usize::from(inner.height));
    let lines: Vec<Line<'_>> = if chat.editor.text().is_empty() {
        vec![Line::styled("Your message", theme::quiet())]
    } else {
        rows.rows.iter().skip(from).map(|row| Line::raw(row.as_str())).collect()
    };
    frame.render_widget(Paragraph::new(lines), inner);
    if focused {
        let offset = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        let x = inner.x.saturating_add(offset(rows.cursor_column)).min(inner.right());
        let y = inner.y.saturating_add(offset(rows.cursor_row - from)).min(inner.bottom().saturating_sub(1));
        frame.set_cursor_position(Position { x, y });
    }
}
