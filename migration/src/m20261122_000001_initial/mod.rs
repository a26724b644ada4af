//! The first schema: projects, providers, build services, builds with their journal, and logs.

use sea_orm_migration::prelude::*;

mod builds;
mod catalog;
mod logs;

/// Creates every table of the first version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000001_initial"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns =
            Columns { postgres: manager.get_database_backend() == sea_orm_migration::sea_orm::DbBackend::Postgres };
        for table in [catalog::tables(columns), builds::tables(columns), logs::tables(columns)].into_iter().flatten() {
            manager.create_table(table).await?;
        }
        for index in [catalog::indexes(), builds::indexes()].into_iter().flatten() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

/// The kinds of columns that the schema is made of.
#[derive(Debug, Clone, Copy)]
struct Columns {
    postgres: bool,
}

impl Columns {
    /// A UUID: 16 bytes, ordered as bytes on both databases.
    fn uuid(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).uuid().not_null().take()
    }

    /// A number or an instant (milliseconds since 1970).
    fn number(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).big_integer().not_null().take()
    }

    /// A counter that begins at 0.
    fn counter(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).big_integer().not_null().default(0).take()
    }

    /// A truth value.
    fn flag(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).boolean().not_null().take()
    }

    /// A text that is ordered by its bytes, whatever the locale of the database.
    fn text(self, name: &'static str) -> ColumnDef {
        let mut column = ColumnDef::new(name).text().not_null().take();
        if self.postgres {
            column.extra("COLLATE \"C\"");
        }
        column
    }

    /// Bytes.
    fn bytes(self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).blob().not_null().take()
    }
}

/// The same column, but it may be empty.
fn optional(mut column: ColumnDef) -> ColumnDef {
    column.null().take()
}

/// A table of these columns.
fn table(name: &'static str, columns: Vec<ColumnDef>) -> TableCreateStatement {
    let mut table = Table::create().table(name).take();
    for column in columns {
        table.col(column);
    }
    table
}

/// Refers to the id of another table.
fn refers(from: &'static str, column: &'static str, to: &'static str, id: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(from, column).to(to, id).on_delete(ForeignKeyAction::Restrict).take()
}

/// Lives and dies with the row of another table.
fn belongs(from: &'static str, column: &'static str, to: &'static str, id: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(from, column).to(to, id).on_delete(ForeignKeyAction::Cascade).take()
}

/// Names the rows of a table.
fn key(columns: &[&'static str]) -> IndexCreateStatement {
    let mut key = Index::create().primary().take();
    for column in columns {
        key.col(*column);
    }
    key
}

/// An index for a query.
fn index(name: &'static str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(table).take();
    for column in columns {
        index.col(*column);
    }
    index
}
