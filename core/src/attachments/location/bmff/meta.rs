//! The `meta` box: Apple's keys with their values, iTunes' tags, XML, and the items of HEIF.

use super::{Film, Node, PLACES, child, children, erase, items, uuid};
use crate::attachments::location::{
    file::{File, Outcome, Reader, Span},
    names,
};

/// How many keys are looked at: phones write about ten.
const MAX_KEYS: u32 = 4_096;

pub(super) fn meta(file: &mut File<'_>, content: Span, film: &mut Film) -> Outcome {
    // QuickTime's begins with a box, the standard's with a version.
    let is_bare = file.array::<4>(content.start, content)?.is_some_and(|first| first != [0; 4]);
    let inside = if is_bare { content } else { content.skip(4) };
    let keys = match child(file, inside, b"keys")? {
        Some(keys) => places_of_keys(file, keys.content)?,
        None => Vec::new(),
    };
    items::items(file, inside, film)?;
    children(file, inside, |file, node| match &node.kind {
        b"ilst" => children(file, node.content, |file, value| tag(file, value, &keys)),
        // Cameras of one maker write their records as XML, coordinates among them.
        b"xml " => {
            let is_one = file.read(node.content)?.is_none_or(|text| names::tells_position(&text));
            if is_one { file.fill(node.content.skip(4), b' ') } else { Ok(()) }
        }
        b"bxml" => file.blank(node.content.skip(4)),
        b"iinf" | b"iloc" | b"idat" | b"iprp" | b"iref" | b"pitm" | b"keys" => Ok(()),
        b"uuid" => uuid(file, node),
        _ => super::walk(file, node, film),
    })
}

/// Which of the keys, from 1, say a place.
fn places_of_keys(file: &mut File<'_>, content: Span) -> Outcome<Vec<u32>> {
    let mut reader = Reader::new(content);
    reader.skip(4);
    let count = reader.u32(file)?.min(MAX_KEYS);
    let mut places = Vec::new();
    for number in 1..=count {
        let length = u64::from(reader.u32(file)?);
        let key = Span::new(reader.at, content.end).part(0, length.saturating_sub(4));
        if file.read(key)?.is_none_or(|key| names::is_location(key.get(4..).unwrap_or_default())) {
            places.push(number);
        }
        reader.skip(length.max(4) - 4);
    }
    Ok(places)
}

/// A value of a list: named by its key's number, by its kind, or by a name within.
fn tag(file: &mut File<'_>, value: Node, keys: &[u32]) -> Outcome {
    let is_place = keys.contains(&u32::from_be_bytes(value.kind)) || PLACES.contains(&&value.kind);
    if is_place {
        return erase(file, value);
    }
    if value.kind == *b"----"
        && let Some(name) = child(file, value.content, b"name")?
        && file.read(name.content)?.is_none_or(|name| names::is_location(&name))
    {
        return erase(file, value);
    }
    Ok(())
}
