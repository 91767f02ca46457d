//! Removes from photos and films the place where they were taken, in place: a file keeps its length, its pixels and its
//! samples, and every offset stays valid.
//!
//! | format | what is cleaned |
//! | --- | --- |
//! | JPEG | Exif, XMP (also in several segments), IPTC, content credentials; of all pictures in the file, and of a motion photo's film |
//! | PNG, WebP, GIF | Exif, XMP, IPTC, content credentials |
//! | TIFF, DNG | GPS tables, XMP, IPTC, GeoTIFF; of all pages and previews |
//! | HEIC, HEIF, AVIF | Exif and XMP items; a motion photo's film |
//! | MP4, QuickTime, 3GPP, M4A | `udta`, `meta` and `uuid` boxes; tracks of measurements, also in fragments |
//! | Matroska, WebM | tags, attached pictures |
//! | SVG | XMP |
//!
//! Coordinates and names of places are blanked; the camera, the time and how a photo is to be turned stay. Makers' own
//! notes are blanked too, except Apple's: some hold the place, each in a way of its own. What can't be read (a table
//! that is broken, a packet that is compressed) is blanked whole where it is surely metadata. Where the file's own
//! structure can't be followed, or its format is a photo's or film's that is not understood here, the location can't be
//! removed ([`Failure::Unremovable`]): what becomes of the file then is the caller's decision.
//!
//! No crate serves: those that edit metadata write the file anew, and those that read films only read them.
//!
//! Nothing is trusted: every offset is looked up within its span, each walk ends by a count of its own, and [`File`]
//! bounds the work as a whole. Films are never read whole, only their boxes' heads and tables.
//!
//! The same walks tell whether a film has pictures ([`tracks`]): one without is sound.

mod bmff;
mod file;
mod gif;
mod iptc;
mod matroska;
mod names;
mod png;
mod scan;
#[cfg(test)]
pub(crate) mod tests;
mod tiff;
mod tracks;
mod webp;
mod xmp;

use std::fs;

use super::{
    sniff::{AVIF, HEIC, JPEG, PNG, WEBP},
    window::{Medium, Untouched},
};
pub(crate) use file::Failure;
use file::{File, Outcome};
pub(crate) use tracks::{Tracks, tracks};

/// The largest metadata that is read to be looked through. Photos have some ten kB; what is larger is blanked whole.
const MAX_METADATA: u64 = 1 << 20;

/// What a file's type says about its location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// It is no photo and no film: sent as it is.
    Leave,
    /// It is cleaned.
    Clean,
    /// It is, or is called, a photo or film of a format that can't be cleaned.
    NotUnderstood,
}

/// Photos and films by name only: what is called so, and begins like nothing that is known.
const PHOTOS_AND_FILMS: [&str; 54] = [
    ".jpg", ".jpeg", ".jpe", ".png", ".apng", ".gif", ".webp", ".heic", ".heif", ".hif", ".avif", ".tif", ".tiff",
    ".dng", ".jxl", ".jp2", ".j2k", ".jxr", ".wdp", ".psd", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf",
    ".sr2", ".orf", ".rw2", ".raf", ".pef", ".srw", ".3fr", ".x3f", ".insp", ".mp4", ".m4v", ".mov", ".qt", ".3gp",
    ".3g2", ".mkv", ".webm", ".avi", ".wmv", ".asf", ".flv", ".mpg", ".mpeg", ".mts", ".m2ts", ".ts", ".insv",
];

/// What is to be done with a file of this format and name that is sent as `media_type`.
pub(crate) fn plan(format: &str, name: &str, media_type: &str) -> Plan {
    let is_seen = |media_type: &str| media_type.starts_with("image/") || media_type.starts_with("video/");
    match format {
        JPEG | PNG | WEBP | HEIC | AVIF | "image/gif" | "image/tiff" | "image/svg+xml" | "video/mp4"
        | "video/quicktime" | "video/3gpp" | "audio/mp4" | "video/webm" => Plan::Clean,
        // There is no place in it for metadata.
        "image/bmp" => Plan::Leave,
        // Or the app says so, whatever it begins like.
        _ if is_seen(format) || is_seen(media_type) => Plan::NotUnderstood,
        "application/octet-stream" => {
            let extension = crate::file_name::extension(name).to_ascii_lowercase();
            if PHOTOS_AND_FILMS.contains(&extension.as_str()) { Plan::NotUnderstood } else { Plan::Leave }
        }
        _ => Plan::Leave,
    }
}

/// Removes the location from a file of this type; gives whether any was there.
///
/// # Errors
/// [`Failure::Unremovable`] where the file may still hold it. What could be removed has been.
pub(crate) fn strip(medium: &mut dyn Medium, media_type: &str) -> Outcome<bool> {
    let file = &mut File::new(medium)?;
    match media_type {
        JPEG => {
            let all = file.all();
            scan::scan(file, all)?;
        }
        PNG => png::strip(file)?,
        WEBP => webp::strip(file)?,
        "image/gif" => gif::strip(file)?,
        "image/tiff" => tiff::whole(file)?,
        "image/svg+xml" => svg(file)?,
        "video/webm" => matroska::strip(file)?,
        HEIC | AVIF => bmff::strip(file, true)?,
        "video/mp4" | "video/quicktime" | "video/3gpp" | "audio/mp4" => bmff::strip(file, false)?,
        _ => {}
    }
    Ok(file.changed())
}

/// Whether a file of this type holds no location, nor anything else that [`strip`] would change; nothing is written.
pub(crate) fn is_clean(mut file: &fs::File, media_type: &str) -> bool {
    strip(&mut Untouched(&mut file), media_type).is_ok()
}

/// A drawing says it in XMP; photos within it are words that can't be looked into.
fn svg(file: &mut File<'_>) -> Outcome {
    let all = file.all();
    let Some(mut drawing) = file.read(all)? else {
        return Err(Failure::Unremovable("it is a drawing that is too large to be searched"));
    };
    let holds = |word: &[u8]| drawing.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word));
    if holds(b"data:image") {
        return Err(Failure::Unremovable("it is a drawing that holds a photo"));
    }
    if xmp::strip(&mut drawing) { file.write(0, &drawing) } else { Ok(()) }
}
