//! The help centre under `/hc`.

// A test fails by panicking, its helpers included.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{Shop, good, shop, shop_with};
use sandbox::Options;
use serde_json::{Value, json};

async fn read(shop: &Shop, path: &str) -> Value {
    good(shop.http.get(shop.at(&format!("/hc/shop{path}"))).send().await.unwrap()).await
}

#[tokio::test]
async fn the_portal_lists_the_categories_of_all_locales_and_names_no_allowed_ones() {
    let shop = shop().await;
    let portal = read(&shop, "/en.json").await;
    assert_eq!((&portal["slug"], &portal["meta"]["default_locale"]), (&json!("shop"), &json!("en")));
    let locales: std::collections::BTreeSet<_> =
        portal["categories"].as_array().unwrap().iter().map(|row| row["locale"].as_str().unwrap()).collect();
    assert_eq!(locales.into_iter().collect::<Vec<_>>(), ["en", "vi"]);
    assert!(portal.get("allowed_locales").is_none());
}

#[tokio::test]
async fn the_bare_portal_redirects_and_drops_the_format() {
    let shop = shop_with(Options { locale: "vi".to_owned(), ..Options::default() }).await;
    let response = shop.http.get(shop.at("/hc/shop.json")).send().await.unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["location"]), (302, &"/hc/shop/vi".parse().unwrap()));
}

#[tokio::test]
async fn categories_have_no_id_and_one_can_be_read_alone() {
    let shop = shop().await;
    let all = read(&shop, "/en/categories.json").await;
    let first = &all["payload"][0];
    assert!(first.get("id").is_none());
    let slug = first["slug"].as_str().unwrap();
    assert_eq!(&read(&shop, &format!("/en/categories/{slug}.json")).await, first);
}

#[tokio::test]
async fn articles_come_whole_by_position_with_drafts_and_ignore_the_category_of_the_path() {
    let shop = shop().await;
    let all = read(&shop, "/vi/articles.json").await;
    let articles = all["payload"].as_array().unwrap();
    assert_eq!(articles.len(), 13);
    let titles: Vec<_> = articles.iter().map(|row| row["title"].as_str().unwrap()).collect();
    assert!(titles.contains(&"Đổi trả hàng trong 30 ngày"));
    assert!(articles.iter().any(|row| row["status"] == "draft"));
    let positions: Vec<_> = articles.iter().map(|row| row["position"].as_u64().unwrap()).collect();
    assert!(positions.is_sorted());
    assert!(articles[0]["link"].as_str().unwrap().starts_with("hc/shop/articles/"));
    assert_eq!(all["meta"]["articles_count"], 26);
    assert_eq!(read(&shop, "/vi/categories/doi-tra/articles.json").await, all);
}

#[tokio::test]
async fn a_search_shrinks_its_items_and_counts_before_it() {
    let shop = shop().await;
    let found = read(&shop, "/en/articles.json?query=Refund").await;
    let items = found["payload"].as_array().unwrap();
    assert!(!items.is_empty() && items.len() < 13);
    let keys: Vec<_> = items[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["category_id", "content", "id", "link", "title"]);
    assert!(items[0]["link"].as_str().unwrap().starts_with("/hc/shop/articles/"));
    assert!(!items[0]["content"].as_str().unwrap().contains("**"));
    assert_eq!(found["meta"]["articles_count"], 26);
}

#[tokio::test]
async fn pages_and_the_order_by_views_are_as_asked() {
    let shop = shop().await;
    let page = read(&shop, "/en/articles.json?per_page=5&page=3").await;
    assert_eq!(page["payload"].as_array().unwrap().len(), 3);
    let page = read(&shop, "/en/articles.json?per_page=0").await;
    assert_eq!(page["payload"].as_array().unwrap().len(), 13);
    let by_views = read(&shop, "/en/articles.json?sort=views").await;
    let views: Vec<_> = by_views["payload"].as_array().unwrap().iter().map(|row| row["views"].as_u64()).collect();
    assert!(views.is_sorted_by(|a, b| a >= b));
}

#[tokio::test]
async fn an_article_is_read_as_json_markdown_and_pixel() {
    let shop = shop().await;
    let all = read(&shop, "/en/articles.json").await;
    let slug = |draft: bool| {
        let rows = all["payload"].as_array().unwrap();
        let row = rows.iter().find(|row| (row["status"] == "draft") == draft).unwrap();
        row["slug"].as_str().unwrap().to_owned()
    };
    let before = read(&shop, &format!("/articles/{}.json", slug(false))).await;
    assert_eq!(before["category"]["locale"], "en");
    let pixel = shop.http.get(shop.at(&format!("/hc/shop/articles/{}.png", slug(false)))).send().await.unwrap();
    assert_eq!(&pixel.headers()["content-type"], "image/png");
    let after = read(&shop, &format!("/articles/{}.json", slug(false))).await;
    assert_eq!(after["views"].as_u64().unwrap(), before["views"].as_u64().unwrap() + 1);
    let markdown = shop.http.get(shop.at(&format!("/hc/shop/articles/{}.md", slug(false)))).send().await.unwrap();
    assert_eq!(markdown.text().await.unwrap(), before["content"].as_str().unwrap());
    assert_eq!(read(&shop, &format!("/articles/{}.json", slug(true))).await["status"], "draft");
    let draft = shop.http.get(shop.at(&format!("/hc/shop/articles/{}.md", slug(true)))).send().await.unwrap();
    assert_eq!(draft.status(), 404);
    let missing = shop.http.get(shop.at("/hc/shop/articles/nothing.json")).send().await.unwrap();
    assert_eq!(missing.status(), 500);
}

#[tokio::test]
async fn a_foreign_host_is_401_in_json() {
    let shop = shop().await;
    let request = shop.http.get(shop.at("/hc/shop/en.json")).header("host", "elsewhere.example");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 401);
    assert!(response.json::<Value>().await.unwrap()["error"].as_str().unwrap().contains("elsewhere.example"));
}

#[tokio::test]
async fn an_unchanged_article_list_is_304() {
    let shop = shop().await;
    let url = shop.at("/hc/shop/en/articles.json");
    let tag = shop.http.get(&url).send().await.unwrap().headers()["etag"].clone();
    assert_eq!(shop.http.get(&url).header("if-none-match", tag).send().await.unwrap().status(), 304);
}

#[tokio::test]
async fn an_unseeded_help_centre_is_empty() {
    let shop = shop_with(Options { seed: false, ..Options::default() }).await;
    assert_eq!(read(&shop, "/en/articles.json").await["payload"], json!([]));
}
