//! Writes `src/fold/table.rs`: `cargo run -p shopbell-search --example fold_table > search/src/fold/table.rs`.
//!
//! The table is derived, never edited: Unicode's compatibility decomposition and lower case say what a letter folds to,
//! and the short lists below say where a searcher expects more (đ is d, ى is ي) or less (a Thai vowel sign is kept).
//! A test of the crate folds every character both ways and compares with `unicode-normalization`, so a table that was
//! not regenerated after a change here fails.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::expect_used,
    clippy::panic,
    reason = "a developer's tool: printing the table is what it is for, and a table that can't be made must not be"
)]

use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};

/// Marks that a searcher leaves out: accents, Arabic and Hebrew points, cantillation, and what is not seen at all.
const DROPPED: &[(u32, u32)] = &[
    (0x00AD, 0x00AD), // soft hyphen
    (0x0300, 0x036F), // accents
    (0x0483, 0x0489), // Cyrillic titlo
    (0x0591, 0x05BD), // Hebrew points
    (0x05BF, 0x05BF),
    (0x05C1, 0x05C2),
    (0x05C4, 0x05C5),
    (0x05C7, 0x05C7),
    (0x0610, 0x061A), // Arabic marks
    (0x061C, 0x061C), // Arabic letter mark
    (0x0640, 0x0640), // tatweel
    (0x064B, 0x065F),
    (0x0670, 0x0670),
    (0x06D6, 0x06DC),
    (0x06DF, 0x06E4),
    (0x06E7, 0x06E8),
    (0x06EA, 0x06ED),
    (0x08CA, 0x08E1),
    (0x08E3, 0x08FF),
    (0x1AB0, 0x1ACE),
    (0x1DC0, 0x1DFF),
    (0x200B, 0x200F), // zero width, joiners, direction marks
    (0x202A, 0x202E),
    (0x2060, 0x2064),
    (0x2066, 0x2069),
    (0x20D0, 0x20F0),
    (0xFE00, 0xFE0F), // variation selectors
    (0xFE20, 0xFE2F),
    (0xFEFF, 0xFEFF),
];

/// Where a searcher's letter differs from Unicode's. Each right side is already folded.
const OWN: &[(char, &str)] = &[
    ('đ', "d"),
    ('ð', "d"),
    ('ø', "o"),
    ('ł', "l"),
    ('ı', "i"),
    ('ħ', "h"),
    ('ŧ', "t"),
    ('ŋ', "n"),
    ('ĸ', "k"),
    ('ß', "ss"),
    ('æ', "ae"),
    ('œ', "oe"),
    ('þ', "th"),
    ('ƀ', "b"),
    ('ɓ', "b"),
    ('ɗ', "d"),
    ('ɖ', "d"),
    ('ƒ', "f"),
    ('ɠ', "g"),
    ('ƙ', "k"),
    ('ɨ', "i"),
    ('ɲ', "n"),
    ('ɵ', "o"),
    ('ƴ', "y"),
    ('ƶ', "z"),
    ('ǝ', "e"),
    ('ə', "e"),
    ('ς', "σ"),
    ('ґ', "г"),
    ('ғ', "г"),
    ('қ', "к"),
    ('ң', "н"),
    ('ұ', "у"),
    ('ү', "у"),
    ('һ', "х"),
    ('ҳ', "х"),
    ('ө', "о"),
    ('ә', "а"),
    ('җ', "ж"),
    ('ҷ', "ч"),
    ('ٱ', "ا"),
    ('ى', "ي"),
    ('ی', "ي"),
    ('ې', "ي"),
    ('ے', "ي"),
    ('ک', "ك"),
    ('ة', "ه"),
    ('ۀ', "ه"),
    ('ە', "ه"),
    ('ھ', "ه"),
    ('ہ', "ه"),
    ('ۃ', "ه"),
    ('ء', ""),
    ('ٵ', "ا"),
    ('ٶ', "و"),
    ('ٷ', "و"),
    ('ٸ', "ي"),
    ('ー', "ー"),
];

/// First digits of the decimal systems whose digits are typed as ASCII as often as not.
const ZEROS: &[u32] = &[
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0E50, 0x0ED0,
    0x0F20, 0x1040, 0x17E0, 0x1810,
];

/// Blocks left as they are. Their letters have a canonical form of their own, so both normal forms still agree.
fn left_alone(c: u32) -> bool {
    matches!(c,
        0x1100..=0x11FF | 0xAC00..=0xD7FF   // Hangul: by arithmetic in `fold`
        | 0x2190..=0x245F | 0x2500..=0x2C5F // arrows, operators, shapes
        | 0x2E00..=0x303F | 0x3200..=0x33FF // punctuation, radicals, squared words
        | 0xD800..=0xF8FF                   // surrogates, private use
        | 0xFBC2..=0xFE6F                   // Arabic ligatures of three and more letters
    ) && !(0xFE00..=0xFE0F).contains(&c)
        && !(0xFE20..=0xFE2F).contains(&c)
        && c != 0x2C00
}

/// Thai, Lao, Burmese and Khmer: cut by units there, so that every sign belongs to its base, be it a letter to Unicode or
/// not.
fn unit_script(c: u32) -> bool {
    matches!(c, 0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF)
}

fn dropped(c: char) -> bool {
    // By their classes: 1 is a stroke over a letter or one of the tones of Bassa Vah, 6 the reading of an ideograph, 7 the
    // nukta of the Indic scripts (typed or not, the word is the same), 10 to 36 the points of Hebrew, Arabic and Syriac.
    DROPPED.iter().any(|&(first, last)| (first..=last).contains(&(c as u32)))
        || matches!(canonical_combining_class(c), 1..=7 | 10..=36)
}

fn step(c: char) -> String {
    if dropped(c) {
        return String::new();
    }
    if let Some((_, to)) = OWN.iter().find(|(from, _)| *from == c) {
        return (*to).to_owned();
    }
    for zero in ZEROS {
        if (*zero..zero + 10).contains(&(c as u32)) {
            return char::from_digit(c as u32 - zero, 10).expect("a digit").to_string();
        }
    }
    // Katakana is hiragana in other clothes: a Japanese keyboard shows hiragana before it converts.
    if (0x30A1..=0x30F6).contains(&(c as u32)) {
        return char::from_u32(c as u32 - 0x60).expect("hiragana").nfd().collect();
    }
    let whole: String =
        if left_alone(c as u32) { c.to_string().nfd().collect() } else { c.to_string().nfkd().collect() };
    whole.chars().flat_map(char::to_lowercase).collect()
}

fn fold(c: char) -> String {
    let mut now = c.to_string();
    for _ in 0..8 {
        let next: String = now.chars().map(step).collect();
        if next == now {
            return now;
        }
        now = next;
    }
    panic!("{c:?} ({:#x}) never settles: {now:?}", c as u32)
}

fn main() {
    let mut pages = vec![0u16];
    let (mut low, mut to, mut long, mut long_at) = (Vec::new(), Vec::new(), String::new(), vec![0u16]);
    let mut known: BTreeMap<String, u16> = BTreeMap::new();
    let mut marks: Vec<(u16, u16)> = Vec::new();
    for code in 0u32..0x1_0000 {
        if code > 0 && code % 256 == 0 {
            pages.push(u16::try_from(low.len()).expect("few entries"));
        }
        let Some(c) = char::from_u32(code) else { continue };
        let short = u16::try_from(code).expect("the first plane");
        if code < 0x80 || (0xAC00..0xD7A4).contains(&code) {
            continue;
        }
        let folded = fold(c);
        if !(left_alone(code)
            && folded == c.to_string().nfd().collect::<String>()
            && folded.chars().count() == 1
            && folded.starts_with(c))
            && folded != c.to_string()
        {
            low.push(short as u8);
            let mut chars = folded.chars();
            to.push(match (chars.next(), chars.next()) {
                (None, _) => 0,
                (Some(one), None) if (one as u32) < 0xE000 => one as u16,
                _ => *known.entry(folded.clone()).or_insert_with(|| {
                    long.push_str(&folded);
                    long_at.push(u16::try_from(long.len()).expect("short"));
                    0xE000 + u16::try_from(long_at.len() - 2).expect("few")
                }),
            });
        } else if is_combining_mark(c) && (!c.is_alphanumeric() || unit_script(code)) {
            match marks.last_mut() {
                Some((_, last)) if *last + 1 == short => *last = short,
                _ => marks.push((short, short)),
            }
        }
    }
    pages.push(u16::try_from(low.len()).expect("few entries"));
    let astral: Vec<(char, String)> = (0x1_0000..0x11_0000u32)
        .filter_map(char::from_u32)
        .filter(|c| !(0x2_F800..0x2_FA20).contains(&(*c as u32)))
        .filter(|c| std::iter::once(*c).nfd().nfc().eq([*c]))
        .map(|c| (c, std::iter::once(c).nfd().filter(|c| !dropped(*c)).collect::<String>()))
        .filter(|(c, folded)| !folded.chars().eq([*c]))
        .collect();
    eprintln!(
        "{} entries, {} long in {} bytes, {} mark ranges, {} astral: {} bytes",
        low.len(),
        long_at.len() - 1,
        long.len(),
        marks.len(),
        astral.len(),
        low.len() * 3 + pages.len() * 2 + long.len() + long_at.len() * 2 + marks.len() * 4
    );
    println!("//! The fold's table. Written by `examples/fold_table.rs`: change that, not this.\n");
    println!("/// Where each page of 256 characters begins in [`LOW`] and [`TO`].");
    print_numbers("PAGES", "u16", &pages);
    println!("/// The low byte of every character that folds to something else, in order.");
    print_numbers("LOW", "u8", &low);
    println!("/// What it folds to: 0 is nothing, 0xE000 and up is an entry of [`LONG`], else a character.");
    print_numbers("TO", "u16", &to);
    println!("/// The folds of more than one character, end to end.");
    println!("pub(super) static LONG: &str = {:?};", long);
    println!("/// Where each of them begins in [`LONG`].");
    print_numbers("LONG_AT", "u16", &long_at);
    println!(
        "/// Marks that continue the word they stand in: no letters, or of a script cut by units. First and last of each run."
    );
    print_numbers("MARKS", "u16", &marks.iter().flat_map(|(a, b)| [*a, *b]).collect::<Vec<_>>());
    println!("/// Composed characters and dropped marks beyond the first plane, in order.");
    println!("pub(super) static ASTRAL: [char; {}] = [", astral.len());
    for (from, _) in &astral {
        println!("    {from:?},");
    }
    println!("];");
    let (mut to, mut at) = (String::new(), vec![0]);
    for (_, folded) in &astral {
        to.push_str(folded);
        at.push(to.len());
    }
    println!("/// What they fold to, end to end.");
    println!("pub(super) static ASTRAL_TO: &str = {to:?};");
    println!("/// Where each of them begins in [`ASTRAL_TO`].");
    print_numbers("ASTRAL_AT", "u16", &at);
}

fn print_numbers<T: std::fmt::Display>(name: &str, kind: &str, numbers: &[T]) {
    println!("#[rustfmt::skip]\npub(super) static {name}: [{kind}; {}] = [", numbers.len());
    let mut line = String::from("   ");
    for number in numbers {
        let next = format!(" {number},");
        if line.len() + next.len() > 118 {
            println!("{line}");
            line = String::from("   ");
        }
        line.push_str(&next);
    }
    println!("{line}\n];");
}
