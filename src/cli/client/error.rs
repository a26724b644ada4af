//! What can go wrong between us and a server.

use serde::Deserialize;

/// Why a server did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody answers.
    #[error("no server answers at {server}: {reason}; is `alm serve` running there?")]
    Unreachable {
        /// Its address.
        server: String,
        /// What the connection came to.
        reason: String,
    },
    /// It does not know us.
    #[error(
        "the server does not accept the token ({0}): give the one that it printed at its start, with ALM_TOKEN or --token"
    )]
    Refused(String),
    /// It understood, and said no.
    #[error("{0}")]
    Rejected(String),
    /// It is no server of ours, or of another version.
    #[error("the server's answer is not understood ({0}): is it an `alm serve` of this version?")]
    Foreign(String),
    /// What was followed is gone.
    #[error("the build can no longer be seen: {0}")]
    Gone(&'static str),
    /// What one of ours cannot do by itself.
    #[error("{0}")]
    Undecided(String),
}

/// An error of a GraphQL reply.
#[derive(Debug, Deserialize)]
pub(super) struct GraphqlError {
    message: String,
    extensions: Option<Extensions>,
}

#[derive(Debug, Deserialize)]
struct Extensions {
    code: Option<String>,
}

/// What a person can correct, in the payload of a mutation.
#[derive(Debug, Deserialize)]
pub(super) struct UserError {
    pub(super) message: String,
    pub(super) code: String,
    pub(super) path: Option<Vec<String>>,
}

impl From<Vec<GraphqlError>> for ClientError {
    fn from(errors: Vec<GraphqlError>) -> Self {
        let code = |wanted: &str| {
            errors.iter().any(|e| e.extensions.as_ref().is_some_and(|x| x.code.as_deref() == Some(wanted)))
        };
        let text = errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; ");
        if code("UNAUTHENTICATED") {
            Self::Refused(text)
        } else if code("GRAPHQL_VALIDATION_FAILED") {
            Self::Foreign(text)
        } else {
            Self::Rejected(text)
        }
    }
}

impl From<Vec<UserError>> for ClientError {
    fn from(errors: Vec<UserError>) -> Self {
        let told = |error: UserError| match error.path {
            Some(path) if !path.is_empty() => format!("{}: {}", path.join("."), error.message),
            _ => error.message,
        };
        Self::Rejected(errors.into_iter().map(told).collect::<Vec<_>>().join("; "))
    }
}
