//! The `pack` command: a starter pack from a desk, or from a folder of Markdown.

use crate::desk::{self, HelpCentre};
use crate::folder;
use crate::lines::{self, Failure, Phrasings};
use shopbell::help::pack::{PackEntry, PackReader, write};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// Where the articles come from.
pub(crate) enum Source<'a> {
    /// A desk, by its address.
    Desk(&'a str),
    /// A folder of Markdown.
    Folder(&'a Path),
}

/// Makes a pack and says what is in it. `locales` are the languages to pack; of a desk all if there are none, of a
/// folder the first is the one of files that name none.
pub(crate) fn pack(
    source: &Source<'_>,
    portal: &str,
    locales: &[String],
    phrasings: Option<&Path>,
    to: &Path,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let (default, mut entries) = match source {
        Source::Desk(url) => from_desk(url, portal, locales)?,
        Source::Folder(path) => {
            let default = locales.first().map_or("en", String::as_str);
            (default.to_owned(), folder::read(path, default)?)
        }
    };
    if let Some(path) = phrasings {
        add_phrasings(&mut entries, path, lines::phrasings(path)?)?;
    }
    let bytes = write(portal, &default, &entries);
    check(&bytes, to)?;
    std::fs::write(to, &bytes).map_err(|error| Failure::File { path: to.to_owned(), error })?;
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for entry in &entries {
        if let PackEntry::Article(article) = entry {
            let count = counts.entry(&article.name.locale).or_default();
            count.0 += 1;
            count.1 += article.phrasings.len();
        }
    }
    for (locale, (articles, phrasings)) in counts {
        writeln!(out, "{locale}: {articles} articles, {phrasings} phrasings")?;
    }
    writeln!(out, "{} bytes in {}", bytes.len(), to.display())?;
    Ok(())
}

/// Reads the pack as an app does: what an app would refuse is better known here.
fn check(bytes: &[u8], to: &Path) -> Result<(), Failure> {
    let wrong = |error: shopbell::help::pack::PackError| Failure::Line {
        path: to.to_owned(),
        line: error.line,
        what: error.problem,
    };
    let mut reader = PackReader::new(bytes).map_err(wrong)?;
    while reader.next_entry().map_err(wrong)?.is_some() {}
    Ok(())
}

fn add_phrasings(entries: &mut [PackEntry], path: &Path, more: Vec<(usize, Phrasings)>) -> Result<(), Failure> {
    for (line, row) in more {
        let of =
            |entry: &&mut PackEntry| matches!(entry, PackEntry::Article(article) if article.name.id.as_str() == row.id);
        match entries.iter_mut().find(of) {
            Some(PackEntry::Article(article)) => article.phrasings.extend(row.phrasings),
            _ => {
                let what = format!("there is no article {:?}", row.id);
                return Err(Failure::Line { path: path.to_owned(), line, what });
            }
        }
    }
    Ok(())
}

fn from_desk(url: &str, portal: &str, locales: &[String]) -> Result<(String, Vec<PackEntry>), Failure> {
    let HelpCentre { default_locale, pulled } = desk::read(url, portal, locales)?;
    let categories = pulled.categories.into_iter().map(PackEntry::Category);
    let articles = pulled.articles.into_iter().map(|row| PackEntry::Article(row.article));
    Ok((default_locale, categories.chain(articles).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_and_phrasings_become_a_pack_that_an_app_reads() {
        let folder = tempfile::tempdir().unwrap();
        let texts = folder.path().join("texts");
        std::fs::create_dir_all(texts.join("returns")).unwrap();
        std::fs::write(texts.join("returns/send-back.md"), "# Send it back\n\nOpen the order.").unwrap();
        let (phrasings, to) = (folder.path().join("p.jsonl"), folder.path().join("starter.pack"));
        std::fs::write(&phrasings, r#"{"id":"returns/send-back","phrasings":["my shoes do not fit"]}"#).unwrap();
        let mut out = Vec::new();
        let source = Source::Folder(&texts);
        pack(&source, "shop", &["en".into()], Some(&phrasings), &to, &mut out).unwrap();
        assert!(String::from_utf8(out).unwrap().starts_with("en: 1 articles, 1 phrasings\n"));
        let bytes = std::fs::read(&to).unwrap();
        let mut reader = PackReader::new(bytes.as_slice()).unwrap();
        assert_eq!((reader.head().portal.as_str(), reader.head().default_locale.as_str()), ("shop", "en"));
        let mut titles = Vec::new();
        while let Some(entry) = reader.next_entry().unwrap() {
            if let PackEntry::Article(article) = entry {
                titles.push((article.title, article.phrasings));
            }
        }
        assert_eq!(titles, [("Send it back".to_owned(), vec!["my shoes do not fit".to_owned()])]);

        std::fs::write(&phrasings, "\n{\"id\":\"nowhere\",\"phrasings\":[]}").unwrap();
        let error = pack(&source, "shop", &[], Some(&phrasings), &to, &mut Vec::new()).unwrap_err().to_string();
        assert!(error.ends_with("p.jsonl:2: there is no article \"nowhere\""), "{error}");
    }

    #[test]
    fn desk_is_packed_in_all_its_languages_or_those_chosen() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let sandbox = runtime.block_on(sandbox::Sandbox::start(sandbox::Options::default())).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("starter.pack");
        let url = sandbox.url();
        let packed = |locales: &[String]| {
            let mut out = Vec::new();
            pack(&Source::Desk(&url), "shop", locales, None, &to, &mut out)?;
            Ok::<_, Failure>(String::from_utf8(out).unwrap())
        };
        let both = packed(&[]).unwrap();
        assert!(both.contains("en: ") && both.contains("vi: "), "{both}");
        assert!(!packed(&["vi".into()]).unwrap().contains("en: "));
        let error = packed(&["fr".into()]).unwrap_err().to_string();
        assert_eq!(error, "the help centre has no language \"fr\"; it has en, vi");
        let error = pack(&Source::Desk(&url), "nowhere", &[], None, &to, &mut Vec::new()).unwrap_err();
        assert!(error.to_string().starts_with("there is no help centre \"nowhere\""), "{error}");
    }
}
