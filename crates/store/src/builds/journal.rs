//! Reading a build's journal.

use alm_domain::{BuildId, EventSeq, JournalEntry, Principal};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{Store, StoreError, entity::journal, projects::MOST_ENTRIES, value::column, visibility::visible};

impl Store {
    /// The journal of a build after this entry, in order and without holes; at most 10,000 entries at once.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when an entry cannot be read.
    pub async fn journal(
        &self,
        principal: &Principal,
        id: BuildId,
        after: EventSeq,
        limit: usize,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        journal::Entity::find()
            .filter(journal::Column::BuildId.eq(id.as_uuid()))
            .filter(visible(principal).builds(journal::Column::BuildId))
            .filter(journal::Column::Seq.gt(column(after.0)))
            .order_by_asc(journal::Column::Seq)
            .limit(limit.min(MOST_ENTRIES) as u64)
            .all(self.reader())
            .await?
            .into_iter()
            .map(JournalEntry::try_from)
            .collect()
    }
}
