//! Random commands and random words of the desk's, against a model that is a list: whatever their order, each message
//! is shown once, in its place, with its last words and as far as it has come, and is in the outbox as long as the desk
//! does not have it.

use proptest::{prelude::*, sample::Index};

use super::*;

/// What is done to a message that the desk does not have is done to any of those; where there is none, nothing.
#[derive(Clone, Debug)]
enum Step {
    Send,
    /// An attempt at it begins.
    Begin(Index),
    /// It needs attention; the desk may have it with `true`.
    Refuse(Index, bool),
    Edit(Index),
    Discard(Index),
    /// The desk's answer to its sending.
    Answered(Index),
    /// The connection brings it, by its name.
    Echoed(Index),
    /// A page brings it, by its words. Only what was begun is known by these.
    Listed(Index),
    /// Something of an agent's.
    Agent,
    /// A page with all that the desk has, once more.
    Again,
    /// The process dies, and another opens the file.
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let index = any::<Index>;
    let step = prop_oneof![
        4 => Just(Step::Send),
        2 => index().prop_map(Step::Begin),
        1 => (index(), any::<bool>()).prop_map(|(at, unclear)| Step::Refuse(at, unclear)),
        1 => index().prop_map(Step::Edit),
        1 => index().prop_map(Step::Discard),
        1 => index().prop_map(Step::Answered),
        1 => index().prop_map(Step::Echoed),
        1 => index().prop_map(Step::Listed),
        1 => Just(Step::Agent),
        1 => Just(Step::Again),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..40)
}

/// A message that the desk does not have.
#[derive(Clone)]
struct Unsent {
    id: String,
    seq: i64,
    text: String,
    delivery: Delivery,
    /// The desk's highest number when an attempt began, if one has.
    fence: Option<i64>,
}

/// As it is shown: who it is here (for those of this phone), its number at the desk, its words, how far it has come.
type Line = (Option<String>, Option<i64>, String, Option<Delivery>);

#[derive(Default)]
struct Model {
    there: Vec<(Option<String>, DeskMessage)>,
    unsent: Vec<Unsent>,
    made: usize,
}

impl Model {
    fn fresh(&mut self, what: &str) -> String {
        self.made += 1;
        format!("{what} {}", self.made)
    }

    fn next_number(&self) -> i64 {
        i64::try_from(self.there.len()).unwrap() + 1
    }

    /// The place of one of those that `may`, among the unsent.
    fn pick(&self, at: Index, may: impl Fn(&Unsent) -> bool) -> Option<usize> {
        let places: Vec<_> = (0..self.unsent.len()).filter(|&place| may(&self.unsent[place])).collect();
        (!places.is_empty()).then(|| places[at.index(places.len())])
    }

    /// The desk takes it; what it says of it.
    fn take(&mut self, place: usize, echo: bool) -> (Unsent, DeskMessage) {
        let unsent = self.unsent.remove(place);
        let message = own(self.next_number(), &unsent.text, echo.then_some(unsent.id.as_str()));
        self.there.push((Some(unsent.id.clone()), DeskMessage { echo: None, ..message.clone() }));
        (unsent, message)
    }

    fn lines(&self) -> Vec<Line> {
        let there = self.there.iter().map(|(id, message)| {
            let text = message.content.as_text().to_owned();
            (id.clone(), Some(message.id.get()), text, id.as_ref().map(|_| Delivery::Sent))
        });
        let unsent =
            self.unsent.iter().map(|one| (Some(one.id.clone()), None, one.text.clone(), Some(one.delivery.clone())));
        there.chain(unsent).collect()
    }
}

/// What the store shows, which entries wait, and what the list says of it.
type Kept = (Vec<Line>, Vec<i64>, Option<ConversationSummary>);

fn shown(connection: &rusqlite::Connection) -> Result<Kept, StoreError> {
    let window = MessageRow::window(connection, &ConversationId::new("c"), Position::FIRST)?;
    let mut lines = Vec::new();
    for row in window {
        let MessageRow { message, desk_id, rev } = MessageRow::of_window(connection, &row)?.unwrap();
        assert_eq!((&row.id, row.rev), (&message.id, rev));
        let id = message.author.is_customer().then(|| message.id.to_string());
        lines.push((id, desk_id.map(DeskMessageId::get), message.content.as_text().to_owned(), message.delivery));
    }
    let waiting = EntryRow::all(connection)?.iter().map(|entry| entry.seq).collect();
    Ok((lines, waiting, ConversationRow::list(connection)?.pop()))
}

fn carry_out(tx: &mut Tx<'_>, model: &mut Model, step: Step) -> Result<(), StoreError> {
    let conversation = ConversationId::new("c");
    let seed = model.fresh("desk");
    let write = |tx: &mut Tx<'_>, messages: &[DeskMessage]| {
        let number = numbered();
        incoming::messages(tx, &conversation, messages, &|| format!("{seed} {}", number())).map(|_| ())
    };
    let state = |tx: &mut Tx<'_>, one: &mut Unsent, state: EntryState| {
        one.delivery = state.delivery();
        EntryRow::set_state(tx, one.seq, &state, 1)
    };
    match step {
        Step::Send => {
            let (id, text) = (model.fresh("m"), model.fresh("words"));
            let seq = unsent(tx, &conversation, "s", &MessageId::new(id.clone()), &text, Timestamp::default())?;
            model.unsent.push(Unsent { id, seq, text, delivery: Delivery::Queued, fence: None });
        }
        Step::Begin(at) => {
            let number = model.next_number() - 1;
            let Some(place) = model.pick(at, |_| true) else { return Ok(()) };
            let one = &mut model.unsent[place];
            (one.delivery, one.fence) = (Delivery::Sending, Some(number));
            EntryRow::begin(tx, one.seq, 1, Fence { number, at: Timestamp::default() })?;
        }
        Step::Refuse(at, unclear) => {
            let Some(place) = model.pick(at, |_| true) else { return Ok(()) };
            let one = &mut model.unsent[place];
            if !unclear {
                one.fence = None;
            }
            let unclear = one.fence.is_some();
            state(tx, one, EntryState::Attention { reason: AttentionReason::DeskFailing, unclear })?;
        }
        Step::Edit(at) => {
            let text = model.fresh("other words");
            let Some(place) = model.pick(at, |one| one.fence.is_none()) else { return Ok(()) };
            let one = &mut model.unsent[place];
            one.text = text;
            EntryRow::set_content(tx, one.seq, &Content::text(one.text.clone()))?;
            state(tx, one, EntryState::Waiting { not_before: Timestamp::default() })?;
        }
        Step::Discard(at) => {
            let Some(place) = model.pick(at, |_| true) else { return Ok(()) };
            EntryRow::remove(tx, model.unsent.remove(place).seq)?;
        }
        Step::Answered(at) => {
            let Some(place) = model.pick(at, |one| one.fence.is_some()) else { return Ok(()) };
            let (one, answer) = model.take(place, true);
            let never = || unreachable!("nobody else has it");
            incoming::sent(tx, &MessageId::new(one.id), &answer, 1, &never)?;
        }
        Step::Echoed(at) => {
            let Some(place) = model.pick(at, |_| true) else { return Ok(()) };
            let (_, message) = model.take(place, true);
            write(tx, &[message])?;
        }
        Step::Listed(at) => {
            let Some(place) = model.pick(at, |one| one.fence.is_some()) else { return Ok(()) };
            let (_, message) = model.take(place, false);
            write(tx, &[message])?;
        }
        Step::Agent => {
            let said = message(model.next_number());
            model.there.push((None, said.clone()));
            write(tx, &[said])?;
        }
        Step::Again => write(tx, &model.there.iter().map(|(_, message)| message.clone()).collect::<Vec<_>>())?,
        Step::Reopen => {}
    }
    Ok(())
}

proptest! {
    #[test]
    fn messages_are_shown_once_and_kept_until_the_desk_has_them(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut fixture = fixture().await;
            let mut model = Model::default();
            for step in steps {
                if matches!(step, Step::Reopen) {
                    let (path, old) = (fixture._folder.path().join("a.db"), Arc::clone(&fixture.store));
                    tokio::task::spawn_blocking(move || old.close()).await.unwrap();
                    fixture.store = Arc::new(Store::open(&path, Timestamp::default(), Feed::new()).unwrap());
                }
                let write = fixture.store.write(Durability::Later, move |tx| {
                    carry_out(tx, &mut model, step)?;
                    Ok((model, shown(tx)?))
                });
                let (back, (lines, waiting, summary)) = write.await.unwrap();
                model = back;
                prop_assert_eq!(&lines, &model.lines());
                prop_assert_eq!(waiting, model.unsent.iter().map(|one| one.seq).collect::<Vec<_>>());
                let Some(summary) = summary else {
                    prop_assert!(lines.is_empty());
                    continue;
                };
                let last = lines.last().unwrap();
                prop_assert_eq!((&summary.preview, summary.preview_is_own), (&last.2, last.0.is_some()));
                let asks = |one: &&Unsent| matches!(one.delivery, Delivery::NeedsAttention { .. });
                let asking = model.unsent.iter().filter(asks).count();
                let counts = (summary.waiting as usize, summary.needs_attention as usize);
                prop_assert_eq!(counts, (model.unsent.len() - asking, asking));
            }
            Ok(())
        })?;
    }
}
