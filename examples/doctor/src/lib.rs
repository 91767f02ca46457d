//! Examines a merchant's desk before anything is integrated: what a phone will meet there, and what it costs.
//!
//! It has an HTTP of its own, for it is to see what the SDK's hides: redirects, compression, the certificate chain of a
//! server that nobody trusts. What it knows of the desk's releases is the adapter's one table.
//!
//! # The map
//! [`examine`] goes through the stages in order. `probe` asks and times, and decides nothing; `judge` turns what was seen
//! into [`Finding`]s, without I/O; `scale` is the formula of `docs/scale.md`; [`Report`] is shown as a table or as JSON.
//!
//! ```no_run
//! # async fn run() -> Result<(), shopbell_doctor::UsageError> {
//! use shopbell_doctor::{Options, examine};
//! let report = examine(&Options::new("https://desk.example.com", "inbox-identifier")?).await;
//! println!("{}", report.table());
//! # Ok(())
//! # }
//! ```
//!
//! # What it never does
//! Without [`Options::write`] it leaves nothing at the desk. Two requests look like writes and are refused by every desk:
//! the making of a contact with an impossible e-mail address (so that a right key meets 422 and a wrong one 500), and a
//! body for a conversation that is not there (so that only a proxy's limit can answer 413). It prints no key, no token
//! and no source id, and no text of a customer's.

mod examine;
mod judge;
mod options;
mod probe;
mod report;
pub mod scale;

pub use self::{
    examine::examine,
    options::{Options, Secret, Timing, UsageError},
    report::{Finding, Report, Verdict},
};
