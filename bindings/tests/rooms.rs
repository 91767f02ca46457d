//! Files and the help centre, through the bindings.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

mod common;

use std::{collections::HashMap, sync::Arc};

use common::{Desk, Screen, Seen, Shared, shared, wait};
use shopbell_ffi::{
    AttachmentProblem, Author, DownloadListener, DownloadProgress, HelpEvent, HelpListener, ListenerError,
    NewAttachment, PushOutcome, PushService, SearchListener, SearchResults, SupportError, Transfer, is_push,
};

fn attached(path: &std::path::Path) -> NewAttachment {
    NewAttachment {
        path: path.to_str().unwrap().to_owned(),
        name: None,
        keep_location: false,
        given_away: false,
        media_type: None,
    }
}

#[derive(Default)]
struct Fetched {
    progress: Option<DownloadProgress>,
    path: Option<String>,
    failed: Option<SupportError>,
}

struct Fetching(Seen<Fetched>);

impl DownloadListener for Shared<Fetching> {
    fn on_progress(&self, progress: DownloadProgress) -> Result<(), ListenerError> {
        self.0.change(|fetched| fetched.progress = Some(progress));
        Ok(())
    }

    fn on_finished(&self, path: String) -> Result<(), ListenerError> {
        self.0.change(|fetched| fetched.path = Some(path));
        Ok(())
    }

    fn on_failed(&self, error: SupportError) -> Result<(), ListenerError> {
        self.0.change(|fetched| fetched.failed = Some(error));
        Ok(())
    }
}

#[test]
fn file_is_sent_and_brought_back() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    let conversation = wait(client.start_conversation()).unwrap();
    let screen = Screen::new();
    let timeline = conversation.timeline(shared(&screen));
    let note = data.path().join("note.txt");
    std::fs::write(&note, "Order 1207").unwrap();
    wait(conversation.send_message("It arrived torn".into(), vec![attached(&note)])).unwrap();
    let file = screen.shown.until("the file to be sent", |shown| {
        let file = shown.messages.first()?.attachments.first()?;
        (file.transfer == Transfer::Sent).then(|| file.clone())
    });
    assert_eq!((file.name.as_str(), file.size), ("note.txt", Some(10)));
    let fetching = Arc::new(Fetching(Seen::new(Fetched::default())));
    let held = conversation.download(file.id, false, shared(&fetching));
    let path = fetching.0.until("the file", |fetched| fetched.path.clone());
    assert_eq!(std::fs::read(path).unwrap(), b"Order 1207");
    held.cancel();
    let failing = Arc::new(Fetching(Seen::new(Fetched::default())));
    let _failing = conversation.download("nothing.1".into(), false, shared(&failing));
    let error = failing.0.until("an error", |fetched| fetched.failed.clone());
    assert!(matches!(error, SupportError::NotFound { .. }), "{error:?}");
    assert!(wait(client.size_on_disk()).unwrap().fetched >= 10);
    timeline.cancel();
    wait(client.clear_cache()).unwrap();
    wait(client.shutdown());
}

#[test]
fn file_that_vanished_is_refused_and_nothing_is_sent() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    let conversation = wait(client.start_conversation()).unwrap();
    let gone = attached(&data.path().join("gone.png"));
    let refused = wait(conversation.send_message("look".into(), vec![gone])).unwrap_err();
    let missing =
        matches!(refused, SupportError::AttachmentRefused { number: 1, problem: AttachmentProblem::Missing, .. });
    assert!(missing, "{refused:?}");
    wait(conversation.send("without".into())).unwrap();
    desk.until_texts(&["without"]);
    wait(client.shutdown());
}

struct Searching(Seen<Vec<SearchResults>>);

impl SearchListener for Shared<Searching> {
    fn on_results(&self, results: SearchResults) -> Result<(), ListenerError> {
        self.0.change(|all| all.push(results));
        Ok(())
    }
}

struct Helping(Seen<(usize, Vec<HelpEvent>)>);

impl HelpListener for Shared<Helping> {
    fn on_changed(&self) -> Result<(), ListenerError> {
        self.0.change(|(changes, _)| *changes += 1);
        Ok(())
    }

    fn on_event(&self, event: HelpEvent) -> Result<(), ListenerError> {
        self.0.change(|(_, events)| events.push(event));
        Ok(())
    }
}

#[test]
fn help_is_searched_as_one_types_read_and_told_to_the_agent() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    let help = client.help_center();
    let helping = Arc::new(Helping(Seen::new((0, Vec::new()))));
    let _observing = wait(help.observe(shared(&helping))).unwrap();
    assert!(wait(help.sync()).unwrap());
    helping.0.until("the articles", |(changes, _)| (*changes > 0).then_some(()));
    assert!(!wait(help.categories()).unwrap().is_empty());
    let searching = Arc::new(Searching(Seen::new(Vec::new())));
    let search = help.search_as_you_type(shared(&searching));
    for typed in ["r", "re", "ret", "return"] {
        search.set_text(typed.into());
    }
    let found = searching
        .0
        .until("the last keystroke's results", |all| all.last().filter(|results| results.query == "return").cloned());
    wait(search.submit()).unwrap();
    assert_eq!(wait(help.recent_searches()).unwrap(), ["return"]);
    let searches = wait(help.figures()).unwrap().searches;
    wait(help.submit_search("where is my parcel".into())).unwrap();
    assert_eq!(wait(help.recent_searches()).unwrap(), ["where is my parcel", "return"]);
    assert_eq!(wait(help.figures()).unwrap().searches, searches, "noted, not searched for");
    let article = wait(help.article(found.hits[0].article.id.clone())).unwrap();
    assert_eq!(article.summary, found.hits[0].article);
    let id = article.summary.id.clone();
    wait(help.vote(id.clone(), false, Some("too long".into()))).unwrap();
    wait(help.set_reading_position(id.clone(), 0.5)).unwrap();
    let again = wait(help.article(id.clone())).unwrap();
    assert_eq!((again.reading_position, again.vote), (Some(0.5), Some(false)));
    let conversation = wait(client.start_conversation()).unwrap();
    wait(help.asked_anyway(conversation)).unwrap();
    helping.0.until("the events", |(_, events)| {
        let read = events.contains(&HelpEvent::Opened { article: id.clone() });
        let asked = events.iter().any(|event| matches!(event, HelpEvent::AskedAnyway { .. }));
        (read && asked).then_some(())
    });
    assert_eq!(wait(help.figures()).unwrap().asked_anyway, 1);
    search.cancel();
    wait(client.shutdown());
    assert!(matches!(wait(search.submit()), Err(SupportError::Closed { .. })));
}

#[test]
fn client_without_a_help_center_says_so() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let config = shopbell_ffi::ClientConfig { help_center: None, ..desk.config(data.path()) };
    let client = shopbell_ffi::Client::new(config, None).unwrap();
    let refused = wait(client.help_center().search("return".into(), None)).unwrap_err();
    assert!(matches!(&refused, SupportError::InvalidConfig { field, .. } if field == "helpCenter"), "{refused:?}");
    assert!(refused.to_string().contains("ShopbellConfig.helpCenter"), "{refused}");
    let observing = wait(client.help_center().observe(shared(&Arc::new(Helping(Seen::new((0, Vec::new())))))));
    assert_eq!(observing.map(drop).unwrap_err(), refused);
    wait(client.shutdown());
}

#[test]
fn push_is_told_to_an_app_in_the_background() {
    let (desk, data) = (Desk::open(), tempfile::tempdir().unwrap());
    let client = desk.phone(data.path());
    wait(client.set_push_token(PushService::Apns, Some("740f47".into()))).unwrap();
    let refused = wait(client.set_push_token(PushService::Fcm, Some(String::new()))).unwrap_err();
    assert!(matches!(refused, SupportError::InvalidInput { .. }), "{refused:?}");
    wait(wait(client.start_conversation()).unwrap().send("Is it warm?".into())).unwrap();
    desk.until_texts(&["Is it warm?"]);
    let attributes = desk.sandbox.desk().contacts()[0].custom_attributes.to_string();
    assert!(attributes.contains("apns:740f47"), "{attributes}");

    wait(client.pause()).unwrap();
    desk.sandbox.desk().reply(1, "**Very**");
    let push = HashMap::from([("shopbell_conversation".to_owned(), "1".to_owned())]);
    assert!(is_push(push.clone()) && !is_push(HashMap::new()));
    let outcome = wait(client.handle_push(push)).unwrap();
    let PushOutcome::News { news } = outcome else { panic!("{outcome:?}") };
    assert_eq!((news.preview.as_deref(), news.unread, news.total_unread), (Some("Very"), 1, 1));
    assert!(matches!(news.author, Some(Author::Agent { agent: Some(_) })));
    assert!(!format!("{news:?}").contains("Very"));
    assert_eq!(wait(client.handle_push(HashMap::new())).unwrap(), PushOutcome::Foreign);
    assert!(matches!(wait(client.refresh()), Err(SupportError::Paused { .. })), "closed again");
    wait(client.shutdown());
}
