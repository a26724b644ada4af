//! What carries the requests of a session: under its token, bounded in time and size, and never elsewhere.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use alm_masking::{Masker, Masks};
use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use kube::client::Body;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;
use tower::{BoxError, Service};
use url::Url;

use crate::{TransportError, Way};

/// How long the head of an answer may take, and a whole answer that is no stream.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longest stream. Whoever reads one notices by other means that nothing comes any more.
const LONGEST_STREAM: Duration = Duration::from_secs(24 * 3600);
/// Longest answer that is read, watches included, which are begun anew much sooner. Logs are read piece by piece, and may be of any
/// length.
const LONGEST_ANSWER: u64 = 32 << 20;
/// Longest error that is read.
const LONGEST_ERROR: usize = 64 << 10;

/// Requests under one token.
#[derive(Clone)]
pub(crate) struct Transport {
    pub(crate) http: reqwest::Client,
    pub(crate) way: Arc<dyn Way>,
    pub(crate) base: Arc<Url>,
    pub(crate) host: Arc<str>,
    pub(crate) token: Option<SecretString>,
    pub(crate) masks: Masks,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transport({})", self.host)
    }
}

impl Service<Request<Body>> for Transport {
    type Response = Response<Bounded>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let transport = self.clone();
        async move { Ok(transport.send(request).await?) }.boxed()
    }
}

/// Answers that take as long, or are as long, as they must.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Answer,
    /// An answer with Secrets in it. It is read by [`Session::raw`](crate::Session::raw) alone, which prints nothing.
    Secrets,
    Watch,
    Log,
}

impl Shape {
    fn of(uri: &http::Uri) -> Self {
        let has = |wanted: &str| uri.query().unwrap_or_default().split('&').any(|pair| pair == wanted);
        if uri.path().ends_with("/log") {
            Self::Log
        } else if has("watch=true") {
            Self::Watch
        } else if uri.path().split('/').any(|part| part == "secrets") {
            Self::Secrets
        } else {
            Self::Answer
        }
    }

    const fn is_stream(self) -> bool {
        matches!(self, Self::Watch | Self::Log)
    }
}

impl Transport {
    async fn send(self, request: Request<Body>) -> Result<Response<Bounded>, TransportError> {
        let shape = Shape::of(request.uri());
        let request = self.prepare(request, shape).await?;
        let late = || TransportError::TimedOut { host: self.host.to_string() };
        let answer = timeout(PATIENCE, self.http.execute(request)).await.map_err(|_| late())?;
        let answer = answer.map_err(|error| self.failed(&error))?;
        let status = answer.status();
        if status.is_redirection() {
            return Err(TransportError::Redirected { host: self.host.to_string() });
        }
        let retry_after = retry_after(answer.headers());
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) && retry_after.is_some() {
            return Err(TransportError::Overloaded { host: self.host.to_string(), retry_after });
        }
        if status.is_client_error() || status.is_server_error() {
            let text = timeout(PATIENCE, self.error_text(answer)).await.map_err(|_| late())?;
            let mut cleaned = Response::new(Bounded::whole(text.into()));
            *cleaned.status_mut() = status;
            return Ok(cleaned);
        }
        let (parts, body) = Response::<reqwest::Body>::from(answer).into_parts();
        let most = if shape == Shape::Log { u64::MAX } else { LONGEST_ANSWER };
        // The client's library prints what it does not understand.
        let masker = (shape == Shape::Answer).then(|| self.masks.masker());
        Ok(Response::from_parts(parts, Bounded { body, left: most, most, host: Arc::clone(&self.host), masker }))
    }

    async fn prepare(&self, request: Request<Body>, shape: Shape) -> Result<reqwest::Request, TransportError> {
        let unsendable = |cause: &dyn fmt::Display| TransportError::Unsendable(cause.to_string());
        let (parts, body) = request.into_parts();
        let mut url = (*self.base).clone();
        let path = format!("{}{}", self.base.path().trim_end_matches('/'), parts.uri.path());
        url.set_path(&path);
        url.set_query(parts.uri.query().filter(|query| !query.is_empty()));
        // What a path cannot hold was made harmless by the address's type: then it is not what was meant.
        if url.path() != path {
            return Err(unsendable(&"a name in it is no name"));
        }
        self.way.vet(&url).map_err(|why| unsendable(&why))?;
        let mut sent = reqwest::Request::new(parts.method, url);
        *sent.headers_mut() = parts.headers;
        if let Some(token) = &self.token {
            let value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()));
            let mut value = value.map_err(|_| unsendable(&"the token holds characters that no token has"))?;
            value.set_sensitive(true);
            sent.headers_mut().insert(header::AUTHORIZATION, value);
        }
        *sent.timeout_mut() = Some(if shape.is_stream() { LONGEST_STREAM } else { PATIENCE });
        let body = body.collect_bytes().await.map_err(|error| unsendable(&error))?;
        *sent.body_mut() = (!body.is_empty()).then(|| body.into());
        Ok(sent)
    }

    /// What an error says, cut, and without the token if the server repeats it.
    async fn error_text(&self, mut answer: reqwest::Response) -> String {
        let mut text = Vec::new();
        while let Ok(Some(chunk)) = answer.chunk().await {
            let room = LONGEST_ERROR - text.len();
            text.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if text.len() == LONGEST_ERROR {
                break;
            }
        }
        self.masks.mask(&String::from_utf8_lossy(&text))
    }

    fn failed(&self, error: &reqwest::Error) -> TransportError {
        if error.is_timeout() {
            return TransportError::TimedOut { host: self.host.to_string() };
        }
        TransportError::Unreachable(self.way.explain(&self.host, error))
    }
}

fn retry_after(headers: &http::HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The body of an answer, up to a length, and without the token if the server repeats it.
#[derive(Debug)]
pub(crate) struct Bounded {
    body: reqwest::Body,
    left: u64,
    most: u64,
    host: Arc<str>,
    masker: Option<Masker>,
}

impl Bounded {
    fn whole(text: Bytes) -> Self {
        Self { body: text.into(), left: u64::MAX, most: u64::MAX, host: "".into(), masker: None }
    }
}

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let Poll::Ready(Some(frame)) = polled else {
            if polled.is_pending() {
                return Poll::Pending;
            }
            // What was held back since it might have been the beginning of the token.
            let mut rest = Vec::new();
            if let Some(mut masker) = self.masker.take() {
                masker.finish(&mut rest);
            }
            return Poll::Ready((!rest.is_empty()).then(|| Ok(Frame::data(rest.into()))));
        };
        // The address stands in what the library says.
        let frame = frame.map_err(|error| BoxError::from(error.without_url()))?;
        if let Some(data) = frame.data_ref() {
            let Some(left) = self.left.checked_sub(data.len() as u64) else {
                let (host, longest) = (self.host.to_string(), self.most);
                return Poll::Ready(Some(Err(TransportError::TooLong { host, longest }.into())));
            };
            self.left = left;
        }
        let Some(masker) = &mut self.masker else { return Poll::Ready(Some(Ok(frame))) };
        let masked = frame.map_data(|data| {
            let mut masked = Vec::with_capacity(data.len());
            masker.push(&data, &mut masked);
            masked.into()
        });
        Poll::Ready(Some(Ok(masked)))
    }

    fn is_end_stream(&self) -> bool {
        self.masker.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.masker.is_some() { SizeHint::default() } else { self.body.size_hint() }
    }
}
