//! What a message holds: words, or something that can be answered.

use std::{borrow::Cow, fmt};

use super::Timestamp;
use crate::json::from_json;

/// What a message says, and what the customer answered where it asks something.
///
/// Kinds that a desk knows and we do not are kept as [`Unsupported`](Content::Unsupported) with their text: nothing
/// that was said is ever hidden.
#[derive(Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "type")]
#[non_exhaustive]
pub enum Content {
    /// Words. Markdown where an agent or the desk wrote them, verbatim where the customer did.
    Text {
        /// The source as written; [`Message::blocks`](crate::Message::blocks) is its parsed form.
        text: String,
    },
    /// A question with a few choices, of which one is picked.
    Select {
        /// The question.
        text: String,
        /// The choices, in order.
        choices: Vec<Choice>,
        /// What the customer picked.
        answer: Option<Answer>,
    },
    /// A form.
    Form {
        /// What it is for.
        text: String,
        /// The fields, in order.
        fields: Vec<FormField>,
        /// The label of its button, where the desk gives one.
        button: Option<String>,
        /// What the customer filled in.
        answer: Option<Answer>,
    },
    /// Cards with pictures and buttons.
    Cards {
        /// What introduces them.
        text: String,
        /// The cards, in order.
        cards: Vec<Card>,
    },
    /// Links to help articles.
    Articles {
        /// What introduces them.
        text: String,
        /// The articles, in order.
        articles: Vec<ArticleLink>,
    },
    /// How was it? A rating of 1 to 5 with optional words, asked when a conversation is resolved.
    Survey {
        /// The question.
        text: String,
        /// Faces or stars.
        scale: SurveyScale,
        /// What the customer answered.
        answer: Option<Answer>,
    },
    /// Anything else, as its text.
    Unsupported {
        /// The text, possibly empty.
        text: String,
        /// The desk's name of the kind, for logs and bug reports.
        kind: String,
    },
}

from_json!(Content by "type" {
    "text" => Text { text },
    "select" => Select { text, choices, answer },
    "form" => Form { text, fields, button, answer },
    "cards" => Cards { text, cards },
    "articles" => Articles { text, articles },
    "survey" => Survey { text, scale, answer },
    "unsupported" => Unsupported { text, kind },
});

impl Content {
    /// Plain words.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }

    /// The words of any kind of content, possibly empty.
    pub fn as_text(&self) -> &str {
        match self {
            Self::Text { text }
            | Self::Select { text, .. }
            | Self::Form { text, .. }
            | Self::Cards { text, .. }
            | Self::Articles { text, .. }
            | Self::Survey { text, .. }
            | Self::Unsupported { text, .. } => text,
        }
    }

    /// What there is to read of any kind of content on one line: its words, or else what its parts are called.
    pub(crate) fn to_words(&self) -> Cow<'_, str> {
        let text = self.as_text();
        if !text.trim().is_empty() {
            return text.into();
        }
        let called: Vec<&str> = match self {
            Self::Select { choices, .. } => choices.iter().map(|choice| choice.title.as_str()).collect(),
            Self::Form { fields, .. } => fields.iter().map(|field| field.label.as_str()).collect(),
            Self::Cards { cards, .. } => cards.iter().map(Card::called).collect(),
            Self::Articles { articles, .. } => articles.iter().map(|article| article.title.as_str()).collect(),
            Self::Text { .. } | Self::Survey { .. } | Self::Unsupported { .. } => Vec::new(),
        };
        called.join("\n").into()
    }

    /// What the customer answered, where this asks something and has been answered.
    pub fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Select { answer, .. } | Self::Form { answer, .. } | Self::Survey { answer, .. } => answer.as_ref(),
            _ => None,
        }
    }

    /// The place where this content keeps its answer; `None` where it asks nothing.
    pub fn answer_slot(&mut self) -> Option<&mut Option<Answer>> {
        match self {
            Self::Select { answer, .. } | Self::Form { answer, .. } | Self::Survey { answer, .. } => Some(answer),
            _ => None,
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Text { .. } => "Text",
            Self::Select { .. } => "Select",
            Self::Form { .. } => "Form",
            Self::Cards { .. } => "Cards",
            Self::Articles { .. } => "Articles",
            Self::Survey { .. } => "Survey",
            Self::Unsupported { .. } => "Unsupported",
        };
        write!(f, "{kind}({} bytes, answered: {})", self.as_text().len(), self.answer().is_some())
    }
}

/// One choice of a [`Content::Select`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Choice {
    /// What the customer sees.
    pub title: String,
    /// What the desk gets.
    pub value: String,
}

from_json!(Choice { title, value });

/// One field of a [`Content::Form`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FormField {
    /// The name that the desk knows the value by.
    pub name: String,
    /// What the customer sees.
    pub label: String,
    /// The desk's word for the input: `text`, `email`, `text_area`, `select`, …. Values of `email`, `number`, `tel` and
    /// `url` are checked when the form is filled in.
    pub input: String,
    /// What stands in the empty field.
    pub placeholder: Option<String>,
    /// The value to start with.
    pub default: Option<String>,
    /// An empty value is refused.
    pub required: bool,
    /// For a `select`: the choices.
    pub choices: Vec<Choice>,
    /// A regular expression that the desk wants the value to match, as the desk gives it.
    ///
    /// The SDK does not check it: the app does, with the platform's regular expressions, before it fills in the form.
    pub pattern: Option<String>,
    /// What to say where it does not match.
    pub pattern_error: Option<String>,
}

from_json!(FormField { name, label, input, placeholder, default, required, choices, pattern, pattern_error });

/// One card of a [`Content::Cards`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Card {
    /// Its heading.
    pub title: String,
    /// Its text.
    pub description: String,
    /// Its picture: `http` or `https` only.
    pub image_url: Option<String>,
    /// Its buttons.
    pub actions: Vec<CardAction>,
}

from_json!(Card { title, description, image_url, actions });

impl Card {
    fn called(&self) -> &str {
        let button = self.actions.first().map(|action| match action {
            CardAction::Link { text, .. } | CardAction::Reply { text, .. } => text.as_str(),
        });
        let texts = [Some(self.title.as_str()), Some(self.description.as_str()), button];
        texts.into_iter().flatten().find(|text| !text.trim().is_empty()).unwrap_or_default()
    }
}

/// What a button of a card does.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "type")]
#[non_exhaustive]
pub enum CardAction {
    /// Opens a page.
    Link {
        /// The button's label.
        text: String,
        /// Where it leads: an allowed scheme only (see [`crate::markdown::safe_link`]).
        url: String,
    },
    /// Sends something back: the app may send `payload` as a message.
    Reply {
        /// The button's label.
        text: String,
        /// What the desk expects.
        payload: String,
    },
}

from_json!(CardAction by "type" { "link" => Link { text, url }, "reply" => Reply { text, payload } });

/// A link to a help article.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ArticleLink {
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// Where it is.
    pub url: String,
}

from_json!(ArticleLink { title, description, url });

/// How a survey asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SurveyScale {
    /// Five faces.
    Emoji,
    /// Five stars.
    Stars,
}

from_json!(SurveyScale of { "emoji" => Emoji, "stars" => Stars });

/// What the customer answered to a select, a form or a survey, and whether the desk has it.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
pub struct Answer {
    /// The values: one named by the choice's title for a select, one a field for a form, none for a survey.
    pub values: Vec<FieldValue>,
    /// The rating, for a survey.
    pub rating: Option<Rating>,
    /// Whether the desk has it.
    pub state: AnswerState,
    /// When the customer gave it, where it was given on this phone.
    pub given_at: Option<Timestamp>,
}

from_json!(Answer { values, rating, state, given_at });

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({} values, {:?})", self.values.len(), self.state)
    }
}

/// One value of an answer.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldValue {
    /// The choice's title, or the field's name.
    pub name: String,
    /// What was picked or filled in.
    pub value: String,
}

from_json!(FieldValue { name, value });

impl fmt::Debug for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FieldValue({} bytes)", self.value.len())
    }
}

/// The answer to a survey.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
pub struct Rating {
    /// 1 (worst) to 5.
    pub score: u8,
    /// What the customer adds, possibly empty.
    pub feedback: String,
}

from_json!(Rating { score, feedback });

impl fmt::Debug for Rating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rating({}, {} bytes)", self.score, self.feedback.len())
    }
}

/// Whether the desk has an answer.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum AnswerState {
    /// On its way.
    Queued,
    /// The desk has it.
    Sent,
    /// The desk refused it; the customer may answer again.
    NeedsAttention {
        /// Why.
        reason: super::AttentionReason,
    },
}

from_json!(AnswerState by "type" { "queued" => Queued {}, "sent" => Sent {}, "needs_attention" => NeedsAttention { reason } });
