//! The client behind the screens: carries actions out in their order, and passes on what the observers say.

use std::path::{Path, PathBuf};

use shopbell::{
    AttachmentId, Conversation, ConversationId, Diff, Message, NewAttachment, NewMessage, SupportClient, SupportError,
    TimelinePager, Verification,
};
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    desk::Desk,
    help::HelpDesk,
    place::{Place, Session},
};
use crate::{
    app::{Action, Event, Notice, attaching::attached},
    shop::{Person, server},
};

/// Does one action after the other: a draft must not overtake the message that it became.
pub(crate) struct Worker {
    client: SupportClient,
    faults: Option<sandbox::Faults>,
    hmac_key: Option<String>,
    place: Place,
    session: Session,
    events: mpsc::UnboundedSender<Event>,
    chat: Option<OpenChat>,
    help: Option<HelpDesk>,
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
        let (faults, hmac_key) = (desk.faults(), desk.hmac_key.clone());
        Self { client, faults, hmac_key, place, session, events, chat: None, help: None }
    }

    /// Makes the client be who the shop says is logged in, watches it, and begins to take orders.
    pub(crate) async fn start(mut self, mut orders: mpsc::UnboundedReceiver<Action>) -> Result<(), SupportError> {
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
        tokio::spawn(async move {
            while let Some(action) = orders.recv().await {
                if let Err(error) = self.carry_out(action).await {
                    self.tell(Event::Told(Notice::Bad(error.to_string())));
                }
            }
        });
        Ok(())
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
            Action::StartChat { draft } => {
                let conversation = self.client.start_conversation()?;
                conversation.set_draft(&draft).await?;
                self.open(conversation, draft, true);
            }
            Action::CloseChat => self.chat = None,
            Action::LogIn { person, right_proof } => self.log_in(person, right_proof).await?,
            Action::LogOut => {
                self.chat = None;
                self.client.log_out().await?;
                self.remember(None);
                self.tell(Event::LoggedIn { person: None });
            }
            Action::Network { available } => {
                if let Some(faults) = &self.faults {
                    faults.offline(!available);
                }
                self.client.network_changed(available);
            }
            Action::Help(order) => {
                let Some(help) = &self.help else { return Ok(()) };
                let here = self.chat.as_ref().map(|chat| &chat.conversation);
                if let Some(conversation) = help.carry_out(order, here, &self.client).await? {
                    let draft = conversation.draft().await?.unwrap_or_default();
                    self.open(conversation, draft, true);
                }
            }
            Action::Refresh => self.refresh(),
            Action::LoadOlder => self.load_older(),
            Action::Save { attachment, name } => self.save(attachment, name),
            // The loop has left before these come here.
            Action::Quit | Action::Kill => {}
            in_chat => self.carry_out_in_chat(in_chat).await?,
        }
        Ok(())
    }

    async fn carry_out_in_chat(&self, action: Action) -> Result<(), SupportError> {
        let Some(OpenChat { conversation, .. }) = &self.chat else { return Ok(()) };
        match action {
            Action::Send(text) => {
                let (words, files) = attached(&text);
                let mut message = NewMessage::text(words);
                message.attachments = files.into_iter().map(NewAttachment::path).collect();
                if let Err(error) = conversation.send_message(message).await {
                    let (id, problem) = (conversation.id().clone(), error.to_string());
                    self.tell(Event::NotKept { conversation: id, text, problem });
                }
            }
            Action::Edit(message, text) => conversation.edit(&message, &text).await?,
            Action::Retry(message) => conversation.retry(&message).await?,
            Action::Discard(message) => conversation.discard(&message).await?,
            Action::Choose(message, value) => conversation.choose(&message, &value).await?,
            Action::FillIn(message, values) => conversation.fill_in(&message, values).await?,
            Action::Rate(message, score, words) => conversation.rate(&message, score, &words).await?,
            Action::SaveDraft(text) => conversation.set_draft(&text).await?,
            Action::Typing(typing) => conversation.set_typing(typing)?,
            Action::MarkSeen => conversation.mark_seen().await?,
            Action::Resolve => conversation.resolve().await?,
            _ => {}
        }
        Ok(())
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
        Ok(())
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
            let outcome = pager.load_older().await.map_err(|error| error.to_string());
            let _ = events.send(Event::Older { conversation: id, outcome });
        });
    }

    /// Aside from the order: it may take as long as the file is large.
    fn save(&self, attachment: AttachmentId, name: String) {
        let Some(OpenChat { conversation, .. }) = &self.chat else { return };
        let (conversation, events) = (conversation.clone(), self.events.clone());
        let folder = self.place.saved();
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
                Err(error) => Notice::Bad(error.to_string()),
            };
            let _ = events.send(Event::Told(notice));
        });
    }
}

fn tell_messages(events: &mpsc::UnboundedSender<Event>, conversation: &ConversationId, steps: Vec<Diff<Message>>) {
    let _ = events.send(Event::Messages { conversation: conversation.clone(), steps });
}

fn complain(events: &mpsc::UnboundedSender<Event>, error: &SupportError) {
    let _ = events.send(Event::Told(Notice::Bad(format!("{error}. Start the app again"))));
}

async fn save(
    conversation: &Conversation,
    attachment: &AttachmentId,
    folder: PathBuf,
    name: &str,
) -> Result<PathBuf, String> {
    let mut download = conversation.download(attachment).await.map_err(|error| error.to_string())?;
    let here = download.finished().await.map_err(|error| error.to_string())?;
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
