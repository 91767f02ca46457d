//! What came of a run.

use std::fmt;

/// What came of all checks.
///
/// ```
/// use shopbell::testing::conformance::Report;
/// assert!(Report::default().failed().is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// One for each check, in the order of the port's methods.
    pub rows: Vec<Row>,
}

/// What came of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The promise, as `<condition>_<outcome>`.
    pub name: &'static str,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The adapter keeps the promise.
    Passed,
    /// It can't be looked at here, and why.
    Skipped(String),
    /// The adapter breaks it, and how.
    Failed(String),
}

impl Report {
    /// The names of the checks that failed.
    pub fn failed(&self) -> Vec<&'static str> {
        self.names(|outcome| matches!(outcome, Outcome::Failed(_)))
    }

    /// The names of the checks that could not be made: pin them in a test.
    pub fn skipped(&self) -> Vec<&'static str> {
        self.names(|outcome| matches!(outcome, Outcome::Skipped(_)))
    }

    /// Fails the test with the whole table where a check failed. Skipped ones are none of its business: see
    /// [`skipped`](Self::skipped).
    ///
    /// # Panics
    /// Where a check failed.
    #[allow(clippy::panic, reason = "it is how a test fails")]
    #[track_caller]
    pub fn assert_all_passed(&self) {
        let failed = self.failed();
        if !failed.is_empty() {
            panic!("the adapter breaks {} promises of the port:\n{self}", failed.len());
        }
    }

    fn names(&self, wanted: impl Fn(&Outcome) -> bool) -> Vec<&'static str> {
        self.rows.iter().filter(|row| wanted(&row.outcome)).map(|row| row.name).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.name.len()).max().unwrap_or_default();
        for row in &self.rows {
            match &row.outcome {
                Outcome::Passed => writeln!(f, "ok      {}", row.name)?,
                Outcome::Skipped(why) => writeln!(f, "skipped {:width$}  {why}", row.name)?,
                Outcome::Failed(why) => writeln!(f, "FAILED  {:width$}  {why}", row.name)?,
            }
        }
        let (failed, skipped) = (self.failed().len(), self.skipped().len());
        let passed = self.rows.len().saturating_sub(failed).saturating_sub(skipped);
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}
