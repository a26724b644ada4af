//! Exit codes: a build's result first, then the codes of `sysexits.h`.

use std::process::ExitCode;

use super::client::{ClientError, Status};

/// How the program ends. The numbers are part of the command line's contract and documented in `docs/operations.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It is done; the build succeeded (with warnings, if it is UNSTABLE).
    Success = 0,
    /// The build failed: its own work did.
    BuildFailed = 1,
    /// The build errored: the machinery did.
    BuildErrored = 2,
    /// The build was cancelled.
    BuildCancelled = 3,
    /// The arguments are wrong.
    Usage = 64,
    /// The server said no to what it was given.
    Data = 65,
    /// Nobody answers, or the address is in use.
    Unavailable = 69,
    /// A fault of ours.
    Internal = 70,
    /// The data directory cannot be used.
    CannotCreate = 73,
    /// Reading or writing failed.
    Io = 74,
    /// Another server has the data directory.
    InUse = 75,
    /// The server's answer is not understood.
    Protocol = 76,
    /// The token is missing or not accepted.
    NotPermitted = 77,
    /// The configuration is wrong.
    Config = 78,
    /// Left by a second Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// The code for a build that ended so; `None` for a state that is no end.
    #[must_use]
    pub const fn of_build(status: Status) -> Option<Self> {
        match status {
            Status::Succeeded | Status::Unstable | Status::Skipped => Some(Self::Success),
            Status::Failed => Some(Self::BuildFailed),
            Status::Errored => Some(Self::BuildErrored),
            Status::Cancelled => Some(Self::BuildCancelled),
            _ => None,
        }
    }
}

impl From<&ClientError> for Exit {
    fn from(error: &ClientError) -> Self {
        match error {
            ClientError::Unreachable { .. } | ClientError::Gone(_) => Self::Unavailable,
            ClientError::Refused(_) => Self::NotPermitted,
            ClientError::Rejected(_) | ClientError::Undecided(_) => Self::Data,
            ClientError::Foreign(_) => Self::Protocol,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
