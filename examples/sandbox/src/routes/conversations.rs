//! Conversations and messages of the public API. None of these looks at the identity hash: the source id is all.

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use serde_json::Value;

use super::{Answer, Held, contacts::check_inbox, params::Params};
use crate::{
    domain::{Draft, Refusal},
    gate::MessagesHeld,
    shared::Shared,
    state::{
        State as Desk,
        tables::{INCOMING, Sender, Session, Status},
    },
};

type ContactPath = Path<(String, String)>;
type ConversationPath = Path<(String, String, String)>;
type MessagePath = Path<(String, String, String, String)>;

/// Conversations with all their messages, and how many these are.
type Conversations = Result<(Extension<MessagesHeld>, Json<Value>), Refusal>;

/// `GET …/conversations`: all of them, each with all its messages, in one list.
pub(super) async fn list(State(shared): Held, Path((inbox, source_id)): ContactPath) -> Conversations {
    shared.read(|desk| {
        let session = session(&shared, desk, &inbox, &source_id)?;
        let ids = desk.conversations_of(&session)?;
        let rows = ids.iter().filter_map(|id| desk.conversation(*id));
        Ok(counted(rows.map(|row| desk.conversation_body(row)).collect()))
    })
}

/// `POST …/conversations`.
pub(super) async fn create(
    State(shared): Held,
    Path((inbox, source_id)): ContactPath,
    params: Params,
) -> Conversations {
    shared.write(|desk| {
        let session = session(&shared, desk, &inbox, &source_id)?;
        let id = desk.create_conversation(&session, params.object("custom_attributes"))?;
        body(desk, id)
    })
}

/// `GET …/conversations/:id`.
pub(super) async fn show(State(shared): Held, Path((inbox, source_id, id)): ConversationPath) -> Conversations {
    shared.read(|desk| {
        let id = own(&shared, desk, &inbox, &source_id, &id)?;
        body(desk, id)
    })
}

/// `POST …/toggle_status`, which only resolves; on a resolved one it does nothing.
pub(super) async fn resolve(State(shared): Held, Path((inbox, source_id, id)): ConversationPath) -> Conversations {
    shared.write(|desk| {
        let id = own(&shared, desk, &inbox, &source_id, &id)?;
        let contact = desk.conversation(id).and_then(|row| desk.contact(row.contact_id));
        let name = contact.and_then(|contact| contact.name.clone()).unwrap_or_default();
        desk.set_status(id, Status::Resolved, &name)?;
        body(desk, id)
    })
}

/// `POST …/toggle_typing`: 200 without a body. Told to agents, so not to the customer's own sockets.
pub(super) async fn typing(
    State(shared): Held,
    Path((inbox, source_id, id)): ConversationPath,
    params: Params,
) -> Result<(), Refusal> {
    shared.write(|desk| {
        let id = own(&shared, desk, &inbox, &source_id, &id)?;
        match params.text("typing_status").as_deref() {
            Some("on") => desk.typing_seen.push((id, true)),
            Some("off") => desk.typing_seen.push((id, false)),
            _ => {}
        }
        Ok(())
    })
}

/// `POST …/update_last_seen`: 200 without a body.
pub(super) async fn seen(State(shared): Held, Path((inbox, source_id, id)): ConversationPath) -> Result<(), Refusal> {
    shared.write(|desk| {
        let id = own(&shared, desk, &inbox, &source_id, &id)?;
        desk.customer_saw(id);
        Ok(())
    })
}

/// `GET …/messages`: a page of twenty; `before` pages back, `after` is not looked at. As Ruby's `to_i` does, a `before`
/// that is no number counts as 0, and nothing is before that.
pub(super) async fn messages(
    State(shared): Held,
    Path((inbox, source_id, id)): ConversationPath,
    params: Params,
) -> Answer {
    shared.read(|desk| {
        let id = own(&shared, desk, &inbox, &source_id, &id)?;
        let before = params.text("before").filter(|before| !before.trim().is_empty());
        let before = before.map(|before| before.trim().parse().unwrap_or(0));
        let page = desk.page(id, before);
        Ok(Json(page.into_iter().map(|message| desk.message_body(message)).collect()))
    })
}

/// `POST …/messages`. The echo id is not in the answer: only the cable's `message.created` carries it.
pub(super) async fn send(
    State(shared): Held,
    Path((inbox, source_id, id)): ConversationPath,
    params: Params,
) -> Answer {
    // A list of strings is taken for signed ids of direct uploads, which no client of this API can have: 500.
    let signed = params.value("attachments").and_then(Value::as_array);
    if signed.is_some_and(|items| items.iter().any(|item| item.as_str().is_some_and(|text| !text.is_empty()))) {
        return Err(Refusal::Internal);
    }
    let draft = Draft {
        content: params.text("content"),
        echo_id: params.text("echo_id"),
        files: params.files,
        limited: true,
        ..Draft::text(String::new()).of_type(INCOMING)
    };
    shared.write(|desk| {
        let session = session(&shared, desk, &inbox, &source_id)?;
        let id = number(&id)?;
        desk.conversation_of(&session, id)?;
        let sender = Sender::Contact(session.contact_id);
        let message = desk.create_message(id, Draft { sender, ..draft })?;
        // The desk takes it, and its agents' dashboard then loads for ever. A test asserts that none is here.
        if desk.conversation(id).is_some_and(|row| row.inbox_id != session.inbox_id) {
            desk.foreign_writes.push(message);
        }
        message_body(desk, message)
    })
}

/// `PATCH` and `PUT …/messages/:id`: the customer's answer to a rich message.
pub(super) async fn submit(
    State(shared): Held,
    Path((inbox, source_id, id, message)): MessagePath,
    params: Params,
) -> Answer {
    shared.write(|desk| {
        let id = own(&shared, desk, &inbox, &source_id, &id)?;
        let message = number(&message)?;
        desk.message(message).filter(|row| row.conversation_id == id).ok_or(Refusal::NotFound)?;
        desk.submit(message, params.value("submitted_values").unwrap_or(&Value::Null))?;
        message_body(desk, message)
    })
}

fn session(shared: &Shared, desk: &Desk, inbox: &str, source_id: &str) -> Result<Session, Refusal> {
    check_inbox(&shared.options.inbox_identifier, inbox)?;
    desk.inbox_session(source_id).cloned().ok_or(Refusal::NotFound)
}

/// The number of a conversation that is the session's own to see.
fn own(shared: &Shared, desk: &Desk, inbox: &str, source_id: &str, id: &str) -> Result<u64, Refusal> {
    let session = session(shared, desk, inbox, source_id)?;
    desk.conversation_of(&session, number(id)?).map(|row| row.id)
}

/// A number in a path; what is none names nothing.
pub(super) fn number(text: &str) -> Result<u64, Refusal> {
    text.parse().map_err(|_| Refusal::NotFound)
}

fn body(desk: &Desk, id: u64) -> Conversations {
    desk.conversation(id).map(|row| counted(desk.conversation_body(row))).ok_or(Refusal::NotFound)
}

/// A conversation or a list of them, with the number of messages it holds, which is what such an answer costs a desk.
fn counted(body: Value) -> (Extension<MessagesHeld>, Json<Value>) {
    let of_one = |row: &Value| row.get("messages").and_then(Value::as_array).map_or(0, Vec::len);
    let held = body.as_array().map_or_else(|| of_one(&body), |rows| rows.iter().map(of_one).sum());
    (Extension(MessagesHeld(held)), Json(body))
}

fn message_body(desk: &Desk, id: u64) -> Answer {
    desk.message(id).map(|row| Json(desk.message_body(row))).ok_or(Refusal::NotFound)
}
