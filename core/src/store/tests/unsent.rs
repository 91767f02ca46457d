//! Messages that the desk does not have: one row of the outbox each, until it has them.

use super::*;

async fn lines(fixture: &Fixture) -> Vec<ConversationSummary> {
    fixture.store.read(ConversationRow::list).await.unwrap()
}

/// How many pages stand in the log.
async fn logged(fixture: &Fixture) -> i64 {
    let ask = |db: &rusqlite::Connection| Ok(db.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| row.get(1))?);
    fixture.store.read(ask).await.unwrap()
}

#[tokio::test]
async fn message_that_is_sent_costs_one_page() {
    let fixture = fixture().await;
    // Sets numbers aside, which is a page of its own.
    fixture.send("first", "hello", None).await;
    let before = logged(&fixture).await;
    fixture.send("second", "hello", None).await;
    assert_eq!(logged(&fixture).await, before + 1);
    assert_eq!(fixture.shown().await.len(), 2);
}

#[tokio::test]
async fn log_has_room_for_what_is_sent_next_and_does_not_grow_without_end() {
    let fixture = fixture().await;
    let length = || std::fs::metadata(fixture._folder.path().join("a.db-wal")).unwrap().len() / (4096 + 24);
    // The writer may not have come to rest before the next message.
    for turn in 0..1_000 {
        fixture.send(&format!("first {turn}"), "hello", None).await;
        if length() >= 32 {
            break;
        }
    }
    let used = u64::try_from(logged(&fixture).await).unwrap();
    assert!(used < length(), "{used} of {}", length());
    for turn in 0..1_000 {
        fixture.send(&format!("second {turn}"), "hello", None).await;
    }
    assert!(length() <= 300, "{} pages", length());
    assert!(fixture.shown().await.len() > 1_000);
}

#[tokio::test]
async fn message_that_the_desk_has_is_all_that_it_was_here_and_nothing_is_left_to_send() {
    let fixture = fixture().await;
    let id = MessageId::new("a");
    let (conversation, kept) = (fixture.conversation.clone(), id.clone());
    let file = Attachment::new(AttachmentKind::Image, "photo.jpg");
    let file = Attachment { id: AttachmentId::of(&id, 1), ..file };
    let files = [Attachment { transfer: Transfer::Queued, ..file.clone() }];
    let watcher = fixture.store.feed().watch(Topic::Conversation(fixture.conversation.clone()));
    let told = watcher.leave(fixture.store.id(), |_, change| Ok(change.clone())).unwrap();
    let write = fixture.store.write(Durability::Now, move |tx| {
        let content = Content::text("Look");
        let new = NewMessage {
            conversation: &conversation,
            session: "s",
            id: &kept,
            content: &content,
            attachments: &files,
            at: Timestamp::from_seconds(5),
        };
        EntryRow::insert_message(tx, new)
    });
    let entry = write.await.unwrap();
    assert_eq!(entry.files, 1);
    let find = async || {
        let id = id.clone();
        fixture.store.read(move |db| MessageRow::find(db, &id)).await.unwrap().unwrap()
    };
    let before = find().await;
    assert_eq!(told.await.unwrap().answer.unwrap(), Change::Appended(vec![before.clone()]));
    assert_eq!((before.desk_id, &before.message.delivery), (None, &Some(Delivery::Queued)));
    fixture.sent("a", own(7, "Look", Some("a")), 1).await;
    let after = find().await;
    assert_eq!(fixture.waiting().await, 0);
    assert!(after.rev > before.rev, "else nobody looks at it again");
    assert_eq!(after.desk_id, DeskMessageId::new(7));
    let expected = Message {
        created_at: own(7, "", None).created_at,
        delivery: Some(Delivery::Sent),
        attachments: vec![file],
        ..before.message
    };
    assert_eq!(after.message, expected);
}

#[tokio::test]
async fn list_shows_what_is_unsent_and_what_was_said_before_it_once_that_is_gone() {
    let fixture = fixture().await;
    let other = ConversationId::new("b");
    let (begun, named) = (other.clone(), message(1).created_at);
    let begin = fixture.store.write(Durability::Now, move |tx| {
        ConversationRow::insert(tx, &begun, "s", None, Timestamp::default())?;
        unsent(tx, &begun, "s", &MessageId::new("later"), "Later", named.plus(std::time::Duration::from_secs(1)))
    });
    begin.await.unwrap();
    fixture.incoming(vec![message(1)]).await;
    let seq = fixture.send("a", "Is it\nwaterproof?", None).await;
    let second = fixture.send("b", "And warm?", None).await;
    let shown = lines(&fixture).await;
    assert_eq!(shown.iter().map(|line| line.id.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    let line = &shown[1];
    assert_eq!((line.preview.as_str(), line.preview_is_own), ("And warm?", true));
    // What the desk has is newer by its clock than what this phone wrote by its own.
    assert_eq!(line.last_activity, named);
    assert_eq!((line.waiting, line.needs_attention), (2, 0));
    let refused = EntryState::Attention { reason: AttentionReason::DeskFailing, unclear: false };
    let change = fixture.store.write(Durability::Later, move |tx| {
        EntryRow::set_state(tx, seq, &refused, 1)?;
        EntryRow::remove(tx, second)
    });
    change.await.unwrap();
    let line = lines(&fixture).await.remove(1);
    assert_eq!((line.preview.as_str(), line.waiting, line.needs_attention), ("Is it waterproof?", 0, 1));
    fixture.store.write(Durability::Later, move |tx| EntryRow::remove(tx, seq)).await.unwrap();
    let line = lines(&fixture).await.remove(1);
    assert_eq!((line.preview.as_str(), line.preview_is_own, line.needs_attention), ("message 1", false, 0));
}

#[tokio::test]
async fn draft_that_goes_with_the_message_leaves_it_the_only_change_of_its_timeline() {
    let fixture = fixture().await;
    let watcher = fixture.store.feed().watch(Topic::Conversation(fixture.conversation.clone()));
    let draft = async |text: &'static str| {
        let id = fixture.conversation.clone();
        fixture.store.write(Durability::Later, move |tx| ConversationRow::set_draft(tx, &id, text)).await.unwrap();
    };
    let mut list = fixture.store.feed().watch(Topic::List);
    draft("Is it").await;
    list.changed().await;
    assert_eq!(lines(&fixture).await[0].draft.as_deref(), Some("Is it"));
    let told = watcher.leave(fixture.store.id(), |_, change| Ok(change.clone())).unwrap();
    let id = fixture.conversation.clone();
    let send = fixture.store.write(Durability::Now, move |tx| {
        ConversationRow::set_draft(tx, &id, "")?;
        unsent(tx, &id, "s", &MessageId::new("a"), "Is it waterproof?", Timestamp::default())
    });
    send.await.unwrap();
    // The first that the timeline's question hears of: drafts are not its business.
    assert!(matches!(told.await.unwrap().answer.unwrap(), Change::Appended(rows) if rows.len() == 1));
}

#[tokio::test]
async fn message_of_an_older_file_without_an_entry_is_kept_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    std::fs::copy(format!("{}/tests/fixtures/v3.db", env!("CARGO_MANIFEST_DIR")), &path).unwrap();
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute("DELETE FROM outbox WHERE message = 'waits'", []).unwrap();
    drop(old);
    let store = Store::open(&path, Timestamp::default(), Feed::new()).unwrap();
    let read = store.read(|connection| {
        let window = MessageRow::window(connection, &ConversationId::new("conversation-1"), Position::FIRST)?;
        window
            .iter()
            .map(|row| Ok(MessageRow::of_window(connection, row)?.unwrap().message.content.as_text().to_owned()))
            .collect::<Result<Vec<_>, StoreError>>()
    });
    assert_eq!(read.await.unwrap(), ["hello", "message 2", "Which?", "waits", "asks", ""]);
}

#[tokio::test]
async fn unsent_messages_of_whoever_logs_in_come_along_as_they_stand_behind_what_waits() {
    let fixture = fixture().await;
    let before = fixture.send("before", "before", None).await;
    let path = fixture._folder.path().join("anonymous.db");
    std::fs::copy(format!("{}/tests/fixtures/v3.db", env!("CARGO_MANIFEST_DIR")), &path).unwrap();
    let anonymous = Arc::new(Store::open(&path, Timestamp::default(), Feed::new()).unwrap());
    let rows = |connection: &rusqlite::Connection| {
        let window = MessageRow::window(connection, &ConversationId::new("conversation-1"), Position::FIRST)?;
        window
            .iter()
            .map(|row| Ok(MessageRow::of_window(connection, row)?.unwrap()))
            .collect::<Result<Vec<_>, StoreError>>()
    };
    let theirs = anonymous.read(rows).await.unwrap();
    let unsent = theirs.iter().filter_map(|row| row.message.delivery.clone().filter(|_| row.desk_id.is_none()));
    let refused = AttentionReason::Refused { detail: "too long".into() };
    let refused = Delivery::NeedsAttention { reason: refused };
    assert_eq!(unsent.collect::<Vec<_>>(), [Delivery::Queued, refused, Delivery::Queued]);
    tokio::task::spawn_blocking(move || anonymous.close()).await.unwrap();
    let conversation = fixture.conversation.clone();
    let take = fixture.store.write(Durability::Now, move |tx| {
        // Theirs has the desk's first.
        ConversationRow::set_desk_id(tx, &conversation, DeskConversationId::new(2))?;
        adopt(tx, &rusqlite::Connection::open(&path)?, "anonymous", "s")
    });
    take.await.unwrap();
    assert_eq!(fixture.store.read(rows).await.unwrap(), theirs);
    let entries = fixture.store.read(EntryRow::all).await.unwrap();
    let sends = entries.iter().filter(|entry| entry.task == Task::Message);
    assert_eq!(sends.map(|entry| entry.files).collect::<Vec<_>>(), [0, 0, 0, 1]);
    assert_eq!(entries[0].seq, before);
}

#[tokio::test]
async fn conversation_that_both_files_hold_at_a_log_in_is_one_with_the_words_of_both() {
    let fixture = fixture().await;
    fixture.incoming(vec![own(500, "from another phone", None)]).await;
    let path = fixture._folder.path().join("anonymous.db");
    std::fs::copy(format!("{}/tests/fixtures/v3.db", env!("CARGO_MANIFEST_DIR")), &path).unwrap();
    let anonymous = Arc::new(Store::open(&path, Timestamp::default(), Feed::new()).unwrap());
    let id = ConversationId::new("conversation-1");
    let window = |id: &ConversationId| {
        let id = id.clone();
        move |connection: &rusqlite::Connection| {
            let rows = MessageRow::window(connection, &id, Position::FIRST)?;
            Ok(rows.into_iter().map(|row| row.id).collect::<HashSet<_>>())
        }
    };
    let theirs = anonymous.read(window(&id)).await.unwrap();
    tokio::task::spawn_blocking(move || anonymous.close()).await.unwrap();
    let ours = fixture.store.read(window(&fixture.conversation)).await.unwrap();
    let kept = fixture.conversation.clone();
    let (old, joined) = fixture
        .store
        .write(Durability::Now, move |tx| {
            let old = rusqlite::Connection::open(&path)?;
            // The same conversation of the desk's, known to this customer from another phone.
            let number = ConversationRow::find(&old, &id)?.and_then(|row| row.desk_id).expect("the desk has it");
            ConversationRow::set_desk_id(tx, &kept, Some(number))?;
            adopt(tx, &old, "anonymous", "s")?;
            Ok((id.clone(), ConversationRow::find(tx, &id)?.expect("it is found under either id").id))
        })
        .await
        .unwrap();
    assert_eq!(joined, fixture.conversation);
    assert_eq!(fixture.store.feed().conversation(&old), fixture.conversation);
    let now = fixture.store.read(window(&joined)).await.unwrap();
    assert_eq!(now, ours.union(&theirs).cloned().collect());
    let entries = fixture.store.read(EntryRow::all).await.unwrap();
    let of_messages: Vec<_> = entries.iter().filter(|entry| entry.task == Task::Message).collect();
    assert_eq!(of_messages.len(), 3, "what is unsent goes on");
    assert!(of_messages.iter().all(|entry| entry.conversation.as_ref() == Some(&joined)));
    let lines = fixture.store.read(ConversationRow::list).await.unwrap();
    assert_eq!(lines.iter().filter(|line| line.id == joined).count(), 1);
}
