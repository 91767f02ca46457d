//! A product's page.

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::{Block, BorderType, Padding, Paragraph},
};

use super::{products::stock, theme, wrap::wrap_text};
use crate::{app::App, shop::price};

/// The widest that a page grows.
const WIDEST: u16 = 76;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let Some(product) = app.shopping.product() else { return };
    let area = Rect { width: area.width.min(WIDEST), ..area };
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme::quiet())
        .padding(Padding::new(2, 2, 1, 0));
    let inner = block.inner(area);
    let width = usize::from(inner.width);
    let (left, style) = stock(product.stock);
    let mut lines = vec![
        Line::from(vec![Span::styled(product.name, theme::brand()), Span::raw(format!("  {}", product.icon))]),
        Line::styled(product.kind, theme::quiet()),
        Line::default(),
        Line::from(vec![
            Span::styled(price(product.dong), theme::strong()),
            Span::raw("   "),
            Span::styled(left, style),
        ]),
        Line::default(),
    ];
    lines.extend(wrap_text(product.about, Style::new(), width));
    lines.push(Line::default());
    lines.extend(
        product.facts.iter().map(|fact| Line::from(vec![Span::styled("• ", theme::quiet()), Span::raw(*fact)])),
    );
    lines.push(Line::default());
    let cart = app.shopping.cart.iter().find(|(at, _)| *at == app.shopping.at);
    if let Some((_, count)) = cart {
        lines.push(Line::styled(format!("✓ {count} in your cart"), theme::good()));
        lines.push(Line::default());
    }
    for (key, words) in [("a", "Add to cart"), ("s", "Ask about this")] {
        lines.push(Line::from(vec![Span::styled(format!("[{key}] "), theme::brand()), Span::raw(words)]));
    }
    // No taller than what it says, two edges and the space above.
    let height = u16::try_from(lines.len() + 3).unwrap_or(u16::MAX).min(area.height);
    frame.render_widget(Paragraph::new(lines).block(block), Rect { height, ..area });
}
