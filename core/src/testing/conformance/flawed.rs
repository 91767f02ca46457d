//! Desks that break one promise each: the suite must find every one, or a check has lost its teeth.

use std::{collections::VecDeque, sync::Arc};

use super::MemoryRig;
use crate::{
    backend::{
        Backend, BackendError, BackendFuture, Capabilities, Departure, DeskConversation, DeskInfo, DeskMessage,
        Establish, Fault, Fetched, FileHead, Happened, HelpCenterBackend, IncomingFile, OutgoingFile, OutgoingMessage,
        Page, Realtime, RealtimeEvent, Resume, Secret, Session,
    },
    model::{
        Answer, Author, Content, ConversationStatus, CustomerProfile, DeskConversationId, DeskMessageId, Identity,
        Timestamp,
    },
    testing::memory::MemoryDesk,
};

/// What is wrong, with the check that must find it.
pub(super) const FLAWS: &[(Flaw, &str)] = &[
    (Flaw::ForgetsKeys, "establishing_twice_with_one_key_gives_one_session"),
    (Flaw::VerifiesEverybody, "anonymous_session_is_not_verified"),
    (Flaw::NeverVerifies, "right_proof_gives_a_verified_session"),
    (Flaw::RejectsUnclearly, "wrong_proof_is_rejected_and_nothing_happened"),
    (Flaw::RejectsUnclearly, "unknown_conversation_is_gone"),
    (Flaw::RejectsUnclearly, "text_over_the_limit_is_refused_and_did_not_happen"),
    (Flaw::ClearsProfiles, "profile_reaches_the_agents_and_what_is_left_out_stays"),
    (Flaw::MistakesWhatIsGone, "forgotten_session_is_gone_for_every_call"),
    (Flaw::MistakesWhatIsGone, "unknown_conversation_is_gone"),
    (Flaw::MistakesWhatIsGone, "answer_to_an_unknown_message_is_told"),
    (Flaw::MistakesWhatIsGone, "connecting_with_a_forgotten_session_is_told"),
    (Flaw::ListsEverybodys, "two_customers_see_nothing_of_each_other"),
    (Flaw::ListsEverybodys, "same_identifier_without_proof_sees_nothing"),
    (Flaw::ListsOldestMessages, "list_holds_every_conversation_with_its_newest_messages"),
    (Flaw::AlwaysUnchanged, "list_is_unchanged_until_something_changes"),
    (Flaw::AlwaysUnchanged, "page_is_unchanged_until_something_changes"),
    (Flaw::NeverUnchanged, "list_is_unchanged_until_something_changes"),
    (Flaw::NewestFirst, "pages_cover_everything_once_and_in_order"),
    (Flaw::BeforeIsIncluded, "page_before_the_first_message_is_empty"),
    (Flaw::BeforeIsIncluded, "pages_cover_everything_once_and_in_order"),
    (Flaw::NeverOlder, "pages_cover_everything_once_and_in_order"),
    (Flaw::AlwaysOlder, "new_conversation_has_nothing_older"),
    (Flaw::SendsTwice, "same_text_twice_is_two_messages"),
    (Flaw::EscapesText, "texts_of_every_kind_come_back_to_the_letter"),
    (Flaw::CutsText, "longest_text_is_taken"),
    (Flaw::LeavesUnasked, "message_that_is_withdrawn_at_the_last_moment_never_arrives"),
    (Flaw::ForgetsNames, "file_with_a_hard_name_is_found_again"),
    (Flaw::MistakesThePart, "fetched_file_goes_on_from_its_middle"),
    (Flaw::MistakesThePart, "fetched_file_of_another_version_comes_whole"),
    (Flaw::AllIsTheCustomers, "words_of_the_agent_come_with_their_author"),
    (Flaw::FirstAnswerStands, "select_is_answered_and_the_last_answer_stands"),
    (Flaw::FirstAnswerStands, "form_is_answered"),
    (Flaw::FirstAnswerStands, "survey_is_answered"),
    (Flaw::TogglesStatus, "resolving_twice_ends_it"),
    (Flaw::TypingFails, "typing_twice_reaches_the_agents"),
    (Flaw::ListensLate, "connection_tells_of_a_new_message"),
    (Flaw::ForgetsEchoes, "own_message_is_told_with_its_key"),
    (Flaw::LosesDroppedEvents, "asking_for_events_and_turning_away_loses_none"),
    (Flaw::TellsNoChanges, "connection_tells_of_an_edit"),
    (Flaw::TellsNoChanges, "connection_tells_of_a_deletion"),
    (Flaw::HoldsDeadConnections, "lost_connection_is_told_and_can_be_made_again"),
    (Flaw::LosesArticles, "pages_list_and_slugs_cover_every_article"),
    (Flaw::UnawareOfPresence, "announced_customer_hears_whether_agents_are_there"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    LeavesUnasked,
    ForgetsNames,
    MistakesThePart,
    ForgetsKeys,
    VerifiesEverybody,
    NeverVerifies,
    RejectsUnclearly,
    ClearsProfiles,
    MistakesWhatIsGone,
    ListsEverybodys,
    ListsOldestMessages,
    AlwaysUnchanged,
    NeverUnchanged,
    NewestFirst,
    BeforeIsIncluded,
    NeverOlder,
    AlwaysOlder,
    SendsTwice,
    EscapesText,
    CutsText,
    AllIsTheCustomers,
    FirstAnswerStands,
    TogglesStatus,
    TypingFails,
    ListensLate,
    ForgetsEchoes,
    LosesDroppedEvents,
    TellsNoChanges,
    HoldsDeadConnections,
    UnawareOfPresence,
    LosesArticles,
}

/// A good desk behind a bad adapter.
pub(super) fn rig(flaw: Flaw) -> MemoryRig {
    let desk = MemoryDesk::with(|options| {
        options.capabilities.max_message_chars = 100;
        // Its pages miss some, and it has no list that would name them.
        options.pages_overlap = flaw == Flaw::LosesArticles;
        options.capabilities.article_list &= flaw != Flaw::LosesArticles;
    });
    MemoryRig { backend: Arc::new(Flawed { desk: desk.clone(), flaw }), desk }
}

struct Flawed {
    desk: MemoryDesk,
    flaw: Flaw,
}

impl Flawed {
    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    /// Says something wrong of what went wrong.
    fn fault<T>(&self, result: Result<T, BackendError>) -> Result<T, BackendError> {
        result.map_err(|mut error| {
            if self.has(Flaw::RejectsUnclearly) {
                error.happened = Happened::Maybe;
            }
            if self.has(Flaw::MistakesWhatIsGone) {
                error.fault = match error.fault {
                    Fault::SessionGone => Fault::ConversationGone,
                    Fault::ConversationGone => Fault::SessionGone,
                    Fault::MessageGone => Fault::ConversationGone,
                    other => other,
                };
            }
            error
        })
    }
}

impl Backend for Flawed {
    fn capabilities(&self) -> Capabilities {
        self.desk.capabilities()
    }

    fn help_center(&self) -> Option<&dyn HelpCenterBackend> {
        self.desk.help_center()
    }

    fn desk_info(&self) -> BackendFuture<'_, DeskInfo> {
        self.desk.desk_info()
    }

    fn establish<'a>(&'a self, request: &'a Establish) -> BackendFuture<'a, Session> {
        Box::pin(async move {
            let mut request = request.clone();
            if self.has(Flaw::ForgetsKeys) {
                request.key = Secret::new(super::bench::name("another"));
            }
            let mut session = self.fault(self.desk.establish(&request).await)?;
            session.verified |= self.has(Flaw::VerifiesEverybody);
            session.verified &= !self.has(Flaw::NeverVerifies);
            Ok(session)
        })
    }

    fn update_customer<'a>(
        &'a self,
        session: &'a Session,
        identity: Option<&'a Identity>,
        profile: &'a CustomerProfile,
    ) -> BackendFuture<'a, ()> {
        Box::pin(async move {
            let mut profile = profile.clone();
            if self.has(Flaw::ClearsProfiles) {
                profile.name = profile.name.or_else(|| Some(String::new()));
            }
            self.fault(self.desk.update_customer(session, identity, &profile).await)
        })
    }

    fn conversations<'a>(
        &'a self,
        session: &'a Session,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<Vec<DeskConversation>>> {
        Box::pin(async move {
            if validator.is_some() && self.has(Flaw::AlwaysUnchanged) {
                return Ok(Fetched::Unchanged);
            }
            let validator = validator.filter(|_| !self.has(Flaw::NeverUnchanged));
            let mut fetched = self.fault(self.desk.conversations(session, validator).await)?;
            if let Fetched::New { value, .. } = &mut fetched {
                if self.has(Flaw::ListsEverybodys) {
                    *value = self.desk.all_conversations();
                }
                if self.has(Flaw::ListsOldestMessages) {
                    value.iter_mut().for_each(|conversation| conversation.messages.truncate(1));
                }
            }
            Ok(fetched)
        })
    }

    fn messages<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        before: Option<DeskMessageId>,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<Page>> {
        Box::pin(async move {
            if validator.is_some() && self.has(Flaw::AlwaysUnchanged) {
                return Ok(Fetched::Unchanged);
            }
            let included = |id: DeskMessageId| DeskMessageId::new(id.get() + 1);
            let before = if self.has(Flaw::BeforeIsIncluded) { before.and_then(included) } else { before };
            let mut fetched = self.fault(self.desk.messages(session, conversation, before, validator).await)?;
            if let Fetched::New { value: page, .. } = &mut fetched {
                page.has_older |= self.has(Flaw::AlwaysOlder);
                page.has_older &= !self.has(Flaw::NeverOlder);
                if self.has(Flaw::NewestFirst) {
                    page.messages.reverse();
                }
                for message in &mut page.messages {
                    if self.has(Flaw::AllIsTheCustomers) {
                        message.author = Author::Customer;
                    }
                    if self.has(Flaw::EscapesText) {
                        message.content = Content::text(message.content.as_text().replace('<', "&lt;"));
                    }
                    if self.has(Flaw::CutsText) {
                        message.content = Content::text(message.content.as_text().chars().take(99).collect::<String>());
                    }
                }
            }
            Ok(fetched)
        })
    }

    fn open_conversation<'a>(&'a self, session: &'a Session) -> BackendFuture<'a, DeskConversation> {
        Box::pin(async move { self.fault(self.desk.open_conversation(session).await) })
    }

    fn send_message<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        message: &'a OutgoingMessage,
    ) -> BackendFuture<'a, DeskMessage> {
        Box::pin(async move {
            if self.has(Flaw::SendsTwice) {
                self.desk.send_message(session, conversation, message).await?;
            }
            self.fault(self.desk.send_message(session, conversation, message).await)
        })
    }

    fn send_files<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        message: &'a OutgoingMessage,
        files: &'a [OutgoingFile],
        departure: Arc<dyn Departure>,
    ) -> BackendFuture<'a, DeskMessage> {
        Box::pin(async move {
            let mut files = files.to_vec();
            if self.has(Flaw::ForgetsNames) {
                files.iter_mut().for_each(|file| file.name = "file".to_owned());
            }
            let departure: Arc<dyn Departure> =
                if self.has(Flaw::LeavesUnasked) { Arc::new(Unasked(departure)) } else { departure };
            self.fault(self.desk.send_files(session, conversation, message, &files, departure).await)
        })
    }

    fn fetch_file<'a>(
        &'a self,
        session: &'a Session,
        url: &'a str,
        resume: Option<&'a Resume>,
    ) -> BackendFuture<'a, Box<dyn IncomingFile>> {
        Box::pin(async move {
            let asked = resume.filter(|_| !self.has(Flaw::MistakesThePart));
            let inner = self.desk.fetch_file(session, url, asked).await?;
            let mut head = inner.head().clone();
            if let Some(resume) = resume {
                head.from = resume.from;
            }
            Ok(if self.has(Flaw::MistakesThePart) { Box::new(Mistaken { head, inner }) } else { inner })
        })
    }

    fn answer<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        message: DeskMessageId,
        answer: &'a Answer,
    ) -> BackendFuture<'a, ()> {
        Box::pin(async move {
            let kept = self.desk.all_messages(conversation).into_iter().find(|kept| kept.id == message);
            if self.has(Flaw::FirstAnswerStands) && kept.is_some_and(|kept| kept.content.answer().is_some()) {
                return Ok(());
            }
            self.fault(self.desk.answer(session, conversation, message, answer).await)
        })
    }

    fn set_typing<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
        typing: bool,
    ) -> BackendFuture<'a, ()> {
        Box::pin(async move {
            if self.has(Flaw::TypingFails) {
                return Err(BackendError::refused(Fault::Desk, "flawed"));
            }
            self.fault(self.desk.set_typing(session, conversation, typing).await)
        })
    }

    fn mark_seen<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
    ) -> BackendFuture<'a, Option<Timestamp>> {
        Box::pin(async move { self.fault(self.desk.mark_seen(session, conversation).await) })
    }

    fn resolve<'a>(
        &'a self,
        session: &'a Session,
        conversation: DeskConversationId,
    ) -> BackendFuture<'a, ConversationStatus> {
        Box::pin(async move {
            let kept = self.desk.all_conversations().into_iter().find(|kept| kept.id == conversation);
            if self.has(Flaw::TogglesStatus) && kept.is_some_and(|kept| kept.status == ConversationStatus::Resolved) {
                self.desk.set_status(conversation, ConversationStatus::Open);
                return Ok(ConversationStatus::Open);
            }
            self.fault(self.desk.resolve(session, conversation).await)
        })
    }

    fn connect<'a>(&'a self, session: &'a Session) -> BackendFuture<'a, Box<dyn Realtime>> {
        Box::pin(async move {
            let inner = match self.flaw {
                Flaw::ListensLate => None,
                _ => Some(self.fault(self.desk.connect(session).await)?),
            };
            let known = VecDeque::new();
            let line: Box<dyn Realtime> = Box::new(FlawedLine {
                desk: self.desk.clone(),
                session: session.clone(),
                flaw: self.flaw,
                inner,
                known,
            });
            Ok(line)
        })
    }
}

/// Lets everything leave.
struct Unasked(Arc<dyn Departure>);

impl Departure for Unasked {
    fn left(&self, file: usize, bytes: u64) {
        self.0.left(file, bytes);
    }

    fn commit(&self) -> std::pin::Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        Box::pin(async { true })
    }
}

/// Calls the whole the rest.
struct Mistaken {
    head: FileHead,
    inner: Box<dyn IncomingFile>,
}

impl IncomingFile for Mistaken {
    fn head(&self) -> &FileHead {
        &self.head
    }

    fn next(&mut self) -> BackendFuture<'_, Option<bytes::Bytes>> {
        self.inner.next()
    }
}

struct FlawedLine {
    desk: MemoryDesk,
    session: Session,
    flaw: Flaw,
    inner: Option<Box<dyn Realtime>>,
    /// The messages told so far.
    known: VecDeque<(DeskMessageId, Timestamp)>,
}

impl Realtime for FlawedLine {
    fn next(&mut self) -> BackendFuture<'_, RealtimeEvent> {
        Box::pin(async move {
            let inner = match &mut self.inner {
                Some(inner) => inner,
                empty => empty.insert(self.desk.connect(&self.session).await?),
            };
            loop {
                let mut event = match inner.next().await {
                    Err(_) if self.flaw == Flaw::HoldsDeadConnections => std::future::pending().await,
                    other => other?,
                };
                if self.flaw == Flaw::LosesDroppedEvents {
                    // It has left the queue, and waits in a future that may be dropped.
                    tokio::task::yield_now().await;
                }
                if let RealtimeEvent::Message(message) = &mut event {
                    if self.flaw == Flaw::ForgetsEchoes {
                        message.echo = None;
                    }
                    let known = self.known.iter().any(|(id, _)| *id == message.id);
                    self.known.push_back((message.id, message.created_at));
                    if self.flaw == Flaw::TellsNoChanges && known {
                        continue;
                    }
                }
                return Ok(event);
            }
        })
    }

    fn announce_presence(&mut self) -> BackendFuture<'_, ()> {
        match &mut self.inner {
            Some(inner) if self.flaw != Flaw::UnawareOfPresence => inner.announce_presence(),
            _ => Box::pin(async { Ok(()) }),
        }
    }
}
