//! The articles on the phone: one SQLite file for each help centre of a desk. It holds nothing of any customer but the
//! words that led to an article, and no name with them.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::{
    backend::{DeskArticle, DeskArticleName, DeskCategory},
    markdown,
    model::{ArticleId, ArticleSummary, HelpCategory, HelpFigures, Timestamp},
    store::{StoreError, Tx, schema::Schema},
};

/// "Help".
const APPLICATION_ID: i64 = 0x4865_6c70;

pub(super) static LIBRARY: Schema = Schema { application_id: APPLICATION_ID, steps: STEPS };

/// See the customers' schema: a step is never edited once released.
const STEPS: &[&str] = &[
    "
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE categories (
    locale TEXT NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (locale, slug)
) STRICT, WITHOUT ROWID;
CREATE TABLE articles (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL,
    locale TEXT NOT NULL,
    category TEXT,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    content TEXT NOT NULL,            -- Markdown
    plain TEXT NOT NULL,              -- its words, as they are searched and shown in snippets
    position INTEGER NOT NULL,
    views INTEGER NOT NULL,
    updated_at INTEGER,
    page INTEGER                      -- of the desk's list; NULL from a starter pack
) STRICT;
CREATE INDEX articles_place ON articles (locale, category, position);
CREATE INDEX articles_views ON articles (locale, views);
CREATE INDEX articles_slug ON articles (slug);
-- The desk's list, page by page, with the validators to ask again with.
CREATE TABLE pages (
    locale TEXT NOT NULL,
    page INTEGER NOT NULL,
    validator TEXT,
    has_more INTEGER NOT NULL,
    PRIMARY KEY (locale, page)
) STRICT, WITHOUT ROWID;
-- What a sync has brought so far. It becomes the articles in one transaction, or is thrown away. A row without a title
-- is an article of a page that has not changed.
CREATE TABLE incoming (
    id TEXT PRIMARY KEY,
    slug TEXT, locale TEXT NOT NULL, category TEXT, title TEXT, description TEXT, content TEXT, plain TEXT,
    position INTEGER, views INTEGER, updated_at INTEGER, page INTEGER
) STRICT;
-- How customers ask for an article, in the starter pack's words.
CREATE TABLE phrasings (
    article TEXT NOT NULL,
    phrasing TEXT NOT NULL,
    PRIMARY KEY (article, phrasing)
) STRICT, WITHOUT ROWID;
-- The same in the words that led customers of this phone to an article that helped.
CREATE TABLE learnt (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    article TEXT NOT NULL,
    phrasing TEXT NOT NULL,
    UNIQUE (article, phrasing)
) STRICT;
CREATE TABLE figures (
    name TEXT PRIMARY KEY,
    count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Views that the desk has not counted yet.
CREATE TABLE views (
    article TEXT PRIMARY KEY,
    count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE pictures (
    url TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL,
    used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
",
    "
-- The same in the desk's words, a line each.
ALTER TABLE articles ADD COLUMN phrasings TEXT NOT NULL DEFAULT '';
ALTER TABLE incoming ADD COLUMN phrasings TEXT NOT NULL DEFAULT '';
-- Asked for in full once: what has not changed at the desk would come without them for ever.
UPDATE pages SET validator = NULL;
",
    "
-- How many articles of the language are published, as the page says, and the ids of those on it that can't be shown.
ALTER TABLE pages ADD COLUMN published INTEGER;
ALTER TABLE pages ADD COLUMN left_out TEXT NOT NULL DEFAULT '';
-- Which articles a page holds: pages overlap, where the desk orders them by what several have in common. An article
-- that was fetched by its slug stands on none.
CREATE TABLE places (
    locale TEXT NOT NULL,
    page INTEGER NOT NULL,
    article TEXT NOT NULL,
    PRIMARY KEY (locale, page, article)
) STRICT, WITHOUT ROWID;
CREATE TABLE incoming_places (
    locale TEXT NOT NULL,
    page INTEGER NOT NULL,
    article TEXT NOT NULL,
    PRIMARY KEY (locale, page, article)
) STRICT, WITHOUT ROWID;
-- Published articles of other languages, as they turned out when they were fetched: they are not fetched again.
CREATE TABLE elsewhere (
    slug TEXT PRIMARY KEY,
    locale TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- Asked for in full once: what was missed would stay hidden behind pages that have not changed.
UPDATE pages SET validator = NULL;
",
    "
-- The desk's list of what is published, as far as it was acted upon: of each article the day of change that the list said
-- when it was last fetched, and the day of that reading, both in days since 1970. One that is not among the articles is
-- in another language, or was not published.
CREATE TABLE listed (
    slug TEXT PRIMARY KEY,
    changed_on INTEGER NOT NULL,
    read_on INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
",
];

/// Characters of an article that are searched and shown in snippets: as many bytes as the index takes at most.
const PLAIN_CHARS: usize = 256 << 10;

/// Phrasings that are learnt; the oldest is forgotten past it. Each costs a search a few microseconds.
const MOST_LEARNT: u32 = 100;

/// A number by its name in `meta`.
pub(super) fn number(connection: &Connection, key: &str) -> Result<i64, StoreError> {
    Ok(text(connection, key)?.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// A text by its name in `meta`.
pub(super) fn text(connection: &Connection, key: &str) -> Result<Option<String>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
    Ok(statement.query_row([key], |row| row.get(0)).optional()?)
}

pub(super) fn set_text(tx: &Tx<'_>, key: &str, value: Option<&str>) -> Result<(), StoreError> {
    match value {
        Some(value) => tx
            .prepare_cached("INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2")?
            .execute([key, value])?,
        None => tx.execute("DELETE FROM meta WHERE key = ?1", [key])?,
    };
    Ok(())
}

pub(super) fn set_number(tx: &Tx<'_>, key: &str, value: i64) -> Result<(), StoreError> {
    set_text(tx, key, Some(&value.to_string()))
}

/// Raised with every change of what is searched.
pub(super) const REVISION: &str = "revision";

pub(super) fn raise_revision(tx: &Tx<'_>) -> Result<(), StoreError> {
    set_number(tx, REVISION, number(tx, REVISION)?.saturating_add(1))
}

/// The languages that have articles, as the desk writes them.
pub(super) fn locales(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT DISTINCT locale FROM articles")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The categories of a language that have articles, in the desk's order.
pub(super) fn categories(connection: &Connection, locale: &str) -> Result<Vec<HelpCategory>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT c.slug, c.name, c.description, count(a.id) FROM categories c
         JOIN articles a ON a.locale = c.locale AND a.category = c.slug
         WHERE c.locale = ?1 GROUP BY c.slug ORDER BY c.position, c.name",
    )?;
    let rows = statement.query_map([locale], |row| {
        Ok(HelpCategory { slug: row.get(0)?, name: row.get(1)?, description: row.get(2)?, articles: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const SUMMARY: &str = "id, title, description, category, locale";

fn summary(row: &Row<'_>) -> Result<ArticleSummary, rusqlite::Error> {
    Ok(ArticleSummary {
        id: ArticleId::new(row.get::<_, String>(0)?),
        title: row.get(1)?,
        description: row.get(2)?,
        category: row.get(3)?,
        locale: row.get(4)?,
    })
}

/// The articles of a language, or of one of its categories, in the desk's order.
pub(super) fn articles(
    connection: &Connection,
    locale: &str,
    category: Option<&str>,
) -> Result<Vec<ArticleSummary>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {SUMMARY} FROM articles WHERE locale = ?1 AND (?2 IS NULL OR category = ?2) ORDER BY position, title"
    ))?;
    let rows = statement.query_map(params![locale, category], summary)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The most read.
pub(super) fn popular(
    connection: &Connection,
    locale: &str,
    category: Option<&str>,
    limit: usize,
) -> Result<Vec<ArticleSummary>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {SUMMARY} FROM articles WHERE locale = ?1 AND (?2 IS NULL OR category = ?2)
         ORDER BY views DESC, position LIMIT ?3"
    ))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![locale, category, limit], summary)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// An article as it is kept.
pub(super) struct Kept {
    pub(super) summary: ArticleSummary,
    pub(super) slug: String,
    pub(super) content: String,
    pub(super) updated_at: Option<Timestamp>,
}

impl Kept {
    /// As the desk knows it.
    pub(super) fn name(&self) -> DeskArticleName {
        DeskArticleName { id: self.summary.id.clone(), slug: self.slug.clone(), locale: self.summary.locale.clone() }
    }
}

pub(super) fn article(connection: &Connection, id: &ArticleId) -> Result<Option<Kept>, StoreError> {
    let mut statement = connection
        .prepare_cached(&format!("SELECT {SUMMARY}, slug, content, updated_at FROM articles WHERE id = ?1"))?;
    let kept = statement.query_row([id.as_str()], |row| {
        Ok(Kept {
            summary: summary(row)?,
            slug: row.get(5)?,
            content: row.get(6)?,
            updated_at: row.get::<_, Option<i64>>(7)?.map(Timestamp::from_millis),
        })
    });
    Ok(kept.optional()?)
}

/// An article's line, and its words.
pub(super) fn line(connection: &Connection, id: &str) -> Result<Option<(ArticleSummary, String)>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {SUMMARY}, plain FROM articles WHERE id = ?1"))?;
    Ok(statement.query_row([id], |row| Ok((summary(row)?, row.get(5)?))).optional()?)
}

/// The article of that slug.
pub(super) fn by_slug(connection: &Connection, slug: &str) -> Result<Option<ArticleId>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id FROM articles WHERE slug = ?1 LIMIT 1")?;
    let id: Option<String> = statement.query_row([slug], |row| row.get(0)).optional()?;
    Ok(id.map(ArticleId::new))
}

// What a sync or a starter pack brings.

/// Throws away what a sync that was cut off has left.
pub(super) fn clear_incoming(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM incoming", [])?;
    tx.execute("DELETE FROM incoming_places", [])?;
    Ok(())
}

/// An article that is new or may have changed.
pub(super) fn take_in(tx: &Tx<'_>, article: &DeskArticle, page: Option<u32>) -> Result<(), StoreError> {
    let DeskArticle { name, category, title, description, content, phrasings, position, views, updated_at } = article;
    let plain = markdown::plain_article(content, PLAIN_CHARS);
    let phrasings: Vec<String> = phrasings.iter().map(|phrasing| one_line(phrasing)).collect();
    tx.prepare_cached(
        "INSERT OR REPLACE INTO incoming
             (id, slug, locale, category, title, description, content, plain, position, views, updated_at, page,
              phrasings)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute(params![
        name.id.as_str(),
        name.slug,
        name.locale,
        category,
        one_line(title),
        one_line(description),
        content,
        plain,
        position,
        views,
        updated_at.map(Timestamp::millis),
        page,
        phrasings.join("\n")
    ])?;
    if let Some(page) = page {
        tx.prepare_cached("INSERT OR IGNORE INTO incoming_places VALUES (?1, ?2, ?3)")?.execute(params![
            name.locale,
            page,
            name.id.as_str()
        ])?;
    }
    Ok(())
}

/// Makes what came in the articles: what did not come vanishes. Whether anything that is searched or shown changed.
pub(super) fn replace(tx: &Tx<'_>) -> Result<bool, StoreError> {
    let gone = tx.execute("DELETE FROM articles WHERE id NOT IN (SELECT id FROM incoming)", [])?;
    let changed = tx.execute(
        "INSERT INTO articles
             (id, slug, locale, category, title, description, content, plain, position, views, updated_at, page,
              phrasings)
         SELECT id, slug, locale, category, title, description, content, plain, position, views, updated_at, page,
              phrasings
         FROM incoming WHERE title IS NOT NULL
         ON CONFLICT (id) DO UPDATE SET
             slug = excluded.slug, locale = excluded.locale, category = excluded.category, title = excluded.title,
             description = excluded.description, content = excluded.content, plain = excluded.plain,
             position = excluded.position, updated_at = excluded.updated_at, phrasings = excluded.phrasings
         WHERE (slug, locale, category, title, description, content, position, updated_at, phrasings) IS NOT
             (excluded.slug, excluded.locale, excluded.category, excluded.title, excluded.description,
              excluded.content, excluded.position, excluded.updated_at, excluded.phrasings)",
        [],
    )?;
    // Not counted as a change: the index need not be built anew because somebody has read something.
    tx.execute(
        "UPDATE articles SET views = coalesce(i.views, articles.views), page = i.page
         FROM incoming i WHERE i.id = articles.id",
        [],
    )?;
    tx.execute("DELETE FROM places", [])?;
    tx.execute("INSERT INTO places SELECT * FROM incoming_places", [])?;
    clear_incoming(tx)?;
    tx.execute("DELETE FROM learnt WHERE article NOT IN (SELECT id FROM articles)", [])?;
    tx.execute("DELETE FROM views WHERE article NOT IN (SELECT id FROM articles)", [])?;
    Ok(gone + changed > 0)
}

/// Replaces the categories; whether any changed.
pub(super) fn set_categories(tx: &Tx<'_>, categories: &[DeskCategory]) -> Result<bool, StoreError> {
    let kept = |connection: &Connection| -> Result<Vec<String>, StoreError> {
        let mut statement = connection.prepare(
            "SELECT locale || char(0) || slug || char(0) || name || char(0) ||
             description || char(0) || position FROM categories ORDER BY 1",
        )?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    let before = kept(tx)?;
    tx.execute("DELETE FROM categories", [])?;
    let mut insert = tx.prepare_cached("INSERT OR REPLACE INTO categories VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for row in categories {
        insert.execute(params![row.locale, row.slug, one_line(&row.name), one_line(&row.description), row.position])?;
    }
    Ok(before != kept(tx)?)
}

/// What customers ask with, of a starter pack; all others are forgotten.
pub(super) fn set_phrasings<'a>(
    tx: &Tx<'_>,
    phrasings: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<(), StoreError> {
    tx.execute("DELETE FROM phrasings", [])?;
    let mut insert = tx.prepare_cached("INSERT OR IGNORE INTO phrasings VALUES (?1, ?2)")?;
    for (article, phrasing) in phrasings {
        insert.execute([article, phrasing])?;
    }
    Ok(())
}

/// The starter pack's phrasings of an article. Those of the desk are a column of the article.
pub(super) fn phrasings(connection: &Connection, article: &str) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT phrasing FROM phrasings WHERE article = ?1")?;
    let rows = statement.query_map([article], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Learns that a customer asked for an article in these words; whether that was news.
pub(super) fn learn(tx: &Tx<'_>, article: &ArticleId, phrasing: &str) -> Result<bool, StoreError> {
    let new = tx.execute(
        "INSERT OR IGNORE INTO learnt (article, phrasing)
         SELECT id, ?2 FROM articles WHERE id = ?1",
        [article.as_str(), phrasing],
    )? > 0;
    tx.execute(
        "DELETE FROM learnt WHERE seq NOT IN (SELECT seq FROM learnt ORDER BY seq DESC LIMIT ?1)",
        [MOST_LEARNT],
    )?;
    Ok(new)
}

/// All that was learnt.
pub(super) fn learnt(connection: &Connection) -> Result<Vec<(String, String)>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT article, phrasing FROM learnt ORDER BY seq")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

// Figures.

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    Searches,
    Unanswered,
    Opened,
    Helped,
    AskedAnyway,
}

impl Figure {
    fn name(self) -> &'static str {
        match self {
            Self::Searches => "searches",
            Self::Unanswered => "unanswered",
            Self::Opened => "opened",
            Self::Helped => "helped",
            Self::AskedAnyway => "asked_anyway",
        }
    }
}

pub(super) fn count(tx: &Tx<'_>, figure: Figure) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT INTO figures VALUES (?1, 1) ON CONFLICT (name) DO UPDATE SET count = count + 1")?
        .execute([figure.name()])?;
    Ok(())
}

pub(super) fn figures(connection: &Connection) -> Result<HelpFigures, StoreError> {
    let mut statement = connection.prepare_cached("SELECT count FROM figures WHERE name = ?1")?;
    let mut figure = |figure: Figure| -> Result<u64, StoreError> {
        let count: Option<i64> = statement.query_row([figure.name()], |row| row.get(0)).optional()?;
        Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
    };
    Ok(HelpFigures {
        searches: figure(Figure::Searches)?,
        unanswered: figure(Figure::Unanswered)?,
        opened: figure(Figure::Opened)?,
        helped: figure(Figure::Helped)?,
        asked_anyway: figure(Figure::AskedAnyway)?,
    })
}

/// A view that the desk is to count.
pub(super) fn add_view(tx: &Tx<'_>, article: &ArticleId) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT INTO views VALUES (?1, 1) ON CONFLICT (article) DO UPDATE SET count = count + 1")?
        .execute([article.as_str()])?;
    Ok(())
}

/// An article whose views the desk has not counted.
pub(super) fn uncounted(connection: &Connection) -> Result<Option<DeskArticleName>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT a.id, a.slug, a.locale FROM views v JOIN articles a ON a.id = v.article LIMIT 1")?;
    let name = statement.query_row([], |row| {
        Ok(DeskArticleName { id: ArticleId::new(row.get::<_, String>(0)?), slug: row.get(1)?, locale: row.get(2)? })
    });
    Ok(name.optional()?)
}

/// One view less to be told.
pub(super) fn view_counted(tx: &Tx<'_>, article: &ArticleId) -> Result<(), StoreError> {
    tx.execute("UPDATE views SET count = count - 1 WHERE article = ?1", [article.as_str()])?;
    tx.execute("DELETE FROM views WHERE count <= 0", [])?;
    Ok(())
}

/// Titles and names are shown on one line, whatever was typed there.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
