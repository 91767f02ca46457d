//! The help centre, over real sockets.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "tests may fail")]

use std::path::Path;

use sandbox::{Fault, RequestLog, Rule, Sandbox};
use shopbell::{ArticleId, Block, Delivery, HelpCenter, HelpCenterConfig, SupportClient, SupportError};
use shopbell_tests::{Screen, config, desk, only_conversation, until};

async fn phone(desk: &Sandbox, data: &Path) -> (SupportClient, HelpCenter) {
    let mut config = config(desk, data);
    config.help_center = Some(HelpCenterConfig::new("shop").in_languages(["vi-VN"]));
    let client = SupportClient::open(config).await.unwrap();
    let help = client.help_center().unwrap();
    (client, help)
}

async fn titles(help: &HelpCenter, query: &str) -> Vec<String> {
    let results = help.search(query, None).await.unwrap();
    results.hits.into_iter().map(|hit| hit.article.title).collect()
}

fn asked(desk: &Sandbox) -> Vec<RequestLog> {
    desk.desk().requests().into_iter().filter(|log| log.path.starts_with("/hc/")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn question_without_tones_is_answered_with_no_network() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let (client, help) = phone(&desk, data.path()).await;
    assert!(help.sync().await.unwrap());
    client.shutdown().await;
    desk.faults().offline(true);

    let (_client, help) = phone(&desk, data.path()).await;
    assert_eq!(titles(&help, "doi tra hang").await[0], "Đổi trả hàng trong 30 ngày");
    assert_eq!(titles(&help, "doi tar hang").await[0], "Đổi trả hàng trong 30 ngày");
    assert_eq!(titles(&help, "bao gio nhan tien hoan").await[0], "Khi nào tôi nhận được tiền hoàn?");
    let names: Vec<String> = help.categories().await.unwrap().into_iter().map(|row| row.name).collect();
    assert!(names.contains(&"Đổi trả và hoàn tiền".to_owned()), "{names:?}");
    let id = help.search("phi giao hang", None).await.unwrap().hits[0].article.id.clone();
    let article = help.article(&id).await.unwrap();
    assert!(article.blocks.iter().any(|block| matches!(block, Block::Table { .. })), "{:?}", article.blocks);
    // Only in English, which is the help centre's own language.
    assert!(!titles(&help, "return within 30 days").await.is_empty());
}

/// What was asked of the help centre since the log was cleared: the end of each path, with its status.
fn ends(desk: &Sandbox) -> Vec<(String, u16)> {
    let end = |log: RequestLog| {
        let end = log.path.rsplit('/').next().unwrap_or_default().to_owned();
        (end.split('?').next().unwrap_or_default().to_owned(), log.status)
    };
    asked(desk).into_iter().map(end).collect()
}

/// A desk with so many articles in Vietnamese, in eight categories, unchanged for long.
async fn large(articles: usize) -> Sandbox {
    let desk = desk().await;
    let seeded = desk.desk().articles().into_iter().filter(|row| row.locale == "vi" && !row.draft).count();
    for number in seeded..articles {
        let slug =
            desk.desk().add_article("vi", &format!("kho-{}", number % 8), &format!("Kho {number}"), "Số lượng lớn.");
        assert!(desk.desk().set_article_changed_on(&slug, 20_000));
    }
    desk
}

#[tokio::test(flavor = "multi_thread")]
async fn unchanged_help_centre_is_one_request_without_a_body() {
    let (desk, data) = (large(600).await, tempfile::tempdir().unwrap());
    let (_client, help) = phone(&desk, data.path()).await;
    help.sync().await.unwrap();
    // Views change every page of the list, and not the sitemap.
    let row = desk.desk().articles().into_iter().find(|row| row.locale == "vi" && !row.draft).unwrap();
    help.article(&ArticleId::new(row.id.to_string())).await.unwrap();
    let views = || desk.desk().articles().into_iter().find(|other| other.id == row.id).unwrap().views;
    until("the view", views, |now| *now == row.views + 1).await;
    desk.desk().clear_requests();
    assert!(!help.sync().await.unwrap());
    let requests = asked(&desk);
    assert_eq!(ends(&desk), [("sitemap.xml".to_owned(), 304)]);
    assert!(requests[0].if_none_match && requests[0].response_bytes == 0, "{requests:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_change_of_600_articles_is_one_article_more() {
    let (desk, data) = (large(600).await, tempfile::tempdir().unwrap());
    let (_client, help) = phone(&desk, data.path()).await;
    help.sync().await.unwrap();
    let row = desk.desk().articles().into_iter().find(|row| row.title == "Kho 300").unwrap();
    desk.desk().edit_article(&row.slug, "Ngựa vằn", "Trong sở thú.");
    desk.desk().clear_requests();
    assert!(help.sync().await.unwrap());
    let article = (format!("{}.json", row.slug), 200);
    assert_eq!(ends(&desk), [("sitemap.xml".to_owned(), 200), article.clone()]);
    assert_eq!(titles(&help, "ngua van").await[0], "Ngựa vằn");
    // A second change of the same day leaves the sitemap as it is.
    desk.desk().edit_article(&row.slug, "Ngựa vằn và sư tử", "Trong sở thú.");
    desk.desk().clear_requests();
    assert!(help.sync().await.unwrap());
    let (first, rest) = (ends(&desk).remove(0), ends(&desk).split_off(1));
    assert_eq!((first.0.as_str(), rest), ("sitemap.xml", vec![article]));
    assert_eq!(titles(&help, "su tu").await[0], "Ngựa vằn và sư tử");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_changes_are_read_in_pages_and_what_is_gone_costs_nothing() {
    let (desk, data) = (large(600).await, tempfile::tempdir().unwrap());
    let (_client, help) = phone(&desk, data.path()).await;
    help.sync().await.unwrap();
    let here = async || help.articles(None).await.unwrap().into_iter().map(|row| row.title).collect::<Vec<_>>();
    let rows: Vec<_> = desk.desk().articles().into_iter().filter(|row| row.title.starts_with("Kho")).collect();
    desk.desk().remove_article(&rows[0].slug);
    desk.desk().clear_requests();
    assert!(help.sync().await.unwrap());
    assert_eq!(ends(&desk), [("sitemap.xml".to_owned(), 200)]);
    assert!(!here().await.contains(&rows[0].title));
    for (number, row) in rows[1..301].iter().enumerate() {
        desk.desk().edit_article(&row.slug, &format!("Mới {number}"), "Mới.");
        desk.desk().set_article_changed_on(&row.slug, 20_001);
    }
    desk.desk().clear_requests();
    assert!(help.sync().await.unwrap());
    let pages = ends(&desk).into_iter().filter(|(end, _)| end == "articles.json").count();
    assert_eq!(pages, 6, "599 articles, in Vietnamese alone");
    let titles = here().await;
    assert_eq!((titles.len(), titles.iter().filter(|title| title.starts_with("Mới")).count()), (599, 300));
    desk.desk().clear_requests();
    assert!(!help.sync().await.unwrap());
    assert_eq!(ends(&desk), [("sitemap.xml".to_owned(), 304)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn articles_without_a_category_come_in_their_language() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    desk.desk().add_article("vi", "", "Ngựa vằn", "Trong sở thú.");
    let (_client, help) = phone(&desk, data.path()).await;
    help.sync().await.unwrap();
    assert_eq!(titles(&help, "ngua van").await[0], "Ngựa vằn");
    desk.desk().add_article("vi", "", "Hươu cao cổ", "Trong sở thú.");
    assert!(help.sync().await.unwrap());
    assert_eq!(titles(&help, "huou cao co").await[0], "Hươu cao cổ");
}

#[tokio::test(flavor = "multi_thread")]
async fn desk_without_a_sitemap_is_read_in_pages_as_the_app_asks() {
    for fault in [Fault::Status(404), Fault::Status(406), Fault::CaptivePortal] {
        let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
        let path_contains = Some("shop/sitemap.xml".to_owned());
        desk.faults().add(Rule { path_contains, ..Rule::new(fault.clone()) });
        let (_client, help) = phone(&desk, data.path()).await;
        assert!(help.sync().await.unwrap(), "{fault:?}");
        let slug = desk.desk().articles().into_iter().find(|row| row.locale == "en").unwrap().slug;
        desk.desk().edit_article(&slug, "Where is my zebra?", "In the zoo.");
        desk.desk().clear_requests();
        assert!(help.sync().await.unwrap(), "{fault:?}");
        let asked: Vec<String> = ends(&desk).into_iter().map(|(end, _)| end).collect();
        assert_eq!(
            asked,
            ["vi.json", "articles.json", "articles.json"],
            "{fault:?}: the sitemap is left alone for a day"
        );
        assert_eq!(titles(&help, "zebra").await, ["Where is my zebra?"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_and_removed_articles_are_not_shown() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let (_client, help) = phone(&desk, data.path()).await;
    help.sync().await.unwrap();
    let all = desk.desk().articles();
    let shown = help.articles(None).await.unwrap();
    let published = all.iter().filter(|row| row.locale == "vi" && !row.draft);
    assert_eq!(shown.len(), published.clone().count());
    let (first, second) = (published.clone().next().unwrap(), published.clone().nth(1).unwrap());
    desk.desk().set_article_draft(&first.slug, true);
    desk.desk().remove_article(&second.slug);
    assert!(help.sync().await.unwrap());
    let left = help.articles(None).await.unwrap();
    assert_eq!(left.len(), shown.len() - 2);
    assert!(left.iter().all(|row| row.title != first.title && row.title != second.title));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_articles_than_a_page_are_fetched_page_by_page() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    for number in 0..230 {
        desk.desk().add_article("vi", "kho", &format!("Kho {number}"), "Số lượng lớn.");
    }
    let (_client, help) = phone(&desk, data.path()).await;
    help.sync().await.unwrap();
    assert_eq!(help.articles(Some("kho")).await.unwrap().len(), 230);
    desk.desk().clear_requests();
    assert!(!help.sync().await.unwrap());
    // But for what stands on no page, which is asked for by itself.
    let pages = asked(&desk).into_iter().filter(|log| !log.path.contains("/articles/"));
    assert!(pages.clone().count() >= 4 && pages.into_iter().all(|log| log.status == 304));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_published_article_arrives_though_the_pages_overlap_and_miss() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let seeded = desk.desk().articles().into_iter().filter(|row| row.locale == "vi" && !row.draft).count();
    for number in seeded..245 {
        desk.desk().add_article("vi", &format!("kho-{}", number % 8), &format!("Kho {number}"), "Số lượng lớn.");
    }
    let (_client, help) = phone(&desk, data.path()).await;
    let published = || {
        let rows = desk.desk().articles().into_iter().filter(|row| row.locale == "vi" && !row.draft);
        rows.map(|row| row.id.to_string()).collect::<std::collections::BTreeSet<_>>()
    };
    let here = async || {
        let rows = help.articles(None).await.unwrap().into_iter();
        rows.map(|row| row.id.as_str().to_owned()).collect::<std::collections::BTreeSet<_>>()
    };
    assert!(help.sync().await.unwrap());
    let singles =
        asked(&desk).iter().filter(|log| log.path.contains("/articles/") && log.path.ends_with(".json")).count();
    assert!(singles > 0, "the pages had everything, and the test shows nothing");
    assert_eq!((published().len(), here().await), (245, published()));
    // Nothing is new, nothing has changed, and nothing is lost.
    assert!(!help.sync().await.unwrap());
    assert_eq!(here().await, published());
    // One more, one less, one other.
    desk.desk().add_article("vi", "kho-1", "Kho mới", "Mới.");
    let rows = desk.desk().articles();
    desk.desk().remove_article(&rows.iter().rfind(|row| row.title == "Kho 100").unwrap().slug);
    desk.desk().set_article_draft(&rows.iter().rfind(|row| row.title == "Kho 200").unwrap().slug, true);
    assert!(help.sync().await.unwrap());
    assert_eq!((published().len(), here().await), (244, published()));
}

#[tokio::test(flavor = "multi_thread")]
async fn sync_is_not_complete_while_the_desk_keeps_an_article_back() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    for number in 0..233 {
        desk.desk().add_article("vi", &format!("kho-{}", number % 8), &format!("Kho {number}"), "Số lượng lớn.");
    }
    let (_client, help) = phone(&desk, data.path()).await;
    let path_contains = Some("shop/sitemap.xml".to_owned());
    desk.faults().add(Rule { path_contains, ..Rule::new(Fault::Status(503)) });
    for _ in 0..2 {
        let error = help.sync().await.unwrap_err();
        assert!(error.is_retryable(), "{error}");
        // What came can be read.
        let here = help.articles(None).await.unwrap().len();
        assert!(here > 200 && here < 245, "{here}");
    }
    desk.faults().clear();
    assert!(help.sync().await.unwrap());
    assert_eq!(help.articles(None).await.unwrap().len(), 245);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_on_the_way_leave_the_old_articles_whole() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    // One that is read in pages.
    let path_contains = Some("shop/sitemap.xml".to_owned());
    desk.faults().add(Rule { path_contains, ..Rule::new(Fault::Status(404)) });
    let (_client, help) = phone(&desk, data.path()).await;
    help.sync().await.unwrap();
    let before = help.articles(None).await.unwrap();
    desk.desk().add_article("vi", "kho", "Bài mới", "Mới.");
    for path in ["vi/articles.json", "shop/vi.json"] {
        let faults = [
            Fault::CaptivePortal,
            Fault::Status(500),
            Fault::Status(404),
            Fault::TooManyRequests,
            Fault::TruncateBody(1),
            Fault::TruncateBody(900),
            Fault::ResetAfterWrite,
            Fault::DropBeforeWrite,
            Fault::Hang,
        ];
        for fault in faults {
            // The validator of the first page would hide a fault of its body.
            desk.desk().add_article("vi", "kho", "Bài nữa", "Mới.");
            desk.faults().once(path, fault.clone());
            let Err(error) = help.sync().await else { panic!("{path} {fault:?} did no harm") };
            assert!(error.is_retryable(), "{path} {fault:?}: {error}");
            assert_eq!(help.articles(None).await.unwrap(), before, "{path} {fault:?}");
            assert_eq!(titles(&help, "doi tra hang").await[0], "Đổi trả hàng trong 30 ngày");
        }
    }
    assert!(help.sync().await.unwrap());
    assert!(help.articles(None).await.unwrap().len() > before.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_on_the_way_to_the_sitemap_and_to_single_articles_are_told_and_pass() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let (_client, help) = phone(&desk, data.path()).await;
    help.sync().await.unwrap();
    let before = help.articles(None).await.unwrap();
    let slug = desk.desk().add_article("vi", "kho", "Bài mới", "Mới.");
    for path in ["sitemap.xml", slug.as_str()] {
        let faults = [
            Fault::Status(500),
            Fault::Status(503),
            Fault::TooManyRequests,
            Fault::TruncateBody(1),
            Fault::ResetAfterWrite,
            Fault::DropBeforeWrite,
        ];
        for fault in faults {
            desk.faults().once(path, fault.clone());
            desk.desk().clear_requests();
            let Err(error) = help.sync().await else { panic!("{path} {fault:?} did no harm") };
            assert!(error.is_retryable(), "{path} {fault:?}: {error}");
            assert_eq!(help.articles(None).await.unwrap(), before, "{path} {fault:?}");
            assert!(ends(&desk).iter().all(|(end, _)| end != "articles.json"), "no pages for a desk in trouble");
        }
    }
    assert!(help.sync().await.unwrap());
    assert_eq!(help.articles(None).await.unwrap().len(), before.len() + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_slug_is_a_mistake_in_the_configuration() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let mut config = config(&desk, data.path());
    config.help_center = Some(HelpCenterConfig::new("no-such"));
    let client = SupportClient::open(config).await.unwrap();
    let error = client.help_center().unwrap().sync().await.unwrap_err();
    assert!(matches!(error, SupportError::InvalidConfig { field: "help_center.portal", .. }), "{}", error);
}

#[tokio::test(flavor = "multi_thread")]
async fn agent_sees_what_the_customer_read_and_said_of_it() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let (client, help) = phone(&desk, data.path()).await;
    help.sync().await.unwrap();
    let hit = help.search("tien hoan", None).await.unwrap().hits.remove(0).article;
    let views = || desk.desk().articles().into_iter().find(|row| row.title == hit.title).unwrap().views;
    let before = views();
    help.article(&hit.id).await.unwrap();
    help.vote(&hit.id, false, Some("chưa rõ")).await.unwrap();
    let conversation = client.start_conversation().unwrap();
    let suggested = help.suggest("tôi muốn đổi trả hàng").await.unwrap();
    assert_eq!(suggested[0].article.title, "Đổi trả hàng trong 30 ngày");
    help.asked_anyway(&conversation).await.unwrap();
    conversation.send("Tiền của tôi đâu?").await.unwrap();
    Screen::open(&conversation).await.until_last(Delivery::Sent).await;
    let view = desk.desk().conversation(only_conversation(&desk.desk())).unwrap();
    let told = &view.conversation_attributes;
    assert_eq!(told["help_articles_seen"], format!("{} (did not help: chưa rõ)", hit.title));
    assert_eq!(told["help_searched_for"], "tien hoan");
    // The desk counts the view as its own pages do.
    until("the view", views, |now| *now == before + 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn views_made_offline_are_counted_later() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let (_client, help) = phone(&desk, data.path()).await;
    help.sync().await.unwrap();
    let row = desk.desk().articles().into_iter().find(|row| row.locale == "vi").unwrap();
    desk.faults().offline(true);
    let id = ArticleId::new(row.id.to_string());
    help.article(&id).await.unwrap();
    desk.faults().offline(false);
    help.sync().await.unwrap();
    let views = || desk.desk().articles().into_iter().find(|other| other.id == row.id).unwrap().views;
    until("the view", views, |now| *now == row.views + 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn picture_is_fetched_from_wherever_it_is_and_nothing_else_is() {
    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let (_client, help) = phone(&desk, data.path()).await;
    help.sync().await.unwrap();
    let slug = &desk.desk().articles()[0].slug;
    let picture = help.picture(&format!("{}/hc/shop/articles/{slug}.png", desk.url())).await.unwrap();
    assert!(std::fs::read(&picture).unwrap().starts_with(b"\x89PNG"));
    // A page, and one that is not there.
    for path in [format!("hc/shop/articles/{slug}.md"), "hc/shop/articles/none.png".to_owned()] {
        let refused = help.picture(&format!("{}/{path}", desk.url())).await.unwrap_err();
        assert!(matches!(refused, SupportError::Rejected { .. }), "{path}: {}", refused);
    }
}
