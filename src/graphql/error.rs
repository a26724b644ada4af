//! The one place that maps errors to codes.

use alm_build_spi::ProviderError;
use alm_domain::CursorError;
use alm_store::StoreError;
use async_graphql::{Enum, Error, ErrorExtensions};

use crate::app::AppError;

/// Values of extensions.code on top-level errors, those of the transport included.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorCode {
    /// Not signed in, or the sign-in has expired.
    Unauthenticated,
    /// Signed in, not allowed.
    Forbidden,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// Too deep, too costly or too large.
    QueryTooCostly,
    /// An argument is malformed: extensions.argument names it.
    BadArgument,
    /// A page argument is out of range, or a cursor does not fit: extensions.argument names it.
    BadPageArgument,
    /// The subject of a subscription does not exist, or is not visible to the caller.
    NotFound,
    /// The provider or the database cannot be reached at the moment.
    Unavailable,
    /// The provider answered with a failure.
    ProviderFailed,
    /// The request is not well-formed.
    BadRequest,
    /// The `Host` header names a host that is not served.
    HostNotAllowed,
    /// A page of a foreign origin asks.
    OriginNotAllowed,
    /// Not by this method.
    MethodNotAllowed,
    /// No reply can be given in a media type that the client accepts.
    NotAcceptable,
    /// The body came too slowly.
    RequestTimeout,
    /// The body is too large.
    PayloadTooLarge,
    /// The body is of another media type than those that are read.
    UnsupportedMediaType,
    /// The document does not parse.
    GraphqlParseFailed,
    /// The server knows no document with this hash.
    PersistedQueryNotFound,
    /// The role may send only documents that the server knows.
    PersistedQueryRequired,
    /// Too many operations run at a time.
    RateLimited,
    /// The execution took too long.
    Timeout,
    /// Our mistake; quote extensions.requestId.
    Internal,
}

impl ErrorCode {
    /// All of them, with what they mean and whether the same request may work later.
    pub(crate) const MEANINGS: [(Self, &str, bool); 23] = [
        (Self::Unauthenticated, "Sign in: send `Authorization: Bearer TOKEN`, or the token in connection_init.", false),
        (Self::Forbidden, "Signed in, but the role does not allow it.", false),
        (Self::GraphqlValidationFailed, "The document does not fit the schema: correct it.", false),
        (Self::QueryTooCostly, "Too deep, too costly or too large: ask for less, or for smaller pages.", false),
        (Self::BadArgument, "An argument is malformed: extensions.argument names it.", false),
        (
            Self::BadPageArgument,
            "A page argument is out of range or a cursor does not fit: extensions.argument names it.",
            false,
        ),
        (Self::NotFound, "The subject does not exist, or is not visible to the caller.", false),
        (Self::Unavailable, "The provider or the database cannot be reached: try again in a moment.", true),
        (Self::ProviderFailed, "The provider answered with a failure; the message has its words.", true),
        (Self::BadRequest, "The request is not well-formed: the message says what to correct.", false),
        (
            Self::HostNotAllowed,
            "The server is not served under this name: use one of its own, or allow this one in its settings.",
            false,
        ),
        (Self::OriginNotAllowed, "Pages of this origin may not ask: allow it in the settings of the server.", false),
        (Self::MethodNotAllowed, "Not by this HTTP method: the header Allow names those that would do.", false),
        (
            Self::NotAcceptable,
            "No reply in a media type that you accept: accept application/graphql-response+json.",
            false,
        ),
        (Self::RequestTimeout, "The body of the request came too slowly: send it again.", true),
        (Self::PayloadTooLarge, "The body of the request is too large: send less.", false),
        (Self::UnsupportedMediaType, "Send the body as application/json.", false),
        (Self::GraphqlParseFailed, "The document is not GraphQL: correct its syntax.", false),
        (Self::PersistedQueryNotFound, "The server knows no document with this hash: send its text.", false),
        (
            Self::PersistedQueryRequired,
            "Your role may send only documents that the server knows: use the user interface, or ask its administrator.",
            false,
        ),
        (Self::RateLimited, "Too many operations at a time: end some of them, or wait.", true),
        (Self::Timeout, "The execution took too long and was cut off: ask for less.", true),
        (Self::Internal, "A mistake of the service: quote extensions.requestId when you report it.", true),
    ];

    /// The name in extensions.code.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::QueryTooCostly => "QUERY_TOO_COSTLY",
            Self::BadArgument => "BAD_ARGUMENT",
            Self::BadPageArgument => "BAD_PAGE_ARGUMENT",
            Self::NotFound => "NOT_FOUND",
            Self::Unavailable => "UNAVAILABLE",
            Self::ProviderFailed => "PROVIDER_FAILED",
            Self::BadRequest => "BAD_REQUEST",
            Self::HostNotAllowed => "HOST_NOT_ALLOWED",
            Self::OriginNotAllowed => "ORIGIN_NOT_ALLOWED",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::NotAcceptable => "NOT_ACCEPTABLE",
            Self::RequestTimeout => "REQUEST_TIMEOUT",
            Self::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::PersistedQueryRequired => "PERSISTED_QUERY_REQUIRED",
            Self::RateLimited => "RATE_LIMITED",
            Self::Timeout => "TIMEOUT",
            Self::Internal => "INTERNAL",
        }
    }
}

/// An error with a code.
pub(crate) fn coded(code: ErrorCode, message: impl Into<String>) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code.name()))
}

/// An argument at fault.
pub(crate) fn bad_argument(argument: &str, problem: &str) -> Error {
    coded(ErrorCode::BadArgument, format!("argument {argument:?}: {problem}"))
        .extend_with(|_, extensions| extensions.set("argument", argument))
}

/// A page argument or cursor at fault.
pub(crate) fn bad_page(argument: &str, problem: &str) -> Error {
    coded(ErrorCode::BadPageArgument, format!("argument {argument:?}: {problem}"))
        .extend_with(|_, extensions| extensions.set("argument", argument))
}

/// A cursor at fault.
pub(crate) fn bad_cursor(argument: &str, error: CursorError) -> Error {
    bad_page(argument, &error.to_string())
}

/// Nobody is signed in.
pub(crate) fn unauthenticated() -> Error {
    coded(ErrorCode::Unauthenticated, "sign in first")
}

/// A defect; the particulars go to the log.
pub(crate) fn internal(what: &str) -> Error {
    tracing::error!(error = what, "a request failed");
    coded(ErrorCode::Internal, "the service failed: quote the request id when you report this")
}

/// What a use case's error is to a reader. Expected outcomes of mutations are user errors instead.
pub(crate) fn fault(error: &AppError) -> Error {
    match error {
        AppError::Forbidden(message) => coded(ErrorCode::Forbidden, message),
        AppError::CredentialNeeded(_) => coded(ErrorCode::Forbidden, error.to_string()),
        AppError::NotFound(problem) => coded(ErrorCode::NotFound, &problem.message),
        AppError::Invalid(problems) => {
            let argument = problems.first().and_then(|p| p.path.first()).map_or("input", String::as_str);
            bad_argument(argument, &error.to_string())
        }
        AppError::Taken(_)
        | AppError::StateMismatch(_)
        | AppError::Stale
        | AppError::WrongState(_)
        | AppError::InUse(_)
        | AppError::NotSupported(_)
        | AppError::KeyReused(_) => coded(ErrorCode::BadArgument, error.to_string()),
        AppError::Provider(error @ ProviderError::Unavailable { .. }) => {
            coded(ErrorCode::Unavailable, error.to_string())
        }
        AppError::Provider(ProviderError::Internal { message, .. }) => {
            tracing::error!(error = message, "a provider failed");
            coded(ErrorCode::ProviderFailed, "the provider failed")
        }
        AppError::Provider(error) => coded(ErrorCode::ProviderFailed, error.to_string()),
        AppError::Vault(error) => {
            tracing::error!(error = error as &dyn std::error::Error, "the vault failed");
            coded(ErrorCode::Internal, "the service failed: quote the request id when you report this")
        }
        AppError::Store(StoreError::BadPosition) => {
            bad_page("after", "this cursor does not fit this list: leave it out to begin anew")
        }
        AppError::Store(StoreError::Unavailable(source)) => {
            tracing::warn!(error = &**source as &dyn std::error::Error, "the database cannot be reached");
            coded(ErrorCode::Unavailable, "the database cannot be reached: try again in a moment")
        }
        AppError::Store(error) => {
            tracing::error!(error = error as &dyn std::error::Error, "the store failed");
            coded(ErrorCode::Internal, "the service failed: quote the request id when you report this")
        }
    }
}

/// The end of a subscription whose subject has gone, or may no longer be seen.
pub(crate) fn gone() -> async_graphql::ServerError {
    let message = "what this subscription is about is gone, or is no longer visible to you";
    coded(ErrorCode::NotFound, message).into_server_error(async_graphql::Pos::default())
}

/// As [`fault`], for what the store says directly.
pub(crate) fn store_fault(error: StoreError) -> Error {
    fault(&error.into())
}
