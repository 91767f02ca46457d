//! One message as a bubble: its words in a frame, who and when in the frame's edges.

use ratatui::{
    style::{Modifier, Style},
    text::{Line, Span},
};
use shopbell::{
    AnswerState, Attachment, AttachmentKind, AttentionReason, Author, Card, Content, Delivery, Message, SurveyScale,
    Transfer,
};
use unicode_width::UnicodeWidthStr as _;

use super::{
    blocks, theme,
    time::Local,
    wrap::{cut, hang, wrap_text},
};
use crate::app::answering::label;

/// The widest that words run: longer lines are hard to read.
const WIDEST: usize = 64;

/// How a message is shown.
#[derive(Clone, Copy)]
pub(crate) struct Look<'a> {
    /// Columns of the whole transcript.
    pub(crate) width: usize,
    pub(crate) local: &'a Local,
    pub(crate) selected: bool,
    /// The same person said the one before: the name is left out.
    pub(crate) continued: bool,
    /// The customer's newest: its delivery is told in words.
    pub(crate) newest_own: bool,
}

/// A message as lines.
pub(crate) fn lines(message: &Message, look: Look<'_>) -> Vec<Line<'static>> {
    let own = message.author.is_customer();
    let inner = (look.width * 4 / 5).clamp(8, WIDEST + 4).min(look.width.saturating_sub(2)).saturating_sub(4).max(4);
    let colour = match &message.author {
        _ if matches!(message.delivery, Some(Delivery::NeedsAttention { .. })) => theme::bad(),
        Author::Customer => theme::own(),
        Author::Bot { .. } => theme::bot(),
        _ => theme::agent(),
    };
    let edge = if look.selected { colour.add_modifier(Modifier::BOLD | Modifier::REVERSED) } else { colour };
    let body = body(message, inner);
    let title = if own || look.continued { String::new() } else { cut(&name(&message.author), inner) };
    let foot = foot(message, look);
    let widest = body.iter().map(Line::width).max().unwrap_or(0);
    let foot_width: usize = foot.iter().map(Span::width).sum();
    let width = widest.max(title.width() + 2).max(foot_width + 2).min(inner + 2);
    let indent = if own { " ".repeat(look.width.saturating_sub(width + 5)) } else { " ".to_owned() };

    let mut lines = Vec::with_capacity(body.len() + 3);
    let mut top = vec![Span::raw(indent.clone()), Span::styled("╭─", edge)];
    if !title.is_empty() {
        top.push(Span::styled(format!(" {title} "), colour.add_modifier(Modifier::BOLD)));
    }
    let titled = if title.is_empty() { 0 } else { title.width() + 2 };
    top.push(Span::styled(format!("{}╮", "─".repeat((width + 1).saturating_sub(titled))), edge));
    lines.push(Line::from(top));
    for line in body {
        let fill = " ".repeat(width.saturating_sub(line.width()));
        let mut spans = vec![Span::raw(indent.clone()), Span::styled("│ ", edge)];
        spans.extend(line.spans);
        spans.extend([Span::raw(fill), Span::styled(" │", edge)]);
        lines.push(Line::from(spans));
    }
    let mut bottom = vec![
        Span::raw(indent.clone()),
        Span::styled(format!("╰{} ", "─".repeat((width + 1).saturating_sub(foot_width).max(1))), edge),
    ];
    bottom.extend(foot);
    bottom.push(Span::styled("╯", edge));
    lines.push(Line::from(bottom));
    lines.extend(trouble(message, look.width));
    lines
}

fn name(author: &Author) -> String {
    match author {
        Author::Customer => String::new(),
        Author::Agent { agent: Some(agent) } => agent.name.clone(),
        Author::Bot { name } => format!("{} (bot)", name.as_deref().unwrap_or("Helper")),
        _ => crate::shop::NAME.to_owned(),
    }
}

/// The time and how far the message has come.
fn foot(message: &Message, look: Look<'_>) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    if message.edited && !message.deleted {
        spans.push(Span::styled("edited ", theme::quiet().add_modifier(Modifier::ITALIC)));
    }
    spans.push(Span::styled(format!("{} ", look.local.clock(message.created_at)), theme::quiet()));
    if let Some(delivery) = &message.delivery {
        let (mark, word, style) = mark(delivery);
        let unsettled = matches!(delivery, Delivery::Queued | Delivery::NeedsAttention { .. });
        let text = if look.newest_own || unsettled { format!("{mark} {word} ") } else { format!("{mark} ") };
        spans.push(Span::styled(text, style));
    }
    spans
}

/// A delivery state as a sign, a word and a colour.
pub(crate) fn mark(delivery: &Delivery) -> (&'static str, &'static str, Style) {
    match delivery {
        Delivery::Queued => ("◷", "queued", theme::quiet()),
        Delivery::Sending => ("…", "sending", theme::quiet()),
        Delivery::Sent => ("✓", "sent", theme::quiet()),
        Delivery::Delivered => ("✓✓", "delivered", theme::quiet()),
        Delivery::Read => ("✓✓", "read", theme::read()),
        Delivery::NeedsAttention { .. } => ("!", "not sent", theme::bad()),
    }
}

/// Why it was not sent, and what to do about it.
fn trouble(message: &Message, width: usize) -> Vec<Line<'static>> {
    let Some(Delivery::NeedsAttention { reason }) = &message.delivery else { return Vec::new() };
    let text = format!("! {}", why(reason));
    let lines = wrap_text(&text, theme::bad(), (width * 4 / 5).max(10));
    let widest = lines.iter().map(Line::width).max().unwrap_or(0);
    let indent = " ".repeat(width.saturating_sub(widest + 1));
    let indented = lines.into_iter().map(|mut line| {
        line.spans.insert(0, Span::raw(indent.clone()));
        line
    });
    indented.collect()
}

/// A reason in words, with its remedy.
pub(crate) fn why(reason: &AttentionReason) -> String {
    match reason {
        AttentionReason::Refused { detail } if detail.is_empty() => "The desk refused it: edit it".to_owned(),
        AttentionReason::Refused { detail } => format!("The desk refused it: {detail}. Edit it"),
        AttentionReason::DeskFailing => "The desk has trouble: retry later".to_owned(),
        AttentionReason::Unconfirmed => "Nobody knows whether it arrived: retry looks first, then sends".to_owned(),
        AttentionReason::IdentityRejected => {
            "The desk doubts who you are: log in again (Ctrl+L), and it goes out by itself".to_owned()
        }
        AttentionReason::FileLost => "A file of it is not here any more: discard it and attach it again".to_owned(),
        AttentionReason::Gone => "The conversation is gone at the desk: copy your words into a new one".to_owned(),
        _ => "It was not sent: retry".to_owned(),
    }
}

fn body(message: &Message, width: usize) -> Vec<Line<'static>> {
    if message.deleted {
        let text = message.content.as_text();
        let text = if text.is_empty() { "This message was deleted" } else { text };
        return wrap_text(text, theme::quiet().add_modifier(Modifier::ITALIC), width);
    }
    let mut lines = blocks::lines(&message.blocks, width);
    lines.extend(rich(message, width));
    for file in &message.attachments {
        lines.extend(attachment(file, width));
    }
    if lines.is_empty() {
        lines.push(Line::styled("(no words)", theme::quiet()));
    }
    lines
}

/// What a message asks or offers beyond its words.
fn rich(message: &Message, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut add = |sign: (String, Style), runs: &[(String, Style)]| lines.extend(hang(sign, runs, width));
    let none = || (String::new(), Style::new());
    let answered = message.content.answer();
    match &message.content {
        Content::Select { choices, .. } => {
            for (number, choice) in (1..).zip(choices) {
                let picked = answered.is_some_and(|answer| answer.values.iter().any(|v| v.value == choice.value));
                let sign = if picked { "✓ ".to_owned() } else { format!("{number} ") };
                let style = match (picked, answered.is_some()) {
                    (true, _) => theme::good().add_modifier(Modifier::BOLD),
                    (false, true) => theme::quiet(),
                    _ => Style::new(),
                };
                add((sign, theme::brand()), &[(choice.title.clone(), style)]);
            }
        }
        Content::Form { fields, .. } => {
            for field in fields {
                let value = answered.and_then(|answer| answer.values.iter().find(|v| v.name == field.name));
                let star = if field.required && answered.is_none() { "*" } else { "" };
                let title =
                    |value: &str| field.choices.iter().find(|choice| choice.value == value).map(|c| c.title.clone());
                let shown = value.map(|value| title(&value.value).unwrap_or_else(|| value.value.clone()));
                let shown = (shown.unwrap_or_else(|| "…".to_owned()), Style::new());
                let label = (format!("{}{star}: ", field.label), theme::quiet());
                add(("▫ ".to_owned(), theme::quiet()), &[label, shown]);
            }
        }
        Content::Cards { cards, .. } => {
            let mut number = 0;
            for card in cards {
                card_lines(card, &mut number, &mut add);
            }
        }
        Content::Articles { articles, .. } => {
            for article in articles {
                add(("▪ ".to_owned(), theme::brand()), &[(article.title.clone(), theme::strong())]);
                if !article.description.is_empty() {
                    add(indent(), &[(article.description.clone(), Style::new())]);
                }
                add(indent(), &[(article.url.clone(), theme::link())]);
            }
        }
        Content::Survey { scale, .. } => {
            let score = answered.and_then(|answer| answer.rating.as_ref());
            add(none(), &[(scale_line(*scale, score.map(|rating| rating.score)), Style::new())]);
            if let Some(rating) = score.filter(|rating| !rating.feedback.is_empty()) {
                add(none(), &[(format!("“{}”", rating.feedback), Style::new().add_modifier(Modifier::ITALIC))]);
            }
        }
        _ => {}
    }
    match answered.map(|answer| &answer.state) {
        Some(AnswerState::Queued) => {
            add(("◷ ".to_owned(), theme::quiet()), &[("your answer is on its way".to_owned(), theme::quiet())]);
        }
        Some(AnswerState::Sent) => add(("✓ ".to_owned(), theme::good()), &[("answered".to_owned(), theme::good())]),
        Some(AnswerState::NeedsAttention { reason }) => {
            add(("! ".to_owned(), theme::bad()), &[(format!("{}. Answer again with Tab", why(reason)), theme::bad())]);
        }
        None => {}
    }
    lines
}

fn indent() -> (String, Style) {
    ("  ".to_owned(), Style::new())
}

fn card_lines(card: &Card, number: &mut usize, add: &mut impl FnMut((String, Style), &[(String, Style)])) {
    add(("▪ ".to_owned(), theme::brand()), &[(card.title.clone(), theme::strong())]);
    if !card.description.is_empty() {
        add(indent(), &[(card.description.clone(), Style::new())]);
    }
    for label in card.actions.iter().filter_map(label) {
        *number += 1;
        add((format!("  {number} "), theme::brand()), &[(label, theme::link())]);
    }
}

/// `1 😞  2 🙁  [3 😐]  4 🙂  5 😀`, with the given one in brackets.
pub(crate) fn scale_line(scale: SurveyScale, score: Option<u8>) -> String {
    match scale {
        SurveyScale::Stars => {
            let given = usize::from(score.unwrap_or(0)).min(5);
            format!("{}{}", "★".repeat(given), "☆".repeat(5 - given))
        }
        SurveyScale::Emoji => {
            let faces = (1_u8..).zip(["😞", "🙁", "😐", "🙂", "😀"]);
            let faces = faces.map(|(number, face)| match score {
                Some(score) if score == number => format!("[{number} {face}]"),
                _ => format!(" {number} {face} "),
            });
            faces.collect()
        }
    }
}

/// A file by its name: how to have it stands in the footer. Of what can't be saved the address is all there is.
fn attachment(file: &Attachment, width: usize) -> Vec<Line<'static>> {
    let (sign, saved) = match file.kind {
        AttachmentKind::Image => ("▣", true),
        AttachmentKind::Audio => ("♪", true),
        AttachmentKind::Video => ("▶", true),
        AttachmentKind::File => ("▤", true),
        AttachmentKind::Location => ("⌖", false),
        _ => ("↗", false),
    };
    let size = file.size.map_or(String::new(), |size| format!(" ({})", amount(size)));
    let name = if file.name.is_empty() { "file" } else { &file.name };
    let mut runs = vec![(format!("{name}{size}"), theme::quiet())];
    match transfer(file.transfer) {
        Some(going) => runs.push((format!(" {going}"), theme::brand())),
        None if saved => runs.push((" · ^F saves it".to_owned(), theme::brand())),
        None => {
            let known = file.phone.iter().chain(&file.url).filter(|text| **text != file.name);
            runs.extend(known.flat_map(|text| [(" ".to_owned(), Style::new()), (text.clone(), theme::link())]));
        }
    }
    hang((format!("{sign} "), theme::quiet()), &runs, width)
}

/// How far a file is on its way; nothing where it has arrived.
fn transfer(transfer: Transfer) -> Option<String> {
    const CELLS: u8 = 10;
    Some(match transfer {
        Transfer::Queued => "◷ waits".to_owned(),
        Transfer::Preparing => "… is made ready".to_owned(),
        Transfer::Uploading { .. } => {
            let done = transfer.fraction().unwrap_or(0.0);
            let cell = |cell: u8| if f64::from(cell) < done * f64::from(CELLS) { '▰' } else { '▱' };
            format!("{} {:.0} %", (0..CELLS).map(cell).collect::<String>(), done * 100.0)
        }
        Transfer::Processing => "… is taken in".to_owned(),
        Transfer::NeedsAttention => "! stays here".to_owned(),
        _ => return None,
    })
}

/// `812 kB`, `3.4 MB`.
pub(crate) fn amount(bytes: u64) -> String {
    let kilobytes = bytes.div_ceil(1_000);
    if kilobytes < 1_000 {
        format!("{kilobytes} kB")
    } else {
        format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
    }
}
