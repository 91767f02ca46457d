//! The customer: checks on what an app says of them, and their standing with the desk.

pub(crate) mod standing;
pub(crate) mod validate;
