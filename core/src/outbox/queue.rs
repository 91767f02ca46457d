//! The outbox's decisions: state and event in, state and effects out. No I/O, no clock, no chance of its own.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use super::policy;
use crate::{
    backend::{Fault, Happened},
    model::{AttentionReason, ConversationId, Timestamp},
    store::{EntryRow, EntryState, Task},
};

/// How many lanes are at work at once: enough that a slow conversation holds up no other, few enough that a phone
/// with a bad network does not open ten connections.
const PARALLEL: usize = 4;

/// How many messages with files are at work at once, beside those: a film that goes out for an hour takes no place of
/// a word's. Two: a photo need not wait for the film, and more would only share the same line.
const UPLOADS: usize = 2;

/// Entries that wait for each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Lane {
    /// A standing with the desk.
    Customer(String),
    /// A conversation.
    Conversation(ConversationId),
}

/// What happened.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// The rows as they are kept: after a start, and after a command or sync touched them.
    Loaded {
        /// All of them.
        rows: Vec<EntryRow>,
        /// Those that were begun ([`Begun`](Self::Begun)) while these were read, and may be missing among them.
        newer: Vec<i64>,
    },
    /// A message was written and its first attempt begun with it, for [`Queue::begins_at_once`].
    Begun(i64, ConversationId),
    /// A message was written and waits: its row, as it was written.
    Added(EntryRow),
    /// The desk can be reached, as far as anybody knows, or can't.
    Online(bool),
    /// A reason to try now: the app is in the foreground, the customer pressed retry.
    Wake,
    /// The desk took it; its row is gone.
    Done(i64),
    /// An attempt failed.
    Failed(i64, Fault, Happened),
    /// A look found it (its row is gone), or did not.
    Looked(i64, bool),
    /// A look could not be made.
    LookFailed(i64, Fault),
    /// Time has passed.
    Tick,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Keep this state.
    Save(i64, EntryState, u32),
    /// Keep that an attempt begins, with its number and the fence; then make it.
    Attempt(i64, u32),
    /// Look for it at the desk.
    Look(i64),
    /// Nobody will miss it: remove it.
    Drop(i64),
}

#[derive(Clone, Debug)]
struct Item {
    lane: Lane,
    kind: Kind,
    state: EntryState,
    attempts: u32,
    /// Failures in a row to reach the desk at all; only for the back-off, so not kept.
    unreached: u32,
    /// The wait is the desk's wish: no wake shortens it.
    asked_to_wait: bool,
    at_work: bool,
    /// Its wait was ended by the desk's return.
    woken: bool,
    /// The desk failed at it again right after that: until then the next return ends no wait of its.
    spared_until: Timestamp,
    /// It takes files along.
    bulky: bool,
}

impl Item {
    /// A message of words at its first attempt.
    fn begun(conversation: ConversationId) -> Self {
        Self {
            lane: Lane::Conversation(conversation),
            kind: Kind::Message,
            state: EntryState::InFlight,
            attempts: 1,
            unreached: 0,
            asked_to_wait: false,
            at_work: true,
            woken: false,
            spared_until: Timestamp::default(),
            bulky: false,
        }
    }

    /// What it takes a place among, while it is at work. Looking for a message with files is as short as any look.
    fn uploads(&self) -> bool {
        self.bulky && matches!(self.state, EntryState::Waiting { .. } | EntryState::InFlight)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Open,
    Message,
    Answer,
    Profile,
    Seen,
    Resolve,
    Vote,
}

impl Kind {
    fn of(task: &Task) -> Self {
        match task {
            Task::Open => Self::Open,
            Task::Message => Self::Message,
            Task::Answer { .. } => Self::Answer,
            Task::Seen => Self::Seen,
            Task::Resolve => Self::Resolve,
            Task::Profile => Self::Profile,
            Task::Vote { .. } => Self::Vote,
        }
    }

    /// Doing it twice leaves two of it at the desk.
    fn doubles(self) -> bool {
        matches!(self, Self::Open | Self::Message)
    }

    /// What goes before what in a lane, whatever was added first: nothing can be said in a conversation that is not
    /// open, and what was seen may wait for all that is to be said.
    fn rank(self) -> u8 {
        match self {
            Self::Open => 0,
            Self::Seen | Self::Vote => 2,
            _ => 1,
        }
    }

    /// Where it can't be done, nobody needs to decide anything.
    fn disposable(self) -> bool {
        matches!(self, Self::Seen | Self::Vote)
    }
}

/// All entries of one customer.
#[derive(Debug)]
pub(crate) struct Queue {
    items: BTreeMap<i64, Item>,
    online: bool,
    /// The desk asked every request from here to wait.
    hold_until: Timestamp,
    rules: Rules,
}

/// What the queue goes by; constant for its life.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// How long after the end of an unclear attempt the desk may still be acting on it.
    pub(crate) settle: Duration,
    /// How long an attempt may take: the desk has given up one that a dead process began by then, and the settling
    /// begins.
    pub(crate) longest_attempt: Duration,
    /// The same for a message with files, from the moment on that the desk may have all of it.
    pub(crate) longest_upload: Duration,
    /// The desk keeps a message that is sent twice once.
    pub(crate) idempotent: bool,
}

impl Queue {
    /// Empty until the first [`Event::Loaded`].
    pub(crate) fn new(rules: Rules) -> Self {
        Self { items: BTreeMap::new(), online: true, hold_until: Timestamp::default(), rules }
    }

    /// Takes in what happened and says what to do, in this order. `now` never goes back, and counts suspends.
    pub(crate) fn handle(&mut self, event: Event, now: Timestamp, jitter: f64) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.tame_clock(now);
        match event {
            Event::Loaded { rows, newer } => self.load(rows, newer, now, &mut effects),
            Event::Begun(seq, conversation) => {
                self.items.insert(seq, Item::begun(conversation));
            }
            Event::Added(row) => {
                // Found by a load already, it may have come further by now.
                if !self.items.contains_key(&row.seq) {
                    self.take(row, now, &mut effects);
                }
            }
            Event::Online(online) => {
                if online && !self.online {
                    self.wake(now, true);
                }
                self.online = online;
            }
            Event::Wake => self.wake(now, false),
            Event::Done(seq) => {
                self.items.remove(&seq);
                self.wake(now, false);
            }
            Event::Failed(seq, fault, happened) => self.failed(seq, fault, happened, now, jitter, &mut effects),
            Event::Looked(seq, true) => {
                self.items.remove(&seq);
                self.wake(now, false);
            }
            Event::Looked(seq, false) => self.not_found(seq, now, jitter, &mut effects),
            Event::LookFailed(seq, fault) => self.look_failed(seq, &fault, now, jitter, &mut effects),
            Event::Tick => {}
        }
        self.schedule(now, &mut effects);
        effects
    }

    /// When the next [`Event::Tick`] is due; `None` where only an event can change anything.
    pub(crate) fn next_wake(&self) -> Option<Timestamp> {
        if !self.online {
            return None;
        }
        // Where every place is taken, the end of an attempt is the next event.
        let free = self.free();
        let due = self
            .heads()
            .filter_map(|seq| self.items.get(&seq))
            .filter(|item| !item.at_work && free.has(item))
            .filter_map(|item| match item.state {
                EntryState::Waiting { not_before } => Some(not_before),
                EntryState::Unclear { look_at, .. } => Some(look_at),
                EntryState::InFlight | EntryState::Attention { .. } => None,
            })
            .min()?;
        Some(due.max(self.hold_until))
    }

    /// Whether a message in a lane where nothing is before it would be attempted at once.
    pub(crate) fn begins_at_once(&self, now: Timestamp) -> bool {
        self.online && now >= self.hold_until && self.free().words > 0
    }

    /// How many things that the customer wrote or did the desk has not taken yet, and may take.
    pub(crate) fn waiting(&self) -> usize {
        let waits = |item: &&Item| {
            let by_the_customer = matches!(item.kind, Kind::Open | Kind::Message | Kind::Answer | Kind::Resolve);
            by_the_customer && !item.asked_to_wait && !matches!(item.state, EntryState::Attention { .. })
        };
        self.items.values().filter(waits).count()
    }

    /// The places that nobody is at.
    fn free(&self) -> Free {
        let at = |uploads: bool| self.items.values().filter(|item| item.at_work && item.uploads() == uploads).count();
        Free { words: PARALLEL.saturating_sub(at(false)), uploads: UPLOADS.saturating_sub(at(true)) }
    }

    fn load(&mut self, rows: Vec<EntryRow>, newer: Vec<i64>, now: Timestamp, effects: &mut Vec<Effect>) {
        let known: HashSet<i64> = rows.iter().map(|row| row.seq).chain(newer).collect();
        // Sync may bind a message while its attempt runs; the end of that attempt then concerns nobody.
        self.items.retain(|seq, _| known.contains(seq));
        for row in rows {
            if !self.items.get(&row.seq).is_some_and(|item| item.at_work) {
                self.take(row, now, effects);
            }
        }
    }

    /// Takes a row in that nobody here is at work on.
    fn take(&mut self, row: EntryRow, now: Timestamp, effects: &mut Vec<Effect>) {
        let kind = Kind::of(&row.task);
        let old = self.items.get(&row.seq);
        // Begun in the future: the clock was set back between two runs. A wait goes on from now, as long as it was.
        let ahead = if old.is_none() { row.started_at.since(now) } else { Duration::ZERO };
        let state = match row.state {
            EntryState::Waiting { not_before } if !ahead.is_zero() && not_before > now => {
                let state = EntryState::Waiting { not_before: not_before.minus(ahead) };
                effects.push(Effect::Save(row.seq, state.clone(), row.attempts));
                state
            }
            EntryState::Unclear { since, look_at } if !ahead.is_zero() && since.max(look_at) > now => {
                let state = EntryState::Unclear { since: since.minus(ahead), look_at: look_at.minus(ahead) };
                effects.push(Effect::Save(row.seq, state.clone(), row.attempts));
                state
            }
            EntryState::InFlight => {
                // A process died over it.
                let state = if self.must_look(kind) {
                    // Possibly still ahead: the desk goes on with a request whose sender has died.
                    let longest = if row.files > 0 { self.rules.longest_upload } else { self.rules.longest_attempt };
                    let ended = row.started_at.min(now).plus(longest);
                    EntryState::Unclear { since: ended, look_at: now }
                } else {
                    EntryState::Waiting { not_before: now }
                };
                effects.push(Effect::Save(row.seq, state.clone(), row.attempts));
                state
            }
            state => state,
        };
        let lane = match row.conversation {
            Some(id) => Lane::Conversation(id),
            None => Lane::Customer(row.session),
        };
        let same_wait = old.is_some_and(|old| old.state == state);
        let item = Item {
            lane,
            kind,
            state,
            attempts: row.attempts,
            unreached: old.map_or(0, |old| old.unreached),
            asked_to_wait: same_wait && old.is_some_and(|old| old.asked_to_wait),
            at_work: false,
            woken: old.is_some_and(|old| old.woken),
            spared_until: old.map_or(Timestamp::default(), |old| old.spared_until),
            bulky: row.files > 0,
        };
        self.items.insert(row.seq, item);
    }

    /// What an earlier run kept by a clock that was ahead must not leave a message waiting for a moment that is hours
    /// away.
    fn tame_clock(&mut self, now: Timestamp) {
        let latest = now.plus(policy::LONGEST_REST);
        self.hold_until = self.hold_until.min(latest);
        for item in self.items.values_mut() {
            item.spared_until = item.spared_until.min(latest);
            match &mut item.state {
                EntryState::Waiting { not_before } => *not_before = (*not_before).min(latest),
                EntryState::Unclear { since, look_at } => {
                    *since = (*since).min(now.plus(self.rules.longest_attempt.max(self.rules.longest_upload)));
                    *look_at = (*look_at).min(latest);
                }
                EntryState::InFlight | EntryState::Attention { .. } => {}
            }
        }
    }

    fn must_look(&self, kind: Kind) -> bool {
        kind.doubles() && !(self.rules.idempotent && kind == Kind::Message)
    }

    /// Ends every wait that trouble caused; with `returned`, the desk's being out of reach.
    fn wake(&mut self, now: Timestamp, returned: bool) {
        for item in self.items.values_mut().filter(|item| !item.asked_to_wait && !item.at_work) {
            item.woken = returned;
            let at = if returned { now.max(item.spared_until) } else { now };
            match &mut item.state {
                EntryState::Waiting { not_before } => *not_before = (*not_before).min(at),
                // A look may come sooner; another attempt may not: that goes by `since`.
                EntryState::Unclear { look_at, .. } if item.unreached > 0 => *look_at = (*look_at).min(now),
                _ => {}
            }
        }
    }

    fn failed(
        &mut self,
        seq: i64,
        fault: Fault,
        happened: Happened,
        now: Timestamp,
        jitter: f64,
        effects: &mut Vec<Effect>,
    ) {
        let Some(kind) = self.items.get(&seq).map(|item| item.kind) else { return };
        let must_look = self.must_look(kind) && happened == Happened::Maybe;
        self.rest_if_throttled(&fault, now, jitter);
        let settle = self.rules.settle;
        let Some(item) = self.items.get_mut(&seq) else { return };
        item.at_work = false;
        item.asked_to_wait = false;
        if std::mem::take(&mut item.woken) && fault == Fault::Desk {
            item.spared_until = now.plus(policy::SPARED);
        }
        let unclear = EntryState::Unclear { since: now, look_at: now.plus(settle.mul_f64(0.1)) };
        let waiting = |after: Duration| EntryState::Waiting { not_before: now.plus(after) };
        item.state = match fault {
            Fault::Network | Fault::Untrusted { .. } | Fault::Interrupted | Fault::Desk | Fault::Storage
                if must_look =>
            {
                item.unreached = 0;
                unclear
            }
            Fault::Network | Fault::Untrusted { .. } | Fault::Storage => {
                // The desk never had a say in it: not counted, and tried for as long as it takes.
                item.attempts = item.attempts.saturating_sub(1);
                item.unreached = item.unreached.saturating_add(1);
                waiting(policy::back_off(item.unreached, jitter))
            }
            Fault::Desk | Fault::Interrupted if item.attempts >= policy::MAX_ATTEMPTS => {
                EntryState::Attention { reason: AttentionReason::DeskFailing, unclear: false }
            }
            Fault::Desk | Fault::Interrupted => waiting(policy::back_off(item.attempts, jitter)),
            Fault::Throttled { .. } => {
                item.attempts = item.attempts.saturating_sub(1);
                waiting(Duration::ZERO)
            }
            Fault::Flooded => {
                item.attempts = item.attempts.saturating_sub(1);
                item.asked_to_wait = true;
                waiting(policy::FLOOD_REST.mul_f64(1.0 + 0.1 * jitter))
            }
            Fault::Refused { reason } => {
                EntryState::Attention { reason: AttentionReason::Refused { detail: reason }, unclear: false }
            }
            Fault::IdentityRejected => {
                EntryState::Attention { reason: AttentionReason::IdentityRejected, unclear: false }
            }
            // The carrying out looks into it, and begins anew.
            Fault::Withdrawn => waiting(Duration::ZERO),
            // The worker has mended what it could (a new standing, the conversation opened anew); three times is
            // enough to see that it does not help.
            Fault::SessionGone | Fault::ConversationGone if item.attempts < 3 => waiting(Duration::ZERO),
            Fault::SessionGone
            | Fault::ConversationGone
            | Fault::MessageGone
            | Fault::UnknownInbox
            | Fault::UnknownPortal => EntryState::Attention { reason: AttentionReason::Gone, unclear: false },
            Fault::FileGone => EntryState::Attention { reason: AttentionReason::FileLost, unclear: false },
            Fault::Unsupported => EntryState::Attention {
                reason: AttentionReason::Refused { detail: "not possible at this desk".to_owned() },
                unclear: false,
            },
        };
        self.keep(seq, effects);
    }

    /// The desk asked every request from here to wait.
    fn rest_if_throttled(&mut self, fault: &Fault, now: Timestamp, jitter: f64) {
        if let Fault::Throttled { retry_after } = fault {
            let rest = retry_after.unwrap_or(policy::THROTTLE_REST).min(policy::LONGEST_REST);
            self.hold_until = self.hold_until.max(now.plus(rest.mul_f64(1.0 + 0.1 * jitter)));
        }
    }

    /// A look found nothing. Before the desk has settled that proves nothing.
    fn not_found(&mut self, seq: i64, now: Timestamp, jitter: f64, effects: &mut Vec<Effect>) {
        let settle = self.rules.settle;
        let Some(item) = self.items.get_mut(&seq) else { return };
        item.at_work = false;
        item.unreached = 0;
        let EntryState::Unclear { since, .. } = item.state else { return };
        let settled = since.plus(settle);
        item.state = if now < settled {
            EntryState::Unclear { since, look_at: settled }
        } else if item.attempts >= policy::MAX_ATTEMPTS {
            EntryState::Attention { reason: AttentionReason::Unconfirmed, unclear: true }
        } else {
            // The first try again may come at once: the settling was the wait.
            let wait = if item.attempts <= 1 { Duration::ZERO } else { policy::back_off(item.attempts - 1, jitter) };
            EntryState::Waiting { not_before: now.plus(wait) }
        };
        self.keep(seq, effects);
    }

    fn look_failed(&mut self, seq: i64, fault: &Fault, now: Timestamp, jitter: f64, effects: &mut Vec<Effect>) {
        self.rest_if_throttled(fault, now, 0.0);
        let Some(item) = self.items.get_mut(&seq) else { return };
        item.at_work = false;
        item.unreached = item.unreached.saturating_add(1);
        let EntryState::Unclear { since, .. } = item.state else { return };
        item.state = match fault {
            Fault::IdentityRejected => {
                EntryState::Attention { reason: AttentionReason::IdentityRejected, unclear: true }
            }
            // A desk that fails at looking for half an hour: the customer may decide.
            Fault::Desk if item.unreached > policy::MAX_ATTEMPTS => {
                EntryState::Attention { reason: AttentionReason::Unconfirmed, unclear: true }
            }
            Fault::UnknownInbox => EntryState::Attention { reason: AttentionReason::Gone, unclear: true },
            _ => EntryState::Unclear { since, look_at: now.plus(policy::back_off(item.unreached, jitter)) },
        };
        self.keep(seq, effects);
    }

    fn keep(&mut self, seq: i64, effects: &mut Vec<Effect>) {
        let Some(item) = self.items.get(&seq) else { return };
        if item.kind.disposable() && matches!(item.state, EntryState::Attention { .. }) {
            self.items.remove(&seq);
            effects.push(Effect::Drop(seq));
            return;
        }
        effects.push(Effect::Save(seq, item.state.clone(), item.attempts));
    }

    /// The entry of each lane that is next.
    fn heads(&self) -> impl Iterator<Item = i64> + use<> {
        let mut heads: HashMap<&Lane, (u8, i64)> = HashMap::new();
        for (seq, item) in &self.items {
            let attention = matches!(item.state, EntryState::Attention { .. });
            // A conversation that can't be opened can't take messages either: it blocks its lane.
            if attention && item.kind != Kind::Open {
                continue;
            }
            let key = (item.kind.rank(), *seq);
            heads.entry(&item.lane).and_modify(|best| *best = key.min(*best)).or_insert(key);
        }
        let mut heads: Vec<i64> = heads.into_values().map(|(_, seq)| seq).collect();
        heads.sort_unstable();
        heads.into_iter()
    }

    fn schedule(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if !self.online || now < self.hold_until {
            return;
        }
        let busy: HashSet<Lane> =
            self.items.values().filter(|item| item.at_work).map(|item| item.lane.clone()).collect();
        let mut free = self.free();
        for seq in self.heads() {
            let Some(item) = self.items.get_mut(&seq) else { continue };
            if busy.contains(&item.lane) || !free.has(item) {
                continue;
            }
            let uploads = item.uploads();
            match item.state {
                EntryState::Waiting { not_before } if not_before <= now => {
                    item.attempts = item.attempts.saturating_add(1);
                    item.state = EntryState::InFlight;
                    effects.push(Effect::Attempt(seq, item.attempts));
                }
                EntryState::Unclear { look_at, .. } if look_at <= now => effects.push(Effect::Look(seq)),
                _ => continue,
            }
            item.at_work = true;
            free.take(uploads);
        }
    }
}

/// Places at work, of each kind.
#[derive(Clone, Copy)]
struct Free {
    words: usize,
    uploads: usize,
}

impl Free {
    fn has(self, item: &Item) -> bool {
        (if item.uploads() { self.uploads } else { self.words }) > 0
    }

    fn take(&mut self, uploads: bool) {
        let place = if uploads { &mut self.uploads } else { &mut self.words };
        *place = place.saturating_sub(1);
    }
}
