//! The terms a few typing errors away from a word: the distance of Damerau (a letter more, less, other, or two swapped),
//! computed over the sorted terms as if they were a tree. What a term shares with the one before it is not computed
//! again, and a beginning that is already too far is skipped with all that share it.

use crate::segment::{Segment, Term, Walker};

/// Terms taken for one misspelt word: the nearest, then the most frequent. More would be guessing.
const MOST: usize = 6;

/// Errors allowed in a word of that many letters. Below four nearly every word is an error away from another; two errors
/// want eight letters for the rest to tell.
fn allowed(letters: usize) -> u8 {
    match letters {
        0..4 => 0,
        4..8 => 1,
        _ => 2,
    }
}

/// A term near a misspelt word.
#[derive(Clone)]
pub(crate) struct Near {
    pub(crate) errors: u8,
    pub(crate) term: Term,
    pub(crate) text: String,
}

#[derive(Default)]
pub(crate) struct Typos {
    word: Vec<char>,
    allowed: u8,
    open: bool,
    /// Row d: the distance of the first d letters of the term to each beginning of the word.
    rows: Vec<u8>,
    /// For each letter of the term that has a row: the letter, the byte where it ends, and the least distance of the
    /// whole word to this or a shorter beginning of the term.
    letters: Vec<(char, usize, u8)>,
    pub(crate) found: Vec<Near>,
}

impl Typos {
    /// Fills [`Self::found`]. With `open` the word may be a beginning of the term's.
    pub(crate) fn find(&mut self, segment: &Segment, word: &str, open: bool) {
        self.found.clear();
        self.word.clear();
        self.word.extend(word.chars());
        (self.allowed, self.open) = (allowed(self.word.len()), open);
        if self.allowed == 0 {
            return;
        }
        let mut begins = word.char_indices().map(|(at, c)| word.get(at..at + c.len_utf8()).unwrap_or_default());
        let (first, second) = (begins.next().unwrap_or_default(), begins.next().unwrap_or_default());
        // Few err in the first letter, and a walk over all terms would cost each keystroke a millisecond at 50,000
        // articles. One letter too many before it, or swapped with the second, is still found; another in its place is
        // not.
        self.walk(segment.walk_from(first.as_bytes()), first.as_bytes());
        if self.found.is_empty() && second != first {
            self.walk(segment.walk_from(second.as_bytes()), second.as_bytes());
        }
    }

    /// Looks at the terms that begin with `first`.
    fn walk(&mut self, mut walker: Walker<'_>, first: &[u8]) {
        let width = self.word.len() + 1;
        self.rows.clear();
        self.rows.extend((0..width).map(|at| at.min(254) as u8));
        self.letters.clear();
        // Bytes of a beginning that is too far: terms that share it are skipped.
        let mut hopeless = usize::MAX;
        let mut previous: Vec<u8> = Vec::new();
        while let Some(term) = walker.next() {
            if walker.shared() >= hopeless {
                continue;
            }
            if !walker.text().starts_with(first) {
                if walker.text() > first {
                    return;
                }
                continue;
            }
            let shared = if walker.shared() == 0 { common(&previous, walker.text()) } else { walker.shared() };
            if shared >= hopeless {
                continue;
            }
            previous.clear();
            previous.extend_from_slice(walker.text());
            let Ok(text) = std::str::from_utf8(walker.text()) else { continue };
            hopeless = self.read(text, shared, width);
            let distance = match (self.open, self.letters.last()) {
                (true, Some((_, _, least))) => *least,
                (false, _) if hopeless == usize::MAX => self.rows.last().copied().unwrap_or(254),
                _ => 254,
            };
            if distance <= self.allowed {
                self.keep(Near { errors: distance, term, text: text.to_owned() });
            }
        }
    }

    /// Adds the rows of `text` past what it shares; where it gets hopeless, if it does.
    fn read(&mut self, text: &str, shared: usize, width: usize) -> usize {
        while self.letters.last().is_some_and(|(_, end, _)| *end > shared) {
            self.letters.pop();
        }
        self.rows.truncate((self.letters.len() + 1) * width);
        let mut at = self.letters.last().map_or(0, |(_, end, _)| *end);
        for c in text.get(at..).unwrap_or_default().chars() {
            at += c.len_utf8();
            let least = self.row(c, at, width);
            let within = self.open && self.letters.last().is_some_and(|(_, _, least)| *least <= self.allowed);
            if least > self.allowed && !within {
                return at;
            }
        }
        usize::MAX
    }

    /// Adds the row of letter `c`, which ends at byte `end`; the least number in it.
    fn row(&mut self, c: char, end: usize, width: usize) -> u8 {
        let above = self.letters.len() * width;
        let before = self.letters.last().copied();
        let cell = |rows: &[u8], at: usize| rows.get(at).copied().unwrap_or(254);
        let mut left = (self.letters.len() + 1).min(254) as u8;
        let mut least = left;
        self.rows.push(left);
        let mut last_letter = None;
        for (at, letter) in self.word.iter().enumerate() {
            let changed = cell(&self.rows, above + at) + u8::from(*letter != c);
            let mut best = changed.min(left + 1).min(cell(&self.rows, above + at + 1) + 1);
            if last_letter == Some(c) && before.is_some_and(|(before, ..)| before == *letter) {
                best = best.min(cell(&self.rows, (above + at).saturating_sub(width + 1)) + 1);
            }
            left = best.min(253);
            least = least.min(left);
            self.rows.push(left);
            last_letter = Some(*letter);
        }
        self.letters.push((c, end, before.map_or(254, |(_, _, least)| least).min(left)));
        least
    }

    fn keep(&mut self, near: Near) {
        let key = |near: &Near| (near.errors, u32::MAX - near.term.docs());
        let at = self.found.partition_point(|other| key(other) <= key(&near));
        if at < MOST {
            self.found.insert(at, near);
            self.found.truncate(MOST);
        }
    }
}

fn common(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::{Builder, Source};
    use proptest::prelude::*;

    fn near(words: &[&str], word: &str, open: bool) -> Vec<(u8, String)> {
        let mut builder = Builder::default();
        for word in words {
            builder.add(Source { title: word, ..Source::default() });
        }
        let segment = Segment::open(builder.finish(&[])).unwrap();
        let mut typos = Typos::default();
        typos.find(&segment, word, open);
        typos.found.into_iter().map(|near| (near.errors, near.text)).collect()
    }

    #[test]
    fn a_misspelt_word_finds_its_neighbours() {
        let words = ["refund", "refuel", "delivery", "deliver", "thieu", "возврат", "track"];
        for (typed, expected) in [
            ("refnud", "refund"),
            ("refnd", "refund"),
            ("reffund", "refund"),
            ("erfund", "refund"),
            ("qrefund", "refund"),
            ("delivrey", "deliveri"),
            ("thifu", "thieu"),
            ("возрват", "возврат"),
        ] {
            let found = near(&words, typed, false);
            assert!(found.iter().any(|(_, text)| text == expected), "{typed}: {found:?}");
        }
        assert_eq!(near(&words, "tra", false), []);
        assert_eq!(near(&words, "trakc", true), [(1, "track".to_owned())]);
        assert_eq!(near(&words, "delvi", true).first().map(|(errors, _)| *errors), Some(1));
    }

    /// Optimal string alignment, by the book.
    fn distance(a: &str, b: &str) -> usize {
        let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
        let mut d = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                d[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    let mut best =
                        (d[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1])).min(d[i - 1][j] + 1).min(d[i][j - 1] + 1);
                    if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                        best = best.min(d[i - 2][j - 2] + 1);
                    }
                    best
                };
            }
        }
        d[a.len()][b.len()]
    }

    proptest! {
        #[test]
        fn the_walk_agrees_with_the_book(words in prop::collection::btree_set("a[abø]{2,9}", 1..5), typed in "a[abø]{3,9}") {
            let list: Vec<&str> = words.iter().map(String::as_str).collect();
            let allowed = usize::from(allowed(typed.chars().count()));
            let mut expected: Vec<(u8, String)> = words
                .iter()
                .map(|word| word.replace('ø', "o"))
                .map(|word| (distance(&word, &typed.replace('ø', "o")), word))
                .filter(|(distance, _)| *distance <= allowed)
                .map(|(distance, word)| (distance as u8, word))
                .collect();
            expected.sort();
            let mut found = near(&list, &typed.replace('ø', "o"), false);
            found.sort();
            prop_assert_eq!(found, expected);
        }
    }
}
