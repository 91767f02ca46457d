//! Kill -9 at random moments while a process sends: nothing is lost, nothing is there twice, the order is kept.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "tests may fail")]

use std::{collections::BTreeSet, time::Duration};

use sandbox::{Fault, Rule};
use shopbell_tests::{
    at_desk, desk_with,
    kill::{Chance, Said, Sender},
    phone, until,
};

/// `SHOPBELL_KILLS` kills more often; `SHOPBELL_SEED` repeats a run.
#[tokio::test(flavor = "multi_thread")]
async fn process_killed_at_random_moments_loses_and_doubles_nothing() {
    let kills = std::env::var("SHOPBELL_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(200_u64);
    let mut chance = Chance::from_environment();
    // No flood limit: the desk's patience is another test.
    let desk = desk_with(|options| options.flood_limit = u32::MAX).await;
    let data = tempfile::tempdir().unwrap();
    // A desk that takes its time, so that most kills find a request under way; and one that fails now and then.
    for (fault, probability) in [
        (Fault::Latency(Duration::from_millis(4)), 0.7),
        (Fault::ResetAfterWrite, 0.02),
        (Fault::DropBeforeWrite, 0.02),
    ] {
        desk.faults().add(Rule { probability, ..Rule::new(fault) });
    }
    let program = env!("CARGO_BIN_EXE_sender");
    let (mut tried, mut kept) = (BTreeSet::new(), BTreeSet::new());
    let mut next = 1;
    for kill in 0..kills {
        let sender = Sender::start(program, &desk.url(), data.path(), next, 1_000_000);
        // Mostly cut short; now and then long enough for what is unclear to become clear.
        let time = if kill % 6 == 5 { 500 + chance.below(2_000) } else { chance.below(150) };
        let mut hear = |said: Said| match said {
            Said::Tries(number) => {
                tried.insert(number);
            }
            Said::Kept(number) => {
                kept.insert(number);
            }
            Said::Fetched(_) => unreachable!("this one sends words only"),
        };
        sender.listen(Duration::from_millis(time), &mut hear);
        sender.kill(&mut hear);
        next = tried.last().map_or(1, |last| last + 1);
    }
    desk.faults().clear();
    let client = phone(&desk, data.path()).await;
    let arrived = || -> Vec<u64> {
        at_desk(&desk.desk()).iter().map(|text| text.trim_start_matches("message ").parse().unwrap()).collect()
    };
    let all_there = |numbers: &Vec<u64>| kept.iter().all(|number| numbers.contains(number));
    let numbers = until("everything that was promised", arrived, all_there).await;
    client.shutdown().await;
    let lost = kept.iter().filter(|number| !numbers.contains(number)).count();
    let unique: BTreeSet<u64> = numbers.iter().copied().collect();
    println!(
        "{kills} kills, {} tried, {} promised, {} at the desk, {lost} lost, {} twice",
        tried.len(),
        kept.len(),
        numbers.len(),
        numbers.len() - unique.len()
    );
    assert_eq!(lost, 0);
    assert_eq!(numbers.len(), unique.len(), "twice at the desk: {numbers:?}");
    assert!(numbers.is_sorted(), "out of order: {numbers:?}");
    assert!(unique.is_subset(&tried));
    assert!(kept.len() as u64 > kills / 4, "the process got to do something");
    assert_eq!(desk.desk().conversations().iter().filter(|c| !c.messages.is_empty()).count(), 1);
}
