//! EXIF: a TIFF file in small, tables of entries that point at their values.

/// The table of where the photo was taken.
const GPS: u16 = 0x8825;
/// Tables below a table: of how the photo was taken, and of further pictures.
const BELOW: [u16; 2] = [0x8769, 0x014a];
/// XMP within EXIF.
const XMP: u16 = 0x02bc;

/// How many tables are looked at: cameras write up to five. A chain that bites its tail ends here.
const MAX_TABLES: usize = 16;

/// An entry's size: tag, kind, count, value.
const ENTRY: usize = 12;

/// Takes the location out of a TIFF file; gives whether anything was there.
pub(super) fn strip(bytes: &mut [u8]) -> bool {
    let big = match bytes.get(..4) {
        Some(b"II*\0") => false,
        Some(b"MM\0*") => true,
        _ => return false,
    };
    let mut tiff = Tiff { bytes, big };
    let mut tables = vec![tiff.offset(4)];
    let mut changed = false;
    for visited in 0..MAX_TABLES {
        let Some(table) = tables.get(visited).copied() else { break };
        let Some(table) = table else { continue };
        changed |= tiff.look_at(table, &mut tables);
    }
    changed
}

struct Tiff<'a> {
    bytes: &'a mut [u8],
    big: bool,
}

impl Tiff<'_> {
    fn short(&self, at: usize) -> Option<u16> {
        let bytes = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn long(&self, at: usize) -> Option<u32> {
        let bytes = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn offset(&self, at: usize) -> Option<usize> {
        usize::try_from(self.long(at)?).ok().filter(|offset| *offset > 0)
    }

    fn set_short(&mut self, at: usize, value: u16) {
        let bytes = if self.big { value.to_be_bytes() } else { value.to_le_bytes() };
        if let Some(place) = at.checked_add(2).and_then(|end| self.bytes.get_mut(at..end)) {
            place.copy_from_slice(&bytes);
        }
    }

    /// Where the entries of a table stand: as many as it says and as fit.
    fn entries(&self, table: usize) -> impl Iterator<Item = usize> + use<> {
        let room = self.bytes.len().saturating_sub(table.saturating_add(2)) / ENTRY;
        let count = self.short(table).map_or(0, usize::from).min(room);
        (0..count).map(move |number| table.saturating_add(2).saturating_add(number.saturating_mul(ENTRY)))
    }

    /// Takes out what a table says of the location, and notes the tables that follow from it.
    fn look_at(&mut self, table: usize, tables: &mut Vec<Option<usize>>) -> bool {
        let mut changed = false;
        let mut gone = Vec::new();
        for entry in self.entries(table) {
            match self.short(entry) {
                Some(GPS) => {
                    if let Some(gps) = self.offset(entry.saturating_add(8)) {
                        self.blank_table(gps);
                    }
                    gone.push(entry);
                }
                Some(XMP) => {
                    if let Some(range) = self.value(entry)
                        && let Some(packet) = self.bytes.get_mut(range)
                    {
                        changed |= super::xmp::strip(packet);
                    }
                }
                Some(tag) if BELOW.contains(&tag) => tables.push(self.offset(entry.saturating_add(8))),
                _ => {}
            }
        }
        if let Some(last) = self.entries(table).last() {
            tables.push(self.offset(last.saturating_add(ENTRY)));
        }
        // From the last on, so that those before stay where they are.
        for entry in gone.into_iter().rev() {
            self.remove(table, entry);
            changed = true;
        }
        changed
    }

    /// Where an entry's value is, if it is too long to stand in the entry itself.
    fn value(&self, entry: usize) -> Option<std::ops::Range<usize>> {
        let size = match self.short(entry.checked_add(2)?)? {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 => 4,
            _ => 8,
        };
        let length = usize::try_from(self.long(entry.checked_add(4)?)?).ok()?.checked_mul(size)?;
        if length <= 4 {
            return None;
        }
        let from = self.offset(entry.checked_add(8)?)?;
        Some(from..from.checked_add(length)?.min(self.bytes.len()))
    }

    /// Zeros over a table and its values.
    fn blank_table(&mut self, table: usize) {
        let entries: Vec<usize> = self.entries(table).collect();
        for entry in &entries {
            if let Some(range) = self.value(*entry) {
                self.blank(range);
            }
        }
        let end = table.saturating_add(2).saturating_add(entries.len().saturating_mul(ENTRY)).saturating_add(4);
        self.blank(table..end);
    }

    fn blank(&mut self, range: std::ops::Range<usize>) {
        let end = range.end.min(self.bytes.len());
        if let Some(bytes) = self.bytes.get_mut(range.start..end) {
            bytes.fill(0);
        }
    }

    /// Takes an entry out of its table: those behind it, and the pointer to the next table, move up.
    fn remove(&mut self, table: usize, entry: usize) {
        let Some(count) = self.short(table).filter(|count| *count > 0) else { return };
        let end = table.saturating_add(2).saturating_add(usize::from(count).saturating_mul(ENTRY)).saturating_add(4);
        let end = end.min(self.bytes.len());
        let behind = entry.saturating_add(ENTRY);
        if behind > end {
            return;
        }
        self.bytes.copy_within(behind..end, entry);
        self.blank(end.saturating_sub(ENTRY)..end);
        self.set_short(table, count - 1);
    }
}
