//! GIF: blocks of pieces of up to 255 bytes, each with its length before it. XMP stands in an application's block, in
//! the clear, such that whoever takes its bytes for lengths ends in the run of numbers behind it.

use super::{
    file::{File, Outcome, Span, broken},
    scan, xmp,
};

const APPLICATION: u8 = 0xff;
const XMP: &[u8] = b"\x0bXMP DataXMP";
/// How XMP's run of numbers ends.
const RUN: [u8; 4] = [2, 1, 0, 0];

pub(super) fn strip(file: &mut File<'_>) -> Outcome {
    let all = file.all();
    let Some(head) = file.array::<13>(0, all)? else { return Ok(()) };
    let mut at = 13 + table(head.get(10).copied().unwrap_or_default());
    while let Some([kind]) = file.array::<1>(at, all)? {
        match kind {
            // Padding.
            0 => at = at.saturating_add(1),
            b';' => return scan::scan(file, all.skip(at)),
            b',' => {
                let Some(picture) = file.array::<10>(at, all)? else { return Ok(()) };
                let colours = table(picture.get(9).copied().unwrap_or_default());
                at = pieces(file, at.saturating_add(11).saturating_add(colours), all)?;
            }
            b'!' => {
                let label = file.array::<1>(at.saturating_add(1), all)?;
                let content = at.saturating_add(2);
                let end = pieces(file, content, all)?;
                if label == Some([APPLICATION]) && file.bytes(content, XMP.len())? == XMP {
                    let name = u64::try_from(XMP.len()).unwrap_or(u64::MAX);
                    packet(file, Span::new(content.saturating_add(name), end.min(all.end)))?;
                }
                at = end;
            }
            _ => return broken(),
        }
    }
    Ok(())
}

/// How long a table of colours is.
fn table(flags: u8) -> u64 {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Where a block's pieces end.
fn pieces(file: &mut File<'_>, from: u64, all: Span) -> Outcome<u64> {
    let mut at = from;
    while let Some([length]) = file.array::<1>(at, all)? {
        at = at.saturating_add(1).saturating_add(u64::from(length));
        if length == 0 {
            break;
        }
    }
    Ok(at)
}

/// XMP in the clear is edited, with spaces, since no byte of it may become a zero. Cut into pieces it goes whole.
fn packet(file: &mut File<'_>, span: Span) -> Outcome {
    let tail = span.skip(span.len().saturating_sub(4));
    if file.array::<4>(tail.start, tail)? == Some(RUN) {
        return file.edit(span, b' ', xmp::strip);
    }
    let mut at = span.start;
    while let Some([length]) = file.array::<1>(at, span)? {
        at = at.saturating_add(1);
        file.fill(Span::new(at, at.saturating_add(u64::from(length)).min(span.end)), b' ')?;
        at = at.saturating_add(u64::from(length));
    }
    Ok(())
}
