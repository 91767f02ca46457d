//! Takes out of a photo where it was taken, in place: the file keeps its length, and every pixel.
//!
//! Cameras write it into the picture as EXIF (a small TIFF file with a table of its own for it) and as XMP (XML). A
//! JPEG holds both in `APP1` segments, a PNG in chunks with check sums, a WebP in chunks. The table's entry and the
//! values are blanked; all else (the camera, the time, how the photo is to be turned) stays.
//!
//! The readers trust nothing: every offset is looked up, never followed blindly, and each walk ends by a count of its
//! own. What makes no sense is left as it is. Other formats are not touched.

mod jpeg;
mod png;
#[cfg(test)]
pub(super) mod tests;
mod tiff;
mod webp;
mod xmp;

use std::io;

use super::{
    sniff::{JPEG, PNG, WEBP},
    window::{Medium, Window},
};

/// The largest metadata that is read to be looked through. Photos have some ten kB; what is larger is blanked whole.
const MAX_METADATA: u64 = 1 << 20;

/// How much is written at once where something is blanked whole.
const BLANK: [u8; 4096] = [0; 4096];

/// Whether a picture of this type can say where it was taken, in a way that is understood here.
pub(crate) fn can_hold(media_type: &str) -> bool {
    matches!(media_type, JPEG | PNG | WEBP)
}

/// Takes it out; gives whether anything was there.
pub(crate) fn strip(file: &mut dyn Medium, media_type: &str) -> io::Result<bool> {
    let file = &mut Window::new(file);
    match media_type {
        JPEG => jpeg::strip(file),
        PNG => png::strip(file),
        WEBP => webp::strip(file),
        _ => Ok(false),
    }
}

/// The bytes of a piece of metadata; fewer where the file ends before.
fn read(file: &mut Window<'_>, at: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut at = at;
    let end = at.saturating_add(length.min(MAX_METADATA));
    while at < end {
        let part = file.bytes(at, usize::try_from(end - at).unwrap_or(usize::MAX))?;
        if part.is_empty() {
            break;
        }
        bytes.extend_from_slice(part);
        at = at.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
    }
    Ok(bytes)
}

/// Writes zeros over a piece of the file, as far as the file goes.
fn blank(file: &mut Window<'_>, at: u64, length: u64) -> io::Result<()> {
    let end = at.saturating_add(length).min(file.len()?);
    let mut at = at;
    while at < end {
        let part = usize::try_from(end - at).unwrap_or(BLANK.len()).min(BLANK.len());
        file.write(at, BLANK.get(..part).unwrap_or_default())?;
        at = at.saturating_add(u64::try_from(part).unwrap_or(u64::MAX));
    }
    Ok(())
}
