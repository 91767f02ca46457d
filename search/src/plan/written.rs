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

/// What a word of the query is replaced by.
struct Respelt {
    /// With spaces between.
    words: String,
    /// The spelling of the one word, if it is known.
    spelt: String,
}

impl Plan {
    /// Replaces words that no article has by the words that they are there.
    pub(super) fn respell(&mut self, segments: &[&Segment], stamp: u64) {
        let Some(base) = segments.first() else { return };
        self.find_terms(segments);
        let mut found: Vec<(usize, Respelt)> = Vec::new();
        for at in 0..self.asked.len() {
            found.extend(self.respelt(at, base, segments, stamp).map(|respelt| (at, respelt)));
        }
        if found.is_empty() {
            return;
        }
        let (asked, sequence) = (std::mem::take(&mut self.asked), std::mem::take(&mut self.sequence));
        for at in sequence {
            let Some(known) = asked.get(at) else { continue };
            if let Some((_, respelt)) = found.iter().find(|(of, _)| *of == at) {
                let mut words = respelt.words.split(' ').peekable();
                while let Some(word) = words.next() {
                    let listed = LISTS.look_up(word, word, &mut self.spelt);
                    self.spelt.clone_from(&respelt.spelt);
                    self.note(word, true, known.open && words.peek().is_none(), listed);
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

    /// What a word is replaced by, if it does not stay.
    fn respelt(&mut self, at: usize, base: &Segment, segments: &[&Segment], stamp: u64) -> Option<Respelt> {
        let asked = self.asked.get(at)?;
        let open = asked.open;
        let word = self.part(&asked.text);
        if asked.terms.is_some_and(|terms| terms.iter().any(Option::is_some))
            || !word.starts_with(|c| class(c) == Class::Letter)
            || open && segments.iter().any(|segment| segment.begins(word.as_bytes()))
        {
            return None;
        }
        let (word, stemmed) = (word.to_owned(), self.part(&asked.stem).to_owned());
        let letters = word.chars().count();
        // Vietnamese has these letters beside each other.
        let umlauts = letters >= UMLAUTS && base.counted().languages(None) >> VIETNAMESE & 1 == 0;
        if let Some(with) = with_umlauts(&word).filter(|_| umlauts)
            && self.fits(&with, open, segments)
        {
            return Some(Respelt { spelt: spell_umlauts(&word, &with), words: with });
        }
        // What of its accents belongs where is not known.
        let respelt = |words: String| Some(Respelt { words, spelt: String::new() });
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = word.split_at_checked(digits).unwrap_or_default();
        if digits > 0 && unit == "k" {
            // Thousands: "500k".
            let number = [number, "000"].concat();
            if self.fits(&number, open, segments) {
                return respelt(number);
            }
        }
        let evidence = self.divider.divide(&word, open, base);
        if evidence == Some(Evidence::Beside)
            || evidence.is_some()
                && letters >= DIVIDED
                && !unit.is_empty()
                && self.is_alone(&stemmed, open, segments, stamp)
        {
            return respelt(self.divider.words(&word));
        }
        if digits > 0 && !unit.is_empty() && self.fits(number, open, segments) {
            // The number of "500000đ", whatever the currency.
            return respelt([number, unit].join(" "));
        }
        None
    }

    /// Whether a word is a term, or may become one.
    fn fits(&mut self, word: &str, open: bool, segments: &[&Segment]) -> bool {
        stem(word, &mut self.stem);
        let stem = self.stem.as_bytes();
        segments.iter().any(|segment| segment.find(stem).is_some() || open && segment.begins(word.as_bytes()))
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
