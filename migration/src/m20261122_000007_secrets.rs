//! Sealed secrets of every kind, in one table, so that a new key finds them all.

use sea_orm_migration::prelude::*;

use crate::schema::{Columns, index, key, optional, table};

/// Creates the table of sealed secrets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000007_secrets"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(manager);
        let sealed = table(
            "sealed_secrets",
            vec![
                c.text("owner"),
                c.text("subject"),
                c.text("kind"),
                // Stands in the envelope too; here it can be asked for.
                c.text("key_id"),
                c.bytes("envelope"),
                c.number("changed_at"),
                optional(c.text("changed_by")),
            ],
        )
        .primary_key(&mut key(&["owner", "subject", "kind"]))
        .take();
        manager.create_table(sealed).await?;
        manager.create_index(index("sealed_secrets_by_key", "sealed_secrets", &["key_id"])).await
    }
}
