//! `round-trip`: a message out, until the desk has it and the customer sees that it does.
//!
//! **Measured**: over loopback, with the realtime connection up: from the call of `send()` until the timeline shows
//! the message as sent.
//!
//! **Bare**: the parts that nobody can leave out, one after the other: a durable insert of the row (rusqlite, WAL,
//! `synchronous=FULL`, same tables), a POST of the same JSON to the same desk over a kept-alive connection, and the
//! `message.created` frame received on a bare websocket (which mostly has come by then).
//!
//! **Fair**, for it is one desk, one customer each, with as many messages on either side. The bare side notes nothing
//! after the POST and could send twice after a loss of power; ours makes sure that it can't.
//!
//! **Noise**: the disk's and the scheduler's, about a tenth. Turn by turn.

use std::{fs, path::Path, time::Instant};

use sandbox::Sandbox;
use serde_json::json;
use shopbell::{ClientConfig, Delivery, SupportClient};
use shopbell_tests::{Screen, desk_with, live};

use super::{
    bare::BareStore,
    desk_side::{BareHttp, BareSocket},
    fill::{conversation_id, full},
    stats::{Times, noise},
    table::{Amount, Goal, Line},
};

const TURNS: usize = 200;

pub(crate) async fn take(work: &Path) -> Vec<Line> {
    let desk = desk_with(|options| options.flood_limit = 1_000_000).await;
    let data = work.join("ours");
    fs::create_dir(&data).expect("a folder");
    // With the limits of a phone: the tests' poll so often that it would be in the figure.
    let config = ClientConfig::new(desk.url(), desk.inbox_identifier(), &data);
    let client = SupportClient::open(config).await.expect("the client opens");
    let conversation = client.start_conversation().expect("open");
    let mut screen = Screen::open(&conversation).await;
    conversation.send("Hello?").await.expect("sent");
    screen.until_last(Delivery::Sent).await;
    live(&client).await;
    let mut other = Other::new(&desk, &work.join("bare")).await;

    let (mut ours, mut bare) = (Times::default(), Times::default());
    let [mut insert, mut post, mut frame] = [Times::default(), Times::default(), Times::default()];
    for turn in 0..TURNS + 5 {
        let text = format!("Message {turn}: where is my parcel?");
        let start = Instant::now();
        let write = async { conversation.send(&text).await.expect("sent") };
        let see = screen.until("it to be sent", |messages| {
            let last = messages.last();
            last.is_some_and(|last| {
                last.content.as_text() == text && !matches!(last.delivery, Some(Delivery::Queued | Delivery::Sending))
            })
        });
        tokio::join!(write, see);
        // The first turns warm both sides up.
        let counts = turn >= 5;
        if counts {
            ours.since(start);
        }
        let start = Instant::now();
        let parts = other.turn(&text, turn).await;
        if counts {
            bare.since(start);
            [(&mut insert, parts[0]), (&mut post, parts[1]), (&mut frame, parts[2])]
                .into_iter()
                .for_each(|(times, part)| times.push(part));
        }
    }
    client.shutdown().await;
    vec![Line {
        name: "round-trip",
        ours: Amount::new(ours.median(), "ms"),
        bare: Some(Amount::new(bare.median(), "ms")),
        goal: Goal::Ratio(1.5),
        notes: vec![
            noise(&ours, &bare),
            format!(
                "of bare: insert {:.2} ms, POST {:.2} ms, then the frame {:.2} ms",
                insert.median(),
                post.median(),
                frame.median()
            ),
        ],
    }]
}

/// The bare customer.
struct Other {
    store: BareStore,
    http: BareHttp,
    socket: BareSocket,
    path: String,
}

impl Other {
    async fn new(desk: &Sandbox, data: &Path) -> Self {
        let database = full(data, 1, 1).await;
        let store = BareStore::open(&database, "FULL");
        let mut http = BareHttp::connect(desk).await;
        let contact = http.post("/contacts", &json!({ "source_id": "a-bare-customer" })).await;
        let conversation = http.post("/contacts/a-bare-customer/conversations", &json!({})).await;
        let token = contact["pubsub_token"].as_str().expect("a token");
        let socket = BareSocket::connect(desk, token).await;
        let path = format!("/contacts/a-bare-customer/conversations/{}/messages", conversation["id"]);
        let mut other = Self { store, http, socket, path };
        other.turn("Hello?", usize::MAX).await;
        other
    }

    /// The three parts' times.
    async fn turn(&mut self, text: &str, number: usize) -> [f64; 3] {
        let millis = |start: Instant| start.elapsed().as_secs_f64() * 1_000.0;
        let start = Instant::now();
        self.store.insert_unsent(conversation_id(0).as_str(), text);
        let insert = millis(start);
        let start = Instant::now();
        let body = json!({ "content": text, "echo_id": format!("{number:026}") });
        let answer = self.http.post(&self.path, &body).await;
        assert!(answer["id"].is_u64());
        let post = millis(start);
        let start = Instant::now();
        self.socket.until("message.created").await;
        [insert, post, millis(start)]
    }
}
