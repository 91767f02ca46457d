//! `desk`: what a customer costs the desk.
//!
//! **Measured**: the desk's time for what the client asks by itself, in milliseconds, by the sandbox's table of what each
//! request costs a real desk (`examples/sandbox/src/costs.rs`, which says where its figures come from). Single scenes, and
//! a week of one customer ([`script`]), on a virtual clock ([`time`]), each with 20, 200 and 2,000 messages of history.
//! The client, its adapter, its store and its sockets are the real ones, with their defaults ([`world`]).
//!
//! **Bare**: the desk's own web widget in the same scenes, by the same table ([`widget`]). Where that asks for nothing
//! there is no bare figure, and the goal is one of its own.
//!
//! **Not in it**, on both sides: the messages that the customer sends, the marks that they have seen the answers, and the
//! subscriptions of sockets; their number stands in the notes. What the desk does for agents, and its jobs.
//!
//! **Bytes**: those of ten minutes of waiting are counted by a relay, above TCP and without TLS: heads, bodies and the
//! socket's frames both ways, the desk's pings among them.
//!
//! **Noise**: none in what is asked for: chance has a seed, and time moves only when all is at rest. The bytes of a week
//! differ by some percent from run to run: where a mark and a question are under way at once, the order in which the desk
//! takes them decides whether the answer is whole or a 304, which cost it the same.

mod bill;
mod help;
mod lines;
mod scenes;
mod script;
mod time;
mod week;
mod widget;
mod world;

use std::path::Path;

use super::{
    child::{self, Helper},
    table::Line,
};

/// Lengths of history, in messages.
const HISTORIES: [usize; 3] = [20, 200, 2_000];

/// Plays each history, and the help centre, in a process of its own: there nothing else keeps the threads from resting, and
/// the other measures run on a tokio that has never paused its time, which makes every look at the clock dearer.
pub(crate) async fn take(work: &Path) -> Vec<Line> {
    let work = work.to_owned();
    let played = tokio::task::spawn_blocking(move || {
        let folder = |name: &str| {
            let folder = work.join(name);
            std::fs::create_dir(&folder).expect("a folder");
            folder.to_str().expect("a path that is text").to_owned()
        };
        let start = |what: &str| Helper::start(&["desk", what, &folder(what)]);
        let mut help = start("help");
        let mut histories = HISTORIES.map(|messages| (messages, start(&messages.to_string())));
        let played = histories.each_mut().map(|(messages, child)| {
            (*messages, serde_json::from_str::<lines::Played>(&child.hear()).expect("a child speaks JSON"))
        });
        (played, serde_json::from_str::<help::Help>(&help.hear()).expect("a child speaks JSON"))
    });
    let (played, help) = played.await.expect("the children play");
    lines::of(&played, &help)
}

/// What a child plays: the help centre, or everything with so many messages.
pub(crate) fn child(arguments: &[&str]) {
    let [what, folder] = arguments else { panic!("desk WHAT FOLDER, not {arguments:?}") };
    let folder = Path::new(folder);
    let said = match what.parse() {
        Ok(messages) => {
            let data = |name| folder.join(name);
            serde_json::to_string(&lines::Played {
                scenes: run(scenes::play(&data("scenes"), messages)),
                pushed: run(week::play(&data("pushed"), messages, true)),
                unpushed: run(week::play(&data("unpushed"), messages, false)),
            })
        }
        Err(_) => serde_json::to_string(&run(help::play(&folder.join("data")))),
    };
    child::say(said.expect("plain data"));
}

/// On a runtime of its own, with a time of its own. What is still under way at the end is dropped.
fn run<T>(play: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let played = runtime.block_on(play);
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    played
}
