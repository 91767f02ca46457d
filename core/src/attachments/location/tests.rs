//! Photos made by hand, of every byte order, with the location in every place where a camera may put it.

mod boxes;
mod held;
mod others;
mod properties;
mod real;

use std::io::Cursor;

use super::*;

const TIFF: &str = "image/tiff";
const LATITUDE: &[u8] = b"LATITUDE LONGITUDE VALUES";

/// EXIF with a camera's name, a location of two entries, and a second table.
pub(super) fn exif(big: bool) -> Vec<u8> {
    let short = |n: u16| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let long = |n: u32| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [&short(tag)[..], &short(kind), &long(count), &long(value)].concat()
    };
    let mut bytes = if big { b"MM\0*".to_vec() } else { b"II*\0".to_vec() };
    bytes.extend(long(8));
    // The first table at 8: make, location, date; then at 50 the second, empty one of a thumbnail.
    bytes.extend(short(3));
    bytes.extend(entry(0x010f, 2, 6, 56));
    bytes.extend(entry(GPS_TAG, 4, 1, 62));
    bytes.extend(entry(0x0132, 2, 4, 0x6162_6300));
    bytes.extend(long(50));
    assert_eq!(bytes.len(), 50);
    bytes.extend(short(0));
    bytes.extend(long(0));
    bytes.extend(b"Nikon\0");
    assert_eq!(bytes.len(), 62);
    bytes.extend(short(2));
    bytes.extend(entry(1, 2, 2, 0x4e00_0000));
    bytes.extend(entry(2, 5, 3, 92));
    bytes.extend(long(0));
    assert_eq!(bytes.len(), 92);
    bytes.extend(&LATITUDE[..24]);
    bytes
}

const GPS_TAG: u16 = 0x8825;
const XMP: &str = r#"<x:xmpmeta><rdf:Description exif:GPSLatitude="48,51.5N" tiff:Make='Nikon'>
<exif:GPSLongitude>2,17.6E</exif:GPSLongitude><xmp:Rating>5</xmp:Rating></rdf:Description></x:xmpmeta>"#;

fn segment(content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    [b"\xff\xe1", &u16::try_from(content.len() + 2).unwrap().to_be_bytes()[..], &content].concat()
}

fn jpeg(big: bool) -> Vec<u8> {
    let mut bytes = b"\xff\xd8".to_vec();
    bytes.extend(segment(&[b"Exif\0\0", &exif(big)]));
    bytes.extend(segment(&[b"http://ns.adobe.com/xap/1.0/\0", XMP.as_bytes()]));
    bytes.extend(b"\xff\xc0\0\x11\x08\0\x07\0\x05\x03\xff\xda");
    bytes.extend([7; 200_000]);
    bytes.extend(b"\xff\xd9\xff\xd8");
    // A second picture behind the first, as phones write it.
    bytes.extend(segment(&[b"Exif\0\0", &exif(!big)]));
    bytes.extend(b"\xff\xd9");
    bytes
}

/// A photo that says where it was taken, 5 by 7 pixels, for tests of what stands above this. The location's values
/// hold the word `LATITUDE`.
pub(crate) fn photo_with_location() -> Vec<u8> {
    jpeg(true)
}

fn chunk(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let sum = png::crc(png::crc(u32::MAX, kind), content) ^ u32::MAX;
    [&u32::try_from(content.len()).unwrap().to_be_bytes()[..], kind, content, &sum.to_be_bytes()].concat()
}

fn png() -> Vec<u8> {
    let xmp = [b"XML:com.adobe.xmp\0\0\0\0\0", XMP.as_bytes()].concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &[0, 0, 0, 4, 0, 0, 0, 3, 8, 6, 0, 0, 0]),
        chunk(b"eXIf", &exif(true)),
        chunk(b"iTXt", &xmp),
        chunk(b"zTXt", &[b"Raw profile type exif\0\0".as_slice(), LATITUDE].concat()),
        chunk(b"IDAT", &[9; 5_000]),
        chunk(b"IEND", b""),
    ]
    .concat()
}

fn webp() -> Vec<u8> {
    let chunk = |kind: &[u8], content: &[u8]| {
        let pad: &[u8] = if content.len() % 2 == 1 { b"\0" } else { b"" };
        [kind, &u32::try_from(content.len()).unwrap().to_le_bytes(), content, pad].concat()
    };
    let exif = [b"Exif\0\0".to_vec(), exif(false)].concat();
    let chunks = [
        chunk(b"VP8X", b"\x0c\0\0\0\x03\0\0\x01\0\0"),
        chunk(b"VP8 ", &[9; 4_001]),
        chunk(b"EXIF", &exif),
        chunk(b"XMP ", XMP.as_bytes()),
    ]
    .concat();
    [b"RIFF", &u32::try_from(chunks.len() + 4).unwrap().to_le_bytes()[..], b"WEBP", &chunks].concat()
}

fn stripped(bytes: &[u8], media_type: &str) -> (Vec<u8>, bool) {
    let mut medium = Cursor::new(bytes.to_vec());
    let changed = strip(&mut medium, media_type).unwrap();
    (medium.into_inner(), changed)
}

/// Why the location can't be removed.
fn refusal(bytes: &[u8], media_type: &str) -> &'static str {
    match strip(&mut Cursor::new(bytes.to_vec()), media_type) {
        Err(Failure::Unremovable(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn holds(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

#[test]
fn location_goes_from_everywhere_and_all_else_stays() {
    for (bytes, media_type) in [(jpeg(false), JPEG), (jpeg(true), JPEG), (png(), PNG), (webp(), WEBP)] {
        let (after, changed) = stripped(&bytes, media_type);
        assert!(changed && after.len() == bytes.len(), "{media_type}");
        for word in [&b"LATITUDE"[..], b"48,51.5N", b"2,17.6E"] {
            assert!(holds(&bytes, &word[..5]) && !holds(&after, word), "{media_type} {}", word.escape_ascii());
        }
        for word in [&b"Nikon\0"[..], b"tiff:Make='Nikon'", b"<xmp:Rating>5<", b"exif:GPSLongitude>"] {
            assert!(holds(&after, word), "{media_type} lost {}", word.escape_ascii());
        }
        // Pixels are where they were.
        for byte in [7_u8, 9] {
            let count = |bytes: &[u8]| bytes.iter().filter(|found| **found == byte).count();
            assert!(count(&bytes) - count(&after) < 20, "{media_type}");
        }
        assert_eq!(stripped(&after, media_type), (after, false), "{media_type}: once is enough");
    }
}

#[test]
fn table_without_its_entry_is_still_a_table() {
    for big in [false, true] {
        let (bytes, changed) = stripped(&exif(big), TIFF);
        assert!(changed);
        let count = if big { &[0, 2] } else { &[2, 0] };
        assert_eq!(&bytes[8..10], count);
        // The entries that stay, and the pointer to the next table, moved up.
        let date: [u8; 2] = if big { [0x01, 0x32] } else { [0x32, 0x01] };
        assert_eq!(bytes[22..24], date);
        let next: [u8; 4] = if big { [0, 0, 0, 50] } else { [50, 0, 0, 0] };
        assert_eq!(bytes[34..38], next);
        assert_eq!(bytes[38..50], [0; 12]);
        assert_eq!(bytes[62..116], [0; 54]);
    }
}

#[test]
fn check_sums_of_changed_chunks_are_right() {
    let (after, _) = stripped(&png(), PNG);
    let mut at = 8;
    let mut kinds = Vec::new();
    while at < after.len() {
        let length = u32::from_be_bytes(after[at..at + 4].try_into().unwrap()) as usize;
        let end = at + 8 + length;
        let sum = png::crc(u32::MAX, &after[at + 4..end]) ^ u32::MAX;
        assert_eq!(after[end..end + 4], sum.to_be_bytes());
        kinds.push(String::from_utf8_lossy(&after[at + 4..at + 8]).into_owned());
        at = end + 4;
    }
    assert_eq!(kinds, ["IHDR", "eXIf", "iTXt", "voId", "IDAT", "IEND"]);
}

#[test]
fn huge_metadata_is_blanked_whole() {
    let huge = vec![b'G'; usize::try_from(MAX_METADATA).unwrap() + 1];
    let bytes = [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"eXIf", &huge), chunk(b"IEND", b"")].concat();
    let (after, changed) = stripped(&bytes, PNG);
    assert!(changed && after.len() == bytes.len());
    assert_eq!(after.iter().filter(|byte| **byte == b'G').count(), 1, "the signature's own");
}

#[test]
fn tables_that_bite_their_tails_end() {
    let mut bytes = exif(false);
    bytes[46..50].copy_from_slice(&8_u32.to_le_bytes());
    assert!(stripped(&bytes, TIFF).1);
    // A location that lies over the first table itself.
    let mut bytes = exif(false);
    bytes[30..34].copy_from_slice(&8_u32.to_le_bytes());
    assert!(stripped(&bytes, TIFF).1);
}
