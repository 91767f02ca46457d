//! What two answers have in common whatever their values: keys, types, lengths of lists, and the words of a protocol.

use serde_json::Value;

/// Keys whose values are the protocol's own words: these must be equal, not only of one type.
const WORDS: [&str; 19] = [
    "status",
    "message_type",
    "content_type",
    "file_type",
    "extension",
    "type",
    "error",
    "message",
    "attributes",
    "private",
    "is_private",
    "deleted",
    "blocked",
    "channel",
    "availability_status",
    "display_type",
    "sender_type",
    "assignee_type",
    "event",
];

/// Keys whose empty text means "none".
const EMPTY_IS_NONE: [&str; 4] = ["thumb_url", "thumbnail", "avatar_url", "inbox_avatar_url"];

/// One way in which an answer is not as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// The desk's version.
    pub(crate) version: &'static str,
    /// The step of the script.
    pub(crate) step: String,
    /// Where in the answer; `[]` stands for any item of a list.
    pub(crate) place: String,
    /// What the recording has there.
    pub(crate) recorded: String,
    /// What the sandbox gave.
    pub(crate) played: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { version, step, place, recorded, played } = self;
        write!(f, "{version} | {step} | {place} | recorded {recorded} | sandbox {played}")
    }
}

/// Where two values differ: place, recorded, played.
pub(crate) type Found = Vec<(String, String, String)>;

/// Compares the shapes of two values.
pub(crate) fn compare(place: &str, recorded: &Value, played: &Value, found: &mut Found) {
    match (recorded, played) {
        (Value::Object(left), Value::Object(right)) => {
            for (key, value) in left {
                let place = format!("{place}.{key}");
                match right.get(key) {
                    Some(other) => compare(&place, value, other, found),
                    None => found.push((place, kind(key, value), "absent".to_owned())),
                }
            }
            for (key, value) in right.iter().filter(|(key, _)| !left.contains_key(*key)) {
                found.push((format!("{place}.{key}"), "absent".to_owned(), kind(key, value)));
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            if left.len() != right.len() {
                found.push((format!("{place}.length"), left.len().to_string(), right.len().to_string()));
            }
            let place = format!("{place}[]");
            left.iter().zip(right).for_each(|(left, right)| compare(&place, left, right, found));
        }
        _ => {
            let key = place.rsplit('.').next().unwrap_or_default().trim_end_matches("[]");
            let (left, right) = (kind(key, recorded), kind(key, played));
            if left != right {
                found.push((place.to_owned(), left, right));
            }
        }
    }
}

/// A value's type, and itself where it is a word of the protocol.
fn kind(key: &str, value: &Value) -> String {
    let is_word = WORDS.contains(&key) && !value.is_object() && !value.is_array();
    match value {
        _ if is_word => value.to_string(),
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        Value::Number(number) if number.is_f64() => "float".to_owned(),
        Value::Number(_) => "integer".to_owned(),
        Value::String(text) if text.is_empty() && EMPTY_IS_NONE.contains(&key) => "no text".to_owned(),
        Value::String(text) if is_date(text) => "date".to_owned(),
        Value::String(_) => "text".to_owned(),
        Value::Array(_) => "list".to_owned(),
        Value::Object(_) => "object".to_owned(),
    }
}

/// `2026-11-29T17:15:23.445Z`.
fn is_date(text: &str) -> bool {
    let form = text.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
    form.eq(*b"0000-00-00T00:00:00.000Z")
}

#[test]
fn shapes_differ_by_keys_types_and_words_and_not_by_values() {
    use serde_json::json;
    let differ = |left: Value, right: Value| {
        let mut found = Vec::new();
        compare("$", &left, &right, &mut found);
        found.into_iter().map(|(place, left, right)| format!("{place}: {left}/{right}")).collect::<Vec<_>>()
    };
    let one = json!({ "id": 1, "status": "open", "rows": [{ "at": "2026-11-29T17:15:23.445Z", "thumb_url": "x" }] });
    let other = json!({ "id": 2, "status": "open", "rows": [{ "at": "2025-11-29T17:15:23.000Z", "thumb_url": "y" }] });
    assert_eq!(differ(one, other), Vec::<String>::new());
    let one = json!({ "id": 1, "gone": 1, "status": "open", "rows": [{ "thumb_url": "" }, 2], "at": 1.5, "is": null });
    let other = json!({ "id": "1", "status": "shut", "rows": [{ "thumb_url": "x" }], "at": 1, "is": {}, "new": [] });
    let mut differences = differ(one, other);
    differences.sort();
    let wanted = [
        "$.at: float/integer",
        "$.gone: integer/absent",
        "$.id: integer/text",
        "$.is: null/object",
        "$.new: absent/list",
        "$.rows.length: 2/1",
        "$.rows[].thumb_url: no text/text",
        "$.status: \"open\"/\"shut\"",
    ];
    assert_eq!(differences, wanted);
}
