//! The week of one customer, played.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{
    bill::Bill,
    script::{self, Step},
    world::World,
};

/// What a request was asked for in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Part {
    /// From the start of the app on.
    Opening,
    /// From the chat's coming on screen on.
    Chat,
    /// From a return to the front on.
    Return,
    /// From a lost connection on.
    Lost,
    /// From a question on.
    Waiting,
    /// From its answer on.
    Answer,
}

/// A week at one length of history.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Week(BTreeMap<Part, Bill>);

impl Week {
    pub(super) fn sum(&self) -> Bill {
        self.0.values().fold(Bill::default(), |mut sum, bill| {
            sum += bill;
            sum
        })
    }

    pub(super) fn of(&self, part: Part) -> Bill {
        self.0.get(&part).cloned().unwrap_or_default()
    }

    /// Each part's cost, in words.
    pub(super) fn told(&self) -> Vec<String> {
        self.0.iter().map(|(part, bill)| format!("{part:?}: {:.0} ms, {}", bill.ms, bill.told())).collect()
    }
}

pub(super) async fn play(data: &Path, messages: usize, pushes: bool) -> Week {
    let mut world = World::new(data, pushes, |_| {}).await;
    world.with_history(messages).await;
    let (mut week, mut part) = (Week::default(), Part::Opening);
    let begun = Instant::now();
    world.take_bill();
    for step in script::week() {
        let begins = match step {
            Step::Start => Some(Part::Opening),
            Step::Chat => Some(Part::Chat),
            Step::Return => Some(Part::Return),
            Step::Lose => Some(Part::Lost),
            Step::Ask => Some(Part::Waiting),
            Step::Answer => Some(Part::Answer),
            _ => None,
        };
        if let Some(next) = begins {
            *week.0.entry(part).or_default() += &world.take_bill();
            part = next;
        }
        match step {
            Step::Until(at) => {
                let now = begun.elapsed();
                assert!(now <= at, "the week is behind its script: {now:?} where {at:?} was due");
                world.time.leap(at - now).await;
            }
            Step::Front(time) => world.time.pass(time).await,
            Step::Start => world.start().await,
            Step::Chat => world.show_chat().await,
            Step::Return => world.foreground().await,
            Step::Lose => {
                world.desk.faults().drop_sockets();
                world.time.rest().await;
            }
            Step::Ask => world.send("Where is my parcel?").await,
            Step::Answer => world.answer("It is on its way.").await,
            Step::Background => world.background().await,
            Step::End => world.end().await,
        }
    }
    *week.0.entry(part).or_default() += &world.take_bill();
    week
}
