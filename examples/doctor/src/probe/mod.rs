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
