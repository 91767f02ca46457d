//! Answering a message that asks or offers something: a choice, a form, a rating, the buttons of cards.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use shopbell::{CardAction, Choice, Content, FieldValue, FormField, Message, MessageId, SurveyScale};

use super::{Deed, editor::Editor};

/// The question being answered.
#[derive(Clone, Debug)]
pub(crate) struct Answering {
    pub(crate) message: MessageId,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    Select {
        choices: Vec<Choice>,
        at: usize,
    },
    Form {
        fields: Vec<Field>,
        at: usize,
        button: String,
    },
    Survey {
        scale: SurveyScale,
        score: Option<u8>,
        comment: Editor,
        in_comment: bool,
    },
    /// The buttons of all cards, numbered through.
    Buttons {
        actions: Vec<CardAction>,
        at: usize,
    },
}

/// A field of a form with what was filled in so far.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) field: FormField,
    pub(crate) value: Editor,
}

/// What a key did.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// Still answering.
    Going,
    /// Still answering, with something to say about it.
    Told(String),
    /// Answered.
    Done(Deed),
    /// A button that leads to this address.
    Link(String),
    /// On to the next thing that waits.
    Next,
    /// The key is a letter, and nothing here takes letters: it belongs to the box.
    Words,
    /// Left off.
    Left,
}

impl Answering {
    /// Begins to answer; `None` where the message asks nothing.
    pub(crate) fn of(message: &Message) -> Option<Self> {
        let what = match &message.content {
            Content::Select { choices, .. } if !choices.is_empty() => What::Select { choices: choices.clone(), at: 0 },
            Content::Form { fields, button, answer, .. } => {
                let given = |name: &str| {
                    let values = answer.iter().flat_map(|answer| &answer.values);
                    values.into_iter().find(|value| value.name == name).map(|value| value.value.clone())
                };
                let fields = fields.iter().map(|field| Field {
                    value: Editor::new(given(&field.name).or_else(|| field.default.clone()).unwrap_or_default()),
                    field: field.clone(),
                });
                What::Form { fields: fields.collect(), at: 0, button: button.clone().unwrap_or("Send".to_owned()) }
            }
            Content::Survey { scale, answer, .. } => {
                let rating = answer.as_ref().and_then(|answer| answer.rating.as_ref());
                What::Survey {
                    scale: *scale,
                    score: rating.map(|rating| rating.score),
                    comment: Editor::new(rating.map(|rating| rating.feedback.clone()).unwrap_or_default()),
                    in_comment: false,
                }
            }
            Content::Cards { cards, .. } => {
                let actions: Vec<CardAction> = cards
                    .iter()
                    .flat_map(|card| &card.actions)
                    .filter(|action| label(action).is_some())
                    .cloned()
                    .collect();
                if actions.is_empty() {
                    return None;
                }
                What::Buttons { actions, at: 0 }
            }
            _ => return None,
        };
        Some(Self { message: message.id.clone(), what })
    }

    /// Takes a key.
    pub(crate) fn key(&mut self, key: KeyEvent) -> Outcome {
        if key.code == KeyCode::Esc {
            return Outcome::Left;
        }
        let message = self.message.clone();
        match &mut self.what {
            What::Select { choices, at } => match list_key(choices.len(), at, key) {
                Picked::At(at) => choices
                    .get(at)
                    .map_or(Outcome::Going, |choice| Outcome::Done(Deed::Choose(message, choice.value.clone()))),
                Picked::No(outcome) => outcome,
            },
            What::Buttons { actions, at } => match list_key(actions.len(), at, key) {
                Picked::At(at) => actions.get(at).map_or(Outcome::Going, press),
                Picked::No(outcome) => outcome,
            },
            What::Form { fields, at, .. } => form_key(message, fields, at, key),
            What::Survey { score, comment, in_comment, .. } => survey_key(message, score, comment, in_comment, key),
        }
    }

    /// Takes pasted text; `false` where nothing here takes any.
    pub(crate) fn paste(&mut self, text: &str) -> bool {
        match &mut self.what {
            What::Select { .. } | What::Buttons { .. } => return false,
            What::Form { fields, at, .. } => {
                let Some(field) = fields.get_mut(*at).filter(|field| field.field.choices.is_empty()) else {
                    return false;
                };
                field.value.insert(text);
            }
            What::Survey { comment, in_comment, .. } => {
                *in_comment = true;
                comment.insert(text);
            }
        }
        true
    }
}

/// What a card's button says; `None` for a kind that this example does not know yet.
pub(crate) fn label(action: &CardAction) -> Option<String> {
    match action {
        CardAction::Link { text, .. } => Some(format!("{text} ↗")),
        CardAction::Reply { text, .. } => Some(text.clone()),
        _ => None,
    }
}

fn press(action: &CardAction) -> Outcome {
    match action {
        CardAction::Reply { payload, .. } => Outcome::Done(Deed::Say(payload.clone())),
        CardAction::Link { url, .. } => Outcome::Link(url.clone()),
        _ => Outcome::Going,
    }
}

/// What a key came to in a list to pick from.
enum Picked {
    At(usize),
    No(Outcome),
}

fn list_key(count: usize, at: &mut usize, key: KeyEvent) -> Picked {
    match key.code {
        KeyCode::Up => *at = at.saturating_sub(1),
        KeyCode::Down => *at = (*at + 1).min(count.saturating_sub(1)),
        KeyCode::Tab => return Picked::No(Outcome::Next),
        KeyCode::Enter => return Picked::At(*at),
        KeyCode::Char(letter) if !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => {
            return match letter.to_digit(10).map(|number| number as usize) {
                Some(number @ 1..) if number <= count => Picked::At(number - 1),
                Some(number) => Picked::No(Outcome::Told(format!("There is no number {number}"))),
                None => Picked::No(Outcome::Words),
            };
        }
        _ => {}
    }
    Picked::No(Outcome::Going)
}

fn form_key(message: MessageId, fields: &mut [Field], at: &mut usize, key: KeyEvent) -> Outcome {
    let last = fields.len().saturating_sub(1);
    match key.code {
        KeyCode::BackTab | KeyCode::Up => *at = at.saturating_sub(1),
        KeyCode::Tab if *at == last => {
            *at = 0;
            return Outcome::Next;
        }
        KeyCode::Tab | KeyCode::Down => *at = if *at == last { 0 } else { *at + 1 },
        KeyCode::Enter if !key.modifiers.contains(KeyModifiers::ALT) => {
            let missing = fields.iter().position(|field| field.field.required && field.value.is_blank());
            if *at < last && missing.is_none_or(|missing| missing > *at) && key.modifiers.is_empty() {
                *at += 1;
                return Outcome::Going;
            }
            if let Some(missing) = missing {
                *at = missing;
                let label = fields.get(missing).map_or("", |field| &field.field.label);
                return Outcome::Told(format!("“{label}” must be filled in"));
            }
            let values = fields.iter().map(|field| FieldValue {
                name: field.field.name.clone(),
                value: field.value.text().trim().to_owned(),
            });
            return Outcome::Done(Deed::FillIn(message, values.collect()));
        }
        _ => {
            let Some(field) = fields.get_mut(*at) else { return Outcome::Going };
            if field.field.choices.is_empty() {
                field.value.key(key);
            } else {
                turn(field, key.code);
            }
        }
    }
    Outcome::Going
}

/// A field with choices takes ← → and digits, never free text: the desk knows only its own values.
fn turn(field: &mut Field, code: KeyCode) {
    let choices = &field.field.choices;
    let now = choices.iter().position(|choice| choice.value == field.value.text());
    let next = match code {
        KeyCode::Right | KeyCode::Char(' ') => Some(now.map_or(0, |now| (now + 1) % choices.len())),
        KeyCode::Left => Some(now.map_or(0, |now| (now + choices.len() - 1) % choices.len())),
        KeyCode::Char(c) => c.to_digit(10).and_then(|number| (number as usize).checked_sub(1)),
        _ => None,
    };
    if let Some(choice) = next.and_then(|next| choices.get(next)) {
        field.value = Editor::new(choice.value.clone());
    }
}

fn survey_key(
    message: MessageId,
    score: &mut Option<u8>,
    comment: &mut Editor,
    in_comment: &mut bool,
    key: KeyEvent,
) -> Outcome {
    match key.code {
        KeyCode::Enter if key.modifiers.is_empty() => {
            return match score {
                Some(score) => Outcome::Done(Deed::Rate(message, *score, comment.text().to_owned())),
                None => Outcome::Told("Press 1 to 5 first".to_owned()),
            };
        }
        KeyCode::Tab if *in_comment => {
            *in_comment = false;
            return Outcome::Next;
        }
        KeyCode::Tab | KeyCode::BackTab => *in_comment = !*in_comment,
        _ if *in_comment => {
            comment.key(key);
        }
        KeyCode::Char(c @ '1'..='5') => *score = c.to_digit(10).and_then(|digit| u8::try_from(digit).ok()),
        KeyCode::Left => *score = Some(score.map_or(3, |score| score.saturating_sub(1).max(1))),
        KeyCode::Right => *score = Some(score.map_or(3, |score| (score + 1).min(5))),
        // Whoever begins to write means the comment.
        KeyCode::Char(c) if c.is_alphabetic() => {
            *in_comment = true;
            comment.key(key);
        }
        KeyCode::Down => *in_comment = true,
        _ => {}
    }
    Outcome::Going
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::testing;

    fn keys(answering: &mut Answering, codes: &[KeyCode]) -> Outcome {
        let mut outcome = Outcome::Going;
        for code in codes {
            outcome = answering.key(KeyEvent::new(*code, KeyModifiers::NONE));
        }
        outcome
    }

    #[test]
    fn a_number_key_picks_its_choice() {
        let message = testing::select("q1");
        let mut answering = Answering::of(&message).unwrap();
        let none = Outcome::Told("There is no number 9".to_owned());
        assert_eq!(keys(&mut answering, &[KeyCode::Char('9')]), none);
        assert_eq!(keys(&mut answering, &[KeyCode::Char('h')]), Outcome::Words);
        let done = keys(&mut answering, &[KeyCode::Char('2')]);
        assert_eq!(done, Outcome::Done(Deed::Choose(message.id.clone(), "return".to_owned())));
        let mut answering = Answering::of(&message).unwrap();
        let done = keys(&mut answering, &[KeyCode::Down, KeyCode::Enter]);
        assert_eq!(done, Outcome::Done(Deed::Choose(message.id, "return".to_owned())));
    }

    #[test]
    fn a_form_without_a_required_field_says_which() {
        let mut answering = Answering::of(&testing::form("f1")).unwrap();
        let outcome = keys(&mut answering, &[KeyCode::Enter]);
        assert_eq!(outcome, Outcome::Told("“Order number” must be filled in".to_owned()));
        let outcome =
            keys(&mut answering, &[KeyCode::Char('7'), KeyCode::Enter, KeyCode::Right, KeyCode::Right, KeyCode::Enter]);
        let Outcome::Done(Deed::FillIn(_, values)) = outcome else { panic!("{outcome:?}") };
        let values: Vec<_> = values.iter().map(|value| (value.name.as_str(), value.value.as_str())).collect();
        assert_eq!(values, [("order", "7"), ("reason", "small")]);
    }

    #[test]
    fn a_survey_takes_a_score_and_then_words() {
        let mut answering = Answering::of(&testing::survey("s1")).unwrap();
        assert_eq!(keys(&mut answering, &[KeyCode::Enter]), Outcome::Told("Press 1 to 5 first".to_owned()));
        let outcome = keys(
            &mut answering,
            &[KeyCode::Char('5'), KeyCode::Tab, KeyCode::Char('4'), KeyCode::Char('u'), KeyCode::Enter],
        );
        let Outcome::Done(Deed::Rate(_, score, words)) = outcome else { panic!("{outcome:?}") };
        assert_eq!((score, words.as_str()), (5, "4u"));
    }

    #[test]
    fn escape_leaves_and_plain_words_ask_nothing() {
        let mut answering = Answering::of(&testing::survey("s1")).unwrap();
        assert_eq!(keys(&mut answering, &[KeyCode::Esc]), Outcome::Left);
        assert!(Answering::of(&testing::agent_says("m1", "hello")).is_none());
    }
}
