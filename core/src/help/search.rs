//! Search as one types.

use std::sync::Arc;

use tokio::sync::watch;

use super::handle::HelpCenter;
use crate::{SupportError, client::Active, conversations::Observer, model::SearchResults, store::Topic};

/// What is in the search box.
#[derive(Clone, Default, PartialEq, Eq)]
struct Asked {
    text: String,
    category: Option<String>,
}

/// The search box: what is typed goes in here. Cheap to clone; the last word stands.
#[derive(Clone)]
pub struct SearchInput {
    help: HelpCenter,
    asked: Arc<watch::Sender<Asked>>,
}

/// Observes what the search finds, keystroke by keystroke.
///
/// The newest keystroke wins: one that was overtaken is dropped, and results for a keystroke never come after those of a
/// later one. They also come anew when the articles change. Runs off the caller's thread.
///
/// ```no_run
/// # async fn example(client: shopbell::SupportClient) -> Result<(), shopbell::SupportError> {
/// let mut search = client.help_center()?.search_as_you_type();
/// let input = search.input();
/// input.set_text("doi tra hang");
/// while let Some(results) = search.next().await? {
///     results.hits.iter().for_each(|hit| println!("{}: {}", hit.article.title, hit.snippet));
/// }
/// # Ok(())
/// # }
/// ```
pub struct SearchUpdates {
    input: SearchInput,
    asked: watch::Receiver<Asked>,
    observer: Observer,
    /// Something was asked that was not answered. Survives a dropped future.
    dirty: bool,
    runtime: Option<tokio::runtime::Handle>,
}

impl SearchInput {
    /// The text in the box, after every keystroke. Empty gives the most read articles and the recent searches. Returns
    /// at once.
    pub fn set_text(&self, text: &str) {
        self.change(|asked| asked.text = text.to_owned());
    }

    /// Only articles of this category, by its slug; `None` for all. Returns at once.
    pub fn set_category(&self, slug: Option<&str>) {
        self.change(|asked| asked.category = slug.map(str::to_owned));
    }

    /// The customer pressed "search": what is in the box is a search that was made, and one of the recent ones.
    ///
    /// Errors: [`SupportError::Storage`], [`SupportError::Paused`], [`SupportError::Closed`].
    pub async fn submit(&self) -> Result<(), SupportError> {
        let text = self.asked.borrow().text.clone();
        self.help.submit_search(&text).await
    }

    fn change(&self, change: impl FnOnce(&mut Asked)) {
        self.asked.send_if_modified(|asked| {
            let before = asked.clone();
            change(asked);
            *asked != before
        });
    }
}

impl SearchUpdates {
    pub(super) fn new(help: HelpCenter) -> Self {
        let (sender, asked) = watch::channel(Asked::default());
        let observer = Observer::new(&help.inner, Topic::Help, None);
        // The first answer may have to wait for an index.
        observer.owes_nothing_yet();
        let input = SearchInput { help, asked: Arc::new(sender) };
        Self { input, asked, observer, dirty: true, runtime: tokio::runtime::Handle::try_current().ok() }
    }

    /// The search box.
    pub fn input(&self) -> SearchInput {
        self.input.clone()
    }

    /// What is found for what is in the box: at once the first time, then whenever the box or the articles change.
    /// Waits while the client is paused. `None` once it was shut down. Cancel-safe.
    ///
    /// Errors: [`SupportError::Storage`], [`SupportError::InvalidConfig`] (a starter pack that can't be read, with
    /// nothing else to show); call again to try again.
    pub async fn next(&mut self) -> Result<Option<SearchResults>, SupportError> {
        loop {
            if self.dirty {
                self.observer.stir();
            }
            let active = tokio::select! {
                active = self.observer.changed() => active,
                // The sender is our own: it can't be gone.
                _ = self.asked.changed() => {
                    self.dirty = true;
                    continue;
                }
            };
            let Some(active) = active else { return Ok(None) };
            self.dirty = true;
            let asked = self.asked.borrow_and_update().clone();
            let found = self.input.help.find(&active, &asked.text, asked.category.as_deref()).await;
            // Overtaken: nobody wants to know any more.
            if self.asked.has_changed().unwrap_or(false) {
                continue;
            }
            let results = match found {
                Err(SupportError::Paused) => {
                    tokio::task::yield_now().await;
                    continue;
                }
                found => {
                    self.observer.has_read(found.is_ok());
                    found?
                }
            };
            self.note(&active, &results).await?;
            if self.asked.has_changed().unwrap_or(false) {
                continue;
            }
            self.dirty = false;
            self.observer.settled();
            return Ok(Some(results));
        }
    }

    async fn note(&self, active: &Arc<Active>, results: &SearchResults) -> Result<(), SupportError> {
        let (text, count) = (results.query.clone(), results.hits.len());
        match self.input.help.room.apply(active, move |visit| visit.typed(&text, count)).await {
            // It was found all the same.
            Ok(_) | Err(SupportError::Paused) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Drop for SearchUpdates {
    /// The search box is gone: what was typed last was a search.
    fn drop(&mut self) {
        let help = self.input.help.clone();
        if let Some(runtime) = &self.runtime {
            let left: std::pin::Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
                if let Ok(active) = help.inner.active()
                    && let Err(error) = help.room.apply(&active, super::visit::Visit::left).await
                {
                    tracing::debug!(%error, "a search was not counted");
                }
            });
            runtime.spawn(left);
        }
    }
}

impl std::fmt::Debug for SearchInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SearchInput")
    }
}

impl std::fmt::Debug for SearchUpdates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SearchUpdates")
    }
}
