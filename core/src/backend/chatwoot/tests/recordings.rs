//! What three real desks answered, read by the adapter. For their frames see `recorded_frames`.
//!
//! The files are read when the tests run, for they are no part of this crate.

use std::sync::Arc;

use serde_json::Value;

use super::{
    super::{
        events::Events,
        lenient::{List, Wire},
        mapping, wire,
    },
    adapter,
    canned::{Desk, json as answer},
    session,
};
use crate::{
    Attachment, Author, Content, ConversationStatus, CustomerProfile, DeskConversationId, SystemClock, Timestamp,
    backend::{Backend as _, DeskMessage, Establish, Fault, Fetched, Happened, OutgoingMessage, RealtimeEvent, Secret},
};

pub(super) const VERSIONS: [&str; 3] = ["3.16.0", "4.15.1", "4.16.2"];

pub(super) fn recording(kind: &str, version: &str) -> Vec<Value> {
    let path = format!("{}/../tests/recordings/{kind}-{version}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The answer of a step.
fn step<'a>(recording: &'a [Value], name: &str) -> &'a Value {
    recording.iter().find(|row| row["step"] == name).unwrap_or_else(|| panic!("no step {name}"))
}

fn body(recording: &[Value], name: &str) -> Value {
    step(recording, name)["body"].clone()
}

fn conversation() -> DeskConversationId {
    DeskConversationId::new(1).unwrap()
}

fn page(body: &Value) -> Vec<DeskMessage> {
    let list = List::<wire::Message>::of(body.to_string().as_bytes()).unwrap();
    assert_eq!(list.items.len(), list.total, "nothing is left out");
    mapping::messages(list.items, conversation())
}

fn one(body: Value) -> DeskMessage {
    mapping::message(wire::Message::of(body).unwrap(), None, Timestamp::default()).unwrap()
}

fn names(message: &DeskMessage) -> Vec<&str> {
    message.attachments.iter().map(|file| file.name.as_str()).collect()
}

/// A desk that says the recorded answer of a step to everything.
async fn desk(recording: &[Value], name: &str) -> Desk {
    let row = step(recording, name);
    let status = u16::try_from(row["status"].as_u64().unwrap()).unwrap();
    let body = row["body"].to_string();
    Desk::always(move || answer(status, &body)).await
}

#[test]
fn recorded_pages_are_read_whole() {
    for version in VERSIONS {
        let rest = recording("rest", version);
        let messages = page(&body(&rest, "messages rich"));
        let texts: Vec<&str> = messages.iter().map(|message| message.content.as_text()).collect();
        let wanted = ["Hello", "", "👩‍👩‍👧 cảm ơn", "photo", "", "Hi **there**", "Which?", "Form", "Cards", "Read"];
        assert_eq!(texts, wanted, "{version}");
        let (customers, agents) = messages.split_at(5);
        assert!(customers.iter().all(|message| message.author == Author::Customer));
        for message in agents {
            let Author::Agent { agent: Some(agent) } = &message.author else { panic!("{:?}", message.author) };
            assert_eq!(agent.name, "Linh");
        }
        assert!(messages.iter().all(|message| message.created_at > Timestamp::from_seconds(1_795_000_000)));
        assert_eq!(names(&messages[3]), ["a b#1.png"]);
        assert_eq!(names(&messages[4]), ["note.txt", "đổi trả.pdf"]);
        assert_eq!(messages[4].attachments[1].size, Some(15));

        let later = page(&body(&rest, "messages after resolve"));
        let deleted = later.iter().find(|message| message.deleted).unwrap();
        assert!(matches!(deleted.content, Content::Text { .. }) && deleted.attachments.is_empty());
        assert_eq!(later.iter().filter(|message| message.author == Author::Desk).count(), later.len() - 12);
        assert!(page(&body(&rest, "messages before")).is_empty());
    }
}

#[test]
fn recorded_questions_and_their_answers_are_read() {
    for version in VERSIONS {
        let rest = recording("rest", version);
        let messages = page(&body(&rest, "messages rich"));
        let [.., select, form, cards, articles] = messages.as_slice() else { panic!("{version}") };
        assert!(matches!(&select.content, Content::Select { choices, answer, .. }
            if choices.len() == 2 && choices[1].title == "L" && choices[1].value == "l" && answer.is_some()));
        assert!(matches!(&form.content, Content::Form { fields, answer, .. }
            if fields.len() == 2 && fields[1].choices.len() == 1 && answer.is_some()));
        assert!(matches!(&cards.content, Content::Cards { cards, .. }
            if cards.len() == 1 && cards[0].title == "Bag" && cards[0].actions.len() == 2));
        assert!(matches!(&articles.content, Content::Articles { articles, .. }
            if articles.len() == 1 && articles[0].title == "Returns"));
        // The same answers, given back by the request that brought them.
        assert!(matches!(one(body(&rest, "select answer")).content, Content::Select { answer: Some(_), .. }));
        assert!(matches!(one(body(&rest, "form answer")).content, Content::Form { answer: Some(_), .. }));
        if rest.iter().any(|row| row["step"] == "csat answer") {
            let Content::Survey { answer: Some(answer), .. } = one(body(&rest, "csat answer")).content else {
                panic!("{version}: no survey")
            };
            assert_eq!(answer.rating.map(|rating| (rating.score, rating.feedback)), Some((5, "good".to_owned())));
        }
    }
}

#[test]
fn files_of_a_message_are_ordered_by_number_however_they_come() {
    for version in VERSIONS {
        let rest = recording("rest", version);
        let mut sent = body(&rest, "message two files");
        assert_eq!(names(&one(sent.clone())), ["note.txt", "đổi trả.pdf"]);
        sent["attachments"].as_array_mut().unwrap().reverse();
        let mut listed = body(&rest, "conversations")[0].take();
        listed["messages"] = serde_json::json!([sent]);
        let listed = mapping::conversation(wire::Conversation::of(listed).unwrap()).unwrap();
        let events = Events { key: Secret::new("key"), clock: Arc::new(SystemClock) };
        let Some(RealtimeEvent::Message(told)) = events.map("message.updated", sent.clone()) else {
            panic!("no event")
        };
        let ways = [page(&serde_json::json!([sent])).remove(0), listed.messages[0].clone(), *told, one(sent)];
        for message in &ways {
            assert_eq!(names(message), ["note.txt", "đổi trả.pdf"], "{version}");
        }
    }
}

#[tokio::test]
async fn recorded_conversations_and_contacts_are_taken() {
    for version in VERSIONS {
        let rest = recording("rest", version);
        let fetched = adapter(&desk(&rest, "conversations").await.url).conversations(&session(), None).await.unwrap();
        let Fetched::New { value, .. } = fetched else { panic!("unchanged") };
        let [talk] = value.as_slice() else { panic!("{version}: {} conversations", value.len()) };
        assert_eq!((talk.status, talk.agent_seen_at), (ConversationStatus::Open, None));
        assert_eq!(talk.messages.len(), body(&rest, "conversations")[0]["messages"].as_array().unwrap().len());
        assert_eq!(talk.messages.last().unwrap().content.as_text(), "One more");
        assert!(talk.customer_seen_at.is_some() && talk.channel.is_some_and(|channel| channel.number == 1));

        let adapter_of = async |name: &str| adapter(&desk(&rest, name).await.url);
        let empty = adapter_of("conversations empty").await.conversations(&session(), None).await.unwrap();
        assert!(matches!(empty, Fetched::New { value, .. } if value.is_empty()));
        let opened = adapter_of("conversation create").await.open_conversation(&session()).await.unwrap();
        assert!(opened.messages.is_empty() && opened.channel.is_some_and(|channel| channel.ours));
        for name in ["resolve", "resolve again"] {
            let status = adapter_of(name).await.resolve(&session(), conversation()).await.unwrap();
            assert_eq!(status, ConversationStatus::Resolved, "{version} {name}");
        }
        for name in ["contact create", "contact create again"] {
            let request = Establish { key: Secret::new("anon"), identity: None, existing: false };
            let session = adapter_of(name).await.establish(&request).await.unwrap();
            assert_eq!(session.realtime_token.unwrap().expose(), "pubsub-1", "{version} {name}");
        }
        let patched = adapter_of("contact patch").await;
        patched.update_customer(&session(), None, &CustomerProfile::default()).await.unwrap();
        let info = adapter_of("inbox").await.desk_info().await.unwrap();
        assert_eq!((info.name.as_str(), info.identity_proof_required, info.survey), ("Shop", false, true));
    }
}

#[tokio::test]
async fn recorded_refusals_are_told_for_what_they_are() {
    for version in VERSIONS {
        let rest = recording("rest", version);
        let message = OutgoingMessage { text: "Hi".to_owned(), echo: "e".to_owned() };
        for (name, is_refusal) in [("message too long", true), ("message nul", false)] {
            let desk = adapter(&desk(&rest, name).await.url);
            let error = desk.send_message(&session(), conversation(), &message).await.unwrap_err();
            assert_eq!(matches!(error.fault, Fault::Refused { .. }), is_refusal, "{version} {name}: {error:?}");
            assert_eq!(error.happened, if is_refusal { Happened::No } else { Happened::Maybe }, "{version} {name}");
        }
        for name in ["contact patch bad mail", "contact patch bad phone"] {
            let profile = CustomerProfile { name: Some("Mai".to_owned()), ..CustomerProfile::default() };
            let desk = adapter(&desk(&rest, name).await.url);
            let error = desk.update_customer(&session(), None, &profile).await.unwrap_err();
            assert!(matches!(error.fault, Fault::Refused { .. }), "{version} {name}: {error:?}");
        }
        let unknown = adapter(&desk(&rest, "inbox unknown").await.url);
        assert_eq!(unknown.desk_info().await.unwrap_err().fault, Fault::UnknownInbox);
    }
}

#[cfg(feature = "help-center")]
#[tokio::test]
async fn recorded_help_centres_are_read() {
    use crate::backend::HelpCenterBackend as _;
    for version in VERSIONS {
        let rest = recording("rest", version);
        let fetched = adapter(&desk(&rest, "portal").await.url).portal("help", "en", None).await.unwrap();
        let Fetched::New { value: portal, .. } = fetched else { panic!("unchanged") };
        let categories: Vec<_> = portal.categories.iter().map(|row| (row.slug.as_str(), row.locale.as_str())).collect();
        assert_eq!((portal.default_locale.as_str(), categories), ("en", vec![("orders", "en"), ("don-hang", "vi")]));
        for (name, locale, titles) in [
            ("articles", "en", ["Returns", "Shipping"]),
            ("articles page", "en", ["Returns", "Shipping"]),
            ("articles vi", "vi", ["Đổi trả", "Giao hàng"]),
        ] {
            let fetched = adapter(&desk(&rest, name).await.url).articles("help", locale, 1, None).await.unwrap();
            let Fetched::New { value: page, .. } = fetched else { panic!("unchanged") };
            let read: Vec<&str> = page.articles.iter().map(|article| article.title.as_str()).collect();
            assert_eq!((read.as_slice(), page.published, page.left_out.len()), (titles.as_slice(), Some(2), 0));
            assert!(page.articles.iter().all(|article| article.updated_at.is_some()), "{version} {name}");
        }
        let slug = body(&rest, "article")["slug"].as_str().unwrap().to_owned();
        let desk = adapter(&desk(&rest, "article").await.url);
        let article = desk.article("help", &slug, None).await.unwrap().unwrap();
        assert_eq!((article.title.as_str(), article.category.as_deref()), ("Returns", Some("orders")));
    }
}

#[test]
fn file_that_was_measured_by_then_has_its_size() {
    let sizes = |version: &str, name: &str| {
        let list = page(&body(&recording("rest", version), name));
        let files = list.into_iter().flat_map(|message| message.attachments);
        let pictures: Vec<Attachment> = files.filter(|file| file.kind == crate::AttachmentKind::Image).collect();
        pictures.first().map(|file| (file.width, file.height)).unwrap()
    };
    assert_eq!(sizes("4.16.2", "messages"), (None, None));
    assert_eq!(sizes("4.16.2", "messages rich"), (Some(1), Some(1)));
    assert_eq!(sizes("4.15.1", "messages rich"), (None, None));
}
