//! Builds: what is shown of them, how they are followed, and their journal.

use sea_orm_migration::prelude::*;

use crate::schema::{Columns, belongs, index, key, optional, refers, table};

pub(super) fn tables(c: Columns) -> Vec<TableCreateStatement> {
    vec![
        table(
            "builds",
            vec![
                c.uuid("id"),
                c.uuid("project_id"),
                c.uuid("service_id"),
                c.uuid("provider_id"),
                c.number("number"),
                c.number("revision"),
                c.text("status"),
                c.flag("is_complete"),
                optional(c.text("reference")),
                optional(c.text("sha")),
                c.text("actor_key"),
                c.number("queued_at"),
                optional(c.number("started_at")),
                optional(c.number("finished_at")),
                c.text("document"),
            ],
        )
        .primary_key(&mut key(&["id"]))
        .foreign_key(&mut refers("builds", "project_id", "projects", "id"))
        .foreign_key(&mut refers("builds", "service_id", "services", "id"))
        .foreign_key(&mut refers("builds", "provider_id", "providers", "id"))
        .take(),
        // What changes with every batch of log lines, apart from the wide row of the build.
        table(
            "build_runs",
            vec![
                c.uuid("build_id"),
                c.counter("event_head"),
                c.counter("line_head"),
                c.counter("log_bytes"),
                c.counter("open_bytes"),
                c.counter("open_segments"),
                c.counter("epoch"),
                c.flag("is_released"),
                c.text("config_ref"),
                optional(c.text("run_ref")),
                optional(c.text("resume")),
                c.text("spec"),
            ],
        )
        .primary_key(&mut key(&["build_id"]))
        .foreign_key(&mut belongs("build_runs", "build_id", "builds", "id"))
        .take(),
        table(
            "stages",
            vec![c.uuid("id"), c.uuid("build_id"), c.number("position"), c.number("revision"), c.text("document")],
        )
        .primary_key(&mut key(&["id"]))
        .foreign_key(&mut belongs("stages", "build_id", "builds", "id"))
        .take(),
        table(
            "approvals",
            vec![c.uuid("id"), c.uuid("build_id"), c.number("revision"), c.number("requested_at"), c.text("document")],
        )
        .primary_key(&mut key(&["id"]))
        .foreign_key(&mut belongs("approvals", "build_id", "builds", "id"))
        .take(),
        table("journal", vec![c.uuid("build_id"), c.number("seq"), c.number("at"), c.bytes("change")])
            .primary_key(&mut key(&["build_id", "seq"]))
            .foreign_key(&mut belongs("journal", "build_id", "builds", "id"))
            .take(),
        table(
            "idempotency_keys",
            vec![c.text("principal"), c.text("key"), c.bytes("request_hash"), c.uuid("build_id")],
        )
        .primary_key(&mut key(&["principal", "key"]))
        .foreign_key(&mut belongs("idempotency_keys", "build_id", "builds", "id"))
        .take(),
    ]
}

pub(super) fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("builds_by_number", "builds", &["service_id", "number"]).unique().take(),
        index("builds_by_project", "builds", &["project_id", "id"]),
        index("builds_by_service", "builds", &["service_id", "id"]),
        index("builds_by_provider_and_status", "builds", &["provider_id", "status"]),
        index("builds_unfinished", "builds", &["is_complete", "id"]),
        index("build_runs_unreleased", "build_runs", &["is_released", "build_id"]),
        index("stages_by_build", "stages", &["build_id", "position"]),
        index("approvals_by_build", "approvals", &["build_id", "requested_at"]),
        index("idempotency_keys_by_build", "idempotency_keys", &["build_id"]),
    ]
}
