//! The help centre, as the SDK reads it.

use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::http::{Ask, Http, Outcome, good};

/// Articles on a page: the desk's most.
const PAGE: usize = 100;

/// Pages that are read in all: enough for two thousand articles, and a minute of the desk's time at most.
const MAX_PAGES: usize = 20;

/// Languages that are read.
const MAX_LOCALES: usize = 20;

/// A page of articles.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) locale: String,
    pub(crate) outcome: Outcome,
}

/// What was seen.
#[derive(Debug, Clone)]
pub(crate) struct HelpSeen {
    /// The bare address, which sends on to the default language.
    pub(crate) bare: Outcome,
    /// The page of the default language.
    pub(crate) portal: Option<Outcome>,
    pub(crate) locales: Vec<String>,
    pub(crate) sitemap: Outcome,
    /// The same with the validator of the first answer.
    pub(crate) sitemap_again: Option<Outcome>,
    pub(crate) pages: Vec<Page>,
    /// Whether there were more pages or languages than are read.
    pub(crate) cut: bool,
}

impl HelpSeen {
    /// What all pages took.
    pub(crate) fn pages_took(&self) -> Duration {
        self.pages.iter().filter_map(|page| page.outcome.as_ref().ok()).map(|answer| answer.took).sum()
    }
}

/// The default language: the last part of the address that the bare one sends on to.
fn default_locale(bare: &Outcome, slug: &str) -> Option<String> {
    let location = bare.as_ref().ok()?.header("location")?;
    let path = Url::parse(location).map_or_else(|_| location.to_owned(), |url| url.path().to_owned());
    let (_, rest) = path.split_once(&format!("/hc/{slug}/"))?;
    let locale = rest.split(['/', '?', '.']).next()?;
    is_locale(locale).then(|| locale.to_owned())
}

fn is_locale(text: &str) -> bool {
    !text.is_empty() && text.len() <= 20 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

fn locales(portal: &Value, default: &str) -> Vec<String> {
    let mut found = vec![default.to_owned()];
    let categories = portal.get("categories").and_then(Value::as_array).into_iter().flatten();
    for locale in categories.filter_map(|category| category.get("locale").and_then(Value::as_str)) {
        if is_locale(locale) && !found.iter().any(|known| known == locale) {
            found.push(locale.to_owned());
        }
    }
    found
}

pub(crate) async fn look(http: &Http, slug: &str) -> HelpSeen {
    let bare = http.get(http.at(&["hc", slug])).await;
    let map = Ask::get(http.at(&["hc", slug, "sitemap.xml"])).header("accept", "application/xml");
    let sitemap = http.ask(map.clone()).await;
    let tag = sitemap.as_ref().ok().and_then(|answer| answer.header("etag").map(str::to_owned));
    let sitemap_again = match tag {
        Some(tag) => Some(http.ask(map.header("if-none-match", tag)).await),
        None => None,
    };
    let mut seen =
        HelpSeen { bare, portal: None, locales: Vec::new(), sitemap, sitemap_again, pages: Vec::new(), cut: false };
    let Some(default) = default_locale(&seen.bare, slug) else { return seen };
    let portal = http.get(http.at(&["hc", slug, &format!("{default}.json")])).await;
    if let Some(told) = good(&portal) {
        seen.locales = locales(&told, &default);
    }
    seen.portal = Some(portal);
    for (at, locale) in seen.locales.clone().into_iter().enumerate() {
        if at >= MAX_LOCALES {
            seen.cut = true;
            break;
        }
        read_pages(http, slug, &locale, &mut seen).await;
    }
    seen
}

async fn read_pages(http: &Http, slug: &str, locale: &str, seen: &mut HelpSeen) {
    for number in 1.. {
        if seen.pages.len() >= MAX_PAGES {
            seen.cut = true;
            return;
        }
        let mut url = http.at(&["hc", slug, locale, "articles.json"]);
        url.query_pairs_mut().append_pair("per_page", &PAGE.to_string()).append_pair("page", &number.to_string());
        let outcome = http.get(url).await;
        let read = good(&outcome).and_then(|told| told.get("payload").and_then(Value::as_array).map(Vec::len));
        seen.pages.push(Page { locale: locale.to_owned(), outcome });
        if read.is_none_or(|read| read < PAGE) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::made::answer;
    use serde_json::json;

    #[test]
    fn default_language_is_where_the_bare_address_leads() {
        for (location, locale) in [
            ("/hc/shop/en", Some("en")),
            ("https://help.example/hc/shop/pt_BR?x", Some("pt_BR")),
            ("/hc/other/en", None),
            ("/hc/shop/", None),
            ("/app/login", None),
            ("/hc/shop/..%2f", None),
        ] {
            let mut bare = answer(302, "");
            bare.headers.insert("location".to_owned(), location.to_owned());
            assert_eq!(default_locale(&Ok(bare), "shop").as_deref(), locale, "{location}");
        }
    }

    #[test]
    fn languages_are_those_of_the_categories() {
        let portal = json!({ "categories": [{ "locale": "vi" }, { "locale": "en" }, { "locale": "../x" }, {}] });
        assert_eq!(locales(&portal, "en"), ["en", "vi"]);
    }
}
