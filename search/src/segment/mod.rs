//! A segment: the searchable form of a set of documents, read in place from one run of bytes.
//!
//! All numbers are little-endian; *n* is a number in seven-bit groups, *s* is *n* bytes behind their count.
//!
//! ```text
//! header      magic "SBHS", version, documents, terms                          4 × u32
//!             mean words in title, phrasings and body                          3 × f32
//!             bytes of the sections below                                     12 × u32
//! term heads  per block of 16 terms: where it begins in `terms`, `postings`    2 × u32
//! terms       per term, sorted: bytes shared with the one before (a block's
//!             first: 0) u8, the rest s; strong list: count n, bytes n if any;
//!             weak list: likewise
//! postings    strong: documents with the word in title or phrasings. Step n (documents between), then times:
//!             title 2 bits, phrasings 3, body 3
//!             weak: the documents with it in the body alone. Step n << 1 | more; if more, times u8
//! doc heads   per block of 8 documents: where it begins in `docs`              u32
//! docs        per document: bytes of the id shared with the one before (a block's first: 0) n, the rest s, title s
//! order heads per block of 8 documents: where it begins in `order`             u32
//! order       per document, an s of: words of the title n, each term n; phrasings n, each as the title
//! meta        per document: popularity u32, category u16, locale u8 (one past the place in `labels`, 0 none)
//! norms       per document its words in the title, as round(8 log2(1 + words)) u8; all phrasings'; all bodies'
//! labels      categories n, each s; locales n, each s
//! census      the articles' languages, and how they spell what may be quiet: see `census`
//! learnt      the overlay: see `index`
//! checksum    of all above                                                     u64
//! ```
//!
//! Strong and weak lists are apart so that a prefix of one letter, which a tenth of all words begin with, can be
//! answered from titles and phrasings alone. Documents are numbered in the order they were added.
//!
//! [`Segment::open`] checks the checksum and that the sections fit; every later read checks its own bounds. So a damaged
//! file is refused, and one forged to pass the checksum yields wrong results but no panic.

mod build;
mod interner;
mod terms;

pub(crate) use build::{Builder, Source, cut};
pub(crate) use interner::Interner;
pub(crate) use terms::{Term, Walker};

use crate::OpenError;
use crate::census::Counted;
use crate::codec::{Reader, checksum, word_at};
use std::ops::Range;

const MAGIC: u32 = u32::from_le_bytes(*b"SBHS");
/// Raised with every change of the format, the fold, the splitter, the stemmer or the lists of quiet words: an index of another version is rebuilt.
const VERSION: u32 = 4;
const SECTIONS: usize = 12;
const CHECKSUM: usize = 8;
const HEADER: usize = 4 * 4 + 3 * 4 + SECTIONS * 4;
/// Terms that share prefixes: a lookup walks half of them. More would save a little of the heads, four bits a term.
const TERMS_PER_BLOCK: usize = 16;
/// Documents whose ids share prefixes; a title is found by walking half of them.
const DOCS_PER_BLOCK: u32 = 8;
/// Times a word is counted in each field: what a posting's bits hold. Saturation makes a ninth time worth nothing.
const TITLE_TF: u32 = 3;
const PHRASING_TF: u32 = 7;
const BODY_TF: u32 = 7;
const META: usize = 7;

/// A part of a document that words are counted in.
#[derive(Clone, Copy)]
pub(crate) enum Field {
    Title = 0,
    Phrasings = 1,
    Body = 2,
}

/// A field's length in words as one byte: an eighth of a doubling is finer than relevance can tell.
fn norm(words: u32) -> u8 {
    (8.0 * (1.0 + words as f32).log2()).round() as u8
}

pub(crate) fn words_of_norm(norm: u8) -> f32 {
    (f32::from(norm) / 8.0).exp2() - 1.0
}

/// Times a word stands in each field of one document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) title: u8,
    pub(crate) phrasings: u8,
    pub(crate) body: u8,
}

/// What is stored of a document beside its words.
#[derive(Clone, Copy)]
pub(crate) struct Meta {
    pub(crate) popularity: u32,
    pub(crate) category: u16,
    pub(crate) locale: u8,
}

/// The sections, in the order of the format.
#[derive(Clone, Copy)]
enum Section {
    TermHeads,
    Terms,
    Postings,
    DocHeads,
    Docs,
    OrderHeads,
    Order,
    Meta,
    Norms,
    Labels,
    Census,
    Learnt,
}

pub(crate) struct Segment {
    bytes: Vec<u8>,
    ends: [usize; SECTIONS],
    docs: u32,
    terms: u32,
    means: [f32; 3],
    categories: Vec<Range<usize>>,
    locales: Vec<Range<usize>>,
    counted: Counted,
}

impl Segment {
    /// Bytes from a file.
    pub(crate) fn open(bytes: Vec<u8>) -> Result<Self, OpenError> {
        Self::parse(bytes, true)
    }

    /// Bytes that a [`Builder`] just wrote. Past 4 GiB, where the format ends, nothing is found.
    pub(crate) fn built(bytes: Vec<u8>) -> Self {
        let nothing = |_| Self {
            bytes: Vec::new(),
            ends: [HEADER; SECTIONS],
            docs: 0,
            terms: 0,
            means: [0.0; 3],
            categories: Vec::new(),
            locales: Vec::new(),
            counted: Counted::default(),
        };
        Self::parse(bytes, false).unwrap_or_else(nothing)
    }

    fn parse(bytes: Vec<u8>, checked: bool) -> Result<Self, OpenError> {
        let header = bytes.get(..HEADER).ok_or(OpenError::Damaged)?;
        let number = |at| word_at(header, at).ok_or(OpenError::Damaged);
        if number(0)? != MAGIC {
            return Err(OpenError::NotAnIndex);
        }
        if number(1)? != VERSION {
            return Err(OpenError::OtherVersion { found: number(1)? });
        }
        let (body, sum) = bytes.split_last_chunk::<CHECKSUM>().ok_or(OpenError::Damaged)?;
        if checked && checksum(body) != u64::from_le_bytes(*sum) {
            return Err(OpenError::Damaged);
        }
        let mut ends = [0; SECTIONS];
        let mut end = HEADER;
        for (at, slot) in ends.iter_mut().enumerate() {
            end = usize::try_from(number(7 + at)?)
                .ok()
                .and_then(|size| end.checked_add(size))
                .ok_or(OpenError::Damaged)?;
            *slot = end;
        }
        if end != body.len() {
            return Err(OpenError::Damaged);
        }
        let (docs, terms) = (number(2)?, number(3)?);
        let means = [f32::from_bits(number(4)?), f32::from_bits(number(5)?), f32::from_bits(number(6)?)];
        let (categories, locales, counted) = (Vec::new(), Vec::new(), Counted::default());
        let mut segment = Self { bytes, ends, docs, terms, means, categories, locales, counted };
        segment.check_sizes().ok_or(OpenError::Damaged)?;
        segment.counted = Counted::read(segment.section(Section::Census)).ok_or(OpenError::Damaged)?;
        segment.read_labels().ok_or(OpenError::Damaged)?;
        Ok(segment)
    }

    /// The tables of fixed stride must hold as many entries as the header says: this bounds every number read later.
    fn check_sizes(&self) -> Option<()> {
        let docs = usize::try_from(self.docs).ok()?;
        let blocks = docs.div_ceil(DOCS_PER_BLOCK as usize);
        let right = self.section(Section::Meta).len() == docs.checked_mul(META)?
            && self.section(Section::Norms).len() == docs.checked_mul(3)?
            && self.section(Section::DocHeads).len() == blocks * 4
            && self.section(Section::OrderHeads).len() == blocks * 4
            && self.section(Section::TermHeads).len()
                == usize::try_from(self.terms).ok()?.div_ceil(TERMS_PER_BLOCK) * 8
            && self.means.iter().all(|mean| mean.is_finite() && *mean >= 0.0);
        right.then_some(())
    }

    fn read_labels(&mut self) -> Option<()> {
        let section = self.section(Section::Labels);
        let end = self.ends.get(Section::Labels as usize).copied()?;
        let mut reader = Reader::new(section);
        let mut lists = [Vec::new(), Vec::new()];
        for list in &mut lists {
            for _ in 0..reader.number()? {
                let label = reader.bytes()?;
                std::str::from_utf8(label).ok()?;
                let to = end - reader.len();
                list.push(to - label.len()..to);
            }
        }
        [self.categories, self.locales] = lists;
        Some(())
    }

    fn section(&self, section: Section) -> &[u8] {
        let at = section as usize;
        let from = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(HEADER);
        self.ends.get(at).and_then(|to| self.bytes.get(from..*to)).unwrap_or_default()
    }

    /// Bytes of memory.
    pub(crate) fn memory(&self) -> usize {
        let labels = (self.categories.capacity() + self.locales.capacity()) * size_of::<Range<usize>>();
        self.bytes.capacity() + labels + self.counted.memory()
    }

    pub(crate) fn learnt(&self) -> &[u8] {
        self.section(Section::Learnt)
    }

    /// The same segment with another overlay.
    pub(crate) fn with_learnt(&self, learnt: &[u8]) -> Vec<u8> {
        let keep = self.bytes.len().saturating_sub(self.learnt().len() + CHECKSUM);
        let mut out = Vec::with_capacity(keep + learnt.len() + CHECKSUM);
        out.extend_from_slice(self.bytes.get(..keep).unwrap_or_default());
        if let Some(size) = out.get_mut(HEADER - 4..HEADER) {
            size.copy_from_slice(&(learnt.len() as u32).to_le_bytes());
        }
        out.extend_from_slice(learnt);
        out.extend(checksum(&out).to_le_bytes());
        out
    }

    /// What its articles are written in.
    pub(crate) fn counted(&self) -> &Counted {
        &self.counted
    }

    pub(crate) fn docs(&self) -> u32 {
        self.docs
    }

    /// Mean words in a field.
    pub(crate) fn mean(&self, field: Field) -> f32 {
        self.means.get(field as usize).copied().unwrap_or(0.0)
    }

    pub(crate) fn meta(&self, doc: u32) -> Option<Meta> {
        let from = (doc as usize).checked_mul(META)?;
        let bytes: &[u8; META] = self.section(Section::Meta).get(from..from + META)?.try_into().ok()?;
        let [a, b, c, d, e, f, locale] = *bytes;
        Some(Meta { popularity: u32::from_le_bytes([a, b, c, d]), category: u16::from_le_bytes([e, f]), locale })
    }

    /// The lengths of a field in all documents, see [`words_of_norm`].
    pub(crate) fn norms(&self, field: Field) -> &[u8] {
        let docs = self.docs as usize;
        let from = docs * field as usize;
        self.section(Section::Norms).get(from..from + docs).unwrap_or_default()
    }

    /// Id and title of a document.
    pub(crate) fn doc(&self, doc: u32, id: &mut Vec<u8>) -> Option<&str> {
        id.clear();
        let head = word_at(self.section(Section::DocHeads), (doc / DOCS_PER_BLOCK) as usize)?;
        let mut reader = Reader::new(self.section(Section::Docs).get(head as usize..)?);
        for _ in 0..doc % DOCS_PER_BLOCK {
            self.id(&mut reader, id)?;
            reader.bytes()?;
        }
        self.id(&mut reader, id)?;
        std::str::from_utf8(reader.bytes()?).ok()
    }

    fn id(&self, reader: &mut Reader<'_>, id: &mut Vec<u8>) -> Option<()> {
        let shared = reader.number()?;
        id.truncate(shared as usize);
        id.extend_from_slice(reader.bytes()?);
        Some(())
    }

    /// The document of that id.
    pub(crate) fn number_of(&self, wanted: &str) -> Option<u32> {
        let mut reader = Reader::new(self.section(Section::Docs));
        let mut id = Vec::new();
        for doc in 0..self.docs {
            if doc.is_multiple_of(DOCS_PER_BLOCK) {
                id.clear();
            }
            self.id(&mut reader, &mut id)?;
            if id == wanted.as_bytes() {
                return Some(doc);
            }
            reader.bytes()?;
        }
        None
    }

    /// The words of title and phrasings, in order.
    pub(crate) fn order(&self, doc: u32) -> Option<Order<'_>> {
        let head = word_at(self.section(Section::OrderHeads), (doc / DOCS_PER_BLOCK) as usize)?;
        let mut reader = Reader::new(self.section(Section::Order).get(head as usize..)?);
        for _ in 0..doc % DOCS_PER_BLOCK {
            reader.bytes()?;
        }
        let mut reader = Reader::new(reader.bytes()?);
        let title = reader;
        for _ in 0..reader.number()? {
            reader.number()?;
        }
        let phrasings = reader.number()?;
        Some(Order { title, phrasings, rest: reader })
    }

    pub(crate) fn category(&self, label: &str) -> Option<u16> {
        self.categories
            .iter()
            .position(|known| self.bytes.get(known.clone()) == Some(label.as_bytes()))
            .map(|at| at as u16 + 1)
    }

    /// The locales, each with its number.
    pub(crate) fn locales(&self) -> impl Iterator<Item = (u8, &str)> {
        (1u8..).zip(&self.locales).map(|(number, range)| {
            (
                number,
                self.bytes.get(range.clone()).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default(),
            )
        })
    }
}

/// The words of a document's title and phrasings, in order.
pub(crate) struct Order<'a> {
    title: Reader<'a>,
    phrasings: u32,
    rest: Reader<'a>,
}

impl Order<'_> {
    /// Calls `each` with the title's words, then with each phrasing's.
    pub(crate) fn each(mut self, words: &mut Vec<u32>, each: &mut impl FnMut(bool, &[u32])) -> Option<()> {
        read_run(&mut self.title, words)?;
        each(true, words);
        for _ in 0..self.phrasings {
            read_run(&mut self.rest, words)?;
            each(false, words);
        }
        Some(())
    }
}

fn read_run(reader: &mut Reader<'_>, words: &mut Vec<u32>) -> Option<()> {
    words.clear();
    for _ in 0..reader.number()? {
        words.push(reader.number()?);
    }
    Some(())
}
