//! Searches a help centre from the terminal, and measures how well and how fast.
//!
//! ```text
//! shopbell-help search --articles F.jsonl [QUERY]
//! shopbell-help eval   --articles F.jsonl --queries F.jsonl [--json] [--repeat-to N]
//! ```
//!
//! Articles are lines of `{"id", "title", "body"}`, and if known `"phrasings": [..]`, `"category"`, `"popularity"`,
//! `"locale"`. Queries are lines of `{"q", "rel": [article ids], "kind"}`; `"rel": []` says that no article answers, and a
//! query without `rel` is only typed, to take its time.

mod eval;
mod lines;
mod look;

use clap::{Parser, Subcommand};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(about = "Searches a help centre from the terminal, and measures how well and how fast")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Search: once with a query, else line by line.
    Search {
        /// The articles, as JSON lines.
        #[arg(long)]
        articles: PathBuf,
        /// What to search for.
        query: Option<String>,
    },
    /// Measure accuracy, no-answer AUROC and the latency of typing.
    Eval {
        /// The articles, as JSON lines.
        #[arg(long)]
        articles: PathBuf,
        /// The queries, as JSON lines.
        #[arg(long)]
        queries: PathBuf,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
        /// Repeat the articles until there are so many, for the latency of a larger help centre.
        #[arg(long)]
        repeat_to: Option<usize>,
    },
}

fn main() -> ExitCode {
    let mut out = std::io::stdout().lock();
    let done = match Cli::parse().command {
        Command::Search { articles, query } => look::search(&articles, query.as_deref(), &mut out),
        Command::Eval { articles, queries, json, repeat_to } => {
            eval::eval(&articles, &queries, repeat_to, json, &mut out)
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // A reader that has seen enough (`| head`) is no failure.
        Err(lines::Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "shopbell-help: {failure}");
            ExitCode::FAILURE
        }
    }
}
