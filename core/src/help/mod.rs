//! The help centre: articles on the phone, searched as one types.
//!
//! # Protocol
//! ```text
//!   desk ──── sync: list, slugs, pages ───▶ library (one SQLite file) ──▶ index (in memory, kept as bytes)
//!   pack ──── once, before the first sync ──▶    │                          ▲        │
//!   "this helped" ─── phrasings learnt ──────────┴──────────────────────────┘        ▼
//!   keystroke ──────────────────────────────────────────────────────────────▶ hits, with snippets of the library
//! ```
//! - **The library** (`library`) is one file for each help centre of a desk, and holds nothing of any person. It is
//!   opened with the first question and closed with the client's pause. It can be thrown away: the desk says it again.
//! - **Sync** (`sync`) asks for the desk's list of what is published, with its validator: unchanged, it is the only
//!   request. Else `plan` (pure) says what it calls for: few articles by their slugs (`singly`), many in pages; `listed`
//!   keeps what was acted upon. A desk without a list is read in pages, seldom.
//! - **What comes is put aside** and swapped in by one transaction. Cut off anywhere in the pages, the old articles stay;
//!   cut off between single articles, each is whole, old or new, and the rest follows. Pages are held against what the
//!   desk says is published (`reconcile`, pure), for they may overlap and miss; what is missing is fetched by its slug
//!   (`missing`), and a sync that lacks something is never called complete.
//! - **A starter pack** ([`pack`]) is what is shown until the desk was asked for the first time. Its phrasings stay,
//!   beside those of a desk that keeps such.
//! - **Languages** (`locales`): those the customer chose, each with what it falls back to, then the help centre's own.
//!   Lists show the first that has articles; a search goes on to the next where one has no likely answer.
//! - **The index** is built, read and searched on threads that may wait, never on the caller's. It belongs to a revision
//!   of the library; of any other, or damaged, it is built anew. While it is, the old one answers.
//! - **Search as one types** (`search`): the newest keystroke wins.
//! - **What belongs to a person** (`personal`: recent searches, votes, reading positions, articles seen) is in that
//!   person's own file.
//! - **Counting** (`visit`) is a pure machine: what is typed and opened goes in, figures and events come out.

mod config;
mod handle;
mod library;
mod links;
mod listed;
mod locales;
mod missing;
pub mod pack;
mod pages;
mod personal;
mod pictures;
mod plan;
pub mod pull;
mod reconcile;
mod room;
mod search;
mod shelf;
mod singly;
mod sync;
#[cfg(test)]
mod tests;
mod visit;

pub use config::HelpCenterConfig;
pub use handle::{HelpCenter, HelpChanges, HelpEvents};
pub(crate) use room::Room;
pub use search::{SearchInput, SearchUpdates};
