//! The trait.

use alm_domain::{BuildId, Capability, ProviderHealth, Settings};
use async_trait::async_trait;
use futures::{stream, stream::BoxStream};
use tokio_util::sync::CancellationToken;

use crate::{
    Access, BuildConfigSpec, CancelReceipt, Chosen, ConfigRef, Decision, DecisionReceipt, Denial, DeployBuild,
    Description, Identity, LogPosition, NamedSecret, Observed, PositionedLine, ProviderDescriptor, ProviderError,
    RerunBuild, ResumeToken, RunPage, RunRef, RunSnapshot, StartBuild,
};

/// What following a run gives.
pub type ObservedStream = BoxStream<'static, Result<Observed, ProviderError>>;
/// What reading a log gives.
pub type LineStream = BoxStream<'static, Result<PositionedLine, ProviderError>>;
/// What reading an artifact gives: blocks of at most 1 MiB.
pub type ByteStream = BoxStream<'static, Result<Vec<u8>, ProviderError>>;

/// A build engine, in the service's words.
///
/// # For every operation
/// - **Concurrency:** safe to call at any time from any number of tasks.
/// - **Cancellation:** dropping the future or stream abandons the call; what the engine has taken in stays. Calling again is
///   always safe, since whatever changes the engine is idempotent by the id that it is given.
/// - **Time:** a call comes back within 30 s or fails with [`ProviderError::Unavailable`]; streams live as long as they must.
/// - **Outages** are [`ProviderError::Unavailable`] and never the end of a build.
/// - **An invalid or expired token** is [`ProviderError::Unauthorized`] from any operation.
#[async_trait]
pub trait BuildProvider: Send + Sync + std::fmt::Debug + 'static {
    /// What this provider is and can do. Cheap; the same each time.
    fn descriptor(&self) -> &ProviderDescriptor;

    /// Takes changed provider settings over, for builds that start from now on. The settings fit the descriptor.
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] for values that do not fit together; nothing has changed then.
    fn configure(&self, settings: &Settings) -> Result<(), ProviderError>;

    /// Asks the engine whether it is well, and for its version. An engine that answers badly is an `Ok` with a bad verdict.
    ///
    /// # Errors
    /// Only for defects; an engine that cannot be reached is a verdict too.
    async fn probe(&self) -> Result<(ProviderHealth, Option<String>), ProviderError>;

    /// Whom the engine takes this token for, and until when.
    ///
    /// # Errors
    /// [`ProviderError::Unauthorized`] when it takes it for nobody.
    async fn who_am_i(&self, access: &Access) -> Result<Identity, ProviderError>;

    /// What the engine does not let the token's owner do now with these configurations, in their order. What is not named may be
    /// done, as far as the engine can say that: a configuration that is gone, and an engine without such rights, deny nothing.
    ///
    /// # Errors
    /// Only those of every operation.
    async fn denials(&self, _access: &Access, configs: &[ConfigRef]) -> Result<Vec<Vec<Denial>>, ProviderError> {
        Ok(vec![Vec::new(); configs.len()])
    }

    /// Checks a build configuration before it is stored; changes nothing.
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] with every finding.
    async fn validate(&self, access: &Access, spec: &BuildConfigSpec) -> Result<(), ProviderError>;

    /// Creates a build configuration. Idempotent by [`BuildConfigSpec::service`]: a second call finds what the first one made.
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] with every finding; [`ProviderError::Conflict`] where something else has the name.
    async fn create_config(&self, access: &Access, spec: &BuildConfigSpec) -> Result<ConfigRef, ProviderError>;

    /// Reads a build configuration as the engine has it: the repository, and each setting that is kept
    /// [there](alm_domain::SettingDefinition::at_engine), with the value that counts now, whoever gave it, or none. The other settings are
    /// as they were written.
    ///
    /// # Errors
    /// [`ProviderError::NotFound`].
    async fn read_config(&self, access: &Access, config: &ConfigRef) -> Result<BuildConfigSpec, ProviderError>;

    /// Brings a build configuration to this state, but for what somebody else has changed at the engine since it was written last: that
    /// stays as it is there, unless it is `chosen`. Idempotent. Running builds keep the one they started with.
    ///
    /// # Errors
    /// As for creating, and [`ProviderError::NotFound`].
    async fn update_config(
        &self,
        access: &Access,
        config: &ConfigRef,
        spec: &BuildConfigSpec,
        chosen: &Chosen,
    ) -> Result<ConfigRef, ProviderError>;

    /// Deletes a build configuration. Idempotent: one that is gone is a success. Runs are left alone.
    ///
    /// # Errors
    /// Only those of every operation.
    async fn delete_config(&self, access: &Access, config: &ConfigRef) -> Result<(), ProviderError>;

    /// Reads the definition at a reference, and says what a build of it would do. Needs [`Capability::Describe`].
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] with every finding in the definition, [`ProviderError::Unavailable`] when the source
    /// cannot be fetched now.
    async fn describe(
        &self,
        _access: &Access,
        _spec: &BuildConfigSpec,
        _reference: &str,
    ) -> Result<Description, ProviderError> {
        Err(ProviderError::unsupported(Capability::Describe))
    }

    /// Starts a build; resolves when the engine can no longer lose it. Idempotent by [`StartBuild::build`]: however often it is
    /// called, also by another process and after a crash at any point, there is one run, and each call returns it.
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] when the engine refuses the request for good: then there is no run.
    async fn start(&self, access: &Access, request: StartBuild) -> Result<RunRef, ProviderError>;

    /// Starts a build that repeats another one; otherwise as [`start`](Self::start). Needs [`Capability::Rerun`], and
    /// [`Capability::RerunFromStage`] for any other place to begin than the beginning.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    async fn rerun(&self, _access: &Access, _request: RerunBuild) -> Result<RunRef, ProviderError> {
        Err(ProviderError::unsupported(Capability::Rerun))
    }

    /// Starts a build that brings the version of another one to an environment: of the same commit, with the files that it
    /// left behind, only the stages that deploy there; otherwise as [`start`](Self::start). What those stages need beyond one
    /// another counts as done. Needs [`Capability::Deploy`].
    ///
    /// # Errors
    /// As [`start`](Self::start); [`ProviderError::Unsupported`] with the reason where that build cannot be brought there, for
    /// example since none of its stages deploys to this environment: then there is no run.
    async fn deploy(&self, _access: &Access, _request: DeployBuild) -> Result<RunRef, ProviderError> {
        Err(ProviderError::unsupported(Capability::Deploy))
    }

    /// The run of a build of this configuration, if one was made: by starting, repeating or deploying, by whichever instance. Starts
    /// nothing.
    ///
    /// # Errors
    /// Only those of every operation.
    async fn find(&self, access: &Access, config: &ConfigRef, build: BuildId) -> Result<Option<RunRef>, ProviderError>;

    /// Asks a run to stop; resolves when the engine has taken the request in, not when the run has ended. Idempotent. Needs
    /// [`Capability::Cancel`].
    ///
    /// # Errors
    /// [`ProviderError::NotFound`].
    async fn cancel(&self, _access: &Access, _run: &RunRef) -> Result<CancelReceipt, ProviderError> {
        Err(ProviderError::unsupported(Capability::Cancel))
    }

    /// The run as it stands. At least as new as whatever a follower of it has been told before the call.
    ///
    /// # Errors
    /// [`ProviderError::NotFound`].
    async fn get(&self, access: &Access, run: &RunRef) -> Result<RunSnapshot, ProviderError>;

    /// Runs of a build configuration, newest first, those that others started at the engine included. `page` is the
    /// `next` of the page before.
    ///
    /// # Errors
    /// [`ProviderError::NotFound`]; [`ProviderError::Invalid`] for a page that is no page.
    async fn list(&self, access: &Access, config: &ConfigRef, page: Option<&str>) -> Result<RunPage, ProviderError>;

    /// Lines of the log from a position up to what there is now, in order and without holes; then the stream ends.
    /// A position past the end gives no line.
    fn logs(&self, access: &Access, run: &RunRef, from: LogPosition) -> LineStream;

    /// Follows a run: everything that happens to it, from behind `from` (or from its beginning), in order, until
    /// [`Observation::Complete`](alm_domain::Observation::Complete), which every run comes to, and which is the last item.
    ///
    /// - Every token that was handed out stays good until the run is released, for any number of streams at a time.
    /// - Following from behind `Complete` gives nothing, and ends at once.
    /// - Lines come exactly once along a chain of tokens. All else may be told again.
    /// - An item after an error means that the provider has recovered by itself. A stream that ends without `Complete` is
    ///   followed again from the last token.
    /// - When `stop` is cancelled the stream ends soon, and quietly.
    /// - What the engine can no longer give is a line of [`LogStream::Gap`](alm_domain::LogStream::Gap) in its place.
    /// - A run that lost what ran it ends as ERRORED with the reason INTERRUPTED; one that the engine no longer knows is
    ///   [`ProviderError::NotFound`].
    fn follow(
        &self,
        access: &Access,
        run: &RunRef,
        from: Option<ResumeToken>,
        stop: CancellationToken,
    ) -> ObservedStream;

    /// Delivers a decision; resolves when the engine has it for good. Idempotent by run and approval: the first decision
    /// that arrives counts. Needs [`Capability::Approvals`].
    ///
    /// # Errors
    /// [`ProviderError::NotFound`] for a question that was never asked; [`ProviderError::Invalid`] for inputs that do not fit.
    async fn decide(
        &self,
        _access: &Access,
        _run: &RunRef,
        _decision: &Decision,
    ) -> Result<DecisionReceipt, ProviderError> {
        Err(ProviderError::unsupported(Capability::Approvals))
    }

    /// Hands a run the token of an environment: one that was withheld at its start, or a newer one. A stage that waits for it
    /// ([`WaitingForCredential`](alm_domain::RunStatus::WaitingForCredential)) goes on; the newest one counts. Resolves when the
    /// engine has it for good. Idempotent; a run that is over, or has no such stage, is a success. Needs
    /// [`Capability::LateSecrets`].
    ///
    /// # Errors
    /// [`ProviderError::NotFound`]; [`ProviderError::Invalid`] for a name that no file can have.
    async fn supply(&self, _access: &Access, _run: &RunRef, _secret: &NamedSecret) -> Result<(), ProviderError> {
        Err(ProviderError::unsupported(Capability::LateSecrets))
    }

    /// Reads a kept file from an offset in bytes. Needs [`Capability::Artifacts`]. Works after release.
    fn artifact(&self, _access: &Access, _run: &RunRef, _path: &str, _offset: u64) -> ByteStream {
        Box::pin(stream::once(async { Err(ProviderError::unsupported(Capability::Artifacts)) }))
    }

    /// Says that everything a follower was told is stored: the provider may forget what it kept only for following. Called
    /// after `Complete`, at least once. Idempotent; a run that is gone is a success. Afterwards `follow`, `logs` and `get`
    /// may answer [`ProviderError::NotFound`].
    ///
    /// # Errors
    /// Only those of every operation.
    async fn release(&self, access: &Access, run: &RunRef) -> Result<(), ProviderError>;

    /// Removes what a run left behind, artifacts included; for retention. Only called for runs that were released.
    /// Idempotent.
    ///
    /// # Errors
    /// Only those of every operation.
    async fn purge(&self, access: &Access, run: &RunRef) -> Result<(), ProviderError>;
}
