//! The whole story without a terminal: told line by line, and checked line by line.
//!
//! The parent keeps the desk and is the agent. The shopper's app is a real process ([`child`]), which is killed with
//! SIGKILL while a message waits; after it the app is opened again on the same folder, here. Each step waits for what
//! it expects, and the first that does not come ends the tour with what was there instead.

pub(crate) mod child;
mod help;
mod photo;
mod stage;
mod story;
mod unheard;

use crate::problem::Problem;

/// Tells the story.
///
/// Errors: the step that did not happen.
pub(crate) async fn run(megabytes: u32) -> Result<(), Problem> {
    let stage = stage::Stage::set(megabytes).await.map_err(broken)?;
    let outcome = story::tell_story(&stage).await.map_err(broken);
    stage.strike().await;
    outcome
}

fn broken(missed: stage::Missed) -> Problem {
    Problem::new(format!("the tour stopped: {missed}"), "run it again with --log FILE: what did not happen is in there")
}
