//! `./bench`: what the README promises, measured on this machine beside the same work without Shopbell.
//!
//! Every figure has a bare one next to it, taken in the same run and turn by turn with it (A, B, A, B, …), so that what
//! slows the machine slows both. What counts is the ratio of the medians. What is measured, how, what is bare, why the
//! comparison is fair and how noisy it is stands at the top of each measure's file.
//!
//! A missed goal is a line that says so and never a failure: a busy machine is no defect.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measure that can't be taken has nothing to recover"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what this program does")]
#![allow(clippy::cast_precision_loss, reason = "figures for people")]

mod bare;
mod catch_up;
mod child;
mod cold_open;
mod desk;
mod desk_side;
mod ffi;
mod files;
mod fill;
mod help;
mod machine;
mod memory;
mod proxy;
mod round_trip;
mod send;
mod size;
mod stats;
mod table;

use std::{
    path::{Path, PathBuf},
    pin::Pin,
    process::ExitCode,
};

use self::{machine::Machine, table::Line};

type Taken<'a> = Pin<Box<dyn Future<Output = Vec<Line>> + 'a>>;

/// A measure: its name, what it says, and how it is taken with a folder to work in.
struct Measure {
    name: &'static str,
    about: &'static str,
    take: for<'a> fn(&'a Path) -> Taken<'a>,
}

const MEASURES: &[Measure] = &[
    Measure {
        name: "send",
        about: "a message written, until it is on the disk and on the screen",
        take: |work| Box::pin(send::take(work)),
    },
    Measure {
        name: "cold-open",
        about: "a new process opens a full store and shows 50 messages",
        take: |work| Box::pin(cold_open::take(work)),
    },
    Measure {
        name: "catch-up",
        about: "10,000 missed messages, until the store has them",
        take: |work| Box::pin(catch_up::take(work)),
    },
    Measure {
        name: "round-trip",
        about: "a message written, until the desk has it and the screen says so",
        take: |work| Box::pin(round_trip::take(work)),
    },
    Measure {
        name: "memory",
        about: "100,000 messages stored, one timeline open and live",
        take: |work| Box::pin(memory::take(work)),
    },
    Measure {
        name: "desk",
        about: "what a customer costs the desk, in single scenes and in a week, beside its own web widget",
        take: |work| Box::pin(desk::take(work)),
    },
    Measure {
        name: "files",
        about: "100 MB sent and fetched, and a cache of 10,000 files",
        take: |work| Box::pin(files::take(work)),
    },
    Measure {
        name: "help",
        about: "a keystroke in the help centre, beside SQLite FTS5 and tantivy",
        take: |work| Box::pin(help::take(work)),
    },
    Measure {
        name: "ffi",
        about: "crossing from Kotlin to the library and back, on the JVM",
        take: |work| Box::pin(ffi::take(work)),
    },
    Measure {
        name: "size",
        about: "the libraries as they ship, and what their parts and features weigh",
        take: |work| Box::pin(size::take(work)),
    },
];

const HELP: &str = "\
./bench            every measure
./bench NAME...    only these (the beginning of a name is enough)
./bench --list     the measures
./bench --json     one object for a machine instead of the table

RUST_LOG=shopbell=debug shows the library's log.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == child::FLAG) {
        child::run(&arguments[1..]);
        return ExitCode::SUCCESS;
    }
    let mut names = Vec::new();
    let mut json = false;
    for argument in &arguments {
        match argument.as_str() {
            "--list" => {
                MEASURES.iter().for_each(|measure| println!("{:<11} {}", measure.name, measure.about));
                return ExitCode::SUCCESS;
            }
            "--help" | "-h" => {
                println!("{HELP}");
                return ExitCode::SUCCESS;
            }
            "--json" => json = true,
            name if MEASURES.iter().any(|measure| measure.name.starts_with(name)) => names.push(name.to_owned()),
            other => {
                eprintln!("no measure is called {other:?}; ./bench --list names them\n\n{HELP}");
                return ExitCode::from(2);
            }
        }
    }
    let chosen: Vec<&Measure> = MEASURES
        .iter()
        .filter(|measure| names.is_empty() || names.iter().any(|name| measure.name.starts_with(name)))
        .collect();
    shopbell_tests::logs();
    child::runtime().block_on(take_all(&chosen, json));
    ExitCode::SUCCESS
}

async fn take_all(chosen: &[&Measure], json: bool) {
    let work = tempfile::tempdir_in(beside_the_program()).expect("a folder to work in");
    let machine = Machine::look_at(work.path());
    if !json {
        println!("{machine}\n");
    }
    let mut lines = Vec::new();
    for measure in chosen {
        // A folder each, gone afterwards: the largest store has a million messages.
        let folder = tempfile::tempdir_in(work.path()).expect("a folder to work in");
        eprintln!("… {}: {}", measure.name, measure.about);
        lines.extend((measure.take)(folder.path()).await);
    }
    if json {
        println!("{}", table::json(&machine, &lines));
    } else {
        print!("\n{}", table::table(&lines));
    }
}

/// Where the build is, and not the system's folder for short-lived files: that may be in memory, where nothing costs
/// what it costs on a disk.
fn beside_the_program() -> PathBuf {
    let program = std::env::current_exe().expect("the program's own path");
    program.parent().expect("a program is in a folder").to_owned()
}
