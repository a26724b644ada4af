//! What happens in a project, live.

use alm_domain::{Cursor, CursorKind, ProjectId, ProjectSeq};
use async_graphql::{
    Context, ID, Result, SimpleObject, Subscription, Union,
    connection::{Edge, EmptyFields},
};
use futures::{Stream, StreamExt};

use super::ProjectNode;
use crate::{
    app::{App, ProjectTold, ProjectUpdate},
    graphql::{
        build::{BuildChanged, BuildNode},
        context::ContextExt,
        deployment::DeploymentNode,
        environment::EnvironmentNode,
        error::{bad_cursor, fault, store_fault},
        ids,
        live::Leg,
        scalars::Instant,
        service::ServiceNode,
        stream::{Heartbeat, StreamEnded},
    },
};

/// Events about one project.
#[derive(Union)]
pub(crate) enum ProjectEvent {
    ProjectSnapshot(ProjectSnapshot),
    ProjectChanged(ProjectChanged),
    BuildAdded(BuildAdded),
    BuildChanged(BuildChanged),
    BuildServiceChanged(BuildServiceChanged),
    EnvironmentChanged(EnvironmentChanged),
    DeploymentChanged(DeploymentChanged),
    EntityRemoved(EntityRemoved),
    Heartbeat(Heartbeat),
    StreamEnded(StreamEnded),
}

/// The project as it stands, builds excepted.
#[derive(SimpleObject)]
pub(crate) struct ProjectSnapshot {
    /// Resume point.
    pub(crate) cursor: String,
    /// When it was sent.
    pub(crate) at: Instant,
    /// Drop what you had.
    reset: bool,
    /// The project.
    project: ProjectNode,
}

/// A project changed.
#[derive(SimpleObject)]
pub(crate) struct ProjectChanged {
    /// Resume point.
    pub(crate) cursor: String,
    /// When it was sent.
    pub(crate) at: Instant,
    /// The project.
    project: ProjectNode,
}

/// A build began its life; put the edge at the top of the list.
#[derive(SimpleObject)]
pub(crate) struct BuildAdded {
    /// Resume point.
    pub(crate) cursor: String,
    /// When it was sent.
    pub(crate) at: Instant,
    /// Ready to insert into the connection of the project.
    edge: Edge<String, BuildNode, EmptyFields>,
}

/// A build service was made or changed.
#[derive(SimpleObject)]
pub(crate) struct BuildServiceChanged {
    /// Resume point.
    pub(crate) cursor: String,
    /// When it was sent.
    pub(crate) at: Instant,
    /// The build service.
    service: ServiceNode,
}

/// A deployment was asked for, or moved on.
#[derive(SimpleObject)]
pub(crate) struct DeploymentChanged {
    /// Resume point.
    pub(crate) cursor: String,
    /// When it was sent.
    pub(crate) at: Instant,
    /// The deployment.
    deployment: DeploymentNode,
}

/// An environment was added or changed.
#[derive(SimpleObject)]
pub(crate) struct EnvironmentChanged {
    /// Resume point.
    pub(crate) cursor: String,
    /// When it was sent.
    pub(crate) at: Instant,
    /// The environment.
    environment: EnvironmentNode,
}

/// Something is gone; evict it.
#[derive(SimpleObject)]
pub(crate) struct EntityRemoved {
    /// Resume point.
    pub(crate) cursor: String,
    /// When it was sent.
    pub(crate) at: Instant,
    /// Its id.
    pub(crate) removed_id: ID,
    /// Name of its type, to build a cache key.
    pub(crate) removed_type: &'static str,
}

#[derive(Default)]
pub(crate) struct ProjectSubscription;

#[Subscription]
impl ProjectSubscription {
    /// Builds, build services, environments and deployments of a project: a snapshot first, then what changes; several changes of one subject may come as
    /// one. Without end, until the project goes away or the server does.
    async fn project_updates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The project.")] project_id: ID,
        #[graphql(desc = "Resume after this event.")] after: Option<String>,
    ) -> Result<impl Stream<Item = Result<ProjectEvent>> + use<>> {
        let id: ProjectId = ids::argument(&project_id, "projectId")?;
        let leg = Leg::of(ctx);
        let after = match (leg.begin, after) {
            (Some(begin), _) => Some(begin),
            (None, after) => after
                .map(|text| Cursor::number_in(&text, CursorKind::ProjectEvents, id.as_uuid()))
                .transpose()
                .map_err(|error| bad_cursor("after", error))?,
        };
        let until = leg.until.map(ProjectSeq);
        let (app, principal) = (ctx.app()?.clone(), ctx.principal()?.clone());
        let updates = app.project_updates(principal.clone(), id, after.map(ProjectSeq), until);
        Ok(updates.filter_map(move |update| {
            let (app, principal, leg) = (app.clone(), principal.clone(), leg.clone());
            async move {
                match update {
                    Ok(told) => event(&app, &principal, id, told, &leg).await.transpose(),
                    Err(error) => Some(Err(fault(&error))),
                }
            }
        }))
    }
}

/// The event for an update; `None` when its subject is gone in the meantime.
async fn event(
    app: &App,
    principal: &alm_domain::Principal,
    id: ProjectId,
    told: ProjectTold,
    leg: &Leg,
) -> Result<Option<ProjectEvent>> {
    let ProjectTold { at, settled, together, update } = told;
    leg.reached_among(settled.0, together.0);
    let cursor = |seq: ProjectSeq| Cursor::at(CursorKind::ProjectEvents, id.as_uuid(), seq.0).encode();
    let at = Instant(at);
    let store = app.store();
    let project = async || store.projects(principal, &[id]).await.map_err(store_fault).map(|mut found| found.pop());
    let build = async |build| store.builds(principal, &[build]).await.map_err(store_fault).map(|mut found| found.pop());
    Ok(match update {
        ProjectUpdate::Snapshot { seq, reset } => project().await?.map(|project| {
            let project = ProjectNode(project);
            ProjectEvent::ProjectSnapshot(ProjectSnapshot { cursor: cursor(seq), at, reset, project })
        }),
        ProjectUpdate::Project { seq } => project().await?.map(|project| {
            ProjectEvent::ProjectChanged(ProjectChanged { cursor: cursor(seq), at, project: ProjectNode(project) })
        }),
        ProjectUpdate::BuildAdded { seq, build: added } => build(added).await?.map(|build| {
            let edge = BuildNode(build).into_edge(id.as_uuid());
            ProjectEvent::BuildAdded(BuildAdded { cursor: cursor(seq), at, edge })
        }),
        ProjectUpdate::BuildChanged { seq, build: changed } => build(changed)
            .await?
            .map(|build| ProjectEvent::BuildChanged(BuildChanged { cursor: cursor(seq), at, build: BuildNode(build) })),
        ProjectUpdate::BuildRemoved { seq, build } => Some(ProjectEvent::EntityRemoved(EntityRemoved {
            cursor: cursor(seq),
            at,
            removed_id: build.to_string().into(),
            removed_type: "Build",
        })),
        ProjectUpdate::ServiceChanged { seq, service } => {
            store.services(principal, &[service]).await.map_err(store_fault)?.pop().map(|service| {
                let service = ServiceNode(service);
                ProjectEvent::BuildServiceChanged(BuildServiceChanged { cursor: cursor(seq), at, service })
            })
        }
        ProjectUpdate::ServiceRemoved { seq, service } => Some(ProjectEvent::EntityRemoved(EntityRemoved {
            cursor: cursor(seq),
            at,
            removed_id: service.to_string().into(),
            removed_type: "BuildService",
        })),
        ProjectUpdate::DeploymentChanged { seq, deployment } => {
            store.deployments(principal, &[deployment]).await.map_err(store_fault)?.pop().map(|deployment| {
                let deployment = DeploymentNode(deployment);
                ProjectEvent::DeploymentChanged(DeploymentChanged { cursor: cursor(seq), at, deployment })
            })
        }
        ProjectUpdate::EnvironmentChanged { seq, environment } => {
            store.environments(principal, &[environment]).await.map_err(store_fault)?.pop().map(|environment| {
                let environment = EnvironmentNode(environment);
                ProjectEvent::EnvironmentChanged(EnvironmentChanged { cursor: cursor(seq), at, environment })
            })
        }
        ProjectUpdate::EnvironmentRemoved { seq, environment } => Some(ProjectEvent::EntityRemoved(EntityRemoved {
            cursor: cursor(seq),
            at,
            removed_id: environment.to_string().into(),
            removed_type: "Environment",
        })),
        ProjectUpdate::Heartbeat { seq } => Some(ProjectEvent::Heartbeat(Heartbeat { cursor: cursor(seq), at })),
        ProjectUpdate::Reached { .. } => {
            leg.arrived();
            None
        }
        ProjectUpdate::Ended { seq, reason } => {
            leg.ended();
            Some(ProjectEvent::StreamEnded(StreamEnded { cursor: cursor(seq), at, reason: reason.into() }))
        }
    })
}
