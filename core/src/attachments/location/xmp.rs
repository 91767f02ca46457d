//! XMP: XML in which the location is a handful of properties whose names begin with `GPS`.

/// How such a name begins, within whatever name space.
const NAME: &[u8] = b":GPS";

/// Blanks the values; gives whether there were any. The names stay, so that it is XML as before.
pub(super) fn strip(packet: &mut [u8]) -> bool {
    let mut changed = false;
    let mut from = 0;
    while let Some(found) = find(packet, from, |rest| rest.starts_with(NAME)) {
        let name_end = find(packet, found + 1, |rest| !rest.first().is_some_and(u8::is_ascii_alphanumeric));
        let name_end = name_end.unwrap_or(packet.len());
        let (start, end) = value(packet, name_end);
        if let Some(value) = packet.get_mut(start..end)
            && value.iter().any(|byte| *byte != b' ')
        {
            value.fill(b' ');
            changed = true;
        }
        from = end.max(name_end);
    }
    changed
}

/// Where the value stands: in quotes behind `=`, or between the tags. Unfinished, it goes to the end.
fn value(packet: &[u8], name_end: usize) -> (usize, usize) {
    let all = packet.len();
    let next = find(packet, name_end, |rest| !rest.first().is_some_and(u8::is_ascii_whitespace)).unwrap_or(all);
    let is = |at: usize, byte: u8| packet.get(at) == Some(&byte);
    if is(next, b'=') {
        let quote = find(packet, next, |rest| matches!(rest, [b'"' | b'\'', ..])).unwrap_or(all);
        let mark = packet.get(quote).copied().unwrap_or(b'"');
        let start = quote.saturating_add(1).min(all);
        return (start, find(packet, start, |rest| rest.first() == Some(&mark)).unwrap_or(all));
    }
    // A closing tag ends at its bracket, and what follows it is no value.
    let tag = packet.get(..name_end).and_then(|before| before.iter().rposition(|byte| *byte == b'<'));
    let closing = tag.is_some_and(|at| is(at + 1, b'/'));
    let start = find(packet, next, |rest| rest.first() == Some(&b'>')).unwrap_or(all).saturating_add(1).min(all);
    let empty = start >= 2 && is(start - 2, b'/');
    if closing || empty {
        return (start, start);
    }
    (start, find(packet, start, |rest| rest.first() == Some(&b'<')).unwrap_or(all))
}

fn find(bytes: &[u8], from: usize, is: impl Fn(&[u8]) -> bool) -> Option<usize> {
    (from..bytes.len()).find(|at| bytes.get(*at..).is_some_and(&is))
}
