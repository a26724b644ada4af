//! Section `log`.

use super::{Fallback, LogFilter, LogFormat, macros::section};

section! {
    /// What the server says of itself, on standard error. Logs of builds are not meant here.
    pub struct Log in "log" {
        /// `text` for people, `json` (one object a line) for log collectors.
        pub format: LogFormat = Fallback::Text("text");

        /// What is said: a level (`error`, `warn`, `info`, `debug`, `trace`), and levels of single modules after commas.
        pub filter: LogFilter = Fallback::Text("info,sqlx=warn,sea_orm=warn");
    }
}
