//! What hostile bytes may do: nothing, within bounds.

use proptest::prelude::*;

use super::*;

/// All formats, whatever the bytes begin like.
const TYPES: [&str; 9] = [JPEG, PNG, WEBP, HEIC, TIFF, "image/gif", "video/mp4", "video/webm", "image/svg+xml"];

/// Strips; a file that is refused keeps its length too.
fn length_after(bytes: &[u8], media_type: &str) -> usize {
    let mut medium = Cursor::new(bytes.to_vec());
    match strip(&mut medium, media_type) {
        Ok(_) | Err(Failure::Unremovable(_)) => medium.into_inner().len(),
        Err(Failure::Io(error)) => panic!("memory does not fail: {error}"),
    }
}

proptest! {
    #[test]
    fn broken_files_keep_their_length_and_end(
        which in any::<prop::sample::Index>(),
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        numbers in proptest::collection::vec((any::<prop::sample::Index>(), prop_oneof![Just(0_u32), Just(1), Just(8), Just(u32::MAX), any::<u32>()]), 0..4),
        end in any::<prop::sample::Index>(),
    ) {
        let (name, bytes) = real::FILES[which.index(real::FILES.len())];
        let media_type = real::media_type(bytes, name);
        let mut bytes = bytes.to_vec();
        for (at, byte) in cuts {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        for (at, number) in numbers {
            let at = at.index(bytes.len() - 4);
            bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
        }
        // Half of them whole.
        let end = end.index(bytes.len() * 2) + 1;
        bytes.truncate(end);
        prop_assert_eq!(length_after(&bytes, media_type), bytes.len());
    }

    #[test]
    fn any_bytes_keep_their_length_and_end(
        head in any::<prop::sample::Index>(), bytes in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let heads: [&[u8]; 8] = [
            b"", b"II*\0\x08\0\0\0", b"GIF89a\0\0\0\0\0\0\0", b"\0\0\0\x10ftypisom\0\0\0\0", b"\xff\xd8\xff\xe1\0\x20Exif\0\0MM\0*",
            b"\x1a\x45\xdf\xa3\x80\x12\x54\xc3\x67", b"<x exif:GPSLatitude='", b"\xff\xed\x01\0Photoshop 3.0\08BIM\x04\x04",
        ];
        let bytes = [heads[head.index(heads.len())], &bytes].concat();
        for media_type in TYPES {
            prop_assert_eq!(length_after(&bytes, media_type), bytes.len());
        }
    }
}
