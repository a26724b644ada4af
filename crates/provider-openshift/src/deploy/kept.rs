//! Where the record of a deployment is kept: in a Secret beside the builds, since the token of the target is kept with it until it is
//! over.

use alm_build_spi::ProviderError;
use alm_domain::BuildId;
use alm_kubernetes::{Place, RunSecrets, Session, is_name, unknown};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::{Record, Step};

/// The type of such Secrets.
const TYPE: &str = "alm.build/deployment";
/// The label that says which build made the image.
const OF: &str = "alm.build/of";
const RECORD: &str = "record";
const TOKEN: &str = "token";

/// The record of a deployment, as the cluster keeps it.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) place: Place,
    pub(crate) record: Record,
    /// The token of the target; gone when the deployment is over.
    pub(crate) token: Option<SecretString>,
    resource_version: String,
}

#[derive(Deserialize)]
struct Object {
    metadata: Meta,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    data: Data,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    name: String,
    namespace: String,
    uid: String,
    resource_version: String,
}

#[derive(Deserialize, Default)]
struct Data {
    record: Option<String>,
    token: Option<SecretString>,
}

#[derive(Deserialize)]
struct List {
    items: Vec<Object>,
}

/// The name of the record of a deployment.
fn record_name(build: BuildId) -> String {
    format!("alm-deployment-{}", build.to_string().replace('_', "-"))
}

impl Kept {
    /// Keeps a record that is not kept yet; one that is stays as it is.
    ///
    /// # Errors
    /// Those of the cluster.
    pub(crate) async fn make(
        session: &Session,
        namespace: &str,
        record: &Record,
        token: &SecretString,
    ) -> Result<Self, ProviderError> {
        let name = record_name(record.build);
        let of = record.of.to_string();
        let text = SecretString::from(json!(record).to_string());
        let secrets = RunSecrets::of(session, namespace, record.build);
        secrets.put(&name, TYPE, &[(OF, &of)], &[(RECORD, &text), (TOKEN, token)], None).await?;
        Self::named(session, namespace, record.build).await?.ok_or_else(|| unknown("deployment", &name))
    }

    /// The record of a build, if there is one.
    ///
    /// # Errors
    /// Those of the cluster; [`ProviderError::Conflict`] where something else has its name.
    pub(crate) async fn named(
        session: &Session,
        namespace: &str,
        build: BuildId,
    ) -> Result<Option<Self>, ProviderError> {
        let name = record_name(build);
        let Some(text) = session.text(&path(namespace, &name)).await? else { return Ok(None) };
        let found = serde_json::from_str(&text).ok().and_then(Self::of).filter(|kept| kept.record.build == build);
        found.map(Some).ok_or_else(|| {
            ProviderError::Conflict(format!(
                "the Secret {name} of {namespace} is no record of this deployment: remove it"
            ))
        })
    }

    /// The record of this place.
    ///
    /// # Errors
    /// [`ProviderError::NotFound`], and those of the cluster.
    pub(crate) async fn at(session: &Session, place: &Place) -> Result<Self, ProviderError> {
        let gone = || unknown("run", &place.to_string());
        let text = session.text(&path(&place.namespace, &place.name)).await?.ok_or_else(gone)?;
        let found = serde_json::from_str(&text).ok().and_then(Self::of);
        found.filter(|kept| kept.place.uid == place.uid).ok_or_else(gone)
    }

    /// What is known of the image of a build by an earlier deployment of it, which outlives the Build.
    ///
    /// # Errors
    /// Those of the cluster.
    pub(crate) async fn image_of(
        session: &Session,
        namespace: &str,
        build: BuildId,
    ) -> Result<Option<super::Image>, ProviderError> {
        let path = format!("{}?labelSelector={OF}%3D{build}&limit=20", path(namespace, ""));
        let text = session.raw(Method::GET, &path, None).await?;
        let list: Option<List> = serde_json::from_str(&text).ok();
        let kept = list.into_iter().flat_map(|list| list.items).filter_map(Self::of);
        Ok(kept.map(|kept| kept.record).find(|record| record.of == build).map(|record| record.image))
    }

    /// Writes what became of it, unless somebody else was faster. The token goes with the end.
    ///
    /// # Errors
    /// [`ProviderError::Conflict`] where it was changed meanwhile, and those of the cluster.
    pub(crate) async fn write(&self, session: &Session, record: &Record) -> Result<(), ProviderError> {
        let mut patch = json!({
            "metadata": { "resourceVersion": self.resource_version, "uid": self.place.uid },
            "data": { RECORD: STANDARD.encode(json!(record).to_string()) },
        });
        if record.step == Step::Over {
            patch["data"][TOKEN] = serde_json::Value::Null;
        }
        session.merge(&path(&self.place.namespace, &self.place.name), &patch).await.map(drop)
    }

    /// Removes the record. One that is gone is a success.
    ///
    /// # Errors
    /// Those of the cluster.
    pub(crate) async fn remove(session: &Session, place: &Place) -> Result<(), ProviderError> {
        session.remove(&path(&place.namespace, &place.name), &json!({ "uid": place.uid })).await
    }

    fn of(object: Object) -> Option<Self> {
        let Object { metadata, kind, data } = object;
        if kind != TYPE || !is_name(&metadata.name) {
            return None;
        }
        let decoded = |text: &str| STANDARD.decode(text).ok();
        let record = Record::read(&decoded(&data.record?)?)?;
        let token = data.token.and_then(|token| String::from_utf8(decoded(token.expose_secret())?).ok());
        let place = Place { namespace: metadata.namespace, name: metadata.name, uid: metadata.uid };
        Some(Self { place, record, token: token.map(Into::into), resource_version: metadata.resource_version })
    }
}

/// The path of a Secret; of all, where it has no name.
fn path(namespace: &str, name: &str) -> String {
    let slash = if name.is_empty() { "" } else { "/" };
    format!("/api/v1/namespaces/{namespace}/secrets{slash}{name}")
}
