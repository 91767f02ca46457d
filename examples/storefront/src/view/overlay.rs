//! What stands on top of a screen: help, who to be, and the question before a kill.

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::{Block, BorderType, Clear, Padding, Paragraph},
};

use super::{
    bubble::amount,
    theme,
    wrap::{cut, pad, wrap_text},
};
use crate::{
    app::{App, Overlay, attaching::files as files_of},
    shop::PEOPLE,
};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, overlay: &Overlay) {
    let (title, width) = match overlay {
        Overlay::Help => (" Keys ", 66),
        Overlay::LogIn { .. } => (" Who is here? ", 62),
        Overlay::Files { .. } => (" Files ", 66),
        Overlay::Kill => (" Kill the app? ", 58),
    };
    let width = width.min(area.width.saturating_sub(2));
    let inner_width = usize::from(width.saturating_sub(6));
    let lines = match overlay {
        Overlay::Help => help(),
        Overlay::LogIn { at } => people(*at, inner_width, app),
        Overlay::Files { at } => files(*at, inner_width, app),
        Overlay::Kill => kill(inner_width),
    };
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(area.height);
    let area = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme::brand())
        .title(title)
        .padding(Padding::horizontal(2));
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn help() -> Vec<Line<'static>> {
    const KEYS: [(&str, &str); 17] = [
        ("1 2 3 4 5", "Shop, Cart, Orders, Support, Help (Alt+1… in a chat)"),
        ("Enter", "open; in a chat: send"),
        ("Ctrl+J", "a new line (Alt+Enter as well)"),
        ("@/a/path", "on a line of its own: attach that file"),
        ("Ctrl+F", "in a chat: its files, to save one"),
        ("Tab", "in a chat: to what waits for you"),
        ("↑ ↓", "in a chat: from message to message"),
        ("PgUp PgDn", "scroll; at the top: older messages"),
        ("r  e  d", "on a message not sent: retry, edit, discard"),
        ("s", "ask about a product or an order"),
        ("F3", "in a new chat: the article that may answer"),
        ("Ctrl+R", "in a chat: end it, and be asked how it was"),
        ("F2  Ctrl+O", "the offline switch"),
        ("l  Ctrl+L", "log in as somebody else"),
        ("Ctrl+K", "kill the app, to see that nothing is lost"),
        ("q  Ctrl+Q", "quit (in a chat: Ctrl+Q)"),
        ("F1", "these keys"),
    ];
    let line = |(key, words): &(&'static str, &'static str)| {
        Line::from(vec![Span::styled(pad(key, 12), theme::brand()), Span::raw(*words)])
    };
    KEYS.iter().map(line).collect()
}

fn people(at: usize, width: usize, app: &App) -> Vec<Line<'static>> {
    let mut lines: Vec<(String, String)> =
        PEOPLE.iter().map(|person| (person.name.to_owned(), person.about.to_owned())).collect();
    let first = PEOPLE.first().map_or("", |person| person.name);
    lines.push((first.to_owned(), "with a proof that is wrong".to_owned()));
    lines.push(("Nobody".to_owned(), "log out, or look around unknown".to_owned()));
    let mut all = Vec::new();
    for (number, (name, about)) in lines.into_iter().enumerate() {
        let here = match app.person {
            Some(person) => PEOPLE.get(number) == Some(person),
            None => number == PEOPLE.len() + 1,
        };
        let sign = if here { "●" } else { " " };
        let style = if number == at { theme::cursor() } else { Style::new() };
        all.push(Line::from(vec![
            Span::styled(format!("{} {sign} ", number + 1), theme::brand()),
            Span::styled(pad(&name, 18), style),
            Span::styled(format!(" {about}"), theme::quiet()),
        ]));
    }
    all.push(Line::default());
    let words = "Nobody sees what another wrote. What you wrote before logging in comes along with you.";
    all.extend(wrap_text(words, theme::quiet(), width));
    all.push(Line::styled("↑↓ Enter or 1-5  ·  Esc", theme::quiet()));
    all
}

/// The files of the conversation, as many as fit around the one under the cursor.
fn files(at: usize, width: usize, app: &App) -> Vec<Line<'static>> {
    const SHOWN: usize = 12;
    let messages = app.chat.as_ref().map_or(&[][..], |chat| &chat.messages);
    let all: Vec<_> = files_of(messages).collect();
    let from = (at + 1).saturating_sub(SHOWN);
    let mut lines = Vec::new();
    for (number, file) in all.iter().enumerate().skip(from).take(SHOWN) {
        let size = file.size.map_or_else(|| "?".to_owned(), amount);
        let style = if number == at { theme::cursor() } else { Style::new() };
        let name = pad(&cut(&file.name, width.saturating_sub(12)), width.saturating_sub(11));
        lines.push(Line::from(vec![Span::styled(name, style), Span::styled(format!(" {size:>9}"), theme::quiet())]));
    }
    lines.push(Line::default());
    lines.push(Line::styled("↑↓ Enter to save  ·  Esc", theme::quiet()));
    lines
}

fn kill(width: usize) -> Vec<Line<'static>> {
    let words = "The process ends on the spot, with nothing tidied up, as after a crash. Start it again: every word \
                 that was sent or drafted is there, and arrives once.";
    let mut lines = wrap_text(words, Style::new(), width);
    lines.push(Line::default());
    lines.push(Line::from(vec![
        Span::styled("y", theme::bad()),
        Span::raw(" kill it    "),
        Span::styled("Esc", theme::strong()),
        Span::raw(" go on"),
    ]));
    lines
}
