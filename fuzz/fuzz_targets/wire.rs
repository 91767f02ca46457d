//! What the desk answers, as bytes. Nothing may panic, and no input may cost more than its size.
//!
//! `cargo +nightly fuzz run wire`
#![no_main]

use libfuzzer_sys::fuzz_target;
use shopbell::backend::chatwoot::hostile::answers;

fuzz_target!(|bytes: &[u8]| {
    answers(bytes);
});
