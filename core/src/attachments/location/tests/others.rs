//! Photos, drawings and films of elements that no tool at hand makes.

use super::*;

fn app(marker: u8, content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    [&[0xff, marker][..], &u16::try_from(content.len() + 2).unwrap().to_be_bytes(), &content].concat()
}

fn in_jpeg(segments: &[&[u8]]) -> Vec<u8> {
    [b"\xff\xd8".to_vec(), segments.concat(), b"\xff\xda".to_vec(), vec![7; 300], b"\xff\xd9".to_vec()].concat()
}

/// Takes the location out of a JPEG; gives what is left of it.
fn cleaned(segments: &[&[u8]]) -> Vec<u8> {
    let bytes = in_jpeg(segments);
    let (after, changed) = stripped(&bytes, JPEG);
    assert!(changed && after.len() == bytes.len() && after.ends_with(&[7, 7, 7, 0xff, 0xd9]));
    assert_eq!(stripped(&after, JPEG), (after.clone(), false), "once is enough");
    after
}

#[test]
fn value_astride_two_segments_of_xmp_goes() {
    let middle = XMP.find("51.5N").unwrap();
    let total = u32::try_from(XMP.len()).unwrap().to_be_bytes();
    let part = |from: usize, to: usize| {
        let offset = u32::try_from(from).unwrap().to_be_bytes();
        app(0xe1, &[b"http://ns.adobe.com/xmp/extension/\0", &[b'F'; 32], &total, &offset, &XMP.as_bytes()[from..to]])
    };
    // In any order.
    let after = cleaned(&[&part(middle, XMP.len()), &part(0, middle)]);
    for word in [&b"51.5N"[..], b"\"48,", b"2,17.6E"] {
        assert!(!holds(&after, word), "{}", word.escape_ascii());
    }
    assert!(holds(&after, b"<xmp:Rating>5<"));
}

fn resource(id: u16, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let pad: &[u8] = if content.len() % 2 == 1 { b"\0" } else { b"" };
    [b"8BIM", &id.to_be_bytes()[..], &[0, 0], &length, content, pad].concat()
}

#[test]
fn photoshops_resources_lose_places_and_keep_the_rest() {
    let fields = b"\x1c\x02\x05\0\x05Title\x1c\x02\x5a\0\x0aHo Chi Min\x1c\x02\x5c\0\x0912 Le Loi";
    let all = [
        resource(0x03ed, b"density"),
        resource(0x0404, fields),
        resource(0x0422, &exif(true)),
        resource(0x0424, XMP.as_bytes()),
        resource(0x040c, b"thumbnail"),
    ];
    let after = cleaned(&[&app(0xed, &[b"Photoshop 3.0\0", &all.concat()])]);
    for word in [&b"Ho Chi"[..], b"Le Loi", b"LATITUDE", b"48,51.5N"] {
        assert!(!holds(&after, word), "{}", word.escape_ascii());
    }
    for word in [&b"density"[..], b"Title", b"Nikon\0", b"<xmp:Rating>5<", b"thumbnail"] {
        assert!(holds(&after, word), "lost {}", word.escape_ascii());
    }
    // One that goes on in the next segment.
    let fields = resource(0x0404, &[&fields[..], &[b'x'; 200]].concat());
    let after =
        cleaned(&[&app(0xed, &[b"Photoshop 3.0\0", &fields[..30]]), &app(0xed, &[b"Photoshop 3.0\0", &fields[30..]])]);
    assert!(!holds(&after, b"Chi") && !holds(&after, b"Le Loi"));
}

#[test]
fn content_credentials_go_whole() {
    let after = cleaned(&[&app(0xeb, &[b"JP\0\x01\0\0\0\x01\0\0\0\x40jumb", b"EXIF:GPSLatitude 11,13N"])]);
    assert!(!holds(&after, b"GPSLatitude"));
}

#[test]
fn country_that_a_phone_notes_behind_a_photo_goes() {
    let photo = [in_jpeg(&[]), b"\0\0\xa1\x0a\x08\0\0\0MCC_Data452SEFH".to_vec()].concat();
    let (after, changed) = stripped(&photo, JPEG);
    assert!(changed && after.ends_with(b"MCC_Data000SEFH"));
}

#[test]
fn iptc_that_a_program_appends_loses_places() {
    let fields = b"\x1c\x02\0\0\x02\0\x02\x1c\x02\x05\0\x05Title\x1c\x02\x5a\0\x03Hue\x1c\x02\x5a\xff\x03AXS!";
    let photo = [in_jpeg(&[]), b"AXS!".to_vec(), fields.to_vec(), vec![9; 100]].concat();
    let (after, _) = stripped(&photo, JPEG);
    assert!(!holds(&after, b"Hue") && holds(&after, b"Title") && holds(&after, b"\x03AXS!\x09"));
}

#[test]
fn exif_that_cannot_be_read_is_blanked_whole() {
    let after = cleaned(&[&app(0xe1, &[b"Exif\0\0", b"LATITUDE without a table"])]);
    assert!(!holds(&after, b"LATITUDE") && holds(&after, b"Exif\0\0\0\0\0"));
}

/// TIFF of entries: tag, kind, count, value; what values point at stands behind at 200.
fn tiff_of(entries: &[(u16, u16, u32, u32)], behind: &[u8]) -> Vec<u8> {
    let mut bytes = b"MM\0*\0\0\0\x08".to_vec();
    bytes.extend(u16::try_from(entries.len()).unwrap().to_be_bytes());
    for (tag, kind, count, value) in entries {
        bytes.extend([tag.to_be_bytes(), kind.to_be_bytes()].concat());
        bytes.extend([count.to_be_bytes(), value.to_be_bytes()].concat());
    }
    bytes.extend([0; 4]);
    bytes.resize(200, 0);
    bytes.extend(behind);
    bytes
}

#[test]
fn makers_notes_go_unless_they_are_apples() {
    for (notes, stays) in [(&b"Panasonic\0 LATITUDE"[..], false), (b"Apple iOS\0 as it is", true)] {
        let length = u32::try_from(notes.len()).unwrap();
        let exif = tiff_of(&[(0x927c, 7, length, 200), (0x010f, 2, 4, 0x4142_4300)], notes);
        let (after, _) = stripped(&in_jpeg(&[&app(0xe1, &[b"Exif\0\0", &exif])]), JPEG);
        assert_eq!(holds(&after, notes), stays);
        assert!(holds(&after, b"ABC\0"));
    }
}

#[test]
fn all_tables_below_a_table_are_looked_at() {
    // Two offsets at 200, to tables at 208 and 232, of which each points at a table of a place.
    let below = |gps: u32| {
        let mut table = vec![0, 1];
        table.extend([&0x8825_u16.to_be_bytes()[..], &[0, 4, 0, 0, 0, 1], &gps.to_be_bytes()].concat());
        table.resize(24, 0);
        table
    };
    let gps = |value: u32| {
        let mut table = vec![0, 1];
        table.extend([&[0, 2, 0, 5, 0, 0, 0, 3][..], &value.to_be_bytes()].concat());
        table.resize(24, 0);
        table
    };
    let behind = [
        [0, 0, 0, 208, 0, 0, 0, 232].to_vec(),
        below(256),
        below(280),
        gps(304),
        gps(328),
        LATITUDE[..24].to_vec(),
        LATITUDE[..24].to_vec(),
    ];
    let file = tiff_of(&[(0x014a, 4, 2, 200)], &behind.concat());
    assert_eq!(file[304..312], LATITUDE[..8]);
    let (after, changed) = stripped(&file, TIFF);
    assert!(changed && !holds(&after, b"LATITUDE"));
}

#[test]
fn preview_within_a_photo_is_cleaned() {
    let preview = in_jpeg(&[&app(0xe1, &[b"Exif\0\0", &exif(true)])]);
    let length = u32::try_from(preview.len()).unwrap();
    for entries in [
        vec![(0x0201, 4, 1, 200), (0x0202, 4, 1, length)],
        vec![(0x0103, 3, 1, 7 << 16), (0x0111, 4, 1, 200), (0x0117, 4, 1, length)],
    ] {
        let (after, _) = stripped(&tiff_of(&entries, &preview), TIFF);
        assert!(!holds(&after, b"LATITUDE") && holds(&after, b"Nikon\0"));
    }
}

#[test]
fn raw_files_of_cameras_and_other_tiff_that_cannot_be_read_are_refused() {
    for (file, why) in [
        (tiff_of(&[(0x927c, 7, 20, 200)], b"Nikon\0 a camera's own"), "raw file"),
        (tiff_of(&[(0xc612, 1, 4, 1), (0xc68c, 7, 20, 200)], &[1; 20]), "compressed photo"),
        (tiff_of(&[(0x014a, 4, 5_000, 200)], &[1; 20_000]), "too many tables"),
        (b"II+\0\x08\0\0\0".to_vec(), "broken"),
        (b"II*\0\xff\xff\0\0".to_vec(), "broken"),
    ] {
        assert!(refusal(&file, TIFF).contains(why), "{}", refusal(&file, TIFF));
    }
    // A DNG can be developed without.
    let dng = tiff_of(&[(0x927c, 7, 20, 200), (0xc612, 1, 4, 1)], b"Nikon\0 a camera's own");
    assert!(!holds(&stripped(&dng, TIFF).0, b"a camera's own"));
}

#[test]
fn xmp_of_a_gif_goes_also_where_it_is_cut_into_pieces() {
    let head = b"GIF89a\x02\0\x02\0\0\0\0!\xff\x0bXMP DataXMP".to_vec();
    let run: Vec<u8> = [1].into_iter().chain((0..=255).rev()).chain([0]).collect();
    let picture = b",\0\0\0\0\x02\0\x02\0\0\x02\x02\x44\x01\0;";
    let whole = [head.clone(), XMP.as_bytes().to_vec(), run, picture.to_vec()].concat();
    let (after, _) = stripped(&whole, "image/gif");
    assert!(!holds(&after, b"48,51.5N") && holds(&after, b"<xmp:Rating>5<") && after.ends_with(picture));
    let pieces: Vec<u8> = XMP.as_bytes().chunks(40).flat_map(|piece| [&[piece.len() as u8], piece].concat()).collect();
    let cut = [head, pieces, vec![0], picture.to_vec()].concat();
    let (after, _) = stripped(&cut, "image/gif");
    assert!(!holds(&after, b"51.5N") && after.ends_with(picture));
    assert!(refusal(b"GIF89a\x02\0\x02\0\0\0\0?", "image/gif").contains("broken"));
}

pub(super) fn element(id: &[u8], content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    [id, &(0x1000_0000 | u32::try_from(content.len()).unwrap()).to_be_bytes(), &content].concat()
}

#[test]
fn tags_of_a_film_that_was_sent_while_it_was_made_are_found() {
    let tag = |name: &[u8], words: &[u8], below: &[u8]| {
        element(b"\x67\xc8", &[&element(b"\x44\x87", &[words]), &element(b"\x45\xa3", &[name]), below])
    };
    let tags = element(
        b"\x12\x54\xc3\x67",
        &[
            b"\xbf\x84\x01\x02\x03\x04",
            &element(
                b"\x73\x73",
                &[
                    &tag(b"RECORDING_LOCATION", b"VN, Hue", &tag(b"NOTE", b"Le Loi", b"")),
                    &tag(b"COMMENT", b"+11.2233+044.5566/", b""),
                    &tag(b"TITLE", b"Parcel", b""),
                ],
            ),
        ],
    );
    let head = b"\x1a\x45\xdf\xa3\x81\0\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff";
    let cluster =
        [b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff".to_vec(), element(b"\xa3", &[&[9; 40]])].concat();
    let film = [head.to_vec(), cluster, tags].concat();
    let (after, changed) = stripped(&film, "video/webm");
    assert!(changed && holds(&after, &[9; 40]) && holds(&after, b"Parcel"));
    assert!(!holds(&after, b"Hue") && !holds(&after, b"Le Loi") && !holds(&after, b"11.2233"));
    assert!(holds(&after, b"\xec\x84"), "the check sum is not to be read any more");
    assert!(!stripped(&after, "video/webm").1, "once is enough");
    let track = element(b"\x16\x54\xae\x6b", &[&element(b"\xae", &[&element(b"\x83", &[&[0x21]])])]);
    assert!(refusal(&[head.to_vec(), track].concat(), "video/webm").contains("measurements"));
    assert!(refusal(&[head.to_vec(), b"\x12\x54\xc3\x67\x9f".to_vec()].concat(), "video/webm").contains("broken"));
}

#[test]
fn drawing_loses_its_place_unless_it_holds_a_photo() {
    let (after, changed) = stripped(format!("<svg>{XMP}</svg>").as_bytes(), "image/svg+xml");
    assert!(changed && !holds(&after, b"48,51.5N"));
    assert!(refusal(b"<svg><image href='data:image/jpeg;base64,/9j/'/></svg>", "image/svg+xml").contains("photo"));
}

#[test]
fn only_photos_and_films_that_are_not_understood_are_refused() {
    for (media_type, name, expected) in [
        (JPEG, "a.txt", Plan::Clean),
        ("audio/mp4", "a.m4a", Plan::Clean),
        ("image/bmp", "a.bmp", Plan::Leave),
        ("application/pdf", "a.jpg", Plan::Leave),
        ("audio/mpeg", "a.mp3", Plan::Leave),
        ("text/plain", "photo.jpg", Plan::Leave),
        ("application/octet-stream", "a.bin", Plan::Leave),
        ("application/octet-stream", "IMG_0001.CR2", Plan::NotUnderstood),
        ("application/octet-stream", "clip.mts", Plan::NotUnderstood),
        ("video/x-msvideo", "a", Plan::NotUnderstood),
        ("image/jxl", "a", Plan::NotUnderstood),
        ("image/x-canon-cr3", "a", Plan::NotUnderstood),
    ] {
        assert_eq!(plan(media_type, name, media_type), expected, "{media_type} {name}");
    }
}
