//! The frames that three real desks sent, read by the adapter: each is told, and nothing of it is logged.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use super::{
    super::{
        cable::{Cable, Effect, Input, Timing},
        events::Events,
    },
    Stopped,
    recordings::{VERSIONS, recording},
};
use crate::{
    Author, Availability, Content, ConversationStatus, Receipt,
    backend::{RealtimeEvent, Secret},
};

/// The frames of a recording, as the desk sent them, with the steps that they belong to.
fn frames(recording: &[Value]) -> impl Iterator<Item = (&str, String)> {
    let customers = recording.iter().filter(|row| row["socket"] != "bad" && row["frame"].is_object());
    customers.map(|row| (row["step"].as_str().unwrap(), row["frame"].to_string()))
}

fn events(recording: &[Value]) -> Events {
    let mut rows = recording.iter().map(|row| &row["frame"]["message"]["data"]["contact_inbox"]["source_id"]);
    let key = rows.find_map(Value::as_str).unwrap();
    Events { key: Secret::new(key), clock: Arc::new(Stopped) }
}

/// All that the port is told of a recording, in order, with the steps.
fn told(recording: &[Value]) -> Vec<(String, RealtimeEvent)> {
    let (mut cable, events) = (Cable::new(&Secret::new("pubsub-1"), Timing::default()), events(recording));
    let mut told = Vec::new();
    for (step, text) in frames(recording) {
        let mut effects = cable.on(Input::Frame(&text), Duration::ZERO);
        assert_eq!(effects.len(), 1, "{step}: {text}");
        if let Some(Effect::Event { name, data }) = effects.pop() {
            match events.map(&name, data) {
                Some(event) => told.push((step.to_owned(), event)),
                None => assert_eq!(step, "agent private typing", "{name} is dropped"),
            }
        }
    }
    told
}

#[test]
fn each_recorded_frame_is_an_event_but_the_typing_of_a_note() {
    for version in VERSIONS {
        let recording = recording("cable", version);
        let told = told(&recording);
        let of = |step: &str| -> Vec<&RealtimeEvent> {
            told.iter().filter(|(at, _)| at == step).map(|(_, event)| event).collect()
        };
        let message = |step: &str| {
            let found = of(step).into_iter().find_map(|event| match event {
                RealtimeEvent::Message(message) => Some(message),
                _ => None,
            });
            found.unwrap_or_else(|| panic!("{version}: no message at {step}"))
        };
        let statuses = |step: &str| -> Vec<ConversationStatus> {
            let all = of(step).into_iter().filter_map(|event| match event {
                RealtimeEvent::Conversation(change) => change.status,
                _ => None,
            });
            all.collect()
        };
        let sent = message("customer message");
        assert_eq!((sent.echo.as_deref(), &sent.receipt), (Some("e1"), &Some(Receipt::Sent)));
        assert!(sent.is_creation && sent.author == Author::Customer && sent.updated_at.is_some());
        let reply = message("agent reply");
        assert!(matches!(&reply.author, Author::Agent { agent: Some(agent) } if agent.name == "Linh"));
        assert!(!message("customer last seen").is_creation);
        let deleted = message("agent deletes");
        assert!(deleted.deleted && deleted.updated_at > reply.updated_at && deleted.id == reply.id);
        assert!(matches!(message("customer selects").content, Content::Select { answer: Some(_), .. }));
        let survey = message("agent resolves");
        assert!(matches!(survey.content, Content::Survey { answer: None, .. }) && survey.author == Author::Desk);
        assert_eq!(statuses("agent snoozes"), [ConversationStatus::Snoozed; 2]);
        assert_eq!(statuses("customer reopens"), [ConversationStatus::Open; 3]);
        assert_eq!(statuses("agent resolves"), [ConversationStatus::Resolved; 2]);
        assert_eq!(statuses("blocked writes"), [ConversationStatus::Resolved]);
        assert!(of("agent assigns").iter().all(|event| matches!(event, RealtimeEvent::Conversation(change)
            if change.agent.as_ref().is_some_and(|agent| agent.name == "Linh"))));
        for (step, typing) in [("agent typing on", true), ("agent typing off", false)] {
            assert!(matches!(of(step).as_slice(), [RealtimeEvent::Typing { typing: told, name: Some(_), .. }]
                if *told == typing));
        }
        assert_eq!(of("presence"), [&RealtimeEvent::Presence(Availability::Offline)]);
        // What a session began is of its inbox.
        assert!(told.iter().all(|(_, event)| match event {
            RealtimeEvent::Conversation(change) => change.channel.is_some_and(|channel| channel.ours),
            _ => true,
        }));
    }
}

/// Keeps every word that is logged, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        struct Words<'a>(&'a mut String);
        impl Visit for Words<'_> {
            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                self.0.push_str(&format!("{field}={value:?} "));
            }
        }
        event.record(&mut Words(&mut self.0.lock().unwrap()));
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[test]
fn nothing_of_recorded_frames_reaches_the_log_or_what_is_printed_of_events() {
    for version in VERSIONS {
        let mut recording = recording("cable", version);
        // Frames that make no sense any more say so in the log, and nothing else.
        let mut broken = recording.clone();
        for row in broken.iter_mut().filter(|row| row["frame"]["message"]["event"] != "presence.update") {
            row["frame"]["message"]["data"]["id"] = Value::from("nonsense");
            row["frame"]["message"]["data"]["conversation"] = Value::Null;
        }
        let log = Log::default();
        let printed = tracing::subscriber::with_default(log.clone(), || {
            let told = told(&recording);
            let (mut cable, events) = (Cable::new(&Secret::new("pubsub-1"), Timing::default()), events(&recording));
            for (_, text) in frames(&broken) {
                for effect in cable.on(Input::Frame(&text), Duration::ZERO) {
                    if let Effect::Event { name, data } = effect {
                        let _ = events.map(&name, data);
                    }
                }
            }
            format!("{told:?}")
        });
        let log = log.0.lock().unwrap().clone();
        assert!(!log.is_empty(), "{version}: what is ignored is said");
        for row in recording.iter_mut() {
            let source = row["frame"]["message"]["data"]["contact_inbox"]["source_id"].take();
            let secrets = [source.as_str().unwrap_or("pubsub-1"), "pubsub-1", "Hi **there**", "am I blocked?"];
            for secret in secrets {
                assert!(!log.contains(secret) && !printed.contains(secret), "{version}: {secret}");
            }
        }
    }
}
