//! The stream of a build's log lines: each exactly once, by number.

use std::{sync::Arc, time::Duration};

use alm_domain::{BuildId, LineNo, LogStream, NumberedLine, Principal, StageKey, Timestamp};
use async_stream::try_stream;
use futures::Stream;
use tokio::time::Instant;

use super::{BuildChannel, Hub, StreamEnd, Woken, locked, wait};
use crate::app::AppError;

/// Where a log stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFrom {
    /// With the first line.
    Start,
    /// With the last so many lines.
    Tail(usize),
    /// Behind this line.
    After(LineNo),
}

/// How a log stream is read.
#[derive(Debug, Clone)]
pub struct LogOptions {
    /// Where it begins.
    pub from: LogFrom,
    /// Only lines of this stage.
    pub stage: Option<StageKey>,
    /// Lines per batch at most.
    pub max_lines: usize,
    /// Longest time to hold lines back in order to fill a batch while the log is busy; an idle log is told at once.
    pub max_delay: Duration,
    /// End behind this line, with [`LogUpdate::Reached`]; no line behind it is told.
    pub until: Option<LineNo>,
}

/// One event of a log's stream. `line` is where to resume behind it.
#[derive(Debug, Clone)]
pub enum LogUpdate {
    /// Lines, in order, without a hole behind the event before (but for those of other stages).
    Lines {
        /// Resume point.
        line: LineNo,
        /// Last line of the whole log so far.
        head: LineNo,
        /// The lines.
        lines: Vec<Arc<NumberedLine>>,
    },
    /// A hole in the source: the engine could not give what was here.
    Gap {
        /// Resume point.
        line: LineNo,
        /// Why.
        cause: String,
    },
    /// Nothing happened; the stream lives.
    Heartbeat {
        /// Resume point.
        line: LineNo,
    },
    /// The last event of a stream that was to go so far; it may have begun behind that.
    Reached {
        /// Resume point.
        line: LineNo,
    },
    /// The last event.
    Ended {
        /// Resume point.
        line: LineNo,
        /// Why.
        reason: StreamEnd,
    },
}

impl LogUpdate {
    /// Where to resume behind it.
    #[must_use]
    pub const fn position(&self) -> LineNo {
        match self {
            Self::Lines { line, .. }
            | Self::Gap { line, .. }
            | Self::Heartbeat { line }
            | Self::Reached { line }
            | Self::Ended { line, .. } => *line,
        }
    }
}

impl Hub {
    /// A build's log lines, from where the options say until the build is complete.
    pub(in crate::app) fn log_lines(
        &self,
        principal: Principal,
        build: BuildId,
        options: LogOptions,
    ) -> impl Stream<Item = Result<(Timestamp, LogUpdate), AppError>> + Send + 'static + use<> {
        let shared = Arc::clone(&self.shared);
        let channel = self.shared.builds.listen(build);
        try_stream! {
            let mut rung = channel.heads.subscribe();
            let now = || shared.clock.now();
            let store = &shared.store;
            let mut heads = store.heads(&principal, build).await?.ok_or_else(|| AppError::not_found("buildId", "build"))?;
            let mut at = match options.from {
                LogFrom::Start => LineNo::ZERO,
                LogFrom::After(line) if line > heads.line => {
                    Err(AppError::invalid(["after"], "this cursor lies behind the end of the log: leave it out to begin anew"))?
                }
                LogFrom::After(line) => line,
                LogFrom::Tail(count) => match &options.stage {
                    None => LineNo(heads.line.0.saturating_sub(count as u64)),
                    stage => {
                        let tail = store.log_tail(&principal, build, count, stage.as_ref()).await?;
                        tail.first().map_or(heads.line, |first| LineNo(first.no.0 - 1))
                    }
                },
            };
            let mut last_told: Option<Instant> = None;
            loop {
                if let Some(until) = options.until {
                    heads.line = heads.line.min(until);
                }
                while at < heads.line {
                    // Whoever has much to catch up with must not hold up the end of the service.
                    if shared.stop.is_cancelled() {
                        yield (now(), LogUpdate::Ended { line: at, reason: StreamEnd::Shutdown });
                        return;
                    }
                    let page = self::read(store, &channel, &principal, build, at, &options).await?;
                    if page.scanned_to <= at {
                        break;
                    }
                    at = page.scanned_to;
                    // More may have been written since it was asked how far the log reaches.
                    heads.line = heads.line.max(at);
                    for update in split(page.lines, at, heads.line) {
                        last_told = Some(Instant::now());
                        yield (now(), update);
                    }
                }
                if options.until.is_some_and(|until| at >= until) {
                    yield (now(), LogUpdate::Reached { line: at });
                    return;
                }
                if heads.is_complete && at >= heads.line {
                    yield (now(), LogUpdate::Ended { line: at, reason: StreamEnd::Complete });
                    return;
                }
                loop {
                    match wait(&mut rung, shared.heartbeat, &shared.stop).await {
                        Woken::Silence => yield (now(), LogUpdate::Heartbeat { line: at }),
                        Woken::Stopping => {
                            yield (now(), LogUpdate::Ended { line: at, reason: StreamEnd::Shutdown });
                            return;
                        }
                        Woken::Rung => {
                            let seen = *rung.borrow_and_update();
                            if seen.line > at || seen.is_complete {
                                heads.line = heads.line.max(seen.line);
                                heads.is_complete |= seen.is_complete;
                                break;
                            }
                        }
                    }
                }
                if let Some(last) = last_told
                    && !heads.is_complete
                    && heads.line.0 - at.0 < options.max_lines as u64
                {
                    tokio::time::sleep_until(last + options.max_delay).await;
                    let seen = *rung.borrow_and_update();
                    heads.line = heads.line.max(seen.line);
                    heads.is_complete |= seen.is_complete;
                }
            }
        }
    }
}

struct Page {
    lines: Vec<Arc<NumberedLine>>,
    scanned_to: LineNo,
}

/// The next lines: from memory if they are recent, from the store if not.
async fn read(
    store: &alm_store::Store,
    channel: &BuildChannel,
    principal: &Principal,
    build: BuildId,
    after: LineNo,
    options: &LogOptions,
) -> Result<Page, AppError> {
    let recent = locked(&channel.ring).read(after, options.max_lines);
    let (mut lines, scanned_to) = if let Some(mut lines) = recent {
        let scanned_to = lines.last().map_or(after, |line| line.no);
        if let Some(stage) = &options.stage {
            lines.retain(|line| line.line.stage.as_ref() == Some(stage));
        }
        (lines, scanned_to)
    } else {
        let page = store.read_log(principal, build, after, options.max_lines, options.stage.as_ref()).await?;
        (page.lines.into_iter().map(Arc::new).collect(), page.scanned_to)
    };
    let Some(until) = options.until else { return Ok(Page { lines, scanned_to }) };
    lines.retain(|line| line.no <= until);
    Ok(Page { lines, scanned_to: scanned_to.min(until) })
}

/// Batches of lines, with holes told apart. `end` is how far was looked, which is behind the last line where a stage was asked for.
fn split(lines: Vec<Arc<NumberedLine>>, end: LineNo, head: LineNo) -> Vec<LogUpdate> {
    let mut updates = Vec::new();
    let mut batch: Vec<Arc<NumberedLine>> = Vec::new();
    for line in lines {
        if line.line.stream == LogStream::Gap {
            if let Some(last) = batch.last() {
                updates.push(LogUpdate::Lines { line: last.no, head, lines: std::mem::take(&mut batch) });
            }
            updates.push(LogUpdate::Gap { line: line.no, cause: line.line.text.clone() });
        } else {
            batch.push(line);
        }
    }
    if !batch.is_empty() {
        updates.push(LogUpdate::Lines { line: end, head, lines: batch });
    }
    updates
}
