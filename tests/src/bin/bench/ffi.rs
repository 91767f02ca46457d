//! `ffi`: what crossing from Kotlin to the library costs, over JNA on the JVM.
//!
//! **Measured**: `checks/kotlin bench` builds the library as it ships (profile `mobile`, stripped) and runs
//! `android/sdk/src/bench`, after as many turns to warm up, or more.
//! - `ffi-state`: what an app reads of a cached value: a state of the facade's, which is kept in Kotlin.
//! - `ffi-read`: a call into the library that returns a string it has at hand (a conversation's id). The facade makes none
//!   such: what an app reads is a state.
//! - `ffi-batch`: a batch of 50 diffs delivered: written as bytes, carried over, read and put into the list, by the
//!   library's own log of what the call took.
//! - `ffi-change`: the same and what comes before it: from when a listener has taken one batch until it has taken the next,
//!   of 50 messages that were written meanwhile. The core reads its store in between.
//! - `ffi-calls`: how many calls into Kotlin those 50 changes took.
//! - `ffi-init`: `Shopbell.initialize` on the caller's thread, in a process that has done it before.
//! - `ffi-first`: the same where it is the first that a new process does of Shopbell, which is how an app does it. The
//!   virtual machine loads and checks the classes then, which on a phone the installation has done.
//!
//! **Bare**: of `ffi-read` a call of C's `abs`, over JNA as well; of `ffi-change` the core alone, in Rust, until
//! `Timeline::next` has given out the same 50; of the last two the launch of an empty coroutine.
//!
//! **Fair**: the bare batch is built for speed (`release`) and ours for size (`mobile`), and so is told too dear rather
//! than too cheap. Nobody answers at the desk's address, on either side.
//!
//! **Noise**: not known of a quiet machine. Where other programs build, medians double from run to run, for a batch wakes
//! three threads.

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use shopbell::{Conversation, Message, SupportClient, Timeline};

use super::{
    fill::offline_config,
    stats::Times,
    table::{Amount, Goal, Line},
};

const DIFFS: usize = 50;
const TURNS: usize = 30;

pub(crate) async fn take(work: &Path) -> Vec<Line> {
    let Some(measured) = kotlin() else {
        eprintln!("checks/kotlin bench fails: no line for what is measured in Kotlin");
        return Vec::new();
    };
    let core = core(work).await;
    let figure = |name: &str| measured.get(name).map_or(f64::NAN, Times::median);
    let spread = |name: &str, unit: &str| {
        let times = measured.get(name).cloned().unwrap_or_default();
        format!("{} turns; middle half: {} {unit}", times.len(), times.spread())
    };
    let line = |name, figure, unit, bare: Option<f64>, most, notes| Line {
        name,
        ours: Amount::new(figure, unit),
        bare: bare.map(|bare| Amount::new(bare, unit)),
        goal: Goal::AtMost(most),
        notes,
    };
    let most_calls = measured.get("batch_calls").map_or(f64::NAN, |calls| calls.at(1.0));
    vec![
        line("ffi-state", figure("flow_us"), "µs", None, 10.0, vec![spread("flow_us", "µs")]),
        Line {
            goal: Goal::None,
            ..line(
                "ffi-read",
                figure("read_us"),
                "µs",
                Some(figure("read_bare_us")),
                0.0,
                vec![
                    spread("read_us", "µs") + ", each the mean of 100 calls; nothing that an app reads is such a call",
                ],
            )
        },
        line("ffi-batch", figure("batch_ms"), "ms", None, 1.0, vec![spread("batch_ms", "ms")]),
        Line {
            goal: Goal::None,
            ..line(
                "ffi-change",
                figure("change_ms"),
                "ms",
                Some(core.median()),
                0.0,
                vec![spread("change_ms", "ms") + ", the core's reading of its store included"],
            )
        },
        line(
            "ffi-calls",
            most_calls,
            "",
            None,
            1.0,
            vec![format!("the most of any turn; its batch had {} diffs", figure("batch_diffs"))],
        ),
        line(
            "ffi-init",
            figure("initialize_ms"),
            "ms",
            Some(figure("initialize_bare_ms")),
            1.0,
            vec![spread("initialize_ms", "ms")],
        ),
        Line {
            goal: Goal::None,
            ..line(
                "ffi-first",
                figure("first_ms"),
                "ms",
                Some(figure("first_bare_ms")),
                0.0,
                vec![spread("first_ms", "ms") + ", each a process of its own"],
            )
        },
    ]
}

/// What the Kotlin side prints: `measured NAME VALUE`, a line for each turn.
fn kotlin() -> Option<BTreeMap<String, Times>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let output = Command::new("checks/kotlin")
        .args(["build", "generate", "compile", "bench"])
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .ok()?;
    let mut measured: BTreeMap<String, Times> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        if let Some((name, value)) = line.strip_prefix("measured ").and_then(|line| line.split_once(' ')) {
            measured.entry(name.to_owned()).or_default().push(value.parse().ok()?);
        }
    }
    (output.status.success() && !measured.is_empty()).then_some(measured)
}

/// The same batch in Rust alone.
async fn core(work: &Path) -> Times {
    let client = SupportClient::open(offline_config(&work.join("core"))).await.expect("the client opens");
    client.network_changed(false);
    let mut times = Times::default();
    for turn in 0..TURNS {
        let conversation = client.start_conversation().expect("open");
        let mut shown = Vec::new();
        // As many before, for what is mostly new is given out anew as a whole.
        write(&conversation, turn).await;
        let mut timeline = conversation.timeline();
        take_batch(&mut timeline, &mut shown).await;
        let before = shown.len();
        write(&conversation, turn).await;
        let start = Instant::now();
        while shown.len() < before + DIFFS {
            take_batch(&mut timeline, &mut shown).await;
        }
        times.since(start);
    }
    client.shutdown().await;
    times
}

async fn write(conversation: &Conversation, turn: usize) {
    for number in 0..DIFFS {
        let text = format!("Turn {turn}, message {number}: is the blue bag waterproof?");
        conversation.send(&text).await.expect("sent");
    }
}

async fn take_batch(timeline: &mut Timeline, shown: &mut Vec<Message>) {
    let batch = timeline.next().await.expect("the store reads").expect("the timeline goes on");
    batch.into_iter().for_each(|step| step.apply(shown));
}
