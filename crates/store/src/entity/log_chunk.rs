//! Rows of log chunks.

use alm_domain::{BuildId, LogLine};
use sea_orm::entity::prelude::*;

use crate::{
    StoreError,
    logs::{ChunkError, decode},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "log_chunks")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) build_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) first_line: i64,
    pub(crate) last_line: i64,
    pub(crate) is_sealed: bool,
    pub(crate) first_at: Option<i64>,
    pub(crate) last_at: Option<i64>,
    pub(crate) stages: String,
    pub(crate) data: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The lines, without their numbers: the first is `first_line`.
    pub(crate) fn lines(&self) -> Result<Vec<LogLine>, StoreError> {
        let corrupt = |source: ChunkError| {
            let build = BuildId::from_uuid(self.build_id);
            StoreError::corrupt(format!("lines {} to {} of {build}", self.first_line, self.last_line), source)
        };
        let count = (self.last_line - self.first_line)
            .checked_add(1)
            .and_then(|count| u64::try_from(count).ok())
            .ok_or_else(|| corrupt(ChunkError::Range("the number of lines")))?;
        decode(&self.data, count).map_err(corrupt)
    }
}
