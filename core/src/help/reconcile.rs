//! Whether all that is published has come, and what to ask for where it has not. Pure: see the table of its tests.
//!
//! A desk may order its articles by what many of them have in common, so that the pages of its list overlap and miss.
//! It says how many are published in a language. Where another number came:
//!
//! 1. Articles that are on the phone and did not come are asked for by their slugs: most likely it is they.
//! 2. A desk with a list of all that is published is asked for it, and what is on it and did not come is asked for. The
//!    list does not say in which language an article is: what turns out to be in another is remembered.
//! 3. Where more came than are published, or the desk changed while it was read, what is not on the list is asked for
//!    as well, and dropped where the desk does not have it any more.
//!
//! Each is asked for once, and not more than [`MOST_ASKED`] a sync. What is left then makes the sync incomplete.

use std::collections::{BTreeMap, BTreeSet};

/// Articles that are asked for one by one in a sync: a megabyte. The rest has its turn in the next.
const MOST_ASKED: usize = 200;

/// Articles in a row that the desk fails to give before it is let alone.
const MOST_FAILED: u32 = 3;

/// What came of a language, and what is said to exist.
#[derive(Clone, Debug, Default)]
pub(super) struct Language {
    pub(super) locale: String,
    /// Articles that the desk says are published, as it said last.
    pub(super) published: u64,
    /// Whether every page said the same.
    pub(super) steady: bool,
    /// Published articles that came and can't be shown.
    pub(super) left_out: u64,
    /// Slugs that came.
    pub(super) came: BTreeSet<String>,
    /// Slugs that are on the phone and did not come.
    pub(super) kept: BTreeSet<String>,
}

impl Language {
    fn here(&self) -> u64 {
        self.left_out.saturating_add(self.came.len() as u64)
    }

    /// How many have not come.
    pub(super) fn missing(&self) -> u64 {
        self.published.saturating_sub(self.here())
    }

    fn surplus(&self) -> u64 {
        self.here().saturating_sub(self.published)
    }
}

/// The desk's list of published articles: each slug, with its language where that is known.
pub(super) type Listed = BTreeMap<String, Option<String>>;

enum List {
    NotAsked,
    /// The desk has none, or none that makes sense.
    Unavailable,
    Here(Listed),
}

/// What is to be asked next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing: what is published has come.
    Complete,
    /// The list of what is published.
    List,
    /// An article. `locale` is its language, where only one is possible.
    Article { slug: String, locale: Option<String> },
    /// Nothing more, though something is missing.
    Incomplete,
}

/// What became of an article that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is published, in this language; empty where it does not say which.
    Published { locale: String },
    /// It is not published.
    Gone,
    /// The desk failed.
    Failed,
    /// The desk can't be reached, or wants no more requests for now.
    Unreachable,
}

/// What came, held against what is published.
pub(super) struct Reconciliation {
    languages: Vec<Language>,
    /// Slugs that are known to be in other languages.
    elsewhere: BTreeSet<String>,
    list: List,
    asked: BTreeSet<String>,
    /// Slugs that came without a language, while several were possible.
    placeless: BTreeSet<String>,
    /// Articles in a row that the desk failed to give, and whether it ever did.
    failed: u32,
    has_failed: bool,
}

impl Reconciliation {
    /// `has_list`: whether the desk has a list of what is published.
    pub(super) fn new(languages: Vec<Language>, elsewhere: BTreeSet<String>, has_list: bool) -> Self {
        let list = if has_list { List::NotAsked } else { List::Unavailable };
        Self {
            languages,
            elsewhere,
            list,
            asked: BTreeSet::new(),
            placeless: BTreeSet::new(),
            failed: 0,
            has_failed: false,
        }
    }

    /// What is to be asked next. The answer is told by [`Self::listed`] or [`Self::answered`].
    pub(super) fn next(&self) -> Next {
        let settled = |language: &Language| {
            let sure = language.steady || self.list_is_here() && self.suspects(language).next().is_none();
            sure && language.missing() == 0 && language.surplus() == 0
        };
        if self.languages.iter().all(settled) {
            return Next::Complete;
        }
        if self.asked.len() + self.placeless.len() >= MOST_ASKED || self.failed >= MOST_FAILED {
            return Next::Incomplete;
        }
        let lacking = || self.languages.iter().filter(|language| language.missing() > 0);
        // The list tells what the desk failed over: a missing article, or all of them.
        if self.failed > 0 && matches!(self.list, List::NotAsked) {
            return Next::List;
        }
        for language in lacking() {
            let mut kept = language.kept.iter().filter(|slug| !self.is_unlisted(slug));
            if let Some(slug) = kept.find(|slug| !self.asked.contains(*slug)) {
                return Next::Article { slug: slug.clone(), locale: Some(language.locale.clone()) };
            }
        }
        let list = match &self.list {
            List::NotAsked => return Next::List,
            List::Unavailable => return Next::Incomplete,
            List::Here(list) => list,
        };
        let unsure = self.languages.iter().filter(|language| !language.steady || language.surplus() > 0);
        for language in unsure {
            if let Some(slug) = self.suspects(language).next() {
                return Next::Article { slug: slug.clone(), locale: Some(language.locale.clone()) };
            }
        }
        let mut unseen = list.iter().filter(|(slug, locale)| {
            let possible = locale.as_ref().is_none_or(|locale| lacking().any(|language| language.locale == *locale));
            // One that does not say its language is that of the only one that lacks any.
            let placeable = !self.placeless.contains(*slug) || lacking().count() == 1;
            let new = !self.asked.contains(*slug) && !self.elsewhere.contains(*slug) && !self.has(slug);
            possible && placeable && new
        });
        match (lacking().next(), unseen.next()) {
            (Some(first), Some((slug, locale))) => {
                let only = (lacking().count() == 1).then(|| first.locale.clone());
                Next::Article { slug: slug.clone(), locale: locale.clone().or(only) }
            }
            _ => Next::Incomplete,
        }
    }

    /// The list has come; `None` where the desk has none, or none that makes sense.
    pub(super) fn listed(&mut self, list: Option<Listed>) {
        self.list = list.map_or(List::Unavailable, List::Here);
    }

    /// An article has come, or has not.
    pub(super) fn answered(&mut self, slug: &str, answer: &Answer) {
        let is_placeless = matches!(answer, Answer::Published { locale } if locale.is_empty());
        if !is_placeless || !self.placeless.insert(slug.to_owned()) {
            self.asked.insert(slug.to_owned());
        }
        // A desk may fail over an article that it does not have, so one that is not on its list either is gone.
        let gone = *answer == Answer::Gone || *answer == Answer::Failed && self.is_unlisted(slug);
        self.failed = match answer {
            Answer::Failed if !gone => self.failed + 1,
            Answer::Unreachable => MOST_FAILED,
            _ => 0,
        };
        self.has_failed |= self.failed > 0;
        for language in &mut self.languages {
            let here = matches!(answer, Answer::Published { locale } if *locale == language.locale);
            if here {
                language.came.insert(slug.to_owned());
            } else if gone || matches!(answer, Answer::Published { .. }) {
                language.came.remove(slug);
            }
            if here || gone {
                language.kept.remove(slug);
            }
        }
    }

    /// Slugs of a language that is incomplete, which are on the phone and may still be published.
    pub(super) fn to_keep(&self) -> impl Iterator<Item = &String> {
        let lacking = self.languages.iter().filter(|language| language.missing() > 0);
        lacking.flat_map(|language| &language.kept).filter(|slug| !self.is_unlisted(slug))
    }

    /// The languages, as they have become.
    pub(super) fn languages(&self) -> &[Language] {
        &self.languages
    }

    /// Whether an article of this slug has come.
    pub(super) fn has(&self, slug: &str) -> bool {
        self.languages.iter().any(|language| language.came.contains(slug))
    }

    /// Whether every article that the list names, and that could be missing, was asked for and answered. Then the list
    /// says what is published, and only the number does not agree with it.
    pub(super) fn is_exhausted(&self) -> bool {
        let List::Here(_) = &self.list else { return false };
        !self.has_failed && self.asked.len() < MOST_ASKED && self.next() == Next::Incomplete
    }

    fn list_is_here(&self) -> bool {
        matches!(self.list, List::Here(_))
    }

    fn is_unlisted(&self, slug: &str) -> bool {
        matches!(&self.list, List::Here(list) if !list.contains_key(slug))
    }

    /// What came, is not on the list, and was not asked for yet.
    fn suspects<'a>(&'a self, language: &'a Language) -> impl Iterator<Item = &'a String> {
        language.came.iter().filter(|slug| self.is_unlisted(slug) && !self.asked.contains(*slug))
    }
}

#[cfg(test)]
mod tests;
