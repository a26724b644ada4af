//! What was decided through this service, noted on the Build: so that a decision is delivered once, whoever delivers it. A note says
//! nothing of how a question was settled until Jenkins has taken the decision: it may refuse it, and others may answer there.

use std::collections::BTreeMap;

use alm_domain::{ApprovalKey, ApprovalStatus, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Build;

/// The annotation.
const DECISIONS: &str = "alm.build/decisions";
/// Longest annotation that is read.
const LONGEST: usize = 64 << 10;

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Noted {
    /// What was decided.
    pub(crate) verdict: Verdict,
    /// By whom.
    by: String,
    /// Whether Jenkins has taken it.
    #[serde(default)]
    pub(crate) delivered: bool,
}

/// The decisions that were noted, by question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Decisions(BTreeMap<ApprovalKey, Noted>);

impl Decisions {
    /// Those of a build. What cannot be understood is none.
    pub(crate) fn of(build: &Build) -> Self {
        let text = build.annotations.get(DECISIONS).filter(|text| text.len() <= LONGEST);
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// The decision about a question.
    pub(crate) fn about(&self, key: &ApprovalKey) -> Option<&Noted> {
        self.0.get(key)
    }

    /// How a question that is gone was settled, if it was through us.
    pub(crate) fn settled(&self, key: &ApprovalKey) -> Option<ApprovalStatus> {
        self.about(key).filter(|noted| noted.delivered).map(|noted| match noted.verdict {
            Verdict::Approve => ApprovalStatus::Approved,
            Verdict::Reject => ApprovalStatus::Rejected,
        })
    }

    /// Notes one more.
    pub(crate) fn note(&mut self, key: ApprovalKey, verdict: Verdict, by: &str) {
        self.0.insert(key, Noted { verdict, by: by.chars().take(200).collect(), delivered: false });
    }

    /// Notes that Jenkins has taken one.
    pub(crate) fn deliver(&mut self, key: &ApprovalKey) {
        if let Some(noted) = self.0.get_mut(key) {
            noted.delivered = true;
        }
    }

    /// Forgets one that Jenkins has not taken.
    pub(crate) fn forget(&mut self, key: &ApprovalKey) {
        if self.about(key).is_some_and(|noted| !noted.delivered) {
            self.0.remove(key);
        }
    }

    /// These, as a merge patch for the Build. It is refused where the Build has changed meanwhile.
    pub(crate) fn patch(&self, build: &Build) -> Value {
        json!({ "metadata": {
            "resourceVersion": build.resource_version,
            "annotations": { DECISIONS: json!(self).to_string() },
        }})
    }
}
