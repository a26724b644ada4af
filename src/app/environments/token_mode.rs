//! Where people's tokens for an environment come from, as far as one may choose.

use alm_domain::{Environment, Principal, ProjectRole, TokenMode};
use alm_store::NewEnvironment;

use super::origin_of;
use crate::app::{App, AppError};

impl App {
    /// Where people's tokens for a new environment come from: as chosen, if the administrator allows it; else what asks people for
    /// least, of all that is allowed and that works for the caller.
    pub(super) async fn token_mode_of_new(
        &self,
        principal: &Principal,
        new: &NewEnvironment,
        chosen: Option<TokenMode>,
    ) -> Result<TokenMode, AppError> {
        let environment = of_new(new, self.clock().now());
        if let Some(mode) = chosen {
            self.allowed_token_mode(&environment, mode).await?;
            return Ok(mode);
        }
        // Whoever may not add it is refused soon; nothing is sent anywhere for him.
        let role = self.store().roles_in(principal, &[new.project]).await?.into_iter().next().map(|(_, role)| role);
        let (Some(user), Some(ProjectRole::Owner)) = (principal.user(), role) else { return Ok(TokenMode::Grant) };
        for mode in TokenMode::ALL {
            if self.consent(&environment, mode).await?.is_none() {
                continue;
            }
            let candidate = Environment { token_mode: mode, ..environment.clone() };
            if !mode.is_own_token() || self.own_token_works(user, &candidate).await {
                return Ok(mode);
            }
        }
        Ok(TokenMode::Grant)
    }

    /// Refuses a way that the administrator does not allow at the origin of an environment.
    pub(super) async fn allowed_token_mode(&self, environment: &Environment, mode: TokenMode) -> Result<(), AppError> {
        if mode == TokenMode::Grant || self.consent(environment, mode).await?.is_some() {
            return Ok(());
        }
        let origin = origin_of(&environment.url).unwrap_or_else(|| environment.url.clone());
        let problem = format!(
            "{} is not allowed for {origin}: ask an administrator to allow it (ownToken of the OAuth client of that origin), \
             or use GRANT",
            mode.name()
        );
        Err(AppError::invalid(["tokenMode"], problem))
    }

    /// Tries the caller's own sign-in in an environment that is used with it from now on, or no more, so that its connection says at
    /// once how it is.
    pub(super) async fn try_own_token(&self, principal: &Principal, environment: &Environment) {
        if let Some(user) = principal.user() {
            self.tried_aside(user, environment).await;
        }
    }
}

/// An environment as it is going to be, as far as accounts are concerned.
fn of_new(new: &NewEnvironment, now: alm_domain::Timestamp) -> Environment {
    Environment {
        id: new.id,
        project: new.project,
        revision: 1,
        name: new.name.clone(),
        display_name: new.display_name.clone(),
        url: new.url.clone(),
        namespace: new.namespace.clone(),
        role: new.role,
        position: new.position.unwrap_or_default(),
        protection: new.protection,
        ca_bundle: new.ca_bundle.clone(),
        registry_host: new.registry_host.clone(),
        token_mode: new.token_mode,
        created_at: now,
        removed_at: None,
    }
}
