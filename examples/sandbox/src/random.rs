//! Repeatable randomness: the same seed gives the same tokens, names and fault dice.

/// SplitMix64. Not fit for secrets; a sandbox has none.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// A generator that starts from `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in `0.0..1.0`.
    pub(crate) fn unit(&mut self) -> f64 {
        // 53 bits are what an f64 holds exactly.
        #[allow(clippy::cast_precision_loss)]
        let numerator = (self.next() >> 11) as f64;
        numerator / 9_007_199_254_740_992.0
    }

    /// A version-4 UUID, as `SecureRandom.uuid` writes it.
    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 48 & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff
        )
    }

    /// Twenty-four letters and digits, the length of a `has_secure_token` column.
    pub(crate) fn token(&mut self) -> String {
        const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
        (0..24).map(|_| char::from(*self.pick(ALPHABET).unwrap_or(&b'1'))).collect()
    }

    /// `fragrant-river-412`: the kind of name a nameless contact is given.
    pub(crate) fn nickname(&mut self) -> String {
        const FIRST: [&str; 8] = ["autumn", "quiet", "bold", "late", "misty", "silver", "warm", "young"];
        const SECOND: [&str; 8] = ["river", "leaf", "meadow", "lake", "cloud", "moon", "rain", "stone"];
        let first = self.pick(&FIRST).copied().unwrap_or_default();
        let second = self.pick(&SECOND).copied().unwrap_or_default();
        format!("{first}-{second}-{}", self.next() % 1000)
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let length = u64::try_from(from.len()).unwrap_or(1).max(1);
        usize::try_from(self.next() % length).ok().and_then(|index| from.get(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_uuid_of_version_four() {
        let uuid = Random::new(7).uuid();
        assert_eq!(uuid, Random::new(7).uuid());
        assert_eq!(uuid.len(), 36);
        assert_eq!(uuid.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&uuid.as_bytes()[19]));
    }
}
