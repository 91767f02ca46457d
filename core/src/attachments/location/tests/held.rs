//! Whether a film has pictures, by its tracks.

use proptest::prelude::*;

use super::{
    boxes::{ftyp, node, track},
    others::element,
    *,
};

const MP4: &str = "video/mp4";
const WEBM: &str = "video/webm";

fn held(bytes: &[u8], format: &str) -> Tracks {
    tracks(&mut Cursor::new(bytes.to_vec()), format)
}

/// A film with a track for each of these handlers, its tracks behind its samples, as a phone's recorder leaves it.
fn film(handlers: &[&[u8; 4]]) -> Vec<u8> {
    let all: Vec<_> = handlers.iter().map(|handler| track(handler, b"", &[(28, 1)], 4)).collect();
    [ftyp(b"isom"), node(b"mdat", &[&[9; 40]]), node(b"moov", &[&all.concat()])].concat()
}

/// The same of elements, its tracks before its samples, which are cut off.
fn elements(kinds: &[u8]) -> Vec<u8> {
    let all: Vec<_> = kinds.iter().map(|kind| element(b"\xae", &[&element(b"\x83", &[&[*kind]])])).collect();
    let head = b"\x1a\x45\xdf\xa3\x81\0\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff";
    [head.to_vec(), element(b"\x16\x54\xae\x6b", &[&all.concat()]), b"\x1f\x43\xb6\x75\x9f".to_vec()].concat()
}

#[test]
fn film_without_pictures_holds_sound_alone() {
    for (handlers, expected) in [
        (&[b"soun"][..], Tracks::Sound),
        (&[b"soun", b"soun", b"text"], Tracks::Sound),
        (&[b"soun", b"vide"], Tracks::Pictures),
        (&[b"vide", b"soun"], Tracks::Pictures),
        (&[b"pict", b"soun"], Tracks::Pictures),
        (&[b"text"], Tracks::Unknown),
        (&[], Tracks::Unknown),
    ] {
        for format in [MP4, "video/3gpp", "video/quicktime", "audio/mp4"] {
            assert_eq!(held(&film(handlers), format), expected, "{handlers:?}");
        }
    }
    for (kinds, expected) in [
        (&[2][..], Tracks::Sound),
        (&[2, 2, 17], Tracks::Sound),
        (&[1, 2], Tracks::Pictures),
        (&[2, 1], Tracks::Pictures),
        (&[17], Tracks::Unknown),
        (&[], Tracks::Unknown),
    ] {
        assert_eq!(held(&elements(kinds), WEBM), expected, "{kinds:?}");
    }
    assert_eq!(held(&film(&[b"soun"]), JPEG), Tracks::Unknown);
}

#[test]
fn films_of_real_tools_have_pictures_and_a_voice_memo_has_none() {
    for (name, bytes) in real::FILES {
        let format = real::media_type(bytes, name);
        let expected = match name {
            "voice.m4a" => Tracks::Sound,
            "first.mp4" | "fragments.mp4" | "telemetry.mov" | "tags.mp4" | "drone.mp4" | "keys.mov" => Tracks::Pictures,
            name if name.starts_with("film.") => Tracks::Pictures,
            _ => Tracks::Unknown,
        };
        assert_eq!(held(bytes, format), expected, "{name}");
    }
}

#[test]
fn tracks_that_are_cut_off_tell_nothing() {
    let whole = film(&[b"soun", b"vide"]);
    for length in 0..whole.len() {
        assert_eq!(held(&whole[..length], MP4), Tracks::Unknown, "{length}");
    }
    let whole = elements(&[2, 1]);
    for length in 0..whole.len() - 6 {
        assert_eq!(held(&whole[..length], WEBM), Tracks::Unknown, "{length}");
    }
}

proptest! {
    #[test]
    fn any_bytes_hold_something_or_nothing(
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        for (start, format) in [(film(&[b"soun", b"vide"]), MP4), (elements(&[2, 1]), WEBM)] {
            let mut broken = [start, bytes.clone()].concat();
            for (at, byte) in &cuts {
                let at = at.index(broken.len());
                broken[at] = *byte;
            }
            let mut medium = Cursor::new(broken.clone());
            let _ = tracks(&mut medium, format);
            prop_assert_eq!(medium.into_inner(), broken, "nothing is written");
        }
        for format in [MP4, WEBM] {
            let _ = held(&bytes, format);
        }
    }
}
