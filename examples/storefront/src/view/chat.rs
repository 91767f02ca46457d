//! The conversation: header, transcript, who types, and the box to write or answer in.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};
use shopbell::{Availability, Connection, ConversationStatus};

use super::{answering, bars, compose, padded, theme, transcript, wrap::cut};
use crate::{
    app::{
        App,
        chat::{Chat, Focus},
    },
    shop,
};

/// Where the parts of the chat are. A function of the state, for scrolling must know it as well.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Areas {
    header: Rect,
    pub(crate) transcript: Rect,
    typing: Rect,
    input: Rect,
}

impl Areas {
    /// For a screen of this size.
    pub(crate) fn of(chat: &Chat, size: (u16, u16)) -> Self {
        let height = size.1.saturating_sub(bars::TOP + bars::BOTTOM);
        Self::within(chat, Rect { x: 0, y: bars::TOP, width: size.0, height })
    }

    fn within(chat: &Chat, area: Rect) -> Self {
        let most = area.height / 2;
        let input = match &chat.focus {
            Focus::Answer(answering) => answering::height(answering, area.width),
            _ => compose::height(&chat.editor, area.width),
        };
        let input = input.clamp(3, most.max(3));
        let transcript = area.height.saturating_sub(input + 2);
        let part = |y: u16, height: u16| Rect { y: area.y + y, height, ..area };
        Self {
            header: part(0, 1),
            transcript: part(1, transcript),
            typing: part(1 + transcript, 1),
            input: part(2 + transcript, input),
        }
    }
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, chat: &Chat) {
    let areas = Areas::within(chat, area);
    header(frame, padded(areas.header), app, chat);
    let laid_out = transcript::lay_out(chat, areas.transcript.width, &app.local);
    let height = usize::from(areas.transcript.height);
    let total = laid_out.lines.len();
    let scroll = chat.scroll.min(total.saturating_sub(height));
    let from = total.saturating_sub(height).saturating_sub(scroll);
    // A short conversation stands at the bottom, next to where one writes.
    let air = height.saturating_sub(total);
    let lines = std::iter::repeat_n(Line::default(), air).chain(laid_out.lines.into_iter().skip(from).take(height));
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), areas.transcript);
    typing(frame, padded(areas.typing), app, chat, scroll);
    match &chat.focus {
        Focus::Answer(what) => answering::draw(frame, areas.input, what),
        focus => compose::draw(frame, areas.input, chat, matches!(focus, Focus::Write) && app.overlay.is_none()),
    }
}

/// Whom one writes to, and whether they are there.
fn header(frame: &mut Frame<'_>, area: Rect, app: &App, chat: &Chat) {
    let line = app.conversations.iter().find(|line| line.id == chat.id);
    let name = line.and_then(|line| line.agent.as_ref()).map_or(shop::NAME, |agent| agent.name.as_str());
    let state = match line.map(|line| line.status) {
        Some(ConversationStatus::Resolved) => " · resolved; writing opens it again",
        Some(ConversationStatus::Pending) => " · our helper answers first",
        _ => "",
    };
    let up = |connection| matches!(connection, Connection::Live | Connection::Delayed);
    let live = app.status.is_some_and(|status| up(status.connection)) && !app.offline;
    let there = match app.status.map(|status| status.availability) {
        Some(Availability::Online) if live => Span::styled("somebody is here", theme::good()),
        Some(Availability::Busy) if live => Span::styled("all are busy", theme::quiet()),
        Some(Availability::Offline) if live => Span::styled("nobody is here; we answer later", theme::quiet()),
        _ if app.offline => Span::styled("offline: your words are kept", theme::bad()),
        _ => Span::raw(""),
    };
    let left = cut(&format!("{name}{state}"), usize::from(area.width).saturating_sub(there.width() + 1));
    let left = Span::styled(left, theme::brand());
    let fill = " ".repeat(usize::from(area.width).saturating_sub(left.width() + there.width()));
    frame.render_widget(Paragraph::new(Line::from(vec![left, Span::raw(fill), there])), area);
}

fn typing(frame: &mut Frame<'_>, area: Rect, app: &App, chat: &Chat, scroll: usize) {
    let mut spans = Vec::new();
    if let Some(typing) = &chat.typing {
        let name = typing.name.as_deref().unwrap_or("Somebody");
        spans.push(Span::styled(format!("{name} is typing… "), theme::agent()));
    }
    if let (Some(hit), None, true) = (app.help.suggested.first(), &chat.typing, chat.messages.is_empty()) {
        let words = format!("Does this help? {} (F3)", hit.article.title);
        spans.push(Span::styled(cut(&words, usize::from(area.width)), theme::good()));
    }
    if scroll > 0 {
        spans.push(Span::styled(format!("↓ {scroll} lines below (PgDn)"), theme::quiet()));
    }
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
}
