//! Reading lines.

use std::collections::BTreeMap;

use alm_domain::{BuildId, LineNo, NumberedLine, Principal, StageKey};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Func, Query, SimpleExpr},
};

use crate::{
    Store, StoreError,
    entity::{build_run, log_chunk, log_range},
    value::{column, counter, read_json},
    visibility::visible,
};

/// How many chunks are read with one statement.
const CHUNKS: u64 = 32;
/// How many chunks are looked at in search of a stage's lines before the caller is asked to go on.
const MOST_SCANNED: usize = 4096;
const SCAN: u64 = 512;
/// No page is longer, whatever is asked for.
const LONGEST_PAGE: usize = 100_000;

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

    /// The last `n` lines so far, in order; with `stage`, the last that it wrote. Never more than 100,000.
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
        let Some(stage) = stage else {
            let head: Option<i64> = build_run::Entity::find_by_id(id.as_uuid())
                .filter(visible(principal).builds(build_run::Column::BuildId))
                .select_only()
                .column(build_run::Column::LineHead)
                .into_tuple()
                .one(self.reader())
                .await?;
            let head: u64 = counter(head.unwrap_or(0))?;
            let after = LineNo(head.saturating_sub(n as u64));
            return Ok(self.read_all(principal, id, after, n).await?.lines);
        };
        let Some((_, mut before)) = self.span(principal, id, stage).await? else { return Ok(Vec::new()) };
        before = before.saturating_add(1);
        let mut groups: Vec<Vec<NumberedLine>> = Vec::new();
        let mut found = 0;
        while found < n {
            let index = self.index(principal, id, Side::Before(before), SCAN).await?;
            let Some(next) = index.last().map(|entry| entry.first_line) else { break };
            before = next;
            let with: Vec<i64> = holding(&index, stage)?;
            for some in with.chunks(CHUNKS as usize) {
                if found >= n {
                    break;
                }
                let mut chunks = self.chunks(principal, id, some).await?;
                chunks.reverse();
                for chunk in chunks {
                    let lines = of_stage(numbered(&chunk)?, stage);
                    found += lines.len();
                    groups.push(lines);
                }
            }
        }
        let mut lines: Vec<_> = groups.into_iter().rev().flatten().collect();
        lines.drain(..lines.len().saturating_sub(n));
        Ok(lines)
    }

    async fn read_all(
        &self,
        principal: &Principal,
        id: BuildId,
        after: LineNo,
        limit: usize,
    ) -> Result<LogPage, StoreError> {
        let mut page = LogPage { lines: Vec::new(), scanned_to: after };
        while page.lines.len() < limit {
            let from = column(page.scanned_to.0);
            let to = from.saturating_add(column((limit - page.lines.len()) as u64));
            let chunks = log_chunk::Entity::find()
                .filter(log_chunk::Column::BuildId.eq(id.as_uuid()))
                .filter(visible(principal).builds(log_chunk::Column::BuildId))
                .filter(holds_or_follows(id, from.saturating_add(1)))
                .filter(log_chunk::Column::FirstLine.lte(to))
                .order_by_asc(log_chunk::Column::FirstLine)
                .limit(CHUNKS)
                .all(self.reader())
                .await?;
            let is_last = chunks.len() < CHUNKS as usize;
            for chunk in chunks {
                let room = limit - page.lines.len();
                let scanned = page.scanned_to;
                page.lines.extend(numbered(&chunk)?.into_iter().filter(|line| line.no > scanned).take(room));
                page.scanned_to = page.lines.last().map_or(scanned, |line| line.no);
            }
            if is_last {
                break;
            }
        }
        Ok(page)
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
        let all = LogPage { lines: Vec::new(), scanned_to: after.max(heads.line) };
        let Some((first, last)) = self.span(principal, id, stage).await? else { return Ok(all) };
        let last = Ord::min(last, column(heads.line.0));
        let mut page = LogPage { lines: Vec::new(), scanned_to: after.max(LineNo(counter(first.saturating_sub(1))?)) };
        let mut scanned = 0;
        while column(page.scanned_to.0) < last && page.lines.len() < limit && scanned < MOST_SCANNED {
            let index = self.index(principal, id, Side::After(column(page.scanned_to.0)), SCAN).await?;
            let Some(end) = index.last().map(|entry| entry.last_line) else { break };
            scanned += index.len();
            for some in holding(&index, stage)?.chunks(CHUNKS as usize) {
                if page.lines.len() >= limit {
                    break;
                }
                for chunk in self.chunks(principal, id, some).await? {
                    let after = page.scanned_to;
                    let lines = of_stage(numbered(&chunk)?, stage);
                    page.lines.extend(lines.into_iter().filter(|line| line.no > after && line.no <= heads.line));
                }
            }
            if page.lines.len() >= limit {
                page.lines.truncate(limit);
                page.scanned_to = page.lines.last().map_or(page.scanned_to, |line| line.no);
                return Ok(page);
            }
            page.scanned_to = LineNo(counter(end)?);
        }
        if column(page.scanned_to.0) >= last && page.lines.len() < limit {
            page.scanned_to = all.scanned_to;
        }
        Ok(page)
    }

    /// First and last line of a stage.
    async fn span(
        &self,
        principal: &Principal,
        id: BuildId,
        stage: &StageKey,
    ) -> Result<Option<(i64, i64)>, StoreError> {
        let rows = log_range::Entity::find()
            .filter(log_range::Column::BuildId.eq(id.as_uuid()))
            .filter(log_range::Column::Stage.eq(stage.as_str().as_bytes()))
            .filter(visible(principal).builds(log_range::Column::BuildId))
            .all(self.reader())
            .await?;
        let first = rows.iter().map(|row| row.from_line).min();
        Ok(first.zip(rows.iter().map(|row| row.to_line).max()))
    }

    /// What the index says about the next chunks on this side, nearest first.
    async fn index(
        &self,
        principal: &Principal,
        id: BuildId,
        side: Side,
        limit: u64,
    ) -> Result<Vec<IndexEntry>, StoreError> {
        let select = log_chunk::Entity::find()
            .filter(log_chunk::Column::BuildId.eq(id.as_uuid()))
            .filter(visible(principal).builds(log_chunk::Column::BuildId));
        let select = match side {
            Side::After(line) => {
                select.filter(holds_or_follows(id, line.saturating_add(1))).order_by_asc(log_chunk::Column::FirstLine)
            }
            Side::Before(line) => {
                select.filter(log_chunk::Column::FirstLine.lt(line)).order_by_desc(log_chunk::Column::FirstLine)
            }
        };
        let rows: Vec<(i64, i64, String)> = select
            .select_only()
            .column(log_chunk::Column::FirstLine)
            .column(log_chunk::Column::LastLine)
            .column(log_chunk::Column::Stages)
            .limit(limit)
            .into_tuple()
            .all(self.reader())
            .await?;
        let entry = |(first_line, last_line, stages)| IndexEntry { first_line, last_line, stages };
        Ok(rows.into_iter().map(entry).collect())
    }

    /// The chunks that hold these lines, in order.
    async fn chunks(
        &self,
        principal: &Principal,
        id: BuildId,
        lines: &[i64],
    ) -> Result<Vec<log_chunk::Model>, StoreError> {
        let rows = log_chunk::Entity::find()
            .filter(log_chunk::Column::BuildId.eq(id.as_uuid()))
            .filter(log_chunk::Column::FirstLine.is_in(lines.iter().copied()))
            .filter(visible(principal).builds(log_chunk::Column::BuildId))
            .order_by_asc(log_chunk::Column::FirstLine)
            .all(self.reader())
            .await?;
        Ok(rows)
    }
}

enum Side {
    After(i64),
    Before(i64),
}

struct IndexEntry {
    first_line: i64,
    last_line: i64,
    stages: String,
}

/// Chunks from the one that holds this line on: a range of the key, so that nothing before and behind it is looked at.
fn holds_or_follows(id: BuildId, line: i64) -> SimpleExpr {
    let chunk = Query::select()
        .expr(log_chunk::Column::FirstLine.max())
        .from(log_chunk::Entity)
        .and_where(log_chunk::Column::BuildId.eq(id.as_uuid()))
        .and_where(log_chunk::Column::FirstLine.lte(line))
        .to_owned();
    let chunk = SimpleExpr::SubQuery(None, Box::new(chunk.into()));
    ExprTrait::gte(
        Expr::col((log_chunk::Entity, log_chunk::Column::FirstLine)),
        Func::coalesce([chunk, Expr::value(0)]),
    )
    .and(log_chunk::Column::LastLine.gte(line))
}

/// The first lines of those chunks that hold lines of the stage.
fn holding(index: &[IndexEntry], stage: &StageKey) -> Result<Vec<i64>, StoreError> {
    let mut with = Vec::new();
    for entry in index {
        let stages: BTreeMap<String, u32> = read_json("the index of a log", &entry.stages)?;
        if stages.contains_key(stage.as_str()) {
            with.push(entry.first_line);
        }
    }
    Ok(with)
}

fn numbered(chunk: &log_chunk::Model) -> Result<Vec<NumberedLine>, StoreError> {
    let first: u64 = counter(chunk.first_line)?;
    let lines = chunk.lines()?;
    Ok((first..).zip(lines).map(|(no, line)| NumberedLine { no: LineNo(no), line }).collect())
}

fn of_stage(lines: Vec<NumberedLine>, stage: &StageKey) -> Vec<NumberedLine> {
    lines.into_iter().filter(|line| line.line.stage.as_ref() == Some(stage)).collect()
}
