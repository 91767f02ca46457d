//! Reads JSON lines, and names the line where something is wrong.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// An article as it stands in a file.
#[derive(Deserialize, Serialize)]
pub(crate) struct Article {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) phrasings: Vec<String>,
    #[serde(default)]
    pub(crate) category: Option<String>,
    #[serde(default)]
    pub(crate) popularity: u32,
    #[serde(default)]
    pub(crate) locale: String,
}

/// A query as it stands in a file.
#[derive(Deserialize)]
pub(crate) struct Query {
    pub(crate) q: String,
    /// The articles that answer; empty if none does, absent if nobody judged.
    pub(crate) rel: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) kind: String,
}

/// More ways in which customers ask for an article.
#[derive(Deserialize)]
pub(crate) struct Phrasings {
    pub(crate) id: String,
    pub(crate) phrasings: Vec<String>,
}

/// Why the program stops.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A file that can't be read.
    File { path: PathBuf, error: std::io::Error },
    /// A line that is not what it should be.
    Line { path: PathBuf, line: usize, what: String },
    /// An output that takes no more.
    Output(std::io::Error),
    /// An index that does not open again: a fault of the search crate.
    Open(shopbell_search::OpenError),
    /// Nothing answers at the desk's address.
    Unreachable { url: String, detail: String },
    /// Something answers there that is no desk.
    NoDesk { url: String, detail: String },
    /// The desk has no help centre of that slug, or not at that address.
    NoHelpCentre { url: String, portal: String },
    /// A desk that can't be asked, that fails, or that keeps an article back.
    Desk(shopbell::SupportError),
    /// A choice that can't be met.
    Choice(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Line { path, line, what } => write!(f, "{}:{line}: {what}", path.display()),
            Self::Output(error) => write!(f, "can't write: {error}"),
            Self::Open(error) => write!(f, "{error}"),
            Self::Unreachable { url, detail } => {
                write!(f, "{url} can't be reached; check the address and the network ({detail})")
            }
            Self::NoDesk { url, detail } => {
                write!(f, "{url} does not answer as a desk; check the address ({detail})")
            }
            Self::NoHelpCentre { url, portal } => write!(
                f,
                "there is no help centre {portal:?} at {url}; the slug is what follows /hc/ in its address, and the \
                 address must be the desk's own or the help centre's domain"
            ),
            Self::Desk(error) => write!(f, "{error}"),
            Self::Choice(what) => f.write_str(what),
        }
    }
}

impl Failure {
    /// What the program ends with: `--help` has the table.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Unreachable { .. } | Self::Desk(shopbell::SupportError::Offline) => 3,
            Self::NoDesk { .. } => 4,
            Self::NoHelpCentre { .. } => 5,
            Self::Desk(error) if error.is_retryable() => 6,
            _ => 1,
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<shopbell::SupportError> for Failure {
    fn from(error: shopbell::SupportError) -> Self {
        Self::Desk(error)
    }
}

/// The articles of a file. Two of one id are an error: which of them a query means, nobody could say.
pub(crate) fn articles(path: &Path) -> Result<Vec<Article>, Failure> {
    let articles: Vec<(usize, Article)> = read(path)?;
    let mut lines: HashMap<&str, usize> = HashMap::new();
    for (line, article) in &articles {
        if let Some(first) = lines.insert(&article.id, *line) {
            let what = format!("the id {:?} stands on line {first} already", article.id);
            return Err(Failure::Line { path: path.to_owned(), line: *line, what });
        }
    }
    Ok(articles.into_iter().map(|(_, article)| article).collect())
}

/// The queries of a file.
pub(crate) fn queries(path: &Path) -> Result<Vec<Query>, Failure> {
    Ok(read(path)?.into_iter().map(|(_, query)| query).collect())
}

/// The phrasings of a file, with the line that each stands on.
pub(crate) fn phrasings(path: &Path) -> Result<Vec<(usize, Phrasings)>, Failure> {
    read(path)
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Vec<(usize, T)>, Failure> {
    let bytes = std::fs::read(path).map_err(|error| Failure::File { path: path.to_owned(), error })?;
    (1..)
        .zip(bytes.split(|byte| *byte == b'\n'))
        .filter(|(_, text)| !text.trim_ascii().is_empty())
        .map(|(line, text)| {
            let wrong = |error: serde_json::Error| {
                // serde_json counts lines too; here there is one.
                let what = error.to_string().replace(" at line 1 column", " at column");
                Failure::Line { path: path.to_owned(), line, what }
            };
            Ok((line, serde_json::from_slice(text).map_err(wrong)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(text: &[u8]) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let failure = articles(file.path()).map(|articles| articles.len()).unwrap_err().to_string();
        failure.rsplit_once(".tmp").map_or(failure.clone(), |(_, rest)| rest.split_once(':').unwrap().1.to_owned())
    }

    const GOOD: &str = "{\"id\":\"1\",\"title\":\"t\",\"body\":\"b\"}\n";

    #[test]
    fn a_wrong_line_is_named() {
        assert_eq!(
            failure(format!("{GOOD}\n{{\"id\":\"2\",\"body\":\"\"}}").as_bytes()),
            "3: missing field `title` at column 20"
        );
        assert_eq!(failure(format!("{GOOD}{GOOD}").as_bytes()), "2: the id \"1\" stands on line 1 already");
        assert!(failure(b"{\"id\":").starts_with("1: EOF while parsing"));
        assert!(failure(b"{\"id\":\"\\ud800\",\"title\":\"\",\"body\":\"\"}").starts_with("1: "));
        assert!(failure(b"\xff\n").starts_with("1: "));
        assert!(failure(b"[1]\n").starts_with("1: "));
    }

    #[test]
    fn a_missing_file_is_named() {
        assert!(articles(Path::new("/nowhere.jsonl")).err().unwrap().to_string().starts_with("/nowhere.jsonl: "));
    }
}
