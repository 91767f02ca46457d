//! The virtual clock: a week passes in a minute, over real sockets and a real store.
//!
//! tokio's own time is paused, and moved on by hand. Left to itself, paused time jumps to the next timer as soon as no
//! task can run, which would be while bytes are in a socket or the store's thread is at work. So it is moved only when
//! the whole process is at rest: every thread sleeps, and none has run between two looks. Linux tells that of each
//! thread, so neither a busy machine nor a slow disk is taken for rest. It takes a process of its own, in which nothing
//! else goes on.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
        mpsc,
    },
    time::Duration,
};

use shopbell::{Clock, Random, SystemClock, Timestamp};
use tokio::sync::oneshot;

/// Between two looks at the threads.
const LOOK: Duration = Duration::from_micros(100);
/// Where the threads can't be looked at: what a request takes here, many times over.
const BLIND: Duration = Duration::from_millis(25);
/// How far time moves at once while something is on screen: finer than anything that is counted.
const STEP: Duration = Duration::from_secs(1);
/// And while the desk is at work on an answer, for the client goes by how long that takes.
const FINE: Duration = Duration::from_millis(10);

/// Moves tokio's paused time, and the client's clock with it.
pub(super) struct Time {
    looks: mpsc::Sender<oneshot::Sender<()>>,
    hands: Arc<Hands>,
    is_at_work: Option<Box<dyn Fn() -> bool>>,
}

/// The client's clock: the machine's at the beginning, and what has passed here since.
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Acquire))
    }
}

impl Time {
    /// Pauses the time of the runtime that this runs on, which has one thread.
    pub(super) fn pause() -> Self {
        // Dates have whole seconds: the same part of one each time, so that the same ones are told apart.
        while !(100..200).contains(&(SystemClock.now().millis() % 1_000)) {
            pause(Duration::from_millis(10));
        }
        tokio::time::pause();
        let (looks, asked) = mpsc::channel::<oneshot::Sender<()>>();
        // As long as it lives, tokio leaves its time alone: work off the runtime's thread is under way.
        tokio::task::spawn_blocking(move || {
            while let Ok(tell) = asked.recv() {
                wait_for_rest();
                let _ = tell.send(());
            }
        });
        let hands = Arc::new(Hands(AtomicI64::new(SystemClock.now().millis())));
        Self { looks, hands, is_at_work: None }
    }

    /// Goes by whether the desk is at work on an answer.
    pub(super) fn watch(&mut self, is_at_work: impl Fn() -> bool + 'static) {
        self.is_at_work = Some(Box::new(is_at_work));
    }

    fn step(&self, longest: Duration) -> Duration {
        if self.is_at_work.as_ref().is_some_and(|is_at_work| is_at_work()) { FINE.min(longest) } else { longest }
    }

    /// For the client.
    pub(super) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.hands) as Arc<dyn Clock>
    }

    /// Returns when nothing more happens unless time passes.
    pub(super) async fn rest(&self) {
        let (tell, told) = oneshot::channel();
        self.looks.send(tell).expect("the watch lives as long as this");
        told.await.expect("the watch answers");
    }

    /// Lets time pass, second by second.
    pub(super) async fn pass(&self, time: Duration) {
        self.pass_in_steps_of(STEP, time).await;
    }

    /// Lets time pass while nothing is in front: all at once.
    pub(super) async fn leap(&self, time: Duration) {
        self.pass_in_steps_of(time, time).await;
    }

    async fn pass_in_steps_of(&self, step: Duration, mut time: Duration) {
        self.rest().await;
        while !time.is_zero() {
            let now = self.step(step.min(time));
            self.advance(now).await;
            self.rest().await;
            time -= now;
        }
    }

    async fn advance(&self, by: Duration) {
        self.hands.0.fetch_add(i64::try_from(by.as_millis()).expect("less than an age"), Ordering::AcqRel);
        tokio::time::advance(by).await;
    }

    /// Waits for something, and lets time pass where it waits for that.
    pub(super) async fn until<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        let work = tokio::spawn(work);
        let mut passed = Duration::ZERO;
        loop {
            self.rest().await;
            if work.is_finished() || passed > Duration::from_secs(120) {
                break;
            }
            let step = self.step(STEP);
            self.advance(step).await;
            passed += step;
        }
        assert!(work.is_finished(), "nothing came of it within two minutes");
        work.await.expect("it does not panic")
    }
}

/// Returns when every other thread of this process sleeps and none has run between two looks.
fn wait_for_rest() {
    let mut before = threads();
    loop {
        pause(if before.is_some() { LOOK } else { BLIND });
        let now = threads();
        match (&before, &now) {
            (Some(before), Some(now)) if before != now || now.iter().any(|thread| !thread.sleeps) => {}
            _ => return,
        }
        before = now;
    }
}

#[allow(clippy::disallowed_methods, reason = "a thread of its own, and it is real time that it waits for")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

#[derive(PartialEq, Eq)]
struct Thread {
    number: String,
    sleeps: bool,
    /// How often it was put on a processor.
    runs: String,
}

/// The other threads; `None` where the system does not tell.
fn threads() -> Option<Vec<Thread>> {
    let own = fs::read_link("/proc/thread-self").ok()?;
    let mut threads = Vec::new();
    for entry in fs::read_dir("/proc/self/task").ok()? {
        let entry = entry.ok()?;
        if own.file_name() == Some(&entry.file_name()) {
            continue;
        }
        // One that has ended meanwhile is missed by the next look.
        let (Ok(stat), Ok(runs)) =
            (fs::read_to_string(entry.path().join("stat")), fs::read_to_string(entry.path().join("schedstat")))
        else {
            continue;
        };
        // `number (name) state …`: the name may hold anything.
        let state = stat.rsplit_once(") ")?.1.chars().next()?;
        let number = entry.file_name().to_string_lossy().into_owned();
        threads.push(Thread { number, sleeps: state == 'S', runs: runs.split(' ').nth(2)?.trim().to_owned() });
    }
    Some(threads)
}

/// Chance that is the same each time (splitmix64).
pub(super) struct SameChance(std::sync::atomic::AtomicU64);

impl SameChance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.into())
    }
}

impl Random for SameChance {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let step = 0x9e37_79b9_7f4a_7c15_u64;
            let mut z = self.0.fetch_add(step, Ordering::Relaxed).wrapping_add(step);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let z = (z ^ (z >> 31)).to_le_bytes();
            chunk.copy_from_slice(&z[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_with_the_same_seed_is_the_same() {
        let draw = |seed| {
            let mut bytes = [0; 21];
            SameChance::new(seed).fill(&mut bytes);
            bytes
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }
}
