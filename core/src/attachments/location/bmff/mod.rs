//! Files of boxes (ISO base media file format, QuickTime): HEIC, AVIF, MP4, QuickTime, 3GPP, M4A.
//!
//! A box that says where a film was taken becomes a `free` one of the same length, full of zeros, so that no offset
//! changes. Samples are only looked at where a track holds no pictures and no sound.

mod items;
mod meta;
mod tracks;

use super::{
    Tracks,
    file::{Failure, File, Outcome, Span, broken},
    scan, tiff, xmp,
};

/// A box: its kind, and where it and its content stand.
#[derive(Clone, Copy)]
pub(super) struct Node {
    kind: [u8; 4],
    start: u64,
    content: Span,
}

/// What is known of a film while its boxes are walked.
#[derive(Default)]
struct Film {
    /// It is a photo: short enough to be searched as a whole for metadata that no box points at.
    is_photo: bool,
    /// Where the film begins: offsets count from here.
    base: u64,
    /// Its tracks, as its fragments need them.
    tracks: Vec<tracks::Track>,
    /// The size of a track's samples in fragments, where those tell none; it may be told before the track is.
    defaults: Vec<(u32, u32)>,
}

/// Boxes that say where a film was taken: QuickTime's, 3GPP's, GoPro's, those of dash cameras and of Nikon's.
const PLACES: [&[u8; 4]; 9] =
    [b"\xa9xyz", b"loci", b"GPS ", b"gps0", b"gpsd", b"GPMF", b"NCDT", b"\xa9gps", b"\xa9loc"];

/// Boxes that hold other boxes, any of which may hold metadata.
const HOLDERS: [&[u8; 4]; 11] =
    [b"moov", b"trak", b"mdia", b"minf", b"dinf", b"edts", b"mvex", b"moof", b"traf", b"meco", b"gmhd"];

/// Boxes whose content is known to say nothing of a place.
const QUIET: [&[u8; 4]; 24] = [
    b"mdat", b"ftyp", b"styp", b"sidx", b"ssix", b"mfra", b"pdin", b"prft", b"mvhd", b"tkhd", b"mdhd", b"hdlr",
    b"vmhd", b"smhd", b"nmhd", b"stbl", b"elst", b"trex", b"mehd", b"mfhd", b"tfhd", b"tfdt", b"trun", b"tref",
];

const XMP: [u8; 16] = [0xbe, 0x7a, 0xcf, 0xcb, 0x97, 0xa9, 0x42, 0xe8, 0x9c, 0x71, 0x99, 0x94, 0x91, 0xe3, 0xaf, 0xac];
/// Content credentials, which repeat what the metadata said.
const CREDENTIALS: [u8; 16] =
    [0xd8, 0xfe, 0xc3, 0xd6, 0x1b, 0x0e, 0x48, 0x3c, 0x92, 0x97, 0x58, 0x28, 0x87, 0x7e, 0xc4, 0x81];

/// Takes the location out of a file of boxes.
pub(super) fn strip(file: &mut File<'_>, is_photo: bool) -> Outcome {
    let all = file.all();
    let mut film = Film { is_photo, ..Film::default() };
    let mut at = all.start;
    while let Some(node) = next(file, Span::new(at, all.end))? {
        top(file, node, &mut film)?;
        at = node.content.end;
    }
    Ok(())
}

/// What the film's tracks hold, by the first box that tells of them.
pub(super) fn held(file: &mut File<'_>, all: Span) -> Outcome<Tracks> {
    let mut held = Tracks::default();
    let mut at = all.start;
    while let Some(node) = next(file, Span::new(at, all.end))? {
        if node.kind == *b"moov" {
            children(file, node.content, |file, node| {
                if node.kind == *b"trak" {
                    held = held.with(match &tracks::handler(file, node.content)? {
                        b"soun" => Tracks::Sound,
                        b"vide" | b"pict" | b"auxv" => Tracks::Pictures,
                        _ => Tracks::Unknown,
                    });
                }
                Ok(())
            })?;
            break;
        }
        at = node.content.end;
    }
    Ok(held)
}

/// Takes the location out of a film that stands within another file; gives where it ends. What stands behind its boxes
/// is not its own.
pub(super) fn within(file: &mut File<'_>, span: Span) -> Outcome<u64> {
    let mut film = Film { base: span.start, ..Film::default() };
    let mut at = span.start;
    while at < span.end {
        match next(file, Span::new(at, span.end)) {
            Ok(Some(node)) if node.kind.iter().all(|byte| matches!(byte, b' '..=b'~' | 0xa9)) => {
                top(file, node, &mut film)?;
                at = node.content.end;
            }
            // Behind the film stands something else, unless it is a part of the film that is cut off.
            Err(Failure::Unremovable(_)) if is_cut(file, at)? => return broken(),
            Ok(_) | Err(Failure::Unremovable(_)) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(at)
}

/// Whether a box of a film begins here.
fn is_cut(file: &mut File<'_>, at: u64) -> Outcome<bool> {
    let kind = file.bytes(at.saturating_add(4), 4)?;
    Ok(matches!(kind, b"moov" | b"moof" | b"mdat" | b"udta" | b"meta" | b"uuid" | b"free"))
}

/// The box that begins with the span; `None` behind the last one.
fn next(file: &mut File<'_>, span: Span) -> Outcome<Option<Node>> {
    let start = span.start;
    let Some([a, b, c, d, kind @ ..]) = file.array::<8>(start, span)? else {
        // QuickTime ends lists with a zero.
        return if file.is_blank(span)? { Ok(None) } else { broken() };
    };
    let (head, length) = match u32::from_be_bytes([a, b, c, d]) {
        0 if kind == [0; 4] && file.is_blank(span)? => return Ok(None),
        // To the end.
        0 => (8, span.len()),
        1 => match file.array::<8>(start.saturating_add(8), span)? {
            Some(length) => (16, u64::from_be_bytes(length)),
            None => return broken(),
        },
        length => (8, u64::from(length)),
    };
    if length < head || length > span.len() {
        return broken();
    }
    let content = Span::new(start.saturating_add(head), start.saturating_add(length));
    Ok(Some(Node { kind, start, content }))
}

/// Runs `each` for the boxes of a span.
fn children(file: &mut File<'_>, span: Span, mut each: impl FnMut(&mut File<'_>, Node) -> Outcome) -> Outcome {
    file.deeper(|file| {
        let mut at = span.start;
        while at < span.end {
            let Some(node) = next(file, Span::new(at, span.end))? else { break };
            each(file, node)?;
            at = node.content.end;
        }
        Ok(())
    })
}

/// The first box of this kind in a span.
fn child(file: &mut File<'_>, span: Span, kind: &[u8; 4]) -> Outcome<Option<Node>> {
    let mut found = None;
    children(file, span, |_, node| {
        if node.kind == *kind && found.is_none() {
            found = Some(node);
        }
        Ok(())
    })?;
    Ok(found)
}

/// A box that stands in no other.
fn top(file: &mut File<'_>, node: Node, film: &mut Film) -> Outcome {
    match &node.kind {
        b"ftyp" if matches!(file.bytes(node.content.start, 4)?, b"crx ") => {
            Err(Failure::Unremovable("it is a camera's raw file"))
        }
        // HEIF in its short form: bits in a row, where a place can't be found without reading all of them.
        b"mini" => Err(Failure::Unremovable("it is in the short form of HEIF")),
        // The film of a motion photo, and what Samsung's phones append.
        b"mpvd" | b"sefd" => file.deeper(|file| scan::scan(file, node.content)),
        b"mdat" if film.is_photo => file.deeper(|file| scan::scan(file, node.content)),
        _ => walk(file, node, film),
    }
}

/// A box, and all within it.
fn walk(file: &mut File<'_>, node: Node, film: &mut Film) -> Outcome {
    match &node.kind {
        b"cmov" => Err(Failure::Unremovable("its header is compressed")),
        b"udta" => children(file, node.content, |file, node| walk(file, node, film)),
        b"meta" => meta::meta(file, node.content, film),
        b"uuid" => uuid(file, node),
        // What was removed may still stand there.
        b"free" | b"skip" | b"wide" => file.blank(node.content),
        b"XMP_" => file.edit(node.content, b' ', xmp::strip),
        b"gps " => {
            dash_camera(file, node.content)?;
            erase(file, node)
        }
        kind if PLACES.contains(&kind) => erase(file, node),
        kind if HOLDERS.contains(&kind) => {
            children(file, node.content, |file, node| walk(file, node, film))?;
            match kind {
                b"trak" => tracks::track(file, node.content, film),
                b"mvex" => tracks::defaults(file, node.content, film),
                b"moof" => tracks::fragment(file, node, film),
                _ => Ok(()),
            }
        }
        kind if QUIET.contains(&kind) => Ok(()),
        // A maker's own: thumbnails with Exif, among others.
        _ => file.deeper(|file| scan::scan(file, node.content)),
    }
}

/// Makes a box a free one.
fn erase(file: &mut File<'_>, node: Node) -> Outcome {
    file.write(node.start.saturating_add(4), b"free")?;
    file.blank(node.content)
}

/// Dash cameras write a list of where among the film's samples the places stand, each as a free box.
fn dash_camera(file: &mut File<'_>, list: Span) -> Outcome {
    let mut at = list.skip(8).start;
    while let Some([a, b, c, d, length @ ..]) = file.array::<8>(at, list)? {
        let place = file.all().part(u64::from(u32::from_be_bytes([a, b, c, d])), u64::from(u32::from_be_bytes(length)));
        if file.bytes(place.start.saturating_add(4), 8)? == b"freeGPS " {
            file.blank(place.skip(12))?;
        }
        at = at.saturating_add(8);
    }
    Ok(())
}

/// A box whose kind is a number of 16 bytes.
fn uuid(file: &mut File<'_>, node: Node) -> Outcome {
    let content = node.content.skip(16);
    match file.array::<16>(node.content.start, node.content)? {
        Some(XMP) => file.edit(content, b' ', xmp::strip),
        Some(CREDENTIALS) => erase(file, node),
        _ => file.deeper(|file| scan::scan(file, content)),
    }
}

/// Exif as an item or a box holds it: TIFF, behind whatever names it.
fn exif(bytes: &mut [u8]) -> bool {
    let begin = (0..bytes.len().min(64)).find(|at| bytes.get(*at..).is_some_and(tiff::begins));
    let Some(tiff) = begin.and_then(|at| bytes.get_mut(at..)) else {
        let changed = bytes.iter().any(|byte| *byte != 0);
        bytes.fill(0);
        return changed;
    };
    let mut medium = std::io::Cursor::new(&mut *tiff);
    let done = File::new(&mut medium).map_err(Failure::from).and_then(|mut file| {
        let all = file.all();
        file.changes(|file| tiff::embedded(file, all))
    });
    done.unwrap_or_else(|_| {
        tiff.fill(0);
        true
    })
}
