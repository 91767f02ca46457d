//! The rating page's endpoint, whose secret is the conversation's uuid.

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::{Answer, Held, params::Params};
use crate::{
    clock::iso,
    domain::Refusal,
    state::{State as Desk, tables::Message},
};

/// `GET /public/api/v1/csat_survey/:uuid`; 404 while there is no survey.
pub(super) async fn show(State(shared): Held, Path(uuid): Path<String>) -> Answer {
    shared.read(|desk| survey(desk, &uuid).map(|message| Json(body(desk, message))))
}

/// `PATCH` and `PUT /public/api/v1/csat_survey/:uuid`.
pub(super) async fn update(State(shared): Held, Path(uuid): Path<String>, params: Params) -> Answer {
    shared.write(|desk| {
        let id = survey(desk, &uuid)?.id;
        let values = params.value("message").and_then(|message| message.get("submitted_values"));
        desk.submit(id, values.unwrap_or(&Value::Null))?;
        survey(desk, &uuid).map(|message| Json(body(desk, message)))
    })
}

fn survey<'a>(desk: &'a Desk, uuid: &str) -> Result<&'a Message, Refusal> {
    let conversation = desk.tables.conversations.values().find(|row| row.uuid == uuid);
    conversation.and_then(|row| desk.survey_of(row.id)).ok_or(Refusal::NotFound)
}

fn body(desk: &Desk, message: &Message) -> Value {
    let attributes = &message.content_attributes;
    let answer = attributes.get("submitted_values").and_then(|values| values.get("csat_survey_response"));
    let mut body = json!({
        "id": message.id,
        "csat_survey_response": answer,
        "inbox_avatar_url": "",
        "inbox_name": desk.options.inbox_name,
        "locale": desk.options.locale,
        "conversation_id": message.conversation_id,
        "created_at": iso(message.created_at),
    });
    if let (Value::Object(body), false) = (&mut body, desk.settings.desk_version.has_short_rows()) {
        body.insert("display_type".to_owned(), json!(attributes.get("display_type")));
        // The inbox's own words, of which it has none; the message's are not here.
        body.insert("content".to_owned(), Value::Null);
    }
    body
}
