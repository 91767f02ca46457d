//! The agent's side.

use super::{
    MemoryDesk,
    state::{State, agent},
};
use crate::{
    backend::{Capabilities, DeskChannel, DeskConversation, DeskMessage, DeskNotices, RealtimeEvent, Session},
    model::{
        Author, Availability, Content, ConversationStatus, CustomerProfile, DeskConversationId, DeskMessageId,
        Identity, ProfileField,
    },
};

#[allow(clippy::expect_used, reason = "a test that names what is not there has a mistake of its own")]
impl MemoryDesk {
    /// Says something as the agent.
    ///
    /// # Panics
    /// Where there is no such conversation.
    pub fn agent_says(&self, conversation: DeskConversationId, text: &str) -> DeskMessageId {
        self.agent_writes(conversation, Content::text(text))
    }

    /// Writes anything as the agent: a question with choices, a form, a survey.
    ///
    /// # Panics
    /// Where there is no such conversation.
    pub fn agent_writes(&self, conversation: DeskConversationId, content: Content) -> DeskMessageId {
        let author = Author::Agent { agent: Some(agent()) };
        self.change(|state| state.add(conversation, author, content, None)).expect("no such conversation").id
    }

    /// Adds many of the agent's messages in one go, `message 1` first.
    pub fn agent_says_many(&self, conversation: DeskConversationId, count: usize) -> Vec<DeskMessageId> {
        (1..=count).map(|number| self.agent_says(conversation, &format!("message {number}"))).collect()
    }

    /// Opens a conversation for a customer, as an agent does who writes first.
    ///
    /// # Panics
    /// Where there is no such session.
    pub fn open_for(&self, session: &Session) -> DeskConversationId {
        self.change(|state| state.open(session)).expect("no such session").id
    }

    /// Keeps one conversation for each customer from now on: opening another answers with the newest that there is.
    pub fn keep_single_conversation(&self) {
        self.change(|state| state.options.single_conversation = true);
    }

    /// Says that a conversation is in that channel.
    pub fn move_to(&self, conversation: DeskConversationId, channel: DeskChannel) -> bool {
        self.change(|state| state.change(conversation, |row| row.channel = Some(channel)))
    }

    /// Changes a message's words.
    pub fn edit(&self, message: DeskMessageId, text: &str) -> bool {
        self.change(|state| state.change_message(message, |row| row.content = Content::text(text)))
    }

    /// Takes a message back: the desk's notice stands in its place.
    pub fn delete(&self, message: DeskMessageId) -> bool {
        self.change(|state| {
            state.change_message(message, |row| {
                row.content = Content::text("This message was deleted");
                row.attachments.clear();
                row.deleted = true;
            })
        })
    }

    /// Changes anything of a message, and tells of it.
    pub fn alter(&self, message: DeskMessageId, change: impl FnOnce(&mut DeskMessage)) -> bool {
        self.change(|state| state.change_message(message, change))
    }

    /// Types, or stops.
    pub fn agent_types(&self, conversation: DeskConversationId, typing: bool) {
        self.change(|state| {
            let (name, after) = (Some(agent().name), state.newest(conversation));
            state.tell(conversation, RealtimeEvent::Typing { conversation, typing, name, after });
        });
    }

    /// Looks at a conversation as the customer on another phone.
    pub fn customer_sees_elsewhere(&self, conversation: DeskConversationId) -> bool {
        self.change(|state| {
            let now = state.later();
            state.change(conversation, |row| row.customer_seen_at = Some(now))
        })
    }

    /// Looks at a conversation.
    pub fn agent_sees(&self, conversation: DeskConversationId) -> bool {
        self.change(|state| {
            let now = state.later();
            state.change(conversation, |row| row.agent_seen_at = Some(now))
        })
    }

    /// Ends a conversation.
    pub fn resolve_as_agent(&self, conversation: DeskConversationId) -> bool {
        self.set_status(conversation, ConversationStatus::Resolved)
    }

    /// Sets where a conversation stands.
    pub fn set_status(&self, conversation: DeskConversationId, status: ConversationStatus) -> bool {
        self.change(|state| state.set_status(conversation, status))
    }

    /// Whether agents are there. Told to those who announce their presence.
    pub fn set_availability(&self, availability: Availability) {
        self.change(|state| state.availability = availability);
    }

    /// All conversations with all their messages, keys of senders included.
    pub fn all_conversations(&self) -> Vec<DeskConversation> {
        self.look(State::everything)
    }

    /// All messages of a conversation, oldest first.
    pub fn all_messages(&self, conversation: DeskConversationId) -> Vec<DeskMessage> {
        let found = self.all_conversations().into_iter().find(|row| row.id == conversation);
        found.map(|row| row.messages).unwrap_or_default()
    }

    /// What the customers wrote, in the order that it came in.
    pub fn texts_of_customers(&self) -> Vec<String> {
        let mut messages: Vec<DeskMessage> =
            self.all_conversations().into_iter().flat_map(|conversation| conversation.messages).collect();
        messages.sort_by_key(|message| message.id);
        let own = messages.iter().filter(|message| message.author.is_customer());
        own.map(|message| message.content.as_text().to_owned()).collect()
    }

    /// Customers' typing, in order.
    pub fn typing_seen(&self) -> Vec<(DeskConversationId, bool)> {
        self.look(|state| state.typing.clone())
    }

    /// What the desk knows of a customer.
    pub fn profile(&self, session: &Session) -> Option<CustomerProfile> {
        self.look(|state| state.profile(session.key.expose()))
    }

    /// The identifier that the agents see behind a session.
    pub fn identifier(&self, session: &Session) -> Option<String> {
        self.look(|state| state.identifier(session.key.expose()))
    }

    /// Every contact: its identifier, and what the agents see of it.
    pub fn people(&self) -> Vec<(Option<String>, CustomerProfile)> {
        self.look(State::people)
    }

    /// Adds a contact that came by another channel.
    pub fn add_person(&self, profile: CustomerProfile) {
        self.change(|state| state.add_contact(profile));
    }

    /// Changes what is known of a customer, as an agent does.
    pub fn agent_changes_profile(&self, session: &Session, change: impl FnOnce(&mut CustomerProfile)) {
        self.change(|state| state.change_profile(session.key.expose(), change));
    }

    /// Refuses every value of this field, in these words; `None` takes it again.
    pub fn refuse_field(&self, field: ProfileField, reason: Option<&str>) {
        self.change(|state| match reason {
            Some(reason) => drop(state.contacts.refused.insert(field, reason.to_owned())),
            None => drop(state.contacts.refused.remove(&field)),
        });
    }

    /// What the desk's version leaves open.
    pub fn set_notices(&self, notices: Option<DeskNotices>) {
        self.change(|state| state.contacts.notices = notices);
    }

    /// Every session there is.
    pub fn sessions(&self) -> Vec<Session> {
        self.look(State::sessions)
    }

    /// Changes what the desk says that it can do.
    pub fn can(&self, change: impl FnOnce(&mut Capabilities)) {
        self.change(|state| change(&mut state.options.capabilities));
    }

    /// Whether it tells times: see [`MemoryOptions::tells_times`](super::MemoryOptions::tells_times).
    pub fn tells_times(&self, tells: bool) {
        self.change(|state| state.options.tells_times = tells);
    }

    /// How many realtime connections are open.
    pub fn connections(&self) -> usize {
        self.look(State::connections)
    }

    /// The identity that the merchant's server would hand out: with the proof that this desk accepts.
    ///
    /// ```
    /// use shopbell::testing::memory::MemoryDesk;
    /// assert_eq!(MemoryDesk::identity("customer-7").hash().map(str::len), Some(64));
    /// ```
    pub fn identity(identifier: &str) -> Identity {
        Identity::new(identifier).with_hash(State::proof(identifier))
    }

    /// Turns an identifier away, whatever its proof.
    pub fn refuse_identity(&self, identifier: &str) {
        self.change(|state| state.refused.insert(identifier.to_owned()));
    }

    /// Takes it again.
    pub fn accept_identity(&self, identifier: &str) {
        self.change(|state| state.refused.remove(identifier));
    }

    /// Wants a proof of everybody, or no longer.
    pub fn require_proof(&self, required: bool) {
        self.change(|state| state.proof_required = required);
    }

    /// Forgets a session and its conversations, as a desk's clean-up does.
    pub fn purge(&self, session: &Session) {
        self.change(|state| state.purge(session.key.expose()));
    }

    /// Forgets every session.
    pub fn purge_all(&self) {
        self.change(State::purge_all);
    }

    /// Forgets a conversation.
    pub fn purge_conversation(&self, conversation: DeskConversationId) {
        self.change(|state| state.purge_conversation(conversation));
    }
}
