//! The help centre's sitemap: the address of every published article, of all languages, each with the day of its change.
//!
//! It is XML of one shape, and read as text: nothing in it is resolved or included, and a link counts only if it is an
//! article's of this help centre. A document with links, none of which is, makes no sense.

use std::borrow::Cow;

use url::Url;

use super::help::{article_path, is_tag};
use crate::backend::ListedArticle;

/// The longest document that is read: ten times what the largest help centre has.
const MAX_BYTES: usize = 8 << 20;

/// Links that are read: as many as a sitemap may have.
const MAX_LINKS: usize = 50_000;

/// Reads it. `own` is the desk's address; a help centre with a domain of its own is listed under that, so where no link
/// is below `own`, all must be below one other host. The error says what is wrong.
pub(super) fn read(body: &[u8], own: &Url, portal: &str) -> Result<Vec<ListedArticle>, &'static str> {
    if body.len() > MAX_BYTES {
        return Err("too long");
    }
    let text = std::str::from_utf8(body).map_err(|_| "not text")?;
    let (_, list) = text.split_once("<urlset").ok_or("no sitemap")?;
    let (list, _) = list.split_once("</urlset>").ok_or("cut off")?;
    let (mut links, mut hosts, mut others) = (Vec::new(), Vec::new(), 0u32);
    for entry in list.split("<url>").skip(1) {
        if links.len() >= MAX_LINKS {
            return Err("longer than a sitemap may be");
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
        (None, _) => return Err("a sitemap of something else"),
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

/// The day of a moment, `YYYY-MM-DD`.
fn day(text: &str) -> Option<String> {
    let day = text.get(..10)?;
    let fits = |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
    day.bytes().enumerate().all(fits).then(|| day.to_owned())
}
