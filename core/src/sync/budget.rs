//! When the desk may be asked for the list of conversations. Pure.
//!
//! The list is the only way to learn of a conversation that was begun elsewhere, and desks answer it with *all* messages
//! of the customer's: measured on three releases of one, 12 ms and 2.2 ms for each message, whether or not anything has
//! changed, and beyond a few thousand not at all. So it is asked for where something may be there that this phone can't
//! know, and otherwise seldom, by what it cost the last time.

use std::time::Duration;

use crate::{json::from_json, model::Timestamp};

/// Why the list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// The app came back to the foreground, and nothing says that there is anything new.
    Return,
    /// The same where the app was opened.
    Opening,
    /// The standing with the desk may be new, or newly proved.
    Standing,
    /// The desk named a conversation that is not known here, or has none where one was.
    Unknown,
    /// The customer wants it: pull to refresh.
    Wanted,
}

/// How the last question for the list of one session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct LastList {
    /// When it ended.
    pub(crate) at: Timestamp,
    /// How long the desk took, in milliseconds.
    pub(crate) took: u64,
    /// Whether it came.
    pub(crate) came: bool,
    /// Whether the desk knew by then that the customer is who they say: only then it lists what was begun elsewhere.
    pub(crate) verified: bool,
}

from_json!(LastList { at, took, came, verified });

/// At an opening no sooner than this.
const SELDOM: Duration = Duration::from_secs(3_600);

/// And after so many times as long as the last one took: then the lists of one customer, however long the history is,
/// are a ten-thousandth of one of the desk's workers. 48 ms (20 messages) come to less than the hour, 443 ms (200) to
/// 74 minutes, 4.4 s (2,000) to twelve hours.
const TIMES_ITS_COST: u32 = 10_000;

/// With pushes on, a conversation that an agent begins is named by its push; the list is only for those that got lost.
const WITH_PUSHES: u32 = 5;

/// Returns are many for each opening.
const AT_A_RETURN: u32 = 2;

/// What was begun elsewhere, or was pulled for, is wanted soon; but a list that does not come is not asked for by every
/// pull. One that is cut off after 15 s rests for an hour, one that is refused at once for a few seconds.
const TIMES_ITS_FAILURE: u32 = 240;

/// Whether to ask. `last` is `None` where this session's was never asked for.
pub(crate) fn is_due(reason: Reason, last: Option<&LastList>, verified: bool, pushes: bool, now: Timestamp) -> bool {
    let Some(last) = last else { return true };
    if verified && !last.verified {
        return true;
    }
    let took = Duration::from_millis(last.took);
    let rest = match (reason, last.came) {
        (Reason::Standing, _) => return false,
        (Reason::Unknown | Reason::Wanted, true) => return true,
        (Reason::Wanted, false) => took.saturating_mul(TIMES_ITS_FAILURE),
        (Reason::Return | Reason::Opening, _) | (Reason::Unknown, false) => {
            let seldom = if pushes && reason != Reason::Unknown { WITH_PUSHES } else { 1 };
            let seldom = if reason == Reason::Return { seldom * AT_A_RETURN } else { seldom };
            took.saturating_mul(TIMES_ITS_COST).max(SELDOM).saturating_mul(seldom)
        }
    };
    // A clock that was set back is no reason to wait for it to come round.
    now < last.at || now.since(last.at) >= rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    const HOUR: u64 = 3_600;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(1_000_000).plus(Duration::from_secs(seconds))
    }

    #[test]
    fn list_rests_by_what_it_cost() {
        let table = [
            // Why, took ms, came, pushes: due after so many seconds.
            (Reason::Opening, 48, true, false, HOUR),
            (Reason::Opening, 443, true, false, 4_430),
            (Reason::Opening, 4_400, true, false, 44_000),
            (Reason::Opening, 48, true, true, 5 * HOUR),
            (Reason::Opening, 443, true, true, 22_150),
            (Reason::Opening, 4_400, true, true, 220_000),
            (Reason::Return, 443, true, false, 8_860),
            (Reason::Return, 443, true, true, 44_300),
            (Reason::Opening, 15_000, false, false, 150_000),
            (Reason::Unknown, 4_400, true, true, 0),
            (Reason::Unknown, 15_000, false, true, 150_000),
            (Reason::Unknown, 20, false, false, HOUR),
            (Reason::Wanted, 4_400, true, false, 0),
            (Reason::Wanted, 15_000, false, false, HOUR),
            (Reason::Wanted, 20, false, false, 5),
        ];
        for (reason, took, came, pushes, rest) in table {
            let last = LastList { at: at(0), took, came, verified: false };
            let due = |seconds| is_due(reason, Some(&last), false, pushes, at(seconds));
            let told = format!("{reason:?}, {took} ms, came: {came}, pushes: {pushes}");
            assert!(due(rest), "{told}: due");
            assert!(rest == 0 || !due(rest - 1), "{told}: not before");
        }
    }

    #[test]
    fn first_contact_and_a_proof_of_who_it_is_are_always_due() {
        assert!(is_due(Reason::Opening, None, false, true, at(0)));
        let last = LastList { at: at(0), took: 15_000, came: false, verified: false };
        assert!(is_due(Reason::Opening, Some(&last), true, true, at(1)));
        assert!(is_due(Reason::Standing, Some(&last), true, true, at(1)));
        let last = LastList { verified: true, ..last };
        assert!(!is_due(Reason::Opening, Some(&last), true, true, at(1)));
        assert!(!is_due(Reason::Standing, Some(&last), true, true, at(1_000_000)));
    }

    #[test]
    fn clock_that_was_set_back_does_not_keep_the_list_away() {
        let last = LastList { at: at(10 * HOUR), took: 48, came: true, verified: true };
        assert!(is_due(Reason::Opening, Some(&last), true, false, at(0)));
    }

    #[test]
    fn kept_form_is_stable() {
        let last = LastList { at: Timestamp::from_millis(7), took: 443, came: true, verified: false };
        let kept = serde_json::to_string(&last).unwrap();
        insta::assert_snapshot!(kept, @r#"{"at":7,"took":443,"came":true,"verified":false}"#);
        assert_eq!(json::from_str::<LastList>(&kept).unwrap(), last);
    }
}
