//! Talking to Jenkins, about one run, under one token.

use std::{fmt, sync::Arc, time::Duration};

use alm_build_spi::ProviderError;
use alm_domain::{ParameterValue, Verdict, shorten};
use alm_kubernetes::{Session, TransportError, Way};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::time::timeout;
use url::Url;

use super::{
    Input,
    crumb::{Crumb, LONGEST_CRUMB, crumb_issuer},
};
use crate::text::shown;

/// How long the head of an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Where the cluster tells whose a token is.
const OWN_NAME: &str = "/apis/user.openshift.io/v1/users/~";
/// How long a log may take to come.
const LONGEST_LOG: Duration = Duration::from_secs(300);

/// A run at Jenkins, under one token. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Jenkins {
    http: reqwest::Client,
    way: Arc<dyn Way>,
    token: SecretString,
    cluster: Arc<Session>,
    run: Url,
}

/// A piece of a log.
pub(crate) struct LogReply {
    /// Its text, as it comes.
    pub(crate) body: reqwest::Response,
    /// Where the next piece begins.
    pub(crate) next: u64,
    /// Whether there will be a next piece.
    pub(crate) goes_on: bool,
}

impl Jenkins {
    /// The run at this address; the token is that of the session. Whether it may go there was found out before.
    pub(crate) fn new(
        http: reqwest::Client,
        way: Arc<dyn Way>,
        token: SecretString,
        cluster: Session,
        run: Url,
    ) -> Self {
        Self { http, way, token, cluster: Arc::new(cluster), run }
    }

    /// The log from an offset on.
    ///
    /// # Errors
    /// [`ProviderError::NotFound`] where there is no log (yet).
    pub(crate) async fn log(&self, offset: u64) -> Result<LogReply, ProviderError> {
        let mut url = self.join(&["logText", "progressiveText"])?;
        url.query_pairs_mut().append_pair("start", &offset.to_string());
        let body = self.send(Method::GET, url, None, LONGEST_LOG).await?;
        let next = number(body.headers(), "x-text-size").ok_or_else(|| self.odd("its log has no size"))?;
        let goes_on =
            body.headers().get("x-more-data").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"));
        Ok(LogReply { body, next, goes_on })
    }

    /// Answers a question.
    ///
    /// # Errors
    /// [`ProviderError::NotFound`] where Jenkins does not ask it (any more, or yet); [`ProviderError::Forbidden`], in its words, where
    /// it does not take the answer from this account.
    pub(crate) async fn answer(
        &self,
        input: &Input,
        verdict: Verdict,
        parameters: &[ParameterValue],
    ) -> Result<(), ProviderError> {
        let (url, form) = match verdict {
            Verdict::Reject => (self.join(&["input", &input.id, "abort"])?, None),
            Verdict::Approve if input.parameters.is_empty() => {
                (self.join(&["input", &input.id, "proceedEmpty"])?, None)
            }
            Verdict::Approve => {
                let mut url = self.join(&["wfapi", "inputSubmit"])?;
                url.query_pairs_mut().append_pair("inputId", &input.id);
                let values: Vec<Value> =
                    parameters.iter().map(|given| json!({ "name": given.name, "value": given.value })).collect();
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                form.append_pair("json", &json!({ "parameter": values }).to_string());
                form.append_pair("proceed", &input.proceed);
                (url, Some(form.finish()))
            }
        };
        self.send(Method::POST, url, Some(form.unwrap_or_default()), PATIENCE).await.map(drop)
    }

    /// Asks Jenkins to stop the run.
    ///
    /// # Errors
    /// Those of every request.
    pub(crate) async fn stop(&self) -> Result<(), ProviderError> {
        self.send(Method::POST, self.join(&["stop"])?, Some(String::new()), PATIENCE).await.map(drop)
    }

    /// An address below the run's, whatever the parts hold.
    fn join(&self, parts: &[&str]) -> Result<Url, ProviderError> {
        let mut url = self.run.clone();
        let odd = self.odd("the address of the run cannot be gone on from");
        url.path_segments_mut().map_err(|()| odd)?.pop_if_empty().extend(parts);
        Ok(url)
    }

    async fn send(
        &self,
        method: Method,
        url: Url,
        form: Option<String>,
        limit: Duration,
    ) -> Result<reqwest::Response, ProviderError> {
        let mut answer = self.exchange(method.clone(), url.clone(), form.clone(), limit, None).await?;
        // A token does not free a request of Jenkins' protection against CSRF.
        if answer.status() == StatusCode::FORBIDDEN
            && method == Method::POST
            && let Some(crumb) = self.crumb().await?
        {
            answer = self.exchange(method, url, form, limit, Some(&crumb)).await?;
        }
        self.judged(answer).await
    }

    /// What makes a POST one that Jenkins takes; `None` where it has no such thing.
    async fn crumb(&self) -> Result<Option<Crumb>, ProviderError> {
        let Some(url) = crumb_issuer(&self.run) else { return Ok(None) };
        let mut answer = self.exchange(Method::GET, url, None, PATIENCE, None).await?;
        if answer.status() != StatusCode::OK {
            return Ok(None);
        }
        let cookies = answer.headers().clone();
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = answer.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST_CRUMB {
                return Ok(None);
            }
        }
        Ok(Crumb::of(&cookies, &body))
    }

    async fn exchange(
        &self,
        method: Method,
        url: Url,
        form: Option<String>,
        limit: Duration,
        crumb: Option<&Crumb>,
    ) -> Result<reqwest::Response, ProviderError> {
        self.way.vet(&url).map_err(|why| self.odd(&why))?;
        let mut request = reqwest::Request::new(method, url);
        *request.timeout_mut() = Some(limit);
        let token = HeaderValue::from_str(&format!("Bearer {}", self.token.expose_secret()));
        let mut token = token.map_err(|_| self.odd("the token holds characters that no token has"))?;
        token.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, token);
        if let Some(crumb) = crumb {
            crumb.put(request.headers_mut());
        }
        if let Some(form) = form {
            let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
            request.headers_mut().insert(header::CONTENT_TYPE, kind);
            *request.body_mut() = Some(form.into());
        }
        let host = self.host();
        let late = || {
            let late = TransportError::TimedOut { host: host.clone() };
            ProviderError::unavailable(format!("Jenkins does not answer: {late}"), late)
        };
        match timeout(PATIENCE, self.http.execute(request)).await {
            Err(_) => Err(late()),
            Ok(Err(error)) if error.is_timeout() => Err(late()),
            Ok(Err(error)) => {
                let cause = TransportError::Unreachable(self.way.explain(&host, &error));
                Err(ProviderError::unavailable(format!("Jenkins does not answer: {cause}"), cause))
            }
            Ok(Ok(answer)) => Ok(answer),
        }
    }

    /// The answer, if it is what was wanted.
    async fn judged(&self, answer: reqwest::Response) -> Result<reqwest::Response, ProviderError> {
        let host = self.host();
        // What it says in the body is for browsers, and may repeat what it was sent.
        match answer.status() {
            status if status.is_success() => Ok(answer),
            // Jenkins sends a browser on after it has done what it was asked; or to where one signs in.
            status if status.is_redirection() && self.leads_back(&answer) => Ok(answer),
            status if status.is_redirection() => {
                Err(ProviderError::Forbidden(format!("Jenkins at {host} asks the account to sign in")))
            }
            StatusCode::NOT_FOUND => Err(ProviderError::NotFound(format!("Jenkins at {host} does not know it"))),
            StatusCode::UNAUTHORIZED => Err(self.unknown_here().await),
            StatusCode::FORBIDDEN => {
                Err(ProviderError::Forbidden(format!("Jenkins at {host} does not let the account do this")))
            }
            // So Jenkins answers whatever one of its parts refuses, as an `input` does with a `submitter`.
            StatusCode::BAD_REQUEST => match self.words(answer.headers()) {
                Some(words) if words.contains("already given") => {
                    Err(ProviderError::NotFound(format!("Jenkins at {host} does not ask it any more: {words}")))
                }
                Some(words) => Err(ProviderError::Forbidden(format!("Jenkins at {host} refuses it: {words}"))),
                None => Err(self.odd("it answers 400 Bad Request")),
            },
            status
                if status.is_server_error()
                    || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT) =>
            {
                Err(ProviderError::Unavailable {
                    message: format!("Jenkins at {host} answers {status}: it may be waking up"),
                    retry_after: number(answer.headers(), "retry-after").map(|s| Duration::from_secs(s.min(30))),
                    cause: None,
                })
            }
            status => Err(self.odd(&format!("it answers {status}"))),
        }
    }

    /// Why Jenkins does not know the token: because it has ended, or since this Jenkins takes none of the cluster's. The cluster tells.
    async fn unknown_here(&self) -> ProviderError {
        match self.cluster.raw(Method::GET, OWN_NAME, None).await {
            Ok(_) => ProviderError::Forbidden(format!("Jenkins at {} does not take the account's token", self.host())),
            Err(error) => error,
        }
    }

    /// Why it refuses something, in a header for programs.
    fn words(&self, headers: &HeaderMap) -> Option<String> {
        let words = shown(&String::from_utf8_lossy(headers.get("x-error")?.as_bytes()));
        Some(words.replace(self.token.expose_secret(), "***")).filter(|words| !words.is_empty())
    }

    /// Whether a redirect leads back to the run.
    fn leads_back(&self, answer: &reqwest::Response) -> bool {
        let to = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
        let to = to.and_then(|to| answer.url().join(to).ok());
        to.is_some_and(|to| to.origin() == self.run.origin() && to.path().starts_with(self.run.path()))
    }

    fn host(&self) -> String {
        shorten(self.run.host_str().unwrap_or_default())
    }

    fn odd(&self, what: &str) -> ProviderError {
        ProviderError::Internal { message: format!("Jenkins at {}: {what}", self.host()), cause: None }
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

impl fmt::Debug for Jenkins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jenkins({})", self.host())
    }
}
