//! People, their places in projects, and their tokens.

use sea_orm_migration::prelude::*;

use crate::schema::{Columns, belongs, index, key, optional, table};

/// Creates the tables of people.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000002_people"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables(Columns::of(manager)) {
            manager.create_table(table).await?;
        }
        for index in [
            index("users_by_subject", "users", &["issuer", "subject"]).unique().take(),
            index("users_by_login", "users", &["login"]).unique().take(),
            index("memberships_by_user", "memberships", &["user_id", "project_id"]),
            index("personal_tokens_by_hash", "personal_tokens", &["hash"]).unique().take(),
            index("personal_tokens_by_user", "personal_tokens", &["user_id", "id"]),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn tables(c: Columns) -> Vec<TableCreateStatement> {
    vec![
        table(
            "users",
            vec![
                c.uuid("id"),
                c.text("issuer"),
                c.text("subject"),
                c.text("login"),
                c.text("display_name"),
                c.flag("is_admin"),
                c.number("created_at"),
                c.number("last_seen_at"),
            ],
        )
        .primary_key(&mut key(&["id"]))
        .take(),
        table(
            "memberships",
            // The role as a number, so that one statement asks for at least this one.
            vec![c.uuid("project_id"), c.uuid("user_id"), c.number("role"), c.number("since")],
        )
        .primary_key(&mut key(&["project_id", "user_id"]))
        .foreign_key(&mut belongs("memberships", "project_id", "projects", "id"))
        .foreign_key(&mut belongs("memberships", "user_id", "users", "id"))
        .take(),
        table(
            "personal_tokens",
            vec![
                c.uuid("id"),
                c.uuid("user_id"),
                // Of the token only its SHA-256 is kept.
                c.bytes("hash"),
                c.number("created_at"),
                c.number("expires_at"),
                optional(c.number("last_used_at")),
                c.text("document"),
            ],
        )
        .primary_key(&mut key(&["id"]))
        .foreign_key(&mut belongs("personal_tokens", "user_id", "users", "id"))
        .take(),
    ]
}
