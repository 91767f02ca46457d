//! The store's promises: what the desk says is written down once, an own message is recognised, old files open.

mod model;
mod order;
mod told;
mod unsent;

use std::{cell::Cell, collections::HashSet, path::Path, sync::Arc};

use super::*;
use crate::{
    backend::{ConversationChange, DeskConversation, DeskMessage, Secret},
    model::*,
    testing::message,
};

#[test]
fn message_of_parts_alone_has_a_preview() {
    let preview = |content: &Content| conversations::preview(false, &serde_json::to_string(content).unwrap(), None);
    let card = |title: &str, description: &str, actions| Card {
        title: title.into(),
        description: description.into(),
        image_url: None,
        actions,
    };
    let button = CardAction::Reply { text: "Buy".into(), payload: "BUY".into() };
    let cards = vec![card("Bag", "Blue", vec![]), card("", "Red", vec![]), card("", "", vec![button])];
    let choices =
        vec![Choice { title: "S".into(), value: "1".into() }, Choice { title: "M".into(), value: "2".into() }];
    let article = ArticleLink { title: "Returns".into(), description: String::new(), url: "https://d/a".into() };
    for (content, expected) in [
        (Content::Cards { text: String::new(), cards: cards.clone() }, "Bag Red Buy"),
        (Content::Cards { text: "Look".into(), cards }, "Look"),
        (Content::Select { text: " ".into(), choices, answer: None }, "S M"),
        (Content::Articles { text: String::new(), articles: vec![article] }, "Returns"),
        (Content::text("![](https://d/a.png)"), "a.png"),
        (Content::text("[Order]: #1207"), "[Order]: #1207"),
        (Content::text("5."), "5."),
    ] {
        assert_eq!(preview(&content).unwrap(), expected);
    }
}

struct Fixture {
    store: Arc<Store>,
    conversation: ConversationId,
    _folder: tempfile::TempDir,
}

fn numbered() -> impl Fn() -> String + Send + 'static {
    let next = Cell::new(0);
    move || {
        next.set(next.get() + 1);
        format!("desk-{}", next.get())
    }
}

async fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(&folder.path().join("a.db"), Timestamp::default(), Feed::new()).unwrap());
    let conversation = ConversationId::new("c");
    let id = conversation.clone();
    store
        .write(Durability::Now, move |tx| {
            SessionRow::insert_own(tx, "s", &Secret::new("secret"))?;
            ConversationRow::insert(tx, &id, "s", DeskConversationId::new(1), Timestamp::default())
        })
        .await
        .unwrap();
    Fixture { store, conversation, _folder: folder }
}

/// An own message at the desk.
fn own(number: i64, text: &str, echo: Option<&str>) -> DeskMessage {
    DeskMessage {
        author: Author::Customer,
        content: Content::text(text),
        echo: echo.map(str::to_owned),
        ..message(number)
    }
}

/// Writes a message as `send` does where it has to wait; gives its entry's number.
fn unsent(
    tx: &mut Tx<'_>,
    conversation: &ConversationId,
    session: &str,
    id: &MessageId,
    text: &str,
    at: Timestamp,
) -> Result<i64, StoreError> {
    let new = NewMessage { conversation, session, id, content: &Content::text(text), attachments: &[], at };
    Ok(EntryRow::insert_message(tx, new)?.seq)
}

impl Fixture {
    /// Writes a message as `send` does; with `fence`, an attempt at sending it has begun.
    async fn send(&self, id: &str, text: &str, fence: Option<i64>) -> i64 {
        let (conversation, id, text) = (self.conversation.clone(), MessageId::new(id), text.to_owned());
        self.store
            .write(Durability::Now, move |tx| {
                let seq = unsent(tx, &conversation, "s", &id, &text, Timestamp::default())?;
                if let Some(fence) = fence {
                    EntryRow::begin(tx, seq, 1, Fence { number: fence, at: Timestamp::default() })?;
                }
                Ok(seq)
            })
            .await
            .unwrap()
    }

    async fn incoming(&self, messages: Vec<DeskMessage>) -> usize {
        let conversation = self.conversation.clone();
        let new_id = numbered();
        let prefix = self.shown().await.len();
        self.store
            .write(Durability::Later, move |tx| {
                let id = || format!("{prefix}-{}", new_id());
                incoming::messages(tx, &conversation, &messages, &id).map(|applied| applied.new)
            })
            .await
            .unwrap()
    }

    /// The ids and desk numbers of the messages shown, in order.
    async fn shown(&self) -> Vec<(String, Option<i64>)> {
        let conversation = self.conversation.clone();
        self.store
            .read(move |connection| {
                let rows = MessageRow::window(connection, &conversation, Position::FIRST)?;
                let mut shown = Vec::new();
                for row in rows {
                    let whole = MessageRow::find(connection, &row.id)?.unwrap();
                    shown.push((row.id.to_string(), whole.desk_id.map(DeskMessageId::get)));
                }
                Ok(shown)
            })
            .await
            .unwrap()
    }

    async fn waiting(&self) -> usize {
        self.store.read(EntryRow::all).await.unwrap().len()
    }

    async fn sent(&self, id: &str, answer: DeskMessage, attempts: u32) {
        let id = MessageId::new(id);
        self.store
            .write(Durability::Later, move |tx| incoming::sent(tx, &id, &answer, attempts, &|| "given-back".to_owned()))
            .await
            .unwrap();
    }
}

fn row(id: &str, number: i64) -> (String, Option<i64>) {
    (id.to_owned(), Some(number))
}

#[tokio::test]
async fn same_messages_again_in_any_order_change_nothing() {
    let fixture = fixture().await;
    assert_eq!(fixture.incoming((1..=5).map(message).collect()).await, 5);
    let before = fixture.shown().await;
    assert_eq!(fixture.incoming((1..=5).rev().map(message).collect()).await, 0);
    assert_eq!(fixture.shown().await, before);
}

#[tokio::test]
async fn echo_names_the_message_for_certain() {
    let fixture = fixture().await;
    fixture.send("a", "hello", None).await;
    assert_eq!(fixture.incoming(vec![own(7, "hello (as the desk keeps it)", Some("a"))]).await, 0);
    assert_eq!(fixture.shown().await, [row("a", 7)]);
    assert_eq!(fixture.waiting().await, 0);
}

#[tokio::test]
async fn second_copy_with_the_same_echo_is_not_shown() {
    let fixture = fixture().await;
    fixture.send("a", "hello", Some(0)).await;
    fixture.incoming(vec![own(7, "hello", Some("a"))]).await;
    fixture.incoming(vec![own(8, "hello", Some("a"))]).await;
    assert_eq!(fixture.shown().await, [row("a", 7)]);
    // And the list, which carries no echo, does not bring it back.
    fixture.incoming(vec![own(7, "hello", None), own(8, "hello", None)]).await;
    assert_eq!(fixture.shown().await, [row("a", 7)]);
}

#[tokio::test]
async fn words_beyond_the_fence_are_the_attempt_under_way() {
    let fixture = fixture().await;
    fixture.incoming(vec![own(3, "ok", None)]).await;
    fixture.send("a", "ok", Some(3)).await;
    fixture.send("b", "ok", None).await;
    assert_eq!(fixture.incoming(vec![own(3, "ok", None), own(4, "ok", None), own(5, "ok", None)]).await, 1);
    let shown = fixture.shown().await;
    assert_eq!(shown.len(), 4);
    assert_eq!(shown[1], row("a", 4), "the attempt");
    assert_eq!(shown[2].1, Some(5), "another phone's");
    assert_eq!(shown[3], ("b".to_owned(), None), "no attempt of it has begun");
}

#[tokio::test]
async fn other_words_and_agents_are_never_taken_for_ours() {
    let fixture = fixture().await;
    fixture.send("a", "ok", Some(0)).await;
    let agent = DeskMessage { content: Content::text("ok"), ..message(4) };
    assert_eq!(fixture.incoming(vec![own(3, "OK", None), agent]).await, 2);
    assert_eq!(fixture.waiting().await, 1);
}

#[tokio::test]
async fn answer_to_the_first_attempt_gives_another_phones_message_back() {
    let fixture = fixture().await;
    fixture.send("a", "ok", Some(0)).await;
    fixture.incoming(vec![own(7, "ok", None)]).await;
    assert_eq!(fixture.shown().await, [row("a", 7)], "taken for ours by its words");
    fixture.sent("a", own(8, "ok", None), 1).await;
    assert_eq!(fixture.shown().await, [row("given-back", 7), row("a", 8)]);
}

#[tokio::test]
async fn answer_to_a_later_attempt_makes_the_first_a_twin() {
    let fixture = fixture().await;
    fixture.send("a", "ok", Some(0)).await;
    fixture.incoming(vec![own(7, "ok", None)]).await;
    fixture.sent("a", own(8, "ok", None), 2).await;
    assert_eq!(fixture.shown().await, [row("a", 8)]);
    fixture.incoming(vec![own(7, "ok", None)]).await;
    assert_eq!(fixture.shown().await, [row("a", 8)]);
}

#[tokio::test]
async fn answer_takes_the_place_of_what_sync_wrote_down_first() {
    let fixture = fixture().await;
    fixture.send("a", "ok", None).await;
    fixture.incoming(vec![own(7, "ok", None)]).await;
    assert_eq!(fixture.shown().await.len(), 2);
    fixture.sent("a", own(7, "ok", None), 1).await;
    assert_eq!(fixture.shown().await, [row("a", 7)]);
}

#[tokio::test]
async fn file_fetched_for_what_sync_wrote_down_first_goes_with_it() {
    let fixture = fixture().await;
    fixture.send("a", "ok", None).await;
    let told = DeskMessage { attachments: vec![Attachment::new(AttachmentKind::File, "a.pdf")], ..own(7, "ok", None) };
    fixture.incoming(vec![told.clone()]).await;
    let holder = fixture.shown().await.into_iter().find(|row| row.1 == Some(7)).unwrap().0;
    let row = FileRow {
        id: FileId::of(&AttachmentId::of(&MessageId::new(holder), 1), Part::Whole),
        name: "fetched".to_owned(),
        state: FileState::Whole,
        size: 1,
        here: 1,
        used_at: Timestamp::default(),
        validator: None,
    };
    fixture.store.write(Durability::Later, move |tx| row.save(tx)).await.unwrap();
    let path = fixture._folder.path().join("a.files");
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("fetched"), "1").unwrap();
    fixture.sent("a", told, 1).await;
    assert_eq!(fixture.store.read(FileRow::totals).await.unwrap(), (0, 0));
    assert!(!path.join("fetched").exists());
}

#[tokio::test]
async fn desk_without_a_clock_sorts_by_its_numbers() {
    let fixture = fixture().await;
    let absurd = |number, seconds| DeskMessage { created_at: Timestamp::from_seconds(seconds), ..message(number) };
    fixture.incoming(vec![absurd(9, i64::MAX), absurd(1, i64::MIN), absurd(2, 0), absurd(3, 0)]).await;
    fixture.send("unsent", "ok", None).await;
    let numbers: Vec<_> = fixture.shown().await.into_iter().map(|row| row.1).collect();
    assert_eq!(numbers, [Some(1), Some(2), Some(3), Some(9), None]);
}

#[tokio::test]
async fn empty_conversation_of_the_desk_is_not_shown() {
    let fixture = fixture().await;
    let empty = DeskConversation {
        id: DeskConversationId::new(9).unwrap(),
        status: ConversationStatus::Open,
        customer_seen_at: None,
        agent_seen_at: None,
        messages: Vec::new(),
        complete: true,
        channel: None,
        contact: None,
    };
    let known = fixture
        .store
        .write(Durability::Later, move |tx| {
            incoming::conversation(tx, "s", &empty, true, None, &|| "x".to_owned())?;
            Ok(ConversationRow::by_desk_id(tx, empty.id)?.is_some())
        })
        .await
        .unwrap();
    assert!(!known);
}

#[tokio::test]
async fn customers_last_word_awaits_an_answer_unless_the_conversation_was_ended_after_it() {
    let fixture = fixture().await;
    let awaits = |message: DeskMessage, resolved_at: Option<Timestamp>| {
        let id = fixture.conversation.clone();
        fixture.store.write(Durability::Later, move |tx| {
            let new_id = format!("m{}", message.id.get());
            incoming::messages(tx, &id, &[message], &|| new_id.clone())?;
            if let Some(at) = resolved_at {
                ConversationRow::is_news(tx, &id, Some(at))?;
                ConversationRow::set_status(tx, &id, ConversationStatus::Resolved)?;
            }
            Ok(ConversationRow::last_word(tx, &id)?.awaits_answer)
        })
    };
    let hello = own(1, "hello", None);
    let after = hello.created_at.plus(std::time::Duration::from_millis(300));
    assert!(awaits(hello.clone(), None).await.unwrap());
    assert!(!awaits(hello, Some(after)).await.unwrap());
    // It opens the conversation again, and nothing here has said so.
    let again = DeskMessage { created_at: after.plus(std::time::Duration::from_secs(60)), ..own(2, "again", None) };
    assert!(awaits(again.clone(), None).await.unwrap());
    let answer = DeskMessage { created_at: again.created_at, ..crate::testing::message(3) };
    assert!(!awaits(answer, None).await.unwrap());
}

#[tokio::test]
async fn failed_write_leaves_nothing_and_a_panic_leaves_the_store_working() {
    let fixture = fixture().await;
    let id = fixture.conversation.clone();
    let refused: Result<(), _> = fixture
        .store
        .write(Durability::Now, move |tx| {
            ConversationRow::set_draft(tx, &id, "half")?;
            Err(SupportError::NotFound { what: "reason" }.into())
        })
        .await;
    assert_eq!(refused, Err(SupportError::NotFound { what: "reason" }));
    let panicked: Result<(), _> = fixture.store.write(Durability::Now, |_| panic!("a mistake of ours")).await;
    assert!(matches!(panicked, Err(SupportError::Storage(_))));
    let asked: Result<(), _> = fixture.store.read(|_| panic!("a mistake of ours")).await;
    assert!(matches!(asked, Err(SupportError::Storage(_))));
    let id = fixture.conversation.clone();
    let row = fixture.store.read(move |connection| ConversationRow::find(connection, &id)).await.unwrap().unwrap();
    assert_eq!(row.draft, None);
}

#[tokio::test]
async fn closed_store_refuses_and_leaves_no_log_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let store = Arc::new(Store::open(&path, Timestamp::default(), Feed::new()).unwrap());
    let closing = Arc::clone(&store);
    tokio::task::spawn_blocking(move || closing.close()).await.unwrap();
    assert_eq!(store.read(|_| Ok(())).await, Err(SupportError::Paused));
    assert_eq!(store.write(Durability::Now, |_| Ok(())).await, Err(SupportError::Paused));
    assert!(!folder.path().join("a.db-wal").exists());
}

/// What an old file holds, in words that a person can compare.
async fn contents(path: &Path) -> String {
    let store = Store::open(path, Timestamp::default(), Feed::new()).unwrap();
    store
        .read(|connection| {
            let mut text = String::new();
            let tables = ["customer", "sessions", "conversations", "messages", "twins", "outbox", "facts", "files"];
            for table in tables {
                let mut statement = connection.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2"))?;
                let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    text.push_str(table);
                    for (at, column) in columns.iter().enumerate() {
                        let value: rusqlite::types::Value = row.get(at)?;
                        if value != rusqlite::types::Value::Null {
                            text.push_str(&format!(" {column}={value:?}"));
                        }
                    }
                    text.push('\n');
                }
            }
            Ok(text)
        })
        .await
        .unwrap()
}

/// A file of every released version must open for ever, with every row.
#[tokio::test]
async fn files_of_released_versions_open_with_every_row() {
    for version in 1..=3 {
        let kept = format!("{}/tests/fixtures/v{version}.db", env!("CARGO_MANIFEST_DIR"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        std::fs::copy(kept, &path).unwrap();
        insta::assert_snapshot!(format!("v{version}"), contents(&path).await);
    }
}

/// Writes the file of this version, before it is released: `SHOPBELL_WRITE_FIXTURE=path cargo test … writes_fixture`.
#[tokio::test]
async fn asked_to_writes_the_fixture_of_this_version() {
    let Ok(path) = std::env::var("SHOPBELL_WRITE_FIXTURE") else { return };
    let store = Arc::new(Store::open(Path::new(&path), Timestamp::default(), Feed::new()).unwrap());
    let id = ConversationId::new("conversation-1");
    store
        .write(Durability::Now, move |tx| {
            CustomerRow {
                identity: Some(Identity::new("customer-7").with_hash("0".repeat(64))),
                profile: CustomerProfile {
                    name: Some("Nguyễn Thị Đào".into()),
                    attributes: [("plan".to_owned(), AttributeValue::Text("gold".into()))].into(),
                    ..CustomerProfile::default()
                },
                verification: Verification::Verified,
            }
            .save(tx)?;
            SessionRow::insert_own(tx, "session-1", &Secret::new("secret"))?;
            ConversationRow::insert(tx, &id, "session-1", DeskConversationId::new(1), Timestamp::from_seconds(9))?;
            let select = Content::Select {
                text: "Which?".into(),
                choices: vec![Choice { title: "Red".into(), value: "red".into() }],
                answer: None,
            };
            let messages = [own(1, "hello", None), message(2), DeskMessage { content: select, ..message(3) }];
            let new_id = numbered();
            incoming::messages(tx, &id, &messages, &new_id)?;
            ConversationRow::set_draft(tx, &id, "begun")?;
            for (name, attention) in [("waits", false), ("asks", true)] {
                let message = MessageId::new(name);
                let seq = unsent(tx, &id, "session-1", &message, name, Timestamp::from_seconds(99))?;
                if attention {
                    let reason = AttentionReason::Refused { detail: "too long".into() };
                    EntryRow::set_state(tx, seq, &EntryState::Attention { reason, unclear: false }, 1)?;
                }
            }
            let message = MessageId::new("with-a-file");
            let file = Attachment {
                id: AttachmentId::of(&message, 1),
                kind: AttachmentKind::Image,
                name: "photo.jpg".into(),
                size: Some(300),
                media_type: Some("image/jpeg".into()),
                url: None,
                thumbnail_url: None,
                width: Some(4),
                height: Some(3),
                transcript: None,
                duration_ms: None,
                coordinates: None,
                phone: None,
                transfer: Transfer::default(),
            };
            let new = NewMessage {
                conversation: &id,
                session: "session-1",
                id: &message,
                content: &Content::text(""),
                attachments: std::slice::from_ref(&file),
                at: Timestamp::from_seconds(100),
            };
            EntryRow::insert_message(tx, new)?;
            FileRow {
                id: FileId::of(&file.id, Part::Whole),
                name: "kept-name".into(),
                state: FileState::Unsent,
                size: 300,
                here: 300,
                used_at: Timestamp::from_seconds(100),
                validator: None,
            }
            .save(tx)?;
            Ok(())
        })
        .await
        .unwrap();
    tokio::task::spawn_blocking(move || store.close()).await.unwrap();
}

#[tokio::test]
async fn commit_says_that_it_only_appends_only_where_it_does() {
    let fixture = fixture().await;
    let topic = || Topic::Conversation(fixture.conversation.clone());
    let change_of = async |also: fn(&mut Tx<'_>, &ConversationId, &MessageId) -> Result<(), StoreError>, id: &str| {
        let watcher = fixture.store.feed().watch(topic());
        let told = watcher.leave(fixture.store.id(), |_, change| Ok(change.clone())).unwrap();
        let (conversation, id) = (fixture.conversation.clone(), MessageId::new(id));
        fixture
            .store
            .write(Durability::Now, move |tx| {
                unsent(tx, &conversation, "s", &id, "hello", Timestamp::default())?;
                also(tx, &conversation, &id)
            })
            .await
            .unwrap();
        told.await.unwrap().answer.unwrap()
    };
    let alone = |_: &mut Tx<'_>, _: &ConversationId, _: &MessageId| Ok(());
    let appended = change_of(alone, "a").await;
    // What is told is what a reader would find.
    let found = fixture.store.read(|connection| MessageRow::find(connection, &MessageId::new("a"))).await.unwrap();
    assert_eq!(appended, Change::Appended(vec![found.unwrap()]));
    let refreshed =
        |tx: &mut Tx<'_>, conversation: &ConversationId, _: &MessageId| ConversationRow::refresh(tx, conversation);
    assert_eq!(change_of(refreshed, "b").await, Change::Any);
    // A second change of the same message is no longer just its being new.
    let twice = |tx: &mut Tx<'_>, conversation: &ConversationId, id: &MessageId| {
        tx.touch(conversation);
        tx.append(MessageRow::find(tx, id)?.unwrap());
        Ok(())
    };
    assert_eq!(change_of(twice, "c").await, Change::Any);
}

/// The numbers that the table counts as given out.
async fn given_out(store: &Store) -> i64 {
    let asked = |connection: &rusqlite::Connection| {
        Ok(connection.query_row("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'", [], |row| row.get(0))?)
    };
    store.read(asked).await.unwrap()
}

#[tokio::test]
async fn numbers_are_set_aside_for_many_entries_and_none_is_given_twice() {
    let fixture = fixture().await;
    let first = fixture.send("a", "a", None).await;
    let noted = given_out(&fixture.store).await;
    assert!(noted > first);
    for number in first + 1..=noted {
        assert_eq!(fixture.send(&format!("a{number}"), "a", None).await, number);
    }
    // All of them without a word to the page that counts them.
    assert_eq!(given_out(&fixture.store).await, noted);
    assert_eq!(fixture.send("b", "b", None).await, noted + 1);
    // Done, closed and opened: what was left of the second block is not begun again.
    let all = |tx: &mut Tx<'_>| Ok(tx.execute("DELETE FROM outbox", [])?);
    fixture.store.write(Durability::Now, all).await.unwrap();
    let store = Arc::clone(&fixture.store);
    tokio::task::spawn_blocking(move || store.close()).await.unwrap();
    let path = fixture._folder.path().join("a.db");
    let opened = Store::open(&path, Timestamp::default(), Feed::new()).unwrap();
    let fixture = Fixture { store: Arc::new(opened), ..fixture };
    assert!(fixture.send("c", "c", None).await > noted + 1);
}

#[tokio::test]
async fn entries_of_two_processes_are_numbered_in_the_order_in_which_they_were_written() {
    let one = fixture().await;
    let path = one._folder.path().join("a.db");
    let other = Store::open(&path, Timestamp::default(), Feed::new()).unwrap();
    let other = Fixture {
        store: Arc::new(other),
        conversation: one.conversation.clone(),
        _folder: tempfile::tempdir().unwrap(),
    };
    let (mut given, mut waiting) = (HashSet::new(), Vec::new());
    for turn in 0..200 {
        let writer = if turn % 3 == 0 { &one } else { &other };
        let number = writer.send(&format!("m{turn}"), "m", None).await;
        assert!(given.insert(number), "{number} was given before");
        if turn % 7 == 0 {
            writer.store.write(Durability::Now, move |tx| EntryRow::remove(tx, number)).await.unwrap();
        } else {
            waiting.push(number);
        }
    }
    let entries = one.store.read(EntryRow::all).await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), waiting);
}

#[tokio::test]
async fn numbers_of_a_write_that_failed_are_given_to_the_next() {
    let fixture = fixture().await;
    let conversation = fixture.conversation.clone();
    let failed: Result<(), _> = fixture
        .store
        .write(Durability::Now, move |tx| {
            unsent(tx, &conversation, "s", &MessageId::new("a"), "a", Timestamp::default())?;
            Err(SupportError::Closed.into())
        })
        .await;
    assert!(failed.is_err());
    let first = fixture.send("b", "b", None).await;
    assert_eq!(fixture.send("c", "c", None).await, first + 1);
    assert!(given_out(&fixture.store).await > first + 1);
}
