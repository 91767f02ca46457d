use proptest::prelude::*;

use super::*;

fn set(slugs: &[&str]) -> BTreeSet<String> {
    slugs.iter().map(|slug| (*slug).to_owned()).collect()
}

fn language(locale: &str, published: u64, came: &[&str], kept: &[&str]) -> Language {
    Language { locale: locale.to_owned(), published, steady: true, left_out: 0, came: set(came), kept: set(kept) }
}

/// The desk: what it has under each slug, and its list, if it has one.
struct Desk<'a> {
    articles: &'a [(&'a str, Answer)],
    list: Option<&'a [&'a str]>,
}

fn published(locale: &str) -> Answer {
    Answer::Published { locale: locale.to_owned() }
}

/// Asks until nothing is to be asked; what was asked, and how it ended.
fn run(reconciliation: &mut Reconciliation, desk: &Desk<'_>) -> (Vec<String>, bool) {
    let mut asked = Vec::new();
    for _ in 0..10_000 {
        match reconciliation.next() {
            Next::Complete => return (asked, true),
            Next::Incomplete => return (asked, false),
            Next::List => {
                asked.push("list".to_owned());
                let list = desk.list.map(|slugs| slugs.iter().map(|slug| ((*slug).to_owned(), None)).collect());
                reconciliation.listed(list);
            }
            Next::Article { slug, .. } => {
                let found = desk.articles.iter().find(|(known, _)| *known == slug);
                // It fails over what it does not have, as JSON of a missing article does.
                let answer = found.map_or(Answer::Failed, |(_, answer)| answer.clone());
                reconciliation.answered(&slug, &answer);
                asked.push(slug);
            }
        }
    }
    panic!("it never ends");
}

#[test]
fn what_came_and_what_is_said_decide_what_is_asked_next() {
    struct Row<'a> {
        name: &'a str,
        languages: Vec<Language>,
        elsewhere: &'a [&'a str],
        desk: Desk<'a>,
        asked: &'a [&'a str],
        complete: bool,
    }
    let none = Desk { articles: &[], list: None };
    let rows = [
        Row {
            name: "as many as are published: nothing is asked",
            languages: vec![language("vi", 2, &["a", "b"], &["old"]), language("en", 0, &[], &[])],
            elsewhere: &[],
            desk: none,
            asked: &[],
            complete: true,
        },
        Row {
            name: "one that can't be shown counts as come",
            languages: vec![Language { left_out: 1, ..language("vi", 3, &["a", "b"], &[]) }],
            elsewhere: &[],
            desk: Desk { articles: &[], list: None },
            asked: &[],
            complete: true,
        },
        Row {
            name: "one is missing and on the phone: it alone is asked for",
            languages: vec![language("vi", 3, &["a", "b"], &["c"])],
            elsewhere: &[],
            desk: Desk { articles: &[("c", published("vi"))], list: Some(&["a", "b", "c"]) },
            asked: &["c"],
            complete: true,
        },
        Row {
            name: "the one on the phone was taken back, another is new",
            languages: vec![language("vi", 3, &["a", "b"], &["c"])],
            elsewhere: &[],
            desk: Desk { articles: &[("c", Answer::Gone), ("d", published("vi"))], list: Some(&["a", "b", "d"]) },
            asked: &["c", "list", "d"],
            complete: true,
        },
        Row {
            name: "the desk fails over one that was removed: its list is asked before the others",
            languages: vec![language("vi", 3, &["a", "b"], &["c", "d", "e"])],
            elsewhere: &[],
            desk: Desk { articles: &[("e", published("vi"))], list: Some(&["a", "b", "e"]) },
            asked: &["c", "list", "e"],
            complete: true,
        },
        Row {
            name: "an article of another language is passed over",
            languages: vec![language("vi", 3, &["a", "b"], &[])],
            elsewhere: &["known-en"],
            desk: Desk {
                articles: &[("c", published("en")), ("d", published("vi")), ("z", published("vi"))],
                list: Some(&["a", "b", "c", "d", "known-en", "z"]),
            },
            asked: &["list", "c", "d"],
            complete: true,
        },
        Row {
            name: "two languages lack one each",
            languages: vec![language("vi", 2, &["a"], &[]), language("en", 2, &["x"], &[])],
            elsewhere: &[],
            desk: Desk {
                articles: &[("b", published("vi")), ("y", published("en"))],
                list: Some(&["a", "b", "x", "y"]),
            },
            asked: &["list", "b", "y"],
            complete: true,
        },
        Row {
            name: "no list, and nothing on the phone",
            languages: vec![language("vi", 3, &["a", "b"], &[])],
            elsewhere: &[],
            desk: Desk { articles: &[], list: None },
            asked: &["list"],
            complete: false,
        },
        Row {
            name: "the list names nothing that could be missing",
            languages: vec![language("vi", 3, &["a", "b"], &[])],
            elsewhere: &[],
            desk: Desk { articles: &[], list: Some(&["a", "b"]) },
            asked: &["list"],
            complete: false,
        },
        Row {
            name: "more came than are published: what is not listed goes",
            languages: vec![language("vi", 2, &["a", "b", "c"], &[])],
            elsewhere: &[],
            desk: Desk { articles: &[("c", Answer::Gone)], list: Some(&["a", "b"]) },
            asked: &["list", "c"],
            complete: true,
        },
        Row {
            name: "more came than are published, and the list is of something else: all stay, and it is not complete",
            languages: vec![language("vi", 2, &["a", "b", "c"], &[])],
            elsewhere: &[],
            desk: Desk {
                articles: &[("a", published("vi")), ("b", published("vi")), ("c", published("vi"))],
                list: Some(&["x"]),
            },
            asked: &["list", "a", "b", "c"],
            complete: false,
        },
        Row {
            name: "one was removed while the pages were read, and one slipped through: the number agrees, the articles don't",
            languages: vec![Language { steady: false, ..language("vi", 3, &["a", "b", "gone"], &[]) }],
            elsewhere: &[],
            desk: Desk { articles: &[("c", published("vi"))], list: Some(&["a", "b", "c"]) },
            asked: &["list", "gone", "c"],
            complete: true,
        },
        Row {
            name: "the desk fails over everything: it is let alone",
            languages: vec![language("vi", 9, &["a"], &[])],
            elsewhere: &[],
            desk: Desk { articles: &[], list: Some(&["a", "b", "c", "d", "e", "f", "g", "h", "i"]) },
            asked: &["list", "b", "c", "d"],
            complete: false,
        },
        Row {
            name: "the network goes: nothing more is asked",
            languages: vec![language("vi", 4, &["a"], &["b", "c", "d"])],
            elsewhere: &[],
            desk: Desk { articles: &[("b", Answer::Unreachable)], list: Some(&["a", "b", "c", "d"]) },
            asked: &["b"],
            complete: false,
        },
    ];
    for Row { name, languages, elsewhere, desk, asked, complete } in rows {
        let mut reconciliation = Reconciliation::new(languages, set(elsewhere), true);
        let (was, ended) = run(&mut reconciliation, &desk);
        assert_eq!((was, ended), (asked.iter().map(|slug| (*slug).to_owned()).collect(), complete), "{name}");
    }
}

#[test]
fn desk_without_a_list_is_never_asked_for_one() {
    let mut reconciliation = Reconciliation::new(vec![language("vi", 3, &["a", "b"], &[])], set(&[]), false);
    assert_eq!(reconciliation.next(), Next::Incomplete);
    reconciliation.answered("c", &published("vi"));
    assert_eq!(reconciliation.next(), Next::Complete);
}

#[test]
fn what_may_still_be_published_is_kept_where_something_is_missing() {
    let desk = Desk { articles: &[("c", Answer::Unreachable)], list: None };
    let mut reconciliation = Reconciliation::new(vec![language("vi", 4, &["a"], &["c", "d"])], set(&[]), false);
    assert!(!run(&mut reconciliation, &desk).1);
    assert_eq!(reconciliation.to_keep().cloned().collect::<BTreeSet<_>>(), set(&["c", "d"]));
    // Nothing is kept of a language that is whole.
    let whole = Reconciliation::new(vec![language("vi", 1, &["a"], &["c"])], set(&[]), false);
    assert_eq!(whole.to_keep().count(), 0);
}

#[test]
fn articles_are_asked_for_in_bounds() {
    let slugs: Vec<String> = (0..1_000).map(|number| format!("s{number:04}")).collect();
    let list: Vec<&str> = slugs.iter().map(String::as_str).collect();
    let articles: Vec<(&str, Answer)> = list.iter().map(|slug| (*slug, published("en"))).collect();
    let mut reconciliation = Reconciliation::new(vec![language("vi", 2, &["a"], &[])], set(&[]), true);
    let (asked, complete) = run(&mut reconciliation, &Desk { articles: &articles, list: Some(&list) });
    assert!(!complete);
    assert_eq!(asked.len(), 1 + MOST_ASKED);
}

proptest! {
    /// Whatever came and whatever is said: it ends, asks nothing twice, and what it calls complete is what is published.
    #[test]
    fn what_is_called_complete_is_what_is_published(
        articles in prop::collection::btree_map("[a-f]", prop::bool::ANY, 0..6),
        came in prop::collection::btree_set("[a-f]", 0..6),
        kept in prop::collection::btree_set("[a-f]", 0..6),
        has_list in prop::bool::ANY,
    ) {
        let of = |here: bool| if here { published("vi") } else { published("en") };
        let desk: Vec<(&str, Answer)> = articles.iter().map(|(slug, here)| (slug.as_str(), of(*here))).collect();
        let list: Vec<&str> = articles.keys().map(String::as_str).collect();
        let right: BTreeSet<String> = articles.iter().filter(|(_, here)| **here).map(|(slug, _)| slug.clone()).collect();
        let kept = kept.difference(&came).cloned().collect();
        // The desk changed while it was read, so what came proves nothing.
        let language = Language { published: right.len() as u64, steady: false, locale: "vi".to_owned(), left_out: 0, came, kept };
        let mut reconciliation = Reconciliation::new(vec![language], BTreeSet::new(), has_list);
        let (asked, complete) = run(&mut reconciliation, &Desk { articles: &desk, list: has_list.then_some(&list) });
        let distinct: BTreeSet<&String> = asked.iter().collect();
        prop_assert_eq!(distinct.len(), asked.len());
        if complete {
            let came = &reconciliation.languages()[0].came;
            prop_assert!(came.is_subset(&articles.keys().cloned().collect()), "{:?}", came);
            prop_assert_eq!(came.len(), right.len());
        }
    }
}
