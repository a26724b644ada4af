//! A log, live.

use std::time::Duration;

use alm_domain::{BuildId, Cursor, CursorKind, LineNo, Timestamp};
use async_graphql::{Context, ID, Result, SimpleObject, Subscription, Union};
use futures::{Stream, StreamExt};

use super::{
    LogLine,
    query::{count, stage_of},
};
use crate::{
    app::{LogFrom, LogOptions, LogUpdate},
    graphql::{
        context::ContextExt,
        error::{bad_argument, bad_cursor, fault},
        ids,
        live::Leg,
        scalars::{Instant, Int53, Millis},
        stream::{Heartbeat, StreamEnded},
    },
};

/// Events of a log.
#[derive(Union)]
pub(crate) enum LogEvent {
    LogBatch(LogBatch),
    LogGap(LogGap),
    Heartbeat(Heartbeat),
    StreamEnded(StreamEnded),
}

/// Lines of a log, in order, without a gap after the previous event.
#[derive(SimpleObject)]
pub(crate) struct LogBatch {
    /// Resume point.
    pub(crate) cursor: String,
    /// When it was sent.
    pub(crate) at: Instant,
    /// The lines.
    #[graphql(complexity = "100 * child_complexity")]
    lines: Vec<LogLine>,
    /// Last line of the log so far.
    last_seq: Int53,
}

/// Lines that the engine could not give again (its log was rotated or its pod is gone): a hole in the source, never in our
/// delivery. It takes one number of the log's lines.
#[derive(SimpleObject)]
pub(crate) struct LogGap {
    /// Pass as `after` to resume behind this event.
    pub(crate) cursor: String,
    /// When it was sent.
    pub(crate) at: Instant,
    /// The hole lies behind this line.
    after_seq: Int53,
    /// Why, as a sentence.
    cause: String,
}

#[derive(Default)]
pub(crate) struct LogSubscription;

#[Subscription]
impl LogSubscription {
    /// Lines of a log as they are written, older ones first when `after` is absent. Each line exactly once along the cursors,
    /// whatever happens to the connection; until the build is over and all of its lines have been told.
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the API")]
    async fn build_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The build.")] build_id: ID,
        #[graphql(desc = "Resume after this cursor, from an event or from LogWindow.")] after: Option<String>,
        #[graphql(desc = "Only lines of this stage.")] stage_id: Option<ID>,
        #[graphql(desc = "Without `after`, begin with the last so many lines, 1 to 2000; all when absent.")]
        tail: Option<i32>,
        #[graphql(desc = "Lines per batch at most, 1 to 2000.", default = 500)] max_lines: i32,
        #[graphql(
            desc = "Longest time to hold lines back in order to fill a batch while the log is busy, 20 to 1000 ms.",
            default_with = "Millis(40)"
        )]
        max_delay: Millis,
    ) -> Result<impl Stream<Item = Result<LogEvent>> + use<>> {
        let id: BuildId = ids::argument(&build_id, "buildId")?;
        let leg = Leg::of(ctx);
        let from = match (leg.begin, after, tail) {
            (Some(begin), _, _) => LogFrom::After(LineNo(begin)),
            (None, Some(text), _) => {
                let line = Cursor::number_in(&text, CursorKind::BuildLog, id.as_uuid());
                LogFrom::After(LineNo(line.map_err(|error| bad_cursor("after", error))?))
            }
            (None, None, Some(lines)) => LogFrom::Tail(count(lines, "tail")?),
            (None, None, None) => LogFrom::Start,
        };
        let stage = match stage_id {
            Some(stage) => Some(stage_of(ctx, id, &stage, "stageId").await?),
            None => None,
        };
        let max_delay = u64::try_from(max_delay.0)
            .ok()
            .filter(|ms| (20..=1000).contains(ms))
            .map(Duration::from_millis)
            .ok_or_else(|| bad_argument("maxDelay", "is not within 20 to 1000 ms"))?;
        let max_lines = count(max_lines, "maxLines")?;
        let options = LogOptions { from, stage, max_lines, max_delay, until: leg.until.map(LineNo) };
        let updates = ctx.app()?.log_lines(ctx.principal()?.clone(), id, options);
        Ok(updates.filter_map(move |update| {
            std::future::ready(match update {
                Ok((at, update)) => event(id, at, update, &leg).map(Ok),
                Err(error) => Some(Err(fault(&error))),
            })
        }))
    }
}

fn event(id: BuildId, at: Timestamp, update: LogUpdate, leg: &Leg) -> Option<LogEvent> {
    leg.reached(update.position().0);
    let at = Instant(at);
    let cursor = |line: LineNo| Cursor::at(CursorKind::BuildLog, id.as_uuid(), line.0).encode();
    Some(match update {
        LogUpdate::Lines { line, head, lines } => LogEvent::LogBatch(LogBatch {
            cursor: cursor(line),
            at,
            lines: lines.iter().map(|line| LogLine::new(id, line)).collect(),
            last_seq: Int53(head.0),
        }),
        LogUpdate::Gap { line, cause } => {
            LogEvent::LogGap(LogGap { cursor: cursor(line), at, after_seq: Int53(line.0.saturating_sub(1)), cause })
        }
        LogUpdate::Heartbeat { line } => LogEvent::Heartbeat(Heartbeat { cursor: cursor(line), at }),
        LogUpdate::Reached { .. } => {
            leg.arrived();
            return None;
        }
        LogUpdate::Ended { line, reason } => {
            leg.ended();
            LogEvent::StreamEnded(StreamEnded { cursor: cursor(line), at, reason: reason.into() })
        }
    })
}
