//! Several people on one phone, one person on several.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "tests may fail")]

use std::collections::BTreeMap;

use sandbox::{Desk, DeskVersion, Fault, Rule};
use shopbell::{
    AttentionReason, AttributeValue, CustomerProfile, Delivery, Identity, SetupProblem, SupportError, Verification,
};
use shopbell_tests::{
    List, Screen, at_desk, desk, desk_with, failure, identity, only_conversation, phone, until, until_at_desk,
};

fn profile(name: &str) -> CustomerProfile {
    let mut profile = CustomerProfile { name: Some(name.to_owned()), ..CustomerProfile::default() };
    profile.attributes.insert("plan".into(), AttributeValue::Text("gold".into()));
    profile
}

#[tokio::test(flavor = "multi_thread")]
async fn second_person_sees_nothing_and_the_first_finds_everything_again() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    client.identify(identity("an"), profile("An")).await.unwrap();
    let conversation = client.start_conversation().unwrap();
    conversation.send("delivered").await.unwrap();
    until_at_desk(&desk.desk(), &["delivered"]).await;
    desk.faults().offline(true);
    let unsent = conversation.send("not sent").await.unwrap();
    conversation.set_draft("begun").await.unwrap();

    client.identify(identity("binh"), profile("Binh")).await.unwrap();
    assert_eq!(failure(conversation.send("x").await), SupportError::Closed);
    let list = List::open(&client).await;
    assert!(list.lines.is_empty());
    let peek = client.conversation(conversation.id()).unwrap();
    assert_eq!(failure(peek.send("x").await), SupportError::NotFound { what: "conversation" });
    assert_eq!(failure(peek.timeline().next().await), SupportError::NotFound { what: "conversation" });
    assert_eq!(client.unread().await.unwrap(), 0);

    client.log_out().await.unwrap();
    assert!(List::open(&client).await.lines.is_empty());
    client.identify(identity("an"), CustomerProfile::default()).await.unwrap();
    let conversation = client.conversation(conversation.id()).unwrap();
    let screen = Screen::open(&conversation).await;
    assert_eq!(screen.texts(), ["delivered", "not sent"]);
    assert_eq!(screen.messages[1].id, unsent);
    assert_eq!(conversation.draft().await.unwrap().as_deref(), Some("begun"));
    desk.faults().offline(false);
    client.network_changed(true);
    until_at_desk(&desk.desk(), &["delivered", "not sent"]).await;
    client.shutdown().await;
}

/// What the agents are told of the customer's doings in the newest conversation.
fn events(desk: &Desk) -> Option<String> {
    let newest = desk.conversations().into_iter().max_by_key(|view| view.id)?;
    newest.conversation_attributes.get("recent_events")?.as_str().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_customer_did_is_told_to_the_agents_once_with_the_next_conversation() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let reason = AttributeValue::Text("card refused".into());
    client.log_event("cart_opened", BTreeMap::new()).await.unwrap();
    // Who logs in takes it along.
    client.identify(identity("an"), profile("An")).await.unwrap();
    let details = [("reason".to_owned(), reason.clone()), ("total".to_owned(), AttributeValue::Integer(3))];
    client.log_event("checkout_failed", details.into()).await.unwrap();
    client.start_conversation().unwrap().send("help").await.unwrap();
    until_at_desk(&desk.desk(), &["help"]).await;
    let told = "checkout_failed (reason: card refused, total: 3), 0 min ago; cart_opened, 0 min ago";
    assert_eq!(events(&desk.desk()).as_deref(), Some(told));

    client.start_conversation().unwrap().send("and another").await.unwrap();
    until("the second", || desk.desk().conversations().len(), |count| *count == 2).await;
    assert_eq!(events(&desk.desk()), None);

    // Nobody else's: what one did stays in their file.
    client.log_event("theirs alone", BTreeMap::new()).await.unwrap();
    client.identify(identity("binh"), profile("Binh")).await.unwrap();
    client.start_conversation().unwrap().send("hello").await.unwrap();
    until("the third", || desk.desk().conversations().len(), |count| *count == 3).await;
    assert_eq!(events(&desk.desk()), None);
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_survive_a_restart_and_only_the_last_twenty_are_kept() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    for number in 0..25 {
        client.log_event(format!("step {number}"), BTreeMap::new()).await.unwrap();
    }
    let nameless = failure(client.log_event(" ", BTreeMap::new()).await);
    assert!(matches!(nameless, SupportError::InvalidInput { field: "event", .. }));
    client.shutdown().await;
    let client = phone(&desk, data.path()).await;
    client.start_conversation().unwrap().send("help").await.unwrap();
    until_at_desk(&desk.desk(), &["help"]).await;
    let told = events(&desk.desk()).unwrap();
    assert!(told.starts_with("step 24, ") && told.ends_with("step 5, 0 min ago"), "{told}");
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anonymous_customer_who_logs_in_keeps_the_conversation() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    conversation.send("before").await.unwrap();
    until_at_desk(&desk.desk(), &["before"]).await;
    desk.faults().offline(true);
    conversation.send("between").await.unwrap();
    let other = client.start_conversation().unwrap();
    other.send("never seen by the desk").await.unwrap();
    let mut list = List::open(&client).await;
    client.identify(identity("dao"), profile("Đào")).await.unwrap();
    list.until("both conversations", |lines| lines.len() == 2).await;
    desk.faults().offline(false);
    client.network_changed(true);

    let conversation = client.conversation(conversation.id()).unwrap();
    let mut screen = Screen::open(&conversation).await;
    screen.until_last(Delivery::Sent).await;
    conversation.send("after").await.unwrap();
    screen.until_texts(&["before", "between", "after"]).await;
    screen.until_last(Delivery::Sent).await;
    desk.desk().reply(1, "hello Đào");
    client.refresh().await.unwrap();
    screen.until("the answer", |messages| messages.len() == 4).await;
    let named = || desk.desk().conversations().iter().map(|c| c.contact_name.clone()).collect::<Vec<_>>();
    until("the agents to know the name", named, |names| {
        names.len() == 2 && names.iter().all(|name| name.as_deref() == Some("Đào"))
    })
    .await;
    until("all at the desk", || at_desk(&desk.desk()), |texts| texts.len() == 4).await;
    client.shutdown().await;

    // And after a restart it is all there.
    let client = phone(&desk, data.path()).await;
    let mut list = List::open(&client).await;
    list.until("both conversations", |lines| lines.len() == 2).await;
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn identity_reaches_the_desk_verified_and_history_follows_to_another_phone() {
    let (desk, data, other) = (desk().await, tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    client.identify(identity("chi"), profile("Chi")).await.unwrap();
    assert_eq!(client.verify_identity().await.unwrap(), Verification::Verified);
    let conversation = client.start_conversation().unwrap();
    conversation.send("from the first phone").await.unwrap();
    until_at_desk(&desk.desk(), &["from the first phone"]).await;
    let attributes = || desk.desk().contacts().iter().map(|c| c.custom_attributes["plan"].clone()).collect::<Vec<_>>();
    until("the attribute", attributes, |plans| plans.iter().any(|plan| plan == "gold")).await;

    let second = phone(&desk, other.path()).await;
    second.identify(identity("chi"), CustomerProfile::default()).await.unwrap();
    let mut list = List::open(&second).await;
    list.until("the conversation", |lines| lines.len() == 1).await;
    let there = second.conversation(&list.lines[0].id).unwrap();
    // Readable at once; writable once a conversation of this phone's own has told which channel is the app's.
    assert!(!list.lines[0].can_write);
    second.current_conversation().await.unwrap().send("another question").await.unwrap();
    list.until("both writable", |lines| lines.len() == 2 && lines.iter().all(|line| line.can_write)).await;
    there.send("from the second phone").await.unwrap();
    let mut screen = Screen::open(&conversation).await;
    screen.until_texts(&["from the first phone", "from the second phone"]).await;
    client.shutdown().await;
    second.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn verification_that_the_desk_does_not_answer_is_an_error_and_is_asked_again() {
    // It says whose contact it is by its list alone.
    let desk = desk_with(|options| options.desk_version = DeskVersion::V4_16_2).await;
    let data = tempfile::tempdir().unwrap();
    let client = phone(&desk, data.path()).await;
    client.identify(identity("chi"), CustomerProfile::default()).await.unwrap();
    desk.faults().add(Rule { path_contains: Some("/conversations".into()), ..Rule::new(Fault::DropBeforeWrite) });
    assert_eq!(failure(client.verify_identity().await), SupportError::Offline);
    desk.faults().clear();
    assert_eq!(client.verify_identity().await.unwrap(), Verification::Verified);
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_hash_is_refused_and_a_right_one_sends_what_waited() {
    let (desk, data) = (desk_with(|options| options.hmac_mandatory = true).await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let wrong = Identity::new("em").with_hash("0".repeat(64));
    client.identify(wrong, CustomerProfile::default()).await.unwrap();
    assert_eq!(failure(client.verify_identity().await), SupportError::IdentityRejected);
    let conversation = client.start_conversation().unwrap();
    conversation.send("is anybody there?").await.unwrap();
    let mut screen = Screen::open(&conversation).await;
    screen.until_last(Delivery::NeedsAttention { reason: AttentionReason::IdentityRejected }).await;
    assert!(desk.desk().conversations().is_empty(), "nothing reached the desk");
    let setup = async || client.status().next().await.unwrap().unwrap().setup;
    assert_eq!(setup().await, Some(SetupProblem::IdentityRejected));

    client.identify(identity("em"), CustomerProfile::default()).await.unwrap();
    screen.until_last(Delivery::Sent).await;
    assert_eq!(setup().await, None);
    until_at_desk(&desk.desk(), &["is anybody there?"]).await;
    assert_eq!(client.verify_identity().await.unwrap(), Verification::Verified);
    only_conversation(&desk.desk());
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_whom_the_desk_forgot_goes_on_writing() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let conversation = client.start_conversation().unwrap();
    conversation.send("first").await.unwrap();
    until_at_desk(&desk.desk(), &["first"]).await;
    let source = desk.desk().conversations()[0].source_id.clone();
    desk.desk().purge_contact(&source);
    conversation.send("second").await.unwrap();
    let mut screen = Screen::open(&conversation).await;
    screen.until_last(Delivery::Sent).await;
    assert_eq!(screen.texts(), ["first", "second"]);
    let texts = || at_desk(&desk.desk());
    until("the second message", texts, |texts| texts.iter().filter(|t| *t == "second").count() == 1).await;
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_on_one_folder_send_each_message_once() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let first = phone(&desk, data.path()).await;
    let second = phone(&desk, data.path()).await;
    let conversation = first.start_conversation().unwrap();
    let mut texts = Vec::new();
    for n in 0..20 {
        let text = format!("message {n}");
        if n % 2 == 0 {
            conversation.send(&text).await.unwrap();
        } else {
            second.conversation(conversation.id()).unwrap().send(&text).await.unwrap();
        }
        texts.push(text);
    }
    let wanted: Vec<&str> = texts.iter().map(String::as_str).collect();
    // The first holds the lock, and looks for what the second wrote while somebody looks at a conversation.
    let screen = Screen::open(&first.conversation(conversation.id()).unwrap()).await;
    until_at_desk(&desk.desk(), &wanted).await;
    drop(screen);
    // It goes: the second takes over by itself.
    first.shutdown().await;
    second.conversation(conversation.id()).unwrap().send("after").await.unwrap();
    until("the last", || at_desk(&desk.desk()), |texts| texts.last().is_some_and(|text| text == "after")).await;
    second.shutdown().await;
}
