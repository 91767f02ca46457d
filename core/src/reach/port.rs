//! The port, watched: every request of a client reports how it ended.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use super::{Reach, Way};
use crate::{
    backend::{
        Backend, BackendError, BackendFuture, Capabilities, ConversationContext, Departure, DeskArticle,
        DeskArticleName, DeskArticlePage, DeskConversation, DeskInfo, DeskMessage, DeskNotices, DeskPortal, Establish,
        Fault, Fetched, HelpCenterBackend, IncomingFile, ListedArticle, OutgoingFile, OutgoingMessage, OutgoingVote,
        Owner, Page, Realtime, Resume, Session,
    },
    model::{Answer, ConversationStatus, CustomerProfile, DeskConversationId, DeskMessageId, Identity, Timestamp},
};

/// A desk whose every answer and failure [`Reach`] hears of. Changes nothing else.
pub(crate) struct Watched {
    desk: Arc<dyn Backend>,
    reach: Reach,
}

/// A request under way.
struct Noted<'a, T> {
    request: BackendFuture<'a, T>,
    reach: &'a Reach,
    way: Way,
    begun: u64,
}

impl<T> Future for Noted<'_, T> {
    type Output = Result<T, BackendError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let result = ready!(self.request.as_mut().poll(context));
        self.reach.ended(self.way, self.begun, result.as_ref().err().map(|error| &error.fault));
        Poll::Ready(result)
    }
}

impl Watched {
    pub(crate) fn new(desk: Arc<dyn Backend>, reach: Reach) -> Self {
        Self { desk, reach }
    }

    fn note<'a, T: 'a>(&'a self, way: Way, request: BackendFuture<'a, T>) -> BackendFuture<'a, T> {
        Box::pin(Noted { request, reach: &self.reach, way, begun: self.reach.mark() })
    }

    /// A request of the help centre.
    fn help<'a, T: Send + 'a>(
        &'a self,
        way: Way,
        request: impl FnOnce(&'a dyn HelpCenterBackend) -> BackendFuture<'a, T>,
    ) -> BackendFuture<'a, T> {
        match self.desk.help_center() {
            Some(help) => self.note(way, request(help)),
            None => Box::pin(async { Err(BackendError::refused(Fault::Unsupported, "no help centre")) }),
        }
    }
}

impl Backend for Watched {
    fn capabilities(&self) -> Capabilities {
        self.desk.capabilities()
    }

    fn desk_info(&self) -> BackendFuture<'_, DeskInfo> {
        self.note(Way::Desk, self.desk.desk_info())
    }

    fn establish<'a>(&'a self, request: &'a Establish) -> BackendFuture<'a, Session> {
        self.note(Way::Desk, self.desk.establish(request))
    }

    fn update_customer<'a>(
        &'a self,
        session: &'a Session,
        identity: Option<&'a Identity>,
        profile: &'a CustomerProfile,
    ) -> BackendFuture<'a, ()> {
        self.note(Way::Desk, self.desk.update_customer(session, identity, profile))
    }

    fn owner(&self, session: &Session, identity: &Identity) -> Owner {
        self.desk.owner(session, identity)
    }

    fn notices(&self) -> BackendFuture<'_, Option<DeskNotices>> {
        self.note(Way::Part, self.desk.notices())
    }

    fn conversations<'a>(
        &'a self,
        session: &'a Session,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<Vec<DeskConversation>>> {
        self.note(Way::Part, self.desk.conversations(session, validator))
    }

    fn messages<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        before: Option<DeskMessageId>,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<Page>> {
        self.note(Way::Desk, self.desk.messages(session, conversation, before, validator))
    }

    fn open_conversation<'a>(&'a self, session: &'a Session) -> BackendFuture<'a, DeskConversation> {
        self.note(Way::Desk, self.desk.open_conversation(session))
    }

    fn open_conversation_with<'a>(
        &'a self,
        session: &'a Session,
        context: &'a ConversationContext,
    ) -> BackendFuture<'a, DeskConversation> {
        self.note(Way::Desk, self.desk.open_conversation_with(session, context))
    }

    fn send_message<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        message: &'a OutgoingMessage,
    ) -> BackendFuture<'a, DeskMessage> {
        self.note(Way::Desk, self.desk.send_message(session, conversation, message))
    }

    fn send_files<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        message: &'a OutgoingMessage,
        files: &'a [OutgoingFile],
        departure: Arc<dyn Departure>,
    ) -> BackendFuture<'a, DeskMessage> {
        self.note(Way::Desk, self.desk.send_files(session, conversation, message, files, departure))
    }

    fn fetch_file<'a>(
        &'a self,
        session: &'a Session,
        url: &'a str,
        resume: Option<&'a Resume>,
    ) -> BackendFuture<'a, Box<dyn IncomingFile>> {
        self.note(Way::File, self.desk.fetch_file(session, url, resume))
    }

    fn answer<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        message: DeskMessageId,
        answer: &'a Answer,
    ) -> BackendFuture<'a, ()> {
        self.note(Way::Desk, self.desk.answer(session, conversation, message, answer))
    }

    fn set_typing<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        typing: bool,
    ) -> BackendFuture<'a, ()> {
        self.note(Way::Desk, self.desk.set_typing(session, conversation, typing))
    }

    fn mark_seen<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
    ) -> BackendFuture<'a, Option<Timestamp>> {
        self.note(Way::Desk, self.desk.mark_seen(session, conversation))
    }

    fn resolve<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
    ) -> BackendFuture<'a, ConversationStatus> {
        self.note(Way::Desk, self.desk.resolve(session, conversation))
    }

    fn connect<'a>(&'a self, session: &'a Session) -> BackendFuture<'a, Box<dyn Realtime>> {
        self.note(Way::Socket, self.desk.connect(session))
    }

    fn help_center(&self) -> Option<&dyn HelpCenterBackend> {
        self.desk.help_center().map(|_| -> &dyn HelpCenterBackend { self })
    }
}

impl HelpCenterBackend for Watched {
    fn portal<'a>(
        &'a self,
        portal: &'a str,
        locale: &'a str,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<DeskPortal>> {
        self.help(Way::Part, |help| help.portal(portal, locale, validator))
    }

    fn articles<'a>(
        &'a self,
        portal: &'a str,
        locale: &'a str,
        page: u32,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<DeskArticlePage>> {
        self.help(Way::Part, |help| help.articles(portal, locale, page, validator))
    }

    fn article<'a>(
        &'a self,
        portal: &'a str,
        slug: &'a str,
        locale: Option<&'a str>,
    ) -> BackendFuture<'a, Option<DeskArticle>> {
        self.help(Way::Part, |help| help.article(portal, slug, locale))
    }

    fn article_list<'a>(
        &'a self,
        portal: &'a str,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<Vec<ListedArticle>>> {
        self.help(Way::Part, |help| help.article_list(portal, validator))
    }

    fn count_view<'a>(&'a self, portal: &'a str, article: &'a DeskArticleName) -> BackendFuture<'a, ()> {
        self.help(Way::Part, |help| help.count_view(portal, article))
    }

    fn vote<'a>(&'a self, session: &'a Session, vote: &'a OutgoingVote) -> BackendFuture<'a, ()> {
        self.help(Way::Part, |help| help.vote(session, vote))
    }

    fn picture<'a>(&'a self, url: &'a str, max_bytes: usize) -> BackendFuture<'a, Vec<u8>> {
        self.help(Way::File, |help| help.picture(url, max_bytes))
    }

    fn article_url(&self, portal: &str, article: &DeskArticleName) -> Option<String> {
        self.desk.help_center()?.article_url(portal, article)
    }

    fn article_of_url(&self, portal: &str, url: &str) -> Option<String> {
        self.desk.help_center()?.article_of_url(portal, url)
    }
}
