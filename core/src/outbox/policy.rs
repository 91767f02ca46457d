//! How long to wait, and how often to try.

use std::time::Duration;

/// How often the desk may fail on an entry before the customer is asked. With the delays below that is about half an
/// hour of a desk that answers and fails; a phone without network never comes near it.
pub(crate) const MAX_ATTEMPTS: u32 = 12;

/// The first wait. A shorter one would hit a desk that is just restarting.
const FIRST: Duration = Duration::from_secs(1);

/// The longest wait: a shopper who looks at a waiting message for five minutes presses retry, which ends the wait.
const LONGEST: Duration = Duration::from_secs(300);

/// How long a flooded conversation rests: the desk counts a minute.
pub(crate) const FLOOD_REST: Duration = Duration::from_secs(60);

/// How long an entry at which the desk failed right after its return is spared the next return: a desk that answers
/// everything but this one request returns again and again.
pub(crate) const SPARED: Duration = Duration::from_secs(60);

/// How long to keep still when throttled without a word on how long: the desk counts a minute.
pub(crate) const THROTTLE_REST: Duration = Duration::from_secs(60);

/// The longest that a desk's own wish is followed: a wrong `Retry-After` must not silence a phone for a day.
pub(crate) const LONGEST_REST: Duration = Duration::from_secs(900);

/// The wait after the `failures`-th failure in a row: doubling, and by `jitter` (0 to 1) between half and all of it,
/// so that a thousand phones do not come back at once.
pub(crate) fn back_off(failures: u32, jitter: f64) -> Duration {
    let doubled = FIRST.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1).min(16)).unwrap_or(u32::MAX));
    doubled.min(LONGEST).mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits: Vec<_> = (1..=12).map(|n| back_off(n, 1.0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
        assert_eq!(back_off(1, 0.0), Duration::from_millis(500));
        assert_eq!(back_off(u32::MAX, 1.0), LONGEST);
    }
}
