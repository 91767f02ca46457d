//! Conversations: opening, listing, ending, and the small signs of life.

use super::{
    DeskSide,
    bench::{Checked, Phone, Stop, agent_says, done, ensure, given, nowhere, outgoing, refused, texts},
};
use crate::{
    backend::{Fault, Fetched},
    model::ConversationStatus,
};

pub(super) async fn opened_conversations_are_open_and_their_numbers_grow(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let first = phone.backend.open_conversation(&phone.session).await?;
    ensure!(!first.messages.iter().any(|message| message.author.is_customer()), "it is not empty");
    ensure!(first.status != ConversationStatus::Resolved, "it is born {:?}", first.status);
    phone.say(first.id, "hello").await?;
    let second = phone.open().await?;
    // Where a desk keeps one conversation a customer, it is the same again.
    ensure!(second >= first.id, "{} comes after {}", second.get(), first.id.get());
    Ok(())
}

pub(super) async fn list_holds_every_conversation_with_its_newest_messages(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    ensure!(phone.list().await?.is_empty(), "the list of a new customer is not empty");
    let mut all = Vec::new();
    for number in 1..=3 {
        let conversation = phone.open().await?;
        for text in [format!("{number} one"), format!("{number} two")] {
            phone.say(conversation, &text).await?;
            all.push((conversation, text));
        }
    }
    for listed in phone.list().await? {
        let said = all.iter().filter(|(there, _)| *there == listed.id).map(|(_, text)| text.as_str());
        let (said, shown): (Vec<&str>, _) = (said.collect(), texts(&listed.messages));
        ensure!(!said.is_empty(), "the list holds conversation {}, which nobody opened", listed.id.get());
        ensure!(said.ends_with(&shown), "the list holds {} messages that are not the newest", shown.len());
        ensure!(!listed.complete || shown.len() == said.len(), "the list calls complete what is not");
        ensure!(listed.messages.iter().all(|m| m.conversation == listed.id), "a message of elsewhere");
        all.retain(|(there, _)| *there != listed.id);
    }
    ensure!(all.is_empty(), "the list lacks a conversation");
    Ok(())
}

pub(super) async fn list_is_unchanged_until_something_changes(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let conversation = phone.open().await?;
    phone.say(conversation, "hello").await?;
    let (backend, session) = (&phone.backend, &phone.session);
    let Fetched::New { validator, .. } = backend.conversations(session, None).await? else {
        return Err(Stop::Failed("unchanged without a validator".to_owned()));
    };
    let validator = given(validator, "lists have no validator")?;
    for _ in 0..2 {
        let again = backend.conversations(session, Some(&validator)).await?;
        ensure!(again == Fetched::Unchanged, "new although nothing has changed");
    }
    phone.say(conversation, "hello again").await?;
    match backend.conversations(session, Some(&validator)).await? {
        Fetched::Unchanged => Err(Stop::Failed("unchanged although a message was added".to_owned())),
        Fetched::New { value, validator: newer } => {
            ensure!(newer.is_some_and(|newer| newer != validator), "the validator is the same");
            let shown = value.iter().find(|listed| listed.id == conversation).map(|listed| texts(&listed.messages));
            ensure!(shown.is_some_and(|shown| shown.ends_with(&["hello again"])), "the new message is not in it");
            Ok(())
        }
    }
}

pub(super) async fn page_is_unchanged_until_something_changes(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let conversation = phone.open().await?;
    phone.say(conversation, "hello").await?;
    let (backend, session) = (&phone.backend, &phone.session);
    let Fetched::New { validator, .. } = backend.messages(session, conversation, None, None).await? else {
        return Err(Stop::Failed("unchanged without a validator".to_owned()));
    };
    let validator = given(validator, "pages have no validator")?;
    let again = backend.messages(session, conversation, None, Some(&validator)).await?;
    ensure!(again == Fetched::Unchanged, "new although nothing has changed");
    phone.say(conversation, "hello again").await?;
    match backend.messages(session, conversation, None, Some(&validator)).await? {
        Fetched::Unchanged => Err(Stop::Failed("unchanged although a message was added".to_owned())),
        Fetched::New { value, .. } => {
            ensure!(texts(&value.messages) == ["hello", "hello again"], "{} messages", value.messages.len());
            Ok(())
        }
    }
}

pub(super) async fn unknown_conversation_is_gone(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let there = nowhere(phone.open().await?)?;
    let (backend, session, gone) = (&phone.backend, &phone.session, &Fault::ConversationGone);
    refused("messages", backend.messages(session, there, None, None).await, gone)?;
    refused("send_message", backend.send_message(session, there, &outgoing("hello")).await, gone)?;
    if backend.capabilities().typing {
        refused("set_typing", backend.set_typing(session, there, true).await, gone)?;
    }
    if backend.capabilities().read_receipts {
        refused("mark_seen", backend.mark_seen(session, there).await, gone)?;
    }
    if backend.capabilities().resolve {
        refused("resolve", backend.resolve(session, there).await, gone)?;
    }
    Ok(())
}

pub(super) async fn customer_looking_twice_is_kept(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    done(phone.backend.capabilities().read_receipts, "no read receipts")?;
    let conversation = phone.open().await?;
    phone.say(conversation, "hello").await?;
    let taken = phone.backend.mark_seen(&phone.session, conversation).await?;
    let first = phone.listed(conversation).await?.customer_seen_at;
    ensure!(first.is_some(), "the list does not say when the customer looked");
    let covers = taken.is_none_or(|taken| first.is_none_or(|first| first.seconds() <= taken.seconds()));
    ensure!(covers, "the desk says of a mark that it was taken before the time that its list tells");
    phone.backend.mark_seen(&phone.session, conversation).await?;
    let second = phone.listed(conversation).await?.customer_seen_at;
    ensure!(second >= first, "the customer has looked earlier than before");
    Ok(())
}

pub(super) async fn agent_looking_is_told_by_the_list(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let conversation = phone.open().await?;
    let said = phone.say(conversation, "hello").await?;
    ensure!(phone.listed(conversation).await?.agent_seen_at.is_none(), "an agent has looked before any did");
    done(desk.agent_sees(conversation).await, "the desk does not know whether agents look")?;
    let seen = phone.listed(conversation).await?.agent_seen_at;
    ensure!(seen.is_some_and(|at| at >= said.created_at), "the list does not say that the agent looked");
    Ok(())
}

pub(super) async fn resolving_twice_ends_it(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    done(phone.backend.capabilities().resolve, "customers can't end a conversation")?;
    let conversation = phone.open().await?;
    phone.say(conversation, "hello").await?;
    for _ in 0..2 {
        let status = phone.backend.resolve(&phone.session, conversation).await?;
        ensure!(status == ConversationStatus::Resolved, "the answer says {status:?}");
        let status = phone.listed(conversation).await?.status;
        ensure!(status == ConversationStatus::Resolved, "the list says {status:?}");
    }
    Ok(())
}

pub(super) async fn writing_in_a_resolved_conversation_opens_it(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let conversation = phone.open().await?;
    phone.say(conversation, "hello").await?;
    if !desk.resolve(conversation).await {
        done(phone.backend.capabilities().resolve, "nobody can end a conversation")?;
        phone.backend.resolve(&phone.session, conversation).await?;
    }
    let status = phone.listed(conversation).await?.status;
    ensure!(status == ConversationStatus::Resolved, "it is {status:?} after it was ended");
    phone.say(conversation, "one more thing").await?;
    let status = phone.listed(conversation).await?.status;
    ensure!(status != ConversationStatus::Resolved, "it is still ended");
    Ok(())
}

pub(super) async fn typing_twice_reaches_the_agents(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    done(phone.backend.capabilities().typing, "no typing")?;
    let conversation = phone.open().await?;
    agent_says(desk, conversation, "yes?").await?;
    for typing in [true, true, false, false] {
        phone.backend.set_typing(&phone.session, conversation, typing).await?;
    }
    if let Some(seen) = desk.typing_seen(conversation).await {
        ensure!(seen.first() == Some(&true) && seen.last() == Some(&false), "the agents saw {seen:?}");
    }
    Ok(())
}

pub(super) async fn what_the_desk_says_it_cannot_do_is_unsupported(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let conversation = phone.open().await?;
    let (backend, session, fault) = (&phone.backend, &phone.session, &Fault::Unsupported);
    let can = backend.capabilities();
    done(!(can.typing && can.read_receipts && can.resolve && can.realtime), "it can do everything")?;
    if !can.typing {
        refused("set_typing", backend.set_typing(session, conversation, true).await, fault)?;
    }
    if !can.read_receipts {
        refused("mark_seen", backend.mark_seen(session, conversation).await, fault)?;
    }
    if !can.resolve {
        refused("resolve", backend.resolve(session, conversation).await, fault)?;
    }
    if !can.realtime {
        refused("connect", backend.connect(session).await.map(drop), fault)?;
    }
    Ok(())
}
