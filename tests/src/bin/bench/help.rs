//! `help`: a keystroke in the help centre's search box.
//!
//! **Measured**: `tests/search-rivals`, a program of its own (nobody else shall build the rivals), types queries letter by
//! letter into three engines, turn by turn, over the same 1,000 and 50,000 articles in memory: ours, SQLite FTS5 and
//! tantivy, each set up as its manual says for search as one types. And the whole way through the core at 1,000: from
//! `SearchInput::set_text` until `SearchUpdates::next` has handed out results with their snippets.
//!
//! **Bare**: the better of the two rivals. They find no misspelt words, and have no snippets in their figures; nor has ours.
//!
//! **Data**: `SHOPBELL_HELP_DATA` names a folder with `en-articles.jsonl` and `typed-queries-en.jsonl` (see `shopbell-help`).
//! Without it, texts of made-up words, as often as words are in English (Zipf), stand in: the figures are then of that.
//!
//! **Goals**: of the 99th percentile, 1 ms at 1,000 and 10 ms at 50,000 articles, and faster than both; an index of 1,000
//! articles built in 60 ms and within 4 MiB, one of 50,000 opened from disk in 100 ms and within 20 MiB.
//!
//! **Noise**: the 99th percentile moves by a fifth from run to run.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use serde_json::{Value, json};
use shopbell::{
    ArticleId, ClientConfig, HelpCenterConfig, SupportClient,
    backend::{DeskArticle, DeskArticleName},
    help::pack::{self, PackEntry},
};

use super::{
    stats::Times,
    table::{Amount, Goal, Line},
};

const MIB: f64 = 1024.0 * 1024.0;

pub(crate) async fn take(work: &Path) -> Vec<Line> {
    let (articles, queries) = data(work);
    let mut lines = Vec::new();
    match rivals(&articles, &queries) {
        Some(measured) => {
            for (at, [keystroke, other, memory]) in measured.iter().zip(NAMES) {
                lines.extend(lines_of(at, keystroke, other, memory));
            }
        }
        None => eprintln!("tests/search-rivals does not build: no line for the rivals"),
    }
    lines.push(through_the_core(work, &articles, &queries).await);
    lines
}

const NAMES: [[&str; 3]; 2] =
    [["help-1k", "help-1k-build", "help-1k-memory"], ["help-50k", "help-50k-open", "help-50k-memory"]];

fn lines_of(measured: &Value, keystroke: &'static str, other: &'static str, memory: &'static str) -> [Line; 3] {
    let p99 = |engine: &str| measured[engine]["p99_ms"].as_f64().unwrap_or(f64::NAN);
    let small = keystroke == NAMES[0][0];
    let (ours, best) = (p99("ours"), p99("fts5").min(p99("tantivy")));
    let engine = |engine: &str| {
        let figure = |name: &str| measured[engine][name].as_f64().unwrap_or(f64::NAN) * 1_000.0;
        format!("{engine}: p50 {:.0} µs, p99 {:.0} µs", figure("p50_ms"), figure("p99_ms"))
    };
    let faster = if ours < best { "faster than both" } else { "NOT faster than both" };
    let line = |name, value, unit, most, notes| Line {
        name,
        ours: Amount::new(value, unit),
        bare: None,
        goal: Goal::AtMost(most),
        notes,
    };
    let number = |name: &str| measured[name].as_f64().unwrap_or(f64::NAN);
    let notes = vec![
        format!("99th percentile of {} keystrokes, {faster}", measured["keystrokes"]),
        engine("ours"),
        engine("fts5"),
        engine("tantivy"),
    ];
    let first = line(keystroke, ours, "ms", if small { 1.0 } else { 10.0 }, notes);
    [
        Line { bare: Some(Amount::new(best, "ms")), ..first },
        line(
            other,
            number(if small { "build_ms" } else { "open_ms" }),
            "ms",
            if small { 60.0 } else { 100.0 },
            Vec::new(),
        ),
        line(memory, number("memory_bytes") / MIB, "MiB", if small { 4.0 } else { 20.0 }, Vec::new()),
    ]
}

/// What the rivals' program prints, for 1,000 and for 50,000 articles.
fn rivals(articles: &Path, queries: &Path) -> Option<[Value; 2]> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("search-rivals");
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["run", "--release", "--quiet", "--"])
        .args([articles, queries])
        .args(["1000", "50000"])
        .current_dir(root)
        // Cargo hands its own settings down to what it runs; this build has others.
        .env_remove("LIBSQLITE3_FLAGS")
        .env_remove("CARGO_TARGET_DIR")
        .stderr(Stdio::inherit())
        .output()
        .ok()?;
    let mut lines = output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    Some([lines.next()?, lines.next()?])
}

/// Types every query into a search box of the client's, over 1,000 articles of a starter pack, with no network.
async fn through_the_core(work: &Path, articles: &Path, queries: &Path) -> Line {
    let pack = work.join("starter.pack");
    std::fs::write(&pack, starter(articles, 1_000)).expect("the pack is written");
    let mut config = ClientConfig::new("http://127.0.0.1:9", "bench", work.join("help"));
    let mut help = HelpCenterConfig::new("bench").in_languages(["en"]);
    help.starter_pack = Some(pack);
    config.help_center = Some(help);
    let client = SupportClient::open(config).await.expect("the client opens");
    let help = client.help_center().expect("it has a help centre");
    let begin = Instant::now();
    let mut search = help.search_as_you_type();
    search.next().await.expect("the articles are read");
    let first = begin.elapsed().as_secs_f64() * 1_000.0;
    let input = search.input();
    let mut times = Times::default();
    for query in jsonl(queries).iter().filter_map(|row| row["q"].as_str()) {
        let ends = query.char_indices().map(|(at, letter)| at + letter.len_utf8());
        let mut last = String::new();
        for typed in ends.filter_map(|end| query.get(..end)).filter(|typed| !typed.trim().is_empty()) {
            if typed == last {
                continue;
            }
            last = typed.to_owned();
            let begin = Instant::now();
            input.set_text(typed);
            while search.next().await.expect("results").expect("an open client").query != typed {}
            times.since(begin);
        }
    }
    client.shutdown().await;
    Line {
        name: "help-1k-app",
        ours: Amount::new(times.at(0.99), "ms"),
        bare: None,
        goal: Goal::AtMost(1.0),
        notes: vec![
            format!(
                "99th percentile of {} keystrokes, snippets included; median {:.2} ms",
                times.len(),
                times.median()
            ),
            format!("the first run read the starter pack and built the index in {first:.0} ms"),
        ],
    }
}

fn starter(articles: &Path, count: usize) -> Vec<u8> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let entry = |row: &Value| {
        let name = DeskArticleName { id: ArticleId::new(text(row, "id")), slug: text(row, "id"), locale: "en".into() };
        PackEntry::Article(DeskArticle {
            name,
            category: None,
            title: text(row, "title"),
            description: String::new(),
            content: text(row, "body"),
            phrasings: Vec::new(),
            position: 1,
            views: 0,
            updated_at: None,
        })
    };
    let entries: Vec<PackEntry> = jsonl(articles).iter().take(count).map(entry).collect();
    pack::write("bench", "en", &entries)
}

fn jsonl(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).expect("the data is there");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON lines")).collect()
}

/// The articles and queries: the ones named, or made up.
fn data(work: &Path) -> (PathBuf, PathBuf) {
    if let Some(folder) = std::env::var_os("SHOPBELL_HELP_DATA").map(PathBuf::from) {
        return (folder.join("en-articles.jsonl"), folder.join("typed-queries-en.jsonl"));
    }
    eprintln!("  texts of made-up words; SHOPBELL_HELP_DATA=FOLDER takes real ones");
    let (articles, queries) = (work.join("articles.jsonl"), work.join("queries.jsonl"));
    let mut words = Words(7);
    let mut titles = Vec::new();
    let mut text = String::new();
    for number in 0..1_000 {
        let title = words.some(6);
        text += &json!({ "id": number.to_string(), "title": title, "body": words.some(250) }).to_string();
        text.push('\n');
        titles.push(title);
    }
    std::fs::write(&articles, text).expect("the articles are written");
    let typed = titles.iter().step_by(5).map(|title| json!({ "q": title }).to_string());
    std::fs::write(&queries, typed.collect::<Vec<_>>().join("\n")).expect("the queries are written");
    (articles, queries)
}

/// Made-up words, the first of them far more often than the last.
struct Words(u64);

impl Words {
    fn number(&mut self) -> u64 {
        // Knuth's MMIX generator; its high bits are good enough for text.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn some(&mut self, count: usize) -> String {
        const SYLLABLES: [&str; 16] =
            ["re", "to", "na", "li", "ser", "ba", "con", "mi", "du", "vel", "ki", "pa", "or", "shu", "ten", "fo"];
        let mut words = Vec::with_capacity(count);
        for _ in 0..count {
            // Zipf over 20,000 words: the rank's logarithm is spread evenly.
            let rank = 20_000_f64.powf(self.number() as f64 / f64::from(1_u32 << 31)) as usize;
            let mut word = String::new();
            let mut rest = rank;
            while rest > 0 {
                word.push_str(SYLLABLES[rest % 16]);
                rest /= 16;
            }
            words.push(word);
        }
        words.join(" ")
    }
}
