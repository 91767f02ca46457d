//! What a file is, by its first bytes: names and claims can be wrong.

use super::location::Tracks;
use crate::model::AttachmentKind;

/// How many of the first bytes are looked at.
pub(crate) const HEAD: usize = 512;

/// A file that is no text and begins like this, and goes on like that from there on, is that; the first that fits.
const MAGIC: &[(&[u8], usize, &[u8], &str)] = &[
    (b"\xff\xd8\xff", 0, b"", JPEG),
    (b"\x89PNG\r\n\x1a\n", 0, b"", PNG),
    (b"GIF8", 0, b"", "image/gif"),
    (b"RIFF", 8, b"WEBP", WEBP),
    (b"RIFF", 8, b"WAVE", "audio/wav"),
    (b"RIFF", 8, b"AVI ", "video/x-msvideo"),
    // How long its header is: at most 124. Words in an old encoding may begin like it, too.
    (b"BM", 15, b"\0\0\0", "image/bmp"),
    (b"II*\0", 0, b"", "image/tiff"),
    (b"MM\0*", 0, b"", "image/tiff"),
    // The same with long offsets, and cameras' raw files that are TIFF under another number.
    (b"II+\0", 0, b"", "image/tiff"),
    (b"MM\0+", 0, b"", "image/tiff"),
    (b"IIRO", 6, b"\0\0", "image/x-olympus-orf"),
    (b"IIRS", 6, b"\0\0", "image/x-olympus-orf"),
    (b"MMOR\0\0", 0, b"", "image/x-olympus-orf"),
    (b"IIU\0", 0, b"", "image/x-panasonic-rw2"),
    (b"FUJIFILMCCD-RAW", 0, b"", "image/x-fuji-raf"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", 0, b"", "image/jxl"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", 0, b"", "image/jp2"),
    (b"8BPS\0", 0, b"", "image/vnd.adobe.photoshop"),
    (b"FLV\x01", 0, b"", "video/x-flv"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", 0, b"", "video/x-ms-asf"),
    (b"\0\0\x01\xba", 0, b"", "video/mpeg"),
    (b"%PDF-", 0, b"", PDF),
    (b"PK\x03\x04", 0, b"", "application/zip"),
    (b"\x1a\x45\xdf\xa3", 0, b"", "video/webm"),
    (b"OggS\0", 0, b"", "audio/ogg"),
    (b"fLaC", 0, b"", "audio/flac"),
    (b"ID3\x02", 0, b"", "audio/mpeg"),
    (b"ID3\x03", 0, b"", "audio/mpeg"),
    (b"ID3\x04", 0, b"", "audio/mpeg"),
    (b"#!AMR", 0, b"", "audio/amr"),
    (b"caff\0", 0, b"", "audio/x-caf"),
    (b"FORM", 8, b"AIF", "audio/aiff"),
    (b"\x1f\x8b", 0, b"", "application/gzip"),
    // Text of two bytes a letter.
    (b"\xff\xfe", 0, b"", TEXT),
    (b"\xfe\xff", 0, b"", TEXT),
];

/// What QuickTime's files begin with from before they said what they are, behind a length.
const OLD_QUICKTIME: [&[u8]; 4] = [b"moov", b"mdat", b"wide", b"pnot"];

/// Who wrote a file of boxes says what it is; anything else of that kind is a film.
const BRANDS: &[(&[u8], &str)] = &[
    (b"heic", HEIC),
    (b"heix", HEIC),
    (b"heim", HEIC),
    (b"heis", HEIC),
    (b"hevc", HEIC),
    (b"hevx", HEIC),
    (b"mif", HEIC),
    (b"msf1", HEIC),
    (b"avif", AVIF),
    (b"avis", AVIF),
    (b"crx ", "image/x-canon-cr3"),
    (b"M4A ", "audio/mp4"),
    (b"M4B ", "audio/mp4"),
    (b"qt  ", "video/quicktime"),
    (b"3gp", "video/3gpp"),
    (b"3g2", "video/3gpp"),
];

/// Archives and texts that their name tells more about.
const BY_EXTENSION: &[(&str, &str, &str)] = &[
    ("application/zip", ".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("application/zip", ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("application/zip", ".pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    (TEXT, ".csv", "text/csv"),
    (TEXT, ".json", "application/json"),
];

pub(crate) const JPEG: &str = "image/jpeg";
pub(crate) const PNG: &str = "image/png";
pub(crate) const WEBP: &str = "image/webp";
pub(crate) const HEIC: &str = "image/heic";
pub(crate) const AVIF: &str = "image/avif";
pub(crate) const HTML: &str = "text/html";
const TEXT: &str = "text/plain";
const PDF: &str = "application/pdf";
/// Anything.
const BYTES: &str = "application/octet-stream";

/// The media type. `head` is the beginning of the file, [`HEAD`] bytes or the whole; the name only refines.
pub(crate) fn media_type(head: &[u8], name: &str) -> &'static str {
    let found = by_content(head);
    let extension = crate::file_name::extension(name).to_ascii_lowercase();
    let refined = BY_EXTENSION.iter().find(|(of, ending, _)| *of == found && *ending == extension);
    refined.map_or(found, |(_, _, refined)| refined)
}

fn by_content(head: &[u8]) -> &'static str {
    // First of all: words may begin like anything.
    if is_text(head) {
        return of_text(head);
    }
    let begins = |at: usize, magic: &[u8]| head.get(at..).is_some_and(|rest| rest.starts_with(magic));
    if begins(4, b"ftyp") {
        let brand = BRANDS.iter().find(|(brand, _)| begins(8, brand));
        return brand.map_or("video/mp4", |(_, media_type)| media_type);
    }
    if begins(0, &[0]) && OLD_QUICKTIME.iter().any(|kind| begins(4, kind)) {
        return "video/quicktime";
    }
    let known = MAGIC.iter().find(|(magic, at, more, _)| begins(0, magic) && begins(*at, more));
    known.map(|(.., media_type)| *media_type).or_else(|| frame(head)).unwrap_or(BYTES)
}

/// What begins with a frame of MPEG's: eleven bits that are set, then which version and which layer. Of layer I nobody
/// makes files.
fn frame(head: &[u8]) -> Option<&'static str> {
    let [0xff, kind, ..] = *head else { return None };
    match (kind & 0xf0, kind & 0x06) {
        (0xf0, 0) => Some("audio/aac"),
        (0xe0 | 0xf0, 2 | 4) if kind & 0x18 != 0x08 => Some("audio/mpeg"),
        _ => None,
    }
}

fn of_text(head: &[u8]) -> &'static str {
    let first_line = head.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let version = first_line.trim_ascii_end().strip_prefix(b"%PDF-");
    if version.is_some_and(|version| version.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')) {
        PDF
    } else if is_html(head) {
        HTML
    } else if head.windows(4).any(|four| four == b"<svg") {
        "image/svg+xml"
    } else {
        TEXT
    }
}

/// What a file of this format is sent as: what the app states, unless that is no type, or of another kind than the
/// content; else what the content says.
pub(crate) fn settled(format: &'static str, tracks: Tracks, stated: Option<&str>) -> String {
    let found = match (tracks, format) {
        (Tracks::Sound, "video/mp4") => "audio/mp4",
        (Tracks::Sound, "video/3gpp") => "audio/3gpp",
        (Tracks::Sound, "video/webm") => "audio/webm",
        (Tracks::Sound, "video/quicktime") => "audio/quicktime",
        _ => format,
    };
    let Some(stated) = stated else { return found.to_owned() };
    let fits = plain(stated).filter(|stated| fits(stated, found, tracks));
    fits.unwrap_or_else(|| {
        tracing::warn!(found, "the type that the app states of an attachment is none or not its content's; left out");
        found.to_owned()
    })
}

/// A type without its parameters, if it is one and says anything.
fn plain(stated: &str) -> Option<String> {
    let plain = stated.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (kind, name) = plain.split_once('/')?;
    let is_word = |word: &str| {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        (1..=127).contains(&word.len()) && word.bytes().all(is_letter)
    };
    (is_word(kind) && is_word(name) && plain != BYTES).then_some(plain)
}

/// Whether a type is of the kind that was found.
fn fits(stated: &str, found: &str, tracks: Tracks) -> bool {
    use AttachmentKind::{Audio, File, Video};
    let may_be_film = matches!(
        found,
        "video/mp4" | "video/3gpp" | "video/quicktime" | "video/webm" | "audio/mp4" | "audio/ogg" | "video/x-ms-asf"
    );
    match (AttachmentKind::of(found), AttachmentKind::of(stated)) {
        _ if found == BYTES => true,
        (Video, Audio) => may_be_film && tracks != Tracks::Pictures,
        (Audio, Video) => may_be_film && tracks != Tracks::Sound,
        // Words may be anything that is written in them, what is none is never words.
        (File, File) => found.starts_with("text/") || !stated.starts_with("text/"),
        (found, stated) => found == stated,
    }
}

/// A page for a browser: what networks answer with in place of a picture.
pub(crate) fn is_html(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let begins = |word: &[u8]| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    begins(b"<!doctype html") || begins(b"<html")
}

fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // Cut in the middle of a character.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(head.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && !text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}'))
}

/// The usual extension, for a file that has none.
pub(crate) fn usual_extension(media_type: &str) -> &'static str {
    match media_type {
        JPEG => ".jpg",
        PNG => ".png",
        WEBP => ".webp",
        HEIC => ".heic",
        AVIF => ".avif",
        "image/gif" => ".gif",
        "application/pdf" => ".pdf",
        "video/mp4" => ".mp4",
        "video/quicktime" => ".mov",
        "audio/mp4" => ".m4a",
        "audio/mpeg" => ".mp3",
        "audio/3gpp" | "video/3gpp" => ".3gp",
        "audio/webm" | "video/webm" => ".webm",
        "audio/quicktime" => ".mov",
        "text/plain" => ".txt",
        _ => "",
    }
}

/// Whether a media type is one of those allowed: `image/png`, or `image/*` for all of a kind. None listed allows all.
pub(crate) fn is_allowed<'a>(media_type: &str, mut allowed: impl Iterator<Item = &'a str>) -> bool {
    let Some(first) = allowed.next() else { return true };
    std::iter::once(first).chain(allowed).any(|pattern| match pattern.strip_suffix("/*") {
        Some(kind) => media_type.split('/').next() == Some(kind),
        None => media_type == pattern,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_tells_what_a_file_is_whatever_its_name() {
        let table: [(&[u8], &str, &str); 19] = [
            (b"\xff\xd8\xff\xe0", "a.txt", JPEG),
            (b"\x89PNG\r\n\x1a\n", "a", PNG),
            (b"RIFF\0\0\0\0WEBP", "a.jpg", WEBP),
            (b"\0\0\0\x18ftypheic", "a", HEIC),
            (b"\0\0\0\x18ftypisom", "a", "video/mp4"),
            (b"\0\0\0\x18ftyp3gp4", "a", "video/3gpp"),
            (b"\0\0\0\x08wide\0\0\x10\0mdat", "a", "video/quicktime"),
            (b"the wide road", "a", "text/plain"),
            (b"\0\0\0\x18ftypcrx ", "a", "image/x-canon-cr3"),
            (b"FLV\x01", "a", "video/x-flv"),
            (b"%PDF-1.7", "a.exe", PDF),
            (b"PK\x03\x04", "a.zip", "application/zip"),
            (b"PK\x03\x04", "Letter.DOCX", BY_EXTENSION[0].2),
            (b"hello", "a", "text/plain"),
            (b"a,b\n1,2", "a.csv", "text/csv"),
            (b"  <!DOCTYPE HTML><title>Log in", "photo.jpg", HTML),
            (b"<?xml version='1.0'?><svg>", "a", "image/svg+xml"),
            (b"\0\x01\x02", "a", "application/octet-stream"),
            (b"", "a", "application/octet-stream"),
        ];
        for (head, name, expected) in table {
            assert_eq!(media_type(head, name), expected, "{name} {head:?}");
        }
        // Cut in the middle of a letter.
        assert_eq!(media_type(&"ồ".as_bytes()[..2], "a"), "application/octet-stream");
        assert_eq!(media_type(&"aồ".as_bytes()[..3], "a"), "text/plain");
    }

    #[test]
    fn text_that_begins_like_another_format_is_text() {
        for text in [
            "BMW for sale",
            "ID3 tags",
            "PK is short",
            "GIF89a, explained",
            "II*",
            "IIRO",
            "MMORPG",
            "8BPS",
            "OggS",
            "fLaC",
            "#!AMR",
            "FUJIFILMCCD-RAW",
            "FORMAT: AIFF",
            "RIFF1234WAVE",
            "the ftypisom box",
            "12345678WEBP",
            "caffeine",
            "FLV",
            "%PDF-1.7 is what our printer makes",
            "%PDF- files",
        ] {
            assert_eq!(media_type(text.as_bytes(), "a"), TEXT, "{text}");
        }
        // In an encoding of before Unicode, and in one of two bytes a letter.
        for text in
            [&b"BMW f\xfcr 900 \x80, fast neu"[..], b"ID3-Tags f\xfcr alle", b"IIROS f\xfcr 9", b"8BPS f\xfcr 9"]
        {
            assert_eq!(media_type(text, "a"), BYTES, "{}", text.escape_ascii());
        }
        assert_eq!(media_type(b"\xff\xfeH\0i\0", "a"), TEXT);
        assert_eq!(media_type(b"%PDF-1.4 \n1 0 obj", "a"), PDF);
    }

    #[test]
    fn sound_of_every_format_is_sound() {
        let sounds: [(&[u8], &str); 12] = [
            (b"\xff\xfb\x90\x64", "audio/mpeg"),
            (b"\xff\xfa\x90\x64", "audio/mpeg"),
            (b"\xff\xe3\x18\xc4", "audio/mpeg"),
            (b"\xff\xf3\x18\xc4", "audio/mpeg"),
            (b"\xff\xfd\x90\x64", "audio/mpeg"),
            (b"ID3\x04\0\0", "audio/mpeg"),
            (b"\xff\xf1\x50", "audio/aac"),
            (b"\xff\xf8\x50", "audio/aac"),
            (b"caff\0\x01\0\0desc\0", "audio/x-caf"),
            (b"FORM\0\0\0\x10AIFFCOMM\0", "audio/aiff"),
            (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
            (b"OggS\0\x02", "audio/ogg"),
        ];
        for (head, expected) in sounds {
            assert_eq!(media_type(head, "a"), expected, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn type_that_the_app_states_is_taken_where_its_kind_is_the_contents() {
        let (unknown, sound, pictures) = (Tracks::Unknown, Tracks::Sound, Tracks::Pictures);
        for (found, tracks, stated, expected) in [
            (TEXT, unknown, "text/calendar", "text/calendar"),
            (TEXT, unknown, "application/vnd.apple.mpegurl", "application/vnd.apple.mpegurl"),
            (TEXT, unknown, "image/png", TEXT),
            (BYTES, unknown, "audio/x-own", "audio/x-own"),
            (BYTES, unknown, "text/csv", "text/csv"),
            ("application/zip", unknown, "application/epub+zip", "application/epub+zip"),
            (PDF, unknown, "text/plain", PDF),
            (PDF, unknown, "image/png", PDF),
            (PNG, unknown, "audio/mpeg", PNG),
            ("audio/mpeg", unknown, "video/mp4", "audio/mpeg"),
            ("video/mp4", unknown, "audio/mp4", "audio/mp4"),
            ("video/mp4", unknown, "Audio/WebM; codecs=opus", "audio/webm"),
            ("video/mp4", pictures, "audio/mp4", "video/mp4"),
            ("video/mp4", sound, "video/mp4", "audio/mp4"),
            ("video/3gpp", sound, "audio/amr", "audio/amr"),
            ("audio/ogg", unknown, "video/ogg", "video/ogg"),
            // No types, and one that says nothing.
            (PNG, unknown, "png", PNG),
            (PNG, unknown, "image/*", PNG),
            (PNG, unknown, "image/png\r\nx: y", PNG),
            (PNG, unknown, "image/", PNG),
            (PDF, unknown, BYTES, PDF),
        ] {
            assert_eq!(settled(found, tracks, Some(stated)), expected, "{found} {tracks:?} {stated}");
        }
        assert_eq!(settled("video/mp4", unknown, None), "video/mp4");
    }

    #[test]
    fn allowed_types_are_exact_or_all_of_a_kind() {
        let allowed = |list: &[&'static str]| is_allowed(PNG, list.iter().copied());
        assert!(allowed(&[]) && allowed(&["image/*"]) && allowed(&["text/plain", "image/png"]));
        assert!(!allowed(&["image/jpeg"]) && !allowed(&["video/*"]));
    }
}
