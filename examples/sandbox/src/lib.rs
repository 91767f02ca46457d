//! A support desk in one process that answers as Chatwoot does, over its public client API and its `/cable`.
//!
//! For developing, showing and testing Shopbell without a real desk. It reproduces the quirks as well as the features,
//! for it is the quirks a client breaks on. It shares no code with the SDK, so that a mistake in one can't hide in the
//! other.
//!
//! ```no_run
//! # async fn run() -> Result<(), sandbox::SandboxError> {
//! let sandbox = sandbox::Sandbox::start(sandbox::Options::default()).await?;
//! println!("{} {}", sandbox.url(), sandbox.inbox_identifier());
//! sandbox.faults().once("messages", sandbox::Fault::ResetAfterWrite);
//! sandbox.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # The map
//! A request passes the `gate` (log, faults, limits, ETag), reaches a handler in `routes`, which changes the
//! `state` by the rules in `domain` and answers in a shape of `views`. Changes are written to the journal, then
//! told on the `cable`, then followed by background jobs, `webhook`s among them; all three in `shared`. The agent's
//! side is [`Desk`].

mod answers;
mod automation;
mod bot;
mod cable;
mod channel;
mod clock;
mod costs;
mod desk;
mod domain;
mod faults;
mod gate;
mod help;
mod options;
mod random;
mod request_log;
mod routes;
mod server;
mod settings;
mod shared;
mod state;
mod version;
mod views;
mod webhook;
mod wire;

pub use self::{
    automation::Automation,
    channel::OtherInbox,
    costs::{Costs, Held, RequestKind},
    desk::{ContactView, ConversationView, Desk, MessageView},
    faults::{Fault, Faults, Rule, RuleError},
    help::ArticleView,
    options::{Options, SandboxError},
    request_log::RequestLog,
    server::Sandbox,
    settings::Settings,
    version::{DeskVersion, VersionError},
};
