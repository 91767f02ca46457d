//! PNG: chunks of a length, a type, the content and a check sum.

use super::{
    MAX_METADATA,
    file::{File, Outcome, Span},
    names, scan, tiff, xmp,
};

/// What a blanked chunk is called: by its letters' cases optional, private, and safe to copy. Nobody reads it.
const NOBODYS: [u8; 4] = *b"voId";

/// Where the first chunk stands.
const FIRST: u64 = 8;

/// The longest keyword of a chunk of words.
const KEYWORD: usize = 80;

pub(super) fn strip(file: &mut File<'_>) -> Outcome {
    let all = file.all();
    let mut at = FIRST;
    while let Some([a, b, c, d, kind @ ..]) = file.array::<8>(at, all)? {
        let length = u64::from(u32::from_be_bytes([a, b, c, d]));
        let content = at.saturating_add(8);
        let chunk = Chunk { kind, content: Span::new(content, content.saturating_add(length)) };
        match &kind {
            b"IEND" => return scan::scan(file, all.skip(chunk.content.end.saturating_add(4))),
            b"eXIf" | b"exIf" => chunk.exif(file, all)?,
            // Exif in compressed form, from a draft, and content credentials.
            b"zxIf" | b"caBX" => chunk.wipe(file)?,
            b"iTXt" | b"tEXt" | b"zTXt" => chunk.text(file)?,
            _ => {}
        }
        at = chunk.content.end.saturating_add(4);
    }
    Ok(())
}

struct Chunk {
    kind: [u8; 4],
    content: Span,
}

impl Chunk {
    fn exif(&self, file: &mut File<'_>, all: Span) -> Outcome {
        let here = Span::new(self.content.start, self.content.end.min(all.end));
        if !tiff::begins(file.bytes(here.start, 4)?) {
            return self.wipe(file);
        }
        if file.changes(|file| tiff::embedded(file, here))? { self.seal(file) } else { Ok(()) }
    }

    /// Words: XMP in the clear is edited; compressed, or metadata as some programs write it into words, it goes whole.
    fn text(&self, file: &mut File<'_>) -> Outcome {
        let length = usize::try_from(self.content.len()).unwrap_or(KEYWORD).min(KEYWORD);
        let head = file.bytes(self.content.start, length)?.to_vec();
        let keyword = head.split(|byte| *byte == 0).next().unwrap_or_default();
        let flag = head.get(keyword.len().saturating_add(1));
        let is_xmp = keyword == b"XML:com.adobe.xmp";
        if is_xmp && self.kind == *b"iTXt" && flag == Some(&0) && self.content.len() <= MAX_METADATA {
            // Behind the keyword: two numbers, the language and the keyword in it.
            let packet = self.content.skip(20);
            let skip = |bytes: &[u8]| {
                let mut ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == 0).map(|(at, _)| at + 1);
                ends.nth(1).unwrap_or(bytes.len())
            };
            let behind = skip(&file.read(packet)?.unwrap_or_default());
            let packet = packet.skip(u64::try_from(behind).unwrap_or(u64::MAX));
            let changed = file.changes(|file| file.edit(packet, b' ', xmp::strip))?;
            return if changed { self.seal(file) } else { Ok(()) };
        }
        if is_xmp || keyword.starts_with(b"Raw profile type ") || names::is_location(keyword) {
            return self.wipe(file);
        }
        Ok(())
    }

    /// Blanks the chunk whole.
    fn wipe(&self, file: &mut File<'_>) -> Outcome {
        file.write(self.content.start.saturating_sub(4), &NOBODYS)?;
        file.blank(self.content)?;
        Self { kind: NOBODYS, content: self.content }.seal(file)
    }

    /// Writes the check sum anew; a file that ends before has none.
    fn seal(&self, file: &mut File<'_>) -> Outcome {
        let mut sum = crc(CRC_START, &self.kind);
        let mut at = self.content.start;
        while at < self.content.end {
            let part = file.bytes(at, usize::try_from(self.content.end - at).unwrap_or(usize::MAX))?;
            if part.is_empty() {
                return Ok(());
            }
            sum = crc(sum, part);
            at = at.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
        }
        let place = Span::new(at, at.saturating_add(4));
        if file.array::<4>(at, place)?.is_some() {
            file.write(at, &(sum ^ CRC_START).to_be_bytes())?;
        }
        Ok(())
    }
}

const CRC_START: u32 = u32::MAX;

/// CRC-32 bit by bit: a table would weigh a kilobyte, and this runs over a few.
pub(super) fn crc(sum: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(sum, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 })
    })
}
