//! Cuts a text into the words that are indexed, asked for and highlighted.
//!
//! * A run of letters and digits is a [`Kind::Word`]. An apostrophe joins (`don't` is `dont`, `merchant's` is
//!   `merchants`) unless three letters or more follow it (`l'article` is `l` and `article`).
//! * Of a run in a script without spaces every two neighbouring units are a [`Kind::Pair`]; a unit is a character with
//!   the signs that hang on it. No dictionary is needed, and a word is found wherever the run is cut. The last unit is a
//!   [`Kind::Tail`] of its own, so that a search for one unit finds it at the end of a run as well as at its beginning.
//!   A run of one unit is a [`Kind::Single`].
//!
//! Places are counted in characters of the text as given, not as folded: they are what a host highlights.

use crate::fold::{Class, class, fold};
use std::cell::Cell;

/// Bytes of a folded word that are kept. Longer ones (tokens, hashes, a line without spaces) are cut here, alike in index
/// and query, so they still find each other; no word of a dictionary is as long.
pub(crate) const MAX_WORD: usize = 48;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    Pair,
    Single,
    Tail,
}

/// One word, folded.
#[derive(Debug)]
pub(crate) struct Word<'a> {
    pub(crate) text: &'a str,
    pub(crate) kind: Kind,
    /// Where it begins in the text, in characters.
    pub(crate) from: u32,
    /// Where it ends.
    pub(crate) to: u32,
    /// Of a [`Kind::Word`]: where it stands in the text, in bytes.
    pub(crate) bytes: (usize, usize),
    /// For each folded character the place of the character it came from.
    places: &'a [u32],
}

impl Word<'_> {
    /// Where the first `bytes` folded bytes end in the text.
    pub(crate) fn end_of_prefix(&self, bytes: usize) -> u32 {
        let count = self.text.get(..bytes).map_or(usize::MAX, |head| head.chars().count());
        match (count.checked_sub(1).and_then(|last| self.places.get(last)), self.places.get(count)) {
            (Some(last), Some(next)) => (*next).max(last + 1),
            _ => self.to,
        }
    }
}

/// The splitter: its buffers are reused from text to text.
#[derive(Default)]
pub(crate) struct Splitter {
    text: String,
    places: Vec<u32>,
    /// For units: bytes, and folded characters, before the second unit.
    second: Option<(usize, usize)>,
    from: u32,
    to: u32,
    /// Where the word begins in the text, and where the character that is looked at does; in bytes.
    begin: usize,
    byte: usize,
    /// Bytes and characters before the last apostrophe, and its place: in characters, in bytes.
    apostrophe: Option<(usize, usize, u32, usize)>,
    units: bool,
}

impl Splitter {
    /// Calls `each` with every word of `text`, in order.
    pub(crate) fn split(&mut self, text: &str, each: &mut dyn FnMut(Word<'_>)) {
        self.split_until(text, &Cell::new(u32::MAX), each);
    }

    /// The same, up to the end of the word at the character `end`, which `each` may bring nearer.
    pub(crate) fn split_until(&mut self, text: &str, end: &Cell<u32>, each: &mut dyn FnMut(Word<'_>)) {
        self.clear();
        for (at, (byte, c)) in (0u32..).zip(text.char_indices()) {
            self.byte = byte;
            if at >= end.get() && self.text.is_empty() {
                return;
            }
            if c.is_ascii_alphanumeric() {
                self.letter(c.to_ascii_lowercase(), at, each);
                continue;
            }
            let mut folded_to_nothing = true;
            fold(c, &mut |f| {
                folded_to_nothing = false;
                match class(f) {
                    Class::Letter => self.letter(f, at, each),
                    Class::Unit => self.unit(f, at, each),
                    Class::Mark => self.mark(f, at),
                    Class::Apostrophe if !self.units && !self.text.is_empty() => {
                        self.apostrophe = Some((self.text.len(), self.places.len(), at, byte));
                    }
                    Class::Apostrophe | Class::Gap => self.flush(each),
                }
            });
            if folded_to_nothing && !self.text.is_empty() && self.to == at {
                self.to = at + 1;
            }
        }
        self.byte = text.len();
        self.flush(each);
    }

    #[inline]
    fn letter(&mut self, f: char, at: u32, each: &mut dyn FnMut(Word<'_>)) {
        if self.units {
            self.flush(each);
        }
        self.push(f, at);
    }

    fn unit(&mut self, f: char, at: u32, each: &mut dyn FnMut(Word<'_>)) {
        if !self.units {
            self.flush(each);
            self.units = true;
        }
        if !self.text.is_empty() {
            if let Some((bytes, places)) = self.second {
                self.hand_out(Kind::Pair, each);
                self.text.drain(..bytes.min(self.text.len()));
                self.places.drain(..places.min(self.places.len()));
                self.from = self.places.first().copied().unwrap_or(at);
            }
            self.second = Some((self.text.len(), self.places.len()));
        }
        self.push(f, at);
    }

    fn mark(&mut self, f: char, at: u32) {
        // A sign with nothing to hang on says nothing.
        if !self.text.is_empty() && self.to == at || self.places.last() == Some(&at) {
            self.push(f, at);
        }
    }

    #[inline]
    fn push(&mut self, f: char, at: u32) {
        if self.text.is_empty() {
            (self.from, self.begin) = (at, self.byte);
        }
        self.to = at + 1;
        if self.text.len() + f.len_utf8() <= MAX_WORD {
            self.text.push(f);
            self.places.push(at);
        }
    }

    fn hand_out(&self, kind: Kind, each: &mut dyn FnMut(Word<'_>)) {
        let bytes = (self.begin, self.byte);
        each(Word { text: &self.text, kind, from: self.from, to: self.to, bytes, places: &self.places });
    }

    fn flush(&mut self, each: &mut dyn FnMut(Word<'_>)) {
        if self.text.is_empty() {
            return self.clear();
        }
        match (self.units, self.second) {
            (true, Some((bytes, places))) => {
                self.hand_out(Kind::Pair, each);
                let tail = self.text.get(bytes..).unwrap_or_default();
                let places = self.places.get(places..).unwrap_or_default();
                if let Some(&from) = places.first() {
                    each(Word { text: tail, kind: Kind::Tail, from, to: self.to, bytes: (0, 0), places });
                }
            }
            (true, None) => self.hand_out(Kind::Single, each),
            (false, _) => self.flush_word(each),
        }
        self.clear();
    }

    fn flush_word(&mut self, each: &mut dyn FnMut(Word<'_>)) {
        let split = self.apostrophe.and_then(|(bytes, places, at, byte)| {
            let (head, tail) = (self.text.get(..bytes)?, self.text.get(bytes..)?);
            (tail.chars().nth(2).is_some() && !head.is_empty()).then_some((head, tail, places, at, byte))
        });
        let Some((head, tail, place, at, byte)) = split else { return self.hand_out(Kind::Word, each) };
        let places = self.places.split_at_checked(place).unwrap_or_default();
        let bytes = [(self.begin, byte), (byte, self.byte)];
        each(Word { text: head, kind: Kind::Word, from: self.from, to: at, bytes: bytes[0], places: places.0 });
        each(Word { text: tail, kind: Kind::Word, from: at + 1, to: self.to, bytes: bytes[1], places: places.1 });
    }

    fn clear(&mut self) {
        self.text.clear();
        self.places.clear();
        (self.second, self.apostrophe, self.units) = (None, None, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<(String, Kind, u32, u32)> {
        let mut out = Vec::new();
        Splitter::default().split(text, &mut |w| out.push((w.text.to_owned(), w.kind, w.from, w.to)));
        out
    }

    fn texts(text: &str) -> Vec<String> {
        words(text).into_iter().map(|(text, ..)| text).collect()
    }

    #[test]
    fn words_with_spaces_are_cut_at_gaps() {
        assert_eq!(
            texts("Wi-Fi, 2.4GHz: c'est l'Adresse; don't"),
            ["wi", "fi", "2", "4ghz", "c", "est", "l", "adresse", "dont"]
        );
        assert_eq!(words(" Đổi"), [("doi".into(), Kind::Word, 1, 4)]);
        assert_eq!(words("e\u{301}a\u{301} x"), [("ea".into(), Kind::Word, 0, 4), ("x".into(), Kind::Word, 5, 6)]);
    }

    #[test]
    fn scripts_without_spaces_are_cut_into_pairs() {
        assert_eq!(
            words("App退款吗"),
            [
                ("app".into(), Kind::Word, 0, 3),
                ("退款".into(), Kind::Pair, 3, 5),
                ("款吗".into(), Kind::Pair, 4, 6),
                ("吗".into(), Kind::Tail, 5, 6)
            ]
        );
        assert_eq!(words("退"), [("退".into(), Kind::Single, 0, 1)]);
        assert_eq!(texts("คืนเงิน"), ["คืน", "นเ", "เงิ", "งิน", "น"]);
        assert_eq!(texts("한국"), ["\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}", "\u{1100}\u{116e}\u{11a8}"]);
    }

    #[test]
    fn a_lone_mark_is_no_word() {
        for text in ["\u{301}", "\u{e48}", "😀\u{fe0f}", "\0", "'", "\u{3099}"] {
            assert_eq!(words(text), [], "{text:?}");
        }
    }

    #[test]
    fn a_prefix_ends_where_its_last_letter_does() {
        let mut ends = Vec::new();
        Splitter::default().split("Æo\u{308}x", &mut |w| ends = (1..=4).map(|n| w.end_of_prefix(n)).collect());
        assert_eq!(ends, [1, 1, 3, 4]);
    }

    proptest! {
        #[test]
        fn every_place_is_in_the_text(text in "[\\PC'’\u{300}-\u{303}\u{e01}-\u{e4f}漢字カナ한국]{0,60}") {
            let count = text.chars().count() as u32;
            let mut last = 0;
            Splitter::default().split(&text, &mut |w| {
                assert!(w.from < w.to && w.to <= count && w.from >= last, "{w:?}");
                assert!(!w.text.is_empty() && w.text.len() <= MAX_WORD);
                for bytes in 1..=w.text.len() {
                    let end = w.end_of_prefix(bytes);
                    assert!(end > w.from && end <= w.to, "{w:?} {bytes}");
                }
                last = w.from;
            });
        }
    }
}
