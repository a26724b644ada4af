//! Finding the rows that hold lines.

use std::ops::ControlFlow;

use alm_domain::{BuildId, LineNo, Principal, StageKey};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Func, LikeExpr, Query, SimpleExpr},
};

use super::{
    chunk::{Chunk, ChunkError, Line},
    prepare::in_index,
};
use crate::{
    Store, StoreError,
    entity::{log_chunk, log_range},
    value::{column, counter},
    visibility::visible,
};

/// No more rows are read with one statement.
pub(super) const ROWS: u64 = 32;
/// Spans of a stage that lie no farther apart than this many lines are read as one.
const NEAR: u64 = 4_000;

/// What reading needs of a row: lines `first` to `last`.
pub(super) struct Row {
    build: BuildId,
    pub(super) first: LineNo,
    pub(super) last: LineNo,
    data: Vec<u8>,
}

/// Lines from the first to the second, both included.
pub(super) type Span = (LineNo, LineNo);

/// Which lines are looked for.
pub(super) struct Wanted<'a> {
    pub(super) span: Span,
    /// Only rows that hold lines of this stage.
    pub(super) stage: Option<&'a StageKey>,
}

impl Row {
    /// The row of a build from its columns.
    pub(super) fn new(build: BuildId, (first, last, data): (i64, i64, Vec<u8>)) -> Result<Self, StoreError> {
        Ok(Self { build, first: LineNo(counter(first)?), last: LineNo(counter(last)?), data })
    }

    /// How many lines it says to hold.
    pub(super) fn count(&self) -> usize {
        self.last.0.checked_sub(self.first.0).map_or(0, |n| usize::try_from(n).unwrap_or(usize::MAX).saturating_add(1))
    }

    /// Goes over the lines in order, until the function has enough.
    pub(super) fn each_line(&self, f: impl FnMut(LineNo, Line<'_>) -> ControlFlow<()>) -> Result<(), StoreError> {
        self.try_each(f).map_err(|source| {
            StoreError::corrupt(format!("lines {} to {} of {}", self.first, self.last, self.build), source)
        })
    }

    fn try_each(&self, mut f: impl FnMut(LineNo, Line<'_>) -> ControlFlow<()>) -> Result<(), ChunkError> {
        let count = self.last.0.checked_sub(self.first.0).and_then(|n| n.checked_add(1));
        let chunk = Chunk::open(&self.data, count.ok_or(ChunkError::Range("the number of lines"))?)?;
        for (no, line) in (self.first.0..).zip(chunk.lines()) {
            if f(LineNo(no), line?).is_break() {
                break;
            }
        }
        Ok(())
    }
}

impl Store {
    /// The next rows with wanted lines, from the beginning of the span, or from its end backwards.
    pub(super) async fn rows(
        &self,
        principal: &Principal,
        id: BuildId,
        wanted: &Wanted<'_>,
        order: Order,
        most: u64,
    ) -> Result<Vec<Row>, StoreError> {
        let rows =
            rows(self.reader(), visible(principal).builds(log_chunk::Column::BuildId), id, wanted, order, most).await?;
        self.count_chunks(rows.len());
        Ok(rows)
    }

    /// Where the lines of a stage are, in order: a few spans for many attempts. Lines of other stages may lie within.
    pub(super) async fn spans(
        &self,
        principal: &Principal,
        id: BuildId,
        stage: &StageKey,
    ) -> Result<Vec<Span>, StoreError> {
        let rows: Vec<(i64, i64)> = log_range::Entity::find()
            .filter(log_range::Column::BuildId.eq(id.as_uuid()))
            .filter(log_range::Column::Stage.eq(stage.as_str().as_bytes()))
            .filter(visible(principal).builds(log_range::Column::BuildId))
            .order_by_asc(log_range::Column::FromLine)
            .select_only()
            .column(log_range::Column::FromLine)
            .column(log_range::Column::ToLine)
            .into_tuple()
            .all(self.reader())
            .await?;
        let mut spans: Vec<Span> = Vec::new();
        for (from, to) in rows {
            let (from, to) = (LineNo(counter(from)?), LineNo(counter(to)?));
            match spans.last_mut() {
                Some(last) if from.0 <= last.1.0.saturating_add(NEAR) => last.1 = last.1.max(to),
                _ => spans.push((from, to)),
            }
        }
        Ok(spans)
    }
}

/// The rows of a build, on this connection, if it may be seen.
pub(super) async fn rows(
    db: &impl ConnectionTrait,
    seen: Condition,
    id: BuildId,
    wanted: &Wanted<'_>,
    order: Order,
    most: u64,
) -> Result<Vec<Row>, StoreError> {
    let (from, to) = (column(wanted.span.0.0), column(wanted.span.1.0));
    let mut select = log_chunk::Entity::find()
        .filter(log_chunk::Column::BuildId.eq(id.as_uuid()))
        .filter(seen)
        .filter(holds_or_follows(id, from))
        .filter(log_chunk::Column::FirstLine.lte(to));
    if let Some(stage) = wanted.stage {
        let like = LikeExpr::new(in_index(stage)?).escape('\\');
        select = select.filter(Expr::col((log_chunk::Entity, log_chunk::Column::Stages)).like(like));
    }
    let rows: Vec<(i64, i64, Vec<u8>)> = select
        .order_by(log_chunk::Column::FirstLine, order)
        .select_only()
        .column(log_chunk::Column::FirstLine)
        .column(log_chunk::Column::LastLine)
        .column(log_chunk::Column::Data)
        .limit(most)
        .into_tuple()
        .all(db)
        .await?;
    rows.into_iter().map(|row| Row::new(id, row)).collect()
}

/// Rows from the one that holds this line on: a range of the key, so that nothing before and behind it is looked at.
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
