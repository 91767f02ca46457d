//! The same request several times.

use std::time::Duration;

use super::http::{Answer, Http, Outcome, Trouble};
use url::Url;

/// Requests that are timed, after one that is not: it opens the connection and fills the desk's caches.
const TRIES: usize = 5;

/// What a request took.
#[derive(Debug, Clone)]
pub(crate) struct Timed {
    /// The middle of several.
    pub(crate) took: Duration,
    /// The last answer.
    pub(crate) answer: Answer,
}

/// Asks several times. The first failure ends it: a desk that fails is not asked more.
pub(crate) async fn sample(http: &Http, url: Url) -> Result<Timed, Failed> {
    let first = http.get(url.clone()).await;
    let Ok(mut answer) = first else { return Err(Failed(first)) };
    if answer.status != 200 {
        return Err(Failed(Ok(answer)));
    }
    let mut times = Vec::new();
    for _ in 0..TRIES {
        match http.get(url.clone()).await {
            Ok(next) if next.status == 200 => {
                times.push(next.took);
                answer = next;
            }
            other => return Err(Failed(other)),
        }
    }
    let took = median(&times).ok_or(Failed(Err(Trouble::Cut)))?;
    Ok(Timed { took, answer })
}

/// What came in place of a success.
#[derive(Debug, Clone)]
pub(crate) struct Failed(pub(crate) Outcome);

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
