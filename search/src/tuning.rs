//! The numbers that rank. Each was chosen on the development queries that `examples/help` measures (Banking77 with titles
//! only and with ten phrasings, Vietnamese known items) as the round number in the middle of a plateau: half as much
//! again of any of them moves accuracy by about a point, so another help centre needs no other numbers.

/// How soon repeating a word stops to count (BM25's k₁). Titles say a word once; a body says it as often as it is long.
pub(crate) const SATURATION: f32 = 1.5;
/// How much a long field is held against a word in it (BM25's b), alike for all three.
pub(crate) const LENGTH: f32 = 0.7;
/// A word in the title is worth as many in the body: then one in the title alone all but saturates.
pub(crate) const TITLE: f32 = 8.0;
/// What question words ("how do I") weigh against others: half as much or twice as much costs up to two points.
pub(crate) const QUIET: f32 = 0.25;
/// A term that only begins with the last word, where the last word is also a term of its own.
pub(crate) const BEGUN: f32 = 0.3;
/// A term that shares its root with a word that is not in the index: "withdraw" and "withdrawal".
pub(crate) const KIN: f32 = 0.8;
/// The same, where the word is in the index too.
pub(crate) const KIN_BESIDE: f32 = 0.3;
/// Letters that a root has at least, and its least share of either word. A poor man's stemmer for every language.
pub(crate) const ROOT_LETTERS: usize = 4;
/// See [`ROOT_LETTERS`].
pub(crate) const ROOT_SHARE: f32 = 0.6;
/// What an error costs a misspelt word, divided by its letters: a slip in a long word leaves little doubt.
pub(crate) const TYPO: f32 = 3.0;
/// How much the re-rank's likeness adds to a score that is at most 1.
pub(crate) const LIKENESS: f32 = 0.35;
/// A term that joins words of the query, for each of them: "wifi" for "wi fi".
pub(crate) const JOINED: f32 = 0.8;
/// What a title loses that is spelt with other accents than the query: more than a shorter title gains.
pub(crate) const EXACT: f32 = 0.6;
/// The same of a query without accents where Vietnamese is written, of which most queries have none: it decides between
/// equals.
pub(crate) const EXACT_BARE: f32 = 0.02;
/// In a likeness: words that follow each other as in the query.
pub(crate) const ORDER: f32 = 0.3;
/// In a title's likeness: words from the beginning on. It is what finds a title of which the first words are typed.
pub(crate) const STARTS: f32 = 1.0;
/// A phrasing's likeness against a title's.
pub(crate) const PHRASING: f32 = 0.8;
/// Documents that the re-rank looks at: the best of the first ranking. Half as many again moved one figure by 0.1 points.
pub(crate) const RERANKED: usize = 32;

/// Body postings that a query may read beside those of its rarest word: a third of a millisecond on a desktop. Past it,
/// which takes some 10,000 articles, its commonest words count in titles and phrasings alone.
pub(crate) const BODY_POSTINGS: u32 = 60_000;
/// Body postings that the beginning of a word may cost. Past it only titles and phrasings are searched by it, and the
/// word's next letter brings the bodies back.
pub(crate) const PREFIX_POSTINGS: u32 = 8_000;
/// Body postings that a question word may cost, and a term that is only kin to a word of the index.
pub(crate) const ASIDE_POSTINGS: u32 = 2_000;

/// The confidence that a hit is right is the logistic of `SCORE * (score + MARGIN * lead over the next) - DOUBT`, fitted
/// on the development queries with a third of the answers taken away and with queries of another trade mixed in.
pub(crate) const CONFIDENCE_SCORE: f32 = 3.4;
/// See [`CONFIDENCE_SCORE`].
pub(crate) const CONFIDENCE_MARGIN: f32 = 0.5;
/// See [`CONFIDENCE_SCORE`].
pub(crate) const CONFIDENCE_DOUBT: f32 = 2.0;
/// What a suggestion is worth showing from: more likely right than wrong. Of drafts that no article answers one in thirty
/// gets past it, of those that one does about two thirds.
pub(crate) const SUGGESTED: f32 = 0.5;
