use proptest::prelude::*;

use super::*;

/// The day of the last reading.
const TODAY: i64 = 20_000;

const HOUR: Duration = Duration::from_secs(3600);

fn at(day: i64) -> Timestamp {
    Timestamp::from_millis(day * DAY_MS + DAY_MS / 2)
}

fn here(locale: &str, changed_on: i64, read_on: i64) -> Known {
    Known { place: Place::Here(locale.to_owned()), changed_on: Some(changed_on), read_on }
}

fn line(changed_on: i64) -> Line {
    Line { changed_on, locale: None }
}

fn language(locale: &str, articles: usize) -> Language {
    Language { locale: locale.to_owned(), is_read: true, articles }
}

fn set(slugs: &[&str]) -> BTreeSet<String> {
    slugs.iter().map(|slug| (*slug).to_owned()).collect()
}

#[test]
fn few_are_those_that_cost_less_than_the_pages_that_hold_them() {
    let table = [
        (0, 0, true),
        (28, 0, true),
        (28, 100, true),
        (29, 100, false),
        (29, 101, true),
        (57, 200, true),
        (58, 200, false),
        (171, 600, true),
        (172, 600, false),
        (1, 1_000_000, true),
        (usize::MAX, 600, false),
    ];
    for (singly, articles, expected) in table {
        assert_eq!(few(singly, articles), expected, "{singly} of {articles}");
    }
}

#[test]
fn article_is_unsure_until_it_was_fetched_past_its_day() {
    let table = [
        // The day lay in the future when it was fetched: no clock of a desk that is right says so.
        (-2, false),
        (-1, true),
        (0, true),
        (1, true),
        (2, false),
        (400, false),
    ];
    for (days, expected) in table {
        assert_eq!(here("en", TODAY, TODAY + days).is_unsure(), expected, "{days} days later");
    }
}

#[test]
fn list_and_what_is_known_decide_what_is_asked_for() {
    struct Row<'a> {
        name: &'a str,
        known: &'a [(&'a str, Known)],
        /// `None`: it has not changed.
        list: Option<&'a [(&'a str, Line)]>,
        pages: &'a [&'a str],
        singly: &'a [&'a str],
        gone: &'a [&'a str],
    }
    let old = TODAY - 90;
    let in_language = |changed_on, locale: &str| Line { changed_on, locale: Some(locale.to_owned()) };
    let elsewhere = Known { place: Place::Elsewhere, changed_on: None, read_on: old + 2 };
    let nowhere = Known { place: Place::Nowhere, changed_on: Some(old), read_on: old + 2 };
    let adopted = Known { changed_on: None, ..here("en", 0, TODAY) };
    let rows = [
        Row {
            name: "an unchanged list of old changes",
            known: &[("a", here("en", old, old + 2)), ("b", elsewhere.clone())],
            list: None,
            pages: &[],
            singly: &[],
            gone: &[],
        },
        Row {
            name: "the same list in other words",
            known: &[("a", here("en", old, old + 2)), ("b", elsewhere.clone())],
            list: Some(&[("a", line(old)), ("b", line(old + 1))]),
            pages: &[],
            singly: &[],
            gone: &[],
        },
        Row {
            name: "one new, one changed, one gone",
            known: &[("a", here("en", old, old + 2)), ("b", here("en", old, old + 2)), ("c", here("en", old, old + 2))],
            list: Some(&[("a", line(old)), ("b", line(TODAY)), ("d", line(TODAY))]),
            pages: &[],
            singly: &["b", "d"],
            gone: &["c"],
        },
        Row {
            name: "a day that goes back is a change: the desk was restored",
            known: &[("a", here("en", TODAY - 9, TODAY))],
            list: Some(&[("a", line(old))]),
            pages: &[],
            singly: &["a"],
            gone: &[],
        },
        Row {
            name: "one that changed on the day of the last reading is fetched again, though nothing else is new",
            known: &[("a", here("en", TODAY, TODAY)), ("b", here("en", TODAY - 1, TODAY + 1))],
            list: None,
            pages: &[],
            singly: &["a"],
            gone: &[],
        },
        Row {
            name: "a date in the future that is known is asked for no more",
            known: &[("a", here("en", TODAY + 9_000, TODAY))],
            list: Some(&[("a", line(TODAY + 9_000))]),
            pages: &[],
            singly: &[],
            gone: &[],
        },
        Row {
            name: "another language is left alone where the list says it, and where it is known",
            known: &[("a", elsewhere), ("e", here("en", old, old + 2))],
            list: Some(&[("a", line(TODAY)), ("b", in_language(TODAY, "fr")), ("e", line(old))]),
            pages: &[],
            singly: &[],
            gone: &[],
        },
        Row {
            name: "what stood on no page is fetched once it changes",
            known: &[("a", nowhere.clone()), ("b", nowhere), ("e", here("en", old, old + 2))],
            list: Some(&[("a", line(old)), ("b", line(TODAY)), ("e", line(old))]),
            pages: &[],
            singly: &["b"],
            gone: &[],
        },
        Row {
            name: "of a file that an older version wrote, only what changed since its last sync",
            known: &[("a", adopted.clone()), ("b", adopted.clone()), ("c", adopted)],
            list: Some(&[("a", line(TODAY - 2)), ("b", line(TODAY - 1)), ("c", line(TODAY + 1))]),
            pages: &[],
            singly: &["b", "c"],
            gone: &[],
        },
        Row {
            name: "a list that lacks most of what is here is doubted",
            known: &[("a", here("en", old, old + 2)), ("b", here("en", old, old + 2)), ("c", here("en", old, old + 2))],
            list: Some(&[("a", line(old))]),
            pages: &["en"],
            singly: &[],
            gone: &[],
        },
    ];
    for Row { name, known, list, pages, singly, gone } in rows {
        let known = known.iter().map(|(slug, article)| ((*slug).to_owned(), article.clone())).collect();
        let list: Option<List> =
            list.map(|lines| lines.iter().map(|(slug, line)| ((*slug).to_owned(), line.clone())).collect());
        let beat = Beat { now: at(TODAY + 1), ..Beat::default() };
        let plan = compare(list.as_ref(), &known, &[language("en", known.len())], &beat);
        let asked: BTreeSet<String> = plan.singly.into_keys().collect();
        assert_eq!((plan.pages, asked, plan.gone), (set(pages), set(singly), set(gone)), "{name}");
    }
}

#[test]
fn many_are_read_in_the_pages_of_their_language_alone() {
    let slug = |locale: &str, number: usize| format!("{locale}-{number:03}");
    let all = |count: usize, changed: &dyn Fn(&str, usize) -> i64| {
        let mut list = List::new();
        for locale in ["en", "vi"] {
            list.extend((0..count).map(|number| (slug(locale, number), line(changed(locale, number)))));
        }
        list
    };
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    for locale in ["en", "vi"] {
        known.extend((0..100).map(|number| (slug(locale, number), here(locale, 1, 3))));
    }
    let languages = [language("en", 100), language("vi", 100)];
    let beat = Beat { now: at(TODAY), ..Beat::default() };
    let plan = |list: &List| compare(Some(list), &known, &languages, &beat);
    let few = plan(&all(100, &|_, number| if number < 28 { TODAY } else { 1 }));
    assert_eq!((few.pages.len(), few.singly.len()), (0, 56));
    let many = plan(&all(100, &|locale, number| if locale == "vi" || number < 28 { TODAY } else { 1 }));
    assert_eq!(
        (many.pages, many.singly.values().flatten().filter(|locale| *locale == "en").count()),
        (set(&["vi"]), 28)
    );
    // 57 of no known language cost as much as the two pages, 58 more.
    for (new, pages) in [(57, 0), (58, 2)] {
        let mut list = all(100, &|_, _| 1);
        list.extend((0..new).map(|number| (format!("new-{number}"), line(TODAY))));
        assert_eq!(plan(&list).pages.len(), pages, "{new}");
    }
    let unread = [language("en", 100), Language { is_read: false, ..language("vi", 0) }];
    assert_eq!(
        compare(None, &known, &unread, &beat).pages,
        set(&["vi"]),
        "a language that the customer has chosen now"
    );
    assert_eq!(compare(Some(&all(1, &|_, _| 1)), &known, &[], &beat), Plan::default(), "nothing is wanted");
}

#[test]
fn unsure_articles_are_fetched_again_the_more_seldom_the_more_they_are() {
    let known = |count: usize| (0..count).map(|number| (format!("{number}"), here("en", TODAY, TODAY))).collect();
    let asks = |count: usize, passed: Duration, by_app: bool| {
        let beat = Beat { now: at(TODAY).plus(passed), by_app, looked_again_at: Some(at(TODAY)), ..Beat::default() };
        let plan = compare(None, &known(count), &[language("en", count)], &beat);
        plan.looks_again && !(plan.singly.is_empty() && plan.pages.is_empty())
    };
    assert!(asks(1, HOUR, false) && asks(10, HOUR, false));
    assert!(!asks(11, HOUR, false) && asks(11, HOUR + HOUR / 10, false));
    assert!(!asks(600, 16 * HOUR, false) && asks(600, 17 * HOUR, false));
    assert!(asks(600, Duration::ZERO, true), "the app asks");
    let clock_was_wrong = Beat { now: at(TODAY), looked_again_at: Some(at(TODAY + 4_000)), ..Beat::default() };
    assert!(compare(None, &known(1), &[language("en", 1)], &clock_was_wrong).looks_again);
}

#[test]
fn help_centre_without_a_list_is_read_seldom() {
    use WithoutList::{Fail, Nothing, Pages};
    let now = at(TODAY);
    let ago = |hours: u32| Some(Timestamp::from_millis(now.millis() - i64::from(hours) * 3_600_000));
    let beat = |pages_at| Beat { now, pages_at, ..Beat::default() };
    let kept = |pages_at, list_failing_since| Beat { list_kept: true, list_failing_since, ..beat(pages_at) };
    let by_app = |beat: Beat| Beat { by_app: true, ..beat };
    let table = [
        ("never read", beat(None), false, Pages),
        ("read five hours ago", beat(ago(5)), false, Nothing),
        ("read six hours ago", beat(ago(6)), false, Pages),
        ("the app asks", by_app(beat(ago(0))), false, Pages),
        ("read by a clock that was wrong", beat(Some(at(TODAY + 9))), false, Pages),
        ("a list that fails for the first time", kept(ago(900), None), true, Fail),
        ("a list that fails for five hours", kept(ago(900), ago(5)), true, Fail),
        ("a list that fails for six hours", kept(ago(900), ago(6)), true, Pages),
        ("a list that fails for six hours, and pages of late", kept(ago(5), ago(6)), true, Fail),
        ("a list that fails, as the app asks", by_app(kept(ago(900), None)), true, Fail),
        ("a list that fails and never came, nothing here", beat(None), true, Pages),
        ("a list that fails and never came", beat(ago(5)), true, Fail),
    ];
    for (name, beat, fails, expected) in table {
        assert_eq!(without_list(&beat, fails), expected, "{name}");
    }
    let refused = |hours| Beat { list_refused_at: ago(hours), ..beat(None) }.asks_for_list();
    assert!(!refused(23) && refused(24) && beat(None).asks_for_list());
    let portal = |hours, by_app| Beat { portal_at: ago(hours), by_app, ..beat(None) }.asks_for_portal();
    assert!(!portal(71, false) && portal(72, false) && !portal(0, true) && portal(1, true));
}

/// A desk of two languages: each article's language, day of change and words.
#[derive(Clone, Debug, Default)]
struct Desk {
    articles: BTreeMap<String, (bool, i64, u32)>,
    words: u32,
}

#[derive(Clone, Debug)]
enum Change {
    Write {
        slug: u8,
        vietnamese: bool,
    },
    Remove(u8),
    /// An hour, in which the phone may refresh.
    Wait {
        hours: u8,
        refresh: bool,
    },
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (0_u8..40, any::<bool>()).prop_map(|(slug, vietnamese)| Change::Write { slug, vietnamese }),
        1 => (0_u8..40).prop_map(Change::Remove),
        4 => (0_u8..40, any::<bool>()).prop_map(|(hours, refresh)| Change::Wait { hours, refresh }),
    ]
}

/// A phone that wants English: its articles' words, and what it knows.
#[derive(Default)]
struct Phone {
    words: BTreeMap<String, u32>,
    known: BTreeMap<String, Known>,
    list: Option<List>,
    is_read: bool,
    looked_again_at: Option<Timestamp>,
    cost_ms: u64,
}

impl Phone {
    /// A refresh as `sync` carries it out. `offset` is the desk's time zone.
    fn refresh(&mut self, desk: &Desk, now: Timestamp) {
        let today = day(now);
        let fresh: List = desk.articles.iter().map(|(slug, (_, day, _))| (slug.clone(), line(*day))).collect();
        let unchanged = self.list.as_ref() == Some(&fresh);
        let languages = [Language { is_read: self.is_read, ..language("en", self.words.len()) }];
        let beat = Beat { now, looked_again_at: self.looked_again_at, ..Beat::default() };
        let plan = compare((!unchanged).then_some(&fresh), &self.known, &languages, &beat);
        let english = |slug: &String| desk.articles.get(slug).filter(|(vietnamese, ..)| !vietnamese).map(|row| row.2);
        let mut came = BTreeSet::new();
        let covered = !plan.pages.is_empty();
        self.cost_ms += 85;
        if covered {
            self.words = desk.articles.keys().filter_map(|slug| Some((slug.clone(), english(slug)?))).collect();
            came.extend(self.words.keys().cloned());
            (self.is_read, self.cost_ms) = (true, self.cost_ms + by_pages(self.words.len()));
        } else {
            self.cost_ms += by_slugs(plan.singly.len());
            for slug in plan.singly.keys() {
                match english(slug) {
                    Some(words) => drop(self.words.insert(slug.clone(), words)),
                    None => drop(self.words.remove(slug)),
                }
                came.insert(slug.clone());
            }
        }
        self.words.retain(|slug, _| !plan.gone.contains(slug));
        if plan.looks_again {
            self.looked_again_at = Some(now);
        }
        let (days, all) = settle(&fresh, &self.known, &came, &["en".to_owned()], covered, today);
        self.list = all.then(|| fresh.clone());
        let learnt = |slug: &String| came.contains(slug) && !covered && english(slug).is_none();
        let mut kept = self.known.clone();
        kept.retain(|slug, known| known.place == Place::Elsewhere && fresh.contains_key(slug));
        let known = days.into_iter().map(|(slug, read_on)| {
            let was = self.known.get(&slug).is_some_and(|known| known.place == Place::Elsewhere);
            let place = match english(&slug) {
                _ if self.words.contains_key(&slug) => Place::Here("en".to_owned()),
                _ if was || learnt(&slug) => Place::Elsewhere,
                _ => Place::Nowhere,
            };
            let changed_on = fresh.get(&slug).map(|line| line.changed_on);
            (slug, Known { place, changed_on, read_on })
        });
        kept.extend(known);
        self.known = kept;
    }
}

proptest! {
    /// Whatever changes at the desk and whenever the phone asks: two days after the last change, it holds what is
    /// published. An article of another language stays in it, as at a desk whose categories have one each.
    #[test]
    fn phone_holds_what_the_desk_publishes(
        changes in prop::collection::vec(change(), 0..60),
        zone in -14_i64..=14,
    ) {
        let (mut desk, mut phone) = (Desk::default(), Phone::default());
        let mut now = at(TODAY);
        let mut languages: BTreeMap<u8, bool> = BTreeMap::new();
        for change in changes {
            let local = day(Timestamp::from_millis(now.millis() + zone * 3_600_000));
            match change {
                Change::Write { slug, vietnamese } => {
                    desk.words += 1;
                    let vietnamese = *languages.entry(slug).or_insert(vietnamese);
                    desk.articles.insert(format!("s{slug}"), (vietnamese, local, desk.words));
                }
                Change::Remove(slug) => drop(desk.articles.remove(&format!("s{slug}"))),
                Change::Wait { hours, refresh } => {
                    now = now.plus(HOUR * u32::from(hours));
                    if refresh {
                        phone.refresh(&desk, now);
                    }
                }
            }
        }
        for _ in 0..2 {
            now = now.plus(48 * HOUR);
            phone.refresh(&desk, now);
        }
        let published: BTreeMap<String, u32> = desk.articles.iter()
            .filter(|(_, (vietnamese, ..))| !vietnamese)
            .map(|(slug, (_, _, words))| (slug.clone(), *words))
            .collect();
        prop_assert_eq!(&phone.words, &published);
        // From now on a refresh is one request.
        let before = phone.cost_ms;
        phone.refresh(&desk, now.plus(48 * HOUR));
        phone.refresh(&desk, now.plus(49 * HOUR));
        prop_assert_eq!(phone.cost_ms - before, 170);
    }

    /// A refresh costs no more than reading everything, but for the list itself.
    #[test]
    fn refresh_costs_no_more_than_all_pages(
        known in prop::collection::btree_map("[a-z]{1,2}", (0_i64..4, 0_i64..4, any::<bool>()), 0..120),
        list in prop::option::of(prop::collection::btree_map("[a-z]{1,2}", 0_i64..4, 0..120)),
    ) {
        let known: BTreeMap<String, Known> = known.into_iter().map(|(slug, (changed_on, read_on, is_here))| {
            let place = if is_here { Place::Here("en".to_owned()) } else { Place::Nowhere };
            (slug, Known { place, changed_on: Some(changed_on), read_on })
        }).collect();
        let articles = known.values().filter(|article| article.place != Place::Nowhere).count();
        let list: Option<List> = list.map(|list| list.into_iter().map(|(slug, day)| (slug, line(day))).collect());
        let plan = compare(list.as_ref(), &known, &[language("en", articles)], &Beat { by_app: true, ..Beat::default() });
        let cost = by_slugs(plan.singly.len()) + plan.pages.len() as u64 * by_pages(articles);
        prop_assert!(cost <= by_pages(articles), "{} for {} articles", cost, articles);
        prop_assert!(plan.gone.iter().all(|slug| known.contains_key(slug)));
    }
}
