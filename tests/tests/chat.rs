//! A shopper and an agent, over real sockets.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "tests may fail")]

use std::time::Duration;

use shopbell::{
    Author, Availability, Content, ConversationStatus, CustomerProfile, Delivery, FieldValue, Older, SupportError,
};
use shopbell_tests::{
    Chat, List, PATIENCE, Screen, at_desk, desk, desk_with, failure, identity, live, logs, only_conversation, phone,
    until, until_at_desk,
};

#[tokio::test(flavor = "multi_thread")]
async fn message_and_answer_arrive_once_and_are_marked_read() {
    logs();
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    let mut screen = Screen::open(&conversation).await;
    assert!(screen.messages.is_empty());
    conversation.send("  Is the blue bag waterproof?\r\nI cycle.  ").await.unwrap();
    screen.until_last(Delivery::Sent).await;
    assert_eq!(at_desk(&desk.desk()), ["Is the blue bag waterproof?\nI cycle."]);

    let number = only_conversation(&desk.desk());
    live(&client).await;
    // An agent who looks and does not answer: nothing comes over the socket, and no page says it.
    desk.desk().mark_seen(number);
    client.refresh().await.unwrap();
    screen.until_last(Delivery::Read).await;
    desk.desk().reply(number, "Yes, **fully**.");
    screen.until("the answer", |messages| messages.len() == 2).await;
    assert!(matches!(screen.messages[1].author, Author::Agent { agent: Some(_) }));
    assert_eq!(screen.messages[1].delivery, None);
    client.shutdown().await;
    assert!(screen.timeline().pager().load_older().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_reaches_the_desk_before_the_first_message() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    let _screen = Screen::open(&conversation).await;
    conversation.set_draft("I wonder").await.unwrap();
    let mut list = List::open(&client).await;
    list.until("the draft", |lines| lines.len() == 1 && lines[0].draft.as_deref() == Some("I wonder")).await;
    conversation.mark_seen().await.unwrap();
    client.refresh().await.unwrap();
    assert!(desk.desk().requests().is_empty(), "{:?}", desk.desk().requests());
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_written_offline_go_out_in_order_after_a_restart() {
    logs();
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    desk.faults().offline(true);
    let client = phone(&desk, data.path()).await;
    client.network_changed(false);
    let conversation = client.start_conversation().unwrap();
    let texts: Vec<String> = (0..20).map(|n| format!("message {n}")).collect();
    for text in &texts {
        conversation.send(text).await.unwrap();
    }
    let mut list = List::open(&client).await;
    list.until("twenty waiting", |lines| lines.first().is_some_and(|line| line.waiting == 20)).await;
    client.shutdown().await;
    desk.faults().offline(false);

    let client = phone(&desk, data.path()).await;
    let conversation = client.conversation(conversation.id()).unwrap();
    let mut screen = Screen::open(&conversation).await;
    assert_eq!(screen.texts(), texts);
    let wanted: Vec<&str> = texts.iter().map(String::as_str).collect();
    until_at_desk(&desk.desk(), &wanted).await;
    screen.until_last(Delivery::Sent).await;
    assert_eq!(screen.texts(), texts);
    only_conversation(&desk.desk());
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn list_shows_preview_unread_agent_and_status() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    conversation.send("hello").await.unwrap();
    until_at_desk(&desk.desk(), &["hello"]).await;
    let number = only_conversation(&desk.desk());
    desk.desk().reply(number, "One");
    desk.desk().reply(number, "*Two*");
    let mut list = List::open(&client).await;
    client.refresh().await.unwrap();
    list.until("two unread", |lines| lines[0].unread == 2 && lines[0].preview == "Two").await;
    assert!(list.lines[0].agent.is_some() && !list.lines[0].preview_is_own);
    assert_eq!(client.unread().await.unwrap(), 2);
    let conversation = client.conversation(&list.lines[0].id).unwrap();
    conversation.mark_seen().await.unwrap();
    list.until("none unread", |lines| lines[0].unread == 0).await;
    until("the desk to know", || desk.desk().conversations()[0].contact_last_seen_at, |at| *at > 0).await;
    conversation.resolve().await.unwrap();
    list.until("resolved", |lines| lines[0].status == ConversationStatus::Resolved).await;
    conversation.send("one more thing").await.unwrap();
    until("reopened", || desk.desk().conversations()[0].status.clone(), |status| status == "open").await;
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn edited_and_deleted_messages_change_in_place() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    let mut screen = Screen::open(&conversation).await;
    conversation.send("hello").await.unwrap();
    until_at_desk(&desk.desk(), &["hello"]).await;
    live(&client).await;
    let number = only_conversation(&desk.desk());
    let (one, two) = (desk.desk().reply(number, "one"), desk.desk().reply(number, "two"));
    screen.until_texts(&["hello", "one", "two"]).await;
    let ids: Vec<_> = screen.messages.iter().map(|message| message.id.clone()).collect();
    desk.desk().edit(one, "one, corrected");
    desk.desk().delete(two);
    screen.until("the changes", |m| m[1].edited && m[2].deleted).await;
    assert_eq!(screen.messages[1].content.as_text(), "one, corrected");
    assert_eq!(screen.messages.iter().map(|message| message.id.clone()).collect::<Vec<_>>(), ids);
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_and_presence_are_shown_both_ways() {
    let Chat { desk, client, conversation, screen: _screen, number, data: _data } = Chat::begun("hello").await;
    let mut typing = conversation.typing();
    assert_eq!(typing.next().await, Some(None));
    desk.desk().set_typing(number, true);
    let shown = tokio::time::timeout(PATIENCE, typing.next()).await.unwrap().flatten();
    assert!(shown.is_some_and(|typing| typing.name.is_some()));
    desk.desk().reply(number, "here I am");
    assert_eq!(tokio::time::timeout(PATIENCE, typing.next()).await.unwrap(), Some(None));

    conversation.set_typing(true).unwrap();
    until("typing at the desk", || desk.desk().typing_seen(), |seen| *seen == [(number, true)]).await;
    conversation.send("me too").await.unwrap();
    until("no typing", || desk.desk().typing_seen(), |seen| *seen == [(number, true), (number, false)]).await;

    let mut status = client.status();
    let now = status.next().await.unwrap().unwrap();
    assert_ne!(now.availability, Availability::Unknown);
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_answered_through_the_outbox() {
    let Chat { desk, client, conversation, mut screen, number, data: _data } = Chat::begun("hello").await;
    let select = desk.desk().reply_rich(
        number,
        "input_select",
        "Which?",
        serde_json::json!({"items": [{"title": "Red", "value": "red"}, {"title": "Blue", "value": "blue"}]}),
    );
    let form = desk.desk().reply_rich(
        number,
        "form",
        "Who?",
        serde_json::json!({"items": [{"type": "text", "label": "Name", "name": "name", "required": true}]}),
    );
    screen.until("both questions", |messages| messages.len() == 3).await;
    let (choice, sheet) = (screen.messages[1].id.clone(), screen.messages[2].id.clone());
    let error = failure(conversation.choose(&choice, "green").await);
    assert_eq!(error, SupportError::NotFound { what: "choice" });
    let error = failure(conversation.fill_in(&sheet, vec![]).await);
    assert!(matches!(error, SupportError::InvalidInput { .. }));

    desk.faults().offline(true);
    conversation.choose(&choice, "red").await.unwrap();
    conversation.choose(&choice, "blue").await.unwrap();
    let name = FieldValue { name: "name".into(), value: "Đào".into() };
    conversation.fill_in(&sheet, vec![name]).await.unwrap();
    screen.until("both answers", |m| m[1].content.answer().is_some() && m[2].content.answer().is_some()).await;
    desk.faults().offline(false);
    client.network_changed(true);
    let submitted = |id: u64| {
        let conversations = desk.desk().conversations();
        let message = conversations[0].messages.iter().find(|message| message.id == id).unwrap();
        message.content_attributes["submitted_values"].clone()
    };
    until("the choice", || submitted(select), |v| v[0]["title"] == "Blue" && v[0]["value"] == "blue").await;
    until("the form", || submitted(form), |v| v[0]["name"] == "name" && v[0]["value"] == "Đào").await;
    screen
        .until("the answers to be sent", |messages| {
            messages[1..].iter().all(|m| m.content.answer().is_some_and(|a| a.state == shopbell::AnswerState::Sent))
        })
        .await;
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn resolved_conversation_asks_for_a_rating_and_gets_it() {
    let (desk, data) = (desk_with(|options| options.csat = true).await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    let mut screen = Screen::open(&conversation).await;
    conversation.send("thanks").await.unwrap();
    screen.until_last(Delivery::Sent).await;
    live(&client).await;
    desk.desk().resolve(only_conversation(&desk.desk()));
    screen.until("the survey", |m| m.last().is_some_and(|last| matches!(last.content, Content::Survey { .. }))).await;
    let survey = screen.messages.last().unwrap().id.clone();
    assert!(failure(conversation.rate(&survey, 6, "").await).to_string().contains("1 to 5"));
    conversation.rate(&survey, 5, "Quick!").await.unwrap();
    let rating = || {
        let conversation = desk.desk().conversations().remove(0);
        let last = conversation.messages.last().unwrap().content_attributes.clone();
        last["submitted_values"]["csat_survey_response"]["rating"].clone()
    };
    until("the rating", rating, |rating| *rating == 5).await;
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn older_messages_come_from_the_phone_then_from_the_desk() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    client.identify(identity("dao"), CustomerProfile::default()).await.unwrap();
    let conversation = client.start_conversation().unwrap();
    let mut screen = Screen::open(&conversation).await;
    conversation.send("hello").await.unwrap();
    // The phone must know it, for what comes in is filled back to the newest message that is known.
    screen.until_last(Delivery::Sent).await;
    drop(screen);
    desk.desk().bulk_messages(only_conversation(&desk.desk()), 200);
    let mut screen = Screen::open(&conversation).await;
    screen.until("the newest", |messages| messages.len() >= 50).await;
    let pager = screen.timeline().pager();
    let mut rounds = 0;
    while pager.load_older().await.unwrap() == Older::MayExist {
        rounds += 1;
        assert!(rounds < 50);
    }
    screen.until("everything", |messages| messages.len() == 201).await;
    assert_eq!(screen.messages[0].content.as_text(), "hello");
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_sockets_come_back_and_nothing_is_missed() {
    let Chat { desk, client, conversation: _conversation, mut screen, number, data: _data } =
        Chat::begun("hello").await;
    for round in 0..5 {
        live(&client).await;
        desk.faults().drop_sockets();
        desk.desk().bulk_messages(number, 30);
        desk.desk().reply(number, &format!("round {round}"));
        let total = 1 + 31 * (round + 1);
        screen.until("what was missed", |messages| messages.len() == total).await;
    }
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_phone_with_nothing_on_screen_has_no_socket() {
    let Chat { desk, client, conversation, screen, number: _number, data: _data } = Chat::begun("hello").await;
    drop(screen);
    until("no socket", || desk.desk().cable_connections(), |n| *n == 0).await;
    tokio::time::timeout(Duration::from_secs(60), client.pause()).await.unwrap();
    assert_eq!(failure(client.refresh().await), SupportError::Paused);
    conversation.send("while paused").await.unwrap();
    client.resume().await.unwrap();
    conversation.send("back").await.unwrap();
    until_at_desk(&desk.desk(), &["hello", "while paused", "back"]).await;
    client.shutdown().await;
}

/// The files under this folder that this process has open, by the kernel's own list.
fn open_files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter(|path| path.starts_with(folder))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn paused_client_holds_no_file_no_lock_and_no_socket() {
    let Chat { desk, client, conversation, mut screen, number, data } = Chat::begun("hello").await;
    assert!(!open_files(data.path()).is_empty());
    client.pause().await;
    assert_eq!(open_files(data.path()), Vec::<std::path::PathBuf>::new());
    until("no socket", || desk.desk().cable_connections(), |n| *n == 0).await;
    desk.desk().reply(number, "while you were away");
    conversation.set_draft("kept").await.unwrap();
    assert_eq!(open_files(data.path()), Vec::<std::path::PathBuf>::new(), "opened for that alone");
    client.resume().await.unwrap();
    assert_eq!(conversation.draft().await.unwrap().as_deref(), Some("kept"));
    screen.until_texts(&["hello", "while you were away"]).await;
    client.shutdown().await;
    assert_eq!(open_files(data.path()), Vec::<std::path::PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn client_that_is_dropped_loses_nothing_and_lets_go_of_its_files() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    desk.faults().offline(true);
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    conversation.send("kept").await.unwrap();
    drop((client, conversation));
    until("no open file", || open_files(data.path()), Vec::is_empty).await;
    desk.faults().offline(false);
    let client = phone(&desk, data.path()).await;
    until_at_desk(&desk.desk(), &["kept"]).await;
    client.shutdown().await;
}
