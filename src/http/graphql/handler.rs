//! The route `/graphql`.

use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use axum::{
    RequestPartsExt,
    body::{Body, Bytes},
    extract::{Query, Request, State},
    http::{HeaderMap, Method, header, request::Parts},
    response::{IntoResponse, Response},
};

use super::{
    Params,
    accept::{self, Events},
    content_type, execute, reply,
};
use crate::{
    graphql::Live,
    http::{
        Code, HttpState, Refusal, RequestId, RequirePrincipal,
        auth::bearer,
        caller::Caller,
        document::{Problem, prepare},
        origin, sse, ws,
    },
};

/// Answers GET and POST, by server-sent events if that is wanted, and hands websockets on.
pub(in crate::http) async fn handle<E: Live>(State(state): State<Arc<HttpState<E>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match parts.method {
        Method::GET if wants_websocket(&parts.headers) => ws::upgrade(state, parts).await,
        Method::GET | Method::POST => answer(state, parts, body).await.unwrap_or_else(Refusal::into_response),
        _ => Refusal::method("GET, POST", "GraphQL is asked by POST, queries also by GET").into_response(),
    }
}

fn wants_websocket(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

async fn answer<E: Live>(state: Arc<HttpState<E>>, mut parts: Parts, body: Body) -> Result<Response, Refusal> {
    let accept::Accepted { media, events } = accept::negotiate(&parts.headers)?;
    let by_get = parts.method == Method::GET;
    if !by_get {
        content_type::check(&parts.headers)?;
    }
    let RequirePrincipal(principal) =
        parts.extract().await.map_err(|refusal: Refusal| refusal.written_as(media.content_type()))?;
    let limits = &state.config.document;
    let params = if by_get {
        query_string(&mut parts).await.and_then(|pairs| Params::from_query_string(pairs, limits))
    } else {
        Params::from_json(&read(&state, &parts.headers, body).await?, limits)
    };
    let mut prepared = match params.and_then(|params| prepare(params, principal.role, &state.documents, limits)) {
        Ok(prepared) => prepared,
        Err(problem) if events == Events::Always && problem.code != Code::BadRequest => {
            return Ok(sse::refuse(problem));
        }
        Err(problem) => return Ok(reply::problem(problem, media)),
    };
    match prepared.kind {
        OperationType::Mutation if by_get => {
            return Err(Refusal::method("POST", "a mutation must be sent by POST").written_as(media.content_type()));
        }
        OperationType::Subscription if events == Events::Never => {
            let message = "a subscription needs a stream: connect to this address by a websocket with the subprotocol \
                graphql-transport-ws, or send `Accept: text/event-stream`";
            return Ok(reply::problem(Problem::new(Code::BadRequest, message), media));
        }
        OperationType::Query | OperationType::Mutation | OperationType::Subscription => {}
    }
    let address = origin::client(&parts, &state.config.trusted_proxies);
    if let Some(id) = parts.extensions.remove::<RequestId>() {
        let caller = principal.clone().asking(origin::origin(&id, address));
        prepared.request = prepared.request.data(caller).data(id);
    }
    if events == Events::Always || prepared.kind == OperationType::Subscription {
        let token = bearer(&parts.headers)?.map(Into::into);
        return Ok(sse::stream(state, prepared, Caller { principal, token }));
    }
    let outcome = execute(&state.executor, prepared, state.config.request_timeout).await;
    Ok(reply::reply(outcome, media))
}

async fn query_string(parts: &mut Parts) -> Result<Vec<(String, String)>, Problem> {
    let query: Result<Query<Vec<(String, String)>>, _> = parts.extract().await;
    query
        .map(|Query(pairs)| pairs)
        .map_err(|_| Problem::new(Code::BadRequest, "the query string is not readable as UTF-8"))
}

async fn read<E: Live>(state: &HttpState<E>, headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
    let limit = state.config.max_body;
    let too_large = || Refusal::new(Code::PayloadTooLarge, format!("the body is larger than {limit} bytes"));
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    match tokio::time::timeout(state.config.request_timeout, axum::body::to_bytes(body, limit)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(error))
            if std::error::Error::source(&error).is_some_and(|e| e.is::<http_body_util::LengthLimitError>()) =>
        {
            Err(too_large())
        }
        Ok(Err(_)) => Err(Refusal::new(Code::BadRequest, "the body ended before it was whole")),
        Err(_) => Err(Refusal::new(Code::RequestTimeout, "the body came too slowly")),
    }
}
