//! The network between the app and any desk, with a switch: off, nothing reaches the desk and nothing comes from it.
//!
//! Telling the client that there is no network would not do: that is a hint, and a client that takes it for wrong would
//! go on under a sign that says "offline".

use std::sync::Arc;

use shopbell::{
    Answer, ConversationStatus, CustomerProfile, DeskConversationId, DeskMessageId, Identity, Timestamp,
    backend::{
        Backend, BackendError, BackendFuture, Capabilities, ConversationContext, Departure, DeskArticle,
        DeskArticleName, DeskArticlePage, DeskConversation, DeskInfo, DeskMessage, DeskNotices, DeskPortal, Establish,
        Fault, Fetched, FileHead, HelpCenterBackend, IncomingFile, ListedArticle, OutgoingFile, OutgoingMessage,
        OutgoingVote, Owner, Page, Realtime, RealtimeEvent, Resume, Session,
    },
};
use tokio::sync::watch;

/// The switch. Clones are the same one.
#[derive(Clone, Debug)]
pub(crate) struct Switch(watch::Sender<bool>);

impl Switch {
    /// On.
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(true))
    }

    pub(crate) fn set(&self, on: bool) {
        self.0.send_replace(on);
    }

    /// Passes a request on. One that is under way when the network goes is lost, and may have arrived.
    fn pass<'a, T: Send + 'a>(&self, asked: BackendFuture<'a, T>) -> BackendFuture<'a, T> {
        let mut on = self.0.subscribe();
        Box::pin(async move {
            if !*on.borrow() {
                return Err(BackendError::refused(Fault::Network, "the shop's offline switch"));
            }
            tokio::select! {
                answer = asked => answer,
                () = off(&mut on) => Err(BackendError::unclear(Fault::Network, "the shop's offline switch")),
            }
        })
    }
}

async fn off(on: &mut watch::Receiver<bool>) {
    // A switch that nobody can turn any more stays as it is.
    if on.wait_for(|on| !on).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// A desk behind the switch.
pub(crate) struct Switched<B> {
    desk: B,
    switch: Switch,
}

impl<B: Backend> Switched<B> {
    pub(crate) fn new(desk: B, switch: Switch) -> Self {
        Self { desk, switch }
    }
}

impl<B: Backend> Backend for Switched<B> {
    fn capabilities(&self) -> Capabilities {
        self.desk.capabilities()
    }

    fn desk_info(&self) -> BackendFuture<'_, DeskInfo> {
        self.switch.pass(self.desk.desk_info())
    }

    fn establish<'a>(&'a self, request: &'a Establish) -> BackendFuture<'a, Session> {
        self.switch.pass(self.desk.establish(request))
    }

    fn update_customer<'a>(
        &'a self,
        session: &'a Session,
        identity: Option<&'a Identity>,
        profile: &'a CustomerProfile,
    ) -> BackendFuture<'a, ()> {
        self.switch.pass(self.desk.update_customer(session, identity, profile))
    }

    fn owner(&self, session: &Session, identity: &Identity) -> Owner {
        self.desk.owner(session, identity)
    }

    fn notices(&self) -> BackendFuture<'_, Option<DeskNotices>> {
        self.switch.pass(self.desk.notices())
    }

    fn conversations<'a>(
        &'a self,
        session: &'a Session,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<Vec<DeskConversation>>> {
        self.switch.pass(self.desk.conversations(session, validator))
    }

    fn messages<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        before: Option<DeskMessageId>,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<Page>> {
        self.switch.pass(self.desk.messages(session, conversation, before, validator))
    }

    fn open_conversation<'a>(&'a self, session: &'a Session) -> BackendFuture<'a, DeskConversation> {
        self.switch.pass(self.desk.open_conversation(session))
    }

    fn open_conversation_with<'a>(
        &'a self,
        session: &'a Session,
        context: &'a ConversationContext,
    ) -> BackendFuture<'a, DeskConversation> {
        self.switch.pass(self.desk.open_conversation_with(session, context))
    }

    fn send_message<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        message: &'a OutgoingMessage,
    ) -> BackendFuture<'a, DeskMessage> {
        self.switch.pass(self.desk.send_message(session, conversation, message))
    }

    fn send_files<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        message: &'a OutgoingMessage,
        files: &'a [OutgoingFile],
        departure: Arc<dyn Departure>,
    ) -> BackendFuture<'a, DeskMessage> {
        self.switch.pass(self.desk.send_files(session, conversation, message, files, departure))
    }

    fn fetch_file<'a>(
        &'a self,
        session: &'a Session,
        url: &'a str,
        resume: Option<&'a Resume>,
    ) -> BackendFuture<'a, Box<dyn IncomingFile>> {
        Box::pin(async move {
            let file = self.switch.pass(self.desk.fetch_file(session, url, resume)).await?;
            Ok(Box::new(Behind { what: file, switch: self.switch.clone() }) as Box<dyn IncomingFile>)
        })
    }

    fn answer<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        message: DeskMessageId,
        answer: &'a Answer,
    ) -> BackendFuture<'a, ()> {
        self.switch.pass(self.desk.answer(session, conversation, message, answer))
    }

    fn set_typing<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        typing: bool,
    ) -> BackendFuture<'a, ()> {
        self.switch.pass(self.desk.set_typing(session, conversation, typing))
    }

    fn mark_seen<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
    ) -> BackendFuture<'a, Option<Timestamp>> {
        self.switch.pass(self.desk.mark_seen(session, conversation))
    }

    fn resolve<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
    ) -> BackendFuture<'a, ConversationStatus> {
        self.switch.pass(self.desk.resolve(session, conversation))
    }

    fn connect<'a>(&'a self, session: &'a Session) -> BackendFuture<'a, Box<dyn Realtime>> {
        Box::pin(async move {
            let realtime = self.switch.pass(self.desk.connect(session)).await?;
            Ok(Box::new(Behind { what: realtime, switch: self.switch.clone() }) as Box<dyn Realtime>)
        })
    }

    fn help_center(&self) -> Option<&dyn HelpCenterBackend> {
        self.desk.help_center().map(|_| self as &dyn HelpCenterBackend)
    }
}

/// What a desk gave, still behind the switch.
struct Behind<T> {
    what: T,
    switch: Switch,
}

impl Realtime for Behind<Box<dyn Realtime>> {
    fn next(&mut self) -> BackendFuture<'_, RealtimeEvent> {
        self.switch.pass(self.what.next())
    }

    fn announce_presence(&mut self) -> BackendFuture<'_, ()> {
        self.switch.pass(self.what.announce_presence())
    }
}

impl IncomingFile for Behind<Box<dyn IncomingFile>> {
    fn head(&self) -> &FileHead {
        self.what.head()
    }

    fn next(&mut self) -> BackendFuture<'_, Option<bytes::Bytes>> {
        self.switch.pass(self.what.next())
    }
}

impl<B: Backend> Switched<B> {
    fn help<'a, T: Send + 'a>(
        &'a self,
        ask: impl FnOnce(&'a dyn HelpCenterBackend) -> BackendFuture<'a, T>,
    ) -> BackendFuture<'a, T> {
        match self.desk.help_center() {
            Some(help) => self.switch.pass(ask(help)),
            None => Box::pin(async { Err(BackendError::refused(Fault::Unsupported, "no help centre")) }),
        }
    }
}

impl<B: Backend> HelpCenterBackend for Switched<B> {
    fn portal<'a>(
        &'a self,
        portal: &'a str,
        locale: &'a str,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<DeskPortal>> {
        self.help(|help| help.portal(portal, locale, validator))
    }

    fn articles<'a>(
        &'a self,
        portal: &'a str,
        locale: &'a str,
        page: u32,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<DeskArticlePage>> {
        self.help(|help| help.articles(portal, locale, page, validator))
    }

    fn article<'a>(
        &'a self,
        portal: &'a str,
        slug: &'a str,
        locale: Option<&'a str>,
    ) -> BackendFuture<'a, Option<DeskArticle>> {
        self.help(|help| help.article(portal, slug, locale))
    }

    fn article_list<'a>(
        &'a self,
        portal: &'a str,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<Vec<ListedArticle>>> {
        self.help(|help| help.article_list(portal, validator))
    }

    fn count_view<'a>(&'a self, portal: &'a str, article: &'a DeskArticleName) -> BackendFuture<'a, ()> {
        self.help(|help| help.count_view(portal, article))
    }

    fn vote<'a>(&'a self, session: &'a Session, vote: &'a OutgoingVote) -> BackendFuture<'a, ()> {
        self.help(|help| help.vote(session, vote))
    }

    fn picture<'a>(&'a self, url: &'a str, max_bytes: usize) -> BackendFuture<'a, Vec<u8>> {
        self.help(|help| help.picture(url, max_bytes))
    }

    fn article_url(&self, portal: &str, article: &DeskArticleName) -> Option<String> {
        self.desk.help_center()?.article_url(portal, article)
    }

    fn article_of_url(&self, portal: &str, url: &str) -> Option<String> {
        self.desk.help_center()?.article_of_url(portal, url)
    }
}
