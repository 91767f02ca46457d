//! The same request several times.

use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::http::{Answer, Http, Outcome, Trouble};
use crate::options::Secret;

/// Requests that are timed, after one that is not: it opens the connection and fills the desk's caches.
const TRIES: usize = 5;

/// What the timed requests may take together: the list of a long history takes seconds of the desk's time each.
const SPENT: Duration = Duration::from_secs(3);

/// What a request took.
#[derive(Debug, Clone)]
pub(crate) struct Timed {
    /// The middle of several.
    pub(crate) took: Duration,
    /// The last answer.
    pub(crate) answer: Answer,
}

/// Asks several times. The first failure ends it: a desk that fails is not asked more, nor is one that takes seconds.
pub(crate) async fn sample(http: &Http, url: Url) -> Result<Timed, Failed> {
    let first = http.get(url.clone()).await;
    let Ok(mut answer) = first else { return Err(first.into()) };
    if answer.status != 200 {
        return Err(Ok(answer).into());
    }
    let (mut times, mut spent) = (Vec::new(), answer.took);
    while times.len() < TRIES && spent < SPENT {
        match http.get(url.clone()).await {
            Ok(next) if next.status == 200 => {
                spent += next.took;
                times.push(next.took);
                answer = next;
            }
            other => return Err(other.into()),
        }
    }
    if times.is_empty() {
        times.push(answer.took);
    }
    let took = median(&times).ok_or(Failed::from(Err(Trouble::Cut)))?;
    Ok(Timed { took, answer })
}

/// What came in place of a success.
#[derive(Debug, Clone)]
pub(crate) struct Failed(pub(crate) Box<Outcome>);

impl From<Outcome> for Failed {
    fn from(outcome: Outcome) -> Self {
        Self(Box::new(outcome))
    }
}

/// What a contact's requests cost, and what they held.
#[derive(Debug, Clone, Default)]
pub(crate) struct Read {
    /// `None` where the contact can't be asked for without marking it as verified.
    pub(crate) contact: Option<Result<Timed, Failed>>,
    pub(crate) list: Option<Result<Timed, Failed>>,
    /// Messages that the list held.
    pub(crate) messages: usize,
    /// The newest page of the longest conversation, or of the known one; `None` where there is none.
    pub(crate) page: Option<Result<Timed, Failed>>,
}

/// Times what a customer's phone asks for. `contact` is the contact's address with whatever proof it needs, `known` a
/// conversation of the contact's, for a desk that does not give the list.
pub(crate) async fn read(http: &Http, source_id: &Secret, contact: Option<Url>, known: Option<u64>) -> Read {
    let mut read = Read::default();
    if let Some(contact) = contact {
        read.contact = Some(sample(http, contact).await);
    }
    let list = sample(http, http.inbox(&["contacts", source_id.expose(), "conversations"])).await;
    let held = list.as_ref().ok().and_then(|timed| timed.answer.good());
    read.list = Some(list);
    let conversations = held.as_ref().and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let length = |conversation: &Value| conversation.get("messages").and_then(Value::as_array).map_or(0, Vec::len);
    read.messages = conversations.iter().map(length).sum();
    let longest = conversations.iter().max_by_key(|conversation| length(conversation));
    if let Some(id) = longest.and_then(|conversation| conversation.get("id")?.as_u64()).or(known) {
        let path = ["contacts", source_id.expose(), "conversations", &id.to_string(), "messages"];
        read.page = Some(sample(http, http.inbox(&path)).await);
    }
    read
}

/// The middle one; of an even number the lower.
pub(crate) fn median(times: &[Duration]) -> Option<Duration> {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get(times.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_ignores_what_is_far_off() {
        let ms = |all: &[u64]| all.iter().map(|ms| Duration::from_millis(*ms)).collect::<Vec<_>>();
        for (times, middle) in [(&[][..], None), (&[3], Some(3)), (&[9, 1], Some(1)), (&[5, 900, 4, 6, 1], Some(5))] {
            assert_eq!(median(&ms(times)), middle.map(Duration::from_millis));
        }
    }
}
