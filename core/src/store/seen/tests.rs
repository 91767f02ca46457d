use proptest::{prelude::*, sample::Index};

use super::*;
use crate::{model::Content, testing::message};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_000_000 + seconds)
}

fn number(id: i64) -> DeskMessageId {
    DeskMessageId::new(id).unwrap()
}

fn nothing_seen() -> Seen {
    let never = Timestamp::default();
    Seen { seen_to: 0, whole_to: 0, elsewhere: never, told: never, marks: Marks::Until(never) }
}

#[test]
fn mark_covers_what_was_here_and_not_what_arrives_later() {
    let mut seen = nothing_seen();
    // 3 to 9 without a gap up to 6; 8 and 9 came by events.
    seen.mark(3, 9, 6);
    let late = |id| seen.is_late(number(id));
    assert_eq!((1..=11).filter(|&id| late(id)).collect::<Vec<_>>(), [7, 8, 9], "if one of these arrives only now");
    let unread = |id| seen.is_unread(&message(id));
    assert_eq!((1..=11).filter(|&id| unread(id)).collect::<Vec<_>>(), [7, 8, 9, 10, 11]);
    assert!(!seen.is_unread(&DeskMessage { deleted: true, ..message(10) }));
    assert!(!seen.is_unread(&DeskMessage { author: Author::Customer, ..message(10) }));
    // Nothing was ever read: below the lowest that is here, everything is history.
    let mut seen = nothing_seen();
    seen.mark(5, 8, 0);
    assert_eq!((1..=9).filter(|&id| seen.is_late(number(id))).collect::<Vec<_>>(), [6, 7, 8]);
}

#[test]
fn mark_is_true_only_while_nothing_unseen_has_arrived() {
    let own = |id| DeskMessage { author: Author::Customer, content: Content::text("ok"), ..message(id) };
    let table = [
        ("what was seen", vec![message(1), message(2)], true),
        ("an answer of the customer's since", vec![message(2), own(3)], true),
        ("one more", vec![message(2), message(3)], false),
        ("one more that was deleted", vec![message(2), DeskMessage { deleted: true, ..message(3) }], true),
        ("nothing", Vec::new(), true),
    ];
    for (case, newest, expected) in table {
        assert_eq!(covers(2, &newest), expected, "{case}");
    }
}

/// What happens to the times.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The desk tells this time.
    Told(i64),
    /// A mark of this phone has come that far.
    Marks(Marks),
}

#[test]
fn time_that_the_desk_tells_counts_where_no_mark_of_this_phone_can_be_that_late() {
    use Marks::{Sending, Until, Untimed};
    use Step::{Marks as M, Told};
    let table: [(&str, &[Step], i64); 12] = [
        ("another device, before any mark of ours", &[Told(5)], 5),
        ("our own mark", &[M(Sending), M(Until(at(5))), Told(5)], 0),
        ("our own mark, told before its answer", &[M(Sending), Told(5), M(Until(at(5)))], 0),
        ("another device later", &[M(Until(at(5))), Told(5), Told(8)], 8),
        ("another device later, told before the answer", &[M(Sending), Told(8), M(Until(at(5)))], 8),
        ("another device earlier, told late", &[M(Until(at(5))), Told(4)], 0),
        ("another device earlier, known before", &[Told(4), M(Sending), M(Until(at(6))), Told(6)], 4),
        ("a mark whose answer was lost", &[M(Sending), Told(5)], 0),
        ("the same, sent again", &[M(Sending), Told(5), M(Sending), Told(9), M(Until(at(9)))], 0),
        ("a mark that never left", &[M(Sending), Told(5), M(Until(at(1)))], 5),
        ("a desk that tells no time: the first is ours", &[M(Sending), M(Untimed), Told(5)], 0),
        ("and the next is another's", &[M(Sending), M(Untimed), Told(5), Told(5), Told(7)], 7),
    ];
    for (case, steps, elsewhere) in table {
        let mut seen = nothing_seen();
        for step in steps {
            match *step {
                Told(seconds) => seen.tell(at(seconds)),
                M(marks) => seen.set_marks(marks),
            }
        }
        let expected = if elsewhere == 0 { Timestamp::default() } else { at(elsewhere) };
        assert_eq!(seen.elsewhere, expected, "{case}");
    }
    let mut seen = nothing_seen();
    seen.set_marks(Until(at(5)));
    seen.tell(Timestamp::from_millis(at(5).millis() + 900));
    assert_eq!(seen.elsewhere, Timestamp::default(), "the desk's answer has whole seconds");
}

#[test]
fn marks_are_kept_as_they_are() {
    let all = [Marks::Until(Timestamp::default()), Marks::Until(at(7)), Marks::Sending, Marks::Untimed];
    for marks in all {
        assert_eq!(Marks::of_column(marks.to_column()), marks);
    }
    let absurd = Marks::Until(Timestamp::from_millis(i64::MAX)).to_column();
    assert!(matches!(Marks::of_column(absurd), Marks::Until(_)));
}

/// What happens at a desk, at this phone and at another device of the customer's.
#[derive(Clone, Debug)]
enum Life {
    /// An agent writes.
    Write,
    /// This phone reads all that the desk has, and the time that it tells.
    Read,
    /// Only one of the messages arrives.
    Event(Index),
    /// A time that the desk has told before comes once more.
    OldTime(Index),
    /// The customer looks at this phone; the outbox tells of it, and what becomes of that.
    Look(Fate),
    /// The customer looks at another device.
    Elsewhere,
    /// An agent deletes a message.
    Delete(Index),
}

#[derive(Clone, Copy, Debug)]
enum Fate {
    /// The desk has it and says when.
    Answered,
    /// The same, and what the desk tells is read before its answer is.
    ReadBeforeTheAnswer,
    /// The desk has it, the answer is lost.
    AnswerLost,
    /// It never left.
    NeverLeft,
}

fn life() -> impl Strategy<Value = Vec<Life>> {
    let fate = prop_oneof![
        Just(Fate::Answered),
        Just(Fate::ReadBeforeTheAnswer),
        Just(Fate::AnswerLost),
        Just(Fate::NeverLeft)
    ];
    let step = prop_oneof![
        4 => Just(Life::Write),
        3 => Just(Life::Read),
        2 => any::<Index>().prop_map(Life::Event),
        1 => any::<Index>().prop_map(Life::OldTime),
        2 => fate.prop_map(Life::Look),
        1 => Just(Life::Elsewhere),
        1 => any::<Index>().prop_map(Life::Delete),
    ];
    prop::collection::vec(step, 1..60)
}

/// One message, as the three see it.
#[derive(Clone, Debug)]
struct Known {
    message: DeskMessage,
    here: bool,
    late: bool,
    /// The customer had it before their eyes.
    seen: bool,
}

#[derive(Default)]
struct World {
    clock: i64,
    told: Vec<i64>,
    messages: Vec<Known>,
    /// Up to which place this phone has read everything.
    synced_to: usize,
}

impl World {
    fn arrive(&mut self, place: usize, seen: &Seen) {
        let known = &mut self.messages[place];
        if !known.here {
            known.here = true;
            known.late = seen.is_late(known.message.id);
        }
    }

    fn read(&mut self, seen: &mut Seen) {
        for place in 0..self.messages.len() {
            self.arrive(place, seen);
        }
        self.synced_to = self.messages.len();
        if let Some(&last) = self.told.last() {
            seen.tell(at(last));
        }
    }

    /// What the phone counts.
    fn counted(&self, seen: &Seen) -> Vec<i64> {
        let unread = |known: &&Known| {
            let covered = known.message.id.get() <= seen.seen_to && !known.late;
            known.here && !known.message.deleted && !covered && known.message.created_at >= seen.elsewhere
        };
        self.messages.iter().filter(unread).map(|known| known.message.id.get()).collect()
    }

    fn look(&mut self, seen: &mut Seen, fate: Fate) {
        let here: Vec<usize> = (0..self.messages.len()).filter(|&place| self.messages[place].here).collect();
        let id = |place: usize| self.messages[place].message.id.get();
        let (lowest, highest) = (here.first().map_or(0, |&first| id(first)), here.last().map_or(0, |&last| id(last)));
        seen.mark(lowest, highest, i64::try_from(self.synced_to).unwrap());
        for place in here {
            (self.messages[place].seen, self.messages[place].late) = (true, false);
        }
        let before = seen.marks;
        seen.set_marks(Marks::Sending);
        if !matches!(fate, Fate::NeverLeft) {
            self.clock += 1;
            self.told.push(self.clock);
        }
        match fate {
            Fate::Answered => seen.set_marks(Marks::Until(at(self.clock))),
            Fate::ReadBeforeTheAnswer => {
                let answered = at(self.clock);
                self.read(seen);
                seen.set_marks(Marks::Until(answered));
            }
            Fate::AnswerLost => {}
            Fate::NeverLeft => seen.set_marks(before),
        }
    }
}

proptest! {
    /// Against a world in which it is known what the customer had before their eyes: nothing that nobody saw is ever
    /// taken for seen. And with marks that all get an answer, what was seen elsewhere is known after a read.
    #[test]
    fn what_nobody_saw_is_never_taken_for_seen(steps in life()) {
        let (mut world, mut seen) = (World::default(), nothing_seen());
        let mut clear = true;
        // Something was read before: below the lowest message of a phone that has never read, everything is history.
        for step in [Life::Write, Life::Read].into_iter().chain(steps) {
            match step {
                Life::Write => {
                    world.clock += 1;
                    let id = i64::try_from(world.messages.len()).unwrap() + 1;
                    let message = DeskMessage { created_at: at(world.clock), ..message(id) };
                    world.messages.push(Known { message, here: false, late: false, seen: false });
                }
                Life::Read => world.read(&mut seen),
                Life::Event(which) => {
                    if !world.messages.is_empty() {
                        world.arrive(which.index(world.messages.len()), &seen);
                    }
                }
                Life::OldTime(which) => {
                    if !world.told.is_empty() {
                        seen.tell(at(world.told[which.index(world.told.len())]));
                    }
                }
                Life::Look(fate) => {
                    clear = matches!(fate, Fate::Answered);
                    world.look(&mut seen, fate);
                }
                Life::Elsewhere => {
                    world.clock += 1;
                    world.told.push(world.clock);
                    world.messages.iter_mut().for_each(|known| known.seen = true);
                }
                Life::Delete(which) => {
                    if !world.messages.is_empty() {
                        let place = which.index(world.messages.len());
                        world.messages[place].message.deleted = true;
                    }
                }
            }
            let counted = world.counted(&seen);
            for known in world.messages.iter().filter(|known| known.here && !known.seen && !known.message.deleted) {
                prop_assert!(counted.contains(&known.message.id.get()), "{:?} is missed of {counted:?}", known.message.id);
            }
            prop_assert!(world.messages.iter().all(|known| !known.message.deleted
                || !counted.contains(&known.message.id.get())));
        }
        if clear {
            world.clock += 1;
            world.told.push(world.clock);
            world.messages.iter_mut().for_each(|known| known.seen = true);
            world.read(&mut seen);
            prop_assert_eq!(world.counted(&seen), Vec::<i64>::new());
        }
    }
}
