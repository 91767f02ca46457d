//! What the customer has not seen is unread until they have: whatever the network does with the mark, and whatever the
//! desk makes of its time.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "tests may fail")]

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use sandbox::Desk;
use shopbell::{
    ClientConfig, Clock, Conversation, CustomerProfile, PushNews, PushOutcome, SupportClient, SystemClock,
    testing::memory::{Call, MemoryDesk, Play},
};
use shopbell_tests::{List, Screen, desk, identity, live, only_conversation, phone, until, until_at_desk};

/// How often the newest page was asked for: with nothing on screen, only before a mark goes out.
fn looks(desk: &Desk) -> usize {
    let page = |request: &&sandbox::RequestLog| request.method == "GET" && request.path.ends_with("/messages");
    desk.requests().iter().filter(page).count()
}

fn marks(desk: &Desk) -> usize {
    desk.requests().iter().filter(|request| request.path.ends_with("/update_last_seen")).count()
}

/// Waits until the clock shows another second.
async fn next_second() {
    let now = || SystemClock.now().seconds();
    let begun = now();
    until("the next second", now, |now| *now > begun).await;
}

fn push_of(conversation: u64, message: u64) -> BTreeMap<String, String> {
    let fields = [("shopbell_conversation", conversation), ("shopbell_message", message)];
    fields.map(|(name, number)| (name.to_owned(), number.to_string())).into()
}

fn news(outcome: PushOutcome) -> PushNews {
    match outcome {
        PushOutcome::News(news) => news,
        other => panic!("no news: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mark_made_without_a_network_covers_nothing_that_is_written_meanwhile() {
    for restart in [false, true] {
        let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
        let mut client = phone(&desk, data.path()).await;
        let conversation = client.start_conversation().unwrap();
        conversation.send("hello").await.unwrap();
        until_at_desk(&desk.desk(), &["hello"]).await;
        let number = only_conversation(&desk.desk());
        desk.desk().reply(number, "read this");
        client.refresh().await.unwrap();
        desk.faults().offline(true);
        conversation.mark_seen().await.unwrap();
        assert_eq!(client.unread().await.unwrap(), 0);
        client.pause().await;
        desk.desk().reply(number, "written while the phone had no network");
        desk.desk().reply(number, "please answer today");
        desk.desk().clear_requests();
        desk.faults().offline(false);
        if restart {
            client.shutdown().await;
            client = phone(&desk, data.path()).await;
        } else {
            client.resume().await.unwrap();
        }
        until("the look before the mark", || looks(&desk.desk()), |now| *now > 0).await;
        client.refresh().await.unwrap();
        assert_eq!(client.unread().await.unwrap(), 2, "restart: {restart}");
        let list = List::open(&client).await;
        assert_eq!((list.lines[0].unread, list.lines[0].preview.as_str()), (2, "please answer today"));
        assert_eq!(marks(&desk.desk()), 0, "it would say too much");
        // The next mark is true, and is told; by the one that still waits, too, where that has not looked yet.
        client.conversation(conversation.id()).unwrap().mark_seen().await.unwrap();
        until("the mark", || marks(&desk.desk()), |now| *now > 0).await;
        client.refresh().await.unwrap();
        assert_eq!(client.unread().await.unwrap(), 0);
        client.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_follow_a_mark_before_it_goes_out_stay_unread() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    conversation.send("hello").await.unwrap();
    until_at_desk(&desk.desk(), &["hello"]).await;
    let number = only_conversation(&desk.desk());
    desk.desk().reply(number, "read this");
    client.refresh().await.unwrap();
    desk.desk().clear_requests();
    conversation.mark_seen().await.unwrap();
    let next = desk.desk().reply(number, "and one more thing, please answer");
    until("the look before the mark", || looks(&desk.desk()), |now| *now > 0).await;
    assert_eq!(news(client.handle_push(&push_of(number, next)).await.unwrap()).unread, 1);
    client.refresh().await.unwrap();
    assert_eq!((client.unread().await.unwrap(), marks(&desk.desk())), (1, 0));
    client.shutdown().await;
}

/// A desk in memory, a phone, and its conversation with an unread answer.
async fn memory(data: &Path) -> (MemoryDesk, SupportClient, Conversation) {
    let desk = MemoryDesk::new();
    let mut config = ClientConfig::new("https://desk.example.com", "inbox", data);
    config.limits.settle = Duration::from_millis(300);
    let client = SupportClient::open_with(config, Arc::new(desk.clone())).await.unwrap();
    let conversation = client.start_conversation().unwrap();
    conversation.send("hello").await.unwrap();
    desk.until(|desk| desk.texts_of_customers() == ["hello"]).await;
    desk.agent_says(desk.all_conversations()[0].id, "read this");
    client.refresh().await.unwrap();
    assert_eq!(client.unread().await.unwrap(), 1);
    (desk, client, conversation)
}

fn seen_at(desk: &MemoryDesk) -> Option<shopbell::Timestamp> {
    desk.all_conversations()[0].customer_seen_at
}

/// The desk stamps the mark after the agent has gone on: `play` is what becomes of the mark's request.
async fn overtaken_at_the_desk(play: Play, tells_times: bool) {
    let data = tempfile::tempdir().unwrap();
    let (desk, client, conversation) = memory(data.path()).await;
    desk.tells_times(tells_times);
    let number = desk.all_conversations()[0].id;
    let fails = !matches!(play, Play::Held);
    desk.once(Call::MarkSeen, play);
    if fails {
        // It has to wait for another try; nothing but a refresh is asked meanwhile.
        desk.once(Call::MarkSeen, Play::Held);
    }
    conversation.mark_seen().await.unwrap();
    if fails {
        desk.until(|desk| desk.count(Call::MarkSeen) == 1).await;
        desk.agent_says(number, "and one more thing");
        // The call is counted a moment before it waits to land.
        while seen_at(&desk).is_none() {
            desk.settle();
            tokio::task::yield_now().await;
        }
    } else {
        desk.until(|desk| desk.held() == 1).await;
        desk.agent_says(number, "and one more thing");
        desk.release();
    }
    desk.until(|desk| seen_at(desk).is_some()).await;
    for _ in 0..3 {
        client.refresh().await.unwrap();
        assert_eq!(client.unread().await.unwrap(), 1, "the desk counts it as seen");
    }
    client.shutdown().await;
    // And the next process knows as much.
    let config = ClientConfig::new("https://desk.example.com", "inbox", data.path());
    let client = SupportClient::open_with(config, Arc::new(desk.clone())).await.unwrap();
    client.refresh().await.unwrap();
    assert_eq!(client.unread().await.unwrap(), 1);
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mark_that_the_desk_takes_late_covers_nothing_that_was_written_before_that() {
    overtaken_at_the_desk(Play::Held, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mark_that_the_desk_takes_late_without_telling_when_covers_no_more() {
    overtaken_at_the_desk(Play::Held, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mark_whose_answer_is_lost_covers_nothing_that_was_written_before_the_desk_took_it() {
    overtaken_at_the_desk(Play::late(), true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_device_that_shows_it_later_ends_it() {
    let data = tempfile::tempdir().unwrap();
    let (desk, client, conversation) = memory(data.path()).await;
    conversation.mark_seen().await.unwrap();
    desk.until(|desk| seen_at(desk).is_some()).await;
    let number = desk.all_conversations()[0].id;
    desk.agent_says(number, "and one more thing");
    client.refresh().await.unwrap();
    assert_eq!(client.unread().await.unwrap(), 1);
    desk.customer_sees_elsewhere(number);
    client.refresh().await.unwrap();
    assert_eq!(client.unread().await.unwrap(), 0);
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_phones_of_a_customer_agree_on_what_was_seen() {
    let (desk, one, two) = (desk().await, tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (first, second) = (phone(&desk, one.path()).await, phone(&desk, two.path()).await);
    first.identify(identity("mai"), CustomerProfile::default()).await.unwrap();
    let conversation = first.start_conversation().unwrap();
    conversation.send("hello").await.unwrap();
    until_at_desk(&desk.desk(), &["hello"]).await;
    let number = only_conversation(&desk.desk());
    desk.desk().reply(number, "read this");
    first.refresh().await.unwrap();
    conversation.mark_seen().await.unwrap();
    until("the first phone's mark", || marks(&desk.desk()), |now| *now == 1).await;
    // The desk tells whole seconds, and what happens in one of them can't be put in order.
    next_second().await;
    desk.desk().reply(number, "and one more thing");
    second.identify(identity("mai"), CustomerProfile::default()).await.unwrap();
    // A phone tells nothing before it has learnt which of the desk's channels is its own.
    second.start_conversation().unwrap().send("from the second phone").await.unwrap();
    until("the desk to have it", || desk.desk().conversations().len(), |now| *now == 2).await;
    second.refresh().await.unwrap();
    let mut list = List::open(&second).await;
    let unread = |lines: &[shopbell::ConversationSummary]| lines.iter().find(|line| line.unread > 0).cloned();
    list.until("the conversation", |lines| unread(lines).is_some_and(|line| line.can_write)).await;
    next_second().await;
    second.conversation(&unread(&list.lines).unwrap().id).unwrap().mark_seen().await.unwrap();
    until("the second phone's mark", || marks(&desk.desk()), |now| *now == 2).await;
    first.refresh().await.unwrap();
    assert_eq!(first.unread().await.unwrap(), 0);
    first.shutdown().await;
    second.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answering_is_having_seen_what_stands_above() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    conversation.send("hello").await.unwrap();
    until_at_desk(&desk.desk(), &["hello"]).await;
    let number = only_conversation(&desk.desk());
    let asked = desk.desk().reply(number, "which size?");
    client.refresh().await.unwrap();
    assert_eq!(client.unread().await.unwrap(), 1);
    conversation.send("medium").await.unwrap();
    assert_eq!(client.unread().await.unwrap(), 0);
    assert_eq!(client.handle_push(&push_of(number, asked)).await.unwrap(), PushOutcome::NothingNew);
    until("the desk to know", || marks(&desk.desk()), |now| *now == 1).await;
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_message_is_unread_in_no_place() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    conversation.send("hello").await.unwrap();
    until_at_desk(&desk.desk(), &["hello"]).await;
    let number = only_conversation(&desk.desk());
    // Before the phone has asked.
    let one = desk.desk().reply(number, "wrong customer, sorry");
    desk.desk().delete(one);
    client.refresh().await.unwrap();
    assert_eq!(client.unread().await.unwrap(), 0);
    assert_eq!(client.handle_push(&push_of(number, one)).await.unwrap(), PushOutcome::NothingNew);
    // After it was counted.
    let two = desk.desk().reply(number, "and this is for Ms. Smith");
    client.refresh().await.unwrap();
    let mut list = List::open(&client).await;
    assert_eq!((client.unread().await.unwrap(), list.lines[0].unread), (1, 1));
    desk.desk().delete(two);
    client.refresh().await.unwrap();
    assert_eq!(client.unread().await.unwrap(), 0);
    list.until("nothing unread", |lines| lines[0].unread == 0 && !lines[0].preview.contains("Smith")).await;
    // While it is on screen.
    let mut screen = Screen::open(&conversation).await;
    live(&client).await;
    let three = desk.desk().reply(number, "oops");
    screen.until("the message", |messages| messages.last().is_some_and(|last| !last.deleted)).await;
    desk.desk().delete(three);
    screen.until("its deletion", |messages| messages.last().is_some_and(|last| last.deleted)).await;
    assert_eq!(client.unread().await.unwrap(), 0);
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn push_that_comes_again_shows_what_the_message_says_by_then() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    conversation.send("hello").await.unwrap();
    until_at_desk(&desk.desk(), &["hello"]).await;
    let number = only_conversation(&desk.desk());
    client.pause().await;
    let message = desk.desk().reply(number, "the code is 1234");
    let push = push_of(number, message);
    let preview = |outcome| news(outcome).preview;
    assert_eq!(preview(client.handle_push(&push).await.unwrap()).as_deref(), Some("the code is 1234"));
    desk.desk().edit(message, "the code is 5678");
    assert_eq!(preview(client.handle_push(&push).await.unwrap()).as_deref(), Some("the code is 5678"));
    // Where the desk can't be asked, words that are known may be deleted by now.
    desk.faults().offline(true);
    let told = news(client.handle_push(&push).await.unwrap());
    assert_eq!((told.preview, told.unread, told.total_unread), (None, 1, 1));
    desk.faults().offline(false);
    desk.desk().delete(message);
    assert_eq!(client.handle_push(&push).await.unwrap(), PushOutcome::NothingNew);
    client.shutdown().await;
}
