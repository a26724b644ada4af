//! Windows onto logs.

use alm_domain::{BuildId, Cursor, CursorKind, LineNo, NumberedLine, Principal, StageId, StageKey};
use alm_store::Store;
use async_graphql::{Context, ID, Object, OneofObject, Result, SimpleObject};

use super::LogLine;
use crate::graphql::{
    context::ContextExt,
    error::{bad_argument, store_fault},
    ids,
    scalars::Int53,
};

/// Most lines of one window.
const LARGEST: i32 = 2000;

/// A window onto a log.
#[derive(SimpleObject)]
pub(crate) struct LogWindow {
    /// Lines, in order; at most 2000.
    #[graphql(complexity = "100 * child_complexity")]
    lines: Vec<LogLine>,
    /// Number of the first line of the log that is still kept; 0 while it has none.
    first_seq: Int53,
    /// Number of the last line of the log so far; 0 while it has none.
    last_seq: Int53,
    /// Pass to Subscription.buildLog(after:) to go on from the end of this window without a gap.
    cursor: String,
}

/// Which lines to read; exactly one way.
#[derive(OneofObject)]
pub(crate) enum LogWindowInput {
    /// Lines before and after this one: the permalink.
    Around(Int53),
    /// From this line on.
    From(Int53),
    /// The last so many lines.
    Tail(i32),
    /// From the first line of this stage on, only its lines.
    StageId(ID),
}

#[derive(Default)]
pub(crate) struct LogQuery;

#[Object]
impl LogQuery {
    /// Lines of a log. Ask for it in an operation of its own, without caching.
    async fn log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The build.")] build_id: ID,
        #[graphql(desc = "Which lines.")] window: LogWindowInput,
        #[graphql(desc = "How many lines at most, 1 to 2000.", default = 500)] limit: i32,
    ) -> Result<Option<LogWindow>> {
        let build: BuildId = ids::argument(&build_id, "buildId")?;
        let limit = count(limit, "limit")?;
        let (store, principal) = (ctx.app()?.store(), ctx.principal()?);
        let Some(heads) = store.heads(principal, build).await.map_err(store_fault)? else { return Ok(None) };
        let info = store.log_info(principal, &[build]).await.map_err(store_fault)?.pop();
        let after = |line: u64| LineNo(line.saturating_sub(1));
        let (lines, end) = match window {
            LogWindowInput::From(line) => read(store, principal, build, after(line.0), limit, None).await?,
            LogWindowInput::Around(line) => {
                let first = line.0.saturating_sub(limit as u64 / 2).max(1);
                read(store, principal, build, after(first), limit, None).await?
            }
            LogWindowInput::Tail(lines) => {
                let lines = count(lines, "window.tail")?.min(limit);
                let first = heads.line.0.saturating_sub(lines as u64);
                read(store, principal, build, LineNo(first), lines, None).await?
            }
            LogWindowInput::StageId(id) => {
                let key = stage_of(ctx, build, &id, "window.stageId").await?;
                read(store, principal, build, LineNo::ZERO, limit, Some(&key)).await?
            }
        };
        Ok(Some(LogWindow {
            lines: lines.iter().map(|line| LogLine::new(build, line)).collect(),
            first_seq: Int53(info.map_or(0, |info| info.first_line.0).min(heads.line.0)),
            last_seq: Int53(heads.line.0),
            cursor: Cursor::at(CursorKind::BuildLog, build.as_uuid(), end.0).encode(),
        }))
    }
}

/// Up to `limit` lines, and the line behind which to go on.
async fn read(
    store: &Store,
    principal: &Principal,
    build: BuildId,
    after: LineNo,
    limit: usize,
    stage: Option<&StageKey>,
) -> Result<(Vec<NumberedLine>, LineNo)> {
    let page = store.read_log(principal, build, after, limit, stage).await.map_err(store_fault)?;
    Ok((page.lines, page.scanned_to))
}

/// The key of a stage of this build.
pub(super) async fn stage_of(ctx: &Context<'_>, build: BuildId, id: &ID, argument: &str) -> Result<StageKey> {
    let id: StageId = ids::argument(id, argument)?;
    let stage = ctx.loader()?.load_one(id).await.map_err(crate::graphql::loaders::LoadError::fault)?;
    stage
        .filter(|stage| stage.build == build)
        .map(|stage| stage.key)
        .ok_or_else(|| bad_argument(argument, "is not a stage of this build"))
}

/// A number of lines, within bounds.
pub(super) fn count(lines: i32, argument: &str) -> Result<usize> {
    usize::try_from(lines)
        .ok()
        .filter(|n| (1..=LARGEST.unsigned_abs() as usize).contains(n))
        .ok_or_else(|| bad_argument(argument, &format!("{lines} is not a number of lines: use 1 to {LARGEST}")))
}
