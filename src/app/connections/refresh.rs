//! Renewing tokens without the person.

use alm_credentials::oauth::{OAuthError, Tokens, refresh};
use alm_domain::{Environment, Grant, GrantStatus, Principal, SecretKind, Timestamp, UserId};
use alm_store::{StoreError, TokenChange, token_binding};

use super::check::{next_look, standing};
use crate::app::{App, AppError};

/// How fresh a token is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) enum Freshness {
    /// It has to last until then.
    Until(Timestamp),
    /// Another one than there was when this was asked.
    Anew,
}

impl App {
    /// The grant with a token that is fresh enough, renewed if it has to be; `None` where it is not renewed without the person.
    /// Of many who ask at once, one asks the server, and the others take what it got.
    ///
    /// # Errors
    /// When the store cannot be read or written, or what is sealed does not open.
    pub(in crate::app) async fn refreshed(
        &self,
        user: UserId,
        environment: &Environment,
        wanted: Freshness,
    ) -> Result<Option<Grant>, AppError> {
        let system = Principal::system("connections");
        let id = alm_domain::GrantId::of(environment.id, user);
        let asked = self.store().grant_record(&system, environment.id, user).await?.token_version;
        let turn = self.inner.connections.turn(id);
        let _turn = turn.lock().await;
        let record = self.store().grant_record(&system, environment.id, user).await?;
        let is_fresh = match wanted {
            Freshness::Until(until) => record.grant.expires_at.is_none_or(|end| end > until),
            Freshness::Anew => false,
        };
        if record.token_version != asked || (is_fresh && record.grant.status.is_usable()) {
            return Ok(Some(record.grant));
        }
        if !record.grant.renews_itself {
            return Ok(None);
        }
        let binding = token_binding(user, environment.id, SecretKind::RefreshToken);
        let Some(token) = self.opened(&binding).await? else { return Ok(None) };
        let now = self.clock().now();
        let renewed = match self.target(environment).await {
            Ok(target) => refresh(&target.server(), &token, now).await,
            Err(super::target::NoTarget::OAuth(error)) => Err(error),
            Err(error) => Err(OAuthError::Unreachable(error.to_string())),
        };
        let before = record.grant.clone();
        let grant = match renewed {
            Ok(tokens) => {
                // Stored in any case: a server that gives a new refresh token has ended the old one.
                let outlasts = tokens.outlast(before.expires_at);
                let reason = (!outlasts).then(|| {
                    "the OAuth server gave a token that does not last longer than the one before: connect again"
                        .to_owned()
                });
                let grant = Grant {
                    issued_at: Some(now),
                    expires_at: tokens.expires_at,
                    renews_itself: outlasts,
                    scopes: tokens.scopes.iter().take(50).cloned().collect(),
                    checked_at: Some(now),
                    reason,
                    status: GrantStatus::Connected,
                    ..before
                };
                return self.keep_tokens(&system, grant, &tokens, true, Some(record.token_version)).await.map(Some);
            }
            Err(OAuthError::InvalidGrant | OAuthError::InvalidClient | OAuthError::Denied) => Grant {
                renews_itself: false,
                status: if before.expires_at.is_none_or(|end| end > now) {
                    before.status
                } else {
                    GrantStatus::Expired
                },
                reason: Some(
                    "the OAuth server does not renew this connection any more: connect the account again".to_owned(),
                ),
                checked_at: Some(now),
                ..before
            },
            Err(error) => Grant {
                status: if before.expires_at.is_some_and(|end| end <= now) {
                    GrantStatus::Expired
                } else {
                    GrantStatus::Error
                },
                reason: Some(error.to_string()),
                checked_at: Some(now),
                ..before
            },
        };
        let grant = Grant { status: standing(&grant, now), ..grant };
        self.put_grant(&system, grant, TokenChange::Keep, Some(record.token_version)).await.map(Some)
    }

    /// Seals tokens and writes the grant that they belong to.
    pub(in crate::app) async fn keep_tokens(
        &self,
        principal: &Principal,
        grant: Grant,
        tokens: &Tokens,
        keep_refresh: bool,
        expected: Option<u64>,
    ) -> Result<Grant, AppError> {
        let bound = |kind| token_binding(grant.user, grant.environment, kind);
        let access = self.vault().seal(&bound(SecretKind::AccessToken), &tokens.access)?;
        let refresh = match &tokens.refresh {
            Some(token) => Some(self.vault().seal(&bound(SecretKind::RefreshToken), token)?),
            None => None,
        };
        let grant = Grant { status: standing(&grant, self.clock().now()), ..grant };
        self.put_grant(principal, grant, TokenChange::Store { access, refresh, keep_refresh }, expected).await
    }

    /// Writes a grant, and tells its owner. Where another one was faster, what that one wrote counts.
    pub(in crate::app) async fn put_grant(
        &self,
        principal: &Principal,
        grant: Grant,
        tokens: TokenChange,
        expected: Option<u64>,
    ) -> Result<Grant, AppError> {
        let (environment, user) = (grant.environment, grant.user);
        let check_at = next_look(&grant, self.clock().now(), &mut rand::rng());
        match self.store().write_grant(principal, grant, tokens, expected, check_at).await {
            Ok(grant) => {
                self.inner.hub.connections_changed(user);
                Ok(grant)
            }
            Err(StoreError::StaleRevision { .. }) => {
                Ok(self.store().grant_record(principal, environment, user).await?.grant)
            }
            Err(error) => Err(error.into()),
        }
    }
}
