use super::*;
use crate::testing::memory::{Call, Play};

fn files(data: &Path, suffix: &str) -> Vec<std::path::PathBuf> {
    let folders = std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let all = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    all.filter(|path| path.to_string_lossy().ends_with(suffix)).collect()
}

/// Where the help centre's articles are kept.
fn library(data: &Path) -> std::path::PathBuf {
    files(data, ".db").into_iter().find(|path| path.to_string_lossy().contains("help-")).unwrap()
}

/// Syncs, and lets go of every answer that the desk holds meanwhile.
async fn sync_releasing(desk: &MemoryDesk, help: &HelpCenter) -> Result<bool, SupportError> {
    let help = help.clone();
    let syncing = tokio::spawn(async move { help.sync().await });
    while !syncing.is_finished() {
        desk.release();
        tokio::task::yield_now().await;
    }
    syncing.await.unwrap()
}

#[tokio::test]
async fn second_sync_with_nothing_new_changes_nothing() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let help = phone(&desk, data.path()).await.help_center().unwrap();
    assert!(!help.sync().await.unwrap());
    assert_eq!(found(&help, "doi tra").await[0], "1");
}

#[tokio::test]
async fn changed_removed_and_unpublished_articles_are_what_is_found() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let help = phone(&desk, data.path()).await.help_center().unwrap();
    desk.publish(article("3", "vi", "giao-hang", "Bảo hành hai năm", "Giữ hoá đơn."));
    desk.unpublish(&ArticleId::new("1"));
    assert!(help.sync().await.unwrap());
    assert!(!found(&help, "doi tra hang").await.contains(&"1".to_owned()));
    assert_eq!(found(&help, "bao hanh").await, ["3"]);
    assert!(help.article(&ArticleId::new("1")).await.is_err());
    desk.publish(article("1", "vi", "doi-tra", "Đổi trả hàng trong 30 ngày", "Lại đây."));
    assert!(help.sync().await.unwrap());
    assert_eq!(found(&help, "doi tra hang").await[0], "1");
}

#[tokio::test]
async fn sync_in_pages_that_is_cut_off_leaves_the_old_articles() {
    const MANY: usize = 45;
    let (desk, data) = (MemoryDesk::with(|options| options.page_size = 20), tempfile::tempdir().unwrap());
    desk.set_categories("en", []);
    for number in 1..=MANY {
        desk.publish(article(&number.to_string(), "en", "a", &format!("Old{number}"), "text"));
    }
    let help = phone(&desk, data.path()).await.help_center().unwrap();
    let titles = async || {
        let rows = help.articles(None).await.unwrap();
        rows.into_iter().filter(|row| row.title.starts_with("Old")).count()
    };
    for number in 1..=MANY {
        desk.publish(article(&number.to_string(), "en", "a", &format!("New{number}"), "text"));
    }
    for cut in 0..5 {
        // The list, the help centre's page, then one article page after the other.
        desk.heal();
        match cut {
            0 => desk.once(Call::ArticleList, Play::answer_lost()),
            1 => desk.once(Call::Portal, Play::answer_lost()),
            page => (2..page).for_each(|_| desk.once(Call::Articles, Play::AnswerHeld)),
        }
        if cut > 1 {
            desk.once(Call::Articles, Play::request_lost());
        }
        assert_eq!(sync_releasing(&desk, &help).await, Err(SupportError::Offline), "{cut}");
        assert_eq!(titles().await, MANY, "{cut}");
    }
    desk.heal();
    assert!(help.sync().await.unwrap());
    assert_eq!(titles().await, 0);
}

#[tokio::test]
async fn sync_of_single_articles_that_is_cut_off_leaves_each_old_or_new() {
    let (desk, data) = (MemoryDesk::new(), tempfile::tempdir().unwrap());
    desk.set_categories("en", []);
    for number in 1..=5 {
        desk.publish(article(&number.to_string(), "en", "a", &format!("Old {number}"), "text"));
    }
    let help = phone(&desk, data.path()).await.help_center().unwrap();
    for number in 1..=5 {
        desk.publish(article(&number.to_string(), "en", "a", &format!("New {number}"), "text"));
    }
    for fetched in 1..=4 {
        // One more comes each time, and is not asked for again.
        let before = desk.count(Call::Article);
        desk.once(Call::Article, Play::AnswerHeld);
        desk.once(Call::Article, Play::request_lost());
        assert_eq!(sync_releasing(&desk, &help).await, Err(SupportError::Offline), "{fetched}");
        assert_eq!(desk.count(Call::Article) - before, 2, "{fetched}");
        let all = (found(&help, "old").await.len(), found(&help, "new").await.len());
        assert_eq!(all, (5 - fetched, fetched));
    }
    assert!(help.sync().await.unwrap());
    assert_eq!((found(&help, "old").await.len(), found(&help, "new").await.len()), (0, 5));
}

#[tokio::test]
async fn damaged_index_is_built_again_from_the_articles() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    assert_eq!(found(&client.help_center().unwrap(), "doi tra").await[0], "1");
    client.shutdown().await;
    let path = files(data.path(), ".index").remove(0);
    let whole = std::fs::read(&path).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for bytes in [&whole[..whole.len() / 3], &[][..], b"nonsense", &flipped] {
        std::fs::write(&path, bytes).unwrap();
        let client = phone_with(&desk, data.path(), |_| {}).await;
        assert_eq!(found(&client.help_center().unwrap(), "doi tra").await[0], "1");
        client.shutdown().await;
        assert_eq!(std::fs::read(&path).unwrap(), whole, "kept anew");
    }
}

#[tokio::test]
async fn damaged_library_is_set_aside_and_fetched_again() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    phone(&desk, data.path()).await.shutdown().await;
    let path = library(data.path());
    std::fs::write(&path, "this is no database, and long enough to be seen as none".repeat(100)).unwrap();
    let help = phone(&desk, data.path()).await.help_center().unwrap();
    assert_eq!(found(&help, "doi tra").await[0], "1");
    assert_eq!(files(data.path(), "").iter().filter(|path| path.to_string_lossy().contains(".damaged-")).count(), 1);
}

/// A library of every released version must open for ever, with all that is in it.
#[tokio::test]
async fn libraries_of_released_versions_open_with_every_article() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    phone(&desk, data.path()).await.shutdown().await;
    let path = library(data.path());
    for version in [1, 3] {
        files(data.path(), ".index").iter().for_each(|path| std::fs::remove_file(path).unwrap());
        let kept = format!("{}/tests/fixtures/help-v{version}.db", env!("CARGO_MANIFEST_DIR"));
        std::fs::copy(kept, &path).unwrap();
        desk.offline(true);
        let client = phone_with(&desk, data.path(), |_| {}).await;
        let help = client.help_center().unwrap();
        assert_eq!(found(&help, "bao hanh").await, ["70"], "an article of then");
        assert_eq!(found(&help, "gui lai giay").await, ["71"], "of a starter pack");
        assert_eq!(found(&help, "may hong").await, ["70"], "learnt");
        assert_eq!(help.categories().await.unwrap()[0].articles, 2);
        assert_eq!(help.figures().await.unwrap().helped, 3);
        // What came since then is asked for, though the desk says that nothing has changed since it was last asked.
        desk.offline(false);
        // A search above may have asked the desk already.
        help.sync().await.unwrap();
        assert_eq!(found(&help, "doi tra").await[0], "1");
        client.shutdown().await;
    }
}

#[tokio::test]
async fn paused_help_centre_refuses_and_comes_back() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let help = client.help_center().unwrap();
    let mut search = help.search_as_you_type();
    search.next().await.unwrap();
    client.pause().await;
    assert!(files(data.path(), "-wal").is_empty(), "no file is open");
    assert_eq!(help.search("doi", None).await.unwrap_err(), SupportError::Paused);
    assert_eq!(help.sync().await.unwrap_err(), SupportError::Paused);
    search.input().set_text("doi tra");
    let (resumed, results) = tokio::join!(client.resume(), search.next());
    resumed.unwrap();
    assert_eq!(ids(&results.unwrap().unwrap())[0], "1");
    client.shutdown().await;
    assert!(search.next().await.unwrap().is_none());
    assert_eq!(help.categories().await.unwrap_err(), SupportError::Closed);
}

#[tokio::test]
async fn wrong_portal_is_told_and_no_portal_is_no_help_centre() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let client = phone_with(&desk, data.path(), |help| help.portal = "another".into()).await;
    let error = client.help_center().unwrap().sync().await.unwrap_err();
    assert!(matches!(error, SupportError::InvalidConfig { field: "help_center.portal", .. }), "{error}");
    let config = ClientConfig::new("https://desk.example.com", "inbox", data.path());
    let client = SupportClient::open_with(config.clone(), Arc::new(desk)).await.unwrap();
    assert!(matches!(client.help_center(), Err(SupportError::InvalidConfig { field: "help_center", .. })));
    for portal in ["", "a/b", "..", "a b"] {
        let mut config = config.clone();
        config.help_center = Some(HelpCenterConfig::new(portal));
        assert!(config.validate().is_err(), "{portal}");
    }
}

#[tokio::test]
async fn articles_and_queries_of_any_kind_are_survived() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let hostile = [
        "word ".repeat(1 << 20),
        "> ".repeat(10_000) + "deep",
        "- ".repeat(10_000) + "deep",
        "[".repeat(50_000),
        "**`_~~|".repeat(20_000),
        "a\0b\u{202e}c\u{2066}ד\u{5d0}".to_owned(),
        String::new(),
    ];
    for (number, text) in (100..).zip(&hostile) {
        desk.publish(article(&number.to_string(), "vi", "doi-tra", &format!("Hostile\0\n{number}"), text));
    }
    let help = phone(&desk, data.path()).await.help_center().unwrap();
    for number in 100..100 + hostile.len() {
        let article = help.article(&ArticleId::new(number.to_string())).await.unwrap();
        assert_eq!(article.summary.title, format!("Hostile {number}"));
    }
    let queries =
        ["x".repeat(1 << 20), "🙂🙂".to_owned(), "\u{301}".to_owned(), "\0".to_owned(), "ד\u{202e}".to_owned()];
    for query in &queries {
        help.search(query, None).await.unwrap();
        help.suggest(query).await.unwrap();
    }
    assert_eq!(found(&help, "doi tra").await[0], "1");
}

/// `SHOPBELL_ARTICLES=200000` has as many: slower, and never out of memory.
#[tokio::test]
async fn many_articles_are_fetched_and_each_is_found() {
    let count = std::env::var("SHOPBELL_ARTICLES").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_usize);
    let (desk, data) = (MemoryDesk::with(|options| options.page_size = 100), tempfile::tempdir().unwrap());
    desk.set_categories("en", []);
    for number in 0..count {
        let title = format!("Order {} own{number}x", number % 100);
        desk.publish(article(
            &number.to_string(),
            "en",
            "a",
            &title,
            &"Where is my parcel, and who has it? ".repeat(20),
        ));
    }
    let client = phone_with(&desk, data.path(), |_| {}).await;
    let help = client.help_center().unwrap();
    assert!(help.sync().await.unwrap());
    for number in (0..count).step_by(count / 4) {
        assert_eq!(found(&help, &format!("own{number}x")).await[0], number.to_string());
    }
    client.shutdown().await;
    desk.offline(true);
    let client = phone_with(&desk, data.path(), |_| {}).await;
    assert_eq!(found(&client.help_center().unwrap(), "own7x").await[0], "7", "kept");
}
