//! The desk's list of articles as it was last read, page by page, and what a sync has brought of it so far.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};

use crate::store::{StoreError, Tx};

/// A page as a sync has seen it.
#[derive(Clone, Debug, Default)]
pub(super) struct SeenPage {
    pub(super) locale: String,
    pub(super) page: u32,
    pub(super) validator: Option<String>,
    pub(super) has_more: bool,
    /// Published articles of the language, where the desk says it.
    pub(super) published: Option<u64>,
    /// Ids of published articles on the page that can't be shown, with spaces between.
    pub(super) left_out: String,
}

/// A page that can be asked for conditionally.
pub(super) fn page(connection: &Connection, locale: &str, page: u32) -> Result<Option<SeenPage>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT validator, has_more, published, left_out FROM pages
         WHERE locale = ?1 AND page = ?2 AND validator IS NOT NULL",
    )?;
    let seen = statement.query_row(params![locale, page], |row| {
        Ok(SeenPage {
            locale: locale.to_owned(),
            page,
            validator: row.get(0)?,
            has_more: row.get(1)?,
            published: row.get::<_, Option<i64>>(2)?.and_then(|count| u64::try_from(count).ok()),
            left_out: row.get(3)?,
        })
    });
    Ok(seen.optional()?)
}

/// Replaces what is known of the pages of the languages that were read (`read`), and forgets those of languages that are
/// not wanted any more.
pub(super) fn set_pages(
    tx: &Tx<'_>,
    wanted: &[String],
    read: &BTreeSet<String>,
    pages: &[SeenPage],
) -> Result<(), StoreError> {
    for locale in read_locales(tx)? {
        if read.contains(&locale) || !wanted.contains(&locale) {
            tx.execute("DELETE FROM pages WHERE locale = ?1", [locale])?;
        }
    }
    let mut insert = tx.prepare_cached(
        "INSERT INTO pages (locale, page, validator, has_more, published, left_out) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for SeenPage { locale, page, validator, has_more, published, left_out } in pages {
        let published = published.map(|count| i64::try_from(count).unwrap_or(i64::MAX));
        insert.execute(params![locale, page, validator, has_more, published, left_out])?;
    }
    Ok(())
}

/// The languages whose pages were read to their end.
pub(super) fn read_locales(connection: &Connection) -> Result<BTreeSet<String>, StoreError> {
    slugs_of(connection, "SELECT DISTINCT locale FROM pages", [])
}

/// Takes over the articles of a language that is not read in pages this time, where they stand.
pub(super) fn take_over_language(tx: &Tx<'_>, locale: &str) -> Result<(), StoreError> {
    tx.execute(
        "INSERT OR IGNORE INTO incoming (id, locale, page) SELECT id, locale, page FROM articles WHERE locale = ?1",
        [locale],
    )?;
    tx.execute("INSERT OR IGNORE INTO incoming_places SELECT * FROM places WHERE locale = ?1", [locale])?;
    Ok(())
}

/// Takes over the articles of a page that has not changed.
pub(super) fn take_over(tx: &Tx<'_>, locale: &str, page: u32) -> Result<(), StoreError> {
    tx.execute(
        "INSERT OR IGNORE INTO incoming (id, locale, page)
         SELECT a.id, a.locale, p.page FROM places p JOIN articles a ON a.id = p.article
         WHERE p.locale = ?1 AND p.page = ?2",
        params![locale, page],
    )?;
    tx.execute(
        "INSERT OR IGNORE INTO incoming_places SELECT * FROM places WHERE locale = ?1 AND page = ?2",
        params![locale, page],
    )?;
    Ok(())
}

/// How many articles of a language have come.
pub(super) fn came(connection: &Connection, locale: &str) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached("SELECT count(*) FROM incoming WHERE locale = ?1")?;
    let count: i64 = statement.query_row([locale], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The slugs of the articles of a language that have come.
pub(super) fn came_slugs(connection: &Connection, locale: &str) -> Result<BTreeSet<String>, StoreError> {
    slugs(
        connection,
        "SELECT coalesce(i.slug, a.slug) FROM incoming i LEFT JOIN articles a ON a.id = i.id WHERE i.locale = ?1",
        locale,
    )
}

/// The slugs of the articles of a language that are on the phone and have not come.
pub(super) fn kept_slugs(connection: &Connection, locale: &str) -> Result<BTreeSet<String>, StoreError> {
    slugs(connection, "SELECT slug FROM articles WHERE locale = ?1 AND id NOT IN (SELECT id FROM incoming)", locale)
}

fn slugs(connection: &Connection, query: &str, locale: &str) -> Result<BTreeSet<String>, StoreError> {
    slugs_of(connection, query, [locale])
}

fn slugs_of<const N: usize>(
    connection: &Connection,
    query: &str,
    parameters: [&str; N],
) -> Result<BTreeSet<String>, StoreError> {
    let mut statement = connection.prepare_cached(query)?;
    let rows = statement.query_map(params_from_iter(parameters), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Takes an article that came out again: it is not published any more.
pub(super) fn drop_incoming(tx: &Tx<'_>, slug: &str) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM incoming_places WHERE article IN
             (SELECT i.id FROM incoming i LEFT JOIN articles a ON a.id = i.id WHERE coalesce(i.slug, a.slug) = ?1)",
        [slug],
    )?;
    tx.execute(
        "DELETE FROM incoming WHERE id IN
             (SELECT i.id FROM incoming i LEFT JOIN articles a ON a.id = i.id WHERE coalesce(i.slug, a.slug) = ?1)",
        [slug],
    )?;
    Ok(())
}

/// Keeps an article that is on the phone and has not come.
pub(super) fn keep(tx: &Tx<'_>, slug: &str) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR IGNORE INTO incoming (id, locale) SELECT id, locale FROM articles WHERE slug = ?1")?
        .execute([slug])?;
    Ok(())
}

/// Slugs of published articles that are known to be in another language than these.
pub(super) fn elsewhere(connection: &Connection, locales: &[String]) -> Result<BTreeSet<String>, StoreError> {
    let mut statement = connection.prepare("SELECT slug, locale FROM elsewhere")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    Ok(rows.into_iter().filter(|(_, locale)| !locales.contains(locale)).map(|(slug, _)| slug).collect())
}

/// Notes that an article is in another language.
pub(super) fn note_elsewhere(tx: &Tx<'_>, slug: &str, locale: &str) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR REPLACE INTO elsewhere VALUES (?1, ?2)")?.execute([slug, locale])?;
    Ok(())
}
