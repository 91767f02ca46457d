//! The agent's side, under Chatwoot's own agent routes. Any token is taken, also none: the sandbox is no secret.

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::{Answer, Held, conversations::number, params::Params};
use crate::{
    domain::{Draft, Refusal},
    state::{
        State as Desk,
        tables::{Sender, Status},
    },
    views::AGENT_NAME,
};

/// Keys an item may have, by content type: Chatwoot refuses any other.
const ITEM_KEYS: [(&str, &[&str]); 4] = [
    ("input_select", &["title", "value"]),
    ("cards", &["title", "description", "media_url", "actions"]),
    (
        "form",
        &[
            "type",
            "label",
            "name",
            "placeholder",
            "options",
            "default",
            "required",
            "pattern",
            "title",
            "pattern_error",
        ],
    ),
    ("article", &["title", "description", "link"]),
];

type ConversationPath = Path<(String, String)>;
type MessagePath = Path<(String, String, String)>;

/// `GET /api/v1/accounts/1/conversations`, newest activity first; `?status=` filters, `all` by default.
pub(super) async fn list(State(shared): Held, params: Params) -> Answer {
    let wanted = params.text("status").and_then(|status| Status::parse(&status));
    shared.read(|desk| {
        let rows = desk.tables.conversations.values();
        let mut rows: Vec<_> = rows.filter(|row| wanted.is_none_or(|wanted| row.status == wanted)).collect();
        rows.sort_by_key(|row| std::cmp::Reverse((row.last_activity_at, row.id)));
        let payload: Value = rows.iter().map(|row| desk.conversation_frame(row)).collect();
        Ok(Json(json!({ "data": { "meta": { "all_count": rows.len() }, "payload": payload } })))
    })
}

/// `POST /api/v1/accounts/1/conversations` with `source_id` and `message.content`: the desk begins.
pub(super) async fn start(State(shared): Held, params: Params) -> Answer {
    let source_id = params.text("source_id").unwrap_or_default();
    let content = params.value("message").and_then(|message| message.get("content")).and_then(Value::as_str);
    shared.write(|desk| {
        let session = desk.session(&source_id).cloned().ok_or(Refusal::NotFound)?;
        let id = desk.add_conversation(&session, params.object("custom_attributes"));
        if let Some(content) = content {
            desk.create_message(id, Draft::outgoing(Sender::Agent, content.to_owned()))?;
        }
        view(desk, id)
    })
}

/// `GET …/conversations/:id`.
pub(super) async fn show(State(shared): Held, Path((_, id)): ConversationPath) -> Answer {
    shared.read(|desk| view(desk, number(&id)?))
}

/// `DELETE …/conversations/:id`: 200 without a body, and nobody is told. The third series has no such route.
pub(super) async fn delete_conversation(State(shared): Held, Path((_, id)): ConversationPath) -> Result<(), Refusal> {
    shared.write(|desk| {
        if !desk.settings.desk_version.has_agent_routes_of_4() {
            return Err(Refusal::NotFound);
        }
        desk.delete_conversation(number(&id)?)
    })
}

/// `DELETE /api/v1/accounts/1/contacts/:id`: 422 while the contact counts as online.
pub(super) async fn delete_contact(State(shared): Held, Path((_, id)): ConversationPath) -> Result<(), Refusal> {
    shared.write(|desk| desk.delete_contact(number(&id)?))
}

/// `GET …/conversations/:id/messages`: a page, notes and activities included.
pub(super) async fn messages(State(shared): Held, Path((_, id)): ConversationPath, params: Params) -> Answer {
    let before = params.number("before");
    shared.read(|desk| {
        let row = desk.conversation(number(&id)?).ok_or(Refusal::NotFound)?;
        let newest_first = desk.tables.thread(row.id).rev();
        let page = newest_first.filter(|message| before.is_none_or(|before| message.id < before));
        let mut page: Vec<Value> =
            page.take(crate::domain::PAGE).map(|message| desk.agent_message_body(message)).collect();
        page.reverse();
        let meta = json!({
            "contact": desk.contact(row.contact_id).map(|contact| desk.contact_sender(contact)),
            "agent_last_seen_at": row.agent_last_seen_at.map(crate::clock::iso),
        });
        Ok(Json(json!({ "meta": meta, "payload": page })))
    })
}

/// `POST …/conversations/:id/messages`, JSON or multipart: `content`, `private`, `content_type`,
/// `content_attributes`, `attachments[]`.
pub(super) async fn send(State(shared): Held, Path((_, id)): ConversationPath, params: Params) -> Answer {
    let content_type = params.text("content_type").unwrap_or_else(|| "text".to_owned());
    let attributes = Value::Object(params.object("content_attributes"));
    check_items(&content_type, &attributes)?;
    let draft = Draft {
        content: params.text("content"),
        private: params.flag("private"),
        echo_id: params.text("echo_id"),
        limited: true,
        files: params.files,
        ..Draft::outgoing(Sender::Agent, String::new()).rich(&content_type, attributes)
    };
    shared.write(|desk| {
        let message = desk.create_message(number(&id)?, draft)?;
        message_view(desk, message)
    })
}

/// `PATCH …/messages/:id` with `status` and `external_error`, for an inbox whose messages are delivered by others. New
/// words are ignored: no agent can edit a message. The third series has no such route.
pub(super) async fn edit(State(shared): Held, Path((_, _, id)): MessagePath, params: Params) -> Answer {
    shared.write(|desk| {
        let id = number(&id)?;
        if !desk.settings.desk_version.has_agent_routes_of_4() {
            return Err(Refusal::NotFound);
        }
        if let Some(status) = params.text("status") {
            desk.change_message(id, |row| {
                row.status = status;
                let error = params.text("external_error").map(|error| ("external_error".to_owned(), json!(error)));
                row.content_attributes.extend(error);
            });
        }
        message_view(desk, id)
    })
}

/// `DELETE …/messages/:id`.
pub(super) async fn delete(State(shared): Held, Path((_, _, id)): MessagePath) -> Answer {
    shared.write(|desk| {
        let id = number(&id)?;
        desk.delete_message(id);
        message_view(desk, id)
    })
}

/// `POST …/toggle_status` with `status`, or without it from open to resolved and back.
pub(super) async fn status(State(shared): Held, Path((_, id)): ConversationPath, params: Params) -> Answer {
    shared.write(|desk| {
        let row = desk.conversation(number(&id)?).ok_or(Refusal::NotFound)?;
        let (id, open) = (row.id, row.status == Status::Open);
        let other = if open { Status::Resolved } else { Status::Open };
        let status = params.text("status").and_then(|status| Status::parse(&status)).unwrap_or(other);
        desk.set_status(id, status, AGENT_NAME)?;
        Ok(Json(json!({
            "meta": {},
            "payload": { "success": true, "conversation_id": id, "current_status": status.as_str() },
        })))
    })
}

/// `POST …/toggle_typing_status` with `typing_status` and `is_private`: the only origin of a customer's typing events.
pub(super) async fn typing(
    State(shared): Held,
    Path((_, id)): ConversationPath,
    params: Params,
) -> Result<(), Refusal> {
    shared.write(|desk| {
        let id = number(&id)?;
        desk.conversation(id).ok_or(Refusal::NotFound)?;
        let agent = desk.agent_sender();
        let on = params.text("typing_status").as_deref() == Some("on");
        desk.desk_types(id, on, &agent, params.flag("is_private"));
        Ok(())
    })
}

/// `POST …/assignments` with `assignee_id`: the agent, or nobody without it.
pub(super) async fn assign(State(shared): Held, Path((_, id)): ConversationPath, params: Params) -> Answer {
    shared.write(|desk| {
        let id = number(&id)?;
        desk.conversation(id).ok_or(Refusal::NotFound)?;
        let to_agent = params.number("assignee_id").is_some_and(|agent| agent > 0);
        desk.assign(id, to_agent);
        Ok(Json(if to_agent { desk.agent_sender() } else { Value::Null }))
    })
}

/// `POST …/labels` with `labels[]`, which replace all others.
pub(super) async fn label(State(shared): Held, Path((_, id)): ConversationPath, params: Params) -> Answer {
    let labels = params.value("labels").and_then(Value::as_array).cloned().unwrap_or_default();
    let labels: Vec<String> = labels.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    shared.write(|desk| {
        let id = number(&id)?;
        desk.conversation(id).ok_or(Refusal::NotFound)?;
        desk.set_labels(id, labels.clone());
        Ok(Json(json!({ "payload": labels })))
    })
}

/// `POST …/custom_attributes` with `custom_attributes`, which replace all others.
pub(super) async fn attributes(State(shared): Held, Path((_, id)): ConversationPath, params: Params) -> Answer {
    let attributes = params.object("custom_attributes");
    shared.write(|desk| {
        let id = number(&id)?;
        desk.conversation(id).ok_or(Refusal::NotFound)?;
        desk.change_conversation(id, |row| row.custom_attributes.clone_from(&attributes));
        Ok(Json(json!({ "custom_attributes": attributes })))
    })
}

/// `POST …/toggle_priority` with `priority`, or without one for none.
pub(super) async fn priority(
    State(shared): Held,
    Path((_, id)): ConversationPath,
    params: Params,
) -> Result<(), Refusal> {
    shared.write(|desk| {
        let id = number(&id)?;
        desk.conversation(id).ok_or(Refusal::NotFound)?;
        desk.set_priority(id, params.text("priority"));
        Ok(())
    })
}

/// `POST …/update_last_seen`.
pub(super) async fn seen(State(shared): Held, Path((_, id)): ConversationPath) -> Answer {
    shared.write(|desk| {
        let id = number(&id)?;
        desk.agent_saw(id);
        view(desk, id)
    })
}

/// `GET /api/v1/accounts/1/contacts`.
pub(super) async fn contacts(State(shared): Held) -> Answer {
    shared.read(|desk| {
        let rows = desk.tables.contacts.values().map(|contact| {
            let mut view = desk.contact_sender(contact);
            if let Value::Object(view) = &mut view {
                let online = desk.is_online(contact.id);
                view.insert("availability_status".to_owned(), json!(if online { "online" } else { "offline" }));
            }
            view
        });
        let payload: Value = rows.collect();
        Ok(Json(json!({ "meta": { "count": desk.tables.contacts.len(), "current_page": 1 }, "payload": payload })))
    })
}

/// `PATCH /api/v1/accounts/1/contacts/:id` with `blocked`.
pub(super) async fn block(State(shared): Held, Path((_, id)): ConversationPath, params: Params) -> Answer {
    shared.write(|desk| {
        let id = number(&id)?;
        desk.set_blocked(id, params.flag("blocked"));
        let contact = desk.contact(id).ok_or(Refusal::NotFound)?;
        Ok(Json(json!({ "payload": desk.contact_sender(contact) })))
    })
}

/// `POST /api/v1/profile/availability` with `profile.availability`.
pub(super) async fn availability(State(shared): Held, params: Params) -> Answer {
    let wanted = params.value("profile").and_then(|profile| profile.get("availability")).and_then(Value::as_str);
    let wanted = wanted.filter(|word| ["online", "busy", "offline"].contains(word)).ok_or(Refusal::BadRequest)?;
    shared.write(|desk| {
        wanted.clone_into(&mut desk.availability);
        Ok(Json(desk.agent_sender()))
    })
}

fn view(desk: &Desk, id: u64) -> Answer {
    desk.conversation(id).map(|row| Json(desk.conversation_frame(row))).ok_or(Refusal::NotFound)
}

fn message_view(desk: &Desk, id: u64) -> Answer {
    desk.message(id).map(|row| Json(desk.agent_message_body(row))).ok_or(Refusal::NotFound)
}

fn check_items(content_type: &str, attributes: &Value) -> Result<(), Refusal> {
    let Some((_, known)) = ITEM_KEYS.iter().find(|(name, _)| *name == content_type) else { return Ok(()) };
    let items = attributes.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let refused = |words: String| Refusal::Unprocessable(json!({ "error": format!("Validation failed: {words}") }));
    let keys = items.iter().filter_map(Value::as_object).flat_map(|item| item.keys());
    let unknown: Vec<String> = keys.filter(|key| !known.contains(&key.as_str())).map(|key| format!(":{key}")).collect();
    if !unknown.is_empty() {
        let unknown = unknown.join(", ");
        return Err(refused(format!("Content attributes contains invalid keys for items : [{unknown}]")));
    }
    let is_whole = |item: &Value| {
        item.is_object() && (content_type != "cards" || item.get("actions").is_some_and(Value::is_array))
    };
    if !items.is_empty() && items.iter().all(is_whole) {
        return Ok(());
    }
    Err(refused("Content attributes Items are required.".to_owned()))
}
