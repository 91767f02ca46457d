//! Matroska and WebM: elements of an identifier, a length and the content. Tags name places in words, and attached
//! pictures have metadata of their own.

use super::{
    Tracks,
    file::{Failure, File, Outcome, Span, broken},
    names, scan,
};

const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1f43_b675;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK: u32 = 0xae;
const TRACK_KIND: u32 = 0x83;
const ATTACHMENTS: u32 = 0x1941_a469;
const TAGS: u32 = 0x1254_c367;
const TAG: u32 = 0x7373;
const SIMPLE_TAG: u32 = 0x67c8;
const TAG_NAME: u32 = 0x45a3;
const TAG_STRING: u32 = 0x4487;
const TAG_BINARY: u32 = 0x4485;
const CHECK_SUM: u32 = 0xbf;
/// What is not to be read.
const VOID: u32 = 0xec;

/// A track of measurements.
const MEASURED: [u8; 1] = [0x21];

/// An element: where it stands, and its content. Of a film that was sent while it was made the length is not known.
struct Element {
    id: u32,
    start: u64,
    content: Span,
    is_open: bool,
}

pub(super) fn strip(file: &mut File<'_>) -> Outcome {
    let all = file.all();
    elements(file, all)
}

/// What the film's tracks hold. They stand before its pictures and sound.
pub(super) fn held(file: &mut File<'_>, all: Span) -> Outcome<Tracks> {
    let mut held = Tracks::default();
    let (mut at, mut end) = (all.start, all.end);
    while at < end {
        let Some(element) = next(file, Span::new(at, end))? else { break };
        at = element.content.end;
        match element.id {
            SEGMENT | TRACK => at = element.content.start,
            // What comes behind may be cut off.
            TRACKS => (at, end) = (element.content.start, element.content.end),
            CLUSTER => break,
            TRACK_KIND => {
                held = held.with(match file.read(element.content)?.as_deref() {
                    Some([.., 1]) => Tracks::Pictures,
                    Some([.., 2]) => Tracks::Sound,
                    _ => Tracks::Unknown,
                });
            }
            _ => {}
        }
    }
    Ok(held)
}

/// Goes through elements one after another, and into those that matter; the end of one need not be known for that.
fn elements(file: &mut File<'_>, span: Span) -> Outcome {
    let mut at = span.start;
    while at < span.end {
        let Some(element) = next(file, Span::new(at, span.end))? else { break };
        at = element.content.end;
        match element.id {
            SEGMENT | TRACKS | TRACK => at = element.content.start,
            CLUSTER if element.is_open => at = element.content.start,
            TAGS => file.deeper(|file| tags(file, element.content))?,
            ATTACHMENTS => file.deeper(|file| scan::scan(file, element.content))?,
            TRACK_KIND if file.read(element.content)?.is_some_and(|kind| kind == MEASURED) => {
                return Err(Failure::Unremovable("it holds a track of measurements"));
            }
            VOID => file.blank(element.content)?,
            _ => {}
        }
    }
    Ok(())
}

/// Tags: each has a name and words, and may have tags below it.
fn tags(file: &mut File<'_>, span: Span) -> Outcome {
    let mut at = span.start;
    let mut check = None;
    let changed = file.changes(|file| {
        while at < span.end {
            let Some(element) = next(file, Span::new(at, span.end))? else { break };
            at = element.content.end;
            match element.id {
                TAG => file.deeper(|file| tags(file, element.content))?,
                SIMPLE_TAG => file.deeper(|file| tag(file, element.content, false))?,
                CHECK_SUM => check = Some(element.start),
                _ => {}
            }
        }
        Ok(())
    })?;
    // The sum is wrong now: it becomes what is not to be read.
    match check.filter(|_| changed) {
        Some(check) => file.write(check, &[0xec]),
        None => Ok(()),
    }
}

fn tag(file: &mut File<'_>, span: Span, is_below_place: bool) -> Outcome {
    let mut parts = Vec::new();
    let mut is_place = is_below_place;
    let mut at = span.start;
    while at < span.end {
        let Some(element) = next(file, Span::new(at, span.end))? else { break };
        at = element.content.end;
        match element.id {
            TAG_NAME => is_place |= file.read(element.content)?.is_none_or(|name| names::is_location(&name)),
            TAG_STRING | TAG_BINARY | SIMPLE_TAG => parts.push(element),
            _ => {}
        }
    }
    for part in parts {
        match part.id {
            SIMPLE_TAG => file.deeper(|file| tag(file, part.content, is_place))?,
            TAG_BINARY if is_place => file.blank(part.content)?,
            TAG_STRING if is_place => file.fill(part.content, b' ')?,
            TAG_STRING => file.edit(part.content, b' ', |words| {
                let says = names::is_position(words);
                if says {
                    words.fill(b' ');
                }
                says
            })?,
            _ => {}
        }
    }
    Ok(())
}

/// The element that begins with the span.
fn next(file: &mut File<'_>, span: Span) -> Outcome<Option<Element>> {
    let head = file.bytes(span.start, usize::try_from(span.len()).unwrap_or(12).min(12))?.to_vec();
    // A length's first bit that is set says how many bytes there are.
    let number = |at: usize, longest: u32| {
        let first = *head.get(at)?;
        let more = usize::try_from(first.leading_zeros()).ok()?;
        let bytes = head.get(at..at.checked_add(more)?.checked_add(1)?)?;
        let value = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        (first.leading_zeros() < longest).then_some((value, more + 1))
    };
    let Some((id, id_length)) = number(0, 4) else {
        return if file.is_blank(span)? { Ok(None) } else { broken() };
    };
    let Some((marked, length_length)) = number(id_length, 8) else { return broken() };
    let bits = 7 * u64::try_from(length_length).unwrap_or(8);
    let mask = (1_u64 << bits.min(63)) - 1;
    let length = marked & mask;
    let is_open = length == mask;
    let start = span.start.saturating_add(u64::try_from(id_length + length_length).unwrap_or(12));
    if start > span.end || !is_open && length > span.end.saturating_sub(start) {
        return broken();
    }
    let end = if is_open { span.end } else { start.saturating_add(length) };
    let id = u32::try_from(id).unwrap_or_default();
    Ok(Some(Element { id, start: span.start, content: Span::new(start, end), is_open }))
}
