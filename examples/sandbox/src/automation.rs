//! Automation: what the desk does by itself as soon as a customer has begun a conversation.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    domain::Draft,
    state::{
        State,
        tables::{Object, Sender},
    },
};

/// A rule that runs once a customer has begun a conversation, before the customer has written anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Automation {
    /// Writes this message into the conversation. As at a real desk it is outgoing and has no sender.
    Speaks(String),
    /// Begins another conversation with the same customer, in which an agent has written this message.
    Opens(String),
}

impl State {
    /// Runs the rule for a conversation that a customer has begun.
    pub(crate) fn run_automation(&mut self, conversation: u64) {
        let Some(rule) = self.settings.automation.clone() else { return };
        let session = self.conversation(conversation).and_then(|row| self.session(&row.source_id)).cloned();
        let outcome = match (rule, session) {
            (Automation::Speaks(text), Some(_)) => {
                let rule = json!({ "automation_rule_id": 1 });
                self.create_message(conversation, Draft::outgoing(Sender::Nobody, text).rich("text", rule))
            }
            (Automation::Opens(text), Some(session)) => {
                let id = self.add_conversation(&session, Object::new());
                self.create_message(id, Draft::outgoing(Sender::Agent, text))
            }
            // Deleted meanwhile.
            (_, None) => return,
        };
        if let Err(refusal) = outcome {
            tracing::warn!(?refusal, "the automation's message was refused");
        }
    }
}
