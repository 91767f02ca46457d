//! What a message holds: words, or something that can be answered.

use std::fmt;

use super::{AttentionReason, list};

/// What a message says, and what the customer answered where it asks something.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Content {
    /// Words. Markdown where an agent or the desk wrote them, verbatim where the customer did.
    Text {
        /// The source as written; the message's blocks are its parsed form.
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
    /// How was it? A rating of 1 to 5 with optional words.
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

/// One choice of a question.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Choice {
    /// What the customer sees.
    pub title: String,
    /// What the desk gets.
    pub value: String,
}

/// One field of a form.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
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
    pub initial: Option<String>,
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

/// One card.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
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

/// What a button of a card does.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum CardAction {
    /// Opens a page.
    Link {
        /// The button's label.
        text: String,
        /// Where it leads: an allowed scheme only.
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

/// A link to a help article.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ArticleLink {
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// Where it is.
    pub url: String,
}

/// How a survey asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum SurveyScale {
    /// Five faces.
    Emoji,
    /// Five stars.
    Stars,
}

/// What the customer answered, and whether the desk has it.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Answer {
    /// The values: one named by the choice's title for a select, one a field for a form, none for a survey.
    pub values: Vec<FieldValue>,
    /// The rating, for a survey.
    pub rating: Option<Rating>,
    /// Whether the desk has it.
    pub state: AnswerState,
    /// When the customer gave it, where it was given on this phone, in milliseconds since 1970.
    pub given_at_millis: Option<i64>,
}

/// One value of an answer.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct FieldValue {
    /// The choice's title, or the field's name.
    pub name: String,
    /// What was picked or filled in.
    pub value: String,
}

/// The answer to a survey.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Rating {
    /// 1 (worst) to 5.
    pub score: i32,
    /// What the customer adds, possibly empty.
    pub feedback: String,
}

/// Whether the desk has an answer.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum AnswerState {
    /// On its way.
    Queued,
    /// The desk has it.
    Sent,
    /// The desk refused it; the customer may answer again.
    NeedsAttention {
        /// Why.
        reason: AttentionReason,
    },
}

impl From<shopbell::Content> for Content {
    fn from(content: shopbell::Content) -> Self {
        use shopbell::Content as Core;
        match content {
            Core::Text { text } => Self::Text { text },
            Core::Select { text, choices, answer } => {
                Self::Select { text, choices: list(choices), answer: answer.map(Into::into) }
            }
            Core::Form { text, fields, button, answer } => {
                Self::Form { text, fields: list(fields), button, answer: answer.map(Into::into) }
            }
            Core::Cards { text, cards } => Self::Cards { text, cards: list(cards) },
            Core::Articles { text, articles } => Self::Articles { text, articles: list(articles) },
            Core::Survey { text, scale, answer } => {
                Self::Survey { text, scale: scale.into(), answer: answer.map(Into::into) }
            }
            Core::Unsupported { text, kind } => Self::Unsupported { text, kind },
            other => Self::Unsupported { text: other.as_text().to_owned(), kind: "unknown".to_owned() },
        }
    }
}

impl From<shopbell::Choice> for Choice {
    fn from(choice: shopbell::Choice) -> Self {
        Self { title: choice.title, value: choice.value }
    }
}

impl From<shopbell::FormField> for FormField {
    fn from(field: shopbell::FormField) -> Self {
        Self {
            name: field.name,
            label: field.label,
            input: field.input,
            placeholder: field.placeholder,
            initial: field.default,
            required: field.required,
            choices: list(field.choices),
            pattern: field.pattern,
            pattern_error: field.pattern_error,
        }
    }
}

impl From<shopbell::Card> for Card {
    fn from(card: shopbell::Card) -> Self {
        Self {
            title: card.title,
            description: card.description,
            image_url: card.image_url,
            // A button whose kind is not known here could do nothing.
            actions: card.actions.into_iter().filter_map(CardAction::known).collect(),
        }
    }
}

impl CardAction {
    fn known(action: shopbell::CardAction) -> Option<Self> {
        use shopbell::CardAction as Core;
        match action {
            Core::Link { text, url } => Some(Self::Link { text, url }),
            Core::Reply { text, payload } => Some(Self::Reply { text, payload }),
            _ => None,
        }
    }
}

impl From<shopbell::ArticleLink> for ArticleLink {
    fn from(article: shopbell::ArticleLink) -> Self {
        Self { title: article.title, description: article.description, url: article.url }
    }
}

impl From<shopbell::SurveyScale> for SurveyScale {
    fn from(scale: shopbell::SurveyScale) -> Self {
        match scale {
            shopbell::SurveyScale::Emoji => Self::Emoji,
            shopbell::SurveyScale::Stars => Self::Stars,
        }
    }
}

impl From<shopbell::Answer> for Answer {
    fn from(answer: shopbell::Answer) -> Self {
        Self {
            values: list(answer.values),
            rating: answer.rating.map(|rating| Rating { score: rating.score.into(), feedback: rating.feedback }),
            state: answer.state.into(),
            given_at_millis: answer.given_at.map(shopbell::Timestamp::millis),
        }
    }
}

impl From<shopbell::AnswerState> for AnswerState {
    fn from(state: shopbell::AnswerState) -> Self {
        use shopbell::AnswerState as Core;
        match state {
            Core::Queued => Self::Queued,
            Core::Sent => Self::Sent,
            Core::NeedsAttention { reason } => Self::NeedsAttention { reason: reason.into() },
        }
    }
}

impl From<shopbell::FieldValue> for FieldValue {
    fn from(value: shopbell::FieldValue) -> Self {
        Self { name: value.name, value: value.value }
    }
}

impl From<FieldValue> for shopbell::FieldValue {
    fn from(value: FieldValue) -> Self {
        Self { name: value.name, value: value.value }
    }
}

// Lengths, not words: these hold what people wrote.

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, text) = match self {
            Self::Text { text } => ("Text", text),
            Self::Select { text, .. } => ("Select", text),
            Self::Form { text, .. } => ("Form", text),
            Self::Cards { text, .. } => ("Cards", text),
            Self::Articles { text, .. } => ("Articles", text),
            Self::Survey { text, .. } => ("Survey", text),
            Self::Unsupported { text, .. } => ("Unsupported", text),
        };
        write!(f, "{kind}({} bytes)", text.len())
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({} values, {:?})", self.values.len(), self.state)
    }
}

impl fmt::Debug for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FieldValue({} bytes)", self.value.len())
    }
}

impl fmt::Debug for Rating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rating({}, {} bytes)", self.score, self.feedback.len())
    }
}
