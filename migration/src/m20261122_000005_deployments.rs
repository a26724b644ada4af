//! Deployments, and which builds carry one out.

use sea_orm_migration::prelude::*;

use crate::schema::{Columns, belongs, index, key, optional, refers, table};

/// Adds the table of deployments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000005_deployments"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(manager);
        manager.create_table(deployments(c)).await?;
        let by = optional(c.uuid("deploys_build_id"));
        manager.alter_table(Table::alter().table("builds").add_column(by).take()).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn deployments(c: Columns) -> TableCreateStatement {
    let columns = vec![
        c.uuid("id"),
        c.uuid("project_id"),
        c.uuid("service_id"),
        c.uuid("environment_id"),
        // The build that made the version, and the one that brings it there.
        c.uuid("build_id"),
        c.uuid("by_build_id"),
        c.number("number"),
        c.text("status"),
        c.number("revision"),
        optional(c.number("activated_at")),
        optional(c.number("lapses_at")),
        c.text("document"),
    ];
    table("deployments", columns)
        .primary_key(&mut key(&["id"]))
        .foreign_key(&mut refers("deployments", "project_id", "projects", "id"))
        .foreign_key(&mut refers("deployments", "service_id", "services", "id"))
        .foreign_key(&mut refers("deployments", "environment_id", "environments", "id"))
        .foreign_key(&mut belongs("deployments", "build_id", "builds", "id"))
        .foreign_key(&mut belongs("deployments", "by_build_id", "builds", "id"))
        .take()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("deployments_of_project", "deployments", &["project_id", "id"]),
        index("deployments_of_environment", "deployments", &["environment_id", "id"]),
        index("deployments_of_build", "deployments", &["build_id", "id"]),
        index("deployments_by_build", "deployments", &["by_build_id"]),
        index("deployments_of_service", "deployments", &["service_id", "environment_id", "status"]),
        index("deployments_that_lapse", "deployments", &["lapses_at"]),
    ]
}
