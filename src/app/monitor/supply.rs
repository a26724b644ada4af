//! Handing tokens over to stages that wait for them.

use alm_build_spi::{Access, BuildProvider, ProviderError, RunRef};
use alm_domain::{Capability, RunStatus};

use super::follower::{Follower, Setback};
use crate::app::gate::{Late, Unfit};

impl Follower<'_> {
    /// Hands over every token that a stage waits for and that there is; what there is not is looked for again when accounts
    /// change. Safe to repeat: supplying is idempotent.
    pub(super) async fn supply_tokens(
        &mut self,
        provider: &dyn BuildProvider,
        access: &Access,
        run: &RunRef,
    ) -> Result<(), Setback> {
        if !provider.descriptor().capabilities.contains(&Capability::LateSecrets) {
            return Ok(());
        }
        let (store, system) = (&self.shared.store, &self.shared.principal);
        let Some((state, _)) = store.build_state(system, self.build).await? else { return Err(Setback::Gone) };
        // No token is given to what nobody here has started.
        if state.build.cancel.is_some() || state.build.is_external() {
            return Ok(());
        }
        let waiting = state.stages.values().filter(|stage| stage.status == RunStatus::WaitingForCredential);
        let mut environments: Vec<&str> = waiting.filter_map(|stage| stage.environment.as_deref()).collect();
        environments.sort_unstable();
        environments.dedup();
        self.looks_again |= !environments.is_empty();
        for name in environments {
            match self.shared.gate.late_token(&state.build, provider, name).await {
                Ok(Late::Token(token)) => match provider.supply(access, run, &token).await {
                    Ok(()) | Err(ProviderError::NotFound(_)) => {}
                    Err(error) => return Err(error.into()),
                },
                // The stage waits on, and says for what.
                Ok(Late::NotYet) | Err(Unfit::Token(_)) => {}
                Ok(Late::Never(why)) => self.shared.stop_deployment(self.build, why).await,
                Err(unfit) => return Err(unfit.into()),
            }
        }
        Ok(())
    }
}
