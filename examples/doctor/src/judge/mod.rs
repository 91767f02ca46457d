//! From what was seen to what it means. Nothing here asks anything: each function is tested by tables.

pub(crate) mod body;
pub(crate) mod cost;
pub(crate) mod help;
pub(crate) mod inbox;
pub(crate) mod socket;
pub(crate) mod tls;
pub(crate) mod version;
pub(crate) mod wire;
pub(crate) mod write;

use std::time::Duration;

use crate::probe::http::Outcome;

/// An outcome in a few words, without a word of the body's.
pub(crate) fn in_words(outcome: &Outcome) -> String {
    match outcome {
        Err(trouble) => trouble.to_string(),
        Ok(answer) if answer.status == 429 => "429: too many requests from this address".to_owned(),
        Ok(answer) if answer.is_html() => format!("{} with an HTML page", answer.status),
        Ok(answer) if answer.json().is_some() => format!("{} with JSON", answer.status),
        Ok(answer) => format!("{}", answer.status),
    }
}

/// Whole milliseconds, at least one.
pub(crate) fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// Answers for tables of tests.
#[cfg(test)]
pub(crate) mod made {
    use std::{
        collections::BTreeMap,
        time::{Duration, SystemTime},
    };

    use bytes::Bytes;

    use crate::probe::http::Answer;

    /// An answer; its content type follows from its body.
    pub(crate) fn answer(status: u16, body: &str) -> Answer {
        let kind = if body.starts_with('<') { "text/html" } else { "application/json; charset=utf-8" };
        Answer {
            status,
            headers: BTreeMap::from([("content-type".to_owned(), kind.to_owned())]),
            body: Bytes::copy_from_slice(body.as_bytes()),
            wire_bytes: body.len(),
            hops: Vec::new(),
            took: Duration::from_millis(20),
            at: SystemTime::UNIX_EPOCH,
        }
    }

    /// The same with a header.
    pub(crate) fn with_header(status: u16, body: &str, name: &str, value: &str) -> Answer {
        let mut answer = answer(status, body);
        answer.headers.insert(name.to_owned(), value.to_owned());
        answer
    }
}
