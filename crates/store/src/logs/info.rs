//! What is known of logs without reading them.

use alm_domain::{BuildId, LineNo, LogRange, Principal, StageKey};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    among::BATCH,
    entity::{build_run, log_range},
    value::counter,
    visibility::visible,
};

/// How large a log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogInfo {
    /// The build.
    pub build: BuildId,
    /// How many lines there are.
    pub line_count: u64,
    /// Bytes of their text, without line breaks.
    pub byte_size: u64,
    /// The first line that is still there; the one to come where there is none yet.
    pub first_line: LineNo,
}

/// Where the lines of one attempt at a stage are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageLogRange {
    /// The build.
    pub build: BuildId,
    /// The stage.
    pub stage: StageKey,
    /// The attempt.
    pub attempt: u32,
    /// Its first and its last line so far.
    pub range: LogRange,
}

impl Store {
    /// How large the logs of these builds are.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn log_info(&self, principal: &Principal, builds: &[BuildId]) -> Result<Vec<LogInfo>, StoreError> {
        let mut found = Vec::with_capacity(builds.len());
        for ids in builds.chunks(BATCH) {
            let rows: Vec<(Uuid, i64, i64)> = build_run::Entity::find()
                .filter(build_run::Column::BuildId.is_in(ids.iter().map(|id| id.as_uuid())))
                .filter(visible(principal).builds(build_run::Column::BuildId))
                .select_only()
                .column(build_run::Column::BuildId)
                .column(build_run::Column::LineHead)
                .column(build_run::Column::LogBytes)
                .into_tuple()
                .all(self.reader())
                .await?;
            for (build, lines, bytes) in rows {
                found.push(LogInfo {
                    build: BuildId::from_uuid(build),
                    line_count: counter(lines)?,
                    byte_size: counter(bytes)?,
                    // Nothing takes lines away yet.
                    first_line: LineNo(1),
                });
            }
        }
        Ok(found)
    }

    /// Where the lines of the stages of these builds are: build after build, in the order of their first lines.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn log_ranges(
        &self,
        principal: &Principal,
        builds: &[BuildId],
    ) -> Result<Vec<StageLogRange>, StoreError> {
        let mut found = Vec::new();
        for ids in builds.chunks(BATCH) {
            let rows = log_range::Entity::find()
                .filter(log_range::Column::BuildId.is_in(ids.iter().map(|id| id.as_uuid())))
                .filter(visible(principal).builds(log_range::Column::BuildId))
                .all(self.reader())
                .await?;
            for row in rows {
                found.push(StageLogRange::try_from(row)?);
            }
        }
        found.sort_by_key(|range| (range.build, range.range.from));
        Ok(found)
    }
}
