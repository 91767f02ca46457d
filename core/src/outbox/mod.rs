//! The outbox: the only writer to the desk.
//!
//! # Protocol
//! A command (send, answer, resolve, …) writes its entry and what it shows in one transaction; from then on the entry
//! outlives everything but the desk's taking it or the customer's discarding it.
//!
//! ```text
//!              begin (fence kept first)        desk took it
//!   Waiting ────────────────────────▶ InFlight ───────────▶ (gone: the message has its desk number)
//!      ▲  ▲                            │  │  │
//!      │  └──── certainly nothing ─────┘  │  └─ refused ───▶ Attention ── retry ──▶ Waiting or Unclear
//!      │        happened: back-off        ▼                     ▲
//!      └── looked, settled, not there ─ Unclear ── too often ───┘
//!                                         └─ found ─▶ (gone)
//! ```
//! - **Lanes.** One a conversation, one a standing with the desk. In a lane one entry is at work at a time, in the
//!   order of pressing send; lanes do not wait for each other. Opening a conversation comes first in its lane. An
//!   entry that needs attention lets those behind it pass.
//! - **Exactly once.** The desk keeps a message twice if it is sent twice. So before an attempt the highest desk number
//!   known is kept as its *fence*. When it can't be known whether the desk acted (time-out, reset, 5xx, a killed
//!   process), the entry is `Unclear` and nothing is sent: the worker looks for its own message beyond the fence, and
//!   sync may see it first. Only a look that finds nothing *after a settling delay* allows another attempt. A copy that
//!   turns up later still, with the same echo, is noted as a twin and not shown.
//! - **Out of reach.** While the desk is known to be out of reach, or the host says that there is no network, nothing is
//!   attempted: [`reach`](crate::reach) looks for the desk by a cheap request, and with its answer everything is tried at
//!   once. So what waits shows as queued throughout, and does not change to "sending" with every try that must fail.
//! - **At once.** Where there is a network, a place free and nothing before it in its lane, a message is written as
//!   `InFlight`, fence and all, by the command itself, and handed to the worker: see [`handover`]. What dies between
//!   that and the asking is looked for first, like any attempt that a process died over. Words that have to wait are
//!   handed over as well, so that a long queue is not read again for each of them.
//! - **Patience.** No connection: wait, without counting. A failing desk: wait longer each time and count; past
//!   [`policy::MAX_ATTEMPTS`] the customer is asked. Throttling and flooding: wait as long as the desk wants; no
//!   message is to blame. The desk's return, coming to the foreground, a retry by the customer, and any success end every
//!   wait that trouble caused. What the desk failed at again right after its return is spared the next return for a
//!   minute: that may be this entry's own trouble.
//! - **Crash.** `InFlight` found at a start is `Unclear` (or simply done again where doing it twice is harmless).
//! - **Files.** A message with files stays `Waiting` on the disk until all but the last bytes of it have left: see
//!   [`departure`]. Two of them are at work at a time, beside the others and not among them, so that a film does not
//!   hold up a word in another conversation. What breaks in the middle is counted, for something on the way may always
//!   break it.
//! - **Several processes.** Who holds the lock on the customer's `.lock` file sends; the others only write entries.
//!
//! [`queue`] decides, without I/O or clock; [`worker`] carries out.

mod answers;
mod departure;
mod handover;
pub(crate) mod policy;
mod profile;
pub(crate) mod queue;
mod tasks;
pub(crate) use handover::{Begun, Handover};
pub(crate) use tasks::{Tools, Words, set_answer_state};
pub(crate) mod worker;

#[cfg(test)]
mod simulation;
