//! Tracks of a film that hold neither pictures nor sound: what a camera or drone measured while it filmed.

use super::{Film, Node, child, children};
use crate::attachments::location::{
    file::{Failure, File, Outcome, Reader, Span, broken},
    names,
};

/// Handlers of tracks that are for the eye and the ear, and of time codes.
const PICTURES_AND_SOUND: [&[u8; 4]; 7] = [b"vide", b"soun", b"auxv", b"pict", b"tmcd", b"hint", b"clcp"];
/// Handlers of words: captions, or, from a drone, where it was.
const WORDS: [&[u8; 4]; 3] = [b"text", b"sbtl", b"subt"];
/// Kinds of samples that hold measurements, whatever the track's handler says: GoPro's, Android's, DJI's, Sony's.
const MEASURED: [&[u8; 4]; 8] = [b"gpmd", b"camm", b"djmd", b"dbgi", b"rtmd", b"fdsc", b"CTMD", b"gps0"];

/// How many tracks are looked at: cameras write up to ten.
const MAX_TRACKS: usize = 256;

/// How much of a table of samples is read at once.
const STEP: usize = 4 << 10;

/// What becomes of a track's samples.
#[derive(Clone)]
enum Samples {
    Stay,
    /// They go whole.
    Go,
    /// Those go that tell coordinates in words.
    GoIfPosition,
    /// The values of these keys go: each sample is a list of a length, a key and a value.
    Keys(Vec<[u8; 4]>),
}

/// A track, as its fragments need it.
pub(super) struct Track {
    id: u32,
    samples: Samples,
}

/// Follows boxes within boxes.
fn find(file: &mut File<'_>, span: Span, path: &[&[u8; 4]]) -> Outcome<Option<Node>> {
    let mut inside = span;
    let mut found = None;
    for kind in path {
        let Some(node) = child(file, inside, kind)? else { return Ok(None) };
        inside = node.content;
        found = Some(node);
    }
    Ok(found)
}

/// Cleans a track's samples, and notes what its fragments need.
pub(super) fn track(file: &mut File<'_>, trak: Span, film: &mut Film) -> Outcome {
    let samples = decide(file, trak)?;
    let id = match child(file, trak, b"tkhd")? {
        Some(head) => {
            let version = file.array::<1>(head.content.start, head.content)?;
            let at = head.content.skip(if version == Some([1]) { 20 } else { 12 });
            file.array::<4>(at.start, head.content)?.map_or(0, u32::from_be_bytes)
        }
        None => 0,
    };
    if !matches!(samples, Samples::Stay)
        && let Some(table) = find(file, trak, &[b"mdia", b"minf", b"stbl"])?
    {
        each_chunk(file, table.content, film.base, &mut |file, chunk| clean(file, &samples, chunk))?;
    }
    if film.tracks.len() >= MAX_TRACKS {
        return Err(Failure::Unremovable("it has too many tracks"));
    }
    film.tracks.push(Track { id, samples });
    Ok(())
}

/// Whom a track is for; zeros where it does not say.
pub(super) fn handler(file: &mut File<'_>, trak: Span) -> Outcome<[u8; 4]> {
    Ok(match find(file, trak, &[b"mdia", b"hdlr"])? {
        Some(node) => file.array::<4>(node.content.start.saturating_add(8), node.content)?.unwrap_or_default(),
        None => [0; 4],
    })
}

/// What a track's header and its description of samples say of them.
fn decide(file: &mut File<'_>, trak: Span) -> Outcome<Samples> {
    let handler = handler(file, trak)?;
    let mut is_measured = false;
    let mut keys = Vec::new();
    let mut only_keys = true;
    if let Some(node) = find(file, trak, &[b"mdia", b"minf", b"stbl", b"stsd"])? {
        children(file, node.content.skip(8), |file, entry| {
            is_measured |= MEASURED.contains(&&entry.kind);
            if entry.kind == *b"mebx" {
                keys_of(file, entry.content.skip(8), &mut keys)?;
            } else {
                only_keys = false;
            }
            Ok(())
        })?;
    }
    Ok(match &handler {
        _ if is_measured => Samples::Go,
        handler if PICTURES_AND_SOUND.contains(&handler) => Samples::Stay,
        handler if WORDS.contains(&handler) => Samples::GoIfPosition,
        _ if !only_keys => Samples::Go,
        _ if keys.is_empty() => Samples::Stay,
        _ => Samples::Keys(keys),
    })
}

/// The keys, by the numbers that samples call them, that say a place.
fn keys_of(file: &mut File<'_>, entry: Span, keys: &mut Vec<[u8; 4]>) -> Outcome {
    let Some(list) = child(file, entry, b"keys")? else { return Ok(()) };
    children(file, list.content, |file, key| {
        if let Some(name) = child(file, key.content, b"keyd")?
            && file.read(name.content)?.is_none_or(|name| names::is_location(name.get(4..).unwrap_or_default()))
        {
            keys.push(key.kind);
        }
        Ok(())
    })
}

/// Cleans samples that stand in a row.
fn clean(file: &mut File<'_>, samples: &Samples, chunk: Span) -> Outcome {
    match samples {
        Samples::Stay => Ok(()),
        Samples::Go => file.blank(chunk),
        Samples::GoIfPosition => {
            let is_one = file.read(chunk)?.is_none_or(|text| names::tells_position(&text));
            if is_one { file.blank(chunk) } else { Ok(()) }
        }
        Samples::Keys(keys) => {
            let mut at = chunk.start;
            while let Some([a, b, c, d, key @ ..]) = file.array::<8>(at, chunk)? {
                let length = u64::from(u32::from_be_bytes([a, b, c, d]));
                let end = at.saturating_add(length);
                if length < 8 || end > chunk.end {
                    // What can't be read may hold anything.
                    return file.blank(Span::new(at, chunk.end));
                }
                if keys.contains(&key) {
                    file.blank(Span::new(at.saturating_add(8), end))?;
                }
                at = end;
            }
            Ok(())
        }
    }
}

/// A table's numbers one after another, read some at a time: tables are as long as the film.
struct Numbers {
    reader: Reader,
    width: u64,
    seen: Vec<u8>,
    from: usize,
}

impl Numbers {
    fn new(span: Span, width: u64) -> Self {
        Self { reader: Reader::new(span), width, seen: Vec::new(), from: 0 }
    }

    fn next(&mut self, file: &mut File<'_>) -> Outcome<u64> {
        let width = usize::try_from(self.width).unwrap_or(4);
        if self.seen.len().saturating_sub(self.from) < width {
            let rest = Span::new(self.reader.at, self.reader.span.end);
            let step = u64::try_from(STEP).unwrap_or(u64::MAX);
            self.seen = file.read(rest.part(0, step))?.unwrap_or_default();
            self.reader.skip(u64::try_from(self.seen.len()).unwrap_or(u64::MAX));
            self.from = 0;
        }
        let Some(bytes) = self.seen.get(self.from..self.from.saturating_add(width)) else { return broken() };
        self.from = self.from.saturating_add(width);
        Ok(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

/// The sizes of a track's samples.
enum Sizes {
    Same { size: u64, left: u64 },
    Each { numbers: Numbers, left: u64 },
}

impl Sizes {
    /// How long the next `count` samples are together.
    fn sum(&mut self, file: &mut File<'_>, count: u64) -> Outcome<u64> {
        match self {
            Self::Same { size, left } => {
                let count = count.min(*left);
                *left -= count;
                Ok(size.saturating_mul(count))
            }
            Self::Each { numbers, left } => {
                let count = count.min(*left);
                *left -= count;
                let mut sum = 0_u64;
                for _ in 0..count {
                    sum = sum.saturating_add(numbers.next(file)?);
                }
                Ok(sum)
            }
        }
    }

    fn left(&self) -> u64 {
        match self {
            Self::Same { left, .. } | Self::Each { left, .. } => *left,
        }
    }
}

/// Runs `each` for the places of a track's samples, as its tables tell them.
fn each_chunk(
    file: &mut File<'_>,
    table: Span,
    base: u64,
    each: &mut impl FnMut(&mut File<'_>, Span) -> Outcome,
) -> Outcome {
    if child(file, table, b"stz2")?.is_some() {
        return Err(Failure::Unremovable("a table of its samples is in a form that is not understood"));
    }
    let Some(sizes) = child(file, table, b"stsz")? else { return Ok(()) };
    let mut reader = Reader::new(sizes.content);
    reader.skip(4);
    let (size, left) = (u64::from(reader.u32(file)?), u64::from(reader.u32(file)?));
    let mut sizes = match size {
        0 => Sizes::Each { numbers: Numbers::new(Span::new(reader.at, sizes.content.end), 4), left },
        size => Sizes::Same { size, left },
    };
    let (chunks, width) = match (child(file, table, b"stco")?, child(file, table, b"co64")?) {
        (Some(chunks), _) => (chunks.content, 4),
        (None, Some(chunks)) => (chunks.content, 8),
        (None, None) => return Ok(()),
    };
    let Some(runs) = child(file, table, b"stsc")? else { return broken() };
    let mut runs = Runs::new(file, runs.content)?;
    let mut reader = Reader::new(chunks);
    reader.skip(4);
    let count = reader.u32(file)?;
    let mut offsets = Numbers::new(Span::new(reader.at, chunks.end), width);
    let whole = file.all().skip(base);
    for number in 1..=count {
        if sizes.left() == 0 {
            break;
        }
        let offset = offsets.next(file)?;
        let samples = runs.samples_in(file, number)?;
        let length = sizes.sum(file, samples)?;
        each(file, whole.part(offset, length))?;
    }
    Ok(())
}

/// How many samples are in a chunk: told for runs of chunks.
struct Runs {
    numbers: Numbers,
    left: u32,
    samples: u64,
    /// The first chunk of the run behind this one, and its samples.
    following: Option<(u64, u64)>,
}

impl Runs {
    fn new(file: &mut File<'_>, content: Span) -> Outcome<Self> {
        let mut reader = Reader::new(content);
        reader.skip(4);
        let left = reader.u32(file)?;
        let numbers = Numbers::new(Span::new(reader.at, content.end), 4);
        let mut runs = Self { numbers, left, samples: 0, following: None };
        runs.read(file)?;
        Ok(runs)
    }

    fn read(&mut self, file: &mut File<'_>) -> Outcome {
        self.following = None;
        if self.left > 0 {
            self.left -= 1;
            let first = self.numbers.next(file)?;
            let samples = self.numbers.next(file)?;
            self.numbers.next(file)?;
            self.following = Some((first, samples));
        }
        Ok(())
    }

    fn samples_in(&mut self, file: &mut File<'_>, chunk: u32) -> Outcome<u64> {
        while let Some((first, samples)) = self.following
            && first <= u64::from(chunk)
        {
            self.samples = samples;
            self.read(file)?;
        }
        Ok(self.samples)
    }
}

/// Cleans the samples of a fragment.
pub(super) fn fragment(file: &mut File<'_>, moof: Node, film: &Film) -> Outcome {
    if film.tracks.iter().all(|track| matches!(track.samples, Samples::Stay)) {
        return Ok(());
    }
    let mut behind = moof.start;
    children(file, moof.content, |file, node| {
        if node.kind == *b"traf" { part(file, node.content, moof.start, &mut behind, film) } else { Ok(()) }
    })
}

/// A track's part of a fragment. Without a place of its own it begins where the part before it ended.
fn part(file: &mut File<'_>, traf: Span, moof: u64, behind: &mut u64, film: &Film) -> Outcome {
    let Some(head) = child(file, traf, b"tfhd")? else { return broken() };
    let mut reader = Reader::new(head.content);
    let flags = reader.u32(file)?;
    let id = reader.u32(file)?;
    let Some(track) = film.tracks.iter().find(|track| track.id == id) else { return broken() };
    let base = match flags {
        flags if flags & 0x1 != 0 => film.base.saturating_add(reader.u64(file)?),
        flags if flags & 0x2_0000 != 0 => moof,
        _ => *behind,
    };
    // Descriptions and durations stand before the size.
    reader.skip(4 * (u64::from(flags & 0x2 != 0) + u64::from(flags & 0x8 != 0)));
    let default = film.defaults.iter().find(|(of, _)| *of == id).map_or(0, |(_, size)| *size);
    let size = if flags & 0x10 != 0 { reader.u32(file)? } else { default };
    let mut at = base;
    children(file, traf, |file, node| {
        if node.kind != *b"trun" {
            return Ok(());
        }
        let mut reader = Reader::new(node.content);
        let flags = reader.u32(file)?;
        let count = reader.u32(file)?;
        if flags & 0x1 != 0 {
            let offset = reader.array::<4>(file).map(i32::from_be_bytes)?;
            at = base.saturating_add_signed(i64::from(offset));
        }
        reader.skip(if flags & 0x4 != 0 { 4 } else { 0 });
        let has = |bit: u32| flags & bit != 0;
        let mut numbers = Numbers::new(Span::new(reader.at, node.content.end), 4);
        let mut length = 0_u64;
        if has(0x200) {
            for _ in 0..count {
                for bit in [0x100, 0x200, 0x400, 0x800] {
                    let number = if has(bit) { numbers.next(file)? } else { 0 };
                    length = length.saturating_add(if bit == 0x200 { number } else { 0 });
                }
            }
        } else {
            length = u64::from(size).saturating_mul(u64::from(count));
        }
        let place = file.all().part(at, length);
        clean(file, &track.samples, place)?;
        at = at.saturating_add(length);
        Ok(())
    })?;
    *behind = at;
    Ok(())
}

/// Notes the sizes of samples that `mvex` gives for fragments.
pub(super) fn defaults(file: &mut File<'_>, mvex: Span, film: &mut Film) -> Outcome {
    children(file, mvex, |file, node| {
        if node.kind != *b"trex" {
            return Ok(());
        }
        let mut reader = Reader::new(node.content);
        reader.skip(4);
        let id = reader.u32(file)?;
        reader.skip(8);
        let size = reader.u32(file)?;
        if film.defaults.len() < MAX_TRACKS {
            film.defaults.push((id, size));
        }
        Ok(())
    })
}
