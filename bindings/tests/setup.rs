//! What a developer got wrong is said, once. Alone in its process: there is one log.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail")]

mod common;

use std::sync::Arc;

use common::{Desk, Screen, Seen, Shared, config, shared, wait};
use sandbox::Options;
use shopbell_ffi::{
    Client, ClientConfig, ClientStatus, CustomerProfile, Delivery, HelpCenterConfig, Identity, ListenerError, LogLevel,
    LogRecord, LogSink, SetupProblem, StatusListener, SupportError, Verification, set_log_sink,
};

struct Sink(Seen<Vec<LogRecord>>);

impl LogSink for Shared<Sink> {
    fn on_records(&self, records: Vec<LogRecord>) -> Result<(), ListenerError> {
        self.0.change(|lines| lines.extend(records));
        Ok(())
    }
}

struct Status(Seen<Option<ClientStatus>>);

impl StatusListener for Shared<Status> {
    fn on_status(&self, status: ClientStatus) -> Result<(), ListenerError> {
        self.0.change(|now| *now = Some(status));
        Ok(())
    }
}

/// Writes twice, so that the desk refuses twice, and gives what the status says of it.
fn problem_of(client: &Arc<Client>) -> (SetupProblem, Verification) {
    let status = Arc::new(Status(Seen::new(None)));
    let _status = client.status(shared(&status));
    for _ in 0..2 {
        let conversation = wait(client.start_conversation()).unwrap();
        let screen = Screen::new();
        let _timeline = conversation.timeline(shared(&screen));
        wait(conversation.send("hello".into())).unwrap();
        screen.shown.until("the refusal", |shown| {
            let delivery = shown.messages.first()?.delivery.as_ref()?;
            matches!(delivery, Delivery::NeedsAttention { .. }).then_some(())
        });
    }
    status.0.until("the problem", |status| {
        let status = status.as_ref()?;
        Some((status.setup_problem.clone()?, status.verification))
    })
}

#[test]
fn mistakes_of_the_setup_are_logged_once_and_stand_in_the_status() {
    let sink = Arc::new(Sink(Seen::new(Vec::new())));
    set_log_sink(Some(shared(&sink)), LogLevel::Error);
    let (desk, data) =
        (Desk::with(Options { hmac_mandatory: true, ..Options::default() }), tempfile::tempdir().unwrap());

    let elsewhere = ClientConfig { inbox: "nobody".into(), ..desk.config(&data.path().join("inbox")) };
    let client = Client::new(elsewhere, None).unwrap();
    let (problem, _) = problem_of(&client);
    assert_eq!(problem.setting, "inbox");
    wait(client.shutdown());

    let client = desk.phone(&data.path().join("hash"));
    let identity = Identity { identifier: "mai".into(), hash: Some("0".repeat(64)) };
    wait(client.identify(identity, CustomerProfile::default())).unwrap();
    let (problem, verification) = problem_of(&client);
    assert_eq!((problem.setting.as_str(), verification), ("userHash", Verification::Rejected));
    assert!(problem.message.contains("HMAC-SHA256"), "{problem:?}");
    wait(client.shutdown());

    let mut elsewhere = desk.config(&data.path().join("help"));
    elsewhere.help_center = elsewhere.help_center.map(|help| HelpCenterConfig { portal: "nosuch".into(), ..help });
    let client = Client::new(elsewhere, None).unwrap();
    for _ in 0..2 {
        let refused = wait(client.help_center().sync()).unwrap_err();
        assert!(matches!(&refused, SupportError::InvalidConfig { field, .. } if field == "helpCenter.portal"));
    }
    let problem = wait(client.current_status()).unwrap().setup_problem.unwrap();
    assert_eq!(problem.setting, "helpCenter.portal");
    wait(client.shutdown());

    // The last line: what was to come has come.
    Client::new(config("nonsense", data.path()), None).map(drop).unwrap_err();
    let lines = sink.0.until("the last line", |lines| {
        let messages: Vec<String> = lines.iter().map(|line| line.message.clone()).collect();
        messages.last()?.contains("https://desk.example.com").then_some(messages)
    });
    assert_eq!(lines.len(), 4, "{lines:?}");
    let wanted = ["the inbox's settings", "HMAC-SHA256", "the help centre's settings", "deskUrl"];
    for (line, words) in lines.iter().zip(wanted) {
        assert!(line.contains(words), "{line} does not say {words}");
    }
    set_log_sink(None, LogLevel::Error);
}
