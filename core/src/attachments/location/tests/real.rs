//! Files made by real tools (see `fixtures/README.md`), each with the same made-up place.

use super::*;
use crate::attachments::sniff;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_bytes!(concat!("../fixtures/", $name)).as_slice())),*]
    };
}

pub(super) const FILES: [(&str, &[u8]); 25] = files![
    "compressed.png",
    "drone.mp4",
    "film.3gp",
    "film.mkv",
    "film.mov",
    "film.mp4",
    "film.webm",
    "first.mp4",
    "fragments.mp4",
    "keys.mov",
    "motion.heic",
    "motion.jpg",
    "pages-big.tif",
    "photo-little.tif",
    "photo.avif",
    "photo.dng",
    "photo.gif",
    "photo.heic",
    "photo.jpg",
    "photo.png",
    "photo.webp",
    "raw-profiles.png",
    "tags.mp4",
    "telemetry.mov",
    "voice.m4a",
];

/// The place as each format writes it: in words, as fractions of degrees and minutes, and in 65,536ths of a degree.
fn traces() -> Vec<Vec<u8>> {
    let fractions = [11_u32, 1, 13, 1];
    let degrees = [11.2233_f64, 44.5566].map(|degrees| ((degrees * 65_536.0) as u32).to_be_bytes());
    let mut traces: Vec<Vec<u8>> =
        ["Planted", "11.2233", "44.5566", "11,13.398", "44,33.396"].map(|word| word.as_bytes().to_vec()).into();
    traces.push(fractions.iter().flat_map(|number| number.to_be_bytes()).collect());
    traces.push(fractions.iter().flat_map(|number| number.to_le_bytes()).collect());
    traces.extend(degrees.map(|degrees| degrees.to_vec()));
    traces
}

pub(super) fn media_type(bytes: &[u8], name: &str) -> &'static str {
    sniff::media_type(&bytes[..bytes.len().min(sniff::HEAD)], name)
}

#[test]
fn file_of_every_tool_loses_its_place_and_keeps_its_length() {
    for (name, bytes) in FILES {
        let media_type = media_type(bytes, name);
        assert_eq!(plan(media_type, name, media_type), Plan::Clean, "{name}");
        let (after, changed) = stripped(bytes, media_type);
        assert!(changed && after.len() == bytes.len(), "{name}");
        // A compressed packet shows no trace.
        let shows = name != "compressed.png";
        assert_eq!(traces().iter().any(|trace| holds(bytes, trace)), shows, "{name} is made wrong");
        for trace in traces() {
            assert!(!holds(&after, &trace), "{name} holds {}", trace.escape_ascii());
        }
        assert_eq!(stripped(&after, media_type), (after, false), "{name}: once is enough");
    }
}

#[test]
fn what_says_no_place_stays() {
    for (name, bytes) in FILES {
        let (after, _) = stripped(bytes, media_type(bytes, name));
        for word in ["Testcam", "Parcel", "xmp:Rating", "avc1", "mp4a", "hvc1", "av01", "Lavf"] {
            // Words that stand in what was compressed, or in what goes whole.
            if name == "raw-profiles.png" || name == "compressed.png" {
                continue;
            }
            assert_eq!(holds(bytes, word.as_bytes()), holds(&after, word.as_bytes()), "{name} lost {word}");
        }
    }
}

#[test]
fn samples_of_pictures_and_sound_stay() {
    for (name, bytes) in FILES {
        let (after, _) = stripped(bytes, media_type(bytes, name));
        let (Some(at), false) = (find(bytes, b"mdat"), name == "telemetry.mov" || name == "drone.mp4") else {
            continue;
        };
        if media_type(bytes, name).starts_with("video") || name.ends_with("m4a") {
            let length = u32::from_be_bytes(bytes[at - 4..at].try_into().unwrap()) as usize;
            assert_eq!(bytes[at..at - 4 + length], after[at..at - 4 + length], "{name}");
        }
    }
}

fn find(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).position(|window| window == word)
}
