//! The agent's side in process: what the agent routes do, without HTTP, and a look at everything.

mod views;

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use crate::{
    channel::OtherInbox,
    domain::{Draft, Upload},
    request_log::RequestLog,
    settings::Settings,
    shared::Shared,
    state::tables::{INCOMING, Object, Sender, Status},
    views::AGENT_NAME,
};

pub use self::views::{ContactView, ConversationView, MessageView};
use self::views::{look_at, look_at_contact};

/// The agent's side of a running sandbox; a cheap clone. Each method does what the agent route does, broadcasts
/// included, and returns when it is done. An id that does not exist does nothing and gives 0.
#[derive(Debug, Clone)]
pub struct Desk {
    pub(crate) shared: Arc<Shared>,
}

impl Desk {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// All conversations, by number.
    pub fn conversations(&self) -> Vec<ConversationView> {
        self.shared.read(|state| state.tables.conversations.values().map(|row| look_at(state, row)).collect())
    }

    /// One conversation.
    pub fn conversation(&self, id: u64) -> Option<ConversationView> {
        self.shared.read(|state| state.conversation(id).map(|row| look_at(state, row)))
    }

    /// All contacts, by number.
    pub fn contacts(&self) -> Vec<ContactView> {
        self.shared
            .read(|state| state.tables.contacts.values().map(|contact| look_at_contact(state, contact)).collect())
    }

    /// Answers as the agent; gives the message's id.
    pub fn reply(&self, conversation: u64, text: &str) -> u64 {
        self.say(conversation, Draft::outgoing(Sender::Agent, text.to_owned()))
    }

    /// Answers with a rich message. Unlike the agent route it takes malformed attributes, for tests of a client's
    /// tolerance.
    pub fn reply_rich(&self, conversation: u64, content_type: &str, text: &str, content_attributes: Value) -> u64 {
        let draft = Draft::outgoing(Sender::Agent, text.to_owned());
        self.say(conversation, draft.rich(content_type, content_attributes))
    }

    /// Answers with a file, as its name and type say; gives the message's id.
    pub fn reply_with_file(
        &self,
        conversation: u64,
        text: &str,
        name: &str,
        content_type: &str,
        bytes: impl Into<Bytes>,
    ) -> u64 {
        let file = Upload { name: name.to_owned(), content_type: Some(content_type.to_owned()), bytes: bytes.into() };
        let draft = Draft::outgoing(Sender::Agent, text.to_owned());
        self.say(conversation, Draft { files: vec![file], ..draft })
    }

    /// The bytes of a message's files, in order.
    pub fn files(&self, message: u64) -> Vec<Bytes> {
        self.shared.read(|state| {
            let files = state.message(message).map(|row| row.attachments.clone()).unwrap_or_default();
            files.iter().filter_map(|file| state.blobs.get(&file.key)).collect()
        })
    }

    /// Writes a note among agents, which no customer sees.
    pub fn note(&self, conversation: u64, text: &str) -> u64 {
        self.say(conversation, Draft { private: true, ..Draft::outgoing(Sender::Agent, text.to_owned()) })
    }

    /// Changes a message's text, as an edit in another channel does. No agent can do it: the desk's own route ignores
    /// new words.
    pub fn edit(&self, message: u64, text: &str) {
        self.shared.write(|state| state.change_message(message, |row| row.content = Some(text.to_owned())));
    }

    /// Takes a message back.
    pub fn delete(&self, message: u64) {
        self.shared.write(|state| state.delete_message(message));
    }

    /// Marks an agent's message as failed: `status: failed` and `content_attributes.external_error`, as a failing
    /// webhook of the inbox leaves every one.
    pub fn fail(&self, message: u64, error: &str) {
        self.shared.write(|state| state.fail_message(message, error));
    }

    /// Shows the agent typing, or no longer.
    pub fn set_typing(&self, conversation: u64, on: bool) {
        self.type_as_agent(conversation, on, false);
    }

    /// Shows the agent typing a private note, or no longer. The desk tells the customer of that too, with
    /// `is_private: true`.
    pub fn set_typing_note(&self, conversation: u64, on: bool) {
        self.type_as_agent(conversation, on, true);
    }

    /// Marks a conversation as seen by the agent.
    pub fn mark_seen(&self, conversation: u64) {
        self.shared.write(|state| state.agent_saw(conversation));
    }

    /// Resolves a conversation; a job then asks for a rating.
    pub fn resolve(&self, conversation: u64) {
        self.set_status(conversation, Status::Resolved);
    }

    /// Opens a conversation again.
    pub fn reopen(&self, conversation: u64) {
        self.set_status(conversation, Status::Open);
    }

    /// Puts a conversation aside; the customer's next message wakes it.
    pub fn snooze(&self, conversation: u64) {
        self.set_status(conversation, Status::Snoozed);
    }

    /// Assigns a conversation to the agent, or to nobody. This, as each of the three below, sends one
    /// `conversation.updated`.
    pub fn assign(&self, conversation: u64, to_agent: bool) {
        self.shared.write(|state| state.assign(conversation, to_agent));
    }

    /// Replaces a conversation's labels.
    pub fn set_labels(&self, conversation: u64, labels: &[&str]) {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        self.shared.write(|state| state.set_labels(conversation, labels));
    }

    /// Sets a conversation's priority: `low`, `medium`, `high`, `urgent` or none.
    pub fn set_priority(&self, conversation: u64, priority: Option<&str>) {
        self.shared.write(|state| state.set_priority(conversation, priority.map(str::to_owned)));
    }

    /// Replaces a conversation's custom attributes; anything but an object is an empty one.
    pub fn set_conversation_attributes(&self, conversation: u64, attributes: Value) {
        let attributes = if let Value::Object(attributes) = attributes { attributes } else { Object::new() };
        self.shared.write(|state| state.change_conversation(conversation, |row| row.custom_attributes = attributes));
    }

    /// Sets the agent to `online`, `busy` or `offline`. Customers hear of it only when they ask on the cable.
    pub fn set_agent_availability(&self, status: &str) {
        self.shared.read(|state| status.clone_into(&mut state.availability));
    }

    /// Opens or closes the agent's dashboard. Presence holds only agents whose dashboard is open.
    pub fn set_dashboard_open(&self, open: bool) {
        self.shared.read(|state| state.dashboard_open = open);
    }

    /// Blocks a customer, or lets one in again.
    pub fn set_blocked(&self, contact: u64, blocked: bool) {
        self.shared.write(|state| state.set_blocked(contact, blocked));
    }

    /// Adds many agent's messages at once, untold and outside the flood limit: what a customer missed.
    pub fn bulk_messages(&self, conversation: u64, count: usize) {
        self.shared.write(|state| state.add_bulk(conversation, count));
    }

    /// Begins a conversation with a customer; gives its id, or 0 if there is no such session.
    pub fn start_conversation(&self, source_id: &str, text: &str) -> u64 {
        self.shared.write(|state| {
            let Some(session) = state.session(source_id).cloned() else { return 0 };
            let id = state.add_conversation(&session, serde_json::Map::new());
            let draft = Draft::outgoing(Sender::Agent, text.to_owned());
            state.create_message(id, draft).map_or(0, |_| id)
        })
    }

    /// Begins a conversation with a customer by e-mail, which a verified session lists as well.
    pub fn start_conversation_elsewhere(&self, source_id: &str, text: &str) -> u64 {
        self.start_conversation_in(&OtherInbox::email(), source_id, text)
    }

    /// Begins a conversation with a customer in another inbox, which a verified session lists as well; gives its id, or
    /// 0 if there is no such session.
    pub fn start_conversation_in(&self, inbox: &OtherInbox, source_id: &str, text: &str) -> u64 {
        self.shared.write(|state| {
            let Some(session) = state.session(source_id).cloned() else { return 0 };
            let id = state.add_foreign_conversation(&session, inbox);
            let draft = Draft::outgoing(Sender::Agent, text.to_owned());
            state.create_message(id, draft).map_or(0, |_| id)
        })
    }

    /// Writes a message as the conversation's customer, through the conversation's own channel; gives its id.
    pub fn write_as_customer(&self, conversation: u64, text: &str) -> u64 {
        self.shared.write(|state| {
            let Some(contact) = state.conversation(conversation).map(|row| row.contact_id) else { return 0 };
            let draft = Draft { sender: Sender::Contact(contact), ..Draft::text(text.to_owned()).of_type(INCOMING) };
            state.create_message(conversation, draft).unwrap_or(0)
        })
    }

    /// The messages that clients wrote through the SDK's inbox into conversations of other inboxes. The desk takes them,
    /// and no client may ever write one.
    pub fn foreign_writes(&self) -> Vec<u64> {
        self.shared.read(|state| state.foreign_writes.clone())
    }

    /// Removes a session as the clean-up job does: 404 from now on.
    pub fn purge_contact(&self, source_id: &str) {
        self.shared.write(|state| state.purge(source_id));
    }

    /// Deletes a conversation with its messages, as an agent does. No event tells of it: requests for it are 404 from
    /// now on. Says whether it was there.
    pub fn delete_conversation(&self, id: u64) -> bool {
        self.shared.write(|state| state.delete_conversation(id)).is_ok()
    }

    /// Deletes a contact with everything, as an agent does. Says whether it is gone: a contact that counts as online,
    /// for 90 seconds after its socket was last heard, can't be deleted.
    pub fn delete_contact(&self, id: u64) -> bool {
        self.shared.write(|state| state.delete_contact(id)).is_ok()
    }

    /// Makes a contact offline at once, as if its socket had been silent for long enough.
    pub fn forget_presence(&self, contact: u64) {
        self.shared.read(|state| state.presence.remove(&contact));
    }

    /// Makes a message older by so many days, for what the desk forbids after a while.
    pub fn age_message(&self, message: u64, days: u64) {
        self.shared.write(|state| state.age_message(message, days));
    }

    /// Runs the jobs that wait for [`Options::job_delay`](crate::Options::job_delay) now: ratings asked for, messages
    /// marked as read, pictures measured. Ends when they have run.
    pub async fn run_jobs(&self) {
        self.shared.run_jobs().await;
    }

    /// The settings as they are now.
    pub fn settings(&self) -> Settings {
        self.shared.read(|state| state.settings.clone())
    }

    /// Changes the settings, from the next request on.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        self.shared.read(|state| change(&mut state.settings));
    }

    /// The requests that came in, oldest first.
    pub fn requests(&self) -> Vec<RequestLog> {
        self.shared.requests.list()
    }

    /// Forgets them.
    pub fn clear_requests(&self) {
        self.shared.requests.clear();
    }

    /// How many requests are not answered yet.
    pub fn requests_under_way(&self) -> usize {
        self.shared.under_way.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// How many cable sockets are open.
    pub fn cable_connections(&self) -> usize {
        self.shared.hub.sockets()
    }

    /// Customers' typing signals in order: the conversation, and whether it began.
    pub fn typing_seen(&self) -> Vec<(u64, bool)> {
        self.shared.read(|state| state.typing_seen.clone())
    }

    fn type_as_agent(&self, conversation: u64, on: bool, private: bool) {
        self.shared.write(|state| {
            let agent = state.agent_sender();
            state.desk_types(conversation, on, &agent, private);
        });
    }

    fn say(&self, conversation: u64, draft: Draft) -> u64 {
        self.shared.write(|state| state.create_message(conversation, draft)).unwrap_or(0)
    }

    fn set_status(&self, conversation: u64, status: Status) {
        if let Err(refusal) = self.shared.write(|state| state.set_status(conversation, status, AGENT_NAME)) {
            tracing::warn!(?refusal, "the status was not set");
        }
    }
}
