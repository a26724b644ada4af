//! Bringing an image to the image stream of a target, and taking it back.

use std::collections::BTreeMap;

use alm_build_spi::ProviderError;
use alm_kubernetes::Session;
use http::Method;
use kube::core::DynamicObject;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Record,
    image::{Place, is_digest, is_repository},
};
use crate::{kinds, text::shown};

/// The types of Secrets by which images are fetched.
const PULL_TYPES: [&str; 2] = ["kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"];

/// A Secret by which images are fetched.
#[derive(Debug, Deserialize)]
pub(crate) struct PullSecret {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    data: BTreeMap<String, SecretString>,
}

impl PullSecret {
    /// Reads it.
    ///
    /// # Errors
    /// Those of the cluster. What it is not good for is said in words.
    pub(crate) async fn read(
        session: &Session,
        namespace: &str,
        name: &str,
    ) -> Result<Result<Self, String>, ProviderError> {
        let of = || format!("the Secret {name} of {namespace} (deploy.pull_secret)");
        let path = format!("/api/v1/namespaces/{namespace}/secrets/{name}");
        let text = match session.raw(Method::GET, &path, None).await {
            Ok(text) => text,
            Err(ProviderError::NotFound(_)) => return Ok(Err(format!("{} is not there", of()))),
            Err(ProviderError::Forbidden(why)) => return Ok(Err(format!("{} cannot be read: {why}", of()))),
            Err(error) => return Err(error),
        };
        let read: Option<Self> = serde_json::from_str(&text).ok();
        let fits = read.filter(|read| PULL_TYPES.contains(&read.kind.as_str()));
        Ok(fits.ok_or_else(|| format!("{} is not of the type {}", of(), PULL_TYPES[0])))
    }

    /// Puts it, under this name, into a namespace.
    async fn put(&self, target: &Session, namespace: &str, name: &str) -> Result<(), ProviderError> {
        let data: serde_json::Map<_, _> =
            self.data.iter().map(|(key, value)| (key.clone(), json!(value.expose_secret()))).collect();
        let labels = json!({ "alm.build/pull-secret": "true" });
        let object = json!({
            "apiVersion": "v1", "kind": "Secret", "type": self.kind, "data": data,
            "metadata": { "name": name, "labels": labels },
        });
        let path = format!("/api/v1/namespaces/{namespace}/secrets");
        match target.raw(Method::POST, &path, Some(&object)).await {
            Err(ProviderError::Conflict(_)) => {
                target.merge(&format!("{path}/{name}"), &json!({ "data": data })).await.map(drop)
            }
            other => other.map(drop),
        }
    }
}

/// The digest that a tag stands for; `None` where there is no such tag.
pub(super) async fn digest_of(target: &Session, namespace: &str, tag: &str) -> Result<Option<String>, ProviderError> {
    let found: Option<DynamicObject> = target.find(target.api(namespace, &kinds::image_stream_tags()).get(tag)).await?;
    let digest = found.as_ref().and_then(|tag| tag.data.pointer("/image/metadata/name")).and_then(Value::as_str);
    Ok(digest.filter(|digest| is_digest(digest)).map(str::to_owned))
}

/// Lets the environment's tag stand for the image. As often as need be.
///
/// # Errors
/// Those of the target; [`ProviderError::Unsupported`] where it cannot fetch the image, with the remedy.
pub(super) async fn bring(target: &Session, record: &Record, pull: Option<&PullSecret>) -> Result<(), ProviderError> {
    let digest = &record.image.digest;
    match (&record.from, &record.image.place) {
        (None, Place::Stream { namespace, name }) => {
            let from =
                json!({ "kind": "ImageStreamImage", "namespace": namespace, "name": format!("{name}@{digest}") });
            set(target, &record.to.namespace, &record.environment_tag(), &from).await
        }
        (Some(repository), _) | (None, Place::Repository(repository)) => {
            if let Some(pull) = pull {
                pull.put(target, &record.to.namespace, &format!("alm-pull-{}", record.stream())).await?;
            }
            import(target, record, repository).await
        }
    }
}

/// Lets the environment's tag stand for what it stood for before.
///
/// # Errors
/// Those of the target.
pub(super) async fn take_back(target: &Session, record: &Record, before: Option<&str>) -> Result<(), ProviderError> {
    let (namespace, tag) = (&record.to.namespace, record.environment_tag());
    if digest_of(target, namespace, &tag).await?.as_deref() == before {
        return Ok(());
    }
    match before.filter(|digest| is_digest(digest)) {
        Some(digest) => {
            let from = json!({ "kind": "ImageStreamImage", "name": format!("{}@{digest}", record.stream()) });
            set(target, namespace, &tag, &from).await
        }
        None => match target.raw(Method::DELETE, &tag_path(namespace, &tag), None).await {
            Ok(_) | Err(ProviderError::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        },
    }
}

/// The image, as the workloads of the target's namespace are given it: through their own stream, so that they need no rights
/// elsewhere.
///
/// # Errors
/// Those of the target.
pub(super) async fn reference(target: &Session, record: &Record) -> Result<String, ProviderError> {
    let streams = target.api(&record.to.namespace, &kinds::image_streams());
    let stream = target.call(streams.get(record.stream())).await?;
    let own = stream.data.pointer("/status/dockerImageRepository").and_then(Value::as_str);
    let elsewhere = match &record.image.place {
        Place::Repository(name) => Some(name.as_str()),
        Place::Stream { .. } => record.from.as_deref(),
    };
    // A cluster without a registry of its own has no such address.
    let repository = own.filter(|name| is_repository(name)).or(elsewhere).ok_or_else(|| {
        ProviderError::NotFound(format!("the image stream {} does not say where its images are", record.stream()))
    })?;
    Ok(format!("{repository}@{}", record.image.digest))
}

async fn set(target: &Session, namespace: &str, tag: &str, from: &Value) -> Result<(), ProviderError> {
    let kind = kinds::image_stream_tags();
    let name = tag.split_once(':').map_or(tag, |(_, name)| name);
    let body = json!({
        "apiVersion": kind.api_version, "kind": kind.kind, "metadata": { "name": tag },
        "tag": { "name": name, "from": from, "referencePolicy": { "type": "Local" } },
    });
    // Writing a tag that is not there makes it, and its stream.
    target.raw(Method::PUT, &tag_path(namespace, tag), Some(&body)).await.map(drop)
}

/// Lets the target fetch the image by its digest.
async fn import(target: &Session, record: &Record, repository: &str) -> Result<(), ProviderError> {
    let kind = kinds::image_stream_imports();
    let (namespace, digest) = (&record.to.namespace, &record.image.digest);
    let body = json!({
        "apiVersion": kind.api_version, "kind": kind.kind, "metadata": { "name": record.stream() },
        "spec": { "import": true, "images": [{
            "from": { "kind": "DockerImage", "name": format!("{repository}@{digest}") },
            "to": { "name": record.to.environment },
            "referencePolicy": { "type": "Local" },
        }] },
    });
    let path = format!("/apis/{}/namespaces/{namespace}/imagestreamimports", kind.api_version);
    let text = target.raw(Method::POST, &path, Some(&body)).await?;
    let answer: Value = serde_json::from_str(&text).unwrap_or_default();
    let first = answer.pointer("/status/images/0").unwrap_or(&Value::Null);
    let word = |path: &str| first.pointer(path).and_then(Value::as_str).unwrap_or_default();
    if first.pointer("/image/metadata/name").and_then(Value::as_str) == Some(digest) {
        return Ok(());
    }
    let (reason, message) = (word("/status/reason"), shown(word("/status/message")));
    let remedy = match reason {
        "Unauthorized" | "Forbidden" => {
            "give the namespace a pull secret for that registry, or name one that is beside the builds in deploy.pull_secret"
        }
        // A registry that is down, or asks for patience, is no refusal.
        "InternalError" | "ServiceUnavailable" | "TooManyRequests" | "Timeout" | "ServerTimeout" => {
            let message = format!("the cluster cannot fetch {repository} now: {message}");
            return Err(ProviderError::Unavailable { message, retry_after: None, cause: None });
        }
        _ => "see that the registry can be reached from there, and keeps the image",
    };
    let what = alm_domain::Capability::Deploy;
    let reason = format!("the cluster cannot fetch {repository}@{digest}: {reason} {message}; {remedy}");
    Err(ProviderError::Unsupported { what, reason })
}

fn tag_path(namespace: &str, tag: &str) -> String {
    format!("/apis/{}/namespaces/{namespace}/imagestreamtags/{tag}", kinds::image_stream_tags().api_version)
}
