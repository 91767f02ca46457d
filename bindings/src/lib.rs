//! Where Kotlin and Swift will meet the core: a crate of mirror types and listeners, with no logic of its own. Empty for
//! now.

pub use shopbell;
