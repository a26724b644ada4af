//! Environments, OAuth clients, and what people have connected. No token and no secret is in these tables.

use sea_orm_migration::prelude::*;

use crate::schema::{Columns, belongs, index, key, optional, refers, table};

/// Adds the tables of environments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000003_environments"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables(Columns::of(manager)) {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn tables(c: Columns) -> Vec<TableCreateStatement> {
    vec![
        table(
            "environments",
            vec![
                c.uuid("id"),
                c.uuid("project_id"),
                c.text("name"),
                c.text("display_name"),
                c.text("url"),
                c.text("role"),
                c.number("position"),
                c.number("revision"),
                c.number("created_at"),
                optional(c.number("removed_at")),
                c.text("document"),
            ],
        )
        .primary_key(&mut key(&["id"]))
        .foreign_key(&mut refers("environments", "project_id", "projects", "id"))
        .take(),
        table(
            "oauth_clients",
            vec![
                c.uuid("id"),
                c.text("origin"),
                // Of the one environment that it is for; else nil, so that an origin has one client for all.
                c.uuid("environment_id"),
                c.number("revision"),
                c.number("created_at"),
                c.text("document"),
            ],
        )
        .primary_key(&mut key(&["id"]))
        .take(),
        table(
            "grants",
            vec![
                c.uuid("id"),
                c.uuid("environment_id"),
                c.uuid("user_id"),
                // The number of the owner's last change that touched it.
                c.number("revision"),
                // The number of times that its token was stored or taken away.
                c.counter("token_version"),
                c.text("status"),
                optional(c.number("expires_at")),
                // When it is to be looked at again; empty while there is nothing to look at.
                optional(c.number("check_at")),
                c.text("document"),
            ],
        )
        .primary_key(&mut key(&["id"]))
        .foreign_key(&mut belongs("grants", "environment_id", "environments", "id"))
        .take(),
        table("viewer_heads", vec![c.uuid("user_id"), c.number("head")]).primary_key(&mut key(&["user_id"])).take(),
        table(
            "oauth_states",
            vec![
                // The SHA-256 of the state: who reads the table cannot use one.
                c.bytes("state_hash"),
                c.uuid("user_id"),
                c.uuid("environment_id"),
                c.number("expires_at"),
                c.text("document"),
            ],
        )
        .primary_key(&mut key(&["state_hash"]))
        .foreign_key(&mut belongs("oauth_states", "environment_id", "environments", "id"))
        .take(),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("environments_by_project", "environments", &["project_id", "position"]),
        index("environments_by_address", "environments", &["url", "name"]),
        index("oauth_clients_by_origin", "oauth_clients", &["origin", "environment_id"]).unique().take(),
        index("grants_by_owner", "grants", &["environment_id", "user_id"]).unique().take(),
        index("grants_by_user", "grants", &["user_id", "revision"]),
        index("grants_by_check", "grants", &["check_at"]),
        index("oauth_states_by_owner", "oauth_states", &["environment_id", "user_id"]),
        index("oauth_states_by_end", "oauth_states", &["expires_at"]),
    ]
}
