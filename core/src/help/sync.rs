//! Asking the desk for the articles.
//!
//! Pages of the wanted languages are asked for one after the other, each with the validator of the last time. What comes
//! is put aside, page by page, in a table of its own; when the last page has come, it becomes the articles in one
//! transaction. Cut off anywhere before that, the old articles stay whole, and what was put aside is thrown away at the
//! next start. A page that has not changed is taken over without a byte of it.
//!
//! The pages need not hold everything: they may overlap and miss, and the desk may change while it is asked. So what came
//! is held against what the desk says is published, whether pages had changed or not, and what is missing is fetched by
//! itself: see [`missing`](super::missing). A sync after which something is still missing keeps what came and fails.

use super::{
    library, locales,
    missing::{self, Missing},
    pages::{self, SeenPage},
    room::Room,
    shelf::{AVAILABLE, DEFAULT, Shelf},
};
use crate::{
    SupportError,
    backend::{BackendError, DeskPortal, Fault, Fetched, HelpCenterBackend},
    store::{Durability, StoreError, Topic, Tx},
};

/// Pages of one language that are read: a million articles. Past it the desk is repeating itself.
const MOST_PAGES: u32 = 10_000;

/// The validator of the help centre's own page.
const PORTAL_VALIDATOR: &str = "portal_validator";

/// When the desk was last asked in full, in milliseconds since 1970.
pub(super) const SYNCED_AT: &str = "synced_at";

/// What came of a sync.
pub(super) struct Synced {
    /// Whether anything that is shown changed.
    pub(super) changed: bool,
    /// Why something that is published did not come.
    pub(super) incomplete: Option<BackendError>,
}

/// Asks for everything.
pub(super) async fn sync(room: &Room, shelf: &Shelf) -> Result<Synced, SupportError> {
    let backend = &room.backend;
    let help = backend.help_center().ok_or(SupportError::Unsupported { what: "show a help centre" })?;
    let portal = portal(room, help, shelf).await?;
    let known = shelf.store.read(|connection| Ok((kept_tags(connection, TAGS)?, library::text(connection, DEFAULT)?)));
    let (mut tags, mut default) = known.await?;
    if let Some((portal, _)) = &portal {
        tags = portal.categories.iter().map(|category| category.locale.clone()).collect();
        tags.push(portal.default_locale.clone());
        tags.sort();
        tags.dedup();
        default = Some(portal.default_locale.clone());
    }
    let default = default.unwrap_or_default();
    let chain = locales::chain(&room.config.locales, &tags, &default);
    shelf.store.write(Durability::Later, |tx| library::clear_incoming(tx)).await?;
    let mut pages = Vec::new();
    for locale in &chain {
        articles(room, help, shelf, locale, &mut pages).await?;
    }
    let Missing { incomplete, reread } = missing::fetch(room, help, shelf, &pages).await?;
    // Asked for in full the next time: a page that has not changed would hide again what it lacks.
    for page in pages.iter_mut().filter(|page| reread.contains(&page.locale)) {
        page.validator = None;
    }
    let now = room.clock.now().millis();
    let changed = shelf
        .store
        .write(Durability::Later, move |tx| {
            let mut changed = library::replace(tx)?;
            pages::set_pages(tx, &pages)?;
            if let Some((portal, validator)) = portal {
                changed |= take_portal(tx, &portal, validator.as_deref(), &tags)?;
            }
            note_languages(tx)?;
            library::set_number(tx, SYNCED_AT, now)?;
            if changed {
                library::raise_revision(tx)?;
            }
            Ok(changed)
        })
        .await?;
    match &incomplete {
        Some(error) => {
            tracing::warn!(changed, %error, "the help centre is incomplete on this device; the next sync tries again")
        }
        None => tracing::debug!(changed, "the help centre was asked"),
    }
    if changed {
        room.feed.publish([Topic::Help]);
    }
    Ok(Synced { changed, incomplete })
}

/// The languages that the desk's help centre has, with spaces between.
const TAGS: &str = "desk_locales";

fn kept_tags(connection: &rusqlite::Connection, key: &str) -> Result<Vec<String>, StoreError> {
    let text = library::text(connection, key)?.unwrap_or_default();
    Ok(text.split(' ').filter(|tag| !tag.is_empty()).map(str::to_owned).collect())
}

type NewPortal = Option<(DeskPortal, Option<String>)>;

async fn portal(room: &Room, help: &dyn HelpCenterBackend, shelf: &Shelf) -> Result<NewPortal, SupportError> {
    let validator = shelf.store.read(|connection| library::text(connection, PORTAL_VALIDATOR)).await?;
    let locale = room.config.locales.first().map_or("en", |tag| tag.split(['-', '_']).next().unwrap_or("en"));
    match help.portal(&room.config.portal, locale, validator.as_deref()).await? {
        Fetched::Unchanged => Ok(None),
        Fetched::New { value, validator } => Ok(Some((value, validator))),
    }
}

fn take_portal(tx: &Tx<'_>, portal: &DeskPortal, validator: Option<&str>, tags: &[String]) -> Result<bool, StoreError> {
    library::set_text(tx, PORTAL_VALIDATOR, validator)?;
    library::set_text(tx, DEFAULT, Some(&portal.default_locale))?;
    library::set_text(tx, TAGS, Some(&tags.join(" ")))?;
    library::set_categories(tx, &portal.categories)
}

/// Notes which languages have articles.
pub(super) fn note_languages(tx: &Tx<'_>) -> Result<(), StoreError> {
    let available = library::locales(tx)?.join(" ");
    library::set_text(tx, AVAILABLE, Some(&available))
}

/// Reads all pages of a language into what comes in.
async fn articles(
    room: &Room,
    help: &dyn HelpCenterBackend,
    shelf: &Shelf,
    locale: &str,
    seen_pages: &mut Vec<SeenPage>,
) -> Result<(), SupportError> {
    for page in 1..=MOST_PAGES {
        let of = locale.to_owned();
        let known = shelf.store.read(move |connection| pages::page(connection, &of, page)).await?;
        let validator = known.as_ref().and_then(|known| known.validator.as_deref());
        let fetched = help.articles(&room.config.portal, locale, page, validator).await?;
        let of = locale.to_owned();
        let seen = match (fetched, known) {
            (Fetched::Unchanged, Some(known)) => {
                shelf.store.write(Durability::Later, move |tx| pages::take_over(tx, &of, page)).await?;
                known
            }
            (Fetched::Unchanged, None) => {
                let detail = "an article page is unchanged, and nothing is known of it";
                return Err(BackendError::unclear(Fault::Desk, detail).into());
            }
            (Fetched::New { value, validator }, _) => {
                let (has_more, published) = (value.has_more, value.published);
                let left_out: Vec<&str> = value.left_out.iter().map(crate::ArticleId::as_str).collect();
                let left_out = left_out.join(" ");
                let take_in = move |tx: &mut Tx<'_>| {
                    value.articles.iter().try_for_each(|article| library::take_in(tx, article, Some(page)))
                };
                shelf.store.write(Durability::Later, take_in).await?;
                SeenPage { locale: locale.to_owned(), page, validator, has_more, published, left_out }
            }
        };
        let has_more = seen.has_more;
        seen_pages.push(seen);
        if !has_more {
            return Ok(());
        }
    }
    Err(BackendError::unclear(Fault::Desk, "the list of articles has no end").into())
}
