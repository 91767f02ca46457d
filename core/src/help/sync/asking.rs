//! Asks for what a refresh begins with: the desk's list of articles, and the help centre's own page.

use super::{PORTAL_VALIDATOR, Refresh, Told};
use crate::{
    SupportError,
    backend::{BackendError, Fault, Fetched, ListedArticle},
    help::{
        library, listed,
        plan::{self, Line, List, WithoutList},
    },
    store::Durability,
};

impl Refresh<'_> {
    /// Asks for the list; what to do where there is none.
    pub(super) async fn ask_for_list(&mut self, is_conditional: bool) -> Result<WithoutList, SupportError> {
        self.told = Told::None;
        let has_list = self.room.backend.capabilities().article_list;
        if !has_list || !self.beat.asks_for_list() {
            return Ok(plan::without_list(&self.beat, false));
        }
        let validator = self.shelf.store.read(listed::validator).await?.filter(|_| is_conditional);
        let error = match self.help.article_list(&self.room.config.portal, validator.as_deref()).await {
            Ok(Fetched::Unchanged) => {
                self.told = Told::Unchanged;
                self.beat.list_failing_since = None;
                return Ok(WithoutList::Nothing);
            }
            Ok(Fetched::New { value, validator }) => {
                let line = |article: ListedArticle| {
                    Some((article.slug, Line { changed_on: article.changed_on?, locale: article.locale }))
                };
                // Without a day for each it can't tell what has changed.
                if let Some(list) = value.into_iter().map(line).collect::<Option<List>>() {
                    self.told = Told::New { list, validator };
                    (self.beat.list_failing_since, self.beat.list_refused_at) = (None, None);
                    return Ok(WithoutList::Nothing);
                }
                BackendError::refused(Fault::Unsupported, "the list of articles lacks days of change")
            }
            Err(error) => error,
        };
        if error.fault == Fault::UnknownPortal {
            return Err(error.into());
        }
        let fails = error.fault != Fault::Unsupported;
        let without = plan::without_list(&self.beat, fails);
        if fails {
            let (now, throttled) = (self.beat.now, matches!(error.fault, Fault::Throttled { .. }));
            if !throttled {
                self.shelf.store.write(Durability::Later, move |tx| listed::note_failing_list(tx, now)).await?;
                self.beat.list_failing_since = self.beat.list_failing_since.or(Some(now));
            }
            if without == WithoutList::Fail {
                return Err(error.into());
            }
        } else {
            self.beat.list_refused_at = Some(self.beat.now);
        }
        tracing::info!(%error, "the list of published articles can't be used; their pages are read, seldom");
        Ok(without)
    }

    pub(super) async fn ask_for_portal(&mut self) -> Result<(), SupportError> {
        let validator = self.shelf.store.read(|connection| library::text(connection, PORTAL_VALIDATOR)).await?;
        let validator = validator.filter(|_| self.default.is_some());
        let locales = &self.room.config.locales;
        let locale = locales.first().map_or("en", |tag| tag.split(['-', '_']).next().unwrap_or("en"));
        self.is_portal_asked = true;
        self.beat.portal_at = Some(self.beat.now);
        let fetched = self.help.portal(&self.room.config.portal, locale, validator.as_deref()).await?;
        if let Fetched::New { value, validator } = fetched {
            self.tags = value.categories.iter().map(|category| category.locale.clone()).collect();
            self.tags.push(value.default_locale.clone());
            self.tags.sort();
            self.tags.dedup();
            self.default = Some(value.default_locale.clone());
            self.portal = Some((value, validator));
        }
        Ok(())
    }
}
