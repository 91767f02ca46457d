//! A starter pack's reader: any bytes are a pack or refused; the property tests of `help` check the same.
//!
//! `cargo +nightly fuzz run pack`
#![no_main]

use libfuzzer_sys::fuzz_target;
use shopbell::help::pack::PackReader;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut reader) = PackReader::new(bytes) else { return };
    while let Ok(Some(_)) = reader.next_entry() {}
});
