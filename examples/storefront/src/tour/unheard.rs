//! The desk's socket tells nothing, then tells late: each time the answer is on the phone all the same, by the page that the
//! phone asks for on its beat, and the bar says how things are.

use std::time::Duration;

use sandbox::{Fault, Rule};
use shopbell::{Availability, ClientStatus, Connection, Conversation, ConversationId, Message, SupportClient};
use tokio::time::Instant;

use super::{
    stage::{Missed, QUICK_BEAT, Screen, Stage, Told, chapter, seen, tell, until_status},
    story::{has_come, sent},
};
use crate::view::bars;

const ABOUT_WASHING: &str = "How do I wash it?";
const BY_HAND: &str = "By hand, in cold water 🧼";
const BACK_AGAIN: &str = "I am back, in case there is more.";
const ABOUT_STRAPS: &str = "Are there longer straps, too?";
const FROM_MAY: &str = "Yes, from May on";
const IN_TIME: &str = "Shall I keep a pair for you?";

/// By how much the frames are late: longer than what is left of the tour, so that no frame can have brought the answer.
const LATENESS: Duration = Duration::from_secs(60);

/// A conversation on screen, and the desk behind it.
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
        tell("desk", "loses its message broker: the socket is pinged as before, and tells nothing");
        self.is_answered_in_spite_of(rule, BY_HAND).await?;
        // A machine that stood still meanwhile may have gone on to what follows.
        let doubted = self.until("a connection in doubt", |now| now.connection != Connection::Live).await?;
        seen(&format!("the bar says: {doubted}"));
        let online = self.until("a connection given up", |now| now.connection == Connection::Online).await?;
        let one_more = |opened: &usize| *opened == sockets + 1;
        self.stage.until_at_desk("one socket more", || self.stage.sockets(), one_more).await?;
        seen(&format!("asked, it did not answer: one new socket takes its place, and is not confirmed: {online}"));

        self.stage.network().clear();
        // Sockets that are deaf stay so: a desk needs this restart in truth, too.
        self.stage.network().drop_sockets();
        tell("desk", "is restarted, and tells again");
        self.until_live().await?;
        self.goes_on_live(BACK_AGAIN).await
    }

    async fn the_frames_come_late(&mut self) -> Told<()> {
        chapter("The desk's frames come late");
        self.asks(ABOUT_STRAPS).await?;
        let sockets = self.stage.sockets();
        let rule = Rule::new(Fault::LateFrames(LATENESS));
        tell("desk", "has thousands of jobs to do first: whatever the socket tells, it tells a minute late");
        self.is_answered_in_spite_of(rule, FROM_MAY).await?;
        let delayed = self.until("a delay told", |now| now.connection == Connection::Delayed).await?;
        if self.stage.sockets() != sockets {
            return Err(Missed::new("the socket that there was", "a new one"));
        }
        seen(&format!("the bar says: {delayed}, and the socket stays"));

        self.stage.network().clear();
        tell("desk", "has done them");
        self.goes_on_live(IN_TIME).await
    }

    /// The shopper asks, live.
    async fn asks(&mut self, question: &str) -> Told<()> {
        self.until_live().await?;
        self.conversation.send(question).await?;
        self.screen.until("the question sent", |messages| has_come(messages, question, sent)).await?;
        tell("shopper", &format!("asks: “{question}”"));
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
            return Err(Missed::new("a socket that tells nothing", "a good one"));
        }
        let beat = QUICK_BEAT.as_secs();
        seen(&format!("the answer is on the phone after {after:.1} s: it asks for a page every {beat} s, here"));
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

    /// Waits until the socket tells, the desk has said over it that somebody is there, and a page was asked for beside
    /// it: from then on, what a page holds is held against the socket.
    async fn until_live(&self) -> Told<()> {
        let live = |now: &ClientStatus| now.connection == Connection::Live && now.availability != Availability::Unknown;
        self.until("a live connection", live).await?;
        let pages = || self.stage.pages_beside_the_socket();
        self.stage.until_at_desk("a page beside the socket", pages, |pages| *pages > 0).await?;
        Ok(())
    }

    /// Waits until things stand as they should, and says what the bar makes of the connection.
    async fn until(&self, expected: &str, right: impl Fn(&ClientStatus) -> bool) -> Told<String> {
        let now = until_status(self.client, expected, right).await?;
        Ok(bars::sign(Some(now.connection)).content.into_owned())
    }
}

fn is_there(messages: &[Message], words: &str) -> Option<()> {
    messages.iter().any(|message| message.content.as_text() == words).then_some(())
}
