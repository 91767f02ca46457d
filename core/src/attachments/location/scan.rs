//! The bytes of a JPEG, and other bytes without a structure that tells where metadata stands, searched for it.
//!
//! The whole is searched rather than a JPEG's segments walked: phones append a second picture, a film (a motion photo)
//! and lists of their own. Within a picture's data the two bytes that begin a segment can't stand by themselves.

use super::{
    MAX_METADATA, bmff,
    file::{File, Outcome, Span, index},
    iptc, tiff, xmp,
};

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
/// XMP that is too long for a segment, followed by who it belongs to (32), its length and this part's place in it.
const MORE_XMP: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
const MORE_XMP_HEAD: u64 = 75;

/// Samsung's phones note in which country a photo was taken: three digits behind these words.
const COUNTRY: &[u8] = b"MCC_Data";

/// How long IPTC is that stands by itself.
const MAX_FIELDS: u64 = 64 << 10;

/// How XMP begins and ends, wherever it stands.
const PACKET: &[u8] = b"<x:xmpmeta";
const PACKET_END: &[u8] = b"</x:xmpmeta";

/// How much of a find tells what it is.
const HEAD: usize = 48;

/// How much is searched at a time.
const STEP: usize = 32 << 10;

/// How long XMP in several segments may be to be put together. Depth maps make it long; past this it is blanked whole.
const MAX_XMP: u64 = 8 << 20;

/// Takes the location out of all metadata that is found in the span.
pub(super) fn scan(file: &mut File<'_>, span: Span) -> Outcome {
    let mut parts = Vec::new();
    let mut at = span.start;
    while at < span.end {
        let want = usize::try_from(span.end - at).unwrap_or(STEP).min(STEP);
        let part = file.peek(at, want)?;
        let Some(found) =
            part.iter().zip(part.get(1..).unwrap_or_default()).position(|pair| may_begin(*pair.0, *pair.1))
        else {
            // The last byte may be the first of two.
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            if length <= 1 {
                break;
            }
            at = at.saturating_add(length - 1);
            continue;
        };
        at = at.saturating_add(u64::try_from(found).unwrap_or(u64::MAX));
        at = look_at(file, Span::new(at, span.end), span, &mut parts)?.max(at.saturating_add(1));
    }
    put_together(file, parts)
}

fn may_begin(first: u8, second: u8) -> bool {
    matches!(
        (first, second),
        (0xff, 0xe1 | 0xeb | 0xed) | (b'f', b't') | (b'I', b'I') | (b'M', b'M' | b'C') | (b'<', b'x') | (0x1c, 2)
    )
}

/// A part of XMP that stands in several segments.
struct Part {
    of: Vec<u8>,
    offset: u32,
    place: Span,
}

/// Looks at what begins with `here`; gives where to go on.
fn look_at(file: &mut File<'_>, here: Span, all: Span, parts: &mut Vec<Part>) -> Outcome<u64> {
    let want = usize::try_from(here.len()).unwrap_or(HEAD).min(HEAD);
    let head = file.bytes(here.start, want)?.to_vec();
    match head.as_slice() {
        [0xff, marker, length @ ..] if length.len() >= 2 => {
            let length = length.first_chunk::<2>().map_or(0, |length| u64::from(u16::from_be_bytes(*length)));
            let segment = here.part(4, length.saturating_sub(2));
            let content = head.get(4..).unwrap_or_default();
            let known = match marker {
                0xe1 => app1(file, segment, content, parts)?,
                0xeb => credentials(file, segment, content)?,
                _ if content.starts_with(iptc::SEGMENT) => {
                    let length = u64::try_from(iptc::SEGMENT.len()).unwrap_or(u64::MAX);
                    iptc::resources(file, segment.skip(length))?;
                    true
                }
                _ => false,
            };
            Ok(if known { segment.end } else { here.start.saturating_add(2) })
        }
        [b'I', b'I', b'*', 0, 8, 0, 0, 0, ..] | [b'M', b'M', 0, b'*', 0, 0, 0, 8, ..] => {
            // It need not be one: nothing is blanked but what it points at.
            match tiff::strip(file, here, false) {
                Err(super::Failure::Unremovable(_)) | Ok(()) => Ok(here.start.saturating_add(8)),
                Err(error) => Err(error),
            }
        }
        [b'f', b't', b'y', b'p', ..] if here.start >= all.start.saturating_add(4) => {
            let start = here.start.saturating_sub(4);
            let size = file.array::<4>(start, all)?.map_or(0, u32::from_be_bytes);
            if !(8..=4_096).contains(&size) || size % 4 != 0 {
                return Ok(here.start);
            }
            file.deeper(|file| bmff::within(file, Span::new(start, all.end)))
        }
        head if head.starts_with(COUNTRY) => {
            let length = u64::try_from(COUNTRY.len()).unwrap_or(u64::MAX);
            let digits = here.part(length, 3);
            file.edit(digits, 0, |digits| {
                let is_code = digits.iter().all(u8::is_ascii_digit) && digits != b"000";
                if is_code {
                    digits.fill(b'0');
                }
                is_code
            })?;
            Ok(digits.end)
        }
        // Some programs append lists of their own, with IPTC in them.
        head if head.starts_with(iptc::FIRST) => {
            let bytes = file.read(here.part(0, MAX_FIELDS))?.unwrap_or_default();
            let fields = here.part(0, u64::try_from(iptc::extent(&bytes)).unwrap_or(0));
            file.edit(fields, 0, iptc::strip)?;
            Ok(fields.end)
        }
        head if head.starts_with(PACKET) => {
            let text = here.part(0, MAX_METADATA);
            let bytes = file.read(text)?.unwrap_or_default();
            let end = bytes.windows(PACKET_END.len()).position(|window| window == PACKET_END);
            // Without an end it goes on as long as there is text.
            let end = end.or_else(|| bytes.iter().position(|byte| matches!(byte, 0..=8 | 0xff)));
            let packet = text.part(0, end.and_then(|end| u64::try_from(end).ok()).unwrap_or(text.len()));
            file.edit(packet, b' ', xmp::strip)?;
            Ok(packet.end)
        }
        _ => Ok(here.start),
    }
}

/// Exif and XMP; gives whether it was either.
fn app1(file: &mut File<'_>, segment: Span, content: &[u8], parts: &mut Vec<Part>) -> Outcome<bool> {
    let skip = |name: &[u8]| segment.skip(u64::try_from(name.len()).unwrap_or(u64::MAX));
    if content.starts_with(EXIF) {
        tiff::embedded(file, skip(EXIF))?;
    } else if content.starts_with(XMP) {
        file.edit(skip(XMP), b' ', xmp::strip)?;
    } else if content.starts_with(MORE_XMP) {
        let place = segment.skip(MORE_XMP_HEAD);
        let name = u64::try_from(MORE_XMP.len()).unwrap_or(u64::MAX);
        let head = file.read(segment.part(name, MORE_XMP_HEAD - name))?.unwrap_or_default();
        let offset = head.get(36..40).and_then(|offset| offset.try_into().ok()).map(u32::from_be_bytes);
        match offset {
            Some(offset) => parts.push(Part { of: head.get(..32).unwrap_or_default().to_vec(), offset, place }),
            None => file.fill(place, b' ')?,
        }
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// Content credentials repeat what the photo's metadata said, in a form that can't be edited without breaking their
/// seal: they go whole. Behind two letters and two numbers the box's kind stands in each segment.
fn credentials(file: &mut File<'_>, segment: Span, content: &[u8]) -> Outcome<bool> {
    let is_one = content.starts_with(b"JP") && content.get(12..16) == Some(b"jumb");
    if is_one {
        file.blank(segment.skip(16))?;
    }
    Ok(is_one)
}

/// XMP in several segments is edited as one, for a value may stand astride two of them.
fn put_together(file: &mut File<'_>, mut parts: Vec<Part>) -> Outcome {
    parts.sort_by(|one, other| one.of.cmp(&other.of).then(one.offset.cmp(&other.offset)));
    for packet in parts.chunk_by(|one, other| one.of == other.of) {
        let length = packet.iter().fold(0_u64, |sum, part| sum.saturating_add(part.place.len()));
        if length > MAX_XMP {
            for part in packet {
                file.fill(part.place, b' ')?;
            }
            continue;
        }
        let mut bytes = Vec::new();
        for part in packet {
            debug_assert!(part.place.len() <= MAX_METADATA, "a segment is short");
            bytes.extend(file.read(part.place)?.unwrap_or_default());
        }
        if !xmp::strip(&mut bytes) {
            continue;
        }
        let mut from = 0_u64;
        for part in packet {
            let end = from.saturating_add(part.place.len());
            let bytes = index(from..end).and_then(|range| bytes.get(range)).unwrap_or_default();
            file.write(part.place.start, bytes)?;
            from = end;
        }
    }
    Ok(())
}
