//! Whether a build could be started now, and what a start lacks.

use alm_build_spi::BuildProvider;
use alm_domain::{Actor, AwaitedCredential, Build, BuildService, Deploys, Hold, Timestamp, Warning};
use chrono::TimeDelta;

use super::{Checked, Gate, TokenState};
use crate::app::AppError;

/// Most environments that a held build names.
const MOST_AWAITED: usize = 50;

/// What a start would find.
#[derive(Debug, Clone, PartialEq)]
pub struct StartCheck {
    /// The caller's token for each environment that a build needs one of, in the order of promotion.
    pub environments: Vec<Checked>,
    /// Until when a build is likely to need them; `None` where it needs none.
    pub needed_until: Option<Timestamp>,
    now: Timestamp,
}

impl StartCheck {
    /// The environments for which the caller has to do something first: a build is held until then.
    pub fn missing(&self) -> impl Iterator<Item = &Checked> {
        self.environments.iter().filter(|checked| self.blocks(checked))
    }

    fn blocks(&self, checked: &Checked) -> bool {
        self.needed_until.is_some_and(|needed_until| checked.blocks(self.now, needed_until))
    }

    /// Whether a build would begin, and not be held.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.missing().next().is_none()
    }

    /// How a build is held that lacks a token; `None` where it lacks none.
    pub(in crate::app) fn hold(&self, service_revision: u64, longest: TimeDelta) -> Option<Hold> {
        let awaited = self.awaited();
        let deadline = self.now.checked_add_signed(longest).unwrap_or(Timestamp::MAX_UTC);
        (!awaited.is_empty()).then_some(Hold::Credential { awaited, service_revision, since: self.now, deadline })
    }

    /// What a held build waits for.
    pub(in crate::app) fn awaited(&self) -> Vec<AwaitedCredential> {
        self.missing().take(MOST_AWAITED).map(Checked::awaited).collect()
    }

    /// What a build is told that begins with tokens which may not last.
    pub(in crate::app) fn warnings(&self) -> Vec<Warning> {
        let ends = |checked: &&Checked| {
            matches!(checked.state, TokenState::ExpiresDuring | TokenState::Unknown) && !self.blocks(checked)
        };
        let code = |checked: &Checked| match checked.state {
            TokenState::Unknown => "TOKEN_UNKNOWN",
            _ => "TOKEN_EXPIRES_DURING",
        };
        let warning = |checked: &Checked| Warning { code: code(checked).to_owned(), message: checked.sentence() };
        self.environments.iter().filter(ends).map(warning).collect()
    }
}

impl Gate {
    /// What a start by this actor would find. What can be renewed without a person is renewed.
    ///
    /// # Errors
    /// When the database cannot be asked; [`AppError::WrongState`] where the service itself starts what needs a person.
    pub(in crate::app) async fn check_start(
        &self,
        actor: &Actor,
        provider: &dyn BuildProvider,
        service: &BuildService,
        deploys: Option<&Deploys>,
    ) -> Result<StartCheck, AppError> {
        let needed =
            self.needed(provider.descriptor(), service.project, service.environments.as_deref(), deploys).await?;
        if needed.is_empty() {
            return Ok(StartCheck { environments: Vec::new(), needed_until: None, now: self.now() });
        }
        let (Some(wallet), Some(user)) = (self.wallet(), actor.user()) else {
            let message = "builds of this service need the account of a person: the service itself has none";
            return Err(AppError::WrongState(message.to_owned()));
        };
        let needed_until = self.needed_until(service).await?;
        let environments = wallet.check(user, &needed, needed_until).await?;
        Ok(StartCheck { environments, needed_until: Some(needed_until), now: self.now() })
    }

    /// What a build that is held finds now; `None` where its service is gone.
    pub(in crate::app) async fn check_held(
        &self,
        build: &Build,
        provider: &dyn BuildProvider,
    ) -> Result<Option<StartCheck>, AppError> {
        let Some(service) = self.service_of(build).await? else { return Ok(None) };
        self.check_start(&build.trigger.actor, provider, &service, build.deploys.as_ref()).await.map(Some)
    }

    /// The build service of a build, if it was not removed.
    pub(super) async fn service_of(&self, build: &Build) -> Result<Option<BuildService>, AppError> {
        let found = self.shared.store.services(&self.shared.system, &[build.service]).await?.pop();
        Ok(found.filter(|service| service.removed_at.is_none()))
    }
}
