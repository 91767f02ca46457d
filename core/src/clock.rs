//! The two things that make a program unrepeatable, passed in: the time and chance.
//!
//! # Which clock measures what
//! - **The time of day** ([`Clock::now`]) dates what is kept and shown. The customer, the network or a restart may set it
//!   back by years. So what is kept of an earlier run and lies in the future counts as unknown, and never as a wait.
//! - **How long something takes** is measured by `SteadyClock`, which is not set and counts suspends. The standard
//!   library's `Instant`, and with it tokio's timers, stand still while a phone is suspended: `CLOCK_MONOTONIC` on Linux
//!   and Android, `CLOCK_UPTIME_RAW` on Apple's systems. [`Clock::suspended`] is the missing part. A timer therefore fires
//!   late by the length of a suspend, and who waits for long looks at the steady clock again now and then.
//! - **Time-outs of requests** are tokio's alone: a suspend is no time in which a desk could have answered.

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::model::Timestamp;

/// Tells the time of day, and how long the machine was suspended. Waiting is tokio's: a test pauses it with
/// `start_paused`.
///
/// ```
/// use shopbell::{Clock, SystemClock};
/// assert!(SystemClock.now().millis() > 0);
/// ```
pub trait Clock: Send + Sync + 'static {
    /// Now. May jump, in both directions.
    fn now(&self) -> Timestamp;

    /// How long the machine was suspended since some moment in the past. Never gets less; only what is added between two
    /// calls counts. Asks the machine unless it is overridden; zero where that can't tell.
    fn suspended(&self) -> Duration {
        machine_suspended()
    }
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

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn machine_suspended() -> Duration {
    // One that stops in a suspend, which is the standard library's, and one that goes on.
    #[cfg(target_vendor = "apple")]
    const CLOCKS: [libc::clockid_t; 2] = [libc::CLOCK_UPTIME_RAW, libc::CLOCK_MONOTONIC_RAW];
    #[cfg(not(target_vendor = "apple"))]
    const CLOCKS: [libc::clockid_t; 2] = [libc::CLOCK_MONOTONIC, libc::CLOCK_BOOTTIME];
    let [awake, whole] = CLOCKS.map(|clock| {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        #[allow(
            unsafe_code,
            reason = "the system's own call; it writes into the struct that it is given, and no further"
        )]
        // SAFETY: `time` is a valid `timespec` that outlives the call. On a failure it stays zero.
        let _ = unsafe { libc::clock_gettime(clock, &raw mut time) };
        let seconds = Duration::from_secs(time.tv_sec.try_into().unwrap_or(0));
        seconds.saturating_add(Duration::from_nanos(time.tv_nsec.try_into().unwrap_or(0)))
    });
    whole.saturating_sub(awake)
}

/// Elsewhere the standard library's clock counts suspends itself (Windows), or there is none that does.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn machine_suspended() -> Duration {
    Duration::ZERO
}

/// Measures how long things take: begins at the time of day, and from there on passes as time does, whatever is done to
/// the machine's clock, suspends included. Never goes back. Cheap to clone; clones tell the same time.
#[derive(Clone)]
pub(crate) struct SteadyClock(Arc<Steady>);

struct Steady {
    clock: Arc<dyn Clock>,
    origin: Timestamp,
    began: Instant,
    suspended: Duration,
    /// The two clocks that make up a suspend are not read at once, so their difference may waver.
    latest: AtomicI64,
}

impl SteadyClock {
    /// One that begins now.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let (origin, suspended) = (clock.now(), clock.suspended());
        let latest = AtomicI64::new(origin.millis());
        Self(Arc::new(Steady { clock, origin, began: Instant::now(), suspended, latest }))
    }

    /// Now, by the time of day at the beginning and what has passed since.
    pub(crate) fn now(&self) -> Timestamp {
        let Steady { clock, origin, began, suspended, latest } = &*self.0;
        let slept = clock.suspended().saturating_sub(*suspended);
        let now = origin.plus(began.elapsed()).plus(slept).millis();
        Timestamp::from_millis(latest.fetch_max(now, Ordering::AcqRel).max(now))
    }

    /// The clock that tells the time of day.
    pub(crate) fn time_of_day(&self) -> &Arc<dyn Clock> {
        &self.0.clock
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

    /// A phone whose clock is set and which is suspended by hand.
    #[derive(Default)]
    struct Phone {
        now: AtomicI64,
        suspended: AtomicI64,
    }

    impl Clock for Phone {
        fn now(&self) -> Timestamp {
            Timestamp::from_seconds(self.now.load(Ordering::Relaxed))
        }

        fn suspended(&self) -> Duration {
            Duration::from_secs(self.suspended.load(Ordering::Relaxed).unsigned_abs())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn steady_time_passes_as_time_does_whatever_is_done_to_the_clock() {
        let phone = Arc::new(Phone { now: AtomicI64::new(1_000_000), suspended: AtomicI64::new(500) });
        let steady = SteadyClock::new(Arc::clone(&phone) as Arc<dyn Clock>);
        let passed = || steady.now().since(Timestamp::from_seconds(1_000_000)).as_secs();
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(passed(), 10);
        phone.now.store(0, Ordering::Relaxed);
        assert_eq!(passed(), 10, "set back");
        phone.now.store(9_000_000, Ordering::Relaxed);
        assert_eq!(passed(), 10, "set ahead");
        phone.suspended.store(560, Ordering::Relaxed);
        assert_eq!(passed(), 70, "a minute's suspend counts");
        phone.suspended.store(559, Ordering::Relaxed);
        assert_eq!(passed(), 70, "it never goes back");
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(passed(), 74);
    }

    #[test]
    fn machine_tells_how_long_it_was_suspended() {
        let (before, after) = (SystemClock.suspended(), SystemClock.suspended());
        // Two clocks each, read one after the other.
        assert!(after.abs_diff(before) < Duration::from_secs(60), "{before:?} {after:?}");
    }

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
