//! A shopper asks, loses the network, is killed, comes back, is answered, and says thanks. Then she is answered by a desk
//! whose socket is deaf or late.

use std::{
    os::unix::process::ExitStatusExt as _,
    process::{ExitStatus, Stdio},
};

use sandbox::{Fault, MessageView, Rule};
use serde_json::json;
use shopbell::{
    AnswerState, Author, Block, ClientStatus, Connection, Content, Conversation, ConversationId, Delivery, Message,
    SupportClient,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::Command,
};

use super::{
    child, photo,
    stage::{Missed, Screen, Stage, Told, chapter, seen, tell, until_listed, until_status, within},
};
use crate::shop::{PEOPLE, Person, server};

pub(crate) const MAI: &str = "Mai Nguyễn";
pub(crate) const QUESTION: &str = "Is the Rain-ready backpack waterproof? I ride a scooter. 🛵";
pub(crate) const SECOND: &str = "And does a 15-inch laptop fit? Cảm ơn!";
const ANSWER: &str =
    "Yes to both, chị Mai: it is rated **IPX5**.\n\n- roll the top *twice*\n- the sleeve takes 15 inches";
const THANKS: &str = "Fast and kind";

/// From the first question to the last look.
pub(super) async fn tell_story(stage: &Stage) -> Told<()> {
    let [mai, kenji, ..] = &PEOPLE;
    let id = the_app_is_killed(stage, mai).await?;
    let client = stage.open_app().await?;
    let outcome = rest(stage, &client, &id, mai, kenji).await;
    client.shutdown().await;
    outcome?;
    super::unheard::answers_come_all_the_same(stage, &id, number_of(stage, mai)?).await
}

async fn rest(
    stage: &Stage,
    client: &SupportClient,
    id: &ConversationId,
    mai: &'static Person,
    kenji: &'static Person,
) -> Told<()> {
    let conversation = client.conversation(id)?;
    let mut screen = the_app_comes_back(stage, client, &conversation, mai).await?;
    the_agent_answers(stage, client, &conversation, &mut screen, mai).await?;
    the_shopper_rates(stage, &conversation, &mut screen, mai).await?;
    drop(screen);
    super::help::the_answer_is_on_the_phone(stage, client).await?;
    somebody_else_logs_in(stage, client, mai, kenji).await
}

async fn the_app_is_killed(stage: &Stage, mai: &Person) -> Told<ConversationId> {
    chapter("The app is killed while a message waits");
    let program = std::env::current_exe().map_err(|error| Missed::new("to find this program", error.to_string()))?;
    let mut app = Command::new(program)
        .arg("--tour-child")
        .args(["--desk", &stage.url(), "--inbox", &stage.inbox()])
        .arg("--data")
        .arg(stage.phone())
        .args(["--tour-megabytes", &stage.megabytes.to_string()])
        .args(["--tour-proof", &server::proof(server::SANDBOX_KEY, mai.identifier)])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Missed::new("the app to start", error.to_string()))?;
    let (Some(mut orders), Some(output)) = (app.stdin.take(), app.stdout.take()) else {
        return Err(Missed::new("the app's input and output", "none"));
    };
    let mut output = BufReader::new(output).lines();
    let mut said = async |wanted: &str| -> Told<ConversationId> {
        let line = within(&format!("the app to say {wanted:?}"), output.next_line()).await?;
        let line = line.ok().flatten().unwrap_or_default();
        match line.split_once(' ') {
            Some((what, id)) if what == wanted => Ok(ConversationId::new(id)),
            _ => Err(Missed::new(format!("the app to say {wanted:?}"), format!("{line:?}"))),
        }
    };

    said(child::ASKED).await?;
    tell("shopper", &format!("opens the app, logs in as {MAI}, and asks: “{QUESTION}”"));
    let arrived = |words: &Vec<String>| *words == [QUESTION];
    stage.until_at_desk("the question at the desk, once", || stage.words_of(mai), arrived).await?;
    seen("the question is at the desk, once, and the desk knows who asks");

    stage.network().offline(true);
    let gone = orders.write_all(format!("{}\n", child::GO_OFFLINE).as_bytes()).await;
    gone.map_err(|error| Missed::new("the app to listen", error.to_string()))?;
    tell("network", "is gone: a tunnel");
    let id = said(child::KEPT).await?;
    app.start_kill().map_err(|error| Missed::new("the app to be killed", error.to_string()))?;
    let size = stage.megabytes;
    tell("shopper", &format!("writes: “{SECOND}”, with a photo of {size} MB, and the app deletes its own copy"));
    let ended = within("the app to be dead", app.wait()).await?;
    killed(ended.map_err(|error| Missed::new("the app to be dead", error.to_string()))?)?;
    tell("system", "kills the app with SIGKILL, the moment that the message is kept");
    seen("the process is dead, by signal 9");
    let words = stage.words_of(mai);
    if words != [QUESTION] {
        return Err(Missed::new("only the question at the desk", format!("{words:?}")));
    }
    seen("the second message is not at the desk: it is on the phone only");
    Ok(id)
}

fn killed(status: ExitStatus) -> Told<()> {
    match status.signal() {
        Some(9) => Ok(()),
        _ => Err(Missed::new("an end by signal 9", status.to_string())),
    }
}

async fn the_app_comes_back(
    stage: &Stage,
    client: &SupportClient,
    conversation: &Conversation,
    mai: &Person,
) -> Told<Screen> {
    chapter("It comes back, on a bad network");
    tell("shopper", "opens the app again, still without a network");
    let mut screen = Screen::of(conversation);
    let both = |messages: &[Message]| {
        let words: Vec<_> = messages.iter().map(|message| message.content.as_text()).collect();
        (words == [QUESTION, SECOND]).then(|| messages.last().and_then(|message| message.delivery.clone()))
    };
    let delivery = screen.until("both messages on the phone", both).await?;
    if !matches!(delivery, Some(Delivery::Queued | Delivery::Sending)) {
        return Err(Missed::new("a message that waits", format!("{delivery:?}")));
    }
    seen("both messages are there, the second one waits (◷)");

    // The worst kind of bad: the desk writes the message down, and its answer is lost on the way back.
    let rule = Rule {
        method: Some("POST".to_owned()),
        path_contains: Some("/messages".to_owned()),
        remaining: Some(1),
        ..Rule::new(Fault::ResetAfterWrite)
    };
    stage.network().add(rule);
    stage.network().offline(false);
    client.network_changed(true);
    tell("network", "is back, and loses the desk's first “I have it”");
    screen.until("the second message sent", |messages| has_come(messages, SECOND, sent)).await?;
    if stage.network().injected() == 0 {
        return Err(Missed::new("an answer of the desk that is lost", "none was"));
    }
    let words = stage.words_of(mai);
    if words != [QUESTION, SECOND] {
        return Err(Missed::new("each message at the desk once", format!("{words:?}")));
    }
    seen("the message is at the desk exactly once, and marked as sent (✓)");
    let (photos, taken) = (stage.photos_of(mai), photo::sum_taken(stage.megabytes));
    if photos != [(photo::NAME.to_owned(), taken.clone())] {
        return Err(Missed::new("one photo, whole", format!("{photos:?}")));
    }
    seen(&format!(
        "its photo of {} MB came along, once, and is the same: SHA-256 {taken}… on both sides",
        stage.megabytes.max(1)
    ));
    Ok(screen)
}

pub(super) fn sent(delivery: &Delivery) -> bool {
    matches!(delivery, Delivery::Sent | Delivery::Delivered | Delivery::Read)
}

pub(super) fn has_come(messages: &[Message], words: &str, far_enough: fn(&Delivery) -> bool) -> Option<()> {
    let message = messages.iter().find(|message| message.content.as_text() == words)?;
    message.delivery.as_ref().filter(|delivery| far_enough(delivery)).map(|_| ())
}

async fn the_agent_answers(
    stage: &Stage,
    client: &SupportClient,
    conversation: &Conversation,
    screen: &mut Screen,
    mai: &Person,
) -> Told<()> {
    chapter("The agent answers");
    let number = number_of(stage, mai)?;
    // An open socket is not enough: what is said before the desk has confirmed the subscription is not told.
    let live = |now: &ClientStatus| now.connection == Connection::Live;
    until_status(client, "a live connection", live).await?;
    stage.desk().mark_seen(number);
    tell("agent", "opens the conversation");

    let mut typing = conversation.typing();
    stage.desk().set_typing(number, true);
    tell("agent", "types");
    let typist = within("somebody typing", async {
        loop {
            match typing.next().await {
                Some(Some(typing)) => return Some(typing),
                Some(None) => {}
                None => return None,
            }
        }
    });
    let Some(typist) = typist.await? else { return Err(Missed::new("somebody typing", "a closed conversation")) };
    seen(&format!("the shopper sees: “{} is typing…”", typist.name.as_deref().unwrap_or("somebody")));

    stage.desk().set_typing(number, false);
    stage.desk().reply(number, ANSWER);
    tell("agent", "answers, with a list and bold words");
    let answer = |messages: &[Message]| messages.last().filter(|message| !message.author.is_customer()).cloned();
    let answer = screen.until("the agent's answer", answer).await?;
    let Author::Agent { agent: Some(agent) } = &answer.author else {
        return Err(Missed::new("an answer of an agent with a name", format!("{:?}", answer.author)));
    };
    if !answer.blocks.iter().any(|block| matches!(block, Block::List { items, .. } if items.len() == 2)) {
        return Err(Missed::new("a list of two", format!("{:?}", answer.blocks)));
    }
    seen(&format!("the answer of {} is on the phone, its list as a list", agent.name));

    // The desk does not tell of a look by itself: the mark comes with what it tells next, here of the first answer.
    let read = |delivery: &Delivery| *delivery == Delivery::Read;
    screen.until("the read mark", |messages| has_come(messages, SECOND, read)).await?;
    seen("the shopper sees that both of hers were read (✓✓)");

    until_status(client, "one unread message", |now| now.unread == 1).await?;
    conversation.mark_seen().await?;
    tell("shopper", "reads it: the badge goes from 1 to 0");
    let looked = || stage.conversation_of(mai).map_or(0, |view| view.contact_last_seen_at);
    stage.until_at_desk("the desk to know that it was read", looked, |at| *at > 0).await?;
    if client.unread().await? != 0 {
        return Err(Missed::new("nothing unread", format!("{}", client.unread().await?)));
    }
    seen("the desk knows that it was read");
    the_agent_sends_a_file(stage, client, conversation, screen, number).await?;
    the_shopper_picks(stage, conversation, screen, number).await
}

async fn the_agent_sends_a_file(
    stage: &Stage,
    client: &SupportClient,
    conversation: &Conversation,
    screen: &mut Screen,
    number: u64,
) -> Told<()> {
    let missed = |error: std::io::Error| Missed::new("the photo on the phone", error.to_string());
    let path = stage.phone().join("from the agent.png");
    photo::take(&path, stage.megabytes).map_err(missed)?;
    let bytes = std::fs::read(&path).map_err(missed)?;
    stage.desk().reply_with_file(number, "Like this one?", photo::NAME, "image/png", bytes);
    tell("agent", "sends a photo back");
    let file = |messages: &[Message]| messages.last()?.attachments.first().map(|file| file.id.clone());
    let file = screen.until("the agent's photo", file).await?;
    // The network breaks in the middle, once.
    let middle = usize::try_from(photo::length(stage.megabytes) / 2).unwrap_or(usize::MAX);
    stage.network().once("/disk/", Fault::TruncateBody(middle));
    let mut download = conversation.download(&file).await?;
    let here = within("the photo on the phone", download.finished()).await??;
    let (came, sent) = (photo::sum(&std::fs::read(here).map_err(missed)?), photo::sum_taken(stage.megabytes));
    if came != sent {
        return Err(Missed::new(format!("the agent's photo, {sent}"), format!("another, {came}")));
    }
    let ranges = stage.desk().requests().iter().filter(|request| request.range).count();
    if ranges == 0 {
        return Err(Missed::new("a transfer that goes on in its middle", "one from the beginning"));
    }
    seen(&format!("the photo is on the phone, SHA-256 {came}… on both sides, though the network broke in the middle"));
    let size = client.size_on_disk().await?;
    drop(download);
    client.clear_cache().await?;
    seen(&format!("files took {} MB on the phone, and make room when asked", size.fetched / 1_000_000));
    conversation.mark_seen().await?;
    Ok(())
}

async fn the_shopper_picks(stage: &Stage, conversation: &Conversation, screen: &mut Screen, number: u64) -> Told<()> {
    let items = json!({ "items": [{ "title": "Moss", "value": "moss" }, { "title": "Indigo", "value": "indigo" }] });
    let question = stage.desk().reply_rich(number, "input_select", "Which colour shall I put aside?", items);
    tell("agent", "asks with two buttons: Moss, Indigo");
    let asked = |messages: &[Message]| {
        let select = |message: &&Message| matches!(message.content, Content::Select { .. });
        messages.iter().find(select).map(|message| message.id.clone())
    };
    let select = screen.until("the question", asked).await?;
    conversation.choose(&select, "indigo").await?;
    tell("shopper", "picks Indigo");
    let picked = || at_desk(stage, number, question);
    let right = |message: &Option<MessageView>| {
        message.as_ref().is_some_and(|message| {
            message.content_attributes.pointer("/submitted_values/0/value").is_some_and(|value| value == "indigo")
        })
    };
    stage.until_at_desk("the choice at the desk", picked, right).await?;
    seen("the desk has the choice");
    Ok(())
}

fn at_desk(stage: &Stage, number: u64, message: u64) -> Option<MessageView> {
    let view = stage.desk().conversation(number)?;
    view.messages.into_iter().find(|other| other.id == message)
}

fn number_of(stage: &Stage, person: &Person) -> Told<u64> {
    let mut own = stage.desk().conversations();
    own.retain(|view| view.contact_identifier.as_deref() == Some(person.identifier));
    match own.as_slice() {
        [only] => Ok(only.id),
        _ => Err(Missed::new(format!("one conversation of {}", person.name), format!("{}", own.len()))),
    }
}

async fn the_shopper_rates(stage: &Stage, conversation: &Conversation, screen: &mut Screen, mai: &Person) -> Told<()> {
    chapter("How was it?");
    let number = number_of(stage, mai)?;
    stage.desk().resolve(number);
    tell("agent", "resolves the conversation");
    let survey = |messages: &[Message]| {
        let survey = |message: &&Message| matches!(message.content, Content::Survey { .. });
        messages.iter().find(survey).map(|message| message.id.clone())
    };
    let survey = screen.until("a survey", survey).await?;
    seen("the shopper is asked how it was");
    conversation.rate(&survey, 5, THANKS).await?;
    tell("shopper", &format!("gives 5 of 5: “{THANKS}”"));
    let rating = || {
        let messages = stage.desk().conversation(number).into_iter().flat_map(|view| view.messages);
        let mut surveys = messages.filter(|message| message.content_type == "input_csat");
        surveys
            .next()
            .and_then(|message| message.content_attributes.pointer("/submitted_values/csat_survey_response").cloned())
    };
    let right = |given: &Option<serde_json::Value>| {
        given.as_ref().is_some_and(|given| {
            given.get("rating").is_some_and(|rating| rating == 5 || rating == "5")
                && given.get("feedback_message").is_some_and(|words| words == THANKS)
        })
    };
    stage.until_at_desk("the rating at the desk", rating, right).await?;
    let told = |messages: &[Message]| {
        let answer = messages.iter().find(|message| message.id == survey)?.content.answer()?;
        (answer.state == AnswerState::Sent).then_some(())
    };
    screen.until("the answer marked as sent", told).await?;
    seen("the desk has the rating and the words");
    Ok(())
}

async fn somebody_else_logs_in(
    stage: &Stage,
    client: &SupportClient,
    mai: &'static Person,
    kenji: &'static Person,
) -> Told<()> {
    chapter("Another person on the same phone");
    let before = everything(client).await?;
    let (identity, profile) = server::log_in(kenji, Some(server::SANDBOX_KEY));
    client.identify(identity, profile).await?;
    tell("phone", &format!("{MAI} gives it to {}, who logs in", kenji.name));
    client.refresh().await?;
    let lines = until_listed(&mut client.conversations(), "a list", |_| true).await?;
    if !lines.is_empty() || client.unread().await? != 0 {
        return Err(Missed::new("nothing of Mai's", format!("{lines:?}")));
    }
    seen("he sees no conversation and nothing unread, not even after asking the desk");

    let (identity, profile) = server::log_in(mai, Some(server::SANDBOX_KEY));
    client.identify(identity, profile).await?;
    tell("phone", &format!("goes back to {MAI}, who logs in again"));
    let after = everything(client).await?;
    if before != after {
        return Err(Missed::new(format!("{} messages as before", before.len()), format!("{after:?}")));
    }
    seen(&format!("all her {} messages are there, as they were", after.len()));
    let words = stage.words_of(mai);
    if words != [QUESTION, SECOND] {
        return Err(Missed::new("each message at the desk once", format!("{words:?}")));
    }
    seen("and at the desk every message of hers is there exactly once");
    Ok(())
}

/// The words of all messages of whoever is here.
async fn everything(client: &SupportClient) -> Told<Vec<String>> {
    let lines = until_listed(&mut client.conversations(), "one conversation", |lines| lines.len() == 1).await?;
    let Some(line) = lines.first() else { return Err(Missed::new("one conversation", "none")) };
    let mut screen = Screen::of(&client.conversation(&line.id)?);
    screen.until("her messages", |messages| (!messages.is_empty()).then_some(())).await?;
    Ok(screen.messages.iter().map(|message| message.content.as_text().to_owned()).collect())
}
