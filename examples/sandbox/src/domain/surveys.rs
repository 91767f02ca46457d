//! The customer's answers to a message: the rating after a conversation, a chosen item, a filled form.

use serde_json::{Value, json};

use super::{Draft, Refusal};
use crate::{
    clock,
    state::{
        State,
        tables::{Message, OUTGOING, Object, Record, Sender},
    },
};

/// Days after which a rating can no longer be changed.
const RATING_DAYS: u64 = 14;
const DAY: u64 = 86_400_000;

impl State {
    /// The job behind a resolved conversation: one survey per conversation, however often it is resolved.
    pub(crate) fn ask_for_rating(&mut self, conversation: u64) {
        if self.survey_of(conversation).is_some() {
            return;
        }
        let short = self.settings.desk_version.has_short_rows();
        let uuid = self.conversation(conversation).map(|row| row.uuid.clone()).unwrap_or_default();
        let words = if short {
            format!("Please rate this conversation, {}/survey/responses/{uuid}", self.base_url)
        } else {
            "Please rate the conversation".to_owned()
        };
        let attributes = if short { json!({}) } else { json!({ "display_type": "emoji" }) };
        let draft = Draft::text(words).rich("input_csat", attributes);
        if let Err(refusal) = self.create_message(conversation, draft) {
            tracing::warn!(?refusal, "the survey was refused");
        }
    }

    /// The survey of a conversation.
    pub(crate) fn survey_of(&self, conversation: u64) -> Option<&Message> {
        self.tables.thread(conversation).find(|message| message.content_type == "input_csat")
    }

    /// Makes a message older, for tests of what age forbids.
    pub(crate) fn age_message(&mut self, message: u64, days: u64) {
        if let Some(mut row) = self.message(message).cloned() {
            row.created_at = row.created_at.saturating_sub(days * DAY);
            self.record(Record::Message(row));
        }
    }

    /// Takes the customer's answer to a message. It may be given again. A rating outside 1 to 5 fails in a callback
    /// after the checks, which nobody rescues: 500.
    pub(crate) fn submit(&mut self, message: u64, values: &Value) -> Result<(), Refusal> {
        let row = self.message(message).ok_or(Refusal::NotFound)?;
        let age = (clock::now() / DAY).saturating_sub(row.created_at / DAY);
        if row.content_type == "input_csat" && age > RATING_DAYS {
            let words = "You cannot update the CSAT survey after 14 days";
            return Err(Refusal::Unprocessable(json!({ "error": words })));
        }
        let values = permitted(values);
        Refusal::for_nul_within(&Object::from_iter([(String::new(), values.clone())]))?;
        if let Some(rating) = values.pointer("/csat_survey_response/rating") {
            let number = rating.as_i64().or_else(|| rating.as_str().and_then(|text| text.parse().ok()));
            if !number.is_some_and(|number| (1..=5).contains(&number)) {
                return Err(Refusal::Internal);
            }
        }
        let (conversation, by_bot) = (row.conversation_id, row.sender == Sender::Bot && row.message_type == OUTGOING);
        let chosen = values.pointer("/0/value").and_then(Value::as_str).map(str::to_owned);
        self.change_message(message, |row| {
            row.content_attributes.insert("submitted_values".to_owned(), values);
        });
        if let Some(chosen) = chosen.filter(|_| by_bot) {
            self.wake_bot(conversation, chosen);
        }
        Ok(())
    }
}

/// Rails' `permit(submitted_values: [:name, :title, :value, { csat_survey_response: [:feedback_message, :rating] }])`,
/// on a hash or on each item of an array: every other key is dropped without a word.
fn permitted(values: &Value) -> Value {
    match values {
        Value::Array(items) => Value::Array(items.iter().map(permitted).collect()),
        Value::Object(fields) => {
            let mut kept = serde_json::Map::new();
            for key in ["name", "title", "value"] {
                if let Some(value) = fields.get(key).filter(|value| !value.is_object() && !value.is_array()) {
                    kept.insert(key.to_owned(), value.clone());
                }
            }
            if let Some(Value::Object(survey)) = fields.get("csat_survey_response") {
                let mut survey = survey.clone();
                survey.retain(|key, _| key == "rating" || key == "feedback_message");
                kept.insert("csat_survey_response".to_owned(), Value::Object(survey));
            }
            Value::Object(kept)
        }
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_of_submitted_values_are_dropped() {
        let sent = json!([{ "title": "Order", "value": "order", "secret": 1 }]);
        assert_eq!(permitted(&sent), json!([{ "title": "Order", "value": "order" }]));
        let sent = json!({ "csat_survey_response": { "rating": 5, "mood": "good" } });
        assert_eq!(permitted(&sent), json!({ "csat_survey_response": { "rating": 5 } }));
    }
}
