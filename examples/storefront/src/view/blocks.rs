//! Markdown blocks as lines of a terminal.

use ratatui::{
    style::{Modifier, Style},
    text::{Line, Span as Run},
};
use shopbell::{Block, Span};

use super::{theme, wrap::wrap};

/// Blocks as lines of at most `width` columns.
pub(crate) fn lines(blocks: &[Block], width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (at, block) in blocks.iter().enumerate() {
        if at > 0 && spaced(block) {
            lines.push(Line::default());
        }
        one(block, width, &mut lines);
    }
    lines
}

/// A list stands close under its introduction; all else has air above it.
fn spaced(block: &Block) -> bool {
    !matches!(block, Block::List { .. })
}

fn one(block: &Block, width: usize, lines: &mut Vec<Line<'static>>) {
    match block {
        Block::Paragraph { spans } => lines.extend(wrap(&runs(spans, Style::new()), width)),
        Block::Heading { level, spans } => {
            let style = if *level <= 2 { theme::brand() } else { theme::strong() };
            lines.extend(wrap(&runs(spans, style), width));
        }
        Block::List { start, items } => {
            for (number, item) in (start.unwrap_or(0)..).zip(items) {
                let sign = if start.is_some() { format!("{number}. ") } else { "• ".to_owned() };
                indented(&item.blocks, &sign, width, lines);
            }
        }
        Block::Callout { kind, blocks } => {
            lines.push(Line::styled(format!("▎ {kind:?}"), theme::strong()));
            for line in self::lines(blocks, width.saturating_sub(2)) {
                lines.push(prefixed("▎ ", theme::strong(), line));
            }
        }
        Block::Quote { blocks } => {
            for line in self::lines(blocks, width.saturating_sub(2)) {
                lines.push(prefixed("▎ ", theme::quiet(), line));
            }
        }
        Block::Code { text, .. } => {
            for source in text.trim_end_matches('\n').split('\n') {
                for line in wrap(&[(source.to_owned(), code())], width.saturating_sub(2)) {
                    lines.push(prefixed("┆ ", theme::quiet(), line));
                }
            }
        }
        Block::Table { header, rows } => super::table::lines(header, rows, width, lines),
        Block::Image { url, alt } => {
            let name = if alt.is_empty() { "picture" } else { alt };
            lines.extend(wrap(&[(format!("[{name}] "), theme::quiet()), (url.clone(), theme::link())], width));
        }
        Block::Rule => lines.push(Line::styled("─".repeat(width.min(20)), theme::quiet())),
        // A kind that this example does not know yet.
        _ => lines.push(Line::styled("[…]", theme::quiet())),
    }
}

fn indented(blocks: &[Block], sign: &str, width: usize, lines: &mut Vec<Line<'static>>) {
    let indent = sign.chars().count();
    for (at, line) in self::lines(blocks, width.saturating_sub(indent)).into_iter().enumerate() {
        let prefix = if at == 0 { sign.to_owned() } else { " ".repeat(indent) };
        lines.push(prefixed(&prefix, theme::quiet(), line));
    }
}

fn prefixed(prefix: &str, style: Style, mut line: Line<'static>) -> Line<'static> {
    line.spans.insert(0, Run::styled(prefix.to_owned(), style));
    line
}

fn code() -> Style {
    theme::bot()
}

/// Runs of text with their looks. A link whose words are not its address is followed by it: nothing here can be
/// clicked in every terminal.
pub(super) fn runs(spans: &[Span], base: Style) -> Vec<(String, Style)> {
    let mut runs = Vec::with_capacity(spans.len());
    for span in spans {
        let mut style = base;
        if span.style.strong {
            style = style.add_modifier(Modifier::BOLD);
        }
        if span.style.emphasis {
            style = style.add_modifier(Modifier::ITALIC);
        }
        if span.style.strikethrough {
            style = style.add_modifier(Modifier::CROSSED_OUT);
        }
        if span.style.code {
            style = style.patch(code());
        }
        match &span.link {
            Some(link) => {
                runs.push((span.text.clone(), style.patch(theme::link())));
                let bare = link.trim_start_matches("mailto:").trim_start_matches("tel:");
                if !span.text.contains(bare.trim_end_matches('/')) {
                    runs.push((format!(" ‹{link}›"), theme::quiet()));
                }
            }
            None => runs.push((span.text.clone(), style)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str, width: usize) -> String {
        let lines: Vec<String> = lines(&shopbell::markdown::parse(source), width).iter().map(Line::to_string).collect();
        lines.join("\n")
    }

    #[test]
    fn lists_quotes_code_and_tables_are_readable() {
        insta::assert_snapshot!(shown(
            "# Returns\nSend it back:\n\n1. open the **order**\n2. tap *Return* and wait for the long line to wrap\n\n\
             - a\n  - b\n\n> quoted\n\n```\nlet x = 1;\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n\
             [our rules](https://example.com/r) or https://example.com\n\n---\n\n![a bag](https://example.com/b.png)",
            30
        ));
    }
}
