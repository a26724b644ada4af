//! Asking the server of a repository what a reference stands for.

use std::{sync::Arc, time::Duration};

use alm_build_spi::{Finding, ProviderError};
use alm_domain::shorten;
use alm_kubernetes::{Session, Way};
use alm_masking::Masks;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::time::timeout;
use url::Url;

use super::{Advertised, Resolved, advertised::Malformed, credentials::Credentials};
use crate::text::shown;

/// How long a whole answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest advertisement that is read: about a million references. One line at a time is kept of it.
const LONGEST: usize = 64 << 20;
/// What an advertisement is called.
const KIND: &str = "application/x-git-upload-pack-advertisement";
/// What can be done in every case.
const REMEDY: &str = "give a commit by its full hash, or the reference that the configuration itself names";

/// The repository that a BuildConfig builds.
#[derive(Debug)]
pub(crate) struct Remote<'a> {
    /// A client of the guarded way out: it follows no redirect.
    pub(crate) http: &'a reqwest::Client,
    pub(crate) way: &'a Arc<dyn Way>,
    /// Under the token of whoever asks; the repository's own secret is read by it, where it may be.
    pub(crate) session: &'a Session,
    pub(crate) namespace: &'a str,
    /// `spec.source` of the BuildConfig.
    pub(crate) source: &'a Value,
}

/// By what the server is asked.
struct Shown {
    credentials: Option<Credentials>,
    /// The source secret, if there is one.
    secret: Option<String>,
}

impl Remote<'_> {
    /// The commit that a reference stands for now. The source secret is shown to the host that the BuildConfig names, and to nobody else.
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] at `reference`, with the remedy, where there is no such reference or the server does not tell;
    /// [`ProviderError::Unavailable`] where it does not answer now; those of the cluster.
    pub(crate) async fn resolve(&self, reference: &str) -> Result<Resolved, ProviderError> {
        let refused = |why: String| {
            let message = format!("{:?} cannot be looked up: {why}; {REMEDY}", shorten(reference));
            ProviderError::Invalid(vec![Finding::new(["reference"], message)])
        };
        let url = self.address().map_err(refused)?;
        let host = shorten(url.host_str().unwrap_or_default());
        let shown = self.credentials().await?;
        let ca = shown.credentials.as_ref().and_then(|known| known.ca.as_deref());
        let own;
        let http = match ca {
            Some(ca) => {
                own =
                    self.way.client(Some(ca)).map_err(|why| refused(format!("ca.crt of the source secret: {why}")))?;
                &own
            }
            None => self.http,
        };
        let late = || unavailable(format!("{host} does not tell its references in time"));
        let asked = timeout(PATIENCE, self.ask(http, url, &shown, reference));
        match asked.await.map_err(|_| late())?? {
            Answer::Found(found) => Ok(found),
            Answer::Refused(why) => Err(refused(why)),
        }
    }

    /// Where the references are told.
    fn address(&self) -> Result<Url, String> {
        let uri = self.source.pointer("/git/uri").and_then(Value::as_str).unwrap_or_default();
        let url: Option<Url> = uri.parse().ok();
        let url = url.filter(|url| matches!(url.scheme(), "https" | "http") && url.host_str().is_some());
        let mut url = url.ok_or_else(|| {
            format!("{:?} is no https address, and references are asked for over https alone", shorten(uri))
        })?;
        if url.query().is_some() || url.fragment().is_some() || uri.len() > 2048 {
            return Err(format!("{:?} is not the address of a repository", shorten(uri)));
        }
        url.path_segments_mut()
            .map_err(|()| "the repository's address cannot be gone on from".to_owned())?
            .pop_if_empty()
            .extend(["info", "refs"]);
        url.set_query(Some("service=git-upload-pack"));
        self.way.vet(&url)?;
        Ok(url)
    }

    async fn credentials(&self) -> Result<Shown, ProviderError> {
        let secret = self.source.pointer("/sourceSecret/name").and_then(Value::as_str).map(str::to_owned);
        let credentials = match &secret {
            Some(name) => Credentials::read(self.session, self.namespace, name).await?,
            None => None,
        };
        Ok(Shown { credentials, secret })
    }

    async fn ask(
        &self,
        http: &reqwest::Client,
        url: Url,
        shown: &Shown,
        reference: &str,
    ) -> Result<Answer, ProviderError> {
        let host = shorten(url.host_str().unwrap_or_default());
        let broken = |error: &reqwest::Error| unavailable(self.way.explain(&host, error));
        let mut request = reqwest::Request::new(Method::GET, url);
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static(KIND));
        if let Some(login) = shown.credentials.as_ref().and_then(Credentials::header) {
            request.headers_mut().insert(header::AUTHORIZATION, login);
        }
        let mut answer = http.execute(request).await.map_err(|error| broken(&error))?;
        if let Some(why) = shown.trouble(&host, answer.status(), answer.headers())? {
            return Ok(Answer::Refused(why));
        }
        let mut looking = Advertised::of(reference);
        let mut length = 0;
        let read = loop {
            let Some(chunk) = answer.chunk().await.map_err(|error| broken(&error))? else { break looking.finish() };
            length += chunk.len();
            if length > LONGEST {
                return Ok(Answer::Refused(format!("{host} has more references than are read")));
            }
            match looking.push(&chunk) {
                Ok(false) => {}
                Ok(true) => break looking.finish(),
                Err(error) => break Err(error),
            }
        };
        Ok(match read {
            Ok(Some(found)) => Answer::Found(found),
            Ok(None) => Answer::Refused("the repository has neither a branch nor a tag of this name".to_owned()),
            Err(why @ Malformed::Odd(_)) => Answer::Refused(format!("{host}: {why}")),
            Err(why @ Malformed::Refused(_)) => Answer::Refused(format!("{host}: {}", shown.masked(&why.to_string()))),
        })
    }
}

enum Answer {
    Found(Resolved),
    Refused(String),
}

impl Shown {
    /// Why an answer is no advertisement, with the remedy; an error where it may be one later.
    fn trouble(&self, host: &str, status: StatusCode, headers: &HeaderMap) -> Result<Option<String>, ProviderError> {
        if status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT) {
            return Err(unavailable(format!("{host} answers {status} when it is asked for its references")));
        }
        if status.is_redirection() {
            let moved = "answers with a redirect, which is not followed: give the address that the repository has now";
            return Ok(Some(format!("{host} {moved}")));
        }
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND) {
            let has_login = self.credentials.as_ref().is_some_and(|known| known.header().is_some());
            let by = match &self.secret {
                Some(name) if has_login => format!("whoever the source secret {name} is of"),
                Some(name) if self.credentials.is_some() => {
                    format!("everybody, and the source secret {name} holds neither a password nor a token")
                }
                Some(name) => format!("everybody, and there is no source secret {name} that the account may read"),
                None => "everybody, and the build service names no secret of the repository (source.secret)".to_owned(),
            };
            return Ok(Some(format!("{host} has no such repository, or does not show it to {by} ({status})")));
        }
        if !status.is_success() {
            return Ok(Some(format!("{host} answers {status}")));
        }
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.split(';').next().map(str::trim) != Some(KIND) {
            return Ok(Some(format!("{host} does not speak git's smart protocol there")));
        }
        Ok(None)
    }

    /// What a server says, without the secret if it repeats it.
    fn masked(&self, text: &str) -> String {
        let secret = self.credentials.as_ref().and_then(Credentials::secret);
        let (masks, _) = Masks::of(secret.map(|secret| ("source secret", secret.expose_secret().as_bytes())));
        shown(&masks.mask(text))
    }
}

fn unavailable(message: String) -> ProviderError {
    ProviderError::Unavailable { message, retry_after: None, cause: None }
}
