//! An account that a person has connected, as the API shows it.

use alm_domain::{Grant, GrantStatus};
use async_graphql::{Context, Enum, ID, Object, Result};

use super::EnvironmentNode;
use crate::graphql::{context::ContextExt, error::internal, loaders::LoadError, node::revision, scalars::Instant};

/// An account connected by OAuth 2.0: one person, one environment. Everybody sees their own only.
pub(crate) struct GrantNode(pub(crate) Grant);

/// An account connected by OAuth 2.0: one person, one environment. Everybody sees their own only.
#[Object(name = "OAuthGrant")]
impl GrantNode {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Grows with every change; 0 while nothing was ever connected.
    pub(crate) async fn revision(&self) -> i32 {
        revision(self.0.revision)
    }

    /// What it opens.
    async fn environment(&self, ctx: &Context<'_>) -> Result<EnvironmentNode> {
        let environment = ctx.loader()?.load_one(self.0.environment).await.map_err(LoadError::fault)?;
        environment.map(EnvironmentNode).ok_or_else(|| internal("a connection without its environment"))
    }

    /// State.
    async fn status(&self) -> OAuthConnectionStatus {
        self.0.status.into()
    }

    /// Why it is in this state, as a sentence for people.
    async fn status_reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// Name of the account over there.
    async fn account(&self) -> Option<&str> {
        self.0.account.as_deref()
    }

    /// What was granted; at most 50.
    async fn scopes(&self) -> &[String] {
        &self.0.scopes
    }

    /// When it was granted.
    async fn connected_at(&self) -> Option<Instant> {
        self.0.connected_at.map(Instant::from)
    }

    /// When it stops working; null when it does not expire, or nobody said when.
    async fn expires_at(&self) -> Option<Instant> {
        self.0.expires_at.map(Instant::from)
    }

    /// Whether the service renews it without the person.
    async fn renews_itself(&self) -> bool {
        self.0.renews_itself
    }

    /// Whether it is the caller's own sign-in, or made from it: nothing was connected, and it works while the caller is here.
    async fn is_own_token(&self) -> bool {
        self.0.is_own_token
    }

    /// When it was last tried.
    async fn checked_at(&self) -> Option<Instant> {
        self.0.checked_at.map(Instant::from)
    }
}

/// States of a connection.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "GrantStatus")]
pub(crate) enum OAuthConnectionStatus {
    /// Never made, or forgotten.
    NotConnected,
    /// The person is at the sign-in page.
    Pending,
    /// Works.
    Connected,
    /// Works, stops soon, and does not renew itself.
    Expiring,
    /// Stopped working by age.
    Expired,
    /// Withdrawn over there.
    Revoked,
    /// Cannot be checked.
    Error,
}
