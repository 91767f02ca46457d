//! How a word is spelt: what the fold drops of Latin letters, kept so that two words that fold alike can be told apart.
//!
//! *mà*, *mã* and *ma* all fold to `ma`; their spellings differ. A spelling is the folded word with the accents of each
//! letter behind it as one private-use character, so a composed and a decomposed text are spelt alike. Other scripts have
//! no accents here: their spelling is their fold.

use crate::fold::{Class, class, fold};
use std::sync::LazyLock;

/// The combining marks that are told apart, each with the letters that bear it composed.
const MARKS: [(char, &str); 14] = [
    ('\u{300}', "àèìòùỳằầềồờừ"),
    ('\u{301}', "áéíóúýắấếốớứćńśź"),
    ('\u{302}', "âêîôûầấẩẫậềếểễệồốổỗộ"),
    ('\u{303}', "ãẽĩõũỹñẵẫễỗỡữ"),
    ('\u{306}', "ăằắẳẵặğ"),
    ('\u{308}', "äëïöüÿ"),
    ('\u{309}', "ảẻỉỏủỷẳẩểổởử"),
    ('\u{30A}', "åů"),
    ('\u{30C}', "čěňřšž"),
    ('\u{31B}', "ơườớởỡợừứửữự"),
    ('\u{323}', "ạẹịọụỵặậệộợự"),
    ('\u{327}', "çşţ"),
    ('\u{328}', "ąęįų"),
    // Not combining in Unicode's eyes, and alike for this purpose.
    ('\u{335}', "đłø"),
];
/// The bit of every other accent.
const OTHER: u16 = 1 << 14;
/// What a letter's accents are added to: Unicode's private use.
const ACCENTS: u32 = 0xF_0000;

/// A diaeresis alone: the sixth of [`MARKS`].
const DIAERESIS: char = '\u{F0020}';

/// Latin letters with accents are below this, or in the block of Vietnamese.
const LATIN_END: usize = 0x250;
/// Latin Extended Additional.
const MORE: std::ops::Range<u32> = 0x1E00..0x1F00;

/// The accents of each of those letters.
static ACCENTED: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let mut table = vec![0u16; LATIN_END + MORE.len()];
    for (bit, (_, letters)) in MARKS.iter().enumerate() {
        for letter in letters.chars() {
            for c in std::iter::once(letter).chain(letter.to_uppercase()) {
                if let Some(accents) = place(c).and_then(|at| table.get_mut(at)) {
                    *accents |= 1 << bit;
                }
            }
        }
    }
    for (c, at) in ('\u{80}'..'\u{1F00}').filter_map(|c| Some((c, place(c)?))) {
        let mut plain = None;
        fold(c, &mut |f| plain = Some(f));
        if let Some(accents) = table.get_mut(at)
            && *accents == 0
            && plain.is_some_and(|f| f.is_ascii_alphabetic())
        {
            *accents = OTHER;
        }
    }
    table
});

/// Whether a character of a spelling is the accents of the letter before it.
pub(crate) fn is_accents(c: char) -> bool {
    c as u32 > ACCENTS
}

/// The accents that such a character stands for, as bits.
pub(crate) fn accents_of(c: char) -> u16 {
    (c as u32).saturating_sub(ACCENTS) as u16
}

/// The spelling of a word whose umlauts were typed in two letters, of which `folded` has the first.
pub(crate) fn spell_umlauts(typed: &str, folded: &str) -> String {
    let mut out = String::new();
    let mut letters = folded.chars().peekable();
    for c in typed.chars() {
        // A letter that the folded word lacks is an umlaut's second.
        out.push(if letters.next_if_eq(&c).is_some() { c } else { DIAERESIS });
    }
    out
}

fn place(c: char) -> Option<usize> {
    let code = c as u32;
    if MORE.contains(&code) {
        return Some(LATIN_END + (code - MORE.start) as usize);
    }
    Some(code as usize).filter(|at| *at < LATIN_END)
}

fn accents(c: char) -> u16 {
    if ('\u{300}'..='\u{36F}').contains(&c) {
        return MARKS.iter().position(|(mark, _)| *mark == c).map_or(OTHER, |bit| 1 << bit);
    }
    place(c).and_then(|at| ACCENTED.get(at)).copied().unwrap_or(0)
}

/// Writes the spelling of a word as typed; whether it has an accent.
pub(crate) fn spell(raw: &str, out: &mut String) -> bool {
    out.clear();
    let (mut pending, mut any) = (0u16, 0u16);
    let close = |pending: &mut u16, out: &mut String| {
        if *pending != 0 {
            out.extend(char::from_u32(ACCENTS + u32::from(*pending)));
            *pending = 0;
        }
    };
    for c in raw.chars() {
        if c.is_ascii_alphanumeric() {
            close(&mut pending, out);
            out.push(c.to_ascii_lowercase());
            continue;
        }
        let of = if c.is_ascii() { 0 } else { accents(c) };
        fold(c, &mut |f| {
            if class(f) == Class::Letter {
                close(&mut pending, out);
                out.push(f);
            }
        });
        // A dotted capital is the small letter's, which has its dot anyway.
        if matches!(c, 'İ' | '\u{307}') && out.ends_with('i') {
            continue;
        }
        if !out.is_empty() {
            pending |= of;
            any |= of;
        }
    }
    close(&mut pending, out);
    any != 0
}

/// Whether a text has an accent, and how many letters that only Vietnamese has, of which `most` are counted.
pub(crate) fn evidence(text: &str, most: u32) -> (bool, u32) {
    let (mut accented, mut vietnamese) = (false, 0);
    // Every such letter is two bytes or three, the first of which is none of ASCII: skipping ASCII is most of the work.
    for c in text.chars().filter(|c| !c.is_ascii()) {
        accented = accented || accents(c) != 0;
        vietnamese += u32::from(is_vietnamese(c));
        if vietnamese >= most {
            break;
        }
    }
    (accented, vietnamese)
}

/// Vowels with two signs or with a tone that only Vietnamese writes, horns, and đ.
fn is_vietnamese(c: char) -> bool {
    matches!(c, '\u{1EA0}'..='\u{1EF9}' | 'đ' | 'Đ' | 'ơ' | 'Ơ' | 'ư' | 'Ư' | '\u{309}' | '\u{31B}' | '\u{323}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelt(raw: &str) -> String {
        let mut out = String::new();
        spell(raw, &mut out);
        out
    }

    #[test]
    fn words_that_fold_alike_are_spelt_apart() {
        let words = ["ma", "mà", "mã", "má", "mạ", "mả", "mâ", "mầ", "mậ", "mă", "mä", "må", "mą"];
        for (at, word) in words.iter().enumerate() {
            for other in &words[..at] {
                assert_ne!(spelt(word), spelt(other), "{word} {other}");
            }
        }
        assert_ne!(spelt("die"), spelt("đie"));
        assert_ne!(spelt("uong"), spelt("ương"));
    }

    #[test]
    fn umlauts_in_two_letters_are_spelt_as_umlauts() {
        for (typed, word) in [("groesse", "größe"), ("ueber", "über"), ("neue", "neü"), ("grosse", "grosse")] {
            let folded: String = spelt(word).chars().filter(|c| !is_accents(*c)).collect();
            // ß is another accent of its own.
            assert_eq!(spell_umlauts(typed, &folded), spelt(&word.replace('ß', "ss")), "{typed}");
        }
    }

    #[test]
    fn case_and_composition_make_no_other_spelling() {
        for (a, b) in [
            ("ĐƯỢC", "được"),
            ("của", "cu\u{309}a"),
            ("những", "nhu\u{31b}\u{303}ng"),
            ("những", "nhu\u{303}\u{31b}ng"),
            ("về", "ve\u{302}\u{300}"),
            ("được", "đu\u{31b}o\u{31b}\u{323}c"),
            ("Für", "fu\u{308}r"),
            ("don't", "DONT"),
            ("où", "OU\u{300}"),
        ] {
            assert_eq!(spelt(a), spelt(b), "{a}");
        }
        assert_eq!(spelt("HOW"), "how");
    }

    #[test]
    fn scripts_without_accents_are_spelt_as_they_fold() {
        for (word, folded) in [("إلى", "الي"), ("Моя", "моя")] {
            assert_eq!(spelt(word), folded);
            assert!(!spell(word, &mut String::new()), "{word}");
        }
        assert!(spell("żółć", &mut String::new()) && !spell("zolc", &mut String::new()));
    }

    #[test]
    fn letters_of_vietnamese_are_counted() {
        assert_eq!(evidence("Lỗi máy in", 9), (true, 1));
        assert_eq!(evidence("où est", 9), (true, 0));
        assert_eq!(evidence("may in", 9), (false, 0));
        assert_eq!(evidence("lo\u{302}\u{303}i đo\u{31b}n", 9).1, 2);
    }
}
