//! The sandbox against what three real desks said: the scripts of `recordings/` are carried out against a sandbox that
//! plays the version, and every answer and frame is held against the recorded one.
//!
//! Compared are status, content type, the headers that tell a client something, and the shape of what came: keys,
//! types, where there is nothing, lengths of lists, and the words of the protocol; not names, numbers, times and
//! addresses. What may differ stands in `recordings/meant.rs`, with a reason; an entry that differs no longer fails, too.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

#[path = "recordings/answer.rs"]
mod answer;
#[path = "recordings/cable.rs"]
mod cable;
#[path = "recordings/meant.rs"]
mod meant;
#[path = "recordings/rest.rs"]
mod rest;
#[path = "recordings/shape.rs"]
mod shape;

macro_rules! recordings {
    ($kind:literal) => {
        [
            ("3.16.0", include_str!(concat!("../recordings/", $kind, "-3.16.0.json"))),
            ("4.15.1", include_str!(concat!("../recordings/", $kind, "-4.15.1.json"))),
            ("4.16.2", include_str!(concat!("../recordings/", $kind, "-4.16.2.json"))),
        ]
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_are_answered_as_the_desks_answered_them() {
    let mut differences = Vec::new();
    for (version, recording) in recordings!("rest") {
        differences.extend(rest::play(version, recording).await);
    }
    meant::judge(&differences, meant::OF_REST);
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_steps_are_told_on_the_socket_as_the_desks_told_them() {
    let mut differences = Vec::new();
    for (version, recording) in recordings!("cable") {
        differences.extend(cable::play(version, recording).await);
    }
    meant::judge(&differences, meant::OF_CABLE);
}

/// A client that shows redirects.
fn http() -> reqwest::Client {
    // The workspace's reqwest brings no provider of its own; a second install is refused, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}
