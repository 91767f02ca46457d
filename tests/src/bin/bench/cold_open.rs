//! `cold-open`: how soon the first screen stands after the app was started.
//!
//! **Measured**: in a new process each time, from the call of `SupportClient::open` on a folder with 100 conversations
//! of 1,000 messages until the timeline of one of them has handed out its first batch, the newest 50 messages. The
//! runtime is there already, as in an app; the process's first use of everything else is in the figure. The cache of
//! the file system is warm (a program can't cool it): the disk's own slowness is left out on both sides. The desk can't
//! be reached, as opening must not wait for it.
//!
//! **Bare**: a new process, too, that opens the same file with the same PRAGMAs and runs one `SELECT` of the newest 50
//! rows. It parses no Markdown and no JSON, starts no threads and makes no HTTP client.
//!
//! **Goals**: 10 ms; and with 1,000 conversations at most 1.2 times the time for 100: nothing may grow with the store.
//!
//! **Noise**: starting a process and its first faults of pages; about a tenth. Turn by turn, three kinds.

use std::{path::Path, time::Instant};

use shopbell::SupportClient;

use super::{
    bare::BareStore,
    child::{self, Helper},
    fill::{conversation_id, full, offline_config},
    stats::{Times, noise},
    table::{Amount, Goal, Line},
};

const TURNS: usize = 31;
const MESSAGES: usize = 1_000;
/// The conversation that is opened: neither the first nor the last in the file.
const OPENED: usize = 42;

pub(crate) async fn take(work: &Path) -> Vec<Line> {
    let (small, large) = (work.join("small"), work.join("large"));
    let database = full(&small, 100, MESSAGES).await;
    full(&large, 1_000, MESSAGES).await;
    let (mut ours, mut grown, mut bare) = (Times::default(), Times::default(), Times::default());
    let mut opened = Times::default();
    for turn in 0..=TURNS {
        let ours_now = child_times("cold-open", &small);
        let bare_now = child_times("cold-open-bare", &database);
        let grown_now = child_times("cold-open", &large);
        // The first turn warms the cache.
        if turn > 0 {
            opened.push(ours_now.0);
            ours.push(ours_now.1);
            bare.push(bare_now.1);
            grown.push(grown_now.1);
        }
    }
    vec![
        Line {
            name: "cold-open",
            ours: Amount::new(ours.median(), "ms"),
            bare: Some(Amount::new(bare.median(), "ms")),
            goal: Goal::AtMost(10.0),
            notes: vec![
                noise(&ours, &bare),
                format!("of ours, until open() returned: {:.2} ms; warm file cache", opened.median()),
            ],
        },
        Line {
            name: "cold-open, 10 × the store",
            ours: Amount::new(grown.median(), "ms"),
            bare: Some(Amount::new(ours.median(), "ms")),
            goal: Goal::Ratio(1.2),
            notes: vec![
                "bare is the line above: 100,000 messages against 1,000,000".to_owned(),
                format!("{} turns; middle half: {} ms", grown.len(), grown.spread()),
            ],
        },
    ]
}

/// What a child says: when it had opened, and when it had the messages.
fn child_times(kind: &str, path: &Path) -> (f64, f64) {
    let mut child = Helper::start(&[kind, path.to_str().expect("a plain path")]);
    (child.number(), child.number())
}

/// In the child: opens and shows.
pub(crate) fn child(arguments: &[&str]) {
    let data = Path::new(arguments[0]);
    let runtime = child::runtime();
    runtime.block_on(async {
        let config = offline_config(data);
        let (mut opened, mut shown) = (Times::default(), Times::default());
        let start = Instant::now();
        let client = SupportClient::open(config).await.expect("the client opens");
        opened.since(start);
        let mut timeline = client.conversation(&conversation_id(OPENED)).expect("open").timeline();
        let batch = timeline.next().await.expect("the store reads").expect("the timeline goes on");
        shown.since(start);
        let messages = shopbell_tests::reset(&batch);
        assert_eq!(messages.len(), 50);
        child::say(opened.median());
        child::say(shown.median());
        client.shutdown().await;
    });
}

/// In the bare child: opens and selects.
pub(crate) fn bare_child(arguments: &[&str]) {
    let database = Path::new(arguments[0]);
    let conversation = conversation_id(OPENED);
    let (mut opened, mut shown) = (Times::default(), Times::default());
    let start = Instant::now();
    let store = BareStore::open(database, "FULL");
    opened.since(start);
    let rows = store.newest_50(conversation.as_str());
    shown.since(start);
    assert_eq!(rows, 50);
    child::say(opened.median());
    child::say(shown.median());
}
