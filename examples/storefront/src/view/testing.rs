//! Messages and screens for tests.

use jiff::tz::TimeZone;
use ratatui::{Terminal, backend::TestBackend};
use shopbell::{
    Agent, Author, Availability, Card, CardAction, Choice, ClientConfig, ClientStatus, Connection, Content,
    ConversationId, ConversationStatus, ConversationSummary, Delivery, FormField, Message, MessageId, SupportClient,
    SurveyScale, Timestamp, Verification, markdown,
};

use super::time::Local;
use crate::{
    app::{App, DeskLine},
    shop,
};

/// 2026-11-23 17:30 UTC.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_795_455_000);

pub(crate) fn conversation() -> ConversationId {
    ConversationId::new("c1")
}

pub(crate) fn app(width: u16, height: u16) -> App {
    let desk = DeskLine { url: "http://127.0.0.1:3900".to_owned(), embedded: true };
    let local = Local { now: NOW, zone: TimeZone::UTC };
    App::new(desk, shop::person("mai"), (width, height), local)
}

/// The status of a verified shopper's client. It begins as a real client's, since only the core can construct one.
pub(crate) async fn status(connection: Connection, availability: Availability) -> ClientStatus {
    let phone = tempfile::tempdir().unwrap();
    let client = SupportClient::open(ClientConfig::new("http://127.0.0.1:1", "shop", phone.path())).await.unwrap();
    let mut status = client.status().next().await.unwrap().unwrap();
    client.shutdown().await;
    status.connection = connection;
    status.availability = availability;
    status.verification = Verification::Verified;
    status
}

/// The screen as text, without the colours.
pub(crate) fn screen(app: &App) -> String {
    let mut terminal = Terminal::new(TestBackend::new(app.size.0, app.size.1)).unwrap();
    terminal.draw(|frame| super::draw(frame, app)).unwrap();
    let buffer = terminal.backend().buffer();
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut x = 0;
        let mut row = String::new();
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            row.push_str(symbol);
            // What a wide letter covers is not a letter of its own.
            x += u16::try_from(ratatui::text::Span::raw(symbol).width()).unwrap().max(1);
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

fn message(id: &str, author: Author, content: Content) -> Message {
    let own = author.is_customer();
    let blocks = if own { markdown::verbatim(content.as_text()) } else { markdown::parse(content.as_text()) };
    Message {
        id: MessageId::new(id),
        conversation: conversation(),
        author,
        content,
        blocks,
        attachments: Vec::new(),
        created_at: NOW,
        delivery: own.then_some(Delivery::Sent),
        edited: false,
        deleted: false,
        in_reply_to: None,
    }
}

fn linh() -> Author {
    Author::Agent { agent: Some(Agent { id: "5".to_owned(), name: "Linh Trần".to_owned(), avatar_url: None }) }
}

pub(crate) fn agent_says(id: &str, text: &str) -> Message {
    message(id, linh(), Content::text(text))
}

pub(crate) fn customer_says(id: &str, text: &str, delivery: Delivery) -> Message {
    Message { delivery: Some(delivery), ..message(id, Author::Customer, Content::text(text)) }
}

pub(crate) fn agent_shows(id: &str, content: Content) -> Message {
    message(id, linh(), content)
}

pub(crate) fn choice(title: &str, value: &str) -> Choice {
    Choice { title: title.to_owned(), value: value.to_owned() }
}

pub(crate) fn select(id: &str) -> Message {
    let choices = vec![choice("My order", "order"), choice("A return", "return")];
    let bot = Author::Bot { name: Some("Shop helper".to_owned()) };
    message(id, bot, Content::Select { text: "What is it about?".to_owned(), choices, answer: None })
}

pub(crate) fn form(id: &str) -> Message {
    let field = |name: &str, label: &str, required, choices| FormField {
        name: name.to_owned(),
        label: label.to_owned(),
        input: "text".to_owned(),
        placeholder: Some("LL-…".to_owned()),
        default: None,
        required,
        choices,
        pattern: None,
        pattern_error: None,
    };
    let fields = vec![
        field("order", "Order number", true, Vec::new()),
        field("reason", "Reason", false, vec![choice("Too large", "large"), choice("Too small", "small")]),
    ];
    let content =
        Content::Form { text: "A return".to_owned(), fields, button: Some("Send it back".to_owned()), answer: None };
    message(id, linh(), content)
}

pub(crate) fn cards(id: &str) -> Message {
    let card = Card {
        title: "Indigo tote".to_owned(),
        description: "Waxed cotton".to_owned(),
        image_url: None,
        actions: vec![
            CardAction::Link { text: "Look".to_owned(), url: "https://example.com/tote".to_owned() },
            CardAction::Reply { text: "I take it".to_owned(), payload: "@/etc/hostname".to_owned() },
        ],
    };
    message(id, linh(), Content::Cards { text: "Perhaps:".to_owned(), cards: vec![card] })
}

/// A line of the list, of an open conversation that nobody has answered.
pub(crate) fn line(id: &str, preview: &str) -> ConversationSummary {
    ConversationSummary {
        id: ConversationId::new(id),
        status: ConversationStatus::Open,
        preview: preview.to_owned(),
        preview_is_own: false,
        last_activity: NOW,
        unread: 0,
        agent: None,
        draft: None,
        waiting: 0,
        needs_attention: 0,
        can_write: true,
    }
}

pub(crate) fn survey(id: &str) -> Message {
    let text = "Please rate the conversation".to_owned();
    message(id, Author::Desk, Content::Survey { text, scale: SurveyScale::Emoji, answer: None })
}
