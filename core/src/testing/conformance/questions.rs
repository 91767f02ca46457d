//! What agents ask, and what customers answer.

use super::{
    DeskSide,
    bench::{Checked, Phone, Stop, agent_says, ensure, given, nothing, refused},
};
use crate::{
    backend::Fault,
    model::{Answer, AnswerState, Choice, Content, FieldValue, FormField, Rating, SurveyScale},
};

fn values(values: &[(&str, &str)]) -> Answer {
    let values = values.iter().map(|(name, value)| FieldValue { name: (*name).into(), value: (*value).into() });
    Answer { values: values.collect(), rating: None, state: AnswerState::Queued, given_at: None }
}

fn rating(score: u8, feedback: &str) -> Answer {
    let rating = Some(Rating { score, feedback: feedback.to_owned() });
    Answer { values: Vec::new(), rating, state: AnswerState::Queued, given_at: None }
}

/// The agent asks, the customer answers each of these in turn, the first one twice; the last one stands.
async fn answered(desk: &impl DeskSide, question: Content, answers: &[Answer]) -> Checked {
    let phone = Phone::new(desk).await?;
    let conversation = phone.open().await?;
    phone.say(conversation, "hello").await?;
    let id = given(desk.agent_writes(conversation, &question).await, "no agent can ask this here")?;
    let read = phone.found(conversation, id).await?.content;
    ensure!(read == question, "the question comes as {read:?}");
    for answer in answers.iter().take(1).chain(answers) {
        phone.backend.answer(&phone.session, conversation, id, answer).await?;
        let read = phone.found(conversation, id).await?.content;
        let Some(kept) = read.answer() else {
            return Err(Stop::Failed("the answer does not come back".to_owned()));
        };
        ensure!(kept.values == answer.values && kept.rating == answer.rating, "another answer comes back");
        ensure!(kept.state == AnswerState::Sent, "the answer comes back as {:?}", kept.state);
    }
    Ok(())
}

fn choice(title: &str, value: &str) -> Choice {
    Choice { title: title.to_owned(), value: value.to_owned() }
}

pub(super) async fn select_is_answered_and_the_last_answer_stands(desk: &impl DeskSide) -> Checked {
    let choices = vec![choice("Blue", "b"), choice("Red — ồ", "r")];
    let question = Content::Select { text: "Which one?".to_owned(), choices, answer: None };
    answered(desk, question, &[values(&[("Blue", "b")]), values(&[("Red — ồ", "r")])]).await
}

pub(super) async fn form_is_answered(desk: &impl DeskSide) -> Checked {
    let field = |name: &str, required| FormField {
        name: name.to_owned(),
        label: format!("Your {name}"),
        input: "text".to_owned(),
        placeholder: None,
        default: None,
        required,
        choices: Vec::new(),
        pattern: None,
        pattern_error: None,
    };
    let fields = vec![field("size", true), field("note", false)];
    let question = Content::Form { text: "Tell us".to_owned(), fields, button: Some("Go".to_owned()), answer: None };
    let answers = [values(&[("size", "42"), ("note", "wide \"feet\"\n")]), values(&[("size", "43"), ("note", "")])];
    answered(desk, question, &answers).await
}

pub(super) async fn survey_is_answered(desk: &impl DeskSide) -> Checked {
    let question = Content::Survey { text: "How was it?".to_owned(), scale: SurveyScale::Emoji, answer: None };
    answered(desk, question, &[rating(2, ""), rating(5, "better now \u{1F600}")]).await
}

pub(super) async fn answer_to_an_unknown_message_is_told(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let conversation = phone.open().await?;
    let near = agent_says(desk, conversation, "which one?").await?;
    let answer = values(&[("Blue", "b")]);
    let answered = phone.backend.answer(&phone.session, conversation, nothing(near)?, &answer).await;
    refused("answer", answered, &Fault::MessageGone)
}
