//! A help centre as an app shows it.

use std::fmt;

use super::{ArticleId, Block, Timestamp};

/// A category of the help centre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpCategory {
    /// What [`SearchInput::set_category`](crate::SearchInput::set_category) and
    /// [`HelpCenter::articles`](crate::HelpCenter::articles) take.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// What is in it, possibly empty.
    pub description: String,
    /// How many articles are in it.
    pub articles: u32,
}

/// An article's line in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArticleSummary {
    /// Its id.
    pub id: ArticleId,
    /// Its title.
    pub title: String,
    /// What it is about, possibly empty.
    pub description: String,
    /// The slug of its category, if it is in one.
    pub category: Option<String>,
    /// Its language, as the desk writes it ("vi", "pt_BR").
    pub locale: String,
}

/// An article, whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Article {
    /// Its line in a list.
    pub summary: ArticleSummary,
    /// Its text.
    pub blocks: Vec<Block>,
    /// Which links in `blocks` lead to other articles that are on this phone.
    pub links: Vec<InAppLink>,
    /// What else may be of use, best first; at most three.
    pub related: Vec<ArticleSummary>,
    /// When the merchant last changed it.
    pub updated_at: Option<Timestamp>,
    /// Where a browser shows it, for sharing.
    pub url: Option<String>,
    /// How far the customer had read, from 0 to 1.
    pub reading_position: Option<f32>,
    /// What the customer said of it.
    pub vote: Option<bool>,
}

/// A link to another article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InAppLink {
    /// The link, as it stands in a [`Span`](crate::Span).
    pub url: String,
    /// Where it leads.
    pub article: ArticleId,
}

/// A place in a text, in characters (Unicode scalar values), `end` excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatchRange {
    /// The first character.
    pub start: usize,
    /// One past the last.
    pub end: usize,
}

/// An article that a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct ArticleHit {
    /// The article.
    pub article: ArticleSummary,
    /// Where its title matches; in order, none overlapping.
    pub title_matches: Vec<MatchRange>,
    /// The piece of its text that fits best: one line of at most 120 characters.
    pub snippet: String,
    /// Where the snippet matches; in order, none overlapping.
    pub snippet_matches: Vec<MatchRange>,
    /// How likely it is what was asked for, from 0 to 1; 0 where nothing was asked.
    pub confidence: f32,
}

/// What a search found. `Debug` prints counts: what a customer searches for is theirs.
#[derive(Clone, Default, PartialEq)]
pub struct SearchResults {
    /// What was asked.
    pub query: String,
    /// Within which category.
    pub category: Option<String>,
    /// The articles, best first. For an empty query the most read.
    pub hits: Vec<ArticleHit>,
    /// For an empty query: what the customer searched for last, newest first.
    pub recent: Vec<String>,
}

impl fmt::Debug for SearchResults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SearchResults({} hits, {} recent)", self.hits.len(), self.recent.len())
    }
}

/// What the help centre has done, on this phone, since it was first opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HelpFigures {
    /// Searches made: not keystrokes, but what was typed when the customer opened a result, gave up or began anew.
    pub searches: u64,
    /// Of these, those that found nothing.
    pub unanswered: u64,
    /// Articles opened.
    pub opened: u64,
    /// Times that a customer said "this helped".
    pub helped: u64,
    /// Times that a customer went on to ask an agent.
    pub asked_anyway: u64,
}

/// Something that happened in the help centre, for the app's analytics. `Debug` hides what a customer typed.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum HelpEvent {
    /// A search was made.
    Searched {
        /// What was typed: the customer's own words.
        query: String,
        /// How many articles were found.
        results: u32,
    },
    /// An article was opened.
    Opened {
        /// Which.
        article: ArticleId,
    },
    /// The customer said that it helped.
    Helped {
        /// Which.
        article: ArticleId,
    },
    /// The customer voted on it.
    Voted {
        /// Which.
        article: ArticleId,
        /// Whether it helped.
        helpful: bool,
    },
    /// The customer went on to ask an agent.
    AskedAnyway {
        /// How many articles they had seen before.
        seen: u32,
    },
}

impl fmt::Debug for HelpEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Searched { query, results } => write!(f, "Searched({} bytes, {results} results)", query.len()),
            Self::Opened { article } => write!(f, "Opened({article})"),
            Self::Helped { article } => write!(f, "Helped({article})"),
            Self::Voted { article, helpful } => write!(f, "Voted({article}, {helpful})"),
            Self::AskedAnyway { seen } => write!(f, "AskedAnyway({seen} seen)"),
        }
    }
}
