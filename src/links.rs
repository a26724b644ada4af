//! Paths of this server that the API hands out. What they lead to is in `http`.

use alm_domain::{BuildId, StageId};

/// Forms of a downloaded log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogForm {
    /// Text without colour codes.
    #[default]
    Plain,
    /// Text as written.
    Ansi,
    /// One JSON object per line.
    Ndjson,
}

impl LogForm {
    /// The name in an address.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Ansi => "ansi",
            Self::Ndjson => "ndjson",
        }
    }

    /// The form of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Plain, Self::Ansi, Self::Ndjson].into_iter().find(|form| form.name() == name)
    }
}

/// Where the log of a build is downloaded.
#[must_use]
pub fn log_path(build: BuildId, form: LogForm, stage: Option<StageId>) -> String {
    let stage = stage.map(|stage| format!("&stage={stage}")).unwrap_or_default();
    format!("/builds/{build}/log?format={}{stage}", form.name())
}

/// Where an artifact of a build is downloaded.
#[must_use]
pub fn artifact_path(build: BuildId, path: &str) -> String {
    let mut address = format!("/builds/{build}/artifacts/");
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_' | b'~') {
            address.push(char::from(byte));
        } else {
            address.push_str(&format!("%{byte:02X}"));
        }
    }
    address
}
