//! The log, as a host takes it. Alone in its process: there is one log.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail")]

mod common;

use std::sync::Arc;

use common::{Desk, Screen, Seen, Shared, shared, wait};
use shopbell_ffi::{ListenerError, LogLevel, LogRecord, LogSink, set_log_sink};

struct Sink {
    lines: Seen<Vec<LogRecord>>,
    panics: bool,
}

impl Sink {
    fn new(panics: bool) -> Arc<Self> {
        Arc::new(Self { lines: Seen::new(Vec::new()), panics })
    }

    fn until(&self, what: &str) {
        self.lines.until(what, |lines| lines.iter().any(|line| line.message.contains(what)).then_some(()));
    }
}

impl LogSink for Shared<Sink> {
    fn on_records(&self, records: Vec<LogRecord>) -> Result<(), ListenerError> {
        self.lines.change(|lines| lines.extend(records));
        assert!(!self.panics, "on purpose");
        Ok(())
    }
}

#[test]
fn log_goes_to_the_sink_that_is_set_last_and_holds_no_words() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let (first, second) = (Sink::new(true), Sink::new(false));
    set_log_sink(Some(shared(&first)), LogLevel::Trace);
    let client = desk.phone(data.path());
    wait(client.opened()).unwrap();
    first.until("customer's file");

    // A sink that panics is called again, and is let go of when another takes its place.
    set_log_sink(Some(shared(&second)), LogLevel::Debug);
    let conversation = wait(client.start_conversation()).unwrap();
    let screen = Screen::with(Box::new(|| panic!("the shopper's words")));
    let _timeline = conversation.timeline(shared(&screen));
    wait(conversation.send("the shopper's words".into())).unwrap();
    desk.until_texts(&["the shopper's words"]);
    second.until("a listener panicked");
    second.until("a panic place=");
    second.lines.get(|lines| {
        for line in lines {
            assert!(!line.message.contains("shopper's words"), "{line:?}");
            assert!(line.target.starts_with("shopbell"), "{line:?}");
            assert_ne!(line.level, LogLevel::Trace);
        }
    });

    set_log_sink(None, LogLevel::Error);
    wait(client.shutdown());
    // The thread lets go of the sink with the batch that it is at.
    let begun = std::time::Instant::now();
    while Arc::strong_count(&second) > 1 || Arc::strong_count(&first) > 1 {
        assert!(begun.elapsed() < common::PATIENCE, "a sink is held");
        std::thread::yield_now();
    }
}
