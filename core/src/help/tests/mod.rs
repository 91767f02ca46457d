//! The help centre on a phone, with the scripted desk behind it.

mod articles;
mod asking;
mod faults;
mod pack;
mod refresh;
mod searching;
mod whole;

use std::{path::Path, sync::Arc};

use super::*;
use crate::{
    ArticleId, ClientConfig, SearchResults, SupportClient, SupportError,
    backend::{DeskArticle, DeskArticleName, DeskCategory},
    testing::memory::{MemoryDesk, PORTAL},
};

/// A desk with a few articles in two languages.
fn desk() -> MemoryDesk {
    let desk = MemoryDesk::new();
    let category = |locale: &str, slug: &str, name: &str, position| DeskCategory {
        slug: slug.to_owned(),
        locale: locale.to_owned(),
        name: name.to_owned(),
        description: String::new(),
        position,
    };
    desk.set_categories(
        "en",
        [
            category("vi", "doi-tra", "Đổi trả", 1),
            category("vi", "giao-hang", "Giao hàng", 2),
            category("en", "returns", "Returns", 1),
        ],
    );
    desk.publish(article("1", "vi", "doi-tra", "Đổi trả hàng trong 30 ngày", "Mở **đơn hàng** và chạm *Trả hàng*."));
    desk.publish(article("2", "vi", "doi-tra", "Khi nào tôi nhận được tiền hoàn?", "Ba ngày làm việc."));
    desk.publish(article("3", "vi", "giao-hang", "Thời gian và phí giao hàng", "Từ 1 đến 4 ngày."));
    desk.publish(article("11", "en", "returns", "Return within 30 days", "Open the order and tap *Return*."));
    desk.publish(article("12", "en", "returns", "Gift cards", "A gift card is valid for three years."));
    desk
}

fn article(id: &str, locale: &str, category: &str, title: &str, content: &str) -> DeskArticle {
    DeskArticle {
        name: DeskArticleName { id: ArticleId::new(id), slug: format!("{id}-slug"), locale: locale.to_owned() },
        category: Some(category.to_owned()),
        title: title.to_owned(),
        description: String::new(),
        content: content.to_owned(),
        phrasings: Vec::new(),
        position: id.parse().unwrap(),
        views: 0,
        updated_at: None,
    }
}

async fn phone_with(desk: &MemoryDesk, data: &Path, change: impl FnOnce(&mut HelpCenterConfig)) -> SupportClient {
    let mut config = ClientConfig::new("https://desk.example.com", "inbox", data);
    let mut help = HelpCenterConfig::new(PORTAL).in_languages(["vi-VN"]);
    change(&mut help);
    config.help_center = Some(help);
    SupportClient::open_with(config, Arc::new(desk.clone())).await.unwrap()
}

/// A phone in Vietnamese that has every article.
async fn phone(desk: &MemoryDesk, data: &Path) -> SupportClient {
    let client = phone_with(desk, data, |_| {}).await;
    assert!(client.help_center().unwrap().sync().await.unwrap());
    client
}

fn ids(results: &SearchResults) -> Vec<&str> {
    results.hits.iter().map(|hit| hit.article.id.as_str()).collect()
}

async fn found(help: &HelpCenter, text: &str) -> Vec<String> {
    ids(&help.search(text, None).await.unwrap()).into_iter().map(str::to_owned).collect()
}
