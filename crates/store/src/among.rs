//! Rows by many ids.

use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, Select};
use uuid::Uuid;

use crate::StoreError;

/// How many ids are looked up with one statement.
pub(crate) const BATCH: usize = 500;

/// Those of the rows whose column holds one of these ids, a statement for [`BATCH`] ids: in the order of `rows`
/// as far as that.
pub(crate) async fn among<E: EntityTrait, T: TryFrom<E::Model, Error = StoreError>>(
    db: &DatabaseConnection,
    rows: Select<E>,
    column: E::Column,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<T>, StoreError> {
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(BATCH) {
        for row in rows.clone().filter(column.is_in(ids.iter().copied())).all(db).await? {
            found.push(row.try_into()?);
        }
    }
    Ok(found)
}
