//! Reading and writing the index's bytes. Every read may fail and says so with `None`: no byte, however damaged, is
//! trusted to be a length.

/// Appends `value`, seven bits a byte, lowest first.
pub(crate) fn put(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a length and the bytes.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put(out, u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    out.extend_from_slice(bytes);
}

/// A place in a slice of bytes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Bytes left.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    #[inline]
    pub(crate) fn number(&mut self) -> Option<u32> {
        let first = self.byte()?;
        if first < 0x80 {
            return Some(u32::from(first));
        }
        let mut value = u32::from(first & 0x7F);
        for shift in [7, 14, 21, 28] {
            let byte = self.byte()?;
            value |= u32::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(head)
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = self.number()?;
        self.take(usize::try_from(count).ok()?)
    }
}

/// The little-endian number at place `at` of a table of 32-bit numbers.
#[inline]
pub(crate) fn word_at(table: &[u8], at: usize) -> Option<u32> {
    let from = at.checked_mul(4)?;
    let bytes = table.get(from..from.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

/// A checksum against damage (not against malice): multiply and rotate over words of eight bytes, so that an index of
/// 50,000 articles is checked in milliseconds.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    // The odd 64-bit fraction of the golden ratio, as in Fibonacci hashing.
    const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut sum = bytes.len() as u64;
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        let word = word.try_into().map_or(0, u64::from_le_bytes);
        sum = (sum.rotate_left(23) ^ word).wrapping_mul(MULTIPLIER);
    }
    for byte in words.remainder() {
        sum = (sum.rotate_left(23) ^ u64::from(*byte)).wrapping_mul(MULTIPLIER);
    }
    sum ^ sum >> 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_written_is_read_back(value: u32) {
            let mut out = Vec::new();
            put(&mut out, value);
            prop_assert_eq!(Reader::new(&out).number(), Some(value));
        }

        #[test]
        fn any_changed_byte_changes_the_checksum(mut bytes in prop::collection::vec(any::<u8>(), 1..64), at: prop::sample::Index, flip in 1u8..) {
            let before = checksum(&bytes);
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            prop_assert_ne!(checksum(&bytes), before);
        }
    }

    #[test]
    fn a_number_cut_short_or_endless_is_refused() {
        for bytes in [&[][..], &[0x80], &[0xFF; 5], &[0xFF; 9]] {
            assert_eq!(Reader::new(bytes).number(), None);
        }
    }
}
