//! Accuracy on real data, so that a change that costs some is seen.
//!
//! `SHOPBELL_HELP_DATA=<folder> cargo test -p shopbell-search --release --test quality`, with the folder of the help data
//! (Banking77 and Vietnamese known items, see its README). Without the variable the tests say so and pass: the data is not
//! part of the project.
#![allow(clippy::print_stderr, clippy::unwrap_used, reason = "a skipped test says that it is; a wrong file fails it")]

use shopbell_search::{Document, Index, IndexBuilder, Query, Scratch};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("SHOPBELL_HELP_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: SHOPBELL_HELP_DATA does not name the folder of the help data");
    }
    folder
}

fn lines(folder: &Path, name: &str) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn index(articles: &[serde_json::Value]) -> Index {
    let mut builder = IndexBuilder::new();
    for article in articles {
        let field = |name: &str| article[name].as_str().unwrap();
        builder.add(&Document { id: field("id"), title: field("title"), body: field("body"), ..Document::default() });
    }
    builder.build()
}

/// Shares of the queries of each kind whose first, and one of whose first three, hits answers.
fn accuracy(index: &Index, queries: &[serde_json::Value]) -> BTreeMap<String, (f64, f64)> {
    let mut scratch = Scratch::default();
    let mut sums: BTreeMap<String, (f64, f64, f64)> = BTreeMap::new();
    for query in queries {
        let hits = index.search(&Query { limit: 3, ..Query::new(query["q"].as_str().unwrap()) }, &mut scratch).hits;
        let right = |id: &str| query["rel"].as_array().unwrap().iter().any(|rel| rel == id);
        let place = hits.iter().position(|hit| right(&hit.id));
        let sum = sums.entry(query["kind"].as_str().unwrap().to_owned()).or_default();
        sum.0 += 1.0;
        sum.1 += f64::from(u8::from(place == Some(0)));
        sum.2 += f64::from(u8::from(place.is_some()));
    }
    sums.into_iter().map(|(kind, (count, first, three))| (kind, (first / count, three / count))).collect()
}

#[test]
fn banking_questions_find_their_intent() {
    let Some(folder) = data() else { return };
    let queries = lines(&folder, "banking77-queries-dev.jsonl");
    for (articles, at_1, at_3) in [("banking77-titles.jsonl", 0.47, 0.65), ("banking77-phrasings10.jsonl", 0.735, 0.88)]
    {
        let (first, three) = accuracy(&index(&lines(&folder, articles)), &queries)["dev"];
        assert!(first >= at_1 && three >= at_3, "{articles}: {first:.4} and {three:.4}");
    }
}

#[test]
fn vietnamese_titles_are_found_however_they_are_typed() {
    let Some(folder) = data() else { return };
    let articles = lines(&folder, "vi-articles.jsonl");
    let found = accuracy(&index(&articles), &lines(&folder, "vi-queries-dev.jsonl"));
    for (kind, least) in [("tone", 0.998), ("notone", 0.998), ("notone_typo", 0.995), ("notone_first4", 0.79)] {
        assert!(found[kind].0 >= least, "{kind}: {:.4}", found[kind].0);
    }
}

#[test]
fn the_index_of_a_thousand_articles_is_small() {
    let Some(folder) = data() else { return };
    let mut articles = lines(&folder, "en-articles.jsonl");
    articles.truncate(1000);
    let memory = index(&articles).memory();
    assert!(memory <= 2 << 20, "{memory} bytes");
}
