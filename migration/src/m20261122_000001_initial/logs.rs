//! Logs: chunks of lines with an index, and the ranges of stages.

use sea_orm_migration::prelude::*;

use crate::schema::{Columns, belongs, key, optional, table};

pub(super) fn tables(c: Columns) -> Vec<TableCreateStatement> {
    vec![
        table(
            "log_chunks",
            vec![
                c.uuid("build_id"),
                c.number("first_line"),
                c.number("last_line"),
                c.flag("is_sealed"),
                optional(c.number("first_at")),
                optional(c.number("last_at")),
                c.text("stages"),
                // Last, so that reading the index does not walk over the pages of the lines.
                c.bytes("data"),
            ],
        )
        .primary_key(&mut key(&["build_id", "first_line"]))
        .foreign_key(&mut belongs("log_chunks", "build_id", "builds", "id"))
        .take(),
        // The stage's key as bytes: engines may put anything into it, and PostgreSQL's text does not take a NUL.
        table(
            "log_ranges",
            vec![c.uuid("build_id"), c.bytes("stage"), c.number("attempt"), c.number("from_line"), c.number("to_line")],
        )
        .primary_key(&mut key(&["build_id", "stage", "attempt"]))
        .foreign_key(&mut belongs("log_ranges", "build_id", "builds", "id"))
        .take(),
    ]
}
