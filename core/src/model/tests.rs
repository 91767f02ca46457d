//! What is written of the model is read as it was.

use std::{collections::BTreeMap, fmt::Debug};

use serde::{Serialize, de::DeserializeOwned};

use super::*;
use crate::json::{self, FromJson};

/// Every one there and back, by the store's way and by an app's.
fn there_and_back<T: Serialize + FromJson + DeserializeOwned + PartialEq + Debug>(kept: &[T]) {
    for value in kept {
        let text = serde_json::to_string(value).unwrap();
        assert_eq!(&json::from_str::<T>(&text).unwrap(), value, "{text}");
        assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
    }
}

fn reasons() -> Vec<AttentionReason> {
    vec![
        AttentionReason::Refused { detail: "too long".into() },
        AttentionReason::DeskFailing,
        AttentionReason::Unconfirmed,
        AttentionReason::IdentityRejected,
        AttentionReason::Gone,
        AttentionReason::FileLost,
    ]
}

fn answers() -> Vec<Option<Answer>> {
    let value = FieldValue { name: "size".into(), value: "\u{1f45f} 42".into() };
    let states = reasons().into_iter().map(|reason| AnswerState::NeedsAttention { reason });
    let states = [AnswerState::Queued, AnswerState::Sent].into_iter().chain(states);
    let whole = states.map(|state| Answer {
        values: vec![value.clone()],
        rating: Some(Rating { score: 5, feedback: "\"quoted\"".into() }),
        state,
        given_at: Some(Timestamp::from_millis(-7)),
    });
    let bare = Answer { values: Vec::new(), rating: None, state: AnswerState::Sent, given_at: None };
    [None, Some(bare)].into_iter().chain(whole.map(Some)).collect()
}

#[test]
fn content_of_every_kind_is_read_as_it_was_written() {
    let text = || "nghìn\n\0".to_owned();
    let choice = Choice { title: "A".into(), value: "a".into() };
    let bare = FormField {
        name: "n".into(),
        label: "l".into(),
        input: "text".into(),
        placeholder: None,
        default: None,
        required: false,
        choices: Vec::new(),
        pattern: None,
        pattern_error: None,
    };
    let whole = FormField {
        placeholder: Some("p".into()),
        default: Some("d".into()),
        required: true,
        choices: vec![choice.clone()],
        pattern: Some("^x$".into()),
        pattern_error: Some("e".into()),
        ..bare.clone()
    };
    let card = |image_url, actions| Card { title: "t".into(), description: "d".into(), image_url, actions };
    let actions = vec![
        CardAction::Link { text: "t".into(), url: "https://shop/x".into() },
        CardAction::Reply { text: "t".into(), payload: "p".into() },
    ];
    let cards = vec![card(None, Vec::new()), card(Some("https://shop/i".into()), actions)];
    let article = ArticleLink { title: "t".into(), description: "d".into(), url: "https://shop/a".into() };
    there_and_back(&[
        Content::Text { text: text() },
        Content::Cards { text: text(), cards },
        Content::Articles { text: text(), articles: vec![article] },
        Content::Unsupported { text: text(), kind: "novel".into() },
    ]);
    for answer in answers() {
        there_and_back(&[
            Content::Select { text: text(), choices: vec![choice.clone()], answer: answer.clone() },
            Content::Form {
                text: text(),
                fields: vec![bare.clone(), whole.clone()],
                button: answer.as_ref().map(|_| "Send".into()),
                answer: answer.clone(),
            },
            Content::Survey { text: text(), scale: SurveyScale::Emoji, answer: answer.clone() },
            Content::Survey { text: text(), scale: SurveyScale::Stars, answer },
        ]);
    }
}

#[test]
fn what_stands_beside_the_content_is_read_as_it_was_written() {
    let agent = |avatar_url| Agent { id: "3".into(), name: "Ann".into(), avatar_url };
    there_and_back(&[
        Author::Customer,
        Author::Agent { agent: None },
        Author::Agent { agent: Some(agent(None)) },
        Author::Agent { agent: Some(agent(Some("https://desk/a".into()))) },
        Author::Bot { name: None },
        Author::Bot { name: Some("Robo".into()) },
        Author::Desk,
    ]);
    there_and_back(&[Delivery::Queued, Delivery::Sending, Delivery::Sent, Delivery::Delivered, Delivery::Read]);
    there_and_back(&reasons().into_iter().map(|reason| Delivery::NeedsAttention { reason }).collect::<Vec<_>>());
    there_and_back(&[Receipt::Sent, Receipt::Delivered, Receipt::Read]);
    use ConversationStatus::{Open, Pending, Resolved, Snoozed};
    there_and_back(&[Open, Pending, Snoozed, Resolved]);
}

#[test]
fn attachment_of_every_kind_is_read_as_it_was_written() {
    use AttachmentKind::{Audio, Contact, File, Image, Link, Location, Video};
    for kind in [Image, Audio, Video, File, Location, Contact, Link] {
        let bare = Attachment::new(kind, "a.pdf");
        let whole = Attachment {
            id: AttachmentId::new("m1.0"),
            size: Some(u64::MAX),
            media_type: Some("application/pdf".into()),
            url: Some("https://desk/f".into()),
            thumbnail_url: Some("https://desk/t".into()),
            width: Some(u32::MAX),
            height: Some(1),
            transcript: Some("hm".into()),
            duration_ms: Some(1_500),
            coordinates: Some(Coordinates { latitude: 21.028_5, longitude: -0.1 }),
            phone: Some("+84".into()),
            ..bare.clone()
        };
        there_and_back(&[bare, whole]);
    }
}

#[test]
fn person_is_read_as_it_was_written() {
    use AttributeValue::{Bool, Integer, Number, Text};
    let values = [Bool(true), Integer(i64::MIN), Integer(i64::MAX), Number(1.0), Number(-2.5e300), Text("1".into())];
    there_and_back(&values);
    let attributes: BTreeMap<_, _> = (0..).map(|number| format!("a{number}")).zip(values).collect();
    let whole = CustomerProfile {
        name: Some("Lan".into()),
        email: Some("lan@shop".into()),
        phone: Some("+84".into()),
        avatar_url: Some("https://shop/l".into()),
        attributes,
        email_verified_by_server: true,
        phone_verified_by_server: true,
        cleared: [ProfileField::Email, ProfileField::Attribute("attribute:a b".into())].into(),
    };
    there_and_back(&[CustomerProfile::default(), whole]);
    use ProfileField::{Attribute, AvatarUrl, Email, Name, Phone};
    there_and_back(&[Name, Email, Phone, AvatarUrl, Attribute("name".into()), Attribute(String::new())]);
    there_and_back(&[Identity::new("7"), Identity::new("7").with_hash("5f")]);
    use Verification::{Anonymous, Mismatched, Pending, Rejected, Unverified, Verified};
    there_and_back(&[Anonymous, Pending, Unverified, Verified, Rejected, Mismatched]);
}

#[test]
fn profile_of_a_version_without_attributes_is_read() {
    let old = json::from_str::<CustomerProfile>(r#"{"name":"Lan","email":null,"phone":null,"avatar_url":null}"#);
    assert_eq!(old.unwrap(), CustomerProfile { name: Some("Lan".into()), ..CustomerProfile::default() });
}
