//! What is kept between two refreshes: which articles are known from the desk's list, and when what was asked.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use super::{
    library, pages,
    plan::{self, Beat, Known, Language, List, Place},
};
use crate::{
    model::Timestamp,
    store::{StoreError, Tx},
};

/// When the desk was last asked with success, in milliseconds since 1970.
pub(super) const SYNCED_AT: &str = "synced_at";

const PAGES_AT: &str = "pages_at";
const PORTAL_AT: &str = "portal_at";
const LOOKED_AGAIN_AT: &str = "looked_again_at";
const LIST_REFUSED_AT: &str = "list_refused_at";
const LIST_FAILING_SINCE: &str = "list_failing_since";
const LIST_VALIDATOR: &str = "list_validator";

/// When what was done last, but for `now` and `by_app`.
pub(super) fn beat(connection: &Connection) -> Result<Beat, StoreError> {
    let at = |key| -> Result<Option<Timestamp>, StoreError> {
        Ok(library::text(connection, key)?.and_then(|text| text.parse().ok()).map(Timestamp::from_millis))
    };
    let list_kept = connection.query_row("SELECT EXISTS (SELECT 1 FROM listed)", [], |row| row.get(0))?;
    Ok(Beat {
        now: Timestamp::default(),
        by_app: false,
        pages_at: at(PAGES_AT)?,
        portal_at: at(PORTAL_AT)?,
        looked_again_at: at(LOOKED_AGAIN_AT)?,
        list_refused_at: at(LIST_REFUSED_AT)?,
        list_failing_since: at(LIST_FAILING_SINCE)?,
        list_kept,
    })
}

/// Writes down when what was done last.
pub(super) fn set_beat(tx: &Tx<'_>, beat: &Beat) -> Result<(), StoreError> {
    let moments = [
        (PAGES_AT, beat.pages_at),
        (PORTAL_AT, beat.portal_at),
        (LOOKED_AGAIN_AT, beat.looked_again_at),
        (LIST_REFUSED_AT, beat.list_refused_at),
        (LIST_FAILING_SINCE, beat.list_failing_since),
    ];
    for (key, at) in moments {
        library::set_text(tx, key, at.map(|at| at.millis().to_string()).as_deref())?;
    }
    Ok(())
}

/// Notes since when the list fails, where it did not fail before.
pub(super) fn note_failing_list(tx: &Tx<'_>, now: Timestamp) -> Result<(), StoreError> {
    if library::text(tx, LIST_FAILING_SINCE)?.is_none() {
        library::set_number(tx, LIST_FAILING_SINCE, now.millis())?;
    }
    Ok(())
}

/// The validator of the list that was acted upon in full.
pub(super) fn validator(connection: &Connection) -> Result<Option<String>, StoreError> {
    library::text(connection, LIST_VALIDATOR)
}

pub(super) fn set_validator(tx: &Tx<'_>, validator: Option<&str>) -> Result<(), StoreError> {
    library::set_text(tx, LIST_VALIDATOR, validator)
}

/// What is known of every article of the list, and of those on the phone that no list has named yet.
pub(super) fn known(connection: &Connection, wanted: &[String]) -> Result<BTreeMap<String, Known>, StoreError> {
    let elsewhere = pages::elsewhere(connection, wanted)?;
    let mut statement = connection.prepare("SELECT slug, changed_on, read_on FROM listed")?;
    let rows = statement.query_map([], |row| {
        Ok((row.get(0)?, Known { place: Place::Nowhere, changed_on: row.get(1)?, read_on: row.get(2)? }))
    })?;
    let mut known: BTreeMap<String, Known> = rows.collect::<Result<_, _>>()?;
    for slug in elsewhere {
        let read_on = known.get(&slug).map_or(0, |known| known.read_on);
        known.insert(slug, Known { place: Place::Elsewhere, changed_on: None, read_on });
    }
    // Those of a file that an older version has written were last compared with the desk's then.
    let read_on = plan::day(Timestamp::from_millis(library::number(connection, SYNCED_AT)?));
    let mut statement = connection.prepare("SELECT slug, locale FROM articles")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    for row in rows {
        let (slug, locale) = row?;
        let place = if wanted.contains(&locale) { Place::Here(locale) } else { Place::Elsewhere };
        match known.get_mut(&slug) {
            Some(known) => known.place = place,
            None => drop(known.insert(slug, Known { place, changed_on: None, read_on })),
        }
    }
    Ok(known)
}

/// The wanted languages, as they are on the phone.
pub(super) fn languages(connection: &Connection, wanted: &[String]) -> Result<Vec<Language>, StoreError> {
    let read = pages::read_locales(connection)?;
    let mut statement = connection.prepare_cached("SELECT count(*) FROM articles WHERE locale = ?1")?;
    let language = |locale: &String| {
        let articles: i64 = statement.query_row([locale], |row| row.get(0))?;
        let articles = usize::try_from(articles).unwrap_or(0);
        Ok(Language { locale: locale.clone(), is_read: read.contains(locale), articles })
    };
    wanted.iter().map(language).collect()
}

/// Writes down on which day each of these articles was dealt with, as the list has them; forgets what is not on the list.
pub(super) fn settle(tx: &Tx<'_>, list: &List, settled: &BTreeMap<String, i64>) -> Result<(), StoreError> {
    let mut statement = tx.prepare("SELECT slug FROM listed")?;
    let kept: BTreeSet<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut delete = tx.prepare_cached("DELETE FROM listed WHERE slug = ?1")?;
    for slug in kept.iter().filter(|slug| !list.contains_key(*slug)) {
        delete.execute([slug])?;
    }
    let mut insert = tx.prepare_cached(
        "INSERT INTO listed VALUES (?1, ?2, ?3) ON CONFLICT (slug) DO UPDATE
         SET changed_on = ?2, read_on = ?3 WHERE (changed_on, read_on) IS NOT (?2, ?3)",
    )?;
    for (slug, line) in list {
        if let Some(read_on) = settled.get(slug) {
            insert.execute(params![slug, line.changed_on, read_on])?;
        }
    }
    Ok(())
}

/// The same of a list that has not changed.
pub(super) fn settle_unchanged(tx: &Tx<'_>, settled: &BTreeMap<String, i64>) -> Result<(), StoreError> {
    let mut update = tx.prepare_cached("UPDATE listed SET read_on = ?2 WHERE slug = ?1")?;
    for (slug, read_on) in settled {
        update.execute(params![slug, read_on])?;
    }
    Ok(())
}
