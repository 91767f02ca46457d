//! What real desks were seen to do, played by the sandbox: inboxes that keep one conversation, lists that always fail,
//! conversations that are deleted or belong to another channel, automation that speaks first.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "tests may fail")]

use sandbox::{Automation, DeskVersion, Fault, OtherInbox, Rule};
use serde_json::json;
use shopbell::{
    Author, Connection, Content, ConversationStatus, CustomerProfile, Delivery, History, Older, SupportClient,
    SupportError,
};
use shopbell_tests::{
    Chat, List, Screen, at_desk, desk, desk_with, identity, live, only_conversation, phone, until, until_at_desk,
};

async fn until_history(client: &SupportClient, wanted: History) {
    let mut status = client.status();
    while status.next().await.unwrap().unwrap().history != wanted {}
}

fn asked(desk: &sandbox::Sandbox, method: &str, end: &str) -> usize {
    let requests = desk.desk().requests();
    requests.iter().filter(|request| request.method == method && request.path.ends_with(end)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_visit_to_an_inbox_that_keeps_one_conversation_goes_on_in_it() {
    let (desk, data) = (desk_with(|options| options.single_conversation = true).await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    client.start_conversation().unwrap().send("first visit").await.unwrap();
    until_at_desk(&desk.desk(), &["first visit"]).await;
    client.shutdown().await;
    // An app that begins one at each start.
    let client = phone(&desk, data.path()).await;
    let second = client.start_conversation().unwrap();
    let mut screen = Screen::open(&second).await;
    second.send("second visit").await.unwrap();
    screen.until_last(Delivery::Sent).await;
    screen.until_texts(&["first visit", "second visit"]).await;
    // One that was resolved meanwhile is opened again by what is written, whatever id it was written to.
    desk.desk().resolve(only_conversation(&desk.desk()));
    client.refresh().await.unwrap();
    let third = client.current_conversation().await.unwrap();
    assert_ne!(third.id(), second.id(), "what is resolved is not gone on with");
    third.send("third visit").await.unwrap();
    screen.until_texts(&["first visit", "second visit", "third visit"]).await;
    screen.until_last(Delivery::Sent).await;
    until_at_desk(&desk.desk(), &["first visit", "second visit", "third visit"]).await;
    let mut list = List::open(&client).await;
    list.until("one open line", |lines| lines.len() == 1 && lines[0].status == ConversationStatus::Open).await;
    assert_eq!((lines_waiting(&list), asked(&desk, "POST", "/conversations")), (0, 3));
    client.shutdown().await;
}

fn lines_waiting(list: &List) -> u32 {
    list.lines.iter().map(|line| line.waiting + line.needs_attention).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn second_phone_at_an_inbox_that_keeps_one_conversation_sends() {
    let desk = desk_with(|options| options.single_conversation = true).await;
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = phone(&desk, one.path()).await;
    first.identify(identity("mai"), CustomerProfile::default()).await.unwrap();
    first.start_conversation().unwrap().send("from the first phone").await.unwrap();
    until_at_desk(&desk.desk(), &["from the first phone"]).await;
    let second = phone(&desk, two.path()).await;
    second.identify(identity("mai"), CustomerProfile::default()).await.unwrap();
    let conversation = second.start_conversation().unwrap();
    let mut screen = Screen::open(&conversation).await;
    conversation.send("from the second phone").await.unwrap();
    screen.until_last(Delivery::Sent).await;
    until_at_desk(&desk.desk(), &["from the first phone", "from the second phone"]).await;
    first.shutdown().await;
    second.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logged_in_customer_of_a_desk_whose_list_always_fails_talks_and_is_told() {
    let desk = desk_with(|options| options.desk_version = DeskVersion::V3_16_0).await;
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let client = phone(&desk, one.path()).await;
    client.identify(identity("mai"), CustomerProfile::default()).await.unwrap();
    let conversation = client.current_conversation().await.unwrap();
    let mut screen = Screen::open(&conversation).await;
    conversation.send("hello").await.unwrap();
    screen.until_last(Delivery::Sent).await;
    live(&client).await;
    until_history(&client, History::Unavailable).await;
    let connected = desk.desk().cable_connections();
    let number = only_conversation(&desk.desk());
    desk.desk().reply(number, "here I am");
    screen.until_texts(&["hello", "here I am"]).await;
    assert_eq!(client.status().next().await.unwrap().unwrap().connection, Connection::Live);
    assert_eq!(desk.desk().cable_connections(), connected);
    // More is missed than a few pages hold.
    client.pause().await;
    desk.desk().bulk_messages(number, 150);
    client.resume().await.unwrap();
    let newest = desk.desk().conversation(number).unwrap().messages.last().unwrap().content.clone().unwrap();
    screen.until("the newest", |messages| messages.last().is_some_and(|m| m.content.as_text() == newest)).await;
    let pager = screen.timeline().pager();
    while pager.load_older().await.unwrap() == Older::MayExist {}
    screen.until("everything", |messages| messages.len() == 152 && messages[0].content.as_text() == "hello").await;
    // Another phone is told that what it has may not be all, and can write.
    let other = phone(&desk, two.path()).await;
    other.identify(identity("mai"), CustomerProfile::default()).await.unwrap();
    until_history(&other, History::Unavailable).await;
    let conversation = other.current_conversation().await.unwrap();
    let mut screen = Screen::open(&conversation).await;
    conversation.send("from the new phone").await.unwrap();
    screen.until_last(Delivery::Sent).await;
    client.shutdown().await;
    other.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conversation_that_the_desk_deletes_silently_is_marked_and_holds_up_no_other() {
    let Chat { desk, client, conversation, number, screen, data: _data } = Chat::begun("hello").await;
    let other = client.start_conversation().unwrap();
    other.send("the other one").await.unwrap();
    until_at_desk(&desk.desk(), &["hello", "the other one"]).await;
    let stays = desk.desk().conversations().iter().map(|view| view.id).max().unwrap();
    assert!(desk.desk().delete_conversation(number));
    let mut list = List::open(&client).await;
    client.refresh().await.unwrap();
    list.until("the mark", |lines| {
        lines.iter().any(|line| line.id == *conversation.id() && line.status == ConversationStatus::Gone)
    })
    .await;
    desk.desk().reply(stays, "news");
    list.until("the other's news", |lines| lines.iter().any(|line| line.preview == "news" && line.unread == 1)).await;
    live(&client).await;
    drop(screen);
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_into_another_channels_conversation() {
    let desk = desk().await;
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = phone(&desk, one.path()).await;
    first.identify(identity("mai"), CustomerProfile::default()).await.unwrap();
    first.current_conversation().await.unwrap().send("in the app").await.unwrap();
    until_at_desk(&desk.desk(), &["in the app"]).await;
    first.shutdown().await;
    let source_id = desk.desk().conversations()[0].source_id.clone();
    let web = desk.desk().start_conversation_in(&OtherInbox::web_chat(), &source_id, "on the web");
    desk.desk().start_conversation_in(&OtherInbox::email(), &source_id, "by mail");
    let client = phone(&desk, two.path()).await;
    client.identify(identity("mai"), CustomerProfile::default()).await.unwrap();
    let mut list = List::open(&client).await;
    client.refresh().await.unwrap();
    list.until("all three", |lines| lines.len() == 3).await;
    for line in list.lines.clone() {
        let conversation = client.conversation(&line.id).unwrap();
        assert!(!line.can_write);
        assert!(matches!(conversation.send("hello").await, Err(SupportError::Conflict { .. })));
        conversation.mark_seen().await.unwrap();
        conversation.set_typing(true).unwrap();
    }
    let conversation = client.current_conversation().await.unwrap();
    let mut screen = Screen::open(&conversation).await;
    conversation.send("from the new phone").await.unwrap();
    screen.until_last(Delivery::Sent).await;
    list.until("the app's own", |lines| lines.len() == 2 && lines.iter().all(|line| line.can_write)).await;
    desk.desk().write_as_customer(web, "more on the web");
    desk.desk().reply(web, "an answer on the web");
    client.shutdown().await;
    let client = phone(&desk, two.path()).await;
    client.refresh().await.unwrap();
    assert_eq!(List::open(&client).await.lines.len(), 2);
    assert_eq!(client.unread().await.unwrap(), 0);
    assert_eq!(desk.desk().foreign_writes(), Vec::<u64>::new());
    assert!(desk.desk().typing_seen().iter().all(|(id, _)| *id != web));
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn automation_that_speaks_first_leaves_one_conversation_though_the_answer_was_lost() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    desk.desk().change_settings(|settings| settings.automation = Some(Automation::Speaks("Welcome!".to_owned())));
    desk.faults().add(Rule {
        method: Some("POST".into()),
        path_contains: Some("/conversations".into()),
        remaining: Some(1),
        ..Rule::new(Fault::ResetAfterWrite)
    });
    let client = phone(&desk, data.path()).await;
    let conversation = client.current_conversation().await.unwrap();
    let mut screen = Screen::open(&conversation).await;
    conversation.send("first words").await.unwrap();
    screen
        .until("the words sent", |messages| {
            messages.iter().any(|m| m.content.as_text() == "first words" && m.delivery == Some(Delivery::Sent))
        })
        .await;
    screen.until("the welcome", |messages| messages.len() == 2).await;
    let conversations = until("one conversation", || desk.desk().conversations().len(), |count| *count == 1).await;
    assert_eq!((conversations, at_desk(&desk.desk())), (1, vec!["first words".to_owned()]));
    assert_eq!(List::open(&client).await.lines.len(), 1);
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_talk_is_the_same_at_each_version_of_the_desk() {
    for version in [DeskVersion::V3_16_0, DeskVersion::V4_15_1, DeskVersion::V4_16_2] {
        let desk = desk_with(|options| {
            options.desk_version = version;
            options.shuffle_attachments = true;
        })
        .await;
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let client = phone(&desk, one.path()).await;
        let conversation = client.start_conversation().unwrap();
        let mut screen = Screen::open(&conversation).await;
        conversation.send("hello").await.unwrap();
        screen.until_last(Delivery::Sent).await;
        live(&client).await;
        let number = only_conversation(&desk.desk());
        let agent = desk.desk();
        agent.reply(number, "here I am");
        let wrong = agent.reply(number, "not for you");
        agent.reply_with_file(number, "the manual", "manual.pdf", "application/pdf", b"%PDF-1.4\n%%EOF\n".to_vec());
        let items = json!({ "items": [{ "title": "M", "value": "m" }, { "title": "L", "value": "l" }] });
        agent.reply_rich(number, "input_select", "Which?", items);
        screen.until_texts(&["hello", "here I am", "not for you", "the manual", "Which?"]).await;
        agent.delete(wrong);
        agent.fail(wrong + 1, "no such number");
        agent.assign(number, true);
        screen.until("the deletion", |messages| messages[2].content.as_text() == "This message was deleted").await;
        screen
            .until("the manual, failed on its way or not", |messages| {
                messages[3].attachments.len() == 1 && matches!(messages[3].author, Author::Agent { .. })
            })
            .await;
        agent.resolve(number);
        let is_survey = |message: &shopbell::Message| matches!(message.content, Content::Survey { .. });
        screen.until("the survey", |messages| messages.last().is_some_and(is_survey)).await;

        // Logged in, with an address that the desk refuses: 422, which takes nothing else along.
        let profile = CustomerProfile {
            name: Some("Mai".to_owned()),
            email: Some("mai@@".to_owned()),
            email_verified_by_server: true,
            ..CustomerProfile::default()
        };
        client.identify(identity("mai"), profile).await.ok();
        conversation.send("one more").await.unwrap();
        screen.until_last(Delivery::Sent).await;
        screen.until("all of it", |messages| messages.len() == 7).await;
        assert_eq!(desk.desk().conversation(number).unwrap().status, "open", "{version}");
        client.shutdown().await;

        // What another phone knows of depends on the version, and it can write at each.
        let other = phone(&desk, two.path()).await;
        other.identify(identity("mai"), CustomerProfile::default()).await.unwrap();
        let second = other.start_conversation().unwrap();
        let mut screen = Screen::open(&second).await;
        second.send("from the other phone").await.unwrap();
        screen.until_last(Delivery::Sent).await;
        until_at_desk(&desk.desk(), &["hello", "one more", "from the other phone"]).await;
        let wanted = if version < DeskVersion::new(4, 7, 0) { History::Unavailable } else { History::Listed };
        until_history(&other, wanted).await;
        other.shutdown().await;
    }
}
