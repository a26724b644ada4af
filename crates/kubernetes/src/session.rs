//! Talking to a cluster under one token.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use alm_build_spi::ProviderError;
use http::{Method, Request, header};
use kube::{
    Api, Client,
    core::{ApiResource, DynamicObject},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{TransportError, provider_error};

/// How long a call may take, so that the caller has its answer within the half minute that the Build SPI gives it.
const PATIENCE: Duration = Duration::from_secs(25);

/// The API of a cluster under one token. Cheap to clone.
#[derive(Clone)]
pub struct Session {
    client: Client,
    host: Arc<str>,
}

/// The groups of kinds that a cluster has.
#[derive(Deserialize)]
struct Groups {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    name: String,
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Version {
    version: String,
}

impl Group {
    fn versions(self) -> Vec<String> {
        self.versions.into_iter().map(|one| one.version).collect()
    }
}

impl Session {
    pub(crate) const fn new(client: Client, host: Arc<str>) -> Self {
        Self { client, host }
    }

    /// The host of the cluster's API, for messages.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The client, for what has no function here. Pass what it answers through [`call`](Self::call).
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Objects of this kind in a namespace.
    #[must_use]
    pub fn api(&self, namespace: &str, kind: &ApiResource) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), namespace, kind)
    }

    /// The answer to a request, in time and in the words of the Build SPI.
    ///
    /// # Errors
    /// What the cluster's error means; [`ProviderError::Unavailable`] when there is no answer in time.
    pub async fn call<T>(&self, request: impl Future<Output = kube::Result<T>>) -> Result<T, ProviderError> {
        match timeout(PATIENCE, request).await {
            Ok(answer) => answer.map_err(|error| self.error(error)),
            Err(_) => {
                let late = TransportError::TimedOut { host: self.host.to_string() };
                Err(ProviderError::unavailable(late.to_string(), late))
            }
        }
    }

    /// As [`call`](Self::call), with `None` for what there is not.
    ///
    /// # Errors
    /// As [`call`](Self::call), but for [`ProviderError::NotFound`].
    pub async fn find<T>(&self, request: impl Future<Output = kube::Result<T>>) -> Result<Option<T>, ProviderError> {
        match self.call(request).await {
            Ok(found) => Ok(Some(found)),
            Err(ProviderError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The versions in which the cluster serves a group of kinds; none where it has no such kinds. Here alone is a 404 an answer, and it
    /// is believed when the cluster's list of groups agrees: a proxy may say the same of anything.
    ///
    /// # Errors
    /// As [`call`](Self::call); [`ProviderError::Internal`] for what is no such list.
    pub async fn versions(&self, group: &str) -> Result<Vec<String>, ProviderError> {
        let odd = || ProviderError::Internal {
            message: format!("{} tells of its kinds in a way that is not understood", self.host),
            cause: None,
        };
        let ask = async |path: String| {
            let request = Request::get(path).header(header::ACCEPT, "application/json").body(Vec::new());
            let request = request.map_err(kube::Error::HttpError)?;
            self.client.request_text(request).await
        };
        let is_missing = |error: &kube::Error| matches!(error, kube::Error::Api(status) if status.code == 404);
        let found = self.call(async {
            match ask(format!("/apis/{group}")).await {
                Err(error) if is_missing(&error) => Ok(None),
                other => other.map(Some),
            }
        });
        if let Some(text) = found.await? {
            return Ok(serde_json::from_str::<Group>(&text).map_err(|_| odd())?.versions());
        }
        let all: Groups = serde_json::from_str(&self.call(ask("/apis".to_owned())).await?).map_err(|_| odd())?;
        Ok(all.groups.into_iter().find(|known| known.name == group).map(Group::versions).unwrap_or_default())
    }

    /// What an error of the client means.
    #[must_use]
    pub fn error(&self, error: kube::Error) -> ProviderError {
        provider_error(&self.host, error)
    }

    /// Sends JSON, or nothing, to a path of the API and gives the answer as text. For what holds secrets: nothing of it is ever
    /// printed, not even where it cannot be understood.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn raw(&self, method: Method, path: &str, body: Option<&Value>) -> Result<String, ProviderError> {
        let bytes = body.map_or_else(Vec::new, |value| value.to_string().into_bytes());
        self.send(method, path, "application/json", bytes).await
    }

    /// The object at a path of the API, as text; `None` where there is none. Otherwise as [`raw`](Self::raw).
    ///
    /// # Errors
    /// As [`call`](Self::call), but for [`ProviderError::NotFound`].
    pub async fn text(&self, path: &str) -> Result<Option<String>, ProviderError> {
        match self.raw(Method::GET, path, None).await {
            Ok(text) => Ok(Some(text)),
            Err(ProviderError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes the object at a path of the API if it is still what was seen: `as_seen` are the preconditions, its `uid` and perhaps its
    /// `resourceVersion`. One that is gone, or has become another, is a success.
    ///
    /// # Errors
    /// As [`call`](Self::call), but for [`ProviderError::NotFound`] and [`ProviderError::Conflict`].
    pub async fn remove(&self, path: &str, as_seen: &Value) -> Result<(), ProviderError> {
        let options = json!({ "kind": "DeleteOptions", "apiVersion": "v1", "preconditions": as_seen });
        match self.raw(Method::DELETE, path, Some(&options)).await {
            Ok(_) | Err(ProviderError::NotFound(_) | ProviderError::Conflict(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Merges JSON into the object at a path of the API; otherwise as [`raw`](Self::raw).
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn merge(&self, path: &str, patch: &Value) -> Result<String, ProviderError> {
        self.send(Method::PATCH, path, "application/merge-patch+json", patch.to_string().into_bytes()).await
    }

    async fn send(&self, method: Method, path: &str, content: &str, body: Vec<u8>) -> Result<String, ProviderError> {
        let request = Request::builder().method(method).uri(path).header(header::ACCEPT, "application/json");
        let request = request.header(header::CONTENT_TYPE, content).body(body);
        let request =
            request.map_err(|cause| ProviderError::internal("a path of the cluster's API is wrong", cause))?;
        self.call(self.client.request_text(request)).await
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({})", self.host)
    }
}
