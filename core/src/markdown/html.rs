//! What HTML leaves behind: its text.
//!
//! Nothing of this is for safety (the output is never HTML): it is so that a reader does not see tags.

/// What becomes of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// It breaks the line.
    Break,
    /// It goes.
    Dropped,
    /// It only looks like a tag: people write `<Enter>` and `Vec<String>`.
    Text,
}

/// Elements that begin on a line of their own.
const LINES: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "details",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tr",
    "ul",
];

/// The other elements that people write or paste.
const OTHERS: &[&str] = &[
    "a", "abbr", "acronym", "applet", "area", "audio", "b", "base", "basefont", "bdi", "bdo", "big", "body", "button",
    "canvas", "caption", "cite", "code", "col", "colgroup", "data", "datalist", "del", "dfn", "dialog", "dir", "embed",
    "em", "font", "frame", "frameset", "head", "html", "i", "iframe", "img", "input", "ins", "kbd", "label", "legend",
    "link", "map", "mark", "marquee", "math", "menu", "meta", "meter", "nobr", "noframes", "noscript", "object",
    "optgroup", "option", "output", "param", "picture", "progress", "q", "rp", "rt", "ruby", "s", "samp", "script",
    "search", "select", "slot", "small", "source", "span", "strike", "strong", "style", "sub", "sup", "svg", "tbody",
    "td", "template", "textarea", "tfoot", "th", "thead", "time", "title", "track", "tt", "u", "var", "video", "wbr",
];

/// Characters that HTML editors escape. In Markdown's own text the parser has resolved all of them.
const ENTITIES: &[(&str, &str)] =
    &[("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&apos;", "'"), ("&nbsp;", " ")];

/// What becomes of an inline tag, a comment, or a declaration.
pub(super) fn tag(tag: &str) -> Tag {
    if tag.starts_with("<!") || tag.starts_with("<?") {
        return Tag::Dropped;
    }
    match name(tag) {
        name if name.eq_ignore_ascii_case("br") => Tag::Break,
        name if is_one_of(LINES, name) || is_one_of(OTHERS, name) => Tag::Dropped,
        _ => Tag::Text,
    }
}

/// The text of an HTML block: tags gone, white space folded, a line for each element that begins one.
pub(super) fn text(source: &str) -> String {
    let mut lines = Lines::default();
    let mut ends = Ends::default();
    let mut rest = source;
    while let Some(open) = rest.find('<') {
        let (before, tagged) = rest.split_at(open);
        lines.text(before);
        let end = match tag(tagged) {
            Tag::Text => None,
            _ if tagged.starts_with("<!--") => ends.find(tagged, "-->"),
            _ => ends.find(tagged, ">"),
        };
        let Some(end) = end else {
            // No tag, or one without an end: text.
            let (sign, after) = tagged.split_at(1);
            lines.text(sign);
            rest = after;
            continue;
        };
        let name = name(tagged);
        if name.eq_ignore_ascii_case("br") || is_one_of(LINES, name) {
            lines.next();
        } else if is_one_of(&["td", "th"], name) {
            lines.text(" ");
        }
        rest = tagged.get(end..).unwrap_or_default();
        // What is between these is not meant for a reader. Where the end is missing it might be, so it stays.
        if !tagged.starts_with("</")
            && let Some(close) = ["script", "style"].into_iter().find(|raw| name.eq_ignore_ascii_case(raw))
            && let Some(close) = ends.find_closing(rest, close)
        {
            rest = rest.get(close..).unwrap_or_default();
        }
    }
    lines.text(rest);
    lines.finish()
}

/// The element's name in `<name …` or `</name …`.
fn name(tag: &str) -> &str {
    let tag = tag.strip_prefix('<').unwrap_or(tag);
    let tag = tag.strip_prefix('/').unwrap_or(tag);
    let end = tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len());
    // `<a@b.c>` and `<s-tag>` are not `<a>` and `<s>`.
    match tag.get(end..).and_then(|rest| rest.chars().next()) {
        Some(c) if !c.is_whitespace() && c != '>' && c != '/' => "",
        _ => tag.get(..end).unwrap_or_default(),
    }
}

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Looks for ends, and remembers which are not there any more: else each unclosed tag would search to the very end.
#[derive(Default)]
struct Ends {
    missing: Vec<&'static str>,
}

impl Ends {
    /// Behind the next `end` in `text`.
    fn find(&mut self, text: &str, end: &'static str) -> Option<usize> {
        if self.missing.contains(&end) {
            return None;
        }
        let found = text.find(end);
        if found.is_none() {
            self.missing.push(end);
        }
        Some(found? + end.len())
    }

    /// At the next `</name`, in any case.
    fn find_closing(&mut self, text: &str, name: &'static str) -> Option<usize> {
        if self.missing.contains(&name) {
            return None;
        }
        let is_closing = |at: &usize| {
            text.get(at + 2..at + 2 + name.len()).is_some_and(|closing| closing.eq_ignore_ascii_case(name))
        };
        let found = text.match_indices("</").map(|(at, _)| at).find(is_closing);
        if found.is_none() {
            self.missing.push(name);
        }
        found
    }
}

/// Text with its white space folded, in lines of which none is empty.
#[derive(Default)]
struct Lines {
    text: String,
    /// White space is due before the next word.
    space: bool,
    /// A new line is due before the next word.
    line: bool,
}

impl Lines {
    fn next(&mut self) {
        self.line = true;
    }

    fn text(&mut self, text: &str) {
        for word in text.split_inclusive(char::is_whitespace) {
            let trimmed = word.trim_end();
            if !trimmed.is_empty() {
                if !self.text.is_empty() && (self.line || self.space) {
                    self.text.push(if self.line { '\n' } else { ' ' });
                }
                (self.line, self.space) = (false, false);
                self.text.push_str(trimmed);
            }
            self.space |= trimmed.len() < word.len();
        }
    }

    fn finish(self) -> String {
        if !self.text.contains('&') {
            return self.text;
        }
        let mut resolved = String::with_capacity(self.text.len());
        let mut rest = self.text.as_str();
        while let Some(at) = rest.find('&') {
            let (before, entity) = rest.split_at(at);
            resolved.push_str(before);
            let (text, length) = ENTITIES
                .iter()
                .find(|(name, _)| entity.starts_with(name))
                .map_or(("&", 1), |(name, text)| (*text, name.len()));
            resolved.push_str(text);
            rest = entity.get(length..).unwrap_or_default();
        }
        resolved.push_str(rest);
        resolved
    }
}
