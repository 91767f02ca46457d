use super::Index;
use crate::highlight::Highlighter;
use crate::plan::Plan;
use crate::rank::{Candidate, Ranker};
use crate::tuning::{CONFIDENCE_DOUBT, CONFIDENCE_MARGIN, CONFIDENCE_SCORE, SUGGESTED};
use std::ops::Range;

/// Hits of a query that does not say how many: two screens of a phone.
const LIMIT: usize = 20;
/// Articles suggested at most: what fits above a keyboard.
const SUGGESTIONS: usize = 3;

/// What is searched for.
///
/// ```
/// use shopbell_search::Query;
///
/// let query = Query { category: Some("Orders"), limit: 5, ..Query::new("refund") };
/// # let _ = query;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// What the customer typed so far; the first 2 KiB and 32 different words of it count. With nothing typed, the most
    /// read articles are given.
    pub text: &'a str,
    /// Hits at most.
    pub limit: usize,
    /// Only articles filed there.
    pub category: Option<&'a str>,
    /// Only articles in that language ("pt" takes "pt-BR" too), and those that say none.
    pub locale: Option<&'a str>,
}

impl<'a> Query<'a> {
    /// A query for all articles: 20 hits.
    pub fn new(text: &'a str) -> Self {
        Self { text, limit: LIMIT, category: None, locale: None }
    }
}

/// An article that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Where the title matches, in characters of it.
    pub title_ranges: Vec<Range<usize>>,
    /// How well it fits: good for sorting, and for nothing else.
    pub score: f32,
    /// How likely it is what was asked for: 0 to 1.
    pub confidence: f32,
}

/// What a search found.
#[derive(Debug)]
pub struct Results {
    /// The articles, best first.
    pub hits: Vec<Hit>,
    /// Marks in any text what the query matched, misspelt words included.
    pub highlighter: Highlighter,
}

/// A searcher's working memory, reused from keystroke to keystroke: thirteen bytes an article, and the neighbours of the
/// words last misspelt. It may be used with any index.
#[derive(Default)]
pub struct Scratch {
    plan: Plan,
    ranker: Ranker,
    id: Vec<u8>,
}

impl Index {
    /// Searches. Takes microseconds at 1,000 articles; run it off the UI thread all the same, and drop the answers to
    /// keystrokes that were overtaken.
    ///
    /// ```
    /// use shopbell_search::{Document, IndexBuilder, Query, Scratch};
    ///
    /// let mut builder = IndexBuilder::new();
    /// builder.add(&Document { id: "1", title: "Track your order", popularity: 9, ..Document::default() });
    /// builder.add(&Document { id: "2", title: "Refunds", body: "Money comes back in 5 days.", ..Document::default() });
    /// let (index, mut scratch) = (builder.build(), Scratch::default());
    ///
    /// let results = index.search(&Query::new("mony bac"), &mut scratch);
    /// assert_eq!(results.hits[0].id, "2");
    /// let snippet = results.highlighter.snippet("Money comes back in 5 days.", 80);
    /// assert_eq!(snippet.ranges, [0..5, 12..15]);
    ///
    /// // With nothing typed: the most read.
    /// assert_eq!(index.search(&Query::new(""), &mut scratch).hits[0].id, "1");
    /// ```
    pub fn search(&self, query: &Query<'_>, scratch: &mut Scratch) -> Results {
        let Scratch { plan, ranker, id } = scratch;
        let locales = query.locale.map(|wanted| self.locales(wanted));
        let allowed = self.allowed(query.category, locales.as_deref());
        if query.text.trim().is_empty() {
            ranker.most_read(&self.base, query.limit, allowed);
            let hits = ranker.top.iter().map(|one| self.hit(one, None, &Highlighter::default(), id)).collect();
            return Results { hits, highlighter: Highlighter::default() };
        }
        let segments = [Some(&self.base), self.overlay.as_ref().map(|overlay| &overlay.scored)];
        let segments: &[_] = match segments {
            [Some(base), Some(overlay)] => &[&base.segment, &overlay.segment],
            _ => &[&self.base.segment],
        };
        plan.make(query.text, segments, locales.as_deref(), self.base.segment.docs(), self.stamp);
        // One more than asked for: the lead over the next is part of the confidence.
        ranker.rank(plan, &self.base, self.overlay.as_ref(), query.limit.max(1).saturating_add(1), allowed);
        let highlighter = Highlighter::of(plan);
        let lead = match ranker.top.as_slice() {
            [first, second, ..] => first.score - second.score,
            [first] => first.score,
            [] => 0.0,
        };
        let top = ranker.top.iter().take(query.limit).enumerate();
        let hits =
            top.map(|(at, one)| self.hit(one, Some(if at == 0 { lead } else { 0.0 }), &highlighter, id)).collect();
        Results { hits, highlighter }
    }

    /// What a host shows of a candidate. Its lead over the next is known if anything was asked.
    fn hit(&self, one: &Candidate, lead: Option<f32>, highlighter: &Highlighter, id: &mut Vec<u8>) -> Hit {
        let title = self.base.segment.doc(one.doc, id).unwrap_or_default();
        Hit {
            id: String::from_utf8_lossy(id).into_owned(),
            title: title.to_owned(),
            title_ranges: if lead.is_some() { highlighter.ranges(title) } else { Vec::new() },
            score: lead.map_or(0.0, |_| one.score),
            confidence: lead.map_or(0.0, |lead| confidence(one, lead)),
        }
    }

    /// Up to three articles that may answer what a customer is writing to an agent; none where none fits.
    ///
    /// ```
    /// use shopbell_search::{Document, IndexBuilder, Scratch};
    ///
    /// let mut builder = IndexBuilder::new();
    /// builder.add(&Document { id: "1", title: "Where is my refund?", ..Document::default() });
    /// builder.add(&Document { id: "2", title: "Delivery times", ..Document::default() });
    /// let (index, mut scratch) = (builder.build(), Scratch::default());
    /// assert_eq!(index.suggest("Hi, where is my refund please?", &mut scratch)[0].id, "1");
    /// assert!(index.suggest("Hello, are you there?", &mut scratch).is_empty());
    /// ```
    pub fn suggest(&self, draft: &str, scratch: &mut Scratch) -> Vec<Hit> {
        self.suggest_from(&Query { limit: SUGGESTIONS, ..Query::new(draft) }, scratch).hits
    }

    /// As [`Self::suggest`], with a category, a language or a limit below three, and with what marks the matches.
    ///
    /// ```
    /// # use shopbell_search::{Document, IndexBuilder, Query, Scratch};
    /// # let index = IndexBuilder::new().build();
    /// let draft = Query { locale: Some("vi"), ..Query::new("tôi muốn đổi mật khẩu") };
    /// assert!(index.suggest_from(&draft, &mut Scratch::default()).hits.is_empty());
    /// ```
    pub fn suggest_from(&self, draft: &Query<'_>, scratch: &mut Scratch) -> Results {
        if draft.text.trim().is_empty() {
            return Results { hits: Vec::new(), highlighter: Highlighter::default() };
        }
        let query = Query { limit: draft.limit.min(SUGGESTIONS), ..*draft };
        let mut results = self.search(&query, scratch);
        // Question words alone ask for nothing.
        if scratch.plan.all_quiet {
            results.hits.clear();
        }
        results.hits.retain(|hit| hit.confidence >= SUGGESTED);
        results
    }

    /// The numbers of the locales that are of the wanted language.
    fn locales(&self, wanted: &str) -> Vec<u8> {
        let fits = |known: &str| language(known).eq_ignore_ascii_case(language(wanted));
        self.base.segment.locales().filter(|(_, known)| fits(known)).map(|(number, _)| number).collect()
    }

    /// Whether a document passes the query's filters.
    fn allowed<'a>(&'a self, category: Option<&str>, locales: Option<&'a [u8]>) -> impl Fn(u32) -> bool + use<'a> {
        let segment = &self.base.segment;
        // A category that no article has lets none through.
        let category = category.map(|label| segment.category(label).unwrap_or(u16::MAX));
        move |doc| {
            if !self.removed.is_empty() && self.removed.binary_search(&doc).is_ok() {
                return false;
            }
            if category.is_none() && locales.is_none() {
                return true;
            }
            let Some(meta) = segment.meta(doc) else { return false };
            category.is_none_or(|wanted| wanted == meta.category)
                && locales.is_none_or(|wanted| meta.locale == 0 || wanted.contains(&meta.locale))
        }
    }
}

/// The language of a tag: "pt" of "pt-BR".
fn language(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or_default()
}

fn confidence(one: &Candidate, lead: f32) -> f32 {
    let evidence = CONFIDENCE_SCORE * (one.score + CONFIDENCE_MARGIN * lead) - CONFIDENCE_DOUBT;
    1.0 / (1.0 + (-evidence).exp())
}
