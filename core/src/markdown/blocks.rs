//! From the parser's events to blocks.
//!
//! The parser says where things open and close. [`Builder`] keeps what is open on a stack of its own, so that nesting
//! costs heap, never stack, and never more than [`MAX_DEPTH`] of it.

use std::ops::Range;

use pulldown_cmark::{BlockQuoteKind, CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};
use url::Url;

use super::{MAX_DEPTH, html, inline::Inline, link::relative_link, safe_link};
use crate::model::{Block, CalloutKind, ListItem, TableCell};

/// Blocks of a source that has been prepared, with its relative links taken as relative to `base`.
pub(super) fn build(source: &str, base: Option<&Url>) -> Vec<Block> {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_GFM;
    let mut builder = Builder { source, base, ..Builder::default() };
    for (event, range) in Parser::new_ext(source, options).into_offset_iter() {
        builder.event(event, range);
    }
    builder.end_paragraph();
    builder.blocks
}

/// A quote or list whose end has not come, with the blocks that stand before it.
enum Open {
    Quote { before: Vec<Block>, kind: Option<CalloutKind> },
    List { before: Vec<Block>, start: Option<u64>, items: Vec<ListItem> },
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
}

#[derive(Default)]
struct Table {
    header: Vec<TableCell>,
    rows: Vec<Vec<TableCell>>,
    row: Vec<TableCell>,
}

/// A picture whose alternative text is being read.
#[derive(Default)]
struct Picture {
    url: Option<String>,
    alt: String,
    /// Pictures within its text, which only add to the text.
    inner: usize,
}

#[derive(Default)]
struct Builder<'a> {
    source: &'a str,
    base: Option<&'a Url>,
    /// Of the innermost quote or item that is open.
    blocks: Vec<Block>,
    open: Vec<Open>,
    /// Quotes, lists and items that were opened beyond [`MAX_DEPTH`]. They are always the innermost, so a count will do.
    flattened: usize,
    leaf: Leaf,
    inline: Inline,
    picture: Option<Picture>,
    table: Option<Table>,
    /// Where the last piece of text ended in `source`.
    text_end: usize,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text, range),
            Event::Code(text) => self.code(&text),
            Event::SoftBreak | Event::HardBreak => self.line_break(),
            Event::Html(text) => self.text(&text, range),
            Event::InlineHtml(tag) => match html::tag(&tag) {
                html::Tag::Break => self.line_break(),
                html::Tag::Dropped => {}
                html::Tag::Text => self.text(&tag, range),
            },
            Event::Rule => {
                self.end_paragraph();
                self.blocks.push(Block::Rule);
            }
            Event::TaskListMarker(done) => self.text(if done { "\u{2611} " } else { "\u{2610} " }, range),
            // Extensions that are not switched on; their text is text.
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.text(&text, range);
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Emphasis => self.inline.emphasis += 1,
            Tag::Strong => self.inline.strong += 1,
            Tag::Strikethrough => self.inline.strikethrough += 1,
            Tag::Link { link_type, dest_url, .. } => {
                // `<a@b.c>` is said without its scheme.
                let url =
                    if link_type == LinkType::Email { format!("mailto:{dest_url}") } else { dest_url.to_string() };
                self.inline.open_link(self.link(&url));
            }
            Tag::Image { dest_url, .. } => match &mut self.picture {
                Some(picture) => picture.inner += 1,
                None => {
                    // Pictures are fetched, not tapped: `mailto:` makes none.
                    let url = self.link(&dest_url).filter(|url| url.starts_with("http"));
                    self.picture = Some(Picture { url, ..Picture::default() });
                }
            },
            Tag::Superscript | Tag::Subscript => {}
            Tag::TableHead | Tag::TableRow => {}
            Tag::TableCell => self.leaf = Leaf::Cell,
            block => {
                self.end_paragraph();
                self.start_block(block);
            }
        }
    }

    fn start_block(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { .. } => self.leaf = Leaf::Heading,
            Tag::CodeBlock(kind) => {
                let language = match kind {
                    // What follows the first word is for tools: line numbers, titles.
                    CodeBlockKind::Fenced(info) => info.split_whitespace().next().map(str::to_owned),
                    CodeBlockKind::Indented => None,
                };
                self.leaf = Leaf::Code { language, text: String::new() };
            }
            Tag::HtmlBlock => self.leaf = Leaf::Html(String::new()),
            Tag::Table(_) => self.table = Some(Table::default()),
            Tag::BlockQuote(_) | Tag::List(_) if self.flattened > 0 || self.open.len() >= MAX_DEPTH => {
                self.flattened += 1;
            }
            Tag::BlockQuote(kind) => {
                self.open.push(Open::Quote { before: std::mem::take(&mut self.blocks), kind: kind.map(callout) });
            }
            Tag::List(start) => {
                self.open.push(Open::List { before: std::mem::take(&mut self.blocks), start, items: Vec::new() });
            }
            Tag::Item if self.flattened > 0 => self.flattened += 1,
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Emphasis => self.inline.emphasis = self.inline.emphasis.saturating_sub(1),
            TagEnd::Strong => self.inline.strong = self.inline.strong.saturating_sub(1),
            TagEnd::Strikethrough => self.inline.strikethrough = self.inline.strikethrough.saturating_sub(1),
            TagEnd::Link => self.inline.close_link(),
            TagEnd::Image => self.end_picture(),
            TagEnd::Superscript | TagEnd::Subscript => {}
            TagEnd::Heading(level) => {
                let spans = self.inline.finish();
                if !spans.is_empty() {
                    self.blocks.push(Block::Heading { level: level as u8, spans });
                }
                self.leaf = Leaf::Paragraph;
            }
            TagEnd::CodeBlock | TagEnd::HtmlBlock => self.end_raw(),
            TagEnd::TableCell => {
                let cell = TableCell { spans: self.inline.finish() };
                if let Some(table) = &mut self.table {
                    table.row.push(cell);
                }
                self.leaf = Leaf::Paragraph;
            }
            TagEnd::TableHead => {
                if let Some(table) = &mut self.table {
                    table.header = std::mem::take(&mut table.row);
                }
            }
            TagEnd::TableRow => {
                if let Some(table) = &mut self.table {
                    table.rows.push(std::mem::take(&mut table.row));
                }
            }
            TagEnd::Table => {
                if let Some(Table { header, rows, .. }) = self.table.take() {
                    self.blocks.push(Block::Table { header, rows });
                }
            }
            TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::Item => {
                self.end_paragraph();
                self.end_container(matches!(tag, TagEnd::Item));
            }
            _ => self.end_paragraph(),
        }
    }

    fn end_container(&mut self, item: bool) {
        if self.flattened > 0 {
            self.flattened -= 1;
        } else if item {
            if let Some(Open::List { items, .. }) = self.open.last_mut() {
                items.push(ListItem { blocks: std::mem::take(&mut self.blocks) });
            }
        } else if let Some(open) = self.open.pop() {
            let (before, block) = match open {
                Open::Quote { before, kind } => {
                    let blocks = std::mem::take(&mut self.blocks);
                    let block = match kind {
                        Some(kind) if !blocks.is_empty() => Block::Callout { kind, blocks },
                        _ => Block::Quote { blocks },
                    };
                    (before, block)
                }
                Open::List { before, start, items } => (before, Block::List { start, items }),
            };
            self.blocks = before;
            // An empty quote would be drawn as a bar beside nothing. An empty item is a bullet that somebody typed.
            if !matches!(&block, Block::Quote { blocks } if blocks.is_empty()) {
                self.blocks.push(block);
            }
        }
    }

    /// Ends a block whose text was gathered as it stands.
    fn end_raw(&mut self) {
        match std::mem::take(&mut self.leaf) {
            Leaf::Code { language, mut text } => {
                // The last line's end belongs to the fence, not to the code.
                if text.ends_with('\n') {
                    text.pop();
                }
                self.blocks.push(Block::Code { language, text });
            }
            Leaf::Html(source) => {
                let text = html::text(&source);
                if !text.is_empty() {
                    self.blocks.push(Block::Paragraph { spans: super::linked(&text) });
                }
            }
            Leaf::Paragraph | Leaf::Heading | Leaf::Cell => {}
        }
    }

    /// Where an address leads, if it may be followed.
    fn link(&self, url: &str) -> Option<String> {
        safe_link(url).or_else(|| relative_link(url, self.base?))
    }

    fn end_paragraph(&mut self) {
        let spans = self.inline.finish();
        if !spans.is_empty() {
            self.blocks.push(Block::Paragraph { spans });
        }
    }

    /// The picture stands as a block of its own in a paragraph; elsewhere, and where its address is refused, its
    /// alternative text stands for it.
    fn end_picture(&mut self) {
        match &mut self.picture {
            Some(picture) if picture.inner > 0 => {
                picture.inner -= 1;
                return;
            }
            _ => {}
        }
        let Some(Picture { url, alt, .. }) = self.picture.take() else { return };
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
            _ => self.inline.push_text(&alt, None),
        }
    }

    fn text(&mut self, text: &str, range: Range<usize>) {
        match &mut self.leaf {
            Leaf::Code { text: code, .. } => code.push_str(text),
            Leaf::Html(html) => html.push_str(text),
            Leaf::Paragraph | Leaf::Heading | Leaf::Cell => match &mut self.picture {
                Some(picture) => picture.alt.push_str(text),
                None => {
                    let gap = self.source.get(self.text_end..range.start).and_then(marks_between);
                    self.inline.push_text(text, gap);
                    self.text_end = range.end;
                }
            },
        }
    }

    fn code(&mut self, text: &str) {
        match &mut self.picture {
            Some(picture) => picture.alt.push_str(text),
            None => self.inline.push_code(text),
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
