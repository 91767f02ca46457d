//! From pieces of one line of thought to tidy spans, with bare URLs made links.

use super::link;
use crate::model::{Span, SpanStyle};

/// A piece of text as the parser gave it.
struct Piece {
    span: Span,
    /// The marks of emphasis that the author typed between the piece before and this one, if nothing else stands
    /// between them; only then can a URL reach over both.
    joined_by: Option<String>,
    /// No link is looked for in it.
    is_words: bool,
}

/// What is gathered for one paragraph, heading or cell, with the styles that are open.
#[derive(Default)]
pub(super) struct Inline {
    pieces: Vec<Piece>,
    pub(super) strong: usize,
    pub(super) emphasis: usize,
    pub(super) strikethrough: usize,
    link: Option<OpenLink>,
}

struct OpenLink {
    /// `None` where it was refused: its text is then plain text, in which a bare URL leads where it says.
    url: Option<String>,
    /// Something was written inside.
    shown: bool,
}

impl Inline {
    /// Adds text. `joined_by` says what stands between it and the piece before (see [`Piece`]).
    pub(super) fn push_text(&mut self, text: &str, joined_by: Option<&str>) {
        self.push(text, joined_by, false);
    }

    /// Adds text in which an address is not to be opened.
    pub(super) fn push_words(&mut self, text: &str) {
        self.push(text, None, false);
        if let Some(piece) = self.pieces.last_mut().filter(|_| !text.is_empty()) {
            piece.is_words = true;
        }
    }

    /// Adds text in fixed width.
    pub(super) fn push_code(&mut self, text: &str) {
        self.push(text, None, true);
    }

    fn push(&mut self, text: &str, joined_by: Option<&str>, code: bool) {
        if text.is_empty() {
            return;
        }
        if let Some(link) = &mut self.link {
            link.shown = true;
        }
        let style = SpanStyle {
            strong: self.strong > 0,
            emphasis: self.emphasis > 0,
            code,
            strikethrough: self.strikethrough > 0,
        };
        let url = self.link.as_ref().and_then(|link| link.url.as_deref());
        match self.pieces.last_mut() {
            Some(last) if joined_by == Some("") && last.span.style == style && last.span.link.as_deref() == url => {
                last.span.text.push_str(text);
            }
            _ => {
                let span = Span { text: text.to_owned(), style, link: url.map(str::to_owned) };
                self.pieces.push(Piece { span, joined_by: joined_by.map(str::to_owned), is_words: false });
            }
        }
    }

    /// The address of the link that is open, if it was allowed.
    pub(super) fn link(&self) -> Option<&str> {
        self.link.as_ref()?.url.as_deref()
    }

    /// Whether the link that is open has words of its own.
    pub(super) fn is_link_shown(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.shown)
    }

    /// Links don't nest: CommonMark sees to it.
    pub(super) fn open_link(&mut self, url: Option<String>) {
        self.link = Some(OpenLink { url, shown: false });
    }

    pub(super) fn close_link(&mut self) {
        // `[](https://…)`: without words, the address is what there is to tap.
        if let Some(OpenLink { url: Some(url), shown: false }) = &self.link {
            let url = url.clone();
            self.push_text(&url, None);
        }
        self.link = None;
    }

    /// Takes what was gathered. Styles and links that are open stay so, for a picture splits a paragraph within them.
    pub(super) fn finish(&mut self) -> Vec<Span> {
        let mut spans = Vec::new();
        let mut run = Run::default();
        for piece in std::mem::take(&mut self.pieces) {
            let plain = piece.span.link.is_none() && !piece.span.style.code && !piece.is_words;
            match piece.joined_by {
                Some(marks) if plain => run.marks(&marks),
                _ => run.flush(&mut spans),
            }
            if plain {
                run.text(&piece.span);
            } else {
                run.flush(&mut spans);
                add(&mut spans, piece.span);
            }
        }
        run.flush(&mut spans);
        trim(&mut spans);
        spans
    }
}

/// Pieces that a URL may reach over, as the author typed them.
#[derive(Default)]
struct Run {
    source: String,
    /// Ends in `source`, each with its style; `None` for marks, which are not shown unless a URL holds them.
    parts: Vec<(usize, Option<SpanStyle>)>,
}

impl Run {
    fn marks(&mut self, marks: &str) {
        if !marks.is_empty() && !self.parts.is_empty() {
            self.source.push_str(marks);
            self.parts.push((self.source.len(), None));
        }
    }

    fn text(&mut self, span: &Span) {
        self.source.push_str(&span.text);
        self.parts.push((self.source.len(), Some(span.style)));
    }

    /// Writes the parts, and each URL as one span in the style that it begins in.
    fn flush(&mut self, spans: &mut Vec<Span>) {
        let urls = link::bare_urls(&self.source);
        let mut urls = urls.into_iter().peekable();
        let mut at = 0;
        for &(end, style) in &self.parts {
            while at < end {
                let next = urls.peek().map_or(end, |(range, _)| range.start.min(end));
                if let Some(text) = self.source.get(at..next).filter(|text| !text.is_empty())
                    && let Some(style) = style
                {
                    add(spans, Span { text: text.to_owned(), style, link: None });
                }
                at = at.max(next);
                if at < end
                    && let Some((range, url)) = urls.next()
                {
                    let text = self.source.get(range.clone()).unwrap_or_default().to_owned();
                    add(spans, Span { text, style: style.unwrap_or_default(), link: Some(url) });
                    at = range.end;
                }
            }
        }
        self.source.clear();
        self.parts.clear();
    }
}

/// Spans of several pieces, tidy.
pub(super) fn joined(pieces: Vec<Span>) -> Vec<Span> {
    let mut spans = Vec::with_capacity(pieces.len());
    pieces.into_iter().for_each(|span| add(&mut spans, span));
    spans
}

/// Adds a span, or its text to the one before where both look the same.
fn add(spans: &mut Vec<Span>, span: Span) {
    match spans.last_mut() {
        Some(last) if last.style == span.style && last.link == span.link => last.text.push_str(&span.text),
        _ if span.text.is_empty() => {}
        _ => spans.push(span),
    }
}

/// Takes white space from both ends, such as what stood beside a picture.
fn trim(spans: &mut Vec<Span>) {
    while let Some(last) = spans.last_mut().filter(|last| !last.style.code) {
        last.text.truncate(last.text.trim_end().len());
        if !last.text.is_empty() {
            break;
        }
        spans.pop();
    }
    let blank = spans.iter().take_while(|span| !span.style.code && span.text.trim_start().is_empty()).count();
    spans.drain(..blank);
    if let Some(first) = spans.first_mut().filter(|first| !first.style.code) {
        let start = first.text.len() - first.text.trim_start().len();
        first.text.drain(..start);
    }
}
