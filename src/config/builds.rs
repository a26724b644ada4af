//! Section `builds`.

use super::{Fallback, Period, macros::section};

section! {
    /// How builds are begun.
    pub struct Builds in "builds" {
        /// How long a build that lacks an account of whoever started it waits for it, before it is cancelled.
        pub credential_timeout: Period<1000, 2_592_000_000> = Fallback::Text("24 h");
    }
}
