//! The goals, and the table's lines.

use serde::{Deserialize, Serialize};

use super::{
    bill::Bill,
    help::Help,
    scenes::Scenes,
    script::{self, Counts},
    week::{Part, Week},
    widget,
};
use crate::table::{Amount, Goal, Line};

/// What an unchanged help centre may cost at a refresh.
const UNCHANGED: f64 = 100.0;
/// What a minute of waiting may cost.
const WAITING: f64 = 100.0;
/// What a minute in front without the chat may cost.
const IN_FRONT: f64 = 20.0;
/// What ten minutes of waiting may take of a phone's data.
const WAITING_BYTES: f64 = 10_000.0;
/// How much more a scene may cost with 2,000 messages than with 20.
const GROWTH: f64 = 1.1;

/// All that is played with one length of history.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Played {
    pub(super) scenes: Scenes,
    pub(super) pushed: Week,
    pub(super) unpushed: Week,
}

/// A scene: what it is called, what of it is taken, how many minutes it is, and what it may cost.
struct Scene {
    name: &'static str,
    of: fn(&Scenes) -> &Bill,
    minutes: f64,
    bare: Option<f64>,
    goal: Goal,
    grows: bool,
}

const SCENES: &[Scene] = &[
    // Here the list may be asked for, which grows.
    Scene {
        name: "opening, next day",
        of: |scenes| &scenes.opening_next_day,
        minutes: 1.0,
        bare: Some(widget::OPENING),
        goal: Goal::None,
        grows: true,
    },
    Scene {
        name: "opening",
        of: |scenes| &scenes.opening,
        minutes: 1.0,
        bare: Some(widget::OPENING),
        goal: Goal::Ratio(1.0),
        grows: false,
    },
    Scene {
        name: "chat opened",
        of: |scenes| &scenes.chat,
        minutes: 1.0,
        bare: Some(widget::RECONNECT),
        goal: Goal::Ratio(1.0),
        grows: false,
    },
    Scene {
        name: "return to the front",
        of: |scenes| &scenes.returned,
        minutes: 1.0,
        bare: Some(widget::RECONNECT),
        goal: Goal::Ratio(1.0),
        grows: false,
    },
    Scene {
        name: "connection lost",
        of: |scenes| &scenes.lost,
        minutes: 1.0,
        bare: Some(widget::RECONNECT),
        goal: Goal::Ratio(1.0),
        grows: false,
    },
    Scene {
        name: "a minute in front, no chat",
        of: |scenes| &scenes.in_front,
        minutes: 10.0,
        bare: None,
        goal: Goal::AtMost(IN_FRONT),
        grows: false,
    },
    Scene {
        name: "a minute of waiting, the first",
        of: |scenes| &scenes.first_minute,
        minutes: 1.0,
        bare: None,
        goal: Goal::AtMost(WAITING),
        grows: false,
    },
    Scene {
        name: "a minute of waiting, of ten",
        of: |scenes| &scenes.waiting,
        minutes: 10.0,
        bare: None,
        goal: Goal::AtMost(WAITING),
        grows: false,
    },
];

/// The table's lines, for histories from the shortest to the longest.
pub(super) fn of(played: &[(usize, Played)], help: &Help) -> Vec<Line> {
    let mut lines: Vec<Line> = SCENES.iter().flat_map(|scene| of_scene(scene, played)).collect();
    lines.extend(played.iter().flat_map(bytes));
    lines.extend(played.iter().flat_map(|(messages, played)| of_weeks(*messages, played)));
    lines.extend(of_help(help));
    lines
}

fn of_scene(scene: &Scene, played: &[(usize, Played)]) -> Vec<Line> {
    let cost = |played: &Played| (scene.of)(&played.scenes).ms / scene.minutes;
    let mut lines: Vec<Line> = played
        .iter()
        .map(|(messages, played)| {
            let bill = (scene.of)(&played.scenes);
            line(
                format!("desk: {}, {}", scene.name, number(*messages)),
                cost(played),
                scene.bare,
                scene.goal,
                vec![bill.told()],
            )
        })
        .collect();
    if let ([(shortest, short), ..], [.., (longest, long)], false) = (played, played, scene.grows) {
        // Not a ratio: of nothing there is none.
        let goal = Goal::AtMost(GROWTH * cost(short));
        let name = format!("desk: {}, {} beside {}", scene.name, number(*longest), number(*shortest));
        lines.push(line(name, cost(long), Some(cost(short)), goal, Vec::new()));
    }
    lines
}

/// What is asked for is the client's to keep small. The socket's frames are told beside: the desk pings every three
/// seconds, whoever listens.
fn bytes((messages, played): &(usize, Played)) -> Vec<Line> {
    let line = |name: String, bytes: u64, goal, notes| Line {
        name: name.leak(),
        ours: Amount::new(bytes as f64, "B"),
        bare: None,
        goal,
        notes,
    };
    let messages = number(*messages);
    let (asked, all) = (played.scenes.waiting.bytes, played.scenes.waiting_bytes);
    let frames = format!("{} B are the socket's frames, most of them the desk's pings", all.saturating_sub(asked));
    vec![
        line(format!("desk: ten minutes of waiting, {messages}"), asked, Goal::AtMost(WAITING_BYTES), Vec::new()),
        line(format!("desk: with the socket's frames, {messages}"), all, Goal::None, vec![frames]),
    ]
}

fn of_weeks(messages: usize, played: &Played) -> Vec<Line> {
    let counts = Counts::of(&script::week());
    let widgets = widget::week(counts);
    let (most_pushed, most_unpushed) = match messages {
        2_000 => (Goal::Ratio(3.5), Goal::None),
        200 => (Goal::Ratio(2.5), Goal::Ratio(4.0)),
        _ => (Goal::Ratio(2.5), Goal::None),
    };
    let messages = number(messages);
    let week = |name: &str, week: &Week, goal| {
        let sum = week.sum();
        let mut notes = week.told();
        notes.push(format!(
            "left out of both: {} sockets (the widget {}), {:.0} ms for the customer's own messages and marks; \
             about {:.1} MB of requests and answers",
            sum.sockets,
            widget::sockets(counts),
            sum.actions_ms,
            sum.bytes as f64 / 1e6
        ));
        line(format!("desk: a week, {messages}, {name}"), sum.ms, Some(widgets), goal, notes)
    };
    let waiting = played.pushed.of(Part::Waiting).ms;
    let rest = played.pushed.sum().ms - waiting;
    vec![
        week("pushes", &played.pushed, most_pushed),
        line(format!("desk: of that the waiting, {messages}"), waiting, None, Goal::None, Vec::new()),
        line(format!("desk: and the rest, {messages}"), rest, Some(widgets), Goal::Ratio(1.5), Vec::new()),
        week("no pushes", &played.unpushed, most_unpushed),
    ]
}

fn of_help(help: &Help) -> Vec<Line> {
    let of = |name: &str, bill: &Bill, goal| {
        let notes = vec![bill.told(), format!("{} B of requests and answers", bill.bytes)];
        line(format!("desk: help centre of 600, {name}"), bill.ms, None, goal, notes)
    };
    vec![
        of("first read", &help.first, Goal::None),
        of("unchanged", &help.unchanged, Goal::AtMost(UNCHANGED)),
        of("one changed", &help.one_changed, Goal::None),
    ]
}

/// With a comma, as figures are shown.
fn number(messages: usize) -> String {
    if messages < 1_000 { messages.to_string() } else { format!("{},{:03}", messages / 1_000, messages % 1_000) }
}

fn line(name: String, ms: f64, bare: Option<f64>, goal: Goal, notes: Vec<String>) -> Line {
    let amount = |ms| Amount::new(ms, "ms");
    // A name lives as long as the program: there are a few dozen.
    Line { name: name.leak(), ours: amount(ms), bare: bare.map(amount), goal, notes }
}
