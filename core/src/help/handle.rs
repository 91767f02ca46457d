//! The help centre in an app's hands.

use std::{path::PathBuf, sync::Arc};

use tokio::sync::broadcast;
use url::Url;

use super::{library, personal, pictures, room::Room, search::SearchUpdates};
use crate::{
    SupportError,
    backend::HelpCenterBackend,
    client::{Active, Inner},
    conversations::{Conversation, Observer},
    markdown,
    model::{
        Article, ArticleHit, ArticleId, ArticleSummary, Block, ConversationId, HelpCategory, HelpEvent, HelpFigures,
        InAppLink, SearchResults,
    },
    rules,
    store::{
        ConversationRow, CustomerRow, Durability, EntryRow, EntryState, NewEntry, StoreError, Task, Topic, Tx, facts,
    },
};

/// The longest reason of a vote, in characters: it has to fit where an agent sees it.
const MAX_REASON: usize = 500;

/// The help centre: articles on the phone, searched as one types, with no network. Cheap to clone. Follows whoever is
/// here: recent searches, votes and reading positions are theirs.
///
/// Every answer comes from the phone. [`sync`](Self::sync) fetches what is new; using the help centre does so by itself
/// when the articles are old.
///
/// Errors of every method: [`SupportError::Paused`], [`SupportError::Closed`], [`SupportError::Storage`];
/// [`SupportError::InvalidConfig`] where the starter pack can't be read and there is nothing else to show.
///
/// ```no_run
/// # async fn example(client: shopbell::SupportClient) -> Result<(), shopbell::SupportError> {
/// let help = client.help_center()?;
/// let results = help.search("doi tra hang", None).await?;
/// if let Some(hit) = results.hits.first() {
///     let article = help.article(&hit.article.id).await?;
///     help.vote(&article.summary.id, true, None).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct HelpCenter {
    pub(super) inner: Arc<Inner>,
    pub(super) room: Arc<Room>,
}

impl HelpCenter {
    pub(crate) fn new(inner: Arc<Inner>, room: Arc<Room>) -> Self {
        Self { inner, room }
    }

    /// The categories that have articles, in the customer's language, in the desk's order.
    pub async fn categories(&self) -> Result<Vec<HelpCategory>, SupportError> {
        self.in_language(library::categories).await
    }

    /// The articles of a category by its slug, or all, in the desk's order.
    pub async fn articles(&self, category: Option<&str>) -> Result<Vec<ArticleSummary>, SupportError> {
        let category = category.map(str::to_owned);
        self.in_language(move |connection, locale| library::articles(connection, locale, category.as_deref())).await
    }

    /// The most read articles: what to show before anything is typed. At most twelve.
    pub async fn popular(&self) -> Result<Vec<ArticleSummary>, SupportError> {
        let active = self.inner.active()?;
        Ok(self.find(&active, "", None).await?.hits.into_iter().map(|hit| hit.article).collect())
    }

    /// Searches once. For a search box use [`search_as_you_type`](Self::search_as_you_type), which lets the newest
    /// keystroke win. At most twelve hits, from the first of the customer's
    /// languages that has a likely answer.
    pub async fn search(&self, text: &str, category: Option<&str>) -> Result<SearchResults, SupportError> {
        let active = self.inner.active()?;
        let results = self.find(&active, text, category).await?;
        let count = results.hits.len();
        self.room.apply(&active, |visit| visit.typed(text, count)).await?;
        Ok(results)
    }

    /// A search box.
    pub fn search_as_you_type(&self) -> SearchUpdates {
        SearchUpdates::new(self.clone())
    }

    /// Up to three articles that may answer what the customer is writing to an agent; none where none fits. Call it as
    /// they write, and show what comes above the keyboard.
    pub async fn suggest(&self, draft: &str) -> Result<Vec<ArticleHit>, SupportError> {
        self.inner.active()?;
        let shelf = self.room.shelf().await?;
        self.room.refresh(&shelf);
        shelf.ready().await?;
        let (draft, on) = (draft.to_owned(), Arc::clone(&shelf));
        shelf.store.read(move |connection| on.suggest(connection, &draft)).await
    }

    /// An article, whole. Opening it counts as reading it: for the figures, for what an agent is told if the customer
    /// asks all the same, and, as soon as there is a network, at the desk.
    ///
    /// Errors: [`SupportError::NotFound`] where it is not on the phone.
    pub async fn article(&self, id: &ArticleId) -> Result<Article, SupportError> {
        let active = self.inner.active()?;
        let shelf = self.room.shelf().await?;
        self.room.refresh(&shelf);
        shelf.ready().await?;
        let (backend, portal) = (Arc::clone(&self.room.backend), self.room.config.portal.clone());
        let (wanted, on) = (id.clone(), Arc::clone(&shelf));
        let read = shelf.store.read(move |connection| {
            let kept = library::article(connection, &wanted)?.ok_or(SupportError::NotFound { what: "article" })?;
            let help = backend.help_center();
            let url = help.and_then(|help| help.article_url(&portal, &kept.name()));
            let base = url.as_deref().and_then(|url| Url::parse(url).ok());
            let blocks = markdown::parse_article(&kept.content, base.as_ref());
            let mut links = Vec::new();
            for link in help.map(|help| linked(&blocks, help, &portal)).unwrap_or_default() {
                let (url, slug) = link;
                links.extend(library::by_slug(connection, &slug)?.map(|article| InAppLink { url, article }));
            }
            let related = on.related(connection, &kept.summary)?;
            Ok(Article {
                summary: kept.summary,
                blocks,
                links,
                related,
                updated_at: kept.updated_at,
                url,
                reading_position: None,
                vote: None,
            })
        });
        let mut article = read.await?;
        let of = id.clone();
        let own = active
            .store
            .read(move |connection| Ok((personal::place(connection, &of)?, personal::vote(connection, &of)?)));
        let (place, vote) = own.await?;
        article.reading_position = place;
        article.vote = vote.map(|vote| vote.helpful);
        let outcome = self.room.apply(&active, |visit| visit.opened(id)).await?;
        if outcome.opened {
            let (id, title, now) = (id.clone(), article.summary.title.clone(), self.inner.config.clock.now());
            active.store.write(Durability::Later, move |tx| personal::see(tx, &id, &title, now)).await?;
            let id = article.summary.id.clone();
            shelf.store.write(Durability::Later, move |tx| library::add_view(tx, &id)).await?;
            self.room.tell_views(&shelf);
        }
        Ok(article)
    }

    /// The article that a link leads to, if it is one of this help centre and on the phone: for links in agents'
    /// messages. Those within an article come with it ([`Article::links`]).
    pub async fn article_for_link(&self, url: &str) -> Result<Option<ArticleId>, SupportError> {
        self.inner.active()?;
        let help = self.room.backend.help_center();
        let Some(slug) = help.and_then(|help| help.article_of_url(&self.room.config.portal, url)) else {
            return Ok(None);
        };
        let shelf = self.room.shelf().await?;
        shelf.store.read(move |connection| library::by_slug(connection, &slug)).await
    }

    /// A picture of an article ([`Block::Image`]), as a file on the phone: fetched the first time, there without a
    /// network after that. Show the alternative text until it comes, and where it does not.
    ///
    /// The file is the library's: don't change it. It may go when pictures of more than 32 MiB are kept.
    ///
    /// Errors: [`SupportError::Offline`] and its kin; [`SupportError::Rejected`] where there is no picture at that
    /// address, or one of more than 5 MiB; [`SupportError::NotFound`] for an address that is none.
    pub async fn picture(&self, url: &str) -> Result<PathBuf, SupportError> {
        self.inner.active()?;
        let shelf = self.room.shelf().await?;
        pictures::picture(&self.room, &shelf, url).await
    }

    /// Keeps how far the customer has read, from 0 to 1.
    ///
    /// Errors: [`SupportError::InvalidInput`].
    pub async fn set_reading_position(&self, id: &ArticleId, position: f32) -> Result<(), SupportError> {
        if !(0.0..=1.0).contains(&position) {
            return Err(SupportError::input("position", "must be 0 to 1"));
        }
        let id = id.clone();
        let active = self.inner.active()?;
        active.store.write(Durability::Later, move |tx| personal::set_place(tx, &id, position)).await
    }

    /// The customer says whether an article helped, and if they like, why; the last word stands. Safe on the phone when
    /// it returns. It goes to the desk where the desk takes votes, and else to the agents with the customer's next
    /// question ([`asked_anyway`](Self::asked_anyway)).
    ///
    /// Errors: [`SupportError::NotFound`]; [`SupportError::InvalidInput`] where the reason has more than 500 characters.
    pub async fn vote(&self, id: &ArticleId, helpful: bool, reason: Option<&str>) -> Result<(), SupportError> {
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
        reason.map_or(Ok(()), |reason| rules::short_text("reason", reason, MAX_REASON))?;
        let active = self.inner.active()?;
        self.must_be_here(id).await?;
        let task = Task::Vote {
            portal: self.room.config.portal.clone(),
            article: id.clone(),
            helpful,
            reason: reason.map(str::to_owned),
        };
        let (article, reason) = (id.clone(), reason.map(str::to_owned));
        let (tell, session) = (self.room.backend.capabilities().article_votes, active.own_session.clone());
        let vote = move |tx: &mut Tx<'_>| {
            personal::set_vote(tx, &article, helpful, reason)?;
            if tell { queue_vote(tx, &session, &article, task) } else { Ok(()) }
        };
        active.store.write(Durability::Now, vote).await?;
        self.room.tell(HelpEvent::Voted { article: id.clone(), helpful });
        Ok(())
    }

    /// "This helped": the customer needs no agent any more. What they had searched for is learnt for this article, on
    /// this phone.
    ///
    /// Errors: [`SupportError::NotFound`].
    pub async fn helped(&self, id: &ArticleId) -> Result<(), SupportError> {
        let active = self.inner.active()?;
        self.must_be_here(id).await?;
        self.room.apply(&active, |visit| visit.helped(id)).await.map(|_| ())
    }

    /// "I still need help": the customer goes on to this conversation. The agents are told which articles were seen in
    /// the last day, what was said of them, and what was searched for: with the opening of the conversation where it is
    /// new, else (and at desks that can't keep that) with what is known of the customer.
    ///
    /// Errors: [`SupportError::Closed`] where the conversation is not of whoever is here.
    pub async fn asked_anyway(&self, conversation: &Conversation) -> Result<(), SupportError> {
        let active = conversation.active()?;
        let (id, query, now) = (conversation.id().clone(), self.room.last_query(), self.inner.config.clock.now());
        let limits = self.room.backend.capabilities();
        let session = active.own_session.clone();
        let tell = move |tx: &mut Tx<'_>| {
            let (seen, context) = personal::take_seen(tx, query.as_deref(), &limits, now)?;
            let opened = ConversationRow::find(tx, &id)?.is_some_and(|row| row.desk_id.is_some());
            if !opened && limits.conversation_context {
                facts::set_context(tx, &id, &context)?;
            } else if !context.is_empty() {
                tell_of_customer(tx, &id, &session, context)?;
            }
            Ok(seen)
        };
        let seen = active.store.write(Durability::Now, tell).await?;
        self.room.apply(&active, move |visit| visit.asked_anyway(seen)).await.map(|_| ())
    }

    /// What the customer searched for last, newest first; at most eight.
    pub async fn recent_searches(&self) -> Result<Vec<String>, SupportError> {
        self.inner.active()?.store.read(personal::recent).await
    }

    /// Forgets one of the recent searches, or all.
    pub async fn forget_searches(&self, search: Option<&str>) -> Result<(), SupportError> {
        let search = search.map(str::to_owned);
        let forget = move |tx: &mut Tx<'_>| {
            personal::change_recent(tx, |recent| match &search {
                Some(search) => recent.remove(search),
                None => *recent = shopbell_search::RecentSearches::default(),
            })
        };
        self.inner.active()?.store.write(Durability::Later, forget).await?;
        self.room.feed.publish([Topic::Help]);
        Ok(())
    }

    /// The customer pressed "search": this is one of the recent searches. A search box has
    /// [`SearchInput::submit`](super::search::SearchInput::submit), which says it of its own text.
    ///
    /// Errors: [`SupportError::Storage`], [`SupportError::Paused`], [`SupportError::Closed`].
    pub async fn submit_search(&self, text: &str) -> Result<(), SupportError> {
        let (active, kept) = (self.inner.active()?, text.to_owned());
        let add = move |tx: &mut Tx<'_>| personal::change_recent(tx, |recent| recent.push(&kept));
        active.store.write(Durability::Later, add).await
    }

    /// What the help centre has done on this phone: how many questions it answered, and how many it could not.
    pub async fn figures(&self) -> Result<HelpFigures, SupportError> {
        self.inner.active()?;
        self.room.shelf().await?.store.read(library::figures).await
    }

    /// Listens to what happens in the help centre from now on, for the app's analytics.
    pub fn events(&self) -> HelpEvents {
        HelpEvents { events: self.room.listen(), observer: Observer::new(&self.inner, Topic::HelpEvents, None) }
    }

    /// Observes the articles: see [`HelpChanges`].
    pub fn changes(&self) -> HelpChanges {
        HelpChanges { observer: Observer::new(&self.inner, Topic::Help, None) }
    }

    /// Asks the desk for the articles now; whether anything changed. Only what is new is fetched. What is on the phone
    /// stays whole and searchable meanwhile, and whatever comes of it. `Ok` means that every published article is on the
    /// phone.
    ///
    /// Errors: [`SupportError::Offline`] and its kin, also where some published articles did not come: what came is shown
    /// then, and the next sync tries again; [`SupportError::InvalidConfig`] where the desk has no such help
    /// centre at its address; [`SupportError::Unsupported`] where the desk has none at all.
    pub async fn sync(&self) -> Result<bool, SupportError> {
        let active = self.inner.active()?;
        self.inner.while_open(&active, Box::pin(self.room.sync(true))).await
    }

    /// Searches, on a thread that may wait for the disk.
    pub(super) async fn find(
        &self,
        active: &Active,
        text: &str,
        category: Option<&str>,
    ) -> Result<SearchResults, SupportError> {
        let shelf = self.room.shelf().await?;
        self.room.refresh(&shelf);
        shelf.ready().await?;
        let recent = if rules::is_blank(text) { active.store.read(personal::recent).await? } else { Vec::new() };
        let (text, category, on) = (text.to_owned(), category.map(str::to_owned), Arc::clone(&shelf));
        let find = move |connection: &rusqlite::Connection| on.find(connection, &text, category.as_deref());
        let mut results = shelf.store.read(find).await?;
        results.recent = recent;
        Ok(results)
    }

    /// Asks the first of the customer's languages that has articles.
    async fn in_language<T: Default + Send + 'static>(
        &self,
        question: impl FnOnce(&rusqlite::Connection, &str) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, SupportError> {
        self.inner.active()?;
        let shelf = self.room.shelf().await?;
        self.room.refresh(&shelf);
        let on = Arc::clone(&shelf);
        let ask = move |connection: &rusqlite::Connection| match on.languages(connection)?.first() {
            Some(locale) => question(connection, locale),
            None => Ok(T::default()),
        };
        shelf.store.read(ask).await
    }

    async fn must_be_here(&self, id: &ArticleId) -> Result<(), SupportError> {
        let (shelf, id) = (self.room.shelf().await?, id.clone());
        let there = shelf.store.read(move |connection| Ok(library::article(connection, &id)?.is_some())).await?;
        if there { Ok(()) } else { Err(SupportError::NotFound { what: "article" }) }
    }
}

/// The links in blocks that lead to articles: each address once, with the article's part of it.
fn linked(blocks: &[Block], help: &dyn HelpCenterBackend, portal: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    super::links::each(blocks, &mut |url| {
        if !found.iter().any(|(known, _)| known == url) {
            found.extend(help.article_of_url(portal, url).map(|slug| (url.to_owned(), slug)));
        }
    });
    found
}

/// A vote that waits is replaced: the last word stands.
fn queue_vote(tx: &mut Tx<'_>, session: &str, article: &ArticleId, task: Task) -> Result<(), StoreError> {
    let of_article = |entry: &EntryRow| matches!(&entry.task, Task::Vote { article: of, .. } if of == article);
    let waits = |entry: &EntryRow| matches!(entry.state, EntryState::Waiting { .. });
    match EntryRow::all(tx)?.iter().find(|entry| of_article(entry) && waits(entry)) {
        Some(entry) => EntryRow::set_task(tx, entry.seq, &task),
        None => EntryRow::insert(tx, NewEntry { conversation: None, session, task, message: None }).map(|_| ()),
    }
}

/// Tells the agents by way of what is known of the customer.
fn tell_of_customer(
    tx: &mut Tx<'_>,
    conversation: &ConversationId,
    own_session: &str,
    context: crate::backend::ConversationContext,
) -> Result<(), StoreError> {
    let Some(mut customer) = CustomerRow::find(tx)? else { return Ok(()) };
    let attributes = context.into_iter().map(|(name, text)| (name, crate::model::AttributeValue::Text(text)));
    customer.profile.attributes.extend(attributes);
    customer.save(tx)?;
    let row = ConversationRow::find(tx, conversation)?;
    let session = row.as_ref().map_or(own_session, |row| row.session.as_str());
    let established = crate::store::SessionRow::find(tx, session)?.is_some_and(|session| session.is_at_desk());
    // One that the desk does not know yet brings its profile with it.
    if established {
        let entry = NewEntry { conversation: None, session, task: Task::Profile, message: None };
        EntryRow::insert(tx, entry)?;
    }
    Ok(())
}

/// Listens to what happens in the help centre.
///
/// ```no_run
/// # async fn example(client: shopbell::SupportClient) -> Result<(), shopbell::SupportError> {
/// let mut events = client.help_center()?.events();
/// while let Some(event) = events.next().await {
///     // Hand it to the app's analytics.
///     println!("{event:?}");
/// }
/// # Ok(())
/// # }
/// ```
pub struct HelpEvents {
    events: broadcast::Receiver<HelpEvent>,
    observer: Observer,
}

impl HelpEvents {
    /// The next event; `None` once the client was shut down. A listener that is more than 256 events behind misses the
    /// oldest; [`HelpCenter::figures`] misses none. Cancel-safe.
    pub async fn next(&mut self) -> Option<HelpEvent> {
        loop {
            tokio::select! {
                biased;
                event = self.events.recv() => match event {
                    Ok(event) => return Some(event),
                    Err(broadcast::error::RecvError::Lagged(missed)) => {
                        tracing::debug!(missed, "the help centre's listener is slow");
                    }
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
                active = self.observer.changed() => {
                    active?;
                    self.observer.settled();
                }
            }
        }
    }
}

/// Observes whether the articles have changed: then ask again for what is on screen. [`SearchUpdates`] does so itself.
pub struct HelpChanges {
    observer: Observer,
}

impl HelpChanges {
    /// Returns at once the first time, then whenever the articles have changed. Waits while the client is paused.
    /// `None` once it was shut down. Cancel-safe.
    pub async fn next(&mut self) -> Option<()> {
        self.observer.changed().await?;
        self.observer.settled();
        Some(())
    }
}

impl std::fmt::Debug for HelpCenter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HelpCenter").field("portal", &self.room.config.portal).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for HelpEvents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HelpEvents")
    }
}

impl std::fmt::Debug for HelpChanges {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HelpChanges")
    }
}
