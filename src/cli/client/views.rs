//! What the client asks about, as the server tells it.

use serde::Deserialize;

/// State of a build or a stage. A state that this version does not know is [`Status::Unknown`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the words of `alm_domain::RunStatus`")]
pub enum Status {
    Planned,
    Queued,
    Running,
    WaitingForApproval,
    WaitingForCredential,
    Cancelling,
    Succeeded,
    Unstable,
    Failed,
    Errored,
    Cancelled,
    Skipped,
    #[serde(other)]
    Unknown,
}

impl Status {
    /// Whether it is over.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::Unstable | Self::Failed | Self::Errored | Self::Cancelled | Self::Skipped
        )
    }

    /// For people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::WaitingForApproval => "waiting for approval",
            Self::WaitingForCredential => "waiting for an account to be connected",
            Self::Cancelling => "cancelling",
            Self::Succeeded => "succeeded",
            Self::Unstable => "unstable",
            Self::Failed => "failed",
            Self::Errored => "errored",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
            Self::Unknown => "in an unknown state",
        }
    }
}

/// A build as it stands.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildView {
    /// Grows with every change.
    pub revision: i64,
    /// State of the whole.
    pub status: Status,
    /// Why it is in this state.
    pub status_reason: Option<String>,
    /// Time at work in milliseconds.
    pub duration: Option<f64>,
    /// All stages; absent where an event does not bring them.
    #[serde(default)]
    pub stages: Vec<StageView>,
}

/// A stage as it stands.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageView {
    /// Global id.
    pub id: String,
    /// Grows with every change.
    pub revision: i64,
    /// Name for display.
    pub name: String,
    /// What kind of node it is.
    pub kind: String,
    /// State.
    pub status: Status,
    /// Why it is in this state.
    pub status_reason: Option<String>,
    /// Position among all stages.
    pub position: i64,
    /// Time at work in milliseconds.
    pub duration: Option<f64>,
    /// The decision that it waits for, or waited for.
    pub approval: Option<ApprovalView>,
}

/// A question to people.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalView {
    /// Global id.
    pub id: String,
    /// `PENDING` while it is open.
    pub status: String,
    /// The question.
    pub message: String,
    /// Inputs that are asked for with the decision.
    #[serde(default)]
    pub parameters: Vec<ParameterView>,
}

/// An input of a build or a decision.
#[derive(Debug, Clone, Deserialize)]
pub struct ParameterView {
    /// Key.
    pub name: String,
    /// `STRING`, `TEXT`, `BOOLEAN`, `INTEGER`, `CHOICE` …
    pub kind: String,
    /// Whether a value must be given.
    pub required: bool,
}

/// A line of the log.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LineView {
    /// Its number within the build, from 1.
    pub seq: u64,
    /// Which stage wrote it.
    pub stage_id: Option<String>,
    /// `STDOUT`, `STDERR` or `SYSTEM`.
    pub stream: String,
    /// The text, SGR codes kept.
    pub text: String,
    /// Whether it is the rest of the line before it.
    pub continued: bool,
}

/// A build service, as far as it is needed to find it again.
#[derive(Debug, Clone, Deserialize)]
pub struct ServiceView {
    /// Global id.
    pub id: String,
    /// Short name.
    pub slug: String,
    /// Where its source is.
    pub repository: RepositoryView,
    /// What it runs on.
    pub provider: ProviderId,
}

/// The source of a build service.
#[derive(Debug, Clone, Deserialize)]
pub struct RepositoryView {
    /// Clone address.
    pub url: String,
}

/// Which provider.
#[derive(Debug, Clone, Deserialize)]
pub struct ProviderId {
    /// Global id.
    pub id: String,
}

/// A provider, as far as it is needed to choose one.
#[derive(Debug, Clone, Deserialize)]
pub struct ProviderView {
    /// Global id.
    pub id: String,
    /// Short name.
    pub slug: String,
    /// Family.
    pub kind: String,
}

/// A build that was started.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Started {
    /// Global id.
    pub id: String,
    /// Its number within the build service.
    pub number: u64,
    /// Accounts that must be connected before it goes on.
    #[serde(default)]
    pub waits_for: Vec<AwaitedView>,
}

/// An account that must be connected before a build goes on.
#[derive(Debug, Clone, Deserialize)]
pub struct AwaitedView {
    /// What is wrong, and what to do.
    pub message: String,
    /// What the account opens.
    pub environment: EnvironmentView,
}

/// An environment.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentView {
    /// Name for display.
    pub display_name: String,
    /// Address of the cluster.
    pub url: String,
}
