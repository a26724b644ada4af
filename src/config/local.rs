//! Section `local`.

use super::{Fallback, macros::section};

section! {
    /// Builds that run on this machine.
    pub struct Local in "local" {
        /// Whether a build may read repositories of this machine: absolute paths, `file://` and scp-like addresses
        /// (`host:path`). Everybody who may create build services can then read every repository that the server can.
        pub allow_local_repositories: Option<bool> =
            Fallback::Unset("yes if `server.bind` is a loopback address, no otherwise");
    }
}
