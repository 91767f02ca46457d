//! Random schedules against the queue, with a desk, a disk and a clock that are a few lines each.
//!
//! What must hold, whatever the order of faults, crashes, wakes and syncs: every message ends at the desk exactly once
//! or needs attention with a reason; the order within a conversation is kept among those that arrived without needing
//! attention; nothing is ever dropped.

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};

use super::queue::{Effect, Event, Queue, Rules};
use crate::{
    backend::{Fault, Happened},
    model::{ConversationId, MessageId, Timestamp},
    store::{EntryRow, EntryState, Task},
};

const RULES: Rules = Rules {
    settle: Duration::from_secs(10),
    longest_attempt: Duration::from_secs(4),
    longest_upload: Duration::from_secs(8),
    idempotent: false,
};

fn loaded(rows: Vec<EntryRow>) -> Event {
    Event::Loaded { rows, newer: Vec::new() }
}

struct World {
    rng: TestRng,
    now: Timestamp,
    queue: Queue,
    disk: BTreeMap<i64, EntryRow>,
    /// Conversation, then the messages that the desk has, in its order.
    desk: BTreeMap<String, Vec<String>>,
    /// Writes that the desk has begun and will finish: when, where, what.
    late: Vec<(Timestamp, String, String)>,
    /// Ends of attempts and looks on their way back.
    inbox: Vec<(Timestamp, Event)>,
    attempts: usize,
    /// How many were begun by the command that wrote them.
    begun: usize,
    /// How many were told of and not read.
    added: usize,
    calm: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self {
            rng: TestRng::from_seed(RngAlgorithm::ChaCha, &bytes),
            now: Timestamp::from_seconds(1_000),
            queue: Queue::new(RULES),
            disk: BTreeMap::new(),
            desk: BTreeMap::new(),
            late: Vec::new(),
            inbox: Vec::new(),
            attempts: 0,
            begun: 0,
            added: 0,
            calm: false,
        }
    }

    fn below(&mut self, n: u32) -> u32 {
        self.rng.next_u32() % n
    }

    fn feed(&mut self, event: Event) {
        let jitter = f64::from(self.below(1000)) / 1000.0;
        for effect in self.queue.handle(event, self.now, jitter) {
            self.carry_out(effect);
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Save(seq, state, attempts) => {
                if let Some(row) = self.disk.get_mut(&seq) {
                    row.state = state;
                    row.attempts = attempts;
                }
            }
            Effect::Drop(seq) => {
                assert_ne!(self.disk.remove(&seq).map(|row| row.task), Some(Task::Message), "a message was dropped");
            }
            Effect::Attempt(seq, attempts) => self.attempt(seq, attempts),
            Effect::Look(seq) => self.look(seq),
        }
    }

    fn attempt(&mut self, seq: i64, attempts: u32) {
        self.attempts += 1;
        let Some(row) = self.disk.get_mut(&seq) else {
            // Gone meanwhile: done, for all that the queue knows.
            self.inbox.push((self.now, Event::Done(seq)));
            return;
        };
        let conversation = row.conversation.clone().unwrap().to_string();
        let text = row.message.clone().unwrap().to_string();
        // With files, nothing is kept before the last of them has left: see below.
        let before = row.clone();
        row.state = EntryState::InFlight;
        row.attempts = attempts;
        row.started_at = self.now;
        row.fence = self.desk.get(&conversation).map_or(0, |list| list.len() as i64);
        let at_work = |disk: &BTreeMap<i64, EntryRow>| {
            disk.values()
                .filter(|row| row.state == EntryState::InFlight)
                .filter(|row| row.conversation.as_ref().unwrap().as_str() == conversation)
                .count()
        };
        assert_eq!(at_work(&self.disk), 1, "two at work in one lane");
        let answer_at = self.now.plus(Duration::from_millis(u64::from(self.below(3_000))));
        let case = if self.calm { 0 } else { self.below(12) };
        let event = match case {
            0..=3 => {
                self.write(conversation, text);
                Event::Done(seq)
            }
            4 => Event::Failed(seq, Fault::Network, Happened::No),
            5 => {
                self.write(conversation, text);
                Event::Failed(seq, Fault::Network, Happened::Maybe)
            }
            6 => Event::Failed(seq, Fault::Desk, Happened::Maybe),
            7 => {
                // Written after the failure was reported, but before the desk has settled.
                let delay = u64::from(self.below(9_000));
                self.late.push((answer_at.plus(Duration::from_millis(delay)), conversation, text));
                Event::Failed(seq, Fault::Desk, Happened::Maybe)
            }
            8 if before.files > 0 => Event::Failed(seq, Fault::Interrupted, Happened::No),
            8 => Event::Failed(seq, Fault::Throttled { retry_after: None }, Happened::No),
            9 => Event::Failed(seq, Fault::Flooded, Happened::No),
            10 if self.below(4) == 0 => Event::Failed(seq, Fault::Refused { reason: "no".into() }, Happened::No),
            _ => Event::Failed(seq, Fault::SessionGone, Happened::No),
        };
        if before.files > 0 && matches!(event, Event::Failed(_, _, Happened::No)) {
            self.disk.insert(seq, before);
        }
        self.inbox.push((answer_at, event));
    }

    fn write(&mut self, conversation: String, text: String) {
        self.desk.entry(conversation).or_default().push(text);
    }

    fn look(&mut self, seq: i64) {
        let answer_at = self.now.plus(Duration::from_millis(u64::from(self.below(500))));
        let event = if !self.calm && self.below(3) == 0 {
            Event::LookFailed(seq, if self.below(2) == 0 { Fault::Network } else { Fault::Desk })
        } else {
            Event::Looked(seq, self.at_desk(seq))
        };
        self.inbox.push((answer_at, event));
    }

    fn at_desk(&self, seq: i64) -> bool {
        let Some(row) = self.disk.get(&seq) else { return true };
        let list = self.desk.get(row.conversation.as_ref().unwrap().as_str());
        let text = row.message.as_ref().unwrap().as_str();
        let fence = usize::try_from(row.fence).unwrap();
        list.is_some_and(|list| list.iter().skip(fence).any(|found| found == text))
    }

    fn add(&mut self, seq: i64) {
        let conversation = ConversationId::new(format!("c{}", self.below(3)));
        let mut row = EntryRow {
            seq,
            conversation: Some(conversation),
            session: "s".into(),
            task: Task::Message,
            message: Some(MessageId::new(format!("m{seq}"))),
            state: EntryState::Waiting { not_before: Timestamp::default() },
            attempts: 0,
            fence: 0,
            started_at: Timestamp::default(),
            files: self.below(4) / 3,
        };
        let free = !self.disk.values().any(|other| other.conversation == row.conversation);
        if row.files > 0 {
            self.disk.insert(seq, row);
            self.reload();
            return;
        }
        if !free || !self.queue.begins_at_once(self.now) {
            self.wait(row);
            return;
        }
        // The command begins it itself, as one write.
        row.state = EntryState::InFlight;
        row.attempts = 1;
        row.started_at = self.now;
        row.fence = self.desk.get(row.conversation.as_ref().unwrap().as_str()).map_or(0, |list| list.len() as i64);
        let conversation = row.conversation.clone().unwrap();
        self.begun += 1;
        match self.below(8) {
            // Killed before the worker has it.
            0 => {
                self.disk.insert(seq, row);
                self.crash();
                return;
            }
            // Begun while the rows were read.
            1 => {
                let rows = self.disk.values().cloned().collect();
                self.disk.insert(seq, row);
                self.begin(seq, conversation);
                self.feed(Event::Loaded { rows, newer: vec![seq] });
                return;
            }
            _ => {}
        }
        self.disk.insert(seq, row);
        self.begin(seq, conversation);
    }

    /// A command tells the worker of what waits.
    fn wait(&mut self, row: EntryRow) {
        let before: Vec<EntryRow> = self.disk.values().cloned().collect();
        self.disk.insert(row.seq, row.clone());
        self.added += 1;
        match self.below(8) {
            // Killed before the worker has it.
            0 => self.crash(),
            // Written while the rows were read.
            1 => self.feed(loaded(before.into_iter().chain([row]).collect())),
            // Among the rows that were read, and then told of.
            2 => {
                self.reload();
                let time = Duration::from_millis(u64::from(self.below(5_000)));
                self.run(time);
                self.feed(Event::Added(row));
            }
            _ => self.feed(Event::Added(row)),
        }
    }

    /// The worker has what a command has begun.
    fn begin(&mut self, seq: i64, conversation: ConversationId) {
        self.attempt(seq, 1);
        self.feed(Event::Begun(seq, conversation));
    }

    fn reload(&mut self) {
        let rows = self.disk.values().cloned().collect();
        self.feed(loaded(rows));
    }

    /// Kill -9: memory is gone, the disk and the desk are not, and what the desk was told still arrives there.
    fn crash(&mut self) {
        self.inbox.clear();
        self.queue = Queue::new(RULES);
        self.reload();
    }

    /// Sync sees the desk's list and binds what it recognises, as the store does.
    fn sync(&mut self) {
        let bound: Vec<i64> = self
            .disk
            .iter()
            .filter(|(_, row)| match &row.state {
                EntryState::InFlight | EntryState::Unclear { .. } => true,
                EntryState::Attention { unclear, .. } => *unclear,
                EntryState::Waiting { .. } => false,
            })
            .filter(|(seq, _)| self.at_desk(**seq))
            .map(|(seq, _)| *seq)
            .collect();
        for seq in bound {
            self.disk.remove(&seq);
        }
        self.reload();
    }

    /// Moves to the next thing that is due, at most `until`.
    fn step(&mut self, until: Timestamp) {
        let due = [self.late.iter().map(|l| l.0).min(), self.inbox.iter().map(|i| i.0).min(), self.queue.next_wake()];
        let next = due.into_iter().flatten().min().unwrap_or(until).clamp(self.now, until);
        self.now = next;
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.late).into_iter().partition(|l| l.0 <= next);
        self.late = later;
        for (_, conversation, text) in due {
            self.write(conversation, text);
        }
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.inbox).into_iter().partition(|i| i.0 <= next);
        self.inbox = later;
        for (_, event) in due {
            // The worker removes the row in the transaction that binds the message, before it tells the queue.
            if let Event::Done(seq) | Event::Looked(seq, true) = event {
                self.disk.remove(&seq);
            }
            self.feed(event);
        }
        self.feed(Event::Tick);
    }

    fn run(&mut self, time: Duration) {
        let until = self.now.plus(time);
        let mut steps = 0;
        while self.now < until {
            self.step(until);
            steps += 1;
            assert!(steps < 100_000, "the queue spins");
        }
    }
}

/// How many attempts there were, how many messages were begun with their writing, and how many were told of.
fn schedule(seed: u64) -> [usize; 3] {
    let mut world = World::new(seed);
    let total = i64::from(1 + world.below(12));
    let mut next = 1;
    while next <= total || world.below(4) != 0 {
        match world.below(8) {
            0..=2 if next <= total => {
                world.add(next);
                next += 1;
            }
            3 => world.crash(),
            4 => world.sync(),
            5 => world.feed(Event::Wake),
            // The desk is lost and found again, as often as not while nothing waits.
            6 => {
                let online = world.below(2) == 0;
                world.feed(Event::Online(online));
            }
            _ => {
                let time = Duration::from_millis(u64::from(world.below(20_000)));
                world.run(time);
            }
        }
    }
    world.calm = true;
    world.feed(Event::Online(true));
    world.run(Duration::from_secs(7_200));
    check(seed, &world, total);
    [world.attempts, world.begun, world.added]
}

fn check(seed: u64, world: &World, total: i64) {
    for seq in 1..=total {
        let text = format!("m{seq}");
        let copies = world.desk.values().flatten().filter(|found| **found == text).count();
        match world.disk.get(&seq).map(|row| &row.state) {
            None => assert_eq!(copies, 1, "seed {seed}: message {seq} is done and at the desk {copies} times"),
            Some(EntryState::Attention { unclear, .. }) => {
                assert!(copies <= usize::from(*unclear), "seed {seed}: message {seq} failed for sure and is there");
            }
            Some(state) => panic!("seed {seed}: message {seq} ended as {state:?}"),
        }
    }
    for (conversation, list) in &world.desk {
        let numbers: Vec<i64> = list.iter().map(|text| text[1..].parse().unwrap()).collect();
        assert!(numbers.is_sorted(), "seed {seed}: {conversation} has {numbers:?}");
    }
}

/// `SHOPBELL_SCHEDULES` runs more; `SHOPBELL_SEED` begins elsewhere, or repeats one.
#[test]
#[allow(clippy::print_stdout, reason = "the seed, for whoever repeats a failure")]
fn random_schedules_of_faults_deliver_once_or_ask() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("SHOPBELL_SEED").unwrap_or(1);
    let count = number("SHOPBELL_SCHEDULES").unwrap_or(2_000);
    let sum = |sum: [usize; 3], one: [usize; 3]| std::array::from_fn(|at| sum[at] + one[at]);
    let [attempts, begun, added] = (first..first + count).map(schedule).fold([0; 3], sum);
    println!(
        "{count} schedules from seed {first}: {attempts} attempts, {begun} begun with their writing, {added} told of"
    );
    let enough = |number: usize, least: u64| number as u64 > least;
    assert!(enough(attempts, count) && enough(begun, count / 2) && enough(added, count), "the schedules did something");
}

#[test]
fn message_in_attention_lets_the_next_pass() {
    let mut queue = Queue::new(RULES);
    let mut world = World::new(1);
    let now = world.now;
    world.add(1);
    let mut rows: Vec<_> = world.disk.values().cloned().collect();
    rows.push(EntryRow { seq: 2, ..rows[0].clone() });
    let state = EntryState::Waiting { not_before: now };
    let waiting = |row: &EntryRow| EntryRow { state: state.clone(), attempts: 0, ..row.clone() };
    let rows: Vec<_> = rows.iter().map(waiting).collect();
    assert!(queue.handle(loaded(rows), now, 0.0).contains(&Effect::Attempt(1, 1)));
    let refused = Fault::Refused { reason: "no".into() };
    let effects = queue.handle(Event::Failed(1, refused, Happened::No), now, 0.0);
    assert!(effects.contains(&Effect::Attempt(2, 1)), "{effects:?}");
}

#[test]
fn conversation_that_cannot_be_opened_blocks_its_lane() {
    let mut queue = Queue::new(RULES);
    let mut world = World::new(1);
    let now = world.now;
    world.add(1);
    let state = EntryState::Waiting { not_before: now };
    let message = EntryRow { state, attempts: 0, ..world.disk[&1].clone() };
    let open = EntryRow { seq: 2, task: Task::Open, message: None, ..message.clone() };
    let effects = queue.handle(loaded(vec![message, open]), now, 0.0);
    assert_eq!(effects, [Effect::Attempt(2, 1)], "opening comes first, whatever its number");
    let effects = queue.handle(Event::Failed(2, Fault::UnknownInbox, Happened::No), now, 0.0);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Attempt(..))), "{effects:?}");
}

/// A message in a conversation of its own, with so many files.
fn waiting(seq: i64, files: u32) -> EntryRow {
    EntryRow {
        seq,
        conversation: Some(ConversationId::new(format!("c{seq}"))),
        session: "s".into(),
        task: Task::Message,
        message: Some(MessageId::new(format!("m{seq}"))),
        state: EntryState::Waiting { not_before: Timestamp::default() },
        attempts: 0,
        fence: 0,
        started_at: Timestamp::default(),
        files,
    }
}

#[test]
fn files_take_no_place_of_words_nor_words_of_files() {
    let now = Timestamp::from_seconds(1_000);
    let mut queue = Queue::new(RULES);
    let mut rows: Vec<_> = (1..=4).map(|seq| waiting(seq, 1)).collect();
    rows.extend((5..=10).map(|seq| waiting(seq, 0)));
    let begun = |effects: &[Effect]| -> Vec<i64> {
        let attempt = |effect: &Effect| if let Effect::Attempt(seq, _) = effect { Some(*seq) } else { None };
        effects.iter().filter_map(attempt).collect()
    };
    assert_eq!(begun(&queue.handle(loaded(rows), now, 0.0)), [1, 2, 5, 6, 7, 8]);
    assert_eq!(queue.next_wake(), None, "every place is taken");
    assert_eq!(begun(&queue.handle(Event::Done(5), now, 0.0)), [9]);
    assert_eq!(begun(&queue.handle(Event::Done(2), now, 0.0)), [3]);
    for seq in [6, 7, 8, 9, 10] {
        queue.handle(Event::Done(seq), now, 0.0);
    }
    // Words have room, and the film that waits still has none.
    assert_eq!(queue.next_wake(), None);
}

#[test]
fn transfer_that_always_breaks_is_given_up_and_the_want_of_a_network_is_not() {
    let mut now = Timestamp::from_seconds(1_000);
    let mut outcome = |fault: Fault| {
        let mut queue = Queue::new(RULES);
        queue.handle(loaded(vec![waiting(1, 1)]), now, 0.0);
        for _ in 0..50 {
            let effects = queue.handle(Event::Failed(1, fault.clone(), Happened::No), now, 0.0);
            if let Some(Effect::Save(_, state @ EntryState::Attention { .. }, attempts)) = effects.first() {
                return Some((state.clone(), *attempts));
            }
            now = queue.next_wake().unwrap();
            queue.handle(Event::Tick, now, 0.0);
        }
        None
    };
    let (state, attempts) = outcome(Fault::Interrupted).unwrap();
    assert!(matches!(state, EntryState::Attention { unclear: false, .. }));
    assert_eq!(attempts, super::policy::MAX_ATTEMPTS);
    assert_eq!(outcome(Fault::Network), None);
    assert_eq!(outcome(Fault::Storage), None, "the phone's own trouble is never told as the desk's");
}

#[test]
fn message_with_files_that_a_dead_process_had_sent_is_given_longer_to_appear() {
    let now = Timestamp::from_seconds(1_000);
    for (files, longest) in [(0, RULES.longest_attempt), (2, RULES.longest_upload)] {
        let mut queue = Queue::new(RULES);
        let row = EntryRow { state: EntryState::InFlight, started_at: now, ..waiting(1, files) };
        let effects = queue.handle(loaded(vec![row]), now, 0.0);
        let unclear = EntryState::Unclear { since: now.plus(longest), look_at: now };
        assert_eq!(effects, [Effect::Save(1, unclear, 0), Effect::Look(1)]);
    }
}

#[test]
fn message_behind_one_that_was_begun_while_the_rows_were_read_waits_for_it() {
    let now = Timestamp::from_seconds(1_000);
    let mut queue = Queue::new(RULES);
    queue.handle(loaded(Vec::new()), now, 0.0);
    assert!(queue.begins_at_once(now));
    let behind = EntryRow { conversation: Some(ConversationId::new("c1")), ..waiting(2, 0) };
    assert_eq!(queue.handle(Event::Begun(1, ConversationId::new("c1")), now, 0.0), []);
    assert_eq!(queue.handle(Event::Loaded { rows: vec![behind.clone()], newer: vec![1] }, now, 0.0), []);
    // Read again, with it among the rows: it is at work, and nobody's that died.
    let begun = EntryRow { state: EntryState::InFlight, attempts: 1, ..waiting(1, 0) };
    assert_eq!(queue.handle(loaded(vec![begun, behind]), now, 0.0), []);
    assert_eq!(queue.handle(Event::Done(1), now, 0.0), [Effect::Attempt(2, 1)]);
}

#[test]
fn clock_that_was_set_back_between_two_runs_prolongs_no_wait() {
    let (then, now) = (Timestamp::from_seconds(1_000_000), Timestamp::from_seconds(1_000));
    let wait = Duration::from_secs(5);
    let states = |at: Timestamp| {
        let waiting = EntryState::Waiting { not_before: at.plus(wait) };
        [waiting, EntryState::Unclear { since: at.plus(Duration::from_secs(1)), look_at: at.plus(wait) }]
    };
    for (kept, shifted) in states(then).into_iter().zip(states(now)) {
        let mut queue = Queue::new(RULES);
        let row = EntryRow { state: kept, attempts: 3, started_at: then, ..waiting(1, 0) };
        let effects = queue.handle(loaded(vec![row.clone()]), now, 0.0);
        assert_eq!(effects, [Effect::Save(1, shifted.clone(), 3)]);
        assert_eq!(queue.next_wake(), Some(now.plus(wait)));
        // Read again, it does not begin anew.
        let later = now.plus(Duration::from_secs(3));
        assert_eq!(queue.handle(loaded(vec![EntryRow { state: shifted, ..row }]), later, 0.0), []);
        assert_eq!(queue.next_wake(), Some(now.plus(wait)));
    }
}

#[test]
fn desks_return_ends_every_wait_but_of_what_it_has_just_failed_at() {
    let mut now = Timestamp::from_seconds(1_000);
    let mut queue = Queue::new(RULES);
    let rows = (1..=3).map(|seq| waiting(seq, 0)).collect();
    queue.handle(loaded(rows), now, 1.0);
    for round in 0..7 {
        for seq in 1..=3 {
            queue.handle(Event::Failed(seq, Fault::Desk, Happened::No), now, 1.0);
        }
        if round < 6 {
            now = now.plus(Duration::from_secs(64));
            queue.handle(Event::Tick, now, 1.0);
        }
    }
    assert_eq!(queue.waiting(), 3);
    // While the desk is out of reach nothing is attempted, whatever is due.
    assert_eq!(queue.handle(Event::Online(false), now, 1.0), []);
    assert_eq!((queue.next_wake(), queue.begins_at_once(now)), (None, false));
    assert_eq!(queue.handle(Event::Tick, now.plus(Duration::from_secs(3_600)), 1.0), []);
    let attempts = |effects: &[Effect]| -> Vec<i64> {
        let attempt = |effect: &Effect| if let Effect::Attempt(seq, _) = effect { Some(*seq) } else { None };
        effects.iter().filter_map(attempt).collect()
    };
    assert_eq!(attempts(&queue.handle(Event::Online(true), now, 1.0)), [1, 2, 3]);
    // The desk fails at the second again: that is spared the next return, and no other is.
    queue.handle(Event::Failed(2, Fault::Desk, Happened::No), now, 1.0);
    queue.handle(Event::Failed(1, Fault::Network, Happened::No), now, 1.0);
    queue.handle(Event::Online(false), now, 1.0);
    now = now.plus(Duration::from_millis(10));
    assert_eq!(attempts(&queue.handle(Event::Online(true), now, 1.0)), [1]);
    assert!(queue.next_wake().is_some_and(|due| due <= now.plus(Duration::from_secs(60))));
}
