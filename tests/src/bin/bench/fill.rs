//! Stores that are full already: made by the client, so that the schema is its own, then filled past it.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, params};
use shopbell::{Author, ClientConfig, Content, ConversationId, Delivery, SupportClient};

/// An address at which nobody answers: the client finds out at once, and stays offline.
pub(crate) const NOBODY: &str = "http://127.0.0.1:9";

/// How long a client is to believe that there is no network: longer than any measure.
pub(crate) const UNDOUBTED: Duration = Duration::from_secs(3_600);

/// Of the customer's phone, whose desk is nowhere.
pub(crate) fn offline_config(data: &Path) -> ClientConfig {
    let mut config = ClientConfig::new(NOBODY, "shop", data);
    config.limits.offline_poll = UNDOUBTED;
    config
}

/// The id of a filled-in conversation.
pub(crate) fn conversation_id(number: usize) -> ConversationId {
    ConversationId::new(format!("conversation{number:014}"))
}

/// A store with so many conversations of so many messages each. Gives the database's path.
pub(crate) async fn full(data: &Path, conversations: usize, messages: usize) -> PathBuf {
    let client = SupportClient::open(offline_config(data)).await.expect("the client opens");
    client.shutdown().await;
    drop(client);
    let path = database(data);
    let filled = path.clone();
    tokio::task::spawn_blocking(move || fill(&filled, conversations, messages)).await.expect("the store is filled");
    path
}

/// The only database in a folder of a client's.
pub(crate) fn database(data: &Path) -> PathBuf {
    let files = |folder: &Path| fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut found =
        files(data).filter(|path| path.is_dir()).flat_map(|path| files(&path).collect::<Vec<_>>()).filter(|path| {
            let extension = path.extension();
            extension.is_some_and(|extension| extension == "db")
        });
    found.next().expect("a database")
}

/// Fills a store, as if long ago all of it had come from the desk. Ids are as random as the client's, for an index
/// over ids in order would be smaller and faster than the true one.
pub(crate) fn fill(path: &Path, conversations: usize, messages: usize) {
    let mut connection = Connection::open(path).expect("the store opens");
    connection.pragma_update(None, "synchronous", "OFF").expect("a pragma");
    connection.pragma_update(None, "cache_size", -262_144).expect("a pragma");
    let session: String =
        connection.query_row("SELECT id FROM sessions WHERE own = 1", [], |row| row.get(0)).expect("a session");
    let json = |value: &dyn Fn() -> serde_json::Result<String>| value().expect("JSON");
    let customer = json(&|| serde_json::to_string(&Author::Customer));
    let agent = serde_json::from_str::<Author>(r#"{"type":"agent","agent":{"id":"1","name":"Mai","avatar_url":null}}"#)
        .and_then(|author| serde_json::to_string(&author))
        .expect("an agent");
    let (status, delivery) = (r#""open""#, json(&|| serde_json::to_string(&Delivery::Sent)));
    let mut desk_id = 0_i64;
    for group in (0..conversations).collect::<Vec<_>>().chunks(100) {
        let transaction = connection.transaction().expect("a transaction");
        for &number in group {
            let id = conversation_id(number);
            let begun = 1_700_000_000_000 + i64::try_from(number).expect("small") * 60_000;
            let (first, count) = (desk_id + 1, i64::try_from(messages).expect("small"));
            transaction
                .prepare_cached(
                    "INSERT INTO conversations (id, session, desk_id, status, created_at, last_activity, preview,
                        seen_to, synced_to, history_from, history_complete)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'A preview', ?7, ?7, ?8, 1)",
                )
                .and_then(|mut insert| {
                    let last = first + count - 1;
                    let desk_number = 1_000_000 + i64::try_from(number).expect("small");
                    insert.execute(params![
                        id.as_str(),
                        session,
                        desk_number,
                        status,
                        begun,
                        begun + count,
                        last,
                        first
                    ])
                })
                .expect("a conversation");
            let mut insert = transaction
                .prepare_cached(
                    "INSERT INTO messages (id, conversation, desk_id, sort_at, sort_id, own, author, content,
                        created_at, delivery) VALUES (?1, ?2, ?3, ?4, ?3, ?5, ?6, ?7, ?4, ?8)",
                )
                .expect("a statement");
            for turn in 0..count {
                desk_id += 1;
                let own = turn % 2 == 0;
                let text = if own {
                    format!("Message {turn}: is the blue bag waterproof, and does it hold a laptop of 15 inches?")
                } else {
                    format!(
                        "Answer {turn}: yes, **fully**. See [the page](https://shop.example/bags/{turn}) for sizes."
                    )
                };
                let content = json(&|| serde_json::to_string(&Content::text(text.as_str())));
                let (author, delivery) = if own { (&customer, Some(&delivery)) } else { (&agent, None) };
                insert
                    .execute(params![
                        scattered(desk_id),
                        id.as_str(),
                        desk_id,
                        begun + turn,
                        own,
                        author,
                        content,
                        delivery
                    ])
                    .expect("a message");
            }
        }
        transaction.commit().expect("a commit");
    }
    // As after a pause of the client's: one file, nothing in the log.
    connection.pragma_update(None, "wal_checkpoint", "TRUNCATE").expect("a checkpoint");
}

/// 26 characters without an order that an index could profit from, as the client's ids have none.
pub(crate) fn scattered(number: i64) -> String {
    // Multiplying by an odd number is one to one, and mixes well enough for a tree of ids.
    let mixed = number.cast_unsigned().wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{mixed:016x}{:010x}", number & 0xff_ffff_ffff)
}
