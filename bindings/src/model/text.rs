//! Formatted text.

use super::list;

/// A paragraph-level piece of text.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Block {
    /// Running text.
    Paragraph {
        /// The text, in order.
        spans: Vec<Span>,
    },
    /// A title within the text.
    Heading {
        /// 1 (largest) to 6.
        level: i32,
        /// The text, in order.
        spans: Vec<Span>,
    },
    /// A bulleted or numbered list.
    Listing {
        /// The first number, or `None` for bullets.
        start: Option<i64>,
        /// The items, in order.
        items: Vec<ListItem>,
    },
    /// Quoted text.
    Quote {
        /// What is quoted.
        blocks: Vec<Block>,
    },
    /// A box that stands out.
    Callout {
        /// What it is for.
        kind: CalloutKind,
        /// What it says.
        blocks: Vec<Block>,
    },
    /// Text to be shown in a fixed-width face, verbatim.
    Code {
        /// The language named by the author, if any.
        language: Option<String>,
        /// The text, line breaks included.
        text: String,
    },
    /// A table.
    Table {
        /// The cells of the heading row.
        header: Vec<TableCell>,
        /// The rows below it, each with its cells.
        rows: Vec<Vec<TableCell>>,
    },
    /// A picture.
    Image {
        /// Where it is: `http` or `https` only.
        url: String,
        /// What it shows, for those who can't see it.
        alt: String,
    },
    /// A line across.
    Rule,
}

/// What a call-out is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum CalloutKind {
    /// Worth knowing.
    Note,
    /// Makes it easier.
    Tip,
    /// Without it, it does not work.
    Important,
    /// Something may go wrong.
    Warning,
    /// Something bad may happen.
    Caution,
}

/// One item of a list.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ListItem {
    /// What the item holds.
    pub blocks: Vec<Block>,
}

/// One cell of a table.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct TableCell {
    /// The text, in order.
    pub spans: Vec<Span>,
}

/// A run of text with one look.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Span {
    /// The characters to show. A hard line break is `"\n"`.
    pub text: String,
    /// Bold.
    pub strong: bool,
    /// Italic.
    pub emphasis: bool,
    /// Fixed width.
    pub code: bool,
    /// Struck through.
    pub strikethrough: bool,
    /// Where a tap leads: `http`, `https`, `mailto` or `tel` only.
    pub link: Option<String>,
}

impl From<shopbell::Block> for Block {
    fn from(block: shopbell::Block) -> Self {
        use shopbell::Block as Core;
        match block {
            Core::Paragraph { spans } => Self::Paragraph { spans: list(spans) },
            Core::Heading { level, spans } => Self::Heading { level: level.into(), spans: list(spans) },
            Core::List { start, items } => Self::Listing { start: start.map(super::long), items: list(items) },
            Core::Quote { blocks } => Self::Quote { blocks: list(blocks) },
            Core::Callout { kind, blocks } => Self::Callout { kind: kind.into(), blocks: list(blocks) },
            Core::Code { language, text } => Self::Code { language, text },
            Core::Table { header, rows } => {
                Self::Table { header: list(header), rows: rows.into_iter().map(list).collect() }
            }
            Core::Image { url, alt } => Self::Image { url, alt },
            // `Rule`, and what the core may learn of.
            _ => Self::Rule,
        }
    }
}

impl From<shopbell::CalloutKind> for CalloutKind {
    fn from(kind: shopbell::CalloutKind) -> Self {
        use shopbell::CalloutKind as Core;
        match kind {
            Core::Tip => Self::Tip,
            Core::Important => Self::Important,
            Core::Warning => Self::Warning,
            Core::Caution => Self::Caution,
            // `Note`, and what the core may learn of.
            _ => Self::Note,
        }
    }
}

impl From<shopbell::ListItem> for ListItem {
    fn from(item: shopbell::ListItem) -> Self {
        Self { blocks: list(item.blocks) }
    }
}

impl From<shopbell::TableCell> for TableCell {
    fn from(cell: shopbell::TableCell) -> Self {
        Self { spans: list(cell.spans) }
    }
}

impl From<shopbell::Span> for Span {
    fn from(span: shopbell::Span) -> Self {
        let shopbell::SpanStyle { strong, emphasis, code, strikethrough } = span.style;
        Self { text: span.text, strong, emphasis, code, strikethrough, link: span.link }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERYTHING: &str = "# Title\n\nWords, **bold**, *slanted*, ~~gone~~, `code`, <https://example.com>\n\n\
        3. three\n4. four\n\n> quoted\n\n> [!TIP]\n> called out\n\n```rust\nfn main() {}\n```\n\n| a | b |\n|---|---|\n| c | d |\n\n---\n\n\
        ![alt](https://example.com/p.png)";

    #[test]
    fn every_kind_of_block_is_mirrored() {
        let blocks: Vec<Block> = list(shopbell::markdown::parse(EVERYTHING));
        let kinds: Vec<&str> = blocks.iter().map(kind).collect();
        assert_eq!(kinds, ["heading", "paragraph", "listing", "quote", "callout", "code", "table", "rule", "image"]);
        let Block::Paragraph { spans } = &blocks[1] else { panic!() };
        let marked = |mark: fn(&Span) -> bool| spans.iter().filter(|span| mark(span)).count();
        assert_eq!(marked(|s| s.strong), 1);
        assert_eq!(marked(|s| s.emphasis), 1);
        assert_eq!(marked(|s| s.strikethrough), 1);
        assert_eq!(marked(|s| s.code), 1);
        assert_eq!(marked(|s| s.link.is_some()), 1);
        let Block::Listing { start, items } = &blocks[2] else { panic!() };
        assert_eq!((*start, items.len()), (Some(3), 2));
        let Block::Table { header, rows } = &blocks[6] else { panic!() };
        assert_eq!((header.len(), rows.len()), (2, 1));
    }

    fn kind(block: &Block) -> &'static str {
        match block {
            Block::Paragraph { .. } => "paragraph",
            Block::Heading { .. } => "heading",
            Block::Listing { .. } => "listing",
            Block::Quote { .. } => "quote",
            Block::Callout { kind, .. } => {
                assert_eq!(*kind, CalloutKind::Tip);
                "callout"
            }
            Block::Code { .. } => "code",
            Block::Table { .. } => "table",
            Block::Image { .. } => "image",
            Block::Rule => "rule",
        }
    }
}
