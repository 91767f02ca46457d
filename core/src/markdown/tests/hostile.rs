//! Input made to break a parser: it costs no stack, and no more than linear time.

use super::*;

#[test]
fn nesting_beyond_the_limit_is_flattened_with_every_word_kept() {
    for source in ["> ".repeat(40), "- ".repeat(40), "1. > - ".repeat(20), "* > ".repeat(30)] {
        let source = format!("{source}deep\n\nafter");
        for blocks in [parse(&source), article(&source)] {
            check(&blocks);
            assert_eq!(depth(&blocks), MAX_DEPTH, "{source}");
        }
        assert_eq!(plain_article(&source, 80), "deep after");
    }
}

#[test]
fn deepest_output_survives_json() {
    let blocks = parse(&format!("{}deep", "- ".repeat(40)));
    let json = serde_json::to_string(&blocks).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Block>>(&json).unwrap(), blocks);
}

/// Inputs that have broken Markdown parsers: each is a unit that is repeated, and what comes after.
const UNITS: &[(&str, &str)] = &[
    ("> ", "a"),
    ("- ", "a"),
    ("1. ", "a"),
    ("- > ", "a"),
    ("*", "a"),
    ("**a ", ""),
    ("_a *b ", ""),
    ("a**b", ""),
    ("*a_ ", ""),
    ("~~a ", ""),
    ("[", "a"),
    ("]", ""),
    ("[a](", ""),
    ("[a](<b", ""),
    ("[a][", ""),
    ("![", "a](https://a.example)"),
    ("![a](https://a.example)", ""),
    ("[a]: b\n", ""),
    ("[a", "]: b"),
    ("(", ""),
    ("`", ""),
    ("`a``", ""),
    ("`a ", ""),
    ("<", ""),
    ("<a ", ""),
    ("<!--", ""),
    ("<!", ""),
    ("<?", ""),
    ("<![CDATA[", ""),
    ("<div\n", ""),
    ("<div>\n", ""),
    ("<script>\n", ""),
    ("<p>a</p>", ""),
    ("<br>", ""),
    ("&", ""),
    ("&#", ""),
    ("\\", ""),
    ("a\n", ""),
    ("a\n\n", ""),
    ("\t", "a"),
    (">\n", "a"),
    ("```\n", ""),
    ("~~~a\n", ""),
    ("# ", "a"),
    ("a\n=\n", ""),
    ("- a\n", ""),
    ("|", "\n"),
    ("a|b\n-|-\n", ""),
    ("http://", ""),
    ("https://%*", ""),
    ("https://a.example/*a*", ""),
    ("https://a.example)", ""),
    (")https://a", ")))"),
    ("a:", "//"),
    ("\0", ""),
    ("]:", ""),
    ("5.\n", ""),
    ("5. a\n", ""),
    ("-\n", ""),
    ("--\n", ""),
    ("---\n\n", ""),
    ("a\n---\n", ""),
    (">\na\n", ""),
    ("\u{3000}\n", ""),
    ("*a ", ""),
    ("a:**b", ""),
    ("a*", ""),
    ("<br>", "a"),
    ("<a:", ""),
    ("[](", ")"),
    ("[a](b)", ""),
    ("\u{fdd0}", ""),
    ("\u{2028}", "a"),
    ("\r", "a"),
    ("\u{301}", ""),
    ("*\u{301}", ""),
];

/// As much stack as a thread of the host may have, and little enough that recursion on the input would be seen.
fn on_a_small_stack(body: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(256 * 1024).spawn(body).unwrap().join().unwrap();
}

#[test]
fn repeated_units_cost_no_stack_and_come_to_an_end() {
    on_a_small_stack(|| {
        // A quadratic parse of these takes minutes each: no limit of time is needed for somebody to notice.
        for (unit, end) in UNITS {
            let source = format!("{}{end}", unit.repeat(300_000 / unit.len()));
            check(&parse(&source));
            check(&article(&source));
            check(&verbatim(&source));
            plain(&source, 80);
        }
    });
}

#[test]
fn many_open_lists_before_many_blank_lines_come_to_an_end() {
    on_a_small_stack(|| {
        for blank in ["\n", " \n", ">\n", "> \t\n"] {
            let source = format!("> {}a\n{}b", "- ".repeat(50_000), blank.repeat(100_000));
            check(&parse(&source));
            check(&article(&source));
        }
    });
}

#[test]
fn wide_table_with_short_rows_stays_within_memory() {
    let source = format!("{}\n{}\n{}", "|a".repeat(5_000), "|-".repeat(5_000), "|b\n".repeat(5_000));
    check(&parse(&source));
}
