use proptest::prelude::*;

use super::*;

const RULES: Rules = Rules {
    realtime: true,
    presence: Duration::from_secs(60),
    pace: pace::Rules {
        idle: Duration::from_secs(120),
        active: Duration::from_secs(10),
        live: Duration::from_secs(15),
    },
};

const PAGE: Effect = Effect::Ask(Question { pages: true, list: None });
const OPENING: Effect = Effect::Ask(Question { pages: true, list: Some(Reason::Opening) });
const RETURN: Effect = Effect::Ask(Question { pages: true, list: Some(Reason::Return) });

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_000 + seconds)
}

/// Lets time pass until `until`; every question is answered at once. What is done when, in seconds.
fn pass(link: &mut Link, from: i64, until: i64) -> Vec<(u64, Effect)> {
    let mut seen = Vec::new();
    let mut now = at(from);
    while now < at(until) {
        for effect in link.handle(Event::Tick, now, 1.0) {
            if matches!(effect, Effect::Ask(_)) {
                assert_eq!(link.handle(Event::Answered, now, 1.0), []);
            }
            seen.push((now.since(at(0)).as_secs(), effect));
        }
        now = link.next_wake().unwrap_or(at(until)).max(now.plus(Duration::from_millis(1)));
    }
    seen
}

fn asked(seen: &[(u64, Effect)]) -> Vec<u64> {
    seen.iter().filter(|(_, effect)| matches!(effect, Effect::Ask(_))).map(|(when, _)| *when).collect()
}

/// A conversation on screen, its connection confirmed and its page read at the start.
fn live(awaited: bool) -> Link {
    let mut link = Link::new(RULES, Some(Reason::Opening), at(0));
    assert_eq!(link.handle(Event::Shown(Shown::Conversation), at(0), 0.0), [Effect::Connect]);
    let effects = link.handle(Event::Connected, at(0), 0.0);
    assert_eq!(effects, [Effect::AnnouncePresence, OPENING]);
    assert_eq!(link.handle(Event::Answered, at(0), 0.0), []);
    assert_eq!(link.handle(Event::Stirred { awaited }, at(0), 0.0), []);
    link
}

#[test]
fn opening_asks_once_and_then_every_two_minutes_for_pages_alone() {
    let mut link = Link::new(RULES, Some(Reason::Opening), at(0));
    let expected = [(0, OPENING), (120, PAGE), (240, PAGE), (360, PAGE), (480, PAGE)];
    assert_eq!(pass(&mut link, 0, 600), expected);
}

#[test]
fn file_that_is_opened_for_a_push_asks_for_nothing_of_its_own() {
    let mut link = Link::new(RULES, None, at(0));
    assert_eq!(link.handle(Event::Shown(Shown::Nothing), at(0), 0.0), []);
    assert_eq!(link.handle(Event::Wake, at(5), 0.0), [RETURN], "until the app comes back");
}

#[test]
fn conversation_on_screen_is_read_once_its_connection_is_confirmed() {
    let link = &mut live(true);
    let seen = pass(link, 0, 61);
    assert_eq!(asked(&seen), [15, 30, 45, 60], "the beat goes on whatever the connection tells");
    assert!(seen.contains(&(60, Effect::AnnouncePresence)));
    assert_eq!(link.handle(Event::Shown(Shown::Nothing), at(70), 0.0), [Effect::Disconnect]);
    assert_eq!(asked(&pass(link, 70, 200)), [190]);
}

#[test]
fn confirmation_that_takes_long_is_not_waited_for() {
    let mut link = Link::new(RULES, Some(Reason::Opening), at(0));
    let _ = link.handle(Event::Shown(Shown::Conversation), at(0), 0.0);
    assert_eq!(link.next_wake(), Some(at(0).plus(CONFIRMED_WITHIN)));
    assert_eq!(link.handle(Event::Tick, at(2), 0.0), [OPENING]);
    // Nor read over the answer that is on its way.
    assert_eq!(link.handle(Event::Connected, at(3), 0.0), [Effect::AnnouncePresence]);
    assert_eq!(link.handle(Event::Answered, at(4), 0.0), [PAGE], "what came in between");
    // One that fails is no reason to wait for it, either.
    let mut link = Link::new(RULES, Some(Reason::Opening), at(0));
    let _ = link.handle(Event::Shown(Shown::Conversation), at(0), 0.0);
    assert_eq!(link.handle(Event::Lost(Fault::Network), at(1), 0.0), [OPENING]);
}

#[test]
fn answered_conversation_is_asked_for_ever_less_often() {
    let link = &mut live(false);
    assert_eq!(asked(&pass(link, 0, 590)), [60, 120, 240, 480]);
    // Until somebody writes.
    assert_eq!(link.handle(Event::Stirred { awaited: true }, at(590), 0.0), []);
    assert_eq!(asked(&pass(link, 590, 621)), [605, 620]);
}

#[test]
fn lost_connection_costs_one_page_once_it_is_back() {
    let link = &mut live(true);
    assert_eq!(link.handle(Event::Lost(Fault::Network), at(10), 1.0), []);
    assert_eq!(pass(link, 10, 12), [(11, Effect::Connect)]);
    let effects = link.handle(Event::Connected, at(12), 1.0);
    assert_eq!(effects, [Effect::AnnouncePresence, PAGE]);
}

#[test]
fn lost_connection_asks_meanwhile_and_backs_off() {
    let link = &mut live(true);
    let mut waits = Vec::new();
    let mut now = at(1);
    for _ in 0..7 {
        let _ = link.handle(Event::Lost(Fault::Network), now, 1.0);
        waits.push(link.connect_at.since(now).as_secs());
        now = link.connect_at;
        assert!(link.handle(Event::Tick, now, 1.0).contains(&Effect::Connect));
        let _ = link.handle(Event::Answered, now, 1.0);
    }
    assert_eq!(waits, [1, 2, 4, 8, 15, 15, 15]);
    let mut link = live(true);
    let _ = link.handle(Event::Lost(Fault::Unsupported), at(1), 1.0);
    assert_eq!(asked(&pass(&mut link, 1, 15)), [11]);
}

#[test]
fn network_that_is_back_ends_every_wait_and_asks_once() {
    let link = &mut live(true);
    for _ in 0..5 {
        let _ = link.handle(Event::Lost(Fault::Network), at(1), 1.0);
    }
    assert_eq!(link.handle(Event::Online(false), at(2), 1.0), []);
    assert_eq!(link.next_wake(), None, "offline, nothing is due");
    assert_eq!(link.handle(Event::Online(true), at(3), 1.0), [Effect::Connect]);
    assert_eq!(link.handle(Event::Wake, at(3), 1.0), [], "two reasons, one question");
    assert_eq!(link.handle(Event::Connected, at(4), 1.0), [Effect::AnnouncePresence, RETURN]);
    assert_eq!(link.handle(Event::Answered, at(4), 1.0), []);
    assert_eq!(link.handle(Event::Wake, at(5), 1.0), [], "just asked");
    assert_eq!(link.handle(Event::Wake, at(7), 1.0), [RETURN]);
}

#[test]
fn standing_that_is_made_while_a_connection_fails_for_want_of_it_is_connected_at_once() {
    let mut link = Link::new(RULES, Some(Reason::Opening), at(0));
    assert_eq!(link.handle(Event::Shown(Shown::Conversation), at(0), 1.0), [Effect::Connect]);
    let _ = link.handle(Event::Lost(Fault::Network), at(0), 1.0);
    assert!(link.handle(Event::Tick, at(20), 1.0).contains(&Effect::Connect));
    let _ = link.handle(Event::Standing, at(20), 1.0);
    assert!(link.handle(Event::Lost(Fault::Network), at(20), 1.0).contains(&Effect::Connect));
    // Once.
    assert!(!link.handle(Event::Lost(Fault::Network), at(20), 1.0).contains(&Effect::Connect));
}

#[test]
fn desk_that_returned_is_connected_and_asked_at_once_unless_it_wants_to_be_left_alone() {
    let link = &mut live(true);
    for _ in 0..5 {
        let _ = link.handle(Event::Lost(Fault::Network), at(1), 1.0);
    }
    let _ = link.handle(Event::Tick, at(12), 1.0);
    let _ = link.handle(Event::Failed(Fault::Network), at(12), 1.0);
    assert_eq!(link.handle(Event::Returned, at(13), 1.0), [Effect::Connect]);
    assert_eq!(link.handle(Event::Connected, at(13), 1.0), [Effect::AnnouncePresence, PAGE]);
    assert_eq!(link.handle(Event::Answered, at(13), 1.0), []);
    // Found by a page of its own, or while all is well: there is nothing to ask for.
    assert_eq!(link.handle(Event::Returned, at(13), 1.0), []);
    // The page that the desk has asked to wait for waits.
    let _ = link.handle(Event::Tick, at(28), 1.0);
    let rest = Duration::from_secs(60);
    let _ = link.handle(Event::Failed(Fault::Throttled { retry_after: Some(rest) }), at(28), 1.0);
    assert_eq!(link.handle(Event::Returned, at(29), 1.0), []);
    assert_eq!(link.next_wake(), Some(at(73)), "the presence alone");
    // A broker that confirms no connection is not tried more often for it, nor is one that was deaf.
    let link = &mut live(true);
    for _ in 0..3 {
        let _ = link.handle(Event::Lost(Fault::SessionGone), at(1), 1.0);
    }
    let due = link.connect_at;
    let _ = link.handle(Event::Returned, at(2), 1.0);
    assert_eq!(link.connect_at, due);
    let link = &mut live(true);
    let _ = link.handle(Event::Deaf, at(1), 1.0);
    let _ = link.handle(Event::Connected, at(2), 1.0);
    let _ = link.handle(Event::Deaf, at(3), 1.0);
    let _ = link.handle(Event::Returned, at(4), 1.0);
    assert_eq!(link.connect_at, at(303));
}

#[test]
fn conversation_of_another_session_connects_anew_at_once() {
    let link = &mut live(true);
    let effects = link.handle(Event::Changed { by_another: true }, at(2), 0.0);
    assert_eq!(effects, [Effect::Disconnect, Effect::Connect]);
    assert_eq!(link.handle(Event::Connected, at(3), 0.0), [Effect::AnnouncePresence, PAGE]);
    let link = &mut live(true);
    assert_eq!(link.handle(Event::Changed { by_another: false }, at(2), 0.0), [PAGE]);
}

#[test]
fn deaf_connection_is_replaced_and_not_in_a_loop() {
    let link = &mut live(true);
    assert_eq!(link.handle(Event::Deaf, at(10), 1.0), [Effect::Disconnect, Effect::Connect]);
    // Its successor is never confirmed: the session is good, the desk is not.
    assert!(!link.handle(Event::Lost(Fault::SessionGone), at(20), 1.0).contains(&Effect::ForgetSession));
    let (mut tries, mut now) = (Vec::new(), at(20));
    while tries.len() < 5 {
        now = link.next_wake().unwrap().max(now.plus(Duration::from_millis(1)));
        let effects = link.handle(Event::Tick, now, 1.0);
        let _ = link.handle(Event::Answered, now, 1.0);
        if effects.contains(&Effect::Connect) {
            tries.push(now.since(at(0)).as_secs());
            now = now.plus(Duration::from_secs(10));
            let _ = link.handle(Event::Lost(Fault::SessionGone), now, 1.0);
        }
    }
    assert_eq!(tries, [50, 120, 250, 500, 810], "minutes apart in the end");
    // Confirmed at last, and deaf at once: it rests.
    let link = &mut live(true);
    let _ = link.handle(Event::Deaf, at(1), 1.0);
    let _ = link.handle(Event::Connected, at(2), 1.0);
    let _ = link.handle(Event::Answered, at(2), 1.0);
    assert_eq!(link.handle(Event::Deaf, at(10), 1.0), [Effect::Disconnect]);
    assert_eq!(link.connect_at, at(310));
}

#[test]
fn late_connection_stays_and_is_asked_beside() {
    let link = &mut live(true);
    assert_eq!(link.handle(Event::Late(true), at(1), 1.0), []);
    assert!(link.is_live());
    assert_eq!(asked(&pass(link, 1, 41)), [11, 21, 31]);
}

#[test]
fn silent_refusal_makes_a_new_standing_once() {
    let mut link = Link::new(RULES, Some(Reason::Opening), at(0));
    let _ = link.handle(Event::Shown(Shown::Conversation), at(0), 0.0);
    assert!(link.handle(Event::Lost(Fault::SessionGone), at(10), 0.0).contains(&Effect::ForgetSession));
    assert!(!link.handle(Event::Lost(Fault::SessionGone), at(20), 0.0).contains(&Effect::ForgetSession));
}

#[test]
fn page_that_fails_leaves_the_connection_and_is_read_again_with_back_off() {
    let link = &mut live(true);
    let mut now = 15;
    for next in [16, 18, 22] {
        assert_eq!(link.handle(Event::Tick, at(now), 1.0), [PAGE]);
        assert_eq!(link.handle(Event::Failed(Fault::Desk), at(now), 1.0), []);
        assert!(link.is_live());
        assert_eq!(link.next_wake(), Some(at(next)));
        now = next;
    }
    // A request may get lost; of two in a row the connection is, too.
    let link = &mut live(true);
    let _ = link.handle(Event::Tick, at(15), 1.0);
    assert_eq!(link.handle(Event::Failed(Fault::Network), at(15), 1.0), []);
    let _ = link.handle(Event::Tick, at(16), 1.0);
    assert_eq!(link.handle(Event::Failed(Fault::Network), at(16), 1.0), [Effect::Disconnect]);
}

#[test]
fn desk_that_takes_long_is_asked_no_more_often_than_it_can_answer() {
    let link = &mut live(true);
    let (mut now, mut questions) = (0, 0);
    while now < 600 {
        now = link.next_wake().unwrap().since(at(0)).as_secs().try_into().unwrap();
        if link.handle(Event::Tick, at(now), 1.0).contains(&PAGE) {
            questions += 1;
            let _ = link.handle(Event::Answered, at(now + 14), 1.0);
        }
    }
    assert!((20..=23).contains(&questions), "every 28 s: {questions}");
}

#[test]
fn unknown_conversation_asks_for_the_list_alone_and_at_once() {
    let link = &mut live(true);
    let list = Effect::Ask(Question { pages: false, list: Some(Reason::Unknown) });
    assert_eq!(link.handle(Event::Unknown, at(5), 1.0), [list]);
    // Without a network it goes along with the next page.
    let _ = link.handle(Event::ListMissed(Reason::Unknown), at(5), 1.0);
    let _ = link.handle(Event::Answered, at(5), 1.0);
    let with_page = Effect::Ask(Question { pages: true, list: Some(Reason::Unknown) });
    assert_eq!(pass(link, 6, 16), [(15, with_page)]);
}

#[test]
fn desk_without_realtime_is_asked() {
    let mut link = Link::new(Rules { realtime: false, ..RULES }, Some(Reason::Opening), at(0));
    assert_eq!(link.handle(Event::Shown(Shown::Conversation), at(0), 0.0), [OPENING]);
    let _ = link.handle(Event::Answered, at(0), 0.0);
    let _ = link.handle(Event::Stirred { awaited: true }, at(0), 0.0);
    assert_eq!(asked(&pass(&mut link, 0, 35)), [10, 20, 30]);
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(Event::Shown(Shown::Nothing)),
        Just(Event::Shown(Shown::List)),
        Just(Event::Shown(Shown::Conversation)),
        any::<bool>().prop_map(|by_another| Event::Changed { by_another }),
        any::<bool>().prop_map(Event::Online),
        Just(Event::Returned),
        Just(Event::Wake),
        Just(Event::Standing),
        Just(Event::Unknown),
        Just(Event::Missed),
        Just(Event::ListMissed(Reason::Opening)),
        any::<bool>().prop_map(|awaited| Event::Stirred { awaited }),
        any::<bool>().prop_map(Event::Late),
        Just(Event::Deaf),
        Just(Event::Probe),
        Just(Event::Connected),
        Just(Event::Lost(Fault::Network)),
        Just(Event::Lost(Fault::SessionGone)),
        Just(Event::Answered),
        Just(Event::Failed(Fault::Desk)),
        Just(Event::Failed(Fault::Network)),
        Just(Event::Tick),
    ]
}

proptest! {
    #[test]
    fn any_order_of_events_keeps_one_connection_and_one_question(
        script in proptest::collection::vec((event(), 0_u32..30_000), 0..200)
    ) {
        let mut link = Link::new(RULES, Some(Reason::Opening), at(0));
        let (mut now, mut open, mut asking, mut shown, mut online) = (at(0), false, false, false, true);
        for (event, pause) in script {
            now = now.plus(Duration::from_millis(u64::from(pause)));
            match &event {
                Event::Shown(what) => shown = *what != Shown::Nothing,
                Event::Online(on) => online = *on,
                Event::Lost(_) => open = false,
                Event::Answered | Event::Failed(_) => asking = false,
                _ => {}
            }
            for effect in link.handle(event, now, 0.5) {
                match effect {
                    Effect::Connect => { prop_assert!(!open && shown && online); open = true; }
                    Effect::Disconnect => { prop_assert!(open); open = false; }
                    Effect::Ask(question) => {
                        prop_assert!(!asking && online && (question.pages || question.list.is_some()));
                        asking = true;
                    }
                    Effect::AnnouncePresence => prop_assert!(open),
                    Effect::ForgetSession => {}
                }
            }
            prop_assert!(shown || !open, "a socket with nothing on screen");
        }
    }

    /// Whatever happens, an awaited answer is asked for within the beat, unless the desk itself is in trouble.
    #[test]
    fn page_is_never_further_away_than_the_beat(
        script in proptest::collection::vec((event(), 0_u32..10_000), 0..100)
    ) {
        let mut link = live(true);
        let mut now = at(1);
        let trouble = |event: &Event| matches!(
            event, Event::Failed(_) | Event::Lost(_) | Event::Online(_) | Event::Shown(_) | Event::Stirred { .. });
        for (event, pause) in script.into_iter().filter(|(event, _)| !trouble(event)) {
            now = now.plus(Duration::from_millis(u64::from(pause)));
            let _ = link.handle(event, now, 0.5);
            let _ = link.handle(Event::Answered, now, 0.5);
            let due = link.next_wake().unwrap();
            prop_assert!(due <= now.plus(Duration::from_secs(15)), "{due:?} at {now:?}");
        }
    }
}
