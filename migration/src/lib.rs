//! Database migrations of the ALM Build Service, for SQLite and PostgreSQL alike.
//!
//! A migration expands (new tables, new columns with defaults) or contracts (drops what no running version reads any more),
//! never both: the version before it goes on working on the new schema.

use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait};

mod m20261122_000001_initial;
mod m20261122_000002_people;
mod m20261122_000003_environments;
mod m20261122_000005_deployments;
mod m20261122_000006_audit;
mod m20261122_000007_secrets;
mod m20261122_000008_external_runs;
mod schema;

/// All migrations, oldest first.
#[derive(Debug, Clone, Copy)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_initial::Migration),
            Box::new(m20261122_000002_people::Migration),
            Box::new(m20261122_000003_environments::Migration),
            Box::new(m20261122_000005_deployments::Migration),
            Box::new(m20261122_000006_audit::Migration),
            Box::new(m20261122_000007_secrets::Migration),
            Box::new(m20261122_000008_external_runs::Migration),
        ]
    }
}
