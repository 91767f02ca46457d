//! The two things that make a program unrepeatable, passed in: the time and chance.

use std::fmt::Write as _;

use crate::model::Timestamp;

/// Tells the time of day. Waiting is tokio's: a test pauses it with `start_paused`.
///
/// ```
/// use shopbell::{Clock, SystemClock};
/// assert!(SystemClock.now().millis() > 0);
/// ```
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that asks the machine")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Gives random bytes. Session keys are made of them: a source that can be guessed gives conversations away.
///
/// ```
/// use shopbell::{Random, SystemRandom};
/// let (mut a, mut b) = ([0; 16], [0; 16]);
/// SystemRandom.fill(&mut a);
/// SystemRandom.fill(&mut b);
/// assert_ne!(a, b);
/// ```
pub trait Random: Send + Sync + 'static {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The machine's secure source.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        use ring::rand::SecureRandom as _;
        // Fails only on systems without any source, none of which Rust's own hash maps would start on either.
        if ring::rand::SystemRandom::new().fill(bytes).is_err() {
            tracing::error!("the system gives no random bytes");
        }
    }
}

/// 26 characters out of 32: 130 bits, no two alike, readable aloud (Crockford's alphabet, lower case).
pub(crate) fn token(random: &dyn Random) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut bytes = [0_u8; 26];
    random.fill(&mut bytes);
    bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 31)).map(|c| char::from(*c))).collect()
}

/// A number below 1, for jitter.
pub(crate) fn fraction(random: &dyn Random) -> f64 {
    let mut bytes = [0_u8; 4];
    random.fill(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
}

/// Lower-case hex of the first 16 bytes of SHA-256 over the parts, each preceded by its length so that no two lists
/// of parts give the same text.
pub(crate) fn digest(parts: &[&str]) -> String {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part.as_bytes());
    }
    let mut hex = String::with_capacity(32);
    for byte in context.finish().as_ref().iter().take(16) {
        // Writing to a string can't fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_join_alike_give_different_digests() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        assert_eq!(digest(&["a"]).len(), 32);
    }

    #[test]
    fn tokens_are_long_and_differ() {
        let random = SystemRandom;
        let (a, b) = (token(&random), token(&random));
        assert_eq!(a.len(), 26);
        assert_ne!(a, b);
        assert!(fraction(&random) < 1.0);
    }
}
