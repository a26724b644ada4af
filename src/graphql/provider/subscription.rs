//! Providers, live.

use alm_domain::{Cursor, CursorKind};
use async_graphql::{Context, Result, SimpleObject, Subscription, Union};
use futures::{Stream, StreamExt};
use uuid::Uuid;

use super::ProviderNode;
use crate::{
    app::ProviderUpdate,
    graphql::{
        context::ContextExt,
        error::{bad_cursor, fault},
        project::EntityRemoved,
        scalars::Instant,
        stream::{Heartbeat, StreamEnded},
    },
};

/// Events about providers.
#[derive(Union)]
#[expect(clippy::large_enum_variant, reason = "one at a time, on its way out")]
pub(crate) enum ProviderEvent {
    ProviderSnapshot(ProviderSnapshot),
    ProviderChanged(ProviderChanged),
    EntityRemoved(EntityRemoved),
    Heartbeat(Heartbeat),
    StreamEnded(StreamEnded),
}

/// The providers as they stand.
#[derive(SimpleObject)]
pub(crate) struct ProviderSnapshot {
    /// Resume point.
    pub(crate) cursor: String,
    /// When it was sent.
    pub(crate) at: Instant,
    /// Drop what you had.
    reset: bool,
    /// By short name, also those that are switched off; at most 100.
    #[graphql(complexity = "100 * child_complexity")]
    providers: Vec<ProviderNode>,
}

/// A provider came or changed, its health and what it has to do included.
#[derive(SimpleObject)]
pub(crate) struct ProviderChanged {
    /// Resume point.
    pub(crate) cursor: String,
    /// When it was sent.
    pub(crate) at: Instant,
    /// The provider.
    provider: ProviderNode,
}

#[derive(Default)]
pub(crate) struct ProviderSubscription;

#[Subscription]
impl ProviderSubscription {
    /// Providers, their health and how much they have to do: a snapshot first, then what changes, in its newest state. They are asked every
    /// minute whether they are well. Executed for each caller, who sees no more builds counted than are theirs to see.
    async fn provider_updates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Resume after this event.")] after: Option<String>,
    ) -> Result<impl Stream<Item = Result<ProviderEvent>> + use<>> {
        let (app, principal) = (ctx.app()?.clone(), ctx.principal()?.clone());
        let after = after
            .map(|text| Cursor::number_in(&text, CursorKind::ProviderEvents, Uuid::nil()))
            .transpose()
            .map_err(|error| bad_cursor("after", error))?;
        let updates = app.provider_updates(principal, after);
        Ok(updates.map(|update| {
            let (at, update) = update.map_err(|error| fault(&error))?;
            let at = Instant(at);
            let cursor = |picture: u64| Cursor::at(CursorKind::ProviderEvents, Uuid::nil(), picture).encode();
            Ok(match update {
                ProviderUpdate::Snapshot { picture, reset, providers } => {
                    let providers = providers.into_iter().map(ProviderNode).collect();
                    ProviderEvent::ProviderSnapshot(ProviderSnapshot { cursor: cursor(picture), at, reset, providers })
                }
                ProviderUpdate::Changed { picture, provider } => {
                    let provider = ProviderNode(*provider);
                    ProviderEvent::ProviderChanged(ProviderChanged { cursor: cursor(picture), at, provider })
                }
                ProviderUpdate::Removed { picture, provider } => ProviderEvent::EntityRemoved(EntityRemoved {
                    cursor: cursor(picture),
                    at,
                    removed_id: provider.to_string().into(),
                    removed_type: "Provider",
                }),
                ProviderUpdate::Heartbeat { picture } => {
                    ProviderEvent::Heartbeat(Heartbeat { cursor: cursor(picture), at })
                }
                ProviderUpdate::Ended { picture, reason } => {
                    ProviderEvent::StreamEnded(StreamEnded { cursor: cursor(picture), at, reason: reason.into() })
                }
            })
        }))
    }
}
