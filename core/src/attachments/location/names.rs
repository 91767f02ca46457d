//! The names under which formats of words keep a place: XMP's properties, keys of films, tags of Matroska, keywords.

/// Words that give a name away wherever they stand in it. `longtitude` is how one maker of drones spells it.
const WITHIN: [&str; 5] = ["gps", "latitude", "longitude", "longtitude", "location"];

/// How other such names begin.
const BEGINS: [&str; 4] = ["city", "country", "provincestate", "worldregion"];

/// Other such names.
const EXACT: [&str; 11] = [
    "state",
    "province",
    "lat",
    "lon",
    "long",
    "coverage",
    "geo",
    "xyz",
    "absolutealtitude",
    "relativealtitude",
    "iso6709",
];

/// Whether a property of this name says where something was taken. What stands before the last `:` or `.` names who
/// defined it.
pub(super) fn is_location(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    if WITHIN.iter().any(|word| name.contains(word)) {
        return true;
    }
    let local = name.rsplit([':', '.']).next().unwrap_or_default();
    let local = local.strip_prefix("sub").unwrap_or(local);
    BEGINS.iter().any(|word| local.starts_with(word)) || EXACT.contains(&local)
}

/// Whether words are coordinates as films write them: `+10.77+106.70/` (ISO 6709).
pub(super) fn is_position(words: &[u8]) -> bool {
    let words = words.trim_ascii();
    let number = |rest: &[u8]| rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    let Some((b'+' | b'-', rest)) = words.split_first() else { return false };
    let latitude = number(rest);
    let Some((b'+' | b'-', rest)) = rest.get(latitude..).and_then(<[u8]>::split_first) else { return false };
    latitude >= 2 && number(rest) >= 2
}

/// Whether a text of a film's telemetry track, such as a drone's subtitles, tells coordinates: such a word, and numbers
/// behind it.
pub(super) fn tells_position(text: &[u8]) -> bool {
    let text = text.to_ascii_lowercase();
    let is_number = |rest: &[u8]| rest.iter().take(NEAR).filter(|byte| byte.is_ascii_digit()).count() >= DIGITS;
    ["gps", "latitud", "longtit", "longitud"].iter().any(|word| {
        let mut places = text.windows(word.len()).enumerate().filter(|(_, window)| *window == word.as_bytes());
        places.any(|(at, _)| text.get(at..).is_some_and(is_number))
    })
}

/// How near such a word a number stands, and how many digits coordinates have at least.
const NEAR: usize = 48;
const DIGITS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_places_are_known_and_others_are_not() {
        for name in [
            "exif:GPSLatitude",
            "photoshop:City",
            "photoshop:State",
            "photoshop:Country",
            "Iptc4xmpCore:Location",
            "Iptc4xmpCore:CountryCode",
            "Iptc4xmpExt:Sublocation",
            "Iptc4xmpExt:LocationCreated",
            "xmpDM:shotLocation",
            "drone-dji:GpsLongtitude",
            "geo:lat",
            "geo:long",
            "com.apple.quicktime.location.ISO6709",
            "RECORDING_LOCATION",
            "dc:coverage",
            "exif:GPSAltitude",
            "location-eng",
        ] {
            assert!(is_location(name.as_bytes()), "{name}");
        }
        for name in [
            "tiff:Make",
            "xmp:Rating",
            "dc:title",
            "xmp:CreateDate",
            "com.apple.quicktime.make",
            "TITLE",
            "ENCODER",
            "exif:PixelXDimension",
            "tiff:Orientation",
            "photoshop:ColorMode",
            "xml:lang",
            "dc:language",
        ] {
            assert!(!is_location(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn coordinates_of_films_are_known_and_other_numbers_are_not() {
        for words in ["+11.2233+044.5566/", "-12.5-077.1+12/", "+1122-04455/"] {
            assert!(is_position(words.as_bytes()), "{words}");
        }
        for words in ["", "+", "+84 123 456", "2026-11-30", "-1", "+12", "1+1"] {
            assert!(!is_position(words.as_bytes()), "{words}");
        }
    }

    #[test]
    fn captions_that_mention_a_word_are_no_position() {
        assert!(tells_position(b"\0\x10GPS(11.2233,44.5566,77)"));
        assert!(tells_position(b"[latitude: 11.2233] [longitude: 44.5566]"));
        assert!(!tells_position(b"\0\x10Turn the GPS on before 9 in the morning"));
        assert!(!tells_position(b"What latitude means"));
    }
}
