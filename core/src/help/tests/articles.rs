use super::*;
use crate::{Block, testing::memory::Call};

#[tokio::test]
async fn article_comes_as_blocks_with_its_links_and_neighbours() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let text =
        "# Đổi\n\nXem [phí](3-slug), [cửa hàng](https://example.com/) và [cũ](99-slug).\n\n> [!NOTE]\n> Miễn phí.";
    desk.publish(article("1", "vi", "doi-tra", "Đổi trả hàng trong 30 ngày", text));
    let help = phone(&desk, data.path()).await.help_center().unwrap();
    let article = help.article(&ArticleId::new("1")).await.unwrap();
    assert!(matches!(
        article.blocks.as_slice(),
        [Block::Heading { .. }, Block::Paragraph { .. }, Block::Callout { .. }]
    ));
    let url = "https://memory.example.com/help/3-slug";
    assert_eq!(article.links, [crate::InAppLink { url: url.into(), article: ArticleId::new("3") }]);
    assert_eq!(help.article_for_link(&format!("{url}#top")).await.unwrap(), Some(ArticleId::new("3")));
    assert_eq!(help.article_for_link("https://example.com/").await.unwrap(), None);
    assert_eq!(article.url.as_deref(), Some("https://memory.example.com/help/1-slug"));
    assert_eq!(article.summary.category.as_deref(), Some("doi-tra"));
    assert!(article.related.iter().any(|other| other.id.as_str() == "2"), "of the same category");
    assert!(article.related.iter().all(|other| other.id.as_str() != "1" && other.locale == "vi"));
    let nothing = help.article(&ArticleId::new("77")).await.unwrap_err();
    assert_eq!(nothing, SupportError::NotFound { what: "article" });
}

#[tokio::test]
async fn reading_position_and_vote_come_back_with_the_article() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let client = phone(&desk, data.path()).await;
    let help = client.help_center().unwrap();
    let id = ArticleId::new("1");
    help.set_reading_position(&id, 0.25).await.unwrap();
    help.vote(&id, false, Some("quá dài")).await.unwrap();
    help.vote(&id, true, None).await.unwrap();
    client.shutdown().await;
    let help = phone_with(&desk, data.path(), |_| {}).await.help_center().unwrap();
    let article = help.article(&id).await.unwrap();
    assert_eq!((article.reading_position, article.vote), (Some(0.25), Some(true)));
    assert!(help.set_reading_position(&id, 1.5).await.is_err());
    assert!(help.set_reading_position(&id, f32::NAN).await.is_err());
    let long = "x".repeat(501);
    assert!(matches!(help.vote(&id, true, Some(&long)).await, Err(SupportError::InvalidInput { field: "reason", .. })));
    assert!(matches!(help.vote(&ArticleId::new("77"), true, None).await, Err(SupportError::NotFound { .. })));
}

#[tokio::test]
async fn picture_is_fetched_once_and_there_without_a_network() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let help = phone(&desk, data.path()).await.help_center().unwrap();
    desk.put_picture("https://example.com/a.png", b"\x89PNG a");
    let path = help.picture("https://example.com/a.png").await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"\x89PNG a");
    desk.offline(true);
    assert_eq!(help.picture("https://example.com/a.png").await.unwrap(), path);
    assert_eq!(desk.count(Call::Picture), 1);
    assert_eq!(help.picture("https://example.com/b.png").await.unwrap_err(), SupportError::Offline);
    for refused in ["javascript:alert(1)", "mailto:a@b.c", "../../a.png", ""] {
        let error = help.picture(refused).await.unwrap_err();
        assert_eq!(error, SupportError::NotFound { what: "picture" }, "{refused}");
    }
}

#[tokio::test]
async fn pictures_seen_longest_ago_make_room() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let help = phone(&desk, data.path()).await.help_center().unwrap();
    let mut paths = Vec::new();
    for number in 0..8 {
        let url = format!("https://example.com/{number}.png");
        desk.put_picture(&url, &vec![7; 5 << 20]);
        paths.push(help.picture(&url).await.unwrap());
    }
    assert!(paths.last().unwrap().exists());
    assert!(paths.iter().filter(|path| path.exists()).count() <= 6, "32 MiB hold six of 5 MiB");
}
