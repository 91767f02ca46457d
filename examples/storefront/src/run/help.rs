//! The help centre behind the screens.

use shopbell::{Conversation, HelpCenter, SearchInput, SupportClient, SupportError};
use tokio::sync::mpsc;

use crate::{
    app::{
        Event, Notice,
        help::{News, Order},
    },
    problem::words,
};

/// The help centre with its search box, which is watched as long as the client is open.
pub(crate) struct HelpDesk {
    help: HelpCenter,
    input: SearchInput,
    events: mpsc::UnboundedSender<Event>,
}

impl HelpDesk {
    /// None where the client was opened without one.
    pub(crate) fn new(client: &SupportClient, events: &mpsc::UnboundedSender<Event>) -> Option<Self> {
        let help = client.help_center().ok()?;
        let mut search = help.search_as_you_type();
        let input = search.input();
        let (said, of) = (events.clone(), help.clone());
        tokio::spawn(async move {
            loop {
                match search.next().await {
                    Ok(Some(results)) => drop(said.send(Event::Help(News::Results(results)))),
                    Ok(None) => return,
                    Err(error) => return drop(said.send(Event::Told(Notice::Bad(words(&error))))),
                }
                // What is in the categories changes when the articles do, which gives results as well.
                if let Ok(categories) = of.categories().await {
                    let _ = said.send(Event::Help(News::Categories(categories)));
                }
            }
        });
        let (said, asked) = (events.clone(), help.clone());
        tokio::spawn(async move {
            // A slug that the desk does not know leaves the screen empty: it must not do so without a word.
            if let Err(error @ (SupportError::InvalidConfig { .. } | SupportError::Unsupported { .. })) =
                asked.sync().await
            {
                let _ = said.send(Event::Help(News::Missing(words(&error))));
            }
        });
        Some(Self { help, input, events: events.clone() })
    }

    /// Does what is asked; gives the conversation to go on to, where that was it. `here` is the one on screen.
    pub(crate) async fn carry_out(
        &self,
        order: Order,
        here: Option<&Conversation>,
        client: &SupportClient,
    ) -> Result<Option<Conversation>, SupportError> {
        match order {
            Order::Type(text) => self.input.set_text(&text),
            Order::Filter(slug) => self.input.set_category(slug.as_deref()),
            Order::Open(id) => self.tell(News::Opened(Box::new(self.help.article(&id).await?))),
            Order::Suggest(text) => {
                if let Some(here) = here {
                    self.tell(News::Suggested(here.id().clone(), self.help.suggest(&text).await?));
                }
            }
            Order::Helped(id) => {
                self.help.vote(&id, true, None).await?;
                self.help.helped(&id).await?;
            }
            Order::DidNotHelp(id) => self.help.vote(&id, false, None).await?,
            Order::Ask { conversation: begun, words } => {
                let conversation = match begun {
                    Some(id) => client.conversation(&id)?,
                    None => client.start_conversation()?,
                };
                // What was begun before stays: those are the person's own words for it.
                if !words.is_empty() && conversation.draft().await?.is_none_or(|draft| draft.trim().is_empty()) {
                    conversation.set_draft(&words).await?;
                }
                self.help.asked_anyway(&conversation).await?;
                return Ok(Some(conversation));
            }
        }
        Ok(None)
    }

    fn tell(&self, news: News) {
        // Nobody listens any more when the person has just quit.
        let _ = self.events.send(Event::Help(news));
    }
}
