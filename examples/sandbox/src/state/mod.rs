//! Everything the desk knows, and what a change sets off.
//!
//! A change is made under one lock: rows are recorded, events for the cable and background jobs are collected. When it
//! is done, [`crate::shared::Shared::write`] flushes the journal, then publishes the events, then starts the jobs; so
//! nobody hears of a change that a crash could take back.

pub(crate) mod blobs;
pub(crate) mod journal;
pub(crate) mod tables;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, atomic::AtomicUsize},
};

use serde_json::Value;

use self::{
    blobs::Blobs,
    journal::Journal,
    tables::{Contact, Conversation, Message, Record, Session, Tables},
};
use crate::{
    clock::Millis,
    help::HelpCentre,
    options::{Options, SandboxError},
    random::Random,
    settings::Settings,
};

/// The one account.
pub(crate) const ACCOUNT_ID: u64 = 1;
/// The inbox the SDK talks to. Inbox show omits this number, so a client learns it from a conversation.
pub(crate) const INBOX_ID: u64 = 3;
/// The one agent.
pub(crate) const AGENT_ID: u64 = 5;
/// The bot.
pub(crate) const BOT_ID: u64 = 2;

/// An event on its way to the cable.
#[derive(Debug)]
pub(crate) struct Broadcast {
    /// The sessions that hear it.
    pub(crate) tokens: Vec<String>,
    pub(crate) event: &'static str,
    pub(crate) data: Value,
}

/// Work that happens after the answer, as Sidekiq's does.
#[derive(Debug)]
pub(crate) enum Job {
    /// Ask the customer of this conversation for a rating.
    Survey(u64),
    /// Mark what the customer has seen by this moment as read.
    MarkRead(u64, Millis),
    /// Measure the pictures of this message.
    Measure(u64),
    /// Tell the merchant's server of this message.
    Webhook(u64),
    /// Let the automation act on this conversation, which a customer has just begun.
    Automation(u64),
    /// Let the bot think about what the customer said.
    Bot { conversation: u64, said: String },
}

/// The desk.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) options: Arc<Options>,
    pub(crate) settings: Settings,
    /// The origin of attachment links.
    pub(crate) base_url: String,
    pub(crate) hmac_key: String,
    pub(crate) tables: Tables,
    pub(crate) blobs: Blobs,
    pub(crate) help: HelpCentre,
    pub(crate) random: Random,
    /// What the agent says of itself: `online`, `busy` or `offline`.
    pub(crate) availability: String,
    /// Whether the agent has the dashboard open; presence holds no other agents.
    pub(crate) dashboard_open: bool,
    /// When each contact was last heard on the cable.
    pub(crate) presence: HashMap<u64, Millis>,
    /// When each conversation's last minute of messages came.
    pub(crate) flood: HashMap<u64, VecDeque<Millis>>,
    /// Customers' typing signals, in order.
    pub(crate) typing_seen: Vec<(u64, bool)>,
    /// Messages that were written through the SDK's inbox into a conversation of another inbox.
    pub(crate) foreign_writes: Vec<u64>,
    /// How often files were given in another order.
    pub(crate) shuffles: AtomicUsize,
    pub(crate) broadcasts: Vec<Broadcast>,
    pub(crate) jobs: Vec<Job>,
    journal: Journal,
    last_ids: [u64; 5],
}

impl State {
    /// Opens the desk, from its data directory if it has one.
    pub(crate) fn open(options: Arc<Options>, base_url: String) -> Result<Self, SandboxError> {
        let (journal, tables, blobs) = match &options.data_dir {
            None => (Journal::default(), Tables::default(), Blobs::default()),
            Some(path) => Journal::open(path)
                .and_then(|(journal, tables)| Ok((journal, tables, Blobs::open(path)?)))
                .map_err(|source| SandboxError::Data { path: path.clone(), source })?,
        };
        let last_ids = tables.last_ids();
        // A desk that wakes from disk must not deal out the tokens of its former life again.
        let random_seed = last_ids.iter().fold(options.random_seed, |seed, id| seed.wrapping_mul(31).wrapping_add(*id));
        let mut random = Random::new(random_seed);
        let hmac_key = options.hmac_key.clone().unwrap_or_else(|| random.token());
        let help = if options.seed { HelpCentre::seeded(&options.locale) } else { HelpCentre::empty(&options.locale) };
        Ok(Self {
            settings: Settings::from(&*options),
            options,
            base_url,
            hmac_key,
            tables,
            blobs,
            help,
            random,
            availability: "online".to_owned(),
            dashboard_open: true,
            presence: HashMap::new(),
            flood: HashMap::new(),
            typing_seen: Vec::new(),
            foreign_writes: Vec::new(),
            shuffles: AtomicUsize::new(1),
            broadcasts: Vec::new(),
            jobs: Vec::new(),
            journal,
            last_ids,
        })
    }

    /// Makes a change and notes it.
    pub(crate) fn record(&mut self, record: Record) {
        self.journal.note(&record);
        self.tables.apply(record);
    }

    /// Hands what was noted to the disk.
    pub(crate) fn flush(&mut self) {
        self.journal.flush();
    }

    /// Queues an event for the sessions of `tokens`.
    pub(crate) fn broadcast(&mut self, tokens: Vec<String>, event: &'static str, data: Value) {
        self.broadcasts.push(Broadcast { tokens, event, data });
    }

    pub(crate) fn next_contact_id(&mut self) -> u64 {
        next(&mut self.last_ids[0])
    }

    pub(crate) fn next_conversation_id(&mut self) -> u64 {
        next(&mut self.last_ids[1])
    }

    pub(crate) fn next_message_id(&mut self) -> u64 {
        next(&mut self.last_ids[2])
    }

    pub(crate) fn next_attachment_id(&mut self) -> u64 {
        next(&mut self.last_ids[3])
    }

    pub(crate) fn next_session_id(&mut self) -> u64 {
        next(&mut self.last_ids[4])
    }

    pub(crate) fn session(&self, source_id: &str) -> Option<&Session> {
        self.tables.sessions.get(source_id)
    }

    /// The session of this source id in the inbox that the SDK talks to. Source ids of other inboxes open nothing.
    pub(crate) fn inbox_session(&self, source_id: &str) -> Option<&Session> {
        self.session(source_id).filter(|session| session.inbox_id == INBOX_ID)
    }

    pub(crate) fn contact(&self, id: u64) -> Option<&Contact> {
        self.tables.contacts.get(&id)
    }

    pub(crate) fn conversation(&self, id: u64) -> Option<&Conversation> {
        self.tables.conversations.get(&id)
    }

    pub(crate) fn message(&self, id: u64) -> Option<&Message> {
        self.tables.messages.get(&id)
    }

    /// The cable tokens that hear of a conversation: its own session's or, once that session is verified, those of
    /// all the contact's verified sessions.
    pub(crate) fn listeners(&self, conversation: &Conversation) -> Vec<String> {
        let Some(own) = self.session(&conversation.source_id) else { return Vec::new() };
        if !own.hmac_verified {
            return vec![own.pubsub_token.clone()];
        }
        let sessions = self.tables.sessions.values();
        sessions
            .filter(|session| session.hmac_verified && session.contact_id == own.contact_id)
            .map(|session| session.pubsub_token.clone())
            .collect()
    }
}

fn next(last: &mut u64) -> u64 {
    *last += 1;
    *last
}
