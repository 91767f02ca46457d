//! The tab bar at the top; at the bottom what happened last, the keys, and where the desk is.

use ratatui::{
    Frame,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
    widgets::Paragraph,
};
use shopbell::{Connection, Content, Delivery, Message, Verification};

use super::{theme, wrap::cut};
use crate::{
    app::{
        App, Doubt, Notice, Tab,
        answering::Answering,
        chat::{Chat, Focus},
    },
    shop,
};

/// Rows of the top bar: the tabs and a line.
pub(crate) const TOP: u16 = 2;
/// Rows of the bottom bar: a line, the keys, the desk.
pub(crate) const BOTTOM: u16 = 3;

pub(super) fn top(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let width = usize::from(area.width);
    let length = |spans: &[Span<'_>]| spans.iter().map(Span::width).sum::<usize>();
    // How the desk is reached must be visible on any screen: the names give way, and in the end the tabs.
    let bars = Names::LESS_AND_LESS.map(|names| (tabs(app, names), state(app, names)));
    // A terminal may draw a sign wider than it was counted here: a column is left for each bar's lantern.
    let fits = |(left, right): &(Vec<Span<'_>>, Vec<Span<'_>>)| length(left) + length(right) < width;
    let [.., least] = bars.clone();
    let (left, right) = bars.into_iter().find(fits).unwrap_or(least);
    // The state stands on the right, whatever is on the left.
    let room = width.saturating_sub(length(&right));
    let mut left = first_columns(left, room);
    left.push(Span::raw(" ".repeat(room.saturating_sub(length(&left)))));
    left.extend(right);
    let line = Line::from(left);
    frame.render_widget(Paragraph::new(vec![line, rule(width)]), area);
}

/// As much of these as fits into so many columns.
fn first_columns(spans: Vec<Span<'static>>, mut room: usize) -> Vec<Span<'static>> {
    let cut = spans.into_iter().map(|span| {
        let span = if span.width() > room { Span::styled(cut(&span.content, room), span.style) } else { span };
        room = room.saturating_sub(span.width());
        span
    });
    cut.collect()
}

/// Which tabs show their name beside their number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    /// The shop's as well.
    Titled,
    All,
    Current,
    /// Nor does the shopper's.
    None,
}

impl Names {
    const LESS_AND_LESS: [Self; 4] = [Self::Titled, Self::All, Self::Current, Self::None];
}

fn tabs(app: &App, names: Names) -> Vec<Span<'static>> {
    let title = if names == Names::Titled { shop::NAME } else { "🏮" };
    let mut spans = vec![Span::styled(format!(" {title} "), theme::brand())];
    for (number, tab, name) in [
        (1, Tab::Shop, "Shop"),
        (2, Tab::Cart, "Cart"),
        (3, Tab::Orders, "Orders"),
        (4, Tab::Support, "Support"),
        (5, Tab::Help, "Help"),
    ] {
        let current = app.tab == tab;
        let style = if current { theme::brand().add_modifier(Modifier::REVERSED) } else { Style::new() };
        spans.push(Span::raw(" "));
        let named = matches!(names, Names::Titled | Names::All) || (names == Names::Current && current);
        let label = if named { format!(" {number} {name} ") } else { format!(" {number} ") };
        spans.push(Span::styled(label, style));
        match tab {
            Tab::Cart if app.shopping.cart_count() > 0 => {
                spans.push(Span::styled(format!("({})", app.shopping.cart_count()), theme::good()));
            }
            Tab::Support if app.unread() > 0 => {
                spans.push(Span::styled(format!(" ●{} ", app.unread()), theme::bad()));
            }
            _ => {}
        }
    }
    spans
}

/// Who is logged in, and how the desk is reached.
fn state(app: &App, names: Names) -> Vec<Span<'static>> {
    let mut spans = if names == Names::None { Vec::new() } else { who(app) };
    spans.extend([Span::raw("  "), connection(app), Span::raw(" ")]);
    spans
}

fn rule(width: usize) -> Line<'static> {
    Line::styled("─".repeat(width), theme::quiet())
}

/// Who is logged in, and what the desk makes of it. Somebody who may be another has no name here.
fn who(app: &App) -> Vec<Span<'static>> {
    let Some(person) = app.person else { return vec![Span::styled("nobody logged in", theme::quiet())] };
    match app.doubt() {
        Some(Doubt::Refused) => return vec![Span::styled("✗ not accepted", theme::bad())],
        Some(Doubt::Mismatched) => return vec![Span::styled("✗ mistaken", theme::bad())],
        Some(Doubt::Asked) | None => {}
    }
    let first = person.name.split(' ').next().unwrap_or(person.name).to_owned();
    let sign = match app.status.map(|status| status.verification) {
        Some(Verification::Verified) => Span::styled(" ✓", theme::good()),
        Some(Verification::Unverified) => Span::styled(" (no proof)", theme::quiet()),
        Some(Verification::Pending) => Span::styled(" …", theme::quiet()),
        _ => Span::raw(""),
    };
    vec![Span::raw(first), sign]
}

fn connection(app: &App) -> Span<'static> {
    if app.offline {
        return Span::styled("◇ offline (F2)", theme::bad());
    }
    sign(app.status.map(|status| status.connection))
}

/// What the bar says of the connection.
pub(crate) fn sign(connection: Option<Connection>) -> Span<'static> {
    match connection {
        Some(Connection::Live) => Span::styled("◆ live", theme::good()),
        Some(Connection::Delayed) => Span::styled("◈ delayed", theme::quiet()),
        Some(Connection::Online) => Span::styled("◆ online", theme::good()),
        Some(Connection::Untrusted) => Span::styled("◇ not safe", theme::bad()),
        Some(Connection::Offline) => Span::styled("◇ no network", theme::bad()),
        _ => Span::styled("· …", theme::quiet()),
    }
}

pub(super) fn bottom(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let width = usize::from(area.width);
    let last = match &app.notice {
        Some(Notice::Good(_)) => theme::good(),
        Some(Notice::Bad(_)) => theme::bad(),
        None => theme::quiet(),
    };
    let words = match &app.notice {
        _ if app.waits() => "One moment: what you type is kept".to_owned(),
        Some(notice) => notice.text().to_owned(),
        None if app.desk.embedded => format!("Desk {} – open it in a browser to answer as the agent", app.desk.url),
        None => format!("Desk {}", app.desk.url),
    };
    let status = Line::styled(format!(" {}", cut(&words, width.saturating_sub(2))), last);
    frame.render_widget(Paragraph::new(vec![rule(width), keys(app, width), status]), area);
}

/// The keys that do something here, as many as fit: the ones of this screen first.
fn keys(app: &App, width: usize) -> Line<'static> {
    let mut spans = vec![Span::raw(" ")];
    let mut used = 1;
    for (key, word) in list(app) {
        let length = key.chars().count() + word.chars().count() + 3;
        if used + length > width {
            break;
        }
        used += length;
        spans.push(Span::styled(key, theme::strong()));
        spans.push(Span::styled(format!(" {word}  "), theme::quiet()));
    }
    Line::from(spans)
}

type Keys = Vec<(&'static str, &'static str)>;

fn list(app: &App) -> Keys {
    let mut keys: Keys = match (app.tab, &app.chat) {
        (Tab::Shop, _) if app.shopping.page => {
            vec![("a", "add to cart"), ("s", "ask about this"), ("←→", "other products"), ("Esc", "back")]
        }
        (Tab::Shop, _) => vec![("↑↓", "look"), ("Enter", "open"), ("a", "add to cart"), ("s", "ask")],
        (Tab::Cart, _) if app.shopping.cart.is_empty() => vec![("1", "to the shop")],
        (Tab::Cart, _) => vec![("↑↓", "choose"), ("+ -", "how many"), ("Enter", "order")],
        (Tab::Orders, _) => vec![("↑↓", "choose"), ("s", "ask about this order")],
        (Tab::Support, None) => vec![("↑↓", "choose"), ("Enter", "open"), ("n", "new"), ("r", "refresh")],
        (Tab::Support, Some(chat)) => return chat_keys(app, chat),
        (Tab::Help, _) if app.help.page.is_some() => {
            return vec![
                ("↑↓", "read"),
                ("y n", "did it help?"),
                ("s", "ask a person"),
                ("1-3", "see also"),
                ("Esc", "back"),
            ];
        }
        (Tab::Help, _) => {
            return vec![
                ("↑↓", "choose"),
                ("Enter", if app.help.nothing_found() { "ask a person" } else { "open" }),
                ("^N", "ask a person"),
                ("Tab", "category"),
                ("Esc", "clear, back"),
                ("Alt+1…", "other screens"),
                ("F2", switch(app)),
            ];
        }
    };
    keys.extend([
        ("F1", "help"),
        ("l", "log in"),
        ("F2", switch(app)),
        ("q", "quit"),
        ("^K", "kill"),
        ("F5", "redraw"),
    ]);
    keys
}

fn switch(app: &App) -> &'static str {
    if app.offline { "back online" } else { "offline" }
}

fn chat_keys(app: &App, chat: &Chat) -> Keys {
    match &chat.focus {
        Focus::Write if chat.editing.is_some() => {
            vec![("Enter", "send it changed"), ("^J", "new line"), ("Esc", "leave it as it was")]
        }
        Focus::Write => {
            let mut keys: Keys = vec![("Enter", "send")];
            match chat.waiting() {
                Some(message) if message.delivery.is_some() => keys.push(("Tab", "the unsent")),
                Some(_) => keys.push(("Tab", "answer")),
                None if chat.has_stops() => keys.push(("Tab", "questions and buttons")),
                None => {}
            }
            // On a narrow screen what leads to all others comes before them.
            keys.extend([("Esc", "list"), ("F1", "help"), ("F2", switch(app)), ("^J", "new line")]);
            keys.extend([("↑", "messages"), ("^R", "end chat"), ("^F", "files"), ("@/path", "attach")]);
            keys
        }
        Focus::Browse(_) => {
            let selected = chat.selected();
            let mut keys: Keys = Vec::new();
            let delivery = selected.and_then(|message| message.delivery.as_ref());
            if matches!(delivery, Some(Delivery::NeedsAttention { .. } | Delivery::Queued)) {
                keys.extend([("r", "retry"), ("e", "edit"), ("d", "discard")]);
            } else if selected.is_some_and(crate::app::attaching::goes) {
                keys.push(("d", "cancel"));
            }
            let cards = |message: &&Message| matches!(message.content, Content::Cards { .. });
            match selected.filter(|message| Answering::of(message).is_some()) {
                Some(message) if cards(&message) => keys.extend([("1-9", "press a button"), ("Enter", "choose one")]),
                Some(_) => keys.push(("Enter", "answer")),
                None => {}
            }
            keys.extend([("↑↓", "other messages"), ("PgUp PgDn", "scroll"), ("Esc", "write")]);
            keys
        }
        Focus::Answer(answering) => super::answering::keys(answering),
    }
}
