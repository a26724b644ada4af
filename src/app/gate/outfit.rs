//! What a run is given: the token that its engine is called with, and its secrets.

use alm_build_spi::{Access, BuildProvider, NamedSecret, ProviderDescriptor};
use alm_credentials::vault::Binding;
use alm_domain::{
    Actor, Build, Capability, Environment, EnvironmentId, EnvironmentRole, Principal, ProjectId, ServiceId,
};
use alm_store::{Clearance, StoreError};

use super::{Checked, Gate};
use crate::app::AppError;

/// What a run is given.
#[derive(Debug, Default)]
pub(in crate::app) struct Outfit {
    /// With whose rights its engine is called.
    pub(in crate::app) access: Access,
    /// Its secrets.
    pub(in crate::app) secrets: Vec<NamedSecret>,
    /// Environments whose token it does not get with its start.
    pub(in crate::app) withheld: Vec<String>,
}

/// What a stage is told that waits for the token of its environment.
#[derive(Debug)]
pub(in crate::app) enum Late {
    /// Here it is.
    Token(NamedSecret),
    /// It waits on.
    NotYet,
    /// It waits in vain, for this reason: its deployment is not to happen.
    Never(String),
}

/// Why a run cannot be given what it needs.
#[derive(Debug)]
pub(in crate::app) enum Unfit {
    /// This token is missing.
    Token(Box<Checked>),
    /// Something else went wrong.
    Other(AppError),
}

impl From<Unfit> for AppError {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Token(checked) => Self::CredentialNeeded(checked),
            Unfit::Other(error) => error,
        }
    }
}

impl From<AppError> for Unfit {
    fn from(error: AppError) -> Self {
        Self::Other(error)
    }
}

impl From<StoreError> for Unfit {
    fn from(error: StoreError) -> Self {
        Self::Other(error.into())
    }
}

impl Gate {
    /// What a build is given with its start: the tokens of whoever started it. One that is missing comes later, where the
    /// provider can let a stage wait for it.
    pub(in crate::app) async fn outfit(&self, build: &Build, provider: &dyn BuildProvider) -> Result<Outfit, Unfit> {
        let (descriptor, mut outfit) = (provider.descriptor(), Outfit::default());
        let Some(service) = self.service_of(build).await? else { return Ok(outfit) };
        if descriptor.capabilities.contains(&Capability::Secrets) {
            outfit.secrets = self.service_secrets(&self.shared.system, service.id).await?;
        }
        let can_wait = descriptor.capabilities.contains(&Capability::LateSecrets);
        for environment in
            self.needed(descriptor, service.project, service.environments.as_deref(), build.deploys.as_ref()).await?
        {
            if environment.role == EnvironmentRole::Build {
                outfit.access = self.access_to(&build.trigger.actor, &environment).await?;
                continue;
            }
            let name = environment.name.to_string();
            // Where there are rules they are asked when it is the stage's turn: what is so at the start may not be so then.
            if can_wait && environment.protection.is_set() {
                outfit.withheld.push(name);
                continue;
            }
            if self.shared.store.clearance(&self.shared.system, build.id, environment.id).await? != Clearance::Given {
                outfit.withheld.push(name);
                continue;
            }
            match self.token_of(&build.trigger.actor, &environment).await {
                Ok(token) => outfit.secrets.push(token),
                Err(Unfit::Token(_)) if can_wait => outfit.withheld.push(name),
                Err(unfit) => return Err(unfit),
            }
        }
        Ok(outfit)
    }

    /// A build service's own secrets, opened, for a build of it; for nobody's eyes.
    pub(in crate::app) async fn service_secrets(
        &self,
        principal: &Principal,
        id: ServiceId,
    ) -> Result<Vec<NamedSecret>, AppError> {
        let sealed = self.shared.store.sealed_service_secrets(principal, id).await?;
        let open = |(binding, sealed): (Binding, _)| {
            let value = self.shared.vault.open(&binding, &sealed)?;
            Ok(NamedSecret::new(binding.subject, value))
        };
        sealed.into_iter().map(open).collect()
    }

    /// With whose rights the engine of a build is called for this person: with the person's own.
    pub(in crate::app) async fn access(
        &self,
        actor: &Actor,
        build: &Build,
        provider: &dyn BuildProvider,
    ) -> Result<Access, Unfit> {
        match self.build_environment(build, provider).await? {
            Some(environment) => self.access_to(actor, &environment).await,
            None => Ok(Access::default()),
        }
    }

    /// The token of a target for a build of which a stage waits for it. Whoever is given it has the way there for itself.
    pub(in crate::app) async fn late_token(
        &self,
        build: &Build,
        provider: &dyn BuildProvider,
        name: &str,
    ) -> Result<Late, Unfit> {
        let needed = self.needed_by(build, provider).await?;
        let mut targets = needed.into_iter().filter(|environment| environment.role == EnvironmentRole::Target);
        let Some(environment) = targets.find(|environment| environment.name.as_str() == name) else {
            return Ok(Late::NotYet);
        };
        let (store, system) = (&self.shared.store, &self.shared.system);
        match store.clearance(system, build.id, environment.id).await? {
            Clearance::Given => {}
            Clearance::Later(_) => return Ok(Late::NotYet),
            Clearance::Never(why) => return Ok(Late::Never(why)),
        }
        // First the token: who lacks one must not stand in the way of others.
        let token = self.token_of(&build.trigger.actor, &environment).await?;
        Ok(match store.give_way(system, build.id, environment.id).await? {
            Clearance::Given => Late::Token(token),
            Clearance::Later(_) => Late::NotYet,
            Clearance::Never(why) => Late::Never(why),
        })
    }

    /// The environment in whose engine this person works on a build service that uses these environments, and with which rights;
    /// `None` where the engine asks for none.
    pub(in crate::app) async fn engine_of(
        &self,
        actor: &Actor,
        descriptor: &ProviderDescriptor,
        project: ProjectId,
        chosen: Option<&[EnvironmentId]>,
    ) -> Result<Option<(Environment, Access)>, Unfit> {
        if !descriptor.needs_token || self.wallet().is_none() {
            return Ok(None);
        }
        let needed = self.needed(descriptor, project, chosen, None).await?;
        let Some(environment) = needed.into_iter().find(|environment| environment.role == EnvironmentRole::Build)
        else {
            let message = "the provider works with the accounts of people, and there is no environment to connect one at: \
                           add one of the role BUILD, with the address of the provider's cluster, to the project";
            return Err(Unfit::Other(AppError::WrongState(message.to_owned())));
        };
        let access = self.access_to(actor, &environment).await?;
        Ok(Some((environment, access)))
    }

    /// Notes that an engine does not take this person's token any more.
    pub(in crate::app) async fn refused(&self, actor: &Actor, environment: &Environment) {
        if let (Some(user), Some(wallet)) = (actor.user(), self.wallet()) {
            wallet.unauthorized(user, environment).await;
        }
    }

    /// Notes that the engine of a build does not take this person's token any more; where the account is, if any is known.
    pub(in crate::app) async fn unauthorized(
        &self,
        actor: &Actor,
        build: &Build,
        provider: &dyn BuildProvider,
    ) -> Result<Option<Environment>, AppError> {
        let environment = self.build_environment(build, provider).await?;
        if let Some(environment) = &environment {
            self.refused(actor, environment).await;
        }
        Ok(environment)
    }

    /// The environment that a build runs in, where its engine is called with the rights of a person.
    pub(super) async fn build_environment(
        &self,
        build: &Build,
        provider: &dyn BuildProvider,
    ) -> Result<Option<Environment>, AppError> {
        if !provider.descriptor().needs_token {
            return Ok(None);
        }
        let needed = self.needed_by(build, provider).await?;
        Ok(needed.into_iter().find(|environment| environment.role == EnvironmentRole::Build))
    }

    /// The environments whose tokens a build needs; none where its service is gone.
    async fn needed_by(&self, build: &Build, provider: &dyn BuildProvider) -> Result<Vec<Environment>, AppError> {
        match self.service_of(build).await? {
            Some(service) => {
                let chosen = service.environments.as_deref();
                self.needed(provider.descriptor(), service.project, chosen, build.deploys.as_ref()).await
            }
            None => Ok(Vec::new()),
        }
    }

    pub(super) async fn access_to(&self, actor: &Actor, environment: &Environment) -> Result<Access, Unfit> {
        Ok(Access { token: Some(self.token_of(actor, environment).await?.value) })
    }

    async fn token_of(&self, actor: &Actor, environment: &Environment) -> Result<NamedSecret, Unfit> {
        let (Some(user), Some(wallet)) = (actor.user(), self.wallet()) else {
            let message = "the service itself has no account: a person must start the build";
            return Err(Unfit::Other(AppError::WrongState(message.to_owned())));
        };
        let (value, expires_at) = wallet.token(user, environment).await.map_err(Unfit::Token)?;
        Ok(NamedSecret::token(environment.name.as_str(), value, expires_at))
    }
}
