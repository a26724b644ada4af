//! Addresses of databases.

use std::{str::FromStr, time::Duration};

use sqlx::{
    postgres::PgConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use crate::StoreError;

const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Where the database is.
pub(crate) enum Address {
    Sqlite(SqliteConnectOptions),
    Postgres(PgConnectOptions),
}

impl Address {
    /// Errors never repeat the address, which may hold a password.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        const FORMS: &str = "use sqlite:///absolute/path/to/file or postgres://user@host/database";
        let bad = |problem: String| StoreError::BadUrl(problem);
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => {
                let path = url.trim_start_matches("sqlite:").trim_start_matches("//").split('?').next().unwrap_or("");
                if path.is_empty() || path.contains(":memory:") || url.contains("mode=memory") {
                    return Err(bad(format!("a database in memory would not outlive the server: {FORMS}")));
                }
                SqliteConnectOptions::from_str(url).map(|options| Self::Sqlite(durable(options))).map_err(|_| {
                    bad("what follows the path may only be mode, cache, immutable or vfs: leave it out".to_owned())
                })
            }
            Some("postgres" | "postgresql") => PgConnectOptions::from_str(url)
                .map(Self::Postgres)
                .map_err(|_| bad("it has the form postgres://user:password@host:port/database".to_owned())),
            Some(_) => Err(bad(format!("only SQLite and PostgreSQL are supported: {FORMS}"))),
            None => Err(bad(format!("it has no scheme: {FORMS}"))),
        }
    }
}

/// What is acknowledged survives a loss of power.
fn durable(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_and_postgresql_are_taken_and_no_password_is_echoed() {
        for good in
            ["sqlite:///a/b", "sqlite://a", "sqlite:a?mode=rwc", "postgres://u:p@h/d", "postgresql:///d?host=/tmp"]
        {
            assert!(Address::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "x",
            "mysql://u:geheim@h/d",
            "sqlite::memory:",
            "sqlite://",
            "sqlite://?x=1",
            "sqlite://a?geheim=1",
            "sqlite://a?mode=memory",
            "postgres://u:geheim@[::/d",
            "postgres://u:geheim@h:port/d",
        ] {
            let Err(StoreError::BadUrl(why)) = Address::parse(bad) else { panic!("{bad} was taken") };
            assert!(!why.contains("geheim"), "{why}");
        }
    }
}
