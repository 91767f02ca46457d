//! Any order and any repetition of a desk's events, with pages in between that are asked for and arrive whenever, ends
//! in what the events in their order end in.

use proptest::{prelude::*, sample::Index};

use super::told::{Moment, Told};
use crate::{
    backend::{ConversationChange, DeskConversation, DeskMessage, Secret},
    model::{
        Agent, Answer, AnswerState, Author, Choice, Content, ConversationId, ConversationStatus, ConversationSummary,
        DeskConversationId, FieldValue, Message, MessageId, Receipt, Timestamp,
    },
    store::{ConversationRow, Durability, Feed, MessageRow, Position, SessionRow, Store, StoreError, Tx, incoming},
    testing::message,
};

/// What happens at the desk. What is done to a message is done to any that it can be done to.
#[derive(Clone, Debug)]
enum Deed {
    AgentWrites(bool),
    CustomerWritesElsewhere,
    AgentAsks,
    Edit(Index),
    Delete(Index),
    Answer(Index),
    Receipt(Index, bool),
    Status(u8),
    Assign(bool),
    CustomerLooksElsewhere,
    AgentLooks,
}

#[derive(Clone, Debug)]
enum Step {
    Desk(Deed),
    /// One of the events so far arrives, perhaps again.
    Event(Index),
    /// A page is asked for, or the list; the desk answers at once.
    Ask(bool),
    /// One of the answers arrives.
    Arrives(Index),
}

fn steps() -> impl Strategy<Value = (Vec<Step>, Vec<Index>)> {
    let index = any::<Index>;
    let deed = prop_oneof![
        3 => any::<bool>().prop_map(Deed::AgentWrites),
        1 => Just(Deed::CustomerWritesElsewhere),
        1 => Just(Deed::AgentAsks),
        3 => index().prop_map(Deed::Edit),
        1 => index().prop_map(Deed::Delete),
        2 => index().prop_map(Deed::Answer),
        1 => (index(), any::<bool>()).prop_map(|(at, read)| Deed::Receipt(at, read)),
        1 => (0..4_u8).prop_map(Deed::Status),
        1 => any::<bool>().prop_map(Deed::Assign),
        1 => Just(Deed::CustomerLooksElsewhere),
        1 => Just(Deed::AgentLooks),
    ];
    let step = prop_oneof![
        4 => deed.prop_map(Step::Desk),
        4 => index().prop_map(Step::Event),
        1 => any::<bool>().prop_map(Step::Ask),
        1 => index().prop_map(Step::Arrives),
    ];
    (prop::collection::vec(step, 1..50), prop::collection::vec(index(), 60))
}

#[derive(Clone)]
enum Event {
    Message(DeskMessage),
    Conversation(ConversationChange),
}

struct Desk {
    seconds: i64,
    conversation: DeskConversation,
    agent: Option<Agent>,
    events: Vec<Event>,
}

fn agent(bob: bool) -> Agent {
    let name = if bob { "Bob" } else { "Ann" };
    Agent { id: name.to_owned(), name: name.to_owned(), avatar_url: None }
}

impl Desk {
    fn new() -> Self {
        let conversation = DeskConversation {
            id: DeskConversationId::new(1).unwrap(),
            status: ConversationStatus::Open,
            customer_seen_at: None,
            agent_seen_at: None,
            messages: Vec::new(),
            complete: true,
            channel: None,
            contact: None,
        };
        Self { seconds: 1_000_000, conversation, agent: None, events: Vec::new() }
    }

    fn now(&mut self) -> Timestamp {
        self.seconds += 1;
        Timestamp::from_seconds(self.seconds)
    }

    fn add(&mut self, author: Author, content: Content) {
        let (created_at, number) = (self.now(), i64::try_from(self.conversation.messages.len()).unwrap() + 1);
        let receipt = author.is_customer().then_some(Receipt::Sent);
        let added = DeskMessage { author, content, created_at, receipt, ..message(number) };
        self.conversation.messages.push(added.clone());
        self.events.push(Event::Message(DeskMessage { updated_at: Some(created_at), is_creation: true, ..added }));
    }

    fn alter(&mut self, at: Index, may: impl Fn(&DeskMessage) -> bool, how: impl FnOnce(&mut DeskMessage, i64)) {
        let now = self.now();
        let mut able: Vec<_> = self.conversation.messages.iter_mut().filter(|message| may(message)).collect();
        if able.is_empty() {
            return;
        }
        let place = at.index(able.len());
        how(able[place], now.seconds());
        let event = DeskMessage { updated_at: Some(now), ..able[place].clone() };
        self.events.push(Event::Message(event));
    }

    fn change(&mut self, change: impl FnOnce(&mut Self, Timestamp)) {
        let now = self.now();
        change(self, now);
        self.events.push(Event::Conversation(ConversationChange {
            id: self.conversation.id,
            status: Some(self.conversation.status),
            customer_seen_at: self.conversation.customer_seen_at,
            agent_seen_at: self.conversation.agent_seen_at,
            agent: self.agent.clone(),
            channel: None,
            updated_at: Some(now),
        }));
    }

    fn does(&mut self, deed: Deed) {
        let words = Content::text(format!("words of {}", self.seconds));
        match deed {
            Deed::AgentWrites(bob) => self.add(Author::Agent { agent: Some(agent(bob)) }, words),
            Deed::CustomerWritesElsewhere => self.add(Author::Customer, words),
            Deed::AgentAsks => {
                let choices = vec![Choice { title: "M".to_owned(), value: "m".to_owned() }];
                self.add(Author::Desk, Content::Select { text: "Which?".to_owned(), choices, answer: None });
            }
            Deed::Edit(at) => self.alter(
                at,
                |one| !one.deleted && !one.author.is_customer(),
                |one, now| {
                    let words = format!("edited at {now}");
                    match &mut one.content {
                        Content::Text { text } | Content::Select { text, .. } => *text = words,
                        _ => {}
                    }
                },
            ),
            Deed::Delete(at) => self.alter(
                at,
                |one| !one.deleted,
                |one, _| {
                    (one.deleted, one.content) = (true, Content::text("This message was deleted"));
                },
            ),
            Deed::Answer(at) => {
                let asks = |one: &DeskMessage| matches!(one.content, Content::Select { .. });
                self.alter(at, asks, |one, now| {
                    let values = vec![FieldValue { name: "M".to_owned(), value: now.to_string() }];
                    let given = Answer { values, rating: None, state: AnswerState::Sent, given_at: None };
                    if let Some(slot) = one.content.answer_slot() {
                        *slot = Some(given);
                    }
                });
            }
            Deed::Receipt(at, read) => self.alter(
                at,
                |one| one.receipt.is_some(),
                |one, _| {
                    one.receipt = one.receipt.max(Some(if read { Receipt::Read } else { Receipt::Delivered }));
                },
            ),
            Deed::Status(which) => self.change(|desk, _| {
                use ConversationStatus::{Open, Pending, Resolved, Snoozed};
                desk.conversation.status = [Open, Pending, Snoozed, Resolved][usize::from(which)];
            }),
            Deed::Assign(bob) => self.change(|desk, _| desk.agent = Some(agent(bob))),
            Deed::CustomerLooksElsewhere => {
                self.change(|desk, now| desk.conversation.customer_seen_at = Some(now));
            }
            Deed::AgentLooks => self.change(|desk, now| desk.conversation.agent_seen_at = Some(now)),
        }
    }
}

/// An answer on its way: what it holds, and when it was asked for.
struct Answered {
    asked: Moment,
    list: bool,
    conversation: DeskConversation,
}

/// A phone, and its name of the conversation.
struct Phone {
    id: ConversationId,
    told: Told,
    made: u32,
}

impl Phone {
    fn hears(&mut self, tx: &mut Tx<'_>, event: &Event) -> Result<(), StoreError> {
        match event {
            Event::Message(message) => {
                self.write(tx, std::slice::from_ref(message))?;
                self.told.note(message.conversation, message.id);
            }
            Event::Conversation(change) => {
                incoming::change(tx, change)?;
                self.told.note_conversation(change.id);
            }
        }
        Ok(())
    }

    fn reads(&mut self, tx: &mut Tx<'_>, answer: Answered) -> Result<(), StoreError> {
        let fresh = self.told.is_fresh(answer.conversation.id, answer.asked);
        let messages = self.told.fresh(answer.conversation.messages, answer.asked);
        // Pages tell no receipts.
        let messages: Vec<_> = messages.into_iter().map(|one| DeskMessage { receipt: None, ..one }).collect();
        if answer.list {
            let conversation = DeskConversation { messages, ..answer.conversation };
            self.made += 1;
            let (id, made, count) = (self.id.clone(), self.made, std::cell::Cell::new(0));
            let name = move || {
                count.set(count.get() + 1);
                format!("{id}-{made}-{}", count.get())
            };
            incoming::conversation(tx, "s", &conversation, fresh, None, &name).map(|_| ())
        } else {
            self.write(tx, &messages)
        }
    }

    fn write(&mut self, tx: &mut Tx<'_>, messages: &[DeskMessage]) -> Result<(), StoreError> {
        self.made += 1;
        let (id, made, count) = (self.id.clone(), self.made, std::cell::Cell::new(0));
        let name = move || {
            count.set(count.get() + 1);
            format!("{id}-{made}-{}", count.get())
        };
        incoming::messages(tx, &self.id, messages, &name).map(|_| ())
    }

    /// What it shows, without its own names of things.
    fn shows(&self, tx: &Tx<'_>) -> Result<(Vec<Message>, Option<ConversationSummary>), StoreError> {
        let mut shown = Vec::new();
        for row in MessageRow::window(tx, &self.id, Position::FIRST)? {
            let message = MessageRow::of_window(tx, &row)?.unwrap().message;
            shown.push(Message { id: MessageId::new("m"), conversation: ConversationId::new("c"), ..message });
        }
        let line = ConversationRow::list(tx)?.into_iter().find(|line| line.id == self.id);
        Ok((shown, line.map(|line| ConversationSummary { id: ConversationId::new("c"), ..line })))
    }
}

type Shown = (Vec<Message>, Option<ConversationSummary>);

fn play(tx: &mut Tx<'_>, steps: Vec<Step>, rest: &[Index]) -> Result<(Shown, Shown), StoreError> {
    SessionRow::insert_own(tx, "s", &Secret::new("secret"))?;
    let mut desk = Desk::new();
    let begin = |tx: &mut Tx<'_>, name: &str, number: i64| -> Result<Phone, StoreError> {
        let id = ConversationId::new(name);
        ConversationRow::insert(tx, &id, "s", DeskConversationId::new(number), Timestamp::default())?;
        Ok(Phone { id, told: Told::default(), made: 0 })
    };
    let (mut phone, mut model) = (begin(tx, "phone", 1)?, begin(tx, "model", 2)?);
    let (mut heard, mut answers) = (std::collections::BTreeSet::new(), Vec::new());
    for step in steps {
        match step {
            Step::Desk(deed) => desk.does(deed),
            Step::Event(which) if !desk.events.is_empty() => {
                let place = which.index(desk.events.len());
                heard.insert(place);
                phone.hears(tx, &desk.events[place])?;
            }
            Step::Ask(list) => {
                let asked = phone.told.now();
                answers.push(Answered { asked, list, conversation: desk.conversation.clone() });
            }
            Step::Arrives(which) if !answers.is_empty() => {
                let answer = answers.remove(which.index(answers.len()));
                phone.reads(tx, answer)?;
            }
            Step::Event(_) | Step::Arrives(_) => {}
        }
    }
    // Whatever has not arrived arrives, in any order.
    let mut missing: Vec<usize> = (0..desk.events.len()).filter(|place| !heard.contains(place)).collect();
    for which in rest {
        if missing.is_empty() {
            break;
        }
        let place = missing.remove(which.index(missing.len()));
        phone.hears(tx, &desk.events[place])?;
    }
    for answer in answers {
        phone.reads(tx, answer)?;
    }
    for event in &desk.events {
        let event = match event.clone() {
            Event::Conversation(change) => {
                Event::Conversation(ConversationChange { id: DeskConversationId::new(2).unwrap(), ..change })
            }
            message => message,
        };
        model.hears(tx, &event)?;
    }
    Ok((phone.shows(tx)?, model.shows(tx)?))
}

proptest! {
    #[test]
    fn any_order_of_events_and_pages_ends_as_the_events_in_order((steps, rest) in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db"), Timestamp::default(), Feed::new()).unwrap();
        let write = store.write(Durability::Later, move |tx| play(tx, steps, &rest));
        let (phone, model) = runtime.block_on(write).unwrap();
        prop_assert_eq!(phone.0, model.0);
        prop_assert_eq!(phone.1, model.1);
    }
}
