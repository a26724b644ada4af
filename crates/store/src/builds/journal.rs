//! Reading a build's journal.

use alm_domain::{Build, BuildId, EventSeq, JournalEntry, Principal};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{Store, StoreError, entity::journal, projects::MOST_ENTRIES, value::column, visibility::visible};

/// So many entries are read at once on the way back.
const BACKWARDS: u64 = 20;

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

    /// The build as it was at this entry of its journal; `None` where it is not visible.
    ///
    /// # Errors
    /// As [`journal`](Self::journal).
    pub async fn build_at(
        &self,
        principal: &Principal,
        id: BuildId,
        at: EventSeq,
    ) -> Result<Option<Build>, StoreError> {
        let newest = self.builds(principal, &[id]).await?.pop();
        if newest.as_ref().is_none_or(|build| build.revision <= at) {
            return Ok(newest);
        }
        // Its row has gone on meanwhile; not every entry has an image of the build, the first one has.
        let mut next = at.next();
        loop {
            let entries: Vec<JournalEntry> = journal::Entity::find()
                .filter(journal::Column::BuildId.eq(id.as_uuid()))
                .filter(journal::Column::Seq.lt(column(next.0)))
                .order_by_desc(journal::Column::Seq)
                .limit(BACKWARDS)
                .all(self.reader())
                .await?
                .into_iter()
                .map(JournalEntry::try_from)
                .collect::<Result<_, _>>()?;
            let Some(last) = entries.last() else {
                // It was removed meanwhile.
                return Ok(None);
            };
            next = last.seq;
            if let Some(build) = entries.into_iter().find_map(|entry| entry.change.build) {
                return Ok(Some(build));
            }
        }
    }
}
