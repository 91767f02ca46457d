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
async fn language_of_articles_without_a_category_is_named_nowhere_but_has_its_list() {
    let shop = shop().await;
    let slug = shop.sandbox.desk().add_article("fr", "", "Zèbre", "Rayé.");
    assert!(!read(&shop, "/fr.json").await.to_string().contains(r#""locale":"fr""#));
    let list = read(&shop, "/fr/articles.json").await;
    assert_eq!((&list["payload"][0]["slug"], &list["payload"][0]["category"]), (&json!(slug), &json!({})));
    assert_eq!(read(&shop, "/fr_FR/articles.json").await, json!({ "payload": [], "meta": { "articles_count": 0 } }));
}

#[tokio::test]
async fn the_bare_portal_redirects_and_drops_the_format() {
    let shop = shop_with(Options { locale: "vi".to_owned(), ..Options::default() }).await;
    let response = shop.http.get(shop.at("/hc/shop.json")).send().await.unwrap();
    let location = response.headers()["location"].to_str().unwrap();
    assert_eq!((response.status().as_u16(), location), (302, &*shop.at("/hc/shop/vi")));
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
async fn published_articles_come_whole_by_position_and_ignore_the_category_of_the_path() {
    let shop = shop().await;
    let all = read(&shop, "/vi/articles.json").await;
    let articles = all["payload"].as_array().unwrap();
    assert_eq!(articles.len(), 12);
    let titles: Vec<_> = articles.iter().map(|row| row["title"].as_str().unwrap()).collect();
    assert!(titles.contains(&"Đổi trả hàng trong 30 ngày"));
    assert!(articles.iter().all(|row| row["status"] == "published"));
    let positions: Vec<_> = articles.iter().map(|row| row["position"].as_u64().unwrap()).collect();
    assert!(positions.is_sorted());
    assert!(positions.iter().filter(|position| **position == 10).count() > 1, "counted anew in each category");
    assert!(articles[0]["link"].as_str().unwrap().starts_with("hc/shop/articles/"));
    assert_eq!(all["meta"]["articles_count"], 12);
    assert_eq!(read(&shop, "/vi/categories/doi-tra/articles.json").await, all);
}

#[tokio::test]
async fn a_search_shrinks_its_items_and_counts_before_it() {
    let shop = shop().await;
    let found = read(&shop, "/en/articles.json?query=Refund").await;
    let items = found["payload"].as_array().unwrap();
    assert!(!items.is_empty() && items.len() < 12);
    let keys: Vec<_> = items[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["category_id", "content", "id", "link", "title"]);
    assert!(items[0]["link"].as_str().unwrap().starts_with("/hc/shop/articles/"));
    assert!(!items[0]["content"].as_str().unwrap().contains("**"));
    assert_eq!(found["meta"]["articles_count"], 12);
}

#[tokio::test]
async fn pages_and_the_order_by_views_are_as_asked() {
    let shop = shop().await;
    let page = read(&shop, "/en/articles.json?per_page=5&page=3").await;
    assert_eq!(page["payload"].as_array().unwrap().len(), 2);
    let page = read(&shop, "/en/articles.json?per_page=0").await;
    assert_eq!(page["payload"].as_array().unwrap().len(), 12);
    let by_views = read(&shop, "/en/articles.json?sort=views").await;
    let views: Vec<_> = by_views["payload"].as_array().unwrap().iter().map(|row| row["views"].as_u64()).collect();
    assert!(views.is_sorted_by(|a, b| a >= b));
}

#[tokio::test]
async fn an_article_is_read_as_json_markdown_and_pixel() {
    let shop = shop().await;
    let rows = shop.sandbox.desk().articles();
    let slug = |draft: bool| rows.iter().find(|row| row.draft == draft && row.locale == "en").unwrap().slug.clone();
    let before = read(&shop, &format!("/articles/{}.json", slug(false))).await;
    assert_eq!(before["category"]["locale"], "en");
    assert_eq!(before["last_updated_at"], "2026-05-28T20:26:40.000Z");
    let author: Vec<_> = before["author"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(author, ["available_name", "name", "thumbnail"]);
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

#[tokio::test]
async fn pages_overlap_and_miss_where_positions_tie_and_the_same_page_stays_the_same() {
    let shop = shop().await;
    for number in 0..120 {
        shop.sandbox.desk().add_article("en", &format!("shelf-{}", number % 6), &format!("Item {number}"), "Here.");
    }
    let mut seen = Vec::new();
    for page in 1..=3 {
        let path = format!("/en/articles.json?per_page=50&page={page}");
        let (once, again) = (read(&shop, &path).await, read(&shop, &path).await);
        assert_eq!(once, again);
        assert_eq!(once["meta"]["articles_count"], 132);
        let positions: Vec<_> =
            once["payload"].as_array().unwrap().iter().map(|row| row["position"].as_u64().unwrap()).collect();
        assert!(positions.is_sorted());
        seen.extend(once["payload"].as_array().unwrap().iter().map(|row| row["id"].as_u64().unwrap()));
    }
    let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
    assert!(seen.len() == 132 && distinct.len() < 132, "{} of {} came", distinct.len(), seen.len());
    let whole = read(&shop, "/en/articles.json").await;
    assert_eq!(whole["payload"].as_array().unwrap().len(), 132);
}

#[tokio::test]
async fn sitemap_lists_what_is_published_in_every_locale_and_has_a_tag_that_views_leave_alone() {
    let shop = shop().await;
    let url = shop.at("/hc/shop/sitemap.xml");
    let response = shop.http.get(&url).send().await.unwrap();
    let tag = response.headers()["etag"].clone();
    let text = response.text().await.unwrap();
    assert_eq!(text.matches("<loc>").count(), 24);
    let rows = shop.sandbox.desk().articles();
    for row in &rows {
        assert_eq!(text.contains(&format!("{}/hc/shop/articles/{}</loc>", shop.at(""), row.slug)), !row.draft);
    }
    assert!(text.contains("<lastmod>2026-05-28</lastmod>"));
    let refused = shop.http.get(&url).header("accept", "application/json").send().await.unwrap();
    assert_eq!(refused.status(), 406);
    let pixel = shop.at(&format!("/hc/shop/articles/{}.png", rows[0].slug));
    shop.http.get(pixel).send().await.unwrap();
    let unchanged = shop.http.get(&url).header("if-none-match", &tag).send().await.unwrap();
    assert_eq!(unchanged.status(), 304);
    let slug = shop.sandbox.desk().add_article("en", "", "Item", "Here.");
    assert!(shop.sandbox.desk().set_article_changed_on(&slug, 20_000));
    let changed = shop.http.get(&url).header("if-none-match", &tag).send().await.unwrap();
    assert_eq!(changed.status(), 200);
    assert!(changed.text().await.unwrap().contains(&format!("{slug}</loc>\n    <lastmod>2024-10-04</lastmod>")));
    let alone = read(&shop, &format!("/articles/{slug}.json")).await;
    assert_eq!((&alone["category"], &alone["category_id"]), (&json!({}), &Value::Null));
    let listed = read(&shop, "/en/articles.json").await;
    assert!(
        listed["payload"].as_array().unwrap().iter().any(|row| row["slug"] == json!(slug)),
        "in its language's list"
    );
}
