//! Writes a segment.

use super::interner::Interner;
use super::{
    BODY_TF, DOCS_PER_BLOCK, Field, HEADER, MAGIC, PHRASING_TF, SECTIONS, TERMS_PER_BLOCK, TITLE_TF, VERSION, norm,
};
use crate::census::Census;
use crate::codec::{checksum, put, put_bytes};
use crate::quiet::LISTS;
use crate::stem::stem;
use crate::words::{Kind, Splitter};

/// Words of a title, or of one phrasing, whose order is kept for the re-rank. Longer ones are ranked by these.
const WORDS_KEPT: usize = 32;
/// Phrasings of one article whose order is kept. Past it they are still searched, as a bag of words.
const PHRASINGS_KEPT: usize = 64;
/// Bytes of a body that are indexed: sixty pages of print. Past it a body is a book, and its end is not searched.
const BODY_BYTES: usize = 256 * 1024;

/// What is known of a word so far.
#[derive(Default)]
struct Term {
    /// In the article being added: times in title, phrasings and body.
    now: [u32; 3],
    /// Whether it is the stem of a word that may be quiet.
    listed: bool,
    /// The slot of the stem itself, spelt without accents, if that is such a word: most of a text's words are one.
    slot: Option<u16>,
    strong: List,
    weak: List,
}

/// A posting list being written.
#[derive(Default)]
struct List {
    bytes: Vec<u8>,
    count: u32,
    /// One past the last document.
    next: u32,
}

impl List {
    /// The distance to `doc`, counted in.
    fn step(&mut self, doc: u32) -> u32 {
        let step = doc - self.next;
        self.next = doc + 1;
        self.count += 1;
        step
    }
}

#[derive(Default)]
pub(crate) struct Builder {
    words: Interner,
    terms: Vec<Term>,
    touched: Vec<u32>,
    splitter: Splitter,
    stem: String,
    docs: Vec<u8>,
    doc_heads: Vec<u32>,
    last_id: Vec<u8>,
    meta: Vec<u8>,
    norms: [Vec<u8>; 3],
    count: u32,
    /// Words in order, of title and phrasings: numbers of the interner, to be renamed when all words are known.
    kept: Vec<u32>,
    /// Where each document's part of `kept` ends.
    kept_ends: Vec<u32>,
    totals: [u64; 3],
    categories: Labels,
    locales: Labels,
    census: Census,
}

/// Short lists of names that documents share.
#[derive(Default)]
struct Labels(Vec<String>);

impl Labels {
    /// One past the label's place; 0 is none. Past `most` labels the rest are none: such an article is found, but by no
    /// filter.
    fn number(&mut self, label: &str, most: usize) -> u16 {
        if label.is_empty() {
            return 0;
        }
        if let Some(at) = self.0.iter().position(|known| known == label) {
            return at as u16 + 1;
        }
        if self.0.len() >= most {
            return 0;
        }
        self.0.push(label.to_owned());
        self.0.len() as u16
    }

    fn put(&self, out: &mut Vec<u8>) {
        put(out, self.0.len() as u32);
        self.0.iter().for_each(|label| put_bytes(out, label.as_bytes()));
    }
}

/// A document.
#[derive(Clone, Copy, Default)]
pub(crate) struct Source<'a> {
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    pub(crate) body: &'a str,
    pub(crate) phrasings: &'a [&'a str],
    pub(crate) category: &'a str,
    pub(crate) locale: &'a str,
    pub(crate) popularity: u32,
}

impl Builder {
    pub(crate) fn add(&mut self, source: Source<'_>) {
        let mut lengths = [0u32; 3];
        lengths[0] = self.text(source.title, Field::Title, true);
        let before = self.kept.len();
        self.kept.push(0);
        let mut kept = 0;
        for phrasing in source.phrasings {
            lengths[1] += self.text(phrasing, Field::Phrasings, kept < PHRASINGS_KEPT as u32);
            kept = (kept + 1).min(PHRASINGS_KEPT as u32);
        }
        if let Some(count) = self.kept.get_mut(before) {
            *count = kept;
        }
        let body = cut(source.body, BODY_BYTES);
        lengths[2] = self.text(body, Field::Body, false);
        self.kept_ends.push(self.kept.len() as u32);
        self.close_postings();
        self.record(&source, lengths);
        self.count += 1;
    }

    fn text(&mut self, text: &str, field: Field, keep: bool) -> u32 {
        let Self { words, terms, touched, splitter, stem: stemmed, kept, census, .. } = self;
        census.text(text);
        let mut length = 0;
        let begin = kept.len();
        if keep {
            kept.push(0);
        }
        splitter.split(text, &mut |word| {
            let number = if word.kind.has_stem() {
                stem(word.text, stemmed);
                words.number(stemmed.as_bytes())
            } else {
                words.number(word.text.as_bytes())
            };
            if terms.len() <= number as usize {
                let listed = word.kind.has_stem() && LISTS.has_stem(stemmed);
                let slot = if listed { LISTS.plain_slot(stemmed) } else { None };
                terms.push(Term { listed, slot, ..Term::default() });
            }
            let Some(term) = terms.get_mut(number as usize) else { return };
            if term.listed && word.kind == Kind::Word {
                let raw = text.get(word.bytes.0..word.bytes.1).unwrap_or_default();
                match term.slot {
                    Some(slot) if raw.is_ascii() && word.text == stemmed => census.slot(usize::from(slot)),
                    _ => census.word(word.text, raw),
                }
            }
            if term.now == [0; 3] {
                touched.push(number);
            }
            if let Some(times) = term.now.get_mut(field as usize) {
                *times += 1;
            }
            // A tail is part of the pair before it, and what stands aside is part of words before it.
            if !matches!(word.kind, Kind::Tail | Kind::Aside) {
                length += 1;
                if keep && kept.len() - begin <= WORDS_KEPT {
                    kept.push(number);
                }
            }
        });
        if keep {
            let count = (kept.len() - begin - 1) as u32;
            if let Some(first) = kept.get_mut(begin) {
                *first = count;
            }
        }
        if let Some(total) = self.totals.get_mut(field as usize) {
            *total += u64::from(length);
        }
        length
    }

    fn close_postings(&mut self) {
        for number in self.touched.drain(..) {
            let Some(term) = self.terms.get_mut(number as usize) else { continue };
            let [title, phrasings, body] = std::mem::take(&mut term.now);
            if title == 0 && phrasings == 0 {
                let step = term.weak.step(self.count);
                put(&mut term.weak.bytes, step << 1 | u32::from(body > 1));
                if body > 1 {
                    term.weak.bytes.push(body.min(BODY_TF) as u8);
                }
            } else {
                let step = term.strong.step(self.count);
                put(&mut term.strong.bytes, step);
                let times = title.min(TITLE_TF) << 6 | phrasings.min(PHRASING_TF) << 3 | body.min(BODY_TF);
                term.strong.bytes.push(times as u8);
            }
        }
    }

    fn record(&mut self, source: &Source<'_>, lengths: [u32; 3]) {
        let id = source.id.as_bytes();
        if self.count.is_multiple_of(DOCS_PER_BLOCK) {
            self.doc_heads.push(self.docs.len() as u32);
            self.last_id.clear();
        }
        let shared = common(&self.last_id, id);
        put(&mut self.docs, shared as u32);
        put_bytes(&mut self.docs, id.get(shared..).unwrap_or_default());
        put_bytes(&mut self.docs, source.title.as_bytes());
        self.last_id.clear();
        self.last_id.extend_from_slice(id);
        self.meta.extend_from_slice(&source.popularity.to_le_bytes());
        self.meta.extend_from_slice(&self.categories.number(source.category, usize::from(u16::MAX) - 1).to_le_bytes());
        let locale = self.locales.number(source.locale, 254);
        self.meta.push(locale as u8);
        self.census.close(locale, source.locale);
        for (norms, length) in self.norms.iter_mut().zip(lengths) {
            norms.push(norm(length));
        }
    }

    /// The whole segment as bytes; `learnt` is opaque to it.
    pub(crate) fn finish(self, learnt: &[u8]) -> Vec<u8> {
        let mut order: Vec<u32> = (0..self.words.len() as u32).collect();
        order.sort_unstable_by_key(|number| self.words.word(*number));
        let mut renamed = vec![0u32; order.len()];
        for (new, old) in (0u32..).zip(&order) {
            if let Some(slot) = renamed.get_mut(*old as usize) {
                *slot = new;
            }
        }
        let (mut heads, mut terms, mut postings) = (Vec::new(), Vec::new(), Vec::new());
        let mut last: &[u8] = &[];
        for (at, number) in order.iter().enumerate() {
            let word = self.words.word(*number);
            if at % TERMS_PER_BLOCK == 0 {
                heads.extend((terms.len() as u32).to_le_bytes());
                heads.extend((postings.len() as u32).to_le_bytes());
                last = &[];
            }
            let shared = common(last, word);
            terms.push(shared as u8);
            put_bytes(&mut terms, word.get(shared..).unwrap_or_default());
            let Some(term) = self.terms.get(*number as usize) else { continue };
            for list in [&term.strong, &term.weak] {
                put(&mut terms, list.count);
                if list.count > 0 {
                    put(&mut terms, list.bytes.len() as u32);
                }
                postings.extend_from_slice(&list.bytes);
            }
            last = word;
        }
        let order = self.kept_words(&renamed);
        let doc_heads: Vec<u8> = self.doc_heads.iter().flat_map(|at| at.to_le_bytes()).collect();
        let mut labels = Vec::new();
        self.categories.put(&mut labels);
        self.locales.put(&mut labels);
        let (norms, census) = (self.norms.concat(), self.census.finish());
        let sections: [&[u8]; SECTIONS] = [
            &heads, &terms, &postings, &doc_heads, &self.docs, &order.0, &order.1, &self.meta, &norms, &labels,
            &census, learnt,
        ];
        let mut out = Vec::with_capacity(HEADER + sections.iter().map(|s| s.len()).sum::<usize>() + 8);
        for number in [MAGIC, VERSION, self.count, self.words.len() as u32] {
            out.extend(number.to_le_bytes());
        }
        for total in self.totals {
            out.extend((total as f32 / self.count.max(1) as f32).to_le_bytes());
        }
        sections.iter().for_each(|section| out.extend((section.len() as u32).to_le_bytes()));
        sections.iter().for_each(|section| out.extend_from_slice(section));
        out.extend(checksum(&out).to_le_bytes());
        out
    }

    /// The documents' words in order, under their last names, and where every block of them begins.
    fn kept_words(&self, renamed: &[u32]) -> (Vec<u8>, Vec<u8>) {
        let (mut heads, mut out) = (Vec::new(), Vec::new());
        let mut from = 0;
        for (doc, end) in self.kept_ends.iter().enumerate() {
            if (doc as u32).is_multiple_of(DOCS_PER_BLOCK) {
                heads.extend((out.len() as u32).to_le_bytes());
            }
            let mut numbers = self.kept.get(from..*end as usize).unwrap_or_default().iter();
            from = *end as usize;
            let mut one = Vec::new();
            let run = |one: &mut Vec<u8>, numbers: &mut std::slice::Iter<'_, u32>| {
                let count = numbers.next().copied().unwrap_or(0);
                put(one, count);
                for number in numbers.take(count as usize) {
                    put(one, renamed.get(*number as usize).copied().unwrap_or(0));
                }
            };
            run(&mut one, &mut numbers);
            let phrasings = numbers.next().copied().unwrap_or(0);
            put(&mut one, phrasings);
            (0..phrasings).for_each(|_| run(&mut one, &mut numbers));
            put_bytes(&mut out, &one);
        }
        (heads, out)
    }
}

/// `text` without what is past `bytes`, at a character's edge.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    let edge = (0..=bytes.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.get(..edge).unwrap_or_default()
}

fn common(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}
