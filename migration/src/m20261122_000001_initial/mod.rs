//! The first schema: projects, providers, build services, builds with their journal, and logs.

use sea_orm_migration::prelude::*;

use crate::schema::Columns;

mod builds;
mod catalog;
mod logs;

/// Creates every table of the first version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000001_initial"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = Columns::of(manager);
        for table in [catalog::tables(columns), builds::tables(columns), logs::tables(columns)].into_iter().flatten() {
            manager.create_table(table).await?;
        }
        for index in [catalog::indexes(), builds::indexes()].into_iter().flatten() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
