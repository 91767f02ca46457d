//! What stands on top of a screen: help, who to be, files, and questions.

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
    wrap::{cut, hang, pad, wrap_text},
};
use crate::{
    app::{App, Overlay, Sure, attaching::files as files_of},
    shop::PEOPLE,
};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, overlay: &Overlay) {
    let (title, width) = match overlay {
        Overlay::Help { .. } => (" Keys ", 66),
        Overlay::LogIn { .. } => (" Who is here? ", 62),
        Overlay::Files { .. } => (" Files ", 66),
        Overlay::Sure(Sure::Quit) => (" Leave the shop? ", 58),
        Overlay::Sure(Sure::Kill) => (" Kill the app? ", 58),
        Overlay::Sure(Sure::Resolve) => (" End the conversation? ", 58),
        Overlay::Sure(Sure::Discard(_)) => (" Discard the message? ", 58),
    };
    // Edges of what is behind it, a column or two wide, would be taken for its own.
    let width = if width + 4 >= area.width { area.width } else { width };
    let inner_width = usize::from(width.saturating_sub(6));
    let lines = match overlay {
        Overlay::Help { from } => help(*from, inner_width, usize::from(area.height.saturating_sub(2))),
        Overlay::LogIn { at } => people(*at, inner_width, app),
        Overlay::Files { at } => files(*at, inner_width, app),
        Overlay::Sure(sure) => question(sure, inner_width),
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

/// All keys, of which as many as there is room for from this line on.
fn help(from: usize, width: usize, height: usize) -> Vec<Line<'static>> {
    const KEYS: [(&str, &str); 19] = [
        ("1 2 3 4 5", "Shop, Cart, Orders, Support, Help (in a chat: Alt+1 …)"),
        ("Enter", "open; in a chat: send"),
        ("Ctrl+J", "a new line (Alt+Enter, too)"),
        ("@/a/path", "on a line of its own: attach that file"),
        ("Ctrl+F", "in a chat: its files, to save one"),
        ("Tab", "in a chat: to what waits for you, newest first"),
        ("↑ ↓", "in a chat: from message to message"),
        ("PgUp PgDn", "scroll; at the top: older messages"),
        ("r  e  d", "on a message not sent: retry, edit, discard"),
        ("s", "ask about a product or an order"),
        ("Ctrl+N", "in the help centre: ask a person"),
        ("F3", "in a new chat: the article that may answer"),
        ("Ctrl+R", "in a chat: end it, and be asked how it was"),
        ("F2  Ctrl+O", "the offline switch"),
        ("l  Ctrl+L", "log in as somebody else"),
        ("Ctrl+K", "kill the app, to see that nothing is lost"),
        ("q  Ctrl+Q", "leave the shop"),
        ("F5", "paint the screen anew"),
        ("F1", "these keys"),
    ];
    let lines = KEYS
        .iter()
        .flat_map(|(key, words)| hang((pad(key, 12), theme::brand()), &[((*words).to_owned(), Style::new())], width));
    let mut lines: Vec<Line<'static>> = lines.collect();
    if lines.len() <= height {
        return lines;
    }
    let shown = height.saturating_sub(1);
    let from = from.min(lines.len().saturating_sub(shown));
    let more = format!("↑↓ more ({} of {})", from + shown, lines.len());
    lines = lines.into_iter().skip(from).take(shown).collect();
    lines.push(Line::styled(more, theme::quiet()));
    lines
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
        let sign = if here { "✓" } else { " " };
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

fn question(sure: &Sure, width: usize) -> Vec<Line<'static>> {
    let (words, yes, no) = match sure {
        Sure::Quit => ("What you wrote is kept, and is here when you come back.", "leave", "stay"),
        Sure::Kill => (
            "The process ends on the spot, with nothing tidied up, as after a crash. Start it again: every word that was \
             sent or drafted is there, and arrives once.",
            "kill it",
            "go on",
        ),
        Sure::Resolve => ("You may be asked how it was. Writing again opens it again.", "end it", "go on"),
        Sure::Discard(_) => ("It was not sent. Its words and files are gone then.", "discard it", "keep it"),
    };
    let mut lines = wrap_text(words, Style::new(), width);
    lines.push(Line::default());
    lines.push(Line::from(vec![
        Span::styled("y", theme::bad()),
        Span::raw(format!(" {yes}    ")),
        Span::styled("Esc", theme::strong()),
        Span::raw(format!(" {no}")),
    ]));
    lines
}
