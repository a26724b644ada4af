//! A database of one test.

use std::{env, thread};

use alm_domain::{IdSource, SystemIds};
use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;
use url::Url;

use crate::cluster::server_url;

/// An empty database. Keep it until the test is over: dropping it takes the database away.
#[derive(Debug)]
pub struct Database {
    url: String,
    rest: Rest,
}

#[derive(Debug)]
enum Rest {
    Sqlite { _folder: TempDir },
    Postgres { server: String, name: String },
}

impl Database {
    /// A SQLite file in a folder of its own.
    ///
    /// # Panics
    /// When no folder can be made.
    #[must_use]
    pub fn sqlite() -> Self {
        let folder = TempDir::new().unwrap_or_else(|e| panic!("no temporary folder: {e}"));
        let url = format!("sqlite://{}", folder.path().join("db").display());
        Self { url, rest: Rest::Sqlite { _folder: folder } }
    }

    /// A database of a PostgreSQL server. `None`, with a word on standard error, where there is no PostgreSQL: then the test
    /// is skipped.
    ///
    /// # Panics
    /// When there is none although `ALM_REQUIRE_POSTGRES=1`, or the server does not create the database.
    #[must_use]
    pub fn postgres() -> Option<Self> {
        let server = match server_url() {
            Ok(server) => server,
            Err(why) if env::var("ALM_REQUIRE_POSTGRES").is_ok_and(|v| v == "1") => {
                panic!("PostgreSQL is required: {why}")
            }
            Err(why) => {
                eprintln!("SKIPPED on PostgreSQL: {why}");
                return None;
            }
        };
        let name = format!("alm_test_{}", SystemIds.next_uuid().simple());
        // From template0, which nobody is connected to: two tests may create theirs at once.
        command(&server, format!("CREATE DATABASE {name} TEMPLATE template0"))
            .unwrap_or_else(|e| panic!("the database cannot be created: {e}"));
        let mut url = Url::parse(&server).unwrap_or_else(|e| panic!("the address of the server is none: {e}"));
        url.set_path(&name);
        Some(Self { url: url.into(), rest: Rest::Postgres { server, name } })
    }

    /// The address, as the store takes it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether this is PostgreSQL.
    #[must_use]
    pub const fn is_postgres(&self) -> bool {
        matches!(self.rest, Rest::Postgres { .. })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Rest::Postgres { server, name } = &self.rest
            && let Err(e) = command(server, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        {
            eprintln!("the database of a test is left behind: {e}");
        }
    }
}

/// Runs a statement on a thread of its own: the caller may or may not be within a runtime.
fn command(server: &str, statement: String) -> Result<(), String> {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
        runtime.block_on(async {
            let mut connection = PgConnection::connect(server).await.map_err(|e| e.to_string())?;
            connection.execute(sqlx::AssertSqlSafe(statement)).await.map_err(|e| e.to_string())?;
            connection.close().await.map_err(|e| e.to_string())
        })
    };
    thread::scope(|scope| scope.spawn(run).join())
        .unwrap_or_else(|_| Err("the thread of the statement panicked".to_owned()))
}
