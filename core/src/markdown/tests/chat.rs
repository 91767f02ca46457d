//! What agents type is shown.

use super::*;

fn same(text: &str) {
    assert_eq!(parse(text), [p([t(text)])], "{text:?}");
    assert_eq!(plain(text, 200), text.split_whitespace().collect::<Vec<_>>().join(" "), "{text:?}");
}

#[test]
fn text_that_only_a_document_gives_a_meaning_stays_as_typed() {
    for text in [
        "5.",
        "30.",
        "2026.",
        "1)",
        "-",
        "+",
        "*",
        ">",
        ">>",
        "#",
        "##",
        "---",
        "***",
        "****",
        "* * *",
        "___",
        "===",
        "```",
        "~~~",
        "|",
        "[]",
        "[]()",
        "<br>",
        "\\",
        "&nbsp;",
        "[1]: 500k",
        "[Order]: #1207",
        "Price\n[giá]: 500k",
        "- 5",
        "+ 5",
        "* 5",
        "> 18",
        "# 7",
        "# 1234 is your order",
        "+ 84 901 234 567",
        "05. May",
        "<b>",
        "<script>",
        "Press <select> or <!-- this -->",
        "Vec<String>",
        "2*3*4 = 24",
        "10*20*30cm",
        "x**2 + y**2",
        "a*b*c",
        "Delivery takes 3~5 days, the fee is 20~30k.",
        "~5 days or ~10 USD",
        "=",
        "Thanks\n=\nShop",
        "Best regards,\n--\nAnna",
        "Your order\n-",
        "Total\n---\n5 items",
        "Hi\n***\nthere",
        "\u{200b}",
    ] {
        same(text);
    }
    for text in [
        "> -",
        "- -",
        "# #",
        "> * * *",
        "1.\n\n5.",
        "| |\n|-|",
        "- [ ]",
        "    <br>",
        "> <br>",
        "- <br>",
        "> [!NOTE]",
        "[a]: https://a.example",
    ] {
        check(&parse(text));
        assert!(!parse(text).is_empty() && !plain(text, 80).is_empty(), "{text:?}");
    }
}

#[test]
fn signature_is_no_heading_and_line_stands_between_paragraphs() {
    assert_eq!(parse("Happy to help!\n\n--\n\nAnna"), [p([t("Happy to help!")]), p([t("--")]), p([t("Anna")])]);
    assert_eq!(parse("Happy to help!\n\n\\\n--\n\nAnna"), [p([t("Happy to help!")]), p([t("--")]), p([t("Anna")])]);
    assert_eq!(parse("a\n\n---\n\nb"), [p([t("a")]), Block::Rule, p([t("b")])]);
    assert_eq!(plain("a\n\n---\n\nb", 80), "a b");
    assert_eq!(parse("> * * *"), [Block::Quote { blocks: vec![p([t("* * *")])] }]);
    assert_eq!(parse("> a\n>\n> b"), [Block::Quote { blocks: vec![p([t("a")]), p([t("b")])] }]);
}

#[test]
fn items_keep_their_numbers() {
    let item = |text: &str| ListItem { blocks: vec![p([t(text)])] };
    let list =
        |start, texts: &[&str]| Block::List { start: Some(start), items: texts.iter().map(|s| item(s)).collect() };
    assert_eq!(
        parse("38. sold out\n40. in stock\n41. in stock"),
        [list(38, &["sold out"]), list(40, &["in stock", "in stock"])]
    );
    assert_eq!(plain("1986. A great year", 80), "1986. A great year");
    assert_eq!(plain("Steps:\n1. open\n2. close\n   1. lock", 80), "Steps: 1. open 2. close 1. lock");
    assert_eq!(plain_article("1. open\n2. close", 80), "open close");
    assert_eq!(parse("1. a\n3."), [list(1, &["a"]), p([t("3.")])]);
    assert_eq!(parse("- first\n- second\n- "), [bullets(vec![vec![p([t("first")])], vec![p([t("second")])], vec![]])]);
    assert_eq!(parse("- 5 red\n- 6 blue"), [bullets(vec![vec![p([t("5 red")])], vec![p([t("6 blue")])]])]);
}

#[test]
fn answer_below_a_quote_is_not_part_of_it() {
    let said = Block::Quote { blocks: vec![p([t("Is it waterproof?")])] };
    assert_eq!(parse("> Is it waterproof?\nYes."), [said, p([t("Yes.")])]);
    assert_eq!(parse("```\n> a\nb\n```"), [Block::Code { language: None, text: "> a\nb".into() }]);
}

#[test]
fn words_far_to_the_right_are_no_code() {
    assert_eq!(parse("Hi,\n\n     dear customer"), [p([t("Hi,")]), p([t("dear customer")])]);
    assert_eq!(parse("\tone\n\ttwo"), [p([t("one\ntwo")])]);
}

#[test]
fn first_words_of_fenced_code_are_kept() {
    let code =
        |language: Option<&str>, text: &str| Block::Code { language: language.map(Into::into), text: text.into() };
    assert_eq!(parse("```rust\nlet a;\n```"), [code(Some("rust"), "let a;")]);
    assert_eq!(parse("```npm run build\nnpm test\n```"), [code(None, "npm run build\nnpm test")]);
    same("```500k");
    // Nothing within is changed.
    let inside = "# 1\n--\n[a]: b\n10*2*3\n<b><br>~5\n    far";
    assert_eq!(parse(&format!("```\n{inside}\n```")), [code(None, inside)]);
    assert_eq!(parse("`2*3*4 <b> [a]: ~ **提示：**请`"), [p([super::code("2*3*4 <b> [a]: ~ **提示：**请")])]);
}

#[test]
fn emphasis_may_end_behind_punctuation_with_no_space() {
    for (source, strong, rest) in [
        ("**提示：**请重启", "提示：", "请重启"),
        ("**Lưu ý:**bạn cần", "Lưu ý:", "bạn cần"),
        ("**Warning:**text", "Warning:", "text"),
        ("**확인(필수)**을", "확인(필수)", "을"),
        ("**Giá 500**k", "Giá 500", "k"),
        ("**“重点”**内容", "“重点”", "内容"),
    ] {
        assert_eq!(parse(source), [p([b(strong), t(rest)])]);
        assert_eq!(plain(source, 80), format!("{strong}{rest}"));
    }
    assert_eq!(parse("含**「重点」**内容"), [p([t("含"), b("「重点」"), t("内容")])]);
    assert_eq!(
        parse("请**[看](https://a.example)**吧"),
        [p([t("请"), Span { link: Some("https://a.example/".into()), ..b("看") }, t("吧"),])]
    );
    assert_eq!(parse("*Lưu ý:*bạn"), [p([i("Lưu ý:"), t("bạn")])]);
    let struck = SpanStyle { strikethrough: true, ..SpanStyle::default() };
    assert_eq!(parse("~~原价：~~现价"), [p([Span { style: struck, ..t("原价：") }, t("现价")])]);
    // Thai has no spaces between words.
    assert_eq!(parse("ราคา*พิเศษ*นะ"), [p([t("ราคา"), i("พิเศษ"), t("นะ")])]);
    assert_eq!(parse("(**a**) **b** (**c**)"), [p([t("("), b("a"), t(") "), b("b"), t(" ("), b("c"), t(")")])]);
    // An article is a document.
    assert_eq!(article("**提示：**请"), [p([t("**提示：**请")])]);
}

#[test]
fn escaped_characters_are_text() {
    assert_eq!(parse(r"2\*3\*4 \<b> \[a\]: 5\. \-- ¯\\\_(ツ)\_/¯"), [p([t(r"2*3*4 <b> [a]: 5. -- ¯\_(ツ)_/¯")])]);
    assert_eq!(parse("5\\."), [p([t("5.")])]);
    assert_eq!(parse("\u{fdd0}a\u{fdef}"), [p([t("\u{fffd}a\u{fffd}")])]);
}

#[test]
fn titles_stand_behind_what_they_name() {
    let url = "https://a.example/";
    assert_eq!(parse(&format!("[a]({url} \"500k\") b")), [p([link("a", url), t(" (500k) b")])]);
    assert_eq!(parse(&format!("![a]({url} \"500k\")")), [image(url, "a (500k)")]);
    assert_eq!(
        parse(&format!("{url}x [a]({url})")),
        [p([link("https://a.example/x", "https://a.example/x"), t(" "), link("a", url)])]
    );
    assert_eq!(parse(&format!("[a](b) {url}")), [p([t("a (b) "), link(url, url)])]);
    assert_eq!(article(&format!("[a]({url} \"500k\") b")), [p([link("a", url), t(" b")])]);
}

#[test]
fn address_that_is_refused_is_no_link() {
    for address in ["blob:https://x.example", "https://bank.example\u{202e}moc", "https://a@b.example"] {
        assert_eq!(parse(&format!("[x]({address})")), [p([t(&format!("x ({address})"))])]);
    }
}

#[test]
fn picture_alone_has_a_preview() {
    assert_eq!(plain("![](https://x.example/a%20%C4%91.png?v=1)", 80), "a đ.png");
    assert_eq!(plain("![a bag](https://x.example/a.png)", 80), "a bag");
    assert_eq!(plain("![](https://x.example)", 80), "x.example");
    assert_eq!(plain_article("a ![](https://x.example/a.png)", 80), "a");
}
