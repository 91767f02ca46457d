//! Lantern & Loom: a shop in a terminal, with in-app support by Shopbell.
//!
//! It exists to be looked at, and to be read: [`run`] shows how an app holds a [`shopbell::SupportClient`], [`app`]
//! how its screens follow what the client says, and [`tour`] tells the whole story without a terminal.

mod app;
mod cli;
mod problem;
mod run;
mod shop;
mod tour;
mod view;

use std::process::ExitCode;

use clap::Parser as _;

use crate::{cli::Arguments, problem::Problem};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(start(arguments));
            // A request that hangs shall not hold up a person who quits.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(Problem::new(format!("can't start: {error}"), "free some memory or threads, and try again")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            complain(&problem);
            ExitCode::FAILURE
        }
    }
}

async fn start(arguments: Arguments) -> Result<(), Problem> {
    if let Some(file) = &arguments.log {
        cli::log_to(file)?;
    }
    if arguments.tour_child {
        return tour::child::run(&arguments).await;
    }
    if arguments.tour {
        return tour::run(arguments.tour_megabytes).await;
    }
    run::run(arguments).await
}

#[allow(clippy::print_stderr, reason = "the terminal is ours again, and this is for a person")]
fn complain(problem: &Problem) {
    eprintln!("storefront: {problem}");
}
