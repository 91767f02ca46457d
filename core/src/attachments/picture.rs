//! A picture's width and height, from its header: nothing is decoded.

use std::io;

use super::{
    sniff::{AVIF, HEIC, JPEG, PNG, WEBP},
    window::Window,
};

/// How many segments of a JPEG may stand before its size. A camera writes about ten; past this it is no photo.
const MAX_SEGMENTS: usize = 1_000;

/// How far into a file of boxes the size is looked for: cameras write it within the first few kB.
const BOXES: usize = 64 << 10;

/// Width and height in pixels, as they are stored: a photo may be shown turned. `None` where the header does not say.
pub(crate) fn size(file: &mut Window<'_>, media_type: &str) -> io::Result<Option<(u32, u32)>> {
    let found = match media_type {
        PNG => file
            .array::<24>(0)?
            .filter(|head| head.get(12..16) == Some(b"IHDR"))
            .and_then(|head| Some((big(head.get(16..20)?), big(head.get(20..24)?)))),
        "image/gif" => file
            .array::<10>(0)?
            .filter(|head| head.starts_with(b"GIF8"))
            .and_then(|head| Some((little(head.get(6..8)?), little(head.get(8..10)?)))),
        WEBP => webp(file.bytes(0, 30)?),
        JPEG => jpeg(file)?,
        HEIC | AVIF => boxes(file.bytes(0, BOXES)?),
        _ => None,
    };
    Ok(found.filter(|(width, height)| *width > 0 && *height > 0))
}

/// Walks the segments to the frame header: C0 to CF, less the three that are no frames.
fn jpeg(file: &mut Window<'_>) -> io::Result<Option<(u32, u32)>> {
    let mut at = 2_u64;
    for _ in 0..MAX_SEGMENTS {
        let Some([0xff, marker]) = file.array::<2>(at)? else { return Ok(None) };
        at = match marker {
            // Padding before a marker.
            0xff => at.saturating_add(1),
            0x01 | 0xd0..=0xd7 => at.saturating_add(2),
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let Some(frame) = file.array::<9>(at)? else { return Ok(None) };
                return Ok(frame.get(7..9).zip(frame.get(5..7)).map(|(width, height)| (big(width), big(height))));
            }
            // The picture itself: its size would have come before.
            0xd8..=0xda => return Ok(None),
            _ => {
                let Some(head) = file.array::<4>(at)? else { return Ok(None) };
                at.saturating_add(2).saturating_add(u64::from(big(head.get(2..4).unwrap_or_default())))
            }
        };
    }
    Ok(None)
}

fn webp(head: &[u8]) -> Option<(u32, u32)> {
    match head.get(12..16)? {
        b"VP8X" => Some((little(head.get(24..27)?) + 1, little(head.get(27..30)?) + 1)),
        b"VP8 " if head.get(23..26)? == b"\x9d\x01\x2a" => {
            Some((little(head.get(26..28)?) & 0x3fff, little(head.get(28..30)?) & 0x3fff))
        }
        b"VP8L" if *head.get(20)? == 0x2f => {
            let bits = little(head.get(21..25)?);
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        _ => None,
    }
}

/// The largest size that a HEIC or AVIF file tells: the smaller ones are its tiles' and its thumbnail's.
fn boxes(head: &[u8]) -> Option<(u32, u32)> {
    let sizes = head.windows(16).filter(|window| window.starts_with(b"ispe"));
    sizes
        .filter_map(|window| Some((big(window.get(8..12)?), big(window.get(12..16)?))))
        .max_by_key(|(width, height)| u64::from(*width) * u64::from(*height))
}

fn big(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn little(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

#[cfg(test)]
mod properties {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_have_a_size_or_none(head in 0_usize..4, bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let head: &[u8] = [&b"\xff\xd8"[..], b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"RIFF\0\0\0\0WEBPVP8X", b"ispe"][head];
            let bytes = [head, &bytes].concat();
            for media_type in [JPEG, PNG, WEBP, HEIC, "image/gif"] {
                let found = size(&mut Window::new(&mut Cursor::new(bytes.clone())), media_type).unwrap();
                prop_assert!(found.is_none_or(|(width, height)| width > 0 && height > 0));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn of(bytes: &[u8], media_type: &str) -> Option<(u32, u32)> {
        size(&mut Window::new(&mut Cursor::new(bytes.to_vec())), media_type).unwrap()
    }

    #[test]
    fn each_header_tells_its_size() {
        let png = [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), &[0, 0, 1, 2, 0, 0, 0, 9]].concat();
        assert_eq!(of(&png, PNG), Some((258, 9)));
        assert_eq!(of(b"GIF89a\x02\x01\x03\0", "image/gif"), Some((258, 3)));
        let jpeg = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xff, 0xc2, 0, 17, 8, 0, 7, 0, 5];
        assert_eq!(of(&jpeg, JPEG), Some((5, 7)));
        assert_eq!(of(b"RIFF\0\0\0\0WEBPVP8X\n\0\0\0\0\0\0\0\x03\0\0\x01\0\0", WEBP), Some((4, 2)));
        assert_eq!(of(b"RIFF\0\0\0\0WEBPVP8 \n\0\0\0\0\0\0\x9d\x01\x2a\x05\0\x06\0", WEBP), Some((5, 6)));
        // 14 bits each, less one: 9 wide, 3 high.
        let bits = (8_u32 | 2 << 14).to_le_bytes();
        let vp8l = [b"RIFF\0\0\0\0WEBPVP8L\x05\0\0\0\x2f".as_slice(), &bits, &[0; 5]].concat();
        assert_eq!(of(&vp8l, WEBP), Some((9, 3)));
        let tile = [b"ispe\0\0\0\0".as_slice(), &[0, 0, 2, 0, 0, 0, 2, 0]].concat();
        let whole = [b"ispe\0\0\0\0".as_slice(), &[0, 0, 15, 192, 0, 0, 11, 208]].concat();
        assert_eq!(of(&[tile.clone(), whole, tile].concat(), HEIC), Some((4032, 3024)));
    }

    #[test]
    fn header_without_a_size_tells_none() {
        for media_type in [PNG, JPEG, WEBP, HEIC, "image/gif", "text/plain"] {
            assert_eq!(of(b"", media_type), None);
            assert_eq!(of(&[0xff; 4096], media_type), None, "{media_type}");
            assert_eq!(of(&[0; 4096], media_type), None, "{media_type}");
        }
    }
}
