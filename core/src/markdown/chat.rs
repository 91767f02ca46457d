//! Makes what agents type ready for a parser of documents.
//!
//! CommonMark gives a meaning to characters that people type without any: `--` above a signature makes the greeting a
//! heading, `[Order]: #1207` defines a link and is not shown, `2*3*4` turns italic. [`shield`] replaces each such
//! character with a stand-in that the parser takes for a letter. [`restore`] puts the characters back where text comes
//! out of the parser. A stand-in where it was not needed, such as in code, therefore changes nothing.

use std::{borrow::Cow, ops::Range};

/// The characters that are shielded. The stand-in of each is the Unicode noncharacter at its place after [`FIRST`].
const SHIELDED: &str = "*-_=#>+:<~.)";

/// U+FDD0 to U+FDEF are never characters, so no text holds them.
const FIRST: u32 = 0xfdd0;

/// Stands beside a mark of emphasis as a letter would, and is not shown.
const JOINER: char = '\u{fdef}';

/// Stands for `<br>`: white space for the parser, but not the end of a line.
const BREAK: char = '\u{2028}';

fn is_stand_in(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}')
}

fn stand_in(c: char) -> char {
    let place = SHIELDED.chars().position(|shielded| shielded == c);
    place.and_then(|place| char::from_u32(FIRST + u32::try_from(place).ok()?)).unwrap_or(c)
}

/// The parser's text as it was typed. `<br>` is no line break in code and in addresses.
pub(super) fn restore(text: &str, code: bool) -> Cow<'_, str> {
    if !text.contains(|c| is_stand_in(c) || c == BREAK) {
        return Cow::Borrowed(text);
    }
    let mut restored = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            JOINER => {}
            BREAK if code => restored.push_str("<br>"),
            BREAK => restored.push('\n'),
            _ if is_stand_in(c) => {
                restored.extend(SHIELDED.chars().nth(usize::try_from(u32::from(c) - FIRST).unwrap_or_default()));
            }
            _ => restored.push(c),
        }
    }
    Cow::Owned(restored)
}

/// Replaces what is markup in a document and only text in a chat. The source has few blank lines in a row.
pub(super) fn shield(source: &str) -> String {
    let source = with_breaks(source);
    let lines: Vec<&str> = source.split('\n').collect();
    let first = lines.iter().position(|line| !is_blank(line)).unwrap_or(0);
    let last = lines.iter().rposition(|line| !is_blank(line)).unwrap_or(0);
    let mut shield = Shield { text: String::with_capacity(source.len() + source.len() / 8), open: [false; 2] };
    let (mut before, mut above, mut fenced) = ("", "", false);
    for (at, &line) in lines.iter().enumerate() {
        if at > 0 {
            shield.text.push('\n');
        }
        if is_blank(line) {
            shield.open = [false; 2];
            shield.text.push_str(line);
            before = line;
            continue;
        }
        // The line below a quote answers it. CommonMark would take it into the quote.
        if !fenced && is_quoted(before) && !is_quoted(line) {
            shield.text.push('\n');
        }
        fenced ^= is_fence(line, fenced);
        let mut following = lines.iter().skip(at + 1);
        let after = following.clone().next().copied().unwrap_or_default();
        let below = following.find(|line| !is_blank(line)).copied().unwrap_or_default();
        let divides = first < at && at < last && is_blank(before) && is_blank(after);
        shield.line(line, &literal(line, divides, above, below));
        (before, above) = (line, line);
    }
    shield.text
}

fn with_breaks(source: &str) -> Cow<'_, str> {
    let mut replaced = String::new();
    let mut copied = 0;
    for (at, _) in source.match_indices('<') {
        let (before, tag) = source.split_at(at);
        let name = tag.get(1..3).is_some_and(|name| name.eq_ignore_ascii_case("br"));
        let end = tag.get(3..).unwrap_or_default().trim_start_matches([' ', '/']);
        if name && end.starts_with('>') && !before.ends_with('\\') {
            replaced.push_str(before.get(copied..).unwrap_or_default());
            replaced.push(BREAK);
            copied = source.len() - end.len() + 1;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(source);
    }
    replaced.push_str(source.get(copied..).unwrap_or_default());
    Cow::Owned(replaced)
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

/// Whether the line opens fenced code, or closes it.
fn is_fence(line: &str, fenced: bool) -> bool {
    let line = line.trim();
    let rest = line.trim_start_matches(if line.starts_with('~') { '~' } else { '`' });
    line.len() >= rest.len() + 3 && if fenced { rest.is_empty() } else { !rest.contains('`') }
}

/// The bytes of a line whose marks are text. `above` and `below` are the nearest lines that are not blank.
fn literal(line: &str, divides: bool, above: &str, below: &str) -> Range<usize> {
    let text = line.trim();
    // A line across stands between paragraphs. Elsewhere three marks are a signature, or a word that is not said.
    let is_rule = |mark: char| {
        text.matches(mark).count() > 2 && text.trim_matches(|c: char| c == mark || c.is_whitespace()).is_empty()
    };
    if ['-', '*', '_'].into_iter().any(is_rule) {
        return if divides { 0..0 } else { 0..line.len() };
    }
    let start = content_start(line);
    let content = line.get(start..).unwrap_or_default().trim_end();
    let end = start + content.len();
    // What underlines a heading in a document. A bullet below another one is an item that is still empty.
    let is_underline = |mark: char| !content.is_empty() && content.trim_start_matches(mark).is_empty();
    if is_underline('=') || is_underline('-') && !(content == "-" && above.trim_start().starts_with("- ")) {
        return start..end;
    }
    let is_number = |text: &str| text.trim_start().starts_with(|c: char| c.is_ascii_digit());
    let title = content.trim_start_matches('#');
    if title.len() < content.len() {
        // `# 1234 is your order` is no heading. Marks at the end of one are text: `# About C #`.
        return if is_number(title) {
            start..end - title.len()
        } else {
            start + content.trim_end_matches('#').len()..end
        };
    }
    // `05. May`: the numbers of a list have no zeros in front.
    let rest = content.trim_start_matches(|c: char| c.is_ascii_digit());
    if content.starts_with('0') && content.len() > rest.len() + 1 {
        return end - rest.len()..end - rest.len() + 1;
    }
    // The sign of a number, unless such lines follow each other: `+ 84 901 234 567`, `> 18`, `- 5`.
    let mut chars = text.chars();
    let sign = chars.next().unwrap_or_default();
    let is_marker = sign == '>' || matches!(sign, '-' | '+' | '*') && chars.as_str().starts_with([' ', '\t']);
    let is_alone = ![above, below].iter().any(|line| line.trim_start().starts_with(sign));
    // A quote of nothing.
    if sign == '>' && content.is_empty() && is_alone {
        return 0..line.len();
    }
    if is_marker && is_number(chars.as_str()) && (is_alone || sign == '+') {
        let indent = line.len() - line.trim_start().len();
        return indent..indent + 1;
    }
    0..0
}

/// Where a line's text begins, behind the marks of quotes and lists.
fn content_start(line: &str) -> usize {
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '>']);
        let unnumbered = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let behind = match rest.len() - unnumbered.len() {
            0 => rest.strip_prefix(['-', '+', '*']),
            digits if digits > 1 && rest.starts_with('0') => None,
            _ => unnumbered.strip_prefix(['.', ')']),
        };
        match behind.filter(|behind| behind.starts_with([' ', '\t'])) {
            Some(behind) => rest = behind,
            None => return line.len() - rest.len(),
        }
    }
}

struct Shield {
    text: String,
    /// Whether a single asterisk, and whether several, may have opened emphasis in this paragraph.
    open: [bool; 2],
}

impl Shield {
    fn line(&mut self, line: &str, literal: &Range<usize>) {
        let mut before = '\n';
        let mut escaped = false;
        let mut rest = line;
        while let Some(c) = rest.chars().next() {
            let at = line.len() - rest.len();
            let mut behind = rest.get(c.len_utf8()..).unwrap_or_default();
            match c {
                _ if is_stand_in(c) => self.text.push(char::REPLACEMENT_CHARACTER),
                _ if escaped => self.text.push(c),
                _ if literal.contains(&at) => self.text.push(stand_in(c)),
                '*' | '~' => {
                    behind = rest.trim_start_matches(c);
                    self.run(c, rest.len() - behind.len(), before, behind.chars().next().unwrap_or('\n'));
                }
                // Chats have no HTML, and nothing that is defined in one place and shown in another.
                '<' if !is_autolink(behind) && !self.text.ends_with("](") => self.text.push(stand_in(c)),
                ':' if before == ']' => self.text.push(stand_in(c)),
                _ => self.text.push(c),
            }
            escaped = c == '\\' && !escaped;
            before = c;
            rest = behind;
        }
    }

    /// Marks of emphasis in a row.
    fn run(&mut self, mark: char, length: usize, before: char, after: char) {
        // Thai and its neighbours write no spaces either.
        let is_word = |c: char| c.is_alphanumeric() && matches!(c, '\0'..='\u{dff}' | '\u{1e00}'..='\u{1fff}');
        let is_punctuation = |c: char| !c.is_alphanumeric() && !c.is_whitespace();
        let beside_cjk = is_cjk(before) || is_cjk(after);
        let open = self.open.get_mut(usize::from(length > 1));
        let may_close = mark == '~' || open.as_ref().is_some_and(|open| **open);
        // `3~5 days`, `10*20*30 cm`, `2**3`: a sign between words, unless it ends something.
        let is_sign = match mark {
            '~' => length == 1,
            _ if may_close || !is_word(before) || !is_word(after) => false,
            _ => length == 1 || before.is_ascii_digit() || after.is_ascii_digit(),
        };
        if is_sign {
            self.text.extend(std::iter::repeat_n(stand_in(mark), length));
            return;
        }
        if mark == '*'
            && let Some(open) = open
        {
            *open = (before.is_whitespace() || !*open) && !after.is_whitespace();
        }
        // CommonMark asks for a space or a further mark outside of emphasis that begins or ends with punctuation.
        // Chinese, Japanese and Korean write neither, and a hurried agent forgets it after a colon. The rules are the
        // CJK-friendly amendments to CommonMark.
        let ends = is_punctuation(before) && !is_punctuation(after) && !after.is_whitespace();
        let begins = is_punctuation(after) && !is_punctuation(before) && !before.is_whitespace();
        if ends && (beside_cjk || may_close) {
            self.text.push(JOINER);
        }
        self.text.extend(std::iter::repeat_n(mark, length));
        if begins && beside_cjk {
            self.text.push(JOINER);
        }
    }
}

/// Whether `<` stands before an address in angle brackets.
fn is_autolink(behind: &str) -> bool {
    let end = behind.find(|c: char| matches!(c, '<' | '>') || c.is_whitespace());
    end.and_then(|end| behind.split_at_checked(end))
        .is_some_and(|(address, end)| end.starts_with('>') && address.contains([':', '@']))
}

/// Whether a character is Chinese, Japanese or Korean, punctuation included. Emoji are not.
fn is_cjk(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{303e}' | '\u{3041}'..='\u{a4cf}' | '\u{a960}'..='\u{a97c}'
        | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{fe10}'..='\u{fe19}' | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff01}'..='\u{ffee}' | '\u{16fe0}'..='\u{1b2ff}' | '\u{20000}'..='\u{3ffff}'
        | '\u{e0100}'..='\u{e01ef}')
}
