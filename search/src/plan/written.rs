//! What a query writes otherwise than the articles do: joined or divided, with umlauts in two letters, short of three
//! zeros.

use super::{Match, Plan, insert};
use crate::divide::{Evidence, with_umlauts};
use crate::fold::{Class, class};
use crate::quiet::{LISTS, VIETNAMESE};
use crate::segment::{Segment, Term};
use crate::spelling::spell_umlauts;
use crate::stem::stem;
use crate::tuning::{JOINED, KIN};
use crate::words::{MAX_WORD, MOST_JOINED};
use std::ops::Range;

/// Letters of a word that is divided on weak evidence: shorter ones are cut into anything.
const DIVIDED: usize = 5;
/// Letters of a word that may have an umlaut in two of them.
const UMLAUTS: usize = 4;
/// Letters of a beginning that words are joined to; shorter ones begin too many terms.
const JOINED_BEGINNING: usize = 4;
/// Letters of words that are joined in threes ("xr 500 b"). Longer ones are joined in twos.
const SHORT: usize = 4;

/// A term that joins words of the query.
pub(super) struct Joined {
    /// The words' places in the query.
    pub(super) places: Range<usize>,
    segment: usize,
    term: Term,
    /// In the plan's text: the term.
    text: Range<usize>,
}

impl Plan {
    /// Replaces words that no article has by the words that they are there.
    pub(super) fn respell(&mut self, segments: &[&Segment], stamp: u64) {
        let Some(base) = segments.first() else { return };
        self.find_terms(segments);
        // Of each word: what replaces it, and how that is spelt.
        let mut found: Vec<(usize, Vec<(String, String)>)> = Vec::new();
        for at in 0..self.asked.len() {
            let words = self.respelt(at, base, segments, stamp);
            if !words.is_empty() {
                found.push((at, words));
            }
        }
        if found.is_empty() {
            return;
        }
        let (asked, sequence) = (std::mem::take(&mut self.asked), std::mem::take(&mut self.sequence));
        for at in sequence {
            let Some(known) = asked.get(at) else { continue };
            if let Some((_, words)) = found.iter().find(|(of, _)| *of == at) {
                for (place, (word, spelt)) in words.iter().enumerate() {
                    let listed = LISTS.look_up(word, word, &mut self.spelt);
                    self.spelt.clone_from(spelt);
                    self.note(word, true, known.open && place + 1 == words.len(), listed);
                }
            } else {
                let of = self.part(&known.text).to_owned();
                self.spelt = self.spelt(known).to_owned();
                let has_stem = of.starts_with(|c| class(c) == Class::Letter);
                self.note(&of, has_stem, known.open, known.listed);
            }
        }
        self.pair();
        self.find_terms(segments);
    }

    pub(super) fn find_terms(&mut self, segments: &[&Segment]) {
        let Self { asked, text, .. } = self;
        for asked in asked.iter_mut().filter(|asked| asked.terms.is_none()) {
            let stem = text.get(asked.stem.clone()).unwrap_or_default().as_bytes();
            let term = |at: usize| segments.get(at).and_then(|segment| segment.find(stem));
            asked.terms = Some([term(0), term(1)]);
        }
    }

    /// What a word is replaced by, each with its spelling; nothing if it stays.
    fn respelt(&mut self, at: usize, base: &Segment, segments: &[&Segment], stamp: u64) -> Vec<(String, String)> {
        let Some(asked) = self.asked.get(at) else { return Vec::new() };
        let (open, word, stemmed) = (asked.open, self.part(&asked.text), self.part(&asked.stem));
        if !word.starts_with(|c| class(c) == Class::Letter) {
            return Vec::new();
        }
        let fits = |word: &str, stemmed: &str| {
            let fits = |segment: &&Segment| {
                segment.find(stemmed.as_bytes()).is_some() || open && segment.begins(word.as_bytes())
            };
            segments.iter().any(fits)
        };
        let is_term = asked.terms.is_some_and(|terms| terms.iter().any(Option::is_some));
        if is_term || open && fits(word, stemmed) {
            return Vec::new();
        }
        let (word, stemmed) = (word.to_owned(), stemmed.to_owned());
        let letters = word.chars().count();
        // Vietnamese has these letters beside each other.
        if letters >= UMLAUTS && base.counted().languages(None) >> VIETNAMESE & 1 == 0 {
            let umlauts = with_umlauts(&word, &mut |word| {
                stem(word, &mut self.stem);
                fits(word, &self.stem)
            });
            if let Some(with) = umlauts {
                let spelt = spell_umlauts(&word, &with);
                return vec![(with, spelt)];
            }
        }
        // Thousands: "500k".
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = word.split_at_checked(digits).unwrap_or_default();
        if digits > 0 && unit == "k" {
            let number = format!("{number}000");
            if fits(&number, &number) {
                return vec![(number.clone(), number)];
            }
        }
        let is_right = match self.divider.divide(&word, open, base) {
            None => false,
            Some(Evidence::Beside) => true,
            Some(Evidence::Together) => {
                letters >= DIVIDED && !unit.is_empty() && self.is_alone(&stemmed, open, segments, stamp)
            }
        };
        if !is_right {
            // The number of "500000đ", whatever the currency.
            let parts =
                if digits > 0 && !unit.is_empty() && fits(number, number) { vec![number, unit] } else { Vec::new() };
            return parts.into_iter().map(|part| (part.to_owned(), String::new())).collect();
        }
        // Where its accents would stand is not known.
        let pieces = self.divider.pieces.iter().filter_map(|piece| word.get(piece.clone()));
        pieces.map(|piece| (piece.to_owned(), String::new())).collect()
    }

    /// Whether a word that no article has has no kin there either, nor a neighbour by a typing error.
    fn is_alone(&mut self, stemmed: &str, open: bool, segments: &[&Segment], stamp: u64) -> bool {
        let mut found = self.add_kin(stemmed, 0, segments, KIN);
        for (segment, terms) in segments.iter().enumerate() {
            found = found.saturating_add(self.add_near(stemmed, open, 0, (segment, terms), stamp));
        }
        self.matches.clear();
        found == 0
    }

    /// Finds the terms that join words of the query.
    pub(super) fn find_joined(&mut self, segments: &[&Segment]) {
        let Self { stem: stemmed, text, asked, sequence, joined, .. } = self;
        joined.clear();
        let mut word = String::new();
        for from in 0..sequence.len() {
            word.clear();
            let (mut short, mut digits) = (true, true);
            for (count, at) in (1..).zip(sequence.iter().skip(from).take(MOST_JOINED)) {
                let Some(next) = asked.get(*at) else { break };
                let piece = text.get(next.text.clone()).unwrap_or_default();
                short &= piece.len() <= SHORT;
                let leading = piece.bytes().take_while(u8::is_ascii_digit).count();
                let joins = count <= 2 || short && count == 3 || digits && leading > 0;
                // The number of "500.000đ" is that of "500,000 VND".
                let unit = if digits && leading > 0 { piece.len() - leading } else { 0 };
                digits &= leading == piece.len();
                word.push_str(piece);
                if !joins || word.len() > MAX_WORD || !piece.starts_with(|c| class(c) == Class::Letter) {
                    break;
                }
                if count == 1 {
                    continue;
                }
                let places = from..from + count;
                let begins = next.open && places.end == sequence.len() && word.len() >= JOINED_BEGINNING;
                stem(&word, stemmed);
                for (segment, terms) in segments.iter().enumerate() {
                    let mut keep = |term: Term, name: &str| {
                        let at = text.len();
                        text.push_str(name);
                        joined.push(Joined { places: places.clone(), segment, term, text: at..text.len() });
                    };
                    let number = word.get(..word.len() - unit).filter(|_| unit > 0);
                    let number = || number.and_then(|number| Some((terms.find(number.as_bytes())?, number)));
                    let term = terms.find(stemmed.as_bytes()).map(|term| (term, stemmed.as_str()));
                    match term.or_else(number) {
                        Some((term, name)) => keep(term, name),
                        None if begins => terms.with_prefix(word.as_bytes(), &mut |term, name| {
                            keep(term, std::str::from_utf8(name).unwrap_or_default());
                        }),
                        None => {}
                    }
                }
            }
        }
    }

    /// Adds to a word's matches the terms that join it with others; how many documents they are found in.
    pub(super) fn add_joined(&mut self, at: usize, from: usize) -> u32 {
        let mut found = 0u32;
        for Joined { places, segment, term, text } in &self.joined {
            let Some(place) = self.sequence.get(places.clone()).and_then(|of| of.iter().position(|of| *of == at))
            else {
                continue;
            };
            let (more, text) = (places.len() - 1 - place, text.clone());
            let one = Match { segment: *segment, term: *term, weight: JOINED, more, weak: true, text };
            if insert(&mut self.matches, from, one) {
                found = found.saturating_add(term.docs());
            }
        }
        found
    }

    /// The words of the query that a term stands for beside the word `asked` that it was found by.
    pub(crate) fn more(&self, asked: usize, one: &Match) -> &[usize] {
        let place =
            self.sequence.iter().position(|of| *of == asked).map_or(usize::MAX, |place| place.saturating_add(1));
        self.sequence.get(place..place.saturating_add(one.more)).unwrap_or_default()
    }
}
