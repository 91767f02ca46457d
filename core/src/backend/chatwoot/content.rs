//! What a message asks or shows, and what was answered.
//!
//! A question with nothing to choose from, and cards without a card, are words: they can at least be read.

use serde_json::Value;

use super::{
    lenient::{to_flag, to_number, to_text},
    mapping::web_url,
};
use crate::{
    Answer, AnswerState, ArticleLink, Card, CardAction, Choice, Content, FieldValue, FormField, Rating, SurveyScale,
    markdown::safe_link, rules,
};

pub(super) fn content(text: String, kind: Option<&str>, attributes: &Value, deleted: bool) -> Content {
    if deleted {
        // What it asked is withdrawn with it.
        return Content::Text { text };
    }
    let items = attributes.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    match kind {
        Some("text") | None if attributes.get("is_unsupported").is_some_and(to_flag) => {
            Content::Unsupported { text, kind: "is_unsupported".to_owned() }
        }
        // Inputs without a description of their own are asked in words and answered in words.
        Some("text" | "input_text" | "input_textarea" | "sticker" | "incoming_email") | None => Content::Text { text },
        Some("input_select") => {
            let choices: Vec<Choice> = items.iter().filter_map(choice).collect();
            let answer = values(attributes, "title").map(answered);
            if choices.is_empty() { Content::Text { text } } else { Content::Select { text, choices, answer } }
        }
        Some("form") => {
            let fields: Vec<FormField> = items.iter().filter_map(field).collect();
            let answer = values(attributes, "name").map(answered);
            let button = filled(attributes, "button_label");
            if fields.is_empty() { Content::Text { text } } else { Content::Form { text, fields, button, answer } }
        }
        Some("cards") => {
            let cards: Vec<Card> = items.iter().filter_map(card).collect();
            if cards.is_empty() { Content::Text { text } } else { Content::Cards { text, cards } }
        }
        Some("article") => {
            let articles: Vec<ArticleLink> = items.iter().filter_map(article).collect();
            if articles.is_empty() { Content::Text { text } } else { Content::Articles { text, articles } }
        }
        Some("input_csat") => {
            let stars = attributes.get("display_type").and_then(Value::as_str) == Some("star");
            let scale = if stars { SurveyScale::Stars } else { SurveyScale::Emoji };
            Content::Survey { text, scale, answer: rating(attributes) }
        }
        Some(kind) => Content::Unsupported { text, kind: kind.to_owned() },
    }
}

fn field_text(item: &Value, name: &str) -> Option<String> {
    item.get(name).and_then(to_text)
}

fn filled(item: &Value, name: &str) -> Option<String> {
    field_text(item, name).filter(|text| !rules::is_blank(text))
}

fn choice(item: &Value) -> Option<Choice> {
    // The options of a form's field are told with a label, or as plain words.
    let word = to_text(item).filter(|text| !rules::is_blank(text));
    let title = filled(item, "title").or_else(|| filled(item, "label")).or_else(|| filled(item, "name")).or(word);
    let value = field_text(item, "value").or_else(|| title.clone())?;
    Some(Choice { title: title.unwrap_or_else(|| value.clone()), value })
}

fn field(item: &Value) -> Option<FormField> {
    let name = filled(item, "name")?;
    let options = item.get("options").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    Some(FormField {
        label: filled(item, "label").unwrap_or_else(|| name.clone()),
        name,
        input: filled(item, "type").unwrap_or_else(|| "text".to_owned()),
        placeholder: filled(item, "placeholder"),
        default: filled(item, "default"),
        required: item.get("required").is_some_and(to_flag),
        choices: options.iter().filter_map(choice).collect(),
        pattern: filled(item, "pattern"),
        pattern_error: filled(item, "pattern_error"),
    })
}

fn card(item: &Value) -> Option<Card> {
    if !item.is_object() {
        return None;
    }
    let actions = item.get("actions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    Some(Card {
        title: field_text(item, "title").unwrap_or_default(),
        description: field_text(item, "description").unwrap_or_default(),
        image_url: web_url(item.get("media_url").and_then(Value::as_str)),
        actions: actions.iter().filter_map(action).collect(),
    })
}

/// A link where there is one that may be followed, else a reply where there is something to send.
fn action(item: &Value) -> Option<CardAction> {
    let link = filled(item, "uri").and_then(|uri| safe_link(&uri));
    let payload = filled(item, "payload");
    let label = filled(item, "text");
    let link = link.filter(|_| payload.is_none() || filled(item, "type").as_deref() != Some("postback"));
    match (link, payload) {
        (Some(url), _) => Some(CardAction::Link { text: label.unwrap_or_else(|| url.clone()), url }),
        (None, Some(payload)) => Some(CardAction::Reply { text: label.unwrap_or_else(|| payload.clone()), payload }),
        (None, None) => None,
    }
}

fn article(item: &Value) -> Option<ArticleLink> {
    let url = safe_link(&filled(item, "link")?)?;
    Some(ArticleLink {
        title: filled(item, "title").unwrap_or_else(|| url.clone()),
        description: field_text(item, "description").unwrap_or_default(),
        url,
    })
}

fn answered(values: Vec<FieldValue>) -> Answer {
    Answer { values, rating: None, state: AnswerState::Sent, given_at: None }
}

/// What was submitted: a list of `{<naming>, value}`, or an object of names and values.
fn values(attributes: &Value, naming: &str) -> Option<Vec<FieldValue>> {
    let values: Vec<FieldValue> = match attributes.get("submitted_values")? {
        Value::Array(list) => list
            .iter()
            .filter_map(|item| {
                let value = field_text(item, "value");
                let name = filled(item, naming).or_else(|| filled(item, "name")).or_else(|| filled(item, "title"));
                let name = name.or_else(|| value.clone())?;
                Some(FieldValue { value: value.unwrap_or_default(), name })
            })
            .collect(),
        Value::Object(map) => {
            map.iter().filter_map(|(name, v)| Some(FieldValue { name: name.clone(), value: to_text(v)? })).collect()
        }
        _ => return None,
    };
    (!values.is_empty()).then_some(values)
}

fn rating(attributes: &Value) -> Option<Answer> {
    let response = attributes.get("submitted_values")?.get("csat_survey_response")?;
    let score = u8::try_from(to_number(response.get("rating")?)?).ok().filter(|score| (1..=5).contains(score))?;
    let feedback = field_text(response, "feedback_message").unwrap_or_default();
    let rating = Some(Rating { score, feedback });
    Some(Answer { values: Vec::new(), rating, state: AnswerState::Sent, given_at: None })
}
