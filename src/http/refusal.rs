//! How the transport says no.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// Values of `extensions.code` that the transport itself gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// The request is not well-formed.
    BadRequest,
    /// No token, or not a valid one.
    Unauthenticated,
    /// The `Host` header names a host that is not served.
    HostNotAllowed,
    /// A page of a foreign origin asks.
    OriginNotAllowed,
    /// There is no such page.
    NotFound,
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
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// The document is too large, too deep or too costly.
    QueryTooCostly,
    /// The server knows no document with this hash.
    PersistedQueryNotFound,
    /// The caller may send only documents that the server knows.
    PersistedQueryRequired,
    /// Too many operations run at a time.
    RateLimited,
    /// The execution took too long.
    Timeout,
    /// Not ready to serve.
    Unavailable,
    /// Our mistake.
    Internal,
}

impl Code {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::BadRequest,
        Self::Unauthenticated,
        Self::HostNotAllowed,
        Self::OriginNotAllowed,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::RequestTimeout,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::GraphqlParseFailed,
        Self::GraphqlValidationFailed,
        Self::QueryTooCostly,
        Self::PersistedQueryNotFound,
        Self::PersistedQueryRequired,
        Self::RateLimited,
        Self::Timeout,
        Self::Unavailable,
        Self::Internal,
    ];

    /// As it stands in `extensions.code`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::HostNotAllowed => "HOST_NOT_ALLOWED",
            Self::OriginNotAllowed => "ORIGIN_NOT_ALLOWED",
            Self::NotFound => "NOT_FOUND",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::NotAcceptable => "NOT_ACCEPTABLE",
            Self::RequestTimeout => "REQUEST_TIMEOUT",
            Self::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::QueryTooCostly => "QUERY_TOO_COSTLY",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::PersistedQueryRequired => "PERSISTED_QUERY_REQUIRED",
            Self::RateLimited => "RATE_LIMITED",
            Self::Timeout => "TIMEOUT",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::BadRequest
            | Self::GraphqlParseFailed
            | Self::GraphqlValidationFailed
            | Self::QueryTooCostly
            | Self::PersistedQueryNotFound
            | Self::PersistedQueryRequired => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::HostNotAllowed => StatusCode::MISDIRECTED_REQUEST,
            Self::OriginNotAllowed => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Timeout | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// A reply that refuses a request before anything was executed. On every route it has the shape of a GraphQL reply:
/// `{"errors":[{"message":…,"extensions":{"code":…}}]}`, and no `data`.
#[derive(Debug)]
pub struct Refusal {
    code: Code,
    message: String,
    content_type: &'static str,
    header: Option<(HeaderName, HeaderValue)>,
}

#[derive(Serialize)]
struct Reply<'a> {
    errors: [Error<'a>; 1],
}

#[derive(Serialize)]
struct Error<'a> {
    message: &'a str,
    extensions: Extensions,
}

#[derive(Serialize)]
struct Extensions {
    code: Code,
}

impl Refusal {
    /// Refuses with the status that belongs to the code.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let header = (code == Code::Unauthenticated)
            .then(|| (header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"alm\"")));
        Self { code, message: message.into(), content_type: "application/json; charset=utf-8", header }
    }

    /// 405, with the methods that would do.
    #[must_use]
    pub fn method(allow: &'static str, message: impl Into<String>) -> Self {
        let header = Some((header::ALLOW, HeaderValue::from_static(allow)));
        Self { header, ..Self::new(Code::MethodNotAllowed, message) }
    }

    /// The same refusal, written in this media type.
    #[must_use]
    pub(super) const fn written_as(mut self, content_type: &'static str) -> Self {
        self.content_type = content_type;
        self
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let reply = Reply { errors: [Error { message: &self.message, extensions: Extensions { code: self.code } }] };
        let body = serde_json::to_vec(&reply).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.code.status();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
