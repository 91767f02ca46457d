//! The part of the port that a desk with a help centre fills in.
//!
//! A help centre is public: nothing here needs a session but a vote. What is told is what customers may read: drafts,
//! archived articles and what makes no sense are left out by the adapter, and a page that is not the desk's own kind of
//! answer is trouble, never an empty help centre.

use super::{BackendError, BackendFuture, Fault, Fetched, Session};
use crate::model::{ArticleId, Timestamp};

/// A desk's help centre. See [`Backend::help_center`](super::Backend::help_center).
pub trait HelpCenterBackend: Send + Sync {
    /// The help centre's default language, and its categories in all languages. `locale` is the language that is preferred,
    /// for desks that want one in the address.
    ///
    /// A language whose articles have no category need not be named here: it is asked for by [`Self::articles`] where the
    /// customer wants it.
    ///
    /// Errors: [`Fault::UnknownPortal`] where the desk has no help centre of that name.
    fn portal<'a>(
        &'a self,
        portal: &'a str,
        locale: &'a str,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<DeskPortal>>;

    /// One page of the articles of a language, from page 1 on; an empty one for a language that the help centre lacks.
    fn articles<'a>(
        &'a self,
        portal: &'a str,
        locale: &'a str,
        page: u32,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<DeskArticlePage>>;

    /// One article by its slug, if it is published. `locale` is its language, where the desk itself may not say: without
    /// both, the article's `name.locale` is empty.
    ///
    /// Asked where a page lacked it, or where the list says that it has changed: a desk that fails over an article that
    /// it does not have may say [`Fault::Desk`].
    fn article<'a>(
        &'a self,
        portal: &'a str,
        slug: &'a str,
        locale: Option<&'a str>,
    ) -> BackendFuture<'a, Option<DeskArticle>> {
        let _ = (portal, slug, locale);
        Box::pin(async { Err(BackendError::refused(Fault::Unsupported, "no single articles")) })
    }

    /// Every published article, in all languages. Its validator changes only with what is listed. Asked first in every
    /// refresh, and only where [`Capabilities::article_list`](super::Capabilities::article_list) says so: it must cost
    /// the desk little.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] where this desk has no such list, or none that can be used: it makes no sense, is of
    /// something else, or longer than any help centre's. Such a list is asked for again a day later at the earliest.
    /// Any other fault is trouble that passes.
    fn article_list<'a>(
        &'a self,
        portal: &'a str,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<Vec<ListedArticle>>> {
        let _ = (portal, validator);
        Box::pin(async { Err(BackendError::refused(Fault::Unsupported, "no list of articles")) })
    }

    /// Tells the desk that an article was read, as the desk counts it. Not idempotent.
    fn count_view<'a>(&'a self, portal: &'a str, article: &'a DeskArticleName) -> BackendFuture<'a, ()>;

    /// Tells the desk whether an article helped. Idempotent: the customer's last vote stands. Asked only where
    /// [`Capabilities::article_votes`](super::Capabilities::article_votes) says so.
    fn vote<'a>(&'a self, session: &'a Session, vote: &'a OutgoingVote) -> BackendFuture<'a, ()> {
        let _ = (session, vote);
        Box::pin(async { Err(BackendError::refused(Fault::Unsupported, "no votes on articles")) })
    }

    /// A picture of an article, by its address (`http` or `https`).
    ///
    /// Errors: [`Fault::Refused`] where it is larger than `max_bytes`, or no picture.
    fn picture<'a>(&'a self, url: &'a str, max_bytes: usize) -> BackendFuture<'a, Vec<u8>>;

    /// Where a browser shows the article: for sharing, and what relative links in it are relative to.
    fn article_url(&self, portal: &str, article: &DeskArticleName) -> Option<String>;

    /// The article's own part of an address, if the address is that of an article of this help centre.
    fn article_of_url(&self, portal: &str, url: &str) -> Option<String>;
}

/// What a desk says of its help centre.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeskPortal {
    /// The language that it falls back to.
    pub default_locale: String,
    /// Its categories, of every language.
    pub categories: Vec<DeskCategory>,
}

/// A category as the desk has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskCategory {
    /// Its part of an address; unique within a language.
    pub slug: String,
    /// Its language.
    pub locale: String,
    /// Its name.
    pub name: String,
    /// What is in it, possibly empty.
    pub description: String,
    /// Where it stands among the others.
    pub position: i64,
}

/// How a desk names an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskArticleName {
    /// Its id.
    pub id: ArticleId,
    /// Its part of an address.
    pub slug: String,
    /// Its language.
    pub locale: String,
}

/// A published article as the desk has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskArticle {
    /// How it is named.
    pub name: DeskArticleName,
    /// The slug of its category, if it is in one.
    pub category: Option<String>,
    /// Its title.
    pub title: String,
    /// What it is about, possibly empty.
    pub description: String,
    /// Its text, as Markdown.
    pub content: String,
    /// How customers ask for it, in their own words, where the desk keeps such ("also asked as"); each on one line. Nothing
    /// else improves a search as much.
    pub phrasings: Vec<String>,
    /// Where it stands in its category.
    pub position: i64,
    /// How often it was read.
    pub views: u32,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
}

/// One page of articles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeskArticlePage {
    /// Published ones only, in the desk's order.
    pub articles: Vec<DeskArticle>,
    /// Whether there may be another page. Never wrongly `false`.
    pub has_more: bool,
    /// How many articles of the language are published, where the desk says it: what came is held against it.
    pub published: Option<u64>,
    /// Published articles of this page that can't be shown, for want of a title or an address. They count as come.
    pub left_out: Vec<ArticleId>,
}

/// A line of a desk's list of published articles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedArticle {
    /// Its part of an address.
    pub slug: String,
    /// Its language, where the list says it.
    pub locale: Option<String>,
    /// The day of its last change, in days since 1970-01-01, where the list says it. It is the desk's day: whatever its
    /// time zone, UTC has the same date, the one before or the one after.
    pub changed_on: Option<i64>,
}

/// A vote on its way to the desk.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingVote {
    /// The help centre.
    pub portal: String,
    /// The article.
    pub article: ArticleId,
    /// Whether it helped.
    pub helpful: bool,
    /// Why, in the customer's words.
    pub reason: Option<String>,
}

impl std::fmt::Debug for OutgoingVote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OutgoingVote({}, helpful: {})", self.article, self.helpful)
    }
}
