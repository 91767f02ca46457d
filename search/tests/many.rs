//! More articles than any shop has: slower, and never out of memory. `SHOPBELL_ARTICLES=200000` takes as many.

use shopbell_search::{Document, Index, IndexBuilder, Query, Scratch};

/// Words that many articles share, some of them more often than others, as a language's do.
fn shared(seed: &mut u64) -> String {
    // A linear congruential generator (Knuth's MMIX numbers): the same words in every run.
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let number = *seed >> 33;
    format!("word{}", (number % 5_000).min(number / 5_000 % 5_000))
}

#[test]
fn many_articles_are_each_found_and_take_little_memory() {
    let count = std::env::var("SHOPBELL_ARTICLES").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000_usize);
    let (mut builder, mut seed, mut words) = (IndexBuilder::new(), 7, 0_usize);
    for number in 0..count {
        let body: Vec<String> = (0..40).map(|_| shared(&mut seed)).collect();
        words += body.len();
        builder.add(&Document {
            id: &number.to_string(),
            title: &format!("{} own{number}x", shared(&mut seed)),
            body: &body.join(" "),
            ..Document::default()
        });
    }
    let bytes = builder.build().to_bytes();
    // A word of an article takes about three bytes (which article, how often), its title and id the rest.
    assert!(bytes.len() < words * 4 + count * 60, "{} bytes for {count} articles", bytes.len());
    let index = Index::open(bytes).expect("what was just written");
    assert_eq!(index.len(), count);
    let mut scratch = Scratch::default();
    for number in (0..count).step_by(count / 40) {
        let results = index.search(&Query::new(&format!("own{number}x")), &mut scratch);
        assert_eq!(results.hits.first().map(|hit| hit.id.to_string()), Some(number.to_string()));
    }
    // Words that thousands have.
    assert!(!index.search(&Query::new("word1 word2 word3"), &mut scratch).hits.is_empty());
}
