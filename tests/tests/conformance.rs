//! The adapters against the suite of the port, and the Chatwoot adapter against every fault that its desk knows.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "this file and its helpers are tests; the table is shown where one fails"
)]

#[path = "conformance/chatwoot.rs"]
mod chatwoot;
#[path = "conformance/faults.rs"]
mod faults;
#[path = "conformance/quirks.rs"]
mod quirks;

use shopbell::testing::conformance::{self, MemoryHarness};

use self::chatwoot::ChatwootHarness;

#[tokio::test(flavor = "multi_thread")]
async fn memory_desk_keeps_every_promise() {
    let report = conformance::run(&MemoryHarness).await;
    println!("{report}");
    report.assert_all_passed();
}

#[tokio::test(flavor = "multi_thread")]
async fn chatwoot_adapter_keeps_every_promise() {
    let report = conformance::run(&ChatwootHarness).await;
    println!("{report}");
    report.assert_all_passed();
    // What can't be looked at on this desk, and nothing more.
    assert_eq!(
        report.skipped(),
        [
            "what_the_desk_says_it_cannot_do_is_unsupported",
            "key_sent_twice_is_one_message_where_promised",
            "last_vote_on_an_article_stands"
        ]
    );
}
