//! The help centre's pages: only below `/hc`, told apart by the end of the path, as Rails' formats are.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{
        HeaderMap, StatusCode,
        header::{ACCEPT, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HOST, LOCATION},
    },
    response::{Html, IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};

use super::{Held, params::Params};
use crate::{
    clock::iso,
    domain::Refusal,
    help::{Article, Category, HelpCentre, snippet, tie},
    shared::Shared,
    state::{ACCOUNT_ID, State as Desk},
    views::AGENT_NAME,
};

/// Most articles on a page, and how many there are when less than one is asked for.
const PER_PAGE: (usize, usize) = (100, 25);

/// The routes below `/hc`.
pub(super) fn router(addr: SocketAddr) -> Router<Arc<Shared>> {
    Router::new().route(
        "/{*path}",
        get(move |held: Held, path: Path<String>, headers: HeaderMap, params: Params| async move {
            serve(held, path, &headers, &params, addr)
        }),
    )
}

fn serve(
    State(shared): Held,
    Path(path): Path<String>,
    headers: &HeaderMap,
    params: &Params,
    addr: SocketAddr,
) -> Response {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let segments: Vec<&str> = path.split('/').collect();
    shared.read(|desk| {
        if !is_own_host(host, addr, &desk.base_url) {
            let words = format!(
                "Domain: {host} is not registered with us. Please send us an email at support@chatwoot.com with the \
                 custom domain name and account API key"
            );
            return (StatusCode::UNAUTHORIZED, Json(json!({ "error": words }))).into_response();
        }
        let slug = desk.options.help_slug.clone();
        let known = segments.first().is_some_and(|first| first.trim_end_matches(".json") == slug);
        let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        match segments.as_slice() {
            _ if !known => Refusal::NotFound.into_response(),
            // Rails has the page as XML alone, and looks at what is asked for before it looks at the path's end.
            [_, "sitemap.xml"] if accept.contains("json") => StatusCode::NOT_ACCEPTABLE.into_response(),
            [_, "sitemap.xml"] => sitemap(desk),
            segments => answer(desk, segments, params),
        }
    })
}

fn answer(desk: &mut Desk, segments: &[&str], params: &Params) -> Response {
    let slug = desk.options.help_slug.clone();
    match segments {
        // The bare portal sends on to its default locale, and loses the format on the way.
        [_] => (StatusCode::FOUND, [(LOCATION, format!("/hc/{slug}/{}", desk.help.default_locale))]).into_response(),
        [_, "articles", article] => show(desk, article),
        [_, _, "categories.json"] => {
            let payload: Value = desk.help.categories.iter().map(|row| category_body(&desk.help, row)).collect();
            Json(json!({ "payload": payload })).into_response()
        }
        [_, locale, "categories", category] => {
            let (category, json) = strip(category, ".json");
            let mut rows = desk.help.categories.iter();
            match rows.find(|row| row.slug == category && row.locale == *locale) {
                Some(row) if json => Json(category_body(&desk.help, row)).into_response(),
                Some(row) => Html(format!("<h1>{}</h1>", row.name)).into_response(),
                None => Refusal::NotFound.into_response(),
            }
        }
        // The category in the path is not looked at: the list is that of the locale.
        [_, locale, "articles.json"] | [_, locale, "categories", _, "articles.json"] => list(desk, locale, params),
        [_, _, "search"] => Html("<h1>Search</h1>".to_owned()).into_response(),
        [_, locale] => {
            let (_, json) = strip(locale, ".json");
            if json {
                Json(portal_body(desk)).into_response()
            } else {
                Html(format!("<h1>{}</h1>", desk.options.inbox_name)).into_response()
            }
        }
        _ => Refusal::NotFound.into_response(),
    }
}

fn list(desk: &Desk, locale: &str, params: &Params) -> Response {
    let query = params.text("query").filter(|query| !query.trim().is_empty());
    let mut rows = desk.help.search(locale, query.as_deref());
    let paged = params.text("per_page");
    let page = match paged {
        Some(_) => params.text("page").and_then(|page| page.parse::<usize>().ok()).unwrap_or(1).max(1),
        None => 0,
    };
    if params.text("sort").as_deref() == Some("views") {
        // Who was never read has no number, and PostgreSQL puts that before the greatest.
        rows.sort_by_key(|row| (row.views > 0, std::cmp::Reverse(row.views), tie(row.id, page)));
    } else {
        rows.sort_by_key(|row| (row.position, tie(row.id, page)));
    }
    if let Some(per_page) = paged {
        let (most, fallback) = PER_PAGE;
        let per_page = per_page.parse().ok().filter(|count| *count >= 1).unwrap_or(fallback).min(most);
        rows = rows.into_iter().skip(per_page.saturating_mul(page - 1)).take(per_page).collect();
    }
    // A search's items shrink; and the count is taken before the search, of what is published in the locale.
    let payload: Value = match query {
        Some(_) => rows.into_iter().map(|row| found_body(desk, row)).collect(),
        None => rows.into_iter().map(|row| article_body(desk, row)).collect(),
    };
    let count = desk.help.published(locale);
    Json(json!({ "payload": payload, "meta": { "articles_count": count } })).into_response()
}

/// Every published article of all locales, with the day of its change. Views are not in it, so they leave its ETag alone.
fn sitemap(desk: &Desk) -> Response {
    let slug = &desk.options.help_slug;
    let url = |row: &Article| {
        let day = iso(row.updated).chars().take(10).collect::<String>();
        let address = format!("{}/hc/{slug}/articles/{}", desk.base_url, row.slug);
        format!("  <url>\n    <loc>{address}</loc>\n    <lastmod>{day}</lastmod>\n  </url>\n")
    };
    let urls: String = desk.help.articles.iter().filter(|row| !row.draft).map(url).collect();
    let head = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
    let body = format!("{head}\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n{urls}</urlset>\n");
    ([(CONTENT_TYPE, "application/xml; charset=utf-8")], body).into_response()
}

/// One article: `.json` shows drafts too, `.md` does not, `.png` only counts a view.
fn show(desk: &mut Desk, name: &str) -> Response {
    let (slug, kind) = match name.rsplit_once('.') {
        Some((slug, kind @ ("json" | "md" | "png"))) => (slug, kind),
        _ => (name, "html"),
    };
    let Some(article) = desk.help.article_mut(slug) else {
        // The page for this exists in HTML only, so JSON falls over its absence.
        return if kind == "json" {
            Refusal::Internal.into_response()
        } else {
            (StatusCode::NOT_FOUND, Html("<h1>404</h1>".to_owned())).into_response()
        };
    };
    match kind {
        "json" => {
            let article = article.clone();
            Json(article_body(desk, &article)).into_response()
        }
        "md" if article.draft => (StatusCode::NOT_FOUND, Html("<h1>404</h1>".to_owned())).into_response(),
        "md" => ([(CONTENT_TYPE, "text/markdown; charset=utf-8")], article.content.clone()).into_response(),
        "png" => {
            article.views += 1;
            let name = "inline; filename=\"tracking-pixel.png\"; filename*=UTF-8''tracking-pixel.png";
            let headers =
                [(CONTENT_TYPE, "image/png"), (CACHE_CONTROL, "max-age=86400, private"), (CONTENT_DISPOSITION, name)];
            (headers, PIXEL).into_response()
        }
        _ => Html(format!("<h1>{}</h1><pre>{}</pre>", article.title, article.content)).into_response(),
    }
}

fn portal_body(desk: &Desk) -> Value {
    let help = &desk.help;
    json!({
        "name": format!("{} help", desk.options.inbox_name),
        "slug": desk.options.help_slug,
        "page_title": null,
        "header_text": null,
        "homepage_link": null,
        "custom_domain": null,
        "meta": {
            "articles_count": help.articles.iter().filter(|article| !article.draft).count(),
            "categories_count": help.categories.len(),
            "default_locale": help.default_locale,
        },
        "categories": help.categories.iter().map(|row| category_body(help, row)).collect::<Value>(),
    })
}

/// A category: of whatever locale, and without its id.
fn category_body(help: &HelpCentre, row: &Category) -> Value {
    let articles = help.articles.iter().filter(|article| article.is_in(row.id)).count();
    json!({
        "name": row.name,
        "slug": row.slug,
        "locale": row.locale,
        "description": (!row.description.is_empty()).then_some(&row.description),
        "position": row.position,
        "meta": { "articles_count": articles },
    })
}

fn article_body(desk: &Desk, row: &Article) -> Value {
    json!({
        "id": row.id,
        "category_id": row.category.as_ref().map(|category| category.id),
        "title": row.title,
        "content": row.content,
        "description": row.description,
        "status": if row.draft { "draft" } else { "published" },
        "position": row.position,
        "account_id": ACCOUNT_ID,
        "last_updated_at": iso(row.updated),
        "slug": row.slug,
        "portal": portal_body(desk),
        "category": match &row.category {
            Some(category) => json!({ "id": category.id, "slug": category.slug, "locale": category.locale }),
            // What the article's language is, nothing else in it says.
            None => json!({}),
        },
        // Nobody has counted yet.
        "views": (row.views > 0).then_some(row.views),
        "author": { "available_name": AGENT_NAME, "name": AGENT_NAME, "thumbnail": "" },
        "link": format!("hc/{}/articles/{}", desk.options.help_slug, row.slug),
    })
}

/// An article as a search shows it: no slug, no status, and a link that begins with a slash.
fn found_body(desk: &Desk, row: &Article) -> Value {
    json!({
        "id": row.id,
        "category_id": row.category.as_ref().map(|category| category.id),
        "title": row.title,
        "content": snippet(&row.content),
        "link": format!("/hc/{}/articles/{}", desk.options.help_slug, row.slug),
    })
}

fn strip<'a>(segment: &'a str, format: &str) -> (&'a str, bool) {
    segment.strip_suffix(format).map_or((segment, false), |rest| (rest, true))
}

/// Whether a request asks for this desk: by its public address, or by any address of this machine (an emulator and a
/// phone each have their own name for it) with the right port.
fn is_own_host(host: &str, addr: SocketAddr, base_url: &str) -> bool {
    if base_url.split_once("://").is_some_and(|(_, own)| own == host) {
        return true;
    }
    let (name, port) = host.rsplit_once(':').unwrap_or((host, "80"));
    let local = name == "localhost" || name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
    local && port.parse() == Ok(addr.port())
}

/// A transparent pixel, 1 by 1.
const PIXEL: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00,
    0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x06, 0x00, 0x00, 0x00, 0x1f, 0x15, 0xc4, 0x89, 0x00, 0x00, 0x00, 0x0d, 0x49,
    0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x00, 0x01, 0x00, 0x00, 0x05, 0x00, 0x01, 0x0d, 0x0a, 0x2d, 0xb4, 0x00, 0x00,
    0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];
