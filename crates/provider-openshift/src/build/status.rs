//! What the phases and reasons of a Build mean.

use alm_domain::{BuildShape, ReasonCode, RunObservation, RunStatus, StatusReason};

use super::{Build, Phase};
use crate::jenkins::JenkinsStatus;

/// The run as a whole. `jenkins` is what Jenkins says of a pipeline.
pub(crate) fn observation(
    build: &Build,
    jenkins: Option<JenkinsStatus>,
    external_url: Option<String>,
) -> RunObservation {
    let status = status(build, jenkins);
    let is_over = status.is_terminal();
    RunObservation {
        status,
        reason: reason(build, status),
        shape: Some(if build.is_pipeline() { BuildShape::Pipeline } else { BuildShape::Plain }),
        commit: build.commit.clone(),
        started_at: build.started_at,
        finished_at: build.finished_at.filter(|_| is_over),
        external_url,
    }
}

/// Whether the build has ended so that what it made counts.
pub(crate) fn has_succeeded(build: &Build) -> bool {
    let ended = status(build, build.jenkins_run().map(|run| run.status));
    matches!(ended, RunStatus::Succeeded | RunStatus::Unstable)
}

fn status(build: &Build, jenkins: Option<JenkinsStatus>) -> RunStatus {
    match &build.phase {
        // The sync plugin makes `Failed` of it; `Complete` is what it would mean.
        Phase::Complete | Phase::Failed if jenkins == Some(JenkinsStatus::Unstable) => RunStatus::Unstable,
        Phase::Complete => RunStatus::Succeeded,
        Phase::Failed => RunStatus::Failed,
        Phase::Error => RunStatus::Errored,
        Phase::Cancelled | Phase::NotBuilt => RunStatus::Cancelled,
        _ if build.is_cancelled => RunStatus::Cancelling,
        Phase::New | Phase::Pending => RunStatus::Queued,
        Phase::Running if jenkins == Some(JenkinsStatus::Paused) => RunStatus::WaitingForApproval,
        // A word that is not known is no end.
        Phase::Running | Phase::Other(_) => RunStatus::Running,
    }
}

/// Why, with the cluster's own words.
fn reason(build: &Build, status: RunStatus) -> Option<StatusReason> {
    let word = build.reason.as_deref();
    let words = match (word, build.message.as_deref()) {
        (Some(word), Some(message)) => Some(format!("{word}: {message}")),
        (word, message) => word.or(message).map(str::to_owned),
    };
    let waits = || {
        let policy = build.run_policy.as_deref()?;
        let first = match policy {
            "Serial" => "one build at a time, in the order in which they were started",
            "SerialLatestOnly" => "one build at a time, and of those that wait only the newest",
            _ => return None,
        };
        // Jenkins' plugin obeys the policy as the cluster's own controller does.
        let where_at = if build.is_pipeline() { "Jenkins has not taken it yet, and " } else { "" };
        (build.phase == Phase::New).then(|| format!("{where_at}its run policy is {policy}: {first}"))
    };
    let (code, words) = match status {
        RunStatus::Succeeded | RunStatus::Unstable | RunStatus::Running | RunStatus::Cancelling => return None,
        RunStatus::Queued => (code_of(word).unwrap_or(ReasonCode::WaitingForSlot), words.or_else(waits)?),
        RunStatus::WaitingForApproval => {
            (ReasonCode::WaitingForDecision, words.unwrap_or_else(|| "Jenkins waits for a decision".to_owned()))
        }
        RunStatus::Cancelled if build.phase == Phase::NotBuilt && !build.is_cancelled => {
            let why =
                "Jenkins has ended the run without building it (NOT_BUILT), as where a milestone lets a newer one pass";
            (ReasonCode::Other, words.map_or_else(|| why.to_owned(), |words| format!("{words} ({why})")))
        }
        // The cluster says in the same words that somebody cancelled it, and that it was overtaken.
        RunStatus::Cancelled if may_be_overtaken(build) => {
            let policy = "its run policy is SerialLatestOnly, by which a newer build cancels those that wait";
            (ReasonCode::Other, words.map_or_else(|| policy.to_owned(), |words| format!("{words} ({policy})")))
        }
        RunStatus::Cancelled => {
            (ReasonCode::CancelledByUser, words.unwrap_or_else(|| "the build was cancelled".to_owned()))
        }
        RunStatus::Errored => (
            code_of(word).unwrap_or(ReasonCode::Interrupted),
            words.unwrap_or_else(|| "the cluster could not carry the build out".to_owned()),
        ),
        _ => (
            code_of(word).unwrap_or(ReasonCode::CommandFailed),
            words.unwrap_or_else(|| "the build failed: its log says why".to_owned()),
        ),
    };
    Some(StatusReason::new(code, words))
}

/// Whether it may have been cancelled since a newer build was started. Jenkins' plugin says `Cancelled` then, and does not ask for it.
fn may_be_overtaken(build: &Build) -> bool {
    let was_asked_for = build.is_pipeline() && build.is_cancelled;
    build.run_policy.as_deref() == Some("SerialLatestOnly") && !was_asked_for && !build.had_pod
}

/// What the reason of a Build comes to.
fn code_of(reason: Option<&str>) -> Option<ReasonCode> {
    Some(match reason? {
        "BuildPodDeleted" | "BuildPodEvicted" | "NoBuildContainerStatus" | "FailedContainer" => ReasonCode::Interrupted,
        "BuildPodExists" | "CannotCreateBuildPod" | "CannotCreateBuildPodSpec" => ReasonCode::RuntimeUnavailable,
        "PullBuilderImageFailed" | "PushImageToRegistryFailed" | "PullRuntimeImageFailed" => {
            ReasonCode::RuntimeUnavailable
        }
        "FetchSourceFailed" | "FetchImageContentFailed" | "InvalidContextDirectory" => ReasonCode::SourceUnavailable,
        "ManageDockerfileFailed"
        | "InvalidOutputReference"
        | "InvalidImageReference"
        | "UnresolvedEnvironmentVariable" => ReasonCode::DefinitionInvalid,
        "OutOfMemoryKilled" | "ExceededRetryTimeout" => ReasonCode::LimitExceeded,
        "CancelledBuild" => ReasonCode::CancelledByUser,
        "DockerBuildFailed" | "AssembleFailed" | "PostCommitHookFailed" | "GenericBuildFailed" => {
            ReasonCode::CommandFailed
        }
        _ => return None,
    })
}
