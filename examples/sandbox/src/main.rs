//! The sandbox on its own: `cargo run -p sandbox`.

mod cli;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use sandbox::Sandbox;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .init();
    let arguments = cli::Arguments::parse();
    let sandbox = match Sandbox::start(arguments.options()).await {
        Ok(sandbox) => sandbox,
        Err(error) => {
            // Nothing is left to tell if the terminal itself is gone.
            let _ = writeln!(io::stderr(), "sandbox: {error}");
            return ExitCode::FAILURE;
        }
    };
    for rule in arguments.faults {
        sandbox.faults().add(rule);
    }
    let _ = io::stdout().write_all(cli::welcome(&sandbox.url(), sandbox.inbox_identifier()).as_bytes());
    if tokio::signal::ctrl_c().await.is_err() {
        // Without signals to wait for, run until killed: every acknowledged write is on disk anyway.
        std::future::pending::<()>().await;
    }
    sandbox.shutdown().await;
    ExitCode::SUCCESS
}
