//! The map of the desk's addresses.

mod agent;
mod contacts;
mod control;
mod conversations;
mod files;
mod help;
mod params;
mod surveys;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
    routing::{delete, get, patch, post},
};
use serde_json::{Value, json};

use crate::{cable, clock, domain::Refusal, shared::Shared};

/// What a handler gives: a JSON body with 200 (Chatwoot's public API never says 201), or a refusal.
type Answer = Result<Json<Value>, Refusal>;
/// The state every handler is given.
type Held = axum::extract::State<Arc<Shared>>;

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, body) = self.answer();
        (StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), Json(body)).into_response()
    }
}

/// All routes.
pub(crate) fn router(shared: Arc<Shared>, addr: SocketAddr) -> Router {
    let inbox = "/public/api/v1/inboxes/{inbox}";
    let contact = format!("{inbox}/contacts/{{source_id}}");
    let conversation = format!("{contact}/conversations/{{id}}");
    let storage = "/rails/active_storage";
    Router::new()
        .route(inbox, get(contacts::inbox))
        .route(&format!("{inbox}/contacts"), post(contacts::create))
        .route(&contact, get(contacts::show).patch(contacts::update).put(contacts::update))
        .route(&format!("{contact}/conversations"), get(conversations::list).post(conversations::create))
        .route(&conversation, get(conversations::show))
        .route(&format!("{conversation}/toggle_status"), post(conversations::resolve))
        .route(&format!("{conversation}/toggle_typing"), post(conversations::typing))
        .route(&format!("{conversation}/update_last_seen"), post(conversations::seen))
        .route(&format!("{conversation}/messages"), get(conversations::messages).post(conversations::send))
        .route(&format!("{conversation}/messages/{{message}}"), patch(conversations::submit).put(conversations::submit))
        .route("/public/api/v1/csat_survey/{uuid}", get(surveys::show).patch(surveys::update).put(surveys::update))
        .route("/", get(|| async { Html(include_str!("console.html")) }))
        .route("/api", get(version))
        .route("/cable", get(cable::upgrade))
        .route(&format!("{storage}/blobs/redirect/{{key}}/{{name}}"), get(files::redirect))
        .route(
            &format!("{storage}/representations/redirect/{{key}}/{{variation}}/{{name}}"),
            get(files::redirect_thumb),
        )
        .route(&format!("{storage}/disk/{{key}}/{{name}}"), get(files::serve))
        .route(&format!("{storage}/disk/thumb/{{key}}/{{name}}"), get(files::serve_thumb))
        .nest("/api/v1", agent_routes())
        .nest("/sandbox", control_routes())
        .nest("/hc", help::router(addr))
        .fallback(|| async { Refusal::NotFound })
        // A real desk has no limit of its own: the proxy before it has, and the gate plays the proxy.
        .layer(DefaultBodyLimit::disable())
        .with_state(shared)
}

/// `GET /api`: which release of Chatwoot this is.
async fn version(axum::extract::State(shared): Held) -> Json<Value> {
    let version = shared.read(|desk| desk.settings.desk_version);
    let timestamp = clock::iso(clock::now());
    Json(json!({ "version": version, "timestamp": timestamp, "queue_services": "ok", "data_services": "ok" }))
}

fn agent_routes() -> Router<Arc<Shared>> {
    let conversation = "/accounts/{account}/conversations/{id}";
    Router::new()
        .route("/accounts/{account}/conversations", get(agent::list).post(agent::start))
        .route(conversation, get(agent::show).delete(agent::delete_conversation))
        .route(&format!("{conversation}/messages"), get(agent::messages).post(agent::send))
        .route(&format!("{conversation}/messages/{{message}}"), patch(agent::edit).delete(agent::delete))
        .route(&format!("{conversation}/toggle_status"), post(agent::status))
        .route(&format!("{conversation}/toggle_typing_status"), post(agent::typing))
        .route(&format!("{conversation}/update_last_seen"), post(agent::seen))
        .route(&format!("{conversation}/assignments"), post(agent::assign))
        .route(&format!("{conversation}/labels"), post(agent::label))
        .route(&format!("{conversation}/custom_attributes"), post(agent::attributes))
        .route(&format!("{conversation}/toggle_priority"), post(agent::priority))
        .route("/accounts/{account}/contacts", get(agent::contacts))
        .route("/accounts/{account}/contacts/{id}", patch(agent::block).put(agent::block).delete(agent::delete_contact))
        .route("/profile/availability", post(agent::availability))
}

fn control_routes() -> Router<Arc<Shared>> {
    Router::new()
        .route(
            "/faults",
            get(control::faults).put(control::set_faults).post(control::add_fault).delete(control::clear_faults),
        )
        .route("/settings", get(control::settings).patch(control::change_settings))
        .route("/conversations", post(control::plant))
        .route("/conversations/{id}", delete(control::delete_conversation))
        .route("/foreign-writes", get(control::foreign_writes))
        .route("/requests", get(control::requests).delete(control::clear_requests))
        .route("/offline", post(control::offline))
        .route("/sockets", delete(control::drop_sockets))
        .route("/contacts/{source_id}", delete(control::purge))
}
