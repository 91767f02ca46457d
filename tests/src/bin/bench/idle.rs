//! `idle`: what an app that only lies open costs the radio.
//!
//! **Measured**: a client with one conversation of 100 messages, none on screen. Ten idle minutes are five polls, one
//! every two minutes; here a poll comes every 200 ms instead, and a hundred of them are watched, through a relay that
//! counts every byte above TCP both ways. The goal is one request a poll, answered with 304 and no body, and no
//! socket; the bytes are told beside it.
//!
//! **Bare**: there is none: a poll must be one request. The bytes of the smallest request that the desk would answer
//! the same way are told for comparison.
//!
//! **Not in it**: TCP and TLS. On a phone each poll opens a connection (the client keeps one for 15 s), which the
//! shortened polls here do not.
//!
//! **Noise**: the interval begins when an answer is in, so a slow machine asks a little less often; never more.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use shopbell::{Delivery, SupportClient};
use shopbell_tests::{Screen, config, desk, only_conversation};

use super::{
    proxy,
    table::{Amount, Goal, Line},
};

const POLL: Duration = Duration::from_millis(200);
const POLLS: u32 = 100;
/// Polls in ten minutes at the default of two.
const IN_TEN_MINUTES: u64 = 5;

pub(crate) async fn take(work: &Path) -> Vec<Line> {
    let desk = desk().await;
    let (url, passed) = proxy::before(&desk).await;
    let data = work.join("data");
    fs::create_dir(&data).expect("a folder");
    let mut config = config(&desk, &data);
    config.desk_url = url;
    config.limits.idle_poll = POLL;
    let client = SupportClient::open(config).await.expect("the client opens");
    let conversation = client.start_conversation().expect("open");
    let mut screen = Screen::open(&conversation).await;
    conversation.send("Hello?").await.expect("sent");
    screen.until_last(Delivery::Sent).await;
    desk.desk().bulk_messages(only_conversation(&desk.desk()), 100);
    drop(screen);
    // The list is read once in full, and the socket closes.
    tokio::time::sleep(POLL * 5).await;

    desk.desk().clear_requests();
    let before = passed.now();
    let start = Instant::now();
    tokio::time::sleep(POLL * POLLS).await;
    let due = start.elapsed().as_secs_f64() / POLL.as_secs_f64();
    let requests = desk.desk().requests();
    let after = passed.now();
    let sockets = desk.desk().cable_connections();
    client.shutdown().await;

    let [up, down, connections] = [0, 1, 2].map(|at| after[at] - before[at]);
    let count = u64::try_from(requests.len()).expect("small").max(1);
    let bodies: u64 = requests.iter().map(|request| request.request_bytes + request.response_bytes).sum();
    let others = requests.iter().filter(|request| !(request.if_none_match && request.status == 304)).count();
    let smallest = smallest(&desk, &requests[0].path);
    let line =
        |name, value: f64, unit, goal, notes| Line { name, ours: Amount::new(value, unit), bare: None, goal, notes };
    vec![
        line(
            "idle, requests a poll",
            requests.len() as f64 / due,
            "",
            Goal::AtMost(1.0),
            vec![
                format!("{} requests where {due:.0} polls were due, {others} of them not answered 304", requests.len()),
                format!("a poll: {} B up, {} B down; the smallest there is: {smallest} B up", up / count, down / count),
                format!(
                    "ten minutes are {IN_TEN_MINUTES} polls: {} B above TCP and TLS",
                    (up + down) / count * IN_TEN_MINUTES
                ),
            ],
        ),
        line("idle, body bytes", bodies as f64, "B", Goal::AtMost(0.0), Vec::new()),
        line(
            "idle, sockets",
            sockets as f64,
            "",
            Goal::AtMost(0.0),
            vec![format!("{connections} connections were opened meanwhile")],
        ),
    ]
}

/// The bytes of the same question with nothing but what HTTP and the condition need.
fn smallest(desk: &sandbox::Sandbox, path: &str) -> usize {
    let host = desk.url().trim_start_matches("http://").to_owned();
    // Rack's tags are weak ones of 32 digits.
    let tag = format!("W/\"{:032}\"", 0);
    format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nif-none-match: {tag}\r\n\r\n").len()
}
