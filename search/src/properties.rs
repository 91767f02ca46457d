//! What holds of any text at all.

use crate::{Document, Highlighter, Index, IndexBuilder, Query, Scratch};
use proptest::prelude::*;
use std::ops::Range;

fn in_order(ranges: &[Range<usize>], text: &str) -> bool {
    let count = text.chars().count();
    ranges.iter().all(|range| range.start < range.end && range.end <= count)
        && ranges.windows(2).all(|pair| pair[0].end <= pair[1].start)
}

/// Text of the scripts that fold in ways of their own, more often than chance would have it.
const ANY: &str = "(?s)[a-zA-ZđĐàáạ\u{300}-\u{323}кЙأةـกขไ่日本カﾞｶＡ한국'’ .\\PC]{0,40}|.{0,40}";

proptest! {
    #[test]
    fn any_text_is_indexed_found_and_marked_within_itself(query in ANY, text in ANY, most in 0usize..60) {
        prop_assert!(in_order(&Highlighter::new(&query).ranges(&text), &text));
        let mut builder = IndexBuilder::new();
        builder.add(&Document { id: "1", title: &text, body: &query, phrasings: &[&text], ..Document::default() });
        let index = Index::open(builder.build().to_bytes()).unwrap();
        let mut scratch = Scratch::default();
        let results = index.search(&Query::new(&query), &mut scratch);
        for hit in &results.hits {
            prop_assert!(in_order(&hit.title_ranges, &hit.title));
            prop_assert!((0.0..=1.0).contains(&hit.confidence));
        }
        let snippet = results.highlighter.snippet(&text, most);
        prop_assert!(snippet.text.chars().count() <= most);
        prop_assert!(in_order(&snippet.ranges, &snippet.text));
        index.suggest(&query, &mut scratch);
    }

    #[test]
    fn any_bytes_are_an_index_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Index::open(bytes).is_err());
    }
}
