//! Which languages the articles are in, and how they spell the words that may be quiet.
//!
//! The language of an article is read off its own text: by the function words in it that only one language has, and by
//! letters that only Vietnamese has. Its tag is asked where the text is too short to tell, for a shop may well keep
//! Vietnamese articles under the tag that its help centre came with; and where there is no tag, its fellows are.
//!
//! As bytes: locales n (0 is none), of each the languages of its articles n; rows n, of each the group n, the language n,
//! articles with a spelling that is quiet in their language n, and articles with another n; sorted by group and language.

use crate::codec::{Reader, put};
use crate::quiet::{LANGUAGES, LISTS, Languages, VIETNAMESE, language_of};
use crate::spelling::evidence;

/// What a word says of its article's language, divided by the languages that have it on their lists.
const WORD: u32 = 12;
/// What a letter says that only Vietnamese has.
const LETTER: u32 = 24;
/// Such letters that count: in fewer a text names a place, with more it says no more.
const LETTERS: u32 = 8;
/// What a text must say of a language at least to be in it: two words that only that has.
const ENOUGH: u32 = 24;
/// Bytes of a body that are looked through for letters.
const LOOKED_AT: usize = 2048;
/// A language counts among those of a help centre from the fiftieth part of its articles on.
const COUNTS: u32 = 50;
/// In a query without accents a word is quiet where at most one in thirty of the articles that have its letters means
/// another word by them: rather too loud than not found. With one in five the first four syllables of a Vietnamese title
/// find it less often.
const QUIET_TIMES: u32 = 30;

/// The count, as articles are added.
#[derive(Default)]
pub(crate) struct Census {
    /// Articles with a spelling, by slot and language.
    counts: Vec<u32>,
    /// Of each locale (0 is none): what its articles say.
    locales: Vec<Locale>,
    /// The slots of the article that is being added, each once, and for each slot the last article that had it.
    touched: Vec<u16>,
    last: Vec<u32>,
    article: u32,
    letters: u32,
    spelt: String,
}

#[derive(Default)]
struct Locale {
    tag: usize,
    /// Articles of each language; those of which the text does not tell are under 0.
    articles: [u32; LANGUAGES],
    /// What all its texts say of each language.
    scores: [u32; LANGUAGES],
    /// Articles of which the text does not tell, by slot.
    undecided: Vec<u32>,
}

impl Census {
    /// Looks at a text of the article that is being added, for its letters.
    pub(crate) fn text(&mut self, text: &str) {
        if self.letters < LETTERS {
            self.letters += evidence(crate::segment::cut(text, LOOKED_AT), LETTERS - self.letters).1;
        }
    }

    /// A word of it that may be quiet.
    pub(crate) fn word(&mut self, folded: &str, raw: &str) {
        if let Some(slot) = LISTS.slot_of(folded, raw, &mut self.spelt) {
            self.slot(slot);
        }
    }

    /// The same, where the slot of its spelling is known.
    pub(crate) fn slot(&mut self, slot: usize) {
        if self.last.is_empty() {
            self.last.resize(LISTS.slots(), 0);
        }
        let article = self.article + 1;
        if let Some(last) = self.last.get_mut(slot)
            && *last != article
        {
            *last = article;
            self.touched.push(slot as u16);
        }
    }

    /// The article is whole. `locale` is its number, 0 if it has none, and `tag` its name.
    pub(crate) fn close(&mut self, locale: u16, tag: &str) {
        self.article += 1;
        let mut scores = [0u32; LANGUAGES];
        for slot in &self.touched {
            let (languages, _) = LISTS.slot(usize::from(*slot));
            let says = WORD.checked_div(languages.count_ones()).unwrap_or(0);
            for (_, score) in scores.iter_mut().enumerate().filter(|(language, _)| languages >> language & 1 == 1) {
                *score += says;
            }
        }
        if let Some(score) = scores.get_mut(VIETNAMESE) {
            *score += LETTER * self.letters;
        }
        self.letters = 0;
        let language = likeliest(&scores, 2, 1);
        let at = usize::from(locale);
        while self.locales.len() <= at {
            self.locales.push(Locale::default());
        }
        let Some(of) = self.locales.get_mut(at) else { return };
        of.tag = language_of(tag);
        for (sum, score) in of.scores.iter_mut().zip(scores) {
            *sum = sum.saturating_add(score);
        }
        if let Some(articles) = of.articles.get_mut(language) {
            *articles += 1;
        }
        let counts = if language == 0 { &mut of.undecided } else { &mut self.counts };
        let width = if language == 0 { 1 } else { LANGUAGES };
        if counts.is_empty() {
            counts.resize(LISTS.slots() * width, 0);
        }
        for slot in self.touched.drain(..) {
            if let Some(count) = counts.get_mut(usize::from(slot) * width + language) {
                *count += 1;
            }
        }
    }

    /// The count as bytes.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        if self.counts.is_empty() {
            self.counts.resize(LISTS.slots() * LANGUAGES, 0);
        }
        let mut out = Vec::new();
        put(&mut out, self.locales.len() as u32);
        for of in &mut self.locales {
            let language = if of.tag > 0 { of.tag } else { likeliest(&of.scores, 3, 2) };
            for (slot, count) in of.undecided.iter().enumerate() {
                if let Some(counted) = self.counts.get_mut(slot * LANGUAGES + language) {
                    *counted += count;
                }
            }
            let untold = of.articles.first_mut().map(std::mem::take).unwrap_or(0);
            if let Some(articles) = of.articles.get_mut(language) {
                *articles += untold;
            }
            let all: u32 = of.articles.iter().sum();
            let mut languages: Languages = 0;
            for (language, articles) in of.articles.iter().enumerate() {
                languages |= u16::from(*articles > 0 && articles.saturating_mul(COUNTS) >= all) << language;
            }
            put(&mut out, u32::from(languages));
        }
        let rows = rows(&self.counts);
        put(&mut out, rows.len() as u32);
        for Row { group, language, quiet, other } in rows {
            [u32::from(group), u32::from(language), quiet, other].into_iter().for_each(|number| put(&mut out, number));
        }
        out
    }
}

/// The language that the scores speak for; 0 if none is `times / of` as likely as the next.
fn likeliest(scores: &[u32; LANGUAGES], times: u32, of: u32) -> usize {
    let best = (1..LANGUAGES).max_by_key(|language| (scores.get(*language), std::cmp::Reverse(*language))).unwrap_or(0);
    let score = scores.get(best).copied().unwrap_or(0);
    let next = scores.iter().enumerate().filter(|(language, _)| *language != best).map(|(_, score)| *score).max();
    let clear = score.saturating_mul(of) >= next.unwrap_or(0).saturating_mul(times);
    if score >= ENOUGH && clear { best } else { 0 }
}

fn rows(counts: &[u32]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (slot, of_slot) in counts.chunks(LANGUAGES).enumerate() {
        let (languages, group) = LISTS.slot(slot);
        for (language, count) in (0u8..).zip(of_slot).filter(|(_, count)| **count > 0) {
            let at = rows.binary_search_by_key(&(group, language), |row| (row.group, row.language));
            let at = at.unwrap_or_else(|at| {
                rows.insert(at, Row { group, language, quiet: 0, other: 0 });
                at
            });
            let Some(row) = rows.get_mut(at) else { continue };
            *(if languages >> language & 1 == 1 { &mut row.quiet } else { &mut row.other }) += count;
        }
    }
    rows
}

#[derive(Clone, Copy)]
struct Row {
    group: u16,
    language: u8,
    /// Articles with a spelling that is quiet in their language.
    quiet: u32,
    /// Articles with another.
    other: u32,
}

/// The count, as a search asks it.
#[derive(Default)]
pub(crate) struct Counted {
    locales: Vec<Languages>,
    rows: Vec<Row>,
}

impl Counted {
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let mut counted = Self::default();
        for _ in 0..reader.number()? {
            counted.locales.push(u16::try_from(reader.number()?).ok()?);
        }
        for _ in 0..reader.number()? {
            let (group, language) = (u16::try_from(reader.number()?).ok()?, u8::try_from(reader.number()?).ok()?);
            if usize::from(language) >= LANGUAGES {
                return None;
            }
            counted.rows.push(Row { group, language, quiet: reader.number()?, other: reader.number()? });
        }
        Some(counted)
    }

    /// Bytes of memory.
    pub(crate) fn memory(&self) -> usize {
        self.locales.capacity() * size_of::<Languages>() + self.rows.capacity() * size_of::<Row>()
    }

    /// The languages of the articles of these locales, and of those without one; of all, if `None`.
    pub(crate) fn languages(&self, locales: Option<&[u8]>) -> Languages {
        let asked = (0u8..=u8::MAX).zip(&self.locales);
        let asked = asked.filter(|(number, _)| locales.is_none_or(|wanted| *number == 0 || wanted.contains(number)));
        asked.fold(0, |all, (_, languages)| all | languages)
    }

    fn of(&self, group: u16) -> &[Row] {
        let from = self.rows.partition_point(|row| row.group < group);
        let rest = self.rows.get(from..).unwrap_or_default();
        rest.get(..rest.partition_point(|row| row.group == group)).unwrap_or_default()
    }

    /// Whether any article has a word of this group.
    pub(crate) fn has(&self, group: u16) -> bool {
        !self.of(group).is_empty()
    }

    /// Whether articles in these languages mean the quiet words of this group by its letters, and seldom another.
    pub(crate) fn is_quiet(&self, group: u16, languages: Languages) -> bool {
        let asked = self.of(group).iter().filter(|row| languages >> row.language & 1 == 1);
        let (quiet, other) = asked.fold((0u32, 0u32), |(quiet, other), row| {
            (quiet.saturating_add(row.quiet), other.saturating_add(row.other))
        });
        quiet > 0 && other.saturating_mul(QUIET_TIMES) <= quiet
    }
}
