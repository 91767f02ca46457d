//! An answer that is late, and one that another phone has given meanwhile.

use super::Phone;
use crate::{
    Answer, AnswerState, Choice, Content, FieldValue, FormField, Message, MessageId,
    model::DeskMessageId,
    testing::memory::{Call, Play},
};

fn choice(value: &str) -> Choice {
    Choice { title: value.to_owned(), value: value.to_owned() }
}

fn select() -> Content {
    Content::Select { text: "Which size?".into(), choices: ["S", "M", "L"].map(choice).into(), answer: None }
}

fn form() -> Content {
    let field = FormField {
        name: "order".into(),
        label: "Order".into(),
        input: "text".into(),
        placeholder: None,
        required: true,
        choices: Vec::new(),
        default: None,
        pattern: None,
        pattern_error: None,
    };
    Content::Form { text: "Which order?".into(), fields: vec![field], button: None, answer: None }
}

fn answer(name: &str, value: &str) -> Answer {
    let values = vec![FieldValue { name: name.into(), value: value.into() }];
    Answer { values, rating: None, state: AnswerState::Sent, given_at: None }
}

/// A phone with a question of the agent's.
async fn asked(question: Content) -> (Phone, MessageId, DeskMessageId) {
    let mut phone = Phone::new().await;
    phone.conversation.send("hello").await.unwrap();
    phone.until_sent().await;
    let there = phone.desk.all_conversations()[0].id;
    let number = phone.desk.agent_writes(there, question);
    phone.client.refresh().await.unwrap();
    phone.until("the question", |shown| shown.len() == 2).await;
    let id = phone.shown[1].id.clone();
    (phone, id, number)
}

fn answer_elsewhere(phone: &Phone, question: DeskMessageId, answer: Answer) {
    phone.desk.alter(question, |message| *message.content.answer_slot().unwrap() = Some(answer));
}

fn shown(messages: &[Message]) -> Option<(&str, &AnswerState)> {
    let answer = messages.get(1)?.content.answer()?;
    Some((answer.values[0].value.as_str(), &answer.state))
}

/// What the desk has.
fn there(phone: &Phone) -> String {
    let message = phone.desk.all_conversations()[0].messages[1].clone();
    message.content.answer().unwrap().values[0].value.clone()
}

async fn until_shown(phone: &mut Phone, value: &str, state: &AnswerState) {
    phone.until(value, |messages| shown(messages) == Some((value, state))).await;
}

#[tokio::test]
async fn choice_that_was_made_offline_gives_way_to_one_from_another_phone() {
    let (mut phone, id, number) = asked(select()).await;
    phone.client.pause().await;
    phone.conversation.choose(&id, "M").await.unwrap();
    answer_elsewhere(&phone, number, answer("L", "L"));
    phone.client.resume().await.unwrap();
    until_shown(&mut phone, "L", &AnswerState::Sent).await;
    assert_eq!((there(&phone).as_str(), phone.desk.count(Call::Answer)), ("L", 0));
    // What is known when it is answered again is replaced.
    phone.conversation.choose(&id, "S").await.unwrap();
    until_shown(&mut phone, "S", &AnswerState::Sent).await;
    assert_eq!(there(&phone), "S");
}

#[tokio::test]
async fn typed_answer_stays_beside_one_from_another_phone_until_the_customer_decides() {
    for sends in [true, false] {
        let (mut phone, id, number) = asked(form()).await;
        phone.client.pause().await;
        let value = FieldValue { name: "order".into(), value: "1207".into() };
        phone.conversation.fill_in(&id, vec![value]).await.unwrap();
        answer_elsewhere(&phone, number, answer("order", "1300"));
        phone.client.resume().await.unwrap();
        phone
            .until("the answer needs attention", |messages| {
                matches!(shown(messages), Some(("1207", AnswerState::NeedsAttention { .. })))
            })
            .await;
        assert_eq!((there(&phone).as_str(), phone.desk.count(Call::Answer)), ("1300", 0));
        let stands = if sends {
            phone.conversation.retry(&id).await.unwrap();
            "1207"
        } else {
            phone.conversation.discard(&id).await.unwrap();
            "1300"
        };
        until_shown(&mut phone, stands, &AnswerState::Sent).await;
        assert_eq!(there(&phone), stands);
    }
}

#[tokio::test]
async fn own_answer_that_arrived_unheard_is_replaced_by_the_newer_one() {
    let (mut phone, id, _) = asked(select()).await;
    phone.desk.once(Call::Answer, Play::answer_lost());
    phone.conversation.choose(&id, "M").await.unwrap();
    phone.desk.until(|desk| desk.count(Call::Answer) >= 1).await;
    phone.conversation.choose(&id, "L").await.unwrap();
    until_shown(&mut phone, "L", &AnswerState::Sent).await;
    assert_eq!(there(&phone), "L");
}
