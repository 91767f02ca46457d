//! The help centre of the desk in memory: what an adapter promises, and the merchant's side of it.

use std::collections::BTreeMap;

use super::{Call, MemoryDesk, state::State, unsupported};
use crate::{
    backend::{
        BackendError, BackendFuture, ConversationContext, DeskArticle, DeskArticleName, DeskArticlePage, DeskCategory,
        DeskPortal, Fault, Fetched, HelpCenterBackend, ListedArticle, OutgoingVote, Session,
    },
    model::{ArticleId, DeskConversationId},
};

/// The one help centre's slug.
pub const PORTAL: &str = "help";

/// An article, as the merchant has it.
struct Row {
    article: DeskArticle,
    published: bool,
    /// In days since 1970.
    changed_on: i64,
}

/// What the help centre holds.
#[derive(Default)]
pub(super) struct Help {
    default_locale: String,
    categories: Vec<DeskCategory>,
    /// In order.
    articles: Vec<Row>,
    /// The day of the last change.
    day: i64,
    pictures: BTreeMap<String, Vec<u8>>,
    votes: Vec<OutgoingVote>,
    pub(super) contexts: BTreeMap<DeskConversationId, ConversationContext>,
    /// Counts changes of what is told: the validator.
    version: u64,
}

impl Help {
    fn check(&self, portal: &str) -> Result<(), BackendError> {
        let unknown = || BackendError::refused(Fault::UnknownPortal, "no such help centre");
        (portal == PORTAL).then_some(()).ok_or_else(unknown)
    }

    fn published(&self) -> impl Iterator<Item = &Row> {
        self.articles.iter().filter(|row| row.published)
    }

    fn told<T>(&self, value: T, validator: Option<&str>) -> Fetched<T> {
        let current = self.version.to_string();
        if validator == Some(current.as_str()) {
            return Fetched::Unchanged;
        }
        Fetched::New { value, validator: Some(current) }
    }
}

/// The merchant's side.
impl MemoryDesk {
    /// The language that the help centre falls back to, and its categories.
    pub fn set_categories(&self, default_locale: &str, categories: impl IntoIterator<Item = DeskCategory>) {
        self.change(|state| {
            state.help.version += 1;
            default_locale.clone_into(&mut state.help.default_locale);
            state.help.categories = categories.into_iter().collect();
        });
    }

    /// Publishes an article, at the end or in the place of the one with its id, on a day of its own: the one after the
    /// last change.
    pub fn publish(&self, article: DeskArticle) {
        let day = self.look(|state| state.help.day) + 1;
        self.publish_on(article, day);
    }

    /// The same on that day, in days since 1970.
    pub fn publish_on(&self, article: DeskArticle, day: i64) {
        self.change(|state| {
            state.help.version += 1;
            state.help.day = day;
            let row = Row { article, published: true, changed_on: day };
            match state.help.articles.iter_mut().find(|known| known.article.name.id == row.article.name.id) {
                Some(known) => *known = row,
                None => state.help.articles.push(row),
            }
        });
    }

    /// Takes an article back into the drafts. False if there is none.
    pub fn unpublish(&self, id: &ArticleId) -> bool {
        self.change(|state| {
            state.help.version += 1;
            let found = state.help.articles.iter_mut().find(|row| row.article.name.id == *id);
            found.map(|row| row.published = false).is_some()
        })
    }

    /// Puts a picture at an address.
    pub fn put_picture(&self, url: &str, bytes: &[u8]) {
        self.change(|state| state.help.pictures.insert(url.to_owned(), bytes.to_vec()));
    }

    /// How often an article was read.
    pub fn views(&self, id: &ArticleId) -> u32 {
        let of = |state: &State| {
            let mut rows = state.help.articles.iter().map(|row| &row.article);
            rows.find(|article| article.name.id == *id).map(|article| article.views)
        };
        self.look(of).unwrap_or_default()
    }

    /// The customers' votes, the last of each article.
    pub fn votes(&self) -> Vec<OutgoingVote> {
        self.look(|state| state.help.votes.clone())
    }

    /// What the agents know of how a conversation began.
    pub fn context(&self, conversation: DeskConversationId) -> ConversationContext {
        self.look(|state| state.help.contexts.get(&conversation).cloned().unwrap_or_default())
    }
}

impl HelpCenterBackend for MemoryDesk {
    fn portal<'a>(
        &'a self,
        portal: &'a str,
        _locale: &'a str,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<DeskPortal>> {
        // No promise that every language that has articles is the default or that of a category.
        let (portal, validator) = (portal.to_owned(), validator.map(str::to_owned));
        Box::pin(self.perform(Call::Portal, move |state| {
            let help = &state.help;
            help.check(&portal)?;
            let value = DeskPortal { default_locale: help.default_locale.clone(), categories: help.categories.clone() };
            Ok(help.told(value, validator.as_deref()))
        }))
    }

    fn articles<'a>(
        &'a self,
        portal: &'a str,
        locale: &'a str,
        page: u32,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<DeskArticlePage>> {
        // Promise: published ones only. Promise: `Unchanged` only where the caller's validator was given with the very
        // same page. Promise: `has_more: false` only where nothing follows; a page after the last is empty. Promise:
        // `published` counts what is published in the language, whatever the pages miss.
        let (portal, locale, validator) = (portal.to_owned(), locale.to_owned(), validator.map(str::to_owned));
        Box::pin(self.perform(Call::Articles, move |state| {
            let (help, size) = (&state.help, state.options.page_size);
            help.check(&portal)?;
            let published = help.published().map(|row| &row.article);
            let all: Vec<&DeskArticle> = published.filter(|article| article.name.locale == locale).collect();
            let before = (page as usize).saturating_sub(1);
            let start = size.saturating_mul(before).min(all.len());
            let end = start.saturating_add(size).min(all.len());
            let early = if state.options.pages_overlap { before } else { 0 };
            let shown = start.saturating_sub(early)..end.saturating_sub(early);
            let articles = all.get(shown).unwrap_or_default().iter().map(|row| (*row).clone()).collect();
            let published = Some(all.len() as u64);
            let value = DeskArticlePage { articles, has_more: end < all.len(), published, left_out: Vec::new() };
            Ok(help.told(value, validator.as_deref()))
        }))
    }

    fn article<'a>(
        &'a self,
        portal: &'a str,
        slug: &'a str,
        locale: Option<&'a str>,
    ) -> BackendFuture<'a, Option<DeskArticle>> {
        // Promise: `None` only for what is not published. Promise: the language is the article's, or the one that was
        // asked for, or empty.
        let (portal, slug, asked) = (portal.to_owned(), slug.to_owned(), locale.unwrap_or_default().to_owned());
        Box::pin(self.perform(Call::Article, move |state| {
            state.help.check(&portal)?;
            let found = state.help.published().find(|row| row.article.name.slug == slug);
            let mut article = found.map(|row| row.article.clone());
            // An article's language is that of its category, to who asks for it alone.
            if let Some(article) = article.as_mut().filter(|article| article.category.is_none()) {
                article.name.locale = asked;
            }
            Ok(article)
        }))
    }

    fn article_list<'a>(
        &'a self,
        portal: &'a str,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<Vec<ListedArticle>>> {
        // Promise: every published article of every language, and no other. Promise: an article that has changed has the
        // day of it. Promise: the validator stays while nothing is published, changed or taken back.
        let (portal, validator) = (portal.to_owned(), validator.map(str::to_owned));
        Box::pin(self.perform(Call::ArticleList, move |state| {
            unsupported(state.options.capabilities.article_list)?;
            state.help.check(&portal)?;
            let tells = state.options.list_tells_locales;
            let listed = state.help.published().map(|row| ListedArticle {
                slug: row.article.name.slug.clone(),
                locale: tells.then(|| row.article.name.locale.clone()),
                changed_on: Some(row.changed_on),
            });
            Ok(state.help.told(listed.collect(), validator.as_deref()))
        }))
    }

    fn count_view<'a>(&'a self, portal: &'a str, article: &'a DeskArticleName) -> BackendFuture<'a, ()> {
        // No promise beyond trying: it is repeated only after `Happened::No`.
        let (portal, id) = (portal.to_owned(), article.id.clone());
        Box::pin(self.perform(Call::CountView, move |state| {
            state.help.check(&portal)?;
            // A view changes nothing that is worth a sync.
            let found = state.help.articles.iter_mut().find(|row| row.article.name.id == id);
            found.into_iter().for_each(|row| row.article.views += 1);
            Ok(())
        }))
    }

    fn vote<'a>(&'a self, session: &'a Session, vote: &'a OutgoingVote) -> BackendFuture<'a, ()> {
        // Promise: the last vote stands.
        let (session, vote) = (session.clone(), vote.clone());
        Box::pin(self.perform(Call::Vote, move |state| {
            unsupported(state.options.capabilities.article_votes)?;
            state.help.check(&vote.portal)?;
            state.check_session(&session)?;
            state.help.votes.retain(|known| known.article != vote.article);
            state.help.votes.push(vote);
            Ok(())
        }))
    }

    fn picture<'a>(&'a self, url: &'a str, max_bytes: usize) -> BackendFuture<'a, Vec<u8>> {
        // Promise: nothing is sent that could tell who asks.
        let url = url.to_owned();
        Box::pin(self.perform(Call::Picture, move |state| {
            let refused = || BackendError::refused(Fault::Refused { reason: "No picture.".to_owned() }, "no picture");
            let found = state.help.pictures.get(&url).filter(|bytes| bytes.len() <= max_bytes);
            found.cloned().ok_or_else(refused)
        }))
    }

    fn article_url(&self, portal: &str, article: &DeskArticleName) -> Option<String> {
        // Promise: `article_of_url` finds the way back.
        Some(format!("https://memory.example.com/{portal}/{}", article.slug))
    }

    fn article_of_url(&self, portal: &str, url: &str) -> Option<String> {
        let slug = url.strip_prefix("https://memory.example.com/")?.strip_prefix(portal)?.strip_prefix('/')?;
        Some(slug.split(['?', '#']).next().unwrap_or(slug).to_owned())
    }
}
