//! `send`: what a customer waits for after pressing the button.
//!
//! **Measured**: from the call of `send()` until it has returned (the message is on the disk, `synchronous=FULL`) and
//! the open timeline has handed the message out, whichever comes later. The timeline waits in a task of its own, as on
//! a phone. The conversation has 1,000 messages and is known at the desk; the host has said that there is no network,
//! so only the local path is measured. Twenty messages a round, then everything is made anew: nobody writes hundreds
//! without a network.
//!
//! **Bare**: one `INSERT` of the message into a copy of the same file (same table of messages, indexes, page size,
//! journal, and `synchronous=FULL`), in a transaction of its own, on the calling thread. It has no timeline and no outbox.
//!
//! **Fair**, for both pay one sync of the disk, which is nearly all of it on a phone's. Ours adds waking threads and
//! telling the timeline. It saves two things: a message that the desk does not have is a row of the outbox, one page,
//! and among the messages, by its id and in its order, it would be three; and its log was made longer while nobody
//! waited, where the bare side's grows with every insert, as SQLite's does by itself. So two more bare inserts are told
//! beside it: into the outbox, and into a log that was made longer. Turn by turn, each on its own file.
//!
//! An app must not wait for its disk on the thread that draws, so the bare insert is also measured as an app would make
//! it: handed to another thread of the runtime, and awaited. None of these is what the goal is about.
//!
//! **Noise**: a tenth from run to run on a quiet machine. Where every core is busy with something else, a woken thread
//! waits for its turn (4 ms and less), which ours does and the bare side, being one thread, does not: a median of
//! several milliseconds beside a bare one of 0.3 says that the machine was busy.
//!
//! **Also**: the same with 500 messages waiting, where what is done anew for each message must not grow with them.

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::Instant,
};

use shopbell::{Conversation, Message, SupportClient, Timeline};

use super::{
    bare::BareStore,
    fill::{conversation_id, full, offline_config},
    stats::{Times, noise},
    table::{Amount, Goal, Line},
};

const ROUNDS: usize = 10;
const TURNS: usize = 20;
/// How many wait when a long queue is measured.
const WAITING: usize = 500;

pub(crate) async fn take(work: &Path) -> Vec<Line> {
    let (mut ours, mut alone, mut bare) = (Times::default(), Times::default(), Times::default());
    let (mut bare_off, mut bare_entry, mut bare_roomy) = (Times::default(), Times::default(), Times::default());
    let (mut ours_long, mut bare_long) = (Times::default(), Times::default());
    for round in 0..ROUNDS {
        let mut pair = Pair::new(&work.join(round.to_string())).await;
        for turn in 0..TURNS {
            let text = format!("Round {round}, message {turn}: where is my parcel?");
            pair.ours(&text, &mut ours, &mut alone).await;
            pair.bare(&text, &mut bare);
        }
        for turn in 0..TURNS {
            let text = format!("Round {round}, once more {turn}: where is my parcel?");
            pair.bare_off_the_thread(&text, &mut bare_off).await;
            pair.bare_entry(&text, &mut bare_entry);
        }
        pair.store.lock().expect("no insert panics").make_room();
        for turn in 0..=TURNS {
            // The first finds nothing in its cache.
            let mut first = Times::default();
            pair.bare("The same, in a log that has room", if turn == 0 { &mut first } else { &mut bare_roomy });
        }
        if round == ROUNDS - 1 {
            for number in TURNS..WAITING {
                pair.conversation.send(&format!("Waiting {number}")).await.expect("sent");
            }
            // Let the timeline catch up first.
            let (mut warm, mut up) = (Times::default(), Times::default());
            pair.ours("The last of those that wait", &mut warm, &mut up).await;
            for turn in 0..TURNS * 2 {
                let text = format!("One more, {turn}");
                pair.ours(&text, &mut ours_long, &mut up).await;
                pair.bare(&text, &mut bare_long);
            }
        }
        pair.client.shutdown().await;
    }
    let amount = |times: &Times| Amount::new(times.median(), "ms");
    vec![
        Line {
            name: "send",
            ours: amount(&ours),
            bare: Some(amount(&bare)),
            goal: Goal::Ratio(1.2),
            notes: vec![
                noise(&ours, &bare),
                format!("of ours, until send() returned: {:.2} ms; the rest is the timeline", alone.median()),
                format!("ours less bare: {:.2} ms", ours.median() - bare.median()),
                format!(
                    "bare, off the calling thread: {:.2} ms, and ours × {:.2} of that",
                    bare_off.median(),
                    ours.median() / bare_off.median()
                ),
                format!(
                    "bare, in a log that has room: {:.2} ms, and ours × {:.2} of that",
                    bare_roomy.median(),
                    ours.median() / bare_roomy.median()
                ),
                format!(
                    "bare, into the outbox: {:.2} ms, and ours × {:.2} of that",
                    bare_entry.median(),
                    ours.median() / bare_entry.median()
                ),
            ],
        },
        Line {
            name: "send, 500 waiting",
            ours: amount(&ours_long),
            bare: Some(amount(&bare_long)),
            goal: Goal::None,
            notes: vec![noise(&ours_long, &bare_long)],
        },
    ]
}

/// A client with a conversation on screen, and a bare copy of its store.
struct Pair {
    client: SupportClient,
    conversation: Conversation,
    timeline: Timeline,
    shown: Vec<Message>,
    store: Arc<Mutex<BareStore>>,
}

impl Pair {
    async fn new(data: &Path) -> Self {
        let database = full(data, 1, 1_000).await;
        let copy = data.join("bare.db");
        fs::copy(&database, &copy).expect("a copy");
        let client = SupportClient::open(offline_config(data)).await.expect("the client opens");
        client.network_changed(false);
        let conversation = client.conversation(&conversation_id(0)).expect("open");
        let timeline = conversation.timeline();
        let store = Arc::new(Mutex::new(BareStore::open(&copy, "FULL")));
        let mut pair = Self { client, conversation, timeline, shown: Vec::new(), store };
        // Statements are prepared and pages read on both sides before anything is measured.
        for turn in 0..3 {
            let text = format!("Warming up {turn}");
            pair.ours(&text, &mut Times::default(), &mut Times::default()).await;
            pair.bare(&text, &mut Times::default());
            pair.bare_off_the_thread(&text, &mut Times::default()).await;
            pair.bare_entry(&text, &mut Times::default());
        }
        pair
    }

    async fn ours(&mut self, text: &str, whole: &mut Times, alone: &mut Times) {
        let Self { conversation, timeline, shown, .. } = self;
        let start = Instant::now();
        let write = async {
            conversation.send(text).await.expect("sent");
            alone.since(start);
        };
        let see = async {
            while !shown.iter().rev().any(|message| message.content.as_text() == text) {
                let batch = timeline.next().await.expect("the store reads").expect("the timeline goes on");
                batch.into_iter().for_each(|step| step.apply(shown));
            }
        };
        tokio::join!(write, see);
        whole.since(start);
    }

    fn bare(&self, text: &str, times: &mut Times) {
        let start = Instant::now();
        self.store.lock().expect("no insert panics").insert_unsent(conversation_id(0).as_str(), text);
        times.since(start);
    }

    fn bare_entry(&self, text: &str, times: &mut Times) {
        let start = Instant::now();
        self.store.lock().expect("no insert panics").insert_entry(conversation_id(0).as_str(), text);
        times.since(start);
    }

    async fn bare_off_the_thread(&self, text: &str, times: &mut Times) {
        let start = Instant::now();
        let (store, text) = (Arc::clone(&self.store), text.to_owned());
        let insert = move || store.lock().expect("no insert panics").insert_unsent(conversation_id(0).as_str(), &text);
        tokio::task::spawn_blocking(insert).await.expect("no insert panics");
        times.since(start);
    }
}
