//! XMP: XML whose properties say where a photo was taken, as coordinates and as names of places.
//!
//! Values are blanked with spaces: names and tags stay, so that the packet remains XML.

use super::names::is_location;

/// Blanks the values; gives whether there were any. A packet in a wide encoding goes whole: its names can't be read.
pub(super) fn strip(packet: &mut [u8]) -> bool {
    if packet.iter().take(64).any(|byte| *byte == 0) {
        return blank(packet, 0, packet.len());
    }
    let mut changed = false;
    let mut at = 0;
    // The element whose whole content says it, and how often an element of its name is open.
    let mut hidden: Option<(Vec<u8>, usize)> = None;
    while at < packet.len() {
        let rest = packet.get(at..).unwrap_or_default();
        let (end, is_text) = if rest.starts_with(b"<![CDATA[") {
            (after(packet, at, b"]]>"), true)
        } else if rest.starts_with(b"<!--") {
            (after(packet, at, b"-->"), true)
        } else if rest.starts_with(b"<?") || rest.starts_with(b"<!") {
            (after(packet, at, b">"), false)
        } else if rest.starts_with(b"</") {
            let end = after(packet, at, b">");
            let name = name(rest.get(2..).unwrap_or_default());
            if let Some((open, depth)) = &mut hidden
                && name == *open
            {
                *depth -= 1;
                hidden = hidden.filter(|(_, depth)| *depth > 0);
            }
            (end, false)
        } else if rest.starts_with(b"<") {
            (start_tag(packet, at, &mut hidden, &mut changed), false)
        } else {
            (rest.iter().position(|byte| *byte == b'<').map_or(packet.len(), |found| at + found), true)
        };
        if is_text && hidden.is_some() {
            changed |= blank(packet, at, end);
        }
        at = end.max(at + 1);
    }
    changed
}

/// Goes through a tag that opens an element: blanks the attributes that say it; gives where the tag ends.
fn start_tag(packet: &mut [u8], at: usize, hidden: &mut Option<(Vec<u8>, usize)>, changed: &mut bool) -> usize {
    let element = name(packet.get(at + 1..).unwrap_or_default()).to_vec();
    let says = is_location(&element);
    let mut here = at + 1 + element.len();
    loop {
        here += packet.get(here..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        match packet.get(here..).unwrap_or_default() {
            [] => return packet.len(),
            [b'/', b'>', ..] => return here + 2,
            [b'>', ..] => {
                match hidden {
                    Some((open, depth)) if *open == element => *depth += 1,
                    None if says => *hidden = Some((element, 1)),
                    _ => {}
                }
                return here + 1;
            }
            // Another tag begins: this one was never closed.
            [b'<', ..] => return here,
            rest => {
                let attribute = name(rest).to_vec();
                let equals = here + attribute.len().max(1);
                let Some((start, end)) = value(packet, equals) else {
                    here = equals;
                    continue;
                };
                let of_element = says || hidden.is_some();
                let is_value = attribute.ends_with(b":value") || attribute.ends_with(b":resource");
                if is_location(&attribute) && !attribute.starts_with(b"xmlns") || of_element && is_value {
                    *changed |= blank(packet, start, end);
                }
                here = end + 1;
            }
        }
    }
}

/// Where an attribute's value stands, from its `=` on; unfinished, it goes to the end.
fn value(packet: &[u8], at: usize) -> Option<(usize, usize)> {
    let skip =
        |at: usize| at + packet.get(at..).unwrap_or_default().iter().take_while(|b| b.is_ascii_whitespace()).count();
    let equals = skip(at);
    if packet.get(equals) != Some(&b'=') {
        return None;
    }
    let quote = skip(equals + 1);
    let mark = *packet.get(quote).filter(|mark| matches!(mark, b'"' | b'\''))?;
    let start = quote + 1;
    let length = packet.get(start..)?.iter().position(|byte| *byte == mark);
    Some((start, length.map_or(packet.len(), |length| start + length)))
}

/// The name at the beginning.
fn name(bytes: &[u8]) -> &[u8] {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'=' | b'>' | b'/' | b'<');
    bytes.get(..bytes.iter().position(ends).unwrap_or(bytes.len())).unwrap_or_default()
}

/// Just behind the next `end`, or the packet's end.
fn after(packet: &[u8], at: usize, end: &[u8]) -> usize {
    let rest = packet.get(at..).unwrap_or_default();
    rest.windows(end.len()).position(|window| window == end).map_or(packet.len(), |found| at + found + end.len())
}

/// Spaces over a stretch, but for what marks up: lines, and the brackets of what is no tag.
fn blank(packet: &mut [u8], start: usize, end: usize) -> bool {
    let marked = packet.get(start..).is_some_and(|rest| rest.starts_with(b"<!"));
    let (start, end) = match packet.get(start..end) {
        Some(text) if marked && text.starts_with(b"<![CDATA[") && text.ends_with(b"]]>") => (start + 9, end - 3),
        Some(text) if marked && text.starts_with(b"<!--") && text.ends_with(b"-->") && text.len() >= 7 => {
            (start + 4, end - 3)
        }
        _ => (start, end),
    };
    let mut changed = false;
    for byte in packet.get_mut(start..end).unwrap_or_default() {
        if !byte.is_ascii_whitespace() {
            *byte = b' ';
            changed = true;
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(packet: &str) -> String {
        let mut bytes = packet.as_bytes().to_vec();
        let changed = strip(&mut bytes);
        assert_eq!(changed, bytes != packet.as_bytes());
        assert!(!strip(&mut bytes), "once is enough");
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn values_go_wherever_they_stand_and_tags_stay() {
        for (packet, expected) in [
            (r#"<a exif:GPSLatitude="1,2N" x="3"/>"#, r#"<a exif:GPSLatitude="    " x="3"/>"#),
            ("<exif:GPSLatitude>1,2N</exif:GPSLatitude><b>1</b>", "<exif:GPSLatitude>    </exif:GPSLatitude><b>1</b>"),
            (
                "<i:CountryName><rdf:Alt><rdf:li xml:lang='vi'>VN</rdf:li></rdf:Alt></i:CountryName>",
                "<i:CountryName><rdf:Alt><rdf:li xml:lang='vi'>  </rdf:li></rdf:Alt></i:CountryName>",
            ),
            (
                "<i:LocationShown><rdf:Bag><rdf:li i:Name='Hue' rdf:parseType='Resource'><i:A>Hue</i:A></rdf:li></rdf:Bag></i:LocationShown><c>d</c>",
                "<i:LocationShown><rdf:Bag><rdf:li i:Name='Hue' rdf:parseType='Resource'><i:A>   </i:A></rdf:li></rdf:Bag></i:LocationShown><c>d</c>",
            ),
            ("<p:City rdf:value='Hue'/><a>b</a>", "<p:City rdf:value='   '/><a>b</a>"),
            ("<p:City><![CDATA[Hue]]></p:City>", "<p:City><![CDATA[   ]]></p:City>"),
            ("<p:City>Hue", "<p:City>   "),
            ("<a p:City='Hue", "<a p:City='   "),
            ("<a p:City = \"Hue\"b='c'>d</a>", "<a p:City = \"   \"b='c'>d</a>"),
            ("<a>City Hue</a><xmp:Rating>5</xmp:Rating>", "<a>City Hue</a><xmp:Rating>5</xmp:Rating>"),
        ] {
            assert_eq!(stripped(packet), expected);
        }
    }

    #[test]
    fn packet_in_a_wide_encoding_goes_whole() {
        let mut wide: Vec<u8> = "<exif:GPSLatitude>".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert!(strip(&mut wide));
        assert!(wide.iter().all(|byte| *byte == b' '));
    }
}
