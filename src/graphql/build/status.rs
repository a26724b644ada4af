//! States as the API shows them.

use async_graphql::Enum;

/// State of a build, a stage or an attempt at one.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "alm_domain::RunStatus")]
pub(crate) enum RunStatus {
    /// Known from the definition, not reached yet.
    Planned,
    /// Waiting for capacity or for its turn; see statusReason.
    Queued,
    /// At work.
    Running,
    /// Held until a person decides.
    WaitingForApproval,
    /// Held until a person connects an account, or connects it again.
    WaitingForCredential,
    /// Asked to stop, not stopped yet.
    Cancelling,
    /// Finished well.
    Succeeded,
    /// Finished, with warnings such as failed tests.
    Unstable,
    /// Finished badly: the work itself failed.
    Failed,
    /// Finished badly: the machinery failed, not the work.
    Errored,
    /// Stopped by a person or a policy.
    Cancelled,
    /// Left out by a condition.
    Skipped,
}

/// Reasons for a state that programs can tell apart.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "alm_domain::ReasonCode", name = "StatusReasonCode")]
pub(crate) enum StatusReasonCode {
    /// All slots of the provider are taken.
    WaitingForSlot,
    /// Stages that it depends on have not ended.
    WaitingForStages,
    /// Somebody must decide.
    WaitingForDecision,
    /// Stopped by a person.
    CancelledByUser,
    /// Stopped because something that it depends on ended badly.
    DependencyFailed,
    /// Left out by its condition.
    ConditionNotMet,
    /// Took longer than it was given.
    TimedOut,
    /// A command ended with a status other than zero.
    CommandFailed,
    /// The definition of the pipeline is missing or wrong.
    DefinitionInvalid,
    /// A parameter is missing or wrong.
    ParameterInvalid,
    /// The source could not be fetched.
    SourceUnavailable,
    /// What was to run it (container engine, shell, image) is not there.
    RuntimeUnavailable,
    /// Whatever ran it disappeared: machine restarted, process killed, pod evicted.
    Interrupted,
    /// A limit on memory, processes, disk or log was hit.
    LimitExceeded,
    /// An approval was answered with no.
    Rejected,
    /// An approval was not answered in time.
    ApprovalExpired,
    /// The engine no longer knows the run.
    Lost,
    /// The engine could not start the run.
    StartRefused,
    /// Reused from an earlier build.
    Reused,
    /// An account is not connected, or its token has ended or was withdrawn: somebody must connect it again.
    Credential,
    /// An account was not connected in time.
    CredentialLapsed,
    /// The build service was changed or removed while the build waited.
    ConfigurationChanged,
    /// Whoever started it may not start it any more.
    PermissionLost,
    /// Another reason; read the sentence.
    Other,
}

/// Whether a build has stages.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "alm_domain::BuildShape")]
pub(crate) enum BuildShape {
    /// Not known yet.
    Unknown,
    /// Plain: there will be no stages.
    Plain,
    /// Pipeline: there are, or will be, stages.
    Pipeline,
}
