//! The accounts that people have connected here, as the gate sees them.

use std::{fmt, sync::Weak};

use alm_domain::{Environment, Timestamp, UserId};
use async_trait::async_trait;
use secrecy::SecretString;

use super::Wallet;
use crate::app::{App, AppError, Checked, Inner, TokenState};

/// The accounts that people have connected here. Does not keep the application alive, which it is a part of.
pub(in crate::app) struct OwnWallet(Weak<Inner>);

impl fmt::Debug for OwnWallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnWallet")
    }
}

impl OwnWallet {
    pub(in crate::app) fn of(app: &App) -> Self {
        Self(std::sync::Arc::downgrade(&app.inner))
    }

    /// The application; `None` when it is going down.
    fn app(&self) -> Option<App> {
        self.0.upgrade().map(|inner| App { inner })
    }
}

#[async_trait]
impl Wallet for OwnWallet {
    async fn check(
        &self,
        user: UserId,
        environments: &[Environment],
        needed_until: Timestamp,
    ) -> Result<Vec<Checked>, AppError> {
        match self.app() {
            Some(app) => app.check_tokens(user, environments, needed_until).await,
            None => Err(AppError::WrongState("the service is going down".to_owned())),
        }
    }

    async fn token(
        &self,
        user: UserId,
        environment: &Environment,
    ) -> Result<(SecretString, Option<Timestamp>), Box<Checked>> {
        match self.app() {
            Some(app) => app.token_for(user, environment).await.map_err(Box::new),
            None => Err(Box::new(Checked {
                environment: environment.clone(),
                state: TokenState::Unknown,
                expires_at: None,
                fresh_lasts: None,
                message: Some("the service is going down".to_owned()),
            })),
        }
    }

    async fn unauthorized(&self, user: UserId, environment: &Environment) {
        if let Some(app) = self.app() {
            app.report_unauthorized(user, environment.id).await;
        }
    }
}
