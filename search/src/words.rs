//! Cuts a text into the words that are indexed, asked for and highlighted.
//!
//! * A run of letters and digits is a [`Kind::Word`]. An apostrophe joins (`don't` is `dont`, `merchant's` is
//!   `merchants`) unless three letters or more follow it (`l'article` is `l` and `article`).
//! * Of a run in a script without spaces every two neighbouring units are a [`Kind::Pair`]; a unit is a character with
//!   the signs that hang on it. No dictionary is needed, and a word is found wherever the run is cut. The last unit is a
//!   [`Kind::Tail`] of its own, so that a search for one unit finds it at the end of a run as well as at its beginning.
//!   A run of one unit is a [`Kind::Single`].
//! * The same word is written joined and divided. So what is written with a hyphen or another [`Gap`] within it is also
//!   given joined (`wifi` of "Wi-Fi", `19001234` of "1900 1234"), and a word of letters and digits also in its parts
//!   (`iphone` and `15` of "iPhone15"): see [`Kind::Aside`]. What is written with a space is divided by the query: see
//!   `divide`.
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
    /// Another way to write the words at this place. It comes after them, is found and marked like a word, and counts
    /// neither for the length of a text nor for the order of its words.
    Aside,
}

impl Kind {
    /// Whether its term is its stem, and not itself.
    pub(crate) fn has_stem(self) -> bool {
        matches!(self, Self::Word | Self::Aside)
    }
}

/// Neighbouring words that are joined at most: a telephone number in pairs of digits has as many.
pub(crate) const MOST_JOINED: usize = 6;

/// What stands between two words that may be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gap {
    /// A sign that divides one word: "Wi-Fi", "Node.js", "H&M".
    Word,
    /// A slash between numbers.
    Number,
    /// What divides two numbers as often as one: "1900 1234", "(028) 3812-3456", "500,000".
    Loose,
}

/// One of the words that may be joined.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Where it begins in [`Splitter::run`] and [`Splitter::run_places`].
    text: usize,
    places: usize,
    /// Digits that it begins with.
    digits: usize,
    /// Whether it is nothing else.
    number: bool,
    /// What stands before it.
    gap: Gap,
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
    /// The words before this one that may be joined with it: their texts and places end to end.
    run: String,
    run_places: Vec<u32>,
    pieces: Vec<Piece>,
    /// Spaces and other signs since the last of them, and the last other sign.
    spaces: u8,
    signs: u8,
    sign: char,
}

impl Splitter {
    /// Calls `each` with every word of `text`, in order.
    pub(crate) fn split(&mut self, text: &str, each: &mut dyn FnMut(Word<'_>)) {
        self.split_until(text, &Cell::new(u32::MAX), each);
    }

    /// The same, up to the end of the word at the character `end`, which `each` may bring nearer.
    pub(crate) fn split_until(&mut self, text: &str, end: &Cell<u32>, each: &mut dyn FnMut(Word<'_>)) {
        self.clear();
        self.forget_run();
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
                    Class::Apostrophe | Class::Gap => self.gap(f, each),
                }
            });
            if folded_to_nothing && !self.text.is_empty() && self.to == at {
                self.to = at + 1;
            }
        }
        self.byte = text.len();
        self.flush('\0', each);
    }

    #[inline]
    fn gap(&mut self, f: char, each: &mut dyn FnMut(Word<'_>)) {
        if !self.text.is_empty() {
            self.flush(f, each);
        }
        if self.pieces.is_empty() {
            return;
        }
        if f == ' ' {
            self.spaces = self.spaces.saturating_add(1);
        } else {
            (self.signs, self.sign) = (self.signs.saturating_add(1), f);
        }
    }

    #[inline]
    fn letter(&mut self, f: char, at: u32, each: &mut dyn FnMut(Word<'_>)) {
        if self.units {
            self.flush('\0', each);
        }
        self.push(f, at);
    }

    fn unit(&mut self, f: char, at: u32, each: &mut dyn FnMut(Word<'_>)) {
        if !self.units {
            self.flush('\0', each);
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

    /// Hands out what was read. `next` follows it.
    fn flush(&mut self, next: char, each: &mut dyn FnMut(Word<'_>)) {
        if self.text.is_empty() {
            return self.clear();
        }
        if self.units {
            self.forget_run();
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
            (false, _) => {
                self.flush_word(each);
                self.asides(each);
                self.join(next, each);
            }
        }
        self.clear();
    }

    fn flush_word(&mut self, each: &mut dyn FnMut(Word<'_>)) {
        let split = self.apostrophe.and_then(|(bytes, places, at, byte)| {
            let (head, tail) = (self.text.get(..bytes)?, self.text.get(bytes..)?);
            // Not 1'000'000.
            let splits = tail.chars().nth(2).is_some() && !tail.starts_with(|c: char| c.is_ascii_digit());
            (splits && !head.is_empty()).then_some((head, tail, places, at, byte))
        });
        let Some((head, tail, place, at, byte)) = split else { return self.hand_out(Kind::Word, each) };
        let places = self.places.split_at_checked(place).unwrap_or_default();
        let bytes = [(self.begin, byte), (byte, self.byte)];
        each(Word { text: head, kind: Kind::Word, from: self.from, to: at, bytes: bytes[0], places: places.0 });
        each(Word { text: tail, kind: Kind::Word, from: at + 1, to: self.to, bytes: bytes[1], places: places.1 });
    }

    /// Hands out the parts of a word that is handed out whole.
    fn asides(&self, each: &mut dyn FnMut(Word<'_>)) {
        let text = self.text.as_str();
        if let Some((bytes, places, ..)) = self.apostrophe {
            // The gold of "d'or". A longer tail is a word of its own, and "it's" has none.
            if text.get(..bytes).is_some_and(|head| head.chars().nth(1).is_none())
                && text.get(bytes..).is_some_and(|tail| tail.chars().count() == 2)
            {
                self.aside(bytes..text.len(), places, each);
            }
            return;
        }
        if !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return;
        }
        let (mut parts, mut last) = (0, None);
        for c in text.chars() {
            parts += usize::from(last != Some(c.is_ascii_digit()));
            last = Some(c.is_ascii_digit());
        }
        // More parts than a model's name has: a token, a hash.
        if !(2..=MOST_JOINED).contains(&parts) {
            return;
        }
        let (mut from, mut first, mut last) = (0, 0, None);
        for (number, (at, c)) in text.char_indices().chain([(text.len(), '\0')]).enumerate() {
            let ends = at == text.len() || last.is_some_and(|last| last != c.is_ascii_digit());
            if ends {
                // One letter says nothing.
                if last == Some(true) || number > first + 1 {
                    self.aside(from..at, first, each);
                }
                (from, first) = (at, number);
            }
            last = Some(c.is_ascii_digit());
        }
    }

    /// Hands out a part of the word; it begins with the folded character of that number.
    fn aside(&self, part: std::ops::Range<usize>, first: usize, each: &mut dyn FnMut(Word<'_>)) {
        let text = self.text.get(part).unwrap_or_default();
        let places = self.places.get(first..).unwrap_or_default();
        hand_out_aside(text, places, self.to, each);
    }

    /// Hands out the word joined with those before it, and keeps it where `next` may join it with the one after it.
    #[inline]
    fn join(&mut self, next: char, each: &mut dyn FnMut(Word<'_>)) {
        // Most words stand between spaces, where numbers alone are joined.
        let first = self.text.as_bytes().first();
        if !self.pieces.is_empty() || is_of_words(next) || first.is_some_and(u8::is_ascii_digit) && joins(next) {
            self.join_run(next, each);
        }
    }

    fn join_run(&mut self, next: char, each: &mut dyn FnMut(Word<'_>)) {
        let digits = self.text.bytes().take_while(u8::is_ascii_digit).count();
        let number = digits == self.text.len();
        let gap = self.gap_before(digits > 0);
        if gap.is_none() {
            self.forget_run();
        }
        let gap = gap.unwrap_or(Gap::Word);
        self.pieces.push(Piece { text: self.run.len(), places: self.run_places.len(), digits, number, gap });
        self.run.push_str(&self.text);
        self.run_places.extend_from_slice(&self.places);
        (self.spaces, self.signs) = (0, 0);
        self.hand_out_joined(each);
        if !(joins(next) && (number || is_of_words(next))) {
            self.forget_run();
        }
    }

    /// What stands between the word and the one kept before it, if they may be one.
    fn gap_before(&self, begins_with_digit: bool) -> Option<Gap> {
        let before = self.pieces.last()?;
        let numbers = before.number && begins_with_digit;
        match (self.spaces, self.signs, self.sign) {
            (0, 1, '.' | ',') if numbers => Some(Gap::Loose),
            (0, 1, '/') if numbers => Some(Gap::Number),
            (0, 1, sign) if is_of_words(sign) => Some(Gap::Word),
            (1, 0, _) | (0..=2, 1, '-' | '(' | ')') if numbers => Some(Gap::Loose),
            _ => None,
        }
    }

    fn hand_out_joined(&self, each: &mut dyn FnMut(Word<'_>)) {
        let Some((last, before)) = self.pieces.split_last() else { return };
        let (mut words, mut tight, mut numbers) = (true, true, last.digits > 0);
        let (mut total, mut thousands) = (last.digits, last.digits == 3);
        let mut following = last;
        for first in before.iter().rev().take(MOST_JOINED - 1) {
            words &= following.gap == Gap::Word;
            tight &= following.gap != Gap::Loose;
            numbers &= first.number;
            total += first.digits;
            let joined = if numbers {
                thousands && first.digits <= 3 || total >= TELEPHONE || tight && total >= NUMBER
            } else {
                words
            };
            let text = self.run.get(first.text..).unwrap_or_default();
            if joined && text.len() <= MAX_WORD {
                let places = self.run_places.get(first.places..).unwrap_or_default();
                hand_out_aside(text, places, self.to, each);
                // The number of "500.000đ".
                let suffix = self.run.len() - last.text - last.digits;
                if numbers && suffix > 0 {
                    hand_out_aside(text.get(..text.len() - suffix).unwrap_or_default(), places, self.to, each);
                }
            }
            thousands &= first.digits == 3;
            following = first;
        }
    }

    fn forget_run(&mut self) {
        if self.pieces.is_empty() {
            return;
        }
        self.run.clear();
        self.run_places.clear();
        self.pieces.clear();
        (self.spaces, self.signs) = (0, 0);
    }

    fn clear(&mut self) {
        self.text.clear();
        self.places.clear();
        (self.second, self.apostrophe, self.units) = (None, None, false);
    }
}

/// Digits of the shortest telephone number that is written in groups. Fewer, with spaces between, are as often numbers of
/// their own, unless they are grouped as an amount is.
const TELEPHONE: usize = 7;
/// The same of a number with a hyphen or a slash in it: fewer are a range ("3-5 days").
const NUMBER: usize = 5;

/// Whether a sign may stand between two words that are one.
fn joins(sign: char) -> bool {
    is_of_words(sign) || matches!(sign, ' ' | ',' | '/' | '(' | ')')
}

/// Whether a sign may stand within a word that is no number.
fn is_of_words(sign: char) -> bool {
    matches!(sign, '-' | '.' | '_' | '&' | '·' | '\u{2010}' | '\u{2011}')
}

/// `places` are those of the text's first characters on, and may go on after its last; `to` is where the word that it ends
/// with does.
fn hand_out_aside(text: &str, places: &[u32], to: u32, each: &mut dyn FnMut(Word<'_>)) {
    let (places, after) = places.split_at_checked(text.chars().count()).unwrap_or((places, &[]));
    let (Some(from), Some(last)) = (places.first(), places.last()) else { return };
    let to = if after.is_empty() { to } else { last + 1 };
    each(Word { text, kind: Kind::Aside, from: *from, to, bytes: (0, 0), places });
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
            ["wi", "fi", "wifi", "2", "4ghz", "4", "ghz", "c", "est", "l", "adresse", "dont"]
        );
        assert_eq!(words(" Đổi"), [("doi".into(), Kind::Word, 1, 4)]);
        assert_eq!(words("e\u{301}a\u{301} x"), [("ea".into(), Kind::Word, 0, 4), ("x".into(), Kind::Word, 5, 6)]);
    }

    #[test]
    fn what_is_written_divided_is_given_joined_too() {
        let asides = |text: &str| -> Vec<String> {
            let all = words(text).into_iter();
            all.filter(|(_, kind, ..)| *kind == Kind::Aside).map(|(text, ..)| text).collect()
        };
        for (text, expected) in [
            ("Wi-Fi", &["wifi"][..]),
            ("Wi‑Fi 6", &["wifi"]),
            ("a state-of-the-art", &["stateof", "ofthe", "stateofthe", "theart", "oftheart", "stateoftheart"]),
            ("Node.js, H&M", &["nodejs", "hm"]),
            ("SKU-1234", &["sku1234"]),
            ("call 1900 1234 now", &["19001234"]),
            ("(028) 3812-3456", &["38123456", "0283812", "02838123456"]),
            ("090.123.4567", &["1234567", "090123", "0901234567"]),
            ("từ 500.000đ", &["000", "500000d", "500000"]),
            ("1.500.000", &["500000", "1500000", "1500"]),
            ("500 000 ₫ 500,000", &["500000", "500000"]),
            ("77-120", &["77120"]),
            ("iPhone15Pro", &["iphone", "15", "pro"]),
            ("l'or d'un l'article don't 1'000'000", &["or", "un"]),
            // Two words, or two numbers.
            ("this - that, and. So", &[]),
            ("3-5 days, 10 20 30, 1.5 kg, 1, 2", &[]),
            ("line\n-end", &[]),
            ("退款-退", &[]),
        ] {
            let (mut found, mut expected) = (asides(text), expected.to_vec());
            found.sort();
            expected.sort_unstable();
            assert_eq!(found, expected, "{text}");
        }
        let places = |text: &str, word: &str| words(text).into_iter().find(|(known, ..)| known == word).unwrap();
        assert_eq!(places("a Wi-Fi b", "wifi"), ("wifi".into(), Kind::Aside, 2, 7));
        assert_eq!(places("5 500.000đ", "500000"), ("500000".into(), Kind::Aside, 2, 9));
        assert_eq!(places("x iPhone15", "15"), ("15".into(), Kind::Aside, 8, 10));
        assert_eq!(places("d'or", "or"), ("or".into(), Kind::Aside, 2, 4));
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
        fn every_place_is_in_the_text(text in "[\\PC0-9a-c .,/&(\\-'’\u{300}-\u{303}\u{e01}-\u{e4f}漢字カナ한국]{0,60}") {
            let count = text.chars().count() as u32;
            let mut last = 0;
            Splitter::default().split(&text, &mut |w| {
                let in_order = w.from >= last || w.kind == Kind::Aside;
                assert!(w.from < w.to && w.to <= count && in_order, "{w:?}");
                assert!(!w.text.is_empty() && w.text.len() <= MAX_WORD);
                for bytes in 1..=w.text.len() {
                    let end = w.end_of_prefix(bytes);
                    assert!(end > w.from && end <= w.to, "{w:?} {bytes}");
                }
                last = last.max(w.from);
            });
        }
    }
}
