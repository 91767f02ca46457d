//! `/cable`: Rails' Action Cable, version 1 of its JSON protocol, as a contact meets it.

pub(crate) mod hub;
mod session;
mod socket;

pub(crate) use self::socket::upgrade;
