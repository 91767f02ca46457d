//! Fetches articles by their slugs, as [`plan`](super::plan) names them, into what comes in.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    library,
    missing::{judge, unreachable},
    pages,
    reconcile::Answer,
    room::Room,
    shelf::Shelf,
};
use crate::{
    SupportError,
    backend::{BackendError, DeskArticle, HelpCenterBackend},
    store::{Durability, StoreError},
};

/// Articles in a row that the desk fails to give before it is let alone.
const MOST_FAILED: u32 = 3;

/// What became of the articles.
#[derive(Default)]
pub(super) struct Singles {
    /// Those that were dealt with.
    pub(super) settled: BTreeSet<String>,
    /// Those among them that are not published, or not in a wanted language.
    pub(super) dropped: BTreeSet<String>,
    /// Whether one is in a language or a category that the phone does not know.
    pub(super) brings_category: bool,
    /// Whether one does not say its language: only the pages of a language can hold it. It is not among those that were
    /// dealt with.
    pub(super) has_placeless: bool,
    /// Why one did not come. The others did, up to where the network was lost.
    pub(super) failed: Option<BackendError>,
}

/// Fetches each of `asked`, with its language where that is known. `only` is the help centre's language, where it is known
/// to have no other; `wanted` are those that are to be on the phone.
pub(super) async fn fetch(
    room: &Room,
    help: &dyn HelpCenterBackend,
    shelf: &Shelf,
    asked: BTreeMap<String, Option<String>>,
    only: Option<String>,
    wanted: &[String],
) -> Result<Singles, SupportError> {
    let categories = shelf.store.read(categories).await?;
    let (mut singles, mut failures) = (Singles::default(), 0);
    for (slug, locale) in asked {
        let locale = locale.or_else(|| only.clone());
        let came = help.article(&room.config.portal, &slug, locale.as_deref()).await;
        let answer = judge(&came);
        failures = if answer == Answer::Failed { failures + 1 } else { 0 };
        match came {
            Ok(Some(article)) if article.name.locale.is_empty() => singles.has_placeless = true,
            Ok(Some(article)) => {
                let locale = article.name.locale.clone();
                let of = (locale.clone(), article.category.clone().unwrap_or_default());
                let is_wanted = wanted.contains(&locale);
                singles.brings_category |= !categories.contains(&of) && (is_wanted || !of.1.is_empty());
                if !is_wanted {
                    singles.dropped.insert(slug.clone());
                }
                take(shelf, article, is_wanted).await?;
                singles.settled.insert(slug);
            }
            Ok(None) => {
                singles.dropped.insert(slug.clone());
                singles.settled.insert(slug);
            }
            Err(error) => {
                let leave = unreachable(&error) || failures >= MOST_FAILED;
                singles.failed = Some(error);
                if leave {
                    break;
                }
            }
        }
    }
    Ok(singles)
}

/// Languages and categories that the phone knows; each language with the empty slug, for articles of no category.
fn categories(connection: &rusqlite::Connection) -> Result<BTreeSet<(String, String)>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT locale, slug FROM categories UNION SELECT locale, '' FROM categories UNION SELECT locale, '' FROM articles",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

async fn take(shelf: &Shelf, article: DeskArticle, is_wanted: bool) -> Result<(), SupportError> {
    let take = shelf.store.write(Durability::Later, move |tx| {
        if is_wanted {
            library::take_in(tx, &article, None)
        } else {
            pages::note_elsewhere(tx, &article.name.slug, &article.name.locale)
        }
    });
    take.await
}
