//! Who did what: records that are added and never changed.

use sea_orm_migration::prelude::*;

use crate::schema::{Columns, index, key, optional, table};

/// Creates the audit trail and its counter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000006_audit"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(manager);
        let events = table(
            "audit_events",
            vec![
                c.number("seq"),
                c.uuid("id"),
                c.number("at"),
                c.text("actor_key"),
                c.text("verb"),
                // No foreign keys: a record outlives what it tells of.
                optional(c.uuid("project_id")),
                optional(c.text("subject")),
                c.text("outcome"),
                c.text("document"),
            ],
        )
        .primary_key(&mut key(&["seq"]))
        .take();
        let head = table("audit_head", vec![c.number("id"), c.counter("seq")]).primary_key(&mut key(&["id"])).take();
        for table in [events, head] {
            manager.create_table(table).await?;
        }
        let indexes = [
            index("audit_events_by_id", "audit_events", &["id"]).unique().take(),
            index("audit_events_by_project", "audit_events", &["project_id", "seq"]),
            index("audit_events_by_actor", "audit_events", &["actor_key", "seq"]),
            index("audit_events_by_subject", "audit_events", &["subject", "seq"]),
        ];
        for index in indexes {
            manager.create_index(index).await?;
        }
        let first = Query::insert()
            .into_table("audit_head")
            .columns(["id", "seq"])
            .values_panic([1.into(), 0.into()])
            .to_owned();
        manager.execute(first).await
    }
}
