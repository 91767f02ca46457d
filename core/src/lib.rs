//! Shopbell: in-app customer support that opens at once, works offline and loses nothing.
//!
//! ```no_run
//! use shopbell::{ClientConfig, CustomerProfile, Identity, SupportClient};
//!
//! # async fn example() -> Result<(), shopbell::SupportError> {
//! let client = SupportClient::open(ClientConfig::new("https://desk.example.com", "inbox", "support-data")).await?;
//! client.identify(Identity::new("customer-7"), CustomerProfile::default()).await?;
//! let conversation = client.start_conversation()?;
//! conversation.send("Is the blue bag waterproof?").await?;
//! let mut timeline = conversation.timeline();
//! let mut messages = Vec::new();
//! while let Some(batch) = timeline.next().await? {
//!     batch.into_iter().for_each(|step| step.apply(&mut messages));
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # How data moves: one way round
//! ```text
//!  app ── command ──▶ store ──▶ outbox ──▶ backend ──▶ the desk
//!   ▲                   ▲                     │
//!   └── observe ────────┴──────── sync ◀──────┘
//! ```
//! 1. **The store is the only truth that an app reads.** Nothing on screen waits for the network.
//! 2. **A command is one local transaction.** When [`Conversation::send`] returns, the message survives a kill, a dead
//!    battery and an upgrade.
//! 3. **The outbox is the only writer to the desk, sync the only writer from it.** Both are state machines without
//!    I/O, carried out by thin workers.
//! 4. **The desk is a port**: [`backend::Backend`]. [`backend::chatwoot`] is the adapter that ships; no other place
//!    knows which desk it is.
//!
//! # Rooms
//! | room | what lives there |
//! | --- | --- |
//! | `client` | [`SupportClient`]: open, identify, log out, pause, resume, shutdown |
//! | `conversations` | [`Conversation`], [`ConversationList`], [`Timeline`]: what an app holds in its hands |
//! | `attachments` | files: brought in, sent, fetched, and how much room they take |
//! | `outbox` | what is to be told to the desk, exactly once |
//! | `sync` | what the desk says: realtime, gap filling, polling |
//! | `help` | [`HelpCenter`]: articles on the phone, searched as one types (feature `help-center`) |
//! | `customer` | what is said of a person, what of it the desk was told, what they did in the app, and their standing with the desk |
//! | `reach` | whether the desk can be reached: what everything reports to, and goes by |
//! | `rules` | the one set of rules of what may go to a desk |
//! | `push` | the phone's token, and what a push means ([`SupportClient::handle_push`]) |
//! | `vault` | [`Vault`]: the desk's keys, kept from being read |
//! | `store` | SQLite: schema, migrations, change feed |
//! | [`backend`] | the port to a desk, and the adapters |
//! | [`model`] | plain data |
//! | [`markdown`] | what agents write, as blocks and spans |
//!
//! An arrow points only down this list: `client` → features → `store`, `backend` → [`model`].
//!
//! # Threads
//! Every method may be called from any thread. Work runs on the tokio runtime that was current in
//! [`SupportClient::open`], writes on one thread of their own. No method blocks; no lock is held across an await of the
//! host's.

mod address;
mod attachments;
pub mod backend;
mod client;
pub mod clock;
mod config;
mod conversations;
mod customer;
mod error;
mod file_name;
#[cfg(feature = "help-center")]
pub mod help;
mod json;
pub mod markdown;
pub mod model;
mod outbox;
mod push;
mod reach;
mod rules;
mod runtime;
mod setup;
mod signal;
mod store;
mod sync;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod vault;

#[cfg(feature = "testing")]
#[doc(hidden)]
pub use attachments::hostile as attachments_hostile;
pub use attachments::{Download, DownloadProgress, NewAttachment, NewMessage, SizeOnDisk};
pub use client::{ClientStatus, StatusUpdates, SupportClient};
pub use clock::{Clock, Random, SystemClock, SystemRandom};
pub use config::{ClientConfig, Limits};
pub use conversations::{Conversation, ConversationList, Diff, Older, Timeline, TimelinePager, TypingUpdates, Whose};
pub use error::{AttachmentProblem, StorageProblem, SupportError};
#[cfg(feature = "help-center")]
pub use help::{HelpCenter, HelpCenterConfig, HelpChanges, HelpEvents, SearchInput, SearchUpdates};
pub use model::*;
pub use push::{PushNews, PushOutcome, PushToken, is_push};
pub use setup::SetupProblem;
pub use sync::moment::{Connection, History};
pub use vault::{Vault, VaultError};

/// Compiles the documents' examples, so that they can't fall behind.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
#[doc = include_str!("../../docs/identity.md")]
struct Documents;
