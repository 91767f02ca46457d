//! One fold for index, query and highlighter.
//!
//! A character folds to none, one or more characters, without looking at its neighbours. So the three users of the fold
//! can't disagree, and a highlight is found by counting. What the fold promises, and the tests hold it to:
//!
//! * **NFC and NFD are one**: a composed character folds to what its parts fold to. (But for a virama or another script's
//!   mark on three vowel signs of Telugu and Sinhala, which no word has: a fold that sees one character can't put marks
//!   in order.)
//! * **Folding twice is folding once.**
//! * Case, accents, tones, points, full width and Arabic's positional forms are gone; đ is d, ß is ss, ى is ي, ς is σ,
//!   katakana is hiragana, and every script's digits are ASCII. Vowel signs that carry meaning (Thai, Hindi) stay.
//!
//! The table comes from `examples/fold_table.rs`, 14 kB; `unicode-normalization` alone would add some 70 kB.

mod table;

use table::{ASTRAL, ASTRAL_AT, ASTRAL_TO, LONG, LONG_AT, LOW, MARKS, PAGES, TO};

/// The first code of [`TO`] that names an entry of [`LONG`] (Unicode's private use, which nothing folds to).
const LONG_FROM: u16 = 0xE000;

/// Calls `each` with what `c` folds to.
#[inline]
pub(crate) fn fold(c: char, each: &mut impl FnMut(char)) {
    if c.is_ascii() {
        return each(c.to_ascii_lowercase());
    }
    match c {
        // The ideographs: nothing to look up in four fifths of a Chinese text.
        '\u{3400}'..='\u{9FFF}' => each(c),
        '\u{AC00}'..='\u{D7A3}' => hangul(c, each),
        '\0'..='\u{FFFF}' => from_table(c, each),
        _ => match ASTRAL.binary_search(&c) {
            Ok(at) => part(ASTRAL_TO, &ASTRAL_AT, at).chars().for_each(each),
            Err(_) => each(c),
        },
    }
}

/// A Hangul syllable is its two or three letters, by Unicode's arithmetic. The letters are what is typed, so a syllable
/// still being composed is a prefix of the whole one.
fn hangul(c: char, each: &mut impl FnMut(char)) {
    let at = c as u32 - 0xAC00;
    let (lead, vowel, tail) = (0x1100 + at / 588, 0x1161 + at % 588 / 28, 0x11A7 + at % 28);
    for letter in [lead, vowel, tail] {
        if letter != 0x11A7 {
            char::from_u32(letter).into_iter().for_each(&mut *each);
        }
    }
}

fn from_table(c: char, each: &mut impl FnMut(char)) {
    let (page, low) = ((c as usize) >> 8, (c as u32 & 0xFF) as u8);
    let from = PAGES.get(page).map_or(0, |at| usize::from(*at));
    let to = PAGES.get(page + 1).map_or(0, |at| usize::from(*at));
    let found = LOW.get(from..to).and_then(|page| page.binary_search(&low).ok()).and_then(|at| TO.get(from + at));
    match found {
        None => each(c),
        Some(0) => {}
        Some(&long) if long >= LONG_FROM => {
            part(LONG, &LONG_AT, usize::from(long - LONG_FROM)).chars().for_each(each);
        }
        Some(&one) => char::from_u32(u32::from(one)).into_iter().for_each(each),
    }
}

/// One of the texts that stand end to end, each from where `begins` says.
fn part(texts: &'static str, begins: &[u16], number: usize) -> &'static str {
    let at = |number: usize| begins.get(number).map_or(0, |at| usize::from(*at));
    texts.get(at(number)..at(number + 1)).unwrap_or_default()
}

/// What a folded character is to the word splitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// A letter or digit of a script that puts spaces between words.
    Letter,
    /// A character of a script that does not: Chinese, Japanese, Thai, Lao, Khmer, Burmese; and Korean, whose words
    /// carry their particles with them.
    Unit,
    /// A sign that belongs to the character before it.
    Mark,
    /// What may stand inside a word: don't, l'article.
    Apostrophe,
    /// Everything else.
    Gap,
}

/// The class of a folded character.
#[inline]
pub(crate) fn class(c: char) -> Class {
    if c.is_ascii() {
        return match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' => Class::Letter,
            '\'' | '`' => Class::Apostrophe,
            _ => Class::Gap,
        };
    }
    match c {
        '\u{2018}' | '\u{2019}' | '\u{2B9}'..='\u{2BC}' => Class::Apostrophe,
        // The later letters of a Hangul syllable, and what follows its base in Thai, Lao, Khmer and kana.
        '\u{1160}'..='\u{11FF}' | '\u{3099}' | '\u{309A}' | '\u{30FC}' => Class::Mark,
        _ if is_mark(c) => Class::Mark,
        '\u{E00}'..='\u{EFF}'
        | '\u{1000}'..='\u{109F}'
        | '\u{1100}'..='\u{115F}'
        | '\u{1780}'..='\u{17FF}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3041}'..='\u{318F}'
        | '\u{31F0}'..='\u{31FF}'
        | '\u{3400}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{1B000}'..='\u{1B16F}'
        | '\u{20000}'..='\u{3FFFF}'
            if c.is_alphanumeric() =>
        {
            Class::Unit
        }
        _ if c.is_alphanumeric() => Class::Letter,
        _ => Class::Gap,
    }
}

fn is_mark(c: char) -> bool {
    let Ok(code) = u16::try_from(c as u32) else { return false };
    // Runs as pairs of first and last: an odd place is inside a run, and so is a hit on either end.
    match MARKS.binary_search(&code) {
        Ok(_) => true,
        Err(at) => at % 2 == 1,
    }
}

#[cfg(test)]
mod tests;
