//! Articles as a folder of Markdown.
//!
//! Each `.md` file is an article; its id is its path without the ending, its category the folder it is in. A file may
//! begin with lines about itself:
//!
//! ```text
//! ---
//! title: Send it back
//! locale: en
//! category: returns
//! description: Free, within 30 days
//! id: 12
//! phrasings:
//! - my shoes do not fit
//! - how do i return this
//! ---
//! ```
//! All are optional. Without a title the first heading is one. An id that is the desk's number of the article keeps the
//! phrasings with it when the desk's articles take over.

use crate::lines::Failure;
use shopbell::ArticleId;
use shopbell::backend::{DeskArticle, DeskArticleName, DeskCategory};
use shopbell::help::pack::PackEntry;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a file says of itself.
#[derive(Debug, Default, PartialEq)]
struct Head {
    fields: BTreeMap<String, String>,
    phrasings: Vec<String>,
}

/// The articles of a folder in the order of their paths, after their categories.
pub(crate) fn read(folder: &Path, locale: &str) -> Result<Vec<PackEntry>, Failure> {
    let mut paths = Vec::new();
    collect(folder, &mut paths)?;
    paths.sort();
    let mut categories: BTreeMap<(String, String), i64> = BTreeMap::new();
    let mut articles = Vec::new();
    for (position, path) in (1_i64..).zip(&paths) {
        let text = std::fs::read_to_string(path).map_err(|error| Failure::File { path: path.clone(), error })?;
        let relative = path.strip_prefix(folder).unwrap_or(path);
        let packed = article(relative, &text, locale, position).map_err(|(line, what)| Failure::Line {
            path: path.clone(),
            line,
            what,
        })?;
        if let Some(category) = &packed.category {
            categories.entry((packed.name.locale.clone(), category.clone())).or_insert(position);
        }
        articles.push(PackEntry::Article(packed));
    }
    let category = |((locale, slug), position): ((String, String), i64)| {
        PackEntry::Category(DeskCategory { name: slug.clone(), slug, locale, description: String::new(), position })
    };
    Ok(categories.into_iter().map(category).chain(articles).collect())
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let wrong = |error| Failure::File { path: folder.to_owned(), error };
    for entry in std::fs::read_dir(folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|ending| ending == "md") {
            paths.push(path);
        }
    }
    Ok(())
}

fn article(path: &Path, text: &str, locale: &str, position: i64) -> Result<DeskArticle, (usize, String)> {
    let (mut head, content) = split(text)?;
    let mut field = |name: &str| head.fields.remove(name).filter(|value| !value.is_empty());
    let stem = path.with_extension("").to_string_lossy().replace('\\', "/");
    let above = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let (title, content) = match (field("title"), heading(content)) {
        (Some(title), _) => (title, content),
        (None, Some((title, rest))) => (title, rest),
        (None, None) => return Err((1, "neither `title:` nor a heading `# …`".to_owned())),
    };
    let id = field("id").unwrap_or_else(|| stem.clone());
    let article = DeskArticle {
        name: DeskArticleName {
            id: ArticleId::new(id),
            slug: stem,
            locale: field("locale").unwrap_or_else(|| locale.to_owned()),
        },
        category: field("category").or(above),
        title,
        description: field("description").unwrap_or_default(),
        content: content.trim().to_owned(),
        phrasings: head.phrasings,
        position,
        views: 0,
        updated_at: None,
    };
    match head.fields.into_keys().next() {
        Some(unknown) => {
            Err((1, format!("`{unknown}:` is not known; title, locale, category, description, id and phrasings are")))
        }
        None => Ok(article),
    }
}

/// What a file says of itself, and the rest.
fn split(text: &str) -> Result<(Head, &str), (usize, String)> {
    let mut head = Head::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rest = match text.split_once('\n') {
        Some((first, rest)) if first.trim_end() == "---" => rest,
        _ => return Ok((head, text)),
    };
    let mut in_phrasings = false;
    for number in 2.. {
        let Some((line, after)) = rest.split_once('\n').or((!rest.is_empty()).then_some((rest, ""))) else { break };
        rest = after;
        let line = line.trim_end();
        if line == "---" {
            return Ok((head, rest));
        }
        match (line.trim_start().strip_prefix("- "), line.split_once(':')) {
            (Some(phrasing), _) if in_phrasings => head.phrasings.push(unquoted(phrasing)),
            (_, Some((name, value))) if !line.starts_with(['-', ' ']) => {
                in_phrasings = name == "phrasings";
                if !in_phrasings && head.fields.insert(name.to_owned(), unquoted(value)).is_some() {
                    return Err((number, format!("`{name}:` stands twice")));
                }
            }
            _ if line.is_empty() => {}
            _ => return Err((number, "neither `name: value` nor `- phrasing`".to_owned())),
        }
    }
    Err((1, "the lines that begin with `---` do not end with one".to_owned()))
}

fn unquoted(value: &str) -> String {
    let value = value.trim();
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(value).to_owned()
}

/// The heading that a text begins with, and the rest.
fn heading(text: &str) -> Option<(String, &str)> {
    let (first, rest) = text.trim_start().split_once('\n').unwrap_or((text.trim_start(), ""));
    let title = first.strip_prefix("# ")?.trim();
    (!title.is_empty()).then(|| (title.to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_one(text: &str) -> Result<DeskArticle, (usize, String)> {
        article(Path::new("returns/send-back.md"), text, "en", 1)
    }

    #[test]
    fn file_says_of_itself_what_its_path_does_not() {
        let text = "---\ntitle: \"Send: it back\"\nlocale: vi\nid: 12\nphrasings:\n- too small\n  - \"does not fit\"\n---\n\nText.";
        let packed = read_one(text).unwrap();
        assert_eq!(packed.title, "Send: it back");
        assert_eq!((packed.name.id.as_str(), packed.name.locale.as_str()), ("12", "vi"));
        assert_eq!(packed.category.as_deref(), Some("returns"));
        assert_eq!(packed.phrasings, ["too small", "does not fit"]);
        assert_eq!(packed.content, "Text.");
    }

    #[test]
    fn file_without_a_head_takes_its_heading_and_its_path() {
        let packed = read_one("\n# Send it back\nOpen the order.\n").unwrap();
        assert_eq!((packed.title.as_str(), packed.content.as_str()), ("Send it back", "Open the order."));
        assert_eq!(packed.name.id.as_str(), "returns/send-back");
    }

    #[test]
    fn what_is_wrong_is_named_by_its_line() {
        let problem = |text: &str| read_one(text).unwrap_err();
        assert_eq!(problem("Text."), (1, "neither `title:` nor a heading `# …`".to_owned()));
        assert_eq!(problem("---\ntitle: a\nnonsense\n---\n").0, 3);
        assert_eq!(problem("---\ntitle: a\ntitle: b\n---\n"), (3, "`title:` stands twice".to_owned()));
        assert_eq!(problem("---\ntitle: a\n").0, 1);
        assert!(problem("---\ntitle: a\nauthor: me\n---\n").1.starts_with("`author:` is not known"));
    }
}
