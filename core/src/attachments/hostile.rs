//! The doors that bytes of files come in by, open for fuzzing. Nothing here is for an app.

use std::io::Cursor;

use super::{location, picture, sniff, window::Window};
use crate::file_name::safe;

/// Reads bytes as a file of whatever type they begin like: type, size in pixels, and the location taken out; gives the
/// file as it then is. The length stays.
///
/// ```
/// assert_eq!(shopbell::attachments_hostile::file(b"\xff\xd8\xff\xe1"), b"\xff\xd8\xff\xe1");
/// ```
pub fn file(bytes: &[u8]) -> Vec<u8> {
    let media_type = sniff::media_type(bytes.get(..sniff::HEAD).unwrap_or(bytes), "");
    let mut medium = Cursor::new(bytes.to_vec());
    let _ = location::tracks(&mut medium, media_type);
    // Memory does not fail.
    let _ = picture::size(&mut Window::new(&mut medium), media_type);
    let _ = location::strip(&mut medium, media_type);
    medium.into_inner()
}

/// The formats that [`location`] reads bytes as.
const FORMATS: [&str; 9] = [
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/gif",
    "image/tiff",
    "image/heic",
    "video/mp4",
    "video/webm",
    "image/svg+xml",
];

/// Removes the location from bytes read as the format that `which` picks, whatever they begin like; gives the file as
/// it then is, and whether it was refused.
///
/// ```
/// assert_eq!(shopbell::attachments_hostile::location(6, b"no box"), (b"no box".to_vec(), true));
/// ```
pub fn location(which: u8, bytes: &[u8]) -> (Vec<u8>, bool) {
    let format = FORMATS.get(usize::from(which) % FORMATS.len()).copied().unwrap_or_default();
    let mut medium = Cursor::new(bytes.to_vec());
    let _ = location::tracks(&mut medium, format);
    let done = location::strip(&mut medium, format);
    (medium.into_inner(), done.is_err())
}

/// A name as it is sent and saved.
///
/// ```
/// assert_eq!(shopbell::attachments_hostile::name("../x"), "x");
/// ```
pub fn name(text: &str) -> String {
    safe(text, "file")
}
