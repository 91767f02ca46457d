//! When a call returns, the listeners have been told what it did.
//!
//! What they are told a moment later is a matter of luck, so each test looks at it many times, right after the call.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

mod common;

use std::sync::{
    Arc, Barrier,
    atomic::{AtomicBool, Ordering},
};

use common::{Desk, List, Screen, Seen, Shared, cancel_at_once, shared, text, wait};
use shopbell_ffi::{
    Client, ClientStatus, CustomerProfile, Identity, ListenerError, Older, StatusListener, SupportError, Timeline,
};

const ROUNDS: usize = 20;

fn customer(identifier: &str) -> Identity {
    Identity { identifier: identifier.to_owned(), hash: None }
}

fn log_in(client: &Client, identifier: &str) -> bool {
    wait(client.identify(customer(identifier), CustomerProfile::default())).unwrap()
}

struct Badge(Seen<i32>);

impl StatusListener for Shared<Badge> {
    fn on_status(&self, status: ClientStatus) -> Result<(), ListenerError> {
        self.0.change(|unread| *unread = status.unread);
        Ok(())
    }
}

fn texts(screen: &Screen) -> Vec<String> {
    screen.shown.get(|shown| shown.messages.iter().map(|message| text(message).to_owned()).collect())
}

fn lines(list: &List) -> Vec<String> {
    list.0.get(|lines| lines.iter().map(|line| line.id.clone()).collect())
}

#[test]
fn command_that_returned_has_been_shown_everywhere() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    let conversation = wait(client.start_conversation()).unwrap();
    let (screen, list) = (Screen::new(), List::new());
    let _timeline = conversation.timeline(shared(&screen));
    let _list = client.conversations(shared(&list), true);
    for round in 0..ROUNDS {
        let written = format!("message {round}");
        let id = wait(conversation.send(written.clone())).unwrap();
        assert!(screen.shown.get(|shown| shown.messages.iter().any(|message| message.id == id)), "send {round}");
        list.0.get(|lines| assert_eq!(lines[0].preview, written, "the line of {round}"));
    }
    wait(client.shutdown());
}

#[test]
fn customer_who_has_left_is_nowhere_when_the_call_returns() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    let (list, badge) = (List::new(), Arc::new(Badge(Seen::new(0))));
    let _observed = (client.conversations(shared(&list), true), client.status(shared(&badge)));
    let mut ids = Vec::new();
    for (number, who) in ["mai", "lan"].into_iter().enumerate() {
        log_in(&client, who);
        let conversation = wait(client.start_conversation()).unwrap();
        wait(conversation.send(who.to_owned())).unwrap();
        desk.until_texts(&["mai", "lan"][..=number]);
        let at_desk = desk.sandbox.desk().conversations()[number].id;
        desk.sandbox.desk().reply(at_desk, "hello");
        badge.0.until("an answer", |unread| {
            wait(client.refresh()).unwrap();
            (*unread > 0).then_some(())
        });
        ids.push(conversation.id());
    }
    for round in 0..ROUNDS {
        let (who, id) = (["mai", "lan"][round % 2], &ids[round % 2]);
        assert!(log_in(&client, who), "log-in {round}");
        assert_eq!(lines(&list), std::slice::from_ref(id), "log-in {round}");
        assert!(badge.0.get(|unread| *unread > 0), "the badge of log-in {round}");
        let screen = Screen::new();
        let conversation = client.conversation(id.clone());
        let _timeline = conversation.timeline(shared(&screen));
        wait(conversation.set_draft(format!("draft {round}"))).unwrap();
        assert!(!texts(&screen).is_empty(), "what was on the phone {round}");
        assert_eq!(wait(client.log_out()), Ok(true));
        assert_eq!(lines(&list), [""; 0], "log-out {round}");
        assert_eq!(badge.0.get(|unread| *unread), 0, "the badge of log-out {round}");
        assert!(screen.shown.get(|shown| shown.ended), "the screen of log-out {round}");
        if round % 2 == 0 {
            // From one customer to the other, without a log-out between.
            assert!(log_in(&client, who));
        }
    }
    wait(client.shutdown());
}

#[test]
fn page_that_was_loaded_is_shown() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let mut config = desk.config(data.path());
    config.limits.as_mut().unwrap().page_size = Some(3);
    let client = Client::new(config, None).unwrap();
    let conversation = wait(client.start_conversation()).unwrap();
    let written: Vec<String> = (0..3 * (ROUNDS + 1)).map(|number| format!("message {number}")).collect();
    for text in &written {
        wait(conversation.send(text.clone())).unwrap();
    }
    desk.until_texts(&written.iter().map(String::as_str).collect::<Vec<_>>());
    let list = List::new();
    let _list = client.conversations(shared(&list), true);
    list.0.until("none waiting", |lines| lines.first().is_some_and(|line| line.waiting == 0).then_some(()));
    let screen = Screen::new();
    let timeline = conversation.timeline(shared(&screen));
    for round in 1..=ROUNDS {
        assert_eq!(wait(timeline.load_older()), Ok(Older::MayExist));
        assert!(texts(&screen).len() >= 3 * (round + 1), "page {round}: {}", texts(&screen).len());
    }
    wait(client.shutdown());
}

/// The effect of a call is shown by hundreds of listeners, and by those that end meanwhile or have ended.
#[test]
fn hundreds_of_listeners_are_told_before_a_call_returns() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    let conversation = wait(client.start_conversation()).unwrap();
    let screens: Vec<Arc<Screen>> = (0..300).map(|_| Screen::new()).collect();
    let mut timelines: Vec<Arc<Timeline>> =
        screens.iter().map(|screen| conversation.timeline(shared(screen))).collect();
    for round in 0..ROUNDS {
        // Some are cancelled, some dropped, while the call is under way.
        let call = conversation.send(format!("message {round}"));
        timelines.pop().unwrap().cancel();
        timelines.pop();
        wait(call).unwrap();
        for screen in &screens[..timelines.len()] {
            assert_eq!(texts(screen).len(), round + 1);
        }
    }
    wait(client.shutdown());
}

/// A listener that calls back, and waits for the answer on the one thread that calls listeners.
#[test]
fn listener_that_calls_a_command_and_waits_is_answered() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    let conversation = wait(client.start_conversation()).unwrap();
    let called = Arc::new(Seen::new(None));
    let (inside, of_listener, first) = (Arc::clone(&conversation), Arc::clone(&called), AtomicBool::new(true));
    let screen = Screen::with(Box::new(move || {
        if first.swap(false, Ordering::SeqCst) {
            let answer = wait(inside.set_draft("from inside".into()));
            of_listener.change(|called| *called = Some(answer));
        }
        Ok(())
    }));
    let _timeline = conversation.timeline(shared(&screen));
    assert_eq!(called.until("the answer", Clone::clone), Ok(()));
    assert_eq!(wait(conversation.draft()), Ok(Some("from inside".into())));
    wait(client.shutdown());
}

/// A listener that does not return holds a call up for moments, the end of the client not at all, and is never told of
/// who has left.
#[test]
fn listener_that_does_not_return_holds_nothing_up_for_good() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    log_in(&client, "mai");
    let conversation = wait(client.start_conversation()).unwrap();
    let list = List::new();
    let _list = client.conversations(shared(&list), true);
    wait(conversation.send("one".into())).unwrap();
    let (stuck, free) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (is_stuck, until) = (Arc::clone(&stuck), Arc::clone(&free));
    let first = AtomicBool::new(true);
    let screen = Screen::with(Box::new(move || {
        if first.swap(false, Ordering::SeqCst) {
            is_stuck.wait();
            until.wait();
        }
        Ok(())
    }));
    let _timeline = conversation.timeline(shared(&screen));
    stuck.wait();
    // It is done, and shown once the listener returns.
    wait(conversation.send("two".into())).unwrap();
    assert_eq!(wait(client.log_out()), Ok(false), "the host has to forget by itself");
    list.0.change(Vec::clear);
    free.wait();
    screen.shown.until("the end", |shown| shown.ended.then_some(()));
    assert_eq!(texts(&screen), ["one"], "nobody is told of one who has left");
    assert_eq!(wait(client.log_out()), Ok(true));
    assert_eq!(lines(&list), [""; 0]);
    wait(client.shutdown());
}

#[test]
fn call_that_nobody_waits_for_and_one_of_a_closed_client_end() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    let conversation = wait(client.start_conversation()).unwrap();
    let screen = Screen::new();
    let _timeline = conversation.timeline(shared(&screen));
    cancel_at_once(conversation.send("left".into()));
    wait(conversation.send("stayed".into())).unwrap();
    assert_eq!(texts(&screen), ["left", "stayed"]);
    wait(client.pause()).unwrap();
    // Nobody is told before the resume, so nobody is waited for.
    wait(conversation.send("paused".into())).unwrap();
    wait(client.resume()).unwrap();
    wait(conversation.send("again".into())).unwrap();
    assert_eq!(texts(&screen), ["left", "stayed", "paused", "again"]);
    wait(client.shutdown());
    assert!(matches!(wait(conversation.send("x".into())), Err(SupportError::Closed { .. })));
}
