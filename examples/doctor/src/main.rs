//! `shopbell-doctor`: see the library, and `docs/doctor.md`.

mod cli;

use std::{io::Write, process::ExitCode};

use clap::Parser;

/// Wrong usage, as clap has it.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    let ran = arguments.options().and_then(|options| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(|error| format!("can't start: {error}"))?;
        Ok(runtime.block_on(shopbell_doctor::examine(&options)))
    });
    match ran {
        Ok(report) => {
            let text = if arguments.json { report.json() } else { report.table() };
            // A reader that has seen enough (`| head`) is no failure.
            let _ = std::io::stdout().lock().write_all(text.as_bytes());
            ExitCode::from(report.exit_code())
        }
        Err(problem) => {
            let _ = writeln!(std::io::stderr(), "shopbell-doctor: {problem}");
            ExitCode::from(USAGE)
        }
    }
}
