//! The secrets of a run, as Secrets of the cluster.

use std::collections::BTreeMap;

use alm_build_spi::ProviderError;
use alm_domain::BuildId;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::Method;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Session;

/// The label that says which build an object belongs to.
pub const RUN_LABEL: &str = "alm.build/id";

/// How many Secrets a run has at the most.
const MOST: usize = 200;

/// A value that a run was given.
#[derive(Debug)]
pub struct Held {
    /// The Secret that holds it.
    pub secret: String,
    /// Under which key.
    pub key: String,
    /// The value.
    pub value: SecretSlice<u8>,
}

/// The Secrets of a run in a namespace. They carry [`RUN_LABEL`], belong to an object of the run (so that the cluster removes them
/// with it), and are removed when the run is over.
#[derive(Debug)]
pub struct RunSecrets<'a> {
    session: &'a Session,
    namespace: &'a str,
    build: BuildId,
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    metadata: Meta,
    #[serde(default)]
    data: BTreeMap<String, SecretString>,
}

#[derive(Deserialize)]
struct Meta {
    name: String,
}

impl<'a> RunSecrets<'a> {
    /// Those of this build. The namespace is one by [`is_namespace`](crate::is_namespace).
    #[must_use]
    pub const fn of(session: &'a Session, namespace: &'a str, build: BuildId) -> Self {
        Self { session, namespace, build }
    }

    /// Makes a Secret, or finds it made. `owner` is the reference to the object that it goes with.
    ///
    /// # Errors
    /// Those of the cluster; [`ProviderError::Forbidden`] where the token's owner may not make Secrets.
    pub async fn put(
        &self,
        name: &str,
        kind: &str,
        labels: &[(&str, &str)],
        values: &[(&str, &SecretString)],
        owner: Option<&Value>,
    ) -> Result<(), ProviderError> {
        let mut all = serde_json::Map::from_iter([(RUN_LABEL.to_owned(), json!(self.build.to_string()))]);
        all.extend(labels.iter().map(|(key, value)| ((*key).to_owned(), json!(value))));
        let data = |(key, value): &(&str, &SecretString)| {
            ((*key).to_owned(), Value::String(STANDARD.encode(value.expose_secret())))
        };
        let body = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": { "name": name, "labels": all, "ownerReferences": owner.into_iter().collect::<Vec<_>>() },
            "type": kind,
            "data": values.iter().map(data).collect::<serde_json::Map<_, _>>(),
        });
        match self.session.raw(Method::POST, &self.path(""), Some(&body)).await {
            // Its name is made of the build's: it was made by an earlier call of the same start.
            Ok(_) | Err(ProviderError::Conflict(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Makes the run's Secrets go with this object from now on, and takes a label from them.
    ///
    /// # Errors
    /// Those of the cluster.
    pub async fn own(&self, owner: &Value, label: &str) -> Result<(), ProviderError> {
        for item in self.list().await? {
            let patch = json!({ "metadata": { "ownerReferences": [owner], "labels": { label: null } } });
            let path = self.path(&item.metadata.name);
            self.session.merge(&path, &patch).await?;
        }
        Ok(())
    }

    /// What they hold, to be taken out of logs.
    ///
    /// # Errors
    /// Those of the cluster.
    pub async fn read(&self) -> Result<Vec<Held>, ProviderError> {
        let mut held = Vec::new();
        for Item { metadata, data } in self.list().await? {
            held.extend(data.into_iter().filter_map(|(key, value)| {
                // What is no base64 is not what the cluster keeps.
                let value = STANDARD.decode(value.expose_secret()).ok()?.into();
                Some(Held { secret: metadata.name.clone(), key, value })
            }));
        }
        Ok(held)
    }

    /// Removes them. Those that are gone are a success.
    ///
    /// # Errors
    /// Those of the cluster.
    pub async fn remove(&self) -> Result<(), ProviderError> {
        for item in self.list().await? {
            match self.session.raw(Method::DELETE, &self.path(&item.metadata.name), None).await {
                Ok(_) | Err(ProviderError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn list(&self) -> Result<Vec<Item>, ProviderError> {
        let path = format!("{}?labelSelector={RUN_LABEL}%3D{}&limit={MOST}", self.path(""), self.build);
        let text = self.session.raw(Method::GET, &path, None).await?;
        let list: List = serde_json::from_str(&text).map_err(|_| ProviderError::Internal {
            message: format!("{} lists Secrets in a way that is not understood", self.session.host()),
            cause: None,
        })?;
        // A name from outside stands in a path only if it is one.
        Ok(list.items.into_iter().filter(|item| crate::is_name(&item.metadata.name)).collect())
    }

    fn path(&self, name: &str) -> String {
        let slash = if name.is_empty() { "" } else { "/" };
        format!("/api/v1/namespaces/{}/secrets{slash}{name}", self.namespace)
    }
}
