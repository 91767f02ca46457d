//! The sorted terms of a segment and their postings.

use super::{Section, Segment, TERMS_PER_BLOCK, Times};
use crate::codec::{Reader, word_at};
use std::cmp::Ordering;

/// A term's number and where its lists are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) number: u32,
    /// Where its lists begin in the postings.
    at: u32,
    strong_bytes: u32,
    weak_bytes: u32,
    /// Documents with the word in title or phrasings.
    pub(crate) strong: u32,
    /// Documents with the word in the body alone.
    pub(crate) weak: u32,
}

impl Term {
    pub(crate) fn docs(&self) -> u32 {
        self.strong.saturating_add(self.weak)
    }
}

/// Walks the terms in order.
pub(crate) struct Walker<'a> {
    terms: Reader<'a>,
    text: Vec<u8>,
    number: u32,
    at: u32,
    /// Bytes shared with the term before.
    shared: usize,
    end: u32,
}

impl Walker<'_> {
    /// The text of the last term that [`Self::next`] gave.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// A lower bound of the bytes it shares with the one before; 0 at the head of a block.
    pub(crate) fn shared(&self) -> usize {
        self.shared
    }

    pub(crate) fn next(&mut self) -> Option<Term> {
        if self.number >= self.end {
            return None;
        }
        self.shared = usize::from(self.terms.byte()?);
        self.text.truncate(self.shared);
        let rest = self.terms.bytes()?;
        self.text.extend_from_slice(rest);
        let mut list = || {
            let count = self.terms.number()?;
            Some((count, if count > 0 { self.terms.number()? } else { 0 }))
        };
        let ((strong, strong_bytes), (weak, weak_bytes)) = (list()?, list()?);
        let term = Term { number: self.number, at: self.at, strong_bytes, weak_bytes, strong, weak };
        self.number += 1;
        self.at = self.at.checked_add(strong_bytes)?.checked_add(weak_bytes)?;
        Some(term)
    }
}

impl Segment {
    /// The terms from the block that would hold `word` on.
    pub(crate) fn walk_from(&self, word: &[u8]) -> Walker<'_> {
        let blocks = (self.terms as usize).div_ceil(TERMS_PER_BLOCK);
        let (mut from, mut to) = (0, blocks);
        while to - from > 1 {
            let middle = from + (to - from) / 2;
            match self.block_head(middle) {
                Some(head) if head <= word => from = middle,
                _ => to = middle,
            }
        }
        self.walk_block(from)
    }

    fn walk_block(&self, block: usize) -> Walker<'_> {
        let heads = self.section(Section::TermHeads);
        let (at, postings) = (word_at(heads, block * 2), word_at(heads, block * 2 + 1));
        let terms = at.and_then(|at| self.section(Section::Terms).get(at as usize..));
        Walker {
            terms: Reader::new(terms.unwrap_or_default()),
            text: Vec::new(),
            number: (block * TERMS_PER_BLOCK) as u32,
            at: postings.unwrap_or(0),
            shared: 0,
            end: self.terms,
        }
    }

    fn block_head(&self, block: usize) -> Option<&[u8]> {
        let at = word_at(self.section(Section::TermHeads), block * 2)?;
        let mut reader = Reader::new(self.section(Section::Terms).get(at as usize..)?);
        reader.byte()?;
        reader.bytes()
    }

    pub(crate) fn find(&self, word: &[u8]) -> Option<Term> {
        let mut walker = self.walk_from(word);
        while let Some(term) = walker.next() {
            match walker.text().cmp(word) {
                Ordering::Less => {}
                Ordering::Equal => return Some(term),
                Ordering::Greater => return None,
            }
        }
        None
    }

    /// Whether any term begins with `prefix`.
    pub(crate) fn begins(&self, prefix: &[u8]) -> bool {
        let mut walker = self.walk_from(prefix);
        while walker.next().is_some() {
            if walker.text() >= prefix {
                return walker.text().starts_with(prefix);
            }
        }
        false
    }

    /// Calls `each` with every term that begins with `prefix`.
    pub(crate) fn with_prefix(&self, prefix: &[u8], each: &mut impl FnMut(Term, &[u8])) {
        let mut walker = self.walk_from(prefix);
        while let Some(term) = walker.next() {
            if walker.text().starts_with(prefix) {
                each(term, walker.text());
            } else if walker.text() > prefix {
                return;
            }
        }
    }

    /// The documents with the word in title or phrasings.
    #[inline]
    pub(crate) fn strong(&self, term: &Term, mut each: impl FnMut(u32, Times)) {
        let Some(mut list) = self.list(term.at, term.strong_bytes) else { return };
        let mut doc = 0u32;
        while let (Some(step), Some(times)) = (list.number(), list.byte()) {
            doc = doc.saturating_add(step);
            each(doc, Times { title: times >> 6, phrasings: times >> 3 & 7, body: times & 7 });
            doc = doc.saturating_add(1);
        }
    }

    /// The documents with the word in the body alone, and how often.
    #[inline]
    pub(crate) fn weak(&self, term: &Term, mut each: impl FnMut(u32, u8)) {
        let Some(mut list) = self.list(term.at.saturating_add(term.strong_bytes), term.weak_bytes) else { return };
        let mut doc = 0u32;
        while let Some(step) = list.number() {
            doc = doc.saturating_add(step >> 1);
            let times = if step & 1 == 1 { list.byte().unwrap_or(1) } else { 1 };
            each(doc, times);
            doc = doc.saturating_add(1);
        }
    }

    fn list(&self, at: u32, bytes: u32) -> Option<Reader<'_>> {
        let from = at as usize;
        Some(Reader::new(self.section(Section::Postings).get(from..from.checked_add(bytes as usize)?)?))
    }
}
