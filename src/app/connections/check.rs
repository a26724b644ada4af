//! Keeping it true what is said of connections: each is looked at in time, and now and then.

use std::time::Duration;

use alm_domain::{Environment, Grant, GrantStatus, Principal, SecretKind, Timestamp, UserId};
use alm_store::{TokenChange, token_binding};
use chrono::TimeDelta;
use futures::{StreamExt, stream};

use super::{Freshness, Trial};
use crate::app::{App, AppError};

/// A connection that ends within this time, or within a fifth of what is left of a short life, ends soon.
const SOON: TimeDelta = TimeDelta::minutes(30);
/// How often a connection is tried that does not change by itself.
const USUAL: TimeDelta = TimeDelta::minutes(10);
/// How soon one is tried again that could not be.
const AGAIN: TimeDelta = TimeDelta::minutes(1);
/// So many are looked at in one go, and so many of them at a time.
const GO: u64 = 100;
const AT_A_TIME: usize = 4;

/// When a connection that does not renew itself is said to end soon.
fn warned_at(grant: &Grant) -> Option<Timestamp> {
    // The person's own sign-in is followed by the next one as long as the person is here.
    let end = grant.expires_at.filter(|_| !grant.is_own_token)?;
    let life = grant.issued_at.map_or(SOON, |from| end - from);
    Some(end - (life / 5).min(SOON).max(TimeDelta::zero()))
}

/// What a grant's state is at this time, as far as the clock alone tells.
pub(in crate::app) fn standing(grant: &Grant, now: Timestamp) -> GrantStatus {
    let ended = grant.expires_at.is_some_and(|end| end <= now);
    match grant.status {
        GrantStatus::Connected | GrantStatus::Expiring | GrantStatus::Error if ended && !grant.renews_itself => {
            GrantStatus::Expired
        }
        GrantStatus::Connected if !grant.renews_itself && warned_at(grant).is_some_and(|at| at <= now) => {
            GrantStatus::Expiring
        }
        status => status,
    }
}

/// When a grant is to be looked at again: at the times at which its state changes by the clock, and now and then, a little
/// earlier or later so that not all come at once.
pub(super) fn next_look(grant: &Grant, now: Timestamp, random: &mut impl rand::Rng) -> Option<Timestamp> {
    let mut about = |time: TimeDelta| now + time + time * random.random_range(-20..=20) / 100;
    if !grant.status.is_usable() {
        return None;
    }
    let often = about(if grant.status == GrantStatus::Error { AGAIN } else { USUAL });
    let by_clock = match grant.status {
        GrantStatus::Connected => warned_at(grant).filter(|at| *at > now).or(grant.expires_at),
        _ => grant.expires_at,
    };
    let by_clock = by_clock.map(|at| at.max(now + TimeDelta::milliseconds(100)));
    Some(by_clock.map_or(often, |at| at.min(often)))
}

impl App {
    /// Looks at every connection that is due, again and again, until the service stops.
    pub(in crate::app) async fn keep_connections(self, every: Duration) {
        let stop = self.inner.hub.stopping();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(every) => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                looked = self.look_at_connections() => {
                    if let Err(error) = looked {
                        tracing::warn!(error = &error as &dyn std::error::Error, "connections could not be looked at");
                    }
                }
            }
        }
    }

    async fn look_at_connections(&self) -> Result<(), AppError> {
        let system = Principal::system("connections");
        let due = self.store().grants_to_check(&system, self.clock().now(), GO).await?;
        stream::iter(due)
            .for_each_concurrent(AT_A_TIME, async |(record, environment)| {
                if let Err(error) = self.looked_at(record.grant.user, &environment).await {
                    tracing::warn!(
                        grant = %record.grant.id, error = &error as &dyn std::error::Error, "a connection could not be looked at"
                    );
                }
            })
            .await;
        Ok(())
    }

    /// Makes it true what is said of a connection: renews it if it ends soon, tries it otherwise.
    pub(in crate::app) async fn looked_at(&self, user: UserId, environment: &Environment) -> Result<Grant, AppError> {
        let system = Principal::system("connections");
        let record = self.store().grant_record(&system, environment.id, user).await?;
        let now = self.clock().now();
        let version = Some(record.token_version);
        let grant = record.grant;
        if grant.status == GrantStatus::Pending {
            let reason = Some("the sign-in was not finished in time".to_owned());
            let lapsed = Grant { status: GrantStatus::NotConnected, reason, ..grant };
            return self.put_grant(&system, lapsed, TokenChange::Forget, version).await;
        }
        if !grant.status.is_usable() {
            return self.put_grant(&system, grant, TokenChange::Keep, version).await;
        }
        if grant.is_own_token {
            return Ok(self.own_token(user, environment, now, Trial::Anew).await?.0);
        }
        if grant.renews_itself && warned_at(&grant).is_some_and(|at| at <= now) {
            let until = grant.expires_at.unwrap_or(now);
            if let Some(grant) = self.refreshed(user, environment, Freshness::Until(until)).await? {
                return Ok(grant);
            }
        }
        let by_clock = standing(&grant, now);
        if by_clock != grant.status {
            let reason = (by_clock == GrantStatus::Expired)
                .then(|| "it has reached its end: connect the account again".to_owned());
            let grant = Grant { status: by_clock, reason: reason.or(grant.reason.clone()), ..grant };
            return self.put_grant(&system, grant, TokenChange::Keep, version).await;
        }
        let Some(token) = self.opened(&token_binding(user, environment.id, SecretKind::AccessToken)).await? else {
            let reason = Some("its token is gone: connect the account again".to_owned());
            let grant = Grant { status: GrantStatus::Expired, reason, ..grant };
            return self.put_grant(&system, grant, TokenChange::Forget, version).await;
        };
        let metadata = self.target(environment).await.ok().map(|target| target.metadata);
        let tried = match self.whose(environment, metadata.as_ref(), &token).await {
            Ok(account) => Grant {
                status: GrantStatus::Connected,
                reason: grant.reason.clone().filter(|_| grant.status != GrantStatus::Error),
                account: account.map(|account| account.name).or(grant.account.clone()),
                checked_at: Some(now),
                ..grant
            },
            Err(error @ alm_credentials::identity::IdentityError::Unauthorized { .. }) => {
                return self.refused(user, environment, &error.to_string()).await;
            }
            Err(error) => Grant { status: GrantStatus::Error, reason: Some(error.to_string()), ..grant },
        };
        let status = standing(&tried, now);
        self.put_grant(&system, Grant { status, ..tried }, TokenChange::Keep, version).await
    }

    /// The token was refused over there. One that renews itself is renewed; else it is REVOKED before its known end, EXPIRED after it.
    pub(in crate::app) async fn refused(
        &self,
        user: UserId,
        environment: &Environment,
        why: &str,
    ) -> Result<Grant, AppError> {
        let system = Principal::system("connections");
        if self.store().grant_record(&system, environment.id, user).await?.grant.is_own_token {
            return self.own_token_refused(user, environment).await;
        }
        let renewed = self.refreshed(user, environment, Freshness::Anew).await?;
        if let Some(grant) = renewed.filter(|grant| grant.renews_itself && grant.status == GrantStatus::Connected) {
            return Ok(grant);
        }
        let record = self.store().grant_record(&system, environment.id, user).await?;
        if !record.grant.status.is_usable() {
            return Ok(record.grant);
        }
        let now = self.clock().now();
        let (status, reason) = if record.grant.expires_at.is_some_and(|end| end <= now) {
            (GrantStatus::Expired, "it has reached its end: connect the account again".to_owned())
        } else {
            (
                GrantStatus::Revoked,
                format!("it was revoked over there, or not used for too long ({why}): connect again"),
            )
        };
        let grant = Grant { status, reason: Some(reason), renews_itself: false, checked_at: Some(now), ..record.grant };
        self.put_grant(&system, grant, TokenChange::Forget, Some(record.token_version)).await
    }
}
