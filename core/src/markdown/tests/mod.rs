//! What the module's doc promises, one by one.

mod chat;
mod hostile;
mod properties;

use super::*;
use crate::model::{CalloutKind, ListItem, SpanStyle, TableCell};

// A small vocabulary: `p([t("a"), b("b")])` is a paragraph of "a" and a bold "b".

fn t(text: &str) -> Span {
    Span { text: text.into(), ..Span::default() }
}

fn b(text: &str) -> Span {
    Span { style: SpanStyle { strong: true, ..SpanStyle::default() }, ..t(text) }
}

fn i(text: &str) -> Span {
    Span { style: SpanStyle { emphasis: true, ..SpanStyle::default() }, ..t(text) }
}

fn code(text: &str) -> Span {
    Span { style: SpanStyle { code: true, ..SpanStyle::default() }, ..t(text) }
}

fn link(text: &str, url: &str) -> Span {
    Span { link: Some(url.into()), ..t(text) }
}

fn p(spans: impl Into<Vec<Span>>) -> Block {
    Block::Paragraph { spans: spans.into() }
}

fn article(source: &str) -> Vec<Block> {
    parse_article(source, None)
}

fn image(url: &str, alt: &str) -> Block {
    Block::Image { url: url.into(), alt: alt.into() }
}

fn bullets(items: Vec<Vec<Block>>) -> Block {
    Block::List { start: None, items: items.into_iter().map(|blocks| ListItem { blocks }).collect() }
}

fn cells(texts: &[&str]) -> Vec<TableCell> {
    texts.iter().map(|text| TableCell { spans: if text.is_empty() { vec![] } else { vec![t(text)] } }).collect()
}

/// How deep quotes and lists nest.
fn depth(blocks: &[Block]) -> usize {
    let inner = |block: &Block| match block {
        Block::Quote { blocks } | Block::Callout { blocks, .. } => 1 + depth(blocks),
        Block::List { items, .. } => 1 + items.iter().map(|item| depth(&item.blocks)).max().unwrap_or(0),
        _ => 0,
    };
    blocks.iter().map(inner).max().unwrap_or(0)
}

/// Checks what holds of any output, whatever the input.
fn check(blocks: &[Block]) {
    assert!(depth(blocks) <= MAX_DEPTH);
    for block in blocks {
        match block {
            Block::Paragraph { spans } | Block::Heading { spans, .. } => {
                assert!(!spans.is_empty());
                check_spans(spans);
            }
            Block::List { items, .. } => items.iter().for_each(|item| check(&item.blocks)),
            Block::Quote { blocks } | Block::Callout { blocks, .. } => check(blocks),
            Block::Table { header, rows } => {
                header.iter().chain(rows.iter().flatten()).for_each(|cell| check_spans(&cell.spans));
            }
            Block::Image { url, alt } => {
                assert!(url.starts_with("http") && safe_link(url).as_ref() == Some(url), "{url}");
                assert!(!alt.contains('\0'));
            }
            Block::Code { text, .. } => assert!(!text.contains('\0')),
            Block::Rule => {}
        }
    }
}

fn check_spans(spans: &[Span]) {
    for span in spans {
        assert!(!span.text.is_empty() && !span.text.contains(['\0', '\r']), "{spans:?}");
        // Passing again gives it back: it was clean.
        assert!(span.link.is_none() || span.link.as_deref().and_then(safe_link) == span.link, "{span:?}");
    }
    for pair in spans.windows(2) {
        assert!((pair[0].style, &pair[0].link) != (pair[1].style, &pair[1].link), "not merged: {pair:?}");
    }
}

mod formatting {
    use super::*;

    #[test]
    fn emphasis_of_each_kind_becomes_flags_that_combine() {
        let both = SpanStyle { strong: true, emphasis: true, ..SpanStyle::default() };
        let struck = SpanStyle { strikethrough: true, ..SpanStyle::default() };
        assert_eq!(
            parse("a **b *c*** ~~d~~ `e`"),
            [p([
                t("a "),
                b("b "),
                Span { style: both, ..t("c") },
                t(" "),
                Span { style: struck, ..t("d") },
                t(" "),
                code("e")
            ])]
        );
    }

    #[test]
    fn pieces_with_one_look_are_one_span() {
        assert_eq!(parse(r"a \* b &amp; c"), [p([t("a * b & c")])]);
        assert_eq!(article("**a**<i>**b**</i>"), [p([b("ab")])]);
    }

    #[test]
    fn line_breaks_of_each_kind_are_kept() {
        assert_eq!(parse("a\nb  \nc\\\nd<br>e<BR/>f\r\ng"), [p([t("a\nb\nc\nd\ne\nf\ng")])]);
    }

    #[test]
    fn blocks_of_each_kind_are_told_apart() {
        assert_eq!(
            article("## T\n\ntext\n\n---\n\n> said\n\n```rust ignore\nlet a;\n\nb\n```\n\n    indented\n"),
            [
                Block::Heading { level: 2, spans: vec![t("T")] },
                p([t("text")]),
                Block::Rule,
                Block::Quote { blocks: vec![p([t("said")])] },
                Block::Code { language: Some("rust".into()), text: "let a;\n\nb".into() },
                Block::Code { language: None, text: "indented".into() },
            ]
        );
    }

    #[test]
    fn lists_tight_or_loose_hold_the_same_paragraphs() {
        let expected = [bullets(vec![vec![p([t("a")])], vec![p([t("b")]), bullets(vec![vec![p([t("c")])]])]])];
        assert_eq!(parse("- a\n- b\n  - c"), expected);
        assert_eq!(parse("- a\n\n- b\n\n  - c"), expected);
    }

    #[test]
    fn numbered_list_keeps_its_first_number() {
        let blocks = parse("7. a\n8. b");
        assert!(matches!(&blocks[..], [Block::List { start: Some(7), items }] if items.len() == 2), "{blocks:?}");
    }

    #[test]
    fn task_list_shows_its_boxes() {
        let expected = [bullets(vec![vec![p([t("\u{2611} done")])], vec![p([t("\u{2610} not yet")])]])];
        assert_eq!(parse("- [x] done\n- [ ] not yet"), expected);
    }

    #[test]
    fn table_is_filled_up_to_its_header() {
        let table = Block::Table { header: cells(&["A", "B"]), rows: vec![cells(&["1", "2"]), cells(&["3", ""])] };
        assert_eq!(parse("before\n\n|A|B|\n|-|:-:|\n|1|2|\n|3|\n"), [p([t("before")]), table]);
    }

    #[test]
    fn cells_beyond_the_heading_are_kept() {
        let table = |rows| Block::Table { header: cells(&["a", "b"]), rows };
        for read in [parse, article] {
            assert_eq!(read("a|b\n-|-\n1|2|3|4\n5||6"), [table(vec![cells(&["1", "2 3|4"]), cells(&["5", "6"])])]);
        }
    }

    #[test]
    fn empty_input_gives_no_blocks() {
        for source in ["", " ", "\n\n\n", "\t\r\n", "<!-- note -->", "![](javascript:x)", "#", ">"] {
            assert_eq!(article(source), [], "{source:?}");
        }
        assert_eq!(parse(" \n\t\r\n "), []);
        assert_eq!(verbatim(" \n\t\r\n "), []);
    }

    #[test]
    fn nul_becomes_the_replacement_character() {
        assert_eq!(parse("a\0b `\0`"), [p([t("a\u{fffd}b "), code("\u{fffd}")])]);
        assert_eq!(verbatim("a\0b"), [p([t("a\u{fffd}b")])]);
    }
}

mod html {
    use super::*;

    #[test]
    fn inline_tags_go_and_their_text_stays() {
        assert_eq!(article("a <b>bold</b> <!-- x --><a href='javascript:x'>link</a>"), [p([t("a bold link")])]);
    }

    #[test]
    fn what_only_looks_like_a_tag_stays_as_typed() {
        for text in ["Press <Enter> now", "Vec<String>", "<your name> here", "a <x-y> b", "1 < 2 > 0"] {
            assert_eq!(article(text), [p([t(text)])]);
        }
        assert_eq!(article("<order>\nnumber"), [p([t("<order> number")])]);
    }

    #[test]
    fn block_leaves_lines_of_text() {
        let source = "<div class=\"x\">\n <p>One &amp; two</p>\n <ul><li>three<li>four\n  five</ul></div>";
        assert_eq!(article(source), [p([t("One & two\nthree\nfour five")])]);
    }

    #[test]
    fn script_and_style_are_left_out_unless_they_never_end() {
        assert_eq!(article("<script>alert(1)</script>\n\nafter"), [p([t("after")])]);
        assert_eq!(article("<STYLE>a{}</Style >b"), [p([t("b")])]);
        assert_eq!(article("<script>\n\nwords that matter"), [p([t("words that matter")])]);
    }

    #[test]
    fn url_in_a_block_becomes_a_link() {
        assert_eq!(article("<p>https://a.example/x</p>"), [p([link("https://a.example/x", "https://a.example/x")])]);
    }

    #[test]
    fn tags_without_an_end_are_text() {
        assert_eq!(article("<div\n<p\n<!-- a"), [p([t("<div <p <!-- a")])]);
    }
}

mod links {
    use super::*;

    #[test]
    fn links_of_each_kind_carry_their_cleaned_address() {
        let url = "https://a.example/";
        assert_eq!(parse("[a](HTTPS://A.example)"), [p([link("a", url)])]);
        assert_eq!(article("[a][r]\n\n[r]: https://a.example"), [p([link("a", url)])]);
        assert_eq!(parse("<https://a.example>"), [p([link("https://a.example", url)])]);
        assert_eq!(parse("<a@b.example>"), [p([link("a@b.example", "mailto:a@b.example")])]);
        assert_eq!(parse("[call](tel:+1-555-0100)"), [p([link("call", "tel:+15550100")])]);
        assert_eq!(parse("[](https://a.example)"), [p([link(url, url)])]);
    }

    #[test]
    fn refused_link_leaves_its_text() {
        let source = "x [a](javascript:alert`1`) [b](/local) [c](//evil.example)";
        assert_eq!(article(source), [p([t("x a b c")])]);
        // In a chat, what can't be opened is shown as words.
        assert_eq!(parse(source), [p([t("x a (javascript:alert`1`) b (/local) c (//evil.example)")])]);
        assert_eq!(parse("[](myapp://order/5) [a]() []()"), [p([t("myapp://order/5 a []()")])]);
        assert_eq!(parse("<myapp://order/5>"), [p([t("myapp://order/5")])]);
    }

    #[test]
    fn bare_url_becomes_a_link_without_the_sentence_around_it() {
        for (text, url) in [
            ("see https://a.example.", "https://a.example"),
            ("(https://a.example/x)", "https://a.example/x"),
            ("https://a.example/x_(y)!", "https://a.example/x_(y)"),
            ("[https://a.example/x]", "https://a.example/x"),
            ("Https://a.example/?q=1&r=2, and", "Https://a.example/?q=1&r=2"),
            ("请看https://a.example/x。谢谢", "https://a.example/x"),
            ("“https://a.example/x”", "https://a.example/x"),
            ("a\nhttps://a.example/x\nb", "https://a.example/x"),
            ("https://a.example/#/r?x=*", "https://a.example/#/r?x="),
        ] {
            for blocks in [parse(text), verbatim(text)] {
                let [Block::Paragraph { spans }] = &blocks[..] else { panic!("{blocks:?}") };
                let links: Vec<_> = spans.iter().filter(|span| span.link.is_some()).collect();
                assert!(matches!(links[..], [span] if span.text == url), "{text}: {spans:?}");
                assert_eq!(spans.iter().map(|span| span.text.as_str()).collect::<String>(), text);
            }
        }
    }

    #[test]
    fn address_written_in_haste_is_a_link_in_a_chat() {
        assert_eq!(parse("[a](www.shop.example/x)"), [p([link("a", "https://www.shop.example/x")])]);
        assert_eq!(parse("[a](<tel:+84 901 234>)"), [p([link("a", "tel:+84901234")])]);
        assert_eq!(parse("[a](<https://a.example/my file>)"), [p([link("a", "https://a.example/my%20file")])]);
        for trick in ["https://good.example @evil.example", "java script:x", "www.good.example@evil.example"] {
            assert_eq!(loose_link(trick), None, "{trick}");
        }
    }

    #[test]
    fn what_is_no_url_stays_text() {
        for text in ["http://", "https:// a", "xhttp://a.example", "ftp://a.example", "://", "https://a@b.example"] {
            assert_eq!(parse(text), [p([t(text)])]);
            assert_eq!(verbatim(text), [p([t(text)])]);
        }
        assert_eq!(parse("`https://a.example`"), [p([code("https://a.example")])]);
    }

    #[test]
    fn bare_url_keeps_its_marks_of_emphasis() {
        for url in [
            "https://a.example/__init__.py",
            "https://a.example/*a*b",
            "https://a.example/~~x~~y",
            "https://a.example/a_b_",
        ] {
            let shown = url.trim_end_matches('_');
            let blocks = parse(url);
            let [Block::Paragraph { spans }] = &blocks[..] else { panic!("{blocks:?}") };
            assert_eq!(spans[0], link(shown, shown), "{blocks:?}");
        }
    }

    #[test]
    fn emphasis_around_a_bare_url_is_not_part_of_it() {
        let url = "https://a.example/x";
        assert_eq!(parse(&format!("**{url}** b")), [p([Span { link: Some(url.into()), ..b(url) }, t(" b")])]);
        assert_eq!(
            parse(&format!("*see {url}*.")),
            [p([i("see "), Span { link: Some(url.into()), ..i(url) }, t(".")])]
        );
    }

    #[test]
    fn escaped_underscore_belongs_to_the_url() {
        let url = "https://a.example/a_b";
        assert_eq!(parse(r"https://a.example/a\_b"), [p([link(url, url)])]);
    }

    #[test]
    fn harmless_addresses_are_allowed_and_cleaned() {
        for (url, cleaned) in [
            ("http://a.example", "http://a.example/"),
            (" https://a.example/b?c=d#e ", "https://a.example/b?c=d#e"),
            ("hTTps://A.EXAMPLE:443/B", "https://a.example/B"),
            ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
            ("https://[::1]:8080/", "https://[::1]:8080/"),
            ("MAILTO:a.b+c@d.example", "mailto:a.b+c@d.example"),
            (
                "mailto:a@b.example?subject=Hi%20you&attach=/etc/passwd&body=x",
                "mailto:a@b.example?subject=Hi%20you&body=x",
            ),
            ("tel:(0)30.123-45", "tel:03012345"),
            ("tel:+1555;ext=12", "tel:+1555;ext=12"),
        ] {
            assert_eq!(safe_link(url).as_deref(), Some(cleaned), "{url}");
            assert_eq!(safe_link(cleaned).as_deref(), Some(cleaned), "a cleaned address is clean");
        }
    }

    #[test]
    fn tricks_are_refused() {
        for url in [
            "",
            "a",
            "/path",
            "//evil.example",
            "\\\\evil.example",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " javascript:alert(1)",
            "\u{1}javascript:alert(1)",
            "java\nscript:alert(1)",
            "java\u{200b}script:alert(1)",
            "javascript&colon;alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "intent://x#Intent;end",
            "content://a/b",
            "ftp://a.example",
            "sms:+1555",
            "blob:https://a.example/x",
            "view-source:https://a.example",
            "https:a.example",
            "https:/a.example",
            "https:///a.example",
            "https:\\\\a.example",
            "https://good.example\\@evil.example",
            "https://good.example@evil.example",
            "https://u:p@a.example",
            "https://",
            "https://a example",
            "https://a.example/\u{202e}gpj.exe",
            "https://a\u{ad}.example",
            "https://a.example/\t",
            "http\u{ff1a}//a.example",
            "ｈttp://a.example",
            "mailto:",
            "mailto:?subject=x",
            "mailto:a@b.example%0Abcc:c@d.example",
            "mailto:a b@c.example",
            "tel:",
            "tel:*2767*3855#",
            "tel:+",
            "tel:1;phone-context=x",
            "tel:123456789012345678901",
            "tel:%2B1",
        ] {
            assert_eq!(safe_link(url), None, "{url:?}");
        }
        assert_eq!(safe_link(&format!("https://a.example/{}", "x".repeat(9000))), None);
        assert_eq!(safe_link(&format!("https://a.example/{}", "ü".repeat(3000))), None, "too long once it is escaped");
    }
}

mod pictures {
    use super::*;

    const URL: &str = "https://a.example/p.png";

    #[test]
    fn picture_splits_its_paragraph() {
        let source = format!("before ![a *b* `c`]({URL}) after");
        assert_eq!(parse(&source), [p([t("before")]), image(URL, "a b c"), p([t("after")])]);
    }

    #[test]
    fn picture_within_emphasis_leaves_the_style_on_both_sides() {
        assert_eq!(parse(&format!("**a ![x]({URL}) b**")), [p([b("a")]), image(URL, "x"), p([b("b")])]);
    }

    #[test]
    fn picture_with_a_refused_address_leaves_its_text() {
        let source = "a ![b](data:image/png;base64,x) ![c](mailto:a@b.example)";
        assert_eq!(article(source), [p([t("a b c")])]);
        assert_eq!(parse(source), [p([t("a b (data:image/png;base64,x) c (mailto:a@b.example)")])]);
        assert_eq!(parse("![](/bag.png) ![]()"), [p([t("/bag.png ![]()")])]);
    }

    #[test]
    fn picture_in_a_picture_only_adds_its_text() {
        assert_eq!(parse(&format!("![a ![b](https://b.example) c]({URL})")), [image(URL, "a b c")]);
    }

    #[test]
    fn picture_that_is_a_link_keeps_both() {
        let target = "https://b.example/";
        assert_eq!(parse(&format!("[![a]({URL})]({target})")), [image(URL, "a"), p([link("a", target)])]);
        assert_eq!(parse(&format!("[![]({URL})]({target})")), [image(URL, ""), p([link(target, target)])]);
    }

    #[test]
    fn picture_where_no_block_fits_is_a_link() {
        assert_eq!(parse(&format!("# ![a]({URL})")), [Block::Heading { level: 1, spans: vec![link("a", URL)] }]);
    }

    #[test]
    fn picture_in_an_item_stays_in_the_item() {
        assert_eq!(parse(&format!("- a ![x]({URL})")), [bullets(vec![vec![p([t("a")]), image(URL, "x")]])]);
    }
}

mod words {
    use super::*;

    #[test]
    fn verbatim_interprets_nothing() {
        let text = "# *a* <b>\n  - `c`   \n&amp; [x](https://b.example)";
        let [Block::Paragraph { spans }] = &verbatim(text)[..] else { panic!() };
        let shown: String = spans.iter().map(|span| span.text.as_str()).collect();
        assert_eq!(shown, "# *a* <b>\n  - `c`\n&amp; [x](https://b.example)");
        assert_eq!(spans.iter().filter(|span| span.link.is_some()).count(), 1);
    }

    #[test]
    fn verbatim_splits_at_blank_lines_of_any_kind() {
        assert_eq!(verbatim("a\r\nb\n \t\n\n\nc\rd\n"), [p([t("a\nb")]), p([t("c\nd")])]);
    }
}

mod previews {
    use super::*;

    #[test]
    fn preview_is_the_text_in_one_line() {
        let source = "# T\n\n- [a](https://a.example)\n- b\n\n> q\n\n|x|y|\n|-|-|\n|1|2|\n\n```\nc\n d\n```\n![pic](https://a.example/)";
        assert_eq!(plain(source, 80), "T a b q x y 1 2 c d pic");
    }

    #[test]
    fn text_that_just_fits_is_not_cut() {
        assert_eq!(plain("abcde", 5), "abcde");
        assert_eq!(plain("abcde\n\n", 5), "abcde");
        assert_eq!(plain("abcdef", 5), "abcd…");
        assert_eq!(plain("abc def", 5), "abc…");
        assert_eq!(plain("ab", 1), "…");
        assert_eq!(plain("ab", 0), "");
    }

    #[test]
    fn cut_never_parts_a_letter() {
        for (text, cut) in [
            ("abe\u{301}d", "ab…"),
            ("ab\u{1f469}\u{200d}\u{1f4bb}d", "ab…"),
            ("ab\u{1f44d}\u{1f3fd}d", "ab…"),
            ("abก\u{e34}d", "ab…"),
            ("abक\u{94d}ष", "ab…"),
        ] {
            assert_eq!(plain(text, 4), cut, "{text}");
        }
        assert_eq!(plain(&format!("e{}", "\u{301}".repeat(9)), 4), "e\u{301}\u{301}…", "a cut must be somewhere");
    }

    #[test]
    fn preview_of_a_book_reads_its_beginning() {
        let preview = plain(&"ü ".repeat(1_000_000), 40);
        assert_eq!(preview.chars().count(), 40);
        assert!(preview.ends_with('…'));
    }
}

#[test]
fn callouts_say_what_they_are_for() {
    let boxed = |kind, text: &str| Block::Callout { kind, blocks: vec![p([t(text)])] };
    assert_eq!(
        article("> [!WARNING]\n> Unplug it first.\n\n> [!tip]\n> Use both hands.\n\n> [!NOTE]\n\n> [!other]\n> x"),
        [
            boxed(CalloutKind::Warning, "Unplug it first."),
            boxed(CalloutKind::Tip, "Use both hands."),
            Block::Quote { blocks: vec![p([t("[!other]\nx")])] },
        ]
    );
}

#[test]
fn relative_links_lead_on_from_the_text_and_nowhere_else() {
    let base = url::Url::parse("https://desk.example.com/hc/shop/articles/1-returns").unwrap();
    let leads = |address: &str| match parse_article(&format!("[x](<{address}>)"), Some(&base)).as_slice() {
        [Block::Paragraph { spans }] => spans[0].link.clone(),
        other => panic!("{other:?}"),
    };
    let at_desk = |path: &str| Some(format!("https://desk.example.com{path}"));
    assert_eq!(leads("/hc/shop/articles/2-size?x=1#top"), at_desk("/hc/shop/articles/2-size?x=1#top"));
    assert_eq!(leads("2-size"), at_desk("/hc/shop/articles/2-size"));
    assert_eq!(leads("#top"), at_desk("/hc/shop/articles/1-returns#top"));
    assert_eq!(leads("https://example.com/a"), Some("https://example.com/a".to_owned()));
    for refused in ["//evil.example", "javascript:alert(1)", "https:\\\\evil.example", "\\\\evil.example", "a\u{202e}b"]
    {
        assert_eq!(leads(refused), None, "{refused}");
    }
    let picture = parse_article("![a bag](/bag.png)", Some(&base));
    assert_eq!(picture, [image("https://desk.example.com/bag.png", "a bag")]);
}
