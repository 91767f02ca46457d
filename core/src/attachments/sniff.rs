//! What a file is, by its first bytes: names and claims can be wrong.

/// How many of the first bytes are looked at.
pub(crate) const HEAD: usize = 512;

/// A file that begins like this is that; the first that fits, with where it begins.
const MAGIC: &[(usize, &[u8], &str)] = &[
    (0, b"\xff\xd8\xff", JPEG),
    (0, b"\x89PNG\r\n\x1a\n", PNG),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", WEBP),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    // The same with long offsets, and cameras' raw files that are TIFF under another number.
    (0, b"II+\0", "image/tiff"),
    (0, b"MM\0+", "image/tiff"),
    (0, b"IIRO", "image/x-olympus-orf"),
    (0, b"IIRS", "image/x-olympus-orf"),
    (0, b"MMOR", "image/x-olympus-orf"),
    (0, b"IIU\0", "image/x-panasonic-rw2"),
    (0, b"FUJIFILMCCD-RAW", "image/x-fuji-raf"),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2"),
    (0, b"8BPS", "image/vnd.adobe.photoshop"),
    (0, b"FLV\x01", "video/x-flv"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf"),
    (0, b"\0\0\x01\xba", "video/mpeg"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\x1a\x45\xdf\xa3", "video/webm"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"\x1f\x8b", "application/gzip"),
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
    ("text/plain", ".csv", "text/csv"),
    ("text/plain", ".json", "application/json"),
];

pub(crate) const JPEG: &str = "image/jpeg";
pub(crate) const PNG: &str = "image/png";
pub(crate) const WEBP: &str = "image/webp";
pub(crate) const HEIC: &str = "image/heic";
pub(crate) const AVIF: &str = "image/avif";
pub(crate) const HTML: &str = "text/html";

/// The media type. `head` is the beginning of the file, [`HEAD`] bytes or the whole; the name only refines.
pub(crate) fn media_type(head: &[u8], name: &str) -> &'static str {
    let found = by_content(head);
    let extension = crate::file_name::extension(name).to_ascii_lowercase();
    let refined = BY_EXTENSION.iter().find(|(of, ending, _)| *of == found && *ending == extension);
    refined.map_or(found, |(_, _, refined)| refined)
}

fn by_content(head: &[u8]) -> &'static str {
    let begins = |at: usize, magic: &[u8]| head.get(at..).is_some_and(|rest| rest.starts_with(magic));
    if begins(4, b"ftyp") {
        let brand = BRANDS.iter().find(|(brand, _)| begins(8, brand));
        return brand.map_or("video/mp4", |(_, media_type)| media_type);
    }
    // No text begins with a zero.
    if begins(0, &[0]) && OLD_QUICKTIME.iter().any(|kind| begins(4, kind)) {
        return "video/quicktime";
    }
    if let Some((_, _, media_type)) = MAGIC.iter().find(|(at, magic, _)| begins(*at, magic)) {
        return media_type;
    }
    if !is_text(head) {
        return "application/octet-stream";
    }
    if is_html(head) {
        HTML
    } else if head.windows(4).any(|four| four == b"<svg") {
        "image/svg+xml"
    } else {
        "text/plain"
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
            (b"%PDF-1.7", "a.exe", "application/pdf"),
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
    fn allowed_types_are_exact_or_all_of_a_kind() {
        let allowed = |list: &[&'static str]| is_allowed(PNG, list.iter().copied());
        assert!(allowed(&[]) && allowed(&["image/*"]) && allowed(&["text/plain", "image/png"]));
        assert!(!allowed(&["image/jpeg"]) && !allowed(&["video/*"]));
    }
}
