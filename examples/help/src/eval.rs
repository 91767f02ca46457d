//! The `eval` command.

use crate::lines::{Failure, Query as Asked, articles, queries};
use crate::look::index;
use serde::Serialize;
use shopbell_search::{Hit, Index, Query, Scratch};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// Hits that are looked at: MRR@10's ten.
const LOOKED_AT: usize = 10;

/// What was measured.
#[derive(Serialize)]
struct Report {
    articles: usize,
    build_ms: f64,
    /// Read from a file that was just written, and opened.
    open_ms: f64,
    memory_bytes: usize,
    kinds: BTreeMap<String, Accuracy>,
    all: Accuracy,
    /// How well the first hit's confidence tells queries with an answer from those without; absent if either is missing.
    no_answer_auroc: Option<f64>,
    /// Share of the queries, with an answer and without, that are shown a suggestion.
    suggested: [Option<f64>; 2],
    keystrokes: Keystrokes,
}

/// Over the queries that have an answer.
#[derive(Clone, Default, Serialize)]
struct Accuracy {
    queries: usize,
    #[serde(rename = "accuracy@1")]
    at_1: f64,
    #[serde(rename = "accuracy@3")]
    at_3: f64,
    #[serde(rename = "mrr@10")]
    mrr: f64,
}

#[derive(Serialize)]
struct Keystrokes {
    count: usize,
    p50_us: f64,
    p99_us: f64,
    max_us: f64,
}

pub(crate) fn eval(
    articles_path: &Path,
    queries_path: &Path,
    repeat_to: Option<usize>,
    json: bool,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let articles = articles(articles_path)?;
    let queries = queries(queries_path)?;
    let count = repeat_to.unwrap_or(articles.len()).max(articles.len().min(1));
    let begin = Instant::now();
    let built = index(&articles, count);
    let build_ms = milliseconds(begin);
    let (index, open_ms) = reopened(&built)?;
    drop(built);
    let mut scratch = Scratch::default();
    let judged = judge(&index, &queries, &mut scratch);
    let report = Report {
        articles: index.len(),
        build_ms,
        open_ms,
        memory_bytes: index.memory(),
        kinds: judged.kinds,
        all: judged.all,
        no_answer_auroc: auroc(&judged.confidences[1], &judged.confidences[0]),
        suggested: [share(judged.suggested[1]), share(judged.suggested[0])],
        keystrokes: keystrokes(&index, &queries, &mut scratch),
    };
    if json {
        serde_json::to_writer(&mut *out, &report).map_err(|error| Failure::Output(error.into()))?;
        writeln!(out)?;
    } else {
        print(&report, out)?;
    }
    Ok(())
}

/// The index written to a file and opened from it, and how long the opening took.
fn reopened(index: &Index) -> Result<(Index, f64), Failure> {
    let path = std::env::temp_dir().join(format!("shopbell-help-{}.index", std::process::id()));
    let done = (|| {
        std::fs::write(&path, index.to_bytes())?;
        let begin = Instant::now();
        let index = Index::open(std::fs::read(&path)?).map_err(Failure::Open)?;
        Ok((index, milliseconds(begin)))
    })();
    let _ = std::fs::remove_file(&path);
    done
}

#[derive(Default)]
struct Judged {
    kinds: BTreeMap<String, Accuracy>,
    all: Accuracy,
    /// The first hits' confidences: of queries without an answer, and with.
    confidences: [Vec<f32>; 2],
    /// Queries suggested something, and all of them: without an answer, and with.
    suggested: [(usize, usize); 2],
}

fn judge(index: &Index, queries: &[Asked], scratch: &mut Scratch) -> Judged {
    let mut judged = Judged::default();
    for query in queries {
        let Some(rel) = &query.rel else { continue };
        let hits = index.search(&Query { limit: LOOKED_AT, ..Query::new(&query.q) }, scratch).hits;
        let answered = usize::from(!rel.is_empty());
        if let (Some(confidences), Some((some, all))) =
            (judged.confidences.get_mut(answered), judged.suggested.get_mut(answered))
        {
            confidences.push(hits.first().map_or(0.0, |hit| hit.confidence));
            *some += usize::from(!index.suggest(&query.q, scratch).is_empty());
            *all += 1;
        }
        if answered == 1 {
            judged.all.add(&hits, rel);
            judged.kinds.entry(query.kind.clone()).or_default().add(&hits, rel);
        }
    }
    judged.all.close();
    judged.kinds.values_mut().for_each(Accuracy::close);
    judged
}

impl Accuracy {
    fn add(&mut self, hits: &[Hit], rel: &[String]) {
        self.queries += 1;
        if let Some(place) = hits.iter().position(|hit| rel.contains(&hit.id)) {
            self.at_1 += f64::from(u8::from(place == 0));
            self.at_3 += f64::from(u8::from(place < 3));
            self.mrr += 1.0 / (place + 1) as f64;
        }
    }

    /// Sums to means.
    fn close(&mut self) {
        let count = self.queries.max(1) as f64;
        self.at_1 /= count;
        self.at_3 /= count;
        self.mrr /= count;
    }
}

/// The chance that a query with an answer has the higher confidence than one without; of equals a half.
fn auroc(with: &[f32], without: &[f32]) -> Option<f64> {
    if with.is_empty() || without.is_empty() {
        return None;
    }
    let mut without = without.to_vec();
    without.sort_by(f32::total_cmp);
    let beaten: f64 = with
        .iter()
        .map(|one| {
            let less = without.partition_point(|other| other < one);
            let equal = without.partition_point(|other| other <= one) - less;
            less as f64 + equal as f64 / 2.0
        })
        .sum();
    Some(beaten / (with.len() * without.len()) as f64)
}

fn share((some, all): (usize, usize)) -> Option<f64> {
    (all > 0).then(|| some as f64 / all as f64)
}

/// Types every query, letter by letter, and takes the time of each search.
fn keystrokes(index: &Index, queries: &[Asked], scratch: &mut Scratch) -> Keystrokes {
    let mut times: Vec<f64> = Vec::new();
    for query in queries {
        let ends = query.q.char_indices().map(|(at, c)| at + c.len_utf8());
        for typed in ends.filter_map(|end| query.q.get(..end)) {
            let begin = Instant::now();
            black_box(index.search(&Query { limit: LOOKED_AT, ..Query::new(typed) }, scratch));
            times.push(milliseconds(begin) * 1000.0);
        }
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get(((times.len() as f64 - 1.0) * share).round() as usize).copied().unwrap_or(0.0);
    Keystrokes { count: times.len(), p50_us: at(0.5), p99_us: at(0.99), max_us: at(1.0) }
}

fn milliseconds(begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64() * 1000.0
}

fn print(report: &Report, out: &mut impl Write) -> Result<(), Failure> {
    let Report { articles, build_ms, open_ms, memory_bytes, kinds, all, no_answer_auroc, suggested, keystrokes } =
        report;
    writeln!(out, "{articles} articles, built in {build_ms:.1} ms, opened in {open_ms:.1} ms, {memory_bytes} bytes")?;
    writeln!(out, "{:16} {:>7} {:>10} {:>10} {:>7}", "kind", "queries", "accuracy@1", "accuracy@3", "MRR@10")?;
    let rows = kinds.iter().map(|(kind, row)| (kind.as_str(), row)).chain([("all", all)]);
    for (kind, row) in rows.filter(|(_, row)| row.queries > 0) {
        writeln!(out, "{kind:16} {:7} {:10.4} {:10.4} {:7.4}", row.queries, row.at_1, row.at_3, row.mrr)?;
    }
    if let Some(auroc) = no_answer_auroc {
        writeln!(out, "no-answer AUROC {auroc:.4}")?;
    }
    for (share, what) in suggested.iter().zip(["with an answer", "without one"]) {
        if let Some(share) = share {
            writeln!(out, "suggested something to {:.1} % of queries {what}", share * 100.0)?;
        }
    }
    let Keystrokes { count, p50_us, p99_us, max_us } = keystrokes;
    writeln!(out, "{count} keystrokes: p50 {p50_us:.0} µs, p99 {p99_us:.0} µs, max {max_us:.0} µs")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_auroc_counts_pairs_in_order() {
        assert_eq!(auroc(&[0.9, 0.8], &[0.1, 0.8]), Some(0.875));
        assert_eq!(auroc(&[0.9], &[]), None);
    }

    #[test]
    fn an_articles_file_is_measured_end_to_end() {
        let folder = tempfile::tempdir().unwrap();
        let (articles, queries) = (folder.path().join("a.jsonl"), folder.path().join("q.jsonl"));
        std::fs::write(&articles, r#"{"id":"1","title":"Refunds","body":"","phrasings":["money back"]}"#).unwrap();
        std::fs::write(
            &queries,
            "{\"q\":\"money bac\",\"rel\":[\"1\"],\"kind\":\"k\"}\n{\"q\":\"zzz\",\"rel\":[],\"kind\":\"k\"}\n{\"q\":\"abc\"}",
        )
        .unwrap();
        let mut out = Vec::new();
        eval(&articles, &queries, Some(3), true, &mut out).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(report["articles"], 3);
        assert_eq!(report["kinds"]["k"]["accuracy@1"], 1.0);
        assert_eq!(report["no_answer_auroc"], 1.0);
        assert_eq!(report["keystrokes"]["count"], 15);
    }
}
