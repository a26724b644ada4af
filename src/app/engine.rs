//! A build engine, called for a person.

use std::sync::Arc;

use alm_build_spi::{Access, BuildProvider, ProviderError};
use alm_domain::{Actor, Environment, EnvironmentId, Principal, ProjectId, Provider};

use super::{App, AppError, Checked, TokenState, gate::Gate};

/// A build engine, called for a person with that person's own rights.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) provider: Arc<dyn BuildProvider>,
    pub(super) access: Access,
    actor: Actor,
    /// Where the rights are from; `None` where the engine asks for none.
    environment: Option<Environment>,
    gate: Gate,
}

impl App {
    /// The engine of a provider, for work on a build service that uses these environments.
    ///
    /// # Errors
    /// [`AppError::CredentialNeeded`] where the caller's account is not connected; [`AppError::WrongState`] where there is no
    /// environment to connect one at; [`AppError::Provider`] when the provider cannot be set up.
    pub(super) async fn engine(
        &self,
        principal: &Principal,
        record: &Provider,
        project: ProjectId,
        chosen: Option<&[EnvironmentId]>,
    ) -> Result<Engine, AppError> {
        self.engine_for(&principal.actor, record, project, chosen).await
    }

    /// The same, for whoever did something before.
    ///
    /// # Errors
    /// As [`engine`](Self::engine).
    pub(super) async fn engine_for(
        &self,
        actor: &Actor,
        record: &Provider,
        project: ProjectId,
        chosen: Option<&[EnvironmentId]>,
    ) -> Result<Engine, AppError> {
        let provider = self.inner.registry.get_for(record)?;
        let (gate, actor) = (self.inner.gate.clone(), actor.clone());
        let found = gate.engine_of(&actor, provider.descriptor(), project, chosen).await?;
        let (environment, access) = found.map(|(at, access)| (Some(at), access)).unwrap_or_default();
        Ok(Engine { provider, access, actor, environment, gate })
    }

    /// The engine of a provider that asks for nobody's account, for what is of no project yet.
    ///
    /// # Errors
    /// [`AppError::WrongState`] where it asks for one; [`AppError::Provider`] when the provider cannot be set up.
    pub(super) fn engine_without_account(&self, principal: &Principal, record: &Provider) -> Result<Engine, AppError> {
        let provider = self.inner.registry.get_for(record)?;
        if provider.descriptor().needs_token {
            return Err(AppError::WrongState(
                "the provider works with the accounts of people, which are connected in a project: create the project first"
                    .to_owned(),
            ));
        }
        let (gate, actor) = (self.inner.gate.clone(), principal.actor.clone());
        Ok(Engine { provider, access: Access::default(), actor, environment: None, gate })
    }
}

impl Engine {
    /// What a call of the engine came to. A token that was refused is noted, so that its owner is asked to connect again.
    pub(super) async fn heard<T>(&self, result: Result<T, ProviderError>) -> Result<T, AppError> {
        match (result, &self.environment) {
            (Err(ProviderError::Unauthorized { .. }), Some(environment)) => {
                self.gate.refused(&self.actor, environment).await;
                Err(AppError::CredentialNeeded(Box::new(Checked {
                    environment: environment.clone(),
                    state: TokenState::Expired,
                    expires_at: None,
                    fresh_lasts: None,
                    message: None,
                })))
            }
            (result, _) => Ok(result?),
        }
    }
}
