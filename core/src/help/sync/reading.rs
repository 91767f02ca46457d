//! Reads languages in pages, as a refresh wants it.

use std::collections::{BTreeMap, BTreeSet};

use super::{MOST_PAGES, Refresh, Told};
use crate::{
    SupportError,
    backend::{BackendError, Fault, Fetched},
    help::{
        library,
        missing::{self, Missing},
        pages::{self, SeenPage},
        plan::{Known, Place},
    },
    store::{Durability, Tx},
};

impl Refresh<'_> {
    /// Reads languages in pages, and fetches what stood on none.
    pub(super) async fn read_pages(&mut self, locales: BTreeSet<String>) -> Result<(), SupportError> {
        let chain = self.chain().into_iter();
        let locales: Vec<String> =
            chain.filter(|locale| locales.contains(locale) && !self.read.contains(locale)).collect();
        if locales.is_empty() {
            return Ok(());
        }
        let mut pages = Vec::new();
        for locale in &locales {
            self.articles(locale, &mut pages).await?;
        }
        let list = match &self.told {
            Told::New { list, .. } => {
                Some(list.iter().map(|(slug, line)| (slug.clone(), line.locale.clone())).collect())
            }
            Told::Unchanged => {
                let rows = self.known.iter().filter(|(_, article)| article.changed_on.is_some());
                Some(rows.map(|(slug, _)| (slug.clone(), None)).collect())
            }
            Told::None => None,
        };
        let passed_over = self.known.iter().filter(|(slug, article)| match article.place {
            Place::Here(_) => false,
            Place::Elsewhere => true,
            // A language that is read for the first time may hold any of them.
            Place::Nowhere => {
                locales.iter().all(|locale| self.read_before.contains(locale)) && !self.has_changed(slug, article)
            }
        });
        let passed_over = passed_over.map(|(slug, _)| slug.clone()).collect();
        let Missing { incomplete, reread, covers } =
            missing::fetch(self.room, self.help, self.shelf, &pages, list, passed_over).await?;
        // Asked for in full the next time: a page that has not changed would hide again what it lacks.
        for page in pages.iter_mut().filter(|page| reread.contains(&page.locale)) {
            page.validator = None;
        }
        self.pages.append(&mut pages);
        self.pages_cover &= covers;
        self.incomplete = incomplete.or(self.incomplete.take());
        let of = locales.clone();
        let came = self.shelf.store.read(move |connection| {
            of.iter().map(|locale| pages::came_slugs(connection, locale)).collect::<Result<Vec<_>, _>>()
        });
        let came: BTreeSet<String> = came.await?.into_iter().flatten().collect();
        // One that came by its slug before its language was known to be wanted.
        self.dropped.retain(|slug| !came.contains(slug));
        self.settled.extend(came);
        self.read.extend(locales);
        Ok(())
    }

    /// Whether the list says that an article is not what it was, or can't say it.
    fn has_changed(&self, slug: &str, article: &Known) -> bool {
        let line = if let Told::New { list, .. } = &self.told { list.get(slug) } else { None };
        article.is_unsure() || line.is_some_and(|line| article.changed_on != Some(line.changed_on))
    }

    /// Reads all pages of a language into what comes in.
    async fn articles(&self, locale: &str, seen_pages: &mut Vec<SeenPage>) -> Result<(), SupportError> {
        let (shelf, portal) = (self.shelf, &self.room.config.portal);
        for page in 1..=MOST_PAGES {
            let of = locale.to_owned();
            let known = shelf.store.read(move |connection| pages::page(connection, &of, page)).await?;
            let validator = known.as_ref().and_then(|known| known.validator.as_deref());
            let fetched = self.help.articles(portal, locale, page, validator).await?;
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
                    tracing::debug!(locale, page, articles = value.articles.len(), "a page of articles came");
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

    /// A list that lacks articles which the pages have is none: by it they would be taken for gone.
    pub(super) async fn doubt_the_list(&mut self) -> Result<(), SupportError> {
        let lacks = |told: &Told, known: &BTreeMap<String, Known>, settled: &BTreeSet<String>| match told {
            Told::New { list, .. } => settled.iter().any(|slug| !list.contains_key(slug)),
            Told::Unchanged => {
                settled.iter().any(|slug| known.get(slug).is_none_or(|article| article.changed_on.is_none()))
            }
            Told::None => false,
        };
        if self.read.is_empty() || !lacks(&self.told, &self.known, &self.settled) {
            return Ok(());
        }
        // An article may have been published between the two.
        self.ask_for_list(false).await?;
        if lacks(&self.told, &self.known, &self.settled) {
            tracing::info!("the list of published articles lacks some; their pages are read, seldom");
            self.told = Told::None;
            self.beat.list_refused_at = Some(self.beat.now);
        }
        Ok(())
    }
}
