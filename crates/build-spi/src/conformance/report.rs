//! What came of a run of the suite.

use std::fmt;

use super::Check;

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The provider does what it should.
    Passed,
    /// The check does not apply, or could not be done, for this reason. Proves nothing.
    Skipped(String),
    /// The provider does not do what it should.
    Failed(String),
}

/// What came of a run of the suite: one outcome for each check, in their order.
#[derive(Debug, Clone)]
pub struct Report {
    /// The outcomes.
    pub outcomes: Vec<(Check, Outcome)>,
}

impl Report {
    /// The checks that failed.
    #[must_use]
    pub fn failed(&self) -> Vec<Check> {
        self.which(|outcome| matches!(outcome, Outcome::Failed(_)))
    }

    /// The checks that were skipped.
    #[must_use]
    pub fn skipped(&self) -> Vec<Check> {
        self.which(|outcome| matches!(outcome, Outcome::Skipped(_)))
    }

    /// The checks that passed.
    #[must_use]
    pub fn passed(&self) -> Vec<Check> {
        self.which(|outcome| *outcome == Outcome::Passed)
    }

    /// For tests.
    ///
    /// # Panics
    /// When a check failed; the message is the whole report.
    #[expect(clippy::panic, reason = "this is an assertion for tests")]
    pub fn assert_passed(&self) {
        if !self.failed().is_empty() {
            panic!("the provider does not conform:\n{self}");
        }
    }

    fn which(&self, wanted: impl Fn(&Outcome) -> bool) -> Vec<Check> {
        self.outcomes.iter().filter(|(_, outcome)| wanted(outcome)).map(|(check, _)| *check).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (check, outcome) in &self.outcomes {
            match outcome {
                Outcome::Passed => writeln!(f, "passed   {check}")?,
                Outcome::Skipped(why) => writeln!(f, "SKIPPED  {check}: {why}")?,
                Outcome::Failed(why) => {
                    writeln!(f, "FAILED   {check}: {why}\n         {}", check.promise())?;
                }
            }
        }
        let (passed, skipped) = (self.passed().len(), self.skipped().len());
        write!(f, "{passed} passed, {} failed, {skipped} skipped", self.failed().len())
    }
}
