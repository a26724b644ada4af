//! Rows of the ranges of stages within logs.

use alm_domain::{BuildId, LineNo, LogRange, StageKey};
use sea_orm::entity::prelude::*;

use crate::{StageLogRange, StoreError, value::counter};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "log_ranges")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) build_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) stage: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) attempt: i64,
    pub(crate) from_line: i64,
    pub(crate) to_line: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for StageLogRange {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let stage = String::from_utf8(row.stage).map_err(|e| StoreError::corrupt("the stage of a log range", e))?;
        Ok(Self {
            build: BuildId::from_uuid(row.build_id),
            stage: StageKey::from(stage),
            attempt: counter(row.attempt)?,
            range: LogRange { from: LineNo(counter(row.from_line)?), to: LineNo(counter(row.to_line)?) },
        })
    }
}
