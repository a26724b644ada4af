//! Errors that say what the caller should do.

use std::time::Duration;

use alm_domain::Capability;

/// Any error, kept as the source of another.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Something that the user can correct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where: names from the outside in, such as `["repository", "url"]` or `["settings", "pipeline.path"]`.
    pub path: Vec<String>,
    /// What is wrong, and the remedy, as a sentence.
    pub message: String,
}

impl Finding {
    /// A finding about the value at this path.
    pub fn new<P: Into<String>>(path: impl IntoIterator<Item = P>, message: impl Into<String>) -> Self {
        Self { path: path.into_iter().map(Into::into).collect(), message: message.into() }
    }
}

/// Why a call did not do what it should, told by what the caller should do about it. Messages hold no secrets.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The token is missing, expired or withdrawn: get a new one, then call again.
    #[error("the engine does not accept the token: {0}")]
    Unauthorized(String),
    /// The token is fine, but its owner may not do this: tell the user.
    #[error("the account may not do this: {0}")]
    Forbidden(String),
    /// There is no such thing, or there is no more: do not call again.
    #[error("the engine does not know it: {0}")]
    NotFound(String),
    /// It changed in between, or is in the wrong state: read again, then decide.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The request is wrong: tell the user, field by field. Never empty.
    #[error("{}", .0.iter().map(|f| f.message.as_str()).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<Finding>),
    /// The provider cannot do this (for this build): do not offer it.
    #[error("the provider cannot do this: {what:?}: {reason}")]
    Unsupported {
        /// What it cannot do.
        what: Capability,
        /// Why, for people.
        reason: String,
    },
    /// The engine cannot be reached, or is overloaded: call again later. Never means that a build failed.
    #[error("the engine is not available: {message}")]
    Unavailable {
        /// For people.
        message: String,
        /// How long the engine asked to wait.
        retry_after: Option<Duration>,
        /// What happened underneath.
        #[source]
        cause: Option<BoxError>,
    },
    /// A defect of the provider or of the engine: log it; calling again is unlikely to help.
    #[error("internal: {message}")]
    Internal {
        /// For people.
        message: String,
        /// What happened underneath.
        #[source]
        cause: Option<BoxError>,
    },
}

impl ProviderError {
    /// What an undeclared operation answers.
    #[must_use]
    pub fn unsupported(what: Capability) -> Self {
        Self::Unsupported { what, reason: "this provider does not offer it".to_owned() }
    }

    /// An engine that cannot be reached, because of this.
    pub fn unavailable(message: impl Into<String>, cause: impl Into<BoxError>) -> Self {
        Self::Unavailable { message: message.into(), retry_after: None, cause: Some(cause.into()) }
    }

    /// A defect, because of this.
    pub fn internal(message: impl Into<String>, cause: impl Into<BoxError>) -> Self {
        Self::Internal { message: message.into(), cause: Some(cause.into()) }
    }

    /// Whether the same call may work later without anybody doing anything.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}
