//! What the search crate promises of any text: its fold, splitter and highlighter; the property tests of that crate check
//! the same.
//!
//! `cargo +nightly fuzz run fold`
#![no_main]

use libfuzzer_sys::fuzz_target;
use shopbell_search::{Document, Highlighter, Index, IndexBuilder, Query, Scratch};

fuzz_target!(|texts: (&str, &str)| {
    let (query, text) = texts;
    in_order(&Highlighter::new(query).ranges(text), text);
    let mut builder = IndexBuilder::new();
    builder.add(&Document { id: "1", title: text, body: query, phrasings: &[text], ..Document::default() });
    let index = Index::open(builder.build().to_bytes()).expect("what was just written");
    let mut scratch = Scratch::default();
    let results = index.search(&Query::new(query), &mut scratch);
    for hit in &results.hits {
        in_order(&hit.title_ranges, &hit.title);
    }
    let snippet = results.highlighter.snippet(text, 40);
    assert!(snippet.text.chars().count() <= 40);
    in_order(&snippet.ranges, &snippet.text);
    index.suggest(query, &mut scratch);
    // Whatever is no index is refused.
    let _ = Index::open(text.as_bytes().to_vec());
});

fn in_order(ranges: &[std::ops::Range<usize>], text: &str) {
    let count = text.chars().count();
    assert!(ranges.iter().all(|range| range.start < range.end && range.end <= count));
    assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start));
}
