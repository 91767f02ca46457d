use futures_util::FutureExt as _;

use super::*;
use crate::backend::{Happened, Secret};

async fn customer(desk: &MemoryDesk) -> (Session, DeskConversationId) {
    let request = Establish { key: Secret::new("key"), identity: None, existing: false };
    let session = desk.establish(&request).await.unwrap();
    let conversation = desk.open_conversation(&session).await.unwrap().id;
    (session, conversation)
}

fn outgoing(text: &str) -> OutgoingMessage {
    OutgoingMessage { text: text.to_owned(), echo: format!("echo of {text}") }
}

fn told(event: Option<Result<RealtimeEvent, BackendError>>) -> Option<String> {
    match event {
        Some(Ok(RealtimeEvent::Message(message))) => Some(message.content.as_text().to_owned()),
        _ => None,
    }
}

#[tokio::test]
async fn plays_of_a_kind_are_used_in_order_and_others_stay() {
    let desk = MemoryDesk::new();
    let (session, conversation) = customer(&desk).await;
    desk.once(Call::Messages, Play::unreachable());
    desk.once(Call::SendMessage, Play::unreachable());
    desk.once(Call::SendMessage, Play::answer_lost());
    desk.once(Call::SendMessage, Play::request_lost());
    let mut happened = Vec::new();
    for text in ["1", "2", "3", "4"] {
        let sent = desk.send_message(&session, conversation, &outgoing(text)).await;
        happened.push(sent.err().map(|error| error.happened));
    }
    assert_eq!(happened, [Some(Happened::No), Some(Happened::Maybe), Some(Happened::Maybe), None]);
    assert_eq!(desk.texts_of_customers(), ["2", "4"]);
    assert_eq!(desk.planned(), [(Call::Messages, Play::unreachable())]);
    assert_eq!(desk.count(Call::SendMessage), 4);
    desk.clear_calls();
    assert_eq!(desk.count(Call::SendMessage), 0);
}

#[tokio::test]
async fn rule_is_played_until_healed() {
    let desk = MemoryDesk::new();
    let (session, conversation) = customer(&desk).await;
    desk.always(Call::SendMessage, Play::Fails(BackendError::refused(Fault::Flooded, "scripted")));
    desk.once(Call::SendMessage, Play::answer_lost());
    for fault in [Fault::Network, Fault::Flooded, Fault::Flooded] {
        let error = desk.send_message(&session, conversation, &outgoing("hello")).await.unwrap_err();
        assert_eq!(error.fault, fault);
    }
    desk.heal();
    desk.send_message(&session, conversation, &outgoing("hello")).await.unwrap();
    assert_eq!(desk.texts_of_customers(), ["hello", "hello"]);
}

#[tokio::test]
async fn late_writes_land_in_order_when_settled() {
    let desk = MemoryDesk::new();
    let (session, conversation) = customer(&desk).await;
    desk.once(Call::SendMessage, Play::late());
    desk.once(Call::OpenConversation, Play::late());
    assert!(desk.send_message(&session, conversation, &outgoing("late")).await.is_err());
    assert!(desk.open_conversation(&session).await.is_err());
    desk.send_message(&session, conversation, &outgoing("soon")).await.unwrap();
    assert_eq!((desk.texts_of_customers().len(), desk.all_conversations().len()), (1, 1));
    desk.settle();
    desk.settle();
    assert_eq!(desk.texts_of_customers(), ["soon", "late"]);
    assert_eq!(desk.all_conversations().len(), 2);
}

#[tokio::test]
async fn held_call_goes_on_when_released_and_never_happens_when_dropped() {
    let desk = MemoryDesk::new();
    let (session, conversation) = customer(&desk).await;
    for play in [Play::Held, Play::Held, Play::AnswerHeld] {
        desk.once(Call::SendMessage, play);
    }
    let (dropped, held, answer_held) = (outgoing("dropped"), outgoing("held"), outgoing("answer held"));
    assert!(desk.send_message(&session, conversation, &dropped).now_or_never().is_none());
    let mut sending = desk.send_message(&session, conversation, &held);
    assert!(sending.as_mut().now_or_never().is_none());
    assert!(desk.send_message(&session, conversation, &answer_held).now_or_never().is_none());
    assert_eq!((desk.held(), desk.texts_of_customers()), (3, vec!["answer held".to_owned()]));
    desk.release();
    sending.await.unwrap();
    assert_eq!((desk.held(), desk.texts_of_customers()), (0, vec!["answer held".to_owned(), "held".to_owned()]));
}

#[tokio::test]
async fn offline_desk_fails_every_call_and_ends_connections() {
    let desk = MemoryDesk::new();
    let (session, conversation) = customer(&desk).await;
    let mut line = desk.connect(&session).await.unwrap();
    assert_eq!(desk.connections(), 1);
    desk.once(Call::SendMessage, Play::answer_lost());
    desk.offline(true);
    let error = desk.send_message(&session, conversation, &outgoing("hello")).await.unwrap_err();
    assert_eq!((error.fault, error.happened), (Fault::Network, Happened::No));
    assert_eq!(line.next().await.unwrap_err().fault, Fault::Network);
    assert!(line.announce_presence().await.is_err());
    assert_eq!(desk.connections(), 0);
    desk.offline(false);
    // The plan has waited for a desk that is there.
    assert_eq!(desk.planned().len(), 1);
    assert!(desk.connect(&session).await.is_ok());
}

#[tokio::test]
async fn air_doubles_reverses_and_loses_events() {
    let desk = MemoryDesk::new();
    let (session, conversation) = customer(&desk).await;
    let mut line = desk.connect(&session).await.unwrap();
    desk.air(Air::Twice);
    desk.agent_says(conversation, "twice");
    desk.air(Air::Lost);
    desk.agent_says(conversation, "lost");
    desk.air(Air::Reversed);
    desk.agent_says(conversation, "first");
    desk.agent_says(conversation, "second");
    for expected in [Some("twice"), Some("twice"), None] {
        assert_eq!(told(line.next().now_or_never()).as_deref(), expected);
    }
    desk.settle();
    for expected in [Some("second"), Some("first"), None] {
        assert_eq!(told(line.next().now_or_never()).as_deref(), expected);
    }
    assert_eq!(desk.all_messages(conversation).len(), 4);
}

#[tokio::test]
async fn waiting_ends_with_the_call_that_was_waited_for() {
    let desk = MemoryDesk::new();
    let (session, conversation) = customer(&desk).await;
    let mut waiting = Box::pin(desk.until(|desk| desk.count(Call::MarkSeen) == 1));
    assert!(waiting.as_mut().now_or_never().is_none());
    desk.mark_seen(&session, conversation).await.unwrap();
    assert!(waiting.now_or_never().is_some());
}

#[tokio::test]
async fn identities_are_refused_accepted_and_required() {
    let desk = MemoryDesk::new();
    let establish = |identity: Option<Identity>| {
        let request = Establish { key: Secret::new("key"), identity, existing: false };
        let desk = desk.clone();
        async move { desk.establish(&request).await.map(|session| session.verified).map_err(|error| error.fault) }
    };
    let ann = || Some(MemoryDesk::identity("ann"));
    desk.refuse_identity("ann");
    assert_eq!(establish(ann()).await, Err(Fault::IdentityRejected));
    desk.accept_identity("ann");
    desk.require_proof(true);
    assert!(desk.desk_info().await.unwrap().identity_proof_required);
    assert_eq!(establish(None).await, Err(Fault::IdentityRejected));
    assert_eq!(establish(Some(Identity::new("ann"))).await, Err(Fault::IdentityRejected));
    assert_eq!(establish(ann()).await, Ok(true));
}

#[tokio::test]
async fn purged_things_are_gone_one_by_one_or_all() {
    let desk = MemoryDesk::new();
    let (session, conversation) = customer(&desk).await;
    desk.purge_conversation(conversation);
    let error = desk.messages(&session, conversation, None, None).await.unwrap_err();
    assert_eq!(error.fault, Fault::ConversationGone);
    let other = desk.open_for(&session);
    assert_eq!(desk.agent_says_many(other, 3).len(), 3);
    desk.purge_all();
    assert_eq!(desk.messages(&session, other, None, None).await.unwrap_err().fault, Fault::SessionGone);
    assert!(desk.all_conversations().is_empty());
}

#[test]
fn debug_shows_nothing_that_anybody_wrote() {
    assert_eq!(format!("{:?}", MemoryDesk::new()), "MemoryDesk { .. }");
}
