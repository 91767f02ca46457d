//! Drawing: a pure function from [`App`] to a frame. One file a screen.

pub(crate) mod answering;
pub(crate) mod bars;
mod blocks;
pub(crate) mod bubble;
mod cart;
pub(crate) mod chat;
mod compose;
mod conversations;
mod help;
mod orders;
mod overlay;
mod product;
mod products;
mod table;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub(crate) mod theme;
pub(crate) mod time;
pub(crate) mod transcript;
pub(crate) mod wrap;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
    widgets::Paragraph,
};

use crate::app::{App, Tab};

/// Smaller than this nothing can be shown that helps.
const SMALLEST: (u16, u16) = (40, 12);

/// Draws the whole screen.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let words = format!("Please make the window\nat least {} × {}", SMALLEST.0, SMALLEST.1);
        frame.render_widget(Paragraph::new(words), area);
        return;
    }
    let areas = Layout::vertical([Constraint::Length(bars::TOP), Constraint::Min(1), Constraint::Length(bars::BOTTOM)])
        .split(area);
    let [top, middle, bottom] = *areas else { return };
    bars::top(frame, top, app);
    match (app.tab, &app.chat) {
        (Tab::Shop, _) if app.shopping.page => product::draw(frame, middle, app),
        (Tab::Shop, _) => products::draw(frame, middle, app),
        (Tab::Cart, _) => cart::draw(frame, middle, app),
        (Tab::Orders, _) => orders::draw(frame, middle, app),
        (Tab::Support, None) => conversations::draw(frame, middle, app),
        (Tab::Support, Some(chat)) => chat::draw(frame, middle, app, chat),
        (Tab::Help, _) => help::draw(frame, middle, app),
    }
    bars::bottom(frame, bottom, app);
    if let Some(overlay) = &app.overlay {
        overlay::draw(frame, middle, app, overlay);
    }
}

/// Lines from a place on, so that the one under the cursor is among them.
fn scrolled(lines: Vec<Line<'static>>, area: Rect, cursor: std::ops::Range<usize>) -> Paragraph<'static> {
    let height = usize::from(area.height);
    let from = cursor.end.saturating_sub(height).min(cursor.start);
    Paragraph::new(lines.into_iter().skip(from).take(height).collect::<Vec<_>>())
}

/// A margin of one column on either side.
fn padded(area: Rect) -> Rect {
    Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area }
}
