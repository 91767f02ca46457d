//! The client behind the screens: carries actions out in their order, and passes on what the observers say.

use std::path::{Path, PathBuf};

use shopbell::{
    AttachmentId, Conversation, ConversationId, Diff, Message, MessageId, NewAttachment, NewMessage, SupportClient,
    SupportError, TimelinePager, Verification,
};
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    desk::Desk,
    help::HelpDesk,
    place::{Place, Session},
    switch::Switch,
};
use crate::{
    app::{
        Action, Deed, Event, Notice,
        attaching::{attached, unreadable},
        help::{News, Order},
    },
    problem::words,
    shop::{Person, server},
};

/// Does one action after the other: a draft must not overtake the message that it became.
pub(crate) struct Worker {
    client: SupportClient,
    switch: Switch,
    hmac_key: Option<String>,
    place: Place,
    session: Session,
    events: mpsc::UnboundedSender<Event>,
    chat: Option<OpenChat>,
    help: Option<HelpDesk>,
    judging: Option<JoinHandle<()>>,
}

/// The conversation on screen, with the tasks that watch it. Dropped, they stop, and it no longer counts as seen.
struct OpenChat {
    conversation: Conversation,
    pager: TimelinePager,
    watchers: [JoinHandle<()>; 2],
}

impl Drop for OpenChat {
    fn drop(&mut self) {
        self.watchers.iter().for_each(JoinHandle::abort);
    }
}

impl Worker {
    pub(crate) fn new(
        client: SupportClient,
        desk: &Desk,
        place: Place,
        session: Session,
        events: mpsc::UnboundedSender<Event>,
    ) -> Self {
        let (switch, hmac_key) = (desk.switch.clone(), desk.hmac_key.clone());
        Self { client, switch, hmac_key, place, session, events, chat: None, help: None, judging: None }
    }

    /// Makes the client be who the shop says is logged in, watches it, and begins to take orders. The task ends when
    /// there is nobody left to give any, and all of them are carried out.
    pub(crate) async fn start(
        mut self,
        mut orders: mpsc::UnboundedReceiver<Action>,
    ) -> Result<JoinHandle<()>, SupportError> {
        match self.session.person {
            // At every start, as an app does: it costs nothing where nothing has changed.
            Some(person) => self.identify(person, true).await?,
            None => {
                let status = self.client.status().next().await?;
                // The shop's own session is the truth; the client may remember somebody from before a crash.
                if status.is_some_and(|status| status.verification != Verification::Anonymous) {
                    self.client.log_out().await?;
                }
            }
        }
        self.watch();
        self.help = HelpDesk::new(&self.client, &self.events);
        if self.help.is_none() {
            self.tell(Event::Help(News::Missing("This shop has no help centre here".to_owned())));
        }
        Ok(tokio::spawn(async move {
            while let Some(action) = orders.recv().await {
                let opens = action.opens();
                if let Err(error) = self.carry_out(action).await {
                    let problem = words(&error);
                    // Each screen that was asked for comes or is given up: keys are held back until then.
                    self.tell(if opens { Event::NotOpened { problem } } else { Event::Told(Notice::Bad(problem)) });
                }
            }
        }))
    }

    fn tell(&self, event: Event) {
        // Nobody listens any more when the person has just quit.
        let _ = self.events.send(event);
    }

    /// The list and the status: they follow whoever is here.
    fn watch(&self) {
        let (mut list, events) = (self.client.conversations(), self.events.clone());
        tokio::spawn(async move {
            loop {
                match list.next().await {
                    Ok(Some(steps)) => drop(events.send(Event::Conversations(steps))),
                    Ok(None) => return,
                    Err(error) => return complain(&events, &error),
                }
            }
        });
        let (mut status, events) = (self.client.status(), self.events.clone());
        tokio::spawn(async move {
            loop {
                match status.next().await {
                    Ok(Some(status)) => drop(events.send(Event::Status(status))),
                    Ok(None) => return,
                    Err(error) => return complain(&events, &error),
                }
            }
        });
    }

    async fn carry_out(&mut self, action: Action) -> Result<(), SupportError> {
        match action {
            Action::OpenChat(id) => {
                let conversation = self.client.conversation(&id)?;
                let draft = conversation.draft().await?.unwrap_or_default();
                self.open(conversation, draft, false);
            }
            Action::StartChat { draft } => self.start_chat(draft).await?,
            Action::CloseChat(id) => {
                self.chat = self.chat.take().filter(|open| *open.conversation.id() != id);
            }
            Action::LogIn { person, right_proof } => self.log_in(person, right_proof).await?,
            Action::LogOut => {
                self.chat = None;
                self.client.log_out().await?;
                self.judging.take().iter().for_each(JoinHandle::abort);
                self.remember(None);
                self.tell(Event::LoggedIn { person: None });
            }
            Action::Network { available } => {
                self.switch.set(available);
                self.client.network_changed(available);
            }
            Action::Help(order) => {
                let Some(help) = &self.help else { return self.without_help(order).await };
                let here = self.chat.as_ref().map(|chat| &chat.conversation);
                if let Some(conversation) = help.carry_out(order, here, &self.client).await? {
                    let draft = conversation.draft().await?.unwrap_or_default();
                    self.open(conversation, draft, true);
                }
            }
            Action::Refresh => self.refresh(),
            Action::In(id, deed) => self.carry_out_in(&id, deed).await?,
            // The loop's own.
            Action::Quit | Action::Kill | Action::Redraw => {}
        }
        Ok(())
    }

    async fn start_chat(&mut self, draft: String) -> Result<(), SupportError> {
        let conversation = self.client.start_conversation()?;
        conversation.set_draft(&draft).await?;
        self.open(conversation, draft, true);
        Ok(())
    }

    /// Without a help centre there is a person all the same.
    async fn without_help(&mut self, order: Order) -> Result<(), SupportError> {
        match order {
            Order::Ask { words, .. } => self.start_chat(words).await,
            Order::Open(_) => Err(SupportError::NotFound { what: "article" }),
            _ => Ok(()),
        }
    }

    /// In the conversation that was meant, also where another is on screen by now, or none: the person saw their words
    /// leave the box.
    async fn carry_out_in(&self, id: &ConversationId, deed: Deed) -> Result<(), SupportError> {
        let open = self.chat.as_ref().filter(|open| open.conversation.id() == id);
        let conversation = match open {
            Some(open) => open.conversation.clone(),
            // Said of what was on screen, which it is no longer.
            None if matches!(deed, Deed::Typing(_) | Deed::MarkSeen | Deed::LoadOlder) => return Ok(()),
            None => self.client.conversation(id)?,
        };
        match deed {
            Deed::Send(text) => {
                let (words, files) = attached(&text);
                let outcome = match unreadable(&files) {
                    Some(problem) => Err(problem),
                    None => send(&conversation, words, files).await,
                };
                self.kept(id, text, outcome);
            }
            Deed::Say(text) => {
                let outcome = send(&conversation, text.clone(), Vec::new()).await;
                self.kept(id, text, outcome);
            }
            Deed::Edit(message, text) => {
                let outcome = conversation.edit(&message, &text).await.map_err(|error| words(&error));
                self.kept(id, text, outcome);
            }
            Deed::Choose(message, value) => {
                let outcome = conversation.choose(&message, &value).await;
                self.answered(id, message, outcome);
            }
            Deed::FillIn(message, values) => {
                let outcome = conversation.fill_in(&message, values).await;
                self.answered(id, message, outcome);
            }
            Deed::Rate(message, score, feedback) => {
                let outcome = conversation.rate(&message, score, &feedback).await;
                self.answered(id, message, outcome);
            }
            Deed::Retry(message) => conversation.retry(&message).await?,
            Deed::Discard(message) => conversation.discard(&message).await?,
            Deed::SaveDraft(text) => conversation.set_draft(&text).await?,
            Deed::Typing(typing) => conversation.set_typing(typing)?,
            Deed::MarkSeen => conversation.mark_seen().await?,
            Deed::Resolve => conversation.resolve().await?,
            Deed::LoadOlder => self.load_older(),
            Deed::Save { attachment, name } => self.save(conversation, attachment, name),
        }
        Ok(())
    }

    fn kept(&self, conversation: &ConversationId, text: String, outcome: Result<(), String>) {
        if let Err(problem) = outcome {
            self.tell(Event::NotKept { conversation: conversation.clone(), text, problem });
        }
    }

    fn answered(&self, conversation: &ConversationId, message: MessageId, outcome: Result<(), SupportError>) {
        if let Err(error) = outcome {
            let problem = words(&error);
            self.tell(Event::NotAnswered { conversation: conversation.clone(), message, problem });
        }
    }

    fn open(&mut self, conversation: Conversation, draft: String, begun: bool) {
        let id = conversation.id().clone();
        self.tell(Event::ChatOpened { conversation: id.clone(), draft, begun });
        let mut timeline = conversation.timeline();
        let pager = timeline.pager();
        let (events, messages_of) = (self.events.clone(), id.clone());
        let messages = tokio::spawn(async move {
            loop {
                match timeline.next().await {
                    Ok(Some(steps)) => tell_messages(&events, &messages_of, steps),
                    Ok(None) => return,
                    Err(error) => return complain(&events, &error),
                }
            }
        });
        let (mut typing, events) = (conversation.typing(), self.events.clone());
        let typing = tokio::spawn(async move {
            while let Some(typing) = typing.next().await {
                let _ = events.send(Event::Typing { conversation: id.clone(), typing });
            }
        });
        self.chat = Some(OpenChat { conversation, pager, watchers: [messages, typing] });
    }

    async fn identify(&self, person: &'static Person, right_proof: bool) -> Result<(), SupportError> {
        // A wrong key makes a wrong proof: what a mistake on the merchant's server looks like.
        let key = if right_proof { self.hmac_key.as_deref() } else { Some("not the inbox's key") };
        let (identity, profile) = server::log_in(person, key);
        self.client.identify(identity, profile).await
    }

    async fn log_in(&mut self, person: &'static Person, right_proof: bool) -> Result<(), SupportError> {
        self.chat = None;
        self.identify(person, right_proof).await?;
        self.remember(Some(person));
        self.tell(Event::LoggedIn { person: Some(person) });
        self.watch_judgement(person);
        Ok(())
    }

    /// Tells once what the desk makes of who the person is.
    fn watch_judgement(&mut self, person: &'static Person) {
        // Of this customer from the first on: the client is theirs by now.
        let (mut status, events) = (self.client.status(), self.events.clone());
        let judging = tokio::spawn(async move {
            while let Ok(Some(now)) = status.next().await {
                if now.verification != Verification::Pending {
                    let _ = events.send(Event::Judged { person, verification: now.verification });
                    return;
                }
            }
        });
        if let Some(last) = self.judging.replace(judging) {
            last.abort();
        }
    }

    fn remember(&mut self, person: Option<&'static Person>) {
        self.session.person = person;
        if let Err(error) = self.place.remember(self.session) {
            self.tell(Event::Told(Notice::Bad(format!("Who is logged in will be forgotten at the end: {error}"))));
        }
    }

    /// Aside from the order: it waits for the network.
    fn load_older(&self) {
        let Some(OpenChat { conversation, pager, .. }) = &self.chat else { return };
        let (id, pager, events) = (conversation.id().clone(), pager.clone(), self.events.clone());
        tokio::spawn(async move {
            let outcome = pager.load_older().await.map_err(|error| words(&error));
            let _ = events.send(Event::Older { conversation: id, outcome });
        });
    }

    /// Aside from the order: it may take as long as the file is large.
    fn save(&self, conversation: Conversation, attachment: AttachmentId, name: String) {
        let (events, folder) = (self.events.clone(), self.place.saved());
        tokio::spawn(async move {
            let notice = match save(&conversation, &attachment, folder, &name).await {
                Ok(path) => Notice::Good(format!("Saved as {}", path.display())),
                Err(problem) => Notice::Bad(format!("{name} was not saved: {problem}")),
            };
            let _ = events.send(Event::Told(notice));
        });
    }

    fn refresh(&self) {
        let (client, events) = (self.client.clone(), self.events.clone());
        tokio::spawn(async move {
            let notice = match client.refresh().await {
                Ok(()) => Notice::Good("Up to date".to_owned()),
                Err(error) => Notice::Bad(words(&error)),
            };
            let _ = events.send(Event::Told(notice));
        });
    }
}

async fn send(conversation: &Conversation, words_of: String, files: Vec<PathBuf>) -> Result<(), String> {
    let mut message = NewMessage::text(words_of);
    message.attachments = files.into_iter().map(NewAttachment::path).collect();
    conversation.send_message(message).await.map(|_| ()).map_err(|error| words(&error))
}

fn tell_messages(events: &mpsc::UnboundedSender<Event>, conversation: &ConversationId, steps: Vec<Diff<Message>>) {
    let _ = events.send(Event::Messages { conversation: conversation.clone(), steps });
}

fn complain(events: &mpsc::UnboundedSender<Event>, error: &SupportError) {
    let _ = events.send(Event::Told(Notice::Bad(format!("{}. Start the app again", words(error)))));
}

async fn save(
    conversation: &Conversation,
    attachment: &AttachmentId,
    folder: PathBuf,
    name: &str,
) -> Result<PathBuf, String> {
    let mut download = conversation.download(attachment).await.map_err(|error| words(&error))?;
    let here = download.finished().await.map_err(|error| words(&error))?;
    let path = free(&folder, name);
    let to = path.clone();
    let copied = tokio::task::spawn_blocking(move || {
        std::fs::create_dir_all(&folder)?;
        std::fs::copy(here, to)
    });
    let copied = copied.await.map_err(|error| error.to_string())?;
    copied.map_err(|error| error.to_string()).map(|_| path)
}

/// A place of that name at which nothing is yet: what was saved before is somebody's.
fn free(folder: &Path, name: &str) -> PathBuf {
    let numbered = (2..).map(|number| folder.join(format!("{number} {name}")));
    let mut places = std::iter::once(folder.join(name)).chain(numbered);
    places.find(|place| !place.exists()).unwrap_or_default()
}
