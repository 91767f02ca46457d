//! What happens while one watches.

use futures_util::FutureExt as _;

use super::{
    DeskSide,
    bench::{Checked, Line, Phone, agent_says, done, ensure, outgoing, refused},
};
use crate::{
    backend::{Fault, RealtimeEvent},
    model::{Author, Availability, ConversationStatus, DeskConversationId},
};

/// How often one asks and turns away: an event takes some turns of the runtime to come through a socket.
const TURNS: usize = 300;

/// A customer with a conversation and an open connection.
async fn watching(desk: &impl DeskSide) -> Result<(Phone, DeskConversationId, Line), super::bench::Stop> {
    let phone = Phone::new(desk).await?;
    let conversation = phone.open().await?;
    phone.say(conversation, "hello").await?;
    let line = phone.connect().await?;
    Ok((phone, conversation, line))
}

pub(super) async fn connection_tells_of_a_new_message(desk: &impl DeskSide) -> Checked {
    let (phone, conversation, mut line) = watching(desk).await?;
    let id = agent_says(desk, conversation, "yes?").await?;
    let event = line.until(|event| matches!(event, RealtimeEvent::Message(message) if message.id == id)).await?;
    let RealtimeEvent::Message(told) = event else { return Ok(()) };
    ensure!(told.content.as_text() == "yes?" && told.conversation == conversation, "it is told as another one");
    ensure!(matches!(told.author, Author::Agent { .. }), "it is told to be of {:?}", told.author);
    let read = phone.found(conversation, id).await?;
    ensure!(read.created_at == told.created_at, "its time differs between the event and the page");
    Ok(())
}

pub(super) async fn own_message_is_told_with_its_key(desk: &impl DeskSide) -> Checked {
    let (phone, conversation, mut line) = watching(desk).await?;
    done(desk.repeats_echo(), "the desk does not repeat keys")?;
    let message = outgoing("is it blue?");
    let said = phone.backend.send_message(&phone.session, conversation, &message).await?;
    let event = line.until(|event| matches!(event, RealtimeEvent::Message(told) if told.id == said.id)).await?;
    let RealtimeEvent::Message(told) = event else { return Ok(()) };
    ensure!(told.author.is_customer(), "it is told to be of {:?}", told.author);
    ensure!(told.echo.as_deref() == Some(&message.echo), "it is told without the key that it was sent with");
    Ok(())
}

pub(super) async fn connection_tells_of_an_edit(desk: &impl DeskSide) -> Checked {
    let (_phone, conversation, mut line) = watching(desk).await?;
    let id = agent_says(desk, conversation, "10 euros").await?;
    done(desk.edit(id, "20 euros").await, "nothing can be edited")?;
    line.until_message(id, |message| message.content.as_text() == "20 euros" && !message.deleted).await
}

pub(super) async fn connection_tells_of_a_deletion(desk: &impl DeskSide) -> Checked {
    let (_phone, conversation, mut line) = watching(desk).await?;
    let id = agent_says(desk, conversation, "a mistake").await?;
    done(desk.delete(id).await, "nothing can be deleted")?;
    line.until_message(id, |message| message.deleted && message.content.as_text() != "a mistake").await
}

pub(super) async fn connection_tells_of_a_status(desk: &impl DeskSide) -> Checked {
    let (phone, conversation, mut line) = watching(desk).await?;
    done(desk.resolve(conversation).await, "no agent can end a conversation here")?;
    let stands = |event: &RealtimeEvent, wanted: fn(ConversationStatus) -> bool| matches!(event, RealtimeEvent::Conversation(c) if c.id == conversation && c.status.is_some_and(wanted));
    line.until(|event| stands(event, |status| status == ConversationStatus::Resolved)).await?;
    phone.say(conversation, "one more thing").await?;
    line.until(|event| stands(event, |status| status != ConversationStatus::Resolved)).await.map(drop)
}

pub(super) async fn connection_tells_of_the_agents_typing(desk: &impl DeskSide) -> Checked {
    let (_phone, conversation, mut line) = watching(desk).await?;
    for wanted in [true, false] {
        done(desk.agent_types(conversation, wanted).await, "agents' typing is not told")?;
        line.until(|event| {
            matches!(event, RealtimeEvent::Typing { conversation: there, typing, .. }
                if *there == conversation && *typing == wanted)
        })
        .await?;
    }
    Ok(())
}

pub(super) async fn announced_customer_hears_whether_agents_are_there(desk: &impl DeskSide) -> Checked {
    let (_phone, _, mut line) = watching(desk).await?;
    for availability in [Availability::Online, Availability::Busy, Availability::Offline] {
        done(desk.set_availability(availability).await, "the desk does not say whether agents are there")?;
        line.realtime.announce_presence().await?;
        line.until(|event| *event == RealtimeEvent::Presence(availability)).await?;
    }
    Ok(())
}

pub(super) async fn asking_for_events_and_turning_away_loses_none(desk: &impl DeskSide) -> Checked {
    let (_phone, conversation, mut line) = watching(desk).await?;
    let mut told = Vec::new();
    for number in 1..=5 {
        // Asked once, and dropped before anything is there.
        if let Some(event) = line.realtime.next().now_or_never() {
            told.push(event?);
        }
        let id = agent_says(desk, conversation, &format!("message {number}")).await?;
        // Asked many times and dropped each time, while the event is on its way.
        let is_it = |event: &RealtimeEvent| matches!(event, RealtimeEvent::Message(message) if message.id == id);
        for _ in 0..TURNS {
            match line.realtime.next().now_or_never() {
                Some(event) => told.push(event?),
                None => tokio::task::yield_now().await,
            }
        }
        // Now in earnest: if it was lost, this waits in vain.
        if !told.iter().any(is_it) {
            line.until(is_it).await?;
        }
    }
    Ok(())
}

pub(super) async fn two_connections_hear_the_same(desk: &impl DeskSide) -> Checked {
    let (phone, conversation, mut line) = watching(desk).await?;
    let mut other = phone.connect().await?;
    let id = agent_says(desk, conversation, "yes?").await?;
    line.until_message(id, |_| true).await?;
    other.until_message(id, |_| true).await?;
    // One goes, the other stays.
    drop(line);
    let id = agent_says(desk, conversation, "still there?").await?;
    other.until_message(id, |_| true).await
}

pub(super) async fn connection_of_another_customer_hears_nothing(desk: &impl DeskSide) -> Checked {
    let (ann, secret, mut line) = watching(desk).await?;
    let (_eve, own, mut curious) = watching(desk).await?;
    let id = agent_says(desk, secret, "a secret").await?;
    ann.say(secret, "another").await?;
    let _ = desk.agent_types(secret, true).await && desk.resolve(secret).await;
    line.until_message(id, |_| true).await?;
    // Events of one connection come in some order, but none comes long after a later one: the last ends the watch.
    let last = agent_says(desk, own, "your turn").await?;
    let elsewhere = |event: &RealtimeEvent| match event {
        RealtimeEvent::Message(message) => message.conversation != own,
        RealtimeEvent::Conversation(change) => change.id != own,
        RealtimeEvent::Typing { conversation, .. } => *conversation != own,
        RealtimeEvent::Presence(_) => false,
    };
    let is_last = |event: &RealtimeEvent| matches!(event, RealtimeEvent::Message(message) if message.id == last);
    let first = curious.until(|event| elsewhere(event) || is_last(event)).await?;
    ensure!(!elsewhere(&first), "it hears what is told in another's conversation");
    Ok(())
}

pub(super) async fn lost_connection_is_told_and_can_be_made_again(desk: &impl DeskSide) -> Checked {
    let (phone, conversation, mut line) = watching(desk).await?;
    done(desk.drop_connections().await, "connections can't be broken here")?;
    let error = loop {
        if let Err(error) = line.realtime.next().await {
            break error;
        }
    };
    ensure!(error.fault == Fault::Network, "it ends with {:?}", error.fault);
    ensure!(line.realtime.next().await.is_err(), "it comes back to life by itself");
    let mut line = phone.connect().await?;
    let id = agent_says(desk, conversation, "there you are").await?;
    line.until_message(id, |_| true).await
}

pub(super) async fn connecting_with_a_forgotten_session_is_told(desk: &impl DeskSide) -> Checked {
    let (phone, _, line) = watching(desk).await?;
    drop(line);
    done(desk.forget(&phone.session).await, "the desk forgets nobody")?;
    refused("connect", phone.backend.connect(&phone.session).await.map(drop), &Fault::SessionGone)
}
