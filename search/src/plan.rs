//! What a query asks: its words, and the terms each of them stands for.
//!
//! 1. A word stands for the term of its stem.
//! 2. The last word, still being typed, stands for every term that begins with it too.
//! 3. A word stands for terms of the same root: at part of its weight beside the term itself, at most of it where there
//!    is none. This is what inflection comes to in the languages that have no stemmer here. A number has no root.
//! 4. Words that follow each other stand for the term that joins them, if there is one: "wi fi" for "wifi".
//! 5. A word that is no term, nor the beginning of one, is divided into words that are: see `divide`.
//! 6. Only a word that found nothing so stands for terms a typing error or two away.
//!
//! A word's weight is the square root of its rarity (BM25's idf), so that one odd word does not outvote three that fit;
//! question words weigh a quarter. Which those are, see `quiet`.

use crate::census::Counted;
use crate::divide::Divider;
use crate::quiet::{LISTS, Languages, Listed, VIETNAMESE};
use crate::segment::{Segment, Term, cut};
use crate::spelling::evidence;
use crate::stem::stem;
use crate::tuning::{
    ASIDE_POSTINGS, BEGUN, BODY_POSTINGS, KIN, KIN_BESIDE, PREFIX_POSTINGS, QUIET, ROOT_LETTERS, ROOT_SHARE, TYPO,
};
use crate::typo::{Near, Typos};
use crate::words::{Kind, Splitter};
use std::ops::Range;

mod written;

use written::Joined;

/// Bytes of a query that are read: more than a shopper writes in one breath. What follows is not searched for.
const QUERY_BYTES: usize = 2048;
/// Different words of a query that count. Past it, a query is an essay whose first words say enough.
const MOST_WORDS: usize = 32;
/// Misspelt words whose neighbours are remembered, since every further keystroke asks for them again. Past it the oldest
/// is forgotten and looked up anew.
const REMEMBERED: usize = 8;
/// A word of the query.
#[derive(Debug)]
pub(crate) struct Asked {
    /// In the plan's text: as typed, folded.
    pub(crate) text: Range<usize>,
    /// In the plan's text: its stem.
    pub(crate) stem: Range<usize>,
    /// The term of its stem in each segment, once it was looked up.
    terms: Option<[Option<Term>; 2]>,
    /// In the plan's text: how it is spelt, see `spelling`. Empty if it is not known, or spelt in several ways.
    spelt: Range<usize>,
    /// Whether it may be the beginning of a word.
    pub(crate) open: bool,
    pub(crate) quiet: bool,
    /// What the lists of quiet words say of it.
    listed: Option<Listed>,
    /// In the plan's matches; sorted by segment and term.
    pub(crate) matches: Range<usize>,
    /// What finding it says, whatever the word.
    pub(crate) rarity: f32,
    /// What finding it is worth.
    pub(crate) weight: f32,
}

/// A term that a word stands for.
#[derive(Debug)]
pub(crate) struct Match {
    /// 0 is the base, 1 the overlay.
    pub(crate) segment: usize,
    pub(crate) term: Term,
    pub(crate) weight: f32,
    /// How many words of the query that follow the term stands for as well.
    pub(crate) more: usize,
    /// Whether bodies count.
    pub(crate) weak: bool,
    /// In the plan's text: the term, if the word as typed does not tell it.
    pub(crate) text: Range<usize>,
}

/// The neighbours of a misspelt word, as found before.
struct Memory {
    stamp: u64,
    segment: usize,
    open: bool,
    word: String,
    found: Vec<Near>,
}

/// A query made ready. Reused from keystroke to keystroke.
#[derive(Default)]
pub(crate) struct Plan {
    splitter: Splitter,
    stem: String,
    spelt: String,
    typos: Typos,
    divider: Divider,
    joined: Vec<Joined>,
    memory: Vec<Memory>,
    pub(crate) text: String,
    pub(crate) asked: Vec<Asked>,
    /// The words in the query's order, repeats and all, as places in `asked`.
    pub(crate) sequence: Vec<usize>,
    /// Which word follows which in it, each pair once.
    pub(crate) pairs: Vec<[usize; 2]>,
    pub(crate) matches: Vec<Match>,
    /// Whether it has no word but quiet ones; then they are searched for as any other.
    pub(crate) all_quiet: bool,
}

impl Plan {
    /// Reads `query` against the segments, for articles of these locales or all. `stamp` changes whenever they do.
    pub(crate) fn make(&mut self, query: &str, segments: &[&Segment], locales: Option<&[u8]>, docs: u32, stamp: u64) {
        self.read(query);
        self.matches.clear();
        self.respell(segments, stamp);
        self.hush(query, segments.first().map(|base| base.counted()), locales);
        self.find_joined(segments);
        let all_quiet = self.all_quiet;
        let mut asked = std::mem::take(&mut self.asked);
        for (at, asked) in asked.iter_mut().enumerate() {
            asked.quiet &= !all_quiet;
            let from = self.matches.len();
            let joined = self
                .joined
                .iter()
                .any(|joined| self.sequence.get(joined.places.clone()).is_some_and(|of| of.contains(&at)));
            let mut found = self.look_up(asked, joined, segments, stamp);
            if joined {
                let docs = self.add_joined(at, from);
                found = if found == 0 { docs } else { found };
            }
            let found = found.min(docs);
            asked.matches = from..self.matches.len();
            asked.rarity = (1.0 + ((docs - found) as f32 + 0.5) / (found as f32 + 0.5)).ln().sqrt();
            asked.weight = if asked.quiet { QUIET * asked.rarity } else { asked.rarity };
        }
        self.asked = asked;
        self.spare_bodies();
    }

    /// Says which words are quiet.
    fn hush(&mut self, query: &str, counted: Option<&Counted>, locales: Option<&[u8]>) {
        let (accented, letters) = evidence(query, 1);
        // The languages of the articles; and those that the query can be in.
        let (here, possible): (Languages, Languages) = match letters {
            0 => (counted.map_or(0, |counted| counted.languages(locales)), Languages::MAX),
            _ => (1 << VIETNAMESE, 1 << VIETNAMESE),
        };
        let found = |listed: &Listed| counted.is_some_and(|counted| counted.has(listed.group));
        // What the query speaks, whatever the articles do: two words that none of them has are no chance.
        let (mut once, mut spoken): (Languages, Languages) = (0, 0);
        for listed in self.asked.iter().filter(|asked| !asked.open).filter_map(|asked| asked.listed.as_ref()) {
            if !found(listed) {
                spoken |= once & listed.exact;
                once |= listed.exact;
            }
        }
        for asked in &mut self.asked {
            asked.quiet = asked.listed.is_some_and(|listed| {
                let (exact, alike) = (listed.exact & possible, listed.alike & possible);
                let bare = listed.plain && !accented;
                match counted.filter(|_| found(&listed)) {
                    Some(_) if exact & spoken != 0 => true,
                    Some(counted) if bare => alike & here != 0 && counted.is_quiet(listed.group, here),
                    Some(_) => exact & here != 0,
                    None if asked.open => exact & here != 0 || bare && alike & here != 0,
                    None => exact != 0 || bare && alike != 0,
                }
            });
        }
        self.all_quiet = self.asked.iter().all(|asked| asked.quiet);
    }

    /// Cuts the query into its different words.
    fn read(&mut self, query: &str) {
        let query = cut(query, QUERY_BYTES);
        self.text.clear();
        self.asked.clear();
        self.sequence.clear();
        let (mut splitter, mut last_ends) = (std::mem::take(&mut self.splitter), 0);
        splitter.split(query, &mut |word| {
            if matches!(word.kind, Kind::Tail | Kind::Aside) {
                return;
            }
            last_ends = word.to;
            let raw = query.get(word.bytes.0..word.bytes.1).unwrap_or_default();
            let open = word.kind == Kind::Single;
            if word.kind == Kind::Word {
                let listed = LISTS.look_up(word.text, raw, &mut self.spelt);
                if raw.is_ascii() {
                    self.spelt.clear();
                    self.spelt.push_str(word.text);
                }
                self.note(word.text, true, open, listed);
            } else {
                self.spelt.clear();
                self.note(word.text, false, open, None);
            }
        });
        self.splitter = splitter;
        // The last word is being typed until something follows it.
        if last_ends as usize == query.chars().count()
            && let Some(last) = self.sequence.last().and_then(|last| self.asked.get_mut(*last))
        {
            last.open = true;
        }
        self.pair();
    }

    /// Says which word follows which.
    fn pair(&mut self) {
        self.pairs.clear();
        for pair in self.sequence.windows(2) {
            if let [a, b] = *pair
                && !self.pairs.contains(&[a, b])
            {
                self.pairs.push([a, b]);
            }
        }
    }

    /// Adds a word at the end of the query. `self.spelt` is its spelling.
    fn note(&mut self, word: &str, has_stem: bool, open: bool, listed: Option<Listed>) {
        let Self { stem: stemmed, spelt, text, asked, sequence, .. } = self;
        if has_stem {
            stem(word, stemmed);
        } else {
            stemmed.clear();
            stemmed.push_str(word);
        }
        let same = |known: &Asked| text.get(known.stem.clone()) == Some(stemmed.as_str());
        if let Some((at, known)) = asked.iter_mut().enumerate().find(|(_, known)| same(known)) {
            // One of two spellings is not the quiet one: "cho chó", for a dog.
            known.listed = known.listed.zip(listed).map(|(known, listed)| Listed {
                exact: known.exact & listed.exact,
                plain: known.plain && listed.plain,
                ..known
            });
            known.open |= open;
            if text.get(known.spelt.clone()) != Some(spelt.as_str()) {
                known.spelt = 0..0;
            }
            return sequence.push(at);
        }
        if asked.len() >= MOST_WORDS {
            return;
        }
        sequence.push(asked.len());
        let mut keep = |part: &str| {
            let from = text.len();
            text.push_str(part);
            from..text.len()
        };
        asked.push(Asked {
            text: keep(word),
            stem: keep(stemmed),
            terms: None,
            spelt: keep(spelt),
            open,
            quiet: false,
            listed,
            matches: 0..0,
            rarity: 0.0,
            weight: 0.0,
        });
    }

    /// Of the plan's text.
    pub(crate) fn part(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    /// How a word is spelt; empty if that is not known.
    pub(crate) fn spelt(&self, asked: &Asked) -> &str {
        self.part(&asked.spelt)
    }

    /// Adds the terms of a word; how many documents it is found in, some counted twice.
    fn look_up(&mut self, asked: &Asked, joined: bool, segments: &[&Segment], stamp: u64) -> u32 {
        let from = self.matches.len();
        let stem = self.text.get(asked.stem.clone()).unwrap_or_default().to_owned();
        let mut found = 0u32;
        for (segment, term) in asked.terms.iter().flatten().enumerate() {
            if let Some(term) = *term {
                found = found.saturating_add(term.docs());
                let weak = !asked.quiet || term.weak <= ASIDE_POSTINGS;
                insert(&mut self.matches, from, Match { segment, term, weight: 1.0, more: 0, weak, text: 0..0 });
            }
        }
        let whole = self.matches.len() > from;
        if asked.open {
            let begun = self.add_begun(asked, from, segments);
            found = if whole { found } else { begun };
        }
        if !asked.quiet {
            let kin = self.add_kin(&stem, from, segments, if self.matches.len() > from { KIN_BESIDE } else { KIN });
            found = if whole { found } else { found.saturating_add(kin) };
        }
        if self.matches.len() == from && !joined {
            for (segment, terms) in segments.iter().enumerate() {
                found = found.saturating_add(self.add_near(&stem, asked.open, from, (segment, terms), stamp));
            }
        }
        found
    }

    /// Adds the terms that begin with the word to those of the word itself, if there are any.
    fn add_begun(&mut self, asked: &Asked, from: usize, segments: &[&Segment]) -> u32 {
        let Self { text, matches, .. } = self;
        let word = text.get(asked.text.clone()).unwrap_or_default();
        let whole = matches.split_off(from);
        let weight = if whole.is_empty() { 1.0 } else { BEGUN };
        let (mut weak, mut found) = (0u32, 0u32);
        for (segment, terms) in segments.iter().enumerate() {
            terms.with_prefix(word.as_bytes(), &mut |term, _| {
                if !whole.iter().any(|one| one.segment == segment && one.term.number == term.number) {
                    weak = weak.saturating_add(term.weak);
                    found = found.saturating_add(term.docs());
                    matches.push(Match { segment, term, weight, more: 0, weak: true, text: 0..0 });
                }
            });
        }
        if weak > PREFIX_POSTINGS {
            let mut at = 0;
            matches.retain_mut(|one| {
                at += 1;
                one.weak &= at <= from;
                at <= from || one.term.strong > 0
            });
        }
        for one in whole {
            insert(matches, from, one);
        }
        found
    }

    /// Adds the terms that share the word's root.
    fn add_kin(&mut self, stem: &str, from: usize, segments: &[&Segment], weight: f32) -> u32 {
        // A number has no root: 30015 is no form of 30016.
        if stem.bytes().any(|byte| byte.is_ascii_digit()) {
            return 0;
        }
        let letters = stem.chars().count();
        let least = ROOT_LETTERS.max((letters as f32 * ROOT_SHARE).ceil() as usize);
        if letters < least {
            return 0;
        }
        let root: usize = stem.chars().take(least).map(char::len_utf8).sum();
        let root = stem.get(..root).unwrap_or_default();
        let Self { text: names, matches, .. } = self;
        let mut found = 0u32;
        for (segment, terms) in segments.iter().enumerate() {
            terms.with_prefix(root.as_bytes(), &mut |term, text| {
                let text = std::str::from_utf8(text).unwrap_or_default();
                let shared = text.chars().zip(stem.chars()).take_while(|(a, b)| a == b).count();
                let kin = shared as f32 >= ROOT_SHARE * text.chars().count() as f32;
                if kin {
                    let weak = weight == KIN || term.weak <= ASIDE_POSTINGS;
                    let at = names.len();
                    names.push_str(text);
                    if insert(matches, from, Match { segment, term, weight, more: 0, weak, text: at..names.len() }) {
                        found = found.saturating_add(term.docs());
                    }
                }
            });
        }
        found
    }

    /// Adds the terms a typing error away.
    fn add_near(
        &mut self,
        word: &str,
        open: bool,
        from: usize,
        (segment, terms): (usize, &Segment),
        stamp: u64,
    ) -> u32 {
        let same =
            |known: &Memory| (known.stamp, known.segment, known.open) == (stamp, segment, open) && known.word == word;
        let known = match self.memory.iter().position(same) {
            Some(known) => known,
            None => {
                self.typos.find(terms, word, open);
                let found = self.typos.found.clone();
                if self.memory.len() >= REMEMBERED {
                    self.memory.remove(0);
                }
                self.memory.push(Memory { stamp, segment, open, word: word.to_owned(), found });
                self.memory.len() - 1
            }
        };
        let Self { memory, matches, text, .. } = self;
        let letters = word.chars().count() as f32;
        let mut docs = 0u32;
        for near in memory.get(known).map(|memory| memory.found.as_slice()).unwrap_or_default() {
            let at = text.len();
            text.push_str(&near.text);
            let weight = (1.0 - TYPO * f32::from(near.errors) / letters).max(0.2);
            docs = docs.saturating_add(near.term.docs());
            insert(
                matches,
                from,
                Match { segment, term: near.term, weight, more: 0, weak: true, text: at..text.len() },
            );
        }
        docs
    }

    /// Takes the bodies from the commonest words, once the rarer have read enough of them.
    fn spare_bodies(&mut self) {
        let Self { asked, matches, .. } = self;
        let mut left = BODY_POSTINGS;
        let mut done = 0u64;
        let mut first = true;
        for _ in 0..asked.len() {
            // At most 32 words: finding the next is cheaper than a sorted copy.
            let next = asked.iter().enumerate().filter(|(at, _)| done >> at & 1 == 0);
            let Some((at, word)) = next.max_by(|(_, a), (_, b)| a.rarity.total_cmp(&b.rarity)) else { return };
            done |= 1 << at;
            if word.matches.is_empty() {
                continue;
            }
            for one in matches.get_mut(word.matches.clone()).unwrap_or_default().iter_mut().filter(|one| one.weak) {
                if one.term.weak <= left {
                    left -= one.term.weak;
                } else if !first || one.weight < 1.0 {
                    one.weak = false;
                }
            }
            first = false;
        }
    }
}

/// Adds a term to the word's matches, which begin at `from` and are in order; false, if it is there already.
fn insert(matches: &mut Vec<Match>, from: usize, one: Match) -> bool {
    let key = |one: &Match| (one.segment, one.term.number);
    let found = matches.get(from..).unwrap_or_default().binary_search_by_key(&key(&one), key);
    if let Err(at) = found {
        matches.insert(from + at, one);
    }
    found.is_err()
}
