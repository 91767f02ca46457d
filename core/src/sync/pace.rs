//! How often the desk is asked for a page, whatever the connection says. Pure.
//!
//! A desk answers a page of messages in 20 to 30 ms however long the history is, and one that has not changed costs it
//! the same: what is asked here is what a merchant's desk has to bear for each customer who looks. So the beat is quick
//! only where something is expected, and slows down by itself.

use std::time::Duration;

/// What of the customer's conversations is on screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Shown {
    /// None of them. The app may show how many messages are unread.
    #[default]
    Nothing,
    /// The list.
    List,
    /// One of them.
    Conversation,
}

/// What can be expected of the realtime connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hears {
    /// It tells what happens at once.
    AtOnce,
    /// It is up, and tells late or not at all.
    Late,
    /// There is none.
    Nothing,
}

/// The intervals, constant for the link's life.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// With nothing on screen.
    pub(crate) idle: Duration,
    /// While an answer is awaited and the connection does not tell in time.
    pub(crate) active: Duration,
    /// While an answer is awaited and the connection tells.
    pub(crate) live: Duration,
}

/// While an answer is awaited, the beat is one this-many-th of how long nothing has moved: the first half hour it stays
/// as it is by default. Then whoever still looks has put the phone aside.
const PATIENCE: u32 = 120;

/// And never more than so many times as slow: a minute by default.
const SLOWEST_AWAITED: u32 = 4;

/// Where none is awaited: slower at first, and up to four minutes by default. A connection that tells is believed for a
/// minute by default: what it keeps to itself makes it late, and is looked for sooner.
const UNAWAITED: u32 = 2;
const UNAWAITED_AND_TOLD: u32 = 4;
const SLOWEST: u32 = 16;

/// How long after the last question the next one is due, where nothing has moved for `quiet`.
pub(crate) fn interval(rules: &Rules, shown: Shown, hears: Hears, awaited: bool, quiet: Duration) -> Duration {
    let (base, unawaited) = match (shown, hears) {
        (Shown::Nothing, _) => return rules.idle,
        (_, Hears::AtOnce) => (rules.live, UNAWAITED_AND_TOLD),
        (_, Hears::Late | Hears::Nothing) => (rules.active, UNAWAITED),
    };
    let times = |n: u32| base.saturating_mul(n);
    if awaited {
        (quiet / PATIENCE).clamp(base, times(SLOWEST_AWAITED))
    } else {
        quiet.clamp(times(unawaited), times(SLOWEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules =
        Rules { idle: Duration::from_secs(120), active: Duration::from_secs(10), live: Duration::from_secs(15) };

    #[test]
    fn beat_goes_by_what_is_expected_and_slows_down() {
        let table = [
            // Shown, heard, awaited, quiet for: every so many seconds.
            (Shown::Conversation, Hears::AtOnce, true, 0, 15),
            (Shown::Conversation, Hears::AtOnce, true, 1_800, 15),
            (Shown::Conversation, Hears::AtOnce, true, 3_600, 30),
            (Shown::Conversation, Hears::AtOnce, true, 86_400, 60),
            (Shown::Conversation, Hears::Late, true, 0, 10),
            (Shown::Conversation, Hears::Nothing, true, 0, 10),
            (Shown::Conversation, Hears::Nothing, true, 86_400, 40),
            (Shown::Conversation, Hears::AtOnce, false, 0, 60),
            (Shown::Conversation, Hears::AtOnce, false, 90, 90),
            (Shown::Conversation, Hears::AtOnce, false, 86_400, 240),
            (Shown::Conversation, Hears::Nothing, false, 0, 20),
            (Shown::Conversation, Hears::Late, false, 86_400, 160),
            (Shown::List, Hears::AtOnce, true, 0, 15),
            (Shown::List, Hears::AtOnce, false, 86_400, 240),
            (Shown::Nothing, Hears::Nothing, true, 0, 120),
            (Shown::Nothing, Hears::AtOnce, false, 86_400, 120),
        ];
        for (shown, hears, awaited, quiet, expected) in table {
            let every = interval(&RULES, shown, hears, awaited, Duration::from_secs(quiet));
            assert_eq!(every.as_secs(), expected, "{shown:?}, {hears:?}, awaited: {awaited}, quiet for {quiet} s");
        }
    }

    #[test]
    fn quiet_hour_in_front_of_an_answered_conversation_is_a_page_every_few_minutes() {
        let (mut now, mut pages) = (Duration::ZERO, 0);
        while now < Duration::from_secs(3_600) {
            now += interval(&RULES, Shown::Conversation, Hears::AtOnce, false, now);
            pages += 1;
        }
        // After 1, 2, 4 and 8 minutes, then every four.
        assert_eq!(pages, 17);
    }
}
