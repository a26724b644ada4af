//! Connecting accounts: a person signs in at the OAuth server of an environment, and we keep the tokens, sealed.
//!
//! **Architecture Invariant:** a callback is worth nothing without the bearer of the person who began it: the state is bound to the
//! person, the issuer, the redirect address and the PKCE verifier, lives for ten minutes and is used up once.

mod check;
mod own;
mod refresh;
mod return_path;
mod target;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError, Weak},
};

use alm_credentials::oauth::{
    OAuthError, Prompt, TokenHint, authorize, check_issuer, exchange, revoke, revoke_at_openshift,
};
use alm_domain::{
    Environment, EnvironmentId, Grant, GrantId, GrantStatus, Principal, SecretKind, Timestamp, TokenMode, UserId,
};
use alm_store::{Attempt, StoreError, TokenChange, token_binding};
use chrono::TimeDelta;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::{App, AppError, FieldProblem};
pub(in crate::app) use check::standing;
pub(in crate::app) use own::{OwnToken, Trial};
pub(in crate::app) use refresh::Freshness;

/// How long a person has for the sign-in.
const ATTEMPT: TimeDelta = TimeDelta::minutes(10);
/// Longest state, code and issuer that are looked at.
const LONGEST: usize = 4_096;
/// Path of the page that callbacks arrive at.
const CALLBACK: &str = "/oauth/callback";

/// What connecting accounts needs to remember while the server runs.
#[derive(Debug, Default)]
pub(in crate::app) struct Connections {
    /// Where people reach this server.
    public: OnceLock<Url>,
    /// Those who renew a grant at this moment.
    renewing: Mutex<HashMap<GrantId, Weak<tokio::sync::Mutex<()>>>>,
    /// What people's own sign-ins came to.
    pub(in crate::app) own: own::OwnTokens,
}

impl Connections {
    /// The turn of this grant: of all who renew it, one works at a time.
    fn turn(&self, grant: GrantId) -> Arc<tokio::sync::Mutex<()>> {
        let mut renewing = self.renewing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = renewing.get(&grant).and_then(Weak::upgrade) {
            return turn;
        }
        renewing.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::new(tokio::sync::Mutex::new(()));
        renewing.insert(grant, Arc::downgrade(&turn));
        turn
    }
}

/// A sign-in that has begun.
#[derive(Debug)]
pub struct StartedConnection {
    /// Where the person signs in.
    pub authorization_url: String,
    /// When the attempt lapses.
    pub expires_at: Timestamp,
    /// The grant as it stands.
    pub grant: Grant,
}

/// A sign-in that has come to its end.
#[derive(Debug)]
pub struct CompletedConnection {
    /// The grant as it stands.
    pub grant: Grant,
    /// Where the person wants to go on.
    pub return_to: String,
}

/// A connection that was forgotten here.
#[derive(Debug)]
pub struct Disconnected {
    /// The grant as it stands.
    pub grant: Grant,
    /// Why the token may still work over there; `None` when it was withdrawn, or there was none.
    pub left: Option<String>,
}

impl App {
    /// Says where people reach this server: callbacks arrive there. The first word counts.
    pub fn reached_at(&self, public: Url) {
        // Said once, by whoever wires the server.
        let _ = self.inner.connections.public.set(public);
    }

    /// Begins a sign-in at an environment's OAuth server, in place of one that the same person has begun before.
    ///
    /// # Errors
    /// [`AppError::Invalid`], [`AppError::NotFound`]; [`AppError::WrongState`] where there is no OAuth client, or the server is not
    /// found.
    pub async fn start_connection(
        &self,
        principal: &Principal,
        id: EnvironmentId,
        return_to: &str,
    ) -> Result<StartedConnection, AppError> {
        let user = signed_in(principal)?;
        let return_to = return_path::checked(return_to)?;
        let environment = self.environment(principal, id).await?;
        let target = self.target(&environment).await?;
        let mut redirect = self
            .inner
            .connections
            .public
            .get()
            .and_then(|public| public.join(CALLBACK).ok())
            .ok_or_else(|| AppError::WrongState("this server does not know its own address yet".to_owned()))?;
        if !target.metadata.names_issuer {
            // A server that does not say who it is has a path of its own, so that nobody answers for another one.
            redirect.set_path(&format!("{CALLBACK}/{}", target.record.id));
        }
        let is_silent = environment.token_mode == TokenMode::Silent
            && self.consent(&environment, TokenMode::Silent).await?.is_some();
        let prompt = if is_silent { Prompt::Silent } else { Prompt::Usual };
        let started = authorize(&target.metadata, &target.client, &redirect, prompt, &mut rand::rng())
            .map_err(|error| AppError::WrongState(error.to_string()))?;
        let expires_at = self.clock().now() + ATTEMPT;
        let attempt = Attempt {
            state_hash: hash(started.state.expose_secret()),
            user,
            environment: id,
            expires_at,
            client: target.record.id,
            issuer: target.metadata.issuer.clone(),
            redirect: redirect.into(),
            return_to,
        };
        let sealed = self.vault().seal(&attempt.binding(), &started.verifier)?;
        let grant = self.store().begin_attempt(principal, &attempt, &sealed).await.map_err(gone)?;
        self.inner.hub.connections_changed(user);
        Ok(StartedConnection { authorization_url: started.url.into(), expires_at, grant })
    }

    /// Completes a sign-in with what the OAuth server has sent the person back with. Must be called by the person who began it.
    ///
    /// # Errors
    /// [`AppError::StateMismatch`] for a state that is forged, used, too old, or somebody else's, and for another issuer than the one
    /// that was asked; [`AppError::WrongState`] where the server gives no token.
    pub async fn complete_connection(
        &self,
        principal: &Principal,
        code: &SecretString,
        state: &SecretString,
        iss: Option<&str>,
    ) -> Result<CompletedConnection, AppError> {
        let user = signed_in(principal)?;
        for (field, text) in
            [("code", Some(code.expose_secret())), ("state", Some(state.expose_secret())), ("iss", iss)]
        {
            if text.is_some_and(|text| text.is_empty() || text.len() > LONGEST) {
                return Err(AppError::invalid([field], format!("must have 1 to {LONGEST} characters, as received")));
            }
        }
        let used = self.store().use_up_attempt(principal, &hash(state.expose_secret())).await?;
        let (attempt, sealed) = used.ok_or_else(|| {
            mismatch(
                "state",
                "is not the state of a sign-in that you have begun within the last ten minutes: connect again",
            )
        })?;
        let environment = self.environment(principal, attempt.environment).await?;
        let target = self.target(&environment).await?;
        if target.metadata.issuer != attempt.issuer || target.record.id != attempt.client {
            return Err(mismatch(
                "state",
                "was made for another OAuth server than the environment has now: connect again",
            ));
        }
        check_issuer(&target.metadata, iss).map_err(|error| mismatch("iss", &error.to_string()))?;
        let verifier = self.vault().open(&attempt.binding(), &sealed)?;
        let redirect = Url::parse(&attempt.redirect)
            .map_err(|_| mismatch("state", "has no usable redirect address: connect again"))?;
        let now = self.clock().now();
        let tokens = match exchange(&target.server(), code, &verifier, &redirect, now).await {
            Ok(tokens) => tokens,
            Err(error) => {
                self.note_failure(principal, &environment, user, &error.to_string()).await?;
                return Err(match error {
                    OAuthError::InvalidGrant => mismatch("code", "is not accepted by the OAuth server: connect again"),
                    error => AppError::WrongState(error.to_string()),
                });
            }
        };
        let account = match self.whose(&environment, Some(&target.metadata), &tokens.access).await {
            Ok(account) => account.map(|account| account.name).or_else(|| tokens.account.clone()),
            Err(error) if error.is_transient() => tokens.account.clone(),
            Err(error) => {
                let problem = format!("the token that was given is of no use there: {error}");
                self.note_failure(principal, &environment, user, &problem).await?;
                return Err(AppError::WrongState(problem));
            }
        };
        let before = self.store().grant_record(principal, environment.id, user).await?.grant;
        let grant = Grant {
            status: GrantStatus::Connected,
            reason: None,
            account,
            scopes: tokens.scopes.iter().take(50).cloned().collect(),
            connected_at: Some(now),
            issued_at: Some(now),
            expires_at: tokens.expires_at,
            renews_itself: tokens.refresh.is_some(),
            checked_at: Some(now),
            is_own_token: false,
            ..before
        };
        let grant = self.keep_tokens(principal, grant, &tokens, false, None).await?;
        Ok(CompletedConnection { grant, return_to: attempt.return_to })
    }

    /// Renews a connection without the person, or checks it where that is not possible.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for anybody else's; [`AppError::WrongState`] when there is nothing to renew.
    pub async fn renew_connection(&self, principal: &Principal, id: GrantId) -> Result<Grant, AppError> {
        let (environment, user, grant) = self.own_grant(principal, id).await?;
        if !grant.status.is_usable() {
            return Err(AppError::WrongState("there is nothing to renew: connect the account".to_owned()));
        }
        match self.refreshed(user, &environment, Freshness::Anew).await? {
            Some(grant) => Ok(grant),
            None => self.looked_at(user, &environment).await,
        }
    }

    /// Forgets a connection, and withdraws its token over there as far as that is possible. Forgetting always succeeds.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for anybody else's.
    pub async fn disconnect(&self, principal: &Principal, id: GrantId) -> Result<Disconnected, AppError> {
        let (environment, user, _) = self.own_grant(principal, id).await?;
        let turn = self.inner.connections.turn(id);
        let turn = turn.lock().await;
        // Opened before they are forgotten; what cannot be opened is forgotten all the same.
        let access = self.opened(&token_binding(user, environment.id, SecretKind::AccessToken)).await.ok().flatten();
        let refresh = self.opened(&token_binding(user, environment.id, SecretKind::RefreshToken)).await.ok().flatten();
        let before = self.store().grant_record(principal, environment.id, user).await?.grant;
        let (access, refresh) = match before.is_own_token {
            // The sign-in itself stays; only what it was exchanged for is given back.
            true => (self.inner.connections.own.forget(id), None),
            false => (access, refresh),
        };
        let none = Grant { revision: before.revision, ..Grant::none(environment.id, user) };
        let grant = self.store().write_grant(principal, none, TokenChange::Forget, None, None).await.map_err(gone)?;
        drop(turn);
        self.inner.hub.connections_changed(user);
        let left = self.withdrawn(&environment, access, refresh).await.err();
        let left = left.or_else(|| {
            let goes_on = "your own sign-in goes on being used in this environment whenever a build needs it";
            before.is_own_token.then(|| goes_on.to_owned())
        });
        Ok(Disconnected { grant, left })
    }

    /// Withdraws tokens over there: by RFC 7009, else as OpenShift does it.
    async fn withdrawn(
        &self,
        environment: &Environment,
        access: Option<SecretString>,
        refresh: Option<SecretString>,
    ) -> Result<(), String> {
        if access.is_none() && refresh.is_none() {
            return Ok(());
        }
        let target = self.target(environment).await.map_err(|error| error.to_string())?;
        let mut outcome = Ok(());
        for (token, hint) in [(refresh, TokenHint::Refresh), (access, TokenHint::Access)] {
            let Some(token) = token else { continue };
            let revoked = match revoke(&target.server(), &token, hint).await {
                Err(OAuthError::Unsupported(_)) => match Url::parse(&environment.url) {
                    Ok(api) => revoke_at_openshift(self.outbound(), &api, &token, target.ca.as_ref()).await,
                    Err(_) => Err(OAuthError::Unsupported("revocation of tokens")),
                },
                revoked => revoked,
            };
            if let Err(error) = revoked {
                outcome = Err(error.to_string());
            }
        }
        outcome
    }

    /// The caller's grant, also one that was never made, with its environment.
    async fn own_grant(&self, principal: &Principal, id: GrantId) -> Result<(Environment, UserId, Grant), AppError> {
        let user = signed_in(principal)?;
        let missing = || AppError::not_found("connectionId", "connection");
        let grant = self.store().grants(principal, &[id]).await?.pop().ok_or_else(missing)?;
        let environment = self.store().environments(principal, &[grant.environment]).await?.pop();
        let environment = environment.filter(|environment| environment.removed_at.is_none()).ok_or_else(missing)?;
        Ok((environment, user, grant))
    }

    /// A sign-in that came to nothing: what was connected before stays.
    async fn note_failure(
        &self,
        principal: &Principal,
        environment: &Environment,
        user: UserId,
        reason: &str,
    ) -> Result<(), AppError> {
        let before = self.store().grant_record(principal, environment.id, user).await?;
        if before.grant.status != GrantStatus::Pending {
            return Ok(());
        }
        let grant = Grant { status: GrantStatus::NotConnected, reason: Some(reason.to_owned()), ..before.grant };
        let version = Some(before.token_version);
        match self.store().write_grant(principal, grant, TokenChange::Forget, version, None).await {
            Ok(_) => self.inner.hub.connections_changed(user),
            // Somebody was faster: what he wrote counts.
            Err(StoreError::StaleRevision { .. } | StoreError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// The person, signed in by himself: a program with a personal access token connects no accounts.
pub(in crate::app) fn signed_in(principal: &Principal) -> Result<UserId, AppError> {
    match principal.user() {
        Some(user) if principal.is_signed_in() => Ok(user),
        _ => Err(AppError::Forbidden(
            "accounts are connected by people who are signed in: sign in, instead of using a personal access token"
                .to_owned(),
        )),
    }
}

fn hash(state: &str) -> [u8; 32] {
    Sha256::digest(state.as_bytes()).into()
}

fn mismatch(field: &str, problem: &str) -> AppError {
    AppError::StateMismatch(FieldProblem::new([field], problem))
}

/// What was there a moment ago is gone.
fn gone(error: StoreError) -> AppError {
    match error {
        StoreError::NotFound => AppError::not_found("environmentId", "environment"),
        error => error.into(),
    }
}
