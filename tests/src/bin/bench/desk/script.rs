//! The week of one customer, as a list of steps: what the phone and the desk do, and when.

use std::time::Duration;

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nobody looks at the phone until this moment of the week.
    Until(Duration),
    /// The app is started: a new process.
    Start,
    /// The chat comes on screen.
    Chat,
    /// The app comes back to the front, with the chat on screen.
    Return,
    /// The connection breaks.
    Lose,
    /// The customer writes, and begins to wait.
    Ask,
    /// An agent answers.
    Answer,
    /// So long in front.
    Front(Duration),
    /// The app goes to the background.
    Background,
    /// The system ends the app.
    End,
}

const DAYS: u64 = 7;
/// Of a day, three hours apart, from eight in the morning on.
const OPENINGS: u64 = 5;
/// Between two openings, an hour apart.
const RETURNS: u64 = 2;
const HOUR: Duration = Duration::from_secs(3_600);
/// How long a look at the shop or at the chat takes.
pub(super) const LOOK: Duration = Duration::from_secs(60);
/// How long the one answer of a day takes.
pub(super) const WAIT: Duration = Duration::from_secs(600);

/// A day: five openings, each with a minute in the shop and one in the chat; after each two returns to the chat, each with
/// a lost connection in the middle; and at the third opening a question whose answer is waited for.
fn day(from: Duration) -> Vec<Step> {
    let mut steps = Vec::new();
    for opening in 0..OPENINGS {
        let at = from + HOUR * u32::try_from(8 + 3 * opening).expect("a day has 24");
        steps.extend([Step::Until(at), Step::Start, Step::Front(LOOK), Step::Chat, Step::Front(LOOK)]);
        if opening == OPENINGS / 2 {
            steps.extend([Step::Ask, Step::Front(WAIT), Step::Answer, Step::Front(LOOK)]);
        }
        steps.push(Step::Background);
        for back in 1..=RETURNS {
            let at = at + HOUR * u32::try_from(back).expect("few");
            let half = Step::Front(LOOK / 2);
            steps.extend([Step::Until(at), Step::Return, half, Step::Lose, half, Step::Background]);
        }
        steps.push(Step::End);
    }
    steps
}

/// Seven such days.
pub(super) fn week() -> Vec<Step> {
    (0..DAYS).flat_map(|number| day(HOUR * 24 * u32::try_from(number).expect("seven"))).collect()
}

/// How often something of each kind happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) openings: u32,
    pub(super) returns: u32,
    pub(super) lost: u32,
    pub(super) waits: u32,
}

impl Counts {
    pub(super) fn of(steps: &[Step]) -> Self {
        let count = |wanted| u32::try_from(steps.iter().filter(|step| **step == wanted).count()).expect("few");
        Self {
            openings: count(Step::Start),
            returns: count(Step::Return),
            lost: count(Step::Lose),
            waits: count(Step::Ask),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn week_has_what_each_of_its_days_has_seven_times() {
        let a_day = Counts { openings: 5, returns: 10, lost: 10, waits: 1 };
        assert_eq!(Counts::of(&day(Duration::ZERO)), a_day);
        assert_eq!(Counts::of(&week()), Counts { openings: 35, returns: 70, lost: 70, waits: 7 });
    }

    #[test]
    fn openings_are_three_hours_apart_and_no_time_is_played_twice() {
        let (mut now, mut openings) = (Duration::ZERO, Vec::new());
        for step in day(Duration::ZERO) {
            match step {
                Step::Until(at) => {
                    assert!(at >= now, "{at:?} is over");
                    now = at;
                }
                Step::Front(time) => now += time,
                Step::Start => openings.push(now),
                _ => {}
            }
        }
        assert_eq!(openings, [8, 11, 14, 17, 20].map(|hour| HOUR * hour));
        assert!(now < HOUR * 24);
    }

    #[test]
    fn each_answer_is_waited_for_ten_minutes_in_front() {
        let steps = week();
        let asked = steps.windows(3).filter(|window| window[0] == Step::Ask);
        for window in asked {
            assert_eq!(window[1..], [Step::Front(Duration::from_secs(600)), Step::Answer]);
        }
    }
}
