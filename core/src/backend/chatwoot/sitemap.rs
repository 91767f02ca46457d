//! The help centre's sitemap: the address of every published article, of all languages, each with the day of its change.
//!
//! It is XML of one shape, and read as text: nothing in it is resolved or included, and a link counts only if it is an
//! article's of this help centre. A document with links, none of which is, makes no sense.
//!
//! Whatever can't be read as this help centre's is [`Fault::Unsupported`]: a proxy's page, nonsense and a list without an
//! end are what the desk has in place of a sitemap, and asking again soon would not change it. Only a document that
//! breaks off in the middle is trouble on the way.

use std::borrow::Cow;

use url::Url;

use super::{
    help::{article_path, is_tag},
    lenient::day,
};
use crate::backend::{BackendError, Fault, ListedArticle};

/// The longest document that is read, in bytes: more than 50,000 links take. What is longer is given up while it comes.
pub(super) const MAX_BYTES: usize = 8 << 20;

/// Links that are read: as many as a sitemap may have.
const MAX_LINKS: usize = 50_000;

/// Reads it. `own` is the desk's address; a help centre with a domain of its own is listed under that, so where no link
/// is below `own`, all must be below one other host.
pub(super) fn read(body: &[u8], own: &Url, portal: &str) -> Result<Vec<ListedArticle>, BackendError> {
    let wrong = |fault, what: &str| BackendError::refused(fault, format!("GET sitemap: the answer is {what}"));
    let nonsense = |what| wrong(Fault::Unsupported, what);
    let text = std::str::from_utf8(body).map_err(|_| nonsense("not text"))?;
    let (_, list) = text.split_once("<urlset").ok_or_else(|| nonsense("no sitemap"))?;
    let (list, _) = list.split_once("</urlset>").ok_or_else(|| wrong(Fault::Network, "cut off"))?;
    let (mut links, mut hosts, mut others) = (Vec::new(), Vec::new(), 0u32);
    for entry in list.split("<url>").skip(1) {
        if links.len() >= MAX_LINKS {
            return Err(nonsense("longer than a sitemap may be"));
        }
        let address = element(entry, "<loc>", "</loc>").and_then(|text| Url::parse(&text).ok());
        let Some((address, (locale, slug))) = address.and_then(|url| Some((url.clone(), article_path(&url, portal)?)))
        else {
            others += 1;
            continue;
        };
        let host = host(&address);
        let at = hosts.iter().position(|known| *known == host).unwrap_or_else(|| {
            hosts.push(host);
            hosts.len() - 1
        });
        let changed_on = element(entry, "<lastmod>", "</lastmod>").and_then(|text| day(&text));
        links.push((at, ListedArticle { slug, locale: locale.filter(|tag| is_tag(tag)), changed_on }));
    }
    let own = host(own);
    let wanted = match (hosts.iter().position(|known| *known == own), hosts.as_slice()) {
        (Some(own), _) => own,
        (None, [_]) => 0,
        (None, []) if others == 0 => return Ok(Vec::new()),
        (None, _) => return Err(nonsense("a sitemap of something else")),
    };
    Ok(links.into_iter().filter(|(at, _)| *at == wanted).map(|(_, article)| article).collect())
}

/// Host and port.
fn host(url: &Url) -> (Option<String>, Option<u16>) {
    (url.host_str().map(str::to_ascii_lowercase), url.port_or_known_default())
}

/// The text of an element. The one entity that an address can hold is put back.
fn element<'a>(entry: &'a str, open: &str, close: &str) -> Option<Cow<'a, str>> {
    let (text, _) = entry.split_once(open)?.1.split_once(close)?;
    let text = text.trim();
    Some(if text.contains("&amp;") { text.replace("&amp;", "&").into() } else { text.into() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn url(address: &str) -> String {
        format!("  <url>\n    <loc>{address}</loc>\n    <lastmod>2026-05-28</lastmod>\n  </url>\n")
    }

    fn slugs(urls: &str) -> Result<Vec<String>, BackendError> {
        let own = Url::parse("https://desk.example.com/hc").unwrap();
        let body = format!("<?xml version=\"1.0\"?>\n<urlset xmlns=\"x\">\n{urls}</urlset>\n");
        read(body.as_bytes(), &own, "shop").map(|all| all.into_iter().map(|article| article.slug).collect())
    }

    #[test]
    fn only_links_of_this_help_centre_count() {
        let own = [
            "https://desk.example.com/hc/shop/articles/1-a",
            "http://desk.example.com:443/hc/shop/articles/2-b",
            "https://DESK.example.com/hc/shop/vi/articles/3-c",
            "https://desk.example.com/hc/shop/articles/%C4%91%E1%BB%95i-tr%E1%BA%A3",
            "https://desk.example.com/hc/shop/articles/đổi",
            "https://desk.example.com/hc/shop/articles/5-e?a=1&amp;b=2",
        ];
        let others = [
            "https://desk.example.com/hc/other/articles/9-z",
            "https://evil.example.com/hc/shop/articles/9-z",
            "https://desk.example.com:8443/hc/shop/articles/9-z",
            "https://desk.example.com/hc/shop/vi",
            "https://desk.example.com/9-z",
            "javascript:alert(1)",
            "",
            "9-z",
        ];
        let all: String = own.iter().chain(&others).map(|address| url(address)).collect();
        assert_eq!(slugs(&all).unwrap(), ["1-a", "2-b", "3-c", "đổi-trả", "đổi", "5-e"]);
    }

    #[test]
    fn help_centre_with_a_domain_of_its_own_is_listed_under_that() {
        let all: String =
            ["1-a", "2-b"].map(|slug| url(&format!("https://help.shop.example/hc/shop/articles/{slug}"))).concat();
        assert_eq!(slugs(&all).unwrap(), ["1-a", "2-b"]);
        let two = all + &url("https://other.example/hc/shop/articles/3-c");
        assert_eq!(slugs(&two).unwrap_err().fault, Fault::Unsupported);
    }

    #[test]
    fn language_and_day_are_read_where_they_are_said() {
        let own = Url::parse("https://desk.example.com/hc").unwrap();
        let body = "<urlset><url><loc> https://desk.example.com/hc/shop/vi/articles/1-a </loc><lastmod>2026-05-28T10:00:00Z\
                    </lastmod></url><url><loc>https://desk.example.com/hc/shop/articles/2-b</loc><lastmod>soon</lastmod></url></urlset>";
        let read = read(body.as_bytes(), &own, "shop").unwrap();
        assert_eq!((read[0].locale.as_deref(), read[0].changed_on), (Some("vi"), Some(20_601)));
        assert_eq!((read[1].locale.as_deref(), read[1].changed_on), (None, None));
    }

    #[test]
    fn nonsense_is_told_from_an_empty_help_centre() {
        assert_eq!(slugs("").unwrap(), [""; 0]);
        let own = Url::parse("https://desk.example.com/hc").unwrap();
        let read = |body: &[u8]| super::read(body, &own, "shop").map_err(|error| error.fault);
        for body in [&b"<html>Welcome</html>"[..], b"{}", b"", b"\xff<urlset></urlset>"] {
            assert_eq!(read(body), Err(Fault::Unsupported));
        }
        assert_eq!(read(b"<urlset><url><loc>https://desk"), Err(Fault::Network));
        let elsewhere = format!("<urlset>{}</urlset>", url("https://desk.example.com/blog/1"));
        assert_eq!(read(elsewhere.as_bytes()), Err(Fault::Unsupported));
        let many = url("https://desk.example.com/hc/shop/articles/1-a").repeat(MAX_LINKS + 1);
        assert_eq!(read(format!("<urlset>{many}</urlset>").as_bytes()), Err(Fault::Unsupported));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200), text in "(<urlset|<url>|<loc>|</loc>|</urlset>|https://desk.example.com/hc/shop/articles/|%|é|[a-z ]){0,30}") {
            let own = Url::parse("https://desk.example.com/hc").unwrap();
            let _ = read(&body, &own, "shop");
            let _ = read(text.as_bytes(), &own, "shop");
        }
    }
}
