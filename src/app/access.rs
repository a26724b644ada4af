//! The tokens that work in environments is done with.

use alm_domain::{Environment, EnvironmentId, Grant, GrantStatus, Principal, SecretKind, Timestamp, UserId};
use alm_store::token_binding;
use chrono::TimeDelta;
use futures::future::join_all;
use secrecy::SecretString;

use super::{
    App, AppError,
    connections::{Freshness, OwnToken, Trial, standing},
};

/// Whether a person's token for an environment lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenState {
    /// Long enough.
    Ok,
    /// Not long enough; it works now.
    ExpiresDuring,
    /// It has ended, or was withdrawn.
    Expired,
    /// There is none.
    NotConnected,
    /// Nobody could be asked; it may work.
    Unknown,
}

/// What is known of a person's token for an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The environment.
    pub environment: Environment,
    /// Whether it lasts.
    pub state: TokenState,
    /// When it ends, where that is known.
    pub expires_at: Option<Timestamp>,
    /// How long a token lasts that the person would get now, where that is known.
    pub fresh_lasts: Option<TimeDelta>,
    /// What there is to say of it to people.
    pub message: Option<String>,
}

impl App {
    /// Whether a person's tokens for these environments last until then; what can be renewed without the person is renewed first.
    /// In the order of the environments.
    ///
    /// # Errors
    /// When the store cannot be read. A server that cannot be reached is no error: its token is [`TokenState::Unknown`].
    pub async fn check_tokens(
        &self,
        user: UserId,
        environments: &[Environment],
        needed_until: Timestamp,
    ) -> Result<Vec<Checked>, AppError> {
        let checked =
            join_all(environments.iter().map(|environment| self.check_token(user, environment, needed_until)));
        checked.await.into_iter().collect()
    }

    /// A person's token for an environment: of an account that is connected, else the person's own where that is used; renewed first if it has ended and can be, and when it ends; or what is wrong with it.
    ///
    /// # Errors
    /// [`Checked`], which is then never [`TokenState::Ok`].
    pub async fn token_for(
        &self,
        user: UserId,
        environment: &Environment,
    ) -> Result<(SecretString, Option<Timestamp>), Checked> {
        let failed = |state, expires_at, message: String| Checked {
            environment: environment.clone(),
            state,
            expires_at,
            fresh_lasts: None,
            message: Some(message),
        };
        let now = self.clock().now();
        let (grant, own) = self
            .token_record(user, environment, now)
            .await
            .map_err(|error| failed(TokenState::Unknown, None, error.to_string()))?;
        let is_own = grant.is_own_token;
        let checked = checked(environment, grant, self.clock().now(), now);
        if matches!(checked.state, TokenState::Expired | TokenState::NotConnected) {
            return Err(checked);
        }
        match own {
            Some(own) => return Ok((own.token, own.expires_at)),
            None if is_own => return Err(checked),
            None => {}
        }
        match self.opened(&token_binding(user, environment.id, SecretKind::AccessToken)).await {
            Ok(Some(token)) => Ok((token, checked.expires_at)),
            Ok(None) => Err(failed(TokenState::NotConnected, None, "no account is connected".to_owned())),
            Err(error) => Err(failed(TokenState::Unknown, checked.expires_at, error.to_string())),
        }
    }

    /// A provider was told that this person's token is not accepted: what is said of the connection is set right.
    pub async fn report_unauthorized(&self, user: UserId, environment: EnvironmentId) {
        let system = Principal::system("connections");
        let reported = async {
            let Some(environment) = self.store().environments(&system, &[environment]).await?.pop() else {
                return Ok(());
            };
            self.refused(user, &environment, "the build engine does not accept it").await.map(|_| ())
        };
        if let Err(error) = reported.await as Result<(), AppError> {
            tracing::warn!(%environment, error = &error as &dyn std::error::Error, "a refused token could not be noted");
        }
    }

    async fn check_token(
        &self,
        user: UserId,
        environment: &Environment,
        needed_until: Timestamp,
    ) -> Result<Checked, AppError> {
        let (grant, _) = self.token_record(user, environment, needed_until).await?;
        Ok(checked(environment, grant, self.clock().now(), needed_until))
    }

    /// What is known of a person's token, renewed or tried first where that is called for; and the token itself where it is the
    /// person's own.
    async fn token_record(
        &self,
        user: UserId,
        environment: &Environment,
        needed_until: Timestamp,
    ) -> Result<(Grant, Option<OwnToken>), AppError> {
        let system = Principal::system("connections");
        let mut grant = self.store().grant_record(&system, environment.id, user).await?.grant;
        let is_connected = !grant.is_own_token && standing(&grant, self.clock().now()).is_usable();
        if grant.is_own_token || (environment.token_mode.is_own_token() && !is_connected) {
            return self.own_token(user, environment, needed_until, Trial::IfNew).await;
        }
        let ends_early = grant.expires_at.is_some_and(|end| end <= needed_until);
        if grant.status.is_usable() && grant.renews_itself && ends_early {
            let renewed = self.refreshed(user, environment, Freshness::Until(needed_until)).await?;
            grant = renewed.unwrap_or(grant);
        }
        Ok((grant, None))
    }
}

fn checked(environment: &Environment, grant: Grant, now: Timestamp, needed_until: Timestamp) -> Checked {
    let state = state_of(&grant, now, needed_until);
    let said = match state {
        TokenState::NotConnected => Some("no account is connected: connect one".to_owned()),
        TokenState::Expired => Some("the connection has ended: connect the account again".to_owned()),
        TokenState::ExpiresDuring => Some("the connection ends before it is done with".to_owned()),
        TokenState::Ok | TokenState::Unknown => None,
    };
    let message = grant.reason.or(said);
    // The next one is likely to last as long as this one did, where it is the person who gets it.
    let got = if grant.is_own_token { grant.issued_at } else { grant.connected_at.filter(|_| !grant.renews_itself) };
    let fresh_lasts = grant.expires_at.zip(got).map(|(end, got)| end - got);
    Checked { environment: environment.clone(), state, expires_at: grant.expires_at, fresh_lasts, message }
}

fn state_of(grant: &Grant, now: Timestamp, needed_until: Timestamp) -> TokenState {
    match grant.status {
        GrantStatus::NotConnected | GrantStatus::Pending => TokenState::NotConnected,
        GrantStatus::Expired | GrantStatus::Revoked => TokenState::Expired,
        _ if grant.expires_at.is_some_and(|end| end <= now) => TokenState::Expired,
        GrantStatus::Error => TokenState::Unknown,
        _ if grant.expires_at.is_some_and(|end| end <= needed_until) => TokenState::ExpiresDuring,
        _ => TokenState::Ok,
    }
}
