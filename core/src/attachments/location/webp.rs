//! WebP: chunks of a type, a length and the content, each begun at an even place.

use std::io;

use super::{super::window::Window, MAX_METADATA, blank, read, tiff, xmp};

/// Where the first chunk stands.
const FIRST: u64 = 12;

pub(super) fn strip(file: &mut Window<'_>) -> io::Result<bool> {
    let mut changed = false;
    let mut at = FIRST;
    while let Some([a, b, c, d, length @ ..]) = file.array::<8>(at)? {
        let length = u64::from(u32::from_le_bytes(length));
        let content = at.saturating_add(8);
        at = content.saturating_add(length).saturating_add(length % 2);
        let exif = match [a, b, c, d] {
            kind if kind == *b"EXIF" => true,
            kind if kind == *b"XMP " => false,
            _ => continue,
        };
        if length > MAX_METADATA {
            blank(file, content, length)?;
            changed = true;
            continue;
        }
        let mut bytes = read(file, content, length)?;
        // Some programs begin it as in a JPEG.
        let prefix = if bytes.starts_with(b"Exif\0\0") { 6 } else { 0 };
        let here = if exif { bytes.get_mut(prefix..).is_some_and(tiff::strip) } else { xmp::strip(&mut bytes) };
        if here {
            file.write(content, &bytes)?;
            changed = true;
        }
    }
    Ok(changed)
}
