//! What a customer does in the help centre, as something that can be counted and learnt from. Pure.
//!
//! ```text
//!   typed ──────▶ typed again, continuing ──▶ the same search goes on
//!     │ ├───────▶ typed anew, cleared, left ─▶ a search was made
//!     │ └───────▶ opened ────────────────────▶ a search was made, and led to this article
//!     ▼
//!   opened ─────▶ helped ────────────────────▶ the words that led here are learnt for the article
//! ```
//! A keystroke is no search: what counts is what was typed in the end. Opening a second result of one search is no second
//! search. Nothing here is kept: a visit ends with the process.

use super::library::Figure;
use crate::model::{ArticleId, HelpEvent};

/// Where a visit stands.
#[derive(Debug, Default)]
pub(super) struct Visit {
    search: Option<Search>,
    reading: Option<Reading>,
}

struct Search {
    text: String,
    results: usize,
    /// It was made: an article was opened from it.
    counted: bool,
}

struct Reading {
    article: ArticleId,
    /// What led to it.
    query: Option<String>,
}

impl std::fmt::Debug for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Search({} bytes, {} results, counted: {})", self.text.len(), self.results, self.counted)
    }
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reading({})", self.article)
    }
}

/// What comes of it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Outcome {
    pub(super) figures: Vec<Figure>,
    pub(super) events: Vec<HelpEvent>,
    /// Among the recent searches now.
    pub(super) recent: Option<String>,
    /// To be learnt for an article.
    pub(super) learnt: Option<(ArticleId, String)>,
    /// The desk is to count a view, and the article is one that was seen.
    pub(super) opened: bool,
}

impl Visit {
    /// These words are in the box, and so much was found.
    pub(super) fn typed(&mut self, text: &str, results: usize) -> Outcome {
        let text = text.trim();
        let mut outcome = Outcome::default();
        // A word more or less is the same search.
        let goes_on = self.search.as_ref().is_some_and(|search| {
            !text.is_empty() && (text.starts_with(&search.text) || search.text.starts_with(text))
        });
        if !goes_on {
            self.settle(&mut outcome);
            self.search = None;
        }
        if !text.is_empty() {
            let counted = self.search.as_ref().is_some_and(|search| search.counted && search.text == text);
            self.search = Some(Search { text: text.to_owned(), results, counted });
        }
        outcome
    }

    /// An article is opened.
    pub(super) fn opened(&mut self, article: &ArticleId) -> Outcome {
        let mut outcome = Outcome::default();
        if self.reading.as_ref().is_some_and(|reading| reading.article == *article) && self.is_settled() {
            // Shown again: turned, redrawn, come back to.
            return outcome;
        }
        self.settle(&mut outcome);
        let query = self.search.as_ref().map(|search| search.text.clone());
        outcome.recent = query.clone();
        outcome.figures.push(Figure::Opened);
        outcome.events.push(HelpEvent::Opened { article: article.clone() });
        outcome.opened = true;
        self.reading = Some(Reading { article: article.clone(), query });
        outcome
    }

    /// An article helped.
    pub(super) fn helped(&mut self, article: &ArticleId) -> Outcome {
        let mut outcome = Outcome::default();
        self.settle(&mut outcome);
        outcome.figures.push(Figure::Helped);
        outcome.events.push(HelpEvent::Helped { article: article.clone() });
        let led = self.reading.as_ref().filter(|reading| reading.article == *article);
        outcome.learnt = led.and_then(|reading| reading.query.clone()).map(|query| (article.clone(), query));
        self.search = None;
        outcome
    }

    /// What the customer searched for last.
    pub(super) fn query(&self) -> Option<String> {
        let read = || self.reading.as_ref().and_then(|reading| reading.query.clone());
        self.search.as_ref().map(|search| search.text.clone()).or_else(read)
    }

    /// The customer asks an agent, having seen so many articles.
    pub(super) fn asked_anyway(&mut self, seen: usize) -> Outcome {
        let mut outcome = Outcome::default();
        self.settle(&mut outcome);
        outcome.figures.push(Figure::AskedAnyway);
        outcome.events.push(HelpEvent::AskedAnyway { seen: u32::try_from(seen).unwrap_or(u32::MAX) });
        *self = Self::default();
        outcome
    }

    /// The search box is gone.
    pub(super) fn left(&mut self) -> Outcome {
        self.typed("", 0)
    }

    fn is_settled(&self) -> bool {
        self.search.as_ref().is_none_or(|search| search.counted)
    }

    fn settle(&mut self, outcome: &mut Outcome) {
        let Some(search) = self.search.as_mut().filter(|search| !search.counted) else { return };
        search.counted = true;
        outcome.figures.push(Figure::Searches);
        if search.results == 0 {
            outcome.figures.push(Figure::Unanswered);
        }
        let results = u32::try_from(search.results).unwrap_or(u32::MAX);
        outcome.events.push(HelpEvent::Searched { query: search.text.clone(), results });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> ArticleId {
        ArticleId::new(text)
    }

    fn searched(outcome: &Outcome) -> Vec<(String, u32)> {
        let searches = outcome.events.iter().filter_map(|event| match event {
            HelpEvent::Searched { query, results } => Some((query.clone(), *results)),
            _ => None,
        });
        searches.collect()
    }

    #[test]
    fn letters_of_one_search_are_one_search() {
        let mut visit = Visit::default();
        for text in ["r", "re", "refu", "refux", "ref", "refund "] {
            assert_eq!(visit.typed(text, 3), Outcome::default(), "{text}");
        }
        let left = visit.left();
        assert_eq!((left.figures.as_slice(), searched(&left)), (&[Figure::Searches][..], vec![("refund".into(), 3)]));
        assert_eq!(visit.left(), Outcome::default());
    }

    #[test]
    fn search_begun_anew_counts_the_one_before() {
        let mut visit = Visit::default();
        visit.typed("flying carpet", 0);
        let outcome = visit.typed("refund", 2);
        assert_eq!(outcome.figures, [Figure::Searches, Figure::Unanswered]);
        assert_eq!(searched(&outcome), [("flying carpet".to_owned(), 0)]);
    }

    #[test]
    fn opening_two_results_is_one_search_and_two_articles() {
        let mut visit = Visit::default();
        visit.typed("refund", 2);
        let first = visit.opened(&id("1"));
        assert_eq!(first.figures, [Figure::Searches, Figure::Opened]);
        assert_eq!((first.recent.as_deref(), first.opened), (Some("refund"), true));
        assert_eq!(visit.opened(&id("1")), Outcome::default(), "drawn again");
        assert_eq!(visit.typed("refund", 2), Outcome::default());
        assert_eq!(visit.opened(&id("2")).figures, [Figure::Opened]);
        let helped = visit.helped(&id("2"));
        assert_eq!(helped.learnt, Some((id("2"), "refund".to_owned())));
        assert_eq!(helped.figures, [Figure::Helped]);
    }

    #[test]
    fn article_opened_without_a_search_teaches_nothing() {
        let mut visit = Visit::default();
        assert_eq!(visit.opened(&id("1")).recent, None);
        assert_eq!(visit.helped(&id("1")).learnt, None);
        visit.typed("refund", 1);
        visit.opened(&id("1"));
        assert_eq!(visit.helped(&id("2")).learnt, None, "another article than the one read");
    }

    #[test]
    fn asking_an_agent_tells_what_was_searched_for() {
        let mut visit = Visit::default();
        visit.typed("where is my parcel", 0);
        assert_eq!(visit.query().as_deref(), Some("where is my parcel"));
        assert_eq!(visit.asked_anyway(2).figures, [Figure::Searches, Figure::Unanswered, Figure::AskedAnyway]);
        visit.typed("a", 1);
        visit.opened(&id("1"));
        visit.left();
        assert_eq!(visit.query().as_deref(), Some("a"));
        visit.asked_anyway(0);
        assert_eq!(visit.query(), None);
    }
}
