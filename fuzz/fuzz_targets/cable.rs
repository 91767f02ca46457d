//! What the realtime connection tells, frame by frame. Nothing may panic, and no input may cost more than its size.
//!
//! `cargo +nightly fuzz run cable`
#![no_main]

use libfuzzer_sys::fuzz_target;
use shopbell::backend::chatwoot::hostile::frames;

fuzz_target!(|lines: &str| {
    frames(lines);
});
