//! Searching logs.

use std::time::Duration;

use alm_domain::{BuildId, LineNo};
use alm_store::LogPattern;
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::{query::stage_of, types::LogLevel};
use crate::graphql::{
    context::ContextExt,
    error::{bad_argument, store_fault},
    ids,
    scalars::Int53,
};

/// How many matches are named at most.
const LIMIT: usize = 10_000;
/// How long one request searches.
const BUDGET: Duration = Duration::from_secs(2);

/// Result of a search in a log.
#[derive(SimpleObject)]
pub(crate) struct LogSearchResult {
    /// Numbers of the lines that match, in order; at most 10000.
    matches: Vec<Int53>,
    /// How many lines match in all, those that `matches` has no room for included; at least so many where `truncated`.
    total: Int53,
    /// Whether the search stopped short of the end of the log: after 10000 matches, or after two seconds.
    truncated: bool,
    /// Up to this line `matches` is complete: pass it as `fromSeq` to search on, where `truncated` or while the build runs.
    searched_to: Int53,
}

/// What to search for.
#[derive(InputObject)]
pub(crate) struct LogSearchInput {
    /// Text, or an expression in RE2 syntax, of at most 1000 bytes. The empty text is in every line, for example to list all of
    /// a level. It is looked for within single lines, as they are without colour codes; `^` and `$` are the ends of a line.
    pattern: String,
    /// Whether it is an expression.
    #[graphql(default)]
    regex: bool,
    /// Whether case matters.
    #[graphql(default)]
    case_sensitive: bool,
    /// Only lines of this stage.
    stage_id: Option<ID>,
    /// Only lines that state at least this level.
    level: Option<LogLevel>,
    /// Only lines after this one.
    from_seq: Option<Int53>,
}

#[derive(Default)]
pub(crate) struct LogSearchQuery;

#[Object]
impl LogSearchQuery {
    /// Search in a whole log, on the server; in time linear in its length, whatever the pattern.
    #[graphql(complexity = "20_000 + child_complexity")]
    async fn log_search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The build.")] build_id: ID,
        #[graphql(desc = "What to search for.")] search: LogSearchInput,
    ) -> Result<Option<LogSearchResult>> {
        let build: BuildId = ids::argument(&build_id, "buildId")?;
        let compile = if search.regex { LogPattern::expression } else { LogPattern::text };
        let pattern = compile(&search.pattern, search.case_sensitive)
            .map_err(|error| bad_argument("search.pattern", &error.to_string()))?;
        let stage = match &search.stage_id {
            Some(id) => Some(stage_of(ctx, build, id, "search.stageId").await?),
            None => None,
        };
        let search = alm_store::LogSearch {
            pattern,
            stage,
            level: search.level.map(Into::into),
            after: LineNo(search.from_seq.map_or(0, |line| line.0)),
            limit: LIMIT,
            budget: BUDGET,
        };
        let found = ctx.app()?.store().search_log(ctx.principal()?, build, &search).await.map_err(store_fault)?;
        Ok(found.map(|found| LogSearchResult {
            matches: found.lines.into_iter().map(|line| Int53(line.0)).collect(),
            total: Int53(found.total),
            truncated: !found.is_whole,
            searched_to: Int53(found.searched_to.0),
        }))
    }
}
