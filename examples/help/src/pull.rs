//! The `pull` command: a desk's help centre as the JSON lines that the other commands read.

use crate::desk::{self, HelpCentre};
use crate::lines::{Article, Failure};
use std::collections::BTreeMap;
use std::io::Write;

/// Writes every article on a line of its own to `out`, and what was done to `log`. Nothing is written to `out` unless the
/// whole help centre has come.
pub(crate) fn pull(
    url: &str,
    portal: &str,
    locales: &[String],
    out: &mut impl Write,
    log: &mut impl Write,
) -> Result<(), Failure> {
    writeln!(log, "reading the help centre {portal:?} at {url}")?;
    let HelpCentre { pulled, .. } = desk::read(url, portal, locales)?;
    let (mut lines, mut counts) = (Vec::new(), BTreeMap::<String, usize>::new());
    for row in pulled.articles {
        let (article, plain) = (row.article, row.plain);
        *counts.entry(article.name.locale.clone()).or_default() += 1;
        let line = Article {
            id: article.name.id.as_str().to_owned(),
            title: article.title,
            body: plain,
            phrasings: article.phrasings,
            category: article.category,
            popularity: article.views,
            locale: article.name.locale,
        };
        serde_json::to_writer(&mut lines, &line).map_err(|error| Failure::Output(error.into()))?;
        lines.push(b'\n');
    }
    out.write_all(&lines)?;
    out.flush()?;
    for (locale, count) in counts {
        writeln!(log, "{locale}: {count} articles")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{look, pack};
    use sandbox::{Fault, Options, Rule, Sandbox};
    use tokio::runtime::Runtime;

    fn desk() -> (Runtime, Sandbox) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let sandbox = runtime.block_on(Sandbox::start(Options::default())).unwrap();
        (runtime, sandbox)
    }

    /// What is on stdout, and how it ended.
    fn pulled(url: &str, portal: &str, locales: &[String]) -> (String, Result<(), Failure>) {
        let mut out = Vec::new();
        let done = pull(url, portal, locales, &mut out, &mut Vec::new());
        (String::from_utf8(out).unwrap(), done)
    }

    #[test]
    fn what_is_pulled_is_packed_and_searched() {
        let (_runtime, sandbox) = desk();
        for number in 0..230 {
            sandbox.desk().add_article(
                "en",
                &format!("shelf-{}", number % 8),
                &format!("Zebra {number}"),
                "**Striped**.",
            );
        }
        let (lines, done) = pulled(&sandbox.url(), "shop", &[]);
        done.unwrap();
        let published = sandbox.desk().articles().into_iter().filter(|row| !row.draft).count();
        assert_eq!(lines.lines().count(), published, "none is missing, though the desk's pages overlap and miss");
        let folder = tempfile::tempdir().unwrap();
        let (articles, starter) = (folder.path().join("articles.jsonl"), folder.path().join("starter.pack"));
        std::fs::write(&articles, &lines).unwrap();
        let found = |query: &str| {
            let mut found = Vec::new();
            look::search(&articles, Some(query), &mut found).unwrap();
            // Without what marks the matches.
            String::from_utf8(found).unwrap().replace(['[', ']'], "")
        };
        assert!(found("doi tra hang").contains("Đổi trả hàng trong 30 ngày"));
        let zebra = found("zebra 117");
        assert!(zebra.contains("Zebra 117") && zebra.contains("Striped.") && !zebra.contains("**"), "{zebra}");
        // Its phrasings are a pack's.
        let mut said = Vec::new();
        let source = pack::Source::Desk(&sandbox.url());
        pack::pack(&source, "shop", &[], Some(&articles), &starter, &mut said).unwrap();
        assert!(String::from_utf8(said).unwrap().contains("en: 242 articles"));
    }

    #[test]
    fn languages_are_chosen() {
        let (_runtime, sandbox) = desk();
        let (lines, done) = pulled(&sandbox.url(), "shop", &["vi".to_owned()]);
        done.unwrap();
        assert!(lines.lines().count() == 12 && lines.lines().all(|line| line.contains(r#""locale":"vi""#)));
        let (lines, done) = pulled(&sandbox.url(), "shop", &["fr".to_owned()]);
        assert_eq!((lines.as_str(), done.unwrap_err().exit_code()), ("", 1));
        // Of no category, so that the help centre does not name its language.
        sandbox.desk().add_article("fr", "", "Zèbre", "Rayé.");
        let (lines, done) = pulled(&sandbox.url(), "shop", &["fr".to_owned()]);
        done.unwrap();
        assert!(lines.lines().count() == 1 && lines.contains(r#""locale":"fr""#), "{lines}");
    }

    #[test]
    fn what_is_wrong_is_told_and_nothing_is_written() {
        let (runtime, sandbox) = desk();
        let url = sandbox.url();
        let wrong = |url: &str, portal: &str| {
            let (lines, done) = pulled(url, portal, &[]);
            let failure = done.unwrap_err();
            assert_eq!(lines, "", "{failure}");
            (failure.exit_code(), failure.to_string())
        };
        let (code, words) = wrong(&url, "nowhere");
        assert_eq!(code, 5);
        assert!(words.starts_with("there is no help centre \"nowhere\" at http"), "{words}");
        // A web server that is no desk.
        sandbox.faults().add(Rule { path_contains: Some("/hc/".to_owned()), ..Rule::new(Fault::CaptivePortal) });
        let (code, words) = wrong(&url, "shop");
        assert_eq!(code, 4);
        assert!(words.contains("does not answer as a desk"), "{words}");
        sandbox.faults().clear();
        // A desk that fails in the middle: what came before is not written either.
        sandbox.faults().add(Rule { path_contains: Some("vi/articles".to_owned()), ..Rule::new(Fault::Status(503)) });
        assert_eq!(wrong(&url, "shop").0, 6);
        assert_eq!(wrong("not an address", "shop").0, 1);
        drop(sandbox);
        drop(runtime);
        let (code, words) = wrong("http://127.0.0.1:9", "shop");
        assert_eq!(code, 3);
        assert!(words.contains("can't be reached"), "{words}");
    }
}
