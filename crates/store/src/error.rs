//! Errors that say what the caller should do.

use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// Any error, kept as the source of another.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Why the store did not do what it was asked to. Nothing was changed, except that after [`Unavailable`](Self::Unavailable)
/// it is not known whether it was: read again before writing again.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address of the database cannot be used; the sentence names the remedy and never the address itself, which may hold
    /// a password.
    #[error("the address of the database cannot be used: {0}")]
    BadUrl(String),
    /// There is no such thing, or the principal may not know of it.
    #[error("there is no such thing")]
    NotFound,
    /// The principal sees it, but may not do this; the sentence says what is missing.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Another one has this value already: choose another.
    #[error("{field} is taken: choose another")]
    Taken {
        /// The field whose value is taken.
        field: &'static str,
    },
    /// A value that cannot be stored.
    #[error("{field} {problem}")]
    Invalid {
        /// The field at fault.
        field: &'static str,
        /// What is wrong with its value, and the remedy.
        problem: String,
    },
    /// It changed in between: read again, then decide.
    #[error("it has changed in between: its revision is {current} now")]
    StaleRevision {
        /// The revision as it is now.
        current: u64,
    },
    /// Something still refers to it; the sentence says what.
    #[error("{0}")]
    InUse(String),
    /// It is not in a state in which this can be done; the sentence says why.
    #[error("{0}")]
    WrongState(String),
    /// Another follower has taken the build over: stop following it.
    #[error("another follower has taken over this build")]
    Fenced,
    /// Another server works on this database.
    #[error("another server is at work on this database: stop it first, or use another database")]
    Locked,
    /// The position is not one of this list: begin anew.
    #[error("this is not a position in this list: pass one back exactly as it was received, or none to begin anew")]
    BadPosition,
    /// The database is down, full or too busy: try again later.
    #[error("the database is not available")]
    Unavailable(#[source] BoxError),
    /// A row that cannot be read; nothing heals it by itself.
    #[error("the database holds something that cannot be read: {what}")]
    Corrupt {
        /// What cannot be read.
        what: String,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// A defect of the store.
    #[error("a defect of the store")]
    Internal(#[source] BoxError),
}

impl StoreError {
    /// Whether the same call may work later without anybody doing anything.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    pub(crate) fn corrupt(what: impl Into<String>, source: impl Into<BoxError>) -> Self {
        Self::Corrupt { what: what.into(), source: source.into() }
    }

    pub(crate) fn internal(source: impl Into<BoxError>) -> Self {
        Self::Internal(source.into())
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match kind_of(&error) {
            Kind::Outage | Kind::Collision => Self::Unavailable(error.into()),
            Kind::Conversion => Self::corrupt("a column", error),
            Kind::Defect => Self::internal(error),
        }
    }
}

/// Whether PostgreSQL asks for the whole transaction to be run again.
pub(crate) fn is_collision(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable(source)
        if source.downcast_ref::<DbErr>().is_some_and(|e| matches!(kind_of(e), Kind::Collision)))
}

/// Whether a row with such a key is there already.
pub(crate) fn is_unique_violation(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

enum Kind {
    Outage,
    Collision,
    Conversion,
    Defect,
}

fn kind_of(error: &DbErr) -> Kind {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Kind::Outage,
        DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner)) => kind_of_sqlx(inner),
        DbErr::Type(_) | DbErr::Json(_) | DbErr::TryIntoErr { .. } => Kind::Conversion,
        _ => Kind::Defect,
    }
}

fn kind_of_sqlx(error: &sqlx::Error) -> Kind {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Kind::Outage,
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Kind::Conversion,
        sqlx::Error::Database(inner) => inner.code().map_or(Kind::Defect, |code| kind_of_code(&code)),
        _ => Kind::Defect,
    }
}

/// SQLSTATEs have five characters; SQLite's extended codes are numbers whose low byte is the primary code.
fn kind_of_code(code: &str) -> Kind {
    match (code, code.parse::<u32>().map(|n| n & 0xff)) {
        ("40001" | "40P01", _) if code.len() == 5 => Kind::Collision,
        // Connection failures, lack of resources, operator intervention, system errors.
        _ if code.len() == 5 && ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)) => Kind::Outage,
        // BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN.
        (_, Ok(5 | 6 | 7 | 8 | 10 | 13 | 14)) => Kind::Outage,
        // CORRUPT, NOTADB.
        (_, Ok(11 | 26)) => Kind::Conversion,
        _ => Kind::Defect,
    }
}
