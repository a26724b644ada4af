//! The log of a build as a file.

use alm_domain::{BuildId, LineNo, LogStream, NumberedLine, Principal, StageId, StageKey, level_of, strip_sgr};
use async_stream::try_stream;
use axum::{
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::{Stream, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::{
    kept_by_its_reader, no_build, parse,
    range::{Range, asked},
    refusal,
};
use crate::{
    app::{App, AppError},
    http::{Code, Refusal, RequirePrincipal, conditional::Tag},
    links::LogForm,
};

/// Lines that are read at a time.
const PAGE: usize = 5_000;

/// How a log is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// `plain` (the default), `ansi` or `ndjson`.
    format: Option<String>,
    /// Only this stage.
    stage: Option<String>,
    /// From this line on.
    from: Option<u64>,
    /// Up to this line.
    to: Option<u64>,
}

struct Wanted {
    build: BuildId,
    form: LogForm,
    stage: Option<StageKey>,
    from: LineNo,
    to: LineNo,
}

impl Wanted {
    /// Lines never change, nor does what is written of them by one version of the program: the tag holds while the build runs
    /// until there are more lines, and then for ever.
    fn tag(&self) -> Tag {
        Tag::of(&[
            &self.build.to_string(),
            self.form.name(),
            self.stage.as_ref().map_or("", StageKey::as_str),
            &self.from.0.to_string(),
            &self.to.0.to_string(),
            env!("CARGO_PKG_VERSION"),
        ])
    }
}

/// `GET /builds/ID/log?format=plain|ansi|ndjson&stage=ID&from=N&to=N`: the lines that there are now, as one file. Takes a byte
/// range, also while the build runs: lines never change. Whoever has those lines already gets them no second time.
pub(super) async fn download(
    State(app): State<App>,
    RequirePrincipal(principal): RequirePrincipal,
    Path(build): Path<String>,
    query: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let Query(query) = query.map_err(|error| {
        Refusal::new(Code::BadRequest, format!("{error}: the parameters are format, stage, from and to"))
    })?;
    let wanted = wanted(&app, &principal, parse(&build)?, query).await?;
    let tag = wanted.tag();
    let mut response = match tag.not_modified(&headers) {
        Some(known) => known,
        None => content(app, principal, wanted, &tag, &headers).await?,
    };
    kept_by_its_reader(response.headers_mut());
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    Ok(response)
}

async fn content(
    app: App,
    principal: Principal,
    wanted: Wanted,
    tag: &Tag,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let kind = match wanted.form {
        LogForm::Plain | LogForm::Ansi => "text/plain; charset=utf-8",
        LogForm::Ndjson => "application/x-ndjson",
    };
    let disposition = format!("attachment; filename=\"{}.{}\"", wanted.build, extension(wanted.form));
    let mut response = if headers.contains_key(header::RANGE) && tag.allows_range(headers) {
        let length = text(&app, &principal, &wanted)
            .try_fold(0u64, async |sum, block| Ok(sum + block.len() as u64))
            .await
            .map_err(|error| refusal(&error))?;
        match asked(headers, tag, length) {
            Range::Whole => Body::from_stream(owned(app, principal, wanted)).into_response(),
            Range::Unsatisfiable => {
                let range = HeaderValue::from_str(&format!("bytes */{length}")).map_err(internal)?;
                return Ok((StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, range)]).into_response());
            }
            Range::Part { first, last } => {
                let range = HeaderValue::from_str(&format!("bytes {first}-{last}/{length}")).map_err(internal)?;
                let part = slice(owned(app, principal, wanted), first, last);
                let headers = [(header::CONTENT_RANGE, range), (header::CONTENT_LENGTH, (last - first + 1).into())];
                (StatusCode::PARTIAL_CONTENT, headers, Body::from_stream(part)).into_response()
            }
        }
    } else {
        Body::from_stream(owned(app, principal, wanted)).into_response()
    };
    let headers = response.headers_mut();
    tag.put(headers);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_str(&disposition).map_err(internal)?);
    Ok(response)
}

fn internal(_: axum::http::header::InvalidHeaderValue) -> Refusal {
    Refusal::new(Code::Internal, "a header could not be written")
}

const fn extension(form: LogForm) -> &'static str {
    match form {
        LogForm::Plain => "log",
        LogForm::Ansi => "ansi.log",
        LogForm::Ndjson => "ndjson",
    }
}

async fn wanted(app: &App, principal: &Principal, build: BuildId, asked: Asked) -> Result<Wanted, Refusal> {
    let form = match &asked.format {
        None => LogForm::default(),
        Some(name) => {
            LogForm::named(name).ok_or_else(|| Refusal::new(Code::BadRequest, "format: use plain, ansi or ndjson"))?
        }
    };
    let store = app.store();
    let failed = |error: alm_store::StoreError| refusal(&error.into());
    let heads = store.heads(principal, build).await.map_err(failed)?.ok_or_else(|| no_build(build))?;
    let stage = match &asked.stage {
        None => None,
        Some(text) => {
            let id: StageId = parse(text)?;
            let stage = store.stages(principal, &[id]).await.map_err(failed)?.pop().filter(|s| s.build == build);
            let missing = || Refusal::new(Code::NotFound, "stage: there is no such stage in this build");
            Some(stage.ok_or_else(missing)?.key)
        }
    };
    let from = LineNo(asked.from.unwrap_or(1).saturating_sub(1));
    let to = LineNo(asked.to.unwrap_or(u64::MAX).min(heads.line.0));
    Ok(Wanted { build, form, stage, from, to })
}

fn owned(app: App, principal: Principal, wanted: Wanted) -> impl Stream<Item = Result<Vec<u8>, AppError>> + Send {
    try_stream! {
        let mut blocks = std::pin::pin!(text(&app, &principal, &wanted));
        while let Some(block) = blocks.next().await {
            yield block?;
        }
    }
}

/// The text, in blocks.
fn text<'a>(
    app: &'a App,
    principal: &'a Principal,
    wanted: &'a Wanted,
) -> impl Stream<Item = Result<Vec<u8>, AppError>> + Send + 'a {
    try_stream! {
        let mut at = wanted.from;
        while at < wanted.to {
            let page = app.store().read_log(principal, wanted.build, at, PAGE, wanted.stage.as_ref()).await?;
            if page.scanned_to <= at {
                break;
            }
            at = page.scanned_to;
            let mut block = Vec::new();
            for line in page.lines.iter().filter(|line| line.no <= wanted.to) {
                write(&mut block, wanted, line);
            }
            if !block.is_empty() {
                yield block;
            }
        }
    }
}

fn write(block: &mut Vec<u8>, wanted: &Wanted, line: &NumberedLine) {
    match wanted.form {
        LogForm::Plain => block.extend_from_slice(strip_sgr(&line.line.text).as_bytes()),
        LogForm::Ansi => block.extend_from_slice(line.line.text.as_bytes()),
        LogForm::Ndjson => {
            let view = JsonLine {
                seq: line.no.0,
                at: line.line.at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)),
                stage: line.line.stage.as_ref().map(StageKey::as_str),
                attempt: line.line.stage.as_ref().map(|_| line.line.attempt),
                stream: line.line.stream,
                level: level_of(&line.line.text),
                text: &line.line.text,
                continued: line.line.continued,
            };
            // A plain struct of texts and numbers: it cannot fail.
            block.extend_from_slice(&serde_json::to_vec(&view).unwrap_or_default());
        }
    }
    block.push(b'\n');
}

/// One line of `ndjson`; the names are those of the GraphQL type, but that the stage is named by its key.
#[derive(Serialize)]
struct JsonLine<'a> {
    seq: u64,
    at: Option<String>,
    stage: Option<&'a str>,
    attempt: Option<u32>,
    stream: LogStream,
    level: Option<alm_domain::LogLevel>,
    text: &'a str,
    continued: bool,
}

/// The bytes from `first` to `last`, both included.
fn slice(
    blocks: impl Stream<Item = Result<Vec<u8>, AppError>> + Send,
    first: u64,
    last: u64,
) -> impl Stream<Item = Result<Vec<u8>, AppError>> + Send {
    let mut at = 0u64;
    blocks
        .map_ok(move |block| {
            let (start, end) = (at, at + block.len() as u64);
            at = end;
            let cut = |place: u64| usize::try_from(place.clamp(start, end) - start).unwrap_or(block.len());
            (end > last, block[cut(first)..cut(last + 1)].to_vec())
        })
        .scan(false, |over, item| {
            if *over {
                return std::future::ready(None);
            }
            *over = item.as_ref().map_or(true, |(over, _)| *over);
            std::future::ready(Some(item.map(|(_, block)| block)))
        })
        .try_filter(|block| std::future::ready(!block.is_empty()))
}
