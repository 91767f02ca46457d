//! Searches a help centre from the terminal, and measures how well and how fast.
//!
//! ```text
//! shopbell-help pull   --portal SLUG --desk URL   [--locale TAG…] > F.jsonl
//! shopbell-help search --articles F.jsonl [QUERY]
//! shopbell-help eval   --articles F.jsonl --queries F.jsonl [--json] [--repeat-to N]
//! shopbell-help pack   --portal SLUG --desk URL   [--locale TAG…] [--phrasings F.jsonl] OUT
//! shopbell-help pack   --portal SLUG --folder DIR [--locale TAG]  [--phrasings F.jsonl] OUT
//! ```
//!
//! Articles are lines of `{"id", "title", "body"}`, and if known `"phrasings": [..]`, `"category"`, `"popularity"`,
//! `"locale"`. Queries are lines of `{"q", "rel": [article ids], "kind"}`; `"rel": []` says that no article answers, and a
//! query without `rel` is only typed, to take its time. Phrasings are lines of `{"id", "phrasings": [..]}`; what `pull`
//! writes are such lines, too.
//!
//! A shop's own help centre is tried before anything is integrated: `pull` it, `search` in it, write down what customers ask
//! and `eval`. `pull` reads as an app does, and writes whole help centres only.

mod desk;
mod eval;
mod folder;
mod lines;
mod look;
mod pack;
mod pull;

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

/// Told below `pull --help`.
const EXIT_CODES: &str = "Exit codes:
  0  every published article was written
  1  wrong choice of language or address, or the output takes no more
  2  wrong usage
  3  the desk can't be reached
  4  what answers there is no desk
  5  the desk has no help centre of that slug
  6  the desk failed, or kept a published article back: try again later
Unless it is 0, nothing was written to the output.";

#[derive(Subcommand)]
enum Command {
    /// Read a desk's help centre, and write its articles as JSON lines, for `search` and `eval`.
    ///
    /// Articles go to the standard output, once all have come; what is going on, to the standard error. The desk is asked
    /// for what an app asks for at its first start, without any key.
    #[command(after_help = EXIT_CODES)]
    Pull {
        /// The help centre's slug: what follows /hc/ in its address.
        #[arg(long)]
        portal: String,
        /// The desk's address.
        #[arg(long, value_name = "URL")]
        desk: String,
        /// The languages to read (repeatable); all if none is named.
        #[arg(long = "locale", value_name = "TAG")]
        locales: Vec<String>,
    },
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
    /// Build a starter pack, which an app brings along so that its first run answers without a network.
    Pack {
        /// The help centre's slug, as the app names it.
        #[arg(long)]
        portal: String,
        /// Take the published articles of this desk.
        #[arg(long, value_name = "URL", conflicts_with = "folder", required_unless_present = "folder")]
        desk: Option<String>,
        /// Take the Markdown files of this folder, see folder.rs.
        #[arg(long, value_name = "DIR")]
        folder: Option<PathBuf>,
        /// The languages to pack (repeatable); all of a desk's if none is named. For a folder: its language.
        #[arg(long = "locale", value_name = "TAG")]
        locales: Vec<String>,
        /// More ways in which customers ask, as JSON lines.
        #[arg(long)]
        phrasings: Option<PathBuf>,
        /// The pack.
        out: PathBuf,
    },
}

fn main() -> ExitCode {
    let mut out = std::io::stdout().lock();
    let done = match Cli::parse().command {
        Command::Pull { portal, desk, locales } => {
            show_progress();
            pull::pull(&desk, &portal, &locales, &mut out, &mut std::io::stderr())
        }
        Command::Search { articles, query } => look::search(&articles, query.as_deref(), &mut out),
        Command::Eval { articles, queries, json, repeat_to } => {
            eval::eval(&articles, &queries, repeat_to, json, &mut out)
        }
        Command::Pack { portal, desk, folder, locales, phrasings, out: to } => {
            let source = match (&desk, &folder) {
                (Some(url), _) => pack::Source::Desk(url),
                (None, Some(path)) => pack::Source::Folder(path),
                // The command line asks for one of them.
                (None, None) => return ExitCode::FAILURE,
            };
            pack::pack(&source, &portal, &locales, phrasings.as_deref(), &to, &mut out)
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // A reader that has seen enough (`| head`) is no failure.
        Err(lines::Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "shopbell-help: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

/// Prints each page of articles as it comes, to the standard error.
fn show_progress() {
    let format = tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).with_level(false);
    let only = tracing_subscriber::EnvFilter::new("off,shopbell::help::sync=debug");
    format.without_time().with_env_filter(only).init();
}
