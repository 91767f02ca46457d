//! Words to numbers, while an index is built.

/// Gives every distinct word a number, in order of appearance. Open addressing over one string of all words: a map with
/// an allocation a word would cost more than the rest of a build.
pub(crate) struct Interner {
    text: Vec<u8>,
    /// Where each word ends in `text`.
    ends: Vec<u32>,
    /// Word number plus one; 0 is free. Its length is a power of two, at most half full.
    slots: Vec<u32>,
}

impl Default for Interner {
    fn default() -> Self {
        Self { text: Vec::new(), ends: Vec::new(), slots: vec![0; 1024] }
    }
}

impl Interner {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The word of that number; empty past the last.
    pub(crate) fn word(&self, number: u32) -> &[u8] {
        let at = number as usize;
        let from = at.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize);
        self.ends.get(at).and_then(|to| self.text.get(from..*to as usize)).unwrap_or_default()
    }

    /// The word's number, if it has one; else the slot where it would be found.
    fn place(&self, word: &[u8]) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut at = hash(word) as usize & mask;
        loop {
            match self.slots.get(at).copied() {
                Some(taken @ 1..) if self.word(taken - 1) == word => return Ok(taken - 1),
                Some(1..) => at = (at + 1) & mask,
                _ => return Err(at),
            }
        }
    }

    /// The number that the word was given.
    pub(crate) fn find(&self, word: &[u8]) -> Option<u32> {
        self.place(word).ok()
    }

    pub(crate) fn number(&mut self, word: &[u8]) -> u32 {
        let at = match self.place(word) {
            Ok(number) => return number,
            Err(at) => at,
        };
        let number = self.ends.len() as u32;
        self.text.extend_from_slice(word);
        self.ends.push(self.text.len() as u32);
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = number + 1;
        }
        if self.ends.len() * 2 > self.slots.len() {
            self.grow();
        }
        number
    }

    fn grow(&mut self) {
        let mask = self.slots.len() * 2 - 1;
        let mut slots = vec![0; mask + 1];
        for number in 0..self.ends.len() as u32 {
            let mut at = hash(self.word(number)) as usize & mask;
            while slots.get(at).is_some_and(|taken| *taken != 0) {
                at = (at + 1) & mask;
            }
            if let Some(slot) = slots.get_mut(at) {
                *slot = number + 1;
            }
        }
        self.slots = slots;
    }
}

fn hash(word: &[u8]) -> u64 {
    let sum = crate::codec::checksum(word);
    sum ^ sum >> 29
}
