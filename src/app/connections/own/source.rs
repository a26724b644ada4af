//! Where a person's own token for an environment comes from.

use alm_credentials::oauth::{Metadata, OAuthError, exchange_token};
use alm_domain::{Environment, GrantId, OAuthClient, Timestamp, TokenMode, UserId};

use super::{
    consent::{may_be_exchanged, may_be_sent},
    memory::OwnToken,
};
use crate::app::{
    App, AppError, Bearer,
    connections::target::{NoTarget, Target},
};

/// Why a person has no token of his own for an environment, for that person.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoOwnToken {
    /// The environment is not set to it, or the administrator does not allow it.
    #[error("your own sign-in is not used here: connect an account")]
    Forbidden,
    /// The person is not here.
    #[error("your sign-in has ended, or is none that could be used there: sign in again, or connect an account")]
    Absent,
    /// There will be none, whatever is waited for.
    #[error("{0}: connect an account")]
    Refused(String),
    /// Somebody cannot be asked.
    #[error("your own sign-in cannot be used now: {0}")]
    Unreachable(String),
    /// It has nothing to do with tokens.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<NoTarget> for NoOwnToken {
    fn from(error: NoTarget) -> Self {
        match error {
            NoTarget::OAuth(error) => error.into(),
            NoTarget::NoClient { .. } => Self::Refused(error.to_string()),
            NoTarget::App(error) => Self::App(error),
        }
    }
}

impl From<OAuthError> for NoOwnToken {
    fn from(error: OAuthError) -> Self {
        match error {
            error if error.is_transient() => Self::Unreachable(error.to_string()),
            OAuthError::InvalidGrant => Self::Refused("the OAuth server does not exchange your sign-in".to_owned()),
            error => Self::Refused(error.to_string()),
        }
    }
}

impl App {
    /// The client by which the administrator allows this way of using one's own sign-in at an origin. That of an environment says
    /// nothing of it: its owner is not who decides where the sign-ins of others go.
    pub(in crate::app) async fn consent(
        &self,
        environment: &Environment,
        mode: TokenMode,
    ) -> Result<Option<OAuthClient>, AppError> {
        let of_origin = self.clients_of(environment).await?.of_origin;
        Ok(of_origin.filter(|client| client.own_token.contains(&mode)))
    }

    /// A person's own token for an environment, made anew by exchange where the one that there is does not last until then.
    pub(super) async fn own_source(
        &self,
        user: UserId,
        environment: &Environment,
        until: Timestamp,
    ) -> Result<OwnToken, NoOwnToken> {
        let mode = environment.token_mode;
        let client = match mode.is_own_token() {
            true => self.consent(environment, mode).await?,
            false => None,
        };
        let client = client.ok_or(NoOwnToken::Forbidden)?;
        let bearer = self.presence().bearer(user);
        if mode == TokenMode::Exchange {
            return self.exchanged(user, environment, client, bearer, until).await;
        }
        let bearer = bearer.ok_or(NoOwnToken::Absent)?;
        if !may_be_sent(&bearer, &client) {
            return Err(for_us_alone());
        }
        let issued_at = bearer.issued_at.unwrap_or_else(|| self.clock().now());
        Ok(OwnToken { token: bearer.token, issued_at, expires_at: bearer.expires_at })
    }

    async fn exchanged(
        &self,
        user: UserId,
        environment: &Environment,
        client: OAuthClient,
        bearer: Option<Bearer>,
        until: Timestamp,
    ) -> Result<OwnToken, NoOwnToken> {
        let (id, by) = (GrantId::of(environment.id, user), (client.id, client.revision));
        let now = self.clock().now();
        let memory = &self.inner.connections.own;
        let known = memory.exchanged(id, by, now);
        if let Some(known) = known.as_ref().filter(|known| known.lasts(until) || !known.is_old(now)) {
            return Ok(known.clone());
        }
        let made = async {
            let bearer = bearer.ok_or(NoOwnToken::Absent)?;
            let target = self.exchanger(environment, &client).await?;
            if !may_be_exchanged(&bearer, &client, &target.metadata) {
                return Err(for_us_alone());
            }
            let audience = client.audience.as_deref();
            Ok(exchange_token(&target.server(), &bearer.token, audience, now).await?)
        };
        match made.await {
            Ok(tokens) => {
                let token = OwnToken { token: tokens.access, issued_at: now, expires_at: tokens.expires_at };
                memory.keep(id, by, token.clone());
                Ok(token)
            }
            // The one that there is works on.
            Err(error) => known.ok_or(error),
        }
    }

    async fn exchanger(&self, environment: &Environment, client: &OAuthClient) -> Result<Target, NoTarget> {
        self.target_by(environment, client.clone(), &client.token_hosts).await
    }

    /// What the OAuth server says of itself that exchanges tokens for an environment; `None` where none does.
    pub(super) async fn exchange_metadata(&self, environment: &Environment) -> Option<Metadata> {
        let client = self.consent(environment, TokenMode::Exchange).await.ok().flatten()?;
        (environment.token_mode == TokenMode::Exchange).then_some(())?;
        Some(self.exchanger(environment, &client).await.ok()?.metadata)
    }
}

fn for_us_alone() -> NoOwnToken {
    let why = "your sign-in was issued for this service alone, and the administrator does not let it go there";
    NoOwnToken::Refused(why.to_owned())
}
