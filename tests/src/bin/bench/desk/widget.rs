//! What the same desk's own web widget costs, by the same table: what it asks for was read off the wire of Chatwoot
//! 4.15.1 and 4.16.2.
//!
//! Its cost does not grow with the history. While its customer waits or only has the page open it asks for nothing, and
//! is deaf where its socket is.

use super::script::Counts;

/// At an opening: its configuration, the last conversation without messages, a page of them, the agents, campaigns.
pub(super) const OPENING: f64 = 25.0 + 26.0 + PAGE + 18.0 + 9.0;
/// After a lost connection, and so when its page comes back to the front: a page of messages.
pub(super) const RECONNECT: f64 = PAGE;
const PAGE: f64 = 30.0;

/// All that it asks for in such a week.
pub(super) fn week(counts: Counts) -> f64 {
    f64::from(counts.openings) * OPENING + f64::from(counts.returns + counts.lost) * RECONNECT
}

/// The sockets that it subscribes on: one an opening, one a lost connection.
pub(super) fn sockets(counts: Counts) -> u32 {
    counts.openings + counts.returns + counts.lost
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::script;

    #[test]
    fn opening_is_the_sum_of_its_five_requests() {
        assert!((OPENING - 108.0).abs() < f64::EPSILON);
    }

    #[test]
    fn week_is_seven_times_a_day() {
        let a_day = 5.0 * 108.0 + 20.0 * 30.0;
        let counts = Counts::of(&script::week());
        assert!((week(counts) - 7.0 * a_day).abs() < 1e-9);
        assert_eq!(sockets(counts), 7 * 25);
    }
}
