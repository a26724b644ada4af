//! Runs that engines began by themselves: which ones are builds here, or were.

use sea_orm_migration::prelude::*;

use crate::schema::{Columns, key, refers, table};

/// Creates the table of runs that nobody here has started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000008_external_runs"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(manager);
        let runs = table(
            "external_runs",
            // The build may be gone: a run that was kept long enough here does not come again while its engine still has it.
            vec![c.uuid("service_id"), c.text("run"), c.uuid("build_id"), c.number("began_at")],
        )
        .primary_key(&mut key(&["service_id", "run"]))
        .foreign_key(&mut refers("external_runs", "service_id", "services", "id"))
        .take();
        manager.create_table(runs).await
    }
}
