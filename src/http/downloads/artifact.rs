//! A file that a build left behind.

use alm_domain::BuildId;
use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::TryStreamExt;

use super::{
    kept_by_its_reader, parse,
    range::{Range, asked},
    refusal,
};
use crate::{
    app::App,
    http::{Code, Refusal, RequirePrincipal, conditional::Tag},
};

/// `GET /builds/ID/artifacts/PATH`: always as a download, never as a page, since what builds leave behind is not trusted. Takes a
/// byte range; whoever has the file already gets no second one.
pub(super) async fn download(
    State(app): State<App>,
    RequirePrincipal(principal): RequirePrincipal,
    Path((build, path)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let id: BuildId = parse(&build)?;
    let artifact = app.artifact(&principal, id, &path).await.map_err(|error| refusal(&error))?;
    let tag = Tag::of(&[&artifact.sha256]);
    if let Some(mut known) = tag.not_modified(&headers) {
        kept_by_its_reader(known.headers_mut());
        return Ok(known);
    }
    let range = asked(&headers, &tag, artifact.size);
    let (status, first, length) = match range {
        Range::Whole => (StatusCode::OK, 0, artifact.size),
        Range::Part { first, last } => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        Range::Unsatisfiable => (StatusCode::RANGE_NOT_SATISFIABLE, 0, 0),
    };
    let mut response = if status == StatusCode::RANGE_NOT_SATISFIABLE {
        status.into_response()
    } else {
        let mut left = length;
        let blocks = app.read_artifact(&principal, id, &path, first).await.map_err(|error| refusal(&error))?;
        let blocks = blocks.map_ok(move |mut block| {
            block.truncate(usize::try_from(left).unwrap_or(usize::MAX).min(block.len()));
            left -= block.len() as u64;
            block
        });
        let length = [(header::CONTENT_LENGTH, HeaderValue::from(length))];
        (status, length, Body::from_stream(blocks)).into_response()
    };
    let name: String = path
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' })
        .collect();
    let value = |text: String| {
        HeaderValue::from_str(&text).map_err(|_| Refusal::new(Code::Internal, "a header could not be written"))
    };
    let headers = response.headers_mut();
    tag.put(headers);
    kept_by_its_reader(headers);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_DISPOSITION, value(format!("attachment; filename=\"{name}\""))?);
    headers.insert("x-artifact-sha256", value(artifact.sha256.clone())?);
    match range {
        Range::Whole => {}
        Range::Part { first, last } => {
            headers.insert(header::CONTENT_RANGE, value(format!("bytes {first}-{last}/{}", artifact.size))?);
        }
        Range::Unsatisfiable => {
            headers.insert(header::CONTENT_RANGE, value(format!("bytes */{}", artifact.size))?);
        }
    }
    Ok(response)
}
