//! Section `database`.

use super::{DatabaseUrl, Fallback, macros::section};

section! {
    /// Where the server keeps its state.
    pub struct Database in "database" {
        /// Address of the database, PostgreSQL or SQLite. A password in it is never printed. `DATABASE_URL` is read too, where
        /// `ALM_DATABASE_URL` is not set.
        pub url: Option<DatabaseUrl> = Fallback::Unset("the SQLite file `db` in `data.dir`");
    }
}
