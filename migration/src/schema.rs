//! What tables are made of.

use sea_orm_migration::prelude::*;

/// The kinds of columns that the schema is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns {
    postgres: bool,
}

impl Columns {
    /// The kinds of columns of the database that is migrated.
    pub(crate) fn of(manager: &SchemaManager<'_>) -> Self {
        Self { postgres: manager.get_database_backend() == sea_orm_migration::sea_orm::DbBackend::Postgres }
    }

    /// A UUID: 16 bytes, ordered as bytes on both databases.
    pub(crate) fn uuid(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).uuid().not_null().take()
    }

    /// A number or an instant (milliseconds since 1970).
    pub(crate) fn number(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).big_integer().not_null().take()
    }

    /// A counter that begins at 0.
    pub(crate) fn counter(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).big_integer().not_null().default(0).take()
    }

    /// A truth value.
    pub(crate) fn flag(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).boolean().not_null().take()
    }

    /// A text that is ordered by its bytes, whatever the locale of the database.
    pub(crate) fn text(self, name: &'static str) -> ColumnDef {
        let mut column = ColumnDef::new(name).text().not_null().take();
        if self.postgres {
            column.extra("COLLATE \"C\"");
        }
        column
    }

    /// Bytes.
    pub(crate) fn bytes(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).blob().not_null().take()
    }
}

/// The same column, but it may be empty.
pub(crate) fn optional(mut column: ColumnDef) -> ColumnDef {
    column.null().take()
}

/// A table of these columns.
pub(crate) fn table(name: &'static str, columns: Vec<ColumnDef>) -> TableCreateStatement {
    let mut table = Table::create().table(name).take();
    for column in columns {
        table.col(column);
    }
    table
}

/// Refers to the id of another table.
pub(crate) fn refers(
    from: &'static str,
    column: &'static str,
    to: &'static str,
    id: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(from, column).to(to, id).on_delete(ForeignKeyAction::Restrict).take()
}

/// Lives and dies with the row of another table.
pub(crate) fn belongs(
    from: &'static str,
    column: &'static str,
    to: &'static str,
    id: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(from, column).to(to, id).on_delete(ForeignKeyAction::Cascade).take()
}

/// Names the rows of a table.
pub(crate) fn key(columns: &[&'static str]) -> IndexCreateStatement {
    let mut key = Index::create().primary().take();
    for column in columns {
        key.col(*column);
    }
    key
}

/// An index for a query.
pub(crate) fn index(name: &'static str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(table).take();
    for column in columns {
        index.col(*column);
    }
    index
}
