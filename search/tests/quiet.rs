//! Words that are a question's in one language and the matter itself in another: English *in* is Vietnamese for *print*,
//! and *the* without its tone is *thẻ*, a card.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may fail")]

use shopbell_search::{Document, Hit, Index, IndexBuilder, Query, Scratch};

/// Title and body of each article; its id is its place.
fn index(locale: &str, articles: &[(&str, &str)]) -> Index {
    let mut builder = IndexBuilder::new();
    add(&mut builder, locale, articles);
    builder.build()
}

fn add(builder: &mut IndexBuilder, locale: &str, articles: &[(&str, &str)]) {
    for (at, (title, body)) in articles.iter().enumerate() {
        assert!(builder.add(&Document { id: &format!("{locale}{at}"), title, body, locale, ..Document::default() }));
    }
}

fn search(index: &Index, query: &Query<'_>) -> Vec<Hit> {
    index.search(query, &mut Scratch::default()).hits
}

/// The title of the best hit with what is marked in it in brackets.
fn best(index: &Index, query: &str) -> String {
    search(index, &Query::new(query)).first().map(marked).unwrap_or_default()
}

fn marked(hit: &Hit) -> String {
    let mut out = String::new();
    for (at, c) in hit.title.chars().chain(['\0']).enumerate() {
        out.push_str(if hit.title_ranges.iter().any(|range| range.end == at) { "]" } else { "" });
        out.push_str(if hit.title_ranges.iter().any(|range| range.start == at) { "[" } else { "" });
        out.push(c);
    }
    out.trim_end_matches('\0').to_owned()
}

/// A language, titles and bodies of articles in it, a query, and the best hit with what is marked in it.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static str, &'static str);

/// What half of these words fold to is on the list of another language, or on Vietnamese's own with another tone.
const VIETNAMESE: &[(&str, &str)] = &[
    ("Lỗi máy in", "Tắt máy in rồi bật lại, và kiểm tra giấy."),
    ("Thẻ quà tặng", "Thẻ có thể dùng cho mọi đơn hàng của bạn."),
    ("Nhập mã giảm giá", "Mã nằm trong thư mà chúng tôi gửi cho bạn."),
    ("Đổi vé xem phim", "Vé đổi được trước giờ chiếu."),
    ("Bảo quản đồ gỗ", "Không để đồ gỗ dưới nắng."),
    ("Bàn ăn và ghế", "Bàn giao tận nhà."),
    ("Đèn ngủ không sáng", "Thay bóng đèn."),
    ("Đệm bị xẹp", "Đệm bảo hành mười năm."),
    ("Cửa cuốn kêu to", "Tra dầu cho cửa."),
    ("Sơn tường bong tróc", "Lau sạch trước khi sơn."),
    ("Mỹ phẩm cho mẹ và bé", "An toàn cho da."),
    ("Số tài khoản", "Số nằm trên hoá đơn."),
    ("Túi da thật", "Lau da bằng khăn khô."),
    ("Thức ăn cho chó", "Bảo quản nơi khô."),
    ("Ấm đun nước", "Không đun khi ấm cạn."),
    ("Mua nợ trả góp", "Trả góp không lãi."),
    ("Nơ và cá vàng", "Quà cho bé."),
    ("Phí giao hàng", "Từ 1 đến 4 ngày."),
    ("Chính sách đổi trả", "Bạn có thể đổi trả trong 30 ngày."),
];

const QUESTIONS: &[(&str, &str, &str)] = &[
    ("lỗi máy in", "loi may in", "[Lỗi] [máy] [in]"),
    ("máy in", "may in", "Lỗi [máy] [in]"),
    ("thẻ quà tặng", "the qua tang", "[Thẻ] [quà] [tặng]"),
    ("mất thẻ", "mat the", "[Thẻ] quà tặng"),
    ("nhập mã", "nhap ma", "[Nhập] [mã] giảm giá"),
    ("đổi vé", "doi ve", "[Đổi] [vé] xem phim"),
    ("đồ gỗ", "do go", "Bảo quản [đồ] [gỗ]"),
    ("bàn ăn", "ban an", "[Bàn] [ăn] và ghế"),
    ("đèn ngủ", "den ngu", "[Đèn] [ngủ] không sáng"),
    ("đệm xẹp", "dem xep", "[Đệm] bị [xẹp]"),
    ("cửa cuốn", "cua cuon", "[Cửa] [cuốn] kêu to"),
    ("sơn tường", "son tuong", "[Sơn] [tường] bong tróc"),
    ("mỹ phẩm mẹ", "my pham me", "[Mỹ] [phẩm] cho [mẹ] và bé"),
    ("số tài khoản", "so tai khoan", "[Số] [tài] [khoản]"),
    ("túi da", "tui da", "[Túi] [da] thật"),
    ("ấm nước", "am nuoc", "[Ấm] đun [nước]"),
    ("trả nợ", "tra no", "Mua [nợ] [trả] góp"),
    ("nơ cá", "no ca", "[Nơ] và [cá] vàng"),
];

#[test]
fn vietnamese_words_that_look_like_question_words_are_searched_and_marked() {
    // Tagged rightly, not at all, and as the help centre came.
    for locale in ["vi", "", "en"] {
        let index = index(locale, VIETNAMESE);
        for (with_tones, without, title) in QUESTIONS {
            assert_eq!(best(&index, with_tones), *title, "{with_tones} in {locale:?}");
            assert_eq!(best(&index, without).replace(['[', ']'], ""), title.replace(['[', ']'], ""), "{without}");
        }
        // Each in full even without tones where only one word is meant by its letters.
        for (query, title) in
            [("loi may in", "[Lỗi] [máy] [in]"), ("mat the", "[Thẻ] quà tặng"), ("do go", "Bảo quản [đồ] [gỗ]")]
        {
            assert_eq!(best(&index, query), title, "{query} in {locale:?}");
        }
    }
}

#[test]
fn what_looks_like_question_words_is_suggested() {
    for locale in ["vi", "", "en"] {
        let index = index(locale, VIETNAMESE);
        for draft in ["máy in", "may in", "thẻ", "the", "mã", "vé", "đồ gỗ", "do go", "lỗi máy in", "loi may in"]
        {
            let suggested = index.suggest(draft, &mut Scratch::default());
            assert!(!suggested.is_empty(), "{draft} in {locale:?}");
        }
        for draft in ["là gì", "cho tôi", "của bạn là"] {
            assert!(index.suggest(draft, &mut Scratch::default()).is_empty(), "{draft} asks for nothing");
        }
    }
}

#[test]
fn a_word_in_full_outweighs_one_that_only_asks() {
    let index = index("vi", VIETNAMESE);
    for (query, title) in
        [("làm sao in", "Lỗi máy in"), ("tôi mất thẻ", "Thẻ quà tặng"), ("mã của tôi là gì", "Nhập mã giảm giá")]
    {
        let hits = search(&index, &Query::new(query));
        assert_eq!(hits[0].title, title, "{query}");
    }
    // Quiet in its own language and spelling: it is not marked.
    assert_eq!(best(&index, "chính sách của bạn là gì"), "[Chính] [sách] đổi trả");
    assert_eq!(best(&index, "chinh sach cua ban la gi").replace("[", "").replace("]", ""), "Chính sách đổi trả");
}

#[test]
fn one_of_two_spellings_in_a_query_is_heard() {
    let index = index("vi", VIETNAMESE);
    assert_eq!(best(&index, "thức ăn cho chó"), "[Thức] [ăn] [cho] [chó]");
    assert_eq!(search(&index, &Query::new("cho chó ăn"))[0].title, "Thức ăn cho chó");
}

#[test]
fn tones_are_the_same_however_they_are_composed() {
    let index = index("vi", VIETNAMESE);
    for (composed, decomposed) in [
        ("mã của tôi", "ma\u{303} cu\u{309}a to\u{302}i"),
        ("thẻ của bạn", "the\u{309} cu\u{309}a ba\u{323}n"),
        ("MÃ CỦA TÔI", "MA\u{303} CU\u{309}A TO\u{302}I"),
    ] {
        let (a, b) = (search(&index, &Query::new(composed)), search(&index, &Query::new(decomposed)));
        assert_eq!(a, b, "{composed}");
        assert!(marked(&a[0]).contains(if composed.starts_with('t') { "[Thẻ]" } else { "[mã]" }), "{}", marked(&a[0]));
    }
}

#[test]
fn a_word_is_quiet_only_in_the_language_of_the_articles() {
    let cases: &[Case] = &[
        // English "the", "die", "pour", "hat" and "con" among their own and in each other's language.
        (
            "en",
            &[
                ("Die cut stickers", "How do I order a die with my own shape? You can send it to us."),
                ("Pour over coffee", "What you need to pour it is a kettle with a thin spout."),
                ("Return an item", "Open the order and tap Return."),
                ("Sur la table set", "The set is for six, and it comes with a bowl."),
            ],
            "how do i die cut",
            "[Die] [cut] stickers",
        ),
        (
            "en",
            &[
                ("Pour over coffee", "What you need to pour it is a kettle with a thin spout."),
                ("Coffee beans", "We roast the beans on the day that you order them."),
                ("Return an item", "Open the order and tap Return, and we will pay you back."),
            ],
            "pour coffee",
            "[Pour] over [coffee]",
        ),
        (
            "fr",
            &[
                ("Thé vert en vrac", "Le thé est conservé dans une boîte, et il ne faut pas de lumière."),
                ("Suivre mon colis", "Où est mon colis ? Le suivi est dans votre compte."),
                ("Légumes verts", "Les légumes sont livrés avec le panier de la semaine."),
            ],
            "the vert",
            "[Thé] [vert] en vrac",
        ),
        (
            "es",
            &[
                ("Té verde", "El té se guarda en un lugar seco, y no te olvides de cerrarlo."),
                ("Verduras", "¿Cómo se lavan las verduras? Con agua, por favor."),
                ("Envíos", "¿Cuándo llega mi pedido? En dos días."),
            ],
            "té verde",
            "[Té] [verde]",
        ),
        (
            "de",
            &[
                ("In-Ear-Kopfhörer", "Wie kann ich die Kopfhörer mit dem Telefon verbinden?"),
                ("May-Aktion", "Die Aktion ist nur im Mai und nicht an der Kasse zu sehen."),
                ("Rückgabe", "Wann ist das Geld auf meinem Konto? Nach drei Tagen."),
            ],
            "may aktion",
            "[May-Aktion]",
        ),
        (
            "id",
            &[
                ("Do It Yourself kit", "Bagaimana saya bisa merakit kit ini? Ada di dalam kotak."),
                ("Air minum", "Air untuk diminum tidak ada di sini."),
                ("Pengembalian", "Apa yang bisa dikembalikan? Semua yang belum dipakai."),
            ],
            "do it yourself",
            "[Do] [It] [Yourself] kit",
        ),
    ];
    for (locale, articles, query, title) in cases {
        for locale in [locale, ""] {
            assert_eq!(best(&index(locale, articles), query), *title, "{query} in {locale:?}");
        }
    }
}

#[test]
fn question_words_of_the_articles_language_stay_quiet() {
    let cases: &[Case] = &[
        (
            "en",
            &[
                ("Return an item", "How do I return it? Open the order and tap Return."),
                ("How to do things", "What you can do with it is in the book, and it is for you."),
            ],
            "how do i return it",
            "[Return] an item",
        ),
        (
            "de",
            &[
                ("Rückgabe in der Filiale", "Wie kann ich die Ware in der Filiale zurückgeben?"),
                ("Die Öffnungszeiten", "Wann ist die Filiale offen? Das ist nicht für alle gleich."),
            ],
            "wie ist die rückgabe in",
            "[Rückgabe] in der Filiale",
        ),
        (
            "fr",
            &[
                ("Où est mon colis", "Le colis est chez vous dans deux jours, ou il est à la poste."),
                ("Retour", "Comment je fais un retour ? Avec le bon de la boîte."),
            ],
            "où est le retour",
            "[Retour]",
        ),
        (
            "fr",
            &[
                ("Où est mon colis", "Le colis est chez vous dans deux jours, ou il est à la poste."),
                ("Retour", "Comment je fais un retour ? Avec le bon de la boîte."),
            ],
            "ou est le retour",
            "[Retour]",
        ),
        (
            "es",
            &[
                ("Devolver", "¿Cómo puedo devolver? Si quieres, sí que puedes, en la tienda."),
                ("Sí, se puede", "Si el pedido no llega, dilo por correo a la tienda."),
            ],
            "como puedo devolver si",
            "[Devolver]",
        ),
        (
            "pt",
            &[
                ("Devolver", "Como é que posso devolver? Não há custo para você."),
                ("Não é o meu pedido", "Se não é o seu pedido, fale com a loja por e-mail."),
            ],
            "como e que posso devolver",
            "[Devolver]",
        ),
    ];
    for (locale, articles, query, title) in cases {
        for locale in [locale, ""] {
            assert_eq!(best(&index(locale, articles), query), *title, "{query} in {locale:?}");
        }
    }
}

#[test]
fn a_help_centre_of_two_languages_is_asked_in_each() {
    let mut builder = IndexBuilder::new();
    add(&mut builder, "vi", VIETNAMESE);
    add(
        &mut builder,
        "en",
        &[
            ("Return an item", "You may return it in our shops. Open the order and tap Return."),
            ("What is in the box", "What you see in the picture is in the box."),
            ("May holidays", "In May we are closed, and you may call us in June."),
            ("Gift cards", "The card is for you or for a friend."),
        ],
    );
    let index = builder.build();
    let ask = |text, locale| search(&index, &Query { locale: Some(locale), ..Query::new(text) });
    for query in ["lỗi máy in", "loi may in", "máy in", "may in"] {
        let hits = ask(query, "vi");
        assert!(marked(&hits[0]).ends_with("[máy] [in]"), "{query}: {}", marked(&hits[0]));
    }
    assert_eq!(marked(&ask("may i return it in the shop", "en")[0]), "[Return] an item");
    // Without a language the query's own letters tell.
    assert!(best(&index, "lỗi máy in").ends_with("[Lỗi] [máy] [in]"));
    assert_eq!(search(&index, &Query::new("loi may in"))[0].title, "Lỗi máy in");
}

#[test]
fn a_question_in_another_language_is_not_answered_by_chance() {
    let index = index("vi", VIETNAMESE);
    for draft in ["how do i get to the zoo", "what is this for", "where can i go"] {
        assert!(index.suggest(draft, &mut Scratch::default()).is_empty(), "{draft}");
    }
}

#[test]
fn quiet_words_alone_are_searched_as_they_are() {
    let index =
        index("en", &[("What is this", "This is it, and that is all for you."), ("Refund", "How do I get it?")]);
    assert_eq!(best(&index, "what is this"), "[What] [is] [this]");
    assert!(index.suggest("what is this", &mut Scratch::default()).is_empty());
}

#[test]
fn languages_outlast_the_bytes_and_what_is_learnt() {
    let mut first = index("", VIETNAMESE);
    assert!(first.learn("1", "how may i use it in the shop"));
    let opened = Index::open(first.to_bytes()).unwrap();
    for index in [&first, &opened] {
        assert_eq!(best(index, "lỗi máy in"), "[Lỗi] [máy] [in]");
        assert_eq!(best(index, "loi may in"), "[Lỗi] [máy] [in]");
    }
}
