//! The help centre: what is typed, what is found, and an article.

use ratatui::{
    Frame,
    layout::{Position, Rect},
    style::{Modifier, Style},
    text::{Line, Span},
    widgets::{Block, BorderType, Paragraph},
};
use shopbell::{ArticleHit, MatchRange};

use super::{
    blocks, padded, scrolled, theme,
    wrap::{cut, wrap},
};
use crate::app::{
    App,
    help::{Help, Page},
};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App) {
    match &app.help.page {
        Some(page) => article(frame, padded(area), page),
        None => search(frame, area, app),
    }
}

fn search(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let help = &app.help;
    let within = help.category.checked_sub(1).and_then(|at| help.categories.get(at));
    let title = match within {
        Some(category) => format!(" Search in {} ", category.name),
        None => " How can we help? ".to_owned(),
    };
    let box_area = Rect { height: 3.min(area.height), ..area };
    let block = Block::bordered().border_type(BorderType::Rounded).border_style(theme::own()).title(title);
    let inner = block.inner(box_area);
    let width = usize::from(inner.width);
    let typed = help.editor.rows(width.saturating_sub(1));
    let row = typed.rows.get(typed.cursor_row).map_or("", String::as_str);
    let line = if help.editor.text().is_empty() {
        Line::styled("Type a question; tones and typos do not matter", theme::quiet())
    } else {
        Line::raw(row)
    };
    frame.render_widget(Paragraph::new(line).block(block), box_area);
    if app.overlay.is_none() {
        let x = inner.x.saturating_add(u16::try_from(typed.cursor_column).unwrap_or(u16::MAX));
        frame.set_cursor_position(Position { x: x.min(inner.right()), y: inner.y });
    }
    let below = padded(Rect { y: area.y + box_area.height, height: area.height - box_area.height, ..area });
    let (lines, cursor) = found(help, usize::from(below.width));
    frame.render_widget(scrolled(lines, below, cursor), below);
}

fn found(help: &Help, width: usize) -> (Vec<Line<'static>>, std::ops::Range<usize>) {
    let mut lines = Vec::new();
    if let Some(problem) = &help.missing {
        lines.extend(wrap(&[(problem.clone(), theme::bad())], width));
        lines.push(Line::styled("^N asks a person", theme::quiet()));
        return (lines, 0..1);
    }
    if help.editor.text().trim().is_empty() {
        let recent = help.results.recent.join(" · ");
        if !recent.is_empty() {
            lines.push(Line::styled(cut(&format!("Lately: {recent}"), width), theme::quiet()));
        }
        lines.push(Line::styled("Often read", theme::brand()));
    } else if help.nothing_found() {
        lines.push(Line::styled("Nothing found. Press Enter to ask a person in these words", theme::quiet()));
    }
    let mut cursor = 0..1;
    for (number, hit) in help.results.hits.iter().enumerate() {
        let start = lines.len();
        lines.extend(two_lines(hit, number == help.at, width));
        if number == help.at {
            cursor = start..lines.len();
        }
    }
    (lines, cursor)
}

fn two_lines(hit: &ArticleHit, at: bool, width: usize) -> [Line<'static>; 2] {
    let style = if at { theme::cursor() } else { theme::strong() };
    let sign = Span::styled(if at { "▸ " } else { "  " }, theme::brand());
    let mut title = vec![sign];
    title.extend(marked(&hit.article.title, &hit.title_matches, style, width.saturating_sub(2)));
    let mut snippet = vec![Span::raw("  ")];
    snippet.extend(marked(&hit.snippet, &hit.snippet_matches, theme::quiet(), width.saturating_sub(2)));
    [Line::from(title), Line::from(snippet)]
}

/// A text cut to `width`, with what matches underlined.
fn marked(text: &str, matches: &[MatchRange], style: Style, width: usize) -> Vec<Span<'static>> {
    let mut spans: Vec<Span<'static>> = Vec::new();
    for (at, letter) in cut(text, width).chars().enumerate() {
        let hit = matches.iter().any(|range| (range.start..range.end).contains(&at));
        let style = if hit { style.add_modifier(Modifier::UNDERLINED).patch(theme::good()) } else { style };
        match spans.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push(letter),
            _ => spans.push(Span::styled(letter.to_string(), style)),
        }
    }
    spans
}

fn article(frame: &mut Frame<'_>, area: Rect, page: &Page) {
    let width = usize::from(area.width);
    let article = &page.article;
    let mut lines = wrap(&[(article.summary.title.clone(), theme::brand())], width);
    lines.push(Line::default());
    lines.extend(blocks::lines(&article.blocks, width));
    lines.push(Line::default());
    lines.push(match article.vote {
        Some(true) => Line::styled("✓ You said that this helped.", theme::good()),
        Some(false) => Line::styled("You said that this did not help. s asks a person.", theme::quiet()),
        None => Line::styled("Did this help?  y yes   n no   s I still need help", theme::strong()),
    });
    if !article.related.is_empty() {
        lines.push(Line::default());
        lines.push(Line::styled("See also", theme::brand()));
        for (number, other) in (1..).zip(&article.related) {
            lines.push(Line::raw(cut(&format!("{number}  {}", other.title), width)));
        }
    }
    let height = usize::from(area.height);
    let from = page.scroll.min(lines.len().saturating_sub(height));
    let shown: Vec<Line<'static>> = lines.into_iter().skip(from).take(height).collect();
    frame.render_widget(Paragraph::new(shown), area);
}

#[cfg(test)]
mod tests {
    use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    use shopbell::{Article, ArticleId, ArticleSummary, SearchResults, markdown};

    use super::*;
    use crate::{
        app::{Event, help::News, update},
        view::testing::{app, conversation, screen},
    };

    fn summary(id: &str, title: &str) -> ArticleSummary {
        ArticleSummary {
            id: ArticleId::new(id),
            title: title.to_owned(),
            description: String::new(),
            category: Some("returns".to_owned()),
            locale: "vi".to_owned(),
        }
    }

    fn hit(id: &str, title: &str, snippet: &str) -> ArticleHit {
        ArticleHit {
            article: summary(id, title),
            title_matches: vec![MatchRange { start: 0, end: 3 }],
            snippet: snippet.to_owned(),
            snippet_matches: Vec::new(),
            confidence: 0.9,
        }
    }

    fn press(app: &mut App, code: KeyCode) {
        update(app, Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }

    #[test]
    fn search_and_article_fit_eighty_columns() {
        let mut app = app(80, 24);
        press(&mut app, KeyCode::Char('5'));
        "doi tra".chars().for_each(|letter| press(&mut app, KeyCode::Char(letter)));
        let hits = vec![
            hit("1", "Đổi trả hàng trong 30 ngày", "Mở đơn hàng và chạm Trả hàng."),
            hit("2", "Đổi cỡ khác", "Chạm Đổi trên đơn hàng và chọn cỡ mới."),
        ];
        let results = SearchResults { query: "doi tra".to_owned(), hits, ..SearchResults::default() };
        update(&mut app, Event::Help(News::Results(results)));
        insta::assert_snapshot!("help_search", screen(&app));
        let text = "Trong **30 ngày**:\n\n1. Mở đơn\n2. Chạm *Trả hàng*\n\n> [!TIP]\n> Giữ biên nhận.";
        let article = Article {
            summary: summary("1", "Đổi trả hàng trong 30 ngày"),
            blocks: markdown::parse_article(text, None),
            links: Vec::new(),
            related: vec![summary("2", "Đổi cỡ khác")],
            updated_at: None,
            url: None,
            reading_position: None,
            vote: None,
        };
        update(&mut app, Event::Help(News::Opened(Box::new(article))));
        insta::assert_snapshot!("help_article", screen(&app));
    }

    #[test]
    fn suggestion_stands_above_the_words_that_it_may_answer() {
        let mut app = app(80, 24);
        update(&mut app, Event::ChatOpened { conversation: conversation(), draft: String::new(), begun: true });
        update(&mut app, Event::Help(News::Suggested(conversation(), vec![hit("1", "Đổi trả hàng", "")])));
        assert!(screen(&app).contains("Does this help? Đổi trả hàng (F3)"));
        press(&mut app, KeyCode::F(3));
        assert!(app.chat.is_none() && app.help.asking == Some(conversation()));
    }
}
