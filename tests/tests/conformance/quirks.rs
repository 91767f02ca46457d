//! What this desk does otherwise than one would think, met with the real adapter over real sockets.

use std::time::Duration;

use sandbox::{Fault as Trouble, OtherInbox};
use shopbell::{
    ConversationStatus, CustomerProfile, DeskConversationId, Identity,
    backend::{BackendError, DeskChannel, Fault, Fetched, Happened, RealtimeEvent},
};
use shopbell_tests::identity;

use super::chatwoot::{Rig, number, outgoing, request};

fn said<T>(result: Result<T, BackendError>) -> (Fault, Happened) {
    match result {
        Ok(_) => panic!("it succeeds"),
        Err(error) => (error.fault, error.happened),
    }
}

#[tokio::test]
async fn mandatory_proof_lets_only_the_proved_in() {
    let rig = Rig::start(|options| options.hmac_mandatory = true).await;
    assert!(rig.backend.desk_info().await.unwrap().identity_proof_required);
    let rejected = (Fault::IdentityRejected, Happened::No);
    assert_eq!(said(rig.backend.establish(&request("anonymous", None)).await), rejected);
    let unproved = Some(Identity::new("customer-7"));
    assert_eq!(said(rig.backend.establish(&request("unproved", unproved)).await), rejected);
    let wrong = Some(Identity::new("customer-7").with_hash("0".repeat(64)));
    assert_eq!(said(rig.backend.establish(&request("wrong", wrong)).await), rejected);
    assert!(rig.desk().contacts().is_empty());

    let session = rig.backend.establish(&request("key", Some(identity("customer-7")))).await.unwrap();
    assert!(session.verified);
    let conversation = rig.backend.open_conversation(&session).await.unwrap().id;
    rig.backend.send_message(&session, conversation, &outgoing("hello")).await.unwrap();
    let profile = CustomerProfile { name: Some("Ann".into()), ..CustomerProfile::default() };
    assert_eq!(said(rig.backend.update_customer(&session, None, &profile).await), rejected);
    rig.backend.update_customer(&session, Some(&identity("customer-7")), &profile).await.unwrap();
    assert_eq!(rig.desk().contacts()[0].name.as_deref(), Some("Ann"));
}

#[tokio::test]
async fn purged_session_is_gone_where_a_proof_is_mandatory() {
    let rig = Rig::start(|options| options.hmac_mandatory = true).await;
    let session = rig.backend.establish(&request("key", Some(identity("customer-7")))).await.unwrap();
    let conversation = rig.backend.open_conversation(&session).await.unwrap().id;
    let elsewhere = DeskConversationId::new(conversation.get() + 1).unwrap();
    let sent = rig.backend.send_message(&session, elsewhere, &outgoing("hello")).await;
    assert_eq!(said(sent), (Fault::ConversationGone, Happened::No));
    rig.desk().purge_contact("key");
    let sent = rig.backend.send_message(&session, conversation, &outgoing("hello")).await;
    assert_eq!(said(sent), (Fault::SessionGone, Happened::No));
}

#[tokio::test]
async fn session_is_verified_at_the_desk_though_making_it_verifies_nothing() {
    let rig = Rig::start(|_| {}).await;
    let session = rig.backend.establish(&request("key", Some(identity("customer-7")))).await.unwrap();
    assert!(session.verified);
    assert_eq!(rig.desk().contacts()[0].sessions, [("key".to_owned(), true)]);
    // Without a proof the desk takes the name and verifies nothing.
    let session = rig.backend.establish(&request("other", Some(Identity::new("customer-8")))).await.unwrap();
    assert!(!session.verified);
}

#[tokio::test]
async fn unknown_key_of_the_merchant_rejects_every_proof() {
    let rig = Rig::start(|options| options.hmac_key = None).await;
    let established = rig.backend.establish(&request("key", Some(identity("customer-7")))).await;
    assert_eq!(said(established), (Fault::IdentityRejected, Happened::No));
}

#[tokio::test]
async fn failing_desk_is_not_taken_for_a_wrong_proof() {
    let rig = Rig::start(|_| {}).await;
    let request = request("key", Some(identity("customer-7")));
    // One defect: tried again, and good.
    rig.sandbox.faults().once("contacts", Trouble::Status(500));
    assert!(rig.backend.establish(&request).await.unwrap().verified);
    // The desk fails as a whole, the inbox with it.
    rig.sandbox.faults().add("status=500".parse().unwrap());
    assert_eq!(said(rig.backend.establish(&request).await), (Fault::Desk, Happened::Maybe));
    rig.sandbox.faults().clear();
    rig.sandbox.faults().add("POST contacts status-after-write=502".parse().unwrap());
    assert_eq!(said(rig.backend.establish(&request).await), (Fault::Desk, Happened::Maybe));
}

#[tokio::test]
async fn conversations_of_another_channel_are_told_apart() {
    let rig = Rig::start(|_| {}).await;
    let session = rig.backend.establish(&request("key", Some(identity("customer-7")))).await.unwrap();
    let ours = rig.backend.open_conversation(&session).await.unwrap().id;
    let elsewhere = rig.desk().start_conversation_in(&OtherInbox::web_chat(), "key", "your chat");
    assert!(elsewhere > number(ours));
    let Fetched::New { value, .. } = rig.backend.conversations(&session, None).await.unwrap() else {
        panic!("nothing was known")
    };
    let channel = |id: u64| value.iter().find(|row| number(row.id) == id).unwrap().channel.unwrap().number;
    assert_ne!(channel(number(ours)), channel(elsewhere));

    // An event says which of them the session began itself.
    let mut line = rig.backend.connect(&session).await.unwrap();
    rig.desk().reply(elsewhere, "on the web");
    rig.desk().reply(number(ours), "by chat");
    let change = loop {
        if let RealtimeEvent::Conversation(change) = line.next().await.unwrap()
            && change.id == ours
        {
            break change;
        }
    };
    assert_eq!(change.channel, Some(DeskChannel { number: channel(number(ours)), ours: true }));
}

#[tokio::test]
async fn inbox_with_one_conversation_gives_it_again() {
    let rig = Rig::start(|options| options.single_conversation = true).await;
    let (session, first) = rig.customer().await;
    assert_eq!(rig.backend.open_conversation(&session).await.unwrap().id, first);
}

#[tokio::test]
async fn bots_conversation_is_pending_and_reopens_so() {
    let rig = Rig::start(|options| options.bot = true).await;
    let (session, conversation) = rig.customer().await;
    assert_eq!(rig.backend.resolve(&session, conversation).await.unwrap(), ConversationStatus::Resolved);
    rig.backend.send_message(&session, conversation, &outgoing("one more thing")).await.unwrap();
    let Fetched::New { value, .. } = rig.backend.conversations(&session, None).await.unwrap() else { panic!() };
    assert_eq!(value[0].status, ConversationStatus::Pending);
}

#[tokio::test]
async fn blocked_customers_conversation_is_born_resolved() {
    let rig = Rig::start(|_| {}).await;
    let session = rig.session("key").await;
    rig.desk().set_blocked(rig.desk().contacts()[0].id, true);
    let opened = rig.backend.open_conversation(&session).await.unwrap();
    assert_eq!(opened.status, ConversationStatus::Resolved);
    // The desk takes what is written there; it only wakes nobody.
    rig.backend.send_message(&session, opened.id, &outgoing("hello?")).await.unwrap();
}

#[tokio::test]
async fn notes_among_agents_are_never_shown() {
    let rig = Rig::start(|_| {}).await;
    let (session, conversation) = rig.customer().await;
    let mut line = rig.backend.connect(&session).await.unwrap();
    rig.desk().note(number(conversation), "a difficult one");
    rig.desk().reply(number(conversation), "hello");
    loop {
        if let shopbell::backend::RealtimeEvent::Message(message) = line.next().await.unwrap() {
            assert_eq!(message.content.as_text(), "hello");
            break;
        }
    }
    let Fetched::New { value, .. } = rig.backend.messages(&session, conversation, None, None).await.unwrap() else {
        panic!()
    };
    assert_eq!(value.messages.len(), 1);
}

#[tokio::test]
async fn survey_past_its_time_is_refused_in_the_desks_words() {
    use shopbell::{Answer, AnswerState, DeskMessageId, Rating};
    let rig = Rig::start(|options| options.job_delay = Duration::ZERO).await;
    let (session, conversation) = rig.customer().await;
    let survey = rig.desk().reply_rich(number(conversation), "input_csat", "How was it?", serde_json::json!({}));
    let id = DeskMessageId::new(i64::try_from(survey).unwrap()).unwrap();
    let rating = Some(Rating { score: 4, feedback: "fine".into() });
    let answer = Answer { values: Vec::new(), rating, state: AnswerState::Queued, given_at: None };
    rig.backend.answer(&session, conversation, id, &answer).await.unwrap();
    rig.desk().age_message(survey, 15);
    let reason = "You cannot update the CSAT survey after 14 days".to_owned();
    let answered = rig.backend.answer(&session, conversation, id, &answer).await;
    assert_eq!(said(answered), (Fault::Refused { reason }, Happened::No));
}
