//! A help centre as an app shows it.

use std::fmt;

use super::{Block, list, number};

/// A category of the help centre.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct HelpCategory {
    /// Its name in calls.
    pub slug: String,
    /// Its name on screen.
    pub name: String,
    /// What is in it, possibly empty.
    pub description: String,
    /// How many articles are in it.
    pub articles: i32,
}

/// An article's line in a list.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ArticleSummary {
    /// Its id.
    pub id: String,
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
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct Article {
    /// Its line in a list.
    pub summary: ArticleSummary,
    /// Its text.
    pub blocks: Vec<Block>,
    /// Which links in `blocks` lead to other articles that are on this phone.
    pub links: Vec<InAppLink>,
    /// What else may be of use, best first; at most three.
    pub related: Vec<ArticleSummary>,
    /// When the merchant last changed it, in milliseconds since 1970.
    pub updated_at_millis: Option<i64>,
    /// Where a browser shows it, for sharing.
    pub url: Option<String>,
    /// How far the customer had read, from 0 to 1.
    pub reading_position: Option<f32>,
    /// What the customer said of it.
    pub vote: Option<bool>,
}

/// A link to another article.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct InAppLink {
    /// The link, as it stands in a span.
    pub url: String,
    /// The id of the article that it leads to.
    pub article: String,
}

/// A place in a text, `end` excluded, in UTF-16 code units: what indices of Kotlin's and Java's strings count, and
/// `NSRange`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct MatchRange {
    /// The first code unit.
    pub start: i32,
    /// One past the last.
    pub end: i32,
}

/// An article that a search found.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
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

/// What a search found.
#[derive(Clone, PartialEq, uniffi::Record)]
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

/// What the help centre has done, on this phone, since it was first opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct HelpFigures {
    /// Searches made.
    pub searches: i64,
    /// Of these, those that found nothing.
    pub unanswered: i64,
    /// Articles opened.
    pub opened: i64,
    /// Times that a customer said "this helped".
    pub helped: i64,
    /// Times that a customer went on to ask an agent.
    pub asked_anyway: i64,
}

/// Something that happened in the help centre, for the app's analytics.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum HelpEvent {
    /// A search was made.
    Searched {
        /// What was typed: the customer's own words.
        query: String,
        /// How many articles were found.
        results: i32,
    },
    /// An article was opened.
    Opened {
        /// Its id.
        article: String,
    },
    /// The customer said that it helped.
    Helped {
        /// Its id.
        article: String,
    },
    /// The customer voted on it.
    Voted {
        /// Its id.
        article: String,
        /// Whether it helped.
        helpful: bool,
    },
    /// The customer went on to ask an agent.
    AskedAnyway {
        /// How many articles they had seen before.
        seen: i32,
    },
}

impl From<shopbell::HelpCategory> for HelpCategory {
    fn from(category: shopbell::HelpCategory) -> Self {
        Self {
            slug: category.slug,
            name: category.name,
            description: category.description,
            articles: number(category.articles),
        }
    }
}

impl From<shopbell::ArticleSummary> for ArticleSummary {
    fn from(article: shopbell::ArticleSummary) -> Self {
        Self {
            id: article.id.as_str().to_owned(),
            title: article.title,
            description: article.description,
            category: article.category,
            locale: article.locale,
        }
    }
}

impl From<shopbell::Article> for Article {
    fn from(article: shopbell::Article) -> Self {
        Self {
            summary: article.summary.into(),
            blocks: list(article.blocks),
            links: list(article.links),
            related: list(article.related),
            updated_at_millis: article.updated_at.map(shopbell::Timestamp::millis),
            url: article.url,
            reading_position: article.reading_position,
            vote: article.vote,
        }
    }
}

impl From<shopbell::InAppLink> for InAppLink {
    fn from(link: shopbell::InAppLink) -> Self {
        Self { url: link.url, article: link.article.as_str().to_owned() }
    }
}

/// Places in a text, which the core counts in characters.
fn in_utf16(text: &str, ranges: &[shopbell::MatchRange]) -> Vec<MatchRange> {
    let units = |chars: usize| number(text.chars().take(chars).map(char::len_utf16).sum::<usize>());
    ranges.iter().map(|range| MatchRange { start: units(range.start), end: units(range.end) }).collect()
}

impl From<shopbell::ArticleHit> for ArticleHit {
    fn from(hit: shopbell::ArticleHit) -> Self {
        Self {
            title_matches: in_utf16(&hit.article.title, &hit.title_matches),
            article: hit.article.into(),
            snippet_matches: in_utf16(&hit.snippet, &hit.snippet_matches),
            snippet: hit.snippet,
            confidence: hit.confidence,
        }
    }
}

impl From<shopbell::SearchResults> for SearchResults {
    fn from(results: shopbell::SearchResults) -> Self {
        Self { query: results.query, category: results.category, hits: list(results.hits), recent: results.recent }
    }
}

impl From<shopbell::HelpFigures> for HelpFigures {
    fn from(figures: shopbell::HelpFigures) -> Self {
        let long = |count: u64| super::long(count);
        Self {
            searches: long(figures.searches),
            unanswered: long(figures.unanswered),
            opened: long(figures.opened),
            helped: long(figures.helped),
            asked_anyway: long(figures.asked_anyway),
        }
    }
}

impl HelpEvent {
    /// `None` for what is not known here.
    pub(crate) fn known(event: shopbell::HelpEvent) -> Option<Self> {
        use shopbell::HelpEvent as Core;
        let name = |id: shopbell::ArticleId| id.as_str().to_owned();
        Some(match event {
            Core::Searched { query, results } => Self::Searched { query, results: number(results) },
            Core::Opened { article } => Self::Opened { article: name(article) },
            Core::Helped { article } => Self::Helped { article: name(article) },
            Core::Voted { article, helpful } => Self::Voted { article: name(article), helpful },
            Core::AskedAnyway { seen } => Self::AskedAnyway { seen: number(seen) },
            _ => return None,
        })
    }
}

// What a customer searches for is theirs.

impl fmt::Debug for SearchResults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SearchResults({} hits, {} recent)", self.hits.len(), self.recent.len())
    }
}

impl fmt::Debug for HelpEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Searched { .. } => "Searched",
            Self::Opened { .. } => "Opened",
            Self::Helped { .. } => "Helped",
            Self::Voted { .. } => "Voted",
            Self::AskedAnyway { .. } => "AskedAnyway",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_behind_an_emoji_fit_the_hosts_strings() {
        let text = "🛵 giao hàng";
        let counted = |start, end| shopbell::MatchRange { start, end };
        let found = in_utf16(text, &[counted(0, 1), counted(2, 6)]);
        assert_eq!(found, [MatchRange { start: 0, end: 2 }, MatchRange { start: 3, end: 7 }]);
        let units: Vec<u16> = text.encode_utf16().collect();
        assert_eq!(String::from_utf16(&units[3..7]).unwrap(), "giao");
    }
}
