use std::{collections::BTreeSet, sync::Arc, time::Duration};

use proptest::prelude::*;

use super::{
    Reach, Watched,
    state::{End, Event, Line, State, Way},
};
use crate::{
    Connection, SystemRandom,
    model::Timestamp,
    testing::{
        conformance::{self, Harness, MemoryRig},
        memory::MemoryDesk,
    },
};

const LONGEST: Duration = Duration::from_secs(10);
const NONE: [u64; 0] = [];

fn at(millis: u64) -> Timestamp {
    Timestamp::default().plus(Duration::from_millis(millis))
}

/// A state whose time the test moves.
struct Scene {
    state: State,
    now: u64,
    jitter: f64,
}

impl Scene {
    fn new() -> Self {
        Self { state: State::new(LONGEST), now: 0, jitter: 1.0 }
    }

    fn tell(&mut self, event: Event) {
        assert!(!self.state.handle(event, at(self.now), self.jitter), "only time starts a probe");
    }

    /// A request that begins and ends now.
    fn ends(&mut self, way: Way, end: End) {
        let begun = self.state.mark();
        self.tell(Event::Ended { way, end, begun });
    }

    fn gone() -> Self {
        let mut scene = Self::new();
        scene.tell(Event::Waiting(1));
        scene.ends(Way::Desk, End::Unreached);
        scene
    }

    /// Lets time pass, every probe ending so at once; gives the milliseconds at which there was one.
    fn pass(&mut self, time: u64, end: End) -> Vec<u64> {
        let (until, mut probes) = (self.now + time, Vec::new());
        while let Some(due) = self.state.next_wake().filter(|due| *due <= at(until)) {
            self.now = u64::try_from(due.millis()).unwrap().max(self.now);
            if self.state.handle(Event::Tick, at(self.now), self.jitter) {
                probes.push(self.now);
                self.ends(Way::Desk, end);
                self.tell(Event::Probed);
            }
            assert!(probes.len() < 1_000, "it spins");
        }
        self.now = until;
        probes
    }

    fn is_open(&self) -> bool {
        self.state.view().open
    }

    fn connection(&self) -> Connection {
        self.state.view().connection
    }
}

#[test]
fn host_that_wrongly_denies_the_network_is_overruled_by_any_answer() {
    let mut scene = Scene::new();
    let before = scene.state.mark();
    scene.tell(Event::Host(true));
    scene.tell(Event::Host(false));
    assert_eq!((scene.is_open(), scene.connection()), (false, Connection::Offline));
    // It began when there was a network still.
    scene.tell(Event::Ended { way: Way::Desk, end: End::Answered, begun: before });
    assert!(!scene.is_open());
    for way in [Way::Desk, Way::Part, Way::Socket, Way::File] {
        scene.tell(Event::Host(false));
        assert!(!scene.is_open());
        let returns = scene.state.view().returns;
        scene.ends(way, End::Answered);
        assert!(scene.is_open() && scene.state.view().online && scene.state.view().returns > returns, "{way:?}");
    }
    assert_eq!(scene.connection(), Connection::Online);
}

#[test]
fn host_that_denies_the_network_is_doubted_ever_less_often_and_only_where_it_matters() {
    let mut scene = Scene::new();
    scene.tell(Event::Host(false));
    assert_eq!(scene.pass(3_600_000, End::Unreached), NONE, "nothing waits and nothing is shown");
    for reason in [Event::Waiting(1), Event::Shown(true)] {
        let mut scene = Scene::new();
        scene.tell(reason);
        scene.tell(Event::Host(false));
        // Said again and again, it puts nothing off.
        assert_eq!(scene.pass(6_000, End::Unreached), NONE);
        scene.tell(Event::Host(false));
        assert_eq!(scene.pass(200_000, End::Unreached), [10_000, 30_000, 70_000, 130_000, 190_000]);
        scene.tell(Event::Front(false));
        assert_eq!(scene.pass(3_600_000, End::Unreached), NONE, "in the background");
        scene.tell(Event::Front(true));
        assert_eq!(scene.pass(1, End::Answered).len(), 1);
        assert!(scene.is_open());
        // Wrong once, it is doubted at once from then on.
        scene.tell(Event::Host(false));
        assert_eq!(scene.pass(1_000, End::Answered).len(), 1);
        assert!(scene.is_open());
    }
}

#[test]
fn customer_who_retries_has_the_host_doubted_at_once() {
    let mut scene = Scene::new();
    scene.tell(Event::Waiting(1));
    scene.tell(Event::Host(false));
    scene.now = 500;
    scene.tell(Event::Wake);
    assert_eq!(scene.pass(100, End::Unreached), [500]);
    scene.tell(Event::Wake);
    assert_eq!(scene.pass(100, End::Unreached), NONE, "not twice within a second");
    assert_eq!(scene.pass(1_000, End::Answered), [1_500]);
    assert!(scene.is_open());
}

#[test]
fn desk_that_is_gone_is_probed_at_most_ten_seconds_apart_while_words_wait() {
    let mut scene = Scene::gone();
    assert_eq!((scene.is_open(), scene.connection()), (false, Connection::Offline));
    let probes = scene.pass(50_000, End::Unreached);
    assert_eq!(probes, [1_000, 3_000, 7_000, 15_000, 25_000, 35_000, 45_000]);
    assert!(!scene.is_open());
    let returns = scene.state.view().returns;
    assert_eq!(scene.pass(10_000, End::Answered), [55_000]);
    assert!(scene.is_open() && scene.state.view().returns == returns + 1);
    assert_eq!(scene.pass(3_600_000, End::Answered), NONE, "a desk that is there is not probed");
}

#[test]
fn desk_that_is_gone_is_not_probed_for_nobody() {
    for reason in [Event::Waiting(0), Event::Front(false)] {
        let mut scene = Scene::gone();
        scene.tell(reason);
        assert_eq!(scene.pass(59_000, End::Unreached), NONE);
    }
    // But now and then while the app is in front, for the status.
    let mut scene = Scene::gone();
    scene.tell(Event::Waiting(0));
    assert!(scene.pass(3_600_000, End::Unreached).len() <= 13);
}

#[test]
fn more_words_have_the_desk_looked_for_at_once() {
    let mut scene = Scene::gone();
    scene.pass(20_000, End::Unreached);
    assert_eq!(scene.pass(1, End::Unreached), NONE);
    scene.tell(Event::Waiting(2));
    assert!(!scene.is_open(), "they are not sent to a desk that is not there");
    assert_eq!(scene.pass(1, End::Answered).len(), 1);
    assert!(scene.is_open());
}

#[test]
fn whatever_reaches_the_desk_first_says_so_to_all() {
    for way in [Way::Desk, Way::Part, Way::Socket] {
        let mut scene = Scene::gone();
        scene.ends(way, End::Answered);
        assert!(scene.is_open(), "{way:?}");
        assert_eq!(scene.connection(), Connection::Online);
    }
    // A file may be another host's: the desk is asked.
    let mut scene = Scene::gone();
    scene.pass(20_000, End::Unreached);
    scene.ends(Way::File, End::Answered);
    assert!(!scene.is_open());
    assert_eq!(scene.pass(1, End::Answered).len(), 1);
    assert!(scene.is_open());
}

#[test]
fn probe_that_is_blocked_alone_keeps_nothing_for_ever() {
    let mut scene = Scene::gone();
    scene.pass(59_999, End::Unreached);
    assert!(!scene.is_open());
    scene.pass(1, End::Unreached);
    assert!(scene.is_open(), "what waits is tried all the same");
    scene.ends(Way::Desk, End::Unreached);
    assert!(!scene.is_open());
    scene.pass(119_999, End::Unreached);
    assert!(!scene.is_open(), "less often after that");
    scene.pass(1, End::Unreached);
    assert!(scene.is_open());
    scene.ends(Way::Desk, End::Answered);
    assert_eq!(scene.connection(), Connection::Online);
}

#[test]
fn single_failure_loses_a_desk_only_where_nothing_speaks_for_it() {
    // The realtime connection is up: one request may be lost on its way.
    let mut scene = Scene::new();
    scene.tell(Event::Line(Line::Live));
    scene.ends(Way::Socket, End::Answered);
    scene.ends(Way::Desk, End::Unreached);
    assert_eq!(scene.connection(), Connection::Live);
    scene.ends(Way::Desk, End::Answered);
    scene.ends(Way::Desk, End::Unreached);
    assert_eq!(scene.connection(), Connection::Live, "one again");
    scene.ends(Way::Desk, End::Unreached);
    assert_eq!(scene.connection(), Connection::Offline);
    // Where the connection goes after a failure, that was no accident.
    let mut scene = Scene::new();
    scene.tell(Event::Line(Line::Live));
    scene.ends(Way::Socket, End::Answered);
    scene.ends(Way::Desk, End::Unreached);
    scene.tell(Event::Line(Line::Down));
    assert_eq!(scene.connection(), Connection::Offline);
    // The desk's server fails: at this one thing, or altogether.
    let mut scene = Scene::new();
    scene.ends(Way::Desk, End::Answered);
    scene.ends(Way::Desk, End::Failed);
    assert!(scene.is_open());
    scene.ends(Way::Desk, End::Failed);
    assert!(!scene.is_open());
    // A desk may fail at its list for ever, and at a file.
    let mut scene = Scene::new();
    scene.ends(Way::Desk, End::Answered);
    for way in [Way::Part, Way::Part, Way::File, Way::File] {
        scene.ends(way, End::Failed);
    }
    assert_eq!(scene.connection(), Connection::Online);
}

#[test]
fn desk_that_fails_at_something_is_probed_once_though_no_words_wait() {
    for end in [End::Answered, End::Unreached] {
        let mut scene = Scene::new();
        scene.ends(Way::Desk, End::Answered);
        scene.ends(Way::Desk, End::Failed);
        scene.ends(Way::Desk, End::Failed);
        assert_eq!(scene.connection(), Connection::Offline);
        assert_eq!(scene.pass(50_000, end), [1_000]);
        assert_eq!(scene.is_open(), end == End::Answered);
    }
}

#[test]
fn lost_connection_has_the_desk_probed_once() {
    let mut scene = Scene::new();
    scene.tell(Event::Shown(true));
    scene.ends(Way::Socket, End::Answered);
    scene.tell(Event::Line(Line::Live));
    scene.tell(Event::Line(Line::Down));
    // A proxy that blocks the connection alone costs one probe, however often it is tried.
    scene.ends(Way::Socket, End::Unreached);
    assert_eq!(scene.pass(1_000, End::Answered).len(), 1);
    assert_eq!(scene.connection(), Connection::Online);
    for _ in 0..20 {
        scene.ends(Way::Socket, End::Unreached);
        assert_eq!(scene.pass(15_000, End::Answered), NONE);
    }
    // A desk that is gone is told as such within the second.
    scene.ends(Way::Socket, End::Answered);
    scene.ends(Way::Socket, End::Unreached);
    scene.pass(1_000, End::Unreached);
    assert_eq!(scene.connection(), Connection::Offline);
}

#[test]
fn request_that_began_before_an_answer_does_not_lose_the_desk() {
    let mut scene = Scene::new();
    let begun = scene.state.mark();
    scene.ends(Way::Desk, End::Answered);
    scene.tell(Event::Ended { way: Way::Desk, end: End::Unreached, begun });
    assert_eq!(scene.connection(), Connection::Online);
}

#[test]
fn desk_that_answers_probes_and_nothing_else_is_not_probed_every_second() {
    let mut scene = Scene::gone();
    let mut probes = 0;
    while scene.now < 60_000 {
        probes += scene.pass(500, End::Answered).len();
        if scene.is_open() {
            scene.ends(Way::Desk, End::Unreached);
        }
    }
    assert!(probes <= 10, "{probes} probes in a minute");
}

#[test]
fn network_that_the_host_gives_back_is_tried_at_once_and_told_when_it_works() {
    let mut scene = Scene::gone();
    scene.tell(Event::Host(false));
    scene.tell(Event::Host(true));
    assert!(scene.is_open());
    assert_eq!(scene.connection(), Connection::Offline, "nothing has come through yet");
    scene.ends(Way::Desk, End::Answered);
    assert_eq!(scene.connection(), Connection::Online);
    // Where nothing was asked yet, nothing is known.
    let mut scene = Scene::new();
    scene.tell(Event::Host(false));
    scene.tell(Event::Host(true));
    assert_eq!(scene.connection(), Connection::Unknown);
}

/// Connections are refused for 100 s, then the desk is up.
#[test]
fn after_an_outage_everybody_comes_back_within_fifteen_seconds_and_not_in_step() {
    let back = 100_000;
    let mut waits = BTreeSet::new();
    for phone in 0..1_000_u32 {
        let mut scene = Scene::new();
        // Chance is each phone's own, and each wait's.
        let mut chance = phone.wrapping_mul(2_654_435_761);
        let mut next = move || {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(chance) / f64::from(u32::MAX)
        };
        scene.jitter = next();
        scene.tell(Event::Waiting(1));
        // All write within the same second.
        scene.now = u64::from(phone);
        scene.ends(Way::Desk, End::Unreached);
        while scene.connection() != Connection::Online {
            let due = scene.state.next_wake().unwrap();
            scene.now = u64::try_from(due.millis()).unwrap();
            scene.jitter = next();
            let end = if scene.now < back { End::Unreached } else { End::Answered };
            let before = scene.is_open();
            if scene.state.handle(Event::Tick, at(scene.now), scene.jitter) || scene.is_open() != before {
                scene.ends(Way::Desk, end);
                scene.tell(Event::Probed);
            }
        }
        waits.insert(scene.now - back);
    }
    assert!(waits.last().is_some_and(|longest| *longest < 15_000), "{:?}", waits.last());
    let in_a_second = (0..10).map(|second| waits.range(second * 1_000..(second + 1) * 1_000).count()).max();
    assert!(in_a_second.is_some_and(|most| most < 250), "{in_a_second:?} of 1,000 come within one second");
}

fn events() -> impl Strategy<Value = Event> {
    let way = prop_oneof![Just(Way::Desk), Just(Way::Part), Just(Way::Socket), Just(Way::File)];
    let end = prop_oneof![
        3 => Just(End::Answered), 3 => Just(End::Unreached), 2 => Just(End::Failed), 1 => Just(End::Unasked)
    ];
    let line = prop_oneof![Just(Line::Down), Just(Line::Live), Just(Line::Delayed)];
    prop_oneof![
        2 => any::<bool>().prop_map(Event::Host),
        6 => (way, end, 0..8_u64).prop_map(|(way, end, begun)| Event::Ended { way, end, begun }),
        1 => any::<bool>().prop_map(Event::Front),
        1 => any::<bool>().prop_map(Event::Shown),
        2 => (0..3_usize).prop_map(Event::Waiting),
        1 => Just(Event::Wake),
        1 => line.prop_map(Event::Line),
        4 => Just(Event::Tick),
    ]
}

proptest! {
    #[test]
    fn nothing_waits_for_ever_and_nobody_is_probed_without_need(
        steps in prop::collection::vec((events(), 0..30_000_u64, 0..=10_u8), 1..80)
    ) {
        let mut state = State::new(LONGEST);
        let (mut now, mut probing) = (0, None::<u64>);
        let (mut front, mut waiting, mut shown) = (true, 0, false);
        for (event, later, jitter) in steps {
            now += later;
            // A probe ends with whatever comes next.
            if let Some(begun) = probing.take() {
                let event = Event::Ended { way: Way::Desk, end: End::Unreached, begun };
                prop_assert!(!state.handle(event, at(now), 0.5));
                prop_assert!(!state.handle(Event::Probed, at(now), 0.5));
            }
            let event = match event {
                // How many of the host's words and answers have come since it began.
                Event::Ended { way, end, begun } => {
                    Event::Ended { way, end, begun: state.mark().saturating_sub(begun / 4) }
                }
                event => event,
            };
            match event {
                Event::Front(is) => front = is,
                Event::Waiting(number) => waiting = number,
                Event::Shown(is) => shown = is,
                _ => {}
            }
            let fresh = matches!(event, Event::Ended { way: Way::Desk, end: End::Answered, begun } if begun == state.mark());
            let due = state.next_wake().is_some_and(|due| due <= at(now));
            if state.handle(event, at(now), f64::from(jitter) / 10.0) {
                prop_assert!(event == Event::Tick && due && front);
                prop_assert!(state.view().connection == Connection::Offline || waiting > 0 || shown);
                probing = Some(state.mark());
            }
            let view = state.view();
            prop_assert!(!fresh || (view.open && view.online && view.connection != Connection::Offline));
            prop_assert!(view.open || view.connection == Connection::Offline);
            prop_assert!(view.online || !view.open);
            if !view.open && front && waiting > 0 && probing.is_none() {
                let due = state.next_wake();
                let longest = LONGEST * 6;
                prop_assert!(due.is_some_and(|due| due <= at(now).plus(longest)), "words wait for ever: {state:?}");
            }
        }
    }
}

/// Starts desks in memory behind the watch.
struct Behind;

impl Harness for Behind {
    type Desk = MemoryRig;

    async fn start(&self) -> MemoryRig {
        let desk = MemoryDesk::new();
        let reach = Reach::new(LONGEST, Arc::new(SystemRandom));
        MemoryRig { backend: Arc::new(Watched::new(Arc::new(desk.clone()), reach)), desk }
    }
}

#[tokio::test(start_paused = true)]
async fn desk_that_is_watched_keeps_every_promise_of_the_port() {
    let report = conformance::run(&Behind).await;
    report.assert_all_passed();
    assert_eq!(report.skipped(), conformance::run(&conformance::MemoryHarness).await.skipped());
}
