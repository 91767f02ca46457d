//! The desk's socket delivers no frames, then late ones. Each time the phone shows the answer from the page that it polls,
//! and the bar shows the state of the connection.

use std::time::Duration;

use sandbox::{Fault, Rule};
use shopbell::{
    Availability, ClientStatus, Connection, Conversation, ConversationId, ConversationStatus, ConversationSummary,
    Message, SupportClient,
};
use tokio::time::Instant;

use super::{
    stage::{Missed, QUICK_BEAT, Screen, Stage, Told, chapter, seen, tell, until_listed, until_status},
    story::{has_come, sent},
};
use crate::view::bars;

const ABOUT_WASHING: &str = "How do I wash it?";
const BY_HAND: &str = "By hand, in cold water 🧼";
const BACK_AGAIN: &str = "I am back, in case there is more.";
const ABOUT_STRAPS: &str = "Are there longer straps, too?";
const FROM_MAY: &str = "Yes, from May on";
const IN_TIME: &str = "Shall I keep a pair for you?";

/// Delay of the late frames: longer than the rest of the tour, so that only a page can deliver the answer.
const LATENESS: Duration = Duration::from_secs(60);

/// The conversation on screen and the desk behind it.
struct Scene<'a> {
    stage: &'a Stage,
    client: &'a SupportClient,
    conversation: &'a Conversation,
    screen: Screen,
    /// The conversation's number at the desk.
    number: u64,
}

pub(super) async fn answers_come_all_the_same(stage: &Stage, id: &ConversationId, number: u64) -> Told<()> {
    let client = stage.open_app_with_a_quick_beat().await?;
    let outcome = both(stage, &client, id, number).await;
    client.shutdown().await;
    outcome
}

async fn both(stage: &Stage, client: &SupportClient, id: &ConversationId, number: u64) -> Told<()> {
    let conversation = &client.conversation(id)?;
    let mut scene = Scene { stage, client, conversation, screen: Screen::of(conversation), number };
    scene.the_desk_goes_deaf().await?;
    scene.the_frames_come_late().await
}

impl Scene<'_> {
    async fn the_desk_goes_deaf(&mut self) -> Told<()> {
        chapter("The desk goes deaf");
        self.asks(ABOUT_WASHING).await?;
        let sockets = self.stage.sockets();
        let rule = Rule::new(Fault::Deaf);
        tell("desk", "loses its message broker: the socket is still pinged, and no frame comes");
        self.is_answered_in_spite_of(rule, BY_HAND).await?;
        // `Online` already, if this machine stalled: the next step expects that.
        let doubted = self.until("a connection in doubt", |now| now.connection != Connection::Live).await?;
        seen(&format!("the bar says: {doubted}"));
        let online = self.until("a connection given up", |now| now.connection == Connection::Online).await?;
        let one_more = |opened: &usize| *opened == sockets + 1;
        self.stage.until_at_desk("one socket more", || self.stage.sockets(), one_more).await?;
        seen(&format!("the socket does not answer and is replaced, once; the new one is not confirmed: {online}"));

        self.stage.network().clear();
        // Deaf sockets stay deaf until they are closed. A real desk needs this restart, too.
        self.stage.network().drop_sockets();
        tell("desk", "is restarted: frames come again");
        self.until_live().await?;
        self.goes_on_live(BACK_AGAIN).await
    }

    async fn the_frames_come_late(&mut self) -> Told<()> {
        chapter("The desk's frames come late");
        self.asks(ABOUT_STRAPS).await?;
        let sockets = self.stage.sockets();
        let rule = Rule::new(Fault::LateFrames(LATENESS));
        tell("desk", "has thousands of jobs queued: every frame comes a minute late");
        self.is_answered_in_spite_of(rule, FROM_MAY).await?;
        let delayed = self.until("a delayed connection", |now| now.connection == Connection::Delayed).await?;
        if self.stage.sockets() != sockets {
            return Err(Missed::new("the same socket", "a new one"));
        }
        seen(&format!("the bar says: {delayed}, and the socket stays"));

        self.stage.network().clear();
        tell("desk", "has worked through them");
        self.goes_on_live(IN_TIME).await
    }

    /// The shopper asks, live.
    async fn asks(&mut self, question: &str) -> Told<()> {
        self.until_live().await?;
        self.conversation.send(question).await?;
        self.screen.until("the question sent", |messages| has_come(messages, question, sent)).await?;
        tell("shopper", &format!("asks: “{question}”"));
        // The first question reopens a resolved conversation. The phone learns that from a frame, which must come before
        // the fault: an answer in a resolved conversation is polled for half as often.
        let list = &mut self.client.conversations();
        let id = self.conversation.id();
        let open = |line: &ConversationSummary| line.id == *id && line.status == ConversationStatus::Open;
        until_listed(list, "an open conversation", |lines| lines.iter().any(open)).await?;
        Ok(())
    }

    async fn is_answered_in_spite_of(&mut self, rule: Rule, answer: &str) -> Told<()> {
        let injected = self.stage.network().injected();
        self.stage.network().add(rule);
        let asked = Instant::now();
        self.stage.desk().reply(self.number, answer);
        tell("agent", &format!("answers: “{answer}”"));
        self.screen.until("the answer", |messages| is_there(messages, answer)).await?;
        let after = asked.elapsed().as_secs_f32();
        if self.stage.network().injected() == injected {
            return Err(Missed::new("a fault on the socket", "none was played"));
        }
        let beat = QUICK_BEAT.as_secs();
        seen(&format!(
            "the answer is on the phone after {after:.1} s, by a page: one every {beat} s in this tour, 15 s else"
        ));
        Ok(())
    }

    async fn goes_on_live(&mut self, words: &str) -> Told<()> {
        self.stage.desk().reply(self.number, words);
        tell("agent", &format!("writes: “{words}”"));
        self.screen.until("the agent's words", |messages| is_there(messages, words)).await?;
        let live = self.until("a live connection again", |now| now.connection == Connection::Live).await?;
        seen(&format!("they are there, and the bar says: {live}"));
        Ok(())
    }

    /// Waits until the connection is live, has answered the first presence announcement, and a page was read after it
    /// opened. From then on the client notices messages that a page holds and the socket did not deliver.
    async fn until_live(&self) -> Told<()> {
        let live = |now: &ClientStatus| now.connection == Connection::Live && now.availability != Availability::Unknown;
        self.until("a live connection", live).await?;
        let pages = || self.stage.pages_beside_the_socket();
        self.stage.until_at_desk("a page beside the socket", pages, |pages| *pages > 0).await?;
        Ok(())
    }

    /// Waits for a status and returns what the bar shows for its connection.
    async fn until(&self, expected: &str, right: impl Fn(&ClientStatus) -> bool) -> Told<String> {
        let now = until_status(self.client, expected, right).await?;
        Ok(bars::sign(Some(now.connection)).content.into_owned())
    }
}

fn is_there(messages: &[Message], words: &str) -> Option<()> {
    messages.iter().any(|message| message.content.as_text() == words).then_some(())
}
