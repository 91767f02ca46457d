//! `catch-up`: a customer comes back to 10,000 missed messages.
//!
//! **Measured**: the conversation is on screen and its timeline is read by a task; the host says that there is a
//! network again, and the clock runs until the oldest of the missed messages is in the store (pages are read from the
//! newest back, so it comes last). A connection that only reads looks for it every millisecond. Real HTTP over
//! loopback, 500 pages of 20.
//!
//! **Bare**: one kept-alive HTTP connection asks for the same pages, one after the other, parses each with
//! `serde_json` into a plain struct and inserts the same rows into a copy of the same file (same tables and indexes),
//! one transaction a page, `synchronous=NORMAL` as the client's own: the desk can tell these messages again. It looks
//! for no duplicates, keeps no previews and no counts of unread messages, and shows nothing.
//!
//! **Fair**, for most of both is the desk making its pages. That desk runs in this process, so a busy core slows it
//! for both.
//!
//! **Noise**: about a twentieth. A few rounds, each with a client, a desk and a store of its own; ours goes first in
//! every round, which finds the desk's memory colder.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags};
use shopbell::{ClientConfig, Delivery, SupportClient};
use shopbell_tests::{Screen, desk, live, only_conversation};

use super::{
    bare::{BareMessage, BareStore},
    desk_side::BareHttp,
    fill::{UNDOUBTED, database},
    stats::{Times, noise},
    table::{Amount, Goal, Line},
};

const MISSED: usize = 10_000;
const ROUNDS: usize = 5;
/// How long nothing may be asked before what a client does after catching up counts as over.
const QUIET: Duration = Duration::from_millis(400);

pub(crate) async fn take(work: &Path) -> Vec<Line> {
    let (mut ours, mut bare, mut whole) = (Times::default(), Times::default(), Times::default());
    let mut notes = Vec::new();
    for round in 0..ROUNDS {
        let data = work.join(round.to_string());
        fs::create_dir(&data).expect("a folder");
        let turn = turn(&data).await;
        ours.push(turn.ours);
        bare.push(turn.bare);
        whole.push(turn.until_quiet);
        notes = turn.notes;
    }
    notes.insert(0, noise(&ours, &bare));
    notes.push(format!("of ours, until the last request was answered: {:.0} ms", whole.median()));
    vec![Line {
        name: "catch-up",
        ours: Amount::new(ours.median(), "ms"),
        bare: Some(Amount::new(bare.median(), "ms")),
        goal: Goal::Ratio(1.3),
        notes,
    }]
}

struct Turn {
    ours: f64,
    bare: f64,
    until_quiet: f64,
    notes: Vec<String>,
}

async fn turn(data: &Path) -> Turn {
    let desk = desk().await;
    // With the limits of a phone: the tests' ask so often that the desk never rests.
    let mut config = ClientConfig::new(desk.url(), desk.inbox_identifier(), data);
    config.limits.offline_poll = UNDOUBTED;
    let client = SupportClient::open(config).await.expect("the client opens");
    let conversation = client.start_conversation().expect("open");
    let mut screen = Screen::open(&conversation).await;
    conversation.send("Hello?").await.expect("sent");
    screen.until_last(Delivery::Sent).await;
    live(&client).await;
    quiet(&desk).await;
    let number = only_conversation(&desk.desk());
    let file = database(data);
    client.network_changed(false);
    // Sockets close, and the log of the store is folded into a copy without the client's knowing.
    tokio::time::sleep(QUIET).await;
    let copy = data.join("bare.db");
    let reader = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_WRITE).expect("the store opens");
    reader.execute("VACUUM INTO ?1", [copy.to_str().expect("a plain path")]).expect("a copy");

    let source = desk.desk().contacts()[0].sessions[0].0.clone();
    let known = desk.desk().conversation(number).expect("it is there").messages.last().expect("one").id;
    desk.desk().bulk_messages(number, MISSED);
    desk.desk().clear_requests();
    // Reads what comes, as the app would.
    let showing = tokio::spawn(async move {
        screen
            .until("the newest message", |messages| {
                messages.last().is_some_and(|last| last.content.as_text().starts_with(&format!("Message {MISSED} ")))
            })
            .await;
        screen
    });
    let oldest = i64::try_from(known + 1).expect("small");
    let start = Instant::now();
    client.network_changed(true);
    while !has(&reader, oldest) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let ours = start.elapsed().as_secs_f64() * 1_000.0;
    quiet(&desk).await;
    let until_quiet = (start.elapsed() - QUIET).as_secs_f64() * 1_000.0;
    let screen = showing.await.expect("the newest message is shown");
    let kept: i64 = reader.query_row("SELECT count(*) FROM messages", [], |row| row.get(0)).expect("a count");
    assert_eq!(kept, i64::try_from(MISSED + 1).expect("small"), "every message once");
    let notes = asked(&desk);
    drop(screen);
    client.shutdown().await;

    let mut store = BareStore::open(&copy, "NORMAL");
    let id = conversation.id().as_str();
    let mut http = BareHttp::connect(&desk).await;
    let path = format!("/contacts/{source}/conversations/{number}/messages");
    let start = Instant::now();
    let mut before = String::new();
    loop {
        let answer = http.get(&format!("{path}{before}")).await;
        let mut page: Vec<BareMessage> = serde_json::from_slice(&answer).expect("a page");
        let end = page.first().is_none_or(|first| first.id <= oldest);
        if let Some(first) = page.first() {
            before = format!("?before={}", first.id);
        }
        page.retain(|message| message.id >= oldest);
        store.insert_page(id, &page);
        if end {
            break;
        }
    }
    let bare = start.elapsed().as_secs_f64() * 1_000.0;
    assert_eq!(store.messages(id), i64::try_from(MISSED + 1).expect("small"));
    Turn { ours, bare, until_quiet, notes }
}

fn has(reader: &Connection, desk_id: i64) -> bool {
    let sql = "SELECT count(*) FROM messages WHERE conversation = (SELECT id FROM conversations) AND desk_id = ?1";
    let mut statement = reader.prepare_cached(sql).expect("a statement");
    statement.query_row([desk_id], |row| row.get::<_, i64>(0)).expect("a count") > 0
}

/// Waits until nothing was fetched for a while. Polls that find nothing new go on for ever, and are no work.
async fn quiet(desk: &sandbox::Sandbox) {
    let mut asked = usize::MAX;
    loop {
        let now = desk.desk().requests().iter().filter(|request| request.status != 304).count();
        if now == asked {
            return;
        }
        asked = now;
        tokio::time::sleep(QUIET).await;
    }
}

/// What was asked of the desk, by kind.
fn asked(desk: &sandbox::Sandbox) -> Vec<String> {
    let requests = desk.desk().requests();
    let kinds = [("pages", "/messages"), ("lists", "/conversations")];
    let kind = |(name, ending): (&str, &str)| {
        let those: Vec<_> = requests.iter().filter(|request| request.path.ends_with(ending)).collect();
        let bytes: u64 = those.iter().map(|request| request.response_bytes).sum();
        let mut queries: Vec<&str> = those.iter().map(|request| request.query.as_str()).collect();
        queries.sort_unstable();
        queries.dedup();
        format!("asked: {} {name} ({} different), {:.1} MB", those.len(), queries.len(), bytes as f64 / 1e6)
    };
    kinds.map(kind).into()
}
