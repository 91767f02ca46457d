//! Where Kotlin and Swift meet the core.
//!
//! Data are records and enums that mirror the core's; few objects live long: [`Client`], [`Conversation`],
//! [`Timeline`], [`Subscription`]. There is no rule of the business here.
//!
//! # Threads
//! ```text
//!  host's threads ── call ──▶ job ──▶ shopbell-worker ×2: the core's work, to its end
//!        ▲                                 │ batch, one at a time for each subscription
//!        │        listener ◀── call ── shopbell
//!        └── answer, once the listeners have been told ──┘
//! ```
//! - **[`Client::new`] touches no disk and no network.** One thread, `shopbell`, starts the runtime and opens the core;
//!   what is asked meanwhile waits in order.
//! - **Work never lives in the caller's future.** A call hands over a job and waits for its end. Dropping the future
//!   (a cancelled coroutine) stops the waiting only.
//! - **Listeners are called on `shopbell` alone**, one call at a time, with whole batches and without any lock held. A
//!   listener that is slow delays listeners, never the work; what happens meanwhile is one larger batch. Once
//!   [`Subscription::cancel`] or [`Client::shutdown`] has returned no call begins; one that had begun may be running
//!   still.
//! - **When a command returns, what it did is shown**: every listener of this client has been told of all that had
//!   happened by the end of the work. Between the work and the answer stands [`shopbell::SupportClient::given_out`]: each
//!   observer has given out what has changed, its listener's call has returned, and it was asked for more. That is so for
//!   every call that changes something or asks the desk; what only asks the phone is answered at once.
//! - **No listener holds a command up for good.** One that does not return delays it by two seconds. A command that a
//!   listener itself calls does not wait for it. Whoever has waited in vain finds the work done all the same.
//! - **Nobody is told of a customer who has left**: what was under way to a listener when another came is dropped, and
//!   what follows is whole. Where a listener that does not return keeps what is shown from being changed,
//!   [`Client::identify`] and [`Client::log_out`] say so, and the host forgets what it shows by itself.
//! - **A panic is an error and a log line**, wherever it happens: the call that it happened in fails with
//!   [`SupportError::Internal`], a listener's is noted and its subscription goes on.
//!
//! # Rooms that can be left out
//! `help-center` (on by default): without it the library is smaller, and has no [`HelpCenter`].
//!
//! # Numbers
//! Counts and sizes are signed, for Java has no others; times are milliseconds, since 1970 UTC where they are moments.

mod client;
mod config;
mod conversation;
mod error;
mod files;
#[cfg(feature = "help-center")]
mod help;
mod host;
mod listeners;
mod log;
mod model;
mod names;
mod panics;
mod subscription;
mod vault;

pub use client::Client;
pub use config::{ClientConfig, HelpCenterConfig, Limits};
pub use conversation::Conversation;
pub use error::{AttachmentProblem, ListenerError, StorageProblem, SupportError};
#[cfg(feature = "help-center")]
pub use help::{HelpCenter, HelpListener, SearchBox, SearchListener};
pub use listeners::{ConversationsListener, DownloadListener, MessagesListener, StatusListener, TypingListener};
pub use log::{LogLevel, LogRecord, LogSink, set_log_sink};
pub use model::*;
pub use subscription::{Subscription, Timeline};
pub use vault::{Vault, VaultError};

uniffi::setup_scaffolding!("shopbell");

/// The version of the library.
#[uniffi::export]
pub fn library_version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Reads an agent's message into blocks for native views: its Markdown, and everything else as it was typed.
#[uniffi::export]
pub fn parse_markdown(source: &str) -> Vec<Block> {
    model::list(shopbell::markdown::parse(source))
}

/// The words of an agent's message without their looks, on one line, at most `max_chars` characters.
#[uniffi::export]
pub fn plain_text(markdown: &str, max_chars: i32) -> String {
    shopbell::markdown::plain(markdown, usize::try_from(max_chars).unwrap_or(0))
}
