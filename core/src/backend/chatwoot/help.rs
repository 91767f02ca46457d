//! The help centre, as the desk shows it to everybody below `/hc`.
//!
//! How it behaves, and what is done about it:
//!
//! - **The host must be the desk's own** (or the help centre's domain): any other is answered with 401, which is
//!   [`Fault::UnknownPortal`] here and no word about the customer.
//! - **No list of languages.** The categories name theirs, and there is a default; articles without a category may be in
//!   any other. The list of a language that nobody writes in is empty.
//! - **Without `per_page` a list is everything**, with the whole help centre repeated in each article. So pages of 100,
//!   the most there is. The count that comes with a page is of what is published in the language, so it tells which page
//!   is the last; a short page is, too.
//! - **Pages overlap and miss**: the order is the position's alone, which begins anew in each category, and each page has
//!   its own order among equals. The count tells, the sitemap names what is missing, and its slug fetches it.
//! - **A page costs the desk a second, the sitemap 85 ms, an article 35 ms.** A page's validator changes with every view
//!   that anybody makes, the sitemap's does not.
//! - **The sitemap is refused to who asks for JSON** (406), and desks before 3.10 have none.
//! - **JSON of an article that is not there is a 500**: the page that says so exists as HTML only.
//! - **The list of a category ignores the category**; it is never asked for.
//! - **Drafts are not left out.** What does not say that it is published is.
//! - **An item without a slug or an id** (the form that a search has) is no article.
//! - **A view is counted by fetching a picture** named like the article.
//! - **There are no votes.**

use http::{
    Method, StatusCode,
    header::{ACCEPT, ACCEPT_ENCODING, LOCATION},
};
use tokio::time::timeout;
use url::Url;

use super::{
    Chatwoot,
    calls::is_unchanged,
    http::{Reply, Request, Root},
    lenient::{Fields, List, Wire},
    refusals::Verdict,
    sitemap,
    transport::{empty, late, text, whole_body},
};
use crate::{
    ArticleId, Timestamp,
    backend::{
        BackendError, BackendFuture, DeskArticle, DeskArticleName, DeskArticlePage, DeskCategory, DeskPortal, Fault,
        Fetched, HelpCenterBackend, ListedArticle,
    },
    rules,
};

/// Articles on a page: the desk's most.
const PAGE: usize = 100;

/// Storage sends on to where the bytes are, once or twice.
const MAX_REDIRECTS: usize = 5;

struct Portal {
    meta: Meta,
    categories: List<Category>,
}

impl Wire for Portal {
    fn read(mut fields: Fields) -> Option<Self> {
        // With it, the answer is a help centre's.
        fields.exact_text("slug")?;
        Some(Self {
            meta: fields.object("meta").unwrap_or_default(),
            categories: fields.list("categories").unwrap_or_default(),
        })
    }
}

#[derive(Default)]
struct Meta {
    default_locale: Option<String>,
}

impl Wire for Meta {
    fn read(mut fields: Fields) -> Option<Self> {
        Some(Self { default_locale: fields.text("default_locale") })
    }
}

#[derive(Default)]
struct Category {
    slug: Option<String>,
    locale: Option<String>,
    name: Option<String>,
    description: Option<String>,
    position: Option<i64>,
}

impl Wire for Category {
    fn read(mut fields: Fields) -> Option<Self> {
        Some(Self {
            slug: fields.text("slug"),
            locale: fields.text("locale"),
            name: fields.text("name"),
            description: fields.text("description"),
            position: fields.number("position"),
        })
    }
}

struct Articles {
    payload: List<Article>,
    meta: Counts,
}

impl Wire for Articles {
    fn read(mut fields: Fields) -> Option<Self> {
        Some(Self { payload: fields.list("payload")?, meta: fields.object("meta").unwrap_or_default() })
    }
}

#[derive(Default)]
struct Counts {
    articles_count: Option<i64>,
}

impl Wire for Counts {
    fn read(mut fields: Fields) -> Option<Self> {
        Some(Self { articles_count: fields.number("articles_count") })
    }
}

#[derive(Default)]
struct Article {
    id: Option<i64>,
    slug: Option<String>,
    status: Option<String>,
    title: Option<String>,
    description: Option<String>,
    content: Option<String>,
    position: Option<i64>,
    views: Option<i64>,
    last_updated_at: Option<Timestamp>,
    category: Category,
}

impl Wire for Article {
    fn read(mut fields: Fields) -> Option<Self> {
        Some(Self {
            id: fields.number("id"),
            slug: fields.text("slug"),
            status: fields.text("status"),
            title: fields.text("title"),
            description: fields.text("description"),
            content: fields.text("content"),
            position: fields.number("position"),
            views: fields.number("views"),
            last_updated_at: fields.moment("last_updated_at"),
            category: fields.object("category").unwrap_or_default(),
        })
    }
}

impl Chatwoot {
    async fn help_call(&self, mut request: Request<'_>) -> Result<Reply, BackendError> {
        request.root = Root::HelpCenters;
        let label = request.label;
        match self.http.judge(self.http.send(request).await?) {
            Verdict::Fine(reply) => Ok(reply),
            Verdict::Missing => Err(BackendError::refused(Fault::UnknownPortal, format!("{label}: 404"))),
            Verdict::Fault(BackendError { fault: Fault::IdentityRejected, .. }) => {
                Err(BackendError::refused(Fault::UnknownPortal, format!("{label}: 401, not the help centre's host")))
            }
            Verdict::Failed(error) | Verdict::Fault(error) => Err(error),
        }
    }

    async fn portal_page(
        &self,
        portal: &str,
        locale: &str,
        validator: Option<&str>,
    ) -> Result<Fetched<DeskPortal>, BackendError> {
        let mut request = Request::new(Method::GET, "GET help centre", &[portal, &format!("{locale}.json")]);
        request.validator = validator;
        let reply = self.help_call(request).await?;
        if is_unchanged(&reply, validator)? {
            return Ok(Fetched::Unchanged);
        }
        let wire: Portal = reply.object()?;
        let categories = wire.categories.items.into_iter().filter_map(|row| {
            Some(DeskCategory {
                name: row.name?,
                slug: row.slug.filter(|slug| !slug.is_empty())?,
                locale: row.locale.filter(|locale| is_tag(locale))?,
                description: row.description.unwrap_or_default(),
                position: row.position.unwrap_or_default(),
            })
        });
        let default_locale = wire.meta.default_locale.filter(|locale| is_tag(locale));
        let value = DeskPortal {
            categories: categories.collect(),
            default_locale: default_locale.unwrap_or_else(|| locale.to_owned()),
        };
        Ok(Fetched::New { value, validator: reply.etag })
    }

    async fn article_page(
        &self,
        portal: &str,
        locale: &str,
        page: u32,
        validator: Option<&str>,
    ) -> Result<Fetched<DeskArticlePage>, BackendError> {
        let mut request = Request::new(Method::GET, "GET articles", &[portal, locale, "articles.json"]);
        request.query = vec![("per_page", PAGE as i64), ("page", i64::from(page))];
        request.validator = validator;
        request.long = true;
        let reply = self.help_call(request).await?;
        if is_unchanged(&reply, validator)? {
            return Ok(Fetched::Unchanged);
        }
        let wire: Articles = reply.object()?;
        let published = wire.meta.articles_count.and_then(|count| u64::try_from(count).ok());
        let before = u64::from(page).saturating_mul(PAGE as u64);
        let mut value = DeskArticlePage {
            // A full page is the last where the count says so: a page costs the desk a second, an empty one no less.
            has_more: wire.payload.total >= PAGE && published.is_none_or(|published| published > before),
            published,
            ..DeskArticlePage::default()
        };
        for row in wire.payload.items {
            let published = row.id.filter(|_| row.is_published());
            match article(row, locale) {
                Some(article) => value.articles.push(article),
                None => value.left_out.extend(published.map(|id| ArticleId::new(id.to_string()))),
            }
        }
        Ok(Fetched::New { value, validator: reply.etag })
    }

    async fn one_article(
        &self,
        portal: &str,
        slug: &str,
        locale: Option<&str>,
    ) -> Result<Option<DeskArticle>, BackendError> {
        let mut request = Request::new(Method::GET, "GET article", &[portal, "articles", &format!("{slug}.json")]);
        request.root = Root::HelpCenters;
        let reply = match self.http.judge(self.http.send(request).await?) {
            Verdict::Fine(reply) => reply,
            Verdict::Missing => return Ok(None),
            Verdict::Failed(error) | Verdict::Fault(error) => return Err(error),
        };
        let row: Article = reply.object()?;
        if row.slug.as_deref() != Some(slug) {
            return Err(BackendError::unclear(Fault::Desk, "GET article: the answer is of another article"));
        }
        // One without a category does not say its language.
        let of = row.category.locale.clone().filter(|locale| is_tag(locale));
        let of = of.unwrap_or_else(|| locale.unwrap_or_default().to_owned());
        Ok(article(row, &of))
    }

    async fn sitemap(
        &self,
        portal: &str,
        validator: Option<&str>,
    ) -> Result<Fetched<Vec<ListedArticle>>, BackendError> {
        let mut request = Request::new(Method::GET, "GET sitemap", &[portal, "sitemap.xml"]);
        request.validator = validator;
        request.accept = "application/xml";
        request.long = true;
        request.root = Root::HelpCenters;
        request.max_bytes = sitemap::MAX_BYTES;
        let none = |why: String| BackendError::refused(Fault::Unsupported, format!("GET sitemap: {why}"));
        let reply = match self.http.send(request).await {
            // Whatever came, nothing has failed: it is longer than any sitemap.
            Err(BackendError { fault: Fault::Desk, detail, .. }) => return Err(none(detail)),
            reply => reply?,
        };
        let status = reply.status;
        // What a desk without one says, in whatever form: 404 before 3.10, 406 where a proxy changes what is asked for,
        // 403 where a firewall lets no robots in. The others are about whoever asks, or about now.
        let passes = matches!(status.as_u16(), 401 | 407 | 408 | 425 | 429);
        if status.is_client_error() && !passes {
            return Err(none(status.as_u16().to_string()));
        }
        let reply = match self.http.judge(reply) {
            Verdict::Fine(reply) => reply,
            Verdict::Missing => return Err(none(status.as_u16().to_string())),
            Verdict::Fault(BackendError { fault: Fault::IdentityRejected, .. }) => {
                return Err(BackendError::refused(
                    Fault::UnknownPortal,
                    "GET sitemap: 401, not the help centre's host",
                ));
            }
            Verdict::Failed(error) | Verdict::Fault(error) => return Err(error),
        };
        if is_unchanged(&reply, validator)? {
            return Ok(Fetched::Unchanged);
        }
        let value = sitemap::read(&reply.body, &self.http.root(Root::HelpCenters), portal)?;
        Ok(Fetched::New { value, validator: reply.etag })
    }

    async fn fetch_picture(&self, url: &str, max_bytes: usize) -> Result<Vec<u8>, BackendError> {
        let refused = |why: &str| {
            let reason = "This picture can't be shown.".to_owned();
            BackendError::refused(Fault::Refused { reason }, format!("GET picture: {why}"))
        };
        let mut url = Url::parse(url).map_err(|_| refused("no address"))?;
        for _ in 0..=MAX_REDIRECTS {
            let (status, location, body) =
                self.http.fetch(&url, max_bytes).await?.ok_or_else(|| refused("too large"))?;
            if status.is_redirection() {
                let next = location.and_then(|location| url.join(&location).ok()).ok_or_else(|| refused("no way"))?;
                let kept = next.scheme() == "https" || next.scheme() == url.scheme();
                if !matches!(next.scheme(), "http" | "https") || !kept {
                    return Err(refused("leads to something else"));
                }
                url = next;
                continue;
            }
            return match status {
                StatusCode::OK if is_picture(&body) => Ok(body),
                StatusCode::OK => Err(refused("not a picture")),
                status if status.is_client_error() => Err(refused(status.as_str())),
                status => Err(BackendError::unclear(Fault::Desk, format!("GET picture: {}", status.as_u16()))),
            };
        }
        Err(refused("a loop"))
    }
}

impl super::http::Http {
    /// Gets a picture from anywhere, and follows nothing: status, where it leads, and the body; `None` where that is
    /// longer than `max_bytes`.
    async fn fetch(
        &self,
        url: &Url,
        max_bytes: usize,
    ) -> Result<Option<(StatusCode, Option<String>, Vec<u8>)>, BackendError> {
        const LABEL: &str = "GET picture";
        let request =
            self.transport.request(Method::GET, url).header(ACCEPT, "image/*").header(ACCEPT_ENCODING, "gzip");
        let sending = timeout(self.request_timeout, self.transport.send(LABEL, request.body(empty()))).await;
        let mut response = sending.map_err(|_| late(LABEL))??;
        let location = text(&response, &LOCATION).map(str::to_owned);
        let body = whole_body(LABEL, &mut response, max_bytes, self.request_timeout).await?;
        Ok(body.map(|body| (response.status(), location, body)))
    }
}

impl Article {
    fn is_published(&self) -> bool {
        self.status.as_deref() == Some("published")
    }
}

fn article(row: Article, locale: &str) -> Option<DeskArticle> {
    if !row.is_published() {
        return None;
    }
    let name = DeskArticleName {
        id: ArticleId::new(row.id?.to_string()),
        slug: row.slug.filter(|slug| !slug.is_empty())?,
        locale: locale.to_owned(),
    };
    Some(DeskArticle {
        name,
        title: row.title.filter(|title| !rules::is_blank(title))?,
        category: row.category.slug.filter(|slug| !slug.is_empty()),
        description: row.description.unwrap_or_default(),
        content: row.content.unwrap_or_default(),
        // Its article has no place for them.
        phrasings: Vec::new(),
        position: row.position.unwrap_or_default(),
        views: u32::try_from(row.views.unwrap_or_default()).unwrap_or_default(),
        updated_at: row.last_updated_at,
    })
}

/// Whether a text can be a language's tag, and stand in an address.
pub(super) fn is_tag(text: &str) -> bool {
    !text.is_empty() && text.len() <= 32 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// By its first bytes: PNG, JPEG, GIF, WebP, AVIF and HEIC. No SVG, for that is a document that can hold anything.
fn is_picture(bytes: &[u8]) -> bool {
    let riff = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    let heif = bytes.get(4..8) == Some(b"ftyp");
    riff || heif || [&b"\x89PNG"[..], b"\xff\xd8\xff", b"GIF8"].iter().any(|magic| bytes.starts_with(magic))
}

impl HelpCenterBackend for Chatwoot {
    fn portal<'a>(
        &'a self,
        portal: &'a str,
        locale: &'a str,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<DeskPortal>> {
        Box::pin(self.portal_page(portal, locale, validator))
    }

    fn articles<'a>(
        &'a self,
        portal: &'a str,
        locale: &'a str,
        page: u32,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<DeskArticlePage>> {
        Box::pin(self.article_page(portal, locale, page, validator))
    }

    fn article<'a>(
        &'a self,
        portal: &'a str,
        slug: &'a str,
        locale: Option<&'a str>,
    ) -> BackendFuture<'a, Option<DeskArticle>> {
        Box::pin(self.one_article(portal, slug, locale))
    }

    fn article_list<'a>(
        &'a self,
        portal: &'a str,
        validator: Option<&'a str>,
    ) -> BackendFuture<'a, Fetched<Vec<ListedArticle>>> {
        Box::pin(self.sitemap(portal, validator))
    }

    fn count_view<'a>(&'a self, portal: &'a str, article: &'a DeskArticleName) -> BackendFuture<'a, ()> {
        Box::pin(async move {
            let pixel = format!("{}.png", article.slug);
            let reply = self.help_call(Request::new(Method::GET, "GET view", &[portal, "articles", &pixel])).await?;
            if is_picture(&reply.body) {
                return Ok(());
            }
            Err(BackendError::unclear(Fault::Network, "GET view: not the desk's picture"))
        })
    }

    fn picture<'a>(&'a self, url: &'a str, max_bytes: usize) -> BackendFuture<'a, Vec<u8>> {
        Box::pin(self.fetch_picture(url, max_bytes))
    }

    fn article_url(&self, portal: &str, article: &DeskArticleName) -> Option<String> {
        let mut url = self.http.root(Root::HelpCenters);
        url.path_segments_mut().ok()?.extend([portal, "articles", &article.slug]);
        Some(url.into())
    }

    fn article_of_url(&self, portal: &str, url: &str) -> Option<String> {
        // The host is not looked at: a help centre may have a domain of its own, and may have had another before.
        Url::parse(url).ok().and_then(|url| article_path(&url, portal)).map(|(_, slug)| slug)
    }
}

/// The slug of the article that an address is of, if it is of this help centre, and its language, if the address says it.
pub(super) fn article_path(url: &Url, portal: &str) -> Option<(Option<String>, String)> {
    let segments: Vec<&str> = url.path_segments()?.filter(|segment| !segment.is_empty()).collect();
    let at = segments.iter().position(|segment| *segment == "hc")?;
    match segments.get(at + 1..)? {
        [named, "articles", slug] if *named == portal => Some((None, plain(slug))),
        // Older addresses name the language and the category on the way.
        [named, locale, .., "articles", slug] if *named == portal => Some((Some((*locale).to_owned()), plain(slug))),
        _ => None,
    }
}

/// A segment of a path without its percent signs, where they stand for text.
fn plain(segment: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(segment.len()), segment.as_bytes());
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).filter(|_| *first == b'%').and_then(|two| std::str::from_utf8(two).ok());
        match hex.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => (bytes.push(byte), rest = tail.get(2..).unwrap_or_default()),
            None => (bytes.push(*first), rest = tail),
        };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| segment.to_owned())
}
