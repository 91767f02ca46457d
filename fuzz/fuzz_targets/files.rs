//! A file as it is brought in: its type, its size in pixels, the location taken out of it, and its name. Nothing may
//! panic, no input may cost more than its size, and no file may change its length.
//!
//! `cargo +nightly fuzz run files`
#![no_main]

use libfuzzer_sys::fuzz_target;
use shopbell::attachments_hostile::{file, name};

fuzz_target!(|bytes: &[u8]| {
    let stripped = file(bytes);
    assert_eq!(stripped.len(), bytes.len());
    let text = String::from_utf8_lossy(bytes);
    let made = name(&text);
    assert!(!made.is_empty() && made.len() <= 255 && !made.contains(['/', '\\', '\0']));
    assert_eq!(name(&made), made);
});
