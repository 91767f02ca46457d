//! The open file of articles, and the index over it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use rusqlite::Connection;
use shopbell_search::{Document, Highlighter, Hit, Index, IndexBuilder, Query, Scratch};

use super::{library, locales};
use crate::{
    SupportError,
    model::{ArticleHit, ArticleId, ArticleSummary, MatchRange, SearchResults},
    rules,
    store::{Store, StoreError},
};

/// Articles that a search gives: a screen and a half of a phone. Each costs a look into the file.
const HITS: usize = 12;

/// Characters of a snippet: two lines of a phone.
const SNIPPET: usize = 120;

/// Bytes of an article in which a snippet is looked for. Past it nobody reads on from a list, and marking a long text for
/// every keystroke would take longer than the search.
const SNIPPET_FROM: usize = 8 << 10;

/// The confidence from which a language's answer is taken without a look at the next: more likely right than wrong.
const LIKELY: f32 = 0.5;

/// What is related to an article, at most.
const RELATED: usize = 3;

/// The articles on the phone, open.
pub(super) struct Shelf {
    pub(super) store: Store,
    index_path: PathBuf,
    /// The languages the customer chose.
    wanted: Vec<String>,
    /// One build at a time.
    building: tokio::sync::Mutex<()>,
    index: RwLock<Option<Ready>>,
    scratch: Mutex<Scratch>,
}

/// What the index found, and what marks it.
type Found = (Vec<Hit>, Highlighter);

/// An index, and what of the articles it was built from.
struct Ready {
    index: Index,
    revision: i64,
}

impl Shelf {
    pub(super) fn new(store: Store, index_path: PathBuf, wanted: Vec<String>) -> Self {
        Self {
            store,
            index_path,
            wanted,
            building: tokio::sync::Mutex::default(),
            index: RwLock::default(),
            scratch: Mutex::default(),
        }
    }

    /// The languages to be shown that have articles, the best first.
    pub(super) fn languages(&self, connection: &Connection) -> Result<Vec<String>, StoreError> {
        let available = library::text(connection, AVAILABLE)?.unwrap_or_default();
        let available: Vec<String> = available.split(' ').map(str::to_owned).filter(|tag| !tag.is_empty()).collect();
        let default = library::text(connection, DEFAULT)?.unwrap_or_default();
        Ok(locales::chain(&self.wanted, &available, &default))
    }

    /// Makes sure that there is an index: read from its file, or built where the file is missing, damaged or of other
    /// articles.
    pub(super) async fn ready(self: &Arc<Self>) -> Result<(), SupportError> {
        if self.revision().is_some() {
            return Ok(());
        }
        self.renew().await
    }

    /// Builds the index anew where the articles have changed; meanwhile the old one answers.
    pub(super) async fn renew(self: &Arc<Self>) -> Result<(), SupportError> {
        let _turn = self.building.lock().await;
        let shelf = Arc::clone(self);
        self.store
            .read(move |connection| {
                let revision = library::number(connection, library::REVISION)?;
                if shelf.revision() != Some(revision) {
                    let mut index = load(&shelf.index_path, revision, connection)?;
                    for (article, phrasing) in library::learnt(connection)? {
                        index.learn(&article, &phrasing);
                    }
                    *shelf.index.write().unwrap_or_else(PoisonError::into_inner) = Some(Ready { index, revision });
                }
                Ok(())
            })
            .await
    }

    fn revision(&self) -> Option<i64> {
        self.index.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(|ready| ready.revision)
    }

    /// The next search finds the article by these words.
    pub(super) fn learn(&self, article: &ArticleId, phrasing: &str) {
        if let Some(ready) = &mut *self.index.write().unwrap_or_else(PoisonError::into_inner) {
            ready.index.learn(article.as_str(), phrasing);
        }
    }

    /// Searches in the customer's languages: the first with a hit that is more likely right than wrong, else the one with
    /// the likeliest. On a thread that may wait for the disk.
    pub(super) fn find(
        &self,
        connection: &Connection,
        text: &str,
        category: Option<&str>,
    ) -> Result<SearchResults, StoreError> {
        let mut results =
            SearchResults { query: text.to_owned(), category: category.map(str::to_owned), ..SearchResults::default() };
        let languages = self.languages(connection)?;
        if rules::is_blank(text) {
            if let Some(locale) = languages.first() {
                results.hits = library::popular(connection, locale, category, HITS)?.into_iter().map(unasked).collect();
            }
            return Ok(results);
        }
        let keys: Vec<String> = languages.iter().map(|locale| locales::key(locale)).collect();
        results.hits = self.hits(connection, &|index, scratch| {
            let mut best = (0.0, Found::default());
            for key in &keys {
                let query = Query { limit: HITS, category, locale: Some(key), ..Query::new(text) };
                let found = index.search(&query, scratch);
                let confidence = found.hits.first().map_or(0.0, |hit| hit.confidence);
                if confidence > best.0 {
                    best = (confidence, (found.hits, found.highlighter));
                }
                if best.0 >= LIKELY {
                    break;
                }
            }
            best.1
        })?;
        Ok(results)
    }

    /// Articles that may answer what a customer is writing; none where none fits.
    pub(super) fn suggest(&self, connection: &Connection, draft: &str) -> Result<Vec<ArticleHit>, StoreError> {
        for locale in self.languages(connection)? {
            let query = Query { locale: Some(&locales::key(&locale)), ..Query::new(draft) };
            let hits = self.hits(connection, &|index, scratch| {
                let suggested = index.suggest_from(&query, scratch);
                (suggested.hits, suggested.highlighter)
            })?;
            if !hits.is_empty() {
                return Ok(hits);
            }
        }
        Ok(Vec::new())
    }

    fn hits(
        &self,
        connection: &Connection,
        search: &dyn Fn(&Index, &mut Scratch) -> Found,
    ) -> Result<Vec<ArticleHit>, StoreError> {
        let (found, highlighter) = {
            let ready = self.index.read().unwrap_or_else(PoisonError::into_inner);
            let Some(ready) = ready.as_ref() else { return Ok(Vec::new()) };
            search(&ready.index, &mut self.scratch.lock().unwrap_or_else(PoisonError::into_inner))
        };
        let mut hits = Vec::with_capacity(found.len());
        for hit in found {
            // Gone since the index was built: a new one is on its way.
            let Some((article, plain)) = library::line(connection, &hit.id)? else { continue };
            let edge = (0..=SNIPPET_FROM.min(plain.len())).rev().find(|at| plain.is_char_boundary(*at)).unwrap_or(0);
            let snippet = highlighter.snippet(plain.get(..edge).unwrap_or_default(), SNIPPET);
            // The title is the file's, which may be newer than the index.
            let title_matches =
                if article.title == hit.title { hit.title_ranges } else { highlighter.ranges(&article.title) };
            hits.push(ArticleHit {
                article,
                title_matches: title_matches.into_iter().map(range).collect(),
                snippet: snippet.text,
                snippet_matches: snippet.ranges.into_iter().map(range).collect(),
                confidence: hit.confidence,
            });
        }
        Ok(hits)
    }

    /// What else a reader of this article may look for: what a search for its title finds, then its neighbours.
    pub(super) fn related(
        &self,
        connection: &Connection,
        article: &ArticleSummary,
    ) -> Result<Vec<ArticleSummary>, StoreError> {
        let key = locales::key(&article.locale);
        let query = Query { limit: RELATED + 1, locale: Some(&key), ..Query::new(&article.title) };
        let ids: Vec<String> = {
            let ready = self.index.read().unwrap_or_else(PoisonError::into_inner);
            let Some(ready) = ready.as_ref() else { return Ok(Vec::new()) };
            let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
            ready.index.search(&query, &mut scratch).hits.into_iter().map(|hit| hit.id).collect()
        };
        let mut related: Vec<ArticleSummary> = Vec::new();
        for id in ids {
            related.extend(library::line(connection, &id)?.map(|(line, _)| line));
        }
        if related.len() <= RELATED
            && let Some(category) = &article.category
        {
            related.extend(library::popular(connection, &article.locale, Some(category), RELATED * 2)?);
        }
        let mut kept: Vec<ArticleSummary> = Vec::new();
        for one in related {
            if kept.len() < RELATED && one.id != article.id && kept.iter().all(|other| other.id != one.id) {
                kept.push(one);
            }
        }
        Ok(kept)
    }
}

/// The languages that have articles, with spaces between.
pub(super) const AVAILABLE: &str = "locales";

/// The help centre's own language.
pub(super) const DEFAULT: &str = "default_locale";

fn range(range: std::ops::Range<usize>) -> MatchRange {
    MatchRange { start: range.start, end: range.end }
}

/// A line that nobody asked for.
fn unasked(article: ArticleSummary) -> ArticleHit {
    let snippet = article.description.chars().take(SNIPPET).collect();
    ArticleHit { article, title_matches: Vec::new(), snippet, snippet_matches: Vec::new(), confidence: 0.0 }
}

/// The index of these articles, from its file if that is of this revision and whole.
fn load(path: &Path, revision: i64, connection: &Connection) -> Result<Index, StoreError> {
    // The revision stands at the end, where it is cut off without moving the rest.
    let kept = fs::read(path).ok().and_then(|mut bytes| {
        let at = bytes.len().checked_sub(size_of::<i64>())?;
        let of = i64::from_le_bytes(bytes.get(at..)?.try_into().ok()?);
        bytes.truncate(at);
        (of == revision).then_some(bytes)
    });
    match kept.map(Index::open) {
        Some(Ok(index)) => return Ok(index),
        Some(Err(error)) => tracing::warn!(%error, "the search index is built anew"),
        None => {}
    }
    let index = build(connection)?;
    if let Err(error) = save(path, &index, revision) {
        // It is built again at the next start.
        tracing::warn!(%error, "the search index can't be kept");
    }
    Ok(index)
}

fn build(connection: &Connection) -> Result<Index, StoreError> {
    let mut builder = IndexBuilder::new();
    let mut statement = connection.prepare(
        "SELECT id, title, description, plain, category, views, locale, phrasings FROM articles ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id: String = row.get(0)?;
        let (title, description, plain): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
        let (category, views): (Option<String>, i64) = (row.get(4)?, row.get(5)?);
        let (packed, of_the_desk): (Vec<String>, String) = (library::phrasings(connection, &id)?, row.get(7)?);
        let mut phrasings: Vec<&str> = of_the_desk.lines().chain(packed.iter().map(String::as_str)).collect();
        // What both have counts once.
        phrasings.sort_unstable();
        phrasings.dedup();
        builder.add(&Document {
            id: &id,
            title: &title,
            body: &format!("{description}\n{plain}"),
            phrasings: &phrasings,
            category: category.as_deref(),
            popularity: u32::try_from(views).unwrap_or(u32::MAX),
            locale: &locales::key(&row.get::<_, String>(6)?),
        });
    }
    Ok(builder.build())
}

/// Whole or not at all; a loss of power may leave a damaged one, which is built again.
fn save(path: &Path, index: &Index, revision: i64) -> io::Result<()> {
    let mut bytes = index.to_bytes();
    bytes.extend(revision.to_le_bytes());
    let aside = path.with_extension("index.new");
    fs::write(&aside, bytes)?;
    fs::rename(aside, path)
}
