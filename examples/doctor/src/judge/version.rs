//! Which release the desk is, and what the adapter's table knows of it.

use serde_json::Value;
use shopbell::backend::chatwoot::versions::{Quirk, Span, TABLE, Version, quirks};

use super::in_words;
use crate::{
    probe::http::{Outcome, good},
    report::{Finding, brief},
};

/// What the answer to `GET /api` means.
pub(crate) fn judge(outcome: &Outcome) -> Vec<Finding> {
    const CHECK: &str = "version";
    let told = good(outcome).and_then(|told| told.get("version").and_then(Value::as_str).map(str::to_owned));
    let Some(told) = told else {
        let seen = format!("the desk does not tell its version ({})", in_words(outcome));
        return vec![Finding::warn(
            CHECK,
            seen,
            format!("let GET /api through the proxy; the desk must be {} or newer", safe()),
        )];
    };
    let Some(version) = Version::parse(&told) else {
        let seen = format!("the version is \"{}\", which is no number", brief(&told));
        return vec![Finding::warn(
            CHECK,
            seen,
            format!("look at what it was built from: it must be {} or newer", safe()),
        )];
    };
    let found: Vec<Finding> = quirks(version).map(|(quirk, span)| finding(quirk, span)).collect();
    let first = match found.iter().any(|finding| finding.advice.is_some()) {
        true => Finding::note(CHECK, version.to_string()),
        false => Finding::ok(CHECK, version.to_string()),
    };
    let first = first.with("version", version.to_string());
    [first].into_iter().chain(found).collect()
}

fn finding(quirk: Quirk, span: Span) -> Finding {
    let (Span::Before(edge) | Span::From(edge)) = span;
    let update = format!("update the desk to {edge} or newer");
    match quirk {
        Quirk::ConversationsExposed => Finding::stop(
            "version.conversations",
            format!(
                "before {edge} anybody who knows a customer's e-mail or phone reads and writes their conversations"
            ),
            update,
        ),
        Quirk::HistoryUnavailable => Finding::stop(
            "version.history",
            format!("before {edge} a logged-in customer's list always fails: no history from other phones"),
            update,
        ),
        Quirk::NoSitemap => Finding::warn(
            "version.sitemap",
            format!("before {edge} the help centre has no sitemap: it is read in pages, which may miss articles"),
            update,
        ),
        Quirk::ShortRows => Finding::note(
            "version.fields",
            format!("before {edge} files come without their type and surveys without their form; the SDK does without"),
        ),
        Quirk::NoArticlePictures => {
            Finding::note("version.views", format!("before {edge} an article read in the app is not counted as a view"))
        }
        Quirk::PatchAnswersAsGet => Finding::note(
            "version.patch",
            format!("from {edge} a changed contact's answer does not say whose it is; the SDK asks the list then"),
        ),
    }
    .with("edge", edge.to_string())
}

/// The release from which on nothing is left open, for words elsewhere.
pub(crate) fn safe() -> String {
    let edges = TABLE.iter().filter(|(quirk, _)| *quirk == Quirk::ConversationsExposed);
    edges.map(|(_, Span::Before(edge) | Span::From(edge))| edge.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        judge::made::answer,
        probe::http::Trouble,
        report::Verdict::{self, Note, Ok as Fine, Stop, Warn},
    };

    fn of(outcome: Outcome) -> Vec<(&'static str, Verdict)> {
        judge(&outcome).iter().map(|finding| (finding.check, finding.verdict)).collect()
    }

    #[test]
    fn version_is_judged_by_the_adapters_table() {
        let told = |version: &str| of(Ok(answer(200, &format!("{{\"version\":\"{version}\"}}"))));
        assert_eq!(
            told("3.9.1"),
            [
                ("version", Note),
                ("version.conversations", Stop),
                ("version.history", Stop),
                ("version.sitemap", Warn),
                ("version.fields", Note),
                ("version.views", Note)
            ]
        );
        assert_eq!(told("4.13.0"), [("version", Note), ("version.conversations", Stop)]);
        assert_eq!(told("4.15.1"), [("version", Fine)]);
        assert_eq!(told("v4.16.2-ee"), [("version", Fine), ("version.patch", Note)]);
        assert_eq!(told("develop"), [("version", Warn)]);
        assert_eq!(safe(), "4.14.0");
    }

    #[test]
    fn version_that_is_not_told_is_a_warning() {
        for outcome in
            [Ok(answer(404, "{}")), Ok(answer(200, "<html>")), Ok(answer(200, "{\"version\":4}")), Err(Trouble::Cut)]
        {
            assert_eq!(of(outcome), [("version", Warn)]);
        }
    }

    #[test]
    fn advice_names_the_release_to_update_to() {
        let findings = judge(&Ok(answer(200, "{\"version\":\"4.6.0\"}")));
        let advice: Vec<_> = findings.iter().filter_map(|finding| finding.advice.as_deref()).collect();
        assert_eq!(advice, ["update the desk to 4.14.0 or newer", "update the desk to 4.7.0 or newer"]);
    }
}
