//! The ways in: the server's own token, personal access tokens, tokens of an issuer and of a cluster.
//!
//! **Architecture Invariant:** a token is looked at by one way in alone, chosen by its form; what that one refuses no other takes.

mod pages;
mod remembered;

use std::{fmt, sync::Arc};

use alm_credentials::sign_in::{Cluster, Identity, Issuer, SignInError};
use alm_domain::{Clock, Principal};
use alm_store::{SignIn, StoreError};
use async_trait::async_trait;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use crate::{
    app::{App, Bearer, BearerOrigin},
    http::{AuthError, Authenticate, PageSignIn, Token, WaysIn},
};
pub use pages::Pages;
use remembered::Remembered;

/// What every personal access token begins with.
const PERSONAL: &str = "alm_pat_";

/// All ways into this server that are open.
pub struct Entrance {
    app: App,
    clock: Arc<dyn Clock>,
    own: Option<Token>,
    issuer: Option<Issuer>,
    cluster: Option<Cluster>,
    pages: Option<Pages>,
    remembered: Remembered,
}

impl Entrance {
    /// Open to personal access tokens, and to nobody else yet.
    #[must_use]
    pub fn new(app: App, clock: Arc<dyn Clock>) -> Self {
        let remembered = Remembered::new(Arc::clone(&clock));
        Self { app, clock, own: None, issuer: None, cluster: None, pages: None, remembered }
    }

    /// Whoever has this token is the administrator.
    #[must_use]
    pub fn own_token(self, token: Token) -> Self {
        Self { own: Some(token), ..self }
    }

    /// Takes tokens of this issuer.
    #[must_use]
    pub fn issuer(self, issuer: Issuer) -> Self {
        Self { issuer: Some(issuer), ..self }
    }

    /// Takes tokens of this cluster.
    #[must_use]
    pub fn cluster(self, cluster: Cluster) -> Self {
        Self { cluster: Some(cluster), ..self }
    }

    /// Lets people sign in on the pages, at the issuer.
    #[must_use]
    pub fn pages(self, pages: Pages) -> Self {
        Self { pages: Some(pages), ..self }
    }

    async fn personal(&self, token: &str) -> Result<Principal, AuthError> {
        let bearer = self.app.bearer_of(token).await.map_err(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "a personal access token could not be looked up");
            AuthError::Unavailable
        })?;
        // The one user of single-user mode is let in only as long as its own token is.
        let is_own = |principal: &Principal| principal.user() == Principal::single_user().user();
        bearer.filter(|principal| self.own.is_some() || !is_own(principal)).ok_or(AuthError::Invalid)
    }

    /// Whom a token stands for that somebody else has made, asked for at most once in a few seconds.
    async fn foreign(&self, token: &str, origin: BearerOrigin) -> Result<Principal, AuthError> {
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some(verdict) = self.remembered.fresh(&hash) {
            return verdict;
        }
        let secret = SecretString::from(token);
        let identity = match origin {
            BearerOrigin::Issuer => match &self.issuer {
                Some(issuer) => issuer.verify(token).await,
                None => return Err(AuthError::Invalid),
            },
            BearerOrigin::Cluster => match &self.cluster {
                Some(cluster) => cluster.verify(&secret).await,
                None => return Err(AuthError::Invalid),
            },
        };
        let verdict = match identity {
            Ok(identity) => self.enter(identity, secret, origin).await,
            Err(SignInError::Unavailable(problem)) => {
                tracing::warn!(problem, "who has signed in cannot be found out");
                Err(AuthError::Unavailable)
            }
            Err(SignInError::Expired) => Err(AuthError::Expired),
            Err(error @ SignInError::Invalid(_)) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "a token is refused");
                Err(AuthError::Invalid)
            }
        };
        self.remembered.note(hash, verdict)
    }

    /// Makes known who has come.
    async fn enter(
        &self,
        identity: Identity,
        token: SecretString,
        origin: BearerOrigin,
    ) -> Result<Principal, AuthError> {
        let Identity { issuer, subject, login, display_name, is_admin, issued_at, expires_at, audiences } = identity;
        let seen = SignIn { issuer: issuer.clone(), subject, login, display_name, is_admin };
        let user = self.app.store().sign_in(&seen).await.map_err(|error| match error {
            StoreError::Invalid { .. } => AuthError::Invalid,
            error => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a sign-in could not be stored");
                AuthError::Unavailable
            }
        })?;
        let bearer = Bearer { token, issued_at, expires_at, origin, issuer, audiences };
        self.app.presence().note(user.id, bearer);
        let principal = Principal::person(&user, is_admin);
        Ok(match expires_at {
            Some(expires_at) => principal.until(expires_at),
            None => principal,
        })
    }
}

#[async_trait]
impl Authenticate for Entrance {
    async fn authenticate(&self, token: Option<&str>) -> Result<Principal, AuthError> {
        let token = token.ok_or(AuthError::Missing)?;
        if self.own.as_ref().is_some_and(|own| own.matches(token)) {
            return Ok(Principal::single_user());
        }
        let principal = if token.starts_with(PERSONAL) {
            self.personal(token).await?
        } else if Issuer::could_have_made(token) {
            self.foreign(token, BearerOrigin::Issuer).await?
        } else if Cluster::could_have_made(token) {
            self.foreign(token, BearerOrigin::Cluster).await?
        } else {
            return Err(AuthError::Invalid);
        };
        if principal.expires_at().is_some_and(|end| end <= self.clock.now()) {
            return Err(AuthError::Expired);
        }
        Ok(principal)
    }

    async fn ways_in(&self) -> WaysIn {
        let sign_in = match (&self.pages, &self.issuer) {
            (Some(pages), Some(issuer)) => pages.at(issuer).await,
            _ => PageSignIn::Off,
        };
        WaysIn { own_token: self.own.is_some(), cluster: self.cluster.is_some(), sign_in }
    }
}

impl fmt::Debug for Entrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entrance")
            .field("own_token", &self.own.is_some())
            .field("issuer", &self.issuer.is_some())
            .field("cluster", &self.cluster.is_some())
            .finish_non_exhaustive()
    }
}
