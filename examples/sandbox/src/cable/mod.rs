//! `/cable`: Rails' Action Cable, version 1 of its JSON protocol, as a contact meets it.

pub(crate) mod hub;
pub(crate) mod late;
mod session;
mod socket;

pub(crate) use self::socket::upgrade;
