//! What is on the phone is what is published, whatever the desk's pages overlap, miss and hide.

use super::*;
use crate::testing::memory::{Call, Play};

const PUBLISHED: usize = 45;

/// A desk whose pages of ten overlap: four of 45 stand on none.
fn overlapping(has_list: bool) -> MemoryDesk {
    let desk = MemoryDesk::with(|options| {
        options.page_size = 10;
        options.pages_overlap = true;
        options.capabilities.article_list = has_list;
    });
    desk.set_categories("en", []);
    for number in 1..=PUBLISHED {
        desk.publish(article(&number.to_string(), "en", "a", &format!("Title own{number}x"), "text"));
    }
    desk
}

async fn on_the_phone(help: &HelpCenter) -> usize {
    help.articles(None).await.unwrap().len()
}

#[tokio::test]
async fn articles_that_stand_on_no_page_are_fetched_by_their_slugs() {
    let (desk, data) = (overlapping(true), tempfile::tempdir().unwrap());
    let help = phone(&desk, data.path()).await.help_center().unwrap();
    assert_eq!(on_the_phone(&help).await, PUBLISHED);
    assert_eq!(found(&help, "own45x").await[0], "45");
    assert_eq!((desk.count(Call::ArticleList), desk.count(Call::Article)), (1, 4));
}

#[tokio::test]
async fn second_sync_of_overlapping_pages_is_one_request() {
    let (desk, data) = (overlapping(true), tempfile::tempdir().unwrap());
    let help = phone(&desk, data.path()).await.help_center().unwrap();
    for _ in 0..2 {
        let before = desk.calls().len();
        assert!(!help.sync().await.unwrap(), "nothing is new, and all is here");
        assert_eq!(on_the_phone(&help).await, PUBLISHED);
        assert_eq!(desk.calls()[before..], [Call::ArticleList]);
    }
}

#[tokio::test]
async fn article_that_stands_on_no_page_is_changed_and_taken_back() {
    let (desk, data) = (overlapping(true), tempfile::tempdir().unwrap());
    let help = phone(&desk, data.path()).await.help_center().unwrap();
    desk.publish(article("45", "en", "a", "Zebra", "text"));
    assert!(help.sync().await.unwrap());
    assert_eq!(found(&help, "zebra").await, ["45"]);
    desk.unpublish(&ArticleId::new("45"));
    desk.publish(article("46", "en", "a", "Giraffe", "text"));
    assert!(help.sync().await.unwrap());
    assert_eq!(on_the_phone(&help).await, PUBLISHED);
    assert_eq!(found(&help, "giraffe").await, ["46"]);
    assert!(!found(&help, "zebra").await.contains(&"45".to_owned()));
}

#[tokio::test]
async fn sync_that_lacks_an_article_is_never_called_complete() {
    let (desk, data) = (overlapping(false), tempfile::tempdir().unwrap());
    let client = phone_with(&desk, data.path(), |_| {}).await;
    let help = client.help_center().unwrap();
    for _ in 0..3 {
        let error = help.sync().await.unwrap_err();
        assert!(error.is_retryable(), "{error}");
        // What came is there all the same, and can be found.
        assert_eq!(on_the_phone(&help).await, PUBLISHED - 4);
        assert_eq!(found(&help, "own1x").await[0], "1");
        assert_eq!(desk.count(Call::ArticleList), 0);
    }
    // The desk is put right: the next sync is whole, though the articles are the same.
    let right = MemoryDesk::with(|options| options.page_size = 10);
    right.set_categories("en", []);
    (1..=PUBLISHED).for_each(|number| {
        right.publish(article(&number.to_string(), "en", "a", &format!("Title own{number}x"), "text"));
    });
    client.shutdown().await;
    let help = phone(&right, data.path()).await.help_center().unwrap();
    assert_eq!(on_the_phone(&help).await, PUBLISHED);
}

#[tokio::test]
async fn what_is_known_is_found_again_without_a_list() {
    let (desk, data) = (MemoryDesk::with(|options| options.page_size = 10), tempfile::tempdir().unwrap());
    desk.set_categories("en", []);
    for number in 1..=PUBLISHED {
        desk.publish(article(&number.to_string(), "en", "a", &format!("Title own{number}x"), "text"));
    }
    phone(&desk, data.path()).await.shutdown().await;
    // From now on its pages overlap.
    let worse = overlapping(false);
    worse.publish(article("1", "en", "a", "Title own1x", "another text"));
    let client = phone_with(&worse, data.path(), |_| {}).await;
    let help = client.help_center().unwrap();
    help.sync().await.unwrap();
    assert_eq!(on_the_phone(&help).await, PUBLISHED);
    assert_eq!(worse.count(Call::Article), 4);
}

#[tokio::test]
async fn list_that_fails_leaves_the_pages_and_the_next_sync_tries_again() {
    let (desk, data) = (overlapping(true), tempfile::tempdir().unwrap());
    let client = phone_with(&desk, data.path(), |_| {}).await;
    let help = client.help_center().unwrap();
    desk.once(Call::ArticleList, Play::answer_lost());
    assert!(help.sync().await.is_err());
    assert_eq!(on_the_phone(&help).await, PUBLISHED - 4);
    assert!(help.sync().await.unwrap());
    assert_eq!(on_the_phone(&help).await, PUBLISHED);
}

#[tokio::test]
async fn network_lost_before_a_single_article_loses_none_that_was_here() {
    let (desk, data) = (overlapping(true), tempfile::tempdir().unwrap());
    let help = phone(&desk, data.path()).await.help_center().unwrap();
    desk.publish(article("45", "en", "a", "Zebra", "text"));
    desk.once(Call::Article, Play::request_lost());
    assert_eq!(help.sync().await.unwrap_err(), SupportError::Offline);
    assert_eq!(on_the_phone(&help).await, PUBLISHED, "none is deleted for want of an answer");
    assert!(help.sync().await.unwrap());
    assert_eq!(found(&help, "zebra").await, ["45"]);
}

#[tokio::test]
async fn articles_of_other_languages_are_fetched_once_at_most() {
    let (desk, data) = (overlapping(true), tempfile::tempdir().unwrap());
    for number in 101..=110 {
        desk.publish(article(&number.to_string(), "fr", "a", &format!("Titre {number}"), "text"));
    }
    let help = phone(&desk, data.path()).await.help_center().unwrap();
    assert_eq!(on_the_phone(&help).await, PUBLISHED);
    // A new one of theirs, and a new one of ours on no page.
    desk.publish(article("46", "en", "a", "Giraffe", "text"));
    let before = desk.count(Call::Article);
    assert!(help.sync().await.unwrap());
    assert_eq!(found(&help, "giraffe").await, ["46"]);
    assert!(desk.count(Call::Article) - before <= 6, "those of the other language are known");
}
