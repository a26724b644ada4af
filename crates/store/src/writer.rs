//! Writing: transactions, and on SQLite the group commit.
//!
//! SQLite has one writer and an fsync for each commit. Writers that queue up therefore share a commit: each runs in a
//! savepoint of one open transaction, and is answered when that transaction is on the disk. The committer waits in the same
//! (fair) queue as the writers, so a group is whatever was waiting when its first writer had finished, and a lone writer
//! waits for nobody.

use std::sync::Arc;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use tokio::{
    sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard, mpsc, oneshot},
    task::JoinHandle,
};

use crate::StoreError;

/// How a database is written to.
pub(crate) enum Writer {
    /// One connection, shared commits.
    Sqlite { db: DatabaseConnection, queue: Arc<Mutex<Queue>>, work: mpsc::UnboundedSender<Work> },
    /// A connection of the pool for each transaction; the server groups commits by itself.
    Postgres { db: DatabaseConnection },
}

/// What the committer is asked to do.
pub(crate) enum Work {
    /// Commit the group that was opened just now.
    Commit,
    /// Go home when everything before is done.
    Stop,
}

/// What is open on the one connection of SQLite.
#[derive(Default)]
pub(crate) struct Queue {
    group: Option<Group>,
    /// Whether the connection may be in another state than is believed of it: SQLite ends a transaction by itself when the disk
    /// is full, but the driver counts it as open, and would nest the next one into what nobody ever commits.
    suspect: bool,
}

/// An open transaction, and those who wait for its commit.
pub(crate) struct Group {
    transaction: DatabaseTransaction,
    waiting: Vec<oneshot::Sender<Result<(), Arc<DbErr>>>>,
    /// Whether a writer is within its savepoint. Still true when the next one comes if the writer went away half way.
    in_savepoint: bool,
}

/// A transaction that is undone unless it is committed.
pub(crate) enum WriteTx {
    Sqlite(OwnedMappedMutexGuard<Queue, Group>),
    Postgres(DatabaseTransaction),
}

impl Writer {
    /// A writer on the one connection of SQLite, and the task that commits. The task ends when the writer is dropped.
    pub(crate) fn sqlite(db: DatabaseConnection) -> (Self, JoinHandle<()>) {
        let queue = Arc::new(Mutex::new(Queue::default()));
        let (work, opened) = mpsc::unbounded_channel();
        let committer = tokio::spawn(commit_groups(Arc::clone(&queue), opened));
        (Self::Sqlite { db, queue, work }, committer)
    }

    /// Begins a transaction that sees and locks what it needs; on SQLite this waits for the writers before.
    pub(crate) async fn begin(&self) -> Result<WriteTx, StoreError> {
        match self {
            Self::Postgres { db } => Ok(WriteTx::Postgres(db.begin().await?)),
            Self::Sqlite { db, queue, work } => {
                let mut guard = Arc::clone(queue).lock_owned().await;
                guard.clean_up().await;
                if guard.group.is_none() {
                    if guard.suspect {
                        renew(db).await?;
                    }
                    // Until it has begun, also if whoever waits for it goes away.
                    guard.suspect = true;
                    let options = TransactionOptions {
                        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                        ..TransactionOptions::default()
                    };
                    let transaction = db.begin_with_options(options).await?;
                    transaction.execute_unprepared("SAVEPOINT whole").await?;
                    guard.group = Some(Group { transaction, waiting: Vec::new(), in_savepoint: false });
                    guard.suspect = false;
                    if work.send(Work::Commit).is_err() {
                        (guard.group, guard.suspect) = (None, true);
                        return Err(StoreError::Unavailable("the store is closed".into()));
                    }
                }
                let mut group = OwnedMutexGuard::try_map(guard, |queue| queue.group.as_mut())
                    .map_err(|_| StoreError::internal("no transaction is open"))?;
                group.in_savepoint = true;
                group.transaction.execute_unprepared("SAVEPOINT writer").await?;
                Ok(WriteTx::Sqlite(group))
            }
        }
    }

    /// Lets the committer end when it has committed what is under way.
    pub(crate) fn stop(&self) {
        if let Self::Sqlite { work, .. } = self {
            // It has stopped already if it no longer listens.
            let _ = work.send(Work::Stop);
        }
    }

    /// The connection for what is not a transaction of the store: migrations.
    pub(crate) const fn connection(&self) -> &DatabaseConnection {
        match self {
            Self::Sqlite { db, .. } | Self::Postgres { db } => db,
        }
    }
}

impl WriteTx {
    /// What statements run on.
    pub(crate) fn db(&self) -> &DatabaseTransaction {
        match self {
            Self::Sqlite(group) => &group.transaction,
            Self::Postgres(transaction) => transaction,
        }
    }

    /// Returns when the transaction is on the disk.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Postgres(transaction) => Ok(transaction.commit().await?),
            Self::Sqlite(mut group) => {
                group.transaction.execute_unprepared("RELEASE writer").await?;
                group.in_savepoint = false;
                let (done, committed) = oneshot::channel();
                group.waiting.push(done);
                drop(group);
                match committed.await {
                    Ok(Ok(())) => Ok(()),
                    Ok(Err(error)) => Err(StoreError::Unavailable(Box::new(error))),
                    Err(_) => Err(StoreError::Unavailable("the store was closed before the commit".into())),
                }
            }
        }
    }
}

impl Queue {
    /// Undoes what a writer that went away left in its savepoint. It may have gone just before the savepoint began or just
    /// after it ended: then there is nothing to undo. But SQLite ends a transaction by itself when the disk is full, and nobody
    /// may believe to be within it: then the whole group is undone.
    async fn clean_up(&mut self) {
        let Some(group) = self.group.as_mut().filter(|group| group.in_savepoint) else { return };
        let db = &group.transaction;
        if db.execute_unprepared("ROLLBACK TO writer; RELEASE writer").await.is_ok() {
            group.in_savepoint = false;
            return;
        }
        match db.execute_unprepared("RELEASE whole; SAVEPOINT whole").await {
            Ok(_) => group.in_savepoint = false,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a group of writes is undone");
                self.suspect = true;
                if let Some(group) = self.group.take() {
                    // Fails where SQLite has ended the transaction already, which is all that is wanted.
                    let _ = group.transaction.rollback().await;
                    answer(group.waiting, Err(Arc::new(error)));
                }
            }
        }
    }
}

/// Closes the one connection of SQLite; the pool opens another.
async fn renew(db: &DatabaseConnection) -> Result<(), StoreError> {
    let unavailable = |error: sqlx::Error| StoreError::Unavailable(error.into());
    let connection = db.get_sqlite_connection_pool().acquire().await.map_err(unavailable)?;
    connection.close().await.map_err(unavailable)
}

async fn commit_groups(queue: Arc<Mutex<Queue>>, mut opened: mpsc::UnboundedReceiver<Work>) {
    while let Some(Work::Commit) = opened.recv().await {
        let mut queue = queue.lock().await;
        queue.clean_up().await;
        if let Some(group) = queue.group.take() {
            let outcome = group.transaction.commit().await.map_err(Arc::new);
            queue.suspect |= outcome.is_err();
            answer(group.waiting, outcome);
        }
    }
}

fn answer(waiting: Vec<oneshot::Sender<Result<(), Arc<DbErr>>>>, outcome: Result<(), Arc<DbErr>>) {
    for writer in waiting {
        // A writer that no longer waits does not need the answer.
        let _ = writer.send(outcome.clone());
    }
}
