//! Expected outcomes of mutations that the caller can correct.

use alm_domain::{AwaitedCredential, Build, Environment, Hold};
use async_graphql::{Context, Enum, Error, Interface, SimpleObject};

use super::{
    actions::Action, audit::Refusals, context::ContextExt, environment::EnvironmentNode, error::fault,
    loaders::LoadError,
};
use crate::app::{AppError, FieldProblem};

/// Codes of user errors.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UserErrorCode {
    /// Missing or malformed value.
    Invalid,
    /// Name or key already in use.
    Taken,
    /// No such subject, or not visible to the caller.
    NotFound,
    /// The subject changed since it was read.
    Conflict,
    /// The subject is in the wrong state.
    WrongState,
    /// The provider cannot do this.
    NotSupported,
    /// Something still depends on the subject.
    InUse,
    /// The state of a sign-in was forged, used before, is too old, or somebody else's.
    StateMismatch,
    /// An account must be connected, or connected again.
    CredentialNeeded,
}

/// Something the caller can correct and try again.
#[derive(Interface)]
#[graphql(
    field(name = "message", ty = "&String", desc = "Sentence for people."),
    field(
        name = "path",
        ty = "&Option<Vec<String>>",
        desc = "Path into `input` of the value at fault, outermost first; null when no single value is."
    ),
    field(name = "code", ty = "&UserErrorCode", desc = "Stable code for programs.")
)]
pub(crate) enum UserError {
    Input(InputError),
    Conflict(ConflictError),
    Action(ActionError),
    Credential(CredentialError),
}

/// A value is missing, malformed, taken or not found.
#[derive(SimpleObject)]
pub(crate) struct InputError {
    /// Sentence for people.
    message: String,
    /// Path into `input` of the value at fault.
    path: Option<Vec<String>>,
    /// Stable code for programs.
    code: UserErrorCode,
}

/// The subject was changed by somebody else.
#[derive(SimpleObject)]
pub(crate) struct ConflictError {
    /// Sentence for people.
    message: String,
    /// Path into `input` of the value at fault.
    path: Option<Vec<String>>,
    /// Stable code for programs.
    code: UserErrorCode,
}

/// The provider, state or policy forbids the verb.
#[derive(SimpleObject)]
pub(crate) struct ActionError {
    /// Sentence for people.
    message: String,
    /// Path into `input` of the value at fault.
    path: Option<Vec<String>>,
    /// Stable code for programs.
    code: UserErrorCode,
    /// The verb that is blocked.
    action: Action,
}

/// An account at an environment is not connected, or its token is of no use.
#[derive(SimpleObject)]
pub(crate) struct CredentialError {
    /// Sentence for people.
    message: String,
    /// Path into `input` of the value at fault; always null: none is.
    path: Option<Vec<String>>,
    /// Stable code for programs.
    code: UserErrorCode,
    /// The environment whose account is missing: offer to connect it.
    environment: Box<EnvironmentNode>,
}

impl CredentialError {
    fn at(message: String, environment: Environment) -> UserError {
        let environment = Box::new(EnvironmentNode(environment));
        UserError::Credential(Self { message, path: None, code: UserErrorCode::CredentialNeeded, environment })
    }
}

/// What a build that was started, and is held, waits for: one error for each account that its starter must connect. There is the
/// build all the same.
pub(crate) async fn credential_errors(ctx: &Context<'_>, build: &Build) -> Result<Vec<UserError>, Error> {
    let Some(Hold::Credential { awaited, .. }) = &build.hold else { return Ok(Vec::new()) };
    let ids = awaited.iter().map(|one| one.environment);
    let environments = ctx.loader()?.load_many(ids).await.map_err(LoadError::fault)?;
    let error = |one: &AwaitedCredential| {
        Some(CredentialError::at(one.message.clone(), environments.get(&one.environment)?.clone()))
    };
    Ok(awaited.iter().filter_map(error).collect())
}

/// What a use case came to, in the two parts of every payload: the result, or what the caller can correct. Anything else is a
/// fault.
pub(crate) fn outcome<T>(
    ctx: &Context<'_>,
    result: Result<T, AppError>,
    action: crate::app::Action,
) -> Result<(Option<T>, Vec<UserError>), Error> {
    match result {
        Ok(value) => Ok((Some(value), vec![])),
        Err(error) => {
            Refusals::note(ctx, &error);
            Ok((None, user_errors(error, action)?))
        }
    }
}

fn user_errors(error: AppError, action: crate::app::Action) -> Result<Vec<UserError>, Error> {
    let one = |problem: FieldProblem, code| {
        let path = Some(problem.path).filter(|path| !path.is_empty());
        UserError::Input(InputError { message: problem.message, path, code })
    };
    let blocked =
        |message, code| vec![UserError::Action(ActionError { message, path: None, code, action: action.into() })];
    Ok(match error {
        AppError::Invalid(problems) => problems.into_iter().map(|p| one(p, UserErrorCode::Invalid)).collect(),
        AppError::Taken(problem) => vec![one(problem, UserErrorCode::Taken)],
        AppError::StateMismatch(problem) => vec![one(problem, UserErrorCode::StateMismatch)],
        AppError::NotFound(problem) => vec![one(problem, UserErrorCode::NotFound)],
        AppError::KeyReused(FieldProblem { path, message }) => {
            vec![UserError::Conflict(ConflictError { message, path: Some(path), code: UserErrorCode::Conflict })]
        }
        AppError::Stale => vec![UserError::Conflict(ConflictError {
            message: error.to_string(),
            path: Some(vec!["expectedRevision".to_owned()]),
            code: UserErrorCode::Conflict,
        })],
        AppError::CredentialNeeded(checked) => vec![CredentialError::at(checked.sentence(), checked.environment)],
        AppError::WrongState(message) => blocked(message, UserErrorCode::WrongState),
        AppError::InUse(message) => blocked(message, UserErrorCode::InUse),
        AppError::NotSupported(message) => blocked(message, UserErrorCode::NotSupported),
        error @ (AppError::Forbidden(_) | AppError::Provider(_) | AppError::Store(_) | AppError::Vault(_)) => {
            return Err(fault(&error));
        }
    })
}
