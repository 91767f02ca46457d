//! Starter packs: a help centre in one file, which an app brings along so that its first run answers without a network.
//!
//! A pack is lines of JSON: a head, then a line for each category and each article. The head says how many bytes follow
//! and their SHA-256, so that a pack that is cut or changed is refused whole. A pack of a newer format is refused, too.
//! `shopbell-help pack` writes them.

use std::{
    collections::HashSet,
    fmt,
    io::{BufRead, Read as _},
};

use ring::digest::{Context, SHA256};
use serde::Serialize;

use crate::{
    backend::{DeskArticle, DeskArticleName, DeskCategory},
    json::{self, from_json},
    model::{ArticleId, Timestamp},
};

/// The format that this code writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// The longest line that is read: three times the largest article that makes any sense.
const MAX_LINE: u64 = 16 << 20;

/// What a pack says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackHead {
    /// The help centre's slug.
    pub portal: String,
    /// Its default language.
    pub default_locale: String,
    /// Of all that follows: tells one pack from another.
    pub digest: String,
    bytes: u64,
}

/// A part of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PackEntry {
    /// A category.
    Category(DeskCategory),
    /// An article.
    Article(DeskArticle),
}

/// Why a pack is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackError {
    /// The line, from 1 on.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of the starter pack: {}", self.line, self.problem)
    }
}

impl std::error::Error for PackError {}

#[derive(Serialize)]
struct Head {
    shopbell_help_pack: u32,
    portal: String,
    default_locale: String,
    bytes: u64,
    sha256: String,
}

from_json!(Head { shopbell_help_pack, portal, default_locale, bytes, sha256 });

#[derive(Serialize)]
struct Line {
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<Category>,
    #[serde(skip_serializing_if = "Option::is_none")]
    article: Option<Article>,
}

from_json!(Line { category, article });

#[derive(Serialize)]
struct Category {
    slug: String,
    locale: String,
    name: String,
    description: String,
    position: i64,
}

from_json!(Category { slug, locale, name, description or String::new(), position or 0 });

#[derive(Serialize)]
struct Article {
    id: String,
    slug: String,
    locale: String,
    title: String,
    content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    description: String,
    position: i64,
    views: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    phrasings: Vec<String>,
}

from_json!(Article {
    id,
    slug,
    locale,
    title,
    content,
    category,
    description or String::new(),
    position or 0,
    views or 0,
    updated_at,
    phrasings or Vec::new(),
});

/// A pack's bytes.
///
/// ```
/// use shopbell::{ArticleId, backend::{DeskArticle, DeskArticleName}};
/// use shopbell::help::pack::{PackEntry, PackReader, write};
///
/// let name = DeskArticleName { id: ArticleId::new("1"), slug: "returns".into(), locale: "en".into() };
/// let article = DeskArticle {
///     name, category: None, title: "Returns".into(), description: String::new(), content: "Open your order.".into(),
///     phrasings: vec!["send it back".into()], position: 1, views: 0, updated_at: None,
/// };
/// let entry = PackEntry::Article(article);
/// let bytes = write("shop", "en", [&entry]);
///
/// let mut reader = PackReader::new(bytes.as_slice())?;
/// assert_eq!(reader.head().portal, "shop");
/// assert_eq!(reader.next_entry()?, Some(entry));
/// assert_eq!(reader.next_entry()?, None);
/// # Ok::<(), shopbell::help::pack::PackError>(())
/// ```
pub fn write<'a>(portal: &str, default_locale: &str, entries: impl IntoIterator<Item = &'a PackEntry>) -> Vec<u8> {
    let mut body = Vec::new();
    for entry in entries {
        // A record of texts and numbers can't fail to be written.
        if serde_json::to_writer(&mut body, &line_of(entry)).is_ok() {
            body.push(b'\n');
        }
    }
    let mut context = Context::new(&SHA256);
    context.update(&body);
    let head = Head {
        shopbell_help_pack: FORMAT,
        portal: portal.to_owned(),
        default_locale: default_locale.to_owned(),
        bytes: body.len() as u64,
        sha256: hex(context),
    };
    let mut out = serde_json::to_vec(&head).unwrap_or_default();
    out.push(b'\n');
    out.extend(body);
    out
}

/// Reads a pack part by part. Only with the last part is it known that the pack is whole: what was read before an error
/// is to be thrown away.
pub struct PackReader<R> {
    input: R,
    head: PackHead,
    line: usize,
    read: u64,
    digest: Context,
    ids: HashSet<String>,
}

impl<R: BufRead> PackReader<R> {
    /// Reads the head.
    pub fn new(mut input: R) -> Result<Self, PackError> {
        let text = line(&mut input, 1)?;
        let version = serde_json::from_slice::<serde_json::Value>(&text).ok();
        let version = version.as_ref().and_then(|head| head.get("shopbell_help_pack")?.as_u64());
        let wrong = |problem: &str| PackError { line: 1, problem: problem.to_owned() };
        match version {
            None => return Err(wrong("this is no starter pack; make one with shopbell-help pack")),
            Some(version) if version > u64::from(FORMAT) => {
                return Err(wrong(&format!(
                    "it has format {version}, and this app reads up to {FORMAT}: update the app"
                )));
            }
            Some(_) => {}
        }
        let head: Head = json::from_slice(&text).map_err(|error| at(1, &error))?;
        let head = PackHead {
            portal: head.portal,
            default_locale: head.default_locale,
            digest: head.sha256,
            bytes: head.bytes,
        };
        Ok(Self { input, head, line: 1, read: 0, digest: Context::new(&SHA256), ids: HashSet::new() })
    }

    /// What the pack says of itself.
    pub fn head(&self) -> &PackHead {
        &self.head
    }

    /// The next part; `None` at the end of a pack that is whole.
    ///
    /// Errors: a pack that is cut or changed, a line that makes no sense, two articles of one id.
    pub fn next_entry(&mut self) -> Result<Option<PackEntry>, PackError> {
        self.line += 1;
        let text = line(&mut self.input, self.line)?;
        let wrong = |problem: &str| PackError { line: self.line, problem: problem.to_owned() };
        if text.is_empty() {
            let whole = self.read == self.head.bytes && hex(self.digest.clone()) == self.head.digest;
            return if whole { Ok(None) } else { Err(wrong("the pack is cut or damaged; build it again")) };
        }
        self.read += text.len() as u64;
        self.digest.update(&text);
        let parsed: Line = json::from_slice(&text).map_err(|error| at(self.line, &error))?;
        let entry = match (parsed.category, parsed.article) {
            (Some(row), None) => PackEntry::Category(category(row)),
            (None, Some(row)) => {
                if row.id.is_empty() || row.title.trim().is_empty() || row.locale.is_empty() {
                    return Err(wrong("an article needs an id, a title and a locale"));
                }
                if !self.ids.insert(row.id.clone()) {
                    return Err(wrong("the id of an article before"));
                }
                PackEntry::Article(article(row))
            }
            _ => return Err(wrong("neither a category nor an article")),
        };
        Ok(Some(entry))
    }
}

impl<R> fmt::Debug for PackReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PackReader").field("head", &self.head).field("line", &self.line).finish_non_exhaustive()
    }
}

/// One line with its end; empty at the end of the input.
fn line(input: &mut impl BufRead, number: usize) -> Result<Vec<u8>, PackError> {
    let mut text = Vec::new();
    let read = input.by_ref().take(MAX_LINE).read_until(b'\n', &mut text);
    let problem = match read {
        Ok(_) if text.len() as u64 >= MAX_LINE => format!("longer than {MAX_LINE} bytes"),
        Ok(_) => return Ok(text),
        Err(error) => error.to_string(),
    };
    Err(PackError { line: number, problem })
}

/// Serde's class and place: its own text may quote what it read.
fn at(line: usize, error: &serde_json::Error) -> PackError {
    let problem = match error.classify() {
        serde_json::error::Category::Data => "a field is missing or of another kind".to_owned(),
        class => format!("{class:?} error at column {}", error.column()),
    };
    PackError { line, problem }
}

fn hex(digest: Context) -> String {
    use fmt::Write as _;
    digest.finish().as_ref().iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string can't fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn line_of(entry: &PackEntry) -> Line {
    match entry {
        PackEntry::Category(DeskCategory { slug, locale, name, description, position }) => Line {
            category: Some(Category {
                slug: slug.clone(),
                locale: locale.clone(),
                name: name.clone(),
                description: description.clone(),
                position: *position,
            }),
            article: None,
        },
        PackEntry::Article(article) => Line {
            category: None,
            article: Some(Article {
                id: article.name.id.as_str().to_owned(),
                slug: article.name.slug.clone(),
                locale: article.name.locale.clone(),
                title: article.title.clone(),
                content: article.content.clone(),
                category: article.category.clone(),
                description: article.description.clone(),
                position: article.position,
                views: article.views,
                updated_at: article.updated_at,
                phrasings: article.phrasings.clone(),
            }),
        },
    }
}

fn category(row: Category) -> DeskCategory {
    let Category { slug, locale, name, description, position } = row;
    DeskCategory { slug, locale, name, description, position }
}

fn article(row: Article) -> DeskArticle {
    let name = DeskArticleName { id: ArticleId::new(row.id), slug: row.slug, locale: row.locale };
    DeskArticle {
        name,
        category: row.category,
        title: row.title,
        description: row.description,
        content: row.content,
        phrasings: row.phrasings,
        position: row.position,
        views: row.views,
        updated_at: row.updated_at,
    }
}
