//! What a refresh asks the desk for, on a clock that is set.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use super::*;
use crate::{
    Clock, Timestamp,
    backend::{BackendError, Fault},
    testing::memory::{Call, Play},
};

const DAY: i64 = 86_400_000;

/// The day on which the phone is made.
const TODAY: i64 = 20_000;

/// A clock that stands where it is put.
#[derive(Clone)]
struct Hand(Arc<AtomicI64>);

impl Hand {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(TODAY * DAY)))
    }

    fn pass(&self, hours: i64) {
        self.0.fetch_add(hours * 3_600_000, Ordering::Relaxed);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }

    /// What the hand lets pass, no runtime has seen.
    fn suspended(&self) -> Duration {
        Duration::from_millis((self.now().millis() - TODAY * DAY).try_into().unwrap_or(0))
    }
}

/// A desk with articles 1 to `count` in English, unchanged for long.
fn english(count: usize, list: bool) -> MemoryDesk {
    let desk = MemoryDesk::with(|options| {
        options.page_size = 100;
        options.capabilities.article_list = list;
    });
    desk.set_categories("en", [category("a")]);
    (1..=count).for_each(|number| desk.publish_on(numbered(number, "Old"), TODAY - 90));
    desk
}

fn category(slug: &str) -> DeskCategory {
    let (slug, locale, name) = (slug.to_owned(), "en".to_owned(), slug.to_uppercase());
    DeskCategory { slug, locale, name, description: String::new(), position: 1 }
}

fn numbered(number: usize, word: &str) -> DeskArticle {
    article(&number.to_string(), "en", "a", &format!("{word} {number}"), "text")
}

async fn phone_at(desk: &MemoryDesk, data: &Path, hand: &Hand) -> HelpCenter {
    let mut config = ClientConfig::new("https://desk.example.com", "inbox", data);
    config.help_center = Some(HelpCenterConfig::new(PORTAL));
    config.clock = Arc::new(hand.clone());
    let client = SupportClient::open_with(config, Arc::new(desk.clone())).await.unwrap();
    client.help_center().unwrap()
}

/// Refreshes as the passing of time does, and says what was asked.
async fn refresh(desk: &MemoryDesk, help: &HelpCenter) -> Vec<Call> {
    refresh_or_fail(desk, help).await.0
}

async fn refresh_or_fail(desk: &MemoryDesk, help: &HelpCenter) -> (Vec<Call>, Result<bool, SupportError>) {
    let before = desk.calls().len();
    let outcome = help.room.sync(false).await;
    (desk.calls()[before..].to_vec(), outcome)
}

async fn on_the_phone(help: &HelpCenter) -> BTreeMap<String, String> {
    let rows = help.articles(None).await.unwrap();
    rows.into_iter().map(|row| (row.id.as_str().to_owned(), row.title)).collect()
}

#[tokio::test]
async fn unchanged_help_centre_is_one_request_and_its_page_another_every_third_day() {
    let (desk, data, hand) = (english(600, true), tempfile::tempdir().unwrap(), Hand::new());
    let help = phone_at(&desk, data.path(), &hand).await;
    let mut first = vec![Call::ArticleList, Call::Portal];
    first.resize(8, Call::Articles);
    assert_eq!(refresh(&desk, &help).await, first, "six pages, and none after the last");
    for hours in 1..72 {
        hand.pass(1);
        assert_eq!(refresh(&desk, &help).await, [Call::ArticleList], "{hours}");
    }
    hand.pass(1);
    assert_eq!(refresh(&desk, &help).await, [Call::ArticleList, Call::Portal]);
    // A new name of a category is no article's change.
    desk.set_categories("en", [DeskCategory { name: "New".to_owned(), ..category("a") }]);
    hand.pass(2);
    assert!(help.sync().await.unwrap(), "the app asks, and gets it");
    assert_eq!(help.categories().await.unwrap()[0].name, "New");
}

#[tokio::test]
async fn few_changes_are_fetched_singly_and_many_in_pages() {
    let (desk, data, hand) = (english(600, true), tempfile::tempdir().unwrap(), Hand::new());
    let help = phone_at(&desk, data.path(), &hand).await;
    refresh(&desk, &help).await;
    hand.pass(24);
    desk.publish_on(numbered(7, "New"), TODAY - 3);
    desk.publish_on(numbered(601, "New"), TODAY - 3);
    assert_eq!(refresh(&desk, &help).await, [Call::ArticleList, Call::Article, Call::Article]);
    let here = on_the_phone(&help).await;
    assert_eq!((here.len(), here["7"].as_str(), here["601"].as_str()), (601, "New 7", "New 601"));
    desk.unpublish(&ArticleId::new("8"));
    assert_eq!(refresh(&desk, &help).await, [Call::ArticleList], "what is gone needs no request");
    assert_eq!(on_the_phone(&help).await.len(), 600);
    (1..=200).for_each(|number| desk.publish_on(numbered(number, "Newer"), TODAY - 2));
    let asked = refresh(&desk, &help).await;
    assert_eq!(asked.iter().filter(|call| **call == Call::Articles).count(), 7, "601 articles");
    assert!(!asked.contains(&Call::Article), "{asked:?}");
    assert_eq!(on_the_phone(&help).await.values().filter(|title| title.starts_with("Newer")).count(), 200);
    hand.pass(1);
    assert_eq!(refresh(&desk, &help).await, [Call::ArticleList]);
}

#[tokio::test]
async fn second_change_of_a_day_comes_and_is_not_waited_for_for_ever() {
    let (desk, data, hand) = (english(30, true), tempfile::tempdir().unwrap(), Hand::new());
    let help = phone_at(&desk, data.path(), &hand).await;
    refresh(&desk, &help).await;
    desk.publish_on(numbered(7, "Morning"), TODAY);
    hand.pass(1);
    assert_eq!(refresh(&desk, &help).await, [Call::ArticleList, Call::Article]);
    // The list says the same of it.
    desk.publish_on(numbered(7, "Evening"), TODAY);
    hand.pass(1);
    assert_eq!(refresh(&desk, &help).await, [Call::ArticleList, Call::Article]);
    assert_eq!(on_the_phone(&help).await["7"], "Evening 7");
    for _ in 2..48 {
        hand.pass(1);
        assert_eq!(refresh(&desk, &help).await, [Call::ArticleList, Call::Article]);
    }
    // Once more past the day, wherever the desk is.
    for _ in 0..20 {
        assert_eq!(refresh(&desk, &help).await, [Call::ArticleList]);
        hand.pass(1);
    }
}

#[tokio::test]
async fn date_in_the_future_is_believed_once() {
    let (desk, data, hand) = (english(30, true), tempfile::tempdir().unwrap(), Hand::new());
    let help = phone_at(&desk, data.path(), &hand).await;
    refresh(&desk, &help).await;
    (1..=5).for_each(|number| desk.publish_on(numbered(number, "Late"), TODAY + 9_000));
    assert_eq!(refresh(&desk, &help).await.iter().filter(|call| **call == Call::Article).count(), 5);
    for _ in 0..5 {
        hand.pass(1);
        assert_eq!(refresh(&desk, &help).await, [Call::ArticleList]);
    }
    // Another list, with the same dates.
    desk.publish_on(numbered(6, "Now"), TODAY - 3);
    assert_eq!(refresh(&desk, &help).await, [Call::ArticleList, Call::Article]);
}

#[tokio::test]
async fn other_languages_cost_nothing_and_articles_without_a_category_come() {
    for tells in [true, false] {
        let desk = MemoryDesk::with(|options| (options.page_size, options.list_tells_locales) = (100, tells));
        let french = DeskCategory { locale: "fr".to_owned(), ..category("a") };
        desk.set_categories("en", [category("a"), french]);
        (1..=30).for_each(|number| desk.publish_on(numbered(number, "Old"), TODAY - 90));
        let in_french = |number: usize, word: &str| {
            let mut article = numbered(number, word);
            article.name.locale = "fr".to_owned();
            article
        };
        (101..=160).for_each(|number| desk.publish_on(in_french(number, "Vieux"), TODAY - 90));
        let (data, hand) = (tempfile::tempdir().unwrap(), Hand::new());
        let help = phone_at(&desk, data.path(), &hand).await;
        assert_eq!(refresh(&desk, &help).await, [Call::ArticleList, Call::Portal, Call::Articles]);
        assert_eq!(refresh(&desk, &help).await, [Call::ArticleList]);
        // Once, to learn where it belongs; not even that where the list says it.
        desk.publish_on(in_french(101, "Neuf"), TODAY - 3);
        let asked = refresh(&desk, &help).await;
        assert_eq!(asked.contains(&Call::Article), !tells, "{tells}: {asked:?}");
        desk.publish_on(in_french(101, "Nouveau"), TODAY - 2);
        assert_eq!(refresh(&desk, &help).await, [Call::ArticleList], "{tells}");
        // Only the list or the pages know of which language it is.
        desk.publish_on(DeskArticle { category: None, ..numbered(31, "Alone") }, TODAY - 2);
        assert!(help.sync().await.unwrap());
        assert_eq!(on_the_phone(&help).await.get("31").map(String::as_str), Some("Alone 31"), "{tells}");
        assert_eq!(refresh(&desk, &help).await, [Call::ArticleList], "{tells}");
    }
}

/// An article of no category in a language that no category names.
fn unfiled(number: usize, locale: &str, title: &str) -> DeskArticle {
    DeskArticle { category: None, ..article(&number.to_string(), locale, "", title, "text") }
}

#[tokio::test]
async fn wanted_language_that_no_category_names_is_read() {
    for (list, wanted, locale) in [(true, "fr-FR", "fr"), (false, "fr-FR", "fr"), (true, "pt-BR", "pt_BR")] {
        let (desk, data, hand) = (english(30, list), tempfile::tempdir().unwrap(), Hand::new());
        desk.publish_on(unfiled(101, locale, "Zèbre rayé"), TODAY - 90);
        let mut config = ClientConfig::new("https://desk.example.com", "inbox", data.path());
        config.help_center = Some(HelpCenterConfig::new(PORTAL).in_languages([wanted]));
        config.clock = Arc::new(hand.clone());
        let help = SupportClient::open_with(config, Arc::new(desk.clone())).await.unwrap().help_center().unwrap();
        refresh(&desk, &help).await;
        assert_eq!(found(&help, "zebre").await, ["101"], "{wanted} {list}");
        if !list {
            continue;
        }
        // Its pages were read, empty ones too: nothing is asked for again.
        assert_eq!(refresh(&desk, &help).await, [Call::ArticleList], "{wanted}");
        desk.publish_on(unfiled(102, locale, "Lion couché"), TODAY - 3);
        refresh(&desk, &help).await;
        assert_eq!(found(&help, "lion").await, ["102"], "{wanted}");
        assert_eq!(refresh(&desk, &help).await, [Call::ArticleList], "{wanted}");
    }
}

#[tokio::test]
async fn article_of_a_language_that_is_not_wanted_is_not_taken_for_the_only_one() {
    let (desk, data, hand) = (english(30, true), tempfile::tempdir().unwrap(), Hand::new());
    desk.publish_on(unfiled(101, "fr", "Zèbre"), TODAY - 90);
    let help = phone_at(&desk, data.path(), &hand).await;
    refresh(&desk, &help).await;
    desk.publish_on(unfiled(102, "fr", "Lion"), TODAY - 3);
    desk.publish_on(unfiled(31, "en", "Tiger"), TODAY - 3);
    refresh(&desk, &help).await;
    assert_eq!(on_the_phone(&help).await.len(), 31);
    assert_eq!((found(&help, "lion").await.len(), found(&help, "tiger").await), (0, vec!["31".to_owned()]));
}

#[tokio::test]
async fn new_category_and_new_language_come_with_their_first_article() {
    let (desk, data, hand) = (english(30, true), tempfile::tempdir().unwrap(), Hand::new());
    let mut config = ClientConfig::new("https://desk.example.com", "inbox", data.path());
    config.help_center = Some(HelpCenterConfig::new(PORTAL).in_languages(["vi"]));
    config.clock = Arc::new(hand.clone());
    let help = SupportClient::open_with(config, Arc::new(desk.clone())).await.unwrap().help_center().unwrap();
    refresh(&desk, &help).await;
    desk.set_categories("en", [category("a"), category("b")]);
    desk.publish_on(article("31", "en", "b", "Zebra", "text"), TODAY - 3);
    assert_eq!(refresh(&desk, &help).await, [Call::ArticleList, Call::Article, Call::Portal]);
    assert_eq!(help.categories().await.unwrap().len(), 2);
    desk.set_categories(
        "en",
        [category("a"), category("b"), DeskCategory { locale: "vi".to_owned(), ..category("c") }],
    );
    desk.publish_on(article("32", "vi", "c", "Ngựa vằn", "text"), TODAY - 3);
    // Its pages were read before, though no category named it.
    assert_eq!(refresh(&desk, &help).await, [Call::ArticleList, Call::Article, Call::Portal]);
    assert_eq!(found(&help, "ngua van").await, ["32"]);
    assert_eq!(refresh(&desk, &help).await, [Call::ArticleList]);
}

#[tokio::test]
async fn desk_without_a_list_is_read_four_times_a_day_or_as_the_app_asks() {
    let (desk, data, hand) = (english(250, false), tempfile::tempdir().unwrap(), Hand::new());
    let help = phone_at(&desk, data.path(), &hand).await;
    refresh(&desk, &help).await;
    desk.publish_on(numbered(7, "New"), TODAY);
    let mut asked = Vec::new();
    for _ in 0..24 {
        hand.pass(1);
        asked.extend(refresh(&desk, &help).await);
    }
    assert_eq!(asked.iter().filter(|call| **call == Call::Articles).count(), 4 * 3);
    assert_eq!(asked.len(), 4 * 4, "and the help centre's page with them: {asked:?}");
    assert_eq!(on_the_phone(&help).await["7"], "New 7");
    desk.publish_on(numbered(8, "New"), TODAY);
    assert!(help.sync().await.unwrap());
    assert_eq!(on_the_phone(&help).await["8"], "New 8");
}

#[tokio::test]
async fn list_of_no_use_is_asked_for_once_a_day() {
    let (desk, data, hand) = (english(30, true), tempfile::tempdir().unwrap(), Hand::new());
    let help = phone_at(&desk, data.path(), &hand).await;
    let useless = || desk.once(Call::ArticleList, Play::Fails(BackendError::refused(Fault::Unsupported, "scripted")));
    useless();
    refresh(&desk, &help).await;
    let mut asked = Vec::new();
    for _ in 0..23 {
        hand.pass(1);
        asked.extend(refresh(&desk, &help).await);
    }
    assert!(!asked.contains(&Call::ArticleList) && asked.len() <= 6, "{asked:?}");
    // There is one now.
    hand.pass(1);
    assert!(refresh(&desk, &help).await.contains(&Call::ArticleList));
    hand.pass(1);
    assert_eq!(refresh(&desk, &help).await, [Call::ArticleList]);
    // It is lost again, and with it the network: nothing is believed of who answers in the desk's place.
    useless();
    desk.once(Call::Portal, Play::request_lost());
    hand.pass(1);
    let (asked, outcome) = refresh_or_fail(&desk, &help).await;
    assert_eq!((asked, outcome), (vec![Call::ArticleList, Call::Portal], Err(SupportError::Offline)));
    assert_eq!(refresh(&desk, &help).await, [Call::ArticleList]);
}

#[tokio::test]
async fn list_that_fails_brings_no_pages_for_six_hours() {
    let (desk, data, hand) = (english(30, true), tempfile::tempdir().unwrap(), Hand::new());
    let help = phone_at(&desk, data.path(), &hand).await;
    refresh(&desk, &help).await;
    for hours in 0..6 {
        hand.pass(1);
        desk.once(Call::ArticleList, Play::Fails(BackendError::unclear(Fault::Desk, "scripted")));
        let (asked, outcome) = refresh_or_fail(&desk, &help).await;
        assert_eq!((asked, outcome), (vec![Call::ArticleList], Err(SupportError::DeskUnavailable)), "{hours}");
    }
    desk.once(Call::ArticleList, Play::Fails(BackendError::unclear(Fault::Desk, "scripted")));
    hand.pass(1);
    assert!(refresh(&desk, &help).await.contains(&Call::Articles));
}

#[tokio::test]
async fn list_that_lacks_articles_loses_none() {
    // A desk whose list names half of what it publishes.
    let (whole, half) = (english(30, true), english(14, true));
    let (data, hand) = (tempfile::tempdir().unwrap(), Hand::new());
    let help = phone_at(&whole, data.path(), &hand).await;
    refresh(&whole, &help).await;
    drop(help);
    let help = phone_at(&half, data.path(), &hand).await;
    hand.pass(1);
    assert!(refresh(&half, &help).await.contains(&Call::Articles), "the pages are asked before so many are deleted");
    assert_eq!(on_the_phone(&help).await.len(), 14);
}

#[tokio::test]
async fn article_that_the_desk_fails_over_is_asked_for_again_and_keeps_nothing_else_back() {
    let (desk, data, hand) = (english(30, true), tempfile::tempdir().unwrap(), Hand::new());
    let help = phone_at(&desk, data.path(), &hand).await;
    refresh(&desk, &help).await;
    desk.publish_on(numbered(7, "New"), TODAY - 3);
    desk.publish_on(numbered(8, "New"), TODAY - 3);
    desk.once(Call::Article, Play::Fails(BackendError::unclear(Fault::Desk, "scripted")));
    assert!(refresh_or_fail(&desk, &help).await.1.is_err());
    let here = on_the_phone(&help).await;
    assert_eq!((here["7"].as_str(), here["8"].as_str()), ("Old 7", "New 8"));
    assert_eq!(refresh(&desk, &help).await, [Call::ArticleList, Call::Article]);
    assert_eq!(on_the_phone(&help).await["7"], "New 7");
}

#[tokio::test]
async fn clock_that_was_wrong_does_not_keep_the_articles_old() {
    let (desk, data, hand) = (english(30, true), tempfile::tempdir().unwrap(), Hand::new());
    let mut config = ClientConfig::new("https://desk.example.com", "inbox", data.path());
    config.help_center =
        Some(HelpCenterConfig { refresh_after: Duration::from_secs(3600), ..HelpCenterConfig::new(PORTAL) });
    config.clock = Arc::new(hand.clone());
    hand.pass(24 * 400);
    let help = SupportClient::open_with(config, Arc::new(desk.clone())).await.unwrap().help_center().unwrap();
    refresh(&desk, &help).await;
    hand.pass(-24 * 400);
    desk.publish_on(numbered(7, "Zebra"), TODAY - 3);
    found(&help, "old").await;
    desk.until(|desk| desk.count(Call::Article) == 1).await;
}
