//! Uploaded files: what Chatwoot says of them, and what a picture's header says.

use bytes::Bytes;

use crate::state::{State, tables::Attachment};

/// The width of a thumbnail in pixels: `resize_to_fill: [250, nil]` of Chatwoot's `Attachment#thumb_url`.
const THUMBNAIL: u32 = 250;

/// Content types that the desk calls images.
const IMAGES: [&str; 6] = ["image/jpeg", "image/jpg", "image/png", "image/gif", "image/bmp", "image/webp"];

/// A file as it came in.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) content_type: Option<String>,
    pub(crate) bytes: Bytes,
}

impl State {
    /// Keeps a file's bytes and describes it. Nothing is checked: an API inbox takes any type and size.
    pub(crate) fn keep_file(&mut self, file: Upload) -> Attachment {
        let content_type = file.content_type.unwrap_or_else(|| guess(&file.name).to_owned());
        let name = sanitized(&file.name);
        let attachment = Attachment {
            id: self.next_attachment_id(),
            key: self.random.token(),
            file_type: file_type(&content_type).to_owned(),
            size: u64::try_from(file.bytes.len()).unwrap_or(u64::MAX),
            name,
            content_type,
            // A job measures pictures later.
            width: None,
            height: None,
        };
        self.blobs.put(&attachment.key, file.bytes);
        attachment
    }

    /// The attachment whose bytes are under `key`.
    pub(crate) fn attachment(&self, key: &str) -> Option<Attachment> {
        let mut attachments = self.tables.messages.values().flat_map(|message| &message.attachments);
        attachments.find(|attachment| attachment.key == key).cloned()
    }
}

/// What Rack and Active Storage make of a file's name: its folders are taken off, and some characters are replaced.
fn sanitized(name: &str) -> String {
    let replaced = |c| {
        matches!(
            c,
            '\u{202e}' | '%' | '$' | '|' | ':' | ';' | '/' | '<' | '>' | '?' | '*' | '"' | '\t' | '\r' | '\n' | '\\'
        )
    };
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    name.trim().chars().map(|c| if replaced(c) { '-' } else { c }).collect()
}

/// The five kinds of picture that the desk shows are images; HEIC, AVIF and SVG are files.
fn file_type(content_type: &str) -> &'static str {
    match content_type.split('/').next() {
        Some("image") if IMAGES.contains(&content_type) => "image",
        Some("audio") => "audio",
        Some("video") => "video",
        _ => "file",
    }
}

fn guess(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "mp4" => "video/mp4",
        "mp3" => "audio/mpeg",
        "pdf" => "application/pdf",
        "txt" => "text/plain",
        _ => "application/octet-stream",
    }
}

/// Width and height from the header of a PNG or JPEG.
pub(crate) fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some((big_endian(bytes.get(16..20)?), big_endian(bytes.get(20..24)?)));
    }
    let mut rest = bytes.strip_prefix(b"\xff\xd8")?;
    // JPEG: walk the segments to the frame header (C0 to CF, less the three that are no frames).
    loop {
        let (marker, length) = (*rest.get(1)?, usize::try_from(big_endian(rest.get(2..4)?)).ok()?);
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            return Some((big_endian(rest.get(7..9)?), big_endian(rest.get(5..7)?)));
        }
        rest = rest.get(length + 2..)?;
    }
}

/// The small version of a picture that the desk makes when it is asked for: as wide as [`THUMBNAIL`], of the same format.
/// `None` where it can't be made, of bytes that are no picture for example. Takes a moment.
pub(crate) fn thumbnail(picture: &[u8]) -> Option<Vec<u8>> {
    let format = image::guess_format(picture).ok()?;
    let image = image::load_from_memory_with_format(picture, format).ok()?;
    let height = u64::from(image.height()) * u64::from(THUMBNAIL) / u64::from(image.width()).max(1);
    let small = image.thumbnail_exact(THUMBNAIL, u32::try_from(height).ok()?.max(1));
    let mut bytes = Vec::new();
    small.write_to(&mut std::io::Cursor::new(&mut bytes), format).ok()?;
    Some(bytes)
}

fn big_endian(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_tells_its_size_in_its_header() {
        let png = [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), &[0, 0, 1, 2, 0, 0, 0, 9]].concat();
        assert_eq!(dimensions(&png), Some((258, 9)));
        let jpeg = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 17, 8, 0, 7, 0, 5];
        assert_eq!(dimensions(&jpeg), Some((5, 7)));
        assert_eq!(dimensions(b"hello"), None);
    }

    #[test]
    fn a_thumbnail_is_as_wide_as_the_desks_and_of_the_same_format() {
        let mut png = Vec::new();
        let picture = image::DynamicImage::new_rgb8(500, 300);
        picture.write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png).unwrap();
        assert_eq!(dimensions(&thumbnail(&png).unwrap()), Some((250, 150)));
        assert_eq!(thumbnail(b"hello"), None);
        assert_eq!(thumbnail(&png[..40]), None);
    }

    #[test]
    fn heic_avif_and_svg_are_files_and_films_and_sounds_are_what_their_type_says() {
        for (content_type, wanted) in [
            ("image/png", "image"),
            ("image/webp", "image"),
            ("image/heic", "file"),
            ("image/avif", "file"),
            ("image/svg+xml", "file"),
            ("text/html", "file"),
            ("video/mp4", "video"),
            ("audio/ogg", "audio"),
        ] {
            assert_eq!(file_type(content_type), wanted, "{content_type}");
        }
    }

    #[test]
    fn a_name_loses_what_storage_does_not_keep() {
        assert_eq!(sanitized(" a:c\"d%.png\n"), "a-c-d-.png");
        assert_eq!(sanitized("/tmp/photos/b.png"), "b.png");
        assert_eq!(sanitized("C:\\photos\\c.png"), "c.png");
        assert_eq!(sanitized("Ảnh (1).jpg"), "Ảnh (1).jpg");
    }
}
