//! The photo of a torn parcel: as large as wanted, the same in every process, and no two parts of it alike.

use std::{
    fs,
    io::{self, BufWriter, Write as _},
    path::Path,
};

use ring::digest::{Context, SHA256};
use shopbell::ClientConfig;

/// What the shopper's camera calls it.
pub(crate) const NAME: &str = "torn parcel.png";

/// How a PNG of 4,000 by 3,000 points begins; nobody looks at more of it.
const HEAD: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x0f\xa0\0\0\x0b\xb8\x08\x02\0\0\0";

/// Its length in bytes.
pub(crate) fn length(megabytes: u32) -> u64 {
    u64::from(megabytes.max(1)) * 1_000_000
}

/// Takes the photo.
pub(crate) fn take(path: &Path, megabytes: u32) -> io::Result<()> {
    let mut file = BufWriter::new(fs::File::create(path)?);
    parts_of(megabytes).try_for_each(|part| file.write_all(&part))?;
    file.flush()
}

/// A photo's check sum: the beginning of its SHA-256, as `sha256sum` prints it.
pub(crate) fn sum(bytes: &[u8]) -> String {
    sum_of(std::iter::once(bytes))
}

/// The check sum of the photo that is taken.
pub(crate) fn sum_taken(megabytes: u32) -> String {
    sum_of(parts_of(megabytes))
}

fn sum_of<T: AsRef<[u8]>>(parts: impl Iterator<Item = T>) -> String {
    let mut context = Context::new(&SHA256);
    parts.for_each(|part| context.update(part.as_ref()));
    context.finish().as_ref().iter().take(8).fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// All of the photo, a part at a time.
fn parts_of(megabytes: u32) -> impl Iterator<Item = Vec<u8>> {
    let mut left = length(megabytes);
    parts().map_while(move |mut part| {
        part.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        left -= part.len() as u64;
        (!part.is_empty()).then_some(part)
    })
}

/// How large a part is.
const PART: usize = 1 << 20;

/// The head, then noise in parts that are numbered: one that is left out, or comes twice, is seen.
fn parts() -> impl Iterator<Item = Vec<u8>> {
    let word = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
    let noise: Vec<u8> = (1..).flat_map(word).take(PART).collect();
    let part = move |number: u64| {
        let mut part = noise.clone();
        part.splice(..8, number.to_le_bytes());
        part
    };
    std::iter::once(HEAD.to_vec()).chain((0..).map(part))
}

/// The app's settings, which let a photo of this size through.
pub(crate) fn allow(mut config: ClientConfig, megabytes: u32) -> ClientConfig {
    config.limits.max_attachment_bytes = config.limits.max_attachment_bytes.max(length(megabytes));
    config.limits.max_cache_bytes = config.limits.max_cache_bytes.max(3 * length(megabytes));
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_is_itself_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        take(&path, 1).unwrap();
        let mut bytes = fs::read(path).unwrap();
        assert_eq!(sum(&bytes), sum_taken(1));
        assert_ne!(sum_taken(1), sum_taken(2));
        assert_ne!(sum(&bytes[1..]), sum_taken(1));
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        assert_ne!(sum(&bytes), sum_taken(1));
    }

    #[test]
    fn the_sum_is_what_other_programs_say() {
        assert_eq!(sum(b"abc"), "ba7816bf8f01cfea");
    }
}
