//! TIFF, as a file of its own (DNG too) and in small within photos, where it is called Exif: tables of entries that
//! point at their values.

use std::collections::BTreeSet;

use super::{
    file::{Failure, File, Outcome, Span, broken},
    iptc, scan, xmp,
};

/// The table of where the photo was taken.
const GPS: u16 = 0x8825;

/// Coordinates of maps (GeoTIFF), and content credentials, which repeat what the photo's metadata said.
const GONE: [u16; 7] = [0x830e, 0x8480, 0x8482, 0x85d8, 0x87af, 0x87b1, 0xcd41];
const GEO_DOUBLES: u16 = 0x87b0;

/// Tables below a table: of how the photo was taken, of further pictures, of profiles.
const BELOW: [u16; 4] = [0x8769, 0x014a, 0xa005, 0x0190];

const STRIP_OFFSETS: u16 = 0x0111;
const STRIP_LENGTHS: u16 = 0x0117;
const JPEG_OFFSET: u16 = 0x0201;
const JPEG_LENGTH: u16 = 0x0202;
const COMPRESSION: u16 = 0x0103;
const XMP: u16 = 0x02bc;
const IPTC: u16 = 0x83bb;
const PHOTOSHOP: u16 = 0x8649;
const DNG: u16 = 0xc612;
/// What a camera's maker keeps for itself. Some write the place into it, each in a way of its own.
const MAKERS: u16 = 0x927c;
const MAKERS_IN_DNG: u16 = 0xc634;
/// A DNG may bring the camera's own file along, compressed.
const ORIGINAL: u16 = 0xc68c;

/// How many tables are looked at: a scanner writes one for each page.
const MAX_TABLES: usize = 4_096;
/// How many entries of a table are looked at: cameras write some fifty.
const MAX_ENTRIES: u64 = 4_096;
/// How many tables an entry may point at.
const MAX_BELOW: u64 = 1_024;

/// An entry's size: tag, kind, count, value.
const ENTRY: usize = 12;

/// Takes the location out of TIFF within a photo. What can't be read as TIFF is blanked whole.
pub(super) fn embedded(file: &mut File<'_>, span: Span) -> Outcome {
    match strip(file, span, false) {
        Err(Failure::Unremovable(_)) => file.blank(span),
        done => done,
    }
}

/// Takes the location out of a TIFF file.
pub(super) fn whole(file: &mut File<'_>) -> Outcome {
    let all = file.all();
    strip(file, all, true)
}

/// Whether TIFF begins here.
pub(super) fn begins(head: &[u8]) -> bool {
    head.starts_with(b"II*\0") || head.starts_with(b"MM\0*")
}

/// Takes the location out of TIFF that begins with the span; only what it points at within the span is touched.
pub(super) fn strip(file: &mut File<'_>, span: Span, is_file: bool) -> Outcome {
    let Some(head) = file.array::<8>(span.start, span)? else { return broken() };
    if !begins(&head) {
        return broken();
    }
    let big = head.starts_with(b"MM");
    let mut tiff = Tiff { span, big, is_file, is_dng: false, tables: Vec::new(), seen: BTreeSet::new() };
    let first = tiff.long(head.get(4..).unwrap_or_default());
    if tiff.count(file, first)?.is_none() {
        return broken();
    }
    tiff.tables.push(first);
    while let Some(table) = tiff.tables.pop() {
        if !tiff.seen.insert(table) {
            continue;
        }
        if tiff.seen.len() > MAX_TABLES {
            return Err(Failure::Unremovable("it has too many tables"));
        }
        tiff.look_at(file, table)?;
    }
    Ok(())
}

struct Tiff {
    span: Span,
    big: bool,
    is_file: bool,
    is_dng: bool,
    /// Those to be looked at still.
    tables: Vec<u32>,
    seen: BTreeSet<u32>,
}

/// A picture that may be a JPEG with metadata of its own.
#[derive(Default)]
struct Picture {
    strip: Option<u32>,
    strip_length: Option<u32>,
    jpeg: Option<u32>,
    jpeg_length: Option<u32>,
    compression: u32,
}

/// An entry of a table.
#[derive(Clone, Copy)]
struct Entry {
    tag: u16,
    kind: u16,
    count: u32,
    value: [u8; 4],
}

impl Tiff {
    fn short(&self, bytes: &[u8]) -> u16 {
        let bytes = bytes.get(..2).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
        if self.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }

    fn long(&self, bytes: &[u8]) -> u32 {
        let bytes = bytes.get(..4).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
        if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }

    /// How many entries a table has; `None` where none begins there.
    fn count(&self, file: &mut File<'_>, table: u32) -> Outcome<Option<u64>> {
        let at = self.span.start.saturating_add(u64::from(table));
        let count = file.array::<2>(at, self.span)?.filter(|_| table > 0);
        Ok(count.map(|count| u64::from(self.short(&count))))
    }

    /// A table's bytes behind its count: the entries that fit, and the pointer to the next table.
    fn table(&self, file: &mut File<'_>, table: u32) -> Outcome<Option<(u64, u64, Vec<u8>)>> {
        let Some(count) = self.count(file, table)? else { return Ok(None) };
        if count > MAX_ENTRIES {
            return Err(Failure::Unremovable("one of its tables is too long"));
        }
        let size = count.saturating_mul(12).saturating_add(4);
        let place = self.span.part(u64::from(table).saturating_add(2), size);
        Ok(Some((place.start, count, file.read(place)?.unwrap_or_default())))
    }

    fn entries(&self, bytes: &[u8], count: u64) -> Vec<Entry> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let entry = |bytes: &[u8]| Entry {
            tag: self.short(bytes),
            kind: self.short(bytes.get(2..).unwrap_or_default()),
            count: self.long(bytes.get(4..).unwrap_or_default()),
            value: bytes.get(8..12).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default(),
        };
        bytes.chunks_exact(ENTRY).take(count).map(entry).collect()
    }

    /// Takes out what a table says of the location, and notes the tables that follow from it.
    fn look_at(&mut self, file: &mut File<'_>, table: u32) -> Outcome {
        let Some((place, count, bytes)) = self.table(file, table)? else { return Ok(()) };
        let entries = self.entries(&bytes, count);
        self.is_dng |= entries.iter().any(|entry| entry.tag == DNG);
        let mut gone = Vec::new();
        let mut picture = Picture::default();
        for (number, entry) in entries.iter().enumerate() {
            match entry.tag {
                GPS => {
                    self.blank_table(file, self.long(&entry.value))?;
                    gone.push(number);
                }
                tag if GONE.contains(&tag) || tag == GEO_DOUBLES => {
                    if let Some(value) = self.value(*entry) {
                        file.blank(value)?;
                    }
                    gone.push(number);
                }
                tag if BELOW.contains(&tag) => self.note(file, *entry)?,
                STRIP_OFFSETS if entry.count == 1 => picture.strip = Some(self.long(&entry.value)),
                STRIP_LENGTHS if entry.count == 1 => picture.strip_length = Some(self.number(*entry)),
                JPEG_OFFSET => picture.jpeg = Some(self.long(&entry.value)),
                JPEG_LENGTH => picture.jpeg_length = Some(self.number(*entry)),
                COMPRESSION => picture.compression = self.number(*entry),
                tag => self.look_into(file, tag, *entry)?,
            }
        }
        self.pictures(file, &picture)?;
        let next = usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(ENTRY);
        if let Some(next) = bytes.get(next..).filter(|next| next.len() >= 4) {
            self.tables.push(self.long(next));
        }
        if gone.is_empty() { Ok(()) } else { self.remove(file, place, bytes, count, &gone) }
    }

    /// What an entry holds besides tables and pictures.
    fn look_into(&self, file: &mut File<'_>, tag: u16, entry: Entry) -> Outcome {
        let Some(value) = self.value(entry) else { return Ok(()) };
        match tag {
            XMP => file.edit(value, b' ', xmp::strip),
            IPTC => file.edit(value, 0, iptc::strip),
            PHOTOSHOP => iptc::resources(file, value),
            MAKERS => {
                // Apple's tells how the photo is shown, and no place.
                if file.bytes(value.start, 9)?.starts_with(b"Apple iOS") {
                    return Ok(());
                }
                // Without it a camera's raw file can't be developed.
                if self.is_file && !self.is_dng && !file.is_blank(value)? {
                    return Err(Failure::Unremovable("it is a camera's raw file"));
                }
                file.blank(value)
            }
            MAKERS_IN_DNG => file.blank(value),
            ORIGINAL if !file.is_blank(value)? => Err(Failure::Unremovable("it holds another, compressed photo")),
            _ => Ok(()),
        }
    }

    /// Pictures that are JPEGs say it in their own segments.
    fn pictures(&self, file: &mut File<'_>, picture: &Picture) -> Outcome {
        let mut look = |start: Option<u32>, length: Option<u32>| {
            let Some((start, length)) = start.zip(length) else { return Ok(()) };
            let place = self.span.part(u64::from(start), u64::from(length));
            if file.bytes(place.start, 2)? != b"\xff\xd8" {
                return Ok(());
            }
            file.deeper(|file| scan::scan(file, place))
        };
        look(picture.jpeg, picture.jpeg_length)?;
        if matches!(picture.compression, 6 | 7 | 34_892) {
            look(picture.strip, picture.strip_length)?;
        }
        Ok(())
    }

    /// Notes the tables that an entry points at.
    fn note(&mut self, file: &mut File<'_>, entry: Entry) -> Outcome {
        if entry.count <= 1 {
            self.tables.push(self.long(&entry.value));
            return Ok(());
        }
        if u64::from(entry.count) > MAX_BELOW {
            return Err(Failure::Unremovable("it has too many tables"));
        }
        let list = self.span.part(u64::from(self.long(&entry.value)), u64::from(entry.count).saturating_mul(4));
        let bytes = file.read(list)?.unwrap_or_default();
        let offsets: Vec<u32> = bytes.chunks_exact(4).map(|offset| self.long(offset)).collect();
        self.tables.extend(offsets);
        Ok(())
    }

    /// A number that stands in the entry itself.
    fn number(&self, entry: Entry) -> u32 {
        if entry.kind == 3 { u32::from(self.short(&entry.value)) } else { self.long(&entry.value) }
    }

    /// Where an entry's value is, if it is too long to stand in the entry itself.
    fn value(&self, entry: Entry) -> Option<Span> {
        let size = match entry.kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            _ => 8,
        };
        let length = u64::from(entry.count).saturating_mul(size);
        let offset = self.long(&entry.value);
        (length > 4 && offset > 0).then(|| self.span.part(u64::from(offset), length))
    }

    /// Zeros over a table and its values.
    fn blank_table(&self, file: &mut File<'_>, table: u32) -> Outcome {
        let Some((place, count, bytes)) = self.table(file, table)? else { return Ok(()) };
        for entry in self.entries(&bytes, count) {
            if let Some(value) = self.value(entry) {
                if value.len() > super::MAX_METADATA {
                    return broken();
                }
                file.blank(value)?;
            }
        }
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        file.blank(Span::new(place.saturating_sub(2), place.saturating_add(length)))
    }

    /// Takes entries out of a table: those behind them, and the pointer to the next table, move up.
    fn remove(&self, file: &mut File<'_>, place: u64, bytes: Vec<u8>, count: u64, gone: &[usize]) -> Outcome {
        let mut kept = Vec::with_capacity(bytes.len());
        for (number, entry) in bytes.chunks(ENTRY).enumerate() {
            if !gone.contains(&number) {
                kept.extend_from_slice(entry);
            }
        }
        kept.resize(bytes.len(), 0);
        file.write(place, &kept)?;
        let left = count.saturating_sub(u64::try_from(gone.len()).unwrap_or(u64::MAX));
        let left = u16::try_from(left).unwrap_or_default();
        file.write(place.saturating_sub(2), &if self.big { left.to_be_bytes() } else { left.to_le_bytes() })
    }
}
