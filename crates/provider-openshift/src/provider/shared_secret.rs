//! The Secret that the running builds of a BuildConfig share: a request for a build cannot mount anything, so that the BuildConfig does.
//!
//! Each build has keys of its own in it, begun with its id, so that none is given the values of another one. It is removed with the last
//! of them. Whoever adds keys makes it anew where it has just been removed, and whoever removes it does so only as it was seen.

use std::collections::{BTreeMap, BTreeSet};

use alm_build_spi::ProviderError;
use alm_domain::{BuildId, Timestamp};
use alm_kubernetes::Session;
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, SecondsFormat};
use http::Method;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::left_over::LEFT_OVER;

/// The label of such Secrets.
const LABEL: &str = "alm.build/shared";
/// How the annotations begin that say when a build was given something.
const GIVEN: &str = "alm.build/given.";
/// How often it is tried while others make and remove it.
const TRIES: usize = 10;

/// A Secret that builds share. Its name, and that of the namespace, can stand in a path.
#[derive(Debug, Clone, Copy)]
pub(super) struct SharedSecret<'a> {
    pub(super) session: &'a Session,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
}

#[derive(Deserialize)]
struct Object {
    metadata: Meta,
    #[serde(default)]
    data: BTreeMap<String, SecretString>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    uid: String,
    resource_version: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// The name of the file in which a build finds what one of its variables is about.
pub(super) fn file(build: BuildId, variable: &str) -> String {
    format!("{build}.{variable}")
}

impl SharedSecret<'_> {
    /// Gives a build its values, by the variables that tell where they are. `owner` is the reference to the BuildConfig. As often as need
    /// be: the newest values of a build count.
    ///
    /// # Errors
    /// Those of the cluster; [`ProviderError::Conflict`] where something else has the name.
    pub(super) async fn put(
        &self,
        build: BuildId,
        values: &[(&str, &SecretString)],
        owner: &Value,
        now: Timestamp,
    ) -> Result<(), ProviderError> {
        let data: Map<String, Value> = values
            .iter()
            .map(|(variable, value)| (file(build, variable), json!(STANDARD.encode(value.expose_secret()))))
            .collect();
        let given = json!({ format!("{GIVEN}{build}"): now.to_rfc3339_opts(SecondsFormat::Secs, true) });
        let change = json!({ "metadata": { "annotations": given }, "data": data });
        let whole = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": self.name, "labels": { LABEL: "true" }, "annotations": given, "ownerReferences": [owner],
            },
            "type": "Opaque",
            "data": data,
        });
        for _ in 0..TRIES {
            // What is not ours is never written to.
            if self.find().await?.is_some() {
                match self.session.merge(&self.path(), &change).await {
                    Ok(_) => return Ok(()),
                    // It was removed with the last build but this one.
                    Err(ProviderError::NotFound(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            match self.session.raw(Method::POST, &self.folder(), Some(&whole)).await {
                Ok(_) => return Ok(()),
                Err(ProviderError::Conflict(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Err(ProviderError::Unavailable {
            message: format!("so many builds come and go that the Secret {} cannot be written", self.name),
            retry_after: None,
            cause: None,
        })
    }

    /// What a build was given: the files, and the values.
    ///
    /// # Errors
    /// Those of the cluster.
    pub(super) async fn read(&self, build: BuildId) -> Result<Vec<(String, SecretSlice<u8>)>, ProviderError> {
        let data = self.find().await?.map(|found| found.data).unwrap_or_default();
        let own = data.into_iter().filter(|(key, _)| build_of(key) == Some(build));
        // What is no base64 is not what the cluster keeps.
        Ok(own.filter_map(|(key, value)| Some((key, STANDARD.decode(value.expose_secret()).ok()?.into()))).collect())
    }

    /// Takes what these builds were given away, and the Secret with the last of them. What is gone is a success.
    ///
    /// # Errors
    /// Those of the cluster.
    pub(super) async fn take_back(&self, builds: &BTreeSet<BuildId>) -> Result<(), ProviderError> {
        let Some(found) = self.find().await? else { return Ok(()) };
        let is_theirs = |key: &&String| build_of(key).is_some_and(|build| builds.contains(&build));
        let keys: Map<String, Value> =
            found.data.keys().filter(is_theirs).map(|key| (key.clone(), Value::Null)).collect();
        let given: Map<String, Value> = builds.iter().map(|build| (format!("{GIVEN}{build}"), Value::Null)).collect();
        let change = json!({ "metadata": { "uid": found.metadata.uid, "annotations": given }, "data": keys });
        let left = match self.session.merge(&self.path(), &change).await {
            Ok(text) => self.understood(&text)?,
            // Gone, or another one of this name.
            Err(ProviderError::NotFound(_) | ProviderError::Conflict(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        if !left.data.is_empty() {
            return Ok(());
        }
        // Where another build was given something meanwhile, that one removes it.
        let as_seen = json!({ "uid": left.metadata.uid, "resourceVersion": left.metadata.resource_version });
        self.session.remove(&self.path(), &as_seen).await
    }

    /// The builds whose start may have broken off: they were given something a good while ago, and are not known to have come to be.
    ///
    /// # Errors
    /// Those of the cluster.
    pub(super) async fn doubtful(&self, now: Timestamp) -> Result<BTreeSet<BuildId>, ProviderError> {
        let Some(found) = self.find().await? else { return Ok(BTreeSet::new()) };
        let is_old = |text: &String| {
            let given = DateTime::parse_from_rfc3339(text);
            given.is_ok_and(|given| now - given.to_utc() > LEFT_OVER)
        };
        let old = found.metadata.annotations.iter().filter(|(_, given)| is_old(given));
        Ok(old.filter_map(|(name, _)| name.strip_prefix(GIVEN)?.parse().ok()).collect())
    }

    /// Removes it, whatever is in it. One that is gone, or that is not ours, is a success.
    ///
    /// # Errors
    /// Those of the cluster.
    pub(super) async fn remove(&self) -> Result<(), ProviderError> {
        let found = match self.find().await {
            Ok(Some(found)) => found,
            Ok(None) | Err(ProviderError::Conflict(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        self.session.remove(&self.path(), &json!({ "uid": found.metadata.uid })).await
    }

    async fn find(&self) -> Result<Option<Object>, ProviderError> {
        let Some(text) = self.session.text(&self.path()).await? else { return Ok(None) };
        let found = self.understood(&text)?;
        if found.metadata.labels.contains_key(LABEL) {
            return Ok(Some(found));
        }
        Err(ProviderError::Conflict(format!(
            "the Secret {} of {} is not this service's, which keeps the secrets of builds under that name: rename it",
            self.name, self.namespace
        )))
    }

    fn understood(&self, text: &str) -> Result<Object, ProviderError> {
        serde_json::from_str(text).map_err(|_| ProviderError::Internal {
            message: format!("{} tells a Secret in a way that is not understood", self.session.host()),
            cause: None,
        })
    }

    fn folder(&self) -> String {
        format!("/api/v1/namespaces/{}/secrets", self.namespace)
    }

    fn path(&self) -> String {
        format!("{}/{}", self.folder(), self.name)
    }
}

/// The build that a key belongs to.
fn build_of(key: &str) -> Option<BuildId> {
    key.split_once('.')?.0.parse().ok()
}
