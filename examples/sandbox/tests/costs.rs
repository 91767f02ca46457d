//! The log says what each request would cost a real desk, and how many bytes it took.

// A test fails by panicking, its helpers included.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{Shop, shop};
use reqwest::Method;
use sandbox::{Costs, RequestKind, RequestLog};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// What asking for it costs, with the status.
async fn cost(shop: &Shop, path: &str, tag: Option<&str>) -> (u16, f64, Option<String>) {
    shop.sandbox.desk().clear_requests();
    let request = shop.ask(Method::GET, path);
    let request = if let Some(tag) = tag { request.header("if-none-match", tag) } else { request };
    let answer = request.send().await.unwrap();
    let tag = answer.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned());
    answer.bytes().await.unwrap();
    let requests = shop.sandbox.desk().requests();
    (requests[0].status, requests[0].cost_ms, tag)
}

fn about(cost: f64, wanted: f64) -> bool {
    (cost - wanted).abs() < 1e-6
}

#[tokio::test]
async fn list_costs_by_all_that_the_customer_has_and_a_304_the_same() {
    let shop = shop().await;
    let first = shop.conversation("me").await;
    let number: u64 = first.rsplit('/').next().unwrap().parse().unwrap();
    let second = shop.sandbox.desk().start_conversation("me", "Hello");
    shop.conversation("somebody-else").await;
    shop.sandbox.desk().bulk_messages(number, 50);
    shop.sandbox.desk().note(second, "no customer's");

    let list = "/contacts/me/conversations";
    let (status, full, tag) = cost(&shop, list, None).await;
    assert_eq!(status, 200);
    assert!(about(full, 12.0 + 2.2 * 51.0), "{full}");
    let (status, unchanged, _) = cost(&shop, list, tag.as_deref()).await;
    assert_eq!(status, 304);
    assert!(about(unchanged, full), "{unchanged}");
    let (_, one, _) = cost(&shop, &format!("{list}/{second}"), None).await;
    assert!(about(one, 12.0 + 2.2), "{one}");
    let (_, page, _) = cost(&shop, &format!("{first}/messages"), None).await;
    assert!(about(page, 25.0), "{page}");
    let (status, nobodys, _) = cost(&shop, "/contacts/nobody/conversations", None).await;
    assert_eq!(status, 404);
    assert!(about(nobodys, 12.0), "{nobodys}");
}

#[tokio::test]
async fn help_costs_by_the_articles_that_are_asked_for() {
    let shop = shop().await;
    let desk = shop.sandbox.desk();
    for number in 0..250 {
        desk.add_article("fr", "livraison", &format!("Question {number}"), "Oui.");
    }
    let published = desk.articles().iter().filter(|article| !article.draft).count();
    let cost = async |path: &str| {
        desk.clear_requests();
        shop.http.get(shop.at(path)).send().await.unwrap().bytes().await.unwrap();
        desk.requests()[0].cost_ms
    };
    assert!(about(cost("/hc/shop/fr/articles.json?page=1&per_page=100").await, 1_150.0));
    assert!(about(cost("/hc/shop/fr/articles.json?page=3&per_page=100").await, 575.0));
    assert!(about(cost("/hc/shop/fr/articles.json?page=4&per_page=100").await, 0.0));
    assert!(about(cost("/hc/shop/fr/articles.json").await, 2_875.0));
    #[allow(clippy::cast_precision_loss, reason = "a few hundred")]
    let sitemap = 85.0 * published as f64 / 600.0;
    assert!(about(cost("/hc/shop/sitemap.xml").await, sitemap));
}

#[tokio::test]
async fn bytes_are_those_of_the_wire() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    shop.send(&conversation, "Hello").await;
    shop.sandbox.desk().clear_requests();
    let path = format!("/public/api/v1/inboxes/shop{conversation}/messages");
    let host = shop.sandbox.url().trim_start_matches("http://").to_owned();
    let request = format!("GET {path}?before=9 HTTP/1.1\r\nhost: {host}\r\nx-more: yes\r\n\r\n");
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // Until the body's end, which a message's JSON tells.
    while !answer.ends_with(b"]") {
        assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "the answer is whole");
    }
    let log: RequestLog = shop.sandbox.desk().requests().remove(0);
    assert_eq!(log.bytes_up, request.len() as u64);
    assert_eq!(log.bytes_down, answer.len() as u64, "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn sum_is_over_all_that_it_is_given() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    shop.send(&conversation, "Hello").await;
    shop.get(&format!("{conversation}/messages")).await;
    let requests = shop.sandbox.desk().requests();
    let kinds: Vec<RequestKind> =
        requests.iter().map(|request| RequestKind::of(&request.method, &request.path)).collect();
    use RequestKind::{Begin, ContactChange, Page, Send};
    assert_eq!(kinds, [ContactChange, Begin, Send, Page]);
    let sum = Costs::of(&requests);
    assert_eq!(sum.requests, 4);
    assert!(about(sum.ms, 35.0 + 48.0 + 48.0 + 25.0), "{sum:?}");
    assert_eq!(sum.bytes_up, requests.iter().map(|request| request.bytes_up).sum::<u64>());
    assert!(sum.bytes_down > sum.bytes_up);
}
