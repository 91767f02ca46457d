//! An answer, in the form in which it can be held against a recorded one.

use std::collections::BTreeMap;

use reqwest::{Response, header::CONTENT_TYPE};
use serde_json::{Map, Value, json};

use super::shape::Found;

/// Headers that tell a client something.
const TELLING: [&str; 6] =
    ["etag", "cache-control", "location", "last-modified", "content-range", "content-disposition"];

/// What the sandbox said in such a step.
pub(crate) struct Played {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
}

/// Whether an answer holds a picture that a job had measured by then.
pub(crate) fn shows_a_width(body: &Value) -> bool {
    holds(body, &|fields| fields.get("width").is_some_and(Value::is_number))
}

/// Whether an answer holds the request for a rating, which a job makes.
pub(crate) fn shows_a_survey(body: &Value) -> bool {
    holds(body, &|fields| fields.get("content_type").is_some_and(|kind| kind == "input_csat"))
}

fn holds(body: &Value, is_wanted: &dyn Fn(&Map<String, Value>) -> bool) -> bool {
    match body {
        Value::Array(items) => items.iter().any(|item| holds(item, is_wanted)),
        Value::Object(fields) => is_wanted(fields) || fields.values().any(|value| holds(value, is_wanted)),
        _ => false,
    }
}

pub(crate) fn compare_headers(
    recorded: &BTreeMap<String, String>,
    played: &BTreeMap<String, String>,
    found: &mut Found,
) {
    for name in TELLING {
        let shape = |headers: &BTreeMap<String, String>| {
            headers.get(name).map_or_else(|| "absent".to_owned(), |value| header_shape(name, value))
        };
        let (left, right) = (shape(recorded), shape(played));
        if left != right {
            found.push((name.to_owned(), left, right));
        }
    }
}

/// A header without what differs from desk to desk and from time to time.
fn header_shape(name: &str, value: &str) -> String {
    match name {
        "etag" => {
            let weak = value.strip_prefix("W/\"").and_then(|tag| tag.strip_suffix('"'));
            let is_md5 = weak.is_some_and(|tag| tag.len() == 32 && tag.bytes().all(|byte| byte.is_ascii_hexdigit()));
            if is_md5 { "a weak tag".to_owned() } else { value.to_owned() }
        }
        "last-modified" if value.len() == 29 && value.ends_with(" GMT") => "a date".to_owned(),
        // The origin, and the signed part of a file's address.
        "location" => {
            let path = value.splitn(4, '/').nth(3).unwrap_or(value);
            let (folder, last) = path.rsplit_once('/').unwrap_or(("", path));
            let folder = folder.strip_prefix("rails/active_storage/disk/").map_or(folder, |_| "a file's");
            format!("{folder} / {last}")
        }
        _ => value.to_owned(),
    }
}

pub(crate) async fn read(response: Response) -> Played {
    let text_of = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let content_type = text_of(CONTENT_TYPE.as_str());
    let headers = TELLING.iter().filter_map(|name| Some(((*name).to_owned(), text_of(name)?))).collect();
    let status = response.status().as_u16();
    let bytes = response.bytes().await.unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let is_json = content_type.as_deref().is_some_and(|kind| kind.starts_with("application/json"));
    let body = if is_json && !text.is_empty() { serde_json::from_str(&text).unwrap() } else { Value::String(text) };
    let body = body_of(&body, content_type.as_deref());
    Played { status, content_type, headers, body }
}

/// Of a page or a picture, whether there is one; of other text the words, as words of the protocol.
pub(crate) fn body_of(body: &Value, content_type: Option<&str>) -> Value {
    let kind = content_type.unwrap_or_default();
    match body {
        Value::String(text) if text.is_empty() => json!({ "error": "(nothing)" }),
        Value::String(_) if kind.starts_with("text/html") => json!({ "error": "(a page)" }),
        Value::String(_) if kind.starts_with("image/") => json!({ "error": "(a picture)" }),
        Value::String(text) => json!({ "error": text }),
        other => other.clone(),
    }
}
