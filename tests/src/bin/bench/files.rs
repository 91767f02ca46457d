//! `files`: what it takes to send, fetch and keep files, of 100 MB and by the thousand.
//!
//! **Measured**, each in a process of its own, with the desk in this one, over loopback:
//! - *upload*: a message with a file waits on the phone; the host says that there is a network, and the clock runs
//!   until the timeline shows it as sent.
//! - *download*: from the asking for an agent's file until its path is there: whole, named, and on the disk.
//! - *memory*: the highest resident set during that, above the one just before.
//! - *send*: `send_message()` of a file of 100 MB on the same disk until it has returned; once copied, once linked (the
//!   app gives the file away).
//! - *cache*: a customer's folder of 10,000 fetched files is opened, and swept of one that belongs to nobody.
//!
//! **Bare**: `reqwest` with a streamed multipart form of the same file to the same address, and a streamed body written
//! to a file and synced; a copy of the file, synced; a `send()` of words.
//!
//! **Fair**, for the desk does the same for both, and both leave what they made on the disk. Ours also opens the
//! conversation, commits what it knows three times, and shows its progress.
//!
//! **Noise**: a tenth; the page cache is warm for both. Turn by turn.

use std::{
    fs,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use sandbox::Sandbox;
use shopbell::{ClientConfig, Delivery, NewAttachment, NewMessage, SupportClient};
use shopbell_tests::{Screen, desk, only_conversation};
use tokio::io::AsyncWriteExt as _;

use super::{
    child::{self, Helper},
    fill::{UNDOUBTED, database, offline_config},
    stats::{Times, noise},
    table::{Amount, Goal, Line},
};

const SIZE: usize = 100_000_000;
const ROUNDS: usize = 5;
const FILES: usize = 10_000;

pub(crate) async fn take(work: &Path) -> Vec<Line> {
    let file = work.join("film.bin");
    fs::write(&file, content()).expect("a file");
    let mut lines = going("upload 100 MB", "upload", work, &file).await;
    lines.extend(going("download 100 MB", "download", work, &file).await);
    lines.extend(sending(work, &file).await);
    lines.push(cache(&work.join("cache")).await);
    lines
}

/// Bytes that no disk and no line makes shorter.
fn content() -> Vec<u8> {
    let mut number = 1_u64;
    let mut next = || {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        number.to_le_bytes()
    };
    (0..SIZE / 8).flat_map(|_| next()).collect()
}

/// Turns of ours and of the bare one, each a child.
async fn going(name: &'static str, kind: &'static str, work: &Path, file: &Path) -> Vec<Line> {
    let (mut ours, mut bare) = (Times::default(), Times::default());
    let (mut memory, mut bare_memory) = (Times::default(), Times::default());
    for round in 0..ROUNDS {
        for (is_bare, times, peaks) in [(false, &mut ours, &mut memory), (true, &mut bare, &mut bare_memory)] {
            let desk = desk().await;
            let data = work.join(format!("{kind}-{round}-{is_bare}"));
            fs::create_dir(&data).expect("a folder");
            let (time, peak) = turn(&desk, kind, is_bare, &data, file).await;
            times.push(time);
            peaks.push(peak);
            desk.shutdown().await;
            fs::remove_dir_all(&data).expect("gone");
        }
    }
    let peak_name = if kind == "upload" { "upload, memory" } else { "download, memory" };
    vec![
        Line {
            name,
            ours: Amount::new(ours.median(), "ms"),
            bare: Some(Amount::new(bare.median(), "ms")),
            goal: Goal::Ratio(1.1),
            notes: vec![noise(&ours, &bare)],
        },
        Line {
            name: peak_name,
            ours: Amount::new(memory.median(), "MB"),
            bare: Some(Amount::new(bare_memory.median(), "MB")),
            goal: Goal::AtMost(8.0),
            notes: vec![format!("peak above idle, {} turns, ours {} MB", memory.len(), memory.spread())],
        },
    ]
}

/// One turn: milliseconds, and the peak of memory above what it was before, in MB.
async fn turn(desk: &Sandbox, kind: &str, bare: bool, data: &Path, file: &Path) -> (f64, f64) {
    let name = if bare { format!("{kind}-bare") } else { kind.to_owned() };
    let [data, file] = [data, file].map(|path| path.to_str().expect("a plain path").to_owned());
    let (url, inbox, agent) = (desk.url(), desk.inbox_identifier().to_owned(), desk.desk());
    let film = if kind == "download" { fs::read(&file).expect("the file") } else { Vec::new() };
    let client = (bare || kind == "download").then(|| ClientConfig::new(&url, &inbox, Path::new(&data).join("first")));
    let mut address = String::new();
    if let Some(config) = client {
        // A conversation that is there already, and in it what is to be fetched.
        let client = SupportClient::open(config).await.expect("the client opens");
        let conversation = client.start_conversation().expect("open");
        let mut screen = Screen::open(&conversation).await;
        conversation.send("Hello?").await.expect("sent");
        screen.until_last(Delivery::Sent).await;
        let number = only_conversation(&agent);
        let source = agent.contacts()[0].sessions[0].0.clone();
        address = format!("{url}/public/api/v1/inboxes/{inbox}/contacts/{source}/conversations/{number}/messages");
        if kind == "download" {
            agent.reply_with_file(number, "", "film.bin", "application/octet-stream", film);
            client.refresh().await.expect("fetched");
            screen.until("the file", |messages| messages.len() == 2).await;
            address = screen.messages[1].attachments[0].url.clone().expect("an address");
            if !bare {
                address = format!("{} {}", conversation.id(), screen.messages[1].attachments[0].id);
            }
        }
        client.shutdown().await;
    }
    tokio::task::spawn_blocking(move || {
        let mut child = Helper::start(&[&name, &data, &url, &inbox, &file, &address]);
        assert_eq!(child.hear(), "ready");
        let before = status(child.process(), "VmRSS:");
        child.go();
        let time = child.number();
        (time, status(child.process(), "VmHWM:") - before)
    })
    .await
    .expect("a child")
}

/// A line of what the system says of a process, in MB.
fn status(process: u32, name: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).expect("Linux");
    let line = text.lines().find(|line| line.starts_with(name)).expect("the line is there");
    let kib: f64 = line.split_whitespace().nth(1).expect("a value").parse().expect("a number");
    kib * 1_024.0 / 1e6
}

fn large(mut config: ClientConfig) -> ClientConfig {
    config.limits.max_attachment_bytes = SIZE as u64;
    config.limits.offline_poll = UNDOUBTED;
    config
}

/// In the child: a client that sends, or fetches.
pub(crate) fn child(kind: &str, arguments: &[&str]) {
    let [data, url, inbox, file, what] = arguments else { panic!("five arguments") };
    child::runtime().block_on(async {
        let sends = kind == "upload";
        let folder = if sends { Path::new(data).to_owned() } else { Path::new(data).join("first") };
        let client = SupportClient::open(large(ClientConfig::new(*url, *inbox, folder))).await.expect("opens");
        let start;
        if sends {
            client.network_changed(false);
            let conversation = client.start_conversation().expect("open");
            let film = NewMessage::text("film").attach(NewAttachment::path(file).given_away());
            conversation.send_message(film).await.expect("kept");
            let mut screen = Screen::open(&conversation).await;
            child::say("ready");
            child::linger();
            start = Instant::now();
            client.network_changed(true);
            screen.until_last(Delivery::Sent).await;
        } else {
            let (conversation, id) = what.split_once(' ').expect("two ids");
            let conversation = client.conversation(&shopbell::ConversationId::new(conversation)).expect("open");
            child::say("ready");
            child::linger();
            start = Instant::now();
            let id = shopbell::AttachmentId::new(id);
            conversation.download(&id).await.expect("begun").finished().await.expect("fetched");
        }
        child::say(start.elapsed().as_secs_f64() * 1_000.0);
        child::linger();
        client.shutdown().await;
    });
}

/// In the bare child: reqwest, and nothing else.
pub(crate) fn bare_child(kind: &str, arguments: &[&str]) {
    let [data, _, _, file, address] = arguments else { panic!("five arguments") };
    let _ = rustls::crypto::ring::default_provider().install_default();
    child::runtime().block_on(async {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        child::say("ready");
        child::linger();
        let start = Instant::now();
        if kind == "upload" {
            let form = reqwest::multipart::Form::new().text("content", "film");
            let form = form.file("attachments[]", file).await.expect("the file");
            let answer = http.post(*address).multipart(form).send().await.expect("an answer");
            assert!(answer.status().is_success());
            answer.bytes().await.expect("a body");
        } else {
            let mut answer = http.get(*address).send().await.expect("an answer");
            let mut file = tokio::fs::File::create(Path::new(data).join("bare.bin")).await.expect("a file");
            while let Some(chunk) = answer.chunk().await.expect("a chunk") {
                file.write_all(&chunk).await.expect("written");
            }
            file.flush().await.expect("written");
            file.sync_data().await.expect("synced");
        }
        child::say(start.elapsed().as_secs_f64() * 1_000.0);
        child::linger();
    });
}

/// Sending locally: a copy beside a copy, a link beside words.
async fn sending(work: &Path, file: &Path) -> Vec<Line> {
    let client = SupportClient::open(large(offline_config(&work.join("sending")))).await.expect("the client opens");
    client.network_changed(false);
    let conversation = client.start_conversation().expect("open");
    let (mut copied, mut copy, mut linked, mut words) =
        (Times::default(), Times::default(), Times::default(), Times::default());
    let bare = work.join("copy.bin");
    for turn in 0..=ROUNDS * 2 {
        for (attachment, times) in
            [(NewAttachment::path(file), &mut copied), (NewAttachment::path(file).given_away(), &mut linked)]
        {
            let message = NewMessage::text(format!("turn {turn}")).attach(attachment);
            let start = Instant::now();
            let id = conversation.send_message(message).await.expect("kept");
            // The first finds everything cold.
            if turn > 0 {
                times.since(start);
            }
            conversation.discard(&id).await.expect("gone");
        }
        let start = Instant::now();
        fs::copy(file, &bare).and_then(|_| fs::File::open(&bare)?.sync_all()).expect("a copy");
        if turn > 0 {
            copy.since(start);
        }
        fs::remove_file(&bare).expect("gone");
        let start = Instant::now();
        let id = conversation.send(&format!("words {turn}")).await.expect("kept");
        if turn > 0 {
            words.since(start);
        }
        conversation.discard(&id).await.expect("gone");
    }
    client.shutdown().await;
    let line = |name, ours: &Times, bare: &Times, goal| Line {
        name,
        ours: Amount::new(ours.median(), "ms"),
        bare: Some(Amount::new(bare.median(), "ms")),
        goal: Goal::Ratio(goal),
        notes: vec![noise(ours, bare)],
    };
    vec![line("send 100 MB, copied", &copied, &copy, 1.5), line("send 100 MB, linked", &linked, &words, 2.0)]
}

/// Opening with many files, until what belongs to nobody is gone.
async fn cache(data: &Path) -> Line {
    let client = SupportClient::open(offline_config(data)).await.expect("the client opens");
    client.shutdown().await;
    let path = database(data);
    let folder = path.with_extension("files");
    fs::create_dir(&folder).expect("a folder");
    let mut connection = rusqlite::Connection::open(&path).expect("the store opens");
    let transaction = connection.transaction().expect("a transaction");
    for number in 0..FILES {
        let name = format!("{number:032x}.png");
        fs::File::create(folder.join(&name)).and_then(|mut file| file.write_all(b"x")).expect("a file");
        let sql = "INSERT INTO files (id, name, state, size, used_at) VALUES (?1, ?2, 'whole', 1, ?3)";
        let row = (format!("{number:032x}"), name, i64::try_from(number).expect("small"));
        transaction.execute(sql, row).expect("a row");
    }
    transaction.commit().expect("a commit");
    drop(connection);
    let (mut whole, mut opening) = (Times::default(), Times::default());
    for _ in 0..ROUNDS * 2 {
        let stranger = folder.join("half-copied");
        fs::write(&stranger, "half").expect("a file");
        let start = Instant::now();
        let client = SupportClient::open(offline_config(data)).await.expect("the client opens");
        opening.since(start);
        while stranger.exists() {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        whole.since(start);
        client.shutdown().await;
    }
    Line {
        name: "cache of 10,000 files",
        ours: Amount::new(whole.median(), "ms"),
        bare: None,
        goal: Goal::AtMost(20.0),
        notes: vec![format!(
            "opened and swept, {} turns, {} ms; open() itself returned after {:.1} ms",
            whole.len(),
            whole.spread(),
            opening.median()
        )],
    }
}
