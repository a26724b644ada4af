//! People's own sign-ins as the tokens of environments: as they are, or exchanged (RFC 8693).
//!
//! **Architecture Invariant:** nothing of it is stored: bearers are in memory while their people are here, what they were exchanged
//! for until it ends. What is stored is what is said of it, as of any other connection.

mod consent;
mod memory;
mod source;

use std::error::Error;

use alm_credentials::identity::{Account, IdentityError};
use alm_domain::{Environment, EnvironmentId, Grant, GrantId, GrantStatus, Principal, Timestamp, TokenMode, UserId};
use alm_store::{GrantRecord, TokenChange};
use chrono::TimeDelta;
use futures::{StreamExt, stream};
use tokio::sync::broadcast::error::RecvError;

use super::check::standing;
use crate::app::{App, AppError};
pub(in crate::app) use memory::{OwnToken, OwnTokens};
use source::NoOwnToken;

/// For so long a token that was taken counts as tried.
const TAKEN: TimeDelta = TimeDelta::minutes(10);
/// After this time one is tried again that was not taken, or could not be tried.
const NOT_TAKEN: TimeDelta = TimeDelta::seconds(30);
/// Of so many people tokens are tried at a time.
const AT_A_TIME: usize = 4;

/// Whether a token is tried at the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) enum Trial {
    /// If that was not done a moment ago.
    IfNew,
    /// In any case.
    Anew,
}

impl App {
    /// A person's own token for an environment, tried there, and what is to be said of it from now on. An account that the person has
    /// connected and that works comes first: then there is no token. One that does not last until then is made anew where it can be.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub(in crate::app) async fn own_token(
        &self,
        user: UserId,
        environment: &Environment,
        until: Timestamp,
        trial: Trial,
    ) -> Result<(Grant, Option<OwnToken>), AppError> {
        let id = GrantId::of(environment.id, user);
        let turn = self.inner.connections.turn(id);
        let _turn = turn.lock().await;
        let record = self.store().grant_record(&Principal::system("connections"), environment.id, user).await?;
        let now = self.clock().now();
        if !record.grant.is_own_token && standing(&record.grant, now).is_usable() {
            return Ok((record.grant, None));
        }
        let own = match self.own_source(user, environment, until).await {
            Ok(own) => own,
            Err(NoOwnToken::App(error)) => return Err(error),
            Err(none) => return Ok((self.write_own(&record, lost(&record.grant, &none)).await?, None)),
        };
        let memory = &self.inner.connections.own;
        let status = record.grant.status;
        let counts = if status == GrantStatus::Connected { TAKEN } else { NOT_TAKEN };
        let works = status.is_usable();
        if trial == Trial::IfNew && memory.found(id, &own.token, works, now, counts) {
            return Ok((record.grant, works.then_some(own)));
        }
        let (own, said) = self.tried(user, environment, own).await;
        let before = record.grant.clone();
        let grant = match said {
            Ok(Some(account)) => {
                let since = before.connected_at.filter(|_| before.is_own_token && works);
                Grant {
                    status: GrantStatus::Connected,
                    reason: None,
                    account: Some(account.name),
                    scopes: Vec::new(),
                    connected_at: Some(since.unwrap_or(now)),
                    issued_at: Some(own.issued_at),
                    expires_at: own.expires_at,
                    renews_itself: false,
                    checked_at: Some(now),
                    is_own_token: true,
                    ..before
                }
            }
            Err(error) if error.is_transient() => unknown(before, &own, error.to_string()),
            Ok(None) => refused(before, "nobody there says whose it is", now),
            Err(error) => refused(before, &error.to_string(), now),
        };
        let grant = self.write_own(&record, grant).await?;
        let works = grant.status.is_usable();
        memory.tried(id, &own.token, works, now);
        Ok((grant, works.then_some(own)))
    }

    /// What the cluster says of a token. One that was got in exchange a while ago, and is not taken any more, is first replaced.
    async fn tried(
        &self,
        user: UserId,
        environment: &Environment,
        own: OwnToken,
    ) -> (OwnToken, Result<Option<Account>, IdentityError>) {
        let metadata = self.exchange_metadata(environment).await;
        let said = self.whose(environment, metadata.as_ref(), &own.token).await;
        let may_be_replaced = environment.token_mode == TokenMode::Exchange && own.issued_at < self.clock().now();
        if !may_be_replaced || !matches!(said, Err(IdentityError::Unauthorized { .. })) {
            return (own, said);
        }
        self.inner.connections.own.forget(GrantId::of(environment.id, user));
        match self.own_source(user, environment, self.clock().now()).await {
            Ok(own) => {
                let said = self.whose(environment, metadata.as_ref(), &own.token).await;
                (own, said)
            }
            Err(_) => (own, said),
        }
    }

    /// An engine does not take this person's own token: it is tried again, or another one is got in exchange.
    pub(super) async fn own_token_refused(&self, user: UserId, environment: &Environment) -> Result<Grant, AppError> {
        self.inner.connections.own.forget(GrantId::of(environment.id, user));
        let tried = self.own_token(user, environment, self.clock().now(), Trial::Anew).await?;
        Ok(tried.0)
    }

    /// Whether this person's own sign-in works in an environment that need not be there yet.
    pub(in crate::app) async fn own_token_works(&self, user: UserId, environment: &Environment) -> bool {
        let Ok(own) = self.own_source(user, environment, self.clock().now()).await else { return false };
        matches!(self.tried(user, environment, own).await, (_, Ok(Some(_))))
    }

    /// Somebody looks at an environment: where it is used with one's own sign-in, and that was never tried there, it is tried aside,
    /// and the person is told.
    pub fn notice(&self, principal: &Principal, environment: &Environment) {
        let (Some(user), true) = (principal.user(), environment.token_mode.is_own_token()) else { return };
        let Some(bearer) = self.presence().bearer(user).filter(|_| environment.removed_at.is_none()) else { return };
        if !self.inner.connections.own.is_new(GrantId::of(environment.id, user), &bearer.token) {
            return;
        }
        let (app, environment) = (self.clone(), environment.clone());
        self.inner.changes.spawn(async move {
            let stop = app.inner.hub.stopping();
            tokio::select! {
                () = stop.cancelled() => {}
                () = app.tried_aside(user, &environment) => {}
            }
        });
    }

    /// Whoever comes with a new sign-in has it tried wherever the one before had ended, was not taken, or ends earlier.
    pub(in crate::app) async fn try_arrivals(self) {
        let stop = self.inner.hub.stopping();
        let arrivals = stream::unfold(self.presence().arrivals(), async |mut arrivals| {
            loop {
                match arrivals.recv().await {
                    Ok(user) => return Some((user, arrivals)),
                    // Whoever is missed is tried when somebody looks, or when a build needs it.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                }
            }
        });
        let tried = arrivals.for_each_concurrent(AT_A_TIME, async |user| {
            if let Err(error) = self.arrived(user).await {
                tracing::warn!(%user, error = &error as &dyn Error, "what a person has cannot be looked at");
            }
        });
        tokio::select! {
            () = stop.cancelled() => {}
            () = tried => {}
        }
    }

    async fn arrived(&self, user: UserId) -> Result<(), AppError> {
        let Some(bearer) = self.presence().bearer(user) else { return Ok(()) };
        for (record, environment) in self.store().grants_of(&Principal::system("connections"), user).await? {
            let grant = record.grant;
            let goes_on = environment.token_mode == TokenMode::Exchange || grant.expires_at == bearer.expires_at;
            let is_good = grant.status == GrantStatus::Connected && (goes_on || !grant.is_own_token);
            if environment.token_mode.is_own_token() && !is_good {
                self.tried_aside(user, &environment).await;
            }
        }
        Ok(())
    }

    pub(in crate::app) async fn tried_aside(&self, user: UserId, environment: &Environment) {
        let tried = self.own_token(user, environment, self.clock().now(), Trial::IfNew).await;
        if let Err(error) = tried {
            let (id, error): (EnvironmentId, &dyn Error) = (environment.id, &error);
            tracing::warn!(environment = %id, error, "a sign-in could not be tried");
        }
    }

    /// Writes what is to be said, if it is news or has to be looked at again.
    async fn write_own(&self, record: &GrantRecord, grant: Grant) -> Result<Grant, AppError> {
        if grant == record.grant && !grant.status.is_usable() || grant.status == GrantStatus::Pending {
            return Ok(grant);
        }
        // Tokens of an account that has ended are of no use to anybody; a sign-in that is under way goes on.
        let takes_over = grant.is_own_token && !record.grant.is_own_token;
        let tokens = match takes_over && record.grant.status != GrantStatus::Pending {
            true => TokenChange::Forget,
            false => TokenChange::Keep,
        };
        self.put_grant(&Principal::system("connections"), grant, tokens, Some(record.token_version)).await
    }
}

/// What is said where there is no token of the person's own any more.
fn lost(before: &Grant, none: &NoOwnToken) -> Grant {
    let is_own = before.is_own_token;
    let (status, is_own_token) = match none {
        NoOwnToken::Absent if is_own && before.status.is_usable() => (GrantStatus::Expired, true),
        NoOwnToken::Forbidden | NoOwnToken::Refused(_) if is_own => (GrantStatus::NotConnected, false),
        NoOwnToken::Unreachable(_) if is_own => (GrantStatus::Error, true),
        _ => (before.status, is_own),
    };
    // What there is to say of an account that had been connected, or is about to be, was said.
    let is_said = !is_own && before.status != GrantStatus::NotConnected;
    let reason = if is_said { before.reason.clone() } else { Some(none.to_string()) };
    Grant { status, is_own_token, reason, ..before.clone() }
}

/// What is said where the cluster cannot be asked. A sign-in that is under way there goes on.
fn unknown(before: Grant, own: &OwnToken, why: String) -> Grant {
    if before.status == GrantStatus::Pending {
        return before;
    }
    Grant {
        status: GrantStatus::Error,
        reason: Some(why),
        issued_at: Some(own.issued_at),
        expires_at: own.expires_at,
        renews_itself: false,
        is_own_token: true,
        ..before
    }
}

/// What is said where the cluster does not take the token.
fn refused(before: Grant, why: &str, now: Timestamp) -> Grant {
    let reason = Some(format!("your own sign-in is not accepted there ({why}): sign in again, or connect an account"));
    match before.status {
        GrantStatus::Revoked if before.reason == reason => before,
        _ if before.is_own_token => Grant { status: GrantStatus::Revoked, reason, checked_at: Some(now), ..before },
        GrantStatus::NotConnected => Grant { reason, ..before },
        _ => before,
    }
}
