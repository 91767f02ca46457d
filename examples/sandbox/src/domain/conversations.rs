//! Conversations: creation, status, typing and read marks.

use serde_json::Value;

use super::{Draft, Refusal};
use crate::{
    channel::OtherInbox,
    clock::{self, Millis},
    state::{
        INBOX_ID, Job, State,
        tables::{ACTIVITY, Conversation, INCOMING, Object, Record, Session, Status},
    },
    views::AGENT_NAME,
};

/// Longest string among a conversation's custom attributes.
const LONGEST_ATTRIBUTE: usize = 1500;
/// Largest integer among a conversation's custom attributes.
const LARGEST_ATTRIBUTE: u64 = 9_999_999_999;

/// Messages marked as read in one go.
const READ_BATCH: usize = 200;

impl State {
    /// The conversations a session lists: its own or, once verified, all of its contact in every inbox.
    pub(crate) fn conversations_of(&self, session: &Session) -> Result<Vec<u64>, Refusal> {
        if session.hmac_verified && !self.settings.desk_version.lists_verified() {
            return Err(Refusal::Internal);
        }
        let rows = self.tables.conversations.values();
        Ok(rows.filter(|row| sees(session, row)).map(|row| row.id).collect())
    }

    /// One conversation that a session may open by its number.
    pub(crate) fn conversation_of(&self, session: &Session, id: u64) -> Result<&Conversation, Refusal> {
        let open = !self.settings.desk_version.guards_numbers();
        let opens = |row: &&Conversation| sees(session, row) || open && row.contact_id == session.contact_id;
        self.conversation(id).filter(opens).ok_or(Refusal::NotFound)
    }

    /// POST: a new conversation. An inbox with the lock gives the session's last one instead, resolved or not, and
    /// ignores the attributes.
    pub(crate) fn create_conversation(&mut self, session: &Session, attributes: Object) -> Result<u64, Refusal> {
        if self.settings.single_conversation {
            let own = self.tables.conversations.values().rev().find(|row| row.source_id == session.source_id);
            if let Some(last) = own {
                return Ok(last.id);
            }
        }
        check_attributes(&attributes)?;
        Refusal::for_nul_within(&attributes)?;
        let id = self.add_conversation(session, attributes);
        if self.settings.automation.is_some() {
            self.jobs.push(Job::Automation(id));
        }
        Ok(id)
    }

    /// A conversation of the session's contact in another inbox. The contact has one session there.
    pub(crate) fn add_foreign_conversation(&mut self, session: &Session, inbox: &OtherInbox) -> u64 {
        let contact = session.contact_id;
        let mut sessions = self.tables.sessions.values();
        let held = sessions.find(|row| row.contact_id == contact && row.inbox_id == inbox.id).cloned();
        let mut elsewhere = held.unwrap_or_else(|| {
            let source_id = self.random.uuid();
            self.add_session(source_id, contact, inbox.id, inbox.channel.clone())
        });
        if elsewhere.hmac_verified != inbox.verified {
            elsewhere.hmac_verified = inbox.verified;
            self.record(Record::Session(elsewhere.clone()));
        }
        self.add_conversation(&elsewhere, Object::new())
    }

    /// Adds a conversation and tells of it. A blocked contact's is born resolved, a bot's inbox's pending.
    pub(crate) fn add_conversation(&mut self, session: &Session, custom_attributes: Object) -> u64 {
        let blocked = self.contact(session.contact_id).is_some_and(|contact| contact.blocked);
        let status = match (blocked, self.bot_is_active(session.inbox_id)) {
            (true, _) => Status::Resolved,
            (false, true) => Status::Pending,
            (false, false) => Status::Open,
        };
        let now = clock::now();
        let conversation = Conversation {
            id: self.next_conversation_id(),
            uuid: self.random.uuid(),
            source_id: session.source_id.clone(),
            contact_id: session.contact_id,
            inbox_id: session.inbox_id,
            status,
            custom_attributes,
            assigned: false,
            labels: Vec::new(),
            priority: None,
            contact_last_seen_at: None,
            agent_last_seen_at: None,
            first_reply_created_at: None,
            waiting_since: Some(now),
            last_activity_at: now,
            created_at: now,
            updated_at: now,
        };
        let id = conversation.id;
        self.record(Record::Conversation(conversation));
        self.tell(id, "conversation.created");
        id
    }

    /// Changes a conversation and tells what its followers are told: of the status as such, and of an update if a
    /// column changed that Chatwoot lists as worth one (the read marks are not among them).
    pub(crate) fn change_conversation(&mut self, id: u64, change: impl FnOnce(&mut Conversation)) {
        let Some(before) = self.conversation(id).cloned() else { return };
        let mut after = before.clone();
        change(&mut after);
        // Each change has a time of its own, as a desk's microseconds give it.
        after.updated_at = clock::now().max(before.updated_at + 1);
        self.record(Record::Conversation(after.clone()));
        let moved = before.status != after.status;
        if moved {
            self.tell(id, "conversation.status_changed");
        }
        if moved
            || before.custom_attributes != after.custom_attributes
            || before.first_reply_created_at != after.first_reply_created_at
            || before.waiting_since != after.waiting_since
            || before.assigned != after.assigned
            || before.labels != after.labels
            || before.priority != after.priority
        {
            self.tell(id, "conversation.updated");
        }
    }

    /// Sets the status. Resolving leaves an activity note, which the customer never sees, and asks for a rating.
    pub(crate) fn set_status(&mut self, id: u64, status: Status, by: &str) -> Result<(), Refusal> {
        let row = self.conversation(id).ok_or(Refusal::NotFound)?;
        if row.status == status {
            return Ok(());
        }
        self.change_conversation(id, |row| row.status = status);
        let done = match status {
            Status::Resolved => "marked resolved",
            Status::Open => "reopened",
            Status::Pending => "marked as pending",
            Status::Snoozed => "snoozed",
        };
        let note = Draft::text(format!("Conversation was {done} by {by}")).of_type(ACTIVITY);
        self.create_message(id, note)?;
        if status == Status::Resolved && self.options.csat {
            self.jobs.push(Job::Survey(id));
        }
        Ok(())
    }

    /// Assigns a conversation to the agent, or to nobody.
    pub(crate) fn assign(&mut self, id: u64, to_agent: bool) {
        self.change_conversation(id, |row| row.assigned = to_agent);
        let words = if to_agent { "Assigned to" } else { "Conversation unassigned by" };
        self.note_activity(id, format!("{words} {AGENT_NAME}"));
    }

    /// Replaces the labels of a conversation.
    pub(crate) fn set_labels(&mut self, id: u64, labels: Vec<String>) {
        let words = format!("{AGENT_NAME} set {}", labels.join(", "));
        self.change_conversation(id, |row| row.labels = labels);
        if self.settings.desk_version.has_short_rows() {
            // The third series told of labels twice.
            self.tell(id, "conversation.updated");
        }
        self.note_activity(id, words);
    }

    /// Sets the priority of a conversation, or takes it away.
    pub(crate) fn set_priority(&mut self, id: u64, priority: Option<String>) {
        let words = format!("{AGENT_NAME} set the priority to {}", priority.as_deref().unwrap_or("none"));
        self.change_conversation(id, |row| row.priority = priority);
        self.note_activity(id, words);
    }

    /// Leaves a note of what was done, which no customer sees.
    fn note_activity(&mut self, id: u64, words: String) {
        if let Err(refusal) = self.create_message(id, Draft::text(words).of_type(ACTIVITY)) {
            tracing::debug!(?refusal, "no note was left");
        }
    }

    /// Whether the bot minds this inbox.
    pub(crate) fn bot_is_active(&self, inbox: u64) -> bool {
        self.options.bot && inbox == INBOX_ID
    }

    /// The customer looked: remembered at once, and a job marks what they saw.
    pub(crate) fn customer_saw(&mut self, id: u64) {
        let now = clock::now();
        self.change_conversation(id, |row| row.contact_last_seen_at = Some(now));
        self.jobs.push(Job::MarkRead(id, now));
    }

    /// The agent looked. No event tells the customer; it shows at the next fetch.
    pub(crate) fn agent_saw(&mut self, id: u64) {
        let now = clock::now();
        self.change_conversation(id, |row| row.agent_last_seen_at = Some(now));
    }

    /// The job behind the customer's look: marks the desk's messages up to then as read, one event each. Does so in
    /// batches, for others wait for the lock; says whether more are left.
    pub(crate) fn mark_read(&mut self, id: u64, at: Millis) -> bool {
        let unread = self
            .tables
            .thread(id)
            .filter(|message| message.message_type != INCOMING && message.created_at <= at && message.status != "read");
        let batch: Vec<u64> = unread.map(|message| message.id).take(READ_BATCH).collect();
        for message in &batch {
            self.change_message(*message, |row| "read".clone_into(&mut row.status));
        }
        batch.len() == READ_BATCH
    }

    /// Tells the customer that an agent or the bot types. A customer's own typing is told to agents only.
    pub(crate) fn desk_types(&mut self, id: u64, on: bool, user: &Value, private: bool) {
        let Some(row) = self.conversation(id) else { return };
        let data = self.typing_frame(row, user, private);
        let tokens = self.listeners(row);
        self.broadcast(tokens, if on { "conversation.typing_on" } else { "conversation.typing_off" }, data);
    }

    /// Tells the listeners of a conversation how it stands.
    fn tell(&mut self, id: u64, event: &'static str) {
        let Some(row) = self.conversation(id) else { return };
        let data = self.conversation_frame(row);
        let tokens = self.listeners(row);
        self.broadcast(tokens, event, data);
    }
}

fn sees(session: &Session, conversation: &Conversation) -> bool {
    if session.hmac_verified {
        conversation.contact_id == session.contact_id
    } else {
        conversation.source_id == session.source_id
    }
}

fn check_attributes(attributes: &Object) -> Result<(), Refusal> {
    for (key, value) in attributes {
        let fault = match value {
            Value::String(text) if text.chars().count() > LONGEST_ATTRIBUTE => "length should be < 1500",
            Value::Number(number) if number.as_u64().is_some_and(|number| number > LARGEST_ATTRIBUTE) => {
                "value should be < 9999999999"
            }
            _ => continue,
        };
        return Err(Refusal::invalid("custom_attributes", &format!("Custom attributes {key} {fault}")));
    }
    Ok(())
}
