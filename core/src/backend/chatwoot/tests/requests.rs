//! Each request as the desk gets it, and each answer as the port gives it.

use std::collections::BTreeMap;

use super::{
    KEY, TOKEN, adapter,
    canned::{Act, Desk, Seen, json, say},
    session,
};
use crate::{
    Answer, AnswerState, AttributeValue, ConversationStatus, CustomerProfile, DeskConversationId, DeskMessageId,
    FieldValue, Identity, Rating,
    backend::{Backend as _, DeskChannel, Establish, Fault, Fetched, Happened, OutgoingMessage, Secret},
};

const INBOX: &str =
    r#"{"identifier":"inbox","name":"Shop","identity_validation_enabled":false,"csat_survey_enabled":true}"#;
const STRICT_INBOX: &str = r#"{"identifier":"inbox","name":"Shop","identity_validation_enabled":true}"#;
const CONTACT: &str = r#"{"source_id":"s3cret-key","pubsub_token":"s3cret-token","id":3,"name":null}"#;
const GONE: &str = r#"{"status":404,"error":"Not Found"}"#;
const BROKEN: &str = r#"{"status":500,"error":"Internal Server Error"}"#;

fn first() -> DeskConversationId {
    DeskConversationId::new(1).unwrap()
}

fn establish(identity: Option<Identity>) -> Establish {
    Establish { key: Secret::new(KEY), identity, existing: false }
}

fn body(seen: &Seen) -> serde_json::Value {
    serde_json::from_str(&seen.body).unwrap()
}

#[tokio::test]
async fn inbox_tells_about_itself() {
    let desk = Desk::always(|| json(200, INBOX)).await;
    let info = adapter(&desk.url).desk_info().await.unwrap();
    assert_eq!((info.name.as_str(), info.identity_proof_required, info.survey), ("Shop", false, true));
    let seen = &desk.seen()[0];
    assert_eq!(seen.line, "GET ");
    for header in ["accept: application/json", "user-agent: test/1", "accept-encoding: gzip"] {
        assert!(seen.headers.contains(header), "{}", seen.headers);
    }
}

#[tokio::test]
async fn unknown_inbox_is_named() {
    let desk = Desk::always(|| json(404, GONE)).await;
    assert_eq!(adapter(&desk.url).desk_info().await.unwrap_err().fault, Fault::UnknownInbox);
    let error = adapter(&desk.url).establish(&establish(None)).await.unwrap_err();
    assert_eq!((error.fault, error.happened), (Fault::UnknownInbox, Happened::No));
    let error = adapter(&desk.url).conversations(&session(), None).await.unwrap_err();
    assert_eq!((error.fault, error.happened), (Fault::UnknownInbox, Happened::No));
}

#[tokio::test]
async fn anonymous_session_is_made_with_our_key() {
    let desk = Desk::always(|| json(200, CONTACT)).await;
    let session = adapter(&desk.url).establish(&establish(None)).await.unwrap();
    assert_eq!(session.key.expose(), KEY);
    assert_eq!(session.realtime_token.unwrap().expose(), TOKEN);
    assert!(!session.verified);
    assert_eq!(desk.lines(), ["POST /contacts"]);
    assert_eq!(body(&desk.seen()[0]), serde_json::json!({ "source_id": KEY }));
}

#[tokio::test]
async fn contact_is_made_by_identifier_and_hash_alone_and_verified_by_a_second_request() {
    let desk = Desk::always(|| json(200, CONTACT)).await;
    let identity = Identity::new("c7").with_hash("ab12");
    let session = adapter(&desk.url).establish(&establish(Some(identity))).await.unwrap();
    assert!(session.verified);
    assert_eq!(desk.lines(), ["POST /contacts".to_owned(), format!("PATCH /contacts/{KEY}")]);
    let made = serde_json::json!({"source_id": KEY, "identifier": "c7", "identifier_hash": "ab12"});
    assert_eq!(body(&desk.seen()[0]), made);
    assert_eq!(body(&desk.seen()[1]), serde_json::json!({"identifier": "c7", "identifier_hash": "ab12"}));
}

#[tokio::test]
async fn existing_session_is_looked_for_and_never_made() {
    let wanted = Establish { existing: true, ..establish(Some(Identity::new("c7").with_hash("ab12"))) };
    let desk = Desk::new(|seen, _| if seen.line == "GET " { json(200, INBOX) } else { json(404, GONE) }).await;
    let error = adapter(&desk.url).establish(&wanted).await.unwrap_err();
    assert_eq!((error.fault, error.happened), (Fault::SessionGone, Happened::No));
    assert_eq!(desk.lines(), [format!("GET /contacts/{KEY}"), "GET ".to_owned()]);

    // Where every look wants a proof, one that fails is no sign that it is gone.
    for looked in [json as fn(u16, &str) -> Act, |_, _| json(500, BROKEN)] {
        let desk = Desk::new(move |seen, _| match seen.line.as_str() {
            "GET " => json(200, STRICT_INBOX),
            line if line.starts_with("GET ") => looked(200, CONTACT),
            _ => json(200, CONTACT),
        })
        .await;
        assert!(adapter(&desk.url).establish(&wanted).await.unwrap().verified);
        assert_eq!(desk.lines().first(), Some(&format!("GET /contacts/{KEY}")));
    }
}

#[tokio::test]
async fn identity_without_a_hash_stays_unverified() {
    let desk = Desk::always(|| json(200, CONTACT)).await;
    let wanted = establish(Some(Identity::new("c7")));
    assert!(!adapter(&desk.url).establish(&wanted).await.unwrap().verified);
    assert_eq!(desk.lines(), ["POST /contacts"]);
}

/// A desk that fails on contacts, with the inbox as given.
async fn failing(inbox: fn() -> Act) -> Desk {
    Desk::new(move |seen, _| match seen.line.as_str() {
        "GET " => inbox(),
        _ => json(500, BROKEN),
    })
    .await
}

#[tokio::test]
async fn wrong_hash_on_a_healthy_desk_is_a_rejected_identity() {
    let desk = failing(|| json(200, INBOX)).await;
    let wanted = establish(Some(Identity::new("c7").with_hash("bad")));
    let error = adapter(&desk.url).establish(&wanted).await.unwrap_err();
    assert_eq!((error.fault, error.happened), (Fault::IdentityRejected, Happened::No));
    assert_eq!(desk.lines(), ["POST /contacts", "GET ", "POST /contacts"]);
}

#[tokio::test]
async fn missing_hash_where_one_is_due_is_a_rejected_identity() {
    let desk = failing(|| json(200, STRICT_INBOX)).await;
    let error = adapter(&desk.url).establish(&establish(None)).await.unwrap_err();
    assert_eq!((error.fault, error.happened), (Fault::IdentityRejected, Happened::No));
    let error = adapter(&desk.url).update_customer(&session(), None, &CustomerProfile::default()).await.unwrap_err();
    assert_eq!(error.fault, Fault::IdentityRejected);
}

#[tokio::test]
async fn failure_without_a_hash_is_the_desks_own() {
    let desk = failing(|| json(200, INBOX)).await;
    let error = adapter(&desk.url).establish(&establish(None)).await.unwrap_err();
    assert_eq!((error.fault, error.happened), (Fault::Desk, Happened::Maybe));
    assert_eq!(desk.lines(), ["POST /contacts", "GET "]);
}

#[tokio::test]
async fn failure_of_a_sick_desk_is_no_rejected_identity() {
    let desk = failing(|| json(500, BROKEN)).await;
    let wanted = establish(Some(Identity::new("c7").with_hash("good")));
    let error = adapter(&desk.url).establish(&wanted).await.unwrap_err();
    assert_eq!((error.fault, error.happened), (Fault::Desk, Happened::Maybe));
}

#[tokio::test]
async fn failure_that_passes_is_no_rejected_identity() {
    let desk = Desk::new(|seen, before| match (seen.line.as_str(), before) {
        ("GET ", _) => json(200, INBOX),
        (_, 0) => json(500, BROKEN),
        _ => json(200, CONTACT),
    })
    .await;
    let wanted = establish(Some(Identity::new("c7").with_hash("good")));
    assert!(adapter(&desk.url).establish(&wanted).await.unwrap().verified);
}

#[tokio::test]
async fn unauthorized_is_a_rejected_identity() {
    let desk = Desk::always(|| json(401, "{}")).await;
    let error = adapter(&desk.url).establish(&establish(None)).await.unwrap_err();
    assert_eq!((error.fault, error.happened), (Fault::IdentityRejected, Happened::No));
}

#[tokio::test]
async fn profile_is_sent_as_far_as_it_is_known() {
    // The row of a table, without key and token.
    let desk = Desk::always(|| json(200, r#"{"id":3,"name":"Ann","identifier":"c7","blocked":false}"#)).await;
    let attributes = BTreeMap::from([
        ("plan".to_owned(), AttributeValue::Text("gold".to_owned())),
        ("orders".to_owned(), AttributeValue::Integer(7)),
        ("vip".to_owned(), AttributeValue::Bool(true)),
        ("score".to_owned(), AttributeValue::Number(0.5)),
    ]);
    let profile = CustomerProfile {
        name: Some("Ann".to_owned()),
        email: Some("ann@example.com".to_owned()),
        phone: Some("+4912345".to_owned()),
        avatar_url: Some("https://example.com/a.png".to_owned()),
        attributes,
        ..CustomerProfile::default()
    };
    let identity = Identity::new("c7").with_hash("ab12");
    adapter(&desk.url).update_customer(&session(), Some(&identity), &profile).await.unwrap();
    assert_eq!(desk.lines(), [format!("PATCH /contacts/{KEY}")]);
    insta::assert_json_snapshot!(body(&desk.seen()[0]));
}

#[tokio::test]
async fn profile_refused_with_500_is_no_rejected_identity() {
    let desk = Desk::new(|seen, _| match (seen.line.as_str(), seen.body.contains("email")) {
        ("GET ", _) => json(200, INBOX),
        (_, true) => json(500, BROKEN),
        (_, false) => json(200, "{}"),
    })
    .await;
    let adapter = adapter(&desk.url);
    let wrong = CustomerProfile { email: Some("nonsense".to_owned()), ..CustomerProfile::default() };
    for identity in [None, Some(Identity::new("c7").with_hash("ab12"))] {
        let error = adapter.update_customer(&session(), identity.as_ref(), &wrong).await.unwrap_err();
        assert!(matches!(error.fault, Fault::Refused { .. }), "{error}");
    }
}

#[tokio::test]
async fn profile_on_a_sick_desk_or_with_a_wrong_hash_is_not_refused() {
    let profile = CustomerProfile { name: Some("Ann".to_owned()), ..CustomerProfile::default() };
    let identity = Identity::new("c7").with_hash("bad");
    let sick = failing(|| json(500, BROKEN)).await;
    let error = adapter(&sick.url).update_customer(&session(), Some(&identity), &profile).await.unwrap_err();
    assert_eq!((error.fault, error.happened), (Fault::Desk, Happened::Maybe));
    let well = failing(|| json(200, INBOX)).await;
    let error = adapter(&well.url).update_customer(&session(), Some(&identity), &profile).await.unwrap_err();
    assert_eq!((error.fault, error.happened), (Fault::IdentityRejected, Happened::No));
}

#[tokio::test]
async fn message_is_sent_with_its_echo() {
    let answer = r#"{"id":5,"content":"hi *there*","message_type":0,"content_type":"text","content_attributes":{},
        "created_at":1750000000,"conversation_id":1,"sender":{"id":3,"type":"contact"}}"#;
    let desk = Desk::always(move || json(200, answer)).await;
    let message = OutgoingMessage { text: "hi *there*".to_owned(), echo: "e1".to_owned() };
    let sent = adapter(&desk.url).send_message(&session(), first(), &message).await.unwrap();
    assert_eq!((sent.id.get(), sent.conversation, sent.content.as_text()), (5, first(), "hi *there*"));
    assert!(sent.author.is_customer());
    assert_eq!(body(&desk.seen()[0]), serde_json::json!({"content": "hi *there*", "echo_id": "e1"}));
}

#[tokio::test]
async fn small_writes_go_where_they_should() {
    let desk = Desk::always(|| json(200, r#"{"id":1,"status":"resolved","messages":[]}"#)).await;
    let adapter = adapter(&desk.url);
    assert_eq!(adapter.resolve(&session(), first()).await.unwrap(), ConversationStatus::Resolved);
    let empty = Desk::always(|| say(200, "", b"")).await;
    let quiet = super::adapter(&empty.url);
    quiet.set_typing(&session(), first(), true).await.unwrap();
    quiet.set_typing(&session(), first(), false).await.unwrap();
    quiet.mark_seen(&session(), first()).await.unwrap();
    let base = format!("POST /contacts/{KEY}/conversations/1");
    assert_eq!(desk.lines(), [format!("{base}/toggle_status")]);
    let expected = ["toggle_typing", "toggle_typing", "update_last_seen"].map(|end| format!("{base}/{end}"));
    assert_eq!(empty.lines(), expected);
    assert_eq!(body(&empty.seen()[0]), serde_json::json!({"typing_status": "on"}));
    assert_eq!(body(&empty.seen()[1]), serde_json::json!({"typing_status": "off"}));
}

fn answer(values: &[(&str, &str)], rating: Option<Rating>) -> Answer {
    let value = |(name, value): &(&str, &str)| FieldValue { name: (*name).to_owned(), value: (*value).to_owned() };
    Answer { values: values.iter().map(value).collect(), rating, state: AnswerState::Queued, given_at: None }
}

#[tokio::test]
async fn answers_are_put_as_the_desk_reads_them() {
    let desk = Desk::always(|| json(200, r#"{"id":9}"#)).await;
    let adapter = adapter(&desk.url);
    let message = DeskMessageId::new(9).unwrap();
    let rating = Rating { score: 4, feedback: "fine".to_owned() };
    adapter.answer(&session(), first(), message, &answer(&[], Some(rating))).await.unwrap();
    adapter.answer(&session(), first(), message, &answer(&[("Red", "r")], None)).await.unwrap();
    assert_eq!(desk.lines()[0], format!("PATCH /contacts/{KEY}/conversations/1/messages/9"));
    let survey = serde_json::json!({"csat_survey_response": {"rating": 4, "feedback_message": "fine"}});
    assert_eq!(body(&desk.seen()[0]), serde_json::json!({ "submitted_values": survey }));
    let select = serde_json::json!([{"name": "Red", "title": "Red", "value": "r"}]);
    assert_eq!(body(&desk.seen()[1]), serde_json::json!({ "submitted_values": select }));
}

#[tokio::test]
async fn survey_too_old_to_answer_is_refused_in_the_desks_words() {
    let words = "You cannot update the CSAT survey after 14 days";
    let desk = Desk::always(move || json(422, &format!(r#"{{"error":"{words}"}}"#))).await;
    let message = DeskMessageId::new(9).unwrap();
    let error = adapter(&desk.url).answer(&session(), first(), message, &answer(&[], None)).await.unwrap_err();
    assert_eq!(error.fault, Fault::Refused { reason: words.to_owned() });
}

#[tokio::test]
async fn failing_answer_may_have_happened() {
    let desk = Desk::always(|| json(500, BROKEN)).await;
    let message = DeskMessageId::new(9).unwrap();
    let error = adapter(&desk.url).answer(&session(), first(), message, &answer(&[], None)).await.unwrap_err();
    assert_eq!((error.fault, error.happened), (Fault::Desk, Happened::Maybe));
}

/// What a 404 to sending, or to answering, comes to, where the probes find what `there` says.
async fn not_found(answering: bool, inbox: &'static str, there: &[&'static str]) -> Fault {
    let there = there.to_vec();
    let desk = Desk::new(move |seen, _| {
        let line = seen.line.replace(KEY, "K");
        match line.as_str() {
            "GET " if !inbox.is_empty() => json(200, inbox),
            line if there.contains(&line) => json(200, r#"{"id":1}"#),
            "GET /contacts/K" if there.contains(&"500") => json(500, BROKEN),
            _ => json(404, GONE),
        }
    })
    .await;
    let adapter = adapter(&desk.url);
    let error = if answering {
        let message = DeskMessageId::new(9).unwrap();
        adapter.answer(&session(), first(), message, &answer(&[], None)).await.unwrap_err()
    } else {
        let message = OutgoingMessage { text: "hi".to_owned(), echo: "e".to_owned() };
        adapter.send_message(&session(), first(), &message).await.unwrap_err()
    };
    assert_eq!(error.happened, Happened::No);
    error.fault
}

#[tokio::test]
async fn what_is_not_found_is_found_out() {
    let contact = "GET /contacts/K";
    let conversation = "GET /contacts/K/conversations/1";
    assert_eq!(not_found(false, "", &[]).await, Fault::UnknownInbox);
    assert_eq!(not_found(false, INBOX, &[]).await, Fault::SessionGone);
    assert_eq!(not_found(false, INBOX, &[contact]).await, Fault::ConversationGone);
    assert_eq!(not_found(true, INBOX, &[contact]).await, Fault::ConversationGone);
    assert_eq!(not_found(true, INBOX, &[contact, conversation]).await, Fault::MessageGone);
    // An inbox that wants a proof with every look at a contact answers 500 where the contact is there.
    assert_eq!(not_found(false, STRICT_INBOX, &["500"]).await, Fault::ConversationGone);
    // Without that, the desk is not well: nothing is gone for all that is known.
    assert_eq!(not_found(false, INBOX, &["500"]).await, Fault::Desk);
}

#[tokio::test]
async fn unchanged_list_is_told_and_costs_nothing() {
    let desk = Desk::new(|seen, _| match seen.headers.contains("if-none-match: w/\"abc\"") {
        true => say(304, "etag: W/\"abc\"\r\n", b""),
        false => say(200, "content-type: application/json\r\netag: W/\"abc\"\r\n", br#"[{"id":2,"status":"open"}]"#),
    })
    .await;
    let adapter = adapter(&desk.url);
    let Fetched::New { value, validator } = adapter.conversations(&session(), None).await.unwrap() else {
        panic!("unchanged without a validator");
    };
    assert_eq!((value.len(), value[0].complete), (1, true));
    let again = adapter.conversations(&session(), validator.as_deref()).await.unwrap();
    assert_eq!(again, Fetched::Unchanged);
    // One that never came from here is not passed on.
    for nonsense in ["abc", "0|a\nb", "x|W/\"abc\""] {
        let answer = adapter.conversations(&session(), Some(nonsense)).await;
        assert!(matches!(answer, Ok(Fetched::New { .. } | Fetched::Unchanged)), "{nonsense}");
    }
    let page = adapter.messages(&session(), first(), None, Some("W/\"abc\"")).await.unwrap();
    assert_eq!(page, Fetched::Unchanged);
}

#[tokio::test]
async fn unasked_304_is_the_desks_fault() {
    let desk = Desk::always(|| say(304, "", b"")).await;
    let error = adapter(&desk.url).conversations(&session(), None).await.unwrap_err();
    assert_eq!(error.fault, Fault::Desk);
}

#[tokio::test]
async fn inbox_of_a_conversation_is_certain_where_it_was_opened_here() {
    let list = r#"[{"id":1,"inbox_id":4},{"id":2,"inbox_id":9},{"id":3},"nonsense",{"id":-1,"inbox_id":4}]"#;
    let desk = Desk::new(move |seen, _| match seen.line.starts_with("POST") {
        true => json(200, r#"{"id":7,"inbox_id":4,"status":"open","messages":[]}"#),
        false => say(200, "content-type: application/json\r\netag: \"t\"\r\n", list.as_bytes()),
    })
    .await;
    let adapter = adapter(&desk.url);
    let Fetched::New { value, validator } = adapter.conversations(&session(), None).await.unwrap() else {
        panic!("unchanged")
    };
    let channels: Vec<_> = value.iter().map(|c| (c.id.get(), c.channel.map(|c| (c.number, c.ours)))).collect();
    assert_eq!(channels, [(1, Some((4, false))), (2, Some((9, false))), (3, None)]);
    assert_eq!(validator.as_deref(), Some("\"t\""));
    let opened = adapter.open_conversation(&session()).await.unwrap();
    assert_eq!((opened.id.get(), opened.channel), (7, Some(DeskChannel { number: 4, ours: true })));
}

#[tokio::test]
async fn pages_are_asked_before_a_number_and_full_ones_have_older() {
    let page = |count: i64| {
        let items: Vec<String> = (1..=count)
            .map(|id| format!(r#"{{"id":{id},"content":"{id}","message_type":1,"created_at":{}}}"#, 1_750_000_000 + id))
            .collect();
        format!("[{}]", items.join(","))
    };
    let desk = Desk::new(move |seen, _| json(200, &page(if seen.line.contains("before") { 3 } else { 20 }))).await;
    let adapter = adapter(&desk.url);
    let Fetched::New { value, .. } = adapter.messages(&session(), first(), None, None).await.unwrap() else { panic!() };
    assert_eq!((value.messages.len(), value.has_older), (20, true));
    let before = DeskMessageId::new(21);
    let Fetched::New { value, .. } = adapter.messages(&session(), first(), before, None).await.unwrap() else {
        panic!()
    };
    assert_eq!((value.messages.len(), value.has_older), (3, false));
    assert_eq!(desk.lines()[1], format!("GET /contacts/{KEY}/conversations/1/messages?before=21"));
}

#[tokio::test]
async fn full_page_of_nothing_readable_ends_the_paging() {
    let desk = Desk::always(|| json(200, &format!("[{}7]", "7,".repeat(19)))).await;
    let Fetched::New { value, .. } = adapter(&desk.url).messages(&session(), first(), None, None).await.unwrap() else {
        panic!()
    };
    assert!(value.messages.is_empty() && !value.has_older);
}
