use super::*;
use crate::{HelpEvent, HelpFigures, MatchRange};

#[tokio::test]
async fn query_without_tones_finds_and_marks_the_article() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let help = phone(&desk, data.path()).await.help_center().unwrap();
    let results = help.search("doi tra hang", None).await.unwrap();
    assert_eq!(ids(&results)[0], "1");
    let hit = &results.hits[0];
    let marked: Vec<String> = hit.title_matches.iter().map(|range| part(&hit.article.title, *range)).collect();
    assert_eq!(marked, ["Đổi", "trả", "hàng"]);
    assert_eq!(hit.snippet, "Mở đơn hàng và chạm Trả hàng.");
    let marked: Vec<String> = hit.snippet_matches.iter().map(|range| part(&hit.snippet, *range)).collect();
    assert_eq!(marked, ["hàng", "Trả", "hàng"]);
    assert_eq!(found(&help, "thoi gain giao").await[0], "3", "misspelt");
}

fn part(text: &str, range: MatchRange) -> String {
    text.chars().skip(range.start).take(range.end - range.start).collect()
}

#[tokio::test]
async fn what_the_first_language_does_not_answer_is_looked_for_in_the_next() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let help = phone(&desk, data.path()).await.help_center().unwrap();
    assert_eq!(found(&help, "gift card").await, ["12"]);
    assert_eq!(found(&help, "return").await, ["11"]);
    assert_eq!(found(&help, "doi tra hang").await[0], "1", "the first language has an answer");
}

#[tokio::test]
async fn category_filters_and_an_empty_query_gives_the_most_read() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    desk.publish(DeskArticle {
        views: 9, ..article("3", "vi", "giao-hang", "Phí giao hàng", "Từ 1 đến 4 ngày.")
    });
    let help = phone(&desk, data.path()).await.help_center().unwrap();
    let results = help.search("ngày", Some("doi-tra")).await.unwrap();
    assert!(!results.hits.is_empty() && !ids(&results).contains(&"3"));
    assert!(help.search("ngày", Some("no-such")).await.unwrap().hits.is_empty());
    assert_eq!(ids(&help.search("", None).await.unwrap()), ["3", "1", "2"]);
    assert_eq!(help.popular().await.unwrap()[0].id.as_str(), "3");
    let names: Vec<String> = help.categories().await.unwrap().into_iter().map(|row| row.name).collect();
    assert_eq!(names, ["Đổi trả", "Giao hàng"]);
    let listed = help.articles(Some("doi-tra")).await.unwrap();
    assert_eq!(listed.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
}

#[tokio::test]
async fn what_the_desk_says_customers_ask_with_is_searched() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let help = client.help_center().unwrap();
    assert!(found(&help, "quan bi rong").await.is_empty());
    let asked = |phrasings: &[&str]| DeskArticle {
        phrasings: phrasings.iter().map(|text| (*text).to_owned()).collect(),
        ..article("1", "vi", "doi-tra", "Đổi trả hàng trong 30 ngày", "Mở **đơn hàng**.")
    };
    desk.publish(asked(&["quần bị\nrộng", "áo chật"]));
    assert!(help.sync().await.unwrap(), "a phrasing alone is a change");
    assert_eq!(found(&help, "quan bi rong").await, ["1"]);
    assert!(!help.sync().await.unwrap());
    client.shutdown().await;
    let help = phone_with(&desk, data.path(), |_| {}).await.help_center().unwrap();
    assert_eq!(found(&help, "ao chat").await, ["1"], "kept");
    desk.publish(asked(&[]));
    assert!(help.sync().await.unwrap());
    assert!(found(&help, "ao chat").await.is_empty(), "taken back");
}

#[tokio::test]
async fn newest_keystroke_wins_and_results_never_go_back() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let help = phone(&desk, data.path()).await.help_center().unwrap();
    let mut search = help.search_as_you_type();
    let input = search.input();
    let first = search.next().await.unwrap().unwrap();
    assert_eq!((first.query.as_str(), first.hits.len()), ("", 3));
    let text = "doi tra hang";
    for end in 1..=text.len() {
        input.set_text(&text[..end]);
    }
    let results = search.next().await.unwrap().unwrap();
    assert_eq!(results.query, text, "eleven keystrokes were overtaken");
    assert_eq!(ids(&results)[0], "1");

    // Typed while results are asked for: what is given out only ever gets newer.
    let typing = tokio::spawn({
        let input = input.clone();
        async move {
            for end in 1..=text.len() {
                input.set_text(&text[..end]);
                tokio::task::yield_now().await;
            }
            input.set_text("done");
        }
    });
    let mut last = 0;
    loop {
        let results = search.next().await.unwrap().unwrap();
        if results.query == "done" {
            break;
        }
        assert!(results.query.len() >= last || results.query == text, "{}", results.query);
        last = results.query.len() % text.len();
    }
    typing.await.unwrap();
}

#[tokio::test]
async fn search_on_screen_is_answered_anew_when_the_articles_change() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let help = phone(&desk, data.path()).await.help_center().unwrap();
    let mut search = help.search_as_you_type();
    search.input().set_text("qwxz");
    assert_eq!(search.next().await.unwrap().unwrap().hits, []);
    desk.publish(article("4", "vi", "doi-tra", "Qwxz", "Hai năm."));
    help.sync().await.unwrap();
    loop {
        let results = search.next().await.unwrap().unwrap();
        if ids(&results) == ["4"] {
            break;
        }
    }
}

#[tokio::test]
async fn abandoned_question_loses_no_keystroke() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let help = phone(&desk, data.path()).await.help_center().unwrap();
    let mut search = help.search_as_you_type();
    search.next().await.unwrap();
    search.input().set_text("doi tra");
    // Polled once and dropped, as by a screen that turns.
    let turned = tokio::select! {
        biased;
        results = search.next() => Some(results),
        () = std::future::ready(()) => None,
    };
    // A search may be done within one poll; else the next call gives what this one was to give.
    let results = match turned {
        Some(results) => results,
        None => search.next().await,
    };
    assert_eq!(results.unwrap().unwrap().query, "doi tra");
}

#[tokio::test]
async fn searches_opened_and_helped_are_counted_told_and_learnt() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let help = client.help_center().unwrap();
    let mut events = help.events();
    assert!(found(&help, "xe bay").await.is_empty());
    assert_eq!(found(&help, "hoan tien").await[0], "2");
    let id = ArticleId::new("2");
    help.article(&id).await.unwrap();
    help.article(&id).await.unwrap();
    help.helped(&id).await.unwrap();
    let figures = HelpFigures { searches: 2, unanswered: 1, opened: 1, helped: 1, asked_anyway: 0 };
    assert_eq!(help.figures().await.unwrap(), figures);
    let mut told = Vec::new();
    for _ in 0..4 {
        told.push(events.next().await.unwrap());
    }
    assert_eq!(
        told,
        [
            HelpEvent::Searched { query: "xe bay".into(), results: 0 },
            HelpEvent::Searched { query: "hoan tien".into(), results: 1 },
            HelpEvent::Opened { article: id.clone() },
            HelpEvent::Helped { article: id.clone() },
        ]
    );
    assert_eq!(help.recent_searches().await.unwrap(), ["hoan tien"]);
    desk.until(|desk| desk.views(&id) == 1).await;

    // Words that stand nowhere in the article lead to it from now on, after a restart as well.
    help.search("lay lai xu", None).await.unwrap();
    help.article(&id).await.unwrap();
    help.helped(&id).await.unwrap();
    assert_eq!(found(&help, "lay lai xu").await[0], "2");
    client.shutdown().await;
    let help = phone_with(&desk, data.path(), |_| {}).await.help_center().unwrap();
    assert_eq!(found(&help, "lai xu").await[0], "2");
    assert_eq!(help.figures().await.unwrap().helped, 2);
}

#[tokio::test]
async fn recent_searches_are_the_customers_own_and_can_be_forgotten() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let help = client.help_center().unwrap();
    let search = help.search_as_you_type();
    search.input().set_text("giao hang");
    search.input().submit().await.unwrap();
    search.input().set_text("hoan tien");
    search.input().submit().await.unwrap();
    assert_eq!(help.search("", None).await.unwrap().recent, ["hoan tien", "giao hang"]);
    client.identify(MemoryDesk::identity("ann"), Default::default()).await.unwrap();
    assert_eq!(help.recent_searches().await.unwrap(), ["hoan tien", "giao hang"], "taken along");
    client.identify(MemoryDesk::identity("ben"), Default::default()).await.unwrap();
    assert_eq!(help.recent_searches().await.unwrap(), Vec::<String>::new());
    client.identify(MemoryDesk::identity("ann"), Default::default()).await.unwrap();
    help.forget_searches(Some("giao hang")).await.unwrap();
    assert_eq!(help.recent_searches().await.unwrap(), ["hoan tien"]);
    help.forget_searches(None).await.unwrap();
    assert_eq!(help.recent_searches().await.unwrap(), Vec::<String>::new());
}
