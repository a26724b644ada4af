//! Rows of builds' journals.

use std::io::Read;

use alm_domain::{BuildId, EventSeq, JournalEntry};
use sea_orm::entity::prelude::*;

use crate::{
    StoreError,
    value::{column, counter, instant, millis},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "journal")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) build_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) seq: i64,
    pub(crate) at: i64,
    pub(crate) change: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

const PLAIN: u8 = 0;
const COMPRESSED: u8 = 1;
/// Below this, compression gains nothing worth its time.
const WORTH_COMPRESSING: usize = 1024;
const LEVEL: i32 = 1;
const LONGEST: u64 = 256 << 20;

impl Model {
    pub(crate) fn of(entry: &JournalEntry) -> Result<Self, StoreError> {
        let json = serde_json::to_vec(&entry.change).map_err(StoreError::internal)?;
        let (format, body) = if json.len() < WORTH_COMPRESSING {
            (PLAIN, json)
        } else {
            (COMPRESSED, zstd::encode_all(json.as_slice(), LEVEL).map_err(StoreError::internal)?)
        };
        let mut change = Vec::with_capacity(body.len() + 1);
        change.push(format);
        change.extend_from_slice(&body);
        Ok(Self { build_id: entry.build.as_uuid(), seq: column(entry.seq.0), at: millis(entry.at), change })
    }
}

impl TryFrom<Model> for JournalEntry {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let corrupt = |source: crate::BoxError| StoreError::corrupt("a journal entry", source);
        let change = match row.change.split_first() {
            Some((&PLAIN, json)) => serde_json::from_slice(json).map_err(|e| corrupt(e.into()))?,
            Some((&COMPRESSED, body)) => {
                let mut json = Vec::new();
                let decoder = zstd::Decoder::new(body).map_err(|e| corrupt(e.into()))?;
                decoder.take(LONGEST).read_to_end(&mut json).map_err(|e| corrupt(e.into()))?;
                serde_json::from_slice(&json).map_err(|e| corrupt(e.into()))?
            }
            _ => return Err(corrupt("its format is unknown".into())),
        };
        Ok(Self {
            build: BuildId::from_uuid(row.build_id),
            seq: EventSeq(counter(row.seq)?),
            at: instant(row.at)?,
            change,
        })
    }
}
