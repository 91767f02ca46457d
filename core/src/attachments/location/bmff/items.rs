//! The items of HEIF and AVIF: Exif and XMP are items like the pictures, and stand wherever `iloc` says.

use super::{Film, child, children, exif};
use crate::attachments::location::{
    MAX_METADATA,
    file::{Failure, File, Outcome, Reader, Span, broken, index},
    scan, xmp,
};

/// How many items of metadata are looked at: phones write two, and as many again for each further picture.
const MAX_ITEMS: usize = 1_024;

/// How many pieces an item of metadata may be in.
const MAX_PIECES: u16 = 1_024;

/// What an item holds.
#[derive(Clone, Copy)]
enum Kind {
    Exif,
    Xmp,
    /// A JPEG, with metadata of its own.
    Jpeg,
    /// Metadata that can't be read: encrypted, or compressed.
    Sealed,
}

pub(super) fn items(file: &mut File<'_>, meta: Span, film: &Film) -> Outcome {
    let Some(infos) = child(file, meta, b"iinf")? else { return Ok(()) };
    let mut known = Vec::new();
    let Some([version, ..]) = file.array::<4>(infos.content.start, infos.content)? else { return broken() };
    let entries = infos.content.skip(if version == 0 { 6 } else { 8 });
    children(file, entries, |file, entry| {
        if let Some(item) = info(file, entry.content)? {
            if known.len() >= MAX_ITEMS {
                return Err(Failure::Unremovable("it has too many items"));
            }
            known.push(item);
        }
        Ok(())
    })?;
    if known.is_empty() {
        return Ok(());
    }
    let places = child(file, meta, b"iloc")?;
    let data = child(file, meta, b"idat")?.map(|data| data.content);
    match places {
        Some(places) => locate(file, places.content, &known, data, film),
        None => Ok(()),
    }
}

/// What an entry says of an item, if that is metadata.
fn info(file: &mut File<'_>, entry: Span) -> Outcome<Option<(u32, Kind)>> {
    let mut reader = Reader::new(entry);
    let [version, ..] = reader.array::<4>(file)?;
    let id = if version >= 3 { reader.u32(file)? } else { u32::from(reader.u16(file)?) };
    let is_protected = reader.u16(file)? != 0;
    let kind = if version >= 2 { reader.array::<4>(file)? } else { *b"mime" };
    let words = file.read(Span::new(reader.at, entry.end))?.unwrap_or_default();
    let mut words = words.split(|byte| *byte == 0);
    let (_name, content, encoding) = (words.next(), words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let kind = match &kind {
        b"Exif" => Kind::Exif,
        b"jpeg" => Kind::Jpeg,
        b"mime" if content == b"application/rdf+xml" || content == b"text/xml" || content == b"application/xml" => {
            Kind::Xmp
        }
        b"mime" if content == b"image/jpeg" => Kind::Jpeg,
        _ => return Ok(None),
    };
    let is_metadata = !matches!(kind, Kind::Jpeg);
    let kind = if is_metadata && (is_protected || !encoding.is_empty()) { Kind::Sealed } else { kind };
    Ok(Some((id, kind)))
}

/// Goes through the places of all items.
fn locate(file: &mut File<'_>, content: Span, known: &[(u32, Kind)], data: Option<Span>, film: &Film) -> Outcome {
    let mut reader = Reader::new(content);
    let [version, ..] = reader.array::<4>(file)?;
    let sizes = reader.u16(file)?;
    let size = |shift: u32| u8::try_from(sizes >> shift & 15).unwrap_or_default();
    let (offset_size, length_size, base_size) = (size(12), size(8), size(4));
    let index_size = if version == 0 { 0 } else { size(0) };
    let count = if version < 2 { u32::from(reader.u16(file)?) } else { reader.u32(file)? };
    for _ in 0..count {
        let id = if version < 2 { u32::from(reader.u16(file)?) } else { reader.u32(file)? };
        let method = if version == 0 { 0 } else { reader.u16(file)? & 15 };
        let source = reader.u16(file)?;
        let base = reader.sized(file, base_size)?;
        let pieces = reader.u16(file)?;
        let kind = known.iter().find(|(known, _)| *known == id).map(|(_, kind)| *kind);
        let whole = match (method, data) {
            (0, _) => Some(file.all().skip(film.base)),
            (1, data) => data,
            _ => None,
        };
        let mut found = Vec::new();
        if kind.is_some() && pieces > MAX_PIECES {
            return Err(Failure::Unremovable("its metadata is in too many pieces"));
        }
        for _ in 0..pieces {
            reader.sized(file, index_size)?;
            let offset = reader.sized(file, offset_size)?;
            let length = reader.sized(file, length_size)?;
            if kind.is_none() {
                continue;
            }
            let Some(whole) = whole.filter(|_| source == 0 && length > 0) else {
                return Err(Failure::Unremovable("its metadata stands in a place that is not understood"));
            };
            let place = whole.part(base.saturating_add(offset), length);
            if place.len() < length {
                return broken();
            }
            found.push(place);
        }
        if let Some(kind) = kind {
            clean(file, kind, &found)?;
        }
    }
    Ok(())
}

/// Takes the location out of an item.
fn clean(file: &mut File<'_>, kind: Kind, pieces: &[Span]) -> Outcome {
    let length = pieces.iter().fold(0_u64, |sum, piece| sum.saturating_add(piece.len()));
    let fill = if matches!(kind, Kind::Xmp) { b' ' } else { 0 };
    let edit: fn(&mut [u8]) -> bool = match kind {
        Kind::Exif => exif,
        Kind::Xmp => xmp::strip,
        Kind::Jpeg => {
            return pieces.iter().try_for_each(|piece| file.deeper(|file| scan::scan(file, *piece)));
        }
        Kind::Sealed => return pieces.iter().try_for_each(|piece| file.blank(*piece)),
    };
    if length > MAX_METADATA {
        return pieces.iter().try_for_each(|piece| file.fill(*piece, fill));
    }
    let mut bytes = Vec::new();
    for piece in pieces {
        bytes.extend(file.read(*piece)?.unwrap_or_default());
    }
    if !edit(&mut bytes) {
        return Ok(());
    }
    let mut from = 0_u64;
    for piece in pieces {
        let end = from.saturating_add(piece.len());
        file.write(piece.start, index(from..end).and_then(|range| bytes.get(range)).unwrap_or_default())?;
        from = end;
    }
    Ok(())
}
