//! Searching a log.
//!
//! A search goes over the compressed chunks one after another, on threads of its own, in short turns: before each it waits in
//! one fair queue with all other searches, so that neither many of them nor a dear one holds up the rest of the service.

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use alm_domain::{BuildId, LineNo, LogLevel, Principal, StageKey, level_of, strip_sgr};
use sea_orm::Order;

use super::{
    LogPattern,
    chunk::Line,
    read::behind,
    rows::{ROWS, Row, Wanted},
};
use crate::{Store, StoreError};

/// No more lines are named at once.
const MOST: usize = 10_000;
/// How long a search works before others have their turn.
const TURN: Duration = Duration::from_millis(20);
/// After so much text a search looks at the clock.
const STRIDE: usize = 16 << 10;

/// What lines are searched for.
#[derive(Debug, Clone)]
pub struct LogSearch {
    /// What their text without colour codes must hold.
    pub pattern: LogPattern,
    /// Only lines of this stage.
    pub stage: Option<StageKey>,
    /// Only lines that state this level or a worse one.
    pub level: Option<LogLevel>,
    /// Only lines after this one.
    pub after: LineNo,
    /// How many lines are named at most, 1 to 10,000.
    pub limit: usize,
    /// How long to search at most, waiting included; a part is searched even if there is no time at all.
    pub budget: Duration,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogMatches {
    /// The lines, in order.
    pub lines: Vec<LineNo>,
    /// How many lines were found, those that `lines` has no room for included.
    pub total: u64,
    /// Up to here `lines` names all: search on from here.
    pub searched_to: LineNo,
    /// Whether that is the end of the log, as it was when the search began.
    pub is_whole: bool,
}

impl Store {
    /// Searches a log, from a line on as far as time and room allow. Reads and decompresses one chunk at a time, only those
    /// with lines of the stage; stops soon after its caller goes away. `None` where there is no such build.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a chunk that is searched cannot be read.
    pub async fn search_log(
        &self,
        principal: &Principal,
        id: BuildId,
        search: &LogSearch,
    ) -> Result<Option<LogMatches>, StoreError> {
        let deadline = Instant::now() + search.budget;
        let Some(heads) = self.heads(principal, id).await? else { return Ok(None) };
        let end = heads.line.max(search.after);
        let spans = match &search.stage {
            None => vec![(LineNo(1), end)],
            Some(stage) => self.spans(principal, id, stage).await?,
        };
        let mut work = Work::new(search, end);
        for (from, to) in spans {
            let to = to.min(end);
            work.pass(LineNo(from.0.saturating_sub(1)));
            while work.at < to {
                let turn = Arc::clone(self.searchers()).acquire_owned().await.map_err(StoreError::internal)?;
                if work.rows.is_empty() {
                    let wanted = Wanted { span: (behind(work.at), to), stage: search.stage.as_ref() };
                    work.rows = self.rows(principal, id, &wanted, Order::Asc, ROWS).await?;
                    work.rows.reverse();
                    if work.rows.is_empty() {
                        work.pass(to);
                        break;
                    }
                }
                let until = deadline.min(Instant::now() + TURN);
                let stop = StopOnDrop::default();
                let stopped = Arc::clone(&stop.0);
                let worker = move || {
                    let is_time = || Instant::now() >= until || stopped.load(Ordering::Relaxed);
                    let outcome = work.run(to, is_time);
                    drop(turn);
                    outcome.map(|()| work)
                };
                work = tokio::task::spawn_blocking(worker).await.map_err(StoreError::internal)??;
                if Instant::now() >= deadline && work.at < to {
                    return Ok(Some(work.done()));
                }
            }
            work.rows.clear();
        }
        work.pass(end);
        Ok(Some(work.done()))
    }
}

/// A search on its way.
struct Work {
    search: LogSearch,
    end: LineNo,
    /// Rows to search, the next one last.
    rows: Vec<Row>,
    /// Everything up to here was searched.
    at: LineNo,
    lines: Vec<LineNo>,
    total: u64,
    /// Whether a line was found for which there is no room.
    is_full: bool,
}

impl Work {
    fn new(search: &LogSearch, end: LineNo) -> Self {
        Self {
            search: search.clone(),
            end,
            rows: Vec::new(),
            at: search.after,
            lines: Vec::new(),
            total: 0,
            is_full: false,
        }
    }

    /// Notes that nothing is to be found up to this line.
    fn pass(&mut self, line: LineNo) {
        self.at = self.at.max(line.min(self.end));
    }

    /// Searches the rows at hand up to this line, until it is time to stop.
    fn run(&mut self, to: LineNo, is_time: impl Fn() -> bool) -> Result<(), StoreError> {
        while let Some(row) = self.rows.pop() {
            let from = behind(self.at);
            let mut looked = 0;
            row.each_line(|no, line| {
                if no > to {
                    return ControlFlow::Break(());
                }
                if no >= from {
                    self.look(no, &line);
                    self.at = no;
                    looked += line.text.len() + 1;
                }
                if looked < STRIDE {
                    return ControlFlow::Continue(());
                }
                looked = 0;
                if is_time() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            if self.at < row.last.min(to) {
                self.rows.push(row);
                break;
            }
            if is_time() {
                break;
            }
        }
        Ok(())
    }

    fn look(&mut self, no: LineNo, line: &Line<'_>) {
        if self.search.stage.is_some() && line.stage != self.search.stage.as_ref() {
            return;
        }
        let is_found = self.search.pattern.is_in(&strip_sgr(line.text))
            && self.search.level.is_none_or(|least| level_of(line.text) >= Some(least));
        if !is_found {
            return;
        }
        self.total += 1;
        if self.lines.len() < self.search.limit.clamp(1, MOST) {
            self.lines.push(no);
        } else {
            self.is_full = true;
        }
    }

    fn done(self) -> LogMatches {
        let searched_to = match self.lines.last() {
            Some(last) if self.is_full => *last,
            _ => self.at,
        };
        let is_whole = searched_to >= self.end;
        LogMatches { lines: self.lines, total: self.total, searched_to, is_whole }
    }
}

/// Tells a worker that nobody waits for it any more.
#[derive(Default)]
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
