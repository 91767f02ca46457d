//! Files of boxes that no tool at hand makes.

use std::io::{Read, Seek, SeekFrom, Write};

use super::*;

const PLACE: &[u8] = b"+11.2233+044.5566/";
const MP4: &str = "video/mp4";

pub(super) fn node(kind: &[u8; 4], content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    [&u32::try_from(content.len() + 8).unwrap().to_be_bytes()[..], kind, &content].concat()
}

/// With the length in 64 bits.
fn long_node(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [b"\0\0\0\x01", &kind[..], &(content.len() as u64 + 16).to_be_bytes(), content].concat()
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

pub(super) fn ftyp(brand: &[u8; 4]) -> Vec<u8> {
    node(b"ftyp", &[brand, &[0; 4], brand])
}

fn place() -> Vec<u8> {
    node(b"udta", &[&node(b"\xa9xyz", &[&[0, 18, 0x15, 0xc7], PLACE])])
}

/// A track whose samples stand in these chunks: where, and how many samples of which size.
pub(super) fn track(handler: &[u8; 4], entry: &[u8], chunks: &[(u64, u32)], size: u32) -> Vec<u8> {
    let samples: u32 = chunks.iter().map(|(_, samples)| samples).sum();
    let runs: Vec<u32> = (1..).zip(chunks).flat_map(|(number, (_, samples))| [number, *samples, 1]).collect();
    let offsets: Vec<u8> = chunks.iter().flat_map(|(at, _)| at.to_be_bytes()).collect();
    let count = u32::try_from(chunks.len()).unwrap();
    let table = node(
        b"stbl",
        &[
            &node(b"stsd", &[&numbers(&[0, 1]), entry]),
            &node(b"stsz", &[&numbers(&[0, size, samples])]),
            &node(b"stsc", &[&numbers(&[0, count]), &numbers(&runs)]),
            &node(b"co64", &[&numbers(&[0, count]), &offsets]),
        ],
    );
    let handler = node(b"hdlr", &[&[0; 8], handler, &[0; 12]]);
    let media = node(b"mdia", &[&handler, &node(b"minf", &[&table])]);
    node(b"trak", &[&node(b"tkhd", &[&numbers(&[0, 0, 0, 7])]), &media])
}

#[test]
fn film_with_lengths_of_every_kind_is_walked() {
    for film in [
        [ftyp(b"isom"), long_node(b"mdat", &[9; 40]), long_node(b"moov", &place())].concat(),
        [ftyp(b"isom"), node(b"moov", &[&place()]), b"\0\0\0\0mdat".to_vec(), vec![9; 40]].concat(),
        [ftyp(b"isom"), node(b"mdat", &[&[9; 40]]), b"\0\0\0\0moov".to_vec(), place()].concat(),
        [b"\0\0\0\x08wide".to_vec(), node(b"mdat", &[&[9; 40]]), node(b"moov", &[&place(), &[0; 4]])].concat(),
        // What a tool made free still tells it.
        [ftyp(b"isom"), node(b"free", &[&place()]), node(b"mdat", &[&[9; 40]])].concat(),
    ] {
        let (after, changed) = stripped(&film, MP4);
        assert!(changed && !holds(&after, PLACE) && holds(&after, &[9; 40]) && after.len() == film.len());
        assert_eq!(stripped(&after, MP4), (after, false));
    }
}

#[test]
fn film_behind_a_photo_is_refused_where_it_is_cut_off_and_may_be_followed_by_anything() {
    let photo = b"\xff\xd8\xff\xd9".to_vec();
    let film = [ftyp(b"isom"), node(b"mdat", &[&[9; 40]]), node(b"moov", &[&place()])].concat();
    let whole = [photo.clone(), film.clone(), b"SEFH and what else a phone appends".to_vec()].concat();
    let (after, _) = stripped(&whole, JPEG);
    assert!(!holds(&after, PLACE) && holds(&after, &[9; 40]) && holds(&after, b"SEFH and"));
    let cut = [photo, film[..film.len() - 2].to_vec()].concat();
    assert!(refusal(&cut, JPEG).contains("broken"));
}

/// Ten gigabytes of nothing between two ends.
struct Huge {
    head: Vec<u8>,
    tail: Vec<u8>,
    at: u64,
    read: u64,
}

const GAP: u64 = 10 << 30;

impl Read for Huge {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let (head, end) = (self.head.len() as u64, self.head.len() as u64 + GAP + self.tail.len() as u64);
        let length = into.len().min(usize::try_from(end.saturating_sub(self.at)).unwrap_or(usize::MAX));
        for (place, byte) in (self.at..).zip(&mut into[..length]) {
            let tail = place.checked_sub(head + GAP).map(|place| place as usize);
            *byte = tail.map_or_else(|| self.head.get(place as usize).copied().unwrap_or(9), |place| self.tail[place]);
        }
        self.at += length as u64;
        self.read += length as u64;
        Ok(length)
    }
}

impl Write for Huge {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let tail = usize::try_from(self.at - self.head.len() as u64 - GAP).expect("samples stay");
        self.tail[tail..tail + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Seek for Huge {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let end = self.head.len() as u64 + GAP + self.tail.len() as u64;
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(by) => end.saturating_add_signed(by),
            SeekFrom::Current(by) => self.at.saturating_add_signed(by),
        };
        Ok(self.at)
    }
}

#[test]
fn huge_film_is_cleaned_without_being_read() {
    let head = [ftyp(b"qt  "), b"\0\0\0\x01mdat".to_vec(), (GAP + 16).to_be_bytes().to_vec()].concat();
    let mut film = Huge { head, tail: node(b"moov", &[&place()]), at: 0, read: 0 };
    assert!(strip(&mut film, "video/quicktime").unwrap());
    assert!(!holds(&film.tail, PLACE));
    assert!(film.read < 1 << 20, "read {} bytes", film.read);
}

/// A sample of Apple's: two values, of which the first is a place.
fn sample(place: &[u8]) -> Vec<u8> {
    [node(b"\0\0\0\x01", &[place]), node(b"\0\0\0\x02", &[b"still"])].concat()
}

fn keyed() -> Vec<u8> {
    let key = |number: u32, name: &[u8]| node(&number.to_be_bytes(), &[&node(b"keyd", &[b"mdta", name])]);
    let keys = [key(1, b"com.apple.quicktime.location.ISO6709"), key(2, b"com.apple.quicktime.still-image-time")];
    node(b"mebx", &[&[0; 8], &node(b"keys", &[&keys.concat()])])
}

#[test]
fn measured_values_of_places_go_and_others_stay() {
    let samples = [sample(PLACE), sample(PLACE), b"between".to_vec(), sample(PLACE)].concat();
    let size = u32::try_from(sample(PLACE).len()).unwrap();
    let first = ftyp(b"qt  ").len() as u64 + 8;
    let chunks = [(first, 2), (first + u64::from(size) * 2 + 7, 1)];
    let film = [ftyp(b"qt  "), node(b"mdat", &[&samples]), node(b"moov", &[&track(b"meta", &keyed(), &chunks, size)])]
        .concat();
    let (after, _) = stripped(&film, MP4);
    assert!(!holds(&after, PLACE) && holds(&after, b"between"));
    assert_eq!(after.windows(5).filter(|five| five == b"still").count(), 4, "three values and a key");
}

#[test]
fn measurements_go_whole_and_pictures_stay() {
    let at = ftyp(b"isom").len() as u64 + 8;
    for (handler, entry, goes) in [
        (b"meta", node(b"gpmd", &[&[0; 8]]), true),
        (b"camm", node(b"camm", &[&[0; 8]]), true),
        (b"vide", node(b"avc1", &[&[0; 8]]), false),
        (b"vide", node(b"camm", &[&[0; 8]]), true),
        (b"soun", node(b"mp4a", &[&[0; 8]]), false),
        (b"tmcd", node(b"tmcd", &[&[0; 8]]), false),
        (b"abcd", node(b"abcd", &[&[0; 8]]), true),
        (b"meta", node(b"mebx", &[&[0; 8]]), false),
    ] {
        let film =
            [ftyp(b"isom"), node(b"mdat", &[&[9; 40]]), node(b"moov", &[&track(handler, &entry, &[(at, 4)], 10)])]
                .concat();
        let (after, _) = stripped(&film, MP4);
        assert_eq!(!holds(&after, &[9]), goes, "{}", handler.escape_ascii());
    }
}

#[test]
fn measurements_in_fragments_go() {
    let camm = track(b"meta", &node(b"camm", &[&[0; 8]]), &[], 0);
    let trex = node(b"mvex", &[&node(b"trex", &[&numbers(&[0, 7, 1, 0, 10, 0])])]);
    let head = [ftyp(b"iso5"), node(b"moov", &[&trex, &camm])].concat();
    let moof = |tfhd: &[u32], trun: &[u32]| {
        node(b"moof", &[&node(b"traf", &[&node(b"tfhd", &[&numbers(tfhd)]), &node(b"trun", &[&numbers(trun)])])])
    };
    let samples = node(b"mdat", &[&[9; 30], b"stays"]);
    let default = moof(&[0x2_0000, 7], &[1, 3, 0]).len() as u32 + 8;
    let told = moof(&[0x2_0000, 7], &[0x201, 2, 0, 0, 0]).len() as u32 + 8;
    let base = moof(&[1, 7, 0, 0], &[0x201, 2, 0, 0, 0]).len();
    for moof in [
        moof(&[0x2_0000, 7], &[1, 3, default]),
        moof(&[0, 7], &[1, 3, default]),
        moof(&[0x2_0010, 7, 15], &[1, 2, default + 4]),
        moof(&[0x2_0000, 7], &[0x201, 2, told, 20, 10]),
        moof(&[1, 7, 0, u32::try_from(head.len() + base + 8).unwrap()], &[0x201, 2, 0, 20, 10]),
    ] {
        let film = [head.clone(), moof, samples.clone()].concat();
        let (after, _) = stripped(&film, MP4);
        assert!(!holds(&after, &[9]) && holds(&after, b"stays"));
    }
}

/// HEIF whose items stand as `iloc` and `idat` say.
fn heif(items: &[&[u8]], iloc: &[u8], idat: &[u8], rest: &[u8]) -> Vec<u8> {
    let count = u16::try_from(items.len()).unwrap().to_be_bytes();
    let infos = node(b"iinf", &[&[0; 4], &count, &items.concat()]);
    let meta = [infos, node(b"iloc", &[iloc]), node(b"idat", &[idat])].concat();
    [ftyp(b"heic"), node(b"meta", &[&[0; 4], &meta]), node(b"mdat", &[rest])].concat()
}

fn item(id: u8, kind: &[u8; 4], words: &[u8]) -> Vec<u8> {
    node(b"infe", &[&[2, 0, 0, 0, 0, id, 0, 0], kind, words])
}

#[test]
fn items_are_found_wherever_they_stand() {
    let exif = [&[0, 0, 0, 6][..], b"Exif\0\0", &exif(true)].concat();
    let data = [&exif, XMP.as_bytes()].concat();
    let (first, second) = (exif.len() as u32 - 20, data.len() as u32);
    let items = [item(1, b"Exif", b"\0"), item(2, b"mime", b"\0application/rdf+xml\0"), item(3, b"hvc1", b"\0")];
    let items: Vec<&[u8]> = items.iter().map(Vec::as_slice).collect();
    // Version 1, lengths and offsets of four bytes; the Exif in two pieces, and all of it in `idat`.
    let mut iloc = vec![1, 0, 0, 0, 0x44, 0, 0, 2];
    iloc.extend([0, 1, 0, 1, 0, 0, 0, 2].into_iter().chain(numbers(&[0, first, first, 20])));
    iloc.extend([0, 2, 0, 1, 0, 0, 0, 1].into_iter().chain(numbers(&[first + 20, second - first - 20])));
    let file = heif(&items, &iloc, &data, &[9; 40]);
    let (after, changed) = stripped(&file, HEIC);
    assert!(changed && holds(&file, b"LATITUDE") && holds(&after, &[9; 40]) && holds(&after, b"Nikon\0"));
    for word in [&b"LATITUDE"[..], b"48,51.5N", b"2,17.6E"] {
        assert!(!holds(&after, word), "{}", word.escape_ascii());
    }
    // The second method is an item within an item; the first byte of the fields of an item tells it.
    let mut within = iloc.clone();
    within[11] = 2;
    assert!(refusal(&heif(&items, &within, &data, b""), HEIC).contains("not understood"));
    let mut elsewhere = iloc.clone();
    elsewhere[13] = 1;
    assert!(refusal(&heif(&items, &elsewhere, &data, b""), HEIC).contains("not understood"));
    let mut beyond = iloc;
    beyond[20] = 1;
    assert!(refusal(&heif(&items, &beyond, &data, b""), HEIC).contains("broken"));
}

#[test]
fn metadata_of_a_photo_that_nothing_points_at_goes_too() {
    let items = node(b"iinf", &[&[0; 4], &[0, 1], &item(1, b"Exif", b"\0")]);
    for meta in [node(b"meta", &[&[0; 4], &items]), Vec::new()] {
        let rest = node(b"mdat", &[&[7; 300], b"\0\0\0\x06Exif\0\0", &exif(true), b"<x:xmpmeta>", XMP.as_bytes()]);
        let photo = [ftyp(b"avif"), meta, rest].concat();
        let (after, _) = stripped(&photo, AVIF);
        for word in [&b"LATITUDE"[..], b"48,51.5N", b"2,17.6E"] {
            assert!(!holds(&after, word), "{}", word.escape_ascii());
        }
        assert!(holds(&after, &[7; 300]) && holds(&after, b"Nikon\0") && holds(&after, b"<xmp:Rating>5<"));
    }
}

#[test]
fn compressed_and_encrypted_items_go_whole() {
    let compressed = item(1, b"mime", b"\0application/rdf+xml\0deflate\0");
    let mut encrypted = item(2, b"Exif", b"\0");
    encrypted[15] = 1;
    let mut iloc = vec![1, 0, 0, 0, 0x44, 0, 0, 2];
    iloc.extend([0, 1, 0, 1, 0, 0, 0, 1].into_iter().chain(numbers(&[0, 10])));
    iloc.extend([0, 2, 0, 1, 0, 0, 0, 1].into_iter().chain(numbers(&[10, 10])));
    let (after, _) = stripped(&heif(&[&compressed, &encrypted], &iloc, b"compressedencrypted!stays", b""), HEIC);
    assert!(!holds(&after, b"compressed") && !holds(&after, b"encrypted") && holds(&after, b"\0\0stays"));
}

#[test]
fn film_that_cannot_be_read_is_refused() {
    let deep = (0..40).fold(place(), |inside, _| node(b"moov", &[&inside]));
    for (film, why) in [
        ([ftyp(b"isom"), node(b"moov", &[&node(b"cmov", &[&[1; 20]])])].concat(), "compressed"),
        ([ftyp(b"isom"), node(b"mdat", &[&[9; 40]])[..20].to_vec()].concat(), "broken"),
        ([ftyp(b"isom"), node(b"moov", &[b"\0\0\0\x04udta"])].concat(), "broken"),
        ([ftyp(b"isom"), node(b"moov", &[b"\xff\0\0\0udta"])].concat(), "broken"),
        ([ftyp(b"isom"), deep].concat(), "broken"),
        ([ftyp(b"mif3"), node(b"mini", &[&[1; 20]])].concat(), "short form"),
        ([ftyp(b"isom"), b"a trailer that is no box".to_vec()].concat(), "broken"),
    ] {
        assert!(refusal(&film, MP4).contains(why), "{}", refusal(&film, MP4));
        // Behind a photo it is not its film's end that is refused, but what can't be read.
        let photo = [b"\xff\xd8\xff\xd9".to_vec(), film].concat();
        if why == "compressed" {
            assert!(refusal(&photo, JPEG).contains(why));
        }
    }
}

#[test]
fn xmp_and_credentials_in_boxes_of_numbers_go() {
    let xmp = b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";
    let credentials = b"\xd8\xfe\xc3\xd6\x1b\x0e\x48\x3c\x92\x97\x58\x28\x87\x7e\xc4\x81";
    let makers = b"\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48";
    let film = [
        ftyp(b"isom"),
        node(b"uuid", &[xmp, XMP.as_bytes()]),
        node(b"uuid", &[credentials, b"a place"]),
        node(b"moov", &[&node(b"uuid", &[makers, &node(b"CMT4", &[&exif(false)])])]),
    ]
    .concat();
    let (after, _) = stripped(&film, MP4);
    for word in [&b"LATITUDE"[..], b"48,51.5N", b"a place"] {
        assert!(holds(&film, word) && !holds(&after, word), "{}", word.escape_ascii());
    }
    assert!(holds(&after, b"<xmp:Rating>5<"));
}

#[test]
fn places_among_a_dash_cameras_samples_go() {
    let gps = node(b"free", &[b"GPS ", PLACE]);
    let at = ftyp(b"isom").len() as u32 + 8 + 40;
    let list = node(b"gps ", &[&numbers(&[0, 1, at, u32::try_from(gps.len()).unwrap()])]);
    let film = [ftyp(b"isom"), node(b"mdat", &[&[9; 40], &gps, &[9; 40]]), node(b"moov", &[&list])].concat();
    let (after, _) = stripped(&film, MP4);
    assert!(!holds(&after, PLACE) && after.iter().filter(|byte| **byte == 9).count() == 80);
}
