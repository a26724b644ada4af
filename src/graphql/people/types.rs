//! Members as the API shows them.

use alm_domain::Membership;
use async_graphql::{Context, Enum, Object, Result};

use crate::graphql::{context::ContextExt, error::internal, loaders::LoadError, scalars::Instant, viewer::UserNode};

/// What a member may do in a project. Each role may do all that the ones before it may.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "alm_domain::ProjectRole")]
pub(crate) enum ProjectRole {
    /// Sees everything of it.
    Viewer,
    /// Starts, cancels and decides; promotes; sets secrets.
    Developer,
    /// Changes the project, its build services, environments and members.
    Owner,
}

/// One person's place in one project.
pub(crate) struct MemberNode(pub(crate) Membership);

/// One person's place in one project.
#[Object(name = "Member")]
impl MemberNode {
    /// The person.
    async fn user(&self, ctx: &Context<'_>) -> Result<UserNode> {
        let user = ctx.loader()?.load_one(self.0.user).await.map_err(LoadError::fault)?;
        user.map(UserNode::from).ok_or_else(|| internal("a member is no known person"))
    }

    /// What this person may do here.
    async fn role(&self) -> ProjectRole {
        self.0.role.into()
    }

    /// Since when.
    async fn since(&self) -> Instant {
        self.0.since.into()
    }
}
