//! Appending lines within a transaction.

use std::ops::ControlFlow;

use alm_domain::{BuildId, LineNo, LogLine};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, Order, QueryFilter,
    sea_query::{Expr, ExprTrait, OnConflict},
};

use super::{
    chunk,
    prepare::{CHUNK, Index, Piece, Prepared},
    rows::{Row, Wanted, rows},
};
use crate::{
    StoreError,
    entity::{build_run, log_chunk, log_range},
    value::{column, counter},
};

/// A chunk is not made of more segments, however small they are.
const MOST_SEGMENTS: i64 = 128;

/// Appends lines behind the last one that `run` knows, and brings `run` up to date; storing it is the caller's.
pub(crate) async fn append(
    db: &impl ConnectionTrait,
    run: &mut build_run::Model,
    prepared: &Prepared,
) -> Result<(), StoreError> {
    if prepared.lines.is_empty() {
        return Ok(());
    }
    let base = run.line_head + 1;
    let mut sealed = Vec::new();
    for piece in &prepared.pieces {
        let first = base + column(piece.first as u64);
        let size = column(piece.text_bytes as u64);
        let fills = run.open_bytes + size >= column(CHUNK as u64) || run.open_segments + 1 >= MOST_SEGMENTS;
        if piece.is_sealed {
            seal(db, run).await?;
            sealed.push(row(run, first, piece, true).into_active_model());
        } else {
            let segment = row(run, first, piece, false).into_active_model();
            log_chunk::Entity::insert(segment).exec_without_returning(db).await?;
            run.open_bytes += size;
            run.open_segments += 1;
            if fills {
                seal(db, run).await?;
            }
        }
    }
    if !sealed.is_empty() {
        log_chunk::Entity::insert_many(sealed).exec_without_returning(db).await?;
    }
    if !prepared.ranges.is_empty() {
        write_ranges(db, run, base, prepared).await?;
    }
    run.line_head += column(prepared.lines.len() as u64);
    run.log_bytes += column(prepared.text_bytes as u64);
    Ok(())
}

/// Makes one sealed chunk of the open segments. Segments that cannot be read are left as they are: reading them says so, but
/// the build goes on.
pub(crate) async fn seal(db: &impl ConnectionTrait, run: &mut build_run::Model) -> Result<(), StoreError> {
    if run.open_segments == 0 {
        return Ok(());
    }
    let id = BuildId::from_uuid(run.build_id);
    // They are the last rows of the log: found by the key, without a look at the sealed chunks before them. Whoever gave us
    // the run was let through to it.
    let all = Wanted { span: (LineNo::ZERO, LineNo(u64::MAX)), stage: None };
    let mut segments = rows(db, Condition::all(), id, &all, Order::Desc, counter(run.open_segments)?).await?;
    segments.reverse();
    let (Some(first), Some(last)) = (segments.first(), segments.last()) else { return Ok(()) };
    let (first, last) = (column(first.first.0), column(last.last.0));
    let open = log_chunk::Column::BuildId.eq(run.build_id).and(log_chunk::Column::FirstLine.gte(first));
    match merged(&segments) {
        Ok(lines) if segments.len() > 1 => {
            let index = Index::of(&lines)?;
            let chunk = log_chunk::Model {
                build_id: run.build_id,
                first_line: first,
                last_line: last,
                is_sealed: true,
                first_at: index.first_at,
                last_at: index.last_at,
                stages: index.stages,
                data: chunk::encode(&lines).map_err(StoreError::internal)?,
            };
            log_chunk::Entity::delete_many().filter(open).exec(db).await?;
            log_chunk::Entity::insert(chunk.into_active_model()).exec_without_returning(db).await?;
        }
        outcome => {
            if let Err(error) = outcome {
                tracing::error!(build = %id, error = &error as &dyn std::error::Error, "part of a log cannot be read");
            }
            log_chunk::Entity::update_many()
                .col_expr(log_chunk::Column::IsSealed, Expr::value(true))
                .filter(open)
                .exec(db)
                .await?;
        }
    }
    run.open_bytes = 0;
    run.open_segments = 0;
    Ok(())
}

fn merged(segments: &[Row]) -> Result<Vec<LogLine>, StoreError> {
    let mut lines = Vec::new();
    for segment in segments {
        segment.each_line(|_, line| {
            lines.push(line.owned());
            ControlFlow::Continue(())
        })?;
    }
    Ok(lines)
}

fn row(run: &build_run::Model, first_line: i64, piece: &Piece, is_sealed: bool) -> log_chunk::Model {
    log_chunk::Model {
        build_id: run.build_id,
        first_line,
        last_line: first_line + column(piece.count as u64) - 1,
        is_sealed,
        first_at: piece.index.first_at,
        last_at: piece.index.last_at,
        stages: piece.index.stages.clone(),
        data: piece.data.clone(),
    }
}

async fn write_ranges(
    db: &impl ConnectionTrait,
    run: &build_run::Model,
    base: i64,
    prepared: &Prepared,
) -> Result<(), StoreError> {
    let rows = prepared.ranges.iter().map(|((stage, attempt), (from, to))| {
        log_range::Model {
            build_id: run.build_id,
            stage: stage.as_str().as_bytes().to_vec(),
            attempt: i64::from(*attempt),
            from_line: base + column(*from),
            to_line: base + column(*to),
        }
        .into_active_model()
    });
    let extend =
        OnConflict::columns([log_range::Column::BuildId, log_range::Column::Stage, log_range::Column::Attempt])
            .update_column(log_range::Column::ToLine)
            .to_owned();
    log_range::Entity::insert_many(rows).on_conflict(extend).exec_without_returning(db).await?;
    Ok(())
}
