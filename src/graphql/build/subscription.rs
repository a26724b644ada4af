//! A build, live.

use alm_domain::{BuildId, Change, Cursor, CursorKind, EventSeq, Timestamp};
use async_graphql::{Context, ID, Result, SimpleObject, Subscription, Union};
use futures::{Stream, StreamExt};

use super::{BuildNode, StageNode};
use crate::{
    app::BuildUpdate,
    graphql::{
        context::ContextExt,
        error::{bad_cursor, fault},
        ids,
        live::Leg,
        scalars::Instant,
        stream::{Heartbeat, StreamEnded},
    },
};

/// Events about one build.
#[derive(Union)]
pub(crate) enum BuildEvent {
    BuildSnapshot(BuildSnapshot),
    BuildChanged(BuildChanged),
    StagesChanged(StagesChanged),
    Heartbeat(Heartbeat),
    StreamEnded(StreamEnded),
}

/// The build as it stands. First event, and again after a reset.
#[derive(SimpleObject)]
pub(crate) struct BuildSnapshot {
    /// Resume point.
    pub(crate) cursor: String,
    /// When it was sent.
    pub(crate) at: Instant,
    /// Drop what you had: it was not possible to resume from `after`.
    reset: bool,
    /// The build, with all its stages.
    build: BuildNode,
}

/// A build changed; stages that did not change need not be asked for.
#[derive(SimpleObject)]
pub(crate) struct BuildChanged {
    /// Resume point.
    pub(crate) cursor: String,
    /// When it was sent.
    pub(crate) at: Instant,
    /// The build.
    pub(crate) build: BuildNode,
}

/// Stages appeared, changed or went away; several changes may come as one.
#[derive(SimpleObject)]
pub(crate) struct StagesChanged {
    /// Resume point.
    pub(crate) cursor: String,
    /// When it was sent.
    pub(crate) at: Instant,
    /// The build, for its state, its counts and its approvals.
    build: BuildNode,
    /// New and changed stages, complete.
    #[graphql(complexity = "20 * child_complexity")]
    stages: Vec<StageNode>,
    /// Planned stages that will not be.
    removed_stage_ids: Vec<ID>,
    /// Whether nodes or edges changed, so that the graph must be laid out again.
    structure_changed: bool,
}

#[derive(Default)]
pub(crate) struct BuildSubscription;

#[Subscription]
impl BuildSubscription {
    /// A build with its stages, approvals and failure: a snapshot first, then the newest state of what changes, in order, never
    /// going back, until the build is over and all of it has been told.
    async fn build_updates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The build.")] build_id: ID,
        #[graphql(desc = "Resume after this event.")] after: Option<String>,
    ) -> Result<impl Stream<Item = Result<BuildEvent>> + use<>> {
        let id: BuildId = ids::argument(&build_id, "buildId")?;
        let leg = Leg::of(ctx);
        let after = match (leg.begin, after) {
            (Some(begin), _) => Some(begin),
            (None, after) => after
                .map(|text| Cursor::number_in(&text, CursorKind::BuildEvents, id.as_uuid()))
                .transpose()
                .map_err(|error| bad_cursor("after", error))?,
        };
        let until = leg.until.map(EventSeq);
        let updates = ctx.app()?.build_updates(ctx.principal()?.clone(), id, after.map(EventSeq), until);
        Ok(updates.filter_map(move |update| {
            std::future::ready(match update {
                Ok((at, update)) => event(id, at, update, &leg).map(Ok),
                Err(error) => Some(Err(fault(&error))),
            })
        }))
    }
}

fn event(id: BuildId, at: Timestamp, update: BuildUpdate, leg: &Leg) -> Option<BuildEvent> {
    leg.reached(update.position().0);
    let at = Instant(at);
    let cursor = |seq: EventSeq| Cursor::at(CursorKind::BuildEvents, id.as_uuid(), seq.0).encode();
    Some(match update {
        BuildUpdate::Snapshot { seq, reset, state } => {
            BuildEvent::BuildSnapshot(BuildSnapshot { cursor: cursor(seq), at, reset, build: BuildNode(state.build) })
        }
        BuildUpdate::Changed { seq, change } => {
            let Change { build, stages, removed, structure_changed, .. } = *change;
            let build = BuildNode(build?);
            let cursor = cursor(seq);
            if stages.is_empty() && removed.is_empty() {
                BuildEvent::BuildChanged(BuildChanged { cursor, at, build })
            } else {
                BuildEvent::StagesChanged(StagesChanged {
                    cursor,
                    at,
                    build,
                    stages: stages.into_iter().map(StageNode).collect(),
                    removed_stage_ids: removed.iter().map(|stage| stage.to_string().into()).collect(),
                    structure_changed,
                })
            }
        }
        BuildUpdate::Heartbeat { seq } => BuildEvent::Heartbeat(Heartbeat { cursor: cursor(seq), at }),
        BuildUpdate::Reached { .. } => {
            leg.arrived();
            return None;
        }
        BuildUpdate::Ended { seq, reason } => {
            leg.ended();
            BuildEvent::StreamEnded(StreamEnded { cursor: cursor(seq), at, reason: reason.into() })
        }
    })
}
