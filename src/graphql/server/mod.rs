//! The server itself.

use async_graphql::{Context, Object, Result, SimpleObject};

use super::{
    context::ContextExt,
    error::ErrorCode,
    paging,
    scalars::{Instant, Millis},
    schema::{Limits, SchemaHash},
};
use crate::app::Timing;

/// What a client should know about this server.
#[derive(SimpleObject)]
pub(crate) struct ServerInfo {
    /// Version of the service.
    version: &'static str,
    /// Hash of the schema; a change tells an open page to reload.
    schema_hash: String,
    /// Clock of the server, to correct running timers.
    now: Instant,
    /// Silence after which a heartbeat is sent.
    heartbeat_interval: Millis,
    /// Largest page.
    max_page_size: u32,
    /// Deepest query.
    max_depth: usize,
    /// Costliest query.
    max_complexity: usize,
    /// Every value of extensions.code.
    #[graphql(complexity = "10 * child_complexity")]
    error_codes: Vec<ErrorCodeInfo>,
}

/// One value of extensions.code.
#[derive(SimpleObject)]
pub(crate) struct ErrorCodeInfo {
    /// The value.
    code: ErrorCode,
    /// What it means and what to do.
    meaning: &'static str,
    /// Whether the same request may work later.
    retryable: bool,
}

#[derive(Default)]
pub(crate) struct ServerQuery;

#[Object]
impl ServerQuery {
    /// About this server.
    async fn server_info(&self, ctx: &Context<'_>) -> Result<Option<ServerInfo>> {
        let limits = ctx.data::<Limits>()?;
        let heartbeat = ctx.data::<Timing>()?.heartbeat;
        Ok(Some(ServerInfo {
            version: env!("CARGO_PKG_VERSION"),
            schema_hash: ctx.data::<SchemaHash>()?.get().to_owned(),
            now: ctx.app()?.clock().now().into(),
            heartbeat_interval: Millis(i64::try_from(heartbeat.as_millis()).unwrap_or(i64::MAX)),
            max_page_size: paging::LARGEST,
            max_depth: limits.depth,
            max_complexity: limits.complexity,
            error_codes: ErrorCode::MEANINGS
                .into_iter()
                .map(|(code, meaning, retryable)| ErrorCodeInfo { code, meaning, retryable })
                .collect(),
        }))
    }
}
