//! Inbox show and the contact endpoints: the only ones that look at the identity hash.

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::{Answer, Held, params::Params};
use crate::domain::Refusal;

/// `GET /public/api/v1/inboxes/:inbox`. It names neither the inbox's number nor any text, agent or colour.
pub(super) async fn inbox(State(shared): Held, Path(inbox): Path<String>) -> Answer {
    let options = &shared.options;
    if inbox != options.inbox_identifier {
        return Err(Refusal::NotFound);
    }
    let hmac_mandatory = shared.read(|desk| desk.settings.hmac_mandatory);
    let closed = options.out_of_office.is_some();
    let working_hours = (0..7).map(|day| {
        // Chatwoot's own beginning: Monday to Friday, nine to five.
        let closed = closed || day == 0 || day == 6;
        let hour = |hour: u8| (!closed).then_some(hour);
        json!({
            "day_of_week": day,
            "closed_all_day": closed,
            "open_all_day": false,
            "open_hour": hour(9),
            "open_minutes": hour(0),
            "close_hour": hour(17),
            "close_minutes": hour(0),
        })
    });
    Ok(Json(json!({
        "identifier": options.inbox_identifier,
        "identity_validation_enabled": hmac_mandatory,
        "name": options.inbox_name,
        "timezone": options.timezone,
        "working_hours": working_hours.collect::<Value>(),
        "working_hours_enabled": closed || options.working_hours,
        "csat_survey_enabled": options.csat,
        "greeting_enabled": options.greeting.is_some(),
    })))
}

/// `POST …/contacts`. A right hash passes, and still verifies nothing: see `State::verify_session`.
pub(super) async fn create(State(shared): Held, Path(inbox): Path<String>, params: Params) -> Answer {
    check_inbox(&shared.options.inbox_identifier, &inbox)?;
    let fields = params.contact();
    shared.write(|desk| {
        desk.check_identity(&fields)?;
        let session = desk.create_session(&fields)?;
        Ok(Json(desk.session_body(&session)))
    })
}

/// `GET …/contacts/:source_id`.
pub(super) async fn show(
    State(shared): Held,
    Path((inbox, source_id)): Path<(String, String)>,
    params: Params,
) -> Answer {
    check_inbox(&shared.options.inbox_identifier, &inbox)?;
    let fields = params.contact();
    shared.write(|desk| {
        let session = desk.inbox_session(&source_id).cloned().ok_or(Refusal::NotFound)?;
        if desk.check_identity(&fields)? {
            desk.verify_session(&source_id);
        }
        Ok(Json(desk.session_body(&session)))
    })
}

/// `PATCH` and `PUT …/contacts/:source_id`: answers the raw row, without `source_id` and `pubsub_token`,
/// and from 4.16 on as GET does.
pub(super) async fn update(
    State(shared): Held,
    Path((inbox, source_id)): Path<(String, String)>,
    params: Params,
) -> Answer {
    check_inbox(&shared.options.inbox_identifier, &inbox)?;
    let fields = params.contact();
    shared.write(|desk| {
        desk.inbox_session(&source_id).ok_or(Refusal::NotFound)?;
        if desk.check_identity(&fields)? {
            desk.verify_session(&source_id);
        }
        let contact = desk.update_contact(&source_id, &fields)?;
        if desk.settings.desk_version.patch_answers_raw_row() {
            return Ok(Json(desk.raw_contact(&contact)));
        }
        let session = desk.inbox_session(&source_id).ok_or(Refusal::NotFound)?;
        Ok(Json(desk.session_body(session)))
    })
}

/// An unknown inbox is not found.
pub(super) fn check_inbox(ours: &str, asked: &str) -> Result<(), Refusal> {
    if ours == asked { Ok(()) } else { Err(Refusal::NotFound) }
}
