//! JPEG: metadata stands in `APP1` segments, of the picture and of further pictures behind it.
//!
//! The whole file is searched for them rather than the segments walked: phones append a second picture, or a film,
//! with metadata of its own. Within the picture's data the two bytes that begin a segment can't stand by themselves.

use std::io;

use super::{super::window::Window, read, tiff, xmp};

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[&[u8]] = &[b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"];

/// How much of a segment tells what it is.
const NAMES: usize = 40;

/// How much is searched at a time.
const STEP: usize = 32 << 10;

pub(super) fn strip(file: &mut Window<'_>) -> io::Result<bool> {
    let mut changed = false;
    let mut at = 0_u64;
    loop {
        let part = file.bytes(at, STEP)?;
        if part.len() < 4 {
            return Ok(changed);
        }
        let Some(found) = part.windows(2).position(|pair| pair == b"\xff\xe1") else {
            // The last byte may be the first of the two.
            at = at.saturating_add(u64::try_from(part.len() - 1).unwrap_or(u64::MAX));
            continue;
        };
        let segment = at.saturating_add(u64::try_from(found).unwrap_or(u64::MAX));
        at = segment.saturating_add(2);
        let Some(length) = file.array::<2>(at)? else { return Ok(changed) };
        let content = segment.saturating_add(4);
        let length = u64::from(u16::from_be_bytes(length)).saturating_sub(2);
        // Its beginning first: a file of nothing but such beginnings must not be read a thousand times over.
        let head = file.bytes(content, NAMES)?;
        let exif = head.starts_with(EXIF);
        if !exif && !XMP.iter().any(|name| head.starts_with(name)) {
            continue;
        }
        let mut bytes = read(file, content, length)?;
        let here = if exif { bytes.get_mut(EXIF.len()..).is_some_and(tiff::strip) } else { xmp::strip(&mut bytes) };
        if here {
            file.write(content, &bytes)?;
            changed = true;
        }
        at = content.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    }
}
