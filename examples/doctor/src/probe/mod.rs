//! Asks and times, and decides nothing: every function gives what it saw, trouble included.

pub(crate) mod body;
pub(crate) mod cable;
pub(crate) mod costs;
pub(crate) mod help;
pub(crate) mod http;
pub(crate) mod key;
pub(crate) mod line;
pub(crate) mod tls;
pub(crate) mod write;

/// This machine's clock, to be held against the desk's and against a certificate's days. Durations are taken otherwise.
#[allow(clippy::disallowed_methods, reason = "an edge: what is judged gets the time as an observation")]
fn wall_clock() -> std::time::SystemTime {
    std::time::SystemTime::now()
}
