//! Breaking text into lines, by the width that a terminal gives each letter.

use ratatui::{
    style::Style,
    text::{Line, Span},
};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// One letter as people see it.
struct Piece<'a> {
    letter: &'a str,
    style: Style,
    width: usize,
}

/// Spans as lines of at most `width` columns: at spaces, between wide letters, else wherever it must be. `\n` begins
/// a line.
pub(crate) fn wrap(spans: &[(String, Style)], width: usize) -> Vec<Line<'static>> {
    let width = width.max(2);
    let mut lines = Vec::new();
    let mut line: Vec<Piece<'_>> = Vec::new();
    let mut used = 0;
    // A space did not fit: what comes next begins a line.
    let mut full = false;
    for (text, style) in spans {
        for letter in text.graphemes(true) {
            if letter.contains('\n') {
                lines.push(finish(&line));
                (used, full) = (0, false);
                line.clear();
                continue;
            }
            let piece = Piece { letter, style: *style, width: letter.width() };
            // Control characters and lone marks: a terminal would obey or misplace them.
            if piece.width == 0 || letter == " " && full {
                continue;
            }
            if full || used + piece.width > width {
                if letter == " " {
                    full = true;
                    continue;
                }
                let rest = if full { Vec::new() } else { split(&mut line, piece.width > 1) };
                lines.push(finish(&line));
                used = rest.iter().map(|piece| piece.width).sum();
                (line, full) = (rest, false);
            }
            used += piece.width;
            line.push(piece);
        }
    }
    lines.push(finish(&line));
    lines
}

/// What goes on to the next line: what stands behind the last place for a break.
fn split<'a>(line: &mut Vec<Piece<'a>>, next_is_wide: bool) -> Vec<Piece<'a>> {
    if next_is_wide || line.last().is_some_and(|piece| piece.letter == " " || piece.width > 1) {
        return Vec::new();
    }
    match line.iter().rposition(|piece| piece.letter == " " || piece.width > 1) {
        Some(at) => line.split_off(at + 1),
        None => Vec::new(),
    }
}

/// Letters of one style as one span, without the spaces at the end.
fn finish(line: &[Piece<'_>]) -> Line<'static> {
    let end = line.iter().rposition(|piece| piece.letter != " ").map_or(0, |at| at + 1);
    let mut spans: Vec<Span<'static>> = Vec::new();
    for piece in line.iter().take(end) {
        match spans.last_mut() {
            Some(span) if span.style == piece.style => span.content.to_mut().push_str(piece.letter),
            _ => spans.push(Span::styled(piece.letter.to_owned(), piece.style)),
        }
    }
    Line::from(spans)
}

/// As [`wrap`], behind a prefix: what does not fit into the first line stands below it, as far in.
pub(crate) fn hang(prefix: (String, Style), spans: &[(String, Style)], width: usize) -> Vec<Line<'static>> {
    let indent = prefix.0.width();
    let mut prefix = Some(Span::styled(prefix.0, prefix.1));
    let lines = wrap(spans, width.saturating_sub(indent)).into_iter().map(|mut line| {
        line.spans.insert(0, prefix.take().unwrap_or_else(|| Span::raw(" ".repeat(indent))));
        line
    });
    lines.collect()
}

/// Plain text in one style.
pub(crate) fn wrap_text(text: &str, style: Style, width: usize) -> Vec<Line<'static>> {
    wrap(&[(text.to_owned(), style)], width)
}

/// Cut to `width` columns, with `…` where something is left out.
pub(crate) fn cut(text: &str, width: usize) -> String {
    let text = text.replace('\n', " ");
    if text.width() <= width {
        return text;
    }
    let mut kept = String::new();
    let mut used = 0;
    for letter in text.graphemes(true) {
        if used + letter.width() + 1 > width {
            break;
        }
        used += letter.width();
        kept.push_str(letter);
    }
    if width > 0 {
        kept.push('…');
    }
    kept
}

/// Filled up with spaces to `width` columns, or cut to them.
pub(crate) fn pad(text: &str, width: usize) -> String {
    let text = cut(text, width);
    let used = text.width();
    format!("{text}{}", " ".repeat(width.saturating_sub(used)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, width: usize) -> Vec<String> {
        wrap_text(text, Style::new(), width).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn words_stay_whole_where_they_fit() {
        assert_eq!(lines("a blue bag, please", 9), ["a blue", "bag,", "please"]);
        assert_eq!(lines("a blue bag", 10), ["a blue bag"]);
        assert_eq!(lines("x\n\n  y", 10), ["x", "", "  y"]);
        assert_eq!(lines("", 10), [""]);
    }

    #[test]
    fn a_word_wider_than_the_line_is_broken() {
        assert_eq!(lines("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(lines("ab cdefgh", 4), ["ab", "cdef", "gh"]);
    }

    #[test]
    fn a_space_that_does_not_fit_still_parts_the_words() {
        assert_eq!(lines("will answer here.", 11), ["will answer", "here."]);
        assert_eq!(lines("answer   here.", 6), ["answer", "here."]);
        assert_eq!(lines("answer ", 6), ["answer"]);
        let text = "Of course. I am handing over to a colleague, who will answer here.";
        for width in 10..70 {
            assert_eq!(lines(text, width).join(" "), text, "{width}");
        }
    }

    #[test]
    fn second_line_behind_a_prefix_is_indented() {
        let words = [("take a blue bag".to_owned(), Style::new())];
        let lines = hang(("12 ".to_owned(), Style::new()), &words, 10);
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["12 take a", "   blue", "   bag"]);
    }

    #[test]
    fn wide_letters_break_between_each_other() {
        assert_eq!(lines("抹茶茶碗です", 5), ["抹茶", "茶碗", "です"]);
        assert_eq!(lines("hi 抹茶", 4), ["hi", "抹茶"]);
    }

    #[test]
    fn no_line_is_wider_than_it_may_be() {
        let text = "Cảm ơn 👨‍👩‍👧 bạn: 抹茶茶碗 https://example.com/a/very/long/path\tend";
        for width in 2..30 {
            for line in wrap_text(text, Style::new(), width) {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn cutting_counts_columns() {
        assert_eq!(cut("抹茶茶碗", 5), "抹茶…");
        assert_eq!(pad("抹茶", 6), "抹茶  ");
        assert_eq!(cut("abc", 3), "abc");
    }
}
