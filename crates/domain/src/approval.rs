//! Decisions asked of people.

use serde::{Deserialize, Serialize};

use crate::{
    Actor, ApprovalId, AwaitedCredential, BuildId, DeploymentId, EventSeq, ParameterDefinition, ParameterValue,
    StageKey, Timestamp,
};

/// The provider's name for a question, unique within its build.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApprovalKey(String);

impl ApprovalKey {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for ApprovalKey {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

/// State of an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ApprovalStatus {
    /// Open: nobody has decided.
    Pending,
    /// Decided and stored; the provider has not confirmed it yet.
    Delivering,
    /// Enough said yes, and the provider knows.
    Approved,
    /// Somebody said no, and the provider knows.
    Rejected,
    /// Nobody answered in time.
    Expired,
    /// The question went away, for example because the build was cancelled.
    Withdrawn,
}

impl ApprovalStatus {
    /// Whether nothing can change any more.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Approved | Self::Rejected | Self::Expired | Self::Withdrawn)
    }
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// Yes.
    Approve,
    /// No.
    Reject,
}

/// What one person said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApprovalDecision {
    /// Who.
    pub actor: Actor,
    /// Yes or no.
    pub verdict: Verdict,
    /// In their words.
    pub comment: Option<String>,
    /// Inputs given with the decision.
    pub parameters: Vec<ParameterValue>,
    /// When it was stored.
    pub at: Timestamp,
}

const fn one() -> u32 {
    1
}

const fn yes() -> bool {
    true
}

/// A question that a build waits with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// Names it globally.
    pub id: ApprovalId,
    /// The build that waits.
    pub build: BuildId,
    /// The provider's name for it.
    pub key: ApprovalKey,
    /// The stage that waits.
    pub stage: Option<StageKey>,
    /// The deployment that waits: then the question is ours, and no engine hears of it.
    #[serde(default)]
    pub deployment: Option<DeploymentId>,
    /// How many must say yes.
    #[serde(default = "one")]
    pub required: u32,
    /// Whether whoever asked for the deployment may say yes too.
    #[serde(default = "yes")]
    pub self_approval: bool,
    /// Grows with every change.
    pub revision: EventSeq,
    /// State.
    pub status: ApprovalStatus,
    /// The question.
    pub message: String,
    /// Label of the button that says yes.
    pub proceed_label: String,
    /// Inputs asked for with the decision; at most 50.
    pub parameters: Vec<ParameterDefinition>,
    /// What was said, oldest first.
    pub decisions: Vec<ApprovalDecision>,
    /// The account of whoever decided last without which the decision on its way is not delivered; `None` once it is settled.
    #[serde(default)]
    pub awaits: Option<AwaitedCredential>,
    /// When it was asked.
    pub requested_at: Timestamp,
    /// When it lapses.
    pub expires_at: Option<Timestamp>,
    /// When the provider confirmed the decision.
    pub delivered_at: Option<Timestamp>,
}

impl Approval {
    /// Whether enough people have said yes to the deployment that waits.
    #[must_use]
    pub fn is_carried(&self) -> bool {
        let yes = self.decisions.iter().filter(|said| said.verdict == Verdict::Approve).count();
        yes >= self.required as usize
    }

    /// Why this person may not decide about the deployment that waits, `requester` being who asked for it.
    #[must_use]
    pub fn closed_to(&self, actor: &Actor, requester: &Actor) -> Option<&'static str> {
        self.deployment?;
        if actor.key() == requester.key() && !self.self_approval {
            return Some("whoever asked for a deployment may not decide about it here: ask somebody else");
        }
        let has_said = self.decisions.iter().any(|said| said.actor.key() == actor.key());
        has_said.then_some("you have decided about this deployment already: others must, too")
    }

    /// Moves on as the provider says, or refuses.
    ///
    /// # Errors
    /// `Err` holds the state that cannot be left.
    pub(crate) fn settle(&mut self, to: ApprovalStatus) -> Result<(), ApprovalStatus> {
        let legal = match (self.status, to) {
            (from, to) if from == to => true,
            (from, _) if from.is_settled() => false,
            (ApprovalStatus::Delivering, ApprovalStatus::Pending) => return Ok(()), // the engine has not heard of it yet
            (_, ApprovalStatus::Delivering) => false,
            _ => true,
        };
        if !legal {
            return Err(self.status);
        }
        self.status = to;
        if to.is_settled() {
            self.awaits = None;
        }
        Ok(())
    }
}
