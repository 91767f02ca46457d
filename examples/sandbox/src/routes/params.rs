//! Parameters as Rails sees them: query, JSON, form and multipart poured into one object, `a[b]` and `a[]` unfolded.

use axum::{
    body::to_bytes,
    extract::{FromRequest, Multipart, Request},
    http::header::CONTENT_TYPE,
};
use serde_json::Value;

use crate::{
    domain::{ContactFields, Refusal, Upload},
    state::tables::Object,
};

/// The parameters of a request.
#[derive(Debug, Default)]
pub(super) struct Params {
    values: Object,
    /// The files of `attachments[]`, in order.
    pub(super) files: Vec<Upload>,
}

impl<S: Send + Sync> FromRequest<S> for Params {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let mut params = Self::default();
        let query = request.uri().query().unwrap_or_default().to_owned();
        params.pour_form(query.as_bytes())?;
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "multipart/form-data" => {
                let parts = Multipart::from_request(request, state).await.map_err(|_| Refusal::BadRequest)?;
                params.pour_multipart(parts).await?;
            }
            "application/json" => {
                let body = to_bytes(request.into_body(), usize::MAX).await.map_err(|_| Refusal::BadRequest)?;
                if !body.is_empty() {
                    let value = serde_json::from_slice(&body).map_err(|_| Refusal::BadRequest)?;
                    // Rails puts a body that is no object under `_json`, where nobody looks.
                    if let Value::Object(fields) = value {
                        params.values.extend(fields);
                    }
                }
            }
            "application/x-www-form-urlencoded" => {
                let body = to_bytes(request.into_body(), usize::MAX).await.map_err(|_| Refusal::BadRequest)?;
                params.pour_form(&body)?;
            }
            // A body of another type is not looked at.
            _ => {}
        }
        Ok(params)
    }
}

impl Params {
    /// A scalar as text; a number counts, a list or an object does not (strong parameters drop it).
    pub(super) fn text(&self, key: &str) -> Option<String> {
        match self.values.get(key)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }

    /// A number, sent as such or as text.
    pub(super) fn number(&self, key: &str) -> Option<u64> {
        self.text(key)?.parse().ok()
    }

    /// A flag, sent as such or as text.
    pub(super) fn flag(&self, key: &str) -> bool {
        matches!(self.text(key).as_deref(), Some("true" | "1" | "on"))
    }

    /// An object; anything else is an empty one.
    pub(super) fn object(&self, key: &str) -> Object {
        self.values.get(key).and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// Whatever was sent under `key`.
    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    /// The fields of a contact request.
    pub(super) fn contact(&self) -> ContactFields {
        ContactFields {
            source_id: self.text("source_id"),
            identifier: self.text("identifier"),
            identifier_hash: self.text("identifier_hash"),
            email: self.text("email"),
            name: self.text("name"),
            phone_number: self.text("phone_number"),
            avatar_url: self.text("avatar_url"),
            custom_attributes: self.object("custom_attributes"),
        }
    }

    fn pour_form(&mut self, text: &[u8]) -> Result<(), Refusal> {
        for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
            self.pour(&decode(name)?, Value::String(decode(value)?));
        }
        Ok(())
    }

    async fn pour_multipart(&mut self, mut parts: Multipart) -> Result<(), Refusal> {
        while let Some(part) = parts.next_field().await.map_err(|_| Refusal::BadRequest)? {
            let name = part.name().unwrap_or_default().to_owned();
            let file = part.file_name().map(str::to_owned);
            let content_type = part.content_type().map(str::to_owned);
            let bytes = part.bytes().await.map_err(|_| Refusal::BadRequest)?;
            match file {
                Some(file) if name == "attachments[]" => {
                    self.files.push(Upload { name: file, content_type, bytes });
                }
                Some(_) => {}
                None => {
                    let text = String::from_utf8(bytes.to_vec()).map_err(|_| Refusal::BadRequest)?;
                    self.pour(&name, Value::String(text));
                }
            }
        }
        Ok(())
    }

    /// Puts a value where `a[b][]` says.
    fn pour(&mut self, name: &str, value: Value) {
        let (root, rest) = name.split_at(name.find('[').unwrap_or(name.len()));
        let keys: Vec<&str> = rest.split('[').skip(1).map(|key| key.trim_end_matches(']')).collect();
        place(self.values.entry(root).or_insert(Value::Null), &keys, value);
    }
}

fn place(slot: &mut Value, keys: &[&str], value: Value) {
    match keys.split_first() {
        None => *slot = value,
        Some((&"", rest)) => {
            if !slot.is_array() {
                *slot = Value::Array(Vec::new());
            }
            let Value::Array(items) = slot else { return };
            // `a[][x]=1&a[][y]=2`: one item until a key comes again.
            let fits = |item: &Value| rest.first().is_some_and(|key| item.get(key).is_none());
            if let Some(last) = items.last_mut().filter(|last| fits(last)) {
                place(last, rest, value);
            } else {
                let mut item = Value::Null;
                place(&mut item, rest, value);
                items.push(item);
            }
        }
        Some((key, rest)) => {
            if !slot.is_object() {
                *slot = Value::Object(Object::new());
            }
            if let Value::Object(fields) = slot {
                place(fields.entry(*key).or_insert(Value::Null), rest, value);
            }
        }
    }
}

/// Undoes form encoding.
fn decode(text: &[u8]) -> Result<String, Refusal> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let (high, low) = (rest.next(), rest.next());
                let digits = high.zip(low).and_then(|(high, low)| {
                    Some(char::from(*high).to_digit(16)? * 16 + char::from(*low).to_digit(16)?)
                });
                bytes.push(digits.and_then(|digits| u8::try_from(digits).ok()).ok_or(Refusal::BadRequest)?);
            }
            byte => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).map_err(|_| Refusal::BadRequest)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn brackets_unfold_as_rails_unfolds_them() {
        let mut params = Params::default();
        let text = "a=1&b%5Bc%5D=x+y&d[]=1&d[]=2&e[][n]=1&e[][v]=2&e[][n]=3";
        params.pour_form(text.as_bytes()).unwrap();
        let wanted = json!({
            "a": "1", "b": { "c": "x y" }, "d": ["1", "2"], "e": [{ "n": "1", "v": "2" }, { "n": "3" }],
        });
        assert_eq!(Value::Object(params.values), wanted);
    }
}
