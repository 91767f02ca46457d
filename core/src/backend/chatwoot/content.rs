//! What a message asks or shows, and what was answered.
//!
//! A question with nothing to choose from, and cards without a card, are words: they can at least be read. Neither
//! does a part of them vanish: what can't be opened or answered is added to the words beside it.

use serde_json::Value;

use super::{
    lenient::{to_flag, to_number, to_text},
    mapping::web_url,
};
use crate::{
    Answer, AnswerState, ArticleLink, Card, CardAction, Choice, Content, FieldValue, FormField, Rating, SurveyScale,
    markdown::loose_link, rules,
};

pub(super) fn content(mut text: String, kind: Option<&str>, attributes: &Value, deleted: bool) -> Content {
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
            let fields: Vec<FormField> = items.iter().filter_map(|item| field(item, &mut text)).collect();
            let answer = values(attributes, "name").map(answered);
            let button = filled(attributes, "button_label");
            if fields.is_empty() { Content::Text { text } } else { Content::Form { text, fields, button, answer } }
        }
        Some("cards") => {
            let cards: Vec<Card> = items.iter().filter_map(|item| card(item, &mut text)).collect();
            if cards.is_empty() { Content::Text { text } } else { Content::Cards { text, cards } }
        }
        Some("article") => {
            let articles: Vec<ArticleLink> = items.iter().filter_map(|item| article(item, &mut text)).collect();
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
    let title = filled(item, "title").or_else(|| filled(item, "label")).or_else(|| filled(item, "name"));
    let title = title.or_else(|| words(item));
    let value = field_text(item, "value").or_else(|| title.clone())?;
    Some(Choice { title: title.unwrap_or_else(|| value.clone()), value })
}

/// Adds a line to a text.
fn add(text: &mut String, line: Option<String>) {
    if let Some(line) = line {
        if !text.trim().is_empty() {
            text.push('\n');
        }
        text.push_str(&line);
    }
}

fn field(item: &Value, text: &mut String) -> Option<FormField> {
    let Some(name) = filled(item, "name") else {
        // The desk would not know its value.
        add(text, filled(item, "label"));
        return None;
    };
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

fn card(item: &Value, text: &mut String) -> Option<Card> {
    let actions = item.get("actions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut description = field_text(item, "description").unwrap_or_default();
    let actions = actions.iter().filter_map(|item| action(item, &mut description)).collect();
    let picture = filled(item, "media_url");
    let image_url = web_url(picture.as_deref());
    if image_url.is_none() {
        add(&mut description, picture.filter(|url| is_readable(url)));
    }
    let card = Card { title: field_text(item, "title").unwrap_or_default(), description, image_url, actions };
    let is_empty = card.image_url.is_none() && card.actions.is_empty();
    if is_empty && card.title.trim().is_empty() && card.description.trim().is_empty() {
        add(text, words(item));
        return None;
    }
    Some(card)
}

/// A link where there is one that may be followed, else a reply where there is something to send. An address that can't
/// be opened is added to the card's words.
fn action(item: &Value, description: &mut String) -> Option<CardAction> {
    let (uri, payload, label) = (filled(item, "uri"), filled(item, "payload"), filled(item, "text"));
    let is_reply = payload.is_some() && filled(item, "type").as_deref() == Some("postback");
    let uri = uri.filter(|_| !is_reply);
    if let Some(url) = uri.as_deref().and_then(loose_link) {
        return Some(CardAction::Link { text: label.unwrap_or_else(|| url.clone()), url });
    }
    let words = match (&label, uri.filter(|uri| is_readable(uri))) {
        (Some(label), Some(uri)) => Some(format!("{label}: {uri}")),
        (None, Some(uri)) => Some(uri),
        (label, None) => label.clone().filter(|_| payload.is_none()),
    };
    add(description, words);
    payload.map(|payload| CardAction::Reply { text: label.unwrap_or_else(|| payload.clone()), payload })
}

fn article(item: &Value, text: &mut String) -> Option<ArticleLink> {
    let (title, description, link) = (filled(item, "title"), filled(item, "description"), filled(item, "link"));
    let Some(url) = link.as_deref().and_then(loose_link) else {
        let lines = [title.or_else(|| words(item)), description, link.filter(|link| is_readable(link))];
        lines.into_iter().for_each(|line| add(text, line));
        return None;
    };
    Some(ArticleLink { title: title.unwrap_or_else(|| url.clone()), description: description.unwrap_or_default(), url })
}

/// An item that is plain words.
fn words(item: &Value) -> Option<String> {
    to_text(item).filter(|text| !rules::is_blank(text))
}

/// Whether an address can be shown as words: a picture that is written out as one can't.
fn is_readable(address: &str) -> bool {
    address.len() <= 2_000
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
