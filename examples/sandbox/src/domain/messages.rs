//! Messages: creation with what it sets off, pages, edits and deletion.

use serde_json::{Value, json};

use super::{Refusal, Upload, files::dimensions};
use crate::{
    clock,
    shared::within,
    state::{
        Job, State,
        tables::{INCOMING, Message, OUTGOING, Object, Record, Sender, Status, TEMPLATE},
    },
    views::Place,
};

/// Messages on a page.
pub(crate) const PAGE: usize = 20;
/// Longest content, in characters.
const LONGEST_CONTENT: usize = 150_000;

/// A message that is not yet one.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) content: Option<String>,
    pub(crate) message_type: u8,
    pub(crate) content_type: String,
    pub(crate) content_attributes: Object,
    pub(crate) sender: Sender,
    pub(crate) private: bool,
    pub(crate) echo_id: Option<String>,
    pub(crate) files: Vec<Upload>,
    /// Whether the flood limit may refuse it. It counts towards the limit either way.
    pub(crate) limited: bool,
}

impl Draft {
    /// A plain template-like draft: no sender, no files.
    pub(crate) fn text(content: String) -> Self {
        Self {
            content: Some(content),
            message_type: TEMPLATE,
            content_type: "text".to_owned(),
            content_attributes: Object::new(),
            sender: Sender::Nobody,
            private: false,
            echo_id: None,
            files: Vec::new(),
            limited: false,
        }
    }

    /// An outgoing draft.
    pub(crate) fn outgoing(sender: Sender, content: String) -> Self {
        Self { sender, ..Self::text(content).of_type(OUTGOING) }
    }

    /// The same with another `message_type`.
    pub(crate) fn of_type(mut self, message_type: u8) -> Self {
        self.message_type = message_type;
        self
    }

    /// The same with a rich content.
    pub(crate) fn rich(mut self, content_type: &str, attributes: Value) -> Self {
        content_type.clone_into(&mut self.content_type);
        if let Value::Object(attributes) = attributes {
            self.content_attributes = attributes;
        }
        self
    }
}

impl State {
    /// Adds a message to a conversation and does what follows from it. Blank content is accepted, as Chatwoot does.
    pub(crate) fn create_message(&mut self, conversation: u64, draft: Draft) -> Result<u64, Refusal> {
        let row = self.conversation(conversation).cloned().ok_or(Refusal::NotFound)?;
        if draft.content.as_ref().is_some_and(|text| text.chars().count() > LONGEST_CONTENT) {
            let words = "Content is too long (maximum is 150000 characters)";
            return Err(Refusal::invalid("content", words));
        }
        self.count_towards_flood(conversation, draft.limited)?;
        Refusal::for_nul([&draft.content])?;
        Refusal::for_nul_within(&draft.content_attributes)?;
        if draft.files.iter().any(|file| file.name.contains('\0')) {
            return Err(Refusal::Internal);
        }

        let incoming = draft.message_type == INCOMING;
        let now = clock::now();
        let said = draft.content.clone().unwrap_or_default();
        let message = Message {
            id: self.next_message_id(),
            conversation_id: conversation,
            content: draft.content,
            message_type: draft.message_type,
            content_type: draft.content_type,
            content_attributes: draft.content_attributes,
            sender: draft.sender,
            private: draft.private,
            status: "sent".to_owned(),
            echo_id: draft.echo_id,
            attachments: draft.files.into_iter().map(|file| self.keep_file(file)).collect(),
            created_at: now,
            updated_at: now,
        };
        let id = message.id;
        if self.settings.desk_version.measures_pictures() && !message.attachments.is_empty() {
            self.jobs.push(Job::Measure(id));
        }
        let answers = message.message_type == OUTGOING && !message.private && message.sender != Sender::Nobody;
        let by_agent = answers && message.sender == Sender::Agent;
        self.record(Record::Message(message));
        self.change_conversation(conversation, |row| row.last_activity_at = now);
        // The desk tells of the status with the new message in the frame, then of the message, then of what the message
        // changed. Its jobs may run in any order.
        if incoming && matches!(row.status, Status::Resolved | Status::Snoozed) {
            self.reopen(conversation);
        }
        self.tell_created(id);
        self.change_conversation(conversation, |row| {
            if incoming {
                row.waiting_since = row.waiting_since.or(Some(now));
            } else if answers {
                row.waiting_since = None;
                row.first_reply_created_at = row.first_reply_created_at.or(by_agent.then_some(now));
            }
        });
        if incoming {
            if let Some(mut contact) = self.contact(row.contact_id).cloned() {
                contact.last_activity_at = Some(now);
                self.record(Record::Contact(contact));
            }
            self.send_templates(conversation);
            self.wake_bot(conversation, said);
        }
        Ok(id)
    }

    /// Lets the bot hear something, if the conversation is still its own.
    pub(crate) fn wake_bot(&mut self, conversation: u64, said: String) {
        let pending = self.conversation(conversation).is_some_and(|row| row.status == Status::Pending);
        if self.options.bot && pending {
            self.jobs.push(Job::Bot { conversation, said });
        }
    }

    /// A page: the newest [`PAGE`] messages before `before`, oldest first. There is no `after` here.
    pub(crate) fn page(&self, conversation: u64, before: Option<u64>) -> Vec<&Message> {
        let newest_first = self.tables.thread(conversation).rev();
        let mut page: Vec<&Message> = newest_first
            .filter(|message| message.is_public() && before.is_none_or(|before| message.id < before))
            .take(PAGE)
            .collect();
        page.reverse();
        page
    }

    /// Changes a message and tells the customer, with the old and the new value of each column that changed.
    pub(crate) fn change_message(&mut self, id: u64, change: impl FnOnce(&mut Message)) {
        let Some(before) = self.message(id).cloned() else { return };
        let mut after = before.clone();
        change(&mut after);
        // Each change has a time of its own, so that the newest of two frames can be told.
        after.updated_at = clock::now().max(before.updated_at + 1);
        let changes = json!({
            "content": (before.content != after.content).then(|| json!([before.content, after.content])),
            "processed_message_content":
                (before.content != after.content).then(|| json!([before.content, after.content])),
            "content_type": (before.content_type != after.content_type)
                .then(|| json!([before.content_type, after.content_type])),
            "content_attributes": (before.content_attributes != after.content_attributes)
                .then(|| json!([before.content_attributes, after.content_attributes])),
            "status": (before.status != after.status).then(|| json!([before.status, after.status])),
            "updated_at": json!([clock::iso(before.updated_at), clock::iso(after.updated_at)]),
        });
        // Only an agent changes words.
        let by_agent = before.content != after.content;
        self.record(Record::Message(after));
        let Some(message) = self.message(id).filter(|message| message.is_public()) else { return };
        let Some(conversation) = self.conversation(message.conversation_id) else { return };
        let place = if by_agent { Place::Desk } else { Place::Outside };
        let mut data = self.message_frame(message, conversation, place);
        if let (Value::Object(data), Value::Object(mut changes)) = (&mut data, changes) {
            changes.retain(|_, change| !change.is_null());
            data.insert("previous_changes".to_owned(), Value::Object(changes));
            data.extend(by_agent.then(|| ("performer".to_owned(), self.agent_sender())));
        }
        let tokens = self.listeners(conversation);
        self.broadcast(tokens, "message.updated", data);
    }

    /// The job behind a new message with files: notes how large its pictures are. No event tells of it.
    pub(crate) fn measure_pictures(&mut self, id: u64) {
        let Some(mut message) = self.message(id).cloned() else { return };
        for file in message.attachments.iter_mut().filter(|file| file.file_type == "image") {
            (file.width, file.height) = self.blobs.get(&file.key).and_then(|bytes| dimensions(&bytes)).unzip();
        }
        self.record(Record::Message(message));
    }

    /// Marks an agent's message as failed, as a failing webhook of the inbox does. It stays a message of the agent's.
    pub(crate) fn fail_message(&mut self, id: u64, error: &str) {
        self.change_message(id, |message| {
            "failed".clone_into(&mut message.status);
            message.content_attributes.insert("external_error".to_owned(), Value::String(error.to_owned()));
        });
    }

    /// An agent takes a message back: the row stays, its text is replaced and its files go.
    pub(crate) fn delete_message(&mut self, id: u64) {
        self.change_message(id, |message| {
            message.content = Some("This message was deleted".to_owned());
            message.content_type = "text".to_owned();
            message.content_attributes = Object::from_iter([("deleted".to_owned(), Value::Bool(true))]);
            message.attachments.clear();
        });
    }

    /// Adds many agent's messages at once, untold and uncounted by the flood limit: what a customer missed.
    pub(crate) fn add_bulk(&mut self, conversation: u64, count: usize) {
        let now = clock::now();
        for number in 1..=count {
            let message = Message {
                id: self.next_message_id(),
                conversation_id: conversation,
                content: Some(format!("Message {number} of {count}")),
                message_type: OUTGOING,
                content_type: "text".to_owned(),
                content_attributes: Object::new(),
                sender: Sender::Agent,
                private: false,
                status: "sent".to_owned(),
                echo_id: None,
                attachments: Vec::new(),
                created_at: now,
                updated_at: now,
            };
            self.record(Record::Message(message));
        }
    }

    /// An incoming message wakes a closed conversation, except a blocked contact's; the bot gets it first.
    fn reopen(&mut self, conversation: u64) {
        let Some(row) = self.conversation(conversation) else { return };
        if self.contact(row.contact_id).is_some_and(|contact| contact.blocked) {
            return;
        }
        let status = if self.bot_is_active(row.inbox_id) { Status::Pending } else { Status::Open };
        self.change_conversation(conversation, |row| row.status = status);
    }

    /// At most `flood_limit` messages in a minute, whoever wrote them.
    fn count_towards_flood(&mut self, conversation: u64, limited: bool) -> Result<(), Refusal> {
        let limit = usize::try_from(self.options.flood_limit).unwrap_or(usize::MAX);
        let recent = self.flood.entry(conversation).or_default();
        while recent.front().is_some_and(|at| !within(*at, 60_000)) {
            recent.pop_front();
        }
        if limited && recent.len() >= limit {
            return Err(Refusal::invalid("base", "Too many messages"));
        }
        recent.push_back(clock::now());
        Ok(())
    }

    /// Greeting and out-of-office, under Chatwoot's conditions. Both are templates (type 3) and have no sender.
    fn send_templates(&mut self, conversation: u64) {
        let has = |message_type| self.tables.thread(conversation).any(|row| row.message_type == message_type);
        let (answered, templated) = (has(OUTGOING), has(TEMPLATE));
        if let Some(text) = self.options.out_of_office.clone().filter(|_| !templated) {
            self.add_template(conversation, text);
        }
        if let Some(text) = self.options.greeting.clone().filter(|_| !templated && !answered) {
            self.add_template(conversation, text);
        }
    }

    fn add_template(&mut self, conversation: u64, text: String) {
        if let Err(refusal) = self.create_message(conversation, Draft::text(text)) {
            tracing::warn!(?refusal, "a template message was refused");
        }
    }

    /// Tells of a new message: the merchant's server, and the customer with its echo id, which this frame alone ever
    /// shows.
    fn tell_created(&mut self, id: u64) {
        if self.options.webhook.is_some() {
            self.jobs.push(Job::Webhook(id));
        }
        let Some(message) = self.message(id).filter(|message| message.is_public()) else { return };
        let Some(conversation) = self.conversation(message.conversation_id) else { return };
        let mut data = self.message_frame(message, conversation, Place::Desk);
        if let (Value::Object(data), Some(echo_id)) = (&mut data, &message.echo_id) {
            data.insert("echo_id".to_owned(), Value::String(echo_id.clone()));
        }
        if let (Value::Object(data), Sender::Agent) = (&mut data, message.sender) {
            data.insert("performer".to_owned(), self.agent_sender());
        }
        let tokens = self.listeners(conversation);
        self.broadcast(tokens, "message.created", data);
    }
}
