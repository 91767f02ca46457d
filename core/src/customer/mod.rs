//! The customer: checks on what an app says of them, what they did in it, and their standing with the desk.

pub(crate) mod events;
pub(crate) mod notices;
pub(crate) mod profile;
pub(crate) mod standing;
pub(crate) mod telling;
pub(crate) mod validate;

#[cfg(test)]
mod tests;
