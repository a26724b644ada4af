//! Projects, providers and build services.

use sea_orm_migration::prelude::*;

use crate::schema::{Columns, belongs, index, key, optional, refers, table};

pub(super) fn tables(c: Columns) -> Vec<TableCreateStatement> {
    vec![
        table(
            "projects",
            vec![
                c.uuid("id"),
                c.text("slug"),
                c.text("display_name"),
                // Lower case: what a list is sorted by.
                c.text("sort_name"),
                // Lower case: what a search looks in.
                c.text("search_text"),
                optional(c.text("description")),
                c.flag("is_archived"),
                c.number("revision"),
                c.number("event_head"),
                c.number("active_at"),
                c.number("created_at"),
            ],
        )
        .primary_key(&mut key(&["id"]))
        .take(),
        table(
            "project_events",
            vec![c.uuid("project_id"), c.number("seq"), c.number("at"), c.text("kind"), optional(c.uuid("subject_id"))],
        )
        .primary_key(&mut key(&["project_id", "seq"]))
        .foreign_key(&mut belongs("project_events", "project_id", "projects", "id"))
        .take(),
        table(
            "providers",
            vec![
                c.uuid("id"),
                c.text("slug"),
                c.text("display_name"),
                c.text("kind"),
                optional(c.text("endpoint")),
                c.flag("enabled"),
                c.number("revision"),
                c.number("registered_at"),
                c.text("document"),
            ],
        )
        .primary_key(&mut key(&["id"]))
        .take(),
        table(
            "services",
            vec![
                c.uuid("id"),
                c.uuid("project_id"),
                c.uuid("provider_id"),
                c.text("slug"),
                c.text("display_name"),
                optional(c.text("config_ref")),
                c.number("revision"),
                c.number("last_number"),
                c.number("created_at"),
                optional(c.number("removed_at")),
                c.text("document"),
            ],
        )
        .primary_key(&mut key(&["id"]))
        .foreign_key(&mut refers("services", "project_id", "projects", "id"))
        .foreign_key(&mut refers("services", "provider_id", "providers", "id"))
        .take(),
    ]
}

pub(super) fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("projects_by_slug", "projects", &["slug"]).unique().take(),
        index("projects_by_name", "projects", &["sort_name", "id"]),
        index("projects_by_activity", "projects", &["active_at", "id"]),
        index("providers_by_slug", "providers", &["slug"]).unique().take(),
        index("services_by_address", "services", &["project_id", "slug"]).unique().take(),
        index("services_by_provider", "services", &["provider_id", "slug", "id"]),
    ]
}
