use super::*;
use proptest::prelude::*;

fn marked(query: &str, text: &str) -> String {
    let (mut out, ranges) = (String::new(), Highlighter::new(query).ranges(text));
    for (at, c) in text.chars().enumerate() {
        out.push_str(if ranges.iter().any(|range| range.start == at) { "[" } else { "" });
        out.push(c);
        out.push_str(if ranges.iter().any(|range| range.end == at + 1) { "]" } else { "" });
    }
    out
}

#[test]
fn each_script_is_marked_where_it_matches() {
    for (query, expected) in [
        ("doi", "[Đổi] mật khẩu"),
        ("mật kh", "Đổi [mật] [kh]ẩu"),
        ("refunds", "A [refund] is [refunded]"),
        ("how do i refund", "how do I [refund]"),
        ("退款", "如何[退款]？"),
        ("退", "如何[退]款"),
        ("เงิน", "คืน[เงิน]"),
        ("αθηνα", "[Αθήνα]"),
        ("شکر", "[شُكْر]ا"),
        ("ABC", "[ＡＢＣ]"),
    ] {
        let text: String = expected.chars().filter(|c| !matches!(c, '[' | ']')).collect();
        assert_eq!(marked(query, &text), expected, "{query}");
    }
}

#[test]
fn a_text_in_parts_is_marked_with_its_accents() {
    assert_eq!(
        marked("doi", "D\u{309}o\u{302}\u{309}i mo\u{31b}\u{301}i"),
        "[D\u{309}o\u{302}\u{309}i] mo\u{31b}\u{301}i"
    );
    assert_eq!(marked("mo", "mo\u{31b}\u{301}i"), "[mo\u{31b}\u{301}]i");
}

#[test]
fn a_snippet_shows_the_densest_place() {
    let text = format!("refund {} refund within five days {}", "filler ".repeat(40), "filler ".repeat(40));
    let snippet = Highlighter::new("refund five days").snippet(&text, 60);
    assert!(snippet.text.starts_with("… ") && snippet.text.ends_with(" …"), "{snippet:?}");
    assert!(snippet.text.contains("refund within five days"), "{snippet:?}");
    assert_eq!(snippet.ranges.len(), 3);
}

#[test]
fn a_text_without_match_gives_its_beginning() {
    assert_eq!(Highlighter::new("x").snippet("one two\nthree", 99).text, "one two three");
    assert_eq!(Highlighter::default().snippet("one two three four", 12).text, "one two …");
    assert_eq!(Highlighter::new("x").snippet("one two", 3), Snippet::default());
    assert_eq!(Highlighter::new("x").snippet("", 0), Snippet::default());
}

#[test]
fn a_text_of_five_megabytes_is_no_trouble() {
    let text = "đổi trả ".repeat(600_000);
    assert!(Highlighter::new("doi").snippet(&text, 80).text.chars().count() <= 80);
}

proptest! {
    #[test]
    fn a_snippet_of_a_text_read_in_part_is_that_of_the_whole(
        query in "(refund|five|day|x|漢){1}( (refund|five|day|漢|wit)){0,3}",
        text in "((refund|five|days|within|filler words that match nothing|x漢字漢) ){0,60}",
        max in 0usize..60,
    ) {
        let highlighter = Highlighter::new(&query);
        let mut all = Vec::new();
        highlighter.find(&text, &Cell::new(u32::MAX), &mut |one| all.push(one));
        prop_assert_eq!(highlighter.snippet(&text, max), show(&text, max, &all));
    }

    #[test]
    fn ranges_are_in_order_and_in_the_text(
        query in "[\\PC'\u{300}-\u{303}đềคื่漢]{0,12}",
        text in "[\\PC'\u{300}-\u{303}đềคื่漢 \n]{0,80}",
        max in 0usize..60,
    ) {
        let highlighter = Highlighter::new(&query);
        let check = |ranges: &[Range<usize>], text: &str| {
            let count = text.chars().count();
            let mut last = None;
            for range in ranges {
                assert!(range.start < range.end && range.end <= count, "{ranges:?} in {text:?}");
                assert!(last.is_none_or(|last| last < range.start), "{ranges:?}");
                last = Some(range.end);
            }
        };
        check(&highlighter.ranges(&text), &text);
        let snippet = highlighter.snippet(&text, max);
        check(&snippet.ranges, &snippet.text);
        prop_assert!(snippet.text.chars().count() <= max);
    }
}
