//! Reading lines.

use std::ops::ControlFlow;

use alm_domain::{BuildId, LineNo, NumberedLine, Principal, StageKey};
use sea_orm::{EntityTrait, Order, QueryFilter, QuerySelect};

use super::rows::{ROWS, Row, Wanted};
use crate::{Store, StoreError, entity::build_run, value::counter, visibility::visible};

/// No page is longer, whatever is asked for.
const LONGEST_PAGE: usize = 100_000;
/// About as many lines fill a chunk: the guess before a stage's first row is read.
const LINES_A_ROW: usize = 500;

/// Part of a log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogPage {
    /// The lines, in order.
    pub lines: Vec<NumberedLine>,
    /// How far was looked: no line that is wanted lies after the last of `lines` and up to here. Reading goes on from here;
    /// where it is what was read from, there is nothing more yet.
    pub scanned_to: LineNo,
}

impl Store {
    /// The lines after this one, in order; with `stage`, only those that it wrote. At most `limit`, and never more than
    /// 100,000. Touches only the chunks that hold them.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a chunk that holds such lines cannot be read.
    pub async fn read_log(
        &self,
        principal: &Principal,
        id: BuildId,
        after: LineNo,
        limit: usize,
        stage: Option<&StageKey>,
    ) -> Result<LogPage, StoreError> {
        let limit = limit.min(LONGEST_PAGE);
        match stage {
            None => self.read_all(principal, id, after, limit).await,
            Some(stage) => self.read_stage(principal, id, after, limit, stage).await,
        }
    }

    /// The last `n` lines so far, in order; with `stage`, the last that it wrote. Never more than 100,000. Touches only the
    /// chunks that hold them.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a chunk that holds such lines cannot be read.
    pub async fn log_tail(
        &self,
        principal: &Principal,
        id: BuildId,
        n: usize,
        stage: Option<&StageKey>,
    ) -> Result<Vec<NumberedLine>, StoreError> {
        let n = n.min(LONGEST_PAGE);
        match stage {
            None => {
                let head: Option<i64> = build_run::Entity::find_by_id(id.as_uuid())
                    .filter(visible(principal).builds(build_run::Column::BuildId))
                    .select_only()
                    .column(build_run::Column::LineHead)
                    .into_tuple()
                    .one(self.reader())
                    .await?;
                let head: u64 = counter(head.unwrap_or(0))?;
                let after = LineNo(head.saturating_sub(n as u64));
                Ok(self.read_all(principal, id, after, n).await?.lines)
            }
            Some(stage) => self.stage_tail(principal, id, n, stage).await,
        }
    }

    async fn read_all(
        &self,
        principal: &Principal,
        id: BuildId,
        after: LineNo,
        limit: usize,
    ) -> Result<LogPage, StoreError> {
        let mut lines: Vec<NumberedLine> = Vec::new();
        let mut at = after;
        while lines.len() < limit {
            let to = LineNo(at.0.saturating_add((limit - lines.len()) as u64));
            let wanted = Wanted { span: (behind(at), to), stage: None };
            let rows = self.rows(principal, id, &wanted, Order::Asc, ROWS).await?;
            let coming = rows.iter().fold(0, |sum: usize, row| sum.saturating_add(row.count()));
            lines.reserve(coming.min(limit - lines.len()));
            for row in &rows {
                take(row, &Wanted { span: (behind(at), to), stage: None }, limit, &mut lines)?;
                at = lines.last().map_or(at, |line| line.no);
            }
            if rows.len() < ROWS as usize {
                break;
            }
        }
        Ok(LogPage { lines, scanned_to: at })
    }

    async fn read_stage(
        &self,
        principal: &Principal,
        id: BuildId,
        after: LineNo,
        limit: usize,
        stage: &StageKey,
    ) -> Result<LogPage, StoreError> {
        // The head first: lines that come while we look are left to the next call.
        let Some(heads) = self.heads(principal, id).await? else {
            return Ok(LogPage { lines: Vec::new(), scanned_to: after });
        };
        let mut lines = Vec::new();
        let mut at = after;
        for (from, to) in self.spans(principal, id, stage).await? {
            let to = to.min(heads.line);
            at = at.max(LineNo(from.0.saturating_sub(1)));
            let mut most = rows_for(limit - lines.len(), None);
            while at < to && lines.len() < limit {
                let before = lines.len();
                let wanted = Wanted { span: (behind(at), to), stage: Some(stage) };
                let rows = self.rows(principal, id, &wanted, Order::Asc, most).await?;
                for row in &rows {
                    take(row, &Wanted { span: (behind(at), to), stage: Some(stage) }, limit, &mut lines)?;
                    at = row.last.min(to);
                }
                if rows.len() < most as usize {
                    break;
                }
                most = rows_for(limit - lines.len(), Some((lines.len() - before, rows.len())));
            }
            if let Some(last) = lines.last().filter(|_| lines.len() >= limit) {
                let scanned_to = last.no;
                return Ok(LogPage { lines, scanned_to });
            }
            at = at.max(to);
        }
        Ok(LogPage { lines, scanned_to: after.max(heads.line) })
    }

    async fn stage_tail(
        &self,
        principal: &Principal,
        id: BuildId,
        n: usize,
        stage: &StageKey,
    ) -> Result<Vec<NumberedLine>, StoreError> {
        let mut groups: Vec<Vec<NumberedLine>> = Vec::new();
        let mut found = 0;
        for (from, mut to) in self.spans(principal, id, stage).await?.into_iter().rev() {
            let mut most = rows_for(n - found, None);
            while from <= to && found < n {
                let before = found;
                let wanted = Wanted { span: (from, to), stage: Some(stage) };
                let rows = self.rows(principal, id, &wanted, Order::Desc, most).await?;
                for row in &rows {
                    let mut lines = Vec::new();
                    // What was open may have become one row in between: what was taken already is not taken again.
                    take(row, &Wanted { span: (from, to), stage: Some(stage) }, usize::MAX, &mut lines)?;
                    to = LineNo(row.first.0.saturating_sub(1)).min(to);
                    found += lines.len();
                    groups.push(lines);
                }
                if rows.len() < most as usize {
                    break;
                }
                most = rows_for(n.saturating_sub(found), Some((found - before, rows.len())));
            }
            if found >= n {
                break;
            }
        }
        let mut lines: Vec<_> = groups.into_iter().rev().flatten().collect();
        lines.drain(..lines.len().saturating_sub(n));
        Ok(lines)
    }
}

/// The line behind this one; positions come from outside, and may be at the end of all numbers.
pub(super) const fn behind(line: LineNo) -> LineNo {
    LineNo(line.0.saturating_add(1))
}

/// How many rows probably hold so many lines of a stage, from how many the last ones held.
fn rows_for(lines: usize, last: Option<(usize, usize)>) -> u64 {
    match last {
        // They were the wrong end of a long hole: look farther.
        Some((0, rows)) => 2 * rows as u64,
        Some((found, rows)) => (lines * rows).div_ceil(found) as u64,
        None => lines.div_ceil(LINES_A_ROW) as u64,
    }
    .clamp(1, ROWS)
}

/// Adds the wanted lines of a row, until there are so many.
fn take(row: &Row, wanted: &Wanted<'_>, limit: usize, lines: &mut Vec<NumberedLine>) -> Result<(), StoreError> {
    let (from, to) = wanted.span;
    row.each_line(|no, line| {
        if no > to || lines.len() >= limit {
            return ControlFlow::Break(());
        }
        if no >= from && (wanted.stage.is_none() || line.stage == wanted.stage) {
            lines.push(NumberedLine { no, line: line.owned() });
        }
        ControlFlow::Continue(())
    })
}
