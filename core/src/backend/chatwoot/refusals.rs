//! What a status means, in the port's terms.

use http::StatusCode;
use serde_json::Value;

use super::http::{Form, Http, Reply};
use crate::backend::{BackendError, Fault};

/// The desk's words are shown to the customer: a page of them would be a defect somewhere.
const MAX_REASON_CHARS: usize = 500;

/// A judged answer.
pub(super) enum Verdict {
    /// 2xx, or 304.
    Fine(Reply),
    /// 404 in the desk's own form: which of the things in the path is missing, only a probe can tell.
    Missing,
    /// 500, which on this desk is also how a wrong identity proof is answered.
    Failed(BackendError),
    /// Anything else.
    Fault(BackendError),
}

impl Http {
    /// Judges an answer by its status and form.
    pub(super) fn judge(&self, reply: Reply) -> Verdict {
        let (label, code) = (reply.label, reply.status.as_u16());
        let said = |what: &str| format!("{label}: {code} {what}");
        let fault = match reply.status {
            status if status.is_success() || status == StatusCode::NOT_MODIFIED => return Verdict::Fine(reply),
            StatusCode::TOO_MANY_REQUESTS => {
                BackendError::refused(Fault::Throttled { retry_after: reply.retry_after }, said("throttled"))
            }
            // Proxies refuse what is too long in their own form, and will again.
            StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG => {
                let reason = "This is too large for the support desk.".to_owned();
                BackendError::refused(Fault::Refused { reason }, said("too large"))
            }
            StatusCode::PROXY_AUTHENTICATION_REQUIRED | StatusCode::NETWORK_AUTHENTICATION_REQUIRED => {
                BackendError::refused(Fault::Network, said("the network wants a log-in"))
            }
            // Whoever waited for the rest of the request may have passed on what it had.
            StatusCode::REQUEST_TIMEOUT => BackendError::unclear(Fault::Network, said("the request took too long")),
            StatusCode::INTERNAL_SERVER_ERROR => {
                return Verdict::Failed(BackendError::unclear(Fault::Desk, said("the desk failed")));
            }
            status if status.is_server_error() => BackendError::unclear(Fault::Desk, said("the desk failed")),
            StatusCode::NOT_FOUND if reply.form == Form::Json => return Verdict::Missing,
            StatusCode::UNAUTHORIZED if reply.form != Form::Foreign => {
                BackendError::refused(Fault::IdentityRejected, said("identity not accepted"))
            }
            status if status.is_client_error() && reply.form == Form::Json => client_error(&reply),
            status if status.is_client_error() => self.foreign(&reply),
            // 1xx never gets here, 6xx and up is nobody's.
            _ => BackendError::unclear(Fault::Network, said("no such status")),
        };
        Verdict::Fault(fault)
    }
}

fn client_error(reply: &Reply) -> BackendError {
    let detail = format!("{}: {} refused", reply.label, reply.status.as_u16());
    let body = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
    let fault = match reply.status {
        StatusCode::UNPROCESSABLE_ENTITY if is_flood(&body) => Fault::Flooded,
        StatusCode::BAD_REQUEST
        | StatusCode::FORBIDDEN
        | StatusCode::CONFLICT
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::UNPROCESSABLE_ENTITY => Fault::Refused { reason: reason(&body) },
        // 402, 405, 406, 410, …: about the desk's own state or version, not about this request.
        _ => Fault::Desk,
    };
    BackendError::refused(fault, detail)
}

/// The limit on a conversation's messages a minute is told like a mistake in the message, but of `base`, that is of no
/// field of it.
fn is_flood(body: &Value) -> bool {
    let of_no_field = body
        .get("attributes")
        .and_then(Value::as_array)
        .is_some_and(|names| names.iter().any(|name| name.as_str() == Some("base")));
    let words = body.get("message").and_then(Value::as_str).unwrap_or_default();
    of_no_field && words.to_ascii_lowercase().contains("too many messages")
}

/// The desk's own words, wherever this version of it puts them.
fn reason(body: &Value) -> String {
    let words = ["message", "error", "errors"].iter().find_map(|name| match body.get(*name)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Array(lines) => {
            let lines: Vec<&str> = lines.iter().filter_map(Value::as_str).collect();
            (!lines.is_empty()).then(|| lines.join(", "))
        }
        _ => None,
    });
    words.unwrap_or_default().chars().take(MAX_REASON_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::{
        super::{dial::Dialer, tls},
        *,
    };
    use crate::{Limits, backend::Happened};

    fn judge(desk: &str, status: u16, form: Form, body: &str) -> String {
        let desk = url::Url::parse(desk).unwrap();
        let dialer = Dialer::new(tls::config().unwrap(), Duration::from_secs(5));
        let http =
            Http::new(&desk, "inbox", "test/1", &Limits::default(), dialer, Arc::new(crate::SystemClock)).unwrap();
        let reply = Reply {
            label: "test",
            status: StatusCode::from_u16(status).unwrap(),
            form,
            etag: None,
            retry_after: None,
            date: None,
            body: body.as_bytes().to_vec(),
        };
        match http.judge(reply) {
            Verdict::Fine(_) => "fine".to_owned(),
            Verdict::Missing => "missing".to_owned(),
            Verdict::Failed(error) => format!("failed {:?} {:?}", error.fault, error.happened),
            Verdict::Fault(BackendError { fault: Fault::Refused { reason }, happened: Happened::No, .. }) => {
                format!("refused: {reason}")
            }
            Verdict::Fault(error) => format!("{:?} {:?}", error.fault, error.happened),
        }
    }

    #[test]
    fn each_status_and_form_has_its_meaning() {
        use Form::{Empty, Foreign, Json};
        let flood = r#"{"message":"Too many messages","attributes":["base"]}"#;
        let table = [
            (200, Json, "{}", "fine"),
            (200, Foreign, "<html>", "fine"), // the reader of the body refuses it
            (304, Empty, "", "fine"),
            (400, Json, r#"{"error":"param is missing"}"#, "refused: param is missing"),
            (401, Json, r#"{"error":"HMAC"}"#, "IdentityRejected No"),
            (401, Empty, "", "IdentityRejected No"),
            (401, Foreign, "<html>", "Network No"),
            (402, Json, "{}", "Desk No"),
            (403, Json, "{}", "refused: "),
            (403, Foreign, "<html>", "Network No"),
            (404, Json, r#"{"status":404}"#, "missing"),
            (404, Empty, "", "Network No"),
            (404, Foreign, "<html>", "Network No"),
            (407, Foreign, "", "Network No"),
            (408, Empty, "", "Network Maybe"),
            (413, Foreign, "<html>", "refused: This is too large for the support desk."),
            (
                422,
                Json,
                r#"{"message":"Content is too long","attributes":["content"]}"#,
                "refused: Content is too long",
            ),
            (422, Json, r#"{"errors":["a","b"]}"#, "refused: a, b"),
            (422, Json, r#"{"message":{"a":[1]}}"#, "refused: "),
            (422, Json, "not json", "refused: "),
            (422, Json, flood, "Flooded No"),
            (422, Json, r#"{"message":"Too many messages","attributes":["content"]}"#, "refused: Too many messages"),
            (429, Foreign, "Retry later\n", "Throttled(None) No"),
            (500, Foreign, "<html>", "failed Desk Maybe"),
            (502, Foreign, "<html>", "Desk Maybe"),
            (503, Empty, "", "Desk Maybe"),
            (511, Foreign, "<html>", "Network No"),
            (599, Json, "{}", "Desk Maybe"),
            (700, Json, "{}", "Network Maybe"),
        ];
        for (status, form, body, expected) in table {
            assert_eq!(judge("http://localhost", status, form, body), expected, "{status} {form:?} {body}");
        }
    }

    #[test]
    fn foreign_refusal_over_tls_is_the_desks_own_door() {
        assert_eq!(judge("https://desk", 403, Form::Foreign, "<html>"), "Desk No");
        assert_eq!(judge("https://desk", 404, Form::Foreign, "<html>"), "Desk No");
    }

    #[test]
    fn page_of_words_is_shortened() {
        let body = format!(r#"{{"message":"{}"}}"#, "é".repeat(10_000));
        assert_eq!(judge("https://desk", 422, Form::Json, &body).chars().count(), "refused: ".len() + MAX_REASON_CHARS);
    }
}
