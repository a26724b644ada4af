//! The SPI, operation by operation.

use std::{
    fs::{self, File},
    io,
    sync::Arc,
};

use alm_build_spi::{
    Access, BuildConfigSpec, BuildProvider, ByteStream, CancelReceipt, CancellationToken, Chosen, ConfigRef, Decision,
    DecisionReceipt, DeployBuild, Description, Finding, Identity, LineStream, LogPosition, NamedSecret, ObservedStream,
    ProviderDescriptor, ProviderError, RerunBuild, ResumeToken, RunPage, RunRef, RunSnapshot, StartBuild,
};
use alm_domain::{BuildId, ProviderHealth, Settings, Verdict, check_parameters};
use async_trait::async_trait;

use super::{
    artifact,
    configs::{self, Stored},
    describe, follow, health, list,
    local::{LocalProvider, blocking, build_of, check},
    recover, start,
};
use crate::{keep, spool::DecisionFile};

#[async_trait]
impl BuildProvider for LocalProvider {
    fn descriptor(&self) -> &ProviderDescriptor {
        &self.inner.descriptor
    }

    fn configure(&self, settings: &Settings) -> Result<(), ProviderError> {
        check(settings).map_err(ProviderError::Invalid)?;
        self.inner.set_settings(settings);
        Ok(())
    }

    async fn probe(&self) -> Result<(ProviderHealth, Option<String>), ProviderError> {
        Ok(health::probe(&self.inner).await)
    }

    async fn who_am_i(&self, _access: &Access) -> Result<Identity, ProviderError> {
        Ok(health::identity())
    }

    async fn validate(&self, _access: &Access, spec: &BuildConfigSpec) -> Result<(), ProviderError> {
        configs::validate(&self.inner, spec).map(drop)
    }

    async fn create_config(&self, _access: &Access, spec: &BuildConfigSpec) -> Result<ConfigRef, ProviderError> {
        configs::validate(&self.inner, spec)?;
        let (directory, spec) = (self.inner.config.configs.clone(), spec.clone());
        stored(blocking("store the configuration", move || configs::create(&directory, &spec)).await?)
    }

    async fn read_config(&self, _access: &Access, config: &ConfigRef) -> Result<BuildConfigSpec, ProviderError> {
        let (directory, wanted) = (self.inner.config.configs.clone(), config.clone());
        let found = blocking("read the configuration", move || configs::read(&directory, &wanted)).await?;
        found.ok_or_else(|| unknown_config(config))
    }

    async fn update_config(
        &self,
        _access: &Access,
        config: &ConfigRef,
        spec: &BuildConfigSpec,
        _chosen: &Chosen,
    ) -> Result<ConfigRef, ProviderError> {
        configs::validate(&self.inner, spec)?;
        let (directory, config, spec) = (self.inner.config.configs.clone(), config.clone(), spec.clone());
        stored(blocking("store the configuration", move || configs::update(&directory, &config, &spec)).await?)
    }

    async fn delete_config(&self, _access: &Access, config: &ConfigRef) -> Result<(), ProviderError> {
        let (directory, config) = (self.inner.config.configs.clone(), config.clone());
        blocking("delete the configuration", move || configs::delete(&directory, &config)).await
    }

    async fn describe(
        &self,
        _access: &Access,
        spec: &BuildConfigSpec,
        reference: &str,
    ) -> Result<Description, ProviderError> {
        describe::describe(&self.inner, spec, reference).await
    }

    async fn start(&self, _access: &Access, request: StartBuild) -> Result<RunRef, ProviderError> {
        start::start(&self.inner, request, None, None).await
    }

    async fn rerun(&self, _access: &Access, request: RerunBuild) -> Result<RunRef, ProviderError> {
        start::rerun(&self.inner, request).await
    }

    async fn deploy(&self, _access: &Access, request: DeployBuild) -> Result<RunRef, ProviderError> {
        start::deploy(&self.inner, request).await
    }

    async fn find(
        &self,
        _access: &Access,
        _config: &ConfigRef,
        build: BuildId,
    ) -> Result<Option<RunRef>, ProviderError> {
        Ok(start::known(&self.inner, build))
    }

    async fn cancel(&self, _access: &Access, run: &RunRef) -> Result<CancelReceipt, ProviderError> {
        let (build, dir) = self.inner.run(run)?;
        let inner = Arc::clone(&self.inner);
        blocking("cancel the build", move || {
            let folded = dir.fold()?;
            if folded.complete || folded.run.status.is_terminal() {
                return Ok(CancelReceipt::AlreadyFinished);
            }
            dir.put_cancel()?;
            // One that waits has nobody to read the command: it ends here, or where somebody just writes to it, in a moment.
            match recover::settle(&dir, inner.clock.as_ref())? {
                recover::Fate::Over => inner.queue.remove(build),
                recover::Fate::Alive | recover::Fate::Waiting => inner.queue.settle_later(build),
            }
            Ok(CancelReceipt::Accepted)
        })
        .await
    }

    async fn get(&self, _access: &Access, run: &RunRef) -> Result<RunSnapshot, ProviderError> {
        let (_, dir) = self.inner.run(run)?;
        blocking("read the spool", move || Ok(dir.fold()?.snapshot())).await
    }

    async fn list(&self, _access: &Access, config: &ConfigRef, page: Option<&str>) -> Result<RunPage, ProviderError> {
        list::list(&self.inner, config, page).await
    }

    fn logs(&self, _access: &Access, run: &RunRef, from: LogPosition) -> LineStream {
        follow::logs(self.inner.run(run).map(|(_, dir)| dir), from)
    }

    fn follow(
        &self,
        _access: &Access,
        run: &RunRef,
        from: Option<ResumeToken>,
        stop: CancellationToken,
    ) -> ObservedStream {
        follow::follow(self.inner.run(run).map(|(_, dir)| dir), from, stop)
    }

    async fn decide(
        &self,
        _access: &Access,
        run: &RunRef,
        decision: &Decision,
    ) -> Result<DecisionReceipt, ProviderError> {
        let (_, dir) = self.inner.run(run)?;
        let at = dir.clone();
        let mut folded = blocking("read the spool", move || at.fold()).await?;
        let Some(asked) = folded.approvals.remove(&decision.approval) else {
            let shown = alm_domain::shorten(decision.approval.as_str());
            return Err(ProviderError::NotFound(format!("the build never asked {shown:?}")));
        };
        if asked.status.is_settled() || folded.complete {
            return Ok(DecisionReceipt::AlreadySettled);
        }
        if decision.verdict == Verdict::Approve
            && let Err(problems) = check_parameters(&asked.parameters, &decision.parameters)
        {
            let finding = |p: &alm_domain::ParameterProblem| Finding::new(["parameters", &p.name], p.problem.as_str());
            return Err(ProviderError::Invalid(problems.iter().map(finding).collect()));
        }
        let file = DecisionFile::from(decision);
        blocking("deliver the decision", move || {
            let is_first = dir.put_decision(&file)?;
            // The same decision once more is on its way already.
            let counts = is_first || dir.commands()?.decisions.contains(&file);
            Ok(if counts { DecisionReceipt::Accepted } else { DecisionReceipt::AlreadySettled })
        })
        .await
    }

    async fn supply(&self, _access: &Access, run: &RunRef, secret: &NamedSecret) -> Result<(), ProviderError> {
        start::supply(&self.inner, run, secret).await
    }

    fn artifact(&self, _access: &Access, run: &RunRef, path: &str, offset: u64) -> ByteStream {
        artifact::read(self.inner.config.artifacts.clone(), build_of(run), path.to_owned(), offset)
    }

    async fn release(&self, _access: &Access, run: &RunRef) -> Result<(), ProviderError> {
        let Ok((build, dir)) = self.inner.run(run) else { return Ok(()) };
        let inner = Arc::clone(&self.inner);
        let released = blocking("release the build", move || {
            if !dir.fold()?.complete {
                return Ok(false);
            }
            // What was released is not started again, however late a second start comes.
            let kept = inner.config.artifacts.join(build.to_string());
            fs::create_dir_all(&kept)?;
            File::create(kept.join("released"))?.sync_all()?;
            dir.remove()?;
            inner.queue.forget(build);
            Ok(true)
        });
        match released.await? {
            true => Ok(()),
            false => Err(ProviderError::Conflict("the build has not ended: release it afterwards".to_owned())),
        }
    }

    async fn purge(&self, access: &Access, run: &RunRef) -> Result<(), ProviderError> {
        self.release(access, run).await?;
        let Ok(build) = build_of(run) else { return Ok(()) };
        let kept = self.inner.config.artifacts.join(build.to_string());
        blocking("remove the artifacts", move || keep::remove_tree(&kept)).await
    }
}

fn stored(stored: Stored) -> Result<ConfigRef, ProviderError> {
    match stored {
        Stored::Done(config) => Ok(config),
        Stored::Missing => Err(ProviderError::NotFound("there is no such build configuration".to_owned())),
        Stored::Taken(name) => {
            let shown = alm_domain::shorten(&name);
            Err(ProviderError::Conflict(format!("another build service is called {shown:?}: choose another name")))
        }
    }
}

pub(super) fn unknown_config(config: &ConfigRef) -> ProviderError {
    ProviderError::NotFound(format!("there is no build configuration {}", alm_domain::shorten(&config.0)))
}

/// A directory entry that vanished while it was looked at is no error.
pub(super) fn unless_gone<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}
