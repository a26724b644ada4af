//! Anything that has a global id.

use alm_domain::AnyId;
use async_graphql::{Context, ID, Interface, Object, Result};

use super::{
    audit::AuditEventNode,
    build::{ApprovalNode, BuildNode, StageNode},
    context::ContextExt,
    deployment::DeploymentNode,
    environment::{EnvironmentNode, GrantNode},
    error::{ErrorCode, bad_argument, coded},
    loaders::LoadError,
    project::ProjectNode,
    provider::ProviderNode,
    service::ServiceNode,
    viewer::UserNode,
};

const MOST_IDS: usize = 100;

/// Anything that has a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Global, opaque, stable."))]
#[expect(clippy::large_enum_variant, reason = "one at a time, on its way out")]
pub(crate) enum Node {
    Project(ProjectNode),
    Provider(ProviderNode),
    BuildService(ServiceNode),
    Build(BuildNode),
    Stage(StageNode),
    Approval(ApprovalNode),
    Deployment(DeploymentNode),
    Environment(EnvironmentNode),
    OAuthGrant(GrantNode),
    User(UserNode),
    AuditEvent(AuditEventNode),
}

/// A Node that changes over time.
#[derive(Interface)]
#[graphql(
    field(name = "id", ty = "ID", desc = "Global, opaque, stable."),
    field(name = "revision", ty = "i32", desc = "Grows with every change; the higher number wins.")
)]
#[expect(clippy::large_enum_variant, reason = "never built: it only names the types that share these fields")]
pub(crate) enum Versioned {
    Project(ProjectNode),
    Provider(ProviderNode),
    BuildService(ServiceNode),
    Build(BuildNode),
    Stage(StageNode),
    Approval(ApprovalNode),
    Deployment(DeploymentNode),
    Environment(EnvironmentNode),
    OAuthGrant(GrantNode),
}

/// A revision as the API shows it; one that outgrew the API's integers stays at the largest.
pub(crate) fn revision(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[derive(Default)]
pub(crate) struct NodeQuery;

#[Object]
impl NodeQuery {
    /// Any entity by its id.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "Global id.")] id: ID) -> Result<Option<Node>> {
        let id = id.parse().map_err(|error: alm_domain::IdError| bad_argument("id", &error.to_string()))?;
        load(ctx, id).await
    }

    /// Several entities by id, in order, null for each that is missing; at most 100.
    #[graphql(complexity = "ids.len().max(1) * child_complexity")]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global ids.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        if ids.len() > MOST_IDS {
            return Err(coded(ErrorCode::BadArgument, format!("argument \"ids\": has more than {MOST_IDS} ids")));
        }
        let ids = ids
            .iter()
            .map(|id| id.parse().map_err(|error: alm_domain::IdError| bad_argument("ids", &error.to_string())))
            .collect::<Result<Vec<AnyId>>>()?;
        futures::future::try_join_all(ids.into_iter().map(|id| load(ctx, id))).await
    }
}

/// The entity with this id, if the caller may see it.
pub(super) async fn load(ctx: &Context<'_>, id: AnyId) -> Result<Option<Node>> {
    let loader = ctx.loader()?;
    Ok(match id {
        AnyId::ProjectId(id) => {
            loader.load_one(id).await.map_err(LoadError::fault)?.map(|p| Node::Project(ProjectNode(p)))
        }
        AnyId::ProviderId(id) => {
            loader.load_one(id).await.map_err(LoadError::fault)?.map(|p| Node::Provider(ProviderNode(p)))
        }
        AnyId::ServiceId(id) => {
            loader.load_one(id).await.map_err(LoadError::fault)?.map(|s| Node::BuildService(ServiceNode(s)))
        }
        AnyId::BuildId(id) => loader.load_one(id).await.map_err(LoadError::fault)?.map(|b| Node::Build(BuildNode(b))),
        AnyId::StageId(id) => loader.load_one(id).await.map_err(LoadError::fault)?.map(|s| Node::Stage(StageNode(s))),
        AnyId::DeploymentId(id) => {
            loader.load_one(id).await.map_err(LoadError::fault)?.map(|d| Node::Deployment(DeploymentNode(d)))
        }
        AnyId::ApprovalId(id) => {
            loader.load_one(id).await.map_err(LoadError::fault)?.map(|a| Node::Approval(ApprovalNode(a)))
        }
        AnyId::AuditEventId(id) => {
            loader.load_one(id).await.map_err(LoadError::fault)?.map(|e| Node::AuditEvent(AuditEventNode(e)))
        }
        AnyId::EnvironmentId(id) => {
            loader.load_one(id).await.map_err(LoadError::fault)?.map(|e| Node::Environment(EnvironmentNode(e)))
        }
        AnyId::GrantId(id) => {
            loader.load_one(id).await.map_err(LoadError::fault)?.map(|g| Node::OAuthGrant(GrantNode(g)))
        }
        AnyId::OAuthClientId(_) => None,
        AnyId::UserId(id) => loader.load_one(id).await.map_err(LoadError::fault)?.map(|u| Node::User(u.into())),
        // Nobody but its owner knows of a token, and finds it with the others.
        AnyId::PersonalTokenId(_) => None,
    })
}
