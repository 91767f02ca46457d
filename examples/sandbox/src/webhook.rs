//! Webhooks: what the desk tells the merchant's server of each message, private notes included, as a job after it.
//!
//! As Chatwoot does for an account's webhook: one POST of JSON, five seconds, no second try, whatever comes of it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use hyper::{
    Request, Uri,
    client::conn::http1,
    header::{CONTENT_TYPE, HOST, HeaderValue},
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::{
    clock::iso,
    shared::Shared,
    state::{
        ACCOUNT_ID, State,
        tables::{INCOMING, OUTGOING, TEMPLATE},
    },
    views::Place,
};

/// Chatwoot's own limit.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Tells of a new message.
pub(crate) async fn tell(shared: Arc<Shared>, message: u64) {
    let Some(url) = shared.options.webhook.clone() else { return };
    let Some(body) = shared.read(|state| state.webhook_view(message)) else { return };
    match tokio::time::timeout(TIMEOUT, post(&url, body.to_string())).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(error, "the webhook was not taken"),
        Err(_) => tracing::warn!("the webhook did not answer"),
    }
}

async fn post(url: &Uri, body: String) -> Result<(), String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let authority = url.authority().ok_or("it has no host")?;
    let stream = TcpStream::connect((authority.host(), authority.port_u16().unwrap_or(80)));
    let io = TokioIo::new(stream.await.map_err(|error| said(&error))?);
    let (mut sender, connection) = http1::handshake(io).await.map_err(|error| said(&error))?;
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::post(path)
        .header(HOST, authority.as_str())
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .body(axum::body::Body::from(Bytes::from(body)))
        .map_err(|error| said(&error))?;
    let answer = async { sender.send_request(request).await.map_err(|error| said(&error)) };
    let (answer, _) = tokio::join!(answer, async { connection.await.map_err(|error| said(&error)) });
    match answer?.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("it answered {status}")),
    }
}

impl State {
    /// `message_created`. Its type is a word here, where REST and the cable have a number, and its `conversation` is the
    /// cable's, with the customer in `meta.sender`.
    fn webhook_view(&self, id: u64) -> Option<Value> {
        let message = self.message(id)?;
        let conversation = self.conversation(message.conversation_id)?;
        let message_type = match message.message_type {
            INCOMING => "incoming",
            OUTGOING => "outgoing",
            TEMPLATE => "template",
            _ => return None,
        };
        let frame = self.message_frame(message, conversation, Place::Desk);
        let mut view = json!({
            "event": "message_created",
            "account": { "id": ACCOUNT_ID, "name": self.options.inbox_name },
            "inbox": { "id": conversation.inbox_id, "name": self.options.inbox_name },
            "conversation": self.conversation_frame(conversation),
            "id": message.id,
            "message_type": message_type,
            "private": message.private,
            "content": message.content,
            "content_type": message.content_type,
            "content_attributes": message.content_attributes,
            "additional_attributes": {},
            "created_at": iso(message.created_at),
            "source_id": null,
        });
        if let (Value::Object(view), Value::Object(mut frame)) = (&mut view, frame) {
            view.extend(["sender", "attachments"].into_iter().filter_map(|key| frame.remove_entry(key)));
        }
        Some(view)
    }
}
