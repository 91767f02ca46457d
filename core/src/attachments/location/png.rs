//! PNG: chunks of a length, a type, the content and a check sum.

use std::io;

use super::{super::window::Window, BLANK, MAX_METADATA, blank, read, tiff, xmp};

/// What a blanked chunk is called: by its letters' cases optional, private, and safe to copy. Nobody reads it.
const NOBODYS: [u8; 4] = *b"voId";

/// Where the first chunk stands.
const FIRST: u64 = 8;

pub(super) fn strip(file: &mut Window<'_>) -> io::Result<bool> {
    let mut changed = false;
    let mut at = FIRST;
    while let Some([a, b, c, d, kind @ ..]) = file.array::<8>(at)? {
        let length = u64::from(u32::from_be_bytes([a, b, c, d]));
        let content = at.saturating_add(8);
        changed |= match &kind {
            b"IEND" => return Ok(changed),
            b"eXIf" => edit(file, at, kind, length, tiff::strip)?,
            b"iTXt" | b"tEXt" | b"zTXt" => text(file, at, kind, length)?,
            _ => false,
        };
        at = content.saturating_add(length).saturating_add(4);
    }
    Ok(changed)
}

/// Words: XMP in the clear is edited; compressed, or EXIF as some programs write it into words, it goes whole.
fn text(file: &mut Window<'_>, at: u64, kind: [u8; 4], length: u64) -> io::Result<bool> {
    let head = file.bytes(at.saturating_add(8), usize::try_from(length.min(64)).unwrap_or(64))?;
    if head.starts_with(b"Raw profile type ") {
        return wipe(file, at, length);
    }
    let Some(rest) = head.strip_prefix(b"XML:com.adobe.xmp\0") else { return Ok(false) };
    if kind == *b"iTXt" && rest.first() == Some(&0) {
        return edit(file, at, kind, length, xmp::strip);
    }
    wipe(file, at, length)
}

fn edit(file: &mut Window<'_>, at: u64, kind: [u8; 4], length: u64, strip: fn(&mut [u8]) -> bool) -> io::Result<bool> {
    if length > MAX_METADATA {
        return wipe(file, at, length);
    }
    let content = at.saturating_add(8);
    let mut bytes = read(file, content, length)?;
    if !strip(&mut bytes) {
        return Ok(false);
    }
    file.write(content, &bytes)?;
    let sum = crc(crc(CRC_START, &kind), &bytes) ^ CRC_START;
    // A file that ends before has no sum to be right.
    let end = content.saturating_add(length);
    if file.array::<4>(end)?.is_some() {
        file.write(end, &sum.to_be_bytes())?;
    }
    Ok(true)
}

/// Blanks a chunk whole, unless the file ends within it.
fn wipe(file: &mut Window<'_>, at: u64, length: u64) -> io::Result<bool> {
    let content = at.saturating_add(8);
    let end = content.saturating_add(length);
    if end.saturating_add(4) > file.len()? {
        blank(file, content, length)?;
        return Ok(true);
    }
    file.write(at.saturating_add(4), &NOBODYS)?;
    blank(file, content, length)?;
    let mut sum = crc(CRC_START, &NOBODYS);
    let mut left = length;
    while left > 0 {
        let part = usize::try_from(left).unwrap_or(BLANK.len()).min(BLANK.len());
        sum = crc(sum, BLANK.get(..part).unwrap_or_default());
        left = left.saturating_sub(u64::try_from(part).unwrap_or(u64::MAX));
    }
    file.write(end, &(sum ^ CRC_START).to_be_bytes())?;
    Ok(true)
}

const CRC_START: u32 = u32::MAX;

/// CRC-32 bit by bit: a table would weigh a kilobyte, and this runs over a few.
pub(super) fn crc(sum: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(sum, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 })
    })
}
