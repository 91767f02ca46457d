//! Past orders.

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};
use unicode_width::UnicodeWidthStr as _;

use super::{cart::WIDEST, padded, scrolled, theme, wrap::pad};
use crate::{
    app::{App, shopping::total},
    shop::{OrderStatus, PRODUCTS, price},
};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let area = padded(Rect { width: area.width.min(WIDEST), ..area });
    let width = usize::from(area.width);
    let orders = app.shopping.orders(app.known());
    let mut lines = vec![Line::default(), Line::styled(" Your orders", theme::brand()), Line::default()];
    if orders.is_empty() {
        let words = if app.known().is_some() { " None yet." } else { " Log in with l to see yours." };
        lines.push(Line::styled(words, theme::quiet()));
    }
    let mut cursor = 0..1;
    for (at, order) in orders.iter().enumerate() {
        let start = lines.len();
        let style = if at == app.shopping.orders_at { theme::cursor() } else { theme::strong() };
        let right = price(total(&order.items));
        let left = format!(" {}  {}", order.number, order.placed);
        let room = width.saturating_sub(right.width() + 1);
        lines.push(Line::styled(format!("{}{right} ", pad(&left, room)), style));
        let (sign, style) = status(order.status);
        lines.push(Line::from(vec![
            Span::styled(format!("   {sign} {}", order.status.label()), style),
            Span::styled(format!("  {}", order.note), theme::quiet()),
        ]));
        for (product, count) in &order.items {
            let name = PRODUCTS.get(*product).map_or("", |product| product.name);
            lines.push(Line::styled(format!("   {count} × {name}"), Style::new()));
        }
        lines.push(Line::default());
        if at == app.shopping.orders_at {
            cursor = start..lines.len();
        }
    }
    frame.render_widget(scrolled(lines, area, cursor), area);
}

fn status(status: OrderStatus) -> (&'static str, Style) {
    match status {
        OrderStatus::Packing => ("▣", theme::own()),
        OrderStatus::OnItsWay => ("→", theme::agent()),
        OrderStatus::Delivered => ("✓", theme::good()),
        OrderStatus::Returned => ("↺", theme::quiet()),
    }
}
