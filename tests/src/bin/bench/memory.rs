//! `memory`: what the library adds to an app's memory.
//!
//! **Measured**: a process of its own opens a store of 100 conversations of 1,000 messages, has the timeline of one of
//! them open (its newest 50 messages shown, the realtime connection up: the desk is in the parent), and waits two
//! seconds. Then its resident set is read from the system (`Rss` of `/proc/PID/smaps_rollup`): every page in memory,
//! the program's own code as well, which the system could drop. The peak (`VmHWM`) and the part that can't be dropped
//! (`Private_Dirty`: what iOS counts) are told below.
//!
//! **Bare**: the same program with the same runtime that waits and does nothing. The figure is the difference.
//!
//! **Fair**, for the runtime is the app's business; the goal is on what comes on top of it.
//!
//! **Noise**: some hundred kB. The middle of five pairs.

use std::{fs, path::Path, time::Duration};

use shopbell::{Delivery, SupportClient};
use shopbell_tests::{Screen, desk, live, phone};

use super::{
    child::{self, Helper},
    fill::{database, fill},
    stats::Times,
    table::{Amount, Goal, Line},
};

const PAIRS: usize = 5;

pub(crate) async fn take(work: &Path) -> Vec<Line> {
    let desk = desk().await;
    let data = work.join("data");
    fs::create_dir(&data).expect("a folder");
    let client = phone(&desk, &data).await;
    let conversation = client.start_conversation().expect("open");
    let mut screen = Screen::open(&conversation).await;
    conversation.send("Hello?").await.expect("sent");
    screen.until_last(Delivery::Sent).await;
    let id = conversation.id().clone();
    drop(screen);
    client.shutdown().await;
    drop(client);
    let store = database(&data);
    fill(&store, 100, 1_000);
    make_long(&store, id.as_str());

    let [mut rss, mut dirty, mut pss, mut peak] =
        [Times::default(), Times::default(), Times::default(), Times::default()];
    for _ in 0..PAIRS {
        let empty = look(Helper::start(&["memory-bare"])).await;
        let arguments =
            ["memory", data.to_str().expect("a plain path"), &desk.url(), desk.inbox_identifier(), id.as_str()];
        let ours = look(Helper::start(&arguments)).await;
        rss.push(ours.rss - empty.rss);
        dirty.push(ours.dirty - empty.dirty);
        pss.push(ours.pss - empty.pss);
        peak.push(ours.peak - empty.rss);
    }
    vec![Line {
        name: "memory",
        ours: Amount::new(rss.median(), "MB"),
        bare: None,
        goal: Goal::AtMost(12.0),
        notes: vec![
            format!("resident above an empty process, {} pairs, {} MB", rss.len(), rss.spread()),
            format!(
                "dirty {:.1} MB, proportional {:.1} MB, peak {:.1} MB above the empty process's",
                dirty.median(),
                pss.median(),
                peak.median()
            ),
        ],
    }]
}

/// Gives the conversation that the desk knows a history; its only message is newer than all of it.
fn make_long(store: &Path, id: &str) {
    let connection = rusqlite::Connection::open(store).expect("the store opens");
    connection
        .execute(
            "UPDATE messages SET conversation = ?1
             WHERE conversation = (SELECT id FROM conversations WHERE desk_id = 1000007)",
            [id],
        )
        .expect("an update");
}

/// What the system says of a process, in MB (10⁶ bytes).
struct Memory {
    rss: f64,
    pss: f64,
    dirty: f64,
    peak: f64,
}

/// Waits until the child is ready, then looks at it.
async fn look(mut child: Helper) -> Memory {
    // Reading blocks, and the desk that the child talks to runs on this runtime.
    tokio::task::spawn_blocking(move || {
        assert_eq!(child.hear(), "ready");
        let process = child.process();
        let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).expect("Linux");
        let status = fs::read_to_string(format!("/proc/{process}/status")).expect("Linux");
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).expect("the field is there");
            let kib: f64 = line.split_whitespace().nth(1).expect("a value").parse().expect("a number");
            kib * 1_024.0 / 1e6
        };
        Memory {
            rss: field(&rollup, "Rss:"),
            pss: field(&rollup, "Pss:"),
            dirty: field(&rollup, "Private_Dirty:"),
            peak: field(&status, "VmHWM:"),
        }
    })
    .await
    .expect("the child is looked at")
}

/// In the child: opens, shows, is live, waits.
pub(crate) fn child(arguments: &[&str]) {
    let [data, url, inbox, id] = arguments else { panic!("four arguments") };
    let runtime = child::runtime();
    runtime.block_on(async {
        let config = shopbell::ClientConfig::new(*url, *inbox, *data);
        let client = SupportClient::open(config).await.expect("the client opens");
        let conversation = client.conversation(&shopbell::ConversationId::new(*id)).expect("open");
        let screen = Screen::open(&conversation).await;
        live(&client).await;
        assert!(screen.messages.len() >= 50, "{} messages are shown", screen.messages.len());
        tokio::time::sleep(Duration::from_secs(2)).await;
        child::say("ready");
        let _ = tokio::task::spawn_blocking(child::linger).await;
        client.shutdown().await;
        drop(screen);
    });
}

/// In the bare child: the runtime alone.
pub(crate) fn bare_child() {
    let runtime = child::runtime();
    runtime.block_on(async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        child::say("ready");
        let _ = tokio::task::spawn_blocking(child::linger).await;
    });
}
