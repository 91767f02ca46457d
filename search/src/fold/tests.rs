use super::{Class, class, fold};
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

fn folded(text: &str) -> String {
    let mut out = String::new();
    text.chars().for_each(|c| fold(c, &mut |f| out.push(f)));
    out
}

#[test]
fn every_character_folds_alike_composed_and_in_parts() {
    // Neither normal form keeps the compatibility ideographs and the notes of music, so no table is spent on them.
    let given_up = |c: char| matches!(c as u32, 0x2_F800..0x2_FA20 | 0x1_D15E..0x1_D1C1);
    for c in (0..=0x10_FFFF).filter_map(char::from_u32) {
        let (once, composed, parts) =
            (folded(&c.to_string()), folded(&c.nfc().collect::<String>()), folded(&c.nfd().collect::<String>()));
        assert_eq!(composed, parts, "{c:?}");
        assert!(once == parts || given_up(c), "{c:?}: {once} and {parts}");
        assert_eq!(folded(&once), once, "{c:?} settles");
    }
}

#[test]
fn letters_of_each_script_fold_to_what_a_searcher_types() {
    for (from, to) in [
        ("Đổi MẬT khẩu", "doi mat khau"),
        ("Straße Æsir Łódź İstanbul ığdır", "strasse aesir lodz istanbul igdir"),
        ("Ἀθῆναι ΟΔΌΣ", "αθηναι οδοσ"),
        ("Ёлка ЙОД Їжак", "елка иод іжак"),
        ("أُسْتَاذَة إلى مـوقع ﻻ ﺷﻜﺮ ی ک ١٢٣ ۴۵", "استاذه الي موقع لا شكر ي ك 123 45"),
        ("ＡＢＣ １２３ ｶﾞｯｺｳ ガッコウ", "abc 123 か\u{3099}っこう か\u{3099}っこう"),
        ("ﬁle ① Ⅳ", "file 1 iv"),
        ("שָׁלוֹם", "שלום"),
        ("คืนสินค้า ๑๒", "คืนสินค้า 12"),
        ("한국어", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}\u{110b}\u{1165}"),
    ] {
        assert_eq!(folded(from), to);
    }
}

#[test]
fn classes_of_characters_that_matter() {
    for (c, expected) in [
        ('a', Class::Letter),
        ('я', Class::Letter),
        ('ش', Class::Letter),
        ('क', Class::Letter),
        ('्', Class::Mark),
        ('ค', Class::Unit),
        ('่', Class::Mark),
        ('漢', Class::Unit),
        ('ក', Class::Unit),
        ('ກ', Class::Unit),
        ('\u{1112}', Class::Unit),
        ('\u{1161}', Class::Mark),
        ('’', Class::Apostrophe),
        ('。', Class::Gap),
        ('😀', Class::Gap),
        ('฿', Class::Gap),
        ('\0', Class::Gap),
    ] {
        assert_eq!(class(c), expected, "{c:?}");
    }
}

proptest! {
    #[test]
    fn any_text_folds_alike_in_every_normal_form(text in "[\\PC\u{300}-\u{36f}\u{1ea0}-\u{1ef9}\u{600}-\u{6ff}\u{400}-\u{4ff}]{0,40}") {
        let (nfc, nfd): (String, String) = (text.nfc().collect(), text.nfd().collect());
        prop_assert_eq!(folded(&nfc), folded(&nfd));
        prop_assert_eq!(folded(&folded(&text)), folded(&text));
    }
}
