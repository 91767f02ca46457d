//! IPTC: numbered fields, some of which name places; in photos they stand in Photoshop's list of resources.

use super::{
    file::{File, Outcome, Span},
    tiff, xmp,
};

/// The resource of fields, those of Exif, and that of XMP.
const FIELDS: u16 = 0x0404;
const EXIF: [u16; 2] = [0x0422, 0x0423];
const XMP: u16 = 0x0424;

/// The fields of places: content location (code, name), city, part of it, province, country (code, name).
const PLACES: [u8; 7] = [26, 27, 90, 92, 95, 100, 101];

/// Every resource begins like this.
const RESOURCE: &[u8; 4] = b"8BIM";

/// Takes the location out of Photoshop's list of resources. What goes on behind the span is blanked, for it can't be
/// read in parts.
pub(super) fn resources(file: &mut File<'_>, span: Span) -> Outcome {
    let mut at = span.start;
    while let Some([a, b, c, d, id @ ..]) = file.array::<6>(at, span)? {
        // Padding, or one that was begun in another segment.
        if [a, b, c, d] != *RESOURCE {
            return if at == span.start { file.blank(span) } else { Ok(()) };
        }
        let id = u16::from_be_bytes(id);
        let name = at.saturating_add(6);
        let Some([name_length]) = file.array::<1>(name, span)? else { return Ok(()) };
        // The name, with its length before it, has an even size.
        let length_at = name.saturating_add((u64::from(name_length) + 2) & !1);
        let Some(length) = file.array::<4>(length_at, span)? else { return Ok(()) };
        let length = u64::from(u32::from_be_bytes(length));
        let content = length_at.saturating_add(4);
        let end = content.saturating_add(length);
        let value = Span::new(content.min(span.end), end.min(span.end));
        let matters = id == FIELDS || id == XMP || EXIF.contains(&id);
        if matters && end > span.end {
            return file.blank(value);
        }
        match id {
            FIELDS => file.edit(value, 0, strip)?,
            XMP => file.edit(value, b' ', xmp::strip)?,
            id if EXIF.contains(&id) => tiff::embedded(file, value)?,
            _ => {}
        }
        at = end.saturating_add(length % 2);
    }
    Ok(())
}

/// Blanks the fields of places with spaces; gives whether there were any.
pub(super) fn strip(fields: &mut [u8]) -> bool {
    let mut changed = false;
    let mut at = 0_usize;
    while let Some([0x1c, record, field, a, b]) = fields.get(at..).and_then(|rest| rest.first_chunk::<5>()).copied() {
        let length = u16::from_be_bytes([a, b]);
        let content = at.saturating_add(5);
        // A longer one tells its length in more bytes: none of a place does, so it is of no interest but where it ends.
        let end = if length & 0x8000 == 0 { content.saturating_add(usize::from(length)) } else { fields.len() };
        if record == 2 && PLACES.contains(&field) || end > fields.len() {
            let end = end.min(fields.len());
            for byte in fields.get_mut(content..end).unwrap_or_default() {
                changed |= *byte != b' ';
                *byte = b' ';
            }
        }
        at = end;
    }
    changed
}

/// How fields begin where they stand by themselves: with their version.
pub(super) const FIRST: &[u8] = &[0x1c, 2, 0, 0, 2, 0];

/// How long the fields are that begin here, as far as they are whole.
pub(super) fn extent(bytes: &[u8]) -> usize {
    let mut at = 0_usize;
    while let Some([0x1c, _, _, a, b]) = bytes.get(at..).and_then(|rest| rest.first_chunk::<5>()) {
        let end = at.saturating_add(5).saturating_add(usize::from(u16::from_be_bytes([*a, *b])));
        if end > bytes.len() {
            break;
        }
        at = end;
    }
    at
}

/// How an `APP13` segment of such resources begins.
pub(super) const SEGMENT: &[u8] = b"Photoshop 3.0\0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_places_are_blanked_and_others_stay() {
        let mut fields = b"\x1c\x02\x05\0\x05Title\x1c\x02\x5a\0\x03Hue\x1c\x02\x78\0\x04Text".to_vec();
        assert!(strip(&mut fields));
        assert_eq!(fields, b"\x1c\x02\x05\0\x05Title\x1c\x02\x5a\0\x03   \x1c\x02\x78\0\x04Text");
        assert!(!strip(&mut fields));
    }
}
