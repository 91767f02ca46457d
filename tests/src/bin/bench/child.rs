//! Work that needs a process of its own: the program starts itself with a flag that people do not see.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdout, Command, Stdio},
};

use super::{cold_open, desk, files, memory};

/// Says that this process is a child.
pub(crate) const FLAG: &str = "--child";

/// The runtime that everything here runs on, the child's work as well as its bare counterpart: two threads, as the
/// bindings start one.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

/// What a child does.
pub(crate) fn run(arguments: &[String]) {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["cold-open", rest @ ..] => cold_open::child(rest),
        ["cold-open-bare", rest @ ..] => cold_open::bare_child(rest),
        ["memory", rest @ ..] => memory::child(rest),
        ["desk", rest @ ..] => desk::child(rest),
        ["memory-bare"] => memory::bare_child(),
        [kind @ ("upload" | "download"), rest @ ..] => files::child(kind, rest),
        ["upload-bare", rest @ ..] => files::bare_child("upload", rest),
        ["download-bare", rest @ ..] => files::bare_child("download", rest),
        other => panic!("no such work: {other:?}"),
    }
}

/// A child that says one thing a line on its standard output, and ends when its standard input does.
pub(crate) struct Helper {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Helper {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let program = std::env::current_exe().expect("the program's own path");
        let mut command = Command::new(program);
        command.arg(FLAG).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program starts itself");
        let said = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, said }
    }

    /// What it says next. Blocks.
    pub(crate) fn hear(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).expect("the child speaks");
        assert!(!line.is_empty(), "the child ended without a word; what it printed is above");
        line.trim_end().to_owned()
    }

    /// The number it says next. Blocks.
    pub(crate) fn number(&mut self) -> f64 {
        self.hear().parse().expect("a number")
    }

    /// Lets it go on from where it [lingers](linger).
    pub(crate) fn go(&mut self) {
        let input = self.child.stdin.as_mut().expect("a pipe");
        input.write_all(b"\n").and_then(|()| input.flush()).expect("the child listens");
    }

    /// Its number among the system's processes.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Tells the parent.
pub(crate) fn say(what: impl std::fmt::Display) {
    println!("{what}");
    let _ = std::io::stdout().flush();
}

/// Waits until the parent has heard enough. Blocks.
pub(crate) fn linger() {
    let _ = std::io::stdin().lock().read_line(&mut String::new());
}
