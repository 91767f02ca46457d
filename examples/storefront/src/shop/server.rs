//! The merchant's server, for this demo within the same program.
//!
//! In a real shop the inbox's key stays on the server, which hands the app the finished proof after a log-in: an app
//! that held the key could be anybody.

use std::fmt::Write as _;

use ring::hmac;
use shopbell::{AttributeValue, CustomerProfile, Identity};

use super::Person;

/// The key that the embedded desk shares with this server.
pub(crate) const SANDBOX_KEY: &str = "lantern-and-loom";

/// What the server answers to a log-in: who it is, with the proof that the desk will ask for.
///
/// Without a key there is no proof, and a desk that asks for one will refuse.
pub(crate) fn log_in(person: &Person, key: Option<&str>) -> (Identity, CustomerProfile) {
    let identity = Identity::new(person.identifier);
    let identity = match key {
        Some(key) => identity.with_hash(proof(key, person.identifier)),
        None => identity,
    };
    let mut profile = CustomerProfile {
        name: Some(person.name.to_owned()),
        email: Some(person.email.to_owned()),
        // This server sent the address a link, and the customer followed it.
        email_verified_by_server: true,
        ..CustomerProfile::default()
    };
    if let Some(last) = person.orders.first() {
        profile.attributes.insert("last_order".to_owned(), AttributeValue::Text(last.number.to_owned()));
    }
    (identity, profile)
}

/// Lower-case hex of `HMAC-SHA256(key, identifier)`.
pub(crate) fn proof(key: &str, identifier: &str) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), identifier.as_bytes());
    tag.as_ref().iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string can't fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_the_published_test_vector() {
        // RFC 4231, case 2.
        assert_eq!(
            proof("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
