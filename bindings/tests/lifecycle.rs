//! The life of a client and of what it gives out, as a foreign language lives it: no runtime around the calls.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

mod common;

use std::sync::{
    Arc, Weak,
    atomic::{AtomicBool, AtomicUsize, Ordering},
    mpsc,
};

use common::{Desk, List, PATIENCE, Screen, Seen, Shared, cancel_at_once, config, shared, text, wait};
use shopbell_ffi::{
    Author, Client, ClientStatus, Connection, CustomerProfile, Delivery, Identity, ListenerError, Older,
    StatusListener, StorageProblem, SupportError, Typing, TypingListener, Vault, VaultError,
};

fn profile() -> CustomerProfile {
    CustomerProfile::default()
}

fn customer(identifier: &str) -> Identity {
    Identity { identifier: identifier.to_owned(), hash: None }
}

struct Status(Seen<Option<ClientStatus>>);

impl StatusListener for Shared<Status> {
    fn on_status(&self, status: ClientStatus) -> Result<(), ListenerError> {
        self.0.change(|now| *now = Some(status));
        Ok(())
    }
}

struct Typist(Seen<Vec<Option<Typing>>>);

impl TypingListener for Shared<Typist> {
    fn on_typing(&self, typing: Option<Typing>) -> Result<(), ListenerError> {
        self.0.change(|all| all.push(typing));
        Ok(())
    }

    fn on_end(&self) -> Result<(), ListenerError> {
        Ok(())
    }
}

#[test]
fn message_and_answer_are_shown_and_told() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    let status = Arc::new(Status(Seen::new(None)));
    let _status = client.status(shared(&status));
    let conversation = wait(client.start_conversation()).unwrap();
    let screen = Screen::new();
    let timeline = conversation.timeline(shared(&screen));
    let id = wait(conversation.send(" Is the blue bag waterproof? ".into())).unwrap();
    screen.shown.until("the message to be sent", |shown| {
        shown.messages.first().is_some_and(|m| m.delivery == Some(Delivery::Sent)).then_some(())
    });
    status.0.until("the socket", |status| {
        status.as_ref().is_some_and(|status| status.connection == Connection::Live).then_some(())
    });
    let number = desk.sandbox.desk().conversations()[0].id;
    let typist = Arc::new(Typist(Seen::new(Vec::new())));
    let _typing = conversation.typing(shared(&typist));
    typist.0.until("nobody", |all| (all.len() == 1 && all[0].is_none()).then_some(()));
    desk.sandbox.desk().set_typing(number, true);
    typist.0.until("an agent", |all| all.last().is_some_and(Option::is_some).then_some(()));
    desk.sandbox.desk().reply(number, "Yes, **fully**.");
    screen.until_texts(&["Is the blue bag waterproof?", "Yes, **fully**."]);
    screen.shown.get(|shown| {
        assert_eq!(shown.messages[0].id, id);
        assert_eq!(shown.messages[0].conversation, conversation.id());
        assert!(matches!(shown.messages[1].author, Author::Agent { agent: Some(_) }));
        assert_eq!(shown.messages[1].blocks.len(), 1);
    });
    let list = List::new();
    let _list = client.conversations(shared(&list), true);
    list.0.until("one unread", |lines| (lines.len() == 1 && lines[0].unread == 1).then_some(()));
    assert_eq!(wait(client.unread()), Ok(1));
    assert_eq!(wait(client.current_status()).unwrap().unread, 1);
    wait(conversation.mark_seen()).unwrap();
    list.0.until("none unread", |lines| (lines[0].unread == 0).then_some(()));
    assert_eq!(wait(timeline.load_older()), Ok(Older::NoMore));
    wait(client.shutdown());
}

#[test]
fn configuration_that_cannot_work_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    for desk in ["", "ftp://desk", "http://desk.example.com"] {
        let refused = Client::new(config(desk, &data), None).map(|_| ()).unwrap_err();
        assert!(matches!(&refused, SupportError::InvalidConfig { field, .. } if field == "deskUrl"), "{refused}");
    }
    assert!(!data.exists());
}

#[test]
fn client_that_does_not_open_tells_every_call_why() {
    let (desk, folder) = (Desk::open(), tempfile::tempdir().unwrap());
    let file = folder.path().join("file");
    std::fs::write(&file, "precious").unwrap();
    let client = desk.phone(&file);
    let conversation = client.conversation("c1".into());
    let screen = Screen::new();
    let timeline = conversation.timeline(shared(&screen));
    let folder_is_wrong = |error: SupportError| match error {
        SupportError::Storage { problem, .. } => assert_eq!(problem, StorageProblem::Folder),
        other => panic!("{other:?}"),
    };
    folder_is_wrong(wait(client.opened()).unwrap_err());
    folder_is_wrong(wait(conversation.send("hello".into())).unwrap_err());
    folder_is_wrong(wait(client.identify(customer("mai"), profile())).unwrap_err());
    folder_is_wrong(wait(timeline.load_older()).unwrap_err());
    conversation.set_typing(true);
    client.network_changed(true);
    wait(client.shutdown());
    assert_eq!(screen.shown.get(|shown| shown.batches), 0);
    assert_eq!(std::fs::read(&file).unwrap(), b"precious");
}

#[test]
fn calls_made_while_the_client_opens_are_done_in_order() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let first = desk.phone(data.path());
    let conversation = wait(first.start_conversation()).unwrap();
    wait(conversation.send("one".into())).unwrap();
    let id = conversation.id();
    wait(first.shutdown());

    let client = desk.phone(data.path());
    let conversation = client.conversation(id);
    let screen = Screen::new();
    let _timeline = conversation.timeline(shared(&screen));
    client.network_changed(true);
    wait(conversation.send("two".into())).unwrap();
    screen.until_texts(&["one", "two"]);
    desk.until_texts(&["one", "two"]);
    wait(client.shutdown());
}

#[test]
fn work_of_a_call_that_was_cancelled_is_done_all_the_same() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    let conversation = wait(client.start_conversation()).unwrap();
    cancel_at_once(conversation.send("I left the screen".into()));
    desk.until_texts(&["I left the screen"]);
    wait(client.shutdown());
    // Also where the client was still opening.
    let client = desk.phone(data.path());
    let conversation = client.conversation(conversation.id());
    cancel_at_once(conversation.send("and came back".into()));
    desk.until_texts(&["I left the screen", "and came back"]);
    wait(client.shutdown());
}

/// A finger that is faster than the phone, in an app that waits for nothing.
#[test]
fn messages_of_calls_that_nobody_waits_for_are_kept_in_the_order_of_the_calls() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    let conversation = wait(client.start_conversation()).unwrap();
    let texts: Vec<String> = (0..100).map(|number| format!("message {number}")).collect();
    for text in &texts {
        cancel_at_once(conversation.send(text.clone()));
    }
    desk.until_texts(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    wait(client.shutdown());
}

#[test]
fn listener_that_fails_or_panics_is_called_with_what_is_next() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    let conversation = wait(client.start_conversation()).unwrap();
    let failing = Screen::with(Box::new(|| Err(ListenerError::Failed)));
    let panicking = Screen::with(Box::new(|| panic!("on purpose")));
    let _timelines = (conversation.timeline(shared(&failing)), conversation.timeline(shared(&panicking)));
    failing.until_batches(1);
    panicking.until_batches(1);
    wait(conversation.send("hello".into())).unwrap();
    failing.until_texts(&["hello"]);
    panicking.until_texts(&["hello"]);
    wait(client.shutdown());
}

#[test]
fn no_call_begins_once_a_subscription_is_cancelled() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    let conversation = wait(client.start_conversation()).unwrap();
    let (cancelled, other) = (Screen::new(), Screen::new());
    let timeline = conversation.timeline(shared(&cancelled));
    let _other = conversation.timeline(shared(&other));
    cancelled.until_batches(1);
    timeline.cancel();
    timeline.cancel();
    wait(conversation.send("hello".into())).unwrap();
    other.until_texts(&["hello"]);
    assert_eq!(cancelled.shown.get(|shown| shown.batches), 1);
    wait(client.shutdown());
    assert!(!other.shown.get(|shown| shown.ended), "a listener was called while the client was shut down");
}

#[test]
fn listener_that_cancels_its_own_subscription_is_not_called_again() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    let conversation = wait(client.start_conversation()).unwrap();
    let slot: Arc<Seen<Option<Arc<shopbell_ffi::Timeline>>>> = Arc::new(Seen::new(None));
    let own = Arc::clone(&slot);
    let screen = Screen::with(Box::new(move || {
        own.until("the timeline", |timeline| timeline.clone()).cancel();
        Ok(())
    }));
    let timeline = conversation.timeline(shared(&screen));
    slot.change(|slot| *slot = Some(timeline));
    screen.until_batches(1);
    let other = Screen::new();
    let _other = conversation.timeline(shared(&other));
    wait(conversation.send("hello".into())).unwrap();
    other.until_texts(&["hello"]);
    assert_eq!(screen.shown.get(|shown| shown.batches), 1);
    slot.change(|slot| *slot = None);
    wait(client.shutdown());
}

#[test]
fn client_can_be_shut_down_from_a_listener() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    let conversation = wait(client.start_conversation()).unwrap();
    let (tell, told) = mpsc::channel();
    let shut = Arc::clone(&client);
    let screen = Screen::with(Box::new(move || {
        wait(shut.shutdown());
        tell.send(()).unwrap();
        Ok(())
    }));
    let _timeline = conversation.timeline(shared(&screen));
    told.recv_timeout(PATIENCE).unwrap();
    assert!(matches!(wait(conversation.send("x".into())), Err(SupportError::Closed { .. })));
}

#[test]
fn calls_after_shutdown_are_closed() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    let conversation = wait(client.start_conversation()).unwrap();
    let timeline = conversation.timeline(shared(&Screen::new()));
    wait(client.shutdown());
    wait(client.shutdown());
    let closed = |error: SupportError| assert!(matches!(error, SupportError::Closed { .. }), "{error:?}");
    closed(wait(client.opened()).unwrap_err());
    closed(wait(client.log_out()).unwrap_err());
    closed(wait(client.resume()).unwrap_err());
    closed(wait(client.pause()).unwrap_err());
    closed(wait(client.start_conversation()).map(|_| ()).unwrap_err());
    closed(wait(conversation.send("x".into())).unwrap_err());
    closed(wait(timeline.load_older()).unwrap_err());
    conversation.set_typing(true);
    client.network_changed(false);
    let screen = Screen::new();
    let _never = client.conversation("c1".into()).timeline(shared(&screen));
    let list = List::new();
    let _never = client.conversations(shared(&list), true);
    assert_eq!(Arc::strong_count(&screen), 1, "a listener that is never called is not held");
    assert_eq!(Arc::strong_count(&list), 1);
}

#[test]
fn paused_client_keeps_what_is_written_and_goes_on_where_it_was() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    let conversation = wait(client.start_conversation()).unwrap();
    wait(conversation.send("one".into())).unwrap();
    wait(client.pause()).unwrap();
    let known = client.conversation(conversation.id());
    wait(known.send("paused".into())).unwrap();
    assert!(matches!(wait(client.current_status()), Err(SupportError::Paused { .. })));
    let screen = Screen::new();
    let _timeline = known.timeline(shared(&screen));
    wait(client.resume()).unwrap();
    wait(known.send("two".into())).unwrap();
    screen.until_texts(&["one", "paused", "two"]);
    wait(client.shutdown());
}

#[test]
fn conversation_ends_with_its_customer() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    wait(client.identify(customer("mai"), profile())).unwrap();
    let conversation = wait(client.start_conversation()).unwrap();
    let screen = Screen::new();
    let _timeline = conversation.timeline(shared(&screen));
    wait(conversation.send("hello".into())).unwrap();
    screen.until_texts(&["hello"]);
    wait(client.log_out()).unwrap();
    screen.shown.until("the end", |shown| shown.ended.then_some(()));
    assert!(matches!(wait(conversation.send("x".into())), Err(SupportError::Closed { .. })));
    wait(client.identify(customer("mai"), profile())).unwrap();
    let list = List::new();
    let _list = client.conversations(shared(&list), true);
    list.0.until("her conversation", |lines| (lines.len() == 1 && lines[0].preview == "hello").then_some(()));
    wait(client.shutdown());
}

#[test]
fn everything_ends_with_the_last_object_whichever_that_is() {
    for last in ["client", "conversation", "timeline", "status"] {
        let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
        let client = desk.phone(data.path());
        let conversation = wait(client.start_conversation()).unwrap();
        wait(conversation.send("hello".into())).unwrap();
        let (screen, status) = (Screen::new(), Arc::new(Status(Seen::new(None))));
        let timeline = conversation.timeline(shared(&screen));
        let watching = client.status(shared(&status));
        screen.until_batches(1);
        let mut all: Vec<(&str, Box<dyn Send>)> = vec![
            ("client", Box::new(client)),
            ("conversation", Box::new(conversation)),
            ("timeline", Box::new(timeline)),
            ("status", Box::new(watching)),
        ];
        // The one that is to be the last moves to the end; a `Vec` drops from the beginning.
        all.sort_by_key(|(name, _)| *name == last);
        drop(all);
        let gone = Arc::downgrade(&screen);
        drop(screen);
        until_gone(&gone, last);
        // The files are free again.
        let again = desk.phone(data.path());
        wait(again.opened()).unwrap();
        wait(again.shutdown());
    }
}

fn until_gone<T>(what: &Weak<T>, last: &str) {
    let begun = std::time::Instant::now();
    while what.upgrade().is_some() {
        assert!(begun.elapsed() < PATIENCE, "a listener is held after {last} has gone");
        std::thread::yield_now();
    }
}

#[test]
fn thousands_of_subscriptions_leave_nothing_behind() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    let conversation = wait(client.start_conversation()).unwrap();
    let screen = Screen::new();
    for round in 0..2_000 {
        let timeline = conversation.timeline(shared(&screen));
        if round % 2 == 0 {
            timeline.cancel();
        }
    }
    let begun = std::time::Instant::now();
    while Arc::strong_count(&screen) > 1 {
        assert!(begun.elapsed() < PATIENCE, "{} are left", Arc::strong_count(&screen));
        std::thread::yield_now();
    }
    wait(client.shutdown());
}

#[test]
fn message_given_to_a_client_that_is_dropped_while_it_opens_is_kept() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    let conversation = wait(client.start_conversation()).unwrap();
    wait(conversation.send("one".into())).unwrap();
    desk.until_texts(&["one"]);
    let id = conversation.id();
    wait(client.shutdown());
    let client = desk.phone(data.path());
    cancel_at_once(client.conversation(id).send("two".into()));
    drop(client);
    let again = desk.phone(data.path());
    // Two clients share the folder for a moment. What the other one wrote is noticed at the latest when the app comes
    // to the foreground.
    let begun = std::time::Instant::now();
    while desk.texts() != ["one", "two"] {
        assert!(begun.elapsed() < PATIENCE, "the desk has {:?}", desk.texts());
        wait(again.resume()).unwrap();
    }
    wait(again.shutdown());
}

#[test]
fn input_that_cannot_be_is_refused_and_nothing_changes() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    let conversation = wait(client.start_conversation()).unwrap();
    let screen = Screen::new();
    let _timeline = conversation.timeline(shared(&screen));
    let refused = |error: SupportError| assert!(matches!(error, SupportError::InvalidInput { .. }), "{error:?}");
    for text in ["", " \n", "a\0b", &"x".repeat(10 << 20)] {
        refused(wait(conversation.send(text.into())).unwrap_err());
    }
    for score in [i32::MIN, -1, 0, 6, 257, i32::MAX] {
        refused(wait(conversation.rate("m1".into(), score, String::new())).unwrap_err());
    }
    refused(wait(client.identify(customer(""), profile())).unwrap_err());
    wait(conversation.send("still here".into())).unwrap();
    screen.until_texts(&["still here"]);
    assert_eq!(screen.shown.get(|shown| text(&shown.messages[0]).to_owned()), "still here");
    wait(client.shutdown());
}

/// A key store that the host has, or lost: seals by turning words round.
struct Keystore {
    lost: AtomicBool,
    opened: AtomicUsize,
}

impl Vault for Shared<Keystore> {
    fn seal(&self, secret: String) -> Result<String, VaultError> {
        Ok(secret.chars().rev().collect())
    }

    fn unseal(&self, sealed: String) -> Result<String, VaultError> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        if self.lost.load(Ordering::SeqCst) { Err(VaultError::Lost) } else { Ok(sealed.chars().rev().collect()) }
    }
}

#[test]
fn keys_are_kept_by_the_hosts_vault() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let vault = Arc::new(Keystore { lost: AtomicBool::new(false), opened: AtomicUsize::new(0) });
    let phone = || Client::new(desk.config(data.path()), Some(shared(&vault))).unwrap();
    let client = phone();
    wait(wait(client.start_conversation()).unwrap().send("one".into())).unwrap();
    desk.until_texts(&["one"]);
    wait(client.shutdown());
    let client = phone();
    wait(client.refresh()).unwrap();
    assert!(vault.opened.load(Ordering::SeqCst) > 0);
    wait(client.shutdown());
    vault.lost.store(true, Ordering::SeqCst);
    let client = phone();
    wait(wait(client.start_conversation()).unwrap().send("two".into())).unwrap();
    desk.until_texts(&["one", "two"]);
    assert_eq!(desk.sandbox.desk().contacts().len(), 2, "nobody could know who an anonymous customer was");
    wait(client.shutdown());
}
