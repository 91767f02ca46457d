//! What holds of any input at all.

use proptest::prelude::*;

use super::*;

/// Text made of what means something to the parser, more often than chance would have it.
fn markup() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        3 => proptest::sample::select(vec![
            "*", "**", "_", "~~", "`", "```\n", "> ", "- ", "1. ", "# ", "\n", "\n\n", "    ", "\t", "|", "|-|\n",
            "[", "]", "(", ")", "![", "](", "<", ">", "<br>", "<b>", "</p>", "<div>\n", "<!--", "-->", "<script>",
            "&amp;", "&lt;", "\\", "http://", "https://a.example/", "mailto:", "tel:", "javascript:", "//", "@",
            "a.example", ":", "?", "#", "\0", "\r", "\u{200b}", "\u{301}", "[x] ", "[a]: ", "---\n", "===\n",
        ]).prop_map(str::to_owned),
        1 => ".{0,4}",
    ];
    proptest::collection::vec(token, 0..60).prop_map(|tokens| tokens.concat())
}

/// Whether a reader sees the character at all.
fn is_visible(c: char) -> bool {
    !c.is_whitespace() && !c.is_control()
}

/// All that a reader is shown of blocks, numbers of items and addresses included.
fn shown(blocks: &[Block]) -> String {
    let spans = |spans: &[Span]| -> String {
        spans.iter().map(|span| format!("{}{}", span.text, span.link.as_deref().unwrap_or_default())).collect()
    };
    let block = |block: &Block| match block {
        Block::Paragraph { spans: text } | Block::Heading { spans: text, .. } => spans(text),
        Block::List { start, items } => {
            let number = |at: usize| start.map(|start| format!("{}.", start + at as u64)).unwrap_or_default();
            items.iter().enumerate().map(|(at, item)| number(at) + &shown(&item.blocks)).collect()
        }
        Block::Quote { blocks } => shown(blocks),
        Block::Callout { kind, blocks } => format!("{kind:?}").to_uppercase() + &shown(blocks),
        Block::Code { language, text } => format!("{}{text}", language.as_deref().unwrap_or_default()),
        Block::Table { header, rows } => header.iter().chain(rows.iter().flatten()).map(|c| spans(&c.spans)).collect(),
        Block::Image { url, alt } => format!("{alt}{url}"),
        Block::Rule => String::new(),
    };
    blocks.iter().map(|one| block(one) + "\n").collect()
}

/// Text made of words, numbers and what means something to the parser. Entities are left out: they are markup that no reader
/// sees.
fn chat() -> impl Strategy<Value = String> {
    let mark = proptest::sample::select(vec![
        "*",
        "**",
        "_",
        "~",
        "~~",
        "`",
        "```",
        "> ",
        ">",
        "- ",
        "-",
        "+ ",
        "* ",
        "# ",
        "#",
        "\n",
        "\n\n",
        "    ",
        "\t",
        "|",
        "|-|\n",
        "-|-\n",
        "[",
        "]",
        "(",
        ")",
        "![",
        "](",
        "<",
        ">",
        "<br>",
        "<b>",
        "</p>",
        "<div>\n",
        "<!--",
        "-->",
        "/",
        "<script>",
        "https://a.example/",
        "mailto:",
        "tel:",
        "javascript:",
        "@",
        ":",
        ": ",
        "]: ",
        "?",
        "\u{301}",
        "：",
        "[a]: ",
        "---\n",
        "===\n",
        "--\n",
        "[!NOTE]\n",
        "「",
        "」",
        "提",
        ".",
        ". ",
        ") ",
        ",",
        "=",
        "%",
        "$",
        "\u{1f381}",
    ]);
    let token = prop_oneof![
        3 => mark.prop_map(str::to_owned),
        1 => "[a-q]{1,3}",
        1 => "[0-9]{1,3}",
        1 => Just(" ".to_owned()),
    ];
    proptest::collection::vec(token, 0..25).prop_map(|tokens| tokens.concat())
}

/// How often each character that a reader sees stands in a text.
fn counts(text: &str) -> std::collections::BTreeMap<char, usize> {
    let mut counts = std::collections::BTreeMap::new();
    for c in text.chars().filter(|c| is_visible(*c)) {
        *counts.entry(c).or_default() += 1;
    }
    counts
}

proptest! {
    #[test]
    fn any_markup_keeps_every_promise(source in markup(), max in 0usize..60) {
        check(&parse(&source));
        check(&article(&source));
        check(&verbatim(&source));
        let preview = plain(&source, max);
        prop_assert!(preview.chars().count() <= max);
        prop_assert!(!preview.contains(['\n', '\0']));
    }

    #[test]
    fn any_text_keeps_every_promise(source in "(?s).{0,200}", max in 0usize..60) {
        check(&parse(&source));
        check(&article(&source));
        check(&verbatim(&source));
        prop_assert!(plain(&source, max).chars().count() <= max);
    }

    #[test]
    fn any_allowed_address_is_clean(scheme in "(https?://|mailto:|tel:|[a-z]{1,5}:)", rest in "(?s).{0,40}") {
        if let Some(cleaned) = safe_link(&format!("{scheme}{rest}")) {
            prop_assert_eq!(safe_link(&cleaned), Some(cleaned.clone()));
            prop_assert!(cleaned.is_ascii());
        }
    }

    #[test]
    fn words_of_a_customer_are_all_kept(text in "(?s).{0,200}") {
        let shown: String = verbatim(&text).iter().flat_map(|block| match block {
            Block::Paragraph { spans } => spans.iter().map(|span| span.text.as_str()).collect::<String>(),
            _ => String::new(),
        }.chars().collect::<Vec<_>>()).filter(|c| !c.is_whitespace()).collect();
        let typed: String = text.replace('\0', "\u{fffd}").chars().filter(|c| !c.is_whitespace()).collect();
        prop_assert_eq!(shown, typed);
    }

    #[test]
    fn nothing_that_an_agent_types_vanishes(source in chat()) {
        let (blocks, preview) = (parse(&source), plain(&source, 500));
        let shown = counts(&shown(&blocks));
        // No other letters are generated that could be markup: `br` breaks a line, `[x]` is the box of a task.
        let source = source.replace("<br>", "");
        for (c, typed) in counts(&source) {
            if c.is_alphanumeric() || "$%,=：「」\u{1f381}".contains(c) {
                let seen = shown.get(&c).copied().unwrap_or_default();
                prop_assert!(seen >= typed, "{:?} {} of {}: {:?}", c, seen, typed, blocks);
            }
        }
        if source.chars().any(is_visible) {
            prop_assert!(blocks.iter().any(|block| *block != Block::Rule), "{:?}", blocks);
            prop_assert!(!preview.is_empty(), "{:?}", blocks);
        }
    }

    #[test]
    fn any_text_of_an_agent_is_shown(source in "(?s)[^&\\p{Zs}\\p{Cc}]{0,60}") {
        let shown = counts(&shown(&parse(&source)));
        for (c, typed) in counts(&source).into_iter().filter(|(c, _)| c.is_alphanumeric()) {
            prop_assert!(shown.get(&c).copied().unwrap_or_default() >= typed, "{:?}", c);
        }
    }

    #[test]
    fn text_without_marks_is_shown_as_typed(source in "[a-zA-Z0-9àéôưạ你好テ한 ,!?:$%@/🎁]{1,60}") {
        prop_assume!(!source.contains("://"));
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(words(&shown(&parse(&source))), words(&source));
    }
}
