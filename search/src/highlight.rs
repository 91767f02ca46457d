//! Marks what a query matched, in any text, by the same fold, splitter and stemmer that found it.

use crate::plan::Plan;
use crate::segment::cut;
use crate::stem::stem;
use crate::words::{Splitter, Word};
use std::cell::Cell;
use std::ops::Range;

/// Bytes of a text that a snippet is looked for in: as many as are indexed.
const TEXT_BYTES: usize = 256 * 1024;
/// Characters that a snippet shows before its first match, so that it does not begin in mid-thought; a fifth of a line.
const LEAD: usize = 24;
/// Room for both ellipses and the spaces beside them.
const AROUND: usize = 4;
/// What stands where text was left out.
const ELLIPSIS: char = '…';

/// A word to be marked.
#[derive(Clone, Debug)]
struct Mark {
    /// The folded word as typed, or a term it stands for.
    text: String,
    /// Its stem.
    stem: String,
    /// Whether words that begin with it are marked as far.
    open: bool,
    /// Which word of the query it is.
    asked: usize,
}

/// Marks what a query matched. Comes with [`Results`](crate::Results); cheap to keep.
#[derive(Clone, Debug, Default)]
pub struct Highlighter {
    marks: Vec<Mark>,
}

/// A piece of a text around what matched.
///
/// ```
/// use shopbell_search::Highlighter;
///
/// let text = "Open the order. Then choose Refund and say why. The money comes back within five days.";
/// let snippet = Highlighter::new("refund").snippet(text, 40);
/// assert_eq!(snippet.text, "… the order. Then choose Refund and …");
/// assert_eq!(snippet.ranges, [25..31]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snippet {
    /// At most as many characters as asked for, on one line, with "…" where text was left out.
    pub text: String,
    /// Where it matches, in characters of `text`; in order, none overlapping.
    pub ranges: Vec<Range<usize>>,
}

/// A match in a text: where, in characters, and of which word of the query.
type Found = (Range<usize>, usize);

impl Highlighter {
    /// Marks the words of `query` and what begins with its last, without asking an index: misspelt words are not known.
    ///
    /// ```
    /// use shopbell_search::Highlighter;
    ///
    /// assert_eq!(Highlighter::new("doi mat kh").ranges("Đổi mật khẩu"), [0..3, 4..7, 8..10]);
    /// ```
    pub fn new(query: &str) -> Self {
        let mut plan = Plan::default();
        plan.make(query, &[], None, 0, 0);
        Self::of(&plan)
    }

    /// What a plan found. Question words are not marked, unless there is nothing else.
    pub(crate) fn of(plan: &Plan) -> Self {
        let part = |range: &Range<usize>| plan.part(range).to_owned();
        let mut marks = Vec::new();
        for (at, asked) in plan.asked.iter().enumerate().filter(|(_, asked)| !asked.quiet) {
            marks.push(Mark { text: part(&asked.text), stem: part(&asked.stem), open: asked.open, asked: at });
            let others = plan.matches.get(asked.matches.clone()).unwrap_or_default();
            for one in others.iter().filter(|one| !one.text.is_empty()) {
                marks.push(Mark { text: part(&one.text), stem: part(&one.text), open: false, asked: at });
            }
        }
        Self { marks }
    }

    /// Where `text` matches, in characters; in order, none overlapping or touching.
    pub fn ranges(&self, text: &str) -> Vec<Range<usize>> {
        let mut out: Vec<Range<usize>> = Vec::new();
        self.find(text, &Cell::new(u32::MAX), &mut |(range, _)| join(&mut out, range));
        out
    }

    /// Up to the character `end`, which `each` may bring nearer.
    fn find(&self, text: &str, end: &Cell<u32>, each: &mut dyn FnMut(Found)) {
        let stemmed = &mut String::new();
        Splitter::default().split_until(text, end, &mut |word| {
            // A stem begins as its word does, so most words of a text need not be stemmed to know that they are none.
            let first = word.text.as_bytes().first();
            if !self.marks.iter().any(|mark| mark.text.as_bytes().first() == first) {
                return;
            }
            if word.kind.has_stem() {
                stem(word.text, stemmed);
            } else {
                stemmed.clear();
                stemmed.push_str(word.text);
            }
            if let Some((mark, end)) = self.marks.iter().find_map(|mark| Some((mark, mark.end_in(&word, stemmed)?))) {
                each((word.from as usize..end as usize, mark.asked));
            }
        });
    }

    /// The piece of `text` with the most different words of the query, in at most `max_chars` characters. A text that
    /// matches nowhere gives its beginning.
    pub fn snippet(&self, text: &str, max_chars: usize) -> Snippet {
        let text = cut(text, TEXT_BYTES);
        let (mut found, mut best, end): (Vec<Found>, _, _) = (Vec::new(), Best::of(&self.marks), Cell::new(u32::MAX));
        self.find(text, &end, &mut |one| {
            // No other place can be better. Read on to the end of what is shown, for what is to be marked in it.
            if let Some(from) = best.found(&one, width(max_chars)) {
                end.set(end.get().min(u32::try_from(from + max_chars).unwrap_or(u32::MAX)));
            }
            // What stands aside comes after the words that it begins with.
            let place = found.partition_point(|(range, _)| range.start <= one.0.start);
            found.insert(place, one);
        });
        show(text, max_chars, &found)
    }
}

/// The piece of a text around the best place of what was found in it.
fn show(text: &str, max_chars: usize, found: &[Found]) -> Snippet {
    let chars: Vec<char> = text.chars().map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c }).collect();
    if chars.len() <= max_chars {
        return assemble(&chars, 0..chars.len(), found, "", "");
    }
    let Some(room) = max_chars.checked_sub(AROUND).filter(|room| *room > 0) else { return Snippet::default() };
    let first = best_window(found, width(max_chars));
    let from = found.get(first).map_or(0, |(range, _)| {
        let earliest = range.start.saturating_sub(LEAD);
        if earliest == 0 { 0 } else { word_start(&chars, earliest, range.start) }
    });
    let to = word_end(&chars, from, (from + room).min(chars.len()));
    let before = if from > 0 { "… " } else { "" };
    let after = if to < chars.len() { " …" } else { "" };
    assemble(&chars, from..to, found, before, after)
}

/// How wide a place may be, of what is shown: some of that comes before it.
fn width(max_chars: usize) -> usize {
    max_chars.saturating_sub(AROUND).saturating_sub(LEAD).max(1)
}

impl Mark {
    /// Where in the text the mark on `word` ends, if it is one to mark.
    fn end_in(&self, word: &Word<'_>, stemmed: &str) -> Option<u32> {
        if self.stem == stemmed || self.text == word.text {
            Some(word.to)
        } else if self.open && word.text.starts_with(self.text.as_str()) {
            Some(word.end_of_prefix(self.text.len()))
        } else {
            None
        }
    }
}

/// Sees when a place is found that has every word of the query: the first is the best there can be.
struct Best {
    wanted: u32,
    seen: u32,
    /// Where each of the 32 words a query can have was found last.
    last: [usize; 32],
}

impl Best {
    fn of(marks: &[Mark]) -> Self {
        let bit = |mark: &Mark| u32::try_from(mark.asked).ok().and_then(|asked| 1_u32.checked_shl(asked));
        let wanted = marks.iter().map(|mark| bit(mark).unwrap_or(0)).fold(0, |all, bit| all | bit);
        Self { wanted, seen: 0, last: [0; 32] }
    }

    /// Takes a match in; gives where the place begins, if with this match it has all of them within `width` characters.
    fn found(&mut self, (range, asked): &Found, width: usize) -> Option<usize> {
        *self.last.get_mut(*asked)? = range.start;
        self.seen |= 1 << asked;
        if self.seen != self.wanted {
            return None;
        }
        let wanted = (0..).zip(self.last).filter(|(asked, _)| self.wanted >> asked & 1 == 1);
        let from = wanted.map(|(_, at)| at).min()?;
        (range.end <= from + width).then_some(from)
    }
}

/// Adds a range, joined with the last ones that it touches.
fn join(out: &mut Vec<Range<usize>>, mut range: Range<usize>) {
    while let Some(last) = out.pop_if(|last| range.start <= last.end) {
        range = last.start.min(range.start)..last.end.max(range.end);
    }
    out.push(range);
}

/// The first match of the window of `width` characters that has the most different words; of equals the first.
fn best_window(found: &[Found], width: usize) -> usize {
    let mut best = (0, 0);
    // How often each of the 32 words a query can have is in the window.
    let mut counts = [0u32; 32];
    let (mut different, mut to) = (0, 0);
    for (at, (range, asked)) in found.iter().enumerate() {
        while let Some((next, asked)) = found.get(to).filter(|(next, _)| next.end <= range.start + width || to == at) {
            debug_assert!(next.start >= range.start);
            if let Some(count) = counts.get_mut(*asked) {
                different += usize::from(*count == 0);
                *count += 1;
            }
            to += 1;
        }
        if different > best.0 {
            best = (different, at);
        }
        if let Some(count) = counts.get_mut(*asked) {
            *count = count.saturating_sub(1);
            different -= usize::from(*count == 0);
        }
    }
    best.1
}

/// The first beginning of a word from `from` on; `from` itself if there is none before `limit`.
fn word_start(chars: &[char], from: usize, limit: usize) -> usize {
    (from..limit).find(|at| *at == 0 || chars.get(at - 1) == Some(&' ')).unwrap_or(from)
}

/// The last end of a word up to `to`; `to` itself in a script without spaces.
fn word_end(chars: &[char], from: usize, to: usize) -> usize {
    if to >= chars.len() || chars.get(to) == Some(&' ') {
        return to;
    }
    // Not far back: a word that fills a line is cut.
    (from.max(to.saturating_sub(LEAD))..to)
        .rev()
        .find(|at| chars.get(*at) == Some(&' '))
        .filter(|at| *at > from)
        .unwrap_or(to)
}

fn assemble(chars: &[char], window: Range<usize>, found: &[Found], before: &str, after: &str) -> Snippet {
    debug_assert!(before.is_empty() || before.starts_with(ELLIPSIS));
    let lead = before.chars().count();
    let mut text = String::from(before);
    text.extend(chars.get(window.clone()).unwrap_or_default());
    text.push_str(after);
    let mut ranges = Vec::new();
    for (range, _) in found {
        let (from, to) = (range.start.max(window.start), range.end.min(window.end));
        if from < to {
            join(&mut ranges, from - window.start + lead..to - window.start + lead);
        }
    }
    Snippet { text, ranges }
}

#[cfg(test)]
mod tests;
