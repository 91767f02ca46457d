//! One line of what a text says, for lists and notifications.

use crate::{
    address,
    model::{Block, ListItem, Span, TableCell},
};

/// Most Markdown that a preview reads, in bytes for each character asked for; the rest is cut off.
///
/// A preview of a book must not read the book. Sixteen is room for four-byte letters between links of some length.
const BYTES_PER_CHAR: usize = 16;

/// The least that a preview reads, in bytes: a short one of a message that begins with a long link is not empty.
const MIN_BYTES: usize = 16_384;

/// The text of an agent's message in one line of at most `max_chars` characters, white space folded; cut text ends in
/// `…`.
///
/// The cut never parts a letter from its accents, nor an emoji from what modifies it. Items of a list keep their
/// numbers. Pictures give their alternative text, or else the name of their file.
///
/// ```
/// use shopbell::markdown::plain;
/// assert_eq!(plain("# Hello\n\n*dear* customer", 80), "Hello dear customer");
/// assert_eq!(plain("Your parcel is on its way", 12), "Your parcel…");
/// ```
pub fn plain(source: &str, max_chars: usize) -> String {
    Line::new(max_chars, true).read(source, super::parse)
}

/// As [`plain`], of an article: its words alone.
pub fn plain_article(source: &str, max_chars: usize) -> String {
    Line::new(max_chars, false).read(source, |source| super::parse_article(source, None))
}

struct Line {
    chars: Vec<char>,
    max: usize,
    /// Numbers of items and names of pictures are given, too.
    whole: bool,
    /// White space is due before the next character.
    space: bool,
    /// There was more than fits.
    cut: bool,
}

impl Line {
    fn new(max: usize, whole: bool) -> Self {
        Self { chars: Vec::new(), max, whole, space: false, cut: false }
    }

    fn read(mut self, source: &str, parse: fn(&str) -> Vec<Block>) -> String {
        let limit = self.max.saturating_mul(BYTES_PER_CHAR).max(MIN_BYTES);
        // `None` where the limit falls within a character, or beyond the end.
        let read = (limit.saturating_sub(3)..=limit).rev().find_map(|end| source.get(..end)).unwrap_or(source);
        self.blocks(&parse(read));
        self.cut |= read.len() < source.len();
        self.finish()
    }

    /// Recurses at most [`super::MAX_DEPTH`] times.
    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            if self.cut {
                return;
            }
            self.space = true;
            match block {
                Block::Paragraph { spans } | Block::Heading { spans, .. } => self.spans(spans),
                Block::List { start, items } => self.items(start.filter(|_| self.whole), items),
                Block::Quote { blocks } | Block::Callout { blocks, .. } => self.blocks(blocks),
                Block::Code { text, .. } => self.text(text),
                Block::Table { header, rows } => {
                    self.cells(header);
                    rows.iter().for_each(|row| self.cells(row));
                }
                Block::Image { url, alt } if alt.is_empty() && self.whole => self.text(&file_name(url)),
                Block::Image { alt, .. } => self.text(alt),
                Block::Rule => {}
            }
        }
    }

    fn items(&mut self, start: Option<u64>, items: &[ListItem]) {
        for (number, item) in (start.unwrap_or(0)..).zip(items) {
            self.space = true;
            if start.is_some() && !self.cut {
                self.text(&format!("{number}."));
            }
            self.blocks(&item.blocks);
        }
    }

    fn cells(&mut self, cells: &[TableCell]) {
        for cell in cells {
            self.space = true;
            self.spans(&cell.spans);
        }
    }

    fn spans(&mut self, spans: &[Span]) {
        spans.iter().for_each(|span| self.text(&span.text));
    }

    fn text(&mut self, text: &str) {
        for c in text.chars() {
            if self.cut {
                return;
            }
            if c.is_whitespace() || c.is_control() {
                self.space = true;
                continue;
            }
            if self.space && !self.chars.is_empty() {
                self.push(' ');
            }
            self.space = false;
            self.push(c);
        }
    }

    fn push(&mut self, c: char) {
        // One more than fits is kept, to see whether the cut would fall within a letter.
        if self.chars.len() <= self.max {
            self.chars.push(c);
        }
        self.cut |= self.chars.len() > self.max;
    }

    fn finish(mut self) -> String {
        if !self.cut {
            return self.chars.into_iter().collect();
        }
        let Some(room) = self.max.checked_sub(1) else { return String::new() };
        let mut end = room.min(self.chars.len());
        while end > 0 && self.is_joined(end) {
            end -= 1;
        }
        // Nothing but marks, as in "Zalgo" text: any cut is as good as another.
        if end == 0 {
            end = room.min(self.chars.len());
        }
        self.chars.truncate(end);
        let mut line: String = self.chars.into_iter().collect();
        line.truncate(line.trim_end().len());
        line.push('…');
        line
    }

    /// A cut before `at` would part a letter.
    fn is_joined(&self, at: usize) -> bool {
        const ZERO_WIDTH_JOINER: char = '\u{200d}';
        let before = at.checked_sub(1).and_then(|before| self.chars.get(before));
        self.chars.get(at).is_some_and(|&c| extends(c)) || before == Some(&ZERO_WIDTH_JOINER)
    }
}

/// The last part of an address that has words, such as `bag.png`.
fn file_name(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    address::percent_decoded(path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(url))
}

/// Whether a character is drawn into the one before it. Not all of Unicode's rules (their tables weigh more than a
/// preview's last letter is worth), but the marks of the scripts that shops meet.
fn extends(c: char) -> bool {
    match c {
        // Accents; Hebrew and Arabic points; Thai and Lao vowels and tones; joiners; emoji's variants, tones, tags.
        '\u{300}'..='\u{36f}'
        | '\u{483}'..='\u{489}'
        | '\u{591}'..='\u{5bd}'
        | '\u{5bf}'
        | '\u{5c1}'..='\u{5c2}'
        | '\u{5c4}'..='\u{5c5}'
        | '\u{5c7}'
        | '\u{610}'..='\u{61a}'
        | '\u{64b}'..='\u{65f}'
        | '\u{670}'
        | '\u{6d6}'..='\u{6dc}'
        | '\u{6df}'..='\u{6e4}'
        | '\u{6e7}'..='\u{6e8}'
        | '\u{6ea}'..='\u{6ed}'
        | '\u{e31}'
        | '\u{e33}'..='\u{e3a}'
        | '\u{e47}'..='\u{e4e}'
        | '\u{eb1}'
        | '\u{eb3}'..='\u{ebc}'
        | '\u{ec8}'..='\u{ece}'
        | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}'
        | '\u{200c}'..='\u{200d}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{302a}'..='\u{302f}'
        | '\u{3099}'..='\u{309a}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{fe20}'..='\u{fe2f}'
        | '\u{1f3fb}'..='\u{1f3ff}'
        | '\u{e0020}'..='\u{e007f}'
        | '\u{e0100}'..='\u{e01ef}' => true,
        // The scripts of India share one layout, each in 128 places: vowel signs and the sign that joins consonants.
        '\u{900}'..='\u{dff}' => {
            matches!(u32::from(c) % 0x80, 0x00..=0x03 | 0x3c | 0x3e..=0x4d | 0x55..=0x57 | 0x62..=0x63)
        }
        _ => false,
    }
}
