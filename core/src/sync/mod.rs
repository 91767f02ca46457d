//! Sync: the only writer *from* the desk.
//!
//! # Protocol
//! The realtime connection tells that something happened, quickly and without promise; requests tell what is, slowly
//! and for certain. So:
//! - **The socket lives only while a conversation or the list is on screen** ([`link`]): the desk pings every three
//!   seconds, and a phone's radio that is never quiet empties the battery.
//! - **Every session has a connection of its own** ([`realtime`]): first that of the conversation on screen, then those
//!   of the customer's other sessions. Moving to a conversation of another session connects anew.
//! - **The connection is a hint, pages are the truth.** The conversation on screen is asked for by its newest page,
//!   conditionally, on a beat that does not depend on the connection ([`pace`]); from there it is read back until a message
//!   that is known without a gap ([`catch_up`]). So it is after every confirmation, for nothing is replayed, and at a
//!   return. Two reasons that meet are one question. A page that can't be read is asked for again, with back-off, and
//!   takes nothing along.
//! - **What a page holds and the connection has not told of gives it away** ([`hearing`]): it is late, and stays, with the
//!   status saying so; or it is deaf, and is made anew.
//! - **The list is seldom asked for** ([`budget`], carried out by [`list`]): it costs a desk every message of the
//!   customer's. No poll asks for it. At an opening or a return the few conversations that moved last are read by their
//!   pages; with nothing on screen the one that moved last, every few minutes.
//! - **A conversation that the desk has deleted** is marked as gone by the 404 of its page, and takes nothing along. A
//!   list that leaves out a known conversation has its page asked for.
//! - **Where no socket can be had**, the conversation on screen is asked for conditionally every few seconds, and with
//!   none on screen the list every few minutes: one conditional request, no body where nothing is new.
//! - **Events are upserts** by the desk's number; they may come twice, late, or out of order. Of two the one that the desk
//!   dates later stands, and a deletion is final (the store's `order` has the rules). They never move the mark up to
//!   which nothing is missing: only a resync does.
//! - **A page gives way** to what the connection has told of since the page was asked for ([`told`]): it may be older.
//! - **Marks** are kept with the rows, in one transaction with the page that moves them. A crash in a gap leaves the
//!   mark below it, and the next resync reads it again.
//! - **Trouble** (no network, a hotel's log-in page, 5xx, throttling) backs off with jitter and ends at once when anything
//!   finds the desk back ([`reach`](crate::reach)), the host says that the network is, or the app comes to the foreground.
//! - **One failure takes nothing along.** A conversation, page or session that fails is tried again by itself: the others
//!   are read, and the connection of what is on screen stays.
//!
//! [`link`], [`pace`], [`budget`], [`hearing`] and [`catch_up`] decide, without I/O or clock; [`worker`], [`fetch`] and
//! [`list`] carry out. What is true only for
//! the moment (who types, who is there) lives in [`moment`] and never reaches the disk.

pub(crate) mod budget;
pub(crate) mod catch_up;
pub(crate) mod fetch;
mod hearing;
#[cfg(test)]
mod interleaved;
pub(crate) mod link;
mod list;
pub(crate) mod moment;
pub(crate) mod pace;
mod realtime;
mod told;
pub(crate) mod worker;
