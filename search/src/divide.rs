//! Words of a query that no article has as they are written there.
//!
//! * A word may be written joined where the articles divide it: `doimatkhau` for *đổi mật khẩu*, `signin` for "sign in".
//!   It is cut into the likeliest words of the index, those that are fewest and most frequent. That is believed if they
//!   stand beside each other in a title or phrasing, or, where nothing else is found, if one article has them all.
//! * An umlaut may be written in two letters: `groesse` for *Größe*.
//!
//! The plan decides when a word is divided, and looks up what the articles join and the query divides: see
//! `plan::written`.

use crate::segment::{Segment, Term};
use crate::stem::stem;
use crate::tuning::PREFIX_POSTINGS;
use std::ops::Range;

/// Bytes of a word that is divided, and of one of its words: longer ones are no words of a language.
const LONGEST: usize = 48;
/// See [`LONGEST`].
const LONGEST_PIECE: usize = 24;
/// Words that a word is divided into at most.
const MOST_PIECES: usize = 8;
/// What each further word costs a division, as the logarithm of a chance. Between one rare word and two frequent ones it
/// decides for the rare one.
const PIECE: f32 = 3.0;
/// What a word of a single letter costs beside that.
const LETTER: f32 = 3.0;
/// Articles whose titles are looked at. A division that is right is right in one of the first.
const LOOKED_AT: usize = 64;

/// How far a division is to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// Its words follow each other in a title or phrasing.
    Beside,
    /// An article has them all.
    Together,
}

/// One of the words of a division.
#[derive(Clone, Copy)]
enum Piece {
    Whole(Term),
    /// Not typed to its end: the terms that begin with it.
    Begun,
}

/// The best division of a beginning of the word.
#[derive(Clone, Copy)]
struct Best {
    cost: f32,
    /// Where its last word begins, and which that is.
    from: usize,
    piece: Piece,
    count: usize,
}

/// Reused from word to word.
#[derive(Default)]
pub(crate) struct Divider {
    best: Vec<Option<Best>>,
    stem: String,
    /// For each document: how many of the first words it has.
    has: Vec<u8>,
    order: Vec<u32>,
    /// The words, each with its place in the word, in order.
    pieces: Vec<(Range<usize>, Piece)>,
}

impl Divider {
    /// Divides a folded word, see [`Self::words`]; `None` if no article has the words that it would come to.
    pub(crate) fn divide(&mut self, word: &str, open: bool, segment: &Segment) -> Option<Evidence> {
        if word.len() > LONGEST || !word.chars().nth(1).is_some_and(|_| word.starts_with(char::is_alphanumeric)) {
            return None;
        }
        self.cut(word, open, segment);
        self.pieces.clear();
        let mut end = word.len();
        while end > 0 {
            let best = self.best.get(end).copied().flatten()?;
            self.pieces.push((best.from..end, best.piece));
            end = best.from;
        }
        self.pieces.reverse();
        if self.pieces.len() < 2 { None } else { self.together(word, segment) }
    }

    /// The words that the word was divided into, with spaces between.
    pub(crate) fn words(&self, word: &str) -> String {
        let mut out = String::new();
        for (piece, _) in &self.pieces {
            out.push_str(if out.is_empty() { "" } else { " " });
            out.push_str(word.get(piece.clone()).unwrap_or_default());
        }
        out
    }

    /// Finds the best division of each beginning of the word.
    fn cut(&mut self, word: &str, open: bool, segment: &Segment) {
        let docs = segment.docs().max(1) as f32;
        self.best.clear();
        self.best.resize(word.len() + 1, None);
        for from in word.char_indices().map(|(at, _)| at) {
            let before = if from == 0 {
                Some((0.0, 0))
            } else {
                self.best.get(from).copied().flatten().map(|best| (best.cost, best.count))
            };
            let Some((cost, count)) = before.filter(|(_, count)| *count < MOST_PIECES) else { continue };
            let rest = word.get(from..).unwrap_or_default();
            let add = |best: &mut Vec<Option<Best>>, to: usize, cost: f32, piece: Piece| {
                if let Some(slot) = best.get_mut(to)
                    && slot.is_none_or(|known| cost < known.cost)
                {
                    *slot = Some(Best { cost, from, piece, count: count + 1 });
                }
            };
            for (letters, to) in (1..).zip(rest.char_indices().map(|(at, c)| at + c.len_utf8())) {
                if to > LONGEST_PIECE {
                    break;
                }
                let piece = rest.get(..to).unwrap_or_default();
                stem(piece, &mut self.stem);
                if let Some(term) = segment.find(self.stem.as_bytes()) {
                    let letter = if letters == 1 { LETTER } else { 0.0 };
                    let cost = cost + PIECE + letter + (docs / term.docs().max(1) as f32).max(1.0).ln();
                    add(&mut self.best, from + to, cost, Piece::Whole(term));
                }
            }
            if open && from > 0 && segment.begins(rest.as_bytes()) {
                add(&mut self.best, word.len(), cost + PIECE + LETTER, Piece::Begun);
            }
        }
    }

    fn together(&mut self, word: &str, segment: &Segment) -> Option<Evidence> {
        let Self { has, order, pieces, .. } = self;
        has.clear();
        has.resize(segment.docs() as usize, 0);
        // The numbers of the terms that each word stands for.
        let mut numbers: Vec<Range<u32>> = Vec::new();
        for (place, (which, piece)) in (0u8..).zip(pieces.iter()) {
            let mut add = |doc: u32| {
                if let Some(count) = has.get_mut(doc as usize).filter(|count| **count == place) {
                    *count = place + 1;
                }
            };
            let mut add_all = |term: &Term, weak: bool| {
                segment.strong(term, |doc, _| add(doc));
                if weak {
                    segment.weak(term, |doc, _| add(doc));
                }
            };
            match piece {
                Piece::Whole(term) => {
                    numbers.push(term.number..term.number + 1);
                    add_all(term, true);
                }
                Piece::Begun => {
                    let (mut range, mut left) = (0..0, PREFIX_POSTINGS);
                    let prefix = word.get(which.clone()).unwrap_or_default();
                    segment.with_prefix(prefix.as_bytes(), &mut |term, _| {
                        // Their numbers follow each other.
                        let first = if range.is_empty() { term.number } else { range.start };
                        range = first..term.number + 1;
                        left = left.saturating_sub(term.weak);
                        add_all(&term, left > 0);
                    });
                    numbers.push(range);
                }
            }
        }
        let all = pieces.len() as u8;
        let mut docs = (0u32..).zip(has.iter()).filter(|(_, count)| **count == all).map(|(doc, _)| doc).peekable();
        docs.peek()?;
        let mut beside = false;
        for order_of in docs.take(LOOKED_AT).filter_map(|doc| segment.order(doc)) {
            order_of.each(order, &mut |_, words| {
                let fits = |words: &[u32]| words.iter().zip(&numbers).all(|(word, range)| range.contains(word));
                beside |= words.windows(numbers.len()).any(fits);
            });
            if beside {
                return Some(Evidence::Beside);
            }
        }
        Some(Evidence::Together)
    }
}

/// The word with the first letters of what may be umlauts in two; nothing if it has none.
pub(crate) fn with_umlauts(word: &str) -> Option<String> {
    let (mut before, mut last) = (' ', ' ');
    let mut out = String::new();
    for c in word.chars() {
        // The ue of "Steuer", "Bauer" and "Quelle" is none.
        let diphthong = last == 'u' && matches!(before, 'a' | 'e' | 'q');
        if c != 'e' || !matches!(last, 'a' | 'o' | 'u') || diphthong {
            out.push(c);
        }
        (before, last) = (last, c);
    }
    (out.len() < word.len()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::{Builder, Source};

    fn divided(titles: &[&str], word: &str, open: bool) -> (Option<Evidence>, String) {
        let mut builder = Builder::default();
        for title in titles {
            builder.add(Source { title, ..Source::default() });
        }
        let segment = Segment::open(builder.finish(&[])).unwrap();
        let mut divider = Divider::default();
        let evidence = divider.divide(word, open, &segment);
        (evidence, divider.words(word))
    }

    #[test]
    fn a_word_is_divided_into_words_of_one_article() {
        let titles = ["Đổi mật khẩu", "Hủy đơn hàng", "Đổi màu", "Sign in with a code", "A run of luck"];
        for (word, open, evidence, pieces) in [
            ("doimatkhau", false, Some(Evidence::Beside), "doi mat khau"),
            ("doimatkh", true, Some(Evidence::Beside), "doi mat kh"),
            ("doimatkh", false, None, ""),
            ("signin", false, Some(Evidence::Beside), "sign in"),
            ("signcode", false, Some(Evidence::Together), "sign code"),
            // No article has both.
            ("huymau", false, None, ""),
            ("xyz", true, None, ""),
            ("a", true, None, ""),
            ("", true, None, ""),
        ] {
            let found = divided(&titles, word, open);
            assert_eq!(found.0, evidence, "{word} {open}");
            if evidence.is_some() {
                assert_eq!(found.1, pieces, "{word}");
            }
        }
    }

    #[test]
    fn umlauts_in_two_letters_are_told_from_others() {
        for (word, with) in [
            ("groesse", Some("grosse")),
            ("uebergroessen", Some("ubergrossen")),
            ("steuergroesse", Some("steuergrosse")),
            ("quelle", None),
            ("e", None),
            ("", None),
            ("grosse", None),
        ] {
            assert_eq!(with_umlauts(word).as_deref(), with, "{word}");
        }
    }
}
