//! What was found, and how it is shown.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// The longest piece of foreign text that a line shows.
const MAX_FOREIGN: usize = 80;

/// What a finding means for the integration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Good to know; nothing must be done.
    Note,
    /// Not looked at; the finding says what is needed for it.
    Skip,
    /// Customers will notice. Nothing stops.
    Warn,
    /// The integration can't go live with it.
    Stop,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Skip => "skip",
            Self::Warn => "WARN",
            Self::Stop => "STOP",
        }
    }
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// What was checked, such as `tls.certificate`: a name that does not change between releases.
    pub check: &'static str,
    /// What it means.
    pub verdict: Verdict,
    /// What was seen.
    pub seen: String,
    /// What to do about it, if anything.
    #[serde(rename = "do")]
    pub advice: Option<String>,
    /// The figures behind it, by names that do not change; times in milliseconds end in `_ms`.
    pub values: BTreeMap<&'static str, Value>,
}

impl Finding {
    fn new(check: &'static str, verdict: Verdict, seen: &str, advice: Option<&str>) -> Self {
        Self { check, verdict, seen: plain(seen), advice: advice.map(plain), values: BTreeMap::new() }
    }

    pub(crate) fn ok(check: &'static str, seen: impl AsRef<str>) -> Self {
        Self::new(check, Verdict::Ok, seen.as_ref(), None)
    }

    pub(crate) fn note(check: &'static str, seen: impl AsRef<str>) -> Self {
        Self::new(check, Verdict::Note, seen.as_ref(), None)
    }

    pub(crate) fn skip(check: &'static str, needs: impl AsRef<str>) -> Self {
        Self::new(check, Verdict::Skip, &format!("not looked at ({})", needs.as_ref()), None)
    }

    pub(crate) fn warn(check: &'static str, seen: impl AsRef<str>, advice: impl AsRef<str>) -> Self {
        Self::new(check, Verdict::Warn, seen.as_ref(), Some(advice.as_ref()))
    }

    pub(crate) fn stop(check: &'static str, seen: impl AsRef<str>, advice: impl AsRef<str>) -> Self {
        Self::new(check, Verdict::Stop, seen.as_ref(), Some(advice.as_ref()))
    }

    pub(crate) fn advised(mut self, advice: impl AsRef<str>) -> Self {
        self.advice = Some(plain(advice.as_ref()));
        self
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.values.insert(name, value.into());
        self
    }
}

/// Without control characters: what a desk says must not steer the terminal that shows it.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Foreign text, cut to what a line can hold.
pub(crate) fn brief(text: &str) -> String {
    let mut cut: String = text.chars().take(MAX_FOREIGN).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

/// All findings of a run, in the order of the examination.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The form of this report: a change that takes a name away or gives it another meaning counts up.
    pub format: u32,
    /// The desk's address.
    pub desk: String,
    /// The inbox's identifier.
    pub inbox: String,
    /// Whether anything at all answered at the address.
    pub reached: bool,
    /// The findings.
    pub findings: Vec<Finding>,
}

impl Report {
    /// What the process ends with: 0 if nothing stops an integration, 1 if something does, 2 if nothing answered.
    pub fn exit_code(&self) -> u8 {
        if !self.reached {
            return 2;
        }
        u8::from(self.findings.iter().any(|finding| finding.verdict == Verdict::Stop))
    }

    /// A line a finding: verdict, check, what was seen, and after an arrow what to do.
    pub fn table(&self) -> String {
        let width = self.findings.iter().map(|finding| finding.check.len()).max().unwrap_or(0);
        let lines = self.findings.iter().map(|finding| {
            let advice = finding.advice.as_deref().map(|advice| format!(" -> {advice}")).unwrap_or_default();
            format!("{:<4}  {:<width$}  {}{advice}\n", finding.verdict.word(), finding.check, finding.seen)
        });
        let count = |verdict| self.findings.iter().filter(|finding| finding.verdict == verdict).count();
        let (stops, warnings) = (count(Verdict::Stop), count(Verdict::Warn));
        let end = match (self.reached, stops, warnings) {
            (false, ..) => "The desk was not reached.".to_owned(),
            (true, 0, 0) => "Nothing stops an integration.".to_owned(),
            (true, 0, _) => format!("Nothing stops an integration. Customers will notice: {warnings}."),
            (true, ..) => format!("Stops an integration: {stops}. Customers will notice: {warnings}."),
        };
        format!("{}  inbox {}\n\n{}\n{end}\n", plain(&self.desk), plain(&self.inbox), lines.collect::<String>())
    }

    /// The same as JSON.
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn report(findings: Vec<Finding>) -> Report {
        Report { format: 1, desk: "https://d.example/".to_owned(), inbox: "shop".to_owned(), reached: true, findings }
    }

    #[test]
    fn exit_code_says_whether_anything_stops() {
        let warn = Finding::warn("a", "b", "c");
        assert_eq!(report(vec![Finding::ok("a", "b"), Finding::skip("a", "b"), warn.clone()]).exit_code(), 0);
        assert_eq!(report(vec![warn, Finding::stop("a", "b", "c")]).exit_code(), 1);
        assert_eq!(Report { reached: false, ..report(vec![]) }.exit_code(), 2);
    }

    #[test]
    fn foreign_text_does_not_steer_a_terminal() {
        let finding = Finding::warn("a", "\u{1b}[2Jx\ny\u{9b}z", "\u{7}");
        assert_eq!((finding.seen.as_str(), finding.advice.as_deref()), (" [2Jx y z", Some(" ")));
        assert_eq!(brief(&"é".repeat(90)).chars().count(), MAX_FOREIGN + 1);
        assert_eq!(brief("short"), "short");
    }

    #[test]
    fn table_has_a_line_for_each_finding() {
        let table = report(vec![Finding::ok("a.b", "fine"), Finding::stop("long.name", "bad", "mend it")]).table();
        assert_eq!(
            table,
            "https://d.example/  inbox shop\n\nok    a.b        fine\nSTOP  long.name  bad -> mend it\n\n\
             Stops an integration: 1. Customers will notice: 0.\n"
        );
    }
}
