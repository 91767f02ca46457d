use super::*;
use proptest::prelude::*;

fn index(documents: &[Document<'_>]) -> Index {
    let mut builder = IndexBuilder::new();
    documents.iter().for_each(|document| assert!(builder.add(document)));
    builder.build()
}

fn titles(titles: &[&str]) -> Index {
    let ids: Vec<String> = (0..titles.len()).map(|at| at.to_string()).collect();
    let documents: Vec<Document<'_>> =
        titles.iter().zip(&ids).map(|(title, id)| Document { id, title, ..Document::default() }).collect();
    index(&documents)
}

fn found(index: &Index, query: &str) -> Vec<String> {
    let hits = index.search(&Query { limit: 100, ..Query::new(query) }, &mut Scratch::default()).hits;
    hits.into_iter().map(|hit| hit.id).collect()
}

#[test]
fn a_title_typed_letter_by_letter_is_found_from_its_first_letter_on() {
    let index = titles(&["Đổi mật khẩu", "Theo dõi đơn hàng", "Hoàn tiền", "Đổi địa chỉ"]);
    let query = "theo doi don hang";
    for end in 1..=query.len() {
        assert_eq!(found(&index, &query[..end])[0], "1", "{}", &query[..end]);
    }
}

#[test]
fn each_script_is_found_by_a_part_of_a_title() {
    let index = titles(&[
        "如何申请退款",
        "คืนเงินอย่างไร",
        "ការបង្វិលប្រាក់",
        "返品はどうすればいいですか",
        "ສົ່ງຄືນສິນຄ້າ",
        "환불은 어떻게 받나요",
        "Возврат товара",
        "إرجاع المنتجات",
    ]);
    for (at, query) in ["退款", "เงิน", "ប្រាក់", "返品", "ສິນຄ້າ", "환불", "возвр", "المنتج"].iter().enumerate()
    {
        assert_eq!(found(&index, query).first(), Some(&at.to_string()), "{query}");
    }
    // A syllable still being composed.
    assert_eq!(found(&index, "환부"), ["5"]);
    assert_eq!(found(&index, "款"), ["0"]);
}

#[test]
fn a_misspelt_inflected_or_joined_word_is_found() {
    let index = titles(&["Cash withdrawal", "Activate a card", "Merchant's refund"]);
    for (query, id) in
        [("withdraw", "0"), ("withdrawing", "0"), ("activation", "1"), ("merchants", "2"), ("refnud", "2")]
    {
        assert_eq!(found(&index, query).first().map(String::as_str), Some(id), "{query}");
    }
}

#[test]
fn filters_let_only_their_articles_through() {
    let document = |id, category, locale, popularity| Document {
        id,
        title: "Refund",
        category,
        locale,
        popularity,
        ..Document::default()
    };
    let index = index(&[
        document("a", Some("Orders"), "en", 1),
        document("b", Some("Money"), "pt-BR", 5),
        document("c", None, "", 3),
    ]);
    let mut scratch = Scratch::default();
    let mut ids = |query: Query<'_>| -> Vec<String> {
        index.search(&query, &mut scratch).hits.into_iter().map(|hit| hit.id).collect()
    };
    for text in ["", "  ", "refund"] {
        let query = Query::new(text);
        assert_eq!(ids(Query { category: Some("Orders"), ..query }), ["a"]);
        assert!(ids(Query { category: Some("Nowhere"), ..query }).is_empty());
        assert_eq!(ids(Query { locale: Some("pt"), category: Some("Money"), ..query }), ["b"]);
        assert!(!ids(Query { locale: Some("pt"), ..query }).contains(&"a".to_owned()));
        assert_eq!(ids(Query { locale: Some("EN-gb"), limit: 1, ..query }).len(), 1);
    }
    assert_eq!(ids(Query::new("")), ["b", "c", "a"]);
    assert_eq!(ids(Query { limit: 0, ..Query::new("refund") }), [""; 0]);
}

#[test]
fn what_was_learnt_and_removed_survives_the_bytes() {
    let mut index = titles(&["Return an item", "Delivery", "Payment"]);
    assert!(index.learn("0", "shoes too small") && index.learn("0", "wrong size") && index.learn("2", "klarna"));
    assert!(index.remove("1"));
    let mut opened = Index::open(index.to_bytes()).unwrap();
    for index in [&index, &opened] {
        assert_eq!(found(index, "shoes"), ["0"]);
        assert_eq!(found(index, "size wro"), ["0"]);
        assert_eq!(found(index, "klrana"), ["2"]);
        assert_eq!(found(index, "delivery"), [""; 0]);
        assert_eq!(index.len(), 2);
    }
    assert!(opened.learn("2", "invoice") && !opened.learn("1", "gone"));
    assert_eq!(found(&opened, "invoice"), ["2"]);
    assert_eq!(found(&opened, "shoes"), ["0"]);
}

#[test]
fn a_scratch_may_go_from_index_to_index() {
    let (a, b) = (titles(&["Refund"]), titles(&["Payment", "Return", "Refuse"]));
    let mut scratch = Scratch::default();
    for _ in 0..2 {
        assert_eq!(a.search(&Query::new("refnud "), &mut scratch).hits.len(), 1);
        assert_eq!(b.search(&Query::new("refnud "), &mut scratch).hits.len(), 0);
        assert_eq!(b.search(&Query::new("paymnet "), &mut scratch).hits[0].id, "0");
    }
}

#[test]
fn strange_queries_find_nothing_and_do_no_harm() {
    let index = titles(&["Refund", "👍", "", "\0"]);
    let long = "refund ".repeat(150_000);
    let words: String = (0..200_000).map(|n| format!("w{n} ")).collect();
    let wide = "a".repeat(1 << 20);
    for query in [
        &*long,
        &words,
        &wide,
        "😀😀",
        "\u{301}",
        "\0",
        "'",
        "\u{200d}\u{fe0f}",
        "\u{10ffff}",
        "ﷺ",
        "a\u{300}\u{300}\u{300}",
    ] {
        let _ = index.search(&Query::new(query), &mut Scratch::default());
        assert!(index.suggest(query, &mut Scratch::default()).len() <= 3);
    }
    assert_eq!(found(&index, &long), ["0"]);
    assert_eq!(found(&index, "\u{301}"), [""; 0]);
    assert!(
        index.search(&Query { limit: usize::MAX, ..Query::new("refund") }, &mut Scratch::default()).hits.len() == 1
    );
}

#[test]
fn an_empty_index_answers_with_nothing() {
    let index = IndexBuilder::new().build();
    assert!(found(&index, "").is_empty() && found(&index, "a").is_empty() && index.is_empty());
    assert!(found(&Index::open(index.to_bytes()).unwrap(), "a").is_empty());
}

#[test]
fn an_article_of_five_megabytes_is_searched_by_its_beginning() {
    let body = format!("beginning {} ending", "đổi trả hàng hóa ".repeat(300_000));
    let index = index(&[Document { id: "1", title: &"t".repeat(100_000), body: &body, ..Document::default() }]);
    assert_eq!(found(&index, "beginning"), ["1"]);
    assert_eq!(found(&index, "ending "), [""; 0]);
}

#[test]
fn bytes_of_another_kind_or_version_are_told_apart() {
    assert_eq!(Index::open(Vec::new()).err(), Some(OpenError::Damaged));
    assert_eq!(Index::open(vec![b'{'; 200]).err(), Some(OpenError::NotAnIndex));
    let mut bytes = titles(&["Refund"]).to_bytes();
    bytes[4] = 99;
    assert_eq!(Index::open(bytes).err(), Some(OpenError::OtherVersion { found: 99 }));
}

#[test]
fn every_error_says_what_is_wrong() {
    assert_eq!(OpenError::NotAnIndex.to_string(), "these bytes are no search index");
    assert_eq!(OpenError::Damaged.to_string(), "the search index is damaged");
    assert!(OpenError::OtherVersion { found: 7 }.to_string().contains("format 7"));
}

#[test]
fn an_index_is_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Index>();
    shared::<Highlighter>();
    fn sent<T: Send>() {}
    sent::<Scratch>();
}

use crate::Highlighter;

fn library() -> Index {
    let mut index = index(&[
        Document {
            id: "a/1",
            title: "Return an item",
            body: "Open the order. Choose return. Return it.",
            phrasings: &["send back", "wrong size"],
            category: Some("Orders"),
            locale: "en",
            popularity: 3,
        },
        Document {
            id: "a/2", title: "Đổi mật khẩu", body: "Mở phần cài đặt", locale: "vi", ..Document::default()
        },
        Document { id: "b/3", title: "如何退款", body: "打开订单", ..Document::default() },
    ]);
    assert!(index.learn("a/2", "forgot my password"));
    index
}

proptest! {
    #[test]
    fn damaged_bytes_are_refused(at: prop::sample::Index, flip in 1u8.., cut: prop::sample::Index) {
        let bytes = library().to_bytes();
        let mut changed = bytes.clone();
        changed[at.index(bytes.len())] ^= flip;
        prop_assert!(Index::open(changed).is_err());
        prop_assert!(Index::open(bytes[..cut.index(bytes.len())].to_vec()).is_err());
    }

    #[test]
    fn forged_bytes_do_no_harm(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12), query in "[a-z退đ ]{0,12}") {
        let mut bytes = library().to_bytes();
        let end = bytes.len() - 8;
        for (at, byte) in changes {
            bytes[8 + at.index(end - 8)] = byte;
        }
        let sum = crate::codec::checksum(&bytes[..end]);
        bytes[end..].copy_from_slice(&sum.to_le_bytes());
        if let Ok(mut index) = Index::open(bytes) {
            let mut scratch = Scratch::default();
            for text in [&*query, "return", "retrun ", "退", "", "r", "how to retu"] {
                index.search(&Query { category: Some("Orders"), locale: Some("en"), ..Query::new(text) }, &mut scratch);
                index.search(&Query::new(text), &mut scratch);
            }
            index.learn("a/1", "x");
            index.remove("b/3");
            let _ = Index::open(index.to_bytes());
        }
    }

    #[test]
    fn any_bytes_are_opened_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Index::open(bytes).is_err());
    }

    #[test]
    fn every_word_finds_every_article_that_has_it(
        texts in prop::collection::vec(prop::collection::vec("[a-dđê]{1,5}|[退款吗]{1,4}|[กขค]{1,3}", 1..8), 1..12),
    ) {
        let bodies: Vec<String> = texts.iter().map(|words| words.join(" ")).collect();
        let ids: Vec<String> = (0..texts.len()).map(|at| at.to_string()).collect();
        let documents: Vec<Document<'_>> = bodies
            .iter()
            .zip(&ids)
            .map(|(body, id)| if id.len() % 2 == 0 { Document { id, title: body, ..Document::default() } } else { Document { id, body, ..Document::default() } })
            .collect();
        let index = index(&documents);
        for word in texts.iter().flatten() {
            let hits = found(&index, word);
            for (words, id) in texts.iter().zip(&ids).filter(|(words, _)| words.contains(word)) {
                prop_assert!(hits.contains(id), "{word} in {words:?}");
            }
            prop_assert_eq!(&found(&index, &format!("{word} ")), &found(&index, &format!("{} .", word.to_uppercase())));
        }
    }

    #[test]
    fn what_was_built_and_what_was_opened_answer_alike(titles_ in prop::collection::vec("\\PC{0,20}", 0..6), query in "\\PC{0,12}") {
        let index = titles(&titles_.iter().map(String::as_str).collect::<Vec<_>>());
        let opened = Index::open(index.to_bytes()).unwrap();
        prop_assert_eq!(index.to_bytes(), opened.to_bytes());
        let (a, b) = (index.search(&Query::new(&query), &mut Scratch::default()), opened.search(&Query::new(&query), &mut Scratch::default()));
        prop_assert_eq!(a.hits, b.hits);
    }
}
