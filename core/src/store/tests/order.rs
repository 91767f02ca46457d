//! What arrives out of order, late or after it was seen, as the store keeps it.

use super::*;

/// An event of the desk's at that millisecond of its clock.
fn event(at: i64, message: DeskMessage) -> DeskMessage {
    DeskMessage { updated_at: Some(Timestamp::from_millis(1_750_000_000_000 + at)), ..message }
}

fn says(number: i64, text: &str) -> DeskMessage {
    DeskMessage { content: Content::text(text), ..message(number) }
}

fn deleted(number: i64) -> DeskMessage {
    DeskMessage { deleted: true, ..says(number, "This message was deleted") }
}

fn created(message: DeskMessage) -> DeskMessage {
    DeskMessage { is_creation: true, ..message }
}

impl Fixture {
    async fn words(&self) -> Vec<(String, bool)> {
        let id = self.conversation.clone();
        self.store
            .read(move |connection| {
                let mut words = Vec::new();
                for row in MessageRow::window(connection, &id, Position::FIRST)? {
                    let message = MessageRow::of_window(connection, &row)?.unwrap().message;
                    words.push((message.content.as_text().to_owned(), message.deleted));
                }
                Ok(words)
            })
            .await
            .unwrap()
    }

    async fn unread(&self) -> u32 {
        self.store.read(ConversationRow::unread).await.unwrap()
    }

    async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Tx<'_>, &ConversationId) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        let id = self.conversation.clone();
        self.store.write(Durability::Now, move |tx| change(tx, &id)).await.unwrap()
    }

    async fn mark_seen(&self) -> bool {
        self.change(ConversationRow::mark_seen).await
    }

    async fn delivery(&self, id: &str) -> Option<Delivery> {
        let id = MessageId::new(id);
        self.store.read(move |c| Ok(MessageRow::find(c, &id)?.and_then(|row| row.message.delivery))).await.unwrap()
    }
}

#[tokio::test]
async fn edits_that_arrive_swapped_leave_the_newer_words() {
    let fixture = fixture().await;
    fixture.incoming(vec![created(event(0, says(1, "price: 10")))]).await;
    fixture.incoming(vec![event(30, says(1, "price: 30"))]).await;
    fixture.incoming(vec![event(20, says(1, "price: 20"))]).await;
    assert_eq!(fixture.words().await, [("price: 30".to_owned(), false)]);
    // A page that was asked for since may say something newer still.
    fixture.incoming(vec![says(1, "price: 40")]).await;
    fixture.incoming(vec![created(event(0, says(1, "price: 10")))]).await;
    assert_eq!(fixture.words().await, [("price: 40".to_owned(), false)]);
}

#[tokio::test]
async fn deletion_that_arrives_before_the_creation_is_final() {
    let fixture = fixture().await;
    fixture.incoming(vec![event(10, deleted(1))]).await;
    let gone = [("This message was deleted".to_owned(), true)];
    for late in [created(event(0, says(1, "secret"))), event(20, says(1, "secret")), says(1, "secret")] {
        fixture.incoming(vec![late]).await;
        assert_eq!(fixture.words().await, gone);
    }
    let preview = fixture.change(|tx, _| Ok(ConversationRow::list(tx)?.remove(0).preview)).await;
    assert_eq!((preview.as_str(), fixture.unread().await), ("This message was deleted", 0));
}

#[tokio::test]
async fn deletion_of_an_own_message_that_arrives_before_its_echo_stays() {
    for by_echo in [true, false] {
        let fixture = fixture().await;
        fixture.send("a", "hello", Some(0)).await;
        let gone = DeskMessage { author: Author::Customer, ..deleted(7) };
        fixture.incoming(vec![event(10, gone)]).await;
        if by_echo {
            fixture.incoming(vec![created(event(0, own(7, "hello", Some("a"))))]).await;
        }
        fixture.sent("a", own(7, "hello", None), 1).await;
        assert_eq!(fixture.shown().await, [row("a", 7)], "by its echo: {by_echo}");
        assert_eq!(fixture.words().await, [("This message was deleted".to_owned(), true)]);
        assert_eq!(fixture.waiting().await, 0);
    }
}

#[tokio::test]
async fn answer_that_comes_after_the_agent_has_read_lowers_no_receipt() {
    let fixture = fixture().await;
    fixture.send("a", "hello", Some(0)).await;
    fixture.incoming(vec![created(event(0, own(7, "hello", Some("a"))))]).await;
    let read = DeskMessage { receipt: Some(Receipt::Read), ..own(7, "hello", None) };
    fixture.incoming(vec![event(10, read)]).await;
    fixture.sent("a", own(7, "hello", None), 1).await;
    fixture.incoming(vec![DeskMessage { receipt: Some(Receipt::Sent), ..event(5, own(7, "hello", None)) }]).await;
    assert_eq!(fixture.delivery("a").await, Some(Delivery::Read));
}

#[tokio::test]
async fn deleted_message_is_not_unread() {
    let fixture = fixture().await;
    fixture.incoming(vec![message(1), deleted(2), message(3)]).await;
    assert_eq!(fixture.unread().await, 2);
    fixture.incoming(vec![event(10, deleted(3))]).await;
    assert_eq!(fixture.unread().await, 1);
    let told = fixture.change(|tx, _| ConversationRow::unread_in(tx, DeskConversationId::new(1).unwrap())).await;
    let told = told.unwrap();
    assert_eq!((told.count, told.newest.map(|(_, words)| words).as_deref()), (1, Some("message 1")));
}

#[tokio::test]
async fn message_that_arrives_after_a_higher_one_was_seen_is_unread_until_the_next_mark() {
    let fixture = fixture().await;
    fixture.incoming(vec![message(1)]).await;
    let mark =
        SyncMark { synced_to: DeskMessageId::new(1), history_from: DeskMessageId::new(1), ..SyncMark::default() };
    fixture.change(move |tx, id| ConversationRow::set_sync(tx, id, &mark)).await;
    fixture.incoming(vec![message(3)]).await;
    assert!(fixture.mark_seen().await);
    fixture.incoming(vec![message(2)]).await;
    assert_eq!(fixture.unread().await, 1);
    let number = |id| DeskMessageId::new(id).unwrap();
    let unread = fixture
        .change(move |tx, id| {
            (1..=4).map(|n| ConversationRow::is_unread(tx, id, number(n))).collect::<Result<Vec<_>, _>>()
        })
        .await;
    assert_eq!(unread, [Some(false), Some(true), Some(false), None]);
    let told = fixture.change(|tx, _| ConversationRow::unread_in(tx, DeskConversationId::new(1).unwrap())).await;
    assert_eq!(told.unwrap().newest.map(|(_, words)| words).as_deref(), Some("message 2"));
    assert!(fixture.mark_seen().await && !fixture.mark_seen().await);
    assert_eq!(fixture.unread().await, 0);
}

#[tokio::test]
async fn desks_time_of_our_own_mark_lowers_nothing_and_another_devices_does() {
    let fixture = fixture().await;
    // Messages are a second apart.
    let time = |number| Some(message(number).created_at);
    fixture.incoming(vec![message(1)]).await;
    fixture.mark_seen().await;
    fixture.change(|tx, id| ConversationRow::set_marks(tx, id, Marks::Sending)).await;
    fixture.incoming(vec![message(2), message(3)]).await;
    fixture.change(move |tx, id| ConversationRow::raise_seen(tx, id, time(4), None)).await;
    assert_eq!(fixture.unread().await, 2, "it may be ours");
    fixture.change(move |tx, id| ConversationRow::set_marks(tx, id, Marks::Until(time(4).unwrap()))).await;
    assert_eq!(fixture.unread().await, 2, "it was");
    fixture.change(move |tx, id| ConversationRow::raise_seen(tx, id, time(5), None)).await;
    assert_eq!(fixture.unread().await, 0);
}

#[tokio::test]
async fn mark_that_the_outbox_gave_up_is_not_waited_for() {
    let fixture = fixture().await;
    let time = |number| Some(message(number).created_at);
    fixture.incoming(vec![message(1)]).await;
    fixture.change(|tx, id| ConversationRow::set_marks(tx, id, Marks::Sending)).await;
    fixture.change(move |tx, id| ConversationRow::raise_seen(tx, id, time(2), None)).await;
    assert_eq!(fixture.unread().await, 1, "the desk may have it all the same");
    fixture.change(move |tx, id| ConversationRow::raise_seen(tx, id, time(4), None)).await;
    assert_eq!(fixture.unread().await, 0);
}

#[tokio::test]
async fn older_change_of_a_conversation_tells_only_who_has_looked() {
    let fixture = fixture().await;
    fixture.incoming(vec![message(1)]).await;
    let named = |name: &str| Agent { id: name.to_owned(), name: name.to_owned(), avatar_url: None };
    let change = |at: i64, status, agent: &str, seen: i64| ConversationChange {
        id: DeskConversationId::new(1).unwrap(),
        status: Some(status),
        customer_seen_at: None,
        agent_seen_at: Some(Timestamp::from_seconds(seen)),
        agent: Some(named(agent)),
        channel: None,
        updated_at: Some(Timestamp::from_millis(1_750_000_000_000 + at)),
    };
    let newer = change(20, ConversationStatus::Resolved, "Bob", 5);
    let older = change(10, ConversationStatus::Open, "Ann", 7);
    for one in [newer, older] {
        fixture.change(move |tx, _| incoming::change(tx, &one).map(|_| ())).await;
    }
    let (line, row) = fixture
        .change(|tx, id| Ok((ConversationRow::list(tx)?.remove(0), ConversationRow::find(tx, id)?.unwrap())))
        .await;
    assert_eq!((line.status, line.agent), (ConversationStatus::Resolved, Some(named("Bob"))));
    assert_eq!(row.agent_seen_at, Timestamp::from_seconds(7));
}

/// A file of before the marks were told apart: what it counts as seen stays so, and nothing old becomes unread.
#[tokio::test]
async fn file_of_an_older_version_keeps_what_it_counts_as_seen() {
    let fixture = fixture().await;
    fixture.incoming(vec![message(5), message(6), deleted(7)]).await;
    fixture
        .change(|tx, _| {
            tx.execute_batch(
                r#"UPDATE conversations SET seen_to = 5, customer_seen_at = 0, unread = 2;
                INSERT INTO outbox (conversation, session, task, state, attempts)
                    VALUES ('c', 's', '{"task":"seen"}', '{"state":"in_flight"}', 1);
                DROP INDEX messages_late;
                ALTER TABLE messages DROP COLUMN updated_at;
                ALTER TABLE messages DROP COLUMN late;
                ALTER TABLE conversations DROP COLUMN updated_at;
                ALTER TABLE conversations DROP COLUMN agent_at;
                ALTER TABLE conversations DROP COLUMN seen_whole_to;
                ALTER TABLE conversations DROP COLUMN told_seen_at;
                ALTER TABLE conversations DROP COLUMN marked_until;"#,
            )?;
            Ok(tx.execute_batch(schema::seen::STEP)?)
        })
        .await;
    assert_eq!(fixture.unread().await, 1, "the deleted one is not counted");
    fixture.incoming(vec![message(2)]).await;
    assert_eq!(fixture.unread().await, 1, "history is not unread");
    // The mark that was under way may be what the desk tells.
    let time = message(8).created_at;
    fixture.change(move |tx, id| ConversationRow::raise_seen(tx, id, Some(time), None)).await;
    assert_eq!(fixture.unread().await, 1);
}
