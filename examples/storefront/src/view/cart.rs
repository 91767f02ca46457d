//! The cart.

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::{padded, scrolled, theme, wrap::pad};
use crate::{
    app::App,
    shop::{PRODUCTS, price},
};

/// The widest that a list of prices reads well.
pub(super) const WIDEST: u16 = 76;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let area = padded(Rect { width: area.width.min(WIDEST), ..area });
    let width = usize::from(area.width);
    let mut lines = vec![Line::default(), Line::styled(" Your cart", theme::brand()), Line::default()];
    if app.shopping.cart.is_empty() {
        lines.push(Line::styled(" Nothing yet. Press 1 to look around.", theme::quiet()));
        frame.render_widget(scrolled(lines, area, 0..1), area);
        return;
    }
    let mut cursor = 0..1;
    for (number, (product, count)) in app.shopping.cart.iter().enumerate() {
        let Some(product) = PRODUCTS.get(*product) else { continue };
        let style = if number == app.shopping.cart_at { theme::cursor() } else { Style::new() };
        if number == app.shopping.cart_at {
            cursor = lines.len()..lines.len() + 1;
        }
        let right =
            format!("{count:>3} × {:>11} {:>13} ", price(product.dong), price(product.dong * u64::from(*count)));
        let name = pad(product.name, width.saturating_sub(right.chars().count() + 1));
        lines.push(Line::styled(format!(" {name}{right}"), style));
    }
    let total = price(app.shopping.cart_total());
    lines.push(Line::styled(format!(" {}", "─".repeat(width.saturating_sub(2))), theme::quiet()));
    lines.push(Line::from(vec![
        Span::styled(pad(" Together", width.saturating_sub(total.chars().count() + 1)), theme::quiet()),
        Span::styled(total, theme::strong()),
    ]));
    frame.render_widget(scrolled(lines, area, cursor), area);
}
