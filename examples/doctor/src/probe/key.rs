//! Whether a key is the inbox's, without leaving anything at the desk.
//!
//! The desk looks at the hash before it looks at the rest. So a contact with a right hash and an impossible e-mail
//! address is refused for the address (422), and one with a wrong hash before that (500). The same without a hash is the
//! control: it shows that a 500 is the key's.

use reqwest::Method;
use ring::hmac;
use serde_json::json;

use super::http::{Ask, Http, Outcome};
use crate::options::Secret;

/// What was answered.
#[derive(Debug, Clone)]
pub(crate) struct KeySeen {
    pub(crate) with_hash: Outcome,
    pub(crate) without: Outcome,
}

/// Lower-case hex of HMAC-SHA256.
pub(crate) fn hash(key: &Secret, identifier: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes());
    let tag = hmac::sign(&key, identifier.as_bytes());
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) async fn look(http: &Http, key: &Secret, marker: &str) -> KeySeen {
    let identifier = format!("shopbell-doctor-{marker}");
    let body = json!({
        "identifier": identifier,
        "email": "shopbell-doctor: no address",
        "phone_number": "shopbell-doctor: no number",
    });
    let mut hashed = body.clone();
    if let Some(hashed) = hashed.as_object_mut() {
        hashed.insert("identifier_hash".to_owned(), hash(key, &identifier).into());
    }
    let ask = |body: &serde_json::Value| http.ask(Ask::json(Method::POST, http.inbox(&["contacts"]), body));
    let without = ask(&body).await;
    KeySeen { with_hash: ask(&hashed).await, without }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn hash_is_that_of_rfc_4231() {
        let key = Secret::from_file_text("Jefe").unwrap();
        assert_eq!(
            hash(&key, "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
