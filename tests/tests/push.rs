//! The way of a push, whole: an agent writes, the desk tells the merchant's server, that pushes to the phones that it
//! finds among the customer's attributes, and the phone asks the desk what it is.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "tests may fail")]

use std::{collections::BTreeMap, path::Path, time::Duration};

use axum::{Json, Router, routing::post};
use sandbox::{Fault, Sandbox};
use serde_json::Value;
use shopbell::{
    Author, CustomerProfile, Delivery, PushNews, PushOutcome, PushToken, SupportClient, SupportError, is_push,
};
use shopbell_tests::{PATIENCE, Screen, desk, desk_with, failure, identity, only_conversation, phone, until};
use tokio::{net::TcpListener, sync::mpsc};

type Data = BTreeMap<String, String>;

/// The merchant's server: takes webhooks, gives pushes with the token of the phone that they are for.
struct Relay {
    pushes: mpsc::UnboundedReceiver<(String, Data)>,
}

impl Relay {
    /// It, and the desk that tells it.
    async fn with_desk() -> (Self, Sandbox) {
        let (push, pushes) = mpsc::unbounded_channel();
        let take = move |Json(told): Json<Value>| async move {
            for one in Self::pushes_of(&told) {
                // Nobody may be waiting for the last ones.
                let _ = push.send(one);
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async { axum::serve(listener, Router::new().route("/", post(take))).await.unwrap() });
        (Self { pushes }, desk_with(|options| options.webhook = Some(url)).await)
    }

    /// As docs/push.md has it.
    fn pushes_of(told: &Value) -> Vec<(String, Data)> {
        let written_for_the_customer = told["event"] == "message_created"
            && told["private"] == false
            && (told["message_type"] == "outgoing" || told["message_type"] == "template");
        let attributes = told["conversation"]["meta"]["sender"]["custom_attributes"].as_object();
        if !written_for_the_customer {
            return Vec::new();
        }
        let data = Data::from([
            ("shopbell_conversation".to_owned(), told["conversation"]["id"].to_string()),
            ("shopbell_message".to_owned(), told["id"].to_string()),
        ]);
        let tokens = attributes.into_iter().flatten().filter(|(name, _)| name.starts_with("shopbell_push_"));
        let tokens = tokens.filter_map(|(_, value)| value.as_str()).filter(|token| !token.is_empty());
        tokens.map(|token| (token.to_owned(), data.clone())).collect()
    }

    /// The next push to this phone.
    async fn next(&mut self, token: &str) -> Data {
        let next = async {
            loop {
                let (to, data) = self.pushes.recv().await.unwrap();
                if to == token {
                    return data;
                }
            }
        };
        tokio::time::timeout(PATIENCE, next).await.unwrap()
    }
}

/// A phone whose customer has written, and gets pushes as `fcm:TOKEN`.
async fn known(desk: &Sandbox, data: &Path, token: &str) -> SupportClient {
    let client = phone(desk, data).await;
    client.set_push_token(Some(PushToken::fcm(token))).await.unwrap();
    let conversation = client.start_conversation().unwrap();
    let mut screen = Screen::open(&conversation).await;
    conversation.send("Is it waterproof?").await.unwrap();
    screen.until_last(Delivery::Sent).await;
    client
}

/// A desk with the merchant's server, and a phone that is pushed to as `fcm:T1`, in a folder that lives as long as the last.
async fn begun() -> (Relay, Sandbox, SupportClient, tempfile::TempDir) {
    let (relay, desk) = Relay::with_desk().await;
    let data = tempfile::tempdir().unwrap();
    let client = known(&desk, data.path(), "T1").await;
    (relay, desk, client, data)
}

/// Waits until these are the tokens that the desk has of its contacts, in any order.
async fn until_tokens(desk: &Sandbox, wanted: &[&str]) {
    let tokens = || {
        let contacts = desk.desk().contacts();
        let attributes = contacts.iter().filter_map(|contact| contact.custom_attributes.as_object()).flatten();
        let tokens = attributes.filter(|(name, _)| name.starts_with("shopbell_push_"));
        let mut tokens: Vec<_> = tokens.filter_map(|(_, value)| value.as_str()).map(str::to_owned).collect();
        tokens.retain(|token| !token.is_empty());
        tokens.sort();
        tokens
    };
    until(&format!("the desk to know {wanted:?}"), tokens, |now| now == wanted).await;
}

fn news(outcome: PushOutcome) -> PushNews {
    match outcome {
        PushOutcome::News(news) => news,
        other => panic!("no news: {other:?}"),
    }
}

fn agents(news: &PushNews) -> Option<&str> {
    match &news.author {
        Some(Author::Agent { agent: Some(agent) }) => Some(&agent.name),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answer_to_an_app_in_the_background_is_told_and_the_app_stays_closed() {
    let (mut relay, desk, client, _data) = begun().await;
    until_tokens(&desk, &["fcm:T1"]).await;
    client.pause().await;
    desk.desk().note(1, "for the other agents");
    desk.desk().reply(1, "**Yes**, it is.\nSee [here](https://example.com).");
    let push = relay.next("fcm:T1").await;
    assert!(is_push(&push));
    assert!(!format!("{push:?}").contains("Yes"), "no word passes through the push service");

    let told = news(client.handle_push(&push).await.unwrap());
    assert_eq!(told.preview.as_deref(), Some("Yes, it is. See here."));
    assert_eq!(agents(&told), Some("Linh Trần"));
    assert_eq!((told.unread, told.total_unread), (1, 1));
    assert_eq!(failure(client.unread().await), SupportError::Paused, "closed again");
    // The same push once more, and a second answer.
    assert_eq!(news(client.handle_push(&push).await.unwrap()), told);
    desk.desk().reply(1, "And warm.");
    let told = news(client.handle_push(&relay.next("fcm:T1").await).await.unwrap());
    assert_eq!((told.preview.as_deref(), told.unread), (Some("And warm."), 2));

    client.resume().await.unwrap();
    let screen = Screen::open(&client.conversation(&told.conversation).unwrap()).await;
    assert_eq!(screen.messages.len(), 3, "what a notification leads to is there without the network");
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_seen_or_is_on_screen_is_not_told_again() {
    let (mut relay, desk, client, _data) = begun().await;
    desk.desk().reply(1, "Yes");
    let push = relay.next("fcm:T1").await;
    let conversation = client.conversation(&news(client.handle_push(&push).await.unwrap()).conversation).unwrap();
    let screen = Screen::open(&conversation).await;
    assert_eq!(client.handle_push(&push).await.unwrap(), PushOutcome::NothingNew, "on screen");
    // Behind another app it is on no screen, and no socket is opened for it.
    client.pause().await;
    let sockets = || desk.desk().requests().iter().filter(|request| request.path.contains("/cable")).count();
    let before = sockets();
    assert_eq!(news(client.handle_push(&push).await.unwrap()).unread, 1);
    assert_eq!(sockets(), before);
    client.resume().await.unwrap();
    drop(screen);
    conversation.mark_seen().await.unwrap();
    assert_eq!(client.handle_push(&push).await.unwrap(), PushOutcome::NothingNew, "seen");
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn desk_that_cant_be_reached_is_no_reason_to_stay_silent() {
    let (mut relay, desk, client, _data) = begun().await;
    client.pause().await;
    desk.desk().reply(1, "Yes");
    let push = relay.next("fcm:T1").await;
    desk.faults().offline(true);
    let told = news(client.handle_push(&push).await.unwrap());
    assert_eq!((told.author, told.preview, told.unread, told.total_unread), (None, None, 1, 1));
    // It may be anybody's.
    let unknown = Data::from([("shopbell_conversation".to_owned(), "99".to_owned())]);
    assert!(failure(client.handle_push(&unknown).await).is_retryable());
    desk.faults().offline(false);
    assert_eq!(news(client.handle_push(&push).await.unwrap()).preview.as_deref(), Some("Yes"));
    assert_eq!(client.handle_push(&unknown).await.unwrap(), PushOutcome::NothingNew, "nobody's");
    // Gone at the desk, it has nothing more to tell.
    desk.desk().purge_contact(&desk.desk().conversations()[0].source_id);
    let later = Data::from([("shopbell_conversation".to_owned(), "1".to_owned())]);
    assert_eq!(client.handle_push(&later).await.unwrap(), PushOutcome::NothingNew);
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conversation_that_an_agent_begins_is_told() {
    let (mut relay, desk, client, _data) = begun().await;
    client.pause().await;
    let source = desk.desk().conversations()[0].source_id.clone();
    desk.desk().start_conversation(&source, "Your parcel is late");
    let told = news(client.handle_push(&relay.next("fcm:T1").await).await.unwrap());
    assert_eq!((told.preview.as_deref(), told.unread), (Some("Your parcel is late"), 1));
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn token_follows_who_is_here_and_leaves_with_them() {
    let (mut relay, desk, client, _data) = begun().await;
    until_tokens(&desk, &["fcm:T1"]).await;
    client.identify(identity("an"), CustomerProfile::default()).await.unwrap();
    // The contact of before, with its conversation, and the person's own.
    until_tokens(&desk, &["fcm:T1", "fcm:T1"]).await;
    client.set_push_token(Some(PushToken::fcm("T2"))).await.unwrap();
    until_tokens(&desk, &["fcm:T2", "fcm:T2"]).await;
    client.log_out().await.unwrap();
    until_tokens(&desk, &[]).await;

    // A push that was under way shows nothing to who is here now.
    let late = Data::from([("shopbell_conversation".to_owned(), only_conversation(&desk.desk()).to_string())]);
    assert_eq!(client.handle_push(&late).await.unwrap(), PushOutcome::NothingNew);
    client.identify(identity("binh"), CustomerProfile::default()).await.unwrap();
    until_tokens(&desk, &["fcm:T2"]).await;
    assert_eq!(client.handle_push(&late).await.unwrap(), PushOutcome::NothingNew);
    client.set_push_token(None).await.unwrap();
    until_tokens(&desk, &[]).await;

    // Who comes back is pushed to again.
    client.set_push_token(Some(PushToken::apns("A3"))).await.unwrap();
    client.identify(identity("an"), CustomerProfile::default()).await.unwrap();
    until_tokens(&desk, &["apns:A3", "apns:A3"]).await;
    desk.desk().reply(1, "Welcome back");
    let told = news(client.handle_push(&relay.next("apns:A3").await).await.unwrap());
    assert_eq!(told.preview.as_deref(), Some("Welcome back"));
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn log_out_without_a_network_is_done_and_the_push_shows_nothing() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = known(&desk, data.path(), "T1").await;
    until_tokens(&desk, &["fcm:T1"]).await;
    desk.faults().offline(true);
    client.log_out().await.unwrap();
    desk.faults().offline(false);
    let late = Data::from([("shopbell_conversation".to_owned(), "1".to_owned())]);
    assert_eq!(client.handle_push(&late).await.unwrap(), PushOutcome::NothingNew);
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn token_of_a_paused_client_is_told_after_the_resume() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = known(&desk, data.path(), "T1").await;
    client.pause().await;
    client.set_push_token(Some(PushToken::fcm("T2"))).await.unwrap();
    until_tokens(&desk, &["fcm:T1"]).await;
    client.resume().await.unwrap();
    until_tokens(&desk, &["fcm:T2"]).await;
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn app_that_comes_to_the_front_while_a_push_is_looked_up_stays_open() {
    let (mut relay, desk, client, _data) = begun().await;
    client.pause().await;
    desk.desk().reply(1, "Yes");
    let push = relay.next("fcm:T1").await;
    desk.faults().once("messages", Fault::Latency(Duration::from_millis(400)));
    let asked = desk.desk().requests().len();
    let handling = tokio::spawn({
        let (client, push) = (client.clone(), push.clone());
        async move { client.handle_push(&push).await }
    });
    until("the desk to be asked", || desk.desk().requests().len(), |now| *now > asked).await;
    client.resume().await.unwrap();
    assert_eq!(news(handling.await.unwrap().unwrap()).unread, 1);
    client.start_conversation().unwrap();

    // And one that goes to the back closes, whoever still asks.
    desk.desk().reply(1, "Really");
    let push = relay.next("fcm:T1").await;
    desk.faults().once("messages", Fault::Hang);
    let handling = tokio::spawn({
        let client = client.clone();
        async move { client.handle_push(&push).await }
    });
    client.pause().await;
    let _ = handling.await.unwrap();
    assert_eq!(failure(client.unread().await), SupportError::Paused);
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_push_of_ours_or_no_token_changes_nothing() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let foreign = Data::from([("gcm.message_id".to_owned(), "1".to_owned())]);
    assert_eq!(client.handle_push(&foreign).await.unwrap(), PushOutcome::Foreign);
    for wrong in ["", "a b", "x".repeat(5_000).as_str()] {
        let refused = failure(client.set_push_token(Some(PushToken::fcm(wrong))).await);
        assert!(matches!(refused, SupportError::InvalidInput { field: "push token", .. }), "{refused:?}");
    }
    assert!(desk.desk().contacts().is_empty(), "nothing is told of somebody who never wrote");
    client.shutdown().await;
    assert_eq!(failure(client.set_push_token(None).await), SupportError::Closed);
    let push = Data::from([("shopbell_conversation".to_owned(), "1".to_owned())]);
    assert_eq!(failure(client.handle_push(&push).await), SupportError::Closed);
}

#[tokio::test(flavor = "multi_thread")]
async fn notification_says_all_that_an_agent_typed() {
    let (mut relay, desk, client, _data) = begun().await;
    client.pause().await;
    for (written, told) in [
        ("5.", "5."),
        ("#", "#"),
        ("[1]: 500k", "[1]: 500k"),
        ("2. Size M", "2. Size M"),
        ("Best regards,\n--\nAnna", "Best regards, -- Anna"),
        ("**Lưu ý:**bạn", "Lưu ý:bạn"),
        ("![](https://desk.example/bag.png)", "bag.png"),
    ] {
        desk.desk().reply(1, written);
        let news = news(client.handle_push(&relay.next("fcm:T1").await).await.unwrap());
        assert_eq!(news.preview.as_deref(), Some(told), "{written}");
    }
    let cards = serde_json::json!({"items": [{"title": "Bag", "actions": [{"text": "Open", "uri": "myapp://bag"}]}]});
    desk.desk().reply_rich(1, "cards", "", cards);
    assert_eq!(news(client.handle_push(&relay.next("fcm:T1").await).await.unwrap()).preview.as_deref(), Some("Bag"));
    client.shutdown().await;
}
