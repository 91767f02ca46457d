//! How large a body may be. It goes to a conversation that is not there, so no desk keeps it: a desk answers 404, and
//! only something before it says 413, or cuts the connection.

use super::http::{Ask, Http, Outcome, Trouble};

/// A file that customers send: a photo, a short video.
pub(crate) const WANTED: usize = 5_000_000;

/// Sizes to find the limit with, rising. nginx's own default is 1 MiB: the second is below, the third above.
const SIZES: [usize; 5] = [100_000, 1_045_000, 1_060_000, 2_100_000, 4_200_000];

/// What became of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It came to the desk, which answered so.
    Passed(u16),
    /// Something refused it for its size.
    TooLarge,
    /// The connection ended, or nothing came.
    Lost(Trouble),
}

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    /// What became of the wanted size.
    pub(crate) wanted: Fate,
    /// Where that was refused: the largest that passed, and the smallest that did not.
    pub(crate) between: (usize, usize),
}

pub(crate) fn fate(outcome: &Outcome) -> Fate {
    match outcome {
        Ok(answer) if answer.status == 413 => Fate::TooLarge,
        Ok(answer) => Fate::Passed(answer.status),
        Err(trouble) => Fate::Lost(*trouble),
    }
}

/// Tries the wanted size, and where that is refused, finds out which passes.
pub(crate) async fn look(http: &Http) -> Limit {
    let wanted = try_size(http, WANTED).await;
    let (mut low, mut high) = (0, WANTED);
    if wanted == Fate::TooLarge || wanted == Fate::Lost(Trouble::Cut) {
        let mut sizes = &SIZES[..];
        while let Some(size) = sizes.get(sizes.len() / 2) {
            let (below, above) = (sizes.get(..sizes.len() / 2), sizes.get(sizes.len() / 2 + 1..));
            if matches!(try_size(http, *size).await, Fate::Passed(_)) {
                (low, sizes) = (*size, above.unwrap_or_default());
            } else {
                (high, sizes) = (*size, below.unwrap_or_default());
            }
        }
    }
    Limit { wanted, between: (low, high) }
}

async fn try_size(http: &Http, bytes: usize) -> Fate {
    let url = http.inbox(&["contacts", "shopbell-doctor-nobody", "conversations", "0", "messages"]);
    fate(&http.ask(Ask::file(url, &[], "shopbell-doctor.bin", bytes)).await)
}
