//! A Markdown table as lines: in columns where they have room, else row by row.

use ratatui::{
    style::Style,
    text::{Line, Span as Run},
};
use shopbell::TableCell;
use unicode_width::UnicodeWidthStr as _;

use super::{
    blocks::runs,
    theme,
    wrap::{hang, wrap},
};

/// What stands between two columns.
const BETWEEN: &str = " │ ";
/// A column narrower than this breaks every word.
const NARROWEST: usize = 8;

type Runs = Vec<(String, Style)>;

pub(super) fn lines(header: &[TableCell], rows: &[Vec<TableCell>], width: usize, lines: &mut Vec<Line<'static>>) {
    let count = rows.iter().map(Vec::len).chain([header.len()]).max().unwrap_or(0);
    let cells = |cells: &[TableCell], style| -> Vec<Runs> {
        (0..count).map(|at| cells.get(at).map_or_else(Vec::new, |cell| runs(&cell.spans, style))).collect()
    };
    let head = cells(header, theme::strong());
    let body: Vec<Vec<Runs>> = rows.iter().map(|row| cells(row, Style::new())).collect();
    let natural = |at: usize| {
        let column = body.iter().chain([&head]).filter_map(|row| row.get(at));
        column.map(|cell| cell.iter().map(|(text, _)| text.width()).sum()).max().unwrap_or(0)
    };
    let wanted: Vec<usize> = (0..count).map(natural).collect();
    let room = width.saturating_sub(BETWEEN.width() * count.saturating_sub(1));
    match widths(&wanted, room) {
        Some(widths) => {
            row(&head, &widths, lines);
            let rule = widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join("─┼─");
            lines.push(Line::styled(rule, theme::quiet()));
            body.iter().for_each(|cells| row(cells, &widths, lines));
        }
        None => stacked(&head, &body, width, lines),
    }
}

/// How wide each column is; `None` where one would be too narrow to read. Columns that want less than their share leave
/// the rest to the others.
fn widths(wanted: &[usize], room: usize) -> Option<Vec<usize>> {
    let mut narrowest_first: Vec<(usize, usize)> = wanted.iter().copied().enumerate().collect();
    narrowest_first.sort_by_key(|(_, wanted)| *wanted);
    let mut widths = vec![0; wanted.len()];
    let (mut left, mut columns) = (room, wanted.len());
    for (at, wanted) in narrowest_first {
        let width = wanted.min(left / columns.max(1));
        if width < wanted && width < NARROWEST {
            return None;
        }
        *widths.get_mut(at)? = width;
        left -= width;
        columns -= 1;
    }
    Some(widths)
}

fn row(cells: &[Runs], widths: &[usize], lines: &mut Vec<Line<'static>>) {
    let wrapped: Vec<Vec<Line<'static>>> = cells.iter().zip(widths).map(|(cell, width)| wrap(cell, *width)).collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
    for at in 0..height {
        let mut spans = Vec::new();
        for (column, (cell, width)) in wrapped.iter().zip(widths).enumerate() {
            if column > 0 {
                spans.push(Run::styled(BETWEEN, theme::quiet()));
            }
            let line = cell.get(at).cloned().unwrap_or_default();
            // Behind the last column nothing must line up.
            let fill = if column + 1 < widths.len() { width.saturating_sub(line.width()) } else { 0 };
            spans.extend(line.spans);
            spans.push(Run::raw(" ".repeat(fill)));
        }
        lines.push(Line::from(spans));
    }
}

/// Each row as a small list: what the column is called, and what stands there.
fn stacked(head: &[Runs], body: &[Vec<Runs>], width: usize, lines: &mut Vec<Line<'static>>) {
    for cells in body {
        for (at, (name, cell)) in head.iter().zip(cells).enumerate() {
            if cell.is_empty() {
                continue;
            }
            let mut both: Runs = name.clone();
            if !both.is_empty() {
                both.push((": ".to_owned(), theme::strong()));
            }
            both.extend(cell.iter().cloned());
            let sign = if at == 0 { "▪ " } else { "  " };
            lines.extend(hang((sign.to_owned(), theme::brand()), &both, width));
        }
    }
}

#[cfg(test)]
mod tests {
    use shopbell::markdown;

    use super::super::blocks;

    const SIZES: &str =
        "| Size | Chest | Note |\n|---|---|---|\n| S | 96 cm | for a light wind |\n| 抹茶 | 104 cm | – |";

    fn shown(source: &str, width: usize) -> Vec<String> {
        blocks::lines(&markdown::parse(source), width)
            .iter()
            .map(|line| line.to_string().trim_end().to_owned())
            .collect()
    }

    #[test]
    fn columns_with_room_are_aligned_also_behind_wide_letters() {
        let wide = ["Size │ Chest  │ Note", "─────┼────────┼─────────────────", "S    │ 96 cm  │ for a light wind"];
        let table = shown(SIZES, 40);
        assert_eq!(table[..3], wide);
        assert_eq!(table[3], "抹茶 │ 104 cm │ –");
    }

    #[test]
    fn column_that_is_too_long_is_broken_within_itself() {
        let narrow = shown(SIZES, 27);
        assert_eq!(narrow[2..4], ["S    │ 96 cm  │ for a light", "     │        │ wind"]);
    }

    #[test]
    fn columns_without_room_become_a_list() {
        let list = shown(SIZES, 18);
        assert_eq!(list[..4], ["▪ Size: S", "  Chest: 96 cm", "  Note: for a", "  light wind"]);
    }

    #[test]
    fn table_of_any_width_stays_within_it() {
        for width in 2..60 {
            for line in blocks::lines(&markdown::parse(SIZES), width) {
                assert!(line.width() <= width.max(4), "{width}: {line}");
            }
        }
    }
}
