//! What the caller has connected, live.

use alm_domain::{Cursor, CursorKind, ViewerSeq};
use async_graphql::{Context, Result, SimpleObject, Subscription, Union};
use futures::{Stream, StreamExt};

use super::Viewer;
use crate::{
    app::ViewerUpdate,
    graphql::{
        context::ContextExt,
        environment::GrantNode,
        error::{bad_cursor, fault},
        scalars::Instant,
        stream::{Heartbeat, StreamEnded},
    },
};

/// Events about the caller.
#[derive(Union)]
pub(crate) enum ViewerEvent {
    ViewerSnapshot(ViewerSnapshot),
    ConnectionChanged(ConnectionChanged),
    Heartbeat(Heartbeat),
    StreamEnded(StreamEnded),
}

/// The caller as they stand.
#[derive(SimpleObject)]
pub(crate) struct ViewerSnapshot {
    /// Resume point.
    pub(crate) cursor: String,
    /// When it was sent.
    pub(crate) at: Instant,
    /// Drop what you had.
    reset: bool,
    /// The caller.
    viewer: Viewer,
}

/// A connection of the caller changed.
#[derive(SimpleObject)]
pub(crate) struct ConnectionChanged {
    /// Resume point.
    pub(crate) cursor: String,
    /// When it was sent.
    pub(crate) at: Instant,
    /// The connection.
    connection: GrantNode,
}

#[derive(Default)]
pub(crate) struct ViewerSubscription;

#[Subscription]
impl ViewerSubscription {
    /// The caller's connections, for the banner on every page: a snapshot first, then what changes, in its newest state. Of the caller
    /// alone, and executed for each alone.
    async fn viewer_updates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Resume after this event.")] after: Option<String>,
    ) -> Result<impl Stream<Item = Result<ViewerEvent>> + use<>> {
        let (app, principal) = (ctx.app()?.clone(), ctx.principal()?.clone());
        let user = principal.user().ok_or_else(crate::graphql::error::unauthenticated)?;
        let uuid = user.as_uuid();
        let after = after
            .map(|text| Cursor::number_in(&text, CursorKind::ViewerEvents, uuid))
            .transpose()
            .map_err(|error| bad_cursor("after", error))?;
        let updates = app.viewer_updates(principal.clone(), user, after.map(ViewerSeq));
        Ok(updates.map(move |update| {
            let (at, update) = update.map_err(|error| fault(&error))?;
            let at = Instant(at);
            let cursor = |seq: ViewerSeq| Cursor::at(CursorKind::ViewerEvents, uuid, seq.0).encode();
            Ok(match update {
                ViewerUpdate::Snapshot { seq, reset } => {
                    let viewer = Viewer::of(principal.clone());
                    ViewerEvent::ViewerSnapshot(ViewerSnapshot { cursor: cursor(seq), at, reset, viewer })
                }
                ViewerUpdate::Connection { seq, grant } => {
                    let connection = GrantNode(*grant);
                    ViewerEvent::ConnectionChanged(ConnectionChanged { cursor: cursor(seq), at, connection })
                }
                ViewerUpdate::Heartbeat { seq } => ViewerEvent::Heartbeat(Heartbeat { cursor: cursor(seq), at }),
                ViewerUpdate::Ended { seq, reason } => {
                    ViewerEvent::StreamEnded(StreamEnded { cursor: cursor(seq), at, reason: reason.into() })
                }
            })
        }))
    }
}
