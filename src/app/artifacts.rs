//! Use cases about what builds leave behind.

use alm_build_spi::{ByteStream, RunRef};
use alm_domain::{Artifact, BuildId, Capability, Principal};

use super::{App, AppError, FieldProblem};

impl App {
    /// A file that a build left behind.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn artifact(&self, principal: &Principal, id: BuildId, path: &str) -> Result<Artifact, AppError> {
        let build = self.build(principal, id).await?;
        let missing = || AppError::NotFound(FieldProblem::new(["path"], "this build left no such file behind"));
        build.artifacts.into_iter().find(|artifact| artifact.path == path).ok_or_else(missing)
    }

    /// The content of such a file, from an offset in bytes.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::NotSupported`]; what goes wrong later is in the stream.
    pub async fn read_artifact(
        &self,
        principal: &Principal,
        id: BuildId,
        path: &str,
        offset: u64,
    ) -> Result<ByteStream, AppError> {
        self.artifact(principal, id, path).await?;
        let build = self.build(principal, id).await?;
        self.offers(principal, &build, Capability::Artifacts).await?;
        let provider = self.inner.registry.get(build.provider).await?;
        let record = self.store().run_record(principal, id).await?;
        let run = record.and_then(|record| record.run_ref).ok_or_else(|| AppError::not_found("buildId", "build"))?;
        let access = self.inner.gate.access(&principal.actor, &build, &*provider).await?;
        Ok(provider.artifact(&access, &RunRef(run), path, offset))
    }
}
