//! Runs: the engine's side of builds.

use alm_domain::{
    ApprovalKey, ApprovalObservation, Artifact, BuildId, CapabilityNote, Commit, LogLine, ParameterValue, RerunFrom,
    RunObservation, StageObservation, Timestamp, Verdict,
};
use serde::{Deserialize, Serialize};

use crate::{Access, BuildConfigSpec, ConfigRef, NamedSecret};

/// The engine's own name for a run; opaque to everybody but its provider. At most 1 KiB.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunRef(pub String);

/// A build to start.
#[derive(Debug, Clone)]
pub struct StartBuild {
    /// The build: what starting is idempotent by.
    pub build: BuildId,
    /// Its number within the build service, for names and labels at the engine.
    pub number: u32,
    /// The build configuration at the engine.
    pub config: ConfigRef,
    /// The build configuration as it was when the build was asked for.
    pub spec: BuildConfigSpec,
    /// Branch, tag or commit.
    pub reference: String,
    /// Inputs as given; the provider fills in defaults.
    pub parameters: Vec<ParameterValue>,
    /// Secrets for this build only; empty where the provider does not declare [`Secrets`](alm_domain::Capability::Secrets).
    pub secrets: Vec<NamedSecret>,
    /// Names of environments whose token the build does not get with its start. It comes later, by
    /// [`supply`](crate::BuildProvider::supply), and their stages wait for it; where the provider does not declare
    /// [`LateSecrets`](alm_domain::Capability::LateSecrets) it never comes, and the run says what it lacks.
    pub withheld: Vec<String>,
}

/// A build that repeats another one.
#[derive(Debug, Clone)]
pub struct RerunBuild {
    /// The new build.
    pub start: StartBuild,
    /// The run to repeat. It may have been released.
    pub of: RunRef,
    /// The build to repeat.
    pub of_build: BuildId,
    /// The commit that it built: the repetition builds the same one. `None` when it never got as far as a commit.
    pub commit: Option<Commit>,
    /// Where to begin.
    pub from: RerunFrom,
    /// How the stages of that build ended.
    pub stages: Vec<StageObservation>,
    /// What it left behind.
    pub artifacts: Vec<Artifact>,
}

/// A build that brings what another one made to an environment.
#[derive(Debug, Clone)]
pub struct DeployBuild {
    /// The new build, with the reference and the inputs of the one whose version it is.
    pub start: StartBuild,
    /// The run that made the version. It may have been released.
    pub of: RunRef,
    /// The build that made the version.
    pub of_build: BuildId,
    /// The commit that it built: no other one is deployed. `None` where the engine knows of no commits.
    pub commit: Option<Commit>,
    /// How the stages of that build ended.
    pub stages: Vec<StageObservation>,
    /// What it left behind: what a deploying stage builds on is laid out for it again.
    pub artifacts: Vec<Artifact>,
    /// Where to: the name that stages give as their environment.
    pub environment: String,
    /// What has that name.
    pub target: DeployTarget,
    /// What the version is called; see [`version_label`](alm_domain::version_label).
    pub version: String,
}

/// Where a deployment goes. It can be another cluster than the one that builds, with another authority.
#[derive(Debug, Clone)]
pub struct DeployTarget {
    /// Address of its API, in normal form.
    pub url: String,
    /// The part of it that is meant, where it has parts.
    pub namespace: Option<String>,
    /// Certificates, in PEM, that sign its own, besides those that everybody trusts.
    pub ca_bundle: Option<String>,
    /// Host of the registry that its images come from, where it has one of its own.
    pub registry_host: Option<String>,
    /// With whose rights it is called: those of whoever asked for the deployment. Without a token where the provider does not
    /// declare [`Secrets`](alm_domain::Capability::Secrets), or where the token comes later (see [`StartBuild::withheld`]).
    pub access: Access,
}

/// A run as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSnapshot {
    /// The run as a whole.
    pub run: RunObservation,
    /// All of its stages, in display order.
    pub stages: Vec<StageObservation>,
    /// All of its approvals.
    pub approvals: Vec<ApprovalObservation>,
    /// What it cannot do although the provider can.
    pub without: Vec<CapabilityNote>,
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSummary {
    /// The engine's name for it.
    pub run: RunRef,
    /// The build that it belongs to, where this service started it.
    pub build: Option<BuildId>,
    /// The run as a whole.
    pub state: RunObservation,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// A page of runs, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct RunPage {
    /// The runs.
    pub runs: Vec<RunSummary>,
    /// Pass it to get the next page; `None` at the end.
    pub next: Option<String>,
}

/// What asking a run to stop came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelReceipt {
    /// The engine knows, and will stop it.
    Accepted,
    /// It had ended already.
    AlreadyFinished,
}

/// A decision to deliver.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Which question.
    pub approval: ApprovalKey,
    /// Yes or no.
    pub verdict: Verdict,
    /// Inputs, complete.
    pub parameters: Vec<ParameterValue>,
    /// Who decided, for the engine's own records.
    pub decided_by: String,
    /// In their words.
    pub comment: Option<String>,
}

/// What delivering a decision came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionReceipt {
    /// The engine has it. What came of it is told by the run's observations.
    Accepted,
    /// The question was settled already, by this decision or by another: the run's observations say how.
    AlreadySettled,
}

/// A position in a run's log: how many lines lie before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LogPosition(pub u64);

/// A line, and the position behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionedLine {
    /// Reading from here gives what comes after this line.
    pub next: LogPosition,
    /// The line.
    pub line: LogLine,
}
