//! The shelf: all products, and on a wide screen the one under the cursor beside them.

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};
use unicode_width::UnicodeWidthStr as _;

use super::{padded, product, scrolled, theme, wrap::pad};
use crate::{
    app::App,
    shop::{PRODUCTS, price},
};

/// From this width on there is room for a page beside the list.
const WIDE: u16 = 100;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let list = if area.width >= WIDE { Rect { width: area.width * 11 / 20, ..area } } else { area };
    let list = padded(list);
    let width = usize::from(list.width);
    let mut lines = vec![Line::default()];
    let mut cursor = 0..1;
    let mut kind = "";
    for (number, product) in PRODUCTS.iter().enumerate() {
        if product.kind != kind {
            // Headings need room that a small terminal has not.
            if list.height >= 22 {
                if !kind.is_empty() {
                    lines.push(Line::default());
                }
                lines.push(Line::styled(product.kind, theme::quiet()));
            }
            kind = product.kind;
        }
        let at = number == app.shopping.at;
        let style = if at { theme::cursor() } else { Style::new() };
        let stock = stock(product.stock);
        let right = format!("{:>12}  {:>9} ", price(product.dong), stock.0);
        let name = pad(product.name, width.saturating_sub(right.width() + 4));
        if at {
            cursor = lines.len()..lines.len() + 1;
        }
        // Icons are two columns in most terminals, one in some: nothing that must line up stands behind them.
        lines.push(Line::from(vec![
            Span::styled(format!(" {name}"), style),
            Span::styled(format!("{:>12}  ", price(product.dong)), style),
            Span::styled(format!("{:>9} ", stock.0), if at { style } else { stock.1 }),
            Span::raw(format!(" {}", product.icon)),
        ]));
    }
    frame.render_widget(scrolled(lines, list, cursor), list);
    if area.width >= WIDE {
        let page = Rect { x: area.x + area.width * 11 / 20, width: area.width - area.width * 11 / 20, ..area };
        product::draw(frame, page, app);
    }
}

/// What is left, and how urgent that is.
pub(super) fn stock(left: u32) -> (String, Style) {
    match left {
        0 => ("sold out".to_owned(), theme::bad()),
        1..=6 => (format!("only {left}"), theme::own()),
        _ => (format!("{left} left"), theme::quiet()),
    }
}
