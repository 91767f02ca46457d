//! What changes between two builds.
//!
//! Phrasings learnt are kept as text, and searched by a second, small segment whose documents stand for the base's. It is
//! made anew with each phrasing: that takes microseconds for the hundreds that may come between two fetches of the help
//! centre. Removed articles are skipped. As bytes: removed n, each n; learnt n, each article n and text s; both in the
//! articles' order.

use super::{Index, fresh_stamp};
use crate::codec::{Reader, put, put_bytes};
use crate::rank::{Overlay, Scored};
use crate::segment::{Builder, Segment, Source};

impl Index {
    /// Adds a way in which customers ask for an article, so that the next search finds it by it. False if there is no such
    /// article. Hand the phrasing over with the article ([`Document::phrasings`](crate::Document::phrasings)) when the
    /// index is built again.
    ///
    /// ```
    /// use shopbell_search::{Document, IndexBuilder, Query, Scratch};
    ///
    /// let mut builder = IndexBuilder::new();
    /// builder.add(&Document { id: "1", title: "Return an item", ..Document::default() });
    /// let mut index = builder.build();
    /// assert!(index.learn("1", "send my shoes back"));
    /// assert!(!index.learn("2", "no such article"));
    /// let hits = index.search(&Query::new("shoes"), &mut Scratch::default()).hits;
    /// assert_eq!(hits[0].id, "1");
    /// ```
    pub fn learn(&mut self, id: &str, phrasing: &str) -> bool {
        let Some(doc) = self.number_of(id) else { return false };
        if !self.learnt.iter().any(|(of, known)| *of == doc && known == phrasing) {
            let at = self.learnt.partition_point(|(of, _)| *of <= doc);
            self.learnt.insert(at, (doc, phrasing.to_owned()));
            self.lay_over();
        }
        true
    }

    /// Takes an article out of every result. False if there is no such article. An article that changed is removed here
    /// and found again, as it now is, once the index is built again.
    ///
    /// ```
    /// use shopbell_search::{Document, IndexBuilder};
    ///
    /// let mut builder = IndexBuilder::new();
    /// builder.add(&Document { id: "1", title: "Old offer", ..Document::default() });
    /// let mut index = builder.build();
    /// assert!(index.remove("1"));
    /// assert!(index.is_empty() && !index.remove("1"));
    /// ```
    pub fn remove(&mut self, id: &str) -> bool {
        let Some(doc) = self.number_of(id) else { return false };
        if let Err(at) = self.removed.binary_search(&doc) {
            self.removed.insert(at, doc);
        }
        true
    }

    fn number_of(&self, id: &str) -> Option<u32> {
        self.base.segment.number_of(id).filter(|doc| self.removed.binary_search(doc).is_err())
    }

    /// Makes the overlay of what was learnt.
    pub(super) fn lay_over(&mut self) {
        self.stamp = fresh_stamp();
        let mut builder = Builder::default();
        let mut of = Vec::new();
        for same in self.learnt.chunk_by(|(a, _), (b, _)| a == b) {
            let phrasings: Vec<&str> = same.iter().map(|(_, phrasing)| phrasing.as_str()).collect();
            of.extend(same.first().map(|(doc, _)| *doc));
            builder.add(Source { phrasings: &phrasings, ..Source::default() });
        }
        let scored = || Scored::new(Segment::built(builder.finish(&[])));
        self.overlay = (!of.is_empty()).then(|| Overlay { scored: scored(), of });
    }
}

pub(super) fn write(learnt: &[(u32, String)], removed: &[u32]) -> Vec<u8> {
    let mut out = Vec::new();
    if learnt.is_empty() && removed.is_empty() {
        return out;
    }
    put(&mut out, removed.len() as u32);
    removed.iter().for_each(|doc| put(&mut out, *doc));
    put(&mut out, learnt.len() as u32);
    for (doc, phrasing) in learnt {
        put(&mut out, *doc);
        put_bytes(&mut out, phrasing.as_bytes());
    }
    out
}

/// What was learnt, and what was removed.
type Changes = (Vec<(u32, String)>, Vec<u32>);

pub(super) fn read(segment: &Segment) -> Option<Changes> {
    let mut reader = Reader::new(segment.learnt());
    let (mut learnt, mut removed) = (Vec::new(), Vec::new());
    if reader.len() == 0 {
        return Some((learnt, removed));
    }
    for _ in 0..reader.number()? {
        removed.push(reader.number().filter(|doc| *doc < segment.docs())?);
    }
    for _ in 0..reader.number()? {
        let doc = reader.number().filter(|doc| *doc < segment.docs())?;
        learnt.push((doc, std::str::from_utf8(reader.bytes()?).ok()?.to_owned()));
    }
    let sorted = removed.is_sorted_by(|a, b| a < b) && learnt.is_sorted_by(|(a, _), (b, _)| a <= b);
    sorted.then_some((learnt, removed))
}
