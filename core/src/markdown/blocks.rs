//! From the parser's events to blocks.
//!
//! The parser says where things open and close. [`Builder`] keeps what is open on a stack of its own, so that nesting
//! costs heap, never stack, and never more than [`MAX_DEPTH`] of it.

use std::{borrow::Cow, ops::Range};

use pulldown_cmark::{BlockQuoteKind, CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};
use url::Url;

use super::{
    MAX_DEPTH, chat, html,
    inline::{self, Inline},
    link::{loose_link, relative_link},
    safe_link,
};
use crate::model::{Block, CalloutKind, ListItem, Span, TableCell};

/// What the source is.
#[derive(Clone, Copy, Default)]
pub(super) enum Reading<'a> {
    /// An agent's words, [shielded](chat::shield). What would be drawn as nothing is kept as it was typed.
    #[default]
    Chat,
    /// An article, with the address that its relative links lead on from.
    Document(Option<&'a Url>),
}

/// Blocks of a source that has been prepared.
pub(super) fn build(source: &str, reading: Reading<'_>) -> Vec<Block> {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_GFM;
    let mut builder = Builder { source, reading, ..Builder::default() };
    for (event, range) in Parser::new_ext(source, options).into_offset_iter() {
        builder.event(event, range);
    }
    builder.end_paragraph();
    builder.blocks
}

/// A quote or list whose end has not come, with the blocks that stand before it and where it begins in the source.
enum Open {
    Quote { before: Vec<Block>, kind: Option<CalloutKind>, at: usize },
    List { before: Vec<Block>, start: Option<u64>, items: Vec<ListItem>, at: usize },
}

/// Where text goes.
#[derive(Default)]
enum Leaf {
    /// Into a paragraph, whether the parser has said that one starts or not (it does not in tight lists).
    #[default]
    Paragraph,
    Heading,
    Cell,
    Code {
        language: Option<String>,
        text: String,
    },
    Html(String),
    /// Words of a chat that stand far to the right, which is code in a document.
    Indented(String),
}

#[derive(Default)]
struct Table {
    header: Vec<TableCell>,
    rows: Vec<Vec<TableCell>>,
    row: Vec<TableCell>,
    /// Where the last cell ended in the source.
    cell_end: usize,
}

/// A picture whose alternative text is being read.
#[derive(Default)]
struct Picture {
    url: Option<String>,
    /// The address as it was written, where it was refused.
    refused: String,
    title: String,
    alt: String,
    /// Pictures within its text, which only add to the text.
    inner: usize,
}

#[derive(Default)]
struct Builder<'a> {
    source: &'a str,
    reading: Reading<'a>,
    /// Of the innermost quote or item that is open.
    blocks: Vec<Block>,
    open: Vec<Open>,
    /// Quotes, lists and items that were opened beyond [`MAX_DEPTH`]. They are always the innermost, so a count will do.
    flattened: usize,
    leaf: Leaf,
    inline: Inline,
    picture: Option<Picture>,
    /// The address of the link that is open, as it was written, where it was refused.
    refused: Option<String>,
    /// What is shown behind the link that is open.
    title: String,
    table: Option<Table>,
    /// Where the last piece of text ended in `source`.
    text_end: usize,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, &range),
            Event::End(tag) => self.end(tag, range),
            Event::Text(text) => self.text(&text, range),
            Event::Code(text) => self.code(&text),
            Event::SoftBreak | Event::HardBreak => self.line_break(),
            Event::Html(text) => self.text(&text, range),
            Event::InlineHtml(tag) => match html::tag(&tag) {
                html::Tag::Break => self.line_break(),
                html::Tag::Dropped if !self.is_chat() => {}
                _ => self.text(&tag, range),
            },
            Event::Rule => {
                self.end_paragraph();
                // In a chat, one within a quote or a list may be all that it holds.
                let block = if self.open.is_empty() { None } else { self.as_typed(range) };
                self.blocks.push(block.unwrap_or(Block::Rule));
            }
            Event::TaskListMarker(done) => self.text(if done { "\u{2611} " } else { "\u{2610} " }, range),
            // Extensions that are not switched on; their text is text.
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.text(&text, range);
            }
        }
    }

    fn is_chat(&self) -> bool {
        matches!(self.reading, Reading::Chat)
    }

    /// A chat's words where the parser has read no content; `None` in documents.
    fn as_typed(&self, range: Range<usize>) -> Option<Block> {
        if !self.is_chat() {
            return None;
        }
        super::paragraph(&chat::restore(self.source.get(range)?, true))
    }

    fn start(&mut self, tag: Tag<'_>, range: &Range<usize>) {
        match tag {
            Tag::Emphasis => self.inline.emphasis += 1,
            Tag::Strong => self.inline.strong += 1,
            Tag::Strikethrough => self.inline.strikethrough += 1,
            Tag::Link { link_type, dest_url, title, .. } => {
                // `<a@b.c>` is said without its scheme.
                let url =
                    if link_type == LinkType::Email { format!("mailto:{dest_url}") } else { dest_url.to_string() };
                let url = self.typed(&url);
                let link = self.link(&url);
                // Between angle brackets, the address is the text.
                if link.is_none() && !matches!(link_type, LinkType::Email | LinkType::Autolink) {
                    self.refused = Some(url.into_owned());
                }
                self.inline.open_link(link);
                self.title = self.shown_title(&title);
            }
            Tag::Image { dest_url, title, .. } => match &mut self.picture {
                Some(picture) => picture.inner += 1,
                None => {
                    let written = self.typed(&dest_url);
                    // Pictures are fetched, not tapped: `mailto:` makes none.
                    let url = self.link(&written).filter(|url| url.starts_with("http"));
                    let refused = if url.is_none() { written.into_owned() } else { String::new() };
                    let title = self.shown_title(&title);
                    self.picture = Some(Picture { url, refused, title, ..Picture::default() });
                }
            },
            Tag::Superscript | Tag::Subscript => {}
            Tag::TableHead | Tag::TableRow => {}
            Tag::TableCell => self.leaf = Leaf::Cell,
            block => {
                self.end_paragraph();
                self.start_block(block, range.start);
            }
        }
    }

    fn start_block(&mut self, tag: Tag<'_>, at: usize) {
        match tag {
            Tag::Heading { .. } => self.leaf = Leaf::Heading,
            Tag::CodeBlock(CodeBlockKind::Indented) if self.is_chat() => self.leaf = Leaf::Indented(String::new()),
            Tag::CodeBlock(kind) => {
                let info = match &kind {
                    CodeBlockKind::Fenced(info) => self.typed(info),
                    CodeBlockKind::Indented => "".into(),
                };
                let mut words = info.split_whitespace().map(str::to_owned);
                let (first, more) = (words.next(), words.next().is_some());
                // What follows the first word is for tools, such as line numbers. In a chat it is the first line of
                // what is quoted.
                self.leaf = if more && self.is_chat() {
                    Leaf::Code { language: None, text: format!("{info}\n") }
                } else {
                    Leaf::Code { language: first, text: String::new() }
                };
            }
            Tag::HtmlBlock => self.leaf = Leaf::Html(String::new()),
            Tag::Table(_) => self.table = Some(Table::default()),
            Tag::BlockQuote(_) | Tag::List(_) if self.flattened > 0 || self.open.len() >= MAX_DEPTH => {
                self.flattened += 1;
            }
            Tag::BlockQuote(kind) => {
                let before = std::mem::take(&mut self.blocks);
                self.open.push(Open::Quote { before, kind: kind.map(callout), at });
            }
            Tag::List(start) => {
                let before = std::mem::take(&mut self.blocks);
                self.open.push(Open::List { before, start, items: Vec::new(), at });
            }
            Tag::Item if self.flattened > 0 => self.flattened += 1,
            Tag::Item if self.is_chat() => self.start_item(at),
            _ => {}
        }
    }

    /// A list numbers its items in turn. In a chat, an item with another number begins a list of its own: it is a size,
    /// a date, or the customer's question that it answers.
    fn start_item(&mut self, at: usize) {
        let source = self.source.get(at..).unwrap_or_default();
        let digits = source.find(|c: char| !c.is_ascii_digit()).and_then(|end| source.get(..end));
        let Some(number) = digits.and_then(|digits| digits.parse::<u64>().ok()) else { return };
        let Some(Open::List { start: Some(start), items, .. }) = self.open.last() else { return };
        if items.is_empty() || number == start.saturating_add(u64::try_from(items.len()).unwrap_or(u64::MAX)) {
            return;
        }
        self.end_container(false, at);
        let before = std::mem::take(&mut self.blocks);
        self.open.push(Open::List { before, start: Some(number), items: Vec::new(), at });
    }

    fn end(&mut self, tag: TagEnd, range: Range<usize>) {
        match tag {
            TagEnd::Emphasis => self.inline.emphasis = self.inline.emphasis.saturating_sub(1),
            TagEnd::Strong => self.inline.strong = self.inline.strong.saturating_sub(1),
            TagEnd::Strikethrough => self.inline.strikethrough = self.inline.strikethrough.saturating_sub(1),
            TagEnd::Link => {
                if let Some(address) = self.refused.take() {
                    self.push_refused(self.inline.is_link_shown(), &address, range);
                }
                self.inline.close_link();
                self.inline.push_words(&std::mem::take(&mut self.title));
            }
            TagEnd::Image => self.end_picture(range),
            TagEnd::Superscript | TagEnd::Subscript => {}
            TagEnd::Heading(level) => {
                let spans = self.inline.finish();
                if spans.is_empty() {
                    self.blocks.extend(self.as_typed(range));
                } else {
                    self.blocks.push(Block::Heading { level: level as u8, spans });
                }
                self.leaf = Leaf::Paragraph;
            }
            TagEnd::CodeBlock | TagEnd::HtmlBlock => self.end_raw(range),
            TagEnd::TableCell => {
                let cell = TableCell { spans: self.inline.finish() };
                if let Some(table) = &mut self.table {
                    table.row.push(cell);
                    table.cell_end = range.end;
                }
                self.leaf = Leaf::Paragraph;
            }
            TagEnd::TableHead => {
                if let Some(table) = &mut self.table {
                    table.header = std::mem::take(&mut table.row);
                }
            }
            TagEnd::TableRow => self.end_row(range),
            TagEnd::Table => {
                if let Some(Table { header, rows, .. }) = self.table.take() {
                    let is_empty = header.iter().chain(rows.iter().flatten()).all(|cell| cell.spans.is_empty());
                    let block = if is_empty { self.as_typed(range) } else { None };
                    self.blocks.push(block.unwrap_or(Block::Table { header, rows }));
                }
            }
            TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::Item => {
                self.end_paragraph();
                self.end_container(matches!(tag, TagEnd::Item), range.end);
            }
            _ => self.end_paragraph(),
        }
    }

    /// Takes the row. Cells beyond those of the heading are none to the parser: their text goes to the last one.
    fn end_row(&mut self, range: Range<usize>) {
        let Some(mut table) = self.table.take() else { return };
        let mut row = std::mem::take(&mut table.row);
        let more = self.source.get(table.cell_end..range.end).unwrap_or_default();
        let more = self.typed(more.trim_matches(|c: char| c == '|' || c.is_whitespace()));
        if let Some(last) = row.last_mut().filter(|_| !more.is_empty()) {
            let spans = std::mem::take(&mut last.spans);
            let gap = if spans.is_empty() { "" } else { " " };
            let gap = Span { text: gap.to_owned(), ..Span::default() };
            last.spans = inline::joined([spans, vec![gap], super::linked(&more)].concat());
        }
        table.rows.push(row);
        self.table = Some(table);
    }

    fn end_container(&mut self, item: bool, end: usize) {
        if self.flattened > 0 {
            self.flattened -= 1;
        } else if item {
            if let Some(Open::List { items, .. }) = self.open.last_mut() {
                items.push(ListItem { blocks: std::mem::take(&mut self.blocks) });
            }
        } else if let Some(open) = self.open.pop() {
            let (before, block) = match open {
                Open::Quote { before, kind, at } => {
                    let blocks = std::mem::take(&mut self.blocks);
                    let block = match kind {
                        // It would be drawn as a bar beside nothing.
                        _ if blocks.is_empty() => self.as_typed(at..end),
                        Some(kind) => Some(Block::Callout { kind, blocks }),
                        None => Some(Block::Quote { blocks }),
                    };
                    (before, block)
                }
                Open::List { before, start, items, at } => {
                    // `5.` is a number. An empty item beside others is a bullet that somebody typed.
                    let is_empty = items.iter().all(|item| item.blocks.is_empty());
                    let typed = if is_empty { self.as_typed(at..end) } else { None };
                    (before, typed.or(Some(Block::List { start, items })))
                }
            };
            self.blocks = before;
            self.blocks.extend(block);
        }
    }

    /// Ends a block whose text was gathered as it stands.
    fn end_raw(&mut self, range: Range<usize>) {
        match std::mem::take(&mut self.leaf) {
            Leaf::Code { language, mut text } => {
                // The last line's end belongs to the fence, not to the code.
                if text.ends_with('\n') {
                    text.pop();
                }
                let block = if text.trim().is_empty() { self.as_typed(range) } else { None };
                self.blocks.push(block.unwrap_or(Block::Code { language, text }));
            }
            Leaf::Html(source) if !self.is_chat() => self.blocks.extend(super::paragraph(&html::text(&source))),
            Leaf::Html(text) | Leaf::Indented(text) => self.blocks.extend(super::paragraph(&text)),
            Leaf::Paragraph | Leaf::Heading | Leaf::Cell => {}
        }
    }

    /// Where an address leads, if it may be followed.
    fn link(&self, url: &str) -> Option<String> {
        match self.reading {
            Reading::Chat => loose_link(url),
            Reading::Document(base) => safe_link(url).or_else(|| relative_link(url, base?)),
        }
    }

    /// The parser's text as it was typed.
    fn typed<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.is_chat() { chat::restore(text, true) } else { text.into() }
    }

    /// The title of a link or a picture, which a document shows under a pointer; in a chat, it stands behind.
    fn shown_title(&self, title: &str) -> String {
        if self.is_chat() && !title.is_empty() { format!(" ({})", self.typed(title)) } else { String::new() }
    }

    /// In a chat, an address that can't be opened is shown as words behind its text, if that is shown.
    fn push_refused(&mut self, shown: bool, address: &str, range: Range<usize>) {
        if !self.is_chat() {
            return;
        }
        match (shown, address) {
            (true, "") => {}
            (true, address) => self.inline.push_words(&format!(" ({address})")),
            (false, "") => {
                let typed = chat::restore(self.source.get(range).unwrap_or_default(), true);
                self.inline.push_text(&typed, None);
            }
            (false, address) => self.inline.push_words(address),
        }
    }

    fn end_paragraph(&mut self) {
        let spans = self.inline.finish();
        if !spans.is_empty() {
            self.blocks.push(Block::Paragraph { spans });
        }
    }

    /// The picture stands as a block of its own in a paragraph; elsewhere, and where its address is refused, its
    /// alternative text stands for it.
    fn end_picture(&mut self, range: Range<usize>) {
        match &mut self.picture {
            Some(picture) if picture.inner > 0 => {
                picture.inner -= 1;
                return;
            }
            _ => {}
        }
        let Some(Picture { url, refused, alt, title, .. }) = self.picture.take() else { return };
        let alt = alt + &title;
        let alt = alt.split_whitespace().collect::<Vec<_>>().join(" ");
        match url {
            Some(url) if matches!(self.leaf, Leaf::Paragraph) => {
                self.end_paragraph();
                // A picture block can't be tapped: a link around it goes on as text below it.
                if let Some(link) = self.inline.link().map(str::to_owned) {
                    self.blocks.push(Block::Image { url, alt: alt.clone() });
                    self.inline.push_text(if alt.is_empty() { &link } else { &alt }, None);
                } else {
                    self.blocks.push(Block::Image { url, alt });
                }
            }
            Some(url) if self.inline.link().is_none() => {
                self.inline.open_link(Some(url));
                self.inline.push_text(&alt, None);
                self.inline.close_link();
            }
            Some(_) => self.inline.push_text(&alt, None),
            None => {
                self.inline.push_text(&alt, None);
                self.push_refused(!alt.is_empty(), &refused, range);
            }
        }
    }

    fn text(&mut self, text: &str, range: Range<usize>) {
        let is_code = matches!(self.leaf, Leaf::Code { .. });
        let text = if self.is_chat() { chat::restore(text, is_code) } else { text.into() };
        match &mut self.leaf {
            Leaf::Code { text: code, .. } => code.push_str(&text),
            Leaf::Html(words) | Leaf::Indented(words) => words.push_str(&text),
            Leaf::Paragraph | Leaf::Heading | Leaf::Cell => match &mut self.picture {
                Some(picture) => picture.alt.push_str(&text),
                None => {
                    let gap = self.source.get(self.text_end..range.start).and_then(marks_between);
                    self.inline.push_text(&text, gap);
                    self.text_end = range.end;
                }
            },
        }
    }

    fn code(&mut self, text: &str) {
        let text = self.typed(text);
        match &mut self.picture {
            Some(picture) => picture.alt.push_str(&text),
            None => self.inline.push_code(&text),
        }
    }

    fn line_break(&mut self) {
        match &mut self.picture {
            Some(picture) => picture.alt.push(' '),
            None => self.inline.push_text("\n", None),
        }
    }
}

fn callout(kind: BlockQuoteKind) -> CalloutKind {
    match kind {
        BlockQuoteKind::Note => CalloutKind::Note,
        BlockQuoteKind::Tip => CalloutKind::Tip,
        BlockQuoteKind::Important => CalloutKind::Important,
        BlockQuoteKind::Warning => CalloutKind::Warning,
        BlockQuoteKind::Caution => CalloutKind::Caution,
    }
}

/// What the author typed between two pieces of text, if it is nothing but marks of emphasis, or a backslash before
/// an escaped character. A bare URL goes on across it: in `https://a.b/__init__.py` the marks are part of the URL.
fn marks_between(gap: &str) -> Option<&str> {
    match gap {
        "\\" => Some(""),
        _ if gap.bytes().all(|b| matches!(b, b'*' | b'_' | b'~')) => Some(gap),
        _ => None,
    }
}
