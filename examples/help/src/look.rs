//! The `search` command.

use crate::lines::{Article, Failure, articles};
use shopbell_search::{Document, Index, IndexBuilder, Query, Scratch, Snippet};
use std::collections::HashMap;
use std::io::{BufRead, IsTerminal, Write};
use std::ops::Range;
use std::path::Path;
use std::time::Instant;

/// Hits shown: what a terminal shows without scrolling.
const SHOWN: usize = 6;
/// Characters of a snippet: a line of a terminal.
const SNIPPET: usize = 100;

/// The index of `articles`, each as often as it takes to have `count` of them.
pub(crate) fn index(articles: &[Article], count: usize) -> Index {
    let mut builder = IndexBuilder::new();
    for (at, article) in articles.iter().cycle().take(count).enumerate() {
        let phrasings: Vec<&str> = article.phrasings.iter().map(String::as_str).collect();
        let copy = at / articles.len();
        let id = if copy == 0 { article.id.clone() } else { format!("{}#{copy}", article.id) };
        builder.add(&Document {
            id: &id,
            title: &article.title,
            body: &article.body,
            phrasings: &phrasings,
            category: article.category.as_deref(),
            popularity: article.popularity,
            locale: &article.locale,
        });
    }
    builder.build()
}

pub(crate) fn search(path: &Path, query: Option<&str>, out: &mut impl Write) -> Result<(), Failure> {
    let articles = articles(path)?;
    let index = index(&articles, articles.len());
    let bodies: HashMap<&str, &str> = articles.iter().map(|article| (&*article.id, &*article.body)).collect();
    let mut scratch = Scratch::default();
    if let Some(query) = query {
        return show(&index, query, &bodies, &mut scratch, out);
    }
    writeln!(
        out,
        "{} articles. Type a query; an empty line shows the most read, the end of the input ends.",
        index.len()
    )?;
    for line in std::io::stdin().lock().lines() {
        show(&index, &line?, &bodies, &mut scratch, out)?;
    }
    Ok(())
}

fn show(
    index: &Index,
    query: &str,
    bodies: &HashMap<&str, &str>,
    scratch: &mut Scratch,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let begin = Instant::now();
    let results = index.search(&Query { limit: SHOWN, ..Query::new(query) }, scratch);
    let took = begin.elapsed();
    for hit in &results.hits {
        let percent = (hit.confidence * 100.0).round();
        writeln!(out, "{percent:3}%  {}  ({})", marked(&hit.title, &hit.title_ranges), hit.id)?;
        let Snippet { text, ranges } =
            results.highlighter.snippet(bodies.get(hit.id.as_str()).copied().unwrap_or_default(), SNIPPET);
        if !text.is_empty() {
            writeln!(out, "      {}", marked(&text, &ranges))?;
        }
    }
    writeln!(out, "{} found in {} µs", results.hits.len(), took.as_micros())?;
    Ok(())
}

/// `text` with its matches in bold on a terminal, in brackets elsewhere.
fn marked(text: &str, ranges: &[Range<usize>]) -> String {
    let (open, close) = if std::io::stdout().is_terminal() { ("\x1b[1m", "\x1b[0m") } else { ("[", "]") };
    let mut out = String::new();
    let count = text.chars().count();
    for (at, c) in text.chars().enumerate() {
        if ranges.iter().any(|range| range.start == at) {
            out.push_str(open);
        }
        // An article's control characters would move the cursor.
        out.push(if c.is_control() { ' ' } else { c });
        if ranges.iter().any(|range| range.end == at + 1 && at < count) {
            out.push_str(close);
        }
    }
    out
}
