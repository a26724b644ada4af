//! Replies of GraphQL over HTTP.

use async_graphql::ServerError;
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{Outcome, accept::Media};
use crate::http::{Code, Refusal, document::Problem, metrics};

/// A request error has no `data`, not even null.
#[derive(Serialize)]
struct Errors<'a> {
    errors: &'a [ServerError],
}

/// The reply to what came of an operation.
pub(super) fn reply(outcome: Outcome, media: Media) -> Response {
    match outcome {
        Outcome::Executed(response) => {
            metrics::answered("http", if response.errors.is_empty() { "ok" } else { "errors" });
            let mut reply = json(StatusCode::OK, media, &response);
            reply.headers_mut().extend(response.http_headers);
            reply
        }
        Outcome::Refused(errors) => refused(&errors, media),
        Outcome::TimedOut(errors) => {
            metrics::answered("http", "timeout");
            json(StatusCode::SERVICE_UNAVAILABLE, media, &Errors { errors: &errors })
        }
    }
}

/// The reply to a request with a problem. One that is no GraphQL request at all is 400 in any media type; what is wrong in
/// the document is told by the status only where the media type allows it.
pub(super) fn problem(problem: Problem, media: Media) -> Response {
    if problem.code == Code::BadRequest {
        metrics::answered("http", "bad_request");
        return Refusal::new(problem.code, problem.message).written_as(media.content_type()).into_response();
    }
    refused(&[problem.into_error()], media)
}

fn refused(errors: &[ServerError], media: Media) -> Response {
    metrics::answered("http", "refused");
    let status = match media {
        Media::Response => StatusCode::BAD_REQUEST,
        Media::Json => StatusCode::OK,
    };
    json(status, media, &Errors { errors })
}

fn json(status: StatusCode, media: Media, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => {
            let mut response = Response::new(Body::from(body));
            *response.status_mut() = status;
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media.content_type()));
            response
        }
        Err(error) => {
            tracing::error!(%error, "a reply cannot be written as JSON");
            Refusal::new(Code::Internal, "the reply cannot be written as JSON").into_response()
        }
    }
}
