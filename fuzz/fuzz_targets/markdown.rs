//! What the `markdown` module promises of any text; the property tests of that module check the same.
//!
//! `cargo +nightly fuzz run markdown`
#![no_main]

use libfuzzer_sys::fuzz_target;
use shopbell::{Block, Span, markdown};

fuzz_target!(|text: &str| {
    check(&markdown::parse(text), 0);
    check(&markdown::parse_article(text, None), 0);
    check(&markdown::verbatim(text), 0);
    for max in [0, 1, 20, 200] {
        assert!(markdown::plain(text, max).chars().count() <= max);
    }
    if let Some(link) = markdown::safe_link(text) {
        assert!(link.is_ascii());
        assert_eq!(markdown::safe_link(&link), Some(link));
    }
});

fn check(blocks: &[Block], depth: usize) {
    assert!(depth <= markdown::MAX_DEPTH);
    for block in blocks {
        match block {
            Block::Paragraph { spans } | Block::Heading { spans, .. } => check_spans(spans),
            Block::List { items, .. } => items.iter().for_each(|item| check(&item.blocks, depth + 1)),
            Block::Quote { blocks } | Block::Callout { blocks, .. } => check(blocks, depth + 1),
            Block::Table { header, rows } => {
                header.iter().chain(rows.iter().flatten()).for_each(|cell| check_spans(&cell.spans));
            }
            Block::Image { url, .. } => assert!(url.starts_with("http") && is_clean(url)),
            _ => {}
        }
    }
}

fn check_spans(spans: &[Span]) {
    for span in spans {
        assert!(!span.text.is_empty() && !span.text.contains('\0'));
        assert!(span.link.as_deref().is_none_or(is_clean));
    }
    for pair in spans.windows(2) {
        assert!((pair[0].style, &pair[0].link) != (pair[1].style, &pair[1].link));
    }
}

fn is_clean(url: &str) -> bool {
    markdown::safe_link(url).as_deref() == Some(url)
}
