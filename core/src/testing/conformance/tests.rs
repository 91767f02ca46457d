use super::{
    flawed::{self, FLAWS},
    *,
};
use crate::testing::memory::MemoryDesk;

/// Starts whatever it is told to.
struct Made<F>(F);

impl<F: Fn() -> MemoryRig + Send + Sync> Harness for Made<F> {
    type Desk = MemoryRig;

    async fn start(&self) -> MemoryRig {
        (self.0)()
    }
}

const KEYS: &str = "key_sent_twice_is_one_message_where_promised";
const UNABLE: &str = "what_the_desk_says_it_cannot_do_is_unsupported";

#[tokio::test(start_paused = true)]
async fn memory_desk_keeps_every_promise() {
    let report = run(&MemoryHarness).await;
    report.assert_all_passed();
    assert_eq!(report.skipped(), [UNABLE, KEYS]);
}

#[tokio::test(start_paused = true)]
async fn memory_desk_with_other_options_keeps_every_promise() {
    let desk = || {
        MemoryRig::new(MemoryDesk::with(|options| {
            options.capabilities.idempotent_send = true;
            options.keeps_echo = true;
            options.page_size = 7;
        }))
    };
    let report = run(&Made(desk)).await;
    report.assert_all_passed();
    assert_eq!(report.skipped(), [UNABLE]);
}

#[tokio::test(start_paused = true)]
async fn desk_that_can_do_little_skips_what_it_cannot() {
    let desk = || {
        MemoryRig::new(MemoryDesk::with(|options| {
            let can = &mut options.capabilities;
            (can.realtime, can.typing, can.read_receipts, can.resolve) = (false, false, false, false);
        }))
    };
    let report = run(&Made(desk)).await;
    report.assert_all_passed();
    let skipped = report.skipped();
    assert!(!skipped.contains(&UNABLE) && skipped.contains(&"resolving_twice_ends_it"), "{report}");
    // Without a connection, nothing can be said of events.
    assert_eq!(skipped.iter().filter(|name| name.contains("connection") || name.contains("connecting")).count(), 9);
}

#[tokio::test(start_paused = true)]
async fn broken_promise_is_found_by_its_check() {
    for (flaw, check) in FLAWS {
        let report = run(&Made(|| flawed::rig(*flaw))).await;
        assert!(report.failed().contains(check), "{check} does not see {flaw:?}:\n{report}");
    }
}

#[test]
fn report_is_readable() {
    let row = |name, outcome| Row { name, outcome };
    let report = Report {
        rows: vec![
            row("a_kept", Outcome::Passed),
            row("b_out_of_reach", Outcome::Skipped("no agent".to_owned())),
            row("c_broken", Outcome::Failed("it is red".to_owned())),
        ],
    };
    let table = "ok      a_kept\nskipped b_out_of_reach  no agent\nFAILED  c_broken        it is red\n\
                 1 passed, 1 failed, 1 skipped";
    assert_eq!(report.to_string(), table);
    assert_eq!((report.failed(), report.skipped()), (vec!["c_broken"], vec!["b_out_of_reach"]));
}

#[test]
#[should_panic(expected = "breaks 1 promises")]
fn broken_promise_fails_the_test() {
    let rows = vec![Row { name: "a_broken", outcome: Outcome::Failed(String::new()) }];
    Report { rows }.assert_all_passed();
}
