//! How a run or a task run stands, by its one condition.

use alm_domain::{ReasonCode, RunStatus, StatusReason, Timestamp};
use chrono::DateTime;
use serde_json::Value;

/// The longest message of the engine that is told.
const LONGEST: usize = 2_000;

/// How a run or a task run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) status: RunStatus,
    pub(crate) reason: Option<StatusReason>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
}

impl Standing {
    /// By the `status` of an object, and whether it was asked to stop.
    pub(crate) fn of(status: &Value, is_stopping: bool) -> Self {
        let condition = condition(status);
        let reason = condition["reason"].as_str().unwrap_or_default();
        let message = condition["message"].as_str().unwrap_or_default();
        let words = || {
            let text = if message.is_empty() { reason.to_owned() } else { format!("{reason}: {}", message.trim_end()) };
            text.chars().take(LONGEST).collect::<String>()
        };
        let started_at = time(&status["startTime"]);
        let (now, code) = match condition["status"].as_str() {
            Some("True") => (RunStatus::Succeeded, None),
            Some("False") => bad(reason),
            Some(_) if is_stopping => (RunStatus::Cancelling, Some(ReasonCode::CancelledByUser)),
            // What waits for its pod has not begun; what is tried again has.
            Some(_) if waits(reason) && status["retriesStatus"].is_null() => {
                (RunStatus::Queued, Some(ReasonCode::WaitingForSlot))
            }
            Some(_) => (RunStatus::Running, None),
            None if is_stopping => (RunStatus::Cancelling, Some(ReasonCode::CancelledByUser)),
            None => (RunStatus::Queued, None),
        };
        let reason = code.map(|code| StatusReason::new(code, words()));
        let finished_at = time(&status["completionTime"]).filter(|_| now.is_terminal());
        Self { status: now, reason, started_at, finished_at }
    }

    /// Whether a time limit has ended it.
    pub(crate) fn has_timed_out(&self) -> bool {
        self.reason.as_ref().is_some_and(|reason| reason.code == ReasonCode::TimedOut)
    }

    /// The same of what belongs to a run, with the words with which that stopped it: Tekton calls it cancelled also where the time of
    /// the run was over, and nobody had asked for it.
    pub(crate) fn stopped_with(mut self, words: &str) -> Self {
        let by_clock = words.contains("has timed out");
        if let Some(reason) =
            self.reason.as_mut().filter(|reason| by_clock && reason.code == ReasonCode::CancelledByUser)
        {
            reason.code = ReasonCode::TimedOut;
            if self.status == RunStatus::Cancelled {
                self.status = RunStatus::Failed;
            }
        }
        self
    }
}

fn condition(status: &Value) -> &Value {
    let conditions = status["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    conditions.iter().find(|condition| condition["type"] == "Succeeded").unwrap_or(&Value::Null)
}

/// Whether something keeps a pod from beginning that may last, and that the engine has words for.
pub(crate) fn is_stuck(status: &Value) -> bool {
    let condition = condition(status);
    condition["status"] == "Unknown" && condition["reason"].as_str().is_some_and(|it| it != "Pending" && waits(it))
}

/// Whether nothing works, by the reason of what has not ended.
fn waits(reason: &str) -> bool {
    matches!(
        reason,
        "Pending"
            | "PipelineRunPending"
            | "ExceededResourceQuota"
            | "ExceededNodeResources"
            | "CreateContainerConfigError"
            | "PullImageFailed"
    )
}

/// What a reason of the engine means.
fn bad(reason: &str) -> (RunStatus, Option<ReasonCode>) {
    use ReasonCode::{
        CancelledByUser, CommandFailed, DefinitionInvalid, Interrupted, ParameterInvalid, RuntimeUnavailable, TimedOut,
    };
    let (status, code) = match reason {
        "Cancelled"
        | "TaskRunCancelled"
        | "CustomRunCancelled"
        | "StoppedRunFinally"
        | "CancelledRunFinally"
        | "PipelineRunCancelled" => (RunStatus::Cancelled, CancelledByUser),
        "Failed" | "Error" | "FailureIgnored" => (RunStatus::Failed, CommandFailed),
        "PipelineRunTimeout" | "TaskRunTimeout" | "CustomRunTimedOut" => (RunStatus::Failed, TimedOut),
        "ParameterMissing"
        | "ParameterTypeMismatch"
        | "InvalidParamValue"
        | "ParamArrayIndexingInvalid"
        | "ObjectParameterMissKeys" => (RunStatus::Errored, ParameterInvalid),
        "PipelineValidationFailed"
        | "TaskRunValidationFailed"
        | "PipelineInvalidGraph"
        | "RequiredWorkspaceMarkedOptional"
        | "ResourceVerificationFailed"
        | "CELEvaluationFailed" => (RunStatus::Errored, DefinitionInvalid),
        "CreateRunFailed" | "CreateContainerConfigError" | "PullImageFailed" => {
            (RunStatus::Errored, RuntimeUnavailable)
        }
        // Its pod was there, and is no more.
        "PodEvicted" | "PodCreationFailed" => (RunStatus::Errored, Interrupted),
        _ if reason.starts_with("Couldnt") || reason.starts_with("Invalid") || reason.contains("ResolutionFailed") => {
            (RunStatus::Errored, DefinitionInvalid)
        }
        _ if reason.contains("ImagePull") || reason.starts_with("Exceeded") => (RunStatus::Errored, RuntimeUnavailable),
        _ => (RunStatus::Failed, ReasonCode::Other),
    };
    (status, Some(code))
}

/// A time of the cluster's.
pub(crate) fn time(value: &Value) -> Option<Timestamp> {
    DateTime::parse_from_rfc3339(value.as_str()?).ok().map(|at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_condition_is_a_state_and_no_text_of_the_engine_is_too_long() {
        let of = |status: &str, reason: &str| json!({"conditions": [{"type": "Succeeded", "status": status, "reason": reason, "message": "m".repeat(9_000)}]});
        for (status, reason, wanted) in [
            ("True", "Completed", RunStatus::Succeeded),
            ("False", "Failed", RunStatus::Failed),
            ("False", "Cancelled", RunStatus::Cancelled),
            ("False", "PipelineRunTimeout", RunStatus::Failed),
            ("False", "CouldntGetPipeline", RunStatus::Errored),
            ("Unknown", "Pending", RunStatus::Queued),
            ("Unknown", "Running", RunStatus::Running),
            ("Unknown", "ExceededResourceQuota", RunStatus::Queued),
            ("Unknown", "PipelineRunPending", RunStatus::Queued),
            ("False", "CreateRunFailed", RunStatus::Errored),
            ("False", "PipelineValidationFailed", RunStatus::Errored),
            ("False", "ObjectParameterMissKeys", RunStatus::Errored),
            ("False", "FailureIgnored", RunStatus::Failed),
        ] {
            let standing = Standing::of(&of(status, reason), false);
            assert_eq!(standing.status, wanted, "{reason}");
            assert!(standing.reason.is_none_or(|reason| reason.message.chars().count() <= LONGEST));
        }
        assert_eq!(Standing::of(&json!({}), false).status, RunStatus::Queued);
        assert_eq!(Standing::of(&of("Unknown", "Running"), true).status, RunStatus::Cancelling);
        assert_eq!(Standing::of(&json!({"conditions": "odd"}), false).status, RunStatus::Queued);
    }
}
