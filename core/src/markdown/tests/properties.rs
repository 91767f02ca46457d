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
}
