//! Search as you type in a help centre: on the phone, offline, in any language.
//!
//! # The protocol
//!
//! ```text
//! articles ──▶ IndexBuilder ──▶ Index ──▶ to_bytes ──▶ a file ──▶ Index::open
//!                                 │ ▲
//!             each keystroke ─────┘ └───── learn, remove (between two builds)
//! ```
//!
//! 1. **One fold.** Index, query and highlighter put every character through the same fold and every text through the same
//!    splitter and stemmer, so what is found can be shown, and what is shown was found: `doi` finds and marks *đổi* however
//!    either is composed. Scripts without spaces are cut into overlapping pairs. See `fold`, `words`, `stem`.
//! 2. **A query is its words.** Each stands for its own term; the last for all that begin with it; each for terms of its
//!    root; and one that finds nothing for terms a typing error away. Question words weigh a quarter, each in its own
//!    language and spelling. See `plan`, `quiet` and `census`. What one writes joined and another divided is one word: see
//!    `words` and `divide`.
//! 3. **Two rankings.** BM25F over title, phrasings and body picks the best few; among them the likeness to one title or
//!    one phrasing (same words, same order, from the beginning) decides. Of titles that differ in accents alone, the one
//!    that is spelt as the query is comes first. See `rank` and `exact`; the numbers are in `tuning`.
//! 4. **A confidence.** Each hit says how likely it is right. [`Index::suggest`] shows what is more likely right than
//!    wrong, and else nothing.
//! 5. **One run of bytes.** The index in memory is the index on disk, read in place behind a checksum. Bytes that are not
//!    whole are refused with an [`OpenError`], and the host builds the index again: it is a cache of the articles, never
//!    the only copy of anything. What was learnt or removed since travels in its last section. See `segment`.
//!
//! Searching takes `&self` and is synchronous; [`Index`] is `Send + Sync`. Nothing here panics, whatever the input: reads
//! are checked, and what is longer than a help centre needs is cut at a documented place.
//!
//! # Figures
//!
//! `cargo run --release -p shopbell-help -- eval --articles A.jsonl --queries Q.jsonl` measures accuracy, no-answer AUROC
//! and the latency of typing.
//!
//! ```
//! use shopbell_search::{Document, Index, IndexBuilder, Query, Scratch};
//!
//! let mut builder = IndexBuilder::new();
//! builder.add(&Document {
//!     id: "returns",
//!     title: "Return an item",
//!     body: "Open your order and choose Return.",
//!     phrasings: &["how do I send my shoes back"],
//!     ..Document::default()
//! });
//! let bytes = builder.build().to_bytes();
//!
//! let index = Index::open(bytes)?;
//! let mut scratch = Scratch::default();
//! let results = index.search(&Query::new("send back sheos"), &mut scratch);
//! assert_eq!(results.hits[0].id, "returns");
//! assert_eq!(results.highlighter.snippet("how do I send my shoes back", 60).ranges, [9..13, 17..22, 23..27]);
//! # Ok::<(), shopbell_search::OpenError>(())
//! ```

mod census;
mod codec;
mod divide;
mod exact;
mod fold;
mod highlight;
mod index;
mod plan;
#[cfg(test)]
mod properties;
mod quiet;
mod rank;
mod recent;
mod segment;
mod spelling;
mod stem;
mod tuning;
mod typo;
mod words;

pub use highlight::{Highlighter, Snippet};
pub use index::{Document, Hit, Index, IndexBuilder, OpenError, Query, Results, Scratch};
pub use recent::RecentSearches;
