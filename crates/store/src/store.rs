//! The store as a whole: opening, migrating, locking, closing.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use alm_domain::{Clock, IdSource, Timestamp};
use alm_migration::Migrator;
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, IsolationLevel, SqlxPostgresConnector,
    SqlxSqliteConnector, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use sqlx::{
    Connection, PgConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::SqlitePoolOptions,
};
use tokio::{
    sync::{Mutex, Semaphore},
    task::JoinHandle,
};

use crate::{
    StoreError,
    address::Address,
    writer::{WriteTx, Writer},
};

const READERS: u32 = 8;
const POSTGRES_CONNECTIONS: u32 = 16;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// Names the lock of a server among the advisory locks of a database: "ALM" and a number.
const SERVER_LOCK: i64 = 0x41_4c_4d_01;

/// The store. Cheap to clone: all clones are one store.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    reader: DatabaseConnection,
    writer: Writer,
    committer: Mutex<Option<JoinHandle<()>>>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    statements: Arc<AtomicU64>,
    chunks_read: AtomicU64,
    /// What searches need in order to work; there are few, so that they leave room for everything else.
    searchers: Arc<Semaphore>,
    lock: Mutex<Option<PgConnection>>,
    postgres: Option<PgConnectOptions>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("postgres", &self.inner.postgres.is_some()).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database at this address (`sqlite:///absolute/path`, `sqlite://path` or `postgres://…`); a SQLite file that
    /// is not there is created. Does not migrate.
    ///
    /// # Errors
    /// [`StoreError::BadUrl`] names the remedy; [`StoreError::Unavailable`] when the database cannot be reached.
    pub async fn connect(url: &str, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Result<Self, StoreError> {
        let statements = Arc::new(AtomicU64::new(0));
        let unreachable = |error: sqlx::Error| StoreError::Unavailable(error.into());
        let (reader, writer, committer, postgres) = match Address::parse(url)? {
            Address::Sqlite(options) => {
                let pool = |most| {
                    SqlitePoolOptions::new()
                        .max_connections(most)
                        .acquire_timeout(ACQUIRE_TIMEOUT)
                        .test_before_acquire(false)
                        .idle_timeout(None)
                        .max_lifetime(None)
                };
                // The writer first: it creates the file and turns the write-ahead log on.
                let writer = pool(1).connect_with(options.clone()).await.map_err(unreachable)?;
                let readers =
                    pool(READERS).connect_with(options.pragma("query_only", "on")).await.map_err(unreachable)?;
                let writer = counted(SqlxSqliteConnector::from_sqlx_sqlite_pool(writer), &statements);
                let (writer, committer) = Writer::sqlite(writer);
                let readers = counted(SqlxSqliteConnector::from_sqlx_sqlite_pool(readers), &statements);
                (readers, writer, Some(committer), None)
            }
            Address::Postgres(options) => {
                let pool = PgPoolOptions::new()
                    .max_connections(POSTGRES_CONNECTIONS)
                    .acquire_timeout(ACQUIRE_TIMEOUT)
                    .connect_with(options.clone())
                    .await
                    .map_err(unreachable)?;
                let db = counted(SqlxPostgresConnector::from_sqlx_postgres_pool(pool), &statements);
                (db.clone(), Writer::Postgres { db }, None, Some(options))
            }
        };
        Ok(Self {
            inner: Arc::new(Inner {
                reader,
                writer,
                committer: Mutex::new(committer),
                clock,
                ids,
                statements,
                chunks_read: AtomicU64::new(0),
                searchers: Arc::new(Semaphore::new(searchers())),
                lock: Mutex::new(None),
                postgres,
            }),
        })
    }

    /// Brings the schema up to date. Does nothing where it is.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or [`StoreError::Internal`] where the database was migrated by a newer version.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        Migrator::up(self.inner.writer.connection(), None).await?;
        self.note_single_user().await
    }

    /// How many migrations are yet to be run.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn pending_migrations(&self) -> Result<usize, StoreError> {
        Ok(Migrator::get_pending_migrations(self.inner.writer.connection()).await?.len())
    }

    /// Whether the database answers, and, where [`lock_exclusive`](Self::lock_exclusive) was called, the lock is still held. A
    /// lock that was lost with its connection is taken again.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or [`StoreError::Locked`] when another server has taken the lock in the meantime.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.inner.reader.execute_unprepared("SELECT 1").await?;
        let mut lock = self.inner.lock.lock().await;
        if let Some(connection) = lock.as_mut()
            && connection.ping().await.is_err()
        {
            *lock = Some(self.take_lock().await?);
        }
        Ok(())
    }

    /// Makes this the only server of the database for as long as the store lives: on PostgreSQL by a lock on a connection of
    /// its own. On SQLite this does nothing: the lock on the data directory does it.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another server holds it.
    pub async fn lock_exclusive(&self) -> Result<(), StoreError> {
        let mut lock = self.inner.lock.lock().await;
        if self.inner.postgres.is_some() && lock.is_none() {
            *lock = Some(self.take_lock().await?);
        }
        Ok(())
    }

    /// Waits for the writes that are under way and closes every connection. Whatever is called afterwards fails as
    /// [`StoreError::Unavailable`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when closing fails; everything that was acknowledged is stored all the same.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.inner.writer.stop();
        if let Some(committer) = self.inner.committer.lock().await.take() {
            committer.await.map_err(StoreError::internal)?;
        }
        if let Some(lock) = self.inner.lock.lock().await.take() {
            lock.close().await.map_err(|e| StoreError::Unavailable(e.into()))?;
        }
        self.inner.reader.close_by_ref().await?;
        Ok(self.inner.writer.connection().close_by_ref().await?)
    }

    /// How many SQL statements have been run so far, for tests of economy.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.inner.statements.load(Ordering::Relaxed)
    }

    /// How many chunks and open segments of logs have been read so far, for tests of economy.
    #[must_use]
    pub fn chunks_read(&self) -> u64 {
        self.inner.chunks_read.load(Ordering::Relaxed)
    }

    pub(crate) fn count_chunks(&self, count: usize) {
        self.inner.chunks_read.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn searchers(&self) -> &Arc<Semaphore> {
        &self.inner.searchers
    }

    async fn take_lock(&self) -> Result<PgConnection, StoreError> {
        let unreachable = |error: sqlx::Error| StoreError::Unavailable(error.into());
        let options = self.inner.postgres.as_ref().ok_or(StoreError::Locked)?;
        let mut connection = PgConnection::connect_with(options).await.map_err(unreachable)?;
        let taken: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(SERVER_LOCK)
            .fetch_one(&mut connection)
            .await
            .map_err(unreachable)?;
        if taken { Ok(connection) } else { Err(StoreError::Locked) }
    }

    pub(crate) fn reader(&self) -> &DatabaseConnection {
        &self.inner.reader
    }

    /// A connection whose statements all see the database as of one moment. Never written to.
    pub(crate) async fn snapshot(&self) -> Result<DatabaseTransaction, StoreError> {
        let options = match self.inner.postgres {
            Some(_) => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..TransactionOptions::default()
            },
            None => TransactionOptions::default(),
        };
        Ok(self.inner.reader.begin_with_options(options).await?)
    }

    pub(crate) async fn begin(&self) -> Result<WriteTx, StoreError> {
        self.inner.writer.begin().await
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    pub(crate) fn ids(&self) -> &dyn IdSource {
        self.inner.ids.as_ref()
    }
}

/// How many searches work at a time: on half of the processors at most.
fn searchers() -> usize {
    std::thread::available_parallelism().map_or(1, |processors| processors.get() / 2).max(1)
}

fn counted(mut db: DatabaseConnection, statements: &Arc<AtomicU64>) -> DatabaseConnection {
    let statements = Arc::clone(statements);
    db.set_metric_callback(move |_| {
        statements.fetch_add(1, Ordering::Relaxed);
    });
    db
}

#[cfg(test)]
mod tests {
    use alm_domain::{SystemClock, SystemIds};
    use sea_orm::Statement;

    use super::*;

    #[tokio::test]
    async fn every_connection_to_sqlite_survives_a_loss_of_power_and_keeps_references() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/db", folder.path().display());
        let store = Store::connect(&url, Arc::new(SystemClock), Arc::new(SystemIds)).await.unwrap();
        let pragma = async |db: &DatabaseConnection, name: &str| {
            let statement = Statement::from_string(db.get_database_backend(), format!("PRAGMA {name}"));
            db.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index::<i64>(0).unwrap()
        };
        for db in [store.reader(), store.inner.writer.connection()] {
            // FULL is 2.
            assert_eq!(pragma(db, "synchronous").await, 2);
            assert_eq!(pragma(db, "foreign_keys").await, 1);
        }
        assert_eq!(pragma(store.reader(), "query_only").await, 1);
        let mode = Statement::from_string(sea_orm::DbBackend::Sqlite, "PRAGMA journal_mode");
        let mode = store.reader().query_one_raw(mode).await.unwrap().unwrap();
        assert_eq!(mode.try_get_by_index::<String>(0).unwrap(), "wal");
        store.close().await.unwrap();
    }
}
