//! The index as a host holds it: a segment, the overlay of what was learnt since, and what was removed.

mod build;
mod learn;
mod query;

pub use build::{Document, IndexBuilder};
pub use query::{Hit, Query, Results, Scratch};

use crate::rank::{Overlay, Scored};
use crate::segment::Segment;
use std::sync::atomic::{AtomicU64, Ordering};

/// Why bytes could not be opened as an index. Whatever it is, build the index again from the articles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// The bytes begin as no index does: the wrong file.
    NotAnIndex,
    /// The index was written by another version of this crate.
    OtherVersion {
        /// The format it is in.
        found: u32,
    },
    /// A byte is missing, changed or too many.
    Damaged,
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotAnIndex => f.write_str("these bytes are no search index"),
            Self::OtherVersion { found } => {
                write!(f, "the search index has format {found}, which this version does not read")
            }
            Self::Damaged => f.write_str("the search index is damaged"),
        }
    }
}

impl std::error::Error for OpenError {}

/// A help centre, ready to be searched. Share it between threads; each brings its own [`Scratch`].
///
/// It holds ids, titles and what is needed to find and rank, but no bodies: [`Results::highlighter`] works on the text
/// that the host has anyway.
///
/// ```
/// use shopbell_search::{Document, IndexBuilder, Query, Scratch};
///
/// let mut builder = IndexBuilder::new();
/// builder.add(&Document { id: "7", title: "Đổi mật khẩu", body: "Mở phần Cài đặt.", ..Document::default() });
/// let index = builder.build();
///
/// let results = index.search(&Query::new("doi mat kh"), &mut Scratch::default());
/// assert_eq!(results.hits[0].id, "7");
/// assert_eq!(results.hits[0].title_ranges, [0..3, 4..7, 8..10]);
/// ```
pub struct Index {
    pub(crate) base: Scored,
    pub(crate) overlay: Option<Overlay>,
    /// Phrasings learnt since the segment was written; sorted by document.
    pub(crate) learnt: Vec<(u32, String)>,
    /// Documents removed since; sorted.
    pub(crate) removed: Vec<u32>,
    /// Changes with every change of the index, and no two indexes have the same: what scratches remember is bound to it.
    pub(crate) stamp: u64,
}

impl Index {
    /// Opens what [`Self::to_bytes`] wrote. Nothing is copied or parsed but the overlay, so this takes as long as reading
    /// the bytes once.
    ///
    /// ```
    /// use shopbell_search::{Document, Index, IndexBuilder, OpenError};
    ///
    /// let mut builder = IndexBuilder::new();
    /// builder.add(&Document { id: "1", title: "Returns", ..Document::default() });
    /// let mut bytes = builder.build().to_bytes();
    /// assert_eq!(Index::open(bytes.clone()).map(|index| index.len()), Ok(1));
    ///
    /// bytes[40] ^= 1;
    /// assert_eq!(Index::open(bytes).err(), Some(OpenError::Damaged));
    /// ```
    pub fn open(bytes: Vec<u8>) -> Result<Self, OpenError> {
        let segment = Segment::open(bytes)?;
        let (learnt, removed) = learn::read(&segment).ok_or(OpenError::Damaged)?;
        let mut index = Self { base: Scored::new(segment), overlay: None, learnt, removed, stamp: fresh_stamp() };
        index.lay_over();
        Ok(index)
    }

    /// The index as bytes, for [`Self::open`]: what was learnt and removed included.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.base.segment.with_learnt(&learn::write(&self.learnt, &self.removed))
    }

    /// Articles in it.
    pub fn len(&self) -> usize {
        (self.base.segment.docs() as usize).saturating_sub(self.removed.len())
    }

    /// Whether it has no article.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory that it holds.
    ///
    /// ```
    /// assert!(shopbell_search::IndexBuilder::new().build().memory() < 20_000);
    /// ```
    pub fn memory(&self) -> usize {
        let learnt: usize = self.learnt.iter().map(|(_, text)| text.capacity() + size_of::<(u32, String)>()).sum();
        let overlay = self.overlay.as_ref().map_or(0, |overlay| overlay.scored.memory() + overlay.of.capacity() * 4);
        self.base.memory() + overlay + learnt + self.removed.capacity() * 4
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index")
            .field("articles", &self.len())
            .field("learnt", &self.learnt.len())
            .finish_non_exhaustive()
    }
}

pub(crate) fn fresh_stamp() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[cfg(test)]
mod tests;
