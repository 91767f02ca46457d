//! One keystroke in three engines, turn by turn, over the same articles and the same typing.
//!
//! ```text
//! search-rivals ARTICLES.jsonl QUERIES.jsonl COUNT [COUNT…]
//! ```
//! Prints one line of JSON for each count of articles; the articles are repeated until there are so many.
//!
//! Each rival is set up as its manual says for search as one types: FTS5 with diacritics removed, prefix indexes and the
//! title weighted, all words required and the last as a prefix; tantivy with English stems, the title boosted, any word
//! enough and the last as a prefix. Neither finds misspelt words, which ours does in the same time. All are in memory,
//! and give ten ids.

use std::{error::Error, hint::black_box, time::Instant};

use rusqlite::Connection;
use serde::Deserialize;
use serde_json::json;
use shopbell_search::{Document, Index, IndexBuilder, Query, Scratch};
use tantivy::{
    Index as Tantivy, IndexReader, Term,
    collector::TopDocs,
    query::{BooleanQuery, BoostQuery, FuzzyTermQuery, Occur, Query as TantivyQuery, TermQuery},
    schema::{Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions},
    tokenizer::{LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer, TextAnalyzer, TokenStream},
};

type Failure = Box<dyn Error>;

/// Hits asked for.
const HITS: usize = 10;

/// A title's words are worth as many of the body's, in all three.
const TITLE: f32 = 8.0;

#[derive(Deserialize)]
struct Article {
    id: String,
    title: String,
    body: String,
}

#[derive(Deserialize)]
struct Typed {
    q: String,
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [articles, queries, counts @ ..] = arguments.as_slice() else { return Err("see the top of main.rs".into()) };
    let articles: Vec<Article> = lines(articles)?;
    let queries: Vec<Typed> = lines(queries)?;
    for count in counts {
        println!("{}", measure(&articles, &queries, count.parse()?)?);
    }
    Ok(())
}

fn lines<T: for<'a> Deserialize<'a>>(path: &str) -> Result<Vec<T>, Failure> {
    let text = std::fs::read_to_string(path)?;
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

fn measure(articles: &[Article], queries: &[Typed], count: usize) -> Result<serde_json::Value, Failure> {
    let all = || articles.iter().cycle().take(count).enumerate().map(|(at, row)| (format!("{}#{at}", row.id), row));
    let mut builds = Vec::new();
    let mut index = None;
    // Several times, for the first pays for the memory.
    for _ in 0..if count <= 10_000 { 7 } else { 1 } {
        let begin = Instant::now();
        let mut builder = IndexBuilder::new();
        for (id, row) in all() {
            builder.add(&Document { id: &id, title: &row.title, body: &row.body, ..Document::default() });
        }
        index = Some(builder.build());
        builds.push(milliseconds(begin));
    }
    let index = index.ok_or("no articles")?;
    let (index, open_ms) = reopened(&index)?;
    let fts5 = Fts5::new(all())?;
    let tantivy = Rival::new(all())?;

    let mut scratch = Scratch::default();
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    // A rival's keystroke takes hundreds of times as long over 50,000 articles: every fifth query is typed there.
    for query in queries.iter().step_by(if count > 10_000 { 5 } else { 1 }) {
        let ends = query.q.char_indices().map(|(at, letter)| at + letter.len_utf8());
        for typed in ends.filter_map(|end| query.q.get(..end)).filter(|typed| !typed.trim().is_empty()) {
            let begin = Instant::now();
            black_box(index.search(&Query { limit: HITS, ..Query::new(typed) }, &mut scratch));
            times[0].push(milliseconds(begin));
            let begin = Instant::now();
            black_box(fts5.search(typed)?);
            times[1].push(milliseconds(begin));
            let begin = Instant::now();
            black_box(tantivy.search(typed)?);
            times[2].push(milliseconds(begin));
        }
    }
    let figures = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times.get(((times.len() as f64 - 1.0) * share) as usize).copied().unwrap_or(f64::NAN);
        json!({ "p50_ms": at(0.5), "p99_ms": at(0.99) })
    };
    builds.sort_by(f64::total_cmp);
    Ok(json!({
        "articles": count,
        "keystrokes": times[0].len(),
        "build_ms": builds.get(builds.len() / 2),
        "open_ms": open_ms,
        "memory_bytes": index.memory(),
        "ours": figures(&mut times[0]),
        "fts5": figures(&mut times[1]),
        "tantivy": figures(&mut times[2]),
    }))
}

fn milliseconds(begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64() * 1_000.0
}

/// Written to a file and opened from it, as at an app's start.
fn reopened(index: &Index) -> Result<(Index, f64), Failure> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("index");
    std::fs::write(&path, index.to_bytes())?;
    let begin = Instant::now();
    let index = Index::open(std::fs::read(&path)?)?;
    Ok((index, milliseconds(begin)))
}

struct Fts5(Connection);

impl Fts5 {
    fn new<'a>(articles: impl Iterator<Item = (String, &'a Article)>) -> Result<Self, Failure> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(
            "CREATE VIRTUAL TABLE t USING fts5
                 (id UNINDEXED, title, body, tokenize = \"porter unicode61 remove_diacritics 2\", prefix = '1 2 3');
             BEGIN",
        )?;
        {
            let mut insert = connection.prepare("INSERT INTO t VALUES (?1, ?2, ?3)")?;
            for (id, row) in articles {
                insert.execute([&id, &row.title, &row.body])?;
            }
        }
        connection.execute_batch("COMMIT; INSERT INTO t (t) VALUES ('optimize')")?;
        Ok(Self(connection))
    }

    fn search(&self, typed: &str) -> Result<Vec<String>, Failure> {
        let words: Vec<&str> = typed.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let Some((last, before)) = words.split_last() else { return Ok(Vec::new()) };
        let mut query: String = before.iter().map(|word| format!("\"{word}\" ")).collect();
        query.push_str(&format!("\"{last}\"*"));
        let sql = format!("SELECT id FROM t WHERE t MATCH ?1 ORDER BY bm25(t, 0.0, {TITLE}, 1.0) LIMIT {HITS}");
        let mut statement = self.0.prepare_cached(&sql)?;
        let ids = statement.query_map([query], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(ids)
    }
}

struct Rival {
    reader: IndexReader,
    analyzer: TextAnalyzer,
    plain: TextAnalyzer,
    id: Field,
    fields: [(Field, f32); 2],
}

impl Rival {
    fn new<'a>(articles: impl Iterator<Item = (String, &'a Article)>) -> Result<Self, Failure> {
        let mut schema = Schema::builder();
        let indexing =
            TextFieldIndexing::default().set_tokenizer("en_stem").set_index_option(IndexRecordOption::WithFreqs);
        let text = TextOptions::default().set_indexing_options(indexing);
        let id = schema.add_text_field("id", STRING | STORED);
        let title = schema.add_text_field("title", text.clone());
        let body = schema.add_text_field("body", text);
        let index = Tantivy::create_in_ram(schema.build());
        let mut writer = index.writer_with_num_threads(1, 256 << 20)?;
        for (key, row) in articles {
            writer.add_document(tantivy::doc!(id => key, title => row.title.as_str(), body => row.body.as_str()))?;
        }
        writer.commit()?;
        // One segment, as its manual says for an index that changes seldom.
        let segments = index.searchable_segment_ids()?;
        if segments.len() > 1 {
            writer.merge(&segments).wait()?;
        }
        let plain = TextAnalyzer::builder(SimpleTokenizer::default()).filter(LowerCaser).build();
        let analyzer = TextAnalyzer::builder(SimpleTokenizer::default())
            .filter(RemoveLongFilter::limit(40))
            .filter(LowerCaser)
            .filter(Stemmer::default())
            .build();
        let reader = index.reader()?;
        reader.reload()?;
        Ok(Self { reader, analyzer, plain, id, fields: [(title, TITLE), (body, 1.0)] })
    }

    fn search(&self, typed: &str) -> Result<Vec<String>, Failure> {
        let words = |analyzer: &TextAnalyzer| {
            let mut analyzer = analyzer.clone();
            let mut stream = analyzer.token_stream(typed);
            let mut words = Vec::new();
            while stream.advance() {
                words.push(stream.token().text.clone());
            }
            words
        };
        let (mut stems, last) = (words(&self.analyzer), words(&self.plain).pop());
        stems.pop();
        let mut clauses: Vec<(Occur, Box<dyn TantivyQuery>)> = Vec::new();
        for (field, weight) in self.fields {
            for stem in &stems {
                let query = TermQuery::new(Term::from_field_text(field, stem), IndexRecordOption::WithFreqs);
                clauses.push((Occur::Should, Box::new(BoostQuery::new(Box::new(query), weight))));
            }
            if let Some(last) = &last {
                let query = FuzzyTermQuery::new_prefix(Term::from_field_text(field, last), 0, true);
                clauses.push((Occur::Should, Box::new(BoostQuery::new(Box::new(query), weight))));
            }
        }
        let searcher = self.reader.searcher();
        let found = searcher.search(&BooleanQuery::new(clauses), &TopDocs::with_limit(HITS).order_by_score())?;
        let mut ids = Vec::new();
        for (_, address) in found {
            let document: tantivy::TantivyDocument = searcher.doc(address)?;
            ids.extend(
                document.get_first(self.id).and_then(|value| tantivy::schema::Value::as_str(&value)).map(str::to_owned),
            );
        }
        Ok(ids)
    }
}
