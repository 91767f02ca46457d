//! What stands around the bodies: tags, limits, origins, and the bytes of files.

// A test fails by panicking, its helpers included.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{Shop, good, shop, shop_with};
use reqwest::{
    Method, Response,
    multipart::{Form, Part},
};
use sandbox::Options;
use serde_json::{Value, json};

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
}

async fn send_files(shop: &Shop, conversation: &str, files: &[(&str, &str, Vec<u8>)]) -> Value {
    let mut form = Form::new().text("content", "See here").text("echo_id", "e1");
    for (name, kind, bytes) in files {
        let part = Part::bytes(bytes.clone()).file_name((*name).to_owned()).mime_str(kind).unwrap();
        form = form.part("attachments[]", part);
    }
    good(shop.ask(Method::POST, &format!("{conversation}/messages")).multipart(form).send().await.unwrap()).await
}

#[tokio::test]
async fn an_unchanged_body_is_304_without_a_body() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    let first = shop.ask(Method::GET, &conversation).send().await.unwrap();
    let tag = header(&first, "etag").unwrap();
    assert!(tag.starts_with("W/\"") && tag.len() == 36, "{tag}");
    assert_eq!(header(&first, "cache-control").unwrap(), "max-age=0, private, must-revalidate");
    assert_eq!(header(&first, "content-type").unwrap(), "application/json; charset=utf-8");

    let again = shop.ask(Method::GET, &conversation).header("if-none-match", &tag).send().await.unwrap();
    assert_eq!((again.status().as_u16(), header(&again, "etag")), (304, Some(tag.clone())));
    assert!(header(&again, "content-type").is_none());
    assert_eq!(again.text().await.unwrap(), "");

    shop.send(&conversation, "New").await;
    let changed = shop.ask(Method::GET, &conversation).header("if-none-match", &tag).send().await.unwrap();
    assert_eq!(changed.status(), 200);
    let log = shop.sandbox.desk().requests();
    assert!(log.iter().any(|entry| entry.status == 304 && entry.if_none_match && entry.response_bytes == 0));
}

#[tokio::test]
async fn an_error_or_a_post_is_never_304() {
    let shop = shop().await;
    let missing = shop.ask(Method::GET, "/contacts/nobody").send().await.unwrap();
    assert_eq!((header(&missing, "etag"), header(&missing, "cache-control")), (None, None), "no controller's answer");
    assert_eq!(header(&missing, "content-type").unwrap(), "application/json; charset=UTF-8");
    shop.contact("me").await;
    let request = shop.ask(Method::PATCH, "/contacts/me").json(&json!({ "email": "mai" }));
    let invalid = request.send().await.unwrap();
    assert_eq!(header(&invalid, "cache-control").unwrap(), "no-cache");
    assert_eq!(header(&invalid, "content-type").unwrap(), "application/json; charset=utf-8");
    let body = json!({ "source_id": "me" });
    let first = shop.ask(Method::POST, "/contacts").json(&body).send().await.unwrap();
    let tag = header(&first, "etag").unwrap();
    let again = shop.ask(Method::POST, "/contacts").header("if-none-match", tag).json(&body).send().await.unwrap();
    assert_eq!(again.status(), 200);
}

#[tokio::test]
async fn any_origin_may_ask() {
    let shop = shop().await;
    let response = shop.ask(Method::GET, "").header("origin", "https://a.example").send().await.unwrap();
    assert_eq!(header(&response, "access-control-allow-origin").unwrap(), "*");
    let response = shop.ask(Method::OPTIONS, "/contacts").header("origin", "https://a.example").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(header(&response, "access-control-allow-methods").unwrap().contains("PATCH"));
}

#[tokio::test]
async fn too_many_requests_are_429_in_plain_text_without_a_delay() {
    let shop = shop_with(Options { ip_limit: Some(2), ..Options::default() }).await;
    shop.get("").await;
    shop.get("").await;
    let response = shop.ask(Method::GET, "").send().await.unwrap();
    assert_eq!(response.status(), 429);
    assert!(header(&response, "content-type").unwrap().starts_with("text/plain"));
    assert!(header(&response, "retry-after").is_none());
    assert_eq!(response.text().await.unwrap(), "Retry later\n");
}

#[tokio::test]
async fn a_body_past_the_proxys_limit_is_413_in_html() {
    let shop = shop_with(Options { max_body_bytes: Some(100), ..Options::default() }).await;
    let body = json!({ "name": "x".repeat(200) });
    let response = shop.ask(Method::POST, "/contacts").json(&body).send().await.unwrap();
    assert_eq!(response.status(), 413);
    assert!(response.text().await.unwrap().starts_with("<html>"));
    // A large one is read to its end, so that the client gets to see the answer.
    let body = vec![b'x'; 8 << 20];
    assert_eq!(shop.ask(Method::POST, "/contacts").body(body).send().await.unwrap().status(), 413);
}

#[tokio::test]
async fn a_malformed_body_is_400_and_a_form_is_as_good_as_json() {
    let shop = shop().await;
    let broken = shop.ask(Method::POST, "/contacts").header("content-type", "application/json").body("{");
    assert_eq!(broken.send().await.unwrap().status(), 400);
    let form = shop.ask(Method::POST, "/contacts").header("content-type", "application/x-www-form-urlencoded");
    let form = form.body("source_id=me&name=Tr%E1%BA%A7n+Mai&custom_attributes[tier]=gold");
    assert_eq!(good(form.send().await.unwrap()).await["name"], "Trần Mai");
    assert_eq!(shop.sandbox.desk().contacts()[0].custom_attributes, json!({ "tier": "gold" }));
}

#[tokio::test]
async fn a_file_is_described_and_served_through_a_redirect_in_ranges() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    let mut png = Vec::new();
    let picture = image::DynamicImage::new_rgb8(4, 3);
    picture.write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png).unwrap();
    let files = [("ảnh túi.png", "image/png", png.clone()), ("hóa đơn.pdf", "application/pdf", b"%PDF".to_vec())];
    let message = send_files(&shop, &conversation, &files).await;
    let picture = &message["attachments"][0];
    assert_eq!((&picture["file_type"], &picture["extension"]), (&json!("image"), &json!("png")));
    assert_eq!((&picture["width"], &picture["height"]), (&json!(null), &json!(null)));
    assert_eq!((&picture["file_size"], &picture["message_id"]), (&json!(png.len()), &message["id"]));
    assert_eq!(message["attachments"][1]["file_type"], "file");
    assert_eq!(message["attachments"][1]["thumb_url"], "");

    for link in ["data_url", "thumb_url"] {
        let small = link == "thumb_url";
        let link = shop.http.get(picture[link].as_str().unwrap()).send().await.unwrap();
        assert_eq!(link.status(), 302);
        let location = header(&link, "location").unwrap();
        let whole = shop.http.get(&location).send().await.unwrap();
        assert_eq!(header(&whole, "content-type").unwrap(), "image/png");
        assert_eq!(header(&whole, "etag"), None, "storage knows a file by its time");
        let tag = header(&whole, "last-modified").unwrap();
        let whole = whole.bytes().await.unwrap();
        if small {
            assert_eq!(image::load_from_memory(&whole).unwrap().width(), 250);
        } else {
            assert_eq!(whole, png);
        }

        let rest = shop.http.get(&location).header("range", "bytes=24-").header("if-range", &tag);
        let rest = rest.send().await.unwrap();
        assert_eq!(rest.status(), 206);
        assert_eq!(header(&rest, "content-range").unwrap(), format!("bytes 24-{}/{}", whole.len() - 1, whole.len()));
        assert_eq!(rest.bytes().await.unwrap(), whole[24..]);
        let other = shop.http.get(&location).header("range", "bytes=24-").header("if-range", "\"old\"");
        assert_eq!(other.send().await.unwrap().status(), 200);
        let beyond = shop.http.get(&location).header("range", "bytes=9000-").send().await.unwrap();
        assert_eq!(beyond.status(), 416);
        let known = shop.http.get(&location).header("if-modified-since", &tag).send().await.unwrap();
        assert_eq!(known.status(), 304);
    }
    let seen = shop.sandbox.desk().conversation(1).unwrap().messages.remove(0);
    assert_eq!(seen.attachments[0], ("ảnh túi.png".to_owned(), png.len() as u64));
}

#[tokio::test]
async fn a_picture_that_is_none_has_a_link_to_a_thumbnail_and_no_thumbnail() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    let message = send_files(&shop, &conversation, &[("a.png", "image/png", b"no picture".to_vec())]).await;
    let link = shop.http.get(message["attachments"][0]["thumb_url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(link.status(), 302);
    let none = shop.http.get(header(&link, "location").unwrap()).send().await.unwrap();
    assert_eq!(none.status(), 500);
}

#[tokio::test]
async fn a_deleted_messages_files_are_gone() {
    let shop = shop().await;
    let conversation = shop.conversation("me").await;
    let message = send_files(&shop, &conversation, &[("a.txt", "text/plain", b"hi".to_vec())]).await;
    shop.sandbox.desk().delete(message["id"].as_u64().unwrap());
    let page = shop.get(&format!("{conversation}/messages")).await;
    assert!(page[0].get("attachments").is_none());
    let link = message["attachments"][0]["data_url"].as_str().unwrap();
    assert_eq!(shop.http.get(link).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_signed_id_in_place_of_a_file_is_500() {
    let shop = shop().await;
    let path = format!("{}/messages", shop.conversation("me").await);
    let body = json!({ "content": "Hi", "attachments": ["eyJfcmFpbHMi"] });
    assert_eq!(shop.status(Method::POST, &path, body).await.0, 500);
}

#[tokio::test]
async fn every_request_is_logged_but_the_control_routes() {
    let shop = shop().await;
    shop.get("?x=1").await;
    let log = good(shop.http.get(shop.at("/sandbox/requests")).send().await.unwrap()).await;
    let entries = log.as_array().unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!((&entries[0]["method"], &entries[0]["query"]), (&json!("GET"), &json!("x=1")));
    assert_eq!(entries[0]["path"], "/public/api/v1/inboxes/shop");
    assert!(entries[0]["response_bytes"].as_u64().unwrap() > 100);
    shop.sandbox.desk().clear_requests();
    assert!(shop.sandbox.desk().requests().is_empty());
}
