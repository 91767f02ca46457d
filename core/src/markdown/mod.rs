//! Text with formatting, turned into blocks and spans that native views draw.
//!
//! Agents and articles write Markdown, customers write plain words. All come out as [`Block`]s, and for **any** input,
//! of any size and however broken, this module guarantees:
//!
//! - **No panic, no stack overflow, linear time.** Nothing here recurses on what the author nested; deeper than
//!   [`MAX_DEPTH`], quotes and lists are flattened into the level above.
//! - **Nothing can run.** There is no HTML in the output: `<br>` is a line break. Of an article's other HTML tags only
//!   the text between them stays, except for what merely looks like a tag (`Press <Enter>`, `List<String>`). In a
//!   chat, tags are text.
//! - **Every link and picture is allow-listed.** Each [`Span::link`] has passed [`safe_link`], each [`Block::Image`]
//!   is `http` or `https`. A link that is refused leaves its text, in a chat its address too.
//! - **No word is lost.** Whatever is not understood is shown as text. In articles, the contents of `<script>` and
//!   `<style>`, HTML comments, and definitions of links are left out. In a chat nothing is.
//! - **The output is tidy.** Neighbouring spans with one look are one span, no span and no paragraph is empty, NUL is
//!   U+FFFD.
//!
//! A single line break in Markdown is kept as a line break, as every chat does and unlike CommonMark: agents press
//! Enter and mean it.
//!
//! # Chats and documents
//!
//! [`parse`] reads an agent's message, [`parse_article`] a document. Both know the same formatting, but an agent types
//! many characters that only a document gives a meaning. In a chat:
//!
//! - What would be drawn as nothing (`5.`, `#`, `-`, `---`, `[1]: 500k`) is shown as it was typed.
//! - Nothing underlines a heading: `--` above a signature is text. `#`, `>`, `-`, `*` and `+` before a number alone on
//!   its line are text. `---` draws a line only between two paragraphs.
//! - Items of a list keep their numbers. The line below a quote is not part of it.
//! - There are no definitions of links, no HTML, and no code by indentation. One `~` is text.
//! - `*` between two words is text (`10*20*30 cm`). Emphasis may end behind punctuation with no space after it
//!   (`**提示：**请`), by the CJK-friendly amendments to CommonMark for Chinese, Japanese and Korean, and also for other
//!   scripts where something is to be ended.

mod blocks;
mod chat;
mod html;
mod inline;
mod link;
mod preview;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use blocks::Reading;

use crate::model::{Block, Span};

pub(crate) use link::loose_link;
pub use link::safe_link;
pub use preview::{plain, plain_article};

/// How deep quotes and lists nest in the output. What is deeper stays, one level up.
///
/// A phone's width is used up after about five; 16 leaves room and keeps the JSON of a block (four levels for each
/// list) within the 128 levels that `serde_json` reads back.
pub const MAX_DEPTH: usize = 16;

/// Blank lines in a row that the parser is given; more are left out.
///
/// Each blank line costs the parser one step for each list that is open, so that a thousand lists followed by a
/// thousand blank lines would take a million steps. No author puts a hundred blank lines on purpose.
const MAX_BLANK_LINES: usize = 100;

/// Reads an agent's message: the formatting of [`parse_article`], and everything else as it was typed.
///
/// ```
/// use shopbell::{Block, markdown};
/// let blocks = markdown::parse("Your parcel: https://example.com/p/1");
/// let [Block::Paragraph { spans }] = blocks.as_slice() else { panic!() };
/// assert_eq!(spans[1].link.as_deref(), Some("https://example.com/p/1"));
/// ```
pub fn parse(source: &str) -> Vec<Block> {
    let blocks = blocks::build(&chat::shield(&prepare(source)), Reading::Chat);
    // Such as a space that was typed as `&nbsp;`.
    if blocks.is_empty() { verbatim(source) } else { blocks }
}

/// Reads an article: CommonMark with tables, strikethrough, task lists, call-outs (`> [!NOTE]`) and bare links.
///
/// Relative links and pictures lead on from `base`, the article's own address. Without it they are refused.
///
/// ```
/// use shopbell::{Block, markdown};
/// let base = url::Url::parse("https://desk.example.com/hc/shop/articles/1").unwrap();
/// let blocks = markdown::parse_article("[delivery](2-delivery)", Some(&base));
/// let [Block::Paragraph { spans }] = blocks.as_slice() else { panic!() };
/// assert_eq!(spans[0].link.as_deref(), Some("https://desk.example.com/hc/shop/articles/2-delivery"));
/// ```
pub fn parse_article(source: &str, base: Option<&url::Url>) -> Vec<Block> {
    blocks::build(&prepare(source), Reading::Document(base))
}

/// Reads a customer's own words: paragraphs at blank lines, line breaks kept, nothing interpreted but bare links.
///
/// ```
/// use shopbell::{Block, markdown};
/// let blocks = markdown::verbatim("*not* bold\n\nsecond");
/// assert!(matches!(&blocks[0], Block::Paragraph { spans } if spans[0].text == "*not* bold"));
/// assert_eq!(blocks.len(), 2);
/// ```
pub fn verbatim(text: &str) -> Vec<Block> {
    let text = normalise(text);
    let mut blocks = Vec::new();
    let mut paragraph = String::new();
    // The blank line added at the end closes the last paragraph.
    for line in text.split('\n').chain([""]) {
        if !line.trim().is_empty() {
            if !paragraph.is_empty() {
                paragraph.push('\n');
            }
            paragraph.push_str(line.trim_end());
        } else if !paragraph.is_empty() {
            blocks.push(Block::Paragraph { spans: linked(&paragraph) });
            paragraph.clear();
        }
    }
    blocks
}

/// Plain text as a paragraph, unless it is blank.
fn paragraph(text: &str) -> Option<Block> {
    let spans = linked(text);
    (!spans.is_empty()).then_some(Block::Paragraph { spans })
}

/// Plain text as spans, with its bare URLs made links.
fn linked(text: &str) -> Vec<Span> {
    let mut line = inline::Inline::default();
    line.push_text(text, Some(""));
    line.finish()
}

/// One kind of line break, and no NUL: the native string types of both platforms may end at one.
fn normalise(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', '\r']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{fffd}"))
}

/// [`normalise`], and no more than [`MAX_BLANK_LINES`] blank lines in a row.
fn prepare(source: &str) -> Cow<'_, str> {
    let text = normalise(source);
    // A line of nothing but quote marks is as blank to a list inside that quote.
    let blank = |line: &str| line.chars().all(|c| matches!(c, ' ' | '\t' | '>'));
    let mut run = 0usize;
    let mut too_many = |line: &str| {
        run = if blank(line) { run.saturating_add(1) } else { 0 };
        run > MAX_BLANK_LINES
    };
    if !text.split('\n').any(&mut too_many) {
        return text;
    }
    run = 0;
    let mut kept = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        run = if blank(line.trim_end_matches('\n')) { run.saturating_add(1) } else { 0 };
        if run <= MAX_BLANK_LINES {
            kept.push_str(line);
        }
    }
    Cow::Owned(kept)
}
