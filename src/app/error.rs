//! Why a use case did not do what was asked.

use alm_build_spi::{Finding, ProviderError};
use alm_credentials::vault::VaultError;
use alm_domain::ParameterProblem;
use alm_store::StoreError;

use super::Checked;

/// A value of the request that the caller can correct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// Path into the input, outermost first; empty when no single value is at fault.
    pub path: Vec<String>,
    /// What is wrong, and the remedy.
    pub message: String,
}

impl FieldProblem {
    /// A problem with the value at this path.
    pub fn new<P: Into<String>>(path: impl IntoIterator<Item = P>, message: impl Into<String>) -> Self {
        Self { path: path.into_iter().map(Into::into).collect(), message: message.into() }
    }
}

impl From<Finding> for FieldProblem {
    fn from(finding: Finding) -> Self {
        Self { path: finding.path, message: finding.message }
    }
}

impl From<ParameterProblem> for FieldProblem {
    fn from(problem: ParameterProblem) -> Self {
        let index = problem.index.map(|index| index.to_string());
        Self::new(["parameters".to_owned()].into_iter().chain(index), problem.to_string())
    }
}

/// Why a use case did not do what was asked, told by what the caller can do.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// Values to correct. Never empty.
    #[error("{}", .0.iter().map(|p| p.message.as_str()).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<FieldProblem>),
    /// A name or key that is in use.
    #[error("{}", .0.message)]
    Taken(FieldProblem),
    /// The state of a sign-in that was forged, used before, is too old, or somebody else's.
    #[error("{}", .0.message)]
    StateMismatch(FieldProblem),
    /// No such subject, or not visible to the caller.
    #[error("{}", .0.message)]
    NotFound(FieldProblem),
    /// The subject changed since the caller read it.
    #[error("it was changed by somebody else in the meantime: read it again, then decide")]
    Stale,
    /// The subject is in a state that does not allow it.
    #[error("{0}")]
    WrongState(String),
    /// Something depends on the subject.
    #[error("{0}")]
    InUse(String),
    /// The provider cannot do it.
    #[error("{0}")]
    NotSupported(String),
    /// The idempotency key was used for another request.
    #[error("{}", .0.message)]
    KeyReused(FieldProblem),
    /// The caller lacks the role.
    #[error("{0}")]
    Forbidden(String),
    /// An account must be connected first, or connected again.
    #[error("{}", .0.sentence())]
    CredentialNeeded(Box<Checked>),
    /// The engine failed or cannot be reached.
    #[error("the provider failed")]
    Provider(#[source] ProviderError),
    /// Something that is sealed cannot be opened, or nothing can be sealed.
    #[error("the vault failed")]
    Vault(#[from] VaultError),
    /// The database failed, or a defect of ours.
    #[error("the store failed")]
    Store(#[source] StoreError),
}

impl AppError {
    /// One value at fault.
    pub fn invalid<P: Into<String>>(path: impl IntoIterator<Item = P>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldProblem::new(path, message)])
    }

    /// As a sentence for people, with the engine's own words. What a defect has to say is in the log alone.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Provider(ProviderError::Internal { message, .. }) => {
                tracing::error!(error = message, "a provider failed");
                self.to_string()
            }
            Self::Provider(error) => error.to_string(),
            error => error.to_string(),
        }
    }

    /// A subject that is not there.
    pub fn not_found(field: &str, what: &str) -> Self {
        Self::NotFound(FieldProblem::new([field], format!("there is no such {what}, or it is not visible to you")))
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken { field } => {
                Self::Taken(FieldProblem::new([field.to_owned()], "is in use already: choose another one".to_owned()))
            }
            StoreError::StaleRevision { .. } => Self::Stale,
            StoreError::InUse(sentence) => Self::InUse(sentence),
            StoreError::WrongState(sentence) => Self::WrongState(sentence),
            StoreError::Forbidden(why) => Self::Forbidden(why.to_owned()),
            StoreError::NotFound => Self::NotFound(FieldProblem::new(
                Vec::<String>::new(),
                "there is no such thing, or it is not visible to you",
            )),
            StoreError::Invalid { field, problem } => Self::invalid([field], problem),
            error => Self::Store(error),
        }
    }
}

impl From<ProviderError> for AppError {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::Invalid(findings) => Self::Invalid(findings.into_iter().map(Into::into).collect()),
            ProviderError::Unsupported { reason, .. } => Self::NotSupported(reason),
            error => Self::Provider(error),
        }
    }
}
