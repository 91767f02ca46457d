//! One marked conversation of one marked contact, written only on demand: a message there and back, a file, attributes.

use std::time::{Duration, Instant};

use reqwest::Method;
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Value, json};

use super::{
    body::WANTED,
    cable::Cable,
    http::{Ask, Http, Outcome, good},
    key::hash,
};
use crate::options::{Options, Secret, Timing};

/// The contact's name, for the agents.
pub(crate) const NAME: &str = "Shopbell doctor (test)";
const WORDS: &str = "A test by shopbell-doctor. Nobody waits for an answer; delete this conversation and its contact.";
/// No push service has such a token. It is taken away again.
const PUSH_ATTRIBUTE: &str = "shopbell_push_doctor";
const PUSH_VALUE: &str = "fcm:shopbell-doctor-test";

/// The contact that reading is done as.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) source_id: Secret,
    pub(crate) token: Option<Secret>,
}

/// The marked contact.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) subject: Option<Subject>,
    pub(crate) outcome: Outcome,
    /// The answer to the proof of who it is, where there is a key.
    pub(crate) verified: Option<Outcome>,
}

/// Something that nobody guesses: a contact's source id is all that guards its conversations.
pub(crate) fn marker() -> Option<String> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Makes the contact, and verifies it where there is a key. Under identity validation a contact without an identifier
/// needs the hash of an empty one; without a key there is none to be had.
pub(crate) async fn contact(http: &Http, options: &Options, marker: &str) -> Made {
    let source_id = format!("shopbell-doctor-{marker}");
    let mut body = json!({ "source_id": source_id, "name": NAME });
    let identity = options.hmac_key.as_ref().map(|key| (source_id.clone(), hash(key, &source_id)));
    if let (Some((identifier, hash)), Some(body)) = (&identity, body.as_object_mut()) {
        body.insert("identifier".to_owned(), identifier.clone().into());
        body.insert("identifier_hash".to_owned(), hash.clone().into());
    }
    let outcome = http.ask(Ask::json(Method::POST, http.inbox(&["contacts"]), &body)).await;
    let told = good(&outcome);
    let subject = told.as_ref().and_then(|told| subject(told, &source_id));
    let verified = match (&subject, identity) {
        (Some(_), Some((identifier, hash))) => {
            let mut url = http.inbox(&["contacts", &source_id]);
            url.query_pairs_mut().append_pair("identifier", &identifier).append_pair("identifier_hash", &hash);
            Some(http.get(url).await)
        }
        _ => None,
    };
    Made { subject, outcome, verified }
}

/// What a contact's answer says of it.
pub(crate) fn subject(told: &Value, source_id: &str) -> Option<Subject> {
    let text = |name: &str| told.get(name).and_then(Value::as_str).and_then(|text| Secret::from_file_text(text).ok());
    Some(Subject { source_id: Secret::from_file_text(source_id).ok()?, token: text("pubsub_token") })
}

/// What became of the conversation.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) conversation: Outcome,
    /// Its number.
    pub(crate) id: Option<u64>,
    pub(crate) message: Option<Outcome>,
    /// Whether a page holds the message.
    pub(crate) on_page: Option<bool>,
    /// How late its frame came after the answer; `None` if it did not come while it was waited for.
    pub(crate) frame: Option<Frame>,
    pub(crate) file: Option<Outcome>,
    pub(crate) push: Option<Outcome>,
    /// Whether the attribute stands where a merchant's server finds it.
    pub(crate) push_kept: Option<bool>,
    pub(crate) closed: Option<Outcome>,
}

/// The frame of a message that was sent while a confirmed socket was listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame {
    Came(Duration),
    Missing(Duration),
}

/// Writes and looks. A step whose ground is missing is left out.
pub(crate) async fn converse(http: &Http, cable: Option<&mut Cable>, subject: &Subject, timing: &Timing) -> Written {
    let source_id = subject.source_id.expose();
    let url = |path: &[&str]| http.inbox(&[&["contacts", source_id], path].concat());
    let body = json!({ "custom_attributes": { "shopbell_doctor": "test" } });
    let conversation = http.ask(Ask::json(Method::POST, url(&["conversations"]), &body)).await;
    let id = good(&conversation).and_then(|told| told.get("id").and_then(Value::as_u64));
    let mut written = Written {
        conversation,
        id,
        message: None,
        on_page: None,
        frame: None,
        file: None,
        push: None,
        push_kept: None,
        closed: None,
    };
    let Some(id) = id.map(|id| id.to_string()) else { return written };
    let messages = url(&["conversations", &id, "messages"]);
    let echo = format!("doctor-{id}");
    let body = json!({ "content": WORDS, "echo_id": echo });
    let sent = http.ask(Ask::json(Method::POST, messages.clone(), &body)).await;
    let answered = Instant::now();
    let number = good(&sent).and_then(|told| told.get("id").and_then(Value::as_u64));
    written.message = Some(sent);
    if let (Some(cable), Some(number)) = (cable, number) {
        let came = cable.message(&echo, number, timing.frame).await;
        written.frame = Some(came.map_or(Frame::Missing(timing.frame), |at| {
            Frame::Came(at.checked_duration_since(answered).unwrap_or_default())
        }));
    }
    if let Some(number) = number {
        let page = good(&http.get(messages.clone()).await);
        let holds = |page: &Value| {
            let mut list = page.as_array().into_iter().flatten();
            list.any(|message| message.get("id").and_then(Value::as_u64) == Some(number))
        };
        written.on_page = page.as_ref().map(holds);
    }
    written.file = Some(http.ask(Ask::file(messages, &[("content", "5 MB")], "shopbell-doctor.bin", WANTED)).await);
    let attribute = |value: Value| json!({ "custom_attributes": { PUSH_ATTRIBUTE: value } });
    let contact = url(&[]);
    written.push = Some(http.ask(Ask::json(Method::PATCH, contact.clone(), &attribute(PUSH_VALUE.into()))).await);
    let conversation = good(&http.get(url(&["conversations", &id])).await);
    written.push_kept = conversation.map(|told| {
        let kept = told.pointer("/contact/custom_attributes").and_then(|attributes| attributes.get(PUSH_ATTRIBUTE));
        kept.and_then(Value::as_str) == Some(PUSH_VALUE)
    });
    // What is left behind pushes to nobody, and waits for nobody.
    let _ = http.ask(Ask::json(Method::PATCH, contact, &attribute(Value::Null))).await;
    let close = url(&["conversations", &id, "toggle_status"]);
    written.closed = Some(http.ask(Ask::json(Method::POST, close, &json!({}))).await);
    written
}
