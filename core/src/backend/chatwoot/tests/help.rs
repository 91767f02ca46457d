//! The help centre's pages, and the pictures in them.

use super::{
    KEY, TOKEN, adapter,
    canned::{Desk, html, json, say},
};
use crate::{
    ArticleId,
    backend::{DeskArticleName, Fault, Fetched, HelpCenterBackend as _},
};

const PNG: &[u8] = b"\x89PNG\r\n";

#[tokio::test]
async fn help_centre_is_asked_below_the_desks_own_address() {
    let body = r#"{"slug":"shop","meta":{"default_locale":"vi"},"categories":[
        {"slug":"a","locale":"vi","name":"A","position":2},{"slug":"b","locale":"../x","name":"B"},
        {"slug":null,"locale":"en","name":"C"},7]}"#;
    let desk = Desk::always(move || json(200, body)).await;
    let Fetched::New { value, .. } = adapter(&desk.url).portal("shop", "vi", Some("\"e\"")).await.unwrap() else {
        panic!("unchanged")
    };
    assert_eq!(value.default_locale, "vi");
    let slugs: Vec<&str> = value.categories.iter().map(|row| row.slug.as_str()).collect();
    assert_eq!(slugs, ["a"], "what can't stand in an address, or has no name, is left out");
    let seen = &desk.seen()[0];
    assert_eq!(seen.line, "GET /prefix/hc/shop/vi.json");
    assert!(seen.headers.contains("if-none-match: \"e\"") && !seen.headers.contains(KEY));
}

#[tokio::test]
async fn what_is_no_published_article_is_left_out() {
    let body = r#"{"payload":[
        {"id":1,"slug":"1-a","title":"A","status":"published","content":"x","views":"7","category":null,"new":[1]},
        {"id":2,"slug":"2-b","title":"B","status":"draft","content":"x"},
        {"id":3,"slug":"3-c","title":"C","status":"archived"},
        {"id":4,"title":"D","content":"as a search shows it","link":"/hc/shop/articles/4-d"},
        {"slug":"5-e","title":"E","status":"published"},
        {"id":6,"slug":"6-f","title":" ","status":"published"},
        null, "x"],"meta":{"articles_count":900}}"#;
    let desk = Desk::always(move || json(200, body)).await;
    let fetched = adapter(&desk.url).articles("shop", "vi", 3, None).await.unwrap();
    let Fetched::New { value, .. } = fetched else { panic!("unchanged") };
    assert!(!value.has_more, "a short page is the last, whatever the count says");
    let [article] = value.articles.as_slice() else { panic!("{:?}", value.articles) };
    assert_eq!((article.name.id.as_str(), article.name.locale.as_str(), article.views), ("1", "vi", 7));
    assert_eq!((value.published, value.left_out), (Some(900), vec![ArticleId::new("6")]), "one without a title counts");
    assert_eq!(desk.lines(), ["GET /prefix/hc/shop/vi/articles.json?per_page=100&page=3"]);
}

#[tokio::test]
async fn answers_that_are_not_the_help_centres_are_trouble() {
    let away = || say(302, "location: http://127.0.0.1:9/hc/shop/en\r\n", b"");
    let not_ours = || json(401, r#"{"error":"Domain: x is not registered with us."}"#);
    let missing = || json(404, r#"{"status":404,"error":"Not Found"}"#);
    let desks = [
        (Desk::always(away).await, Fault::Network),
        (Desk::always(|| html(200)).await, Fault::Network),
        (Desk::always(|| html(404)).await, Fault::Network),
        (Desk::always(not_ours).await, Fault::UnknownPortal),
        (Desk::always(missing).await, Fault::UnknownPortal),
        (Desk::always(|| json(200, "[]")).await, Fault::Desk),
        (Desk::always(|| json(200, "{}")).await, Fault::Desk),
        (Desk::always(|| json(500, "{}")).await, Fault::Desk),
        (Desk::always(|| json(304, "")).await, Fault::Desk),
    ];
    for (desk, fault) in desks {
        let desk = adapter(&desk.url);
        assert_eq!(desk.portal("shop", "en", None).await.unwrap_err().fault, fault);
        assert_eq!(desk.articles("shop", "en", 1, None).await.unwrap_err().fault, fault);
    }
}

#[tokio::test]
async fn view_is_counted_by_the_desks_own_picture_only() {
    let name = DeskArticleName { id: ArticleId::new("1"), slug: "1-a".into(), locale: "en".into() };
    let desk = Desk::always(|| say(200, "content-type: image/png\r\n", PNG)).await;
    adapter(&desk.url).count_view("shop", &name).await.unwrap();
    assert_eq!(desk.lines(), ["GET /prefix/hc/shop/articles/1-a.png"]);
    let portal = Desk::always(|| html(200)).await;
    assert_eq!(adapter(&portal.url).count_view("shop", &name).await.unwrap_err().fault, Fault::Network);
}

#[tokio::test]
async fn picture_is_followed_to_where_it_is_and_nothing_but_a_picture_is_taken() {
    let desk = Desk::new(|seen, _| match seen.line.rsplit('/').next() {
        Some("moved") => say(302, "location: /really\r\n", b""),
        Some("really") => say(200, "content-type: image/png\r\n", PNG),
        Some("loop") => say(302, "location: /loop\r\n", b""),
        Some("file") => say(302, "location: file:///etc/passwd\r\n", b""),
        Some("svg") => say(200, "content-type: image/svg+xml\r\n", b"<svg><script/></svg>"),
        Some("large") => say(200, "content-type: image/png\r\n", &[PNG, &[0; 99]].concat()),
        _ => html(404),
    })
    .await;
    let (on, desk) = (desk.url.join("/").unwrap(), desk);
    let adapter = adapter(&desk.url);
    let fetch = |name: &str| {
        let (adapter, url) = (&adapter, on.join(name).unwrap());
        async move { adapter.picture(url.as_str(), 64).await }
    };
    assert_eq!(fetch("moved").await.unwrap(), PNG);
    for name in ["loop", "file", "svg", "large", "none"] {
        assert!(matches!(fetch(name).await.unwrap_err().fault, Fault::Refused { .. }), "{name}");
    }
    for seen in desk.seen() {
        assert!(!seen.headers.contains(KEY) && !seen.headers.contains(TOKEN) && !seen.headers.contains("referer"));
    }
}

#[tokio::test]
async fn addresses_of_every_age_lead_to_the_article() {
    let desk = Desk::always(|| html(404)).await;
    let adapter = adapter(&desk.url);
    for url in [
        "https://desk.example.com/hc/shop/articles/12-a",
        "https://help.shop.example/hc/shop/articles/12-a?x#y",
        "https://desk.example.com/prefix/hc/shop/en/articles/12-a",
        "https://desk.example.com/hc/shop/en/categories/returns/articles/12-a/",
    ] {
        assert_eq!(adapter.article_of_url("shop", url).as_deref(), Some("12-a"), "{url}");
    }
    for url in ["https://desk.example.com/hc/other/articles/12-a", "https://desk.example.com/hc/shop/en", "x", ""] {
        assert_eq!(adapter.article_of_url("shop", url), None, "{url}");
    }
}

#[tokio::test]
async fn single_article_is_told_from_a_draft_and_from_one_that_is_not_there() {
    let desk = Desk::new(|seen, _| match seen.line.rsplit('/').next() {
        Some("1-a.json") => json(
            200,
            r#"{"id":1,"slug":"1-a","title":"A","status":"published","content":"x","category":{"slug":"c","locale":"vi"}}"#,
        ),
        Some("2-b.json") => json(200, r#"{"id":2,"slug":"2-b","title":"B","status":"draft","category":{"locale":"vi"}}"#),
        Some("3-c.json") => json(200, r#"{"id":3,"slug":"3-c","title":"C","status":"published","category":{}}"#),
        Some("4-d.json") => json(200, r#"{"id":1,"slug":"1-a","title":"A","status":"published"}"#),
        Some("5-e.json") => json(404, r#"{"status":404,"error":"Not Found"}"#),
        Some("6-f.json") => html(200),
        _ => json(500, r#"{"status":500,"error":"Internal Server Error"}"#),
    })
    .await;
    let adapter = adapter(&desk.url);
    let found = |slug: &'static str, locale: Option<&'static str>| {
        let adapter = &adapter;
        async move { adapter.article("shop", slug, locale).await.map(|one| one.map(|one| one.name.locale)) }
    };
    assert_eq!(found("1-a", Some("en")).await, Ok(Some("vi".to_owned())), "as the desk says");
    assert_eq!(found("2-b", None).await, Ok(None));
    assert_eq!(found("3-c", Some("en")).await, Ok(Some("en".to_owned())), "of no category");
    assert_eq!(found("3-c", None).await, Ok(Some(String::new())), "published, in a language that it does not say");
    assert_eq!(found("5-e", None).await, Ok(None));
    for (slug, fault) in [("4-d", Fault::Desk), ("6-f", Fault::Network), ("7-g", Fault::Desk)] {
        assert_eq!(found(slug, None).await.unwrap_err().fault, fault, "{slug}");
    }
    assert_eq!(desk.lines()[0], "GET /prefix/hc/shop/articles/1-a.json");
}

#[tokio::test]
async fn sitemap_is_asked_for_as_what_it_is_and_only_if_it_has_changed() {
    let desk = Desk::new(|seen, _| {
        if seen.headers.contains("json") {
            return html(406);
        }
        if seen.headers.contains("if-none-match: \"e\"") {
            return say(304, "etag: \"e\"\r\n", b"");
        }
        let own = seen.headers.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
        let body = format!(
            "<urlset><url><loc>http://{own}/prefix/hc/shop/articles/1-a</loc></url>\
             <url><loc>http://{own}/prefix/hc/other/articles/2-b</loc></url></urlset>"
        );
        say(200, "content-type: application/xml\r\netag: \"e\"\r\n", body.as_bytes())
    })
    .await;
    let adapter = adapter(&desk.url);
    let Fetched::New { value, validator } = adapter.article_list("shop", None).await.unwrap() else {
        panic!("unchanged")
    };
    assert_eq!(value.iter().map(|listed| listed.slug.as_str()).collect::<Vec<_>>(), ["1-a"]);
    assert_eq!(adapter.article_list("shop", validator.as_deref()).await.unwrap(), Fetched::Unchanged);
    assert_eq!(desk.lines()[0], "GET /prefix/hc/shop/sitemap.xml");
    assert!(!desk.seen()[0].headers.contains(KEY));
    let none = Fault::Unsupported;
    let not_ours = || json(401, r#"{"error":"Domain: x is not registered with us."}"#);
    for (desk, fault) in [
        (Desk::always(|| html(200)).await, none.clone()),
        (Desk::always(|| json(404, "{}")).await, none.clone()),
        (Desk::always(|| html(404)).await, none.clone()),
        (Desk::always(|| html(406)).await, none.clone()),
        (Desk::always(|| json(200, "{}")).await, none.clone()),
        (Desk::always(not_ours).await, Fault::UnknownPortal),
        (Desk::always(|| json(500, "{}")).await, Fault::Desk),
        (Desk::always(|| html(503)).await, Fault::Desk),
        (Desk::always(|| say(304, "", b"")).await, Fault::Desk),
    ] {
        assert_eq!(super::adapter(&desk.url).article_list("shop", None).await.unwrap_err().fault, fault);
    }
}

#[tokio::test]
async fn sitemap_without_an_end_is_given_up_while_it_comes() {
    // It is cut off at eight megabytes: the rest of the fifty does not come.
    let url = "<url><loc>https://elsewhere.example/x</loc></url>\n";
    let body = format!("<urlset>{}</urlset>", url.repeat((50 << 20) / url.len()));
    let desk = Desk::always(move || say(200, "content-type: application/xml\r\n", body.as_bytes())).await;
    let error = adapter(&desk.url).article_list("shop", None).await.unwrap_err();
    assert_eq!(error.fault, Fault::Unsupported);
    assert!(error.detail.contains("longer than 8388608 bytes"), "{}", error.detail);
}

#[tokio::test]
async fn count_of_the_published_ends_the_paging() {
    let desk = Desk::new(|seen, _| {
        let count = if seen.line.contains("/vi/") { "200" } else { "201" };
        let row = r#"{"id":1,"slug":"1-a","title":"A","status":"published"}"#;
        let rows = vec![row; 100].join(",");
        let meta =
            if seen.line.contains("/fr/") { String::new() } else { format!(r#","meta":{{"articles_count":{count}}}"#) };
        json(200, &format!(r#"{{"payload":[{rows}]{meta}}}"#))
    })
    .await;
    let adapter = adapter(&desk.url);
    for (locale, page, more) in [("vi", 1, true), ("vi", 2, false), ("en", 2, true), ("en", 3, false), ("fr", 3, true)]
    {
        let Fetched::New { value, .. } = adapter.articles("shop", locale, page, None).await.unwrap() else {
            panic!("unchanged")
        };
        assert_eq!(value.has_more, more, "{locale} {page}");
    }
}
