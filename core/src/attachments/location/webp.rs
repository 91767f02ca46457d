//! WebP: chunks of a type, a length and the content, each begun at an even place.

use super::{
    file::{File, Outcome, Span},
    scan, tiff, xmp,
};

/// Where the first chunk stands, less eight: the length there counts from that place.
const LENGTH: u64 = 4;
const FIRST: u64 = 12;

pub(super) fn strip(file: &mut File<'_>) -> Outcome {
    let all = file.all();
    let length = file.array::<4>(LENGTH, all)?.map_or(0, u32::from_le_bytes);
    let inside = Span::new(0, u64::from(length).saturating_add(8).min(all.end));
    let mut at = FIRST;
    while let Some([a, b, c, d, length @ ..]) = file.array::<8>(at, inside)? {
        let length = u64::from(u32::from_le_bytes(length));
        let content = at.saturating_add(8);
        let chunk = Span::new(content, content.saturating_add(length).min(all.end));
        match &[a, b, c, d] {
            b"EXIF" => {
                // Some programs begin it as in a JPEG.
                let prefix = if file.bytes(content, 6)? == b"Exif\0\0" { 6 } else { 0 };
                tiff::embedded(file, chunk.skip(prefix))?;
            }
            b"XMP " => file.edit(chunk, b' ', xmp::strip)?,
            // Content credentials.
            b"C2PA" => file.blank(chunk)?,
            _ => {}
        }
        at = content.saturating_add(length).saturating_add(length % 2);
    }
    scan::scan(file, all.skip(at.min(inside.end)))
}
