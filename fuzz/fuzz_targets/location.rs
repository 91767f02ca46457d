//! Removing the location from any bytes read as any format. Nothing may panic, no input may cost more than its size,
//! and no file may change its length.
//!
//! The files in `core/src/attachments/location/fixtures` are a good corpus; the first byte picks the format.
//!
//! `cargo +nightly fuzz run location`
#![no_main]

use libfuzzer_sys::fuzz_target;
use shopbell::attachments_hostile::{file, location};

fuzz_target!(|bytes: &[u8]| {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let (stripped, _) = location(*which, bytes);
    assert_eq!(stripped.len(), bytes.len());
    assert_eq!(file(bytes).len(), bytes.len());
});
