//! Letting the engine forget what it kept for following.

use alm_build_spi::{BuildProvider, ProviderError, RunRef};
use alm_domain::Build;
use alm_store::RunRecord;

use super::follower::{Follower, Setback};
use crate::app::gate::Unfit;

impl Follower<'_> {
    /// Lets the engine forget what it kept only for following, and notes that it knows.
    pub(super) async fn release(
        &self,
        provider: &dyn BuildProvider,
        build: &Build,
        record: &RunRecord,
    ) -> Result<(), Setback> {
        // A run that began at its engine was given nothing by us: what it has there is not ours to take away.
        if let Some(run) = record.run_ref.as_ref().filter(|_| !build.is_external()) {
            let access = match self.shared.gate.access(&build.trigger.actor, build, provider).await {
                // The build is over, so that it cannot say for what it waits.
                Err(Unfit::Token(_)) => return Err(Setback::Held(None)),
                access => access?,
            };
            match provider.release(&access, &RunRef(run.clone())).await {
                Ok(()) | Err(ProviderError::NotFound(_)) => {}
                Err(error @ (ProviderError::Unavailable { .. } | ProviderError::Conflict(_))) => {
                    return Err(Setback::Unreleased(error));
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.shared.store.mark_released(&self.shared.principal, self.build).await?;
        Ok(())
    }
}
