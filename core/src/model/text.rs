//! Formatted text as data: blocks of spans, ready for native views. Made by [`crate::markdown`].

/// A paragraph-level piece of text.
///
/// ```
/// use shopbell::{Block, markdown};
/// assert!(matches!(markdown::parse("# Hello").as_slice(), [Block::Heading { level: 1, .. }]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
#[non_exhaustive]
pub enum Block {
    /// Running text.
    Paragraph {
        /// The text, in order.
        spans: Vec<Span>,
    },
    /// A title within the text.
    Heading {
        /// 1 (largest) to 6.
        level: u8,
        /// The text, in order.
        spans: Vec<Span>,
    },
    /// A bulleted or numbered list.
    List {
        /// The first number, or `None` for bullets.
        start: Option<u64>,
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

/// What a call-out is for: `> [!NOTE]` and its kin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
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
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ListItem {
    /// What the item holds.
    pub blocks: Vec<Block>,
}

/// One cell of a table.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TableCell {
    /// The text, in order.
    pub spans: Vec<Span>,
}

/// A run of text with one look.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Span {
    /// The characters to show. A hard line break is `"\n"`.
    pub text: String,
    /// How to show them.
    #[serde(default)]
    pub style: SpanStyle,
    /// Where a tap leads: `http`, `https`, `mailto` or `tel` only.
    #[serde(default)]
    pub link: Option<String>,
}

/// How a span looks; flags combine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SpanStyle {
    /// Bold.
    pub strong: bool,
    /// Italic.
    pub emphasis: bool,
    /// Fixed width.
    pub code: bool,
    /// Struck through.
    pub strikethrough: bool,
}
