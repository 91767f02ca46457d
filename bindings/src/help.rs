//! The help centre (feature `help-center`): articles on the phone, searched as one types.

use std::sync::Arc;

use shopbell::{ArticleId, HelpCenter as Core, SearchInput};
use tokio::sync::watch;

use crate::{
    Article, ArticleHit, ArticleSummary, Client, Conversation, HelpCategory, HelpEvent, HelpFigures, ListenerError,
    SearchResults, Subscription, SupportError,
    host::{Answer, Host, asked, within},
    model::list,
    subscription::{Line, Outlet, Pause},
};

/// Listens to what a search box finds.
#[uniffi::export(callback_interface)]
pub trait SearchListener: Send + Sync {
    /// What is found for what is in the box: at once, then whenever the box or the articles change. Results for a
    /// keystroke never come after those of a later one.
    fn on_results(&self, results: SearchResults) -> Result<(), ListenerError>;
}

/// Listens to the help centre.
#[uniffi::export(callback_interface)]
pub trait HelpListener: Send + Sync {
    /// The articles have changed: ask again for what is on screen. At once the first time.
    fn on_changed(&self) -> Result<(), ListenerError>;

    /// Something happened, for the app's analytics.
    fn on_event(&self, event: HelpEvent) -> Result<(), ListenerError>;
}

/// The help centre, with no network. Follows whoever is here: recent searches, votes and reading positions are theirs.
///
/// Errors of every call: [`SupportError::Paused`], [`SupportError::Closed`], [`SupportError::Storage`];
/// [`SupportError::InvalidConfig`] where the client was made without a help centre, or its starter pack can't be read
/// and there is nothing else to show.
#[derive(uniffi::Object)]
pub struct HelpCenter {
    host: Arc<Host>,
}

#[uniffi::export]
impl Client {
    /// The help centre that the client was made with.
    pub fn help_center(&self) -> Arc<HelpCenter> {
        Arc::new(HelpCenter { host: Arc::clone(self.host()) })
    }
}

impl HelpCenter {
    fn run<T, W>(&self, work: impl FnOnce(Core) -> W + Send + 'static) -> Answer<T>
    where
        T: Send + 'static,
        W: Future<Output = Result<T, SupportError>> + Send + 'static,
    {
        self.host.run_boxed(within(|open| open.client.help_center(), asked(work)))
    }

    /// The same for what the customer did.
    fn keep<T, W>(&self, work: impl FnOnce(Core) -> W + Send + 'static) -> Answer<T>
    where
        T: Send + 'static,
        W: Future<Output = Result<T, SupportError>> + Send + 'static,
    {
        self.host.keep_boxed(within(|open| open.client.help_center(), asked(work)))
    }
}

#[uniffi::export]
impl HelpCenter {
    /// The categories that have articles, in the customer's language, in the desk's order.
    pub async fn categories(&self) -> Result<Vec<HelpCategory>, SupportError> {
        self.run(async move |core| Ok(list(core.categories().await?))).await
    }

    /// The articles of a category by its slug, or all, in the desk's order.
    pub async fn articles(&self, category: Option<String>) -> Result<Vec<ArticleSummary>, SupportError> {
        self.run(async move |core| Ok(list(core.articles(category.as_deref()).await?))).await
    }

    /// The most read articles: what to show before anything is typed. At most twelve.
    pub async fn popular(&self) -> Result<Vec<ArticleSummary>, SupportError> {
        self.run(async move |core| Ok(list(core.popular().await?))).await
    }

    /// Searches once. For a search box use [`search_as_you_type`](Self::search_as_you_type).
    pub async fn search(&self, text: String, category: Option<String>) -> Result<SearchResults, SupportError> {
        self.run(async move |core| Ok(core.search(&text, category.as_deref()).await?.into())).await
    }

    /// A search box, empty to begin with.
    pub fn search_as_you_type(&self, listener: Box<dyn SearchListener>) -> Arc<SearchBox> {
        let listener: Arc<dyn SearchListener> = listener.into();
        let line = Line::new();
        let (tell_input, input) = watch::channel(None);
        let of_job = Arc::clone(&line);
        self.host.when_open(Box::new(move |open| {
            let Ok(open) = open else { return };
            let Ok(help) = open.client.help_center() else { return };
            // The core notes the runtime, to count a search that was left.
            let mut updates = {
                let _runtime = open.runtime.enter();
                help.search_as_you_type()
            };
            tell_input.send_replace(Some(updates.input()));
            let outlet = Outlet { line: Arc::clone(&of_job), deliveries: open.deliveries.clone() };
            let asking = Box::pin(async move {
                let mut pause = Pause::new();
                loop {
                    match updates.next().await {
                        Ok(Some(results)) => {
                            pause.over();
                            let (listener, results) = (Arc::clone(&listener), results.into());
                            if !outlet.deliver(move || listener.on_results(results)).await {
                                return;
                            }
                        }
                        Ok(None) => return,
                        Err(error) => pause.take(&error).await,
                    }
                }
            });
            of_job.spawn(&open, asking);
        }));
        Arc::new(SearchBox { line, host: Arc::clone(&self.host), input })
    }

    /// Up to three articles that may answer what the customer is writing to an agent; none where none fits.
    pub async fn suggest(&self, draft: String) -> Result<Vec<ArticleHit>, SupportError> {
        self.run(async move |core| Ok(list(core.suggest(&draft).await?))).await
    }

    /// An article, whole. Opening it counts as reading it.
    ///
    /// Errors: [`SupportError::NotFound`] where it is not on the phone.
    pub async fn article(&self, id: String) -> Result<Article, SupportError> {
        self.run(async move |core| Ok(core.article(&ArticleId::new(id)).await?.into())).await
    }

    /// The id of the article that a link leads to, if it is one of this help centre and on the phone.
    pub async fn article_for_link(&self, url: String) -> Result<Option<String>, SupportError> {
        self.run(async move |core| Ok(core.article_for_link(&url).await?.map(|id| id.as_str().to_owned()))).await
    }

    /// A picture of an article, as a file on the phone: fetched the first time, there without a network after that. The
    /// file is the library's: don't change it.
    ///
    /// Errors: [`SupportError::Offline`], [`SupportError::DeskUnavailable`] or [`SupportError::Busy`];
    /// [`SupportError::Rejected`] where there is no picture at that address, or one of more than 5 MiB.
    pub async fn picture(&self, url: String) -> Result<String, SupportError> {
        self.run(async move |core| Ok(core.picture(&url).await?.to_string_lossy().into_owned())).await
    }

    /// Keeps how far the customer has read, from 0 to 1.
    ///
    /// Errors: [`SupportError::InvalidInput`].
    pub async fn set_reading_position(&self, id: String, position: f32) -> Result<(), SupportError> {
        self.keep(async move |core| Ok(core.set_reading_position(&ArticleId::new(id), position).await?)).await
    }

    /// The customer says whether an article helped, and if they like, why; the last word stands.
    ///
    /// Errors: [`SupportError::NotFound`]; [`SupportError::InvalidInput`] where the reason has more than 500
    /// characters.
    pub async fn vote(&self, id: String, helpful: bool, reason: Option<String>) -> Result<(), SupportError> {
        self.keep(async move |core| Ok(core.vote(&ArticleId::new(id), helpful, reason.as_deref()).await?)).await
    }

    /// "This helped": the customer needs no agent any more. What they had searched for is learnt for this article.
    ///
    /// Errors: [`SupportError::NotFound`].
    pub async fn helped(&self, id: String) -> Result<(), SupportError> {
        self.keep(async move |core| Ok(core.helped(&ArticleId::new(id)).await?)).await
    }

    /// "I still need help": the customer goes on to this conversation, and the agents are told what was read.
    ///
    /// Errors: [`SupportError::Closed`] where the conversation is not of whoever is here.
    pub async fn asked_anyway(&self, conversation: Arc<Conversation>) -> Result<(), SupportError> {
        let this = Arc::clone(&self.host);
        conversation
            .run(async move |of_core| {
                this.run(async move |open| Ok(open.client.help_center()?.asked_anyway(&of_core).await?)).await
            })
            .await
    }

    /// The customer pressed "search": this becomes one of the recent searches.
    pub async fn submit_search(&self, text: String) -> Result<(), SupportError> {
        self.keep(async move |core| Ok(core.submit_search(&text).await?)).await
    }

    /// What the customer searched for last, newest first; at most eight.
    pub async fn recent_searches(&self) -> Result<Vec<String>, SupportError> {
        self.run(async move |core| Ok(core.recent_searches().await?)).await
    }

    /// Forgets one of the recent searches, or all.
    pub async fn forget_searches(&self, search: Option<String>) -> Result<(), SupportError> {
        self.keep(async move |core| Ok(core.forget_searches(search.as_deref()).await?)).await
    }

    /// What the help centre has done on this phone.
    pub async fn figures(&self) -> Result<HelpFigures, SupportError> {
        self.run(async move |core| Ok(core.figures().await?.into())).await
    }

    /// Asks the desk for the articles now; whether anything changed. Using the help centre does so by itself when the
    /// articles are old.
    ///
    /// Errors: [`SupportError::Offline`], [`SupportError::DeskUnavailable`] or [`SupportError::Busy`];
    /// [`SupportError::InvalidConfig`] where the desk has no such help centre; [`SupportError::Unsupported`] where the
    /// desk has none at all.
    pub async fn sync(&self) -> Result<bool, SupportError> {
        self.host.show(async move |open| Ok(open.client.help_center()?.sync().await?)).await
    }

    /// Observes the articles, and what happens with them. Waits through a pause of the client.
    ///
    /// Errors: [`SupportError::InvalidConfig`] without a help centre.
    pub async fn observe(&self, listener: Box<dyn HelpListener>) -> Result<Arc<Subscription>, SupportError> {
        let listener: Arc<dyn HelpListener> = listener.into();
        let host = Arc::clone(&self.host);
        let observing = self.host.run(async move |open| {
            let help = open.client.help_center()?;
            let line = Line::new();
            let (mut events, mut changes) = (help.events(), help.changes());
            let outlet = Outlet { line: Arc::clone(&line), deliveries: open.deliveries.clone() };
            let asking = Box::pin(async move {
                loop {
                    let listener = Arc::clone(&listener);
                    let goes_on = tokio::select! {
                        event = events.next() => match event.map(HelpEvent::known) {
                            Some(Some(event)) => outlet.deliver(move || listener.on_event(event)).await,
                            Some(None) => true,
                            None => false,
                        },
                        changed = changes.next() => match changed {
                            Some(()) => outlet.deliver(move || listener.on_changed()).await,
                            None => false,
                        },
                    };
                    if !goes_on {
                        return;
                    }
                }
            });
            line.spawn(&open, asking);
            Ok(Subscription::new(line, host))
        });
        observing.await
    }
}

/// A search box. Ends with [`cancel`](Self::cancel), or when it is dropped.
#[derive(uniffi::Object)]
pub struct SearchBox {
    line: Arc<Line>,
    host: Arc<Host>,
    input: watch::Receiver<Option<SearchInput>>,
}

impl SearchBox {
    /// In order with what was typed before, also while the client opens.
    fn change(&self, change: impl FnOnce(&SearchInput) + Send + 'static) {
        let input = self.input.clone();
        self.host.when_open(Box::new(move |_| {
            // Taken out of the cell first: a change wakes whoever watches.
            let input = input.borrow().clone();
            if let Some(input) = input {
                change(&input);
            }
        }));
    }
}

#[uniffi::export]
impl SearchBox {
    /// The text in the box, after every keystroke. Empty gives the most read articles and the recent searches. Returns
    /// at once.
    pub fn set_text(&self, text: String) {
        self.change(move |input| input.set_text(&text));
    }

    /// Only articles of this category, by its slug; `None` for all. Returns at once.
    pub fn set_category(&self, slug: Option<String>) {
        self.change(move |input| input.set_category(slug.as_deref()));
    }

    /// The customer pressed "search": what is in the box becomes one of the recent searches.
    pub async fn submit(&self) -> Result<(), SupportError> {
        let input = self.input.clone();
        self.host
            .keep(async move |open| {
                open.client.help_center()?;
                let input = input.borrow().clone();
                match input {
                    Some(input) => Ok(input.submit().await?),
                    None => Err(shopbell::SupportError::Closed.into()),
                }
            })
            .await
    }

    /// Ends it: no call to the listener begins once this has returned. A second time is no error.
    pub fn cancel(&self) {
        self.line.cancel();
    }
}

impl Drop for SearchBox {
    fn drop(&mut self) {
        self.line.cancel();
    }
}
